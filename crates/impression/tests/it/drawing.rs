//! Shapes and sizes, text that touches nothing, and the reference pictures of fixtures/impressions.

use impression::{
    Arrangement, Centre, Design, Drawing, Error, Font, NameSeal, NameSuffix, OfficialLevel, OvalSeal, Part,
    Piece, Relief, RoundSeal, boxes_overlap, draw,
};

use crate::serif;
use crate::specimens::fonts;

fn official(name: &str) -> RoundSeal {
    RoundSeal::official(OfficialLevel::Township, name, None)
}

fn drawn(design: Design, font: &Font) -> Drawing {
    draw(&design, fonts(font)).unwrap()
}

#[test]
fn r37_official_seals_have_the_prescribed_diameters() {
    let Some(font) = serif() else { return };
    let levels = [
        (OfficialLevel::StateCouncil, 60.0, true),
        (OfficialLevel::Ministry, 50.0, true),
        (OfficialLevel::Coordination, 50.0, false),
        (OfficialLevel::ViceMinistry, 45.0, true),
        (OfficialLevel::CityCounty, 45.0, true),
        (OfficialLevel::Prefecture, 45.0, false),
        (OfficialLevel::ForeignAffairs, 42.0, true),
        (OfficialLevel::Township, 42.0, false),
        (OfficialLevel::Department, 42.0, false),
        (OfficialLevel::Organisation, 40.0, false),
    ];
    for (level, diameter_mm, has_emblem) in levels {
        let drawing = drawn(
            Design::Round(RoundSeal::official(level, "示例市人民政府", None)),
            &font,
        );
        assert_eq!(
            (drawing.width_mm, drawing.height_mm),
            (diameter_mm, diameter_mm),
            "{level:?}"
        );
        assert_eq!(level.has_emblem(), has_emblem, "{level:?}");
        let head = format!("width=\"{diameter_mm}mm\" height=\"{diameter_mm}mm\"");
        assert!(drawing.svg().contains(&head), "{level:?}");
    }
}

/// All boxes apart from each other, and inside of the rim: from the outlines, not from the layout.
fn assert_apart(drawing: &Drawing) {
    for (index, piece) in drawing.pieces.iter().enumerate() {
        assert!(drawing.is_inside_rim(piece), "{:?}", piece.character);
        for other in &drawing.pieces[index + 1..] {
            let overlap = boxes_overlap(&piece.corners, &other.corners);
            assert!(!overlap, "{:?} {:?}", piece.character, other.character);
        }
    }
}

#[test]
fn nothing_overlaps_however_long_the_name_is() {
    let Some(font) = serif() else { return };
    let name: String = "示例省示例市示例区人民政府行政审批服务局综合管理委员会办公室（筹备组）第一二三四五"
        .chars()
        .collect();
    for chars in 2..=40 {
        let name: String = name.chars().take(chars).collect();
        for code in [None, Some("3201000012345".to_owned())] {
            for caption in [None, Some("合同专用章".to_owned())] {
                let seal = RoundSeal {
                    code: code.clone(),
                    caption: caption.clone(),
                    ..official(&name)
                };
                let drawing = drawn(Design::Round(seal), &font);
                let characters = drawing
                    .pieces
                    .iter()
                    .filter(|piece| piece.part == Part::Name)
                    .count();
                assert_eq!(characters, chars, "{name}");
                assert_apart(&drawing);
            }
        }
    }
    for chars in 4..=24 {
        let name: String = name.chars().take(chars).collect();
        assert_apart(&drawn(
            Design::Oval(OvalSeal::invoice(&name, "913201000000000000")),
            &font,
        ));
    }
}

#[test]
fn the_name_is_centred_above_and_evenly_spaced() {
    let Some(font) = serif() else { return };
    let drawing = drawn(Design::Round(official("示例县示例镇人民政府")), &font);
    let angle = |piece: &Piece| {
        let (x, y) = piece
            .corners
            .iter()
            .fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        x.atan2(-y).to_degrees()
    };
    let angles: Vec<f64> = drawing
        .pieces
        .iter()
        .filter(|piece| piece.part == Part::Name)
        .map(angle)
        .collect();
    assert!((angles[0] + angles[9]).abs() < 0.5, "{angles:?}");
    let steps: Vec<f64> = angles.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(
        steps.iter().all(|step| (step - steps[0]).abs() < 0.5),
        "{steps:?}"
    );
    // Feet towards the middle: the lower edge of each box is nearer to it.
    for piece in drawing.pieces.iter().filter(|piece| piece.part == Part::Name) {
        let [top, _, _, bottom] = piece.corners;
        assert!(
            bottom.0.hypot(bottom.1) < top.0.hypot(top.1),
            "{:?}",
            piece.character
        );
    }
}

