//! Each graphic feature beside a reference picture, as pixels and as SVG that another renderer reads.
//!
//! `YINXIN_BLESS=1` writes the references anew: look at them before committing.

use std::path::{Path, PathBuf};

use resvg::usvg;
use tiny_skia::{Pixmap, Transform};

use crate::font::{Without, font};
use crate::sample::{SIZE_MM, Sample, path, png, root};
use ofd::geometry::Box;
use render::{Scene, Stamp};

/// Four pixels for each mm.
const DPI: f64 = 101.6;
/// Two pixels are alike when no channel differs by more.
const CHANNEL_MAX: u8 = 24;
/// How many pixels of a thousand may differ: edges, where two machines round differently.
const PER_MILLE_MAX: usize = 2;
/// The same between our pixels and those of the SVG, whose numbers have four decimals.
const SVG_PER_MILLE_MAX: usize = 12;

const INK: &str = "<o:FillColor Value=\"200 30 30\"/>";

#[expect(
    clippy::disallowed_methods,
    reason = "whoever changes a picture on purpose says so"
)]
fn blessing() -> bool {
    std::env::var_os("YINXIN_BLESS").is_some()
}

/// Compares the pixels, and those of the SVG.
fn check(name: &str, sample: &Sample) {
    let (scene, expected) = check_pixels(name, sample);
    let drawn = rasterised(&scene);
    compare(&format!("{name} as SVG"), &drawn, &expected, SVG_PER_MILLE_MAX);
}

/// Compares the pixels, and looks for images in the SVG: the renderer of the tests reads none.
fn check_images(name: &str, sample: &Sample, images: usize) {
    let (scene, _) = check_pixels(name, sample);
    let svg = scene.to_svg().unwrap();
    assert!(
        usvg::Tree::from_str(&svg, &usvg::Options::default()).is_ok(),
        "{name}"
    );
    assert_eq!(
        svg.matches("href=\"data:image/png;base64,").count(),
        images,
        "{name}"
    );
}

fn check_pixels(name: &str, sample: &Sample) -> (Scene, Pixmap) {
    let scene = sample.scene();
    let drawn = pixmap(&scene);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/references");
    let reference = folder.join(format!("{name}.png"));
    if blessing() {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&reference, scene.to_pixels(DPI).unwrap().to_png().unwrap()).unwrap();
    }
    let expected =
        Pixmap::load_png(&reference).unwrap_or_else(|error| panic!("{}: {error}", reference.display()));
    compare(name, &drawn, &expected, PER_MILLE_MAX);
    (scene, expected)
}

fn pixmap(scene: &Scene) -> Pixmap {
    Pixmap::decode_png(&scene.to_pixels(DPI).unwrap().to_png().unwrap()).unwrap()
}

fn rasterised(scene: &Scene) -> Pixmap {
    let tree = usvg::Tree::from_str(&scene.to_svg().unwrap(), &usvg::Options::default()).unwrap();
    let (width, height) = ((SIZE_MM.0 * 4.0) as u32, (SIZE_MM.1 * 4.0) as u32);
    let mut out = Pixmap::new(width, height).unwrap();
    let scale = width as f32 / tree.size().width();
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut out.as_mut());
    out
}

/// Writes what was drawn and where it differs to the temporary folder, when it differs too much.
fn compare(name: &str, drawn: &Pixmap, expected: &Pixmap, per_mille_max: usize) {
    assert_eq!(
        (drawn.width(), drawn.height()),
        (expected.width(), expected.height()),
        "{name}"
    );
    let mut difference = expected.clone();
    let mut count = 0;
    let pairs = drawn
        .data()
        .chunks_exact(4)
        .zip(difference.data_mut().chunks_exact_mut(4));
    for (one, other) in pairs {
        let unlike = one
            .iter()
            .zip(other.iter())
            .any(|(one, other)| one.abs_diff(*other) > CHANNEL_MAX);
        count += usize::from(unlike);
        other.copy_from_slice(if unlike {
            &[255, 0, 255, 255]
        } else {
            &[240, 240, 240, 255]
        });
    }
    let pixels = drawn.data().len() / 4;
    if count * 1000 > pixels * per_mille_max {
        let save = |what: &str, pixmap: &Pixmap| -> PathBuf {
            let file = std::env::temp_dir().join(format!("yinxin-{}-{what}.png", name.replace(' ', "-")));
            pixmap.save_png(&file).unwrap();
            file
        };
        let (drawn, difference) = (save("drawn", drawn), save("difference", &difference));
        panic!("{name}: {count} of {pixels} pixels differ; see {drawn:?} and {difference:?}");
    }
}

