//! Where a seal appears on a page, and its picture as PDF takes it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use image::ImageReader;
use ofd::geometry::Box as MmBox;
use ofd::{Ofd, Package};
use pdf::{Appearance, Drawing, Picture};
use render::{FontLibrary, Outlines, Scene, View};
use ses::PictureFormat;

use crate::pdf_refusal::PdfSealError;
use crate::pdf_seal::Shown;
use crate::position::Placement;

/// Largest picture that is unpacked, in pixels.
const PICTURE_PIXELS_MAX: u64 = 40_000_000;

/// Pictures that are remembered.
const KEPT_MAX: usize = 8;
/// A larger picture is unpacked each time, in bytes of its file and of what becomes of it.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// Resolution at which an OFD picture becomes pixels when it is not outlines alone.
const PAGE_DPI: f64 = 600.0;

pub(crate) fn appearance(placement: &Placement) -> Appearance {
    let as_array = |area: &MmBox| [area.x, area.y, area.width, area.height];
    let bounds = &placement.bounds;
    let whole = [0.0, 0.0, bounds.width, bounds.height];
    Appearance {
        page: placement.page,
        seal: as_array(bounds),
        part: placement.clip.as_ref().map_or(whole, as_array),
    }
}

/// The pictures that were unpacked last, the latest in front: one seal is applied to many documents.
///
/// Bytes are compared, not digests of them, as in [`ses::SealCache`].
#[derive(Default)]
pub(crate) struct PictureCache(Mutex<VecDeque<Known>>);

struct Known {
    format: Option<PictureFormat>,
    data: Vec<u8>,
    picture: Arc<Picture>,
}

impl PictureCache {
    /// The picture, its outlines or its pixels. White that a picture without transparency has stays white.
    pub(crate) fn unpack(&self, shown: &Shown<'_>) -> Result<Arc<Picture>, PdfSealError> {
        let (format, data) = match shown {
            Shown::Seal(seal) => {
                let picture = seal.seal().picture();
                if picture.format().is_none() {
                    return refuse("its format is unknown");
                }
                (picture.format(), picture.data)
            }
            Shown::Picture { data, .. } => (None, *data),
        };
        if let Some(picture) = self.find(format, data) {
            return Ok(picture);
        }
        let picture = Arc::new(match format {
            Some(PictureFormat::Svg) => drawing(Outlines::of_svg(data).map_err(PdfSealError::Picture)?),
            Some(PictureFormat::Ofd) => unpack_page(data)?,
            _ => unpack_pixels(data)?,
        });
        if data.len() + picture.size_bytes() <= KEPT_BYTES_MAX {
            let mut known = self.lock();
            known.truncate(KEPT_MAX - 1);
            known.push_front(Known {
                format,
                data: data.to_vec(),
                picture: Arc::clone(&picture),
            });
        }
        Ok(picture)
    }

    fn find(&self, format: Option<PictureFormat>, data: &[u8]) -> Option<Arc<Picture>> {
        let mut known = self.lock();
        let index = known
            .iter()
            .position(|known| known.format == format && known.data == data)?;
        let found = known.remove(index)?;
        let picture = Arc::clone(&found.picture);
        known.push_front(found);
        Some(picture)
    }

    /// Whatever happened to a thread that held the lock, what is known is whole.
    fn lock(&self) -> MutexGuard<'_, VecDeque<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for PictureCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PictureCache")
            .field("pictures", &self.lock().len())
            .finish()
    }
}

fn drawing(outlines: Outlines) -> Picture {
    Picture::Drawing(Drawing {
        size: outlines.size,
        content: outlines.content.into_bytes(),
    })
}

