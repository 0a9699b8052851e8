//! The outline of an impression: a circle, an ellipse or a rectangle, also where ink is missing.

use crate::plane::{Plane, quantile};

/// Rays on which the rim is looked for.
const RAYS: usize = 360;
/// An ellipse rounder than this counts as a circle seen at a slant.
const CIRCLE_RATIO_MAX: f64 = 1.14;
/// Distance from the outline within which the rim's points count, for a half axis of 1.
const NEAR: f64 = 0.04;

/// Which figure the outline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ShapeKind {
    /// Round seals.
    Circle,
    /// Oval seals.
    Ellipse,
    /// Square and rectangular seals.
    Rectangle,
}

/// A figure in pixels: the unit circle or the unit square (from -1 to 1), mapped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) kind: ShapeKind,
    pub(crate) middle: (f64, f64),
    /// Half axes or half sides; the first is the longer one.
    pub(crate) half: (f64, f64),
    /// Of the first axis, in radians.
    pub(crate) angle: f64,
}

impl Shape {
    /// Columns of the map from the unit figure to pixels.
    pub(crate) fn map(&self) -> [f64; 4] {
        let (sin, cos) = self.angle.sin_cos();
        let (a, b) = self.half;
        [a * cos, a * sin, -b * sin, b * cos]
    }

    fn to_unit(self, (x, y): (f64, f64)) -> (f64, f64) {
        let (sin, cos) = self.angle.sin_cos();
        let (dx, dy) = (x - self.middle.0, y - self.middle.1);
        (
            (dx * cos + dy * sin) / self.half.0,
            (dy * cos - dx * sin) / self.half.1,
        )
    }
}

/// Fits the outline; `None` when there is too little ink.
pub(crate) fn fit(ink: &Plane) -> Option<Shape> {
    let smooth = ink.blurred(1.2);
    let middle = ink_middle(&smooth)?;
    let mut points = rim(&smooth, middle);
    if points.len() < RAYS / 4 {
        return None;
    }
    let mut frame = frame(&points)?;
    points = rim(&smooth, frame.middle);
    frame = self::frame(&points)?;
    let near = |distance: &dyn Fn((f64, f64)) -> f64| {
        points
            .iter()
            .filter(|point| distance(frame.to_unit(**point)).abs() < NEAR)
            .count()
    };
    let round = near(&|(u, v)| u.hypot(v) - 1.0);
    let angular = near(&|(u, v)| u.abs().max(v.abs()) - 1.0);
    let shape = if angular > round {
        Shape {
            ..rectangle(&points, frame)
        }
    } else {
        ellipse(&points, frame)
    };
    let plausible = shape.half.1 > 8.0 && shape.half.0 < 3.0 * (ink.width.max(ink.height)) as f64;
    plausible.then_some(shape)
}

/// The middle between the outermost ink, specks left aside.
fn ink_middle(ink: &Plane) -> Option<(f64, f64)> {
    let mut columns = vec![0.0_f32; ink.width];
    let mut rows = vec![0.0_f32; ink.height];
    for (at, value) in ink.values.iter().enumerate().filter(|(_, value)| **value > 0.3) {
        columns[at % ink.width] += value;
        rows[at / ink.width] += value;
    }
    let middle = |sums: &[f32]| {
        let whole: f32 = sums.iter().sum();
        let mut sum = 0.0;
        let (mut low, mut high) = (None, None);
        for (at, value) in sums.iter().enumerate() {
            sum += value;
            if low.is_none() && sum >= 0.005 * whole {
                low = Some(at);
            }
            if high.is_none() && sum >= 0.995 * whole {
                high = Some(at);
            }
        }
        (whole > 20.0).then_some((low? as f64 + high? as f64) / 2.0)
    };
    Some((middle(&columns)?, middle(&rows)?))
}

