//! Laying one impression over the other: any rotation and size, a slight slant.
//!
//! The outlines give all but the rotation; the rotation comes from the ink on rings (or, of ovals and rectangles, from
//! the few ways in which they fit); then a homography is refined on finer and finer copies (inverse compositional
//! least squares after Lucas and Kanade).

use crate::plane::Plane;
use crate::shape::{Shape, ShapeKind};

/// Side of the common picture, in pixels.
pub(crate) const SIDE: usize = 512;
/// Longer half axis of the registered impression in it, in pixels.
pub(crate) const HALF: f64 = 232.0;
/// Angles and rings on which rotations are compared.
const ANGLES: usize = 360;
const RINGS: usize = 24;
/// Rotations that are tried further.
const ROTATIONS_MAX: usize = 4;

/// From the common picture (its middle 0, its edges ±1) to pixels of an impression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Homography(pub(crate) [[f64; 3]; 3]);

impl Homography {
    /// A linear map and the image of the middle.
    fn affine([a, b, c, d]: [f64; 4], (e, f): (f64, f64)) -> Self {
        Self([[a, c, e], [b, d, f], [0.0, 0.0, 1.0]])
    }

    pub(crate) fn apply(&self, x: f64, y: f64) -> (f64, f64) {
        let [p, q, r] = self.0;
        let w = r[0] * x + r[1] * y + r[2];
        ((p[0] * x + p[1] * y + p[2]) / w, (q[0] * x + q[1] * y + q[2]) / w)
    }

    fn after(&self, first: &[[f64; 3]; 3]) -> Self {
        let mut product = [[0.0; 3]; 3];
        for (row, line) in product.iter_mut().enumerate() {
            for (column, cell) in line.iter_mut().enumerate() {
                *cell = (0..3).map(|k| self.0[row][k] * first[k][column]).sum();
            }
        }
        let scale = product[2][2];
        Self(product.map(|row| row.map(|cell| cell / scale)))
    }

    /// Greater and smaller scale in the middle, in pixels for a unit.
    pub(crate) fn scales(&self) -> (f64, f64) {
        let [p, q, r] = self.0;
        let (x, y) = (p[2], q[2]);
        let (a, c) = (p[0] - x * r[0], p[1] - x * r[1]);
        let (b, d) = (q[0] - y * r[0], q[1] - y * r[1]);
        let (sum, difference) = ((a + d).hypot(b - c), (a - d).hypot(b + c));
        ((sum + difference) / 2.0, ((sum - difference) / 2.0).abs())
    }

    /// How much nearer one edge seems than the other.
    pub(crate) fn slant(&self) -> f64 {
        self.0[2][0].hypot(self.0[2][1])
    }

    /// Rotation, in degrees.
    pub(crate) fn turn_deg(&self) -> f64 {
        let [p, q, _] = self.0;
        (q[0] - p[1]).atan2(p[0] + q[1]).to_degrees()
    }

    fn is_sound(&self) -> bool {
        let (more, less) = self.scales();
        self.0.iter().flatten().all(|cell| cell.is_finite())
            && less > 1.0
            && more < 4.0 * less
            && self.slant() < 0.5
    }
}

/// Pixels of the common picture to its coordinates.
fn unit(pixel: usize, side: usize) -> f64 {
    (pixel as f64 + 0.5) / (side as f64 / 2.0) - 1.0
}

/// The picture that an impression gives in common coordinates.
pub(crate) fn warped(ink: &Plane, map: &Homography, side: usize) -> Plane {
    Plane::from_fn(side, side, |x, y| {
        let (x, y) = map.apply(unit(x, side), unit(y, side));
        ink.sample(x as f32, y as f32)
    })
}

/// Where the registered impression stands in the common picture: upright as in its image, filling it.
pub(crate) fn upright(shape: &Shape) -> Homography {
    let longest = match shape.kind {
        ShapeKind::Rectangle => shape.half.0.hypot(shape.half.1) / 1.06,
        _ => shape.half.0,
    };
    let scale = longest / (2.0 * HALF / SIDE as f64);
    Homography::affine([scale, 0.0, 0.0, scale], shape.middle)
}