#[test]
fn operators_and_fill_rules() {
    let star = "M 10 0 L 16 19 L 0 7 L 20 7 L 4 19 C";
    let objects = [
        path("2 2 20 20", "Fill=\"true\" Stroke=\"false\"", INK, star),
        path(
            "24 2 20 20",
            "Fill=\"true\" Stroke=\"false\" Rule=\"Even-Odd\"",
            INK,
            star,
        ),
        path("2 24 14 14", "", "", "S 0 7 Q 7 -7 14 7 B 14 14 0 14 0 7 C"),
        path(
            "20 24 14 14",
            "Fill=\"true\"",
            INK,
            "M 0 7 A 7 7 0 0 1 14 7 L 7 7 C",
        ),
        path("40 24 16 14", "", "", "M 0 10 A 8 4 30 1 1 10 12"),
    ];
    check("paths", &Sample::of(&objects.concat()));
}

#[test]
fn lines_caps_joins_and_dashes() {
    let zigzag = "M 3 12 L 9 3 L 15 12";
    let mut objects = String::new();
    for (column, (cap, join)) in [("Butt", "Miter"), ("Round", "Round"), ("Square", "Bevel")]
        .iter()
        .enumerate()
    {
        let boundary = format!("{} 2 18 16", 2 + column * 19);
        objects += &path(
            &boundary,
            &format!("LineWidth=\"3\" Cap=\"{cap}\" Join=\"{join}\""),
            "",
            zigzag,
        );
    }
    objects += &path(
        "2 20 56 4",
        "LineWidth=\"1\" DashPattern=\"4 2 1 2\" DashOffset=\"1\"",
        "",
        "M 0 2 L 56 2",
    );
    objects += &path(
        "2 26 56 4",
        "LineWidth=\"1\" DashPattern=\"3\" Cap=\"Round\"",
        "",
        "M 0 2 L 56 2",
    );
    objects += &path(
        "2 32 56 0",
        "LineWidth=\"1\"",
        "<o:StrokeColor Value=\"0 0 200\"/>",
        "M 0 0 L 56 0",
    );
    objects += &path(
        "2 36 56 2",
        "LineWidth=\"2\" MiterLimit=\"1\" CTM=\"1 0 0 0.5 0 0\"",
        "",
        "M 0 2 L 56 2",
    );
    check("lines", &Sample::of(&objects));
}

#[test]
fn colours_of_every_space() {
    let resources = "<o:ColorSpaces><o:ColorSpace ID=\"10\" Type=\"GRAY\"/><o:ColorSpace ID=\"11\" Type=\"CMYK\"/>\
        <o:ColorSpace ID=\"12\" Type=\"RGB\"><o:Palette><o:CV>0 90 0</o:CV><o:CV>#FF #80 0</o:CV></o:Palette>\
        </o:ColorSpace></o:ColorSpaces>";
    let colors = [
        "Value=\"120\" ColorSpace=\"10\"",
        "Value=\"0 255 255 20\" ColorSpace=\"11\"",
        "Index=\"1\" ColorSpace=\"12\"",
        "Value=\"#0 #40 #FF\"",
        "Value=\"0 0 0\" Alpha=\"80\"",
    ];
    let mut objects = String::new();
    for (column, color) in colors.iter().enumerate() {
        let boundary = format!("{} 4 12 20", 1 + column * 11);
        let fill = format!("<o:FillColor {color}/>");
        objects += &path(
            &boundary,
            "Fill=\"true\" Stroke=\"false\"",
            &fill,
            "M 0 0 L 12 0 L 12 20 L 0 20 C",
        );
    }
    objects += &path(
        "4 20 50 14",
        "Fill=\"true\" Alpha=\"128\"",
        INK,
        "M 0 0 L 50 0 L 50 14 L 0 14 C",
    );
    check("colours", &Sample::of(&objects).resources(resources));
}

