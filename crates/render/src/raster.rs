//! A scene as pixels.

use tiny_skia::{
    Color, FilterQuality, GradientStop, IntRect, LinearGradient, Mask, Paint as SkPaint, PathBuilder,
    Pattern, Pixmap, PixmapPaint, PixmapRef, RadialGradient, Rect, Shader, SpreadMode, Transform,
};

use crate::scene::{ClipId, Gradient, GradientKind, Item, Paint, Rgba, Scene, Shape, intersect, union};
use crate::{Error, Limits};

const MM_PER_INCH: f64 = 25.4;
/// Resolutions that are taken, in dots per inch.
const DPI: std::ops::RangeInclusive<f64> = 1.0..=4800.0;
/// Every shape costs at least this many pixels.
const SHAPE_WORK: u64 = 64;

/// A drawn page: opaque pixels on white.
#[derive(Clone, Debug)]
pub struct Pixels {
    pixmap: Pixmap,
    dpi: f64,
}

/// A drawn page without its paper.
#[derive(Clone, Debug)]
pub struct ClearPixels {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Red, green, blue, opacity for each pixel, row by row.
    pub rgba: Vec<u8>,
}

impl Scene {
    /// Draws the page on white paper, at so many dots per inch.
    pub fn to_pixels(&self, dpi: f64) -> Result<Pixels, Error> {
        let pixmap = self.draw_on(Color::WHITE, dpi)?;
        Ok(Pixels { pixmap, dpi })
    }

    /// Draws the page without its paper, at so many dots per inch.
    pub fn to_clear_pixels(&self, dpi: f64) -> Result<ClearPixels, Error> {
        let pixmap = self.draw_on(Color::TRANSPARENT, dpi)?;
        let rgba = pixmap.pixels().iter().flat_map(|pixel| {
            let pixel = pixel.demultiply();
            [pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()]
        });
        Ok(ClearPixels {
            width: pixmap.width(),
            height: pixmap.height(),
            rgba: rgba.collect(),
        })
    }

    fn draw_on(&self, ground: Color, dpi: f64) -> Result<Pixmap, Error> {
        let scale = dpi / MM_PER_INCH;
        let size = (self.width_mm * scale, self.height_mm * scale);
        let (width, height) = check_size(size, dpi, &self.limits)?;
        let mut pixmap = Pixmap::new(width, height).ok_or(too_many_pixels(&self.limits))?;
        pixmap.fill(ground);
        let mut raster = Raster {
            scene: self,
            work_left: self.limits.work_pixels_max,
            to_pixels: Transform::from_scale(scale as f32, scale as f32),
        };
        raster.draw(&mut pixmap)?;
        Ok(pixmap)
    }
}

/// The size of a picture in pixels, when resolution and limits allow it.
pub(crate) fn check_size(
    (width, height): (f64, f64),
    dpi: f64,
    limits: &Limits,
) -> Result<(u32, u32), Error> {
    if !DPI.contains(&dpi) {
        return Err(Error::BadResolution { dpi });
    }
    let (width, height) = (side(width), side(height));
    let max = limits.side_pixels_max;
    if width > u64::from(max) || height > u64::from(max) {
        let what = "the width or height of the picture in pixels";
        return Err(Error::TooMuch {
            what,
            max: max.into(),
        });
    }
    if width * height > limits.pixels_max {
        return Err(too_many_pixels(limits));
    }
    // Both fit in 32 bits: they are at most side_pixels_max.
    Ok((width as u32, height as u32))
}

fn too_many_pixels(limits: &Limits) -> Error {
    Error::TooMuch {
        what: "the number of pixels of the picture",
        max: limits.pixels_max,
    }
}

fn side(pixels: f64) -> u64 {
    (pixels.round() as u64).max(1) // the cast saturates
}

impl Pixels {
    /// From red, green, blue, 255 for each pixel; none when there are too few bytes, or no pixels.
    pub(crate) fn opaque(rgba: &[u8], (width, height): (u32, u32), dpi: f64) -> Option<Self> {
        let mut pixmap = Pixmap::new(width, height)?;
        let data = pixmap.data_mut();
        data.copy_from_slice(rgba.get(..data.len())?);
        Some(Self { pixmap, dpi })
    }

    /// In pixels.
    pub fn width(&self) -> u32 {
        self.pixmap.width()
    }

    /// In pixels.
    pub fn height(&self) -> u32 {
        self.pixmap.height()
    }

    /// Red, green, blue, 255 for each pixel, row by row.
    pub fn rgba(&self) -> &[u8] {
        self.pixmap.data()
    }

    /// As a PNG file that says its resolution.
    pub fn to_png(&self) -> Result<Vec<u8>, Error> {
        let rgb: Vec<u8> = self
            .rgba()
            .chunks_exact(4)
            .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
            .collect();
        let size = (self.width(), self.height());
        encode(&rgb, size, png::ColorType::Rgb, Some(self.dpi)).map_err(|error| Error::Png(error.to_string()))
    }
}

