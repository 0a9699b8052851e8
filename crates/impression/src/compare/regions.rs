//! Region by region: is the same ink there, and if not, what is missing and what is too much?

use serde::Serialize;

use crate::plane::Plane;
use crate::register::{HALF, SIDE};

/// Side of a region and the step to the next, in pixels of the common picture.
const REGION: usize = 40;
const STEP: usize = 20;
/// How far a region is moved to match, in pixels: what paper and stamp bend.
const SHIFT_MAX: isize = 4;
/// What moving has to gain in correlation.
const MOVE_GAIN_MIN: f64 = 0.01;
/// Mean ink from which a region is worth looking at.
const INK_MIN: f32 = 0.045;
/// A region with less than this part of the registered ink is faint.
const FAINT: f32 = 0.45;
/// How wide a difference is gathered, in pixels.
const SPOT: f32 = 2.2;
/// Regions in the result.
const REGIONS_MAX: usize = 8;

/// A region that differs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Region {
    /// Its middle in units of half the seal's size: 0 is the seal's middle, right and down are positive.
    pub x: f64,
    /// As `x`, downwards.
    pub y: f64,
    /// Correlation of its ink.
    pub likeness: f64,
}

/// What all regions together say.
pub(super) struct Found {
    pub(super) worst: f64,
    pub(super) extra: f64,
    pub(super) missing: f64,
    /// In percent of half the seal's size.
    pub(super) shift: f64,
    /// In percent of the regions with ink.
    pub(super) faint: f64,
    pub(super) regions: Vec<Region>,
    pub(super) difference: Plane,
}

/// One region, matched.
#[derive(Clone, Copy)]
struct Match {
    left: usize,
    top: usize,
    shift: (isize, isize),
    likeness: f64,
    is_faint: bool,
    has_ink: bool,
}

pub(super) fn look(one: &Plane, two: &Plane, known: &Plane) -> Found {
    let mut matches = Vec::new();
    for top in (0..=SIDE - REGION).step_by(STEP) {
        for left in (0..=SIDE - REGION).step_by(STEP) {
            matches.extend(matched(one, two, known, left, top));
        }
    }
    let (extra, missing) = spots(one, two, known, &matches);
    let inked: Vec<&Match> = matches.iter().filter(|one| one.has_ink).collect();
    let faint = inked.iter().filter(|one| one.is_faint).count() as f64 / inked.len().max(1) as f64;
    let mut compared: Vec<&Match> = matches.iter().filter(|one| !one.is_faint).collect();
    compared.sort_by(|one, other| one.likeness.total_cmp(&other.likeness));
    let to_unit = |at: usize| (at as f64 + REGION as f64 / 2.0 - SIDE as f64 / 2.0) / HALF;
    let regions = compared.iter().take(REGIONS_MAX).map(|one| Region {
        x: to_unit(one.left),
        y: to_unit(one.top),
        likeness: one.likeness,
    });
    let mut shifts: Vec<f64> = compared
        .iter()
        .filter(|one| one.likeness > 0.5)
        .map(|one| (one.shift.0 as f64).hypot(one.shift.1 as f64))
        .collect();
    shifts.sort_by(f64::total_cmp);
    let shift = shifts.get(shifts.len() * 19 / 20).copied().unwrap_or(0.0);
    let most = |plane: &Plane| f64::from(plane.values.iter().fold(0.0, |most: f32, value| most.max(*value)));
    let difference = Plane {
        values: extra
            .values
            .iter()
            .zip(&missing.values)
            .map(|(one, two)| one.max(*two))
            .collect(),
        ..extra.clone()
    };
    Found {
        worst: compared.first().map_or(0.0, |one| one.likeness),
        extra: most(&extra),
        missing: most(&missing),
        shift: shift / HALF * 100.0,
        faint: faint * 100.0,
        regions: regions.collect(),
        difference,
    }
}

