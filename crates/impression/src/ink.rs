//! Red ink: where in an image the impression stands, and how much ink each of its pixels has.

use crate::error::Error;
use crate::plane::{Plane, quantile};
use crate::raster::Raster;

/// Longer side of the image in which the impression is looked for, in pixels.
const SEARCH_PIXELS: usize = 320;
/// Longer side of the cut-out impression, in pixels.
const CUT_PIXELS: usize = 600;
/// Redness below which an image is taken as black and white.
const REDNESS_MIN: f32 = 0.10;
/// Darkness below which an image is taken as blank.
const DARKNESS_MIN: f32 = 0.15;
/// Blocks in which the paper's colour is measured, in each direction.
const BLOCKS: usize = 8;

/// An impression cut out of its image.
pub(crate) struct Cut {
    /// 0 for paper, 1 for ink.
    pub(crate) ink: Plane,
    /// 0 where something dark hides what is below.
    pub(crate) known: Plane,
    /// Red, green, blue of the same pixels.
    pub(crate) rgb: Vec<u8>,
    /// Pixels of the cut-out for each pixel of the image.
    pub(crate) scale: f64,
    /// Whether the ink was told by its colour; else by its darkness.
    pub(crate) is_red: bool,
}

/// Finds the impression and measures its ink.
pub(crate) fn cut(raster: &Raster) -> Result<Cut, Error> {
    let whole = (0.0, 0.0, raster.width as f64, raster.height as f64);
    let small = resampled(raster, whole, SEARCH_PIXELS);
    let redness = redness(&small);
    let strongest = quantile(&mut redness.values.clone(), 0.995);
    let most = redness
        .values
        .iter()
        .fold(0.0, |most: f32, value| most.max(*value));
    let is_red = strongest.max(most * 0.5) >= REDNESS_MIN;
    let signal = if is_red { redness } else { darkness(&small) };
    let most = signal
        .values
        .iter()
        .fold(0.0, |most: f32, value| most.max(*value));
    if !is_red && most < DARKNESS_MIN {
        return Err(Error::NoImpression {
            detail: "neither red nor dark ink",
        });
    }
    let threshold = (0.4 * quantile(&mut over(&signal, most * 0.3), 0.8)).max(REDNESS_MIN * 0.7);
    let found = largest_group(&signal, threshold).ok_or(Error::NoImpression {
        detail: "no group of ink is large enough",
    })?;
    let step = raster.width as f64 / small.width as f64;
    let (left, top, right, bottom) = found;
    let (left, top) = (left as f64 * step, top as f64 * step);
    let (right, bottom) = ((right + 1) as f64 * step, (bottom + 1) as f64 * step);
    let margin = 0.05 * (right - left).max(bottom - top) + 2.0;
    let area = (
        (left - margin).max(0.0),
        (top - margin).max(0.0),
        (right + margin).min(raster.width as f64),
        (bottom + margin).min(raster.height as f64),
    );
    let cut = resampled(raster, area, CUT_PIXELS);
    let scale = cut.width as f64 / (area.2 - area.0);
    let (ink, known) = ink(&cut, is_red);
    Ok(Cut {
        ink,
        known,
        rgb: cut.bytes(),
        scale,
        is_red,
    })
}

/// Channels between 0 and 1.
struct Colours {
    width: usize,
    height: usize,
    values: Vec<[f32; 3]>,
}

impl Colours {
    fn bytes(&self) -> Vec<u8> {
        let bytes = self.values.iter().flatten();
        bytes.map(|value| (value * 255.0).round() as u8).collect()
    }
}

/// An area of the raster, with a longer side of at most `side` pixels: each is the mean of what it covers.
fn resampled(raster: &Raster, (left, top, right, bottom): (f64, f64, f64, f64), side: usize) -> Colours {
    let (width, height) = (right - left, bottom - top);
    let scale = (side as f64 / width.max(height)).min(1.0);
    let (columns, rows) = (
        ((width * scale).round() as usize).max(1),
        ((height * scale).round() as usize).max(1),
    );
    let across = spans(left, width / columns as f64, columns, raster.width);
    let down = spans(top, height / rows as f64, rows, raster.height);
    let mut values = Vec::with_capacity(columns * rows);
    let mut sums = vec![[0.0_f32; 3]; columns];
    for row in &down {
        sums.fill([0.0; 3]);
        for (y, weight) in row.weights() {
            let line = &raster.rgb[y * raster.width * 3..(y + 1) * raster.width * 3];
            let (line, _) = line.as_chunks::<3>();
            for (sum, column) in sums.iter_mut().zip(&across) {
                for (x, part) in column.weights() {
                    let weight = weight * part;
                    for (sum, value) in sum.iter_mut().zip(line[x]) {
                        *sum += f32::from(value) * weight;
                    }
                }
            }
        }
        values.extend(sums.iter().map(|sum| sum.map(|value| value / 255.0)));
    }
    Colours {
        width: columns,
        height: rows,
        values,
    }
}

/// Which pixels an output pixel covers: the first and the last in part.
struct Span {
    from: usize,
    to: usize,
    first: f32,
    last: f32,
    whole: f32,
}