/// The map under which the other impression covers the template.
pub(crate) fn register(
    template: &Plane,
    base: (&Homography, &Shape),
    ink: &Plane,
    shape: &Shape,
) -> Homography {
    let levels = [template.halved().halved(), template.halved()];
    let starts = starts(&levels[0], base, ink, shape);
    let coarse_ink = ink.blurred(1.6);
    let coarse = Refiner::new(&levels[0].blurred(1.2));
    let mut best: Option<(Homography, f64)> = None;
    for start in starts {
        let (map, likeness) = coarse.refine(&coarse_ink, start, 14);
        if best.is_none_or(|(_, most)| likeness > most) {
            best = Some((map, likeness));
        }
    }
    let Some((map, _)) = best else {
        return upright(shape);
    };
    let (map, _) = Refiner::new(&levels[1].blurred(1.0)).refine(&coarse_ink, map, 8);
    let (map, _) = Refiner::new(&template.blurred(1.2)).refine(&ink.blurred(0.9), map, 6);
    map
}

/// Maps that lay outline on outline, one for each rotation that may be right.
fn starts(
    template: &Plane,
    (base, registered): (&Homography, &Shape),
    ink: &Plane,
    shape: &Shape,
) -> Vec<Homography> {
    let round = |kind| kind != ShapeKind::Rectangle;
    let turns: Vec<f64> = if registered.kind == ShapeKind::Circle || shape.kind == ShapeKind::Circle {
        let other = Plane::from_fn(SIDE / 4, SIDE / 4, |x, y| {
            let side = SIDE as f64 / 4.0;
            let scale = SIDE as f64 / 2.0 / HALF;
            let (u, v) = (
                ((x as f64 + 0.5) / (side / 2.0) - 1.0) * scale,
                ((y as f64 + 0.5) / (side / 2.0) - 1.0) * scale,
            );
            let [a, b, c, d] = shape.map();
            ink.sample(
                (shape.middle.0 + a * u + c * v) as f32,
                (shape.middle.1 + b * u + d * v) as f32,
            )
        });
        // Both are circles of the same size here, one turned by its slant's direction.
        rotations(template, &other)
            .iter()
            .map(|turn| turn + registered.angle_of_circle())
            .collect()
    } else if round(registered.kind) || round(shape.kind) || shape.half.0 / shape.half.1 > 1.2 {
        vec![0.0, 180.0]
    } else {
        vec![0.0, 90.0, 180.0, 270.0]
    };
    turns
        .iter()
        .filter_map(|turn| {
            // Common picture → unit figure of the registered one → turned → pixels of the other.
            let to_unit = inverse(registered.map())?;
            let (scale, _) = base.scales();
            let to_unit = to_unit.map(|cell| cell * scale);
            let (sin, cos) = turn.to_radians().sin_cos();
            let turned = product([cos, sin, -sin, cos], to_unit);
            Some(Homography::affine(product(shape.map(), turned), shape.middle))
        })
        .collect()
}

impl Shape {
    /// The registered circle stands in the common picture unturned, its unit figure turned by this, in degrees.
    fn angle_of_circle(&self) -> f64 {
        self.angle.to_degrees()
    }
}

/// First the second, then the first: both as columns of a 2 × 2 matrix.
fn product([a, b, c, d]: [f64; 4], [e, f, g, h]: [f64; 4]) -> [f64; 4] {
    [a * e + c * f, b * e + d * f, a * g + c * h, b * g + d * h]
}

fn inverse([a, b, c, d]: [f64; 4]) -> Option<[f64; 4]> {
    let det = a * d - b * c;
    (det.abs() > 1e-9).then(|| [d / det, -b / det, -c / det, a / det])
}

