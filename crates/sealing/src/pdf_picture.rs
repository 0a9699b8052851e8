//! Where a seal appears on a page, and its picture as PDF takes it.

use image::ImageReader;
use ofd::geometry::Box as MmBox;
use pdf::{Appearance, Picture};
use ses::PictureFormat;

use crate::pdf_refusal::PdfSealError;
use crate::pdf_seal::Shown;
use crate::pdf_svg::draw;
use crate::position::Placement;

/// Largest picture that is unpacked, in pixels.
const PICTURE_PIXELS_MAX: u64 = 40_000_000;

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
                    let drawing = draw(picture.data).map_err(PdfSealError::Picture)?;
                    return Ok(Picture::Drawing(drawing));
                }
                Some(PictureFormat::Ofd) => {
                    return refuse(
                        "OFD pictures are not drawn in PDF; use a seal with an SVG or PNG picture",
                    );
                }
                Some(_) => picture.data,
                None => return refuse("its format is unknown"),
            }
        }
        Shown::Picture { data, .. } => data,
    };
    unpack_pixels(data)
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
    let pixels = reader
        .decode()
        .map_err(|error| PdfSealError::Picture(error.to_string()))?
        .into_rgba8();
    let (width, height) = pixels.dimensions();
    if u64::from(width) * u64::from(height) > PICTURE_PIXELS_MAX || width == 0 || height == 0 {
        return refuse("it has too many pixels, or none");
    }
    let colours: Vec<u8> = pixels
        .pixels()
        .flat_map(|pixel| [pixel.0[0], pixel.0[1], pixel.0[2]])
        .collect();
    let opacity: Vec<u8> = pixels.pixels().map(|pixel| pixel.0[3]).collect();
    Ok(Picture::Pixels {
        width,
        height,
        colours: pdf::deflate(&colours),
        opacity: pdf::deflate(&opacity),
    })
}
