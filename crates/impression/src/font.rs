//! Outlines of characters from a font file; a character that the font lacks is an error, never an empty box.

use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::raw::FileRef;
use skrifa::string::StringId;
use skrifa::{FontRef, GlyphId, MetadataProvider};

use crate::error::Error;
use crate::geometry::{Affine, Bounds, Outline, Segment};

/// Largest font file that is read, in bytes. Noto Serif CJK takes 27 MB.
pub const FONT_BYTES_MAX: usize = 128 << 20;

/// The family that is looked for in collections when none is named: the free Song face that `script/setup` installs.
pub const FAMILY: &str = "Noto Serif CJK SC";

/// One face of a font file.
#[derive(Clone)]
pub struct Font {
    bytes: std::sync::Arc<[u8]>,
    index: u32,
    family: String,
}

impl std::fmt::Debug for Font {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Font({:?}, face {})", self.family, self.index)
    }
}

/// A character's outline with an em of 1, y downwards, the origin at the left of its baseline.
#[derive(Clone, Debug)]
pub(crate) struct Glyph {
    pub(crate) outline: Outline,
    /// Of the ink, not of the advance.
    pub(crate) ink: Bounds,
}

impl Font {
    /// Reads a TrueType or OpenType file, or a collection of them.
    ///
    /// `family` chooses the face of a collection by its family name; without it, [`FAMILY`] or else the first.
    ///
    /// # Errors
    ///
    /// The bytes are no font, too many, or have no such face.
    pub fn read(bytes: Vec<u8>, family: Option<&str>) -> Result<Self, Error> {
        if bytes.len() > FONT_BYTES_MAX {
            return Err(Error::FontUnreadable {
                detail: format!("{} bytes are more than {FONT_BYTES_MAX}", bytes.len()),
            });
        }
        let file = FileRef::new(&bytes).map_err(|error| Error::FontUnreadable {
            detail: error.to_string(),
        })?;
        let faces: Vec<(u32, String)> = file
            .fonts()
            .flatten()
            .zip(0..)
            .map(|(face, index)| (index, name(&face)))
            .collect();
        let wanted = family.unwrap_or(FAMILY);
        let found = faces.iter().find(|(_, name)| name.eq_ignore_ascii_case(wanted));
        let found = found.or_else(|| faces.first().filter(|_| family.is_none()));
        let Some((index, family)) = found.cloned() else {
            return Err(Error::FaceMissing {
                family: wanted.into(),
                has: faces
                    .into_iter()
                    .map(|(_, name)| name)
                    .collect::<Vec<_>>()
                    .join(", "),
            });
        };
        Ok(Self {
            bytes: bytes.into(),
            index,
            family,
        })
    }

    /// The family name of the face.
    pub fn family(&self) -> &str {
        &self.family
    }

    fn face(&self) -> Result<FontRef<'_>, Error> {
        FontRef::from_index(&self.bytes, self.index).map_err(|error| Error::FontUnreadable {
            detail: error.to_string(),
        })
    }

    /// The outline of a character; for a space, no contours and an ink box of half an em.
    pub(crate) fn glyph(&self, character: char) -> Result<Glyph, Error> {
        let missing = || Error::GlyphMissing {
            character,
            font: self.family.clone(),
        };
        if character.is_whitespace() {
            return Ok(Glyph {
                outline: Outline::default(),
                ink: Bounds {
                    min: (0.0, -0.8),
                    max: (0.4, 0.1),
                },
            });
        }
        let face = self.face()?;
        let id = face.charmap().map(character);
        let id = id.filter(|id| *id != GlyphId::NOTDEF).ok_or_else(missing)?;
        let glyph = face.outline_glyphs().get(id).ok_or_else(missing)?;
        let mut pen = Pen::default();
        let settings = DrawSettings::unhinted(Size::unscaled(), LocationRef::default());
        glyph
            .draw(settings, &mut pen)
            .map_err(|error| Error::FontUnreadable {
                detail: format!("the outline of {character:?}: {error}"),
            })?;
        let units = face
            .metrics(Size::unscaled(), LocationRef::default())
            .units_per_em;
        let scale = 1.0 / f64::from(units.max(1));
        let outline = Outline(pen.0).mapped(&Affine::placed(scale, -scale, 0.0, (0.0, 0.0)));
        let ink = outline.bounds();
        // A mapped character without ink is as bad as a missing one: nobody would see that it is not there.
        let ink = ink.filter(|ink| ink.width() > 0.0 && ink.height() > 0.0);
        Ok(Glyph {
            ink: ink.ok_or_else(missing)?,
            outline,
        })
    }
}

fn name(face: &FontRef<'_>) -> String {
    let typographic = face.localized_strings(StringId::TYPOGRAPHIC_FAMILY_NAME);
    let family = face.localized_strings(StringId::FAMILY_NAME);
    let name = typographic
        .english_or_first()
        .or_else(|| family.english_or_first());
    name.map(|name| name.chars().take(100).collect())
        .unwrap_or_default()
}

#[derive(Default)]
struct Pen(Vec<Segment>);

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.push(Segment::Move((x.into(), y.into())));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.push(Segment::Line((x.into(), y.into())));
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.0
            .push(Segment::Quad((cx.into(), cy.into()), (x.into(), y.into())));
    }

    fn curve_to(&mut self, cx: f32, cy: f32, dx: f32, dy: f32, x: f32, y: f32) {
        let (first, second) = ((cx.into(), cy.into()), (dx.into(), dy.into()));
        self.0.push(Segment::Cubic(first, second, (x.into(), y.into())));
    }

    fn close(&mut self) {
        self.0.push(Segment::Close);
    }
}
