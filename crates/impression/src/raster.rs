//! Images from outside as red, green and blue, with their resolution: limits are met before pixels are decoded.

use std::io::Cursor;

use image::{ImageFormat, ImageReader, Limits};
use resvg::tiny_skia::{Color, Pixmap, Transform};

use crate::draw::{SvgKind, checked_svg};
use crate::error::Error;

/// Largest image file that is read, in bytes.
pub const IMAGE_BYTES_MAX: usize = 64 << 20;
/// Most pixels of an image. A4 at 600 dpi has 35 million.
pub const IMAGE_PIXELS_MAX: u64 = 50_000_000;
/// Most pixels of an image in one direction.
pub const IMAGE_SIDE_PIXELS_MAX: u32 = 20_000;
/// Most memory that decoding may take beside the pixels, in bytes.
const DECODING_BYTES_MAX: u64 = 400 << 20;
/// Longer side of the picture that is made of an SVG, in pixels.
const SVG_PIXELS: f32 = 1000.0;
/// Resolutions that are believed, in dots per inch; what programs write when they know nothing (72, 96) is not.
const DPI_BELIEVED: std::ops::RangeInclusive<f64> = 100.0..=4800.0;
const MM_PER_INCH: f64 = 25.4;

/// An image without transparency: what is transparent is white.
pub(crate) struct Raster {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Red, green, blue, row by row.
    pub(crate) rgb: Vec<u8>,
    /// Dots per inch, when the file says it.
    pub(crate) dpi: Option<f64>,
}

impl Raster {
    /// Decodes PNG, JPEG, BMP, TIFF, GIF (first picture) or SVG.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let refuse = |detail: String| Err(Error::Image { detail });
        if bytes.len() > IMAGE_BYTES_MAX {
            return refuse(format!("{} bytes are more than {IMAGE_BYTES_MAX}", bytes.len()));
        }
        if let Some(text) = svg_text(bytes) {
            return Self::of_svg(text);
        }
        let Ok(format) = image::guess_format(bytes) else {
            return refuse("it is no PNG, JPEG, BMP, TIFF, GIF or SVG".into());
        };
        use ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff};
        if !matches!(format, Bmp | Gif | Jpeg | Png | Tiff) {
            return refuse("it is no PNG, JPEG, BMP, TIFF, GIF or SVG".into());
        }
        let broken = |error: image::ImageError| Error::Image {
            detail: error.to_string(),
        };
        let head = ImageReader::with_format(Cursor::new(bytes), format);
        let (width, height) = head.into_dimensions().map_err(broken)?;
        let pixels = u64::from(width) * u64::from(height);
        if pixels == 0 || pixels > IMAGE_PIXELS_MAX || width.max(height) > IMAGE_SIDE_PIXELS_MAX {
            return refuse(format!(
                "{width} × {height} pixels: at most {IMAGE_PIXELS_MAX} in all"
            ));
        }
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
        let mut limits = Limits::default();
        limits.max_image_width = Some(IMAGE_SIDE_PIXELS_MAX);
        limits.max_image_height = Some(IMAGE_SIDE_PIXELS_MAX);
        limits.max_alloc = Some(DECODING_BYTES_MAX);
        reader.limits(limits);
        let decoded = reader.decode().map_err(broken)?;
        let rgb = if decoded.color().has_alpha() {
            over_white(decoded.into_rgba8().as_raw())
        } else {
            decoded.into_rgb8().into_raw()
        };
        Ok(Self {
            width: width as usize,
            height: height as usize,
            rgb,
            dpi: resolution(bytes, format).filter(|dpi| DPI_BELIEVED.contains(dpi)),
        })
    }

    fn of_svg(text: &str) -> Result<Self, Error> {
        let tree = checked_svg(text, SvgKind::Impression)?;
        let size = tree.size();
        let scale = SVG_PIXELS / size.width().max(size.height());
        let pixels = |length: f32| (length * scale).ceil().clamp(1.0, SVG_PIXELS) as u32;
        let Some(mut pixmap) = Pixmap::new(pixels(size.width()), pixels(size.height())) else {
            return Err(Error::Svg {
                detail: format!("its size is {} × {}", size.width(), size.height()),
            });
        };
        pixmap.fill(Color::WHITE);
        resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
        let rgb = pixmap
            .pixels()
            .iter()
            .flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]);
        // Only a length with a unit of the world says how large the seal is.
        let sized = size_attribute(text).is_some_and(|width| {
            ["mm", "cm", "in", "pt", "pc"]
                .iter()
                .any(|unit| width.trim_end().ends_with(unit))
        });
        Ok(Self {
            width: pixmap.width() as usize,
            height: pixmap.height() as usize,
            rgb: rgb.collect(),
            dpi: sized
                .then(|| f64::from(scale) * 96.0)
                .filter(|dpi| DPI_BELIEVED.contains(dpi)),
        })
    }
}

