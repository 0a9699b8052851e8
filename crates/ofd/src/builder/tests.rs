//! What the builder makes: its form against the schemas, its determinism, and that what was put is found.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;
use crate::geometry::Ctm;
use crate::page::PageContent;
use crate::text::{find, plain_text};
use crate::zip_writer::tests::read_back;
use crate::{Limits, Ofd, Package, shown_parts};

/// A document with everything that the builder can make.
fn sample() -> DocumentBuilder {
    let mut document = DocumentBuilder::new("9b0b8d3ac6e34b0c8a5a5f0e7d1c2b3a");
    document
        .title("样例 <1>")
        .author("A & B")
        .creator("Yinxin")
        .creation_date("2026-01-01");
    document.custom_data("ZZMC", "证照").custom_data("ZZHM", "\"1\"");
    let song = document.font("宋体");
    let own = document.embedded_font("Own", "ttf", b"no font".to_vec());
    let photo = document.image(ImageFormat::Png, b"no picture".to_vec());
    let scan = document.image(ImageFormat::Jpeg, vec![7; 1000]);
    let form = document.template(A4, Drawing::new().text(song, 4.0, 100.0, 20.0, "备注"));
    let upright = Text {
        steps: Steps::Down(6.0),
        color: Some([255, 0, 0]),
        ..Text::new(song, 5.0, 15.0, 60.0, "购买方")
    };
    let turned = Text {
        ctm: Ctm::parse("0.866 0.5 -0.5 0.866 0 0").unwrap(),
        h_scale: 0.5,
        steps: Steps::Right(4.0),
        ..Text::new(own, 5.0, 100.0, 100.0, "合同专用章")
    };
    let hidden = Text {
        visible: false,
        ..Text::new(song, 5.0, 20.0, 200.0, "暗")
    };
    let drawing = Drawing::new()
        .text(song, 5.6444, 20.0, 30.0, "请在此处盖章 stamp here")
        .styled_text(upright)
        .styled_text(turned)
        .styled_text(hidden)
        .single_characters(&Text::new(song, 5.0, 20.0, 250.0, "逐字"))
        .image(photo, Box::new(20.0, 40.0, 40.0, 40.0))
        .image(scan, Box::new(70.0, 40.0, 40.0, 40.0))
        .rectangle(Box::new(10.0, 10.0, 190.0, 277.0), Some([0, 0, 0]), None)
        .path(
            Box::new(10.0, 10.0, 20.0, 20.0),
            "M 0 0 B 5 5 10 5 20 20",
            None,
            Some([0, 0, 255]),
        );
    let first = document.page_on(A4, &[form], drawing);
    document.page((297.0, 210.0), Drawing::new());
    document.annotation(
        first,
        Annotation {
            kind: AnnotationKind::Watermark,
            creator: "Yinxin".to_owned(),
            last_mod_date: "2026-01-01".to_owned(),
            boundary: Box::new(50.0, 50.0, 100.0, 20.0),
            remark: Some("only for tests".to_owned()),
            parameters: vec![("a".to_owned(), "1".to_owned())],
            appearance: Drawing::new().text(song, 5.0, 1.0, 5.0, "样本"),
        },
    );
    document.attachment("附件.txt", "txt", b"hello".to_vec());
    document.custom_tag("urn:example", b"<a xmlns=\"urn:example\"/>".to_vec());
    document.permissions(Permissions {
        signature: Some(false),
        valid_period: Some(("2026-01-01T00:00:00".to_owned(), "2027-01-01T00:00:00".to_owned())),
        ..Permissions::default()
    });
    document
}

fn entries(package: &[u8]) -> HashMap<String, Vec<u8>> {
    read_back(package).into_iter().collect()
}

fn content(package: &[u8], name: &str) -> PageContent {
    PageContent::read(&entries(package)[name], &Limits::default()).unwrap()
}

const GRAPHIC_UNIT: &str = "Boundary! Visible CTM";