#[test]
fn a_missing_character_is_named_with_its_font_and_never_drawn_as_a_box() {
    let Some(font) = serif() else { return };
    let refusal = draw(&Design::Round(official("示例\u{e123}局")), fonts(&font)).unwrap_err();
    let expected = Error::GlyphMissing {
        character: '\u{e123}',
        font: "Noto Serif CJK SC".into(),
    };
    assert_eq!(refusal, expected);
    assert!(refusal.to_string().contains("U+E123") && refusal.to_string().contains("Noto Serif CJK SC"));
}

#[test]
fn scripts_that_join_or_stack_are_refused() {
    let Some(font) = serif() else { return };
    for (text, character) in [("ئۇيغۇر", 'ئ'), ("བོད", 'བ'), ("ᠮᠣᠩᠭᠣᠯ", 'ᠮ')] {
        let seal = RoundSeal {
            second_name: Some(text.into()),
            ..official("示例县人民政府")
        };
        let refusal = draw(&Design::Round(seal), fonts(&font)).unwrap_err();
        assert_eq!(refusal, Error::NeedsShaping { character });
    }
}

#[test]
fn absurd_measures_and_texts_are_refused() {
    let Some(font) = serif() else { return };
    let cases = [
        RoundSeal {
            diameter_mm: 1000.0,
            ..official("示例局")
        },
        RoundSeal {
            diameter_mm: f64::NAN,
            ..official("示例局")
        },
        RoundSeal {
            border_mm: 20.0,
            ..official("示例局")
        },
        RoundSeal {
            name: "局".repeat(41),
            ..official("示例局")
        },
        RoundSeal {
            name: String::new(),
            ..official("示例局")
        },
        RoundSeal {
            span_deg: Some(f64::NAN),
            ..official("示例局")
        },
        RoundSeal {
            centre: Centre::Star {
                diameter_mm: 40.0,
                turn_deg: 0.0,
            },
            ..official("示例县示例镇人民政府")
        },
    ];
    for seal in cases {
        assert!(
            draw(&Design::Round(seal.clone()), fonts(&font)).is_err(),
            "{seal:?}"
        );
    }
}

#[test]
fn a_png_says_600_dpi_and_the_svg_shows_the_same() {
    let Some(font) = serif() else { return };
    let drawing = drawn(Design::Round(official("示例县示例镇人民政府")), &font);
    let bytes = drawing.png(600).unwrap();
    let reader = png::Decoder::new(std::io::Cursor::new(&bytes))
        .read_info()
        .unwrap();
    let dims = reader.info().pixel_dims.map(|dims| (dims.xppu, dims.yppu));
    assert_eq!(
        (reader.info().width, reader.info().height, dims),
        (992, 992, Some((23622, 23622)))
    );
    // An independent reader of the SVG draws it, text and all, without any font.
    let tree = resvg::usvg::Tree::from_str(&drawing.svg(), &resvg::usvg::Options::default()).unwrap();
    let mut pixmap = resvg::tiny_skia::Pixmap::new(992, 992).unwrap();
    let scale = 992.0 / tree.size().width();
    resvg::render(
        &tree,
        resvg::tiny_skia::Transform::from_scale(scale, scale),
        &mut pixmap.as_mut(),
    );
    let alpha: Vec<u8> = pixmap.pixels().iter().map(|pixel| pixel.alpha()).collect();
    assert_alike("svg", (992, 992), &alpha, &drawing.opacity(600).unwrap().values);
}

#[test]
fn an_emblem_is_drawn_from_shapes_only() {
    let Some(font) = serif() else { return };
    let with = |svg: &str| {
        let seal = RoundSeal::official(OfficialLevel::CityCounty, "示例市人民政府", Some(svg.into()));
        draw(&Design::Round(seal), fonts(&font))
    };
    let head = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 10 10'>";
    let drawing = with(&format!(
        "{head}<circle cx='5' cy='5' r='4'/><g><rect width='2' height='1'/></g></svg>"
    ))
    .unwrap();
    let emblem = drawing
        .pieces
        .iter()
        .filter(|piece| piece.part == Part::Emblem)
        .count();
    assert_eq!(emblem, 2);
    for bad in [
        "<script>1</script>",
        "<image href='file:///etc/passwd'/>",
        "<text>国</text>",
        "<use href='#a'/>",
        "<rect width='1' height='1' onclick='x'/>",
        "<rect width='1' height='1' fill='white'/>",
        "",
    ] {
        assert!(
            matches!(with(&format!("{head}{bad}</svg>")), Err(Error::Svg { .. })),
            "{bad}"
        );
    }
    let deep = format!(
        "{head}{}<rect width='1' height='1'/>{}</svg>",
        "<g>".repeat(100),
        "</g>".repeat(100)
    );
    assert!(matches!(with(&deep), Err(Error::Svg { .. })));
}

