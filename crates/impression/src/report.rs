//! The comparison as one HTML file that needs nothing else: what a reviewer decides from, in Chinese and English.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::compare::{Comparison, Impression, Measure, Region, Verdict};
use crate::error::Error;
use crate::plane::Plane;
use crate::register::HALF;

/// What is compared, as the report calls it.
#[derive(Clone, Copy, Debug)]
pub struct ReportTitles<'a> {
    /// The registered impression: its file or number.
    pub registered: &'a str,
    /// The submitted impression.
    pub submitted: &'a str,
}

/// Writes the report.
///
/// # Errors
///
/// A picture cannot be encoded.
pub fn report(
    comparison: &Comparison,
    registered: &Impression,
    submitted: &Impression,
    titles: ReportTitles<'_>,
) -> Result<String, Error> {
    let pictures = &comparison.pictures;
    let (class, zh, en) = verdict_words(comparison.verdict);
    let mut html = String::from(HEAD);
    let _ = write!(
        html,
        "<h1>印模比对报告 <small>Comparison of impressions</small></h1>\n\
         <p class=\"verdict {class}\">{zh} <span lang=\"en\">{en}</span> \
         <span class=\"number\">{:.2}</span></p>\n\
         <p>备案印模 <span lang=\"en\">registered</span>: {}<br>\n送审印模 <span lang=\"en\">submitted</span>: {}</p>\n",
        comparison.similarity,
        escaped(titles.registered),
        escaped(titles.submitted),
    );
    html.push_str("<div class=\"pictures\">\n");
    for (picture, zh, en) in [
        (
            inked(&pictures.registered, &comparison.regions)?,
            "备案印模（摆正）；绿圈为标记处",
            "registered, upright; green rings mark places",
        ),
        (
            inked(&pictures.submitted, &comparison.regions)?,
            "送审印模（按同一大小、方向摆正）；绿圈为标记处",
            "submitted, at the same scale and turned alike; green rings mark places",
        ),
        (
            overlay(&pictures.registered, &pictures.submitted, &comparison.regions)?,
            "叠加：蓝为备案独有，红为送审独有，深色为两者共有；绿圈为标记处",
            "overlay: blue only registered, red only submitted, dark both; green rings mark places",
        ),
        (
            heat(&pictures.registered, &pictures.difference, &comparison.regions)?,
            "差异热图：不能由备案印模解释的部分，越红越大；绿圈为标记处",
            "heat map of what the registered impression does not explain: the redder, the more; green rings mark places",
        ),
        (photo(registered)?, "备案印模（原图）", "registered, as received"),
        (photo(submitted)?, "送审印模（原图）", "submitted, as received"),
    ] {
        let _ = writeln!(
            html,
            "<figure><img alt=\"{zh} / {en}\"{PICTURE}{picture}\">\
             <figcaption>{zh}<br><span lang=\"en\">{en}</span></figcaption></figure>"
        );
    }
    html.push_str("</div>\n");
    push_places(&mut html, &comparison.regions);
    push_sizes(&mut html, comparison);
    push_measures(&mut html, &comparison.measures);
    html.push_str(FOOT);
    Ok(html)
}

/// A picture of a report that [`report`] wrote, as PNG: 0 is the registered impression, 1 the submitted one, 2 the
/// overlay, 3 the heat map. Nothing if it is not there or does not decode.
pub fn report_picture(report: &str, number: usize) -> Option<Vec<u8>> {
    let (base64, _) = report.split(PICTURE).skip(1).nth(number)?.split_once('"')?;
    STANDARD.decode(base64).ok()
}

/// What stands before a picture's base64.
const PICTURE: &str = " src=\"data:image/png;base64,";

/// The marked places in words.
fn push_places(html: &mut String, places: &[Region]) {
    if places.is_empty() {
        return;
    }
    html.push_str(
        "<h2>标记处 <small lang=\"en\">marked places</small></h2>\n\
         <p>这些位置的差异，墨迹浓淡、扩散、模糊和纸张变形都不能解释：请先看这里。 <span lang=\"en\">Thin, spread or \
         soft ink and bent paper do not explain these places: look here first.</span></p>\n<ol>\n",
    );
    for place in places {
        let (zh, en) = place.words();
        let _ = writeln!(html, "<li>{zh} <span lang=\"en\">{en}</span></li>");
    }
    html.push_str("</ol>\n");
}

