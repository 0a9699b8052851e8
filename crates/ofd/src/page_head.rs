//! What a page says about other parts: templates, resource files, its own area. The graphic objects, which are
//! nearly all of a page, are passed over.

use memchr::memmem;
use quick_xml::events::{BytesStart, Event};

use crate::geometry::Box;
use crate::page::{PageArea, TemplateRef};
use crate::walk::Walk;
use crate::{Error, Limits, xml};

/// Names that make a page's remainder worth reading: without them it links to nothing and has no area.
const WANTED: [&[u8]; 3] = [b"PageRes", b"PhysicalBox", b"Template"];

/// `Page` without its content.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PageHead {
    pub(crate) area: Option<PageArea>,
    pub(crate) templates: Vec<TemplateRef>,
    /// `PageRes`, as they stand.
    pub(crate) resources: Vec<String>,
    /// A `Template` whose `TemplateID` is missing or no number.
    pub(crate) bad_template: bool,
    /// `Area` stands more than once.
    pub(crate) areas: u32,
}

impl PageHead {
    /// Reads the head of a `Content.xml`; what follows `Content` is looked at only when it may matter.
    pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        if bytes.len() as u64 <= limits.xml_bytes_max
            && let Some(start) = start_without_links_behind(bytes)
            && let Ok(text) = xml::text(start, limits)
            && let Ok((head, true)) = Self::walk(text, limits)
        {
            return Ok(head);
        }
        Self::walk(xml::text(bytes, limits)?, limits).map(|(head, _)| head)
    }

    /// Walks to the end of the text; whether it ends with the start tag of the page's content.
    fn walk(text: &str, limits: &Limits) -> Result<(Self, bool), Error> {
        let mut walk = Walk::new(text, limits);
        let mut head = Self::default();
        while let Some(start) = walk.next_start()? {
            let name = start.local_name();
            match (walk.depth(), name.as_ref()) {
                (1, "Page") => {}
                (1, found) => {
                    return Err(Error::WrongRoot {
                        found: crate::package::shorten(found),
                        expected: "Page",
                    });
                }
                (2, "Template") => head.template(&start, limits, &walk)?,
                (2, "PageRes") => head.resource(walk.text()?, limits)?,
                (2, "Area") => {
                    head.areas = head.areas.saturating_add(1);
                    head.area = Some(area(&mut walk)?);
                }
                (2, "Content") if walk.position() == text.len() => return Ok((head, true)),
                _ => {}
            }
        }
        Ok((head, false))
    }

    fn template(&mut self, start: &BytesStart<'_>, limits: &Limits, walk: &Walk<'_>) -> Result<(), Error> {
        let [id, order] = walk.attributes(start, ["TemplateID", "ZOrder"])?;
        match id.and_then(|id| id.trim().parse().ok()) {
            Some(template_id) => {
                let foreground = order.is_some_and(|order| order.trim() == "Foreground");
                self.templates.push(TemplateRef {
                    template_id,
                    foreground,
                });
            }
            None => self.bad_template = true,
        }
        within(
            self.templates.len(),
            limits.pages_max,
            "the number of templates of a page",
        )
    }

    fn resource(&mut self, link: String, limits: &Limits) -> Result<(), Error> {
        self.resources.push(link);
        within(
            self.resources.len(),
            limits.pages_max,
            "the number of resource files of a page",
        )
    }
}

/// The page up to the first tag that may be the start of its content, unless a name that is wanted follows.
fn start_without_links_behind(bytes: &[u8]) -> Option<&[u8]> {
    let name = memmem::find(bytes, b"Content")?;
    let end = name + memchr::memchr(b'>', &bytes[name..])? + 1;
    let (start, rest) = bytes.split_at(end);
    WANTED
        .iter()
        .all(|name| memmem::find(rest, name).is_none())
        .then_some(start)
}

fn within(count: usize, max: usize, what: &'static str) -> Result<(), Error> {
    if count > max {
        Err(Error::TooMuch {
            what,
            max: max as u64,
        })
    } else {
        Ok(())
    }
}