/// A PNG file; `dpi` becomes its `pHYs` chunk.
pub(crate) fn encode(
    data: &[u8],
    (width, height): (u32, u32),
    color: png::ColorType,
    dpi: Option<f64>,
) -> Result<Vec<u8>, png::EncodingError> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    if let Some(dpi) = dpi {
        let per_meter = (dpi / MM_PER_INCH * 1000.0).round() as u32;
        encoder.set_pixel_dims(Some(png::PixelDimensions {
            xppu: per_meter,
            yppu: per_meter,
            unit: png::Unit::Meter,
        }));
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(data)?;
    writer.finish()?;
    Ok(out)
}

struct Raster<'a> {
    scene: &'a Scene,
    work_left: u64,
    to_pixels: Transform,
}

impl Raster<'_> {
    /// Shapes under the same clip are drawn on a layer of their own, as large as what is left of them.
    fn draw(&mut self, page: &mut Pixmap) -> Result<(), Error> {
        let sheet = Rect::from_xywh(0.0, 0.0, page.width() as f32, page.height() as f32);
        let Some(sheet) = sheet else { return Ok(()) };
        let mut rest = self.scene.items.as_slice();
        while let Some(first) = rest.first() {
            let Some(clip) = first.clip else {
                self.shape(page, first, &sheet, Transform::identity())?;
                rest = &rest[1..];
                continue;
            };
            let count = rest.iter().take_while(|item| item.clip == Some(clip)).count();
            let (run, others) = rest.split_at(count);
            rest = others;
            self.layer(page, run, clip, &sheet)?;
        }
        Ok(())
    }

    fn layer(&mut self, page: &mut Pixmap, run: &[Item], clip: ClipId, sheet: &Rect) -> Result<(), Error> {
        let around = run
            .iter()
            .filter_map(|item| self.bounds(item))
            .reduce(|one, other| union(&one, &other));
        let kept = self.scene.clips[clip]
            .bounds
            .and_then(|bounds| bounds.transform(self.to_pixels));
        let area = match (around, kept) {
            (Some(around), Some(kept)) => intersect(&around, &kept).and_then(|area| intersect(&area, sheet)),
            _ => None,
        };
        let Some(area) = area.and_then(|area| whole(&area)) else {
            return Ok(());
        };
        let (width, height) = (area.width(), area.height());
        let shift = Transform::from_translate(-area.x() as f32, -area.y() as f32);
        let Some(mut layer) = Pixmap::new(width, height) else {
            return Ok(());
        };
        let inside = Rect::from_xywh(0.0, 0.0, width as f32, height as f32);
        let Some(inside) = inside else { return Ok(()) };
        self.work(u64::from(width) * u64::from(height) * 2)?;
        for item in run {
            self.shape(&mut layer, item, &inside, shift)?;
        }
        let mut next = Some(clip);
        while let Some(id) = next {
            let clip = &self.scene.clips[id];
            self.work(u64::from(width) * u64::from(height))?;
            let Some(mut mask) = Mask::new(width, height) else {
                return Ok(());
            };
            for area in &clip.areas {
                let transform = shift.pre_concat(self.to_pixels).pre_concat(area.transform);
                mask.fill_path(&area.path, area.rule, true, transform);
            }
            layer.apply_mask(&mask);
            next = clip.parent;
        }
        page.draw_pixmap(
            area.x(),
            area.y(),
            layer.as_ref(),
            &PixmapPaint::default(),
            Transform::identity(),
            None,
        );
        Ok(())
    }

    /// In pixels of the page.
    fn bounds(&self, item: &Item) -> Option<Rect> {
        let bounds = item.shape.bounds()?.transform(self.to_pixels)?;
        // Half a pixel more for lines that are thinner than a pixel.
        Rect::from_ltrb(
            bounds.left() - 1.0,
            bounds.top() - 1.0,
            bounds.right() + 1.0,
            bounds.bottom() + 1.0,
        )
    }

    fn shape(
        &mut self,
        target: &mut Pixmap,
        item: &Item,
        inside: &Rect,
        shift: Transform,
    ) -> Result<(), Error> {
        let touched = self
            .bounds(item)
            .and_then(|bounds| bounds.transform(shift))
            .and_then(|bounds| intersect(&bounds, inside));
        let Some(touched) = touched else { return Ok(()) };
        self.work(SHAPE_WORK + (touched.width() * touched.height()) as u64)?;
        let to_target = shift.pre_concat(self.to_pixels);
        match &item.shape {
            Shape::Fill {
                path,
                transform,
                rule,
                paint,
            } => {
                if let Some(paint) = sk_paint(paint) {
                    target.fill_path(path, &paint, *rule, to_target.pre_concat(*transform), None);
                }
            }
            Shape::Stroke {
                path,
                transform,
                line,
                paint,
            } => {
                if let Some(paint) = sk_paint(paint) {
                    target.stroke_path(path, &paint, &line.stroke, to_target.pre_concat(*transform), None);
                }
            }
            Shape::Image {
                image,
                transform,
                alpha,
            } => {
                self.work(image.pixel_count() / 4)?;
                draw_image(
                    target,
                    image.pixels.as_ref(),
                    to_target.pre_concat(*transform),
                    *alpha,
                );
            }
        }
        Ok(())
    }

    fn work(&mut self, pixels: u64) -> Result<(), Error> {
        let left = self.work_left.checked_sub(pixels);
        self.work_left = left.ok_or(Error::TooMuch {
            what: "the number of pixels touched while drawing",
            max: self.scene.limits.work_pixels_max,
        })?;
        Ok(())
    }
}

