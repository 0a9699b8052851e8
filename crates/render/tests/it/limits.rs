//! Pages that are made to hurt.

use crate::sample::{Sample, path, png};
use render::{Error, Limits};

const SQUARE: &str = "M 0 0 L 60 0 L 60 40 L 0 40 C";
const FILLED: &str = "Fill=\"true\" Stroke=\"false\"";

/// What is above its limit when the page is laid out and drawn at 25.4 dpi.
fn exceeded(sample: &Sample, limits: Limits) -> Option<&'static str> {
    let drawn = sample.try_scene(limits).and_then(|scene| scene.to_pixels(25.4));
    match drawn {
        Ok(_) => None,
        Err(Error::TooMuch { what, .. }) => Some(what),
        Err(other) => panic!("{other}"),
    }
}

fn composite(id: u32, content: &str) -> String {
    format!(
        "<o:CompositeGraphicUnit ID=\"{id}\" Width=\"60\" Height=\"40\"><o:Content>{content}</o:Content>\
         </o:CompositeGraphicUnit>"
    )
}

fn use_of(id: u32) -> String {
    format!("<o:CompositeObject ID=\"4\" Boundary=\"0 0 60 40\" ResourceID=\"{id}\"/>")
}

#[test]
fn a_composite_in_itself_ends() {
    let units = format!(
        "<o:CompositeGraphicUnits>{}</o:CompositeGraphicUnits>",
        composite(30, &use_of(30))
    );
    let sample = Sample::of(&use_of(30)).resources(&units);
    assert_eq!(
        exceeded(&sample, Limits::default()),
        Some("the nesting of page blocks, composites and patterns")
    );
}

#[test]
fn composites_that_double_at_every_level_end() {
    let levels = (30..58).map(|id| composite(id, &use_of(id + 1).repeat(2)));
    let units: String = levels.chain([composite(58, "")]).collect();
    let sample = Sample::of(&use_of(30)).resources(&format!(
        "<o:CompositeGraphicUnits>{units}</o:CompositeGraphicUnits>"
    ));
    assert_eq!(
        exceeded(&sample, Limits::default()),
        Some("the number of objects on a page")
    );
}

#[test]
fn page_blocks_within_each_other_end() {
    let blocks = |count: usize| {
        Sample::of(&format!(
            "{}{}",
            "<o:PageBlock>".repeat(count),
            "</o:PageBlock>".repeat(count)
        ))
    };
    assert_eq!(exceeded(&blocks(32), Limits::default()), None);
    assert!(exceeded(&blocks(33), Limits::default()).is_some());
}

#[test]
fn patterns_of_tiny_cells_end() {
    let fill =
        "<o:FillColor><o:Pattern Width=\"0.001\" Height=\"0.001\"><o:CellContent/></o:Pattern></o:FillColor>";
    let sample = Sample::of(&path("0 0 60 40", FILLED, fill, SQUARE));
    assert_eq!(
        exceeded(&sample, Limits::default()),
        Some("the number of cells of all patterns on a page")
    );
}

#[test]
fn shapes_on_each_other_meet_the_limit_of_work() {
    let sample = Sample::of(&path("0 0 60 40", FILLED, "<o:FillColor Value=\"0 0 0\"/>", SQUARE).repeat(50));
    let limits = |work_pixels_max| Limits {
        work_pixels_max,
        ..Limits::default()
    };
    assert_eq!(exceeded(&sample, limits(50 * (60 * 40 + 64))), None);
    assert_eq!(
        exceeded(&sample, limits(50 * (60 * 40 + 64) - 1)),
        Some("the number of pixels touched while drawing")
    );
}

#[test]
fn points_of_paths_are_counted() {
    let data = format!("M 0 0 {}", "L 1 1 ".repeat(1000));
    let sample = Sample::of(&path("0 0 60 40", "", "", &data));
    let limits = |points_max| Limits {
        points_max,
        ..Limits::default()
    };
    assert_eq!(exceeded(&sample, limits(2000)), None);
    assert_eq!(
        exceeded(&sample, limits(1000)),
        Some("the number of points of all paths on a page")
    );
}

#[test]
fn images_above_their_limit_become_placeholders() {
    let resources = "<o:MultiMedias><o:MultiMedia ID=\"60\"><o:MediaFile>a.png</o:MediaFile></o:MultiMedia></o:MultiMedias>";
    let sample = Sample::of("<o:ImageObject ID=\"7\" Boundary=\"0 0 9 9\" ResourceID=\"60\"/>")
        .resources(resources)
        .part("a.png", png(10, &[[0, 0, 0, 255]; 100]));
    let warnings = |image_pixels_max| {
        let limits = Limits {
            image_pixels_max,
            ..Limits::default()
        };
        sample.try_scene(limits).unwrap().warnings.len()
    };
    assert_eq!((warnings(100), warnings(99)), (0, 1));
}

#[test]
fn pictures_have_a_size_that_is_asked_for_within_reason() {
    let scene = Sample::of("").scene();
    assert!(matches!(scene.to_pixels(0.5), Err(Error::BadResolution { .. })));
    assert!(matches!(
        scene.to_pixels(f64::NAN),
        Err(Error::BadResolution { .. })
    ));
    assert!(matches!(
        scene.to_pixels(4801.0),
        Err(Error::BadResolution { .. })
    ));
    let too_large = Limits {
        pixels_max: 60 * 40 - 1,
        ..Limits::default()
    };
    let scene = Sample::of("").try_scene(too_large).unwrap();
    assert!(matches!(scene.to_pixels(25.4), Err(Error::TooMuch { .. })));
}

#[test]
fn pages_that_are_not_there() {
    let sample = Sample::of("");
    let package = ofd::Package::open(sample.bytes(), ofd::Limits::default()).unwrap();
    let ofd = ofd::Ofd::read(&package).unwrap();
    let document = ofd.bodies[0].document.as_ref().unwrap();
    let fonts = render::FontLibrary::default();
    let pages = render::Document::new(&package, document, &fonts, Limits::default());
    for number in [0, 2] {
        let outcome = pages.scene(number, &render::View::default());
        assert!(matches!(outcome, Err(Error::NoPage { pages: 1, .. })), "{number}");
    }
}
