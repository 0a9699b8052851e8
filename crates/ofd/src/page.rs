//! What stands on a page: `Content.xml` of pages and templates (GB/T 33190-2016 7.7, 8, 10, 11).
//!
//! [`PageContent::read`] streams the XML once and keeps what the questions of this crate need: is anything to be
//! seen, where does which character stand, which resources are used. It draws nothing.

mod glyphs;
mod read;

pub use glyphs::{Deltas, Glyph, GlyphLayout, natural_width};

use crate::geometry::{Box, Ctm};
use crate::{Error, Limits};

/// Paths, images, composites and templates of one page.
pub const PAGE_GRAPHICS_MAX: u64 = 250_000;
/// Text objects and text codes of one page together.
pub const PAGE_TEXTS_MAX: u64 = 200_000;
/// Characters of one page.
pub const PAGE_CHARACTERS_MAX: u64 = 500_000;

/// `Page`: the content of a page, or of a template page.
///
/// ```xml
/// <ofd:Page>
///   <ofd:Template TemplateID="7" ZOrder="Background"/>
///   <ofd:PageRes>PageRes.xml</ofd:PageRes>
///   <ofd:Area><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:Area>
///   <ofd:Content><ofd:Layer ID="2" Type="Body"> … </ofd:Layer></ofd:Content>
/// </ofd:Page>
/// ```
///
/// Objects of all layers and of all their page blocks stand in document order: neither moves or hides them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageContent {
    /// The page's own area; without one the document's area holds.
    pub area: Option<PageArea>,
    /// Templates that are drawn with the page.
    pub templates: Vec<TemplateRef>,
    /// `PageRes`: links to resource files of this page, as they stand.
    pub resources: Vec<String>,
    /// Text.
    pub texts: Vec<TextObject>,
    /// Everything else that is drawn.
    pub graphics: Vec<GraphicObject>,
}

/// `CT_PageArea`, in mm. A box that cannot be read is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PageArea {
    /// The sheet; the standard demands it.
    pub physical_box: Option<Box>,
    /// What a reader shows.
    pub application_box: Option<Box>,
    /// Where the text stands.
    pub content_box: Option<Box>,
    /// The sheet before it is cut.
    pub bleed_box: Option<Box>,
}

/// `Template` of a page: the template page with this ID is drawn too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemplateRef {
    /// ID of a `TemplatePage` of the document.
    pub template_id: u32,
    /// `ZOrder="Foreground"`: drawn after the page, not before it.
    pub foreground: bool,
}

/// `TextObject` (`CT_Text`): characters with their places.
///
/// ```xml
/// <ofd:TextObject ID="3" Boundary="20 20 170 10" Font="10" Size="5.6444">
///   <ofd:FillColor Value="0 0 0"/>
///   <ofd:CGTransform CodePosition="0" CodeCount="4" GlyphCount="4"><ofd:Glyphs>1 2 3 4</ofd:Glyphs></ofd:CGTransform>
///   <ofd:TextCode X="0" Y="5" DeltaX="g 3 5.6444">电子证照</ofd:TextCode>
/// </ofd:TextObject>
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TextObject {
    /// `None` where it is missing or no number; so with every field of this kind.
    pub id: Option<u32>,
    /// Place on the page; outside it nothing is drawn.
    pub boundary: Option<Box>,
    /// From the object's space to the boundary's.
    pub ctm: Ctm,
    /// ID of a font resource.
    pub font: Option<u32>,
    /// Font size in mm; 0 where it is missing.
    pub size: f64,
    /// Width of the glyphs relative to the font's; 1 where it is missing.
    pub h_scale: f64,
    /// Turn of each glyph about its origin, clockwise, in quarters (0 to 3).
    pub char_quarters: u8,
    /// Drawn at all: not `Visible="false"`, not fully transparent, filled or stroked, of a size above 0.
    pub visible: bool,
    /// Drawn in white only.
    pub white: bool,
    /// Glyphs of the font are named directly (`CGTransform`), so the characters need not be what is seen.
    pub has_glyph_transform: bool,
    /// The characters.
    pub codes: Vec<TextCode>,
}

