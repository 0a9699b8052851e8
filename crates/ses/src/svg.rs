//! Whether an SVG picture would run code or fetch something when shown.
//!
//! A seal picture needs shapes, fills and text. Whatever could do more is named here, so that nobody has to open
//! it to find out.

use std::fmt;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// The first thing in an SVG that is more than a drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActiveContent {
    /// A document type declaration: it can define entities and name external files.
    Dtd,
    /// An element that scripts, animates, embeds or links.
    Element(String),
    /// An attribute that runs code (`onload`), or changes what references mean (`xml:base`).
    Attribute(String),
    /// A reference to something outside the picture.
    Reference(String),
    /// A processing instruction, such as a style sheet.
    Instruction(String),
    /// XML that cannot be read to the end, so that nobody can say what it does.
    Unreadable,
}

impl fmt::Display for ActiveContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dtd => f.write_str("a document type declaration"),
            Self::Element(name) => write!(f, "an element <{name}>"),
            Self::Attribute(name) => write!(f, "an attribute {name}"),
            Self::Reference(target) => write!(f, "a reference to {target:?}"),
            Self::Instruction(name) => write!(f, "a processing instruction {name:?}"),
            Self::Unreadable => f.write_str("damaged XML"),
        }
    }
}

/// Whether the first element of `data` is `svg`, after anything that may stand before it.
pub(crate) fn is_svg(data: &[u8]) -> bool {
    let start = data
        .strip_prefix(BYTE_ORDER_MARK)
        .unwrap_or(data)
        .trim_ascii_start();
    if !start.starts_with(b"<") {
        return false;
    }
    let Ok(text) = std::str::from_utf8(start) else {
        return false;
    };
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(element) | Event::Empty(element)) => {
                return element.local_name().as_ref() == "svg";
            }
            Ok(Event::Eof) | Err(_) => return false,
            Ok(_) => {}
        }
    }
}