/// The pixels that the area touches.
fn whole(area: &Rect) -> Option<IntRect> {
    let (x, y) = (area.left().floor(), area.top().floor());
    let (width, height) = (
        (area.right().ceil() - x).max(1.0),
        (area.bottom().ceil() - y).max(1.0),
    );
    IntRect::from_xywh(x as i32, y as i32, width as u32, height as u32)
}

fn draw_image(target: &mut Pixmap, image: PixmapRef<'_>, unit: Transform, alpha: f32) {
    // Pixels that are much smaller than those of the target are averaged first; picking some of them would lose
    // thin lines.
    let (across, down) = (unit.sx.hypot(unit.ky), unit.kx.hypot(unit.sy));
    let columns = (image.width() as f32 / across.max(1.0)).floor() as u32;
    let rows = (image.height() as f32 / down.max(1.0)).floor() as u32;
    let smaller = (columns >= 2 || rows >= 2)
        .then(|| averaged(image, columns.max(1), rows.max(1)))
        .flatten();
    let image = smaller.as_ref().map_or(image, Pixmap::as_ref);
    let quality = if across > 2.0 * image.width() as f32 {
        FilterQuality::Nearest
    } else {
        FilterQuality::Bilinear
    };
    let to_unit = Transform::from_scale(1.0 / image.width() as f32, 1.0 / image.height() as f32);
    let paint = SkPaint {
        shader: Pattern::new(image, SpreadMode::Pad, quality, alpha, to_unit),
        ..SkPaint::default()
    };
    if let Some(square) = Rect::from_xywh(0.0, 0.0, 1.0, 1.0) {
        let path = PathBuilder::from_rect(square);
        target.fill_path(&path, &paint, tiny_skia::FillRule::Winding, unit, None);
    }
}

/// Each pixel is the mean of a block of `columns` by `rows`.
fn averaged(image: PixmapRef<'_>, columns: u32, rows: u32) -> Option<Pixmap> {
    let (width, height) = (image.width().div_ceil(columns), image.height().div_ceil(rows));
    let mut out = Pixmap::new(width, height)?;
    let stride = image.width() as usize * 4;
    let mut sums = vec![[0u32; 4]; width as usize];
    for (row, line) in out.data_mut().chunks_exact_mut(width as usize * 4).enumerate() {
        sums.fill([0; 4]);
        let first = row * rows as usize;
        let last = (first + rows as usize).min(image.height() as usize);
        for source in image.data()[first * stride..last * stride].chunks_exact(stride) {
            for (sum, block) in sums.iter_mut().zip(source.chunks(columns as usize * 4)) {
                for pixel in block.chunks_exact(4) {
                    for (sum, channel) in sum.iter_mut().zip(pixel) {
                        *sum += u32::from(*channel);
                    }
                }
            }
        }
        for (index, (sum, pixel)) in sums.iter().zip(line.chunks_exact_mut(4)).enumerate() {
            let across = (image.width() - index as u32 * columns).min(columns);
            let count = across * (last - first) as u32;
            for (sum, channel) in sum.iter().zip(pixel) {
                *channel = (sum / count) as u8; // a mean of bytes
            }
        }
    }
    Some(out)
}

fn sk_paint(paint: &Paint) -> Option<SkPaint<'static>> {
    let shader = match paint {
        Paint::Color(color) => Shader::SolidColor(sk_color(*color)?),
        Paint::Gradient(gradient) => sk_gradient(gradient)?,
    };
    Some(SkPaint {
        shader,
        ..SkPaint::default()
    })
}

fn sk_color(color: Rgba) -> Option<Color> {
    let [red, green, blue] = color.rgb.map(|channel| f32::from(channel) / 255.0);
    Color::from_rgba(red, green, blue, color.alpha)
}

fn sk_gradient(gradient: &Gradient) -> Option<Shader<'static>> {
    let stops = gradient.stops.iter();
    let stops: Option<Vec<_>> = stops
        .map(|(offset, color)| Some(GradientStop::new(*offset, sk_color(*color)?)))
        .collect();
    let point = |(x, y): (f32, f32)| tiny_skia::Point::from_xy(x, y);
    match gradient.kind {
        GradientKind::Linear { start, end } => LinearGradient::new(
            point(start),
            point(end),
            stops?,
            gradient.spread,
            gradient.transform,
        ),
        GradientKind::Radial {
            start,
            start_radius,
            end,
            end_radius,
        } => RadialGradient::new(
            point(start),
            start_radius,
            point(end),
            end_radius,
            stops?,
            gradient.spread,
            gradient.transform,
        ),
    }
}
