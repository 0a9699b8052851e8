//! The comparison as one HTML file that needs nothing else: what a reviewer decides from, in Chinese and English.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::compare::{Comparison, Impression, Measure, Verdict};
use crate::error::Error;
use crate::plane::Plane;

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
        (photo(registered)?, "备案印模（原图）", "registered, as received"),
        (photo(submitted)?, "送审印模（原图）", "submitted, as received"),
        (
            overlay(&pictures.registered, &pictures.submitted)?,
            "叠加：蓝为备案独有，红为送审独有，深色为两者共有",
            "overlay: blue only registered, red only submitted, dark both",
        ),
        (
            heat(&pictures.registered, &pictures.difference)?,
            "差异热图：黄到红，越红差异越大",
            "heat map of differences: the redder, the greater",
        ),
    ] {
        let _ = writeln!(
            html,
            "<figure><img alt=\"{zh} / {en}\" src=\"data:image/png;base64,{picture}\">\
             <figcaption>{zh}<br><span lang=\"en\">{en}</span></figcaption></figure>"
        );
    }
    html.push_str("</div>\n");
    push_sizes(&mut html, comparison);
    push_measures(&mut html, &comparison.measures);
    html.push_str(FOOT);
    Ok(html)
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

fn overlay(registered: &Plane, submitted: &Plane) -> Result<String, Error> {
    let pixels = registered
        .values
        .iter()
        .zip(&submitted.values)
        .flat_map(|(one, two)| {
            [0, 1, 2].map(|channel| {
                let one = 1.0 - one.clamp(0.0, 1.0) * (1.0 - REGISTERED_COLOUR[channel]);
                let two = 1.0 - two.clamp(0.0, 1.0) * (1.0 - SUBMITTED_COLOUR[channel]);
                (one * two * 255.0) as u8
            })
        });
    encoded(registered.width, registered.height, &pixels.collect::<Vec<u8>>())
}

/// From paper over yellow to red, with the registered impression in grey below.
fn heat(registered: &Plane, difference: &Plane) -> Result<String, Error> {
    /// The difference that is wholly red.
    const FULL: f32 = 0.5;
    let pixels = registered
        .values
        .iter()
        .zip(&difference.values)
        .flat_map(|(ink, difference)| {
            let below = 1.0 - 0.25 * ink.clamp(0.0, 1.0);
            let heat = (difference / FULL).clamp(0.0, 1.0);
            let weight = (heat * 4.0).min(1.0);
            let hot = [1.0, 0.85 * (1.0 - heat), 0.0];
            hot.map(|value| ((below * (1.0 - weight) + value * weight) * 255.0) as u8)
        });
    encoded(registered.width, registered.height, &pixels.collect::<Vec<u8>>())
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