/// Our own summary of the schemas of GB/T 33190-2016, as far as the builder goes: an element (with its parent
/// where the name means several things), its children in their order, its attributes.
/// "?" once or never, "*" any number, "+" once or more, "|" any of them in any order; "!" a must.
const SCHEMA: &[(&str, &str, &str)] = &[
    ("OFD", "DocBody+", "Version! DocType!"),
    ("DocBody", "DocInfo DocRoot", ""),
    (
        "DocInfo",
        "DocID Title? Author? CreationDate? Creator? CustomDatas?",
        "",
    ),
    ("CustomDatas", "CustomData+", ""),
    ("CustomData", "", "Name!"),
    (
        "Document",
        "CommonData Pages Permissions? Annotations? CustomTags? Attachments?",
        "",
    ),
    (
        "CommonData",
        "MaxUnitID PageArea PublicRes* DocumentRes* TemplatePage*",
        "",
    ),
    ("PageArea", "PhysicalBox", ""),
    ("TemplatePage", "", "ID! ZOrder BaseLoc!"),
    ("Pages", "Page+", ""),
    ("Pages/Page", "", "ID! BaseLoc!"),
    ("Permissions", "Edit? Annot? Signature? ValidPeriod?", ""),
    ("Permissions/Annot", "", ""),
    ("ValidPeriod", "", "StartDate EndDate"),
    ("Res", "Fonts|MultiMedias", "BaseLoc!"),
    ("Fonts", "Font+", ""),
    ("Font", "FontFile?", "ID! FontName!"),
    ("MultiMedias", "MultiMedia+", ""),
    ("MultiMedia", "MediaFile", "ID! Type! Format"),
    ("Page", "Template* Area? Content?", ""),
    ("Template", "", "TemplateID!"),
    ("Area", "PhysicalBox", ""),
    ("Content", "Layer+", ""),
    ("Layer", "TextObject|PathObject|ImageObject", "ID! Type"),
    (
        "TextObject",
        "FillColor? StrokeColor? TextCode+",
        "ID! Font! Size! HScale",
    ),
    ("TextCode", "", "X Y DeltaX DeltaY"),
    ("FillColor", "", "Value"),
    ("StrokeColor", "", "Value"),
    (
        "PathObject",
        "StrokeColor? FillColor? AbbreviatedData",
        "ID! Stroke Fill",
    ),
    ("ImageObject", "", "ID! ResourceID!"),
    ("Annotations", "Page*", ""),
    ("Annotations/Page", "FileLoc", "PageID!"),
    ("PageAnnot", "Annot+", ""),
    (
        "Annot",
        "Remark? Parameters? Appearance",
        "ID! Type! Creator! LastModDate!",
    ),
    ("Parameters", "Parameter+", ""),
    ("Parameter", "", "Name!"),
    ("Appearance", "TextObject|PathObject|ImageObject", "Boundary"),
    ("Attachments", "Attachment*", ""),
    ("Attachment", "FileLoc", "ID! Name! Format Size"),
    ("CustomTags", "CustomTag*", ""),
    ("CustomTag", "SchemaLoc? FileLoc", "NameSpace!"),
    ("Document/Annotations", "", ""),
    ("Document/CustomTags", "", ""),
    ("Document/Attachments", "", ""),
];

fn check_schema(node: roxmltree::Node<'_, '_>) {
    let name = node.tag_name().name();
    assert_eq!(
        node.tag_name().namespace(),
        Some("http://www.ofdspec.org/2016"),
        "{name}"
    );
    let parent = node
        .parent_element()
        .map_or("", |parent| parent.tag_name().name());
    let rule = |key: &str| SCHEMA.iter().find(|(element, _, _)| *element == key);
    let Some((_, children, attributes)) = rule(&format!("{parent}/{name}")).or_else(|| rule(name)) else {
        assert!(
            !node.children().any(|child| child.is_element()),
            "{name} is no leaf"
        );
        assert_eq!(node.attributes().len(), 0, "{name}");
        return;
    };
    let units = if name.ends_with("Object") {
        GRAPHIC_UNIT
    } else {
        ""
    };
    let allowed: Vec<_> = attributes.split(' ').chain(units.split(' ')).collect();
    for attribute in node.attributes() {
        assert!(
            allowed
                .iter()
                .any(|one| one.trim_end_matches('!') == attribute.name()),
            "{name}/@{}",
            attribute.name()
        );
    }
    for needed in allowed.iter().filter_map(|one| one.strip_suffix('!')) {
        assert!(node.has_attribute(needed), "{name}/@{needed}");
    }

    let elements: Vec<_> = node.children().filter(|child| child.is_element()).collect();
    let mut names = elements.iter().map(|child| child.tag_name().name()).peekable();
    if children.contains('|') {
        assert!(
            names.all(|child| children.split('|').any(|one| one == child)),
            "{name}"
        );
    } else {
        for one in children.split(' ').filter(|one| !one.is_empty()) {
            let child = one.trim_end_matches(['?', '*', '+']);
            let mut count = 0;
            while names.next_if_eq(&child).is_some() {
                count += 1;
            }
            let fits = match one.strip_prefix(child) {
                Some("?") => count <= 1,
                Some("*") => true,
                Some("+") => count >= 1,
                _ => count == 1,
            };
            assert!(fits, "{name} has {count} of {one}");
        }
        assert_eq!(names.next(), None, "in {name}");
    }
    elements.into_iter().for_each(check_schema);
}

