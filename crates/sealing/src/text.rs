//! A report as people read it: one line, the reasons, or everything.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use crate::code::{Effect, Language};
use crate::report::{
    CertificateSummary, Conclusion, InputKind, Outcome, Reason, Report, SealSummary, SignatureKind,
    SignatureReport, TimeSource,
};

/// How much of a report to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// One line per file, for a citizen.
    Line,
    /// The reasons and what to do, for a clerk.
    #[default]
    Reasons,
    /// Every fact with its clause, for an expert.
    Full,
}

/// The report as text that ends with a newline.
pub fn render(report: &Report, depth: Depth, language: Language) -> String {
    let mut text = headline(report, language);
    if depth == Depth::Line {
        return text;
    }
    if depth == Depth::Full {
        push_document(&mut text, report, language);
    }
    push_reasons(&mut text, "  ", &report.reasons, depth, language);
    for (index, signature) in report.signatures.iter().enumerate() {
        push_signature(&mut text, report.kind, index, signature, depth, language);
    }
    if report.conclusion == Conclusion::Passed && matches!(report.kind, InputKind::Ofd | InputKind::Pdf) {
        let effect = language.pick(
            "说明：可靠的电子印章与实物印章具有同等法律效力；打印件或转换格式的文件按复印件对待。",
            "Note: a reliable electronic seal has the same legal effect as the physical one; a print or a converted file counts as a copy.",
        );
        let _ = writeln!(text, "  {effect}");
    }
    text
}

/// The word for a conclusion, never a colour or a sign alone.
pub fn conclusion_word(conclusion: Conclusion, language: Language) -> &'static str {
    let (zh, en) = match conclusion {
        Conclusion::Passed => ("通过", "PASSED"),
        Conclusion::Failed => ("未通过", "FAILED"),
        Conclusion::Indeterminate => ("无法确定", "INDETERMINATE"),
        Conclusion::Unsigned => ("无签章", "UNSIGNED"),
    };
    language.pick(zh, en)
}

/// A time as clerks read it: Beijing time, with the zone said.
pub fn beijing_time(time: Timestamp, language: Language) -> String {
    let zone = TimeZone::fixed(Offset::constant(8));
    let text = time.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S");
    language.pick(format!("{text}（北京时间）"), format!("{text} +08:00"))
}

fn headline(report: &Report, language: Language) -> String {
    let word = conclusion_word(report.conclusion, language);
    let file = printable(&report.file);
    let summary = match (report.conclusion, report.signatures.as_slice()) {
        (Conclusion::Unsigned, _) => language
            .pick("文件没有电子签章", "the document carries no electronic seal")
            .into(),
        (Conclusion::Passed, [only]) if report.kind == InputKind::Seal => language.pick(
            format!("印章有效：{}", seal_name(only)),
            format!("the seal is valid: {}", seal_name(only)),
        ),
        (Conclusion::Passed, signatures) => {
            let names: Vec<_> = signatures
                .iter()
                .map(|signature| who_and_when(signature, language))
                .collect();
            language.pick(
                format!("签章有效，内容未改动：{}", names.join("；")),
                format!("sealed and unchanged: {}", names.join("; ")),
            )
        }
        _ => deciding_reason(report, language).unwrap_or_default(),
    };
    let separator = language.pick("：", ": ");
    format!("{word}  {file}{separator}{summary}\n")
}

/// The first reason that made the conclusion what it is, in words.
fn deciding_reason(report: &Report, language: Language) -> Option<String> {
    let wanted = if report.conclusion == Conclusion::Failed {
        Effect::Failed
    } else {
        Effect::Indeterminate
    };
    let in_signatures = report.signatures.iter().flat_map(|signature| &signature.reasons);
    let mut reasons = report
        .reasons
        .iter()
        .chain(in_signatures)
        .filter(|reason| reason.effect == wanted);
    reasons
        .next()
        .map(|reason| language.pick(reason.zh, reason.en).into())
}

fn who_and_when(signature: &SignatureReport, language: Language) -> String {
    let name = match (&signature.seal, &signature.sealer) {
        (Some(_), _) => seal_name(signature),
        (None, Some(sealer)) => printable(&sealer.subject),
        (None, None) => String::new(),
    };
    match signature.signed_at {
        Some(time) => {
            format!("{name}，{}", beijing_time(time, language)).replace('，', language.pick("，", ", "))
        }
        None => name,
    }
}

fn seal_name(signature: &SignatureReport) -> String {
    signature
        .seal
        .as_ref()
        .map(|seal| printable(&seal.name))
        .unwrap_or_default()
}