/// The turns, in degrees, by which the other is ahead of the template, best first.
fn rotations(template: &Plane, other: &Plane) -> Vec<f64> {
    let (one, two) = (rings(template), rings(other));
    let score = |shift: usize| -> f32 {
        let rings = one.iter().zip(&two);
        rings
            .map(|(one, two)| {
                let (ahead, wrapped) = two.split_at(shift);
                let moved = wrapped.iter().chain(ahead);
                one.iter().zip(moved).map(|(a, b)| a * b).sum::<f32>()
            })
            .sum()
    };
    let scores: Vec<f32> = (0..ANGLES).map(score).collect();
    let mut order: Vec<usize> = (0..ANGLES).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    let mut chosen: Vec<usize> = Vec::new();
    for angle in order {
        let apart = |other: &usize| {
            let distance = angle.abs_diff(*other);
            distance.min(ANGLES - distance) >= 8
        };
        if chosen.iter().all(apart) {
            chosen.push(angle);
        }
        if chosen.len() == ROTATIONS_MAX {
            break;
        }
    }
    chosen
        .iter()
        .map(|angle| *angle as f64 * 360.0 / ANGLES as f64)
        .collect()
}

/// The ink on rings inside of the border, each with a mean of 0.
fn rings(plane: &Plane) -> Vec<Vec<f32>> {
    let (side, half) = (plane.width as f64, HALF * plane.width as f64 / SIDE as f64);
    (0..RINGS)
        .map(|ring| {
            let radius = half * (0.15 + 0.75 * ring as f64 / (RINGS - 1) as f64);
            let mut values: Vec<f32> = (0..ANGLES)
                .map(|angle| {
                    let (sin, cos) = (angle as f64 * std::f64::consts::TAU / ANGLES as f64).sin_cos();
                    let (x, y) = (side / 2.0 - 0.5 + radius * cos, side / 2.0 - 0.5 + radius * sin);
                    plane.sample(x as f32, y as f32)
                })
                .collect();
            let mean = values.iter().sum::<f32>() / ANGLES as f32;
            // Outer rings are longer.
            let weight = (radius / half).sqrt() as f32;
            values
                .iter_mut()
                .for_each(|value| *value = (*value - mean) * weight);
            values
        })
        .collect()
}

/// What refining needs of the template: its pixels with edges, and how they change with each of eight parameters.
struct Refiner {
    points: Vec<RefinerPoint>,
    inverse: Option<[[f64; 8]; 8]>,
}

struct RefinerPoint {
    x: f64,
    y: f64,
    value: f32,
    steepest: [f32; 8],
}

impl Refiner {
    fn new(template: &Plane) -> Self {
        const EDGE: f32 = 0.02;
        let (side, to_unit) = (template.width, template.width as f32 / 2.0);
        let mut points = Vec::new();
        let mut hessian = [[0.0_f64; 8]; 8];
        for row in 1..side - 1 {
            for column in 1..side - 1 {
                let dx = (template.at(column + 1, row) - template.at(column - 1, row)) / 2.0;
                let dy = (template.at(column, row + 1) - template.at(column, row - 1)) / 2.0;
                // Blank paper beside the impression counts too, though not every pixel of it.
                let is_edge = dx.abs() + dy.abs() > EDGE;
                if !is_edge && (row % 4 != 0 || column % 4 != 0) {
                    continue;
                }
                let (x, y) = (unit(column, side), unit(row, side));
                let (gx, gy) = (dx * to_unit, dy * to_unit);
                let (fx, fy) = (x as f32, y as f32);
                let along = gx * fx + gy * fy;
                let steepest = [
                    gx * fx,
                    gy * fx,
                    gx * fy,
                    gy * fy,
                    gx,
                    gy,
                    -along * fx,
                    -along * fy,
                ];
                for (line, one) in hessian.iter_mut().zip(steepest) {
                    for (cell, two) in line.iter_mut().zip(steepest) {
                        *cell += f64::from(one) * f64::from(two);
                    }
                }
                points.push(RefinerPoint {
                    x,
                    y,
                    value: template.at(column, row),
                    steepest,
                });
            }
        }
        Self {
            points,
            inverse: inverse_of(hessian),
        }
    }