impl Span {
    fn weights(&self) -> impl Iterator<Item = (usize, f32)> + '_ {
        (self.from..=self.to).map(|at| {
            let part = match at {
                _ if at == self.from => self.first,
                _ if at == self.to => self.last,
                _ => 1.0,
            };
            (at, part / self.whole)
        })
    }
}

fn spans(start: f64, step: f64, count: usize, limit: usize) -> Vec<Span> {
    (0..count)
        .map(|index| {
            let from = (start + step * index as f64).clamp(0.0, limit as f64 - 1e-6);
            let to = (start + step * (index + 1) as f64).clamp(from + 1e-6, limit as f64);
            let (first, last) = (from as usize, ((to - 1e-9) as usize).min(limit - 1));
            let whole = (to - from) as f32;
            Span {
                from: first,
                to: last.max(first),
                first: if first == last {
                    whole
                } else {
                    (first as f64 + 1.0 - from) as f32
                },
                last: (to - last as f64) as f32,
                whole,
            }
        })
        .collect()
}

/// How much redder than the paper.
fn redness(colours: &Colours) -> Plane {
    let red = |[r, g, b]: &[f32; 3]| r - (g + b) / 2.0;
    // The least red is paper, even where a red field fills nearly all.
    let paper = quantile(&mut colours.values.iter().map(red).collect::<Vec<_>>(), 0.05).max(-0.05);
    let values = colours.values.iter().map(|pixel| (red(pixel) - paper).max(0.0));
    Plane {
        width: colours.width,
        height: colours.height,
        values: values.collect(),
    }
}

fn darkness(colours: &Colours) -> Plane {
    let light = |pixel: &[f32; 3]| pixel.iter().sum::<f32>() / 3.0;
    let paper = quantile(&mut colours.values.iter().map(light).collect::<Vec<_>>(), 0.8);
    let values = colours
        .values
        .iter()
        .map(|pixel| (1.0 - light(pixel) / paper.max(0.05)).max(0.0));
    Plane {
        width: colours.width,
        height: colours.height,
        values: values.collect(),
    }
}

fn over(plane: &Plane, least: f32) -> Vec<f32> {
    plane
        .values
        .iter()
        .copied()
        .filter(|value| *value > least)
        .collect()
}

/// Left, top, right, bottom of the group of ink that covers most: a seal beside smaller stamps, text and specks.
fn largest_group(signal: &Plane, threshold: f32) -> Option<(usize, usize, usize, usize)> {
    let reach = (signal.width.max(signal.height) / 48).max(2);
    let near = Plane {
        values: signal
            .values
            .iter()
            .map(|value| f32::from(u8::from(*value > threshold)))
            .collect(),
        ..signal.clone()
    };
    let near = near.dilated(reach);
    let mut seen = vec![false; near.values.len()];
    let mut best = None;
    let mut best_size = 0;
    for start in 0..seen.len() {
        if seen[start] || near.values[start] == 0.0 {
            continue;
        }
        let (mut open, mut count) = (vec![start], 0);
        seen[start] = true;
        let mut bounds = (usize::MAX, usize::MAX, 0, 0);
        while let Some(at) = open.pop() {
            let (x, y) = (at % near.width, at / near.width);
            if signal.values[at] > threshold {
                count += 1;
                bounds = (bounds.0.min(x), bounds.1.min(y), bounds.2.max(x), bounds.3.max(y));
            }
            let mut visit = |next: usize| {
                if near.values[next] > 0.0 && !seen[next] {
                    seen[next] = true;
                    open.push(next);
                }
            };
            if x > 0 {
                visit(at - 1);
            }
            if x + 1 < near.width {
                visit(at + 1);
            }
            if y > 0 {
                visit(at - near.width);
            }
            if y + 1 < near.height {
                visit(at + near.width);
            }
        }
        if count < 30 {
            continue;
        }
        let size = (bounds.2 - bounds.0) * (bounds.3 - bounds.1);
        if size > best_size {
            (best, best_size) = (Some(bounds), size);
        }
    }
    best
}

