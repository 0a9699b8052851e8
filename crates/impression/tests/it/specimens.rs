//! Generated seals, what scanners and cameras make of them, and forgeries: all from seeds.

use impression::{Centre, Design, Drawing, Font, Fonts, draw};

/// SplitMix64: the same seed gives the same numbers on every machine.
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Away from 0: between low and high, either sign.
    pub fn either(&mut self, low: f64, high: f64) -> f64 {
        let size = self.between(low, high);
        if self.next() & 1 == 0 { size } else { -size }
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.next() as usize % from.len()]
    }

    fn normal(&mut self) -> f64 {
        // Four uniform numbers: near enough, and no logarithm of 0.
        (0..4).map(|_| self.unit()).sum::<f64>() * 1.732 - 3.464
    }
}

pub const COMMON: &str = "的一是在了有我他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天而能好都然没日于起还发成事只作当想看文无开手用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市";
/// Pairs that a forger or a clerk confuses.
pub const ALIKE: &[(char, char)] = &[
    ('大', '太'),
    ('人', '入'),
    ('天', '夫'),
    ('土', '士'),
    ('王', '玉'),
    ('田', '由'),
    ('木', '本'),
    ('民', '氏'),
    ('公', '分'),
    ('司', '同'),
    ('市', '布'),
    ('东', '车'),
    ('西', '酉'),
    ('中', '申'),
    ('水', '永'),
    ('利', '和'),
    ('科', '料'),
    ('技', '枝'),
    ('信', '倍'),
    ('有', '右'),
    ('学', '字'),
    ('会', '合'),
    ('委', '季'),
    ('员', '贡'),
    ('财', '则'),
    ('业', '亚'),
    ('区', '匹'),
    ('北', '比'),
    ('工', '土'),
    ('白', '自'),
    ('石', '右'),
    ('太', '大'),
    ('子', '孑'),
    ('本', '木'),
    ('方', '万'),
    ('办', '为'),
    ('县', '具'),
    ('局', '居'),
    ('府', '附'),
    ('青', '责'),
];

/// The fonts that seals and forgeries are drawn with.
pub struct Faces {
    pub serif: Font,
    pub others: Vec<Font>,
}

/// What a forger changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Forgery {
    OneCharacter,
    AlikeCharacter,
    Font,
    StarSize,
    StarTurn,
    RimWidth,
    Spacing,
    Diameter,
    Stretch,
}

pub const FORGERIES: [Forgery; 9] = [
    Forgery::OneCharacter,
    Forgery::AlikeCharacter,
    Forgery::Font,
    Forgery::StarSize,
    Forgery::StarTurn,
    Forgery::RimWidth,
    Forgery::Spacing,
    Forgery::Diameter,
    Forgery::Stretch,
];

/// The forged seal and the stretch of its picture; `None` where the seal has no such part.
pub fn forged(design: &Design, forgery: Forgery, faces: &Faces, rng: &mut Rng) -> Option<(Drawing, f64)> {
    let mut design = design.clone();
    let mut text = &faces.serif;
    let mut stretch = 1.0;
    match forgery {
        Forgery::OneCharacter | Forgery::AlikeCharacter => change_character(&mut design, forgery, rng)?,
        Forgery::Font => text = rng.pick(&faces.others),
        Forgery::StarSize | Forgery::StarTurn => {
            let Design::Round(seal) = &mut design else {
                return None;
            };
            let Centre::Star {
                diameter_mm,
                turn_deg,
            } = &mut seal.centre
            else {
                return None;
            };
            if forgery == Forgery::StarSize {
                *diameter_mm *= 1.0 + rng.either(0.1, 0.2);
            } else {
                *turn_deg = rng.either(6.0, 36.0);
            }
        }
        Forgery::RimWidth => {
            let change = rng.either(0.4, 0.6);
            let border = match &mut design {
                Design::Round(seal) => &mut seal.border_mm,
                Design::Oval(seal) => &mut seal.border_mm,
                Design::Name(_) => return None,
            };
            *border = (*border + change).max(0.3);
        }
        Forgery::Spacing => {
            let Design::Round(seal) = &mut design else {
                return None;
            };
            let drawn = draw(&Design::Round(seal.clone()), fonts(text)).ok()?;
            seal.span_deg = Some(span(&drawn)? * (1.0 + rng.either(0.05, 0.12)));
        }
        Forgery::Diameter => {
            let change = 1.0 + rng.either(0.03, 0.06);
            match &mut design {
                Design::Round(seal) => seal.diameter_mm *= change,
                Design::Oval(_) => return None,
                Design::Name(seal) => {
                    seal.width_mm *= change;
                    seal.height_mm *= change;
                }
            }
        }
        Forgery::Stretch => stretch = 1.0 + rng.either(0.04, 0.1),
    }
    Some((draw(&design, fonts(text)).ok()?, stretch))
}

