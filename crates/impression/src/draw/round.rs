//! Round seals: the name above, the middle, the caption below it, the code at the lower rim.

use std::f64::consts::PI;

use crate::error::{Error, Part};
use crate::geometry::{Bounds, Outline, Point, boxes_overlap};

use super::Fonts;
use super::design::{CAPTION_CHARS_MAX, Centre, NAME_CHARS_MAX, RoundSeal, SEAL_MM_MAX, SEAL_MM_MIN};
use super::design::{checked_mm, checked_span, checked_text};
use super::drawing::{Drawing, Ink, Piece, Rim};
use super::emblem;
use super::ring::{Ring, Side};
use super::text::Text;

/// Height of the name's characters, for a diameter of 1.
const NAME_HEIGHT: f64 = 0.138;
/// Width of the name's characters, for a height of 1.
const NAME_WIDTH: f64 = 0.74;
/// From border to name, for a diameter of 1.
const NAME_INSET: f64 = 0.022;
/// Angles that the name takes, in degrees: at least, at most, and at most with a caption or code below it.
const NAME_SPAN_DEG: (f64, f64, f64) = (185.0, 280.0, 250.0);
/// The same beside a second name.
const NAME_HEIGHT_BELOW_SECOND: f64 = 0.1;
/// Height of the second name's characters and its distance from the border, for a diameter of 1.
const SECOND: (f64, f64) = (0.075, 0.018);
/// Height of the code's digits and their distance from the border, in mm.
const CODE_MM: (f64, f64) = (1.3, 0.45);
/// Height of the caption, its width for a height of 1, and its gap, for a diameter of 1.
const CAPTION: (f64, f64, f64) = (0.095, 0.82, 0.18);
/// Middle of the caption below the middle of the seal, for a diameter of 1.
const CAPTION_MIDDLE: f64 = 0.285;
/// Least height of the caption, in mm.
const CAPTION_MM_MIN: f64 = 1.2;
/// Space kept around the caption, in mm.
const CAPTION_GAP_MM: f64 = 0.3;

pub(super) fn draw(seal: &RoundSeal, fonts: Fonts<'_>) -> Result<Drawing, Error> {
    check(seal)?;
    let (radius, inner) = (seal.diameter_mm / 2.0, seal.diameter_mm / 2.0 - seal.border_mm);
    let axes = (inner, inner);
    let mut pieces = Vec::new();
    let (mut inset, mut height) = (NAME_INSET * seal.diameter_mm, NAME_HEIGHT);
    if let Some(code) = &seal.code {
        let text = Text::new(Part::Code, code, fonts.digits.unwrap_or(fonts.text))?;
        let ring = Ring {
            axes,
            inset: CODE_MM.1,
            height: CODE_MM.0,
            width_ratio: 0.62,
            span_deg: (0.0, 90.0),
            side: Side::Lower,
        };
        pieces.extend(ring.lay(&text)?.pieces);
    }
    let below = seal.code.is_some() || seal.caption.is_some();
    let span = (
        NAME_SPAN_DEG.0,
        if below { NAME_SPAN_DEG.2 } else { NAME_SPAN_DEG.1 },
    );
    if let Some(second) = &seal.second_name {
        let ring = Ring {
            axes,
            inset: SECOND.1 * seal.diameter_mm,
            height: SECOND.0 * seal.diameter_mm,
            width_ratio: 1.0,
            span_deg: (0.0, span.1),
            side: Side::Upper,
        };
        let laid = ring.lay(&Text::new(Part::SecondName, second, fonts.text)?)?;
        inset = ring.inset + laid.height + SECOND.1 * seal.diameter_mm;
        height = NAME_HEIGHT_BELOW_SECOND;
        pieces.extend(laid.pieces);
    }
    let name = Ring {
        axes,
        inset,
        height: seal.char_mm.unwrap_or(height * seal.diameter_mm),
        width_ratio: NAME_WIDTH,
        span_deg: seal.span_deg.map_or(span, |span| (span, span)),
        side: Side::Upper,
    };
    let laid = name.lay(&Text::new(Part::Name, &seal.name, fonts.text)?)?;
    let free = inner - inset - laid.height;
    pieces.extend(laid.pieces);
    pieces.extend(centre(&seal.centre, (0.0, 0.0))?);
    if let Some(caption) = &seal.caption {
        let text = Text::new(Part::Caption, caption, fonts.text)?;
        let sizes = (CAPTION.0 * seal.diameter_mm, CAPTION.1, CAPTION.2);
        let lowest = inner
            - if seal.code.is_some() {
                CODE_MM.0 + 2.0 * CODE_MM.1
            } else {
                0.5
            };
        let middle = (CAPTION_MIDDLE * seal.diameter_mm).min(free.max(radius * 0.5));
        pieces.extend(caption_line(&text, sizes, middle, lowest, &pieces)?);
    }
    Ok(Drawing {
        width_mm: seal.diameter_mm,
        height_mm: seal.diameter_mm,
        rim: Rim::Ellipse(seal.border_mm),
        pieces,
        ink: Ink::RED,
    })
}

