//! `AbbreviatedData`: operators of a path (GB/T 33190-2016 9.1), as producers write them.

use std::f64::consts::{PI, TAU};

use ofd::geometry::NUMBER_MAX;
use tiny_skia::{Path, PathBuilder};

/// Reads a path; what cannot be read ends it, and what was read before it stays.
///
/// Operators S, M, L, Q, B, A and C, in either case, with or without spaces; numbers without an operator repeat
/// the last one, as SVG does.
pub(crate) fn parse(data: &str) -> Option<Path> {
    let mut reader = Reader { rest: data };
    let mut builder = PathBuilder::new();
    let mut at = (0.0, 0.0);
    let mut start = at;
    let mut operator = b' ';
    loop {
        match reader.operator() {
            Some(found) => operator = found,
            None if reader.at_number() && operator != b'C' => {}
            None => break,
        }
        if step(&mut reader, &mut builder, operator, &mut at, &mut start).is_none() {
            break;
        }
    }
    builder.finish()
}

fn step(
    reader: &mut Reader<'_>,
    builder: &mut PathBuilder,
    operator: u8,
    at: &mut (f64, f64),
    start: &mut (f64, f64),
) -> Option<()> {
    match operator {
        b'S' | b'M' => {
            let [x, y] = reader.numbers()?;
            builder.move_to(x as f32, y as f32);
            *at = (x, y);
            *start = *at;
        }
        b'L' => {
            let [x, y] = reader.numbers()?;
            builder.line_to(x as f32, y as f32);
            *at = (x, y);
        }
        b'Q' => {
            let [x1, y1, x, y] = reader.numbers()?;
            builder.quad_to(x1 as f32, y1 as f32, x as f32, y as f32);
            *at = (x, y);
        }
        b'B' => {
            let [x1, y1, x2, y2, x, y] = reader.numbers()?;
            builder.cubic_to(x1 as f32, y1 as f32, x2 as f32, y2 as f32, x as f32, y as f32);
            *at = (x, y);
        }
        b'A' => {
            let [rx, ry, angle, large, sweep, x, y] = reader.numbers()?;
            let arc = Arc {
                from: *at,
                radii: (rx.abs(), ry.abs()),
                angle: angle.to_radians(),
                large: large != 0.0,
                sweep: sweep != 0.0,
                to: (x, y),
            };
            arc.draw(builder);
            *at = (x, y);
        }
        b'C' => {
            builder.close();
            *at = *start;
        }
        _ => return None,
    }
    Some(())
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip(&mut self) {
        self.rest = self
            .rest
            .trim_start_matches(|character: char| character.is_ascii_whitespace() || character == ',');
    }

    fn operator(&mut self) -> Option<u8> {
        self.skip();
        let first = self.rest.bytes().next()?;
        if !first.is_ascii_alphabetic() {
            return None;
        }
        self.rest = &self.rest[1..];
        Some(first.to_ascii_uppercase())
    }

    fn at_number(&self) -> bool {
        let first = self.rest.bytes().next();
        first.is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.'))
    }

    fn numbers<const N: usize>(&mut self) -> Option<[f64; N]> {
        let mut values = [0.0; N];
        for value in &mut values {
            *value = self.number()?;
        }
        Some(values)
    }

    fn number(&mut self) -> Option<f64> {
        self.skip();
        let bytes = self.rest.as_bytes();
        let mut end = 0;
        let mut has_point = false;
        let mut has_exponent = false;
        while let Some(&byte) = bytes.get(end) {
            match byte {
                b'0'..=b'9' => {}
                b'+' | b'-' if end == 0 || matches!(bytes[end - 1], b'e' | b'E') => {}
                b'.' if !has_point && !has_exponent => has_point = true,
                b'e' | b'E' if end > 0 && !has_exponent => has_exponent = true,
                _ => break,
            }
            end += 1;
        }
        let value: f64 = self.rest[..end].parse().ok()?;
        self.rest = &self.rest[end..];
        (value.abs() <= NUMBER_MAX).then_some(value)
    }
}

/// An arc of an ellipse with the meaning of SVG.
struct Arc {
    from: (f64, f64),
    radii: (f64, f64),
    /// Turn of the ellipse, in radians.
    angle: f64,
    large: bool,
    sweep: bool,
    to: (f64, f64),
}

impl Arc {
    /// As cubic curves of at most a quarter each (SVG 1.1, F.6.5).
    fn draw(&self, builder: &mut PathBuilder) {
        let Some((center, (rx, ry), begin, extent)) = self.center() else {
            builder.line_to(self.to.0 as f32, self.to.1 as f32);
            return;
        };
        let (sin, cos) = self.angle.sin_cos();
        let place = |x: f64, y: f64| {
            let (x, y) = (x * rx, y * ry);
            (
                (center.0 + cos * x - sin * y) as f32,
                (center.1 + sin * x + cos * y) as f32,
            )
        };
        let count = (extent.abs() / (PI / 2.0)).ceil().clamp(1.0, 4.0);
        let each = extent / count;
        let reach = 4.0 / 3.0 * (each / 4.0).tan();
        let mut angle = begin;
        for _ in 0..count as u32 {
            let (sin1, cos1) = angle.sin_cos();
            let (sin2, cos2) = (angle + each).sin_cos();
            let (x1, y1) = place(cos1 - reach * sin1, sin1 + reach * cos1);
            let (x2, y2) = place(cos2 + reach * sin2, sin2 - reach * cos2);
            let (x, y) = place(cos2, sin2);
            builder.cubic_to(x1, y1, x2, y2, x, y);
            angle += each;
        }
    }

