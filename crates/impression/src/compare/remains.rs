//! What remains of the difference when ink, spread, sharpness and place may differ from spot to spot.
//!
//! Around each point of a grid the submitted picture is explained from the registered one by least squares: so much
//! ink, strokes so much wider and softer, moved so far. A stamp that printed badly is explained; a stroke that is not
//! in the registered impression, or ends elsewhere, is not.

use serde::Serialize;

use crate::plane::Plane;
use crate::register::{HALF, SIDE};

/// From one point of the grid to the next, in pixels of the common picture.
const STEP: usize = 12;
/// Half the side of what is looked at around a point: about half a character.
const REACH: usize = 16;
/// How wide what remains is gathered, in pixels: about a stroke.
const SPOT: f32 = 1.3;
/// Mean ink from which there is something to explain.
const INK_MIN: f32 = 0.01;
/// Mean ink from which a place tells how its strokes are.
const PLACE_INK_MIN: f32 = 0.04;
/// Half the side of a place that may not have printed, less than a character, and its least mean ink.
const PART: usize = 14;
const PART_INK_MIN: f32 = 0.2;
/// With less than this part of the registered ink, a place says nothing.
const FAINT: f64 = 0.35;
/// Added to the diagonal for each pixel, so that a place without edges has an answer, and none that is wild.
const RIDGE: f32 = 0.002;
/// Half the width of a stroke from which it is a field, as a rim or a star is, in pixels.
const FIELD: usize = 4;
/// Ink, its edges, its curvature, its slopes, an even ground, and ink that grows to the right and downwards.
const TERMS: usize = 8;
/// Of these, the ones that a pixel has wherever it is looked at from.
const FIXED: usize = 6;
/// Places in the result, and how far they are apart at least, in pixels.
const REGIONS_MAX: usize = 8;
const REGION: usize = 24;

/// A place that differs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Region {
    /// Its middle in units of half the seal's size: 0 is the seal's middle, right and down are positive.
    pub x: f64,
    /// As `x`, downwards.
    pub y: f64,
    /// Ink that the registered impression does not explain, in parts of the ink around; negative where it is missing.
    pub remains: f64,
}

impl Region {
    /// Where it is and what is wrong there, in Chinese and in English.
    pub fn words(&self) -> (String, String) {
        let hours = self.x.atan2(-self.y).to_degrees() / 30.0;
        let hour = match hours.round().rem_euclid(12.0) as u32 {
            0 => 12,
            hour => hour,
        };
        let away = self.x.hypot(self.y) * 100.0;
        let (zh, en) = if self.remains > 0.0 {
            ("多出墨迹", "too much ink")
        } else {
            ("缺少墨迹", "missing ink")
        };
        let size = self.remains.abs();
        (
            format!("{hour} 点钟方向、距中心 {away:.0} %：{zh} {size:.2}"),
            format!("at {hour} o'clock, {away:.0} % of the way from the middle: {en} {size:.2}"),
        )
    }
}

/// What explains a place with ink.
pub(super) struct Place {
    pub(super) x: usize,
    pub(super) y: usize,
    /// How much wider its strokes are, on each side, in pixels.
    pub(super) widened: f64,
    /// How much edge it has to tell that from.
    pub(super) edges: f32,
}

/// What remains, gathered over spots.
pub(super) struct Remains {
    /// The worst spot with too much ink.
    pub(super) extra: f64,
    /// The worst spot with too little, outside of fields.
    pub(super) missing: f64,
    /// How much of the registered ink is not there in the place that printed least, in percent.
    pub(super) faint: f64,
    /// Places with ink of which something hides half, in percent.
    pub(super) hidden: f64,
    /// The worst places, worst first.
    pub(super) regions: Vec<Region>,
    /// How much remains at each pixel, whatever its sign.
    pub(super) difference: Plane,
    /// What explains the places with ink.
    pub(super) places: Vec<Place>,
}