pub fn fonts(text: &Font) -> Fonts<'_> {
    Fonts { text, digits: None }
}

/// Angle between the first and the last character of the name, in degrees.
fn span(drawing: &Drawing) -> Option<f64> {
    let middles: Vec<f64> = drawing
        .pieces
        .iter()
        .filter(|piece| piece.part == impression::Part::Name)
        .map(|piece| {
            let (x, y) = piece
                .corners
                .iter()
                .fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            x.atan2(-y).to_degrees()
        })
        .collect();
    Some(middles.last()? - middles.first()? + 14.0)
}

fn change_character(design: &mut Design, forgery: Forgery, rng: &mut Rng) -> Option<()> {
    let name = match design {
        Design::Round(seal) => &mut seal.name,
        Design::Oval(seal) => &mut seal.name,
        Design::Name(seal) => &mut seal.name,
    };
    let mut characters: Vec<char> = name.chars().collect();
    if forgery == Forgery::OneCharacter {
        let common: Vec<char> = COMMON.chars().collect();
        let at = rng.next() as usize % characters.len();
        let other = *rng.pick(&common);
        if other == characters[at] {
            return None;
        }
        characters[at] = other;
    } else {
        let places: Vec<(usize, char)> = characters
            .iter()
            .enumerate()
            .filter_map(|(at, one)| Some((at, ALIKE.iter().find(|(known, _)| known == one)?.1)))
            .collect();
        if places.is_empty() {
            return None;
        }
        let (at, other) = *rng.pick(&places);
        characters[at] = other;
    }
    *name = characters.into_iter().collect();
    Some(())
}

/// How an image was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capture {
    /// A flat-bed scanner: 300 (mostly) to 600 dpi, which the file says.
    Scan,
    /// A camera: slanted, uneven light, blur, no resolution.
    Photo,
}

/// An image of a stamped seal, as a file.
pub fn captured(drawing: &Drawing, stretch: f64, capture: Capture, rng: &mut Rng) -> Vec<u8> {
    let ink = stamped(drawing, rng);
    let photo = capture == Capture::Photo;
    let dpi: f64 = if photo {
        rng.between(300.0, 480.0)
    } else {
        *rng.pick(&[300.0, 300.0, 300.0, 400.0, 600.0])
    };
    let half = drawing.width_mm.hypot(drawing.height_mm) / 2.0 + rng.between(1.0, 5.0);
    let side = (2.0 * half / 25.4 * dpi) as usize;
    let (sin, cos) = rng.between(0.0, std::f64::consts::TAU).sin_cos();
    let error = rng.between(0.997, 1.003);
    // Slant: up to 10 degrees from the normal at an arm's length.
    let tilt = if photo {
        rng.between(0.0, 10.0_f64.to_radians())
    } else {
        0.0
    };
    let (tilt_sin, tilt_cos) = tilt.sin_cos();
    let (way_sin, way_cos) = rng.between(0.0, std::f64::consts::TAU).sin_cos();
    let away = rng.between(200.0, 350.0);
    let light = (rng.between(-0.2, 0.2), rng.between(-0.2, 0.2));
    let paper = [
        rng.between(0.88, 1.0),
        rng.between(0.86, 1.0),
        rng.between(0.8, 1.0),
    ];
    let red = [
        rng.between(0.75, 0.95),
        rng.between(0.05, 0.3),
        rng.between(0.05, 0.3),
    ];
    let level = if photo {
        rng.between(0.75, 1.0)
    } else {
        rng.between(0.92, 1.0)
    };
    let lines = if rng.next().is_multiple_of(4) {
        rng.next() % 4 + 1
    } else {
        0
    };
    let first_line = rng.between(-half, half * 0.4);
    let mut colours = Vec::with_capacity(side * side);
    for y in 0..side {
        for x in 0..side {
            let mm = |at: usize| (at as f64 + 0.5) / dpi * 25.4 - half;
            let (px, py) = (mm(x), mm(y));
            // Image plane → paper plane seen at a slant.
            let (along, across) = (px * way_cos + py * way_sin, py * way_cos - px * way_sin);
            let depth = away / (away * tilt_cos - along * tilt_sin);
            let (along, across) = (along * depth, across * depth * tilt_cos);
            let (px, py) = (
                along * way_cos - across * way_sin,
                along * way_sin + across * way_cos,
            );
            let (u, v) = ((px * cos + py * sin) * error, (py * cos - px * sin) * error);
            let ink = f64::from(ink.at_mm(u / stretch.sqrt(), v * stretch.sqrt()));
            let text = (0..lines).any(|line| {
                let offset = py - first_line - line as f64 * 7.0;
                (0.0..0.35).contains(&offset)
                    || (1.0..3.2).contains(&offset) && (px * 1.3).rem_euclid(4.0) < 0.5
            });
            let light = level
                * (1.0 + light.0 * px / half * f64::from(u8::from(photo)) * 0.5)
                * (1.0 + light.1 * py / half * f64::from(u8::from(photo)) * 0.5);
            let mut colour = [0.0_f32; 3];
            for (channel, value) in colour.iter_mut().enumerate() {
                let below = if text { 0.15 } else { paper[channel] };
                *value = (light * (below * (1.0 - ink) + below * red[channel] * ink)) as f32;
            }
            colours.push(colour);
        }
    }
    let blur = if photo {
        rng.between(0.5, 1.3)
    } else {
        rng.between(0.3, 0.8)
    } * dpi
        / 300.0;
    let noise = if photo {
        rng.between(0.01, 0.03)
    } else {
        rng.between(0.004, 0.015)
    };
    let rgb = developed(&colours, side, blur as f32, noise as f32, rng);
    if photo || rng.next().is_multiple_of(2) {
        jpeg(
            &rgb,
            side,
            if photo { None } else { Some(dpi) },
            rng.between(60.0, 95.0) as u8,
        )
    } else {
        bmp(&rgb, side, dpi)
    }
}

