//! What the parts of a seal measure: the rim's width, the size and rotation of the star, the strokes of the text.

use crate::plane::{Plane, quantile};
use crate::register::{HALF, SIDE};
use crate::shape::{Shape, ShapeKind};

use super::remains::Place;
use super::{Measure, MeasureKind, measure};

/// Rays on which the rim is measured.
const RAYS: usize = 240;
/// Directions in which the outermost ink is looked for.
const SECTORS: usize = 72;
/// Where the rim lies, and up to where the text does, in parts of the way to the outermost ink.
const RIM: std::ops::Range<f64> = 0.93..1.1;
const TEXT_MAX: f64 = 0.8;
/// How far from the middle a star reaches at most.
const CENTRE_MAX: f64 = 0.5;
/// Least ink of a star, in pixels of the common picture.
const CENTRE_PIXELS_MIN: usize = 2500;

pub(super) fn measures(registered: &Plane, submitted: &Plane, shape: &Shape) -> Vec<Measure> {
    let mut measures = Vec::new();
    if let (Some(one), Some(two)) = (rim_width(registered, shape), rim_width(submitted, shape)) {
        // Ink spreads and dries: 0.2 mm on a seal of 42 mm are 1 %, on a name seal of 18 mm 2.2 %.
        let difference = (one - two).abs() / HALF * 100.0;
        measures.push(measure(MeasureKind::RimWidth, difference, (1.1, Some(3.5))));
    }
    if shape.kind != ShapeKind::Rectangle
        && let Some(one) = star(registered)
    {
        // A star that is gone, or hangs together with something else, is for a person to look at; so is a smaller
        // one, because tips may not have printed.
        let two = star(submitted);
        let size = two.map_or(-50.0, |two| (two.size / one.size - 1.0) * 100.0);
        let (size, different) = (size.abs(), (size > 0.0).then_some(8.0));
        measures.push(measure(MeasureKind::CentreSize, size, (4.0, different)));
        if let Some(two) = two {
            let turn = (one.turn_deg - two.turn_deg).rem_euclid(72.0);
            let turn = turn.min(72.0 - turn);
            measures.push(measure(MeasureKind::CentreTurn, turn, (2.2, Some(4.5))));
        }
    }
    measures
}

/// How much more the text's strokes became wider than the rim did, in pixels of the common picture.
///
/// Ink spreads on all strokes alike; another face, or a bolder one, has the rim that it should have.
pub(super) fn strokes(registered: &Plane, places: &[Place]) -> f64 {
    const INK: f32 = 0.5;
    let sector = |angle: f64| {
        let part = angle / std::f64::consts::TAU + 0.5;
        (part * SECTORS as f64) as usize % SECTORS
    };
    let mut outermost = [0.0_f64; SECTORS];
    for y in 0..SIDE {
        for x in 0..SIDE {
            if registered.at(x, y) > INK {
                let (radius, angle) = from_middle(x, y);
                let known = &mut outermost[sector(angle)];
                *known = known.max(radius);
            }
        }
    }
    let widened = |is_there: &dyn Fn(f64) -> bool| {
        let there = places.iter().filter(|place| {
            let (radius, angle) = from_middle(place.x, place.y);
            is_there(radius / outermost[sector(angle)])
        });
        middle(
            there
                .map(|place| (place.widened, f64::from(place.edges)))
                .collect(),
        )
    };
    widened(&|part| part < TEXT_MAX) - widened(&|part| RIM.contains(&part))
}

/// The value with as much weight below as above; 0 for none.
fn middle(mut weighted: Vec<(f64, f64)>) -> f64 {
    weighted.sort_by(|one, other| one.0.total_cmp(&other.0));
    let whole: f64 = weighted.iter().map(|(_, weight)| weight).sum();
    let mut below = 0.0;
    for (value, weight) in weighted {
        below += weight;
        if below >= whole / 2.0 {
            return value;
        }
    }
    0.0
}

/// Distance from the middle in parts of half the seal, and angle.
fn from_middle(x: usize, y: usize) -> (f64, f64) {
    let (dx, dy) = (
        x as f64 + 0.5 - SIDE as f64 / 2.0,
        y as f64 + 0.5 - SIDE as f64 / 2.0,
    );
    (dx.hypot(dy) / HALF, dy.atan2(dx))
}