#[test]
fn axial_and_radial_shadings() {
    let stops = "<o:Segment Position=\"0\"><o:Color Value=\"255 0 0\"/></o:Segment>\
        <o:Segment Position=\"1\"><o:Color Value=\"0 0 255\"/></o:Segment>";
    let square = "M 0 0 L 18 0 L 18 18 L 0 18 C";
    let shadings = [
        "<o:AxialShd StartPoint=\"4 0\" EndPoint=\"14 0\">STOPS</o:AxialShd>",
        "<o:AxialShd StartPoint=\"4 0\" EndPoint=\"14 0\" Extend=\"3\">STOPS</o:AxialShd>",
        "<o:AxialShd StartPoint=\"0 0\" EndPoint=\"18 18\" MapType=\"Reflect\" MapUnit=\"4\">STOPS</o:AxialShd>",
        "<o:RadialShd StartPoint=\"9 9\" EndPoint=\"9 9\" EndRadius=\"8\">STOPS</o:RadialShd>",
        "<o:RadialShd StartPoint=\"7 7\" StartRadius=\"2\" EndPoint=\"9 9\" EndRadius=\"8\" Extend=\"3\">STOPS</o:RadialShd>",
        "<o:RadialShd StartPoint=\"9 9\" EndPoint=\"9 9\" EndRadius=\"9\" Eccentricity=\"0.8\" Angle=\"45\">STOPS</o:RadialShd>",
    ];
    let mut objects = String::new();
    for (index, shading) in shadings.iter().enumerate() {
        let boundary = format!("{} {} 18 18", 1 + index % 3 * 20, 1 + index / 3 * 20);
        let fill = format!("<o:FillColor>{}</o:FillColor>", shading.replace("STOPS", stops));
        objects += &path(&boundary, "Fill=\"true\" Stroke=\"false\"", &fill, square);
    }
    check("shadings", &Sample::of(&objects));
}

#[test]
fn patterns_fill_what_they_are_cut_to() {
    let cell = path(
        "0 0 4 4",
        "Fill=\"true\" Stroke=\"false\"",
        INK,
        "M 0 0 L 4 0 L 0 4 C",
    );
    let circle = "M 0 9 A 9 9 0 1 1 18 9 A 9 9 0 1 1 0 9 C";
    let mut objects = String::new();
    for (column, reflect) in ["Normal", "Column", "RowAndColumn"].iter().enumerate() {
        let fill = format!(
            "<o:FillColor><o:Pattern Width=\"4\" Height=\"4\" XStep=\"5\" ReflectMethod=\"{reflect}\">\
             <o:CellContent>{cell}</o:CellContent></o:Pattern></o:FillColor>"
        );
        objects += &path(
            &format!("{} 10 18 18", 1 + column * 20),
            "Fill=\"true\"",
            &fill,
            circle,
        );
    }
    check("patterns", &Sample::of(&objects));
}

#[test]
fn clips_and_boundaries_cut() {
    let square = "M 0 0 L 18 0 L 18 18 L 0 18 C";
    let clip = |flag: &str, area: &str, data: &str| {
        format!(
            "<o:Clips {flag}><o:Clip><o:Area {area}><o:Path Boundary=\"0 0 99 99\"><o:AbbreviatedData>{data}\
             </o:AbbreviatedData></o:Path></o:Area></o:Clip></o:Clips>"
        )
    };
    let triangle = "M 0 0 L 18 0 L 0 18 C";
    let objects = [
        path(
            "1 1 18 18",
            "Fill=\"true\" Stroke=\"false\"",
            &(clip("", "", triangle) + INK),
            square,
        ),
        // The object's CTM reaches the clip, and does not where TransFlag says so.
        path(
            "21 1 18 18",
            "CTM=\"0.5 0 0 0.5 0 0\" Fill=\"true\" Stroke=\"false\"",
            &(clip("", "", triangle) + INK),
            square,
        ),
        path(
            "41 1 18 18",
            "CTM=\"0.5 0 0 0.5 0 0\" Fill=\"true\" Stroke=\"false\"",
            &(clip("TransFlag=\"false\"", "CTM=\"0.4 0 0 0.4 0 0\"", triangle) + INK),
            square,
        ),
        // Outside of the boundary nothing is filled.
        path("1 21 10 10", "Fill=\"true\" Stroke=\"false\"", INK, square),
        format!(
            "<o:PageBlock ID=\"8\">{}</o:PageBlock>",
            path("21 21 18 18", "Fill=\"true\"", INK, triangle)
        ),
    ];
    check("clips", &Sample::of(&objects.concat()));
}

