//! Hand-written pages, the odd ones above all.

use super::*;
use crate::geometry::Point;
use proptest::prelude::*;

fn read(content: &str) -> PageContent {
    let xml = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<ofd:Page xmlns:ofd="http://www.ofdspec.org/2016"><ofd:Area><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:Area>
<ofd:Content><ofd:Layer ID="2" Type="Body">{content}</ofd:Layer></ofd:Content></ofd:Page>"#
    );
    PageContent::read(xml.as_bytes(), &Limits::default()).unwrap()
}

fn read_error(xml: &[u8]) -> Error {
    PageContent::read(xml, &Limits::default()).unwrap_err()
}

#[test]
fn page_of_the_standard() {
    let page = read(
        r#"<ofd:TextObject ID="3" Boundary="20 20 170 10" Font="10" Size="5.6444">
 <ofd:TextCode X="0" Y="5" DeltaX="g 3 5.6444">电子证照</ofd:TextCode></ofd:TextObject>
<ofd:ImageObject ID="4" Boundary="20 40 40 40" CTM="40 0 0 40 0 0" ResourceID="11"/>
<ofd:PageBlock ID="6"><ofd:PathObject ID="5" Boundary="0 0 210 297" LineWidth="0.35"><ofd:AbbreviatedData>M 20 90 L 190 90</ofd:AbbreviatedData></ofd:PathObject></ofd:PageBlock>
<ofd:CompositeObject ID="7" Boundary="1 1 2 2" ResourceID="12"/>"#,
    );
    assert_eq!(
        page.area.unwrap().physical_box,
        Some(Box::new(0.0, 0.0, 210.0, 297.0))
    );
    let text = &page.texts[0];
    assert_eq!(
        (text.id, text.font, text.size, text.visible),
        (Some(3), Some(10), 5.6444, true)
    );
    assert_eq!(text.codes[0].text, "电子证照");
    let last = text.glyphs().last().unwrap();
    assert!((last.origin.x - (20.0 + 3.0 * 5.6444)).abs() < 1e-9 && last.origin.y == 25.0);
    let kinds: Vec<_> = page
        .graphics
        .iter()
        .map(|graphic| (graphic.kind, graphic.resource_id))
        .collect();
    assert_eq!(
        kinds,
        [
            (GraphicKind::Image, Some(11)),
            (GraphicKind::Path, None),
            (GraphicKind::Composite, Some(12))
        ]
    );
    assert!(
        page.graphics
            .iter()
            .all(|graphic| graphic.visible && !graphic.white)
    );
}

#[test]
fn names_need_no_namespace_and_children_no_order() {
    let xml = b"\xEF\xBB\xBF<Page><Content><Layer><TextObject Size='3' Boundary='1 1 1 1'><TextCode X='0' Y='0'>a</TextCode></TextObject></Layer></Content>\
        <Area><PhysicalBox> 0 0\n10 10 </PhysicalBox><Other><PhysicalBox>9</PhysicalBox></Other></Area>\
        <PageRes> Res.xml </PageRes><Template TemplateID='7' ZOrder='Foreground'/><Template TemplateID='x'/></Page>";
    let page = PageContent::read(xml, &Limits::default()).unwrap();
    assert_eq!(
        page.area.unwrap().physical_box,
        Some(Box::new(0.0, 0.0, 10.0, 10.0))
    );
    assert_eq!(page.texts.len(), 1);
    assert_eq!(page.resources, ["Res.xml"]);
    assert_eq!(
        page.templates,
        [TemplateRef {
            template_id: 7,
            foreground: true
        }]
    );
}

#[test]
fn objects_of_clips_and_patterns_are_no_content() {
    let page = read(
        r#"<ofd:PathObject Boundary="0 0 1 1"><ofd:Clips><ofd:Clip><ofd:Area><ofd:Text Size="1"><ofd:TextCode>a</ofd:TextCode></ofd:Text></ofd:Area></ofd:Clip></ofd:Clips>
        <ofd:FillColor><ofd:Pattern><ofd:CellContent><ofd:TextObject Size="1" Boundary="0 0 1 1"><ofd:TextCode>a</ofd:TextCode></ofd:TextObject></ofd:CellContent></ofd:Pattern></ofd:FillColor>
        </ofd:PathObject>"#,
    );
    assert_eq!((page.texts.len(), page.graphics.len()), (0, 1));
}

#[test]
fn text_has_references_and_character_data() {
    let page = read(
        r#"<ofd:TextObject Size="1" Boundary="0 0 9 9"><ofd:TextCode X="&#49;" Y="2"> a&amp;&#x4E2D;<![CDATA[<b>]]><!-- no --> </ofd:TextCode></ofd:TextObject>"#,
    );
    assert_eq!(page.texts[0].codes[0].text, " a&中<b> ");
    assert_eq!(page.texts[0].codes[0].x, Some(1.0));
}