fn svg_text(bytes: &[u8]) -> Option<&str> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace())?;
    if *first == b'<' {
        std::str::from_utf8(text).ok()
    } else {
        None
    }
}

fn size_attribute(text: &str) -> Option<String> {
    let document = roxmltree::Document::parse(text).ok()?;
    document.root_element().attribute("width").map(str::to_owned)
}

fn over_white(rgba: &[u8]) -> Vec<u8> {
    let (pixels, _) = rgba.as_chunks::<4>();
    let over = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    pixels
        .iter()
        .flat_map(|[red, green, blue, alpha]| [over(*red, *alpha), over(*green, *alpha), over(*blue, *alpha)])
        .collect()
}

/// Dots per inch as the file says.
fn resolution(bytes: &[u8], format: ImageFormat) -> Option<f64> {
    let per_metre = |value: u32| f64::from(value) * MM_PER_INCH / 1000.0;
    match format {
        ImageFormat::Png => {
            let decoder = png::Decoder::new(Cursor::new(bytes));
            let reader = decoder.read_info().ok()?;
            let dims = reader.info().pixel_dims?;
            (dims.unit == png::Unit::Meter && dims.xppu == dims.yppu).then(|| per_metre(dims.xppu))
        }
        ImageFormat::Jpeg => {
            // SOI, APP0 with JFIF: unit and densities at fixed places.
            let head = bytes.get(..18)?;
            if head[2..4] != [0xff, 0xe0] || &head[6..11] != b"JFIF\0" || head[14..16] != head[16..18] {
                return None;
            }
            let density = f64::from(u16::from_be_bytes([head[14], head[15]]));
            match head[13] {
                1 => Some(density),
                2 => Some(density * 2.54),
                _ => None,
            }
        }
        ImageFormat::Bmp => {
            let field = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
            let (x, y) = (field(38)?, field(42)?);
            (field(14)? >= 40 && x == y).then(|| per_metre(x))
        }
        ImageFormat::Tiff => tiff_resolution(bytes),
        _ => None,
    }
}

/// Tags 282 (XResolution, a fraction) and 296 (ResolutionUnit) of the first directory.
fn tiff_resolution(bytes: &[u8]) -> Option<f64> {
    let little = bytes.starts_with(b"II");
    let short = |at: usize| -> Option<u16> {
        let field: [u8; 2] = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little {
            u16::from_le_bytes(field)
        } else {
            u16::from_be_bytes(field)
        })
    };
    let long = |at: usize| -> Option<u32> {
        let field: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if little {
            u32::from_le_bytes(field)
        } else {
            u32::from_be_bytes(field)
        })
    };
    let directory = long(4)? as usize;
    let (mut resolution, mut unit) = (None, 2);
    for entry in 0..usize::from(short(directory)?) {
        let at = directory.checked_add(2 + 12 * entry)?;
        match short(at)? {
            282 => {
                let value = long(at + 8)? as usize;
                let (over, under) = (long(value)?, long(value.checked_add(4)?)?);
                resolution = (under > 0).then(|| f64::from(over) / f64::from(under));
            }
            296 => unit = short(at + 8)?,
            _ => {}
        }
    }
    match unit {
        2 => resolution,
        3 => resolution.map(|value| value * 2.54),
        _ => None,
    }
}