pub(super) fn remains(one: &Plane, two: &Plane, known: &Plane) -> Remains {
    let terms = terms(one);
    let mut rest = Plane::new(SIDE, SIDE);
    let mut places = Vec::new();
    let (mut inked, mut hidden, mut faint) = (0, 0, 0.0_f64);
    for y in (STEP / 2..SIDE).step_by(STEP) {
        for x in (STEP / 2..SIDE).step_by(STEP) {
            let around = Surroundings::gather(&terms, two, known, (x, y));
            let has_ink = around.registered >= PLACE_INK_MIN * around.area;
            inked += usize::from(has_ink);
            hidden += usize::from(has_ink && around.seen < 0.5 * around.registered);
            faint = faint.max(lost(one, two, known, (x, y)));
            let Some(parts) = around.explained() else { continue };
            if has_ink && parts[0] >= FAINT {
                places.push(Place {
                    x,
                    y,
                    widened: parts[1] / parts[0],
                    edges: around.edges,
                });
            }
            around.write_rest(&terms, (two, known), parts, &mut rest);
        }
    }
    let mut rest = rest.blurred(SPOT);
    // Thin ink inside of a field changes no text.
    for (value, field) in rest.values.iter_mut().zip(fields(one).values) {
        if *value < 0.0 && field >= 0.5 {
            *value = 0.0;
        }
    }
    let most = |sign: f32| {
        rest.values
            .iter()
            .fold(0.0_f32, |most, value| most.max(sign * value))
    };
    Remains {
        extra: f64::from(most(1.0)),
        missing: f64::from(most(-1.0)),
        faint: faint * 100.0,
        hidden: hidden as f64 / inked.max(1) as f64 * 100.0,
        regions: regions(&rest),
        places,
        difference: Plane {
            values: rest.values.iter().map(|value| value.abs().min(1.0)).collect(),
            ..rest
        },
    }
}

/// How much of the registered ink around a point is not there, 0 to 1; 0 where there is little, or some is hidden.
fn lost(one: &Plane, two: &Plane, known: &Plane, (x, y): (usize, usize)) -> f64 {
    let around = |at: usize| at.saturating_sub(PART)..(at + PART).min(SIDE);
    let (mut whole, mut registered, mut printed, mut pixels) = (0.0, 0.0_f32, 0.0, 0.0);
    for row in around(y) {
        for column in around(x) {
            let at = row * SIDE + column;
            let (ink, weight) = (one.values[at], known.values[at]);
            whole += ink;
            registered += ink * weight;
            printed += two.values[at].min(ink) * weight;
            pixels += weight;
        }
    }
    if registered <= PART_INK_MIN * pixels || registered <= 0.9 * whole {
        return 0.0;
    }
    f64::from(1.0 - printed / registered)
}

/// Where the registered impression is one field of ink.
fn fields(one: &Plane) -> Plane {
    let inverted = |plane: &Plane| Plane {
        values: plane.values.iter().map(|value| 1.0 - value).collect(),
        ..*plane
    };
    inverted(&inverted(one).dilated(FIELD)).dilated(FIELD + 1)
}

/// The worst places, apart from each other.
fn regions(rest: &Plane) -> Vec<Region> {
    let mut left: Vec<usize> = (0..rest.values.len())
        .filter(|at| rest.values[*at].abs() > 0.1)
        .collect();
    left.sort_by(|one, other| rest.values[*other].abs().total_cmp(&rest.values[*one].abs()));
    let mut chosen: Vec<usize> = Vec::new();
    for at in left {
        let apart = |other: &usize| {
            (at % SIDE).abs_diff(other % SIDE) >= REGION || (at / SIDE).abs_diff(other / SIDE) >= REGION
        };
        if chosen.iter().all(apart) {
            chosen.push(at);
        }
        if chosen.len() == REGIONS_MAX {
            break;
        }
    }
    let to_unit = |at: usize| (at as f64 + 0.5 - SIDE as f64 / 2.0) / HALF;
    let region = |at: &usize| Region {
        x: to_unit(at % SIDE),
        y: to_unit(at / SIDE),
        remains: f64::from(rest.values[*at]),
    };
    chosen.iter().map(region).collect()
}

/// For each pixel what the explanation is made of.
fn terms(one: &Plane) -> Vec<[f32; FIXED]> {
    let wide = one.blurred(2.0);
    let mut terms = vec![[0.0; FIXED]; SIDE * SIDE];
    for y in 1..SIDE - 1 {
        for x in 1..SIDE - 1 {
            let (here, left, right) = (one.at(x, y), one.at(x - 1, y), one.at(x + 1, y));
            let (above, below) = (one.at(x, y - 1), one.at(x, y + 1));
            let (dx, dy) = ((right - left) / 2.0, (below - above) / 2.0);
            let softer = wide.at(x, y) - here;
            terms[y * SIDE + x] = [here, dx.hypot(dy), softer, dx, dy, 1.0];
        }
    }
    terms
}

