//! Points, affine maps, outlines and boxes, in mm; y grows downwards, the middle of a seal is the origin.

use std::fmt::Write as _;

/// A point or a vector, in mm.
pub type Point = (f64, f64);

/// An affine map: `(a·x + c·y + e, b·x + d·y + f)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Affine {
    pub(crate) a: f64,
    pub(crate) b: f64,
    pub(crate) c: f64,
    pub(crate) d: f64,
    pub(crate) e: f64,
    pub(crate) f: f64,
}

impl Affine {
    /// Scales by `sx` and `sy`, turns by `angle` (radians, clockwise to the eye), moves the origin to `at`.
    pub(crate) fn placed(sx: f64, sy: f64, angle: f64, at: Point) -> Self {
        let (sin, cos) = angle.sin_cos();
        Self {
            a: sx * cos,
            b: sx * sin,
            c: -sy * sin,
            d: sy * cos,
            e: at.0,
            f: at.1,
        }
    }

    pub(crate) fn apply(&self, (x, y): Point) -> Point {
        (self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f)
    }
}

/// One step of an outline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Segment {
    /// Begins a contour.
    Move(Point),
    /// A straight line.
    Line(Point),
    /// A quadratic curve: control point, end.
    Quad(Point, Point),
    /// A cubic curve: two control points, end.
    Cubic(Point, Point, Point),
    /// Ends a contour.
    Close,
}

/// Closed contours.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline(pub Vec<Segment>);

impl Outline {
    /// A closed polygon.
    pub(crate) fn polygon(points: &[Point]) -> Self {
        let mut segments: Vec<Segment> = points.iter().map(|point| Segment::Line(*point)).collect();
        if let Some(first) = segments.first_mut() {
            *first = Segment::Move(points[0]);
            segments.push(Segment::Close);
        }
        Self(segments)
    }

    pub(crate) fn mapped(&self, map: &Affine) -> Self {
        let to = |point| map.apply(point);
        let segments = self.0.iter().map(|segment| match *segment {
            Segment::Move(end) => Segment::Move(to(end)),
            Segment::Line(end) => Segment::Line(to(end)),
            Segment::Quad(control, end) => Segment::Quad(to(control), to(end)),
            Segment::Cubic(first, second, end) => Segment::Cubic(to(first), to(second), to(end)),
            Segment::Close => Segment::Close,
        });
        Self(segments.collect())
    }

    /// The smallest upright box around the contours themselves, not their control points; `None` when empty.
    pub(crate) fn bounds(&self) -> Option<Bounds> {
        let mut bounds: Option<Bounds> = None;
        let mut last = (0.0, 0.0);
        for segment in &self.0 {
            let end = match *segment {
                Segment::Move(end) | Segment::Line(end) => end,
                Segment::Quad(control, end) => {
                    for t in FLATTENING {
                        let (s, t) = (1.0 - t, t);
                        let at = |p: f64, q: f64, r: f64| s * s * p + 2.0 * s * t * q + t * t * r;
                        let point = (at(last.0, control.0, end.0), at(last.1, control.1, end.1));
                        Bounds::include(&mut bounds, point);
                    }
                    end
                }
                Segment::Cubic(first, second, end) => {
                    for t in FLATTENING {
                        let (s, t) = (1.0 - t, t);
                        let at = |p: f64, q: f64, r: f64, u: f64| {
                            s * s * s * p + 3.0 * s * s * t * q + 3.0 * s * t * t * r + t * t * t * u
                        };
                        let x = at(last.0, first.0, second.0, end.0);
                        Bounds::include(&mut bounds, (x, at(last.1, first.1, second.1, end.1)));
                    }
                    end
                }
                Segment::Close => continue,
            };
            Bounds::include(&mut bounds, end);
            last = end;
        }
        bounds
    }

