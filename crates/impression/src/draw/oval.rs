//! Oval seals: invoice seals, and the two languages of enterprises with foreign investment.

use crate::error::{Error, Part};

use super::Fonts;
use super::design::{CAPTION_CHARS_MAX, NAME_CHARS_MAX, OvalSeal, SEAL_MM_MAX, SEAL_MM_MIN};
use super::design::{checked_mm, checked_span, checked_text};
use super::drawing::{Drawing, Ink, Rim};
use super::ring::{Ring, Side};
use super::round::{caption_line, centre, straight};
use super::text::Text;

/// From border to name, in mm (税务总局公告 2011年第7号).
const NAME_INSET_MM: f64 = 0.5;
/// Angles that the name of an invoice seal takes, in degrees.
const NAME_SPAN_DEG: (f64, f64) = (210.0, 260.0);
/// Least and most angle of each of two names, in degrees.
const HALF_SPAN_DEG: (f64, f64) = (120.0, 170.0);
/// The number: height and width of a digit, and from one to the next, in mm.
const NUMBER_MM: (f64, f64, f64) = (3.7, 1.3, 26.0 / 18.0);
/// The caption: height, width and top edge below the middle, in mm.
const CAPTION_MM: (f64, f64, f64) = (4.6, 3.0, 4.2);
/// The serial number: height, width and top edge below the middle, in mm.
const SERIAL_MM: (f64, f64, f64) = (2.2, 1.7, 10.0);

pub(super) fn draw(seal: &OvalSeal, fonts: Fonts<'_>) -> Result<Drawing, Error> {
    check(seal)?;
    let axes = (
        seal.width_mm / 2.0 - seal.border_mm,
        seal.height_mm / 2.0 - seal.border_mm,
    );
    let digits = fonts.digits.unwrap_or(fonts.text);
    let mut pieces = Vec::new();
    let span = match (seal.span_deg, &seal.second_name) {
        (Some(span), _) => (span, span),
        (None, Some(_)) => HALF_SPAN_DEG,
        (None, None) => NAME_SPAN_DEG,
    };
    let upper = Ring {
        axes,
        inset: NAME_INSET_MM,
        height: seal.char_mm.unwrap_or(seal.height_mm * 0.14),
        width_ratio: 0.72,
        span_deg: span,
        side: Side::Upper,
    };
    pieces.extend(upper.lay(&Text::new(Part::Name, &seal.name, fonts.text)?)?.pieces);
    if let Some(second) = &seal.second_name {
        let lower = Ring {
            height: seal.height_mm * 0.1,
            inset: NAME_INSET_MM * 1.6,
            width_ratio: 0.9,
            span_deg: (0.0, HALF_SPAN_DEG.1),
            side: Side::Lower,
            ..upper
        };
        let text = Text::new(Part::SecondName, second, fonts.text)?;
        pieces.extend(lower.lay(&text)?.pieces);
    }
    pieces.extend(centre(&seal.centre, (0.0, 0.0))?);
    if let Some(number) = &seal.number {
        let text = Text::new(Part::Number, number, digits)?;
        let (height, width, pitch) = NUMBER_MM;
        // A digit's own width is less than a full character's: the pitch is what is prescribed.
        let cell = width * text.len() as f64 / text.widths().max(0.1);
        let gap = (pitch - width) / cell;
        pieces.extend(straight(&text, (cell, height), gap, 0.0));
    }
    if let Some(caption) = &seal.caption {
        let text = Text::new(Part::Caption, caption, fonts.text)?;
        let (height, width, top) = CAPTION_MM;
        let middle = if seal.number.is_some() {
            top + height / 2.0
        } else {
            0.0
        };
        let line = caption_line(&text, (height, width / height, 0.12), middle, axes.0, &pieces)?;
        pieces.extend(line);
    }
    if let Some(serial) = &seal.serial {
        let (height, width, top) = SERIAL_MM;
        let text = Text::new(Part::Code, serial, digits)?;
        let cell = width * text.len() as f64 / text.widths().max(0.1);
        pieces.extend(straight(&text, (cell, height), 0.2, top + height / 2.0));
    }
    Ok(Drawing {
        width_mm: seal.width_mm,
        height_mm: seal.height_mm,
        rim: Rim::Ellipse(seal.border_mm),
        pieces,
        ink: Ink::RED,
    })
}

fn check(seal: &OvalSeal) -> Result<(), Error> {
    checked_mm(Part::Seal, seal.width_mm, SEAL_MM_MIN, SEAL_MM_MAX)?;
    checked_mm(Part::Seal, seal.height_mm, SEAL_MM_MIN, SEAL_MM_MAX)?;
    let least = seal.width_mm.min(seal.height_mm);
    checked_mm(Part::Border, seal.border_mm, 0.1, least / 8.0)?;
    checked_text(Part::Name, &seal.name, NAME_CHARS_MAX)?;
    checked_span(seal.span_deg)?;
    if let Some(height) = seal.char_mm {
        checked_mm(Part::Name, height, 0.9, least / 4.0)?;
    }
    let texts = [
        (Part::SecondName, &seal.second_name, 2 * NAME_CHARS_MAX),
        (Part::Number, &seal.number, CAPTION_CHARS_MAX),
        (Part::Caption, &seal.caption, CAPTION_CHARS_MAX),
        (Part::Code, &seal.serial, 8),
    ];
    for (part, text, max) in texts {
        if let Some(text) = text {
            checked_text(part, text, max)?;
        }
    }
    Ok(())
}
