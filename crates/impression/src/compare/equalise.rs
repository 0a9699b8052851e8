//! Making two pictures of the same impression alike in what says nothing: how sharp they are, how far the ink spread.

use crate::plane::Plane;

/// Blurs that are tried, in pixels of the common picture.
const BLURS: [f32; 4] = [0.0, 1.0, 1.8, 2.8];
/// Levels at which a stroke ends when ink has spread (below 0.5) or dried up.
const LEVELS: [f32; 7] = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
/// Blur that both get against noise, in pixels.
const SMOOTHING: f32 = 1.1;

/// Both with the same sharpness and spread, as far as a common rule for the whole picture can bring it about.
pub(super) fn equalise(one: &Plane, two: &Plane) -> (Plane, Plane) {
    // On half the pixels the choice is the same, and four times as fast.
    let (small_one, small_two) = (one.halved(), two.halved());
    let level = best(LEVELS, |level| {
        correlation(&spread(&small_one, level, 0.7), &small_two)
    });
    let spread_one = if (level - 0.5).abs() < 0.05 {
        one.clone()
    } else {
        spread(one, level, 1.4)
    };
    let small_one = spread_one.halved();
    let blur_one = best(BLURS, |blur| {
        correlation(&small_one.blurred(blur / 2.0), &small_two)
    });
    let blur_two = best(BLURS, |blur| {
        correlation(&small_one, &small_two.blurred(blur / 2.0))
    });
    let blurred = |plane: &Plane, blur: f32| plane.blurred(blur.hypot(SMOOTHING));
    if blur_one > 0.0 || blur_two == 0.0 {
        (
            evened(&blurred(&spread_one, blur_one)),
            evened(&blurred(two, 0.0)),
        )
    } else {
        (
            evened(&blurred(&spread_one, 0.0)),
            evened(&blurred(two, blur_two)),
        )
    }
}

/// Ink that is thin in places, as thick as elsewhere; what has less than half stays as it is.
fn evened(plane: &Plane) -> Plane {
    const THIN: f32 = 0.5;
    let level = plane.dilated(4).blurred(3.0);
    Plane {
        values: plane
            .values
            .iter()
            .zip(&level.values)
            .map(|(value, level)| (value / level.clamp(THIN, 1.0)).min(1.0))
            .collect(),
        ..level
    }
}

fn best<const N: usize>(choices: [f32; N], score: impl Fn(f32) -> f64) -> f32 {
    let mut best = (choices[0], f64::NEG_INFINITY);
    for choice in choices {
        let score = score(choice);
        if score > best.1 + 1e-4 {
            best = (choice, score);
        }
    }
    best.0
}

/// The strokes as they are when they end at another level of their blurred edge.
fn spread(plane: &Plane, level: f32, sigma: f32) -> Plane {
    if (level - 0.5).abs() < 0.05 {
        return plane.clone();
    }
    let blurred = plane.blurred(sigma);
    Plane {
        values: blurred
            .values
            .iter()
            .map(|value| ((value - level) / 0.5 + 0.5).clamp(0.0, 1.0))
            .collect(),
        ..blurred
    }
}

/// From -1 to 1; 0 where one of them shows nothing.
fn correlation(one: &Plane, two: &Plane) -> f64 {
    const VARIANCE_MIN: f64 = 1e-6;
    let count = one.values.len().max(1) as f64;
    let (mut a, mut b, mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (one, two) in one.values.iter().zip(&two.values) {
        let (one, two) = (f64::from(*one), f64::from(*two));
        a += one;
        b += two;
        aa += one * one;
        bb += two * two;
        ab += one * two;
    }
    let (a, b) = (a / count, b / count);
    let (one, two) = (aa / count - a * a, bb / count - b * b);
    if one < VARIANCE_MIN || two < VARIANCE_MIN {
        return 0.0;
    }
    (ab / count - a * b) / (one * two).sqrt()
}
