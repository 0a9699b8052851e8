//! Pages of PDF files, drawn by hayro.
//!
//! hayro bounds loops but neither memory nor time, and stops in panics on some files: whoever draws files of strangers
//! does it in a process of its own, with limits that the system keeps.

use std::sync::Arc;

use hayro::hayro_interpret::font::{FallbackFontQuery, FontData, FontQuery};
use hayro::hayro_interpret::{InterpreterSettings, InterpreterWarning, RenderContent};
use hayro::hayro_syntax::{LoadPdfError, Pdf, page::Page};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings};

use crate::library::Wanted;
use crate::raster::{Pixels, check_size};
use crate::{Error, FontLibrary, Limits, Warning};

/// Points (1/72 inch) of the longer side of a page (ISO 32000-1 annex C): 5.08 m.
const SIDE_PT_MAX: f32 = 14_400.0;
const PT_PER_INCH: f64 = 72.0;
const MM_PER_INCH: f64 = 25.4;

/// A PDF file whose pages can be drawn.
pub struct PdfDocument {
    pdf: Pdf,
    fonts: Arc<FontLibrary>,
    limits: Limits,
}

/// A page that was drawn, and what could not be.
#[derive(Debug)]
pub struct PdfPicture<T> {
    /// The picture.
    pub picture: T,
    /// As shown, after rotation and cropping.
    pub width_mm: f64,
    /// As shown.
    pub height_mm: f64,
    /// What was drawn otherwise than the document asks.
    pub warnings: Vec<Warning>,
}

impl PdfDocument {
    /// Reads a file; `fonts` stand in for those that it does not hold.
    ///
    /// # Errors
    ///
    /// [`Error::Pdf`] when it is no PDF, or broken beyond repair; [`Error::PdfPassword`] when it opens with a password
    /// only, and not with this one.
    pub fn read(
        bytes: Vec<u8>,
        password: Option<&str>,
        fonts: Arc<FontLibrary>,
        limits: Limits,
    ) -> Result<Self, Error> {
        let pdf = Pdf::new_with_password(Arc::new(bytes), password.unwrap_or_default());
        let pdf = pdf.map_err(|error| match error {
            LoadPdfError::Decryption(_) => Error::PdfPassword,
            LoadPdfError::Invalid => Error::Pdf,
        })?;
        Ok(Self { pdf, fonts, limits })
    }

    /// How many pages there are.
    pub fn page_count(&self) -> usize {
        self.pdf.pages().len()
    }

    /// Draws page `number` (from 1) on white paper, with its annotations or without them; seals of PDF files are
    /// annotations.
    pub fn to_pixels(&self, number: usize, annotations: bool, dpi: f64) -> Result<PdfPicture<Pixels>, Error> {
        let page = self.page(number)?;
        let (width, height) = size_pt(page)?;
        let scale = dpi / PT_PER_INCH;
        let pixels = check_size((width * scale, height * scale), dpi, &self.limits)?;
        // hayro cuts fractions of a pixel off: half a pixel more gives the rounded size.
        let scale = |pixels: u32, points: f64| ((f64::from(pixels) + 0.5) / points) as f32;
        let (settings, warned) = self.settings(annotations);
        let pixmap = hayro::render(
            page,
            &RenderCache::new(),
            &settings,
            &RenderSettings::default(),
            &PixmapSettings {
                x_scale: scale(pixels.0, width),
                y_scale: scale(pixels.1, height),
                bg_color: WHITE,
            },
        );
        let size = (u32::from(pixmap.width()), u32::from(pixmap.height()));
        let pixels = Pixels::opaque(pixmap.data_as_u8_slice(), size, dpi);
        let empty = Error::TooMuch {
            what: "the smallness of the picture in pixels",
            max: 0,
        };
        Ok(picture(pixels.ok_or(empty)?, (width, height), warned))
    }