/// The best place of a region near where it should be; `None` where both are blank or one cannot be known.
fn matched(one: &Plane, two: &Plane, known: &Plane, left: usize, top: usize) -> Option<Match> {
    let rows = || top..top + REGION;
    let mean = |plane: &Plane| {
        let sum: f32 = rows()
            .map(|y| {
                plane.values[y * SIDE + left..y * SIDE + left + REGION]
                    .iter()
                    .sum::<f32>()
            })
            .sum();
        sum / (REGION * REGION) as f32
    };
    let (ink_one, ink_two) = (mean(one), mean(two));
    let has_ink = ink_one >= INK_MIN;
    if !has_ink && ink_two < INK_MIN || mean(known) < 0.6 {
        return None;
    }
    let score = |shift: (isize, isize)| likeness(one, two, known, (left, top), shift);
    let mut best: ((isize, isize), f64) = ((0, 0), score((0, 0)));
    for reach in [2, 1, 1] {
        let (middle, _) = best;
        for dy in [-reach, 0, reach] {
            for dx in [-reach, 0, reach] {
                let shift = (middle.0 + dx, middle.1 + dy);
                if (dx, dy) == (0, 0) || shift.0.abs().max(shift.1.abs()) > SHIFT_MAX {
                    continue;
                }
                let score = score(shift);
                if score > best.1 {
                    best = (shift, score);
                }
            }
        }
    }
    // Along an even edge every place matches as well: staying is the better answer.
    if best.1 - score((0, 0)) < MOVE_GAIN_MIN {
        best = ((0, 0), score((0, 0)));
    }
    Some(Match {
        left,
        top,
        shift: best.0,
        likeness: best.1,
        is_faint: has_ink && ink_two < FAINT * ink_one,
        has_ink,
    })
}

/// Correlation of a region with the other picture's, moved; ink that is evenly full on both sides counts as alike.
fn likeness(
    one: &Plane,
    two: &Plane,
    known: &Plane,
    (left, top): (usize, usize),
    (dx, dy): (isize, isize),
) -> f64 {
    // A little variance is given to both, so that two flat regions are alike and noise on them means nothing.
    const FLAT: f32 = 0.012;
    const LANES: usize = 8;
    // Sums in lanes, which the compiler turns into vector instructions.
    let mut sums = [[0.0_f32; LANES]; 6];
    let from = (left as isize + dx).clamp(0, (SIDE - REGION) as isize) as usize;
    for y in top..top + REGION {
        let row = (y as isize + dy).clamp(0, SIDE as isize - 1) as usize;
        let (here, _) = one.values[y * SIDE + left..y * SIDE + left + REGION].as_chunks::<LANES>();
        let (there, _) = two.values[row * SIDE + from..row * SIDE + from + REGION].as_chunks::<LANES>();
        let (weights, _) = known.values[row * SIDE + from..row * SIDE + from + REGION].as_chunks::<LANES>();
        for ((one, two), weight) in here.iter().zip(there).zip(weights) {
            for lane in 0..LANES {
                let (one, two, weight) = (one[lane], two[lane], weight[lane]);
                sums[0][lane] += weight;
                sums[1][lane] += one * weight;
                sums[2][lane] += two * weight;
                sums[3][lane] += one * one * weight;
                sums[4][lane] += two * two * weight;
                sums[5][lane] += one * two * weight;
            }
        }
    }
    let [count, a, b, aa, bb, ab] = sums.map(|lanes| lanes.iter().sum::<f32>());
    let count = count.max(1.0);
    let (a, b) = (a / count, b / count);
    let (va, vb, cov) = (aa / count - a * a, bb / count - b * b, ab / count - a * b);
    f64::from((cov + FLAT) / ((va + FLAT) * (vb + FLAT)).sqrt())
}

/// Where ink is too much and where it is missing, gathered over spots; regions are compared where they match best.
fn spots(one: &Plane, two: &Plane, known: &Plane, matches: &[Match]) -> (Plane, Plane) {
    let mut best: Vec<Option<&Match>> = vec![None; (SIDE / STEP + 1) * (SIDE / STEP + 1)];
    let tiles = SIDE / STEP + 1;
    // A tile takes the shift of the best region that covers it.
    for one in matches {
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let tile = (one.top / STEP + dy) * tiles + one.left / STEP + dx;
            if best[tile].is_none_or(|known| known.likeness < one.likeness) {
                best[tile] = Some(one);
            }
        }
    }
    // What lies within this distance of a stroke is the stroke's own edge.
    let (wide_one, wide_two) = (one.dilated(2), two.dilated(2));
    let mut extra = Plane::new(SIDE, SIDE);
    let mut missing = Plane::new(SIDE, SIDE);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let found = best[(y / STEP) * tiles + x / STEP];
            let (dx, dy) = found.map_or((0, 0), |one| one.shift);
            let (px, py) = (x as isize + dx, y as isize + dy);
            if px < 0 || py < 0 || px >= SIDE as isize || py >= SIDE as isize {
                continue;
            }
            let (px, py) = (px as usize, py as usize);
            if known.at(px, py) < 0.9 {
                continue;
            }
            extra.values[y * SIDE + x] = (two.at(px, py) - wide_one.at(x, y)).max(0.0);
            if !found.is_some_and(|one| one.is_faint) {
                // Where half of the ink is there, it is thin and not missing.
                missing.values[y * SIDE + x] = (one.at(x, y) - 2.0 * wide_two.at(px, py)).max(0.0);
            }
        }
    }
    (extra.blurred(SPOT), missing.blurred(SPOT))
}