/// The registered picture: as drawn, 600 dpi.
pub fn registered(drawing: &Drawing) -> Vec<u8> {
    drawing.png(600).unwrap()
}

/// Ink on paper, at 600 dpi.
struct Stamped {
    values: Vec<f32>,
    width: usize,
    height: usize,
    half: (f64, f64),
}

impl Stamped {
    fn at_mm(&self, x: f64, y: f64) -> f32 {
        let to_pixel = |mm: f64, half: f64, side: usize| (mm + half) / (2.0 * half) * side as f64 - 0.5;
        let (x, y) = (
            to_pixel(x, self.half.0, self.width),
            to_pixel(y, self.half.1, self.height),
        );
        if x < 0.0 || y < 0.0 || x >= (self.width - 1) as f64 || y >= (self.height - 1) as f64 {
            return 0.0;
        }
        let (left, top) = (x as usize, y as usize);
        let (fx, fy) = ((x - left as f64) as f32, (y - top as f64) as f32);
        let at = top * self.width + left;
        let upper = self.values[at] * (1.0 - fx) + self.values[at + 1] * fx;
        let lower = self.values[at + self.width] * (1.0 - fx) + self.values[at + self.width + 1] * fx;
        upper * (1.0 - fy) + lower * fy
    }
}

/// The drawing pressed on paper: ink spreads or stays away, evenly and in places.
fn stamped(drawing: &Drawing, rng: &mut Rng) -> Stamped {
    let margin = 8;
    let picture = drawing.opacity(600).unwrap();
    let (inner_width, inner_height) = (picture.width as usize, picture.height as usize);
    let (width, height) = (inner_width + 2 * margin, inner_height + 2 * margin);
    let mut values = vec![0.0; width * height];
    for (y, row) in picture.values.chunks(inner_width).enumerate() {
        let to = (y + margin) * width + margin;
        values[to..to + inner_width]
            .iter_mut()
            .zip(row)
            .for_each(|(to, from)| *to = f32::from(*from) / 255.0);
    }
    let sigma = rng.between(0.8, 2.0) as f32;
    let level = rng.between(0.3, 0.65) as f32;
    let spread = blurred(&values, width, height, sigma);
    let faint = rng.between(0.0, 0.55) as f32;
    let places = Clouds::new(rng, rng_cells(width, height));
    let grain = rng.between(0.0, 0.12) as f32;
    let mut ink = Vec::with_capacity(values.len());
    for (at, value) in spread.iter().enumerate() {
        let edge = ((value - level) * 3.0 + 0.5).clamp(0.0, 1.0);
        let cloud = places.at(
            (at % width) as f32 / width as f32,
            (at / width) as f32 / height as f32,
        );
        // Where the cloud is thick, ink is thin; a small part of the seal hardly prints.
        let thin = ((cloud - 0.62) * 5.0).clamp(0.0, 1.0) * faint;
        let speck = if rng.unit() < 0.04 {
            grain * 4.0
        } else {
            grain * rng.unit() as f32
        };
        ink.push((edge * (1.0 - thin) * (1.0 - speck.min(0.9))).clamp(0.0, 1.0));
    }
    let per_mm = 600.0 / 25.4;
    Stamped {
        values: blurred(&ink, width, height, 1.0),
        width,
        height,
        half: (width as f64 / per_mm / 2.0, height as f64 / per_mm / 2.0),
    }
}