#[test]
fn reference_pictures_are_drawn_again() {
    let Some(font) = serif() else { return };
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/impressions");
    for (name, design) in references() {
        let reference = image::open(format!("{folder}/{name}.png")).unwrap().into_rgba8();
        let drawing = draw(&design, fonts(&font)).unwrap().opacity(150).unwrap();
        assert_eq!((drawing.width, drawing.height), reference.dimensions(), "{name}");
        let alpha: Vec<u8> = reference.pixels().map(|pixel| pixel[3]).collect();
        assert_alike(name, reference.dimensions(), &alpha, &drawing.values);
    }
}

#[test]
#[ignore = "writes fixtures/impressions: run it when the pictures are meant to change, and look at them"]
fn renew_reference_pictures() {
    let font = serif().unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/impressions");
    for (name, design) in references() {
        let png = draw(&design, fonts(&font)).unwrap().png(150).unwrap();
        std::fs::write(format!("{folder}/{name}.png"), png).unwrap();
    }
}

/// Alike but for anti-aliasing: no block of 4 × 4 pixels has another mean than a little more or less ink.
fn assert_alike(name: &str, (width, height): (u32, u32), one: &[u8], other: &[u8]) {
    let (width, height) = (width as usize, height as usize);
    for top in (0..height.saturating_sub(4)).step_by(2) {
        for left in (0..width.saturating_sub(4)).step_by(2) {
            let sum = |values: &[u8]| -> i32 {
                (0..16)
                    .map(|at| i32::from(values[(top + at / 4) * width + left + at % 4]))
                    .sum()
            };
            let difference = (sum(one) - sum(other)).abs() / 16;
            assert!(difference < 48, "{name}: {difference} at {left}, {top}");
        }
    }
}

/// The pictures of fixtures/impressions; its README says how they were made.
fn references() -> Vec<(&'static str, Design)> {
    let firm = "示例市远大信息技术有限公司";
    let code = Some("3201000012345".to_owned());
    let name = |name: &str, side| NameSeal::square(name, side);
    let suffixed = |suffix| NameSeal {
        suffix,
        ..name("王示例", 20.0)
    };
    let round = [
        ("official-42", official("示例县示例镇人民政府")),
        (
            "official-short",
            RoundSeal::official(OfficialLevel::Department, "示例市教育局", None),
        ),
        (
            "official-code",
            RoundSeal {
                code: code.clone(),
                ..RoundSeal::official(OfficialLevel::Organisation, firm, None)
            },
        ),
        (
            "special",
            RoundSeal::special(38.0, "示例市人民政府办公室", "行政审批专用章"),
        ),
        (
            "contract",
            RoundSeal {
                code,
                ..RoundSeal::special(40.0, firm, "合同专用章")
            },
        ),
        (
            "finance",
            RoundSeal::special(38.0, "示例市远大（集团）股份有限公司", "财务专用章"),
        ),
        (
            "bilingual",
            RoundSeal {
                second_name: Some("Sivli Bouxcuengh Swciyen Yinzminz Cwngfuj".into()),
                ..RoundSeal::official(OfficialLevel::CityCounty, "示例壮族自治县人民政府", None)
            },
        ),
    ];
    let others = [
        (
            "invoice",
            Design::Oval(OvalSeal::invoice(firm, "91320100MA1XXXXX5L")),
        ),
        (
            "oval",
            Design::Oval(OvalSeal::bilingual(
                "示例远大（中国）有限公司",
                "SHILI YUANDA (CHINA) CO., LTD.",
            )),
        ),
        ("name-2", Design::Name(name("李一", 18.0))),
        ("name-3", Design::Name(name("王示例", 20.0))),
        ("name-4", Design::Name(suffixed(NameSuffix::Yin))),
        (
            "name-5-intaglio",
            Design::Name(NameSeal {
                relief: Relief::Intaglio,
                ..suffixed(NameSuffix::ZhiYin)
            }),
        ),
        (
            "name-row",
            Design::Name(NameSeal {
                height_mm: 9.0,
                arrangement: Arrangement::Rows,
                ..name("欧阳示例", 20.0)
            }),
        ),
        (
            "finance-square",
            Design::Name(NameSeal {
                arrangement: Arrangement::Rows,
                ..name("示例市远大信息技术有限公司财务专用章", 22.0)
            }),
        ),
    ];
    round
        .into_iter()
        .map(|(name, seal)| (name, Design::Round(seal)))
        .chain(others)
        .collect()
}
