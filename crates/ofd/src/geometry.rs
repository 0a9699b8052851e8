//! Lengths, boxes and transformations of a page, in millimetres (GB/T 33190-2016 7.3).
//!
//! The origin is the top left corner, x grows to the right, y grows downwards.
//! Every number that passes `number` is finite and small enough that sums and products of a page's numbers
//! stay finite, so nothing behind it has to think about NaN or infinity.

use std::fmt;

/// Largest magnitude of a number in geometry; beyond it an attribute counts as unreadable. 1 000 km in mm.
pub const NUMBER_MAX: f64 = 1e9;

/// Decimals kept when a length is written: a tenth of a micrometre.
const DECIMALS: usize = 4;

/// `ST_Pos`: a place, in mm.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Downwards.
    pub y: f64,
}

/// `ST_Box`: "x y width height", in mm.
///
/// The standard wants a width and a height above zero; real files also hold zero and negative ones, so what is
/// read may be such a box: ask [`Box::has_area`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Box {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// To the right.
    pub width: f64,
    /// Downwards.
    pub height: f64,
}

impl Box {
    /// The box with this left, top, width and height.
    pub const fn new(x: f64, y: f64, width: f64, height: f64) -> Self {
        Self { x, y, width, height }
    }

    /// Four numbers separated by white space; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let [x, y, width, height] = numbers(text)?;
        Some(Self { x, y, width, height })
    }

    /// Width and height are both above zero, as the standard wants them.
    pub fn has_area(&self) -> bool {
        self.width > 0.0 && self.height > 0.0
    }

    /// Right edge.
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    /// Bottom edge.
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// The middle.
    pub fn center(&self) -> Point {
        Point {
            x: self.x + self.width / 2.0,
            y: self.y + self.height / 2.0,
        }
    }

    /// The smallest box around both.
    pub fn union(&self, other: &Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let (right, bottom) = (self.right().max(other.right()), self.bottom().max(other.bottom()));
        Self {
            x,
            y,
            width: right - x,
            height: bottom - y,
        }
    }

    /// The two share an area.
    pub fn intersects(&self, other: &Self) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    /// `other` lies within this box, edges included.
    pub fn contains(&self, other: &Self) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && other.right() <= self.right()
            && other.bottom() <= self.bottom()
    }

    /// The smallest box around the points; `None` without points.
    pub fn around(points: &[Point]) -> Option<Self> {
        let first = points.first()?;
        let start = Self::new(first.x, first.y, 0.0, 0.0);
        Some(points.iter().fold(start, |all, point| {
            all.union(&Self::new(point.x, point.y, 0.0, 0.0))
        }))
    }
}

/// As it stands in an attribute: "20 40.5 42 42".
impl fmt::Display for Box {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { x, y, width, height } = *self;
        write!(
            f,
            "{} {} {} {}",
            length(x),
            length(y),
            length(width),
            length(height)
        )
    }
}

/// `CTM`: "a b c d e f" with x' = a·x + c·y + e and y' = b·x + d·y + f (GB/T 33190-2016 8.5).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ctm {
    /// x to x'.
    pub a: f64,
    /// x to y'.
    pub b: f64,
    /// y to x'.
    pub c: f64,
    /// y to y'.
    pub d: f64,
    /// Shift of x'.
    pub e: f64,
    /// Shift of y'.
    pub f: f64,
}

impl Ctm {
    /// Leaves everything where it is.
    pub const IDENTITY: Self = Self {
        a: 1.0,
        b: 0.0,
        c: 0.0,
        d: 1.0,
        e: 0.0,
        f: 0.0,
    };

    /// Six numbers separated by white space; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let [a, b, c, d, e, f] = numbers(text)?;
        Some(Self { a, b, c, d, e, f })
    }

    /// Where the point comes to lie.
    pub fn apply(&self, point: Point) -> Point {
        let Point { x, y } = self.apply_vector(point);
        Point {
            x: x + self.e,
            y: y + self.f,
        }
    }

    /// The same without the shift: for directions and distances.
    pub fn apply_vector(&self, Point { x, y }: Point) -> Point {
        Point {
            x: self.a * x + self.c * y,
            y: self.b * x + self.d * y,
        }
    }
}