/// The first page of a picture that is an OFD document, with nothing but the fonts that it brings: the seal looks
/// the same wherever it is applied.
fn unpack_page(bytes: &[u8]) -> Result<Picture, PdfSealError> {
    let failed = |error: &dyn ToString| PdfSealError::Picture(error.to_string());
    let package = Package::open(bytes.to_vec(), ofd::Limits::default()).map_err(|error| failed(&error))?;
    let ofd = Ofd::read(&package).map_err(|error| failed(&error))?;
    let Some(body) = ofd.bodies.first() else {
        return refuse("it has no document");
    };
    let document = body.document.as_ref().map_err(|error| failed(error))?;
    let fonts = FontLibrary::default();
    let pages = render::Document::new(&package, document, &fonts, render::Limits::default());
    let scene = pages.scene(1, &View::default()).map_err(|error| failed(&error))?;
    if let Some(warning) = scene.warnings.first() {
        return refuse(warning);
    }
    Outlines::of_scene(&scene)
        .map(drawing)
        .or_else(|_| rastered(&scene))
}

/// What is not outlines alone, as pixels.
fn rastered(scene: &Scene) -> Result<Picture, PdfSealError> {
    let drawn = scene
        .to_clear_pixels(PAGE_DPI)
        .map_err(|error| PdfSealError::Picture(error.to_string()))?;
    Ok(pixels(drawn.width, drawn.height, &drawn.rgba))
}

fn refuse<T>(why: impl ToString) -> Result<T, PdfSealError> {
    Err(PdfSealError::Picture(why.to_string()))
}

fn unpack_pixels(data: &[u8]) -> Result<Picture, PdfSealError> {
    let reader = ImageReader::new(std::io::Cursor::new(data)).with_guessed_format();
    let mut reader = reader.map_err(|error| PdfSealError::Picture(error.to_string()))?;
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(ses::PICTURE_PIXELS_MAX);
    limits.max_image_height = Some(ses::PICTURE_PIXELS_MAX);
    limits.max_alloc = Some(PICTURE_PIXELS_MAX * 8);
    reader.limits(limits);
    let decoded = reader
        .decode()
        .map_err(|error| PdfSealError::Picture(error.to_string()))?
        .into_rgba8();
    let (width, height) = decoded.dimensions();
    if u64::from(width) * u64::from(height) > PICTURE_PIXELS_MAX || width == 0 || height == 0 {
        return refuse("it has too many pixels, or none");
    }
    Ok(pixels(width, height, decoded.as_raw()))
}

/// From red, green, blue, opacity for each pixel.
fn pixels(width: u32, height: u32, rgba: &[u8]) -> Picture {
    let colours = rgba
        .chunks_exact(4)
        .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]);
    let opacity = rgba.chunks_exact(4).map(|pixel| pixel[3]);
    Picture::Pixels {
        width,
        height,
        colours: pdf::deflate(&colours.collect::<Vec<u8>>()),
        opacity: pdf::deflate(&opacity.collect::<Vec<u8>>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(red: u8) -> Vec<u8> {
        let mut bytes = Vec::new();
        let pixels = image::RgbaImage::from_pixel(2, 2, image::Rgba([red, 0, 0, 255]));
        let mut out = std::io::Cursor::new(&mut bytes);
        pixels.write_to(&mut out, image::ImageFormat::Png).unwrap();
        bytes
    }

    fn unpacked(cache: &PictureCache, data: &[u8]) -> Arc<Picture> {
        let shown = Shown::Picture {
            data,
            width_mm: 1.0,
            height_mm: 1.0,
        };
        cache.unpack(&shown).unwrap()
    }

    #[test]
    fn pictures_used_last_are_remembered() {
        let cache = PictureCache::default();
        let first = unpacked(&cache, &png(0));
        for red in 1..KEPT_MAX as u8 {
            let other = unpacked(&cache, &png(red));
            assert!(other != first && Arc::ptr_eq(&first, &unpacked(&cache, &png(0))));
        }
        let second = unpacked(&cache, &png(1));
        for red in 100..100 + KEPT_MAX as u8 - 1 {
            unpacked(&cache, &png(red));
        }
        assert!(Arc::ptr_eq(&second, &unpacked(&cache, &png(1))));
        let anew = unpacked(&cache, &png(0));
        assert!(anew == first && !Arc::ptr_eq(&anew, &first));
    }
}
