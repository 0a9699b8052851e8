//! Images: what the bytes are decides, never the name; sizes are read before pixels.

use std::io::Cursor;
use std::sync::Arc;

use image::{ImageDecoder, ImageReader};
use tiny_skia::{IntSize, Pixmap};

use crate::Limits;

/// A decoded image.
#[derive(Debug)]
pub(crate) struct Image {
    /// Premultiplied.
    pub(crate) pixels: Pixmap,
    /// The file itself, where an SVG can hold it as it is: its type and its bytes.
    pub(crate) file: Option<(&'static str, Arc<[u8]>)>,
}

impl Image {
    pub(crate) fn pixel_count(&self) -> u64 {
        u64::from(self.pixels.width()) * u64::from(self.pixels.height())
    }

    /// Without its white: paper becomes transparent, as readers show seals. Nothing changes where the image has
    /// transparent pixels already.
    pub(crate) fn without_white(self) -> Self {
        if self.pixels.pixels().iter().any(|pixel| pixel.alpha() < 255) {
            return self;
        }
        let mut pixels = self.pixels;
        for pixel in pixels.data_mut().chunks_exact_mut(4) {
            // The ink that, on white, gives this colour.
            let white = pixel[0].min(pixel[1]).min(pixel[2]);
            for channel in &mut pixel[..3] {
                *channel -= white;
            }
            pixel[3] = 255 - white;
        }
        Self { pixels, file: None }
    }

    /// Its alpha is that of `mask`: white shows, black hides. The mask is stretched over the image.
    pub(crate) fn masked_by(&self, mask: &Self) -> Self {
        let mut pixels = self.pixels.clone();
        let (width, height) = (pixels.width(), pixels.height());
        for y in 0..height {
            let mask_y = (u64::from(y) * u64::from(mask.pixels.height()) / u64::from(height)) as u32;
            for x in 0..width {
                let mask_x = (u64::from(x) * u64::from(mask.pixels.width()) / u64::from(width)) as u32;
                let Some(light) = mask.pixels.pixel(mask_x, mask_y) else {
                    continue;
                };
                let light = (u32::from(light.red()) + u32::from(light.green()) + u32::from(light.blue())) / 3;
                let at = (y as usize * width as usize + x as usize) * 4;
                for channel in &mut pixels.data_mut()[at..at + 4] {
                    *channel = (u32::from(*channel) * light / 255) as u8;
                }
            }
        }
        Self { pixels, file: None }
    }
}

/// Decodes an image file. `Err` says what is wrong with it.
pub(crate) fn decode(bytes: &Arc<[u8]>, limits: &Limits) -> Result<Image, String> {
    if bytes.starts_with(b"\x97JB2\r\n\x1A\n") {
        return jbig2(bytes, limits);
    }
    if bytes.starts_with(b"\x00\x00\x00\x0CjP  ") || bytes.starts_with(b"\xFF\x4F\xFF\x51") {
        return jpeg2000(bytes, limits);
    }
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let mut reader = reader.map_err(|error| error.to_string())?;
    let file = match reader.format() {
        Some(image::ImageFormat::Png) => Some(("image/png", Arc::clone(bytes))),
        Some(image::ImageFormat::Jpeg) => Some(("image/jpeg", Arc::clone(bytes))),
        _ => None,
    };
    let mut bounds = image::Limits::default();
    bounds.max_alloc = Some(limits.image_pixels_max.saturating_mul(8));
    reader.limits(bounds);
    let decoder = reader.into_decoder().map_err(|error| error.to_string())?;
    let (width, height) = decoder.dimensions();
    check_size(width, height, limits)?;
    let decoded = image::DynamicImage::from_decoder(decoder).map_err(|error| error.to_string())?;
    let mut data = decoded.into_rgba8().into_raw();
    premultiply(&mut data);
    Ok(Image {
        pixels: pixmap(data, width, height)?,
        file,
    })
}

fn jbig2(bytes: &[u8], limits: &Limits) -> Result<Image, String> {
    let file = hayro_jbig2::File::new(bytes, &hayro_jbig2::DecodeSettings::default());
    let file = file.map_err(|error| error.to_string())?;
    let page = file.page(0).ok_or("it has no page")?;
    let (width, height) = (page.width(), page.height());
    check_size(width, height, limits)?;
    let mut rows = Rows {
        data: Vec::with_capacity(width as usize * height as usize * 4),
        bytes_max: width as usize * height as usize * 4,
    };
    page.decode(&mut rows).map_err(|error| error.to_string())?;
    rows.data.resize(rows.bytes_max, 255);
    Ok(Image {
        pixels: pixmap(rows.data, width, height)?,
        file: None,
    })
}

/// Takes the pixels of a bi-level image, black on white.
struct Rows {
    data: Vec<u8>,
    bytes_max: usize,
}

impl Rows {
    fn push(&mut self, black: bool, count: usize) {
        let light = if black { 0 } else { 255 };
        for _ in 0..count {
            if self.data.len() < self.bytes_max {
                self.data.extend([light, light, light, 255]);
            }
        }
    }
}

impl hayro_jbig2::Decoder for Rows {
    fn push_pixel(&mut self, black: bool) {
        self.push(black, 1);
    }

