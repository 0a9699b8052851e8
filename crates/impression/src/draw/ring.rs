//! Text along an arc of a circle or an ellipse: evenly spaced where the feet (or, below, the heads) come closest.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use crate::error::{Error, Part};
use crate::geometry::Point;

use super::drawing::Piece;
use super::text::Text;

/// How a text follows the rim.
pub(super) struct Ring {
    /// Half axes of the curve that the text keeps its distance from: the inner edge of the border, in mm.
    pub(super) axes: Point,
    /// From that curve to the nearer edge of the text, in mm.
    pub(super) inset: f64,
    /// Preferred height of a character, in mm; it shrinks when the text is long.
    pub(super) height: f64,
    /// Preferred width of a full character for a height of 1.
    pub(super) width_ratio: f64,
    /// Least and most that the text may take, in degrees seen from the middle.
    pub(super) span_deg: (f64, f64),
    pub(super) side: Side,
}

/// Where on the rim.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Along the upper arc, feet towards the middle.
    Upper,
    /// Along the lower arc, heads towards the middle.
    Lower,
}

/// Least height of a character, in mm: smaller ones cannot be cut.
const HEIGHT_MM_MIN: f64 = 0.9;
/// A long text narrows its characters to this part of their height before it makes them smaller.
const WIDTH_RATIO_MIN: f64 = 0.5;
/// Least, preferred and most space between characters, for a width of 1.
const GAPS: (f64, f64, f64) = (0.12, 0.32, 1.1);
/// Steps in which the arc is measured.
const STEPS: usize = 1440;

/// Heights, widths and places that were chosen.
pub(super) struct Laid {
    pub(super) pieces: Vec<Piece>,
    /// Of the characters, in mm.
    pub(super) height: f64,
}

impl Ring {
    /// Places a text. The rule for long ones: first the gaps close, then the characters narrow, then they shrink.
    pub(super) fn lay(&self, text: &Text) -> Result<Laid, Error> {
        let mut height = self.height;
        loop {
            let depth = self.inset + height;
            let Some(near) = Curve::new(self.axes, depth) else {
                height *= 0.95;
                if height < HEIGHT_MM_MIN {
                    return Err(self.no_room(text));
                }
                continue;
            };
            let (least, most) = (near.length(self.span_deg.0), near.length(self.span_deg.1));
            match sizes(text, height, self.width_ratio, least, most) {
                Some((width, gap)) => {
                    let pieces = self.place(text, &near, (width, height), gap);
                    return Ok(Laid { pieces, height });
                }
                None if height * 0.98 < HEIGHT_MM_MIN => return Err(self.no_room(text)),
                None => height *= 0.98,
            }
        }
    }

    fn no_room(&self, text: &Text) -> Error {
        Error::DoesNotFit {
            part: text.part(),
            other: Part::Border,
        }
    }

    fn place(&self, text: &Text, near: &Curve, (width, height): (f64, f64), gap: f64) -> Vec<Piece> {
        let (middles, whole) = text.middles(width, gap);
        let pieces = middles.iter().enumerate().filter_map(|(index, middle)| {
            let along = middle - whole / 2.0;
            match self.side {
                Side::Upper => {
                    let (at, outwards) = near.at(along);
                    let at = (at.0 + outwards.0 * height / 2.0, at.1 + outwards.1 * height / 2.0);
                    text.piece(index, (width, height), outwards.0.atan2(-outwards.1), at)
                }
                Side::Lower => {
                    // The same arc mirrored to the bottom: left stays left, heads look to the middle.
                    let (at, outwards) = near.at(along);
                    let at = (
                        at.0 + outwards.0 * height / 2.0,
                        -at.1 - outwards.1 * height / 2.0,
                    );
                    text.piece(index, (width, height), -outwards.0.atan2(-outwards.1), at)
                }
            }
        });
        pieces.collect()
    }
}

/// Width of a full character and the gap, when the text fits between `least` and `most` (as near as it can).
fn sizes(text: &Text, height: f64, width_ratio: f64, least: f64, most: f64) -> Option<(f64, f64)> {
    let (units, gaps) = (text.widths(), text.len().saturating_sub(1) as f64);
    let wide = height * width_ratio;
    let length = |width: f64, gap: f64| width * (units + gaps * gap);
    if length(wide, GAPS.1) < least && gaps > 0.0 {
        let gap = ((least / wide - units) / gaps).min(GAPS.2);
        return Some((wide, gap * wide));
    }
    if length(wide, GAPS.1) <= most {
        return Some((wide, GAPS.1 * wide));
    }
    // Gaps and widths shrink together: the narrower the characters, the narrower the gaps between them.
    let steps = 20;
    for step in 0..=steps {
        let part = f64::from(step) / f64::from(steps);
        let ratio = width_ratio + (WIDTH_RATIO_MIN.min(width_ratio) - width_ratio) * part;
        let gap = GAPS.1 + (GAPS.0 - GAPS.1) * part;
        if length(height * ratio, gap) <= most {
            return Some((height * ratio, gap * height * ratio));
        }
    }
    None
}

/// The upper half and more of a curve parallel to an ellipse, measured along its length from the top.
struct Curve {
    /// Angle seen from the middle (0 at the top), length from the top, point, outward normal; clockwise.
    samples: Vec<(f64, f64, Point, Point)>,
}

impl Curve {
    /// The curve `depth` inside of the ellipse; `None` where it would fold.
    fn new(axes: Point, depth: f64) -> Option<Self> {
        let (rx, ry) = axes;
        let least_radius = rx.min(ry).powi(2) / rx.max(ry);
        if depth >= least_radius {
            return None;
        }
        let mut samples = Vec::with_capacity(STEPS + 1);
        let (mut length, mut last): (f64, Option<Point>) = (0.0, None);
        for step in 0..=STEPS {
            let t = PI * step as f64 / STEPS as f64 - FRAC_PI_2;
            let normal = (t.cos() / rx, t.sin() / ry);
            let size = normal.0.hypot(normal.1);
            let normal = (normal.0 / size, normal.1 / size);
            let point = (rx * t.cos() - depth * normal.0, ry * t.sin() - depth * normal.1);
            if let Some(last) = last {
                length += (point.0 - last.0).hypot(point.1 - last.1);
            }
            last = Some(point);
            samples.push((point.0.atan2(-point.1), length, point, normal));
        }
        Some(Self { samples })
    }

    /// Length of the arc over the top that is seen under this angle.
    fn length(&self, span_deg: f64) -> f64 {
        let half = (span_deg.to_radians() / 2.0).min(TAU / 2.0);
        let end = self.samples.partition_point(|(angle, ..)| *angle < half);
        2.0 * self.samples[end.min(STEPS)].1
    }

    /// Point and outward normal, this far from the top; negative to the left.
    fn at(&self, along: f64) -> (Point, Point) {
        let wanted = along.abs();
        let after = self
            .samples
            .partition_point(|(_, length, ..)| *length < wanted)
            .clamp(1, STEPS);
        let (from, to) = (&self.samples[after - 1], &self.samples[after]);
        let part = ((wanted - from.1) / (to.1 - from.1).max(1e-9)).clamp(0.0, 1.0);
        let mix = |a: Point, b: Point| (a.0 + (b.0 - a.0) * part, a.1 + (b.1 - a.1) * part);
        let (point, normal) = (mix(from.2, to.2), mix(from.3, to.3));
        let sign = if along < 0.0 { -1.0 } else { 1.0 };
        ((sign * point.0, point.1), (sign * normal.0, normal.1))
    }
}