#[test]
fn composites_and_drawing_parameters() {
    let unit = path(
        "0 0 10 10",
        "Fill=\"true\" DrawParam=\"21\"",
        "",
        "M 1 1 L 9 1 L 5 9 C",
    );
    let resources = format!(
        "<o:DrawParams><o:DrawParam ID=\"20\" LineWidth=\"2\"><o:StrokeColor Value=\"0 120 0\"/></o:DrawParam>\
         <o:DrawParam ID=\"21\" Relative=\"20\"><o:FillColor Value=\"250 220 0\"/></o:DrawParam>\
         <o:DrawParam ID=\"22\" Relative=\"22\" LineWidth=\"0.2\"/></o:DrawParams>\
         <o:CompositeGraphicUnits><o:CompositeGraphicUnit ID=\"30\" Width=\"10\" Height=\"10\"><o:Content>{unit}\
         </o:Content></o:CompositeGraphicUnit></o:CompositeGraphicUnits>"
    );
    let composite = |boundary: &str, ctm: &str, more: &str| {
        format!(
            "<o:CompositeObject ID=\"5\" ResourceID=\"30\" Boundary=\"{boundary}\" CTM=\"{ctm}\" {more}/>"
        )
    };
    let objects = [
        composite("2 2 20 20", "2 0 0 2 0 0", ""),
        composite("24 2 12 12", "0 1 -1 0 12 0", "Alpha=\"100\""),
        composite("40 2 6 20", "2 0 0 2 0 0", ""),
        path("2 26 20 10", "", "", "M 0 5 L 20 5"),
        path("26 26 20 10", "DrawParam=\"22\"", "", "M 0 5 L 20 5"),
        path("48 26 10 10", "LineWidth=\"1\"", "", "M 0 5 L 10 5"),
    ];
    let sample = Sample {
        content: format!(
            "<o:Layer ID=\"2\" DrawParam=\"20\">{}</o:Layer>",
            objects.concat()
        ),
        ..Sample::default()
    };
    check("composites", &sample.resources(&resources));
}

#[test]
fn layers_templates_and_annotations_lie_on_each_other() {
    let square = |place: &str, color: &str| {
        let fill = format!("<o:FillColor Value=\"{color}\"/>");
        path(
            place,
            "Fill=\"true\" Stroke=\"false\"",
            &fill,
            "M 0 0 L 20 0 L 20 12 L 0 12 C",
        )
    };
    let layer = |kind: &str, objects: &str| format!("<o:Layer ID=\"2\" Type=\"{kind}\">{objects}</o:Layer>");
    let template = |objects: &str| {
        root(
            "Page",
            &format!("<o:Content><o:Layer ID=\"2\">{objects}</o:Layer></o:Content>"),
        )
    };
    let annotations = format!(
        "<o:Annot ID=\"9\" Type=\"Watermark\"><o:Appearance Boundary=\"30 20 20 12\">{}</o:Appearance></o:Annot>\
         <o:Annot ID=\"9\" Type=\"Path\" Visible=\"false\"><o:Appearance Boundary=\"0 0 60 40\">{}</o:Appearance></o:Annot>",
        square("0 0 20 12", "0 160 160"),
        square("0 0 60 40", "0 0 0"),
    );
    let sample = Sample {
        // The foreground layer stands first and is drawn last.
        content: layer("Foreground", &square("14 10 20 12", "200 0 0"))
            + &layer("Body", &square("10 8 20 12", "0 160 0"))
            + &layer("Background", &square("6 6 20 12", "0 0 200")),
        page: "<o:Template TemplateID=\"40\" ZOrder=\"Background\"/><o:Template TemplateID=\"41\" ZOrder=\"Foreground\"/>".into(),
        common: "<o:TemplatePage ID=\"40\" BaseLoc=\"T0.xml\"/><o:TemplatePage ID=\"41\" BaseLoc=\"T1.xml\"/>".into(),
        document: "<o:Annotations>Annots.xml</o:Annotations>".into(),
        ..Sample::default()
    };
    let sample = sample
        .part("T0.xml", template(&square("2 4 20 12", "120 120 120")))
        .part("T1.xml", template(&square("12 14 20 12", "230 200 0")))
        .part(
            "Annots.xml",
            root(
                "Annotations",
                "<o:Page PageID=\"1\"><o:FileLoc>Annot.xml</o:FileLoc></o:Page>",
            ),
        )
        .part("Annot.xml", root("PageAnnot", &annotations));
    check("layers", &sample);
}