fn rng_cells(width: usize, height: usize) -> usize {
    (width.max(height) / 60).clamp(4, 24)
}

/// Smooth noise.
struct Clouds {
    cells: usize,
    values: Vec<f32>,
}

impl Clouds {
    fn new(rng: &mut Rng, cells: usize) -> Self {
        let values = (0..(cells + 1) * (cells + 1))
            .map(|_| rng.unit() as f32)
            .collect();
        Self { cells, values }
    }

    fn at(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x * self.cells as f32, y * self.cells as f32);
        let (left, top) = ((x as usize).min(self.cells - 1), (y as usize).min(self.cells - 1));
        let (fx, fy) = (x - left as f32, y - top as f32);
        let row = self.cells + 1;
        let upper = self.values[top * row + left] * (1.0 - fx) + self.values[top * row + left + 1] * fx;
        let lower =
            self.values[(top + 1) * row + left] * (1.0 - fx) + self.values[(top + 1) * row + left + 1] * fx;
        upper * (1.0 - fy) + lower * fy
    }
}

fn blurred(values: &[f32], width: usize, height: usize, sigma: f32) -> Vec<f32> {
    let reach = (2.5 * sigma).ceil() as usize;
    let weights: Vec<f32> = (0..=2 * reach)
        .map(|at| (-0.5 * ((at as f32 - reach as f32) / sigma).powi(2)).exp())
        .collect();
    let whole: f32 = weights.iter().sum();
    let mut across = vec![0.0_f32; values.len()];
    let middle = width.saturating_sub(2 * reach);
    for y in 0..height {
        let row = &values[y * width..(y + 1) * width];
        let out = &mut across[y * width + reach..y * width + reach + middle];
        for (step, weight) in weights.iter().enumerate() {
            let from = &row[step..step + middle];
            out.iter_mut()
                .zip(from)
                .for_each(|(out, value)| *out += value * weight / whole);
        }
    }
    let mut down = vec![0.0_f32; values.len()];
    for y in reach..height.saturating_sub(reach) {
        for (step, weight) in weights.iter().enumerate() {
            let from = (y + step - reach) * width;
            let (out, row) = (&mut down[y * width..(y + 1) * width], &across[from..from + width]);
            out.iter_mut()
                .zip(row)
                .for_each(|(out, value)| *out += value * weight / whole);
        }
    }
    down
}

fn developed(colours: &[[f32; 3]], side: usize, blur: f32, noise: f32, rng: &mut Rng) -> Vec<u8> {
    let mut rgb = vec![0; colours.len() * 3];
    for channel in 0..3 {
        let plane: Vec<f32> = colours.iter().map(|colour| colour[channel]).collect();
        let soft = blurred(&plane, side, side, blur.max(0.3));
        let edge = (2.5 * blur.max(0.3)).ceil() as usize;
        for (at, value) in soft.iter().enumerate() {
            let (x, y) = (at % side, at / side);
            let inside = x.min(y) >= edge && x.max(y) < side - edge;
            let value = if inside { *value } else { plane[at] };
            rgb[at * 3 + channel] = ((value + noise * rng.normal() as f32) * 255.0).clamp(0.0, 255.0) as u8;
        }
    }
    rgb
}

fn jpeg(rgb: &[u8], side: usize, dpi: Option<f64>, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality);
    if let Some(dpi) = dpi {
        encoder.set_pixel_density(image::codecs::jpeg::PixelDensity::dpi(dpi as u16));
    }
    encoder
        .encode(rgb, side as u32, side as u32, image::ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

/// A bitmap of 24 bits a pixel, which says its resolution.
fn bmp(rgb: &[u8], side: usize, dpi: f64) -> Vec<u8> {
    let line = (side * 3).div_ceil(4) * 4;
    let per_metre = (dpi / 0.0254).round() as u32;
    let mut bytes = b"BM".to_vec();
    let fields = [
        (54 + line * side) as u32,
        0,
        54,
        40,
        side as u32,
        side as u32,
        1 | 24 << 16,
        0,
        (line * side) as u32,
        per_metre,
        per_metre,
        0,
        0,
    ];
    bytes.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
    for row in rgb.chunks(side * 3).rev() {
        let (pixels, _) = row.as_chunks::<3>();
        bytes.extend(pixels.iter().flat_map(|[red, green, blue]| [*blue, *green, *red]));
        bytes.extend(std::iter::repeat_n(0, line - side * 3));
    }
    bytes
}
