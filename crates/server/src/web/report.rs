//! A report as people read it on a page: reasons with what to do, each signature, every check.

use maud::{Markup, html};
use sealing::{
    CertificateSummary, Check, Effect, Language, Outcome, Reason, Report, SignatureKind, SignatureReport,
    TimeSource, conclusion_word,
};

use super::parts::{badge, time};
use super::verify::kind_word;
use super::words;

/// Everything beside the conclusion.
pub(crate) fn details(report: &Report, l: Language) -> Markup {
    html! {
        section.card {
            h2 { (l.pick("文件", "File")) }
            dl.facts {
                dt { (l.pick("名称", "Name")) } dd { (report.file) }
                dt { (l.pick("种类", "Kind")) } dd { (kind_word(report.kind, l)) }
                @if let Some(document) = &report.document {
                    @if let Some(title) = &document.title { dt { (l.pick("标题", "Title")) } dd { (title) } }
                    dt { (l.pick("页数", "Pages")) } dd { (document.pages) }
                }
                dt { (l.pick("验证时间", "Judged for")) } dd { (time(report.at, l)) }
            }
            (reasons(&report.reasons, l))
        }
        @for (index, one) in report.signatures.iter().enumerate() { (signature(index + 1, one, l)) }
    }
}

fn signature(number: usize, signature: &SignatureReport, l: Language) -> Markup {
    let (tone, sign) = words::conclusion(signature.conclusion);
    let kind = match signature.kind {
        SignatureKind::Seal => l.pick("电子签章", "Seal"),
        SignatureKind::Sign => l.pick("数字签名", "Signature"),
    };
    let word = format!("{sign} {}", conclusion_word(signature.conclusion, l));
    html! {
        section.card {
            h2 { (kind) " " (number) " " (badge(tone, &word)) }
            dl.facts {
                @if let Some(seal) = &signature.seal {
                    dt { (l.pick("印章", "Seal")) } dd { strong { (seal.name) } }
                    dt { (l.pick("印章编码", "Code")) } dd { code { (seal.code) } }
                    @if let (Some(from), Some(until)) = (seal.valid_from, seal.valid_until) {
                        dt { (l.pick("印章有效期", "Seal valid")) } dd { (time(from, l)) " – " (time(until, l)) }
                    }
                }
                @if let Some(at) = signature.signed_at {
                    dt { (l.pick("盖章时间", "Sealed")) }
                    dd { (time(at, l)) " " span.muted { (time_source(signature.time_source, l)) } }
                }
                @if !signature.stamps.is_empty() {
                    dt { (l.pick("盖在", "Stands on")) }
                    dd { (pages(signature, l)) }
                }
            }
            (reasons(&signature.reasons, l))
            details {
                summary { (l.pick("全部检查与证书", "Every check, and certificates")) }
                div.scroll { table {
                    caption.muted { (l.pick("逐项检查", "Checks")) }
                    thead { tr { th scope="col" { (l.pick("检查", "Check")) } th scope="col" { (l.pick("结果", "Result")) } th scope="col" { (l.pick("依据", "Clause")) } } }
                    tbody { @for check in &signature.checks { tr {
                        td { (Check::name(check.check, l)) }
                        td { (outcome(check.outcome, l)) }
                        td.muted { (check.clause) }
                    } } }
                } }
                @if let Some(sealer) = &signature.sealer { (certificate(l.pick("签章证书", "Certificate of the sealer"), sealer, l)) }
                @if let Some(maker) = signature.seal.as_ref().and_then(|seal| seal.maker.as_ref()) {
                    (certificate(l.pick("制章者证书", "Certificate of the maker"), maker, l))
                }
            }
        }
    }
}

fn pages(signature: &SignatureReport, l: Language) -> String {
    let mut pages: Vec<usize> = signature.stamps.iter().filter_map(|stamp| stamp.page).collect();
    pages.dedup();
    let list: Vec<String> = pages.iter().take(20).map(ToString::to_string).collect();
    l.pick(
        format!("第 {} 页", list.join("、")),
        format!("page {}", list.join(", ")),
    )
}

fn time_source(source: TimeSource, l: Language) -> &'static str {
    match source {
        TimeSource::Timestamp => l.pick("时间戳证明", "proved by a timestamp"),
        TimeSource::Claimed => l.pick("签章者声称", "as the signer says"),
        TimeSource::None => "",
    }
}

fn reasons(reasons: &[Reason], l: Language) -> Markup {
    html! {
        @if !reasons.is_empty() {
            ul.reasons {
                @for reason in reasons {
                    li {
                        @match reason.effect {
                            Effect::Failed => (badge("bad", l.pick("✗ 未通过", "✗ fails"))),
                            Effect::Indeterminate => (badge("open", l.pick("? 无法确定", "? open"))),
                            _ => (badge("", l.pick("说明", "note"))),
                        }
                        " " strong { (l.pick(reason.zh, reason.en)) }
                        @let advice = reason.code.words(l).advice;
                        @if !advice.is_empty() { p { (advice) } }
                        @if !reason.details.is_empty() { p.muted { (reason.details.join(l.pick("；", "; "))) } }
                        p.muted.code { (reason.code.name()) }
                    }
                }
            }
        }
    }
}

fn outcome(outcome: Outcome, l: Language) -> Markup {
    match outcome {
        Outcome::Holds => badge("good", l.pick("✓ 成立", "✓ holds")),
        Outcome::Fails => badge("bad", l.pick("✗ 不成立", "✗ fails")),
        Outcome::Unknown => badge("open", l.pick("? 无法确定", "? unknown")),
        Outcome::NotApplicable => badge("", l.pick("– 不适用", "– not applicable")),
    }
}

fn certificate(title: &str, certificate: &CertificateSummary, l: Language) -> Markup {
    html! {
        h3 { (title) }
        dl.facts {
            dt { (l.pick("主体", "Subject")) } dd { (certificate.subject) }
            dt { (l.pick("颁发者", "Issuer")) } dd { (certificate.issuer) }
            dt { (l.pick("序列号", "Serial")) } dd { code { (certificate.serial) } }
            dt { (l.pick("有效期", "Valid")) } dd { (time(certificate.not_before, l)) " – " (time(certificate.not_after, l)) }
            dt { "SM3" } dd { code { (certificate.sm3) } }
        }
    }
}