/// The sums of least squares around a point.
struct Surroundings {
    middle: (usize, usize),
    normal: [[f32; TERMS]; TERMS],
    right: [f32; TERMS],
    /// Pixels, and of them those that can be known.
    area: f32,
    pixels: f32,
    /// Ink of the registered picture, of its part that can be known, and the more of both pictures' there.
    registered: f32,
    seen: f32,
    ink: f32,
    /// Sum of the registered picture's slopes.
    edges: f32,
}

impl Surroundings {
    fn gather(terms: &[[f32; FIXED]], two: &Plane, known: &Plane, middle: (usize, usize)) -> Self {
        let mut sums = Self {
            middle,
            normal: [[0.0; TERMS]; TERMS],
            right: [0.0; TERMS],
            area: 0.0,
            pixels: 0.0,
            registered: 0.0,
            seen: 0.0,
            ink: 0.0,
            edges: 0.0,
        };
        let around = |at: usize| at.saturating_sub(REACH)..(at + REACH).min(SIDE);
        for row in around(middle.1) {
            for column in around(middle.0) {
                let at = row * SIDE + column;
                let (weight, value) = (known.values[at], two.values[at]);
                let term = seen_from(middle, &terms[at], (column, row));
                sums.area += 1.0;
                sums.pixels += weight;
                sums.registered += term[0];
                sums.seen += weight * term[0];
                sums.ink += weight * term[0].max(value);
                sums.edges += term[1];
                for (line, one) in sums.normal.iter_mut().zip(term) {
                    let one = one * weight;
                    for (cell, two) in line.iter_mut().zip(term) {
                        *cell += one * two;
                    }
                }
                for (cell, one) in sums.right.iter_mut().zip(term) {
                    *cell += one * value * weight;
                }
            }
        }
        sums
    }

    /// How much of each term explains the submitted picture; `None` where there is nothing to explain.
    fn explained(&self) -> Option<[f64; TERMS]> {
        if self.pixels < REACH as f32 || self.ink < INK_MIN * self.pixels {
            return None;
        }
        let mut normal = self.normal;
        for (index, line) in normal.iter_mut().enumerate() {
            line[index] += RIDGE * self.pixels;
        }
        Some(solved(
            normal.map(|line| line.map(f64::from)),
            self.right.map(f64::from),
        ))
    }

    /// Writes what remains of the point's own part, in parts of the ink that printed around it.
    fn write_rest(
        &self,
        terms: &[[f32; FIXED]],
        (two, known): (&Plane, &Plane),
        parts: [f64; TERMS],
        rest: &mut Plane,
    ) {
        let own = |at: usize| at - STEP / 2..(at + STEP / 2).min(SIDE);
        let ink = parts[0].clamp(FAINT, 1.0);
        for row in own(self.middle.1) {
            for column in own(self.middle.0) {
                let at = row * SIDE + column;
                if known.values[at] < 0.9 {
                    continue;
                }
                let term = seen_from(self.middle, &terms[at], (column, row));
                let explained: f64 = term
                    .iter()
                    .zip(parts)
                    .map(|(term, part)| f64::from(*term) * part)
                    .sum();
                rest.values[at] = ((f64::from(two.values[at]) - explained) / ink) as f32;
            }
        }
    }
}

/// The terms of a pixel, seen from the middle of its surroundings.
fn seen_from((x, y): (usize, usize), term: &[f32; FIXED], (column, row): (usize, usize)) -> [f32; TERMS] {
    let [ink, edge, softer, dx, dy, ground] = *term;
    let away = |at: usize, from: usize| (at as f32 - from as f32) / REACH as f32;
    let (right, down) = (ink * away(column, x), ink * away(row, y));
    [ink, edge, softer, dx, dy, ground, right, down]
}