/// Where rays from far outside meet the ink first.
fn rim(ink: &Plane, middle: (f64, f64)) -> Vec<(f64, f64)> {
    let (width, height) = (ink.width as f64, ink.height as f64);
    let mut points = Vec::with_capacity(RAYS);
    for ray in 0..RAYS {
        let (sin, cos) = (ray as f64 * std::f64::consts::TAU / RAYS as f64).sin_cos();
        let value =
            |radius: f64| ink.sample((middle.0 + radius * cos) as f32, (middle.1 + radius * sin) as f32);
        // Where the ray leaves the picture.
        let leave = |middle: f64, way: f64, side: f64| match way {
            _ if way > 1e-9 => (side - middle) / way,
            _ if way < -1e-9 => -middle / way,
            _ => f64::INFINITY,
        };
        let mut radius = leave(middle.0, cos, width).min(leave(middle.1, sin, height)) + 1.0;
        let mut outside = 0.0;
        while radius > 4.0 {
            let here = value(radius);
            // Two pixels deep at least: noise is thinner.
            if here >= 0.45 && value(radius - 1.0) >= 0.45 {
                let part = if here > outside {
                    (0.45 - outside) / (here - outside)
                } else {
                    0.0
                };
                let radius = radius + 1.0 - f64::from(part.clamp(0.0, 1.0));
                points.push((middle.0 + radius * cos, middle.1 + radius * sin));
                break;
            }
            outside = here;
            radius -= 1.0;
        }
    }
    points
}

/// The smallest turned rectangle around nearly all points.
fn frame(points: &[(f64, f64)]) -> Option<Shape> {
    let at = |angle: f64| -> Shape {
        let (sin, cos) = angle.sin_cos();
        let extent = |along: (f64, f64)| {
            let mut values: Vec<f32> = points
                .iter()
                .map(|(x, y)| (x * along.0 + y * along.1) as f32)
                .collect();
            let (low, high) = (quantile(&mut values, 0.01), quantile(&mut values, 0.99));
            (f64::from(low), f64::from(high))
        };
        let (u, v) = (extent((cos, sin)), extent((-sin, cos)));
        let (middle_u, middle_v) = ((u.0 + u.1) / 2.0, (v.0 + v.1) / 2.0);
        Shape {
            kind: ShapeKind::Rectangle,
            middle: (middle_u * cos - middle_v * sin, middle_u * sin + middle_v * cos),
            half: ((u.1 - u.0) / 2.0, (v.1 - v.0) / 2.0),
            angle,
        }
    };
    let area = |shape: &Shape| shape.half.0 * shape.half.1;
    let best = (0..45)
        .map(|step| at(f64::from(step) * 2.0_f64.to_radians()))
        .min_by(|one, other| area(one).total_cmp(&area(other)))?;
    let best = (-8..=8)
        .map(|step| at(best.angle + f64::from(step) * 0.25_f64.to_radians()))
        .min_by(|one, other| area(one).total_cmp(&area(other)))?;
    if best.half.0.min(best.half.1) < 4.0 {
        return None;
    }
    Some(longer_first(best))
}

fn longer_first(shape: Shape) -> Shape {
    if shape.half.0 >= shape.half.1 {
        return shape;
    }
    Shape {
        half: (shape.half.1, shape.half.0),
        angle: shape.angle + std::f64::consts::FRAC_PI_2,
        ..shape
    }
}

/// The sides moved to the middle of their points.
fn rectangle(points: &[(f64, f64)], frame: Shape) -> Shape {
    let side = |near: &dyn Fn((f64, f64)) -> Option<f64>| {
        let mut values: Vec<f32> = points
            .iter()
            .filter_map(|point| near(frame.to_unit(*point)))
            .map(|value| value as f32)
            .collect();
        if values.len() < 8 {
            1.0
        } else {
            f64::from(quantile(&mut values, 0.5))
        }
    };
    let close = |value: f64, other: f64| (value > 0.9 && other.abs() < 0.9).then_some(value);
    let (right, left) = (side(&|(u, v)| close(u, v)), side(&|(u, v)| close(-u, v)));
    let (bottom, top) = (side(&|(u, v)| close(v, u)), side(&|(u, v)| close(-v, u)));
    let (du, dv) = (
        (right - left) / 2.0 * frame.half.0,
        (bottom - top) / 2.0 * frame.half.1,
    );
    let (sin, cos) = frame.angle.sin_cos();
    Shape {
        middle: (
            frame.middle.0 + du * cos - dv * sin,
            frame.middle.1 + du * sin + dv * cos,
        ),
        half: (
            frame.half.0 * (right + left) / 2.0,
            frame.half.1 * (bottom + top) / 2.0,
        ),
        ..frame
    }
}