fn push_document(text: &mut String, report: &Report, language: Language) {
    let _ = writeln!(
        text,
        "  {}{}",
        language.pick("验证时间：", "judged for: "),
        beijing_time(report.at, language)
    );
    if let Some(document) = &report.document {
        let title = document.title.as_deref().map(printable).unwrap_or_default();
        let id = document.id.as_deref().map(printable).unwrap_or_default();
        let _ = match language {
            Language::Zh => {
                writeln!(
                    text,
                    "  文档：{title}（DocID {id}，{} 页，{} 个部件）",
                    document.pages, document.parts
                )
            }
            Language::En => {
                writeln!(
                    text,
                    "  document: {title} (DocID {id}, {} pages, {} parts)",
                    document.pages, document.parts
                )
            }
        };
    }
}

fn push_signature(
    text: &mut String,
    kind: InputKind,
    index: usize,
    signature: &SignatureReport,
    depth: Depth,
    language: Language,
) {
    let word = conclusion_word(signature.conclusion, language);
    let what = match (kind, signature.kind) {
        (InputKind::Seal, _) => language.pick("印章", "seal"),
        (_, SignatureKind::Seal) => language.pick("签章", "seal"),
        (_, SignatureKind::Sign) => language.pick("数字签名", "signature"),
    };
    let _ = writeln!(
        text,
        "  {what} {}  {word}  {}",
        index + 1,
        who_and_when(signature, language)
    );
    if depth == Depth::Full {
        push_facts(text, signature, language);
    }
    push_reasons(text, "    ", &signature.reasons, depth, language);
}

fn push_reasons(text: &mut String, indent: &str, reasons: &[Reason], depth: Depth, language: Language) {
    let mut sorted: Vec<_> = reasons.iter().collect();
    sorted.sort_by_key(|reason| std::cmp::Reverse(reason.effect));
    for reason in sorted {
        let label = match reason.effect {
            Effect::Failed => language.pick("不通过", "fails"),
            Effect::Indeterminate => language.pick("待定", "open"),
            Effect::Note => language.pick("提示", "note"),
        };
        let words = reason.code.words(language);
        let _ = write!(
            text,
            "{indent}[{label}] {}{}",
            whose(reason, language),
            words.what
        );
        if depth == Depth::Full {
            let sub = reason
                .sub_indication
                .map(|sub| format!(" / {}", shout(sub)))
                .unwrap_or_default();
            let _ = write!(text, " <{}{sub}>", reason.code.name());
        }
        push_details(text, reason, depth, language);
        text.push('\n');
        for sentence in reason.technical.iter().filter(|_| depth == Depth::Full) {
            let _ = writeln!(text, "{indent}    {}", printable(sentence));
        }
        if !words.advice.is_empty() {
            let hint = language.pick("怎么办：", "what to do: ");
            let _ = writeln!(text, "{indent}    {hint}{}", words.advice);
        }
    }
}

/// The same can be said of the sealer's certificate, the maker's and the timestamp authority's.
fn whose(reason: &Reason, language: Language) -> String {
    use crate::code::Check;
    match reason.check {
        Check::SealerPath | Check::MakerPath | Check::SealerRevocation | Check::MakerRevocation => {
            format!("{}{}", reason.check.name(language), language.pick("：", ": "))
        }
        _ => String::new(),
    }
}

fn push_details(text: &mut String, reason: &Reason, depth: Depth, language: Language) {
    let shown = if depth == Depth::Full {
        reason.details.len()
    } else {
        reason.details.len().min(3)
    };
    if shown == 0 {
        return;
    }
    let list: Vec<_> = reason
        .details
        .iter()
        .take(shown)
        .map(|detail| printable(detail))
        .collect();
    let more = reason.details.len() - shown + reason.details_left_out;
    let (open, close, comma) = language.pick(("（", "）", "，"), (" (", ")", ", "));
    let _ = write!(text, "{open}{}", list.join(comma));
    if more > 0 {
        let _ = match language {
            Language::Zh => write!(text, "，另有 {more} 项"),
            Language::En => write!(text, ", and {more} more"),
        };
    }
    text.push_str(close);
}