fn push_sizes(html: &mut String, comparison: &Comparison) {
    let size = |size: Option<(f64, f64)>| {
        size.map_or("未知 / unknown".to_owned(), |(long, short)| {
            format!("{long:.1} × {short:.1} mm")
        })
    };
    let _ = writeln!(
        html,
        "<p>外廓尺寸 <span lang=\"en\">size of the outline</span>: {} → {}; \
         旋转 <span lang=\"en\">turned by</span> {:.1}°</p>",
        size(comparison.registered_mm),
        size(comparison.submitted_mm),
        comparison.turn_deg,
    );
}

fn push_measures(html: &mut String, measures: &[Measure]) {
    html.push_str(
        "<table><thead><tr><th>指标 <span lang=\"en\">measure</span></th><th>值 <span lang=\"en\">value</span></th>\
         <th>相同上限 <span lang=\"en\">same up to</span></th><th>不同下限 <span lang=\"en\">different from</span></th>\
         <th>结论 <span lang=\"en\">says</span></th></tr></thead><tbody>\n",
    );
    for measure in measures {
        let (zh, en) = measure.kind.words();
        let (class, verdict_zh, verdict_en) = verdict_words(measure.verdict());
        let far = measure
            .different_min
            .map_or("–".to_owned(), |min| format!("{min}"));
        let _ = writeln!(
            html,
            "<tr><td>{zh} <span lang=\"en\">{en}</span></td><td class=\"number\">{:.3}</td>\
             <td class=\"number\">{}</td><td class=\"number\">{far}</td>\
             <td class=\"{class}\">{verdict_zh} <span lang=\"en\">{verdict_en}</span></td></tr>",
            measure.value, measure.same_max
        );
    }
    html.push_str("</tbody></table>\n");
}

/// Class, Chinese and English.
fn verdict_words(verdict: Verdict) -> (&'static str, &'static str, &'static str) {
    match verdict {
        Verdict::Same => ("same", "相同", "same"),
        Verdict::Look => ("look", "请人工核对", "look yourself"),
        Verdict::Different => ("different", "不同", "different"),
    }
}

/// The two colours of the overlay: only registered, only submitted.
const REGISTERED_COLOUR: [f32; 3] = [0.1, 0.35, 0.95];
const SUBMITTED_COLOUR: [f32; 3] = [0.95, 0.15, 0.1];

/// An impression as it would be on white paper.
fn inked(ink: &Plane, places: &[Region]) -> Result<String, Error> {
    let pixels = ink.values.iter().flat_map(|ink| {
        SUBMITTED_COLOUR.map(|channel| ((1.0 - ink.clamp(0.0, 1.0) * (1.0 - channel)) * 255.0) as u8)
    });
    let pixels = marked(pixels.collect(), ink.width, places);
    encoded(ink.width, ink.height, &pixels)
}

fn overlay(registered: &Plane, submitted: &Plane, places: &[Region]) -> Result<String, Error> {
    let pixels: Vec<u8> = registered
        .values
        .iter()
        .zip(&submitted.values)
        .flat_map(|(one, two)| {
            [0, 1, 2].map(|channel| {
                let one = 1.0 - one.clamp(0.0, 1.0) * (1.0 - REGISTERED_COLOUR[channel]);
                let two = 1.0 - two.clamp(0.0, 1.0) * (1.0 - SUBMITTED_COLOUR[channel]);
                (one * two * 255.0) as u8
            })
        })
        .collect();
    let pixels = marked(pixels, registered.width, places);
    encoded(registered.width, registered.height, &pixels)
}

/// From paper over yellow to red, with the registered impression in grey below.
fn heat(registered: &Plane, difference: &Plane, places: &[Region]) -> Result<String, Error> {
    /// The difference that is wholly red.
    const FULL: f32 = 0.5;
    let pixels: Vec<u8> = registered
        .values
        .iter()
        .zip(&difference.values)
        .flat_map(|(ink, difference)| {
            let below = 1.0 - 0.25 * ink.clamp(0.0, 1.0);
            let heat = (difference / FULL).clamp(0.0, 1.0);
            let weight = (heat * 4.0).min(1.0);
            let hot = [1.0, 0.85 * (1.0 - heat), 0.0];
            hot.map(|value| ((below * (1.0 - weight) + value * weight) * 255.0) as u8)
        })
        .collect();
    let pixels = marked(pixels, registered.width, places);
    encoded(registered.width, registered.height, &pixels)
}