#[test]
fn parts_are_valid_under_the_schemas() {
    let package = PackageBuilder::new(sample()).document(sample()).build().unwrap();
    let mut checked = 0;
    for (name, bytes) in entries(&package) {
        if name.ends_with(".xml") && !name.contains("Tag_") {
            let xml = String::from_utf8(bytes).unwrap();
            check_schema(roxmltree::Document::parse(&xml).unwrap().root_element());
            checked += 1;
        }
    }
    assert_eq!(checked, 1 + 2 * 10);
}

#[test]
fn identifiers_are_unique_and_below_the_maximum() {
    let package = sample().build().unwrap();
    let (mut ids, mut max) = (HashSet::new(), 0);
    for (name, bytes) in entries(&package) {
        if !name.ends_with(".xml") || name.contains("Tag_") {
            continue;
        }
        let xml = String::from_utf8(bytes).unwrap();
        let document = roxmltree::Document::parse(&xml).unwrap();
        for node in document.descendants().filter(|node| node.is_element()) {
            if node.has_tag_name(("http://www.ofdspec.org/2016", "MaxUnitID")) {
                max = node.text().unwrap().parse().unwrap();
            }
            if let Some(id) = node
                .attribute("ID")
                .filter(|_| node.tag_name().name() != "Attachment")
            {
                assert!(ids.insert(id.parse::<u32>().unwrap()), "{id} in {name}");
            }
        }
    }
    assert_eq!(ids.iter().max(), Some(&max));
}

#[test]
fn links_lead_to_entries() {
    let package = sample().build().unwrap();
    let entries = entries(&package);
    for name in [
        "OFD.xml",
        "Doc_0/Document.xml",
        "Doc_0/PublicRes.xml",
        "Doc_0/DocumentRes.xml",
        "Doc_0/Res/Font_2.ttf",
        "Doc_0/Res/Image_3.png",
        "Doc_0/Res/Image_4.jpg",
        "Doc_0/Tpls/Tpl_0/Content.xml",
        "Doc_0/Pages/Page_0/Content.xml",
        "Doc_0/Pages/Page_1/Content.xml",
        "Doc_0/Annots/Annotations.xml",
        "Doc_0/Annots/Page_0/Annotation.xml",
        "Doc_0/Attachs/Attachments.xml",
        "Doc_0/Attachs/Attach_0.txt",
        "Doc_0/Tags/CustomTags.xml",
        "Doc_0/Tags/Tag_0.xml",
    ] {
        assert!(entries.contains_key(name), "{name}");
    }
    assert_eq!(entries.len(), 16);
    assert_eq!(entries["Doc_0/Res/Image_4.jpg"], vec![7; 1000]);
}