fn check(seal: &RoundSeal) -> Result<(), Error> {
    checked_mm(Part::Seal, seal.diameter_mm, SEAL_MM_MIN, SEAL_MM_MAX)?;
    checked_mm(Part::Border, seal.border_mm, 0.1, seal.diameter_mm / 8.0)?;
    checked_text(Part::Name, &seal.name, NAME_CHARS_MAX)?;
    checked_span(seal.span_deg)?;
    if let Some(height) = seal.char_mm {
        checked_mm(Part::Name, height, 0.9, seal.diameter_mm / 4.0)?;
    }
    if let Some(second) = &seal.second_name {
        checked_text(Part::SecondName, second, 2 * NAME_CHARS_MAX)?;
    }
    for (part, text) in [(Part::Caption, &seal.caption), (Part::Code, &seal.code)] {
        if let Some(text) = text {
            checked_text(part, text, CAPTION_CHARS_MAX)?;
        }
    }
    Ok(())
}

/// The star or the emblem around a point.
pub(super) fn centre(centre: &Centre, at: Point) -> Result<Vec<Piece>, Error> {
    match centre {
        Centre::Blank => Ok(Vec::new()),
        Centre::Star {
            diameter_mm,
            turn_deg,
        } => {
            checked_mm(Part::Star, *diameter_mm, 1.0, SEAL_MM_MAX)?;
            let outline = Outline::polygon(&star(diameter_mm / 2.0, *turn_deg, at));
            Ok(Piece::upright(Part::Star, outline).into_iter().collect())
        }
        Centre::Emblem { svg, size_mm } => {
            checked_mm(Part::Emblem, *size_mm, 1.0, SEAL_MM_MAX)?;
            emblem::outlines(svg, *size_mm, at)
        }
    }
}

/// The ten corners of a five-pointed star whose tips lie on a circle.
fn star(radius: f64, turn_deg: f64, at: Point) -> Vec<Point> {
    // The lines between every second tip cross at this part of the radius.
    let inner = radius * (PI / 10.0).sin() / (3.0 * PI / 10.0).sin();
    (0..10)
        .map(|corner| {
            let angle = f64::from(corner) * PI / 5.0 + turn_deg.to_radians();
            let radius = if corner % 2 == 0 { radius } else { inner };
            (at.0 + radius * angle.sin(), at.1 - radius * angle.cos())
        })
        .collect()
}

/// A straight line of text around `middle` below the middle of the seal: it shrinks until it touches nothing.
pub(super) fn caption_line(
    text: &Text,
    (height, width_ratio, gap_ratio): (f64, f64, f64),
    middle: f64,
    lowest: f64,
    others: &[Piece],
) -> Result<Vec<Piece>, Error> {
    let mut height = height;
    let mut other = Part::Border;
    while height >= CAPTION_MM_MIN {
        let pieces = straight(text, (height * width_ratio, height), gap_ratio, middle);
        let (left, right) = ends(&pieces);
        let around = Bounds {
            min: (left - CAPTION_GAP_MM, middle - height / 2.0 - CAPTION_GAP_MM),
            max: (right + CAPTION_GAP_MM, middle + height / 2.0 + CAPTION_GAP_MM),
        };
        let fits = right.hypot(middle + height / 2.0) <= lowest;
        let hit = others
            .iter()
            .find(|piece| boxes_overlap(&piece.corners, &around.corners()));
        match hit {
            None if fits => return Ok(pieces),
            None => {}
            Some(piece) => other = piece.part,
        }
        height *= 0.97;
    }
    Err(Error::DoesNotFit {
        part: text.part(),
        other,
    })
}

/// A straight line of text, its middle at `(0, middle)`.
pub(super) fn straight(text: &Text, (width, height): (f64, f64), gap_ratio: f64, middle: f64) -> Vec<Piece> {
    let (middles, whole) = text.middles(width, gap_ratio * width);
    let places = middles.iter().enumerate();
    places
        .filter_map(|(index, x)| text.piece(index, (width, height), 0.0, (x - whole / 2.0, middle)))
        .collect()
}

fn ends(pieces: &[Piece]) -> (f64, f64) {
    let xs = || pieces.iter().flat_map(|piece| piece.corners).map(|(x, _)| x);
    (xs().fold(0.0, f64::min), xs().fold(0.0, f64::max))
}