fn push_facts(text: &mut String, signature: &SignatureReport, language: Language) {
    if let Some(part) = &signature.part {
        let _ = writeln!(
            text,
            "    {}{}",
            language.pick("签名文件：", "part: "),
            printable(part)
        );
    }
    if let Some(time) = signature.signed_at {
        let source = match signature.time_source {
            TimeSource::Timestamp => language.pick("时间戳", "timestamp"),
            _ => language.pick("自报", "claimed"),
        };
        let label = language.pick("签章时间：", "signed at: ");
        let _ = writeln!(text, "    {label}{} [{source}]", beijing_time(time, language));
    }
    if let Some(sealer) = &signature.sealer {
        push_certificate(
            text,
            language.pick("签章人证书：", "sealer's certificate: "),
            sealer,
            language,
        );
    }
    if let Some(seal) = &signature.seal {
        push_seal(text, seal, language);
    }
    for stamp in &signature.stamps {
        let page = stamp.page.map_or_else(|| "?".into(), |page| page.to_string());
        let clip = if stamp.clipped {
            language.pick("（部分）", " (part)")
        } else {
            ""
        };
        let _ = match language {
            Language::Zh => writeln!(
                text,
                "    印章位置：第 {page} 页 x {} y {} 宽 {} 高 {} mm{clip}",
                stamp.x_mm, stamp.y_mm, stamp.width_mm, stamp.height_mm
            ),
            Language::En => writeln!(
                text,
                "    stamp: page {page} x {} y {} width {} height {} mm{clip}",
                stamp.x_mm, stamp.y_mm, stamp.width_mm, stamp.height_mm
            ),
        };
    }
    for result in &signature.checks {
        let outcome = match result.outcome {
            Outcome::Holds => language.pick("成立", "holds"),
            Outcome::Fails => language.pick("不成立", "fails"),
            Outcome::Unknown => language.pick("未定", "open"),
            Outcome::NotApplicable => language.pick("不适用", "n/a"),
        };
        let _ = writeln!(
            text,
            "    {outcome}  {}  [{}]",
            result.check.name(language),
            result.clause
        );
    }
}

fn push_certificate(text: &mut String, label: &str, certificate: &CertificateSummary, language: Language) {
    let _ = writeln!(text, "    {label}{}", printable(&certificate.subject));
    let issuer = language.pick("签发者：", "issuer: ");
    let _ = writeln!(text, "      {issuer}{}", printable(&certificate.issuer));
    let (serial, valid) = language.pick(("序列号：", "有效期："), ("serial: ", "valid: "));
    let _ = writeln!(text, "      {serial}{}", certificate.serial);
    let (start, end) = (
        beijing_time(certificate.not_before, language),
        beijing_time(certificate.not_after, language),
    );
    let _ = writeln!(text, "      {valid}{start} – {end}");
    let _ = writeln!(text, "      SM3: {}", certificate.sm3);
}

fn push_seal(text: &mut String, seal: &SealSummary, language: Language) {
    let (name, code, kind) = (printable(&seal.name), printable(&seal.code), &seal.type_code);
    let (structure, format) = (&seal.structure, printable(&seal.picture_format));
    let (width, height) = (&seal.width_mm, &seal.height_mm);
    let line = match language {
        Language::Zh => {
            format!("印章：{name}（编码 {code}，类型 {kind}，{structure}，{width} × {height} mm，{format}）")
        }
        Language::En => {
            format!("seal: {name} (code {code}, type {kind}, {structure}, {width} × {height} mm, {format})")
        }
    };
    let _ = writeln!(text, "    {line}");
    let time = |time: Option<Timestamp>| time.map_or_else(|| "?".into(), |time| beijing_time(time, language));
    let (created, valid) = language.pick(("制作：", "有效期："), ("made: ", "valid: "));
    let _ = writeln!(text, "      {created}{}", time(seal.created));
    let _ = writeln!(
        text,
        "      {valid}{} – {}",
        time(seal.valid_from),
        time(seal.valid_until)
    );
    if let Some(maker) = &seal.maker {
        push_certificate(
            text,
            language.pick("制章者证书：", "maker's certificate: "),
            maker,
            language,
        );
    }
}

fn shout(sub: crate::code::SubIndication) -> String {
    serde_json::to_value(sub)
        .ok()
        .and_then(|value| value.as_str().map(String::from))
        .unwrap_or_default()
}

/// Text from a document, without characters that would act on a terminal or turn the line's direction.
fn printable(text: &str) -> String {
    let acts = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|c| if acts(c) { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_controls_from_documents_are_neutralised() {
        assert_eq!(printable("a\u{1b}[31mb\u{202e}c"), "a\u{fffd}[31mb\u{fffd}c");
    }

    #[test]
    fn beijing_time_crosses_midnight() {
        let time: Timestamp = "2020-10-10T16:30:00Z".parse().unwrap();
        assert_eq!(beijing_time(time, Language::En), "2020-10-11 00:30:00 +08:00");
    }
}
