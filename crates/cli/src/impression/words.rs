//! Why a seal is not drawn or compared, and what is measured, in both languages.

use impression::{Error, MeasureKind, Part};
use sealing::Language;

use crate::common::Failure;

/// A refusal for what the library says.
pub(super) fn failure(error: &Error) -> Failure {
    let zh = match error {
        Error::GlyphMissing { character, font } => {
            format!(
                "字体“{font}”没有“{character}”（U+{:04X}）：请换用有此字的字体",
                u32::from(*character)
            )
        }
        Error::FaceMissing { family, has } => format!("字体文件中没有“{family}”，只有：{has}"),
        Error::FontUnreadable { detail } => format!("字体无法读取：{detail}"),
        Error::NeedsShaping { character } => {
            format!("“{character}”属于连写或叠写的文字，尚不能绘制：请去掉这些文字")
        }
        Error::TextLength {
            part,
            chars,
            min,
            max,
        } => {
            format!("{}有 {chars} 个字符，应为 {min} 至 {max} 个", part_words(*part))
        }
        Error::Measure {
            part,
            value_mm,
            min_mm,
            max_mm,
        } => format!(
            "{}为 {value_mm} mm，应为 {min_mm} 至 {max_mm} mm",
            part_words(*part)
        ),
        Error::Angle {
            part,
            value_deg,
            min_deg,
            max_deg,
        } => format!(
            "{}占 {value_deg} 度，应为 {min_deg} 至 {max_deg} 度",
            part_words(*part)
        ),
        Error::DoesNotFit { part, other } => {
            let (part, other) = (part_words(*part), part_words(*other));
            format!("{part}放不下，会碰到{other}：请缩短文字或加大印章")
        }
        Error::Svg { detail } => format!("SVG 不能使用：{detail}"),
        Error::Image { detail } => format!("图像无法读取：{detail}"),
        Error::NoImpression { detail } => format!("图像中没有找到印模：{detail}"),
        Error::Encoding { detail } => format!("图像无法写出：{detail}"),
        other => other.to_string(),
    };
    Failure::refused(zh, error.to_string())
}

fn part_words(part: Part) -> &'static str {
    match part {
        Part::Border => "边框",
        Part::Name => "名称",
        Part::SecondName => "第二种文字的名称",
        Part::Caption => "横排文字",
        Part::Number => "号码",
        Part::Code => "编码",
        Part::Star => "五角星",
        Part::Emblem => "徽记",
        Part::Seal => "印章",
    }
}

/// What a measure is called.
pub(super) fn measure(kind: MeasureKind, language: Language) -> &'static str {
    let (zh, en) = kind.words();
    language.pick(zh, en)
}
