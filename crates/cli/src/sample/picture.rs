//! The picture of a seal that belongs to nobody: a ring, a star and the word TEST, in pure red on nothing.
//!
//! Every figure is described by its signed distance (negative inside), in mm from the middle of the seal.

/// Diameter of the seal, in mm: that of a county's special seal.
const DIAMETER_MM: f64 = 42.0;
/// Pixels for each inch.
const DPI: f64 = 600.0;
const MM_PER_INCH: f64 = 25.4;
/// Width of the ring, in mm.
const RING_MM: f64 = 1.2;
/// Distance of the star's points from the middle, in mm.
const STAR_MM: f64 = 7.0;
/// Width and height of a letter, the gap to the next, and the width of its strokes, in mm.
const LETTER_MM: (f64, f64) = (3.0, 4.0);
const LETTER_GAP_MM: f64 = 1.5;
const STROKE_MM: f64 = 0.7;
/// Where the letters begin below the middle, in mm.
const LETTERS_TOP_MM: f64 = 9.5;
/// The strokes of T, E, S, T in their boxes of 1 × 1.
const STROKES: [&[[f64; 4]]; 4] = [
    &[[0.0, 0.0, 1.0, 0.0], [0.5, 0.0, 0.5, 1.0]],
    &[
        [0.0, 0.0, 0.0, 1.0],
        [0.0, 0.0, 1.0, 0.0],
        [0.0, 0.5, 0.8, 0.5],
        [0.0, 1.0, 1.0, 1.0],
    ],
    &[
        [0.0, 0.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 0.5],
        [0.0, 0.5, 1.0, 0.5],
        [1.0, 0.5, 1.0, 1.0],
        [0.0, 1.0, 1.0, 1.0],
    ],
    &[[0.0, 0.0, 1.0, 0.0], [0.5, 0.0, 0.5, 1.0]],
];

type Point = (f64, f64);

/// A PNG with a palette of 256 reds, from transparent to opaque.
pub(super) fn png() -> Result<Vec<u8>, png::EncodingError> {
    let side = (DIAMETER_MM / MM_PER_INCH * DPI).round() as u32;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette([0xff, 0, 0].repeat(256));
    encoder.set_trns((0..=255).collect::<Vec<u8>>());
    let per_metre = (DPI / MM_PER_INCH * 1000.0).round() as u32;
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels(side))?;
    writer.finish()?;
    Ok(bytes)
}

/// How opaque each pixel is.
fn pixels(side: u32) -> Vec<u8> {
    let mm = |pixel: u32| (f64::from(pixel) + 0.5) / f64::from(side) * DIAMETER_MM - DIAMETER_MM / 2.0;
    let pixels_per_mm = f64::from(side) / DIAMETER_MM;
    let (star, strokes) = (star(), strokes());
    let rows = (0..side).flat_map(|y| (0..side).map(move |x| (mm(x), mm(y))));
    rows.map(|at| {
        let letters = strokes
            .iter()
            .map(|stroke| to_segment(at, *stroke) - STROKE_MM / 2.0);
        let distance = letters.fold(to_ring(at).min(to_polygon(at, &star)), f64::min);
        (255.0 * (0.5 - distance * pixels_per_mm).clamp(0.0, 1.0)).round() as u8
    })
    .collect()
}

fn to_ring((x, y): Point) -> f64 {
    let middle = (DIAMETER_MM - RING_MM) / 2.0;
    (x.hypot(y) - middle).abs() - RING_MM / 2.0
}

/// The ten corners of a five-pointed star that stands upright.
fn star() -> Vec<Point> {
    let inner = STAR_MM * (std::f64::consts::PI / 10.0).sin() / (3.0 * std::f64::consts::PI / 10.0).sin();
    (0..10)
        .map(|corner| {
            let angle = f64::from(corner) * std::f64::consts::PI / 5.0;
            let radius = if corner % 2 == 0 { STAR_MM } else { inner };
            (radius * angle.sin(), -radius * angle.cos())
        })
        .collect()
}

/// The strokes of the letters, in their places.
fn strokes() -> Vec<(Point, Point)> {
    let (width, height) = LETTER_MM;
    let step = width + LETTER_GAP_MM;
    let left = -(step * STROKES.len() as f64 - LETTER_GAP_MM) / 2.0;
    let place = |letter: usize, x: f64, y: f64| {
        (
            left + step * letter as f64 + width * x,
            LETTERS_TOP_MM + height * y,
        )
    };
    let letters = STROKES.iter().enumerate();
    letters
        .flat_map(|(letter, strokes)| {
            strokes
                .iter()
                .map(move |[x1, y1, x2, y2]| (place(letter, *x1, *y1), place(letter, *x2, *y2)))
        })
        .collect()
}

fn to_segment((x, y): Point, ((x1, y1), (x2, y2)): (Point, Point)) -> f64 {
    let (dx, dy) = (x2 - x1, y2 - y1);
    let along = (((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    (x - x1 - along * dx).hypot(y - y1 - along * dy)
}

fn to_polygon(at: Point, corners: &[Point]) -> f64 {
    let next = corners.iter().cycle().skip(1);
    let (mut distance, mut is_inside) = (f64::INFINITY, false);
    for (from, to) in corners.iter().zip(next) {
        distance = distance.min(to_segment(at, (*from, *to)));
        // A ray to the right meets this side: inside and outside change places.
        if (from.1 > at.1) != (to.1 > at.1)
            && at.0 < from.0 + (at.1 - from.1) / (to.1 - from.1) * (to.0 - from.0)
        {
            is_inside = !is_inside;
        }
    }
    if is_inside { -distance } else { distance }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ring_star_and_letters_are_where_they_belong() {
        let side = 992;
        let pixels = pixels(side);
        let at = |x_mm: f64, y_mm: f64| {
            let pixel = |mm: f64| ((mm + DIAMETER_MM / 2.0) / DIAMETER_MM * f64::from(side)) as usize;
            pixels[pixel(y_mm) * side as usize + pixel(x_mm)]
        };
        for (x, y) in [(0.0, 0.0), (0.0, -6.5), (-20.5, 0.0), (0.0, 20.5), (-6.75, 10.0)] {
            assert_eq!(at(x, y), 255, "{x} {y}");
        }
        for (x, y) in [(-20.9, -20.9), (0.0, -12.0), (0.0, 6.5), (6.5, 6.5)] {
            assert_eq!(at(x, y), 0, "{x} {y}");
        }
    }
}