/// A conic through the points, those that lie off it counting less and less.
fn ellipse(points: &[(f64, f64)], frame: Shape) -> Shape {
    let mut shape = start(points, frame);
    for round in 0..12 {
        let cut = [0.12, 0.08, 0.05, 0.03][(round / 2).min(3)];
        let mut normal = [[0.0; 6]; 5];
        for point in points {
            let (u, v) = shape.to_unit(*point);
            let off = (u.hypot(v) - 1.0) / cut;
            if off.abs() >= 1.0 {
                continue;
            }
            let weight = (1.0 - off * off).powi(2);
            let row = [u * u, u * v, v * v, u, v, 1.0];
            for (line, factor) in normal.iter_mut().zip(row) {
                for (cell, value) in line.iter_mut().zip(row) {
                    *cell += weight * factor * value;
                }
            }
        }
        let Some(conic) = solve(normal) else { break };
        let Some(next) = of_conic(conic, shape) else { break };
        shape = next;
    }
    let kind = if shape.half.0 / shape.half.1 < CIRCLE_RATIO_MAX {
        ShapeKind::Circle
    } else {
        ShapeKind::Ellipse
    };
    Shape { kind, ..shape }
}

/// The frame's ellipse, or a circle through three points that more of the others agree with.
fn start(points: &[(f64, f64)], frame: Shape) -> Shape {
    let agree = |shape: &Shape| {
        points
            .iter()
            .filter(|point| {
                let (u, v) = shape.to_unit(**point);
                (u.hypot(v) - 1.0).abs() < 0.02
            })
            .count()
    };
    let mut best = frame;
    let mut most = agree(&frame);
    let count = points.len();
    // Always the same choices: a third of the way around each, at many starts and widths.
    for step in 0..90 {
        let (first, width) = (step * count / 90, count / 5 + (step % 6) * count / 36);
        let three = [0, 1, 2].map(|index| points[(first + index * width) % count]);
        let Some(circle) = circle_through(three) else {
            continue;
        };
        let agreed = agree(&circle);
        if agreed > most {
            (best, most) = (circle, agreed);
        }
    }
    best
}

fn circle_through([p, q, r]: [(f64, f64); 3]) -> Option<Shape> {
    let (qx, qy, rx, ry) = (q.0 - p.0, q.1 - p.1, r.0 - p.0, r.1 - p.1);
    let twice = 2.0 * (qx * ry - qy * rx);
    if twice.abs() < 1.0 {
        return None;
    }
    let (qq, rr) = (qx * qx + qy * qy, rx * rx + ry * ry);
    let (x, y) = ((ry * qq - qy * rr) / twice, (qx * rr - rx * qq) / twice);
    let radius = x.hypot(y);
    Some(Shape {
        kind: ShapeKind::Circle,
        middle: (p.0 + x, p.1 + y),
        half: (radius, radius),
        angle: 0.0,
    })
}

/// Solves five equations, the right side standing in the sixth column.
fn solve(mut rows: [[f64; 6]; 5]) -> Option<[f64; 5]> {
    for column in 0..5 {
        let pivot = (column..5).max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))?;
        rows.swap(column, pivot);
        let head = rows[column];
        if head[column].abs() < 1e-12 {
            return None;
        }
        for (index, row) in rows.iter_mut().enumerate() {
            if index != column {
                let factor = row[column] / head[column];
                row.iter_mut()
                    .zip(head)
                    .for_each(|(cell, value)| *cell -= factor * value);
            }
        }
    }
    let mut solution = [0.0; 5];
    for (index, value) in solution.iter_mut().enumerate() {
        *value = rows[index][5] / rows[index][index];
    }
    Some(solution)
}