/// Solves by elimination; the matrix is symmetric with a diagonal that was made greater.
fn solved(mut matrix: [[f64; TERMS]; TERMS], mut right: [f64; TERMS]) -> [f64; TERMS] {
    for column in 0..TERMS {
        let (line, value) = (matrix[column], right[column]);
        for row in column + 1..TERMS {
            let factor = matrix[row][column] / line[column];
            for (cell, above) in matrix[row].iter_mut().zip(line).skip(column) {
                *cell -= factor * above;
            }
            right[row] -= factor * value;
        }
    }
    for column in (0..TERMS).rev() {
        let known: f64 = (column + 1..TERMS)
            .map(|next| matrix[column][next] * right[next])
            .sum();
        right[column] = (right[column] - known) / matrix[column][column];
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Strokes of 3 pixels, a field in the middle, and what `change` makes of each pixel.
    fn picture(change: impl Fn(usize, usize, f32) -> f32) -> Plane {
        let drawn = Plane::from_fn(SIDE, SIDE, |x, y| {
            let text = y > 100 && y < 140 && x > 60 && x < 450 && (x % 12 < 3 || y % 15 < 3);
            let field = x.abs_diff(256) < 60 && y.abs_diff(256) < 60;
            change(x, y, f32::from(u8::from(text || field)))
        });
        drawn.blurred(1.2)
    }

    fn check(two: &Plane) -> Remains {
        let known = Plane::from_fn(SIDE, SIDE, |_, _| 1.0);
        remains(&picture(|_, _, ink| ink), two, &known)
    }

    #[test]
    fn thin_soft_or_spread_ink_is_explained() {
        let one = picture(|_, _, ink| ink);
        let fading = picture(|x, _, ink| ink * (1.0 - x as f32 / SIDE as f32 * 0.5));
        let raised = one.dilated(1);
        for (what, two) in [
            ("same", one.clone()),
            ("fading", fading),
            ("soft", one.blurred(1.0)),
            ("spread", raised),
        ] {
            let found = check(&two);
            assert!(
                found.extra < 0.3 && found.missing < 0.3,
                "{what} {} {}",
                found.extra,
                found.missing
            );
            assert_eq!(found.hidden, 0.0, "{what}");
        }
    }

    #[test]
    fn a_stroke_that_is_new_or_gone_remains_where_it_is() {
        let added =
            picture(|x, y, ink| ink.max(f32::from(u8::from(x.abs_diff(250) < 12 && y.abs_diff(127) < 2))));
        let found = check(&added);
        assert!(
            found.extra > 0.6 && found.missing < 0.4,
            "{} {}",
            found.extra,
            found.missing
        );
        let worst = found.regions[0];
        let place = (worst.x * HALF + 256.0, worst.y * HALF + 256.0);
        assert!(
            (place.0 - 250.0).abs() < 14.0 && (place.1 - 127.0).abs() < 4.0,
            "{place:?}"
        );
        assert!(worst.words().0.starts_with("12 点钟方向") && worst.words().1.contains("too much ink"));

        let gone = picture(|x, y, ink| {
            if x.abs_diff(253) < 9 && y > 105 && y < 120 {
                0.0
            } else {
                ink
            }
        });
        let found = check(&gone);
        assert!(found.missing > 0.6, "{}", found.missing);
        assert!(found.regions[0].remains < 0.0 && found.regions[0].words().1.contains("missing ink"));
    }

    #[test]
    fn a_character_that_did_not_print_is_the_faintest_place() {
        let blank = picture(|x, y, ink| if x.abs_diff(250) < 20 && y < 150 { 0.0 } else { ink });
        assert!(check(&blank).faint > 90.0);
        assert!(check(&picture(|_, _, ink| ink * 0.6)).faint < 50.0);
    }

    #[test]
    fn thin_ink_inside_a_field_is_no_missing_stroke() {
        let hole = picture(|x, y, ink| {
            if x.abs_diff(256) < 5 && y.abs_diff(256) < 5 {
                0.4
            } else {
                ink
            }
        });
        assert!(check(&hole).missing < 0.3);
    }

    #[test]
    fn what_is_hidden_says_nothing() {
        let one = picture(|_, _, ink| ink);
        let known = Plane::from_fn(SIDE, SIDE, |x, _| f32::from(u8::from(x < 200)));
        let two = Plane::from_fn(SIDE, SIDE, |x, y| if x < 200 { one.at(x, y) } else { 0.0 });
        let found = remains(&one, &two, &known);
        assert!(
            found.extra < 0.3 && found.missing < 0.3 && found.hidden > 40.0,
            "{}",
            found.hidden
        );
    }
}