/// Width of the rim in pixels: on each ray from outside, the ink up to the first paper; the middle of all rays.
fn rim_width(plane: &Plane, shape: &Shape) -> Option<f64> {
    let mut widths = Vec::new();
    for ray in 0..RAYS {
        let angle = ray as f64 * std::f64::consts::TAU / RAYS as f64;
        let (sin, cos) = angle.sin_cos();
        // Where the outline lies on this ray, in parts of the longer half axis.
        let turned = angle - shape.angle;
        let (u, v) = (turned.cos() / shape.half.0, turned.sin() / shape.half.1);
        let rim = match shape.kind {
            ShapeKind::Rectangle => 1.0 / u.abs().max(v.abs()),
            _ => 1.0 / u.hypot(v),
        };
        let longest = match shape.kind {
            ShapeKind::Rectangle => shape.half.0.hypot(shape.half.1) / 1.06,
            _ => shape.half.0,
        };
        let rim = rim / longest * HALF;
        // Only rays that meet the rim nearly at a right angle measure its width.
        if shape.kind == ShapeKind::Rectangle && (u.abs().min(v.abs()) / u.abs().max(v.abs())) > 0.35 {
            continue;
        }
        let (mut width, mut inside, mut radius) = (0.0, false, rim * 1.05);
        while radius > rim * 0.78 {
            let middle = SIDE as f64 / 2.0 - 0.5;
            let value =
                f64::from(plane.sample((middle + radius * cos) as f32, (middle + radius * sin) as f32));
            if inside && value < 0.25 {
                break;
            }
            inside |= value >= 0.5;
            width += value * 0.5;
            radius -= 0.5;
        }
        if inside {
            widths.push(width as f32);
        }
    }
    // Where half of the rim is missing, its width is no measure.
    (widths.len() > RAYS / 6).then(|| f64::from(quantile(&mut widths, 0.4)))
}

/// A star in the middle.
#[derive(Clone, Copy)]
struct Star {
    /// From its middle to its tips, in parts of half the seal: the third of five, for some may not have printed.
    size: f64,
    /// Rotation of its tips, modulo 72 degrees.
    turn_deg: f64,
}

/// The ink that hangs together around the middle, when it has five tips.
fn star(plane: &Plane) -> Option<Star> {
    // Thin ink is ink too: a star that did not print evenly keeps its size.
    const INK: f32 = 0.3;
    let mut seen = vec![false; plane.values.len()];
    let mut open = Vec::new();
    let middle = SIDE / 2;
    for y in middle - 24..middle + 24 {
        for x in middle - 24..middle + 24 {
            if plane.at(x, y) > INK {
                open.push((x, y));
            }
        }
    }
    open.iter().for_each(|(x, y)| seen[y * SIDE + x] = true);
    let (mut cos, mut sin, mut moment) = (0.0, 0.0, 0.0);
    let mut points = Vec::new();
    while let Some((x, y)) = open.pop() {
        let (radius, angle) = from_middle(x, y);
        if radius > CENTRE_MAX {
            // It hangs together with the text: no figure of its own.
            return None;
        }
        points.push((radius, angle));
        let weight = radius * radius;
        moment += weight;
        cos += weight * (5.0 * angle).cos();
        sin += weight * (5.0 * angle).sin();
        for (nx, ny) in [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)] {
            let at = ny * SIDE + nx;
            if !seen[at] && plane.at(nx, ny) > INK {
                seen[at] = true;
                open.push((nx, ny));
            }
        }
    }
    let has_tips = cos.hypot(sin) > 0.25 * moment;
    if points.len() < CENTRE_PIXELS_MIN || !has_tips {
        return None;
    }
    let turn = sin.atan2(cos) / 5.0;
    let sector = std::f64::consts::TAU / 5.0;
    let mut tips = [0.0_f64; 5];
    for (radius, angle) in points {
        let place = (angle - turn) / sector;
        // Only what lies towards a tip.
        if (place - place.round()).abs() < 0.12 {
            let tip = &mut tips[place.round().rem_euclid(5.0) as usize % 5];
            *tip = tip.max(radius);
        }
    }
    tips.sort_by(f64::total_cmp);
    Some(Star {
        size: tips[2],
        turn_deg: turn.to_degrees().rem_euclid(72.0),
    })
}