#[test]
fn missing_and_unreadable_attributes_take_their_defaults() {
    let page = read(
        r#"<ofd:TextObject Boundary="1 2 3" CTM="1 2" Font="F" Size="NaN" HScale="1e308" Visible="maybe" Alpha=""><ofd:TextCode X="1e308" DeltaX="NaN"/></ofd:TextObject>"#,
    );
    let text = &page.texts[0];
    assert_eq!(
        (text.id, text.boundary, text.font, text.size, text.h_scale),
        (None, None, None, 0.0, 1.0)
    );
    assert_eq!(
        (text.ctm, text.visible, text.codes[0].x),
        (Ctm::IDENTITY, false, None)
    );
    assert_eq!(text.to_page(Point { x: 1.0, y: 2.0 }), Point { x: 1.0, y: 2.0 });
}

#[test]
fn nested_page_blocks_are_limited() {
    let depth = 200_000;
    let mut xml = b"<Page><Content><Layer>".to_vec();
    xml.extend(b"<PageBlock>".repeat(depth));
    xml.extend(b"</PageBlock>".repeat(depth));
    xml.extend(b"</Layer></Content></Page>");
    assert!(matches!(
        read_error(&xml),
        Error::TooMuch {
            what: "the nesting of page blocks",
            ..
        }
    ));
}

#[test]
fn unknown_elements_may_be_as_deep_as_they_like() {
    let depth = 200_000;
    let mut xml = b"<Page><Content><Layer>".to_vec();
    xml.extend(b"<X>".repeat(depth));
    xml.extend(b"</X>".repeat(depth));
    xml.extend(b"<TextObject/></Layer></Content></Page>");
    assert_eq!(
        PageContent::read(&xml, &Limits::default()).unwrap().texts.len(),
        1
    );
}

#[test]
fn objects_and_characters_are_limited() {
    let check = |start: &str, repeated: &str, end: &str, max: u64| {
        let page = |count: u64| {
            format!(
                "<Page><Content>{start}{}{end}</Content></Page>",
                repeated.repeat(count as usize)
            )
        };
        assert!(
            PageContent::read(page(max).as_bytes(), &Limits::default()).is_ok(),
            "{repeated}"
        );
        let error = read_error(page(max + 1).as_bytes());
        assert!(
            matches!(error, Error::TooMuch { max: named, .. } if named == max),
            "{error}"
        );
    };
    check("", "<PathObject/>", "", PAGE_GRAPHICS_MAX);
    check("", "<TextObject/>", "", PAGE_TEXTS_MAX);
    check(
        "<TextObject><TextCode>",
        "a",
        "</TextCode></TextObject>",
        PAGE_CHARACTERS_MAX,
    );

    let limits = Limits {
        xml_bytes_max: 10,
        ..Limits::default()
    };
    let error = PageContent::read(b"<Page></Page>", &limits).unwrap_err();
    assert!(matches!(error, Error::TooMuch { max: 10, .. }));
}

#[test]
fn broken_parts_are_named() {
    assert!(matches!(read_error(b""), Error::BadXml { .. }));
    assert!(matches!(read_error(b"<Page><Content>"), Error::BadXml { .. }));
    assert!(matches!(
        read_error(b"<Page></Content></Page>"),
        Error::BadXml { .. }
    ));
    assert!(matches!(
        read_error(b"<Page><PageRes>&x;</PageRes></Page>"),
        Error::BadXml { .. }
    ));
    assert!(matches!(
        read_error(b"<Document/>"),
        Error::WrongRoot { expected: "Page", .. }
    ));
    assert!(matches!(
        read_error(b"<Page>\xFF</Page>"),
        Error::NotUtf8 { offset: 6 }
    ));
    assert!(matches!(
        read_error(b"<!DOCTYPE Page []><Page/>"),
        Error::Doctype { .. }
    ));
}

/// A page of 210 × 297 mm with this content shows nothing.
fn check_blank(content: &str, blank: bool) {
    assert_eq!(read(content).is_blank(None, &[]), blank, "{content}");
}

fn text(attributes: &str, children: &str) -> String {
    let mut attributes = attributes.to_owned();
    for (name, value) in [("Boundary", "20 20 170 10"), ("Size", "5")] {
        if !attributes.contains(name) {
            attributes.push_str(&format!(" {name}='{value}'"));
        }
    }
    format!("<ofd:TextObject {attributes}>{children}</ofd:TextObject>")
}

#[test]
fn blank_text() {
    let code = "<ofd:TextCode X='0' Y='5'>甲</ofd:TextCode>";
    check_blank("", true);
    check_blank(&text("", code), false);
    check_blank(
        &text("", "<ofd:TextCode X='0' Y='5'> \u{3000}\u{200B}\n</ofd:TextCode>"),
        true,
    );
    check_blank(
        &text(
            "",
            "<ofd:CGTransform CodePosition='0'/><ofd:TextCode> </ofd:TextCode>",
        ),
        false,
    );
    check_blank(&text("Visible='false'", code), true);
    check_blank(&text("Visible='False'", code), true);
    check_blank(&text("Alpha='0'", code), true);
    check_blank(&text("Fill='false'", code), true);
    check_blank(&text("Fill='false' Stroke='true'", code), false);
    check_blank(&text("Size='0'", code), true);
    check_blank(
        &text("", &format!("<ofd:FillColor Value='255 255 255'/>{code}")),
        true,
    );
    check_blank(
        &text("", &format!("<ofd:FillColor Value='#FF #ff #FF'/>{code}")),
        true,
    );
    check_blank(
        &text("", &format!("<ofd:FillColor Value='0 0 0 0'/>{code}")),
        true,
    );
    check_blank(&text("", &format!("<ofd:FillColor Value='0 0 0'/>{code}")), false);
    check_blank(
        &text("", &format!("<ofd:FillColor Value='0 0 0' Alpha='0'/>{code}")),
        true,
    );
    check_blank(&text("Boundary='-50 20 40 10'", code), true);
    check_blank(&text("Boundary='20 297 170 10'", code), false);
}