/// The boxes of the `Area` that is open, up to its end.
fn area(walk: &mut Walk<'_>) -> Result<PageArea, Error> {
    let inside = walk.depth();
    let mut area = PageArea::default();
    loop {
        match walk.event()? {
            Event::Start(start) if walk.depth() == inside + 1 => {
                let name = start.local_name().as_ref().to_owned();
                let value = Box::parse(&walk.text()?);
                match name.as_str() {
                    "PhysicalBox" => area.physical_box = value,
                    "ApplicationBox" => area.application_box = value,
                    "ContentBox" => area.content_box = value,
                    "BleedBox" => area.bleed_box = value,
                    _ => {}
                }
            }
            Event::End(_) if walk.depth() < inside => return Ok(area),
            Event::Eof => return Err(walk.broken("an element has no end")),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(xml: &str) -> Result<PageHead, Error> {
        PageHead::read(xml.as_bytes(), &Limits::default())
    }

    fn template(template_id: u32) -> TemplateRef {
        TemplateRef {
            template_id,
            foreground: false,
        }
    }

    #[test]
    fn head_in_the_standard_order() {
        let head = read(
            "<o:Page xmlns:o='x'><o:Template TemplateID='7'/><o:PageRes>a&amp;b.xml</o:PageRes>\
             <o:Area><o:PhysicalBox>0 0 210 140</o:PhysicalBox></o:Area><o:Content><o:Layer/></o:Content></o:Page>",
        )
        .unwrap();
        assert_eq!(head.templates, [template(7)]);
        assert_eq!(head.resources, ["a&b.xml"]);
        assert_eq!(
            head.area.unwrap().physical_box,
            Some(Box::new(0.0, 0.0, 210.0, 140.0))
        );
    }

    #[test]
    fn what_follows_the_content_is_seen() {
        let head = read(
            "<Page><Content><Layer><Template TemplateID='1'/></Layer></Content><Template TemplateID='2'/>\
             <PageRes>r.xml</PageRes><Area><PhysicalBox>0 0 1 2</PhysicalBox></Area></Page>",
        )
        .unwrap();
        assert_eq!(head.templates, [template(2)]);
        assert_eq!(head.resources, ["r.xml"]);
        assert!(head.area.is_some());
    }

    #[test]
    fn content_may_be_named_before_it_begins() {
        for before in [
            "<!-- Content> -->",
            "<Actions Content='>'/>",
            "<Content2/>",
            "<A><Content/></A>",
        ] {
            let head = read(&format!(
                "<Page>{before}<Template TemplateID='2'/><Content><Layer/></Content></Page>"
            ));
            assert_eq!(head.unwrap().templates, [template(2)], "{before}");
        }
    }

    #[test]
    fn templates_in_comments_and_text_do_not_count() {
        let head = read(
            "<Page><!-- <Template TemplateID='1'/> --><Content><TextCode>Template<![CDATA[<Template/>]]>\
             </TextCode></Content></Page>",
        )
        .unwrap();
        assert_eq!(head, PageHead::default());
    }

    #[test]
    fn broken_pages() {
        assert_eq!(read("<!DOCTYPE Page><Page/>").unwrap_err().code(), "XML_DTD");
        assert_eq!(read("<Res/>").unwrap_err().code(), "SCHEMA");
        assert_eq!(read("<Page><PageRes>").unwrap_err().code(), "XML_MALFORMED");
        assert_eq!(
            read("<Page><Template TemplateID='1' TemplateID='2'/></Page>")
                .unwrap_err()
                .code(),
            "XML_MALFORMED"
        );
        assert!(read("<Page><Template/></Page>").unwrap().bad_template);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(xml in "(<Page>|</Page>|<Area>|</Area>|<PageRes>|</PageRes>|<Template |<Content>|<!--|-->|'|\"|&|a|/>|>){0,20}") {
            let _ = read(&xml);
        }
    }
}