    fn push_pixel_chunk(&mut self, black: bool, chunk_count: u32) {
        self.push(black, chunk_count as usize * 8);
    }

    fn next_line(&mut self) {}
}

fn jpeg2000(bytes: &[u8], limits: &Limits) -> Result<Image, String> {
    let settings = hayro_jpeg2000::DecodeSettings::default();
    let image = hayro_jpeg2000::Image::new(bytes, &settings).map_err(|error| error.to_string())?;
    let (width, height) = (image.width(), image.height());
    check_size(width, height, limits)?;
    let channels = usize::from(image.color_space().num_channels());
    if !matches!(channels, 1 | 3 | 4) {
        return Err("its colours are of an unknown kind".to_owned());
    }
    let mut context = hayro_jpeg2000::DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(|error| error.to_string())?;
    let step = channels + usize::from(image.has_alpha());
    let samples = decoded.data_u8();
    let mut data = Vec::with_capacity(width as usize * height as usize * 4);
    for sample in samples.chunks_exact(step.max(1)) {
        let rgb = match sample.get(..channels) {
            Some(&[gray]) => [gray; 3],
            Some(&[red, green, blue]) => [red, green, blue],
            Some(&[cyan, magenta, yellow, black]) => {
                [cyan, magenta, yellow].map(|ink| (u32::from(255 - ink) * u32::from(255 - black) / 255) as u8)
            }
            _ => return Err("its colours are of an unknown kind".to_owned()),
        };
        data.extend(rgb);
        data.push(if image.has_alpha() { sample[channels] } else { 255 });
    }
    premultiply(&mut data);
    Ok(Image {
        pixels: pixmap(data, width, height)?,
        file: None,
    })
}

fn check_size(width: u32, height: u32, limits: &Limits) -> Result<(), String> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err("it has no pixels".to_owned());
    }
    if pixels > limits.image_pixels_max {
        return Err(format!(
            "its {width} x {height} pixels are above the limit of {}",
            limits.image_pixels_max
        ));
    }
    Ok(())
}

fn premultiply(data: &mut [u8]) {
    for pixel in data.chunks_exact_mut(4) {
        let alpha = u32::from(pixel[3]);
        if alpha < 255 {
            for channel in &mut pixel[..3] {
                *channel = ((u32::from(*channel) * alpha + 127) / 255) as u8;
            }
        }
    }
}

fn pixmap(data: Vec<u8>, width: u32, height: u32) -> Result<Pixmap, String> {
    IntSize::from_wh(width, height)
        .and_then(|size| Pixmap::from_vec(data, size))
        .ok_or_else(|| "it has fewer pixels than it claims".to_owned())
}