/// The first active content of an SVG.
pub(crate) fn active_content(data: &[u8]) -> Option<ActiveContent> {
    let data = data.strip_prefix(BYTE_ORDER_MARK).unwrap_or(data);
    let Ok(text) = std::str::from_utf8(data) else {
        return Some(ActiveContent::Unreadable);
    };
    let mut reader = Reader::from_str(text);
    let mut style_depth = 0usize;
    loop {
        let Ok(event) = reader.read_event() else {
            return Some(ActiveContent::Unreadable);
        };
        let found = match event {
            Event::Start(element) => {
                let is_style = element.local_name().as_ref() == "style";
                style_depth += usize::from(is_style || style_depth > 0);
                active_element(&element)
            }
            Event::Empty(element) => active_element(&element),
            Event::End(_) => {
                style_depth = style_depth.saturating_sub(1);
                None
            }
            Event::Text(text) if style_depth > 0 => active_style(&text),
            Event::CData(text) if style_depth > 0 => active_style(&text),
            // A character reference could hide a keyword from the search below.
            Event::GeneralRef(name) if style_depth > 0 => Some(ActiveContent::Reference(excerpt(&name))),
            Event::DocType(_) => Some(ActiveContent::Dtd),
            Event::PI(instruction) => Some(ActiveContent::Instruction(excerpt(instruction.target()))),
            Event::Eof => return None,
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// In lower case: HTML readers do not care for case.
const ACTIVE_ELEMENTS: [&str; 20] = [
    "animate",
    "animatecolor",
    "animatemotion",
    "animatetransform",
    "audio",
    "discard",
    "embed",
    "foreignobject",
    "frame",
    "handler",
    "html",
    "iframe",
    "link",
    "listener",
    "meta",
    "object",
    "script",
    "set",
    "template",
    "video",
];

fn active_element(element: &BytesStart<'_>) -> Option<ActiveContent> {
    let name = element.local_name().as_ref().to_ascii_lowercase();
    if ACTIVE_ELEMENTS.contains(&name.as_str()) {
        return Some(ActiveContent::Element(name));
    }
    let mut attributes = element.attributes();
    // The check for duplicates compares every pair; all of them are looked at below anyway.
    attributes.with_checks(false);
    attributes.find_map(|attribute| {
        let Ok(attribute) = attribute else {
            return Some(ActiveContent::Unreadable);
        };
        let Ok(value) = attribute.normalized_value(XmlVersion::Implicit1_0) else {
            return Some(ActiveContent::Unreadable);
        };
        active_attribute(
            attribute.key.as_ref(),
            attribute.key.local_name().as_ref(),
            &value,
        )
    })
}

fn active_attribute(qualified: &str, local: &str, value: &str) -> Option<ActiveContent> {
    let name = local.to_ascii_lowercase();
    if name.starts_with("on") || qualified == "xml:base" {
        return Some(ActiveContent::Attribute(excerpt(qualified)));
    }
    if qualified == "xmlns" || qualified.starts_with("xmlns:") {
        let is_html = value.trim().eq_ignore_ascii_case("http://www.w3.org/1999/xhtml");
        return is_html.then(|| ActiveContent::Reference(excerpt(value)));
    }
    match name.as_str() {
        "href" | "src" | "data" | "action" | "formaction" | "srcset" | "poster" => {
            (!is_inside(value)).then(|| ActiveContent::Reference(excerpt(value)))
        }
        "style" => active_style(value),
        _ => outside_reference(value),
    }
}

/// Style sheets and style attributes: escapes hide keywords, imports fetch.
fn active_style(style: &str) -> Option<ActiveContent> {
    let lower = style.to_ascii_lowercase();
    let is_active = [
        "\\",
        "@import",
        "@namespace",
        "expression(",
        "-moz-binding",
        "behavior",
        "image-set(",
        "src(",
    ]
    .iter()
    .any(|keyword| lower.contains(keyword));
    if is_active {
        Some(ActiveContent::Reference(excerpt(style)))
    } else {
        outside_reference(style)
    }
}

/// `url(…)` to anything but a part of the picture, and script addresses.
fn outside_reference(value: &str) -> Option<ActiveContent> {
    let lower = value.to_ascii_lowercase();
    let targets = lower.split("url(").skip(1);
    let mut outside = targets.filter(|target| {
        let target = target.trim_start().trim_start_matches(['"', '\'']);
        !is_inside(target)
    });
    let is_outside = outside.next().is_some() || lower.contains("javascript:");
    is_outside.then(|| ActiveContent::Reference(excerpt(value)))
}

/// Whether a reference stays inside the picture: a fragment, or an embedded bitmap.
fn is_inside(target: &str) -> bool {
    let target = target.trim().to_ascii_lowercase();
    let bitmaps = [
        "data:image/png;",
        "data:image/jpeg;",
        "data:image/jpg;",
        "data:image/gif;",
        "data:image/bmp;",
    ];
    target.starts_with('#') || bitmaps.iter().any(|prefix| target.starts_with(prefix))
}

fn excerpt(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use proptest::strategy::Strategy as _;

    use super::*;

    fn svg(inside: &str) -> Vec<u8> {
        format!("<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'>{inside}</svg>")
            .into_bytes()
    }

    #[test]
    fn drawings_are_quiet() {
        let embedded = format!("<image href='data:image/png;base64,{}'/>", "A".repeat(300));
        for inside in [
            "",
            "<!-- url(http://x) --><g fill='red'><circle r='20'/><text x='1'>印 url(http://x)</text></g>",
            "<defs><linearGradient id='a'><stop offset='0'/></linearGradient></defs><rect fill='url(#a)'/>",
            "<rect fill='url( &quot;#a&quot; )' style='stroke:url(#b);fill:none'/><use xlink:href='#r'/>",
            "<style>.a{fill:#f00} <![CDATA[ .b > .c { clip-path: url(#d) } ]]></style>",
            "<path d='M0 0' inkscape:label='C:\\x'/>",
            &embedded,
        ] {
            let picture = svg(inside);
            assert!(is_svg(&picture));
            assert_eq!(active_content(&picture), None, "{inside}");
        }
        let with_prolog = [b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x -->", &svg("")[..]].concat();
        assert!(is_svg(&with_prolog));
        assert_eq!(active_content(&with_prolog), None);
    }

    #[test]
    fn everything_active_is_found() {
        for inside in [
            "<script>fetch('http://127.0.0.1/')</script>",
            "<s:script xmlns:s='http://www.w3.org/2000/svg'/>",
            "<SCRIPT/>",
            "<g onload='alert(1)'/>",
            "<g ONCLICK=''/>",
            "<image xlink:href='file:///etc/passwd'/>",
            "<image href='&#104;ttp://x/'/>",
            "<image href=' //x'/>",
            "<image href='data:image/svg+xml;base64,AAAA'/>",
            "<use href='other.svg#a'/>",
            "<a href='javascript:1'><rect/></a>",
            "<rect fill='url(http://x/a.svg#b)'/>",
            "<rect fill='&#117;rl(x)'/>",
            "<rect style='fill:url(\"x\")'/>",
            "<rect style='fill:\\75 rl(x)'/>",
            "<style>@import 'x.css';</style>",
            "<style>@imp&#111;rt 'x.css';</style>",
            "<style><![CDATA[ a{b:URL(x)} ]]></style>",
            "<foreignObject><p/></foreignObject>",
            "<set attributeName='href' to='x'/>",
            "<animate attributeName='href'/>",
            "<g xml:base='http://x/'/>",
            "<g xmlns:h='http://www.w3.org/1999/xhtml'/>",
            "<?xml-stylesheet href='x.css'?>",
            "<g attribute='&unknown;'/>",
            "<g></h>",
            "<g a=b/>",
        ] {
            assert!(active_content(&svg(inside)).is_some(), "{inside}");
        }
        let dtd = b"<!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><svg>&x;</svg>";
        assert!(is_svg(dtd));
        assert_eq!(active_content(dtd), Some(ActiveContent::Dtd));
        assert_eq!(
            active_content(b"<svg>\xff</svg>"),
            Some(ActiveContent::Unreadable)
        );
    }

    #[test]
    fn other_xml_and_other_encodings_are_no_svg() {
        assert!(!is_svg(b"<html><svg/></html>"));
        assert!(!is_svg(b"svg"));
        assert!(!is_svg(b"<"));
        assert!(!is_svg(b"\xff\xfe<\0s\0v\0g\0>\0"));
    }

    #[test]
    fn a_million_attributes_take_no_long_time() {
        let attributes: String = (0..200_000).map(|i| format!(" a{i}='1'")).collect();
        assert_eq!(active_content(&svg(&format!("<g{attributes}/>"))), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_judged_without_panic(
            parts in proptest::collection::vec(
                proptest::prop_oneof![
                    proptest::sample::select(vec![
                        "<", ">", "/", "svg", "<svg>", "<style>", "</style>", "<!--", "-->", "<![CDATA[", "]]>",
                        "<?", "?>", "<!DOCTYPE", "&", "&#x", ";", "='", "\"", "url(", "href=", "#", "\u{0}", "印",
                    ]).prop_map(str::to_owned),
                    ".{0,6}",
                ],
                0..40,
            )
        ) {
            let text = parts.concat();
            let _ = (is_svg(text.as_bytes()), active_content(text.as_bytes()));
        }

        #[test]
        fn any_bytes_are_judged_without_panic(bytes in proptest::collection::vec(0u8.., 0..200)) {
            let _ = (is_svg(&bytes), active_content(&bytes));
        }
    }
}