fn text(place: &str, attributes: &str, inside: &str) -> String {
    format!(
        "<o:TextObject ID=\"6\" Boundary=\"{place}\" Font=\"50\" Size=\"8\" {attributes}>{inside}</o:TextObject>"
    )
}

const EMBEDDED: &str =
    "<o:Fonts><o:Font ID=\"50\" FontName=\"Figures\"><o:FontFile>f.ttf</o:FontFile></o:Font></o:Fonts>";

#[test]
fn text_in_an_embedded_font() {
    let objects = [
        text(
            "0 0 60 10",
            "",
            "<o:TextCode X=\"1\" Y=\"8\" DeltaX=\"g 2 9 12\">印章印章</o:TextCode>",
        ),
        text(
            "0 10 60 10",
            "HScale=\"0.5\"",
            "<o:TextCode X=\"1\" Y=\"8\">印章AB</o:TextCode>",
        ),
        text(
            "30 10 30 10",
            "Italic=\"true\"",
            "<o:TextCode X=\"1\" Y=\"8\" DeltaX=\"9\">印B</o:TextCode>",
        ),
        text(
            "0 20 20 20",
            "CharDirection=\"90\"",
            "<o:TextCode X=\"2\" Y=\"2\" DeltaY=\"9\">章印</o:TextCode>",
        ),
        text(
            "14 20 20 20",
            "ReadDirection=\"90\"",
            "<o:TextCode X=\"2\" Y=\"8\">印章</o:TextCode>",
        ),
        text(
            "26 20 10 10",
            "Stroke=\"true\" Fill=\"false\" LineWidth=\"0.3\"",
            "<o:StrokeColor Value=\"0 0 200\"/><o:TextCode X=\"1\" Y=\"8\">印</o:TextCode>",
        ),
        text(
            "36 20 10 10",
            "Weight=\"700\"",
            "<o:FillColor Value=\"200 0 0\"/><o:TextCode X=\"1\" Y=\"8\">印</o:TextCode>",
        ),
        text(
            "46 20 14 10",
            "CTM=\"0.7 0.7 -0.7 0.7 6 0\"",
            "<o:TextCode X=\"0\" Y=\"7\">章</o:TextCode>",
        ),
        // The third character is drawn by number; the last code of a run takes the glyphs that are left.
        text(
            "26 30 34 10",
            "",
            "<o:CGTransform CodePosition=\"1\" CodeCount=\"1\" GlyphCount=\"2\"><o:Glyphs>4 3</o:Glyphs>\
            </o:CGTransform><o:TextCode X=\"1\" Y=\"8\" DeltaX=\"9 9\">章印章</o:TextCode>",
        ),
    ];
    let sample = Sample::of(&objects.concat()).resources(EMBEDDED);
    check("text", &sample.part("f.ttf", font("Figures", Without::Nothing)));
}

#[test]
fn fonts_without_tables_and_without_files() {
    let mut sample = Sample::of(
        &[
            // Glyph numbers reach a font without characters; so do stand-ins.
            text(
                "0 0 60 10",
                "",
                "<o:CGTransform CodePosition=\"0\"><o:Glyphs>1</o:Glyphs></o:CGTransform>\
                <o:TextCode X=\"1\" Y=\"8\" DeltaX=\"9\">印章</o:TextCode>",
            ),
            text(
                "0 10 60 10",
                "",
                "<o:TextCode X=\"1\" Y=\"8\" DeltaX=\"9 9\">印章字</o:TextCode>",
            )
            .replace("Font=\"50\"", "Font=\"51\""),
            text(
                "0 20 60 10",
                "",
                "<o:TextCode X=\"1\" Y=\"8\" DeltaX=\"9\">印章</o:TextCode>",
            )
            .replace("Font=\"50\"", "Font=\"52\""),
            text(
                "30 20 30 10",
                "",
                "<o:TextCode X=\"1\" Y=\"8\" DeltaX=\"2\">AB</o:TextCode>",
            )
            .replace("Font=\"50\"", "Font=\"51\""),
        ]
        .concat(),
    )
    .resources(
        "<o:Fonts><o:Font ID=\"50\" FontName=\"a\"><o:FontFile>a.ttf</o:FontFile></o:Font>\
         <o:Font ID=\"51\" FontName=\"宋体\"/>\
         <o:Font ID=\"52\" FontName=\"c\"><o:FontFile>c.ttf</o:FontFile></o:Font></o:Fonts>",
    )
    .part("a.ttf", font("a", Without::Characters))
    .part("c.ttf", font("c", Without::Metrics));
    sample.fonts.add_font(&font("SimSun", Without::Nothing));
    check("fonts", &sample);
}