    /// The `d` of an SVG path, to a tenth of a micrometre.
    pub(crate) fn svg_data(&self) -> String {
        let mut data = String::new();
        let mut push = |letter: char, points: &[Point]| {
            data.push(letter);
            for (index, (x, y)) in points.iter().enumerate() {
                let separator = if index == 0 { "" } else { " " };
                let _ = write!(data, "{separator}{} {}", number(*x), number(*y));
            }
        };
        for segment in &self.0 {
            match *segment {
                Segment::Move(end) => push('M', &[end]),
                Segment::Line(end) => push('L', &[end]),
                Segment::Quad(control, end) => push('Q', &[control, end]),
                Segment::Cubic(first, second, end) => push('C', &[first, second, end]),
                Segment::Close => push('Z', &[]),
            }
        }
        data
    }
}

/// Where curves are looked at for their bounds; finer than any printed dot on curves of a few mm.
const FLATTENING: [f64; 9] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// A number as SVG writes it, without needless zeros.
pub(crate) fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}

/// An upright box, in mm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Left and top.
    pub min: Point,
    /// Right and bottom.
    pub max: Point,
}

impl Bounds {
    fn include(bounds: &mut Option<Self>, (x, y): Point) {
        let known = bounds.get_or_insert(Self {
            min: (x, y),
            max: (x, y),
        });
        known.min = (known.min.0.min(x), known.min.1.min(y));
        known.max = (known.max.0.max(x), known.max.1.max(y));
    }

    pub(crate) fn width(&self) -> f64 {
        self.max.0 - self.min.0
    }

    pub(crate) fn height(&self) -> f64 {
        self.max.1 - self.min.1
    }

    pub(crate) fn middle(&self) -> Point {
        ((self.min.0 + self.max.0) / 2.0, (self.min.1 + self.max.1) / 2.0)
    }

    pub(crate) fn corners(&self) -> [Point; 4] {
        let (min, max) = (self.min, self.max);
        [min, (max.0, min.1), max, (min.0, max.1)]
    }
}

/// Whether two convex quadrilaterals (corners in order) share more than their rims: the separating-axis test.
pub fn boxes_overlap(one: &[Point; 4], other: &[Point; 4]) -> bool {
    const TOUCH_MM: f64 = 1e-6;
    let sides = |corners: &[Point; 4]| {
        let corners = *corners;
        (0..4).map(move |index| {
            let (from, to) = (corners[index], corners[(index + 1) % 4]);
            (from.1 - to.1, to.0 - from.0)
        })
    };
    let span = |corners: &[Point; 4], (nx, ny): Point| {
        corners
            .iter()
            .map(|(x, y)| x * nx + y * ny)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| {
                (low.min(at), high.max(at))
            })
    };
    sides(one).chain(sides(other)).all(|axis| {
        let length = axis.0.hypot(axis.1);
        let (one, other) = (span(one, axis), span(other, axis));
        one.1.min(other.1) - one.0.max(other.0) > TOUCH_MM * length
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f64, y: f64) -> [Point; 4] {
        Bounds {
            min: (x, y),
            max: (x + 1.0, y + 1.0),
        }
        .corners()
    }

    #[test]
    fn boxes_that_touch_do_not_overlap() {
        assert!(boxes_overlap(&square(0.0, 0.0), &square(0.5, 0.5)));
        assert!(!boxes_overlap(&square(0.0, 0.0), &square(1.0, 0.0)));
        let turned = square(-0.5, -0.5)
            .map(|corner| Affine::placed(1.0, 1.0, std::f64::consts::FRAC_PI_4, (1.65, 0.5)).apply(corner));
        // Its upright box overlaps, the box itself does not.
        assert!(!boxes_overlap(&square(0.0, -0.9), &turned));
        assert!(boxes_overlap(&square(0.0, 0.0), &turned));
    }

    #[test]
    fn bounds_follow_the_curve_and_not_its_control_points() {
        let arc = Outline(vec![
            Segment::Move((0.0, 0.0)),
            Segment::Quad((1.0, 2.0), (2.0, 0.0)),
            Segment::Close,
        ]);
        let bounds = arc.bounds().unwrap();
        assert_eq!((bounds.min, bounds.max), ((0.0, 0.0), (2.0, 1.0)));
        assert_eq!(arc.svg_data(), "M0 0Q1 2 2 0Z");
        assert_eq!(Outline::default().bounds(), None);
    }
}