    /// The same as SVG.
    pub fn to_svg(&self, number: usize, annotations: bool) -> Result<PdfPicture<String>, Error> {
        let page = self.page(number)?;
        let size = size_pt(page)?;
        let (settings, warned) = self.settings(annotations);
        let settings_svg = hayro_svg::SvgRenderSettings { bg_color: [255; 4] };
        let svg = hayro_svg::convert(page, &hayro_svg::RenderCache::new(), &settings, &settings_svg);
        if svg.len() as u64 > self.limits.svg_bytes_max {
            return Err(Error::TooMuch {
                what: "the size of the SVG in bytes",
                max: self.limits.svg_bytes_max,
            });
        }
        Ok(picture(svg, size, warned))
    }

    fn page(&self, number: usize) -> Result<&Page<'_>, Error> {
        let found = number
            .checked_sub(1)
            .and_then(|index| self.pdf.pages().get(index));
        found.ok_or(Error::NoPage {
            wanted: number,
            pages: self.page_count(),
        })
    }

    fn settings(&self, annotations: bool) -> (InterpreterSettings, Warned) {
        let warned = Warned::default();
        let (fonts, seen) = (Arc::clone(&self.fonts), warned.clone());
        let substituted = warned.clone();
        let content = match annotations {
            true => RenderContent::all(),
            false => RenderContent::PAGE,
        };
        let settings = InterpreterSettings {
            font_resolver: Arc::new(move |query| match query {
                FontQuery::Standard(font) => Some(font.get_font_data()),
                FontQuery::Fallback(query) => Some(stand_in(&fonts, query, &substituted)),
            }),
            warning_sink: Arc::new(move |warning| {
                let what = match warning {
                    InterpreterWarning::UnsupportedFont => "a font",
                    InterpreterWarning::ImageDecodeFailure => "an image",
                    InterpreterWarning::UnresolvedAnnotationAppearance => "an annotation",
                    _ => "something",
                };
                seen.add(Warning::NotDrawn { what });
            }),
            render_content: content,
            ..InterpreterSettings::default()
        };
        (settings, warned)
    }
}

/// What was told while drawing, each thing once.
#[derive(Clone, Default)]
struct Warned(Arc<std::sync::Mutex<std::collections::BTreeSet<Warning>>>);

impl Warned {
    fn add(&self, warning: Warning) {
        let mut warnings = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        warnings.insert(warning);
    }

    fn take(&self) -> Vec<Warning> {
        let mut warnings = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        std::mem::take(&mut *warnings).into_iter().collect()
    }
}

/// A font that the file does not hold: of the same name, else a similar one, else one of the 14 of the standard.
fn stand_in(fonts: &FontLibrary, query: &FallbackFontQuery, warned: &Warned) -> (FontData, u32) {
    let name = query.post_script_name.clone().or_else(|| query.font_name.clone());
    let wanted = Wanted {
        name: name.unwrap_or_default(),
        family: query.font_family.clone().unwrap_or_default(),
        bold: query.is_bold,
        italic: query.is_italic,
        serif: query.is_serif,
        fixed: query.is_fixed_pitch,
    };
    let found = fonts.file_for(&wanted);
    if !found.as_ref().is_some_and(|found| found.is_exact) {
        warned.add(Warning::FontSubstituted {
            name: wanted.name,
            used: found.as_ref().map(|found| found.family.clone()),
        });
    }
    match found {
        Some(found) => (found.bytes, found.index),
        None => query.pick_standard_font().get_font_data(),
    }
}

/// Width and height as shown, in points.
fn size_pt(page: &Page<'_>) -> Result<(f64, f64), Error> {
    let (width, height) = page.render_dimensions();
    for side in [width, height] {
        if side.is_nan() || side <= 0.0 {
            return Err(Error::NoSize);
        }
        if side > SIDE_PT_MAX {
            return Err(Error::TooMuch {
                what: "the width or height of the page in points",
                max: SIDE_PT_MAX as u64,
            });
        }
    }
    Ok((f64::from(width), f64::from(height)))
}

fn picture<T>(picture: T, (width, height): (f64, f64), warned: Warned) -> PdfPicture<T> {
    let mm = |points: f64| points / PT_PER_INCH * MM_PER_INCH;
    PdfPicture {
        picture,
        width_mm: mm(width),
        height_mm: mm(height),
        warnings: warned.take(),
    }
}