#[test]
fn images_masks_and_what_cannot_be_decoded() {
    let (red, blue, clear) = ([200, 0, 0, 255], [0, 0, 200, 255], [0, 0, 0, 0]);
    let (black, white) = ([0, 0, 0, 255], [255; 4]);
    let resources = "<o:MultiMedias><o:MultiMedia ID=\"60\" Type=\"Image\"><o:MediaFile>a.png</o:MediaFile></o:MultiMedia>\
        <o:MultiMedia ID=\"61\" Type=\"Image\"><o:MediaFile>mask.png</o:MediaFile></o:MultiMedia>\
        <o:MultiMedia ID=\"62\" Type=\"Image\"><o:MediaFile>broken.png</o:MediaFile></o:MultiMedia></o:MultiMedias>";
    let image = |place: &str, more: &str| format!("<o:ImageObject ID=\"7\" Boundary=\"{place}\" {more}/>");
    let objects = [
        path(
            "0 0 60 20",
            "Fill=\"true\" Stroke=\"false\"",
            "<o:FillColor Value=\"250 240 180\"/>",
            "M 0 0 L 60 0 L 60 20 L 0 20 C",
        ),
        image("2 2 16 16", "ResourceID=\"60\" CTM=\"16 0 0 16 0 0\""),
        image("22 2 16 16", "ResourceID=\"60\""),
        image(
            "42 2 16 16",
            "ResourceID=\"60\" CTM=\"0 16 -16 0 16 0\" Alpha=\"100\"",
        ),
        image(
            "2 22 16 16",
            "ResourceID=\"60\" ImageMask=\"61\" CTM=\"16 0 0 16 0 0\"",
        ),
        image("22 22 16 16", "ResourceID=\"62\" CTM=\"16 0 0 16 0 0\""),
        image("42 22 8 16", "ResourceID=\"60\" CTM=\"16 0 0 16 0 0\""),
    ];
    let sample = Sample::of(&objects.concat())
        .resources(resources)
        .part("a.png", png(2, &[red, clear, blue, red]))
        .part("mask.png", png(2, &[black, white, white, black]))
        .part("broken.png", b"\x89PNG\r\n\x1a\nbroken".to_vec());
    check_images("images", &sample, 2);
    assert_eq!(sample.scene().warnings.len(), 1);
}

#[test]
fn stamps_of_every_kind_with_clips() {
    let (red, white) = ([220, 0, 0, 255], [255; 4]);
    let lines: String = (0..10)
        .map(|row| path(&format!("0 {} 60 4", row * 4), "", "", "M 0 2 L 60 2"))
        .collect();
    let stamp = |x: f64, y: f64, picture: Vec<u8>| Stamp {
        page: 1,
        boundary: Box::new(x, y, 16.0, 16.0),
        clip: None,
        picture: picture.into(),
    };
    let opaque = png(2, &[red, white, white, red]);
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 10 10'><circle cx='5' cy='5' r='4' fill='none' \
        stroke='#d00' stroke-width='1'/></svg>";
    let nested = Sample::of(&path(
        "0 0 60 40",
        "Fill=\"true\" Stroke=\"false\"",
        INK,
        "M 0 40 L 30 0 L 60 40 C",
    ))
    .bytes();
    let half = Stamp {
        clip: Some(Box::new(0.0, 0.0, 8.0, 16.0)),
        ..stamp(42.0, 2.0, nested.clone())
    };
    let other_page = Stamp {
        page: 2,
        ..stamp(0.0, 0.0, opaque.clone())
    };
    let sample = Sample::of(&lines)
        .stamp(stamp(2.0, 2.0, opaque))
        .stamp(stamp(22.0, 2.0, svg.as_bytes().to_vec()))
        .stamp(half)
        .stamp(stamp(2.0, 22.0, nested))
        .stamp(stamp(22.0, 22.0, b"no picture".to_vec()))
        .stamp(other_page);
    check_images("stamps", &sample, 2);
}