    /// Improves a map step by step; the best that was met, and its correlation.
    fn refine(&self, ink: &Plane, start: Homography, steps: usize) -> (Homography, f64) {
        let mut map = start;
        let mut values = Vec::with_capacity(self.points.len());
        let (mut likeness, mut slope, mut offset) = self.likeness(ink, &start, &mut values);
        let mut best = (start, likeness);
        let Some(inverse) = &self.inverse else { return best };
        for _ in 0..steps {
            let mut sums = [0.0_f64; 8];
            for (point, value) in self.points.iter().zip(&values) {
                let residual = (slope * value + offset - point.value).clamp(-0.5, 0.5);
                for (sum, steepest) in sums.iter_mut().zip(point.steepest) {
                    *sum += f64::from(residual * steepest);
                }
            }
            let p: Vec<f64> = inverse
                .iter()
                .map(|row| row.iter().zip(sums).map(|(cell, sum)| cell * sum).sum())
                .collect();
            let step = [
                [1.0 + p[0], p[2], p[4]],
                [p[1], 1.0 + p[3], p[5]],
                [p[6], p[7], 1.0],
            ];
            let Some(back) = inverse3(step) else { break };
            map = map.after(&back);
            if !map.is_sound() {
                break;
            }
            (likeness, slope, offset) = self.likeness(ink, &map, &mut values);
            if likeness > best.1 {
                best = (map, likeness);
            }
            if p.iter().all(|part| part.abs() < 2e-5) {
                break;
            }
        }
        best
    }

    /// Correlation with the template, and the line that maps the other's values to the template's.
    fn likeness(&self, ink: &Plane, map: &Homography, values: &mut Vec<f32>) -> (f64, f32, f32) {
        values.clear();
        values.extend(self.points.iter().map(|point| {
            let (x, y) = map.apply(point.x, point.y);
            ink.sample(x as f32, y as f32)
        }));
        let count = values.len().max(1) as f64;
        let (mut a, mut b, mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (point, value) in self.points.iter().zip(values.iter()) {
            let (one, two) = (f64::from(point.value), f64::from(*value));
            a += one;
            b += two;
            aa += one * one;
            bb += two * two;
            ab += one * two;
        }
        let (va, vb, cov) = (aa - a * a / count, bb - b * b / count, ab - a * b / count);
        if va <= 1e-9 || vb <= 1e-9 {
            return (0.0, 1.0, 0.0);
        }
        let slope = (cov / vb).clamp(0.3, 3.0);
        (
            cov / (va * vb).sqrt(),
            slope as f32,
            ((a - slope * b) / count) as f32,
        )
    }
}

fn inverse_of(matrix: [[f64; 8]; 8]) -> Option<[[f64; 8]; 8]> {
    let mut left = matrix;
    let mut right = [[0.0; 8]; 8];
    for (index, row) in right.iter_mut().enumerate() {
        row[index] = 1.0;
    }
    for column in 0..8 {
        let pivot = (column..8).max_by(|a, b| left[*a][column].abs().total_cmp(&left[*b][column].abs()))?;
        left.swap(column, pivot);
        right.swap(column, pivot);
        let head = left[column][column];
        if head.abs() < 1e-9 {
            return None;
        }
        left[column].iter_mut().for_each(|cell| *cell /= head);
        right[column].iter_mut().for_each(|cell| *cell /= head);
        let (pivot_left, pivot_right) = (left[column], right[column]);
        for row in (0..8).filter(|row| *row != column) {
            let factor = left[row][column];
            left[row]
                .iter_mut()
                .zip(pivot_left)
                .for_each(|(cell, value)| *cell -= factor * value);
            right[row]
                .iter_mut()
                .zip(pivot_right)
                .for_each(|(cell, value)| *cell -= factor * value);
        }
    }
    Some(right)
}

fn inverse3(m: [[f64; 3]; 3]) -> Option<[[f64; 3]; 3]> {
    let minor = |r: usize, c: usize| {
        let (r1, r2) = ((r + 1) % 3, (r + 2) % 3);
        let (c1, c2) = ((c + 1) % 3, (c + 2) % 3);
        m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
    };
    let det: f64 = (0..3).map(|c| m[0][c] * minor(0, c)).sum();
    if !det.is_finite() || det.abs() < 1e-9 {
        return None;
    }
    let mut inverse = [[0.0; 3]; 3];
    for (row, line) in inverse.iter_mut().enumerate() {
        for (column, cell) in line.iter_mut().enumerate() {
            *cell = minor(column, row) / det;
        }
    }
    Some(inverse)
}