impl Default for Ctm {
    fn default() -> Self {
        Self::IDENTITY
    }
}

/// As it stands in an attribute: "40 0 0 40 0 0".
impl fmt::Display for Ctm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { a, b, c, d, e, f } = *self;
        let [a, b, c, d, e, f] = [a, b, c, d, e, f].map(length);
        write!(out, "{a} {b} {c} {d} {e} {f}")
    }
}

/// A length with as few digits as it needs: at most four decimals, no trailing zeros, no "-0".
pub fn length(value: f64) -> String {
    let fixed = format!("{value:.DECIMALS$}");
    let short = fixed.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" {
        "0".to_owned()
    } else {
        short.to_owned()
    }
}

/// A finite number of a magnitude up to [`NUMBER_MAX`]; `None` for anything else.
pub fn number(text: &str) -> Option<f64> {
    let value: f64 = text.trim().parse().ok()?;
    (value.abs() <= NUMBER_MAX).then_some(value)
}

/// Exactly `N` numbers separated by white space.
fn numbers<const N: usize>(text: &str) -> Option<[f64; N]> {
    let mut values = [0.0; N];
    let mut words = text.split_ascii_whitespace();
    for value in &mut values {
        *value = number(words.next()?)?;
    }
    words.next().is_none().then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn box_is_read_with_any_white_space() {
        assert_eq!(
            Box::parse(" 20\t40.5\n42  .5 "),
            Some(Box::new(20.0, 40.5, 42.0, 0.5))
        );
        assert_eq!(
            Box::parse("97.76 141.74 87.48 -87.48"),
            Some(Box::new(97.76, 141.74, 87.48, -87.48))
        );
    }

    #[test]
    fn box_that_is_no_box() {
        for text in [
            "",
            "1 2 3",
            "1 2 3 4 5",
            "1,2,3,4",
            "a b c d",
            "NaN 0 1 1",
            "0 0 inf 1",
            "0 0 1e308 1",
        ] {
            assert_eq!(Box::parse(text), None, "{text}");
        }
    }

    #[test]
    fn lengths_have_minimal_digits() {
        for (value, text) in [
            (40.0, "40"),
            (40.5, "40.5"),
            (13.600000000000001, "13.6"),
            (-0.00001, "0"),
            (100.0, "100"),
            (1.23456, "1.2346"),
        ] {
            assert_eq!(length(value), text);
        }
        assert_eq!(Box::new(0.1 + 0.2, 0.0, 42.0, 42.0).to_string(), "0.3 0 42 42");
    }

    #[test]
    fn ctm_turns_scales_and_shifts() {
        let quarter = Ctm::parse("0 2 -2 0 10 20").unwrap();
        assert_eq!(
            quarter.apply(Point { x: 1.0, y: 0.0 }),
            Point { x: 10.0, y: 22.0 }
        );
        assert_eq!(quarter.apply(Point { x: 0.0, y: 1.0 }), Point { x: 8.0, y: 20.0 });
        assert_eq!(quarter.to_string(), "0 2 -2 0 10 20");
    }

    proptest! {
        #[test]
        fn box_survives_writing(x in -1e6..1e6, y in -1e6..1e6, w in 0.001..1e6, h in 0.001..1e6) {
            let read = Box::parse(&Box::new(x, y, w, h).to_string()).unwrap();
            for (one, other) in [(read.x, x), (read.y, y), (read.width, w), (read.height, h)] {
                prop_assert!((one - other).abs() <= 0.00005 + 1e-9);
            }
        }

        #[test]
        fn union_contains_both(a in prop::array::uniform4(-100.0..100.0), b in prop::array::uniform4(0.0..100.0)) {
            let one = Box::new(a[0], a[1], b[0], b[1]);
            let other = Box::new(a[2], a[3], b[2], b[3]);
            let all = one.union(&other);
            let grown = Box::new(all.x - 1e-9, all.y - 1e-9, all.width + 2e-9, all.height + 2e-9);
            prop_assert!(grown.contains(&one) && grown.contains(&other));
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".*") {
            let _ = Box::parse(&text);
            let _ = Ctm::parse(&text);
        }
    }
}