/// `TextCode`: a row of characters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextCode {
    /// The characters.
    pub text: String,
    /// Origin of the first glyph in the object's space, in mm; `None` means as in the code before.
    pub x: Option<f64>,
    /// The same downwards, to the base line.
    pub y: Option<f64>,
    /// Steps to the right from glyph to glyph, as they stand: numbers and "g count value".
    pub delta_x: String,
    /// Steps downwards.
    pub delta_y: String,
}

/// `PathObject`, `ImageObject` or `CompositeObject`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GraphicObject {
    /// Which of them.
    pub kind: GraphicKind,
    /// `None` where it is missing or no number.
    pub id: Option<u32>,
    /// Place on the page; outside it nothing is drawn.
    pub boundary: Option<Box>,
    /// ID of the image or of the composite graphic unit.
    pub resource_id: Option<u32>,
    /// Drawn at all: not `Visible="false"`, not fully transparent; a path has lines and is filled or stroked.
    pub visible: bool,
    /// A path in white only.
    pub white: bool,
}

/// The kinds of [`GraphicObject`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphicKind {
    /// `PathObject` (`CT_Path`).
    Path,
    /// `ImageObject` (`CT_Image`).
    Image,
    /// `CompositeObject` (`CT_Composite`).
    Composite,
}

impl PageContent {
    /// Reads a `Content.xml`.
    ///
    /// Names are compared without their namespace, unknown elements are passed over, unreadable attributes count
    /// as missing. Fails when the XML is broken, has a document type declaration, is no `Page`, or is above a
    /// limit: the XML limits of `limits`, [`PAGE_GRAPHICS_MAX`], [`PAGE_TEXTS_MAX`], [`PAGE_CHARACTERS_MAX`].
    pub fn read(xml: &[u8], limits: &Limits) -> Result<Self, Error> {
        read::read(xml, limits)
    }

    /// Nothing is to be seen on the page.
    ///
    /// `templates` are the contents of the templates that the page refers to, and of those that they refer to;
    /// `page_box` is the document's page size, which the page's own area overrides; a page of no size may show
    /// anything. What does not count: white space, white paint, what is hidden,
    /// transparent or beside the page. What counts although nobody looked into it: images and composites, and
    /// paint that a `DrawParam` or a pattern makes white. Annotations and stamps are no content.
    pub fn is_blank(&self, page_box: Option<&Box>, templates: &[&Self]) -> bool {
        let own = self.area.and_then(|area| area.physical_box);
        let page_box = own.as_ref().or(page_box).filter(|page| page.has_area());
        !self.shows_anything(page_box) && !templates.iter().any(|template| template.shows_anything(page_box))
    }

    fn shows_anything(&self, page_box: Option<&Box>) -> bool {
        self.graphics.iter().any(|graphic| {
            graphic.visible && !graphic.white && may_touch(page_box, graphic.boundary.as_ref())
        }) || self.texts.iter().any(|text| {
            text.visible
                && !text.white
                && text
                    .codes
                    .iter()
                    .any(|code| text.has_glyph_transform || code.text.chars().any(leaves_ink))
                && may_touch(page_box, text.boundary.as_ref())
        })
    }
}

/// The character is more than white space, a control or a zero-width sign.
pub(crate) fn leaves_ink(character: char) -> bool {
    !character.is_whitespace()
        && !character.is_control()
        && !matches!(
            character,
            '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}'
        )
}

/// The object is not known to lie beside the page. Edges count: the boundary of a line has no width.
fn may_touch(page_box: Option<&Box>, boundary: Option<&Box>) -> bool {
    let (Some(page), Some(object)) = (page_box, boundary) else {
        return true;
    };
    let (left, right) = (object.x.min(object.right()), object.x.max(object.right()));
    let (top, bottom) = (object.y.min(object.bottom()), object.y.max(object.bottom()));
    left <= page.right() && page.x <= right && top <= page.bottom() && page.y <= bottom
}

#[cfg(test)]
mod tests;