/// A·u² + B·uv + C·v² + D·u + E·v = 1 in the units of `base`, as a shape in pixels.
fn of_conic([a, b, c, d, e]: [f64; 5], base: Shape) -> Option<Shape> {
    let determinant = 4.0 * a * c - b * b;
    if determinant <= 1e-9 {
        return None;
    }
    let (u, v) = (
        (b * e - 2.0 * c * d) / determinant,
        (b * d - 2.0 * a * e) / determinant,
    );
    let level = 1.0 + a * u * u + b * u * v + c * v * v;
    // From the unit figure of `base` to pixels; the quadratic form there is M⁻ᵀ·Q·M⁻¹.
    let [m0, m1, m2, m3] = base.map();
    let det = m0 * m3 - m1 * m2;
    let inverse = [m3 / det, -m1 / det, -m2 / det, m0 / det];
    let form =
        |x: (f64, f64), y: (f64, f64)| a * x.0 * y.0 + b * (x.0 * y.1 + x.1 * y.0) / 2.0 + c * x.1 * y.1;
    let (ex, ey) = ((inverse[0], inverse[1]), (inverse[2], inverse[3]));
    let (xx, xy, yy) = (form(ex, ex) / level, form(ex, ey) / level, form(ey, ey) / level);
    let mean = (xx + yy) / 2.0;
    let spread = ((xx - yy) / 2.0).hypot(xy);
    if mean - spread <= 0.0 {
        return None;
    }
    Some(Shape {
        middle: (base.middle.0 + m0 * u + m2 * v, base.middle.1 + m1 * u + m3 * v),
        half: (1.0 / (mean - spread).sqrt(), 1.0 / (mean + spread).sqrt()),
        // The longer axis lies where the form is least.
        angle: 0.5 * (-2.0 * xy).atan2(yy - xx),
        ..base
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(width: usize, height: usize, shape: Shape, gap: f64) -> Plane {
        Plane::from_fn(width, height, |x, y| {
            let (u, v) = shape.to_unit((x as f64, y as f64));
            let distance = match shape.kind {
                ShapeKind::Rectangle => u.abs().max(v.abs()),
                _ => u.hypot(v),
            };
            let missing = v.atan2(u).abs() < gap;
            f32::from(u8::from(distance < 1.0 && distance > 0.92 && !missing))
        })
    }

    fn check(shape: Shape, gap: f64) {
        let found = fit(&ring(320, 300, shape, gap)).unwrap();
        assert_eq!(found.kind, shape.kind);
        assert!((found.middle.0 - shape.middle.0).abs() < 1.0, "{found:?}");
        assert!((found.middle.1 - shape.middle.1).abs() < 1.0, "{found:?}");
        assert!((found.half.0 - shape.half.0).abs() < 1.2, "{found:?}");
        assert!((found.half.1 - shape.half.1).abs() < 1.2, "{found:?}");
        let turned = (found.angle - shape.angle).rem_euclid(std::f64::consts::PI);
        let turned = turned.min(std::f64::consts::PI - turned);
        assert!(shape.half.0 / shape.half.1 < 1.01 || turned < 0.02, "{found:?}");
    }

    #[test]
    fn rings_ovals_and_frames_are_found_where_they_are() {
        let shape = |kind, half, angle| Shape {
            kind,
            middle: (160.3, 148.7),
            half,
            angle,
        };
        check(shape(ShapeKind::Circle, (120.0, 120.0), 0.0), 0.0);
        check(shape(ShapeKind::Circle, (125.0, 118.0), 0.6), 0.0);
        check(shape(ShapeKind::Ellipse, (130.0, 97.0), 0.3), 0.0);
        check(shape(ShapeKind::Rectangle, (110.0, 60.0), 0.2), 0.0);
    }

    #[test]
    fn a_fifth_of_the_rim_may_be_missing() {
        let shape = Shape {
            kind: ShapeKind::Circle,
            middle: (150.0, 150.0),
            half: (121.0, 119.0),
            angle: 0.0,
        };
        check(shape, 0.6);
    }

    #[test]
    fn nothing_is_found_on_blank_paper() {
        assert!(fit(&Plane::new(100, 100)).is_none());
    }
}
