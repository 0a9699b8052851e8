//! Axial and radial shadings (GB/T 33190-2016 8.3.4): gradients with the ends that OFD gives them.

use std::sync::Arc;

use ofd::Element;
use ofd::geometry::number;
use tiny_skia::{SpreadMode, Transform};

use crate::scene::{Gradient, GradientKind, Rgba};

/// Segments of one shading that are kept.
const SEGMENTS_MAX: usize = 256;

/// Reads `AxialShd` or `RadialShd`; `None` where the points are missing. `color` reads a `Color`.
pub(crate) fn read(element: &Element, color: impl Fn(&Element) -> Rgba) -> Option<Arc<Gradient>> {
    let stops = stops(element, color);
    if stops.is_empty() {
        return None;
    }
    let spread = match element.attribute("MapType").map(str::trim) {
        Some("Repeat") => SpreadMode::Repeat,
        Some("Reflect") => SpreadMode::Reflect,
        _ => SpreadMode::Pad,
    };
    let (kind, transform) = if element.name == "RadialShd" {
        radial(element, spread)?
    } else {
        (axial(element, spread)?, Transform::identity())
    };
    let extend: u8 = element
        .attribute("Extend")
        .and_then(|extend| extend.trim().parse().ok())
        .unwrap_or(0);
    let stops = match spread {
        SpreadMode::Pad => with_ends(stops, extend),
        _ => stops,
    };
    Some(Arc::new(Gradient {
        kind,
        stops,
        spread,
        transform,
    }))
}

fn axial(element: &Element, spread: SpreadMode) -> Option<GradientKind> {
    let start = point(element, "StartPoint")?;
    let mut end = point(element, "EndPoint")?;
    if let (Some(unit), true) = (unit(element), spread != SpreadMode::Pad) {
        // One repetition is as long as MapUnit.
        let (dx, dy) = (end.0 - start.0, end.1 - start.1);
        let length = dx.hypot(dy);
        if length > 0.0 {
            end = (start.0 + dx / length * unit, start.1 + dy / length * unit);
        }
    }
    Some(GradientKind::Linear {
        start: single(start),
        end: single(end),
    })
}

/// Ellipses are circles that are squeezed across their long axis, which is turned by `Angle`.
fn radial(element: &Element, spread: SpreadMode) -> Option<(GradientKind, Transform)> {
    let start = point(element, "StartPoint")?;
    let end = point(element, "EndPoint")?;
    let value = |name| element.attribute(name).and_then(number);
    let start_radius = value("StartRadius").unwrap_or(0.0).max(0.0);
    let mut end_radius = value("EndRadius")?.max(0.0);
    if let (Some(unit), true) = (unit(element), spread != SpreadMode::Pad) {
        end_radius = start_radius + unit;
    }
    let squeeze = (1.0 - value("Eccentricity").unwrap_or(0.0).clamp(0.0, 0.999).powi(2)).sqrt();
    let angle = value("Angle").unwrap_or(0.0) as f32;
    let center = single(end);
    let transform = Transform::from_rotate_at(angle, center.0, center.1)
        .pre_translate(center.0, center.1)
        .pre_scale(1.0, squeeze as f32)
        .pre_translate(-center.0, -center.1);
    let kind = GradientKind::Radial {
        start: single(start),
        start_radius: start_radius as f32,
        end: center,
        end_radius: end_radius as f32,
    };
    Some((kind, transform))
}

fn stops(element: &Element, color: impl Fn(&Element) -> Rgba) -> Vec<(f32, Rgba)> {
    let segments: Vec<_> = element.children_named("Segment").take(SEGMENTS_MAX).collect();
    let last = segments.len().saturating_sub(1).max(1) as f64;
    let mut stops: Vec<(f32, Rgba)> = Vec::new();
    for (index, segment) in segments.iter().enumerate() {
        let Some(of) = segment.child("Color") else {
            continue;
        };
        let position = segment.attribute("Position").and_then(number);
        let position = position.unwrap_or(index as f64 / last).clamp(0.0, 1.0) as f32;
        let floor = stops.last().map_or(0.0, |(before, _)| *before);
        stops.push((position.max(floor), color(of)));
    }
    stops
}

/// Beyond an end that is not extended (bit 0: the start, bit 1: the end) nothing is painted.
fn with_ends(mut stops: Vec<(f32, Rgba)>, extend: u8) -> Vec<(f32, Rgba)> {
    let clear = |color: Rgba| Rgba { alpha: 0.0, ..color };
    if extend & 1 == 0
        && let Some(&(_, first)) = stops.first()
    {
        stops.insert(0, (0.0, first));
        stops.insert(0, (0.0, clear(first)));
    }
    if extend & 2 == 0
        && let Some(&(_, last)) = stops.last()
    {
        stops.push((1.0, last));
        stops.push((1.0, clear(last)));
    }
    stops
}

fn unit(element: &Element) -> Option<f64> {
    element
        .attribute("MapUnit")
        .and_then(number)
        .filter(|unit| *unit > 0.0)
}

fn point(element: &Element, name: &str) -> Option<(f64, f64)> {
    let mut words = element.attribute(name)?.split_ascii_whitespace();
    Some((number(words.next()?)?, number(words.next()?)?))
}

fn single((x, y): (f64, f64)) -> (f32, f32) {
    (x as f32, y as f32)
}