    /// Centre, radii that are large enough, first angle and extent; `None` where the arc is a straight line.
    #[expect(clippy::type_complexity, reason = "four numbers and pairs used at one place")]
    fn center(&self) -> Option<((f64, f64), (f64, f64), f64, f64)> {
        let (sin, cos) = self.angle.sin_cos();
        let (dx, dy) = ((self.from.0 - self.to.0) / 2.0, (self.from.1 - self.to.1) / 2.0);
        let (x1, y1) = (cos * dx + sin * dy, cos * dy - sin * dx);
        let (mut rx, mut ry) = self.radii;
        if rx < 1e-9 || ry < 1e-9 || (dx == 0.0 && dy == 0.0) {
            return None;
        }
        let grow = (x1 / rx).powi(2) + (y1 / ry).powi(2);
        if grow > 1.0 {
            (rx, ry) = (rx * grow.sqrt(), ry * grow.sqrt());
        }
        let below = (rx * y1).powi(2) + (ry * x1).powi(2);
        let root = (((rx * ry).powi(2) - below).max(0.0) / below).sqrt();
        let root = if self.large == self.sweep { -root } else { root };
        let (cx, cy) = (root * rx * y1 / ry, -root * ry * x1 / rx);
        let center = (
            cos * cx - sin * cy + (self.from.0 + self.to.0) / 2.0,
            sin * cx + cos * cy + (self.from.1 + self.to.1) / 2.0,
        );
        let begin = ((y1 - cy) / ry).atan2((x1 - cx) / rx);
        let end = ((-y1 - cy) / ry).atan2((-x1 - cx) / rx);
        let mut extent = end - begin;
        if self.sweep && extent < 0.0 {
            extent += TAU;
        } else if !self.sweep && extent > 0.0 {
            extent -= TAU;
        }
        extent.is_finite().then_some((center, (rx, ry), begin, extent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tiny_skia::PathSegment;

    fn check(data: &str, expected: &str) {
        let mut outline = String::new();
        for segment in parse(data)
            .iter()
            .flat_map(|path| path.segments().collect::<Vec<_>>())
        {
            let point = |point: tiny_skia::Point| format!("{:.1},{:.1}", point.x, point.y);
            outline += &match segment {
                PathSegment::MoveTo(to) => format!("M{} ", point(to)),
                PathSegment::LineTo(to) => format!("L{} ", point(to)),
                PathSegment::QuadTo(by, to) => format!("Q{} {} ", point(by), point(to)),
                PathSegment::CubicTo(a, b, to) => format!("B{} {} {} ", point(a), point(b), point(to)),
                PathSegment::Close => "C ".to_owned(),
            };
        }
        assert_eq!(outline.trim_end(), expected, "{data}");
    }

    #[test]
    fn operators_of_the_standard() {
        check(
            "S 0 0 L 1 2 Q 3 4 5 6 B 1 1 2 2 3 3 C",
            "M0.0,0.0 L1.0,2.0 Q3.0,4.0 5.0,6.0 B1.0,1.0 2.0,2.0 3.0,3.0 C",
        );
        check("M 1 1 L 2 1 M 5 5 L 6 6", "M1.0,1.0 L2.0,1.0 M5.0,5.0 L6.0,6.0");
    }

    #[test]
    fn spellings_that_occur() {
        check("M0-1.5L2,.5", "M0.0,-1.5 L2.0,0.5");
        check("m 0 0 l 1e1 0 2 3", "M0.0,0.0 L10.0,0.0 L2.0,3.0");
        check("M 0 0 L 1 1 X 3 L 9 9", "M0.0,0.0 L1.0,1.0");
        check("M 0 0 L 1", "");
        check("M 0 0 L 1 1 L 1e300 0", "M0.0,0.0 L1.0,1.0");
        check("", "");
    }

    /// A half circle passes through its top; four quarters come back to the beginning.
    #[test]
    fn arcs_lie_on_their_ellipse() {
        for (data, left, top, right, bottom) in [
            ("M 0 10 A 10 10 0 0 1 20 10", 0.0, 0.0, 20.0, 10.0),
            ("M 0 10 A 10 10 0 0 0 20 10", 0.0, 10.0, 20.0, 20.0),
            ("M 10 0 A 10 5 0 1 1 0 5", 0.0, 0.0, 20.0, 10.0),
            ("M 0 0 A 1 1 0 0 1 10 0", 0.0, -5.0, 10.0, 0.0), // radii too small are grown
            ("M 0 0 A 5 10 90 0 1 20 0", 0.0, -5.0, 20.0, 0.0),
        ] {
            let bounds = parse(data).and_then(|path| path.compute_tight_bounds()).unwrap();
            let found = [bounds.left(), bounds.top(), bounds.right(), bounds.bottom()];
            for (found, expected) in found.iter().zip([left, top, right, bottom]) {
                let found: f32 = *found;
                assert!((found - expected).abs() < 0.01, "{data}: {bounds:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_data_is_read_without_panic(data in "[MLQBACS0-9e+\\-., ]{0,80}") {
            let _ = parse(&data);
        }
    }
}