#[test]
fn reader_of_packages_has_nothing_to_say() {
    for stored in [false, true] {
        let mut builder = PackageBuilder::new(sample()).document(sample());
        if stored {
            builder = builder.store("").order(|one, other| other.cmp(one));
        }
        let package = Package::open(builder.build().unwrap(), Limits::default()).unwrap();
        let ofd = Ofd::read(&package).unwrap();
        assert_eq!(
            (ofd.bodies.len(), ofd.faults.len(), ofd.findings.len()),
            (2, 0, 0)
        );
        assert!(package.findings().is_empty());
        for body in &ofd.bodies {
            assert_eq!(body.info.title.as_deref(), Some("样例 <1>"));
            assert_eq!(body.info.custom_data[1], ("ZZHM".to_owned(), "\"1\"".to_owned()));
            let document = body.document.as_ref().unwrap();
            assert_eq!(
                (
                    document.pages.len(),
                    document.templates.len(),
                    document.faults.len()
                ),
                (2, 1, 0)
            );
            assert_eq!(
                document.pages[1].physical_box,
                Some(Box::new(0.0, 0.0, 297.0, 210.0))
            );
            assert!(!document.permissions.sign);
            assert_eq!(
                document.permissions.valid_to.as_deref(),
                Some("2027-01-01T00:00:00")
            );
        }
        let shown = shown_parts(&package, &ofd, &[]).unwrap();
        assert_eq!(
            (shown.broken.len(), shown.stray.len(), shown.faults.len()),
            (0, 0, 0)
        );
    }
}

#[test]
fn equal_calls_give_equal_bytes() {
    assert_eq!(sample().build().unwrap(), sample().build().unwrap());
}

#[test]
fn entries_are_ordered_and_stored_as_asked() {
    let names = |package: &[u8]| {
        read_back(package)
            .into_iter()
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
    };
    let builder = PackageBuilder::new(sample()).entry("hidden.txt", b"x".to_vec());
    let plain = builder.build().unwrap();
    assert_eq!(names(&plain).first().unwrap(), "OFD.xml");
    assert_eq!(names(&plain).last().unwrap(), "hidden.txt");

    let stored = builder
        .order(|one, other| other.cmp(one))
        .store(".xml")
        .store(".jpg")
        .build()
        .unwrap();
    assert!(names(&stored).is_sorted_by(|one, other| one >= other));
    assert_eq!(entries(&stored), entries(&plain));
    assert!(stored.len() > plain.len());
    let photo = vec![7; 1000];
    assert!(stored.windows(1000).any(|window| window == photo));
    assert!(!plain.windows(1000).any(|window| window == photo));
}

#[test]
fn what_was_put_is_read() {
    let package = sample().build().unwrap();
    let page = content(&package, "Doc_0/Pages/Page_0/Content.xml");
    let template = content(&package, "Doc_0/Tpls/Tpl_0/Content.xml");
    assert_eq!(page.templates.len(), 1);
    assert_eq!((page.texts.len(), page.graphics.len()), (6, 4));
    assert!(!page.is_blank(None, &[]));
    let blank = content(&package, "Doc_0/Pages/Page_1/Content.xml");
    assert!(blank.is_blank(None, &[]));
    assert!(!blank.is_blank(None, &[&template]));
    let text = plain_text(&page, &[&template]);
    for words in ["请在此处盖章 stamp here", "备注", "逐字", "购买方", "合同专用章"] {
        assert!(text.contains(words) || words == "购买方", "{words} in {text}");
        assert_eq!(find(&page, &[&template], words).len(), 1, "{words}");
    }
}

#[test]
fn large_documents_are_streamed() {
    /// Counts what is written, and the largest piece of it.
    #[derive(Default)]
    struct Counter {
        bytes: usize,
        piece: usize,
    }
    impl Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.bytes += bytes.len();
            self.piece = self.piece.max(bytes.len());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut document = DocumentBuilder::new("9b0b8d3ac6e34b0c8a5a5f0e7d1c2b3a");
    for page in 0..10_u8 {
        let scan = document.image(ImageFormat::Jpeg, vec![page; 1 << 20]);
        document.page(A4, Drawing::new().image(scan, Box::new(0.0, 0.0, 210.0, 297.0)));
    }
    let mut counter = Counter::default();
    PackageBuilder::new(document)
        .store(".jpg")
        .write(&mut counter)
        .unwrap();
    assert!(counter.bytes > 10 << 20);
    assert_eq!(counter.piece, 1 << 20);
}

#[test]
fn output_that_fails_is_named() {
    let mut full = [0_u8; 100];
    let error = PackageBuilder::new(sample())
        .write(&mut full.as_mut_slice())
        .unwrap_err();
    assert!(matches!(error, Error::Write(_)));
}

/// A keyword, another text, a size and a place that keep the keyword on the sheet.
fn placed_word() -> impl Strategy<Value = (String, f64, f64, f64, f64)> {
    ("[一-龥]{2,6}", 2.0..8.0, 60.0..150.0, 60.0..230.0, 0.0..360.0)
}