/// The picture with a ring around each place.
fn marked(mut rgb: Vec<u8>, width: usize, places: &[Region]) -> Vec<u8> {
    /// Radius of a ring and half its width, in pixels.
    const RING: (f64, f64) = (22.0, 1.5);
    const GREEN: [u8; 3] = [0, 150, 60];
    let middle = width as f64 / 2.0;
    let (pixels, _) = rgb.as_chunks_mut::<3>();
    for (at, pixel) in pixels.iter_mut().enumerate() {
        let x = ((at % width) as f64 + 0.5 - middle) / HALF;
        let y = ((at / width) as f64 + 0.5 - middle) / HALF;
        let on_ring = |place: &Region| {
            let away = (x - place.x).hypot(y - place.y) * HALF;
            (away - RING.0).abs() <= RING.1
        };
        if places.iter().any(on_ring) {
            *pixel = GREEN;
        }
    }
    rgb
}

fn photo(impression: &Impression) -> Result<String, Error> {
    let ink = &impression.cut.ink;
    encoded(ink.width, ink.height, &impression.cut.rgb)
}

/// A PNG as base64.
fn encoded(width: usize, height: usize, rgb: &[u8]) -> Result<String, Error> {
    let failed = |error: png::EncodingError| Error::Encoding {
        detail: error.to_string(),
    };
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(rgb).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(STANDARD.encode(bytes))
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, character| {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            _ if character.is_control() => out.push('\u{fffd}'),
            _ => out.push(character),
        }
        out
    })
}

const HEAD: &str = "<!DOCTYPE html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
    <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; \
    style-src 'unsafe-inline'\">\n<title>印模比对报告 / Comparison of impressions</title>\n<style>\n\
    body { font: 16px/1.5 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif; margin: 2rem auto; max-width: 72rem; \
    padding: 0 1rem; color: #1a1a1a; }\n\
    small, [lang=en] { color: #555; font-weight: normal; font-size: 0.85em; }\n\
    .verdict { font-size: 1.6rem; padding: 0.5rem 1rem; border-left: 0.5rem solid; background: #f4f4f4; }\n\
    .same { border-color: #17703a; color: #17703a; }\n.look { border-color: #8a5a00; color: #8a5a00; }\n\
    .different { border-color: #a4161a; color: #a4161a; }\n\
    .pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1rem; }\n\
    figure { margin: 0; border: 1px solid #ccc; padding: 0.5rem; }\nimg { width: 100%; height: auto; }\n\
    table { border-collapse: collapse; margin: 1rem 0; }\nth, td { border: 1px solid #ccc; padding: 0.25rem 0.6rem; \
    text-align: left; }\n.number { text-align: right; font-variant-numeric: tabular-nums; }\n\
    </style>\n</head>\n<body>\n";

const FOOT: &str = "<p>机器比对只提供依据，是否一致由审核人决定。\
    <span lang=\"en\">The machine gives the grounds; whether the impressions agree is the reviewer's decision.\
    </span></p>\n</body>\n</html>\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pictures_of_a_report_are_found_again() {
        let picture = encoded(2, 1, &[1, 2, 3, 4, 5, 6]).unwrap();
        let report = format!("<img alt=\"a\"{PICTURE}{picture}\"><p>{PICTURE}no end, <img{PICTURE}*\">");
        assert!(report_picture(&report, 0).unwrap().starts_with(b"\x89PNG"));
        assert_eq!(
            [1, 2, 3].map(|number| report_picture(&report, number)),
            [const { None }; 3]
        );
    }

    #[test]
    fn a_place_gets_a_ring_around_it() {
        let place = Region {
            x: 0.5,
            y: -0.25,
            remains: 1.0,
        };
        let width = 512;
        let rgb = marked(vec![255; width * width * 3], width, &[place]);
        let at = |x: f64, y: f64| {
            let (column, row) = ((256.0 + x * HALF) as usize, (256.0 + y * HALF) as usize);
            [0, 1, 2].map(|channel| rgb[(row * width + column) * 3 + channel])
        };
        assert_eq!(at(0.5 + 22.0 / HALF, -0.25), [0, 150, 60]);
        assert_eq!(at(0.5, -0.25), [255; 3]);
        assert_eq!(rgb.iter().filter(|value| **value == 150).count() / 100, 4);
        assert_eq!(marked(vec![7; 48], 4, &[]), vec![7; 48]);
    }
}
