//! Where a seal appears on a page, and its picture as PDF takes it.

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

/// The picture, its outlines or its pixels. White that a picture without transparency has stays white.
pub(crate) fn unpack(shown: &Shown<'_>) -> Result<Picture, PdfSealError> {
    let data = match shown {
        Shown::Seal(seal) => {
            let picture = seal.seal().picture();
            match picture.format() {
                Some(PictureFormat::Svg) => {
                    let outlines = Outlines::of_svg(picture.data).map_err(PdfSealError::Picture)?;
                    return Ok(drawing(outlines));
                }
                Some(PictureFormat::Ofd) => return unpack_page(picture.data),
                Some(_) => picture.data,
                None => return refuse("its format is unknown"),
            }
        }
        Shown::Picture { data, .. } => data,
    };
    unpack_pixels(data)
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