/// The box that the glyphs of a word at (x, y) take, turned by so many degrees about that place.
fn expected(word: &str, size: f64, (x, y): (f64, f64), step: f64, degrees: f64) -> Box {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let end = step * (word.chars().count() - 1) as f64 + size;
    let corners = [
        (0.0, -0.86 * size),
        (end, -0.86 * size),
        (0.0, 0.14 * size),
        (end, 0.14 * size),
    ];
    let turned = corners.map(|(dx, dy)| crate::geometry::Point {
        x: x + cos * dx - sin * dy,
        y: y + sin * dx + cos * dy,
    });
    Box::around(&turned).unwrap()
}

fn close(one: &Box, other: &Box) -> bool {
    let pairs = [
        (one.x, other.x),
        (one.y, other.y),
        (one.width, other.width),
        (one.height, other.height),
    ];
    pairs.iter().all(|(one, other)| (one - other).abs() < 0.1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn placed_word_is_found_where_it_was_put(
        (word, size, x, y, degrees) in placed_word(), stretch in 1.0..1.6, singly: bool, turned: bool, before in "[a-z]{0,8}"
    ) {
        let degrees = if turned { degrees } else { 0.0 };
        let (sin, cos) = degrees.to_radians().sin_cos();
        let step = size * stretch;
        let text = Text {
            steps: Steps::Right(step),
            ctm: Ctm { a: cos, b: sin, c: -sin, d: cos, e: 0.0, f: 0.0 },
            ..Text::new(1, size, x, y, &word)
        };
        // Other words stand well apart.
        let mut drawing = Drawing::new().text(1, 4.0, 5.0, 10.0, &before);
        drawing = if singly { drawing.single_characters(&text) } else { drawing.styled_text(text) };
        let mut document = DocumentBuilder::new("0");
        document.page(A4, drawing);
        let page = content(&document.build().unwrap(), "Doc_0/Pages/Page_0/Content.xml");
        let hits = find(&page, &[], &word);
        prop_assert_eq!(hits.len(), 1);
        let expected = expected(&word, size, (x, y), step, degrees);
        prop_assert!(close(&hits[0].bounds, &expected), "{} {}", hits[0].bounds, expected);
    }

    #[test]
    fn upright_word_is_found_where_it_was_put(
        (word, size, x, y, _) in placed_word(),
        stretch in 1.0..1.6,
        singly: bool,
    ) {
        let step = size * stretch;
        let text = Text { steps: Steps::Down(step), ..Text::new(1, size, x, y, &word) };
        let drawing = if singly { Drawing::new().single_characters(&text) } else { Drawing::new().styled_text(text) };
        let mut document = DocumentBuilder::new("0");
        document.page(A4, drawing);
        let page = content(&document.build().unwrap(), "Doc_0/Pages/Page_0/Content.xml");
        let hits = find(&page, &[], &word);
        let count = word.chars().count() as f64;
        let expected = Box::new(x, y - 0.86 * size, size, step * (count - 1.0) + size);
        prop_assert_eq!(hits.len(), 1);
        prop_assert!(close(&hits[0].bounds, &expected), "{} {}", hits[0].bounds, expected);
    }

    #[test]
    fn page_of_text_is_read_row_by_row(rows in prop::collection::vec("[一-龥a-z]{1,20}", 1..20)) {
        let mut drawing = Drawing::new();
        for (index, row) in rows.iter().enumerate().rev() {
            drawing = drawing.text(1, 4.0, 20.0, 20.0 + 8.0 * index as f64, row);
        }
        let mut document = DocumentBuilder::new("0");
        document.page(A4, drawing);
        let page = content(&document.build().unwrap(), "Doc_0/Pages/Page_0/Content.xml");
        prop_assert_eq!(plain_text(&page, &[]), rows.join("\n"));
    }

    #[test]
    fn any_text_can_be_put(characters in any::<String>(), size in 0.1..100.0) {
        let mut document = DocumentBuilder::new("0");
        document.page(A4, Drawing::new().text(1, size, 10.0, 10.0, &characters));
        let page = content(&document.build().unwrap(), "Doc_0/Pages/Page_0/Content.xml");
        prop_assert_eq!(page.texts[0].codes[0].text.chars().count(), characters.chars().count());
    }
}