#[test]
fn blank_graphics() {
    let path = |attributes: &str, data: &str| {
        format!(
            r#"<ofd:PathObject Boundary="10 10 0 50" {attributes}><ofd:AbbreviatedData>{data}</ofd:AbbreviatedData></ofd:PathObject>"#
        )
    };
    check_blank(&path("", "M 0 0 L 0 50"), false);
    check_blank(&path("", "m 0 0 l 0 50"), false);
    check_blank(&path("", "S 0 0 M 1 1 C"), true);
    check_blank(&path("Stroke='false'", "M 0 0 L 0 50"), true);
    check_blank(&path("Stroke='false' Fill='true'", "M 0 0 L 0 50"), false);
    check_blank("<ofd:ImageObject Boundary='1 1 5 5' ResourceID='1'/>", false);
    check_blank("<ofd:ImageObject ResourceID='1' Alpha='0'/>", true);
    check_blank("<ofd:CompositeObject Boundary='1 1 5 5' ResourceID='1'/>", false);
    check_blank("<ofd:CompositeObject Boundary='-9 1 5 5' ResourceID='1'/>", true);
    let white = r#"<ofd:PathObject Boundary="0 0 210 297" Fill="true" Stroke="false"><ofd:FillColor Value="255 255 255"/><ofd:AbbreviatedData>M 0 0 L 9 9</ofd:AbbreviatedData></ofd:PathObject>"#;
    check_blank(white, true);
    check_blank(&white.replace("Stroke=\"false\"", ""), false);
}

#[test]
fn template_makes_a_page_not_blank() {
    let template = read("<ofd:ImageObject Boundary='1 1 5 5' ResourceID='1'/>");
    let empty = read("");
    assert!(!empty.is_blank(None, &[&empty, &template]));
    assert!(empty.is_blank(None, &[&empty]));
}

#[test]
fn own_area_overrides_the_page_box_of_the_document() {
    let page = read(&text("Boundary='200 20 5 5'", "<ofd:TextCode>甲</ofd:TextCode>"));
    assert!(!page.is_blank(Some(&Box::new(0.0, 0.0, 100.0, 100.0)), &[]));
    let page = PageContent { area: None, ..page };
    assert!(page.is_blank(Some(&Box::new(0.0, 0.0, 100.0, 100.0)), &[]));
    assert!(!page.is_blank(Some(&Box::new(0.0, 0.0, 0.0, 0.0)), &[]));
    assert!(!page.is_blank(None, &[]));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = PageContent::read(&bytes, &Limits::default());
    }

    #[test]
    fn any_soup_of_page_parts_is_read_without_panic(
        parts in prop::collection::vec(prop::sample::select(vec![
            "<Page>", "</Page>", "<Content>", "</Content>", "<Layer ID='1'>", "</Layer>", "<PageBlock>", "</PageBlock>",
            "<TextObject Size='9' Boundary='0 0 9 9'>", "</TextObject>", "<TextCode X='1' DeltaX='g 9 1'>", "</TextCode>",
            "<PathObject>", "</PathObject>", "<AbbreviatedData>", "</AbbreviatedData>", "<FillColor Value='1 2'/>", "M 0 0 L",
            "字", "&amp;", "&", "<", ">", "<![CDATA[", "]]>", "<!--", "-->", "<Area>", "</Area>", "<PhysicalBox>", "</PhysicalBox>",
            "<Template TemplateID='9'/>", "<?x?>", "'", "\"",
        ]), 0..60)
    ) {
        let xml = format!("<Page><Content>{}", parts.concat());
        if let Ok(page) = PageContent::read(xml.as_bytes(), &Limits::default()) {
            page.is_blank(None, &[&page]);
            for text in &page.texts {
                prop_assert!(text.glyphs().count() <= xml.len());
            }
        }
    }
}

/// The reader's search for doubled attributes is quadratic: a megabyte of attributes must not take minutes.
#[test]
fn many_attributes_are_refused_before_they_cost_anything() {
    let attributes: String = (0..100_000).map(|index| format!(" a{index}=\"\"")).collect();
    let xml = format!("<Page><Content><Layer><PathObject{attributes}/></Layer></Content></Page>");
    assert_eq!(read_error(xml.as_bytes()).code(), "LIMIT");
}