/// Ink between 0 and 1, and where it can be known.
///
/// Green tells how much ink there is, for it keeps its sharpness in JPEG files where colours are stored coarsely;
/// redness nearby tells that it is this ink.
fn ink(colours: &Colours, is_red: bool) -> (Plane, Plane) {
    let (width, height) = (colours.width, colours.height);
    let paper = paper(colours, is_red);
    let ratios: Vec<[f32; 3]> = colours
        .values
        .iter()
        .enumerate()
        .map(|(at, pixel)| {
            let paper = paper.at(at % width, at / width);
            [0, 1, 2].map(|channel| (pixel[channel] / paper[channel].max(0.05)).min(1.2))
        })
        .collect();
    let of = |value: &dyn Fn(&[f32; 3]) -> f32| Plane {
        width,
        height,
        values: ratios.iter().map(value).collect(),
    };
    let mut known = of(&|_| 1.0);
    if !is_red {
        let dark = of(&|[r, g, b]| 1.0 - (r + g + b) / 3.0);
        let full = quantile(&mut over(&dark, 0.25), 0.75).max(0.2);
        return (scaled(&dark, full), known);
    }
    let red = of(&|[r, g, b]| (r - (g + b) / 2.0).max(0.0));
    let strong = quantile(&mut over(&red, 0.08), 0.9).max(0.1);
    let mut absorbed: Vec<f32> = Vec::new();
    let mut reds: Vec<f32> = Vec::new();
    for (ratio, red) in ratios.iter().zip(&red.values) {
        if *red > 0.55 * strong {
            absorbed.push(1.0 - ratio[1]);
            reds.push(ratio[0]);
        }
    }
    let full = quantile(&mut absorbed, 0.75).max(0.1);
    let black = quantile(&mut reds, 0.3) - 0.28;
    let near = red.dilated(2);
    let mut ink = scaled(&of(&|ratio| 1.0 - ratio[1]), full);
    for (at, value) in ink.values.iter_mut().enumerate() {
        let is_near = ((near.values[at] / strong - 0.15) / 0.25).clamp(0.0, 1.0);
        *value *= is_near;
        if ratios[at][0] < black {
            (known.values[at], *value) = (0.0, 0.0);
        }
    }
    (ink, known)
}

/// 0 to 1 between a little noise and full ink.
fn scaled(plane: &Plane, full: f32) -> Plane {
    const NOISE: f32 = 0.07;
    Plane {
        values: plane
            .values
            .iter()
            .map(|value| ((value / full - NOISE) / (1.0 - NOISE)).clamp(0.0, 1.0))
            .collect(),
        ..*plane
    }
}

/// The colour of the paper, which changes slowly from block to block.
struct Paper {
    blocks: Vec<[f32; 3]>,
    width: usize,
    height: usize,
}

impl Paper {
    fn at(&self, x: usize, y: usize) -> [f32; 3] {
        let place = |at: usize, side: usize| {
            let place = (at as f32 + 0.5) / side as f32 * BLOCKS as f32 - 0.5;
            let place = place.clamp(0.0, BLOCKS as f32 - 1.0);
            let block = (place as usize).min(BLOCKS - 2);
            (block, place - block as f32)
        };
        let ((column, fx), (row, fy)) = (place(x, self.width), place(y, self.height));
        let block = |column: usize, row: usize| self.blocks[row * BLOCKS + column];
        [0, 1, 2].map(|channel| {
            let upper = block(column, row)[channel] * (1.0 - fx) + block(column + 1, row)[channel] * fx;
            let lower =
                block(column, row + 1)[channel] * (1.0 - fx) + block(column + 1, row + 1)[channel] * fx;
            upper * (1.0 - fy) + lower * fy
        })
    }
}

fn paper(colours: &Colours, is_red: bool) -> Paper {
    let signal = if is_red {
        redness(colours)
    } else {
        darkness(colours)
    };
    let least = 0.2 * quantile(&mut over(&signal, 0.05), 0.9).max(0.1);
    let mut blocks: Vec<Option<[f32; 3]>> = Vec::new();
    for row in 0..BLOCKS {
        for column in 0..BLOCKS {
            let (left, right) = (
                column * colours.width / BLOCKS,
                (column + 1) * colours.width / BLOCKS,
            );
            let (top, bottom) = (row * colours.height / BLOCKS, (row + 1) * colours.height / BLOCKS);
            let places = (top..bottom).flat_map(|y| (left..right).map(move |x| y * colours.width + x));
            let blank: Vec<[f32; 3]> = places
                .filter(|at| signal.values[*at] < least)
                .map(|at| colours.values[at])
                .collect();
            let enough = 12 * blank.len() > (right - left) * (bottom - top);
            blocks.push(enough.then(|| {
                [0, 1, 2].map(|channel| {
                    // Above the middle: what is printed in black is no paper.
                    quantile(
                        &mut blank.iter().map(|pixel| pixel[channel]).collect::<Vec<_>>(),
                        0.6,
                    )
                })
            }));
        }
    }
    // Blocks without paper take their neighbours'.
    for _ in 0..2 * BLOCKS {
        let before = blocks.clone();
        for (at, block) in blocks.iter_mut().enumerate().filter(|(_, block)| block.is_none()) {
            let (column, row) = (at % BLOCKS, at / BLOCKS);
            let around = [(-1, 0), (1, 0), (0, -1), (0, 1)]
                .into_iter()
                .filter_map(|(dx, dy)| {
                    let column = column.checked_add_signed(dx).filter(|column| *column < BLOCKS)?;
                    let row = row.checked_add_signed(dy).filter(|row| *row < BLOCKS)?;
                    before[row * BLOCKS + column]
                });
            let around: Vec<[f32; 3]> = around.collect();
            if !around.is_empty() {
                let mean =
                    |channel: usize| around.iter().map(|one| one[channel]).sum::<f32>() / around.len() as f32;
                *block = Some([mean(0), mean(1), mean(2)]);
            }
        }
    }
    Paper {
        blocks: blocks
            .into_iter()
            .map(|block| block.unwrap_or([1.0; 3]))
            .collect(),
        width: colours.width,
        height: colours.height,
    }
}
