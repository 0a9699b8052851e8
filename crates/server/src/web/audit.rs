//! The audit explorer: looking through the log of acts, one act with what belongs to it and its proof, checkpoints,
//! the whole log as a file, and its check.

use std::sync::Arc;

use audit::{Effect, Entry, Report};
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::stream;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use maud::{Markup, html};
use sealing::Language;
use serde_json::Value;
use tokio::io::AsyncReadExt as _;

use super::acts::{self, ACTS};
use super::layout::{Sheet, page, page_with};
use super::parts::{Field, badge, empty, heads, hidden, problem_box, select, time};
use super::visit::Visit;
use crate::app::{Placed, Service, Shown, TrailSearch};
use crate::http::problem::Problem;

/// Entries on a page.
const ROWS: u32 = 50;
/// Characters of an identifier that are shown.
const ID_CHARS: usize = 8;
/// Bytes of the export that are sent at once.
const CHUNK_BYTES: usize = 1 << 16;

fn above(l: Language) -> [(&'static str, &'static str); 1] {
    [("/audit", l.pick("审计", "Audit"))]
}

/// What was asked, as it was typed.
struct Asked {
    about: String,
    actor: String,
    act: String,
    from: String,
    until: String,
}

impl Asked {
    fn of(visit: &Visit) -> Self {
        let text = |name| visit.query(name).trim().to_owned();
        Self {
            about: text("about"),
            actor: text("actor"),
            act: text("act"),
            from: text("from"),
            until: text("until"),
        }
    }

    fn search(&self, before: Option<u64>) -> Result<TrailSearch, Problem> {
        Ok(TrailSearch {
            about: self.about.clone(),
            actor: self.actor.clone(),
            act: self.act.clone(),
            from: day(&self.from, false)?,
            until: day(&self.until, true)?,
            before,
        })
    }

    /// The same search from another place on.
    fn place(&self, before: u64) -> String {
        let pairs = [
            ("about", self.about.as_str()),
            ("actor", &self.actor),
            ("act", &self.act),
            ("from", &self.from),
            ("until", &self.until),
            ("before", &before.to_string()),
        ];
        let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
        format!("/audit?{query}")
    }
}

/// The beginning of a day in China, or its end.
fn day(text: &str, end: bool) -> Result<Option<Timestamp>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let bad = || Problem::bad_field("日期无法识别", "The date cannot be read");
    let date: Date = text.parse().map_err(|_| bad())?;
    let date = if end {
        date.tomorrow().map_err(|_| bad())?
    } else {
        date
    };
    let begin = date.to_zoned(TimeZone::fixed(Offset::constant(8)));
    Ok(Some(begin.map_err(|_| bad())?.timestamp()))
}

pub(crate) async fn explore(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let (l, asked) = (visit.language(), Asked::of(&visit));
    let before = visit.query("before").parse().ok();
    let found = match asked.search(before) {
        Ok(search) => service
            .trail(visit.caller()?, &search, ROWS)
            .await
            .map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    let title = l.pick("审计", "Audit");
    let problem = found.as_ref().err();
    let body = html! {
        h1 { (title) }
        @if let Some(problem) = problem { (problem_box(problem, l)) }
        (filters(&asked, l))
        @if let Ok(found) = &found {
            p.muted role="status" {
                (l.pick("日志共 ", "The log has ")) (found.size) (l.pick(" 条；", " entries; "))
                (l.pick("本页 ", "")) (found.entries.len()) (l.pick(" 条，最新的在前。", " on this page, the newest first."))
            }
            @if found.entries.is_empty() && found.next.is_none() {
                (empty(l.pick("没有符合条件的记录：请放宽条件，或核对编码与账号。", "No entry fits: ask for less, or check the code and the account.")))
            } @else if found.entries.is_empty() {
                (empty(l.pick("在查过的这一段没有符合条件的记录，可继续查更早的。", "Nothing fits in the part that was searched; go on to older entries.")))
            } @else {
                (table(&found.entries, found.about.as_deref(), l))
            }
            div.actions {
                @if before.is_some() { a.button href=(asked.place(found.size)) { (l.pick("回到最新", "Back to the newest")) } }
                @if let Some(next) = found.next { a.button rel="next" href=(asked.place(next)) { (l.pick("更早的记录", "Older entries")) } }
            }
        }
        section.card {
            h2 { (l.pick("整个日志", "The whole log")) }
            p { (l.pick(
                "导出的文件可在任何机器上用 yinxin audit check 核对；检查点应另行留存，以便发现日志被整体改写。",
                "The exported file is checked with yinxin audit check on any machine; keep checkpoints elsewhere, so that a log written anew is found out.",
            )) }
            div.actions {
                form method="post" action="/audit/check" { (hidden(&visit.face)) button { (l.pick("现在核对", "Check it now")) } }
                a.button href="/audit/export" download { (l.pick("导出日志", "Export the log")) }
                a.button href="/audit/checkpoints" { (l.pick("检查点", "Checkpoints")) }
            }
        }
    };
    let sheet = Sheet {
        title,
        above: &[],
        body,
    };
    Ok(page_with(&visit, &sheet, problem))
}

fn filters(asked: &Asked, l: Language) -> Markup {
    let field = |name, label, hint, kind, value| {
        Field {
            name,
            label,
            hint,
            kind,
            value,
            needed: false,
        }
        .markup()
    };
    let any = [(String::new(), l.pick("任何行为", "any act").to_owned())];
    let known = ACTS
        .iter()
        .map(|act| (act.name.to_owned(), act.word(l).to_owned()));
    let options: Vec<_> = any.into_iter().chain(known).collect();
    html! {
        form.card.filters method="get" action="/audit" role="search" {
            div.row {
                (field("about", l.pick("涉及", "About"), l.pick("印章编码、单位信用代码、账号或标识", "seal code, unit's credit code, account or identifier"), "search", &asked.about))
                (field("actor", l.pick("行为人", "By whom"), l.pick("账号或标识", "account or identifier"), "search", &asked.actor))
            }
            div.row {
                (select("act", l.pick("行为", "Act"), &options, &asked.act))
                (field("from", l.pick("从", "From"), "", "date", &asked.from))
                (field("until", l.pick("至", "Until"), "", "date", &asked.until))
                div.field { button.main { (l.pick("查询", "Search")) } }
            }
        }
    }
}

fn table(entries: &[Placed], about: Option<&str>, l: Language) -> Markup {
    html! {
            div.scroll { table {
                (heads(&[
        l.pick("序号", "No."),
        l.pick("时间", "Time"),
        l.pick("行为", "Act"),
        l.pick("行为人", "By whom"),
        l.pick("对象", "What"),
    ]))
                tbody { @for placed in entries { @let entry = &placed.entry; tr {
                    td.number { a href=(entry_place(placed.index, about)) { (placed.index) } }
                    td { (time(entry.time, l)) }
                    td { (act_word(entry, l)) }
                    td { (actor(entry, l)) }
                    td { (acts::subject(&entry.subject.kind, l)) " " (short(&entry.subject.id)) }
                } } }
            } }
        }
}

/// An act in words; a refusal is marked as one.
fn act_word(entry: &Entry, l: Language) -> Markup {
    let word = acts::act(&entry.act, l);
    html! {
        @if is_refusal(&entry.act) { (badge("bad", word)) } @else { (word) }
    }
}

fn is_refusal(act: &str) -> bool {
    act.ends_with("refused") || act.ends_with("failed") || act == "account.locked"
}

fn actor(entry: &Entry, l: Language) -> Markup {
    let kind = match entry.actor.kind {
        audit::ActorKind::Person => l.pick("人员", "person"),
        audit::ActorKind::System => l.pick("系统", "system"),
        audit::ActorKind::Administrator => l.pick("管理员", "administrator"),
    };
    html! { (kind) " " (short(&entry.actor.id)) }
}

/// An identifier that leads to everything about it; its end tells most of them apart.
fn short(id: &str) -> Markup {
    // The records of a request are named by its identifier and their number.
    let named = id.split('/').next().unwrap_or_default();
    let characters = id.chars().count();
    let end: String = id.chars().skip(characters.saturating_sub(ID_CHARS)).collect();
    html! {
        @if named.parse::<uuid::Uuid>().is_ok() {
            a.code href={ "/audit?about=" (named) } title=(id) { "…" (end) }
        } @else if characters > 3 * ID_CHARS {
            span.code title=(id) { "…" (end) }
        } @else {
            span.code { (id) }
        }
    }
}

fn entry_place(index: u64, about: Option<&str>) -> String {
    match about {
        Some(about) => format!("/audit/entries/{index}?about={about}"),
        None => format!("/audit/entries/{index}"),
    }
}

pub(crate) async fn entry(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let l = visit.language();
    let (index, about) = (visit.call.path::<u64>("index")?, visit.query("about"));
    let shown = service.trail_entry(visit.caller()?, index, &about).await?;
    let entry = &shown.placed.entry;
    let title = format!("{} {index}", l.pick("记录", "Entry"));
    let about = Some(about.as_str()).filter(|about| !about.is_empty());
    let body = html! {
        h1 { (act_word(entry, l)) " " span.muted { "No. " (index) } }
        div.split {
            div {
                section.card {
                    h2 { (l.pick("发生了什么", "What happened")) }
                    (facts(entry, l))
                }
                section.card {
                    h2 { (l.pick("前因后果", "What belongs to it")) }
                    p.muted { (l.pick("日志中关于同一对象的全部记录，最早的在前。", "Everything the log says of the same thing, the oldest first.")) }
                    ol.timeline { @for placed in &shown.together { li {
                        @if placed.index == index { strong { (act_word(&placed.entry, l)) } }
                        @else { a href=(entry_place(placed.index, about)) { (act_word(&placed.entry, l)) } }
                        " " (time(placed.entry.time, l))
                        @if let Some(result) = result(&placed.entry, l) { " " (result) }
                    } } }
                }
            }
            div { (proof(&shown, l)) }
        }
        details.card { summary { (l.pick("规范形式（被散列的字节）", "Canonical form (the bytes that are hashed)")) }
            pre.code tabindex="0" { (String::from_utf8_lossy(&shown.bytes)) }
        }
    };
    let sheet = Sheet {
        title: &title,
        above: &above(l),
        body,
    };
    Ok(page(&visit, &sheet))
}

/// What became of an intended use.
fn result(entry: &Entry, l: Language) -> Option<Markup> {
    if entry.act != audit::act::USE_OUTCOME {
        return None;
    }
    let text = serde_json::to_string(&entry.details).unwrap_or_default();
    Some(if text.contains("\"stamped\"") {
        badge("good", l.pick("✓ 已盖章", "✓ sealed"))
    } else {
        badge("bad", l.pick("✗ 未盖章", "✗ not sealed"))
    })
}

fn facts(entry: &Entry, l: Language) -> Markup {
    html! {
        dl.facts {
            dt { (l.pick("行为", "Act")) } dd { (acts::act(&entry.act, l)) " " code { (entry.act) } }
            dt { (l.pick("时间", "Time")) } dd { (time(entry.time, l)) }
            dt { (l.pick("行为人", "By whom")) } dd { (actor(entry, l)) }
            @if let Some(role) = &entry.actor.role { dt { (l.pick("角色", "Role")) } dd { (role) } }
            dt { (l.pick("对象", "What")) } dd { (acts::subject(&entry.subject.kind, l)) " " (short(&entry.subject.id)) }
            @for (name, value) in &entry.details {
                dt { code { (name) } } dd { (detail(value)) }
            }
            @for (name, digest) in &entry.commitments {
                dt { code { (name) } } dd { (l.pick("承诺值 ", "commitment ")) code { (digest) } }
            }
        }
    }
}

fn detail(value: &Value) -> Markup {
    match value {
        Value::String(text) if text.parse::<uuid::Uuid>().is_ok() => short(text),
        Value::String(text) => html! { span.code { (text) } },
        Value::Object(parts) => html! {
            dl { @for (name, part) in parts { dt { code { (name) } } dd { (detail(part)) } } }
        },
        other => html! { span.code { (other.to_string()) } },
    }
}

fn proof(shown: &Shown, l: Language) -> Markup {
    let checkpoint = shown.proof.checkpoint.claimed();
    let leaf = audit::leaf_digest(&shown.bytes);
    html! {
        section.card {
            h2 { (l.pick("在日志中的证明", "Proof that it stands in the log")) }
            @match &shown.proved {
                Ok(()) => div.notice.good { p { strong { (l.pick("✓ 证明成立", "✓ The proof holds")) } }
                    p { (l.pick("这条记录的散列经下列各值得到检查点的根，检查点的签名有效。", "From this entry the hashes below lead to the checkpoint's root, and the checkpoint's signature is valid.")) } },
                Err(error) => div.notice.bad role="alert" { p { strong { (l.pick("✗ 证明不成立", "✗ The proof does not hold")) } }
                    p { (l.pick(error.zh(), error.to_string())) }
                    p { (l.pick("日志可能被改动：请导出日志并与留存的检查点核对。", "The log may have been changed: export it and check it against checkpoints that were kept.")) } },
            }
            dl.facts {
                dt { (l.pick("序号", "Place")) } dd { (shown.proof.index) }
                dt { (l.pick("叶子", "Leaf")) } dd { code { (leaf) } }
                dt { (l.pick("检查点", "Checkpoint")) } dd { (checkpoint.size) (l.pick(" 条，", " entries, ")) (time(checkpoint.time, l)) }
                dt { (l.pick("根", "Root")) } dd { code { (checkpoint.root) } }
            }
            details { summary { (l.pick("从叶子到根的散列", "Hashes from the leaf to the root")) " (" (shown.proof.hashes.len()) ")" }
                ol.hashes { @for hash in &shown.proof.hashes { li { code { (hash) } } } }
            }
            details { summary { (l.pick("证明文件（yinxin audit proof 可核对）", "The proof as a file (for yinxin audit proof)")) }
                pre.code tabindex="0" { (shown.proof.to_text()) }
            }
        }
    }
}

pub(crate) async fn checkpoints(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let l = visit.language();
    let found = service
        .checkpoints(visit.query("before").parse().ok(), ROWS)
        .await?;
    let key = service.log_key()?;
    let title = l.pick("检查点", "Checkpoints");
    let body = html! {
            h1 { (title) }
            p.text { (l.pick(
                "检查点是日志在某一时刻的根，由本服务签名。任何人留存一份，日后即可证明日志只增不改。",
                "A checkpoint is the root of the log at a time, signed by this service. Whoever keeps one can later be shown that the log only grew.",
            )) }
            section.card { dl.facts { dt { (l.pick("验证公钥", "Key that verifies them")) } dd { code { (key) } } } }
            @if found.is_empty() { (empty(l.pick("还没有检查点。", "There is none yet."))) } @else {
                div.scroll { table {
                    (heads(&[
        l.pick("条数", "Entries"),
        l.pick("签署时间", "Signed"),
        l.pick("签名", "Signature"),
        l.pick("全文", "Text"),
    ]))
                    tbody { @for one in &found { tr {
                        td.number { (one.size) }
                        td { (time(one.signed_at, l)) }
                        td { @if is_signed(&one.note, &key) { (badge("good", l.pick("✓ 有效", "✓ valid"))) } @else { (badge("bad", l.pick("✗ 无效", "✗ not valid"))) } }
                        td { details { summary { (l.pick("显示", "Show")) } pre.code tabindex="0" { (one.note) } } }
                    } } }
                } }
                @if found.len() as u64 == u64::from(ROWS) && let Some(last) = found.last() {
                    div.actions { a.button rel="next" href={ "/audit/checkpoints?before=" (last.size) } { (l.pick("更早的检查点", "Older ones")) } }
                }
            }
        };
    let sheet = Sheet {
        title,
        above: &above(l),
        body,
    };
    Ok(page(&visit, &sheet))
}

fn is_signed(note: &str, key: &audit::LogKey) -> bool {
    audit::SignedCheckpoint::parse(note)
        .is_ok_and(|checkpoint| checkpoint.verify(std::slice::from_ref(key)).is_ok())
}

pub(crate) async fn export(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let file = tokio::fs::File::from_std(service.export_trail(visit.caller()?).await?);
    let chunks = stream::try_unfold(file, |mut file| async move {
        let mut chunk = vec![0; CHUNK_BYTES];
        let count = file.read(&mut chunk).await?;
        chunk.truncate(count);
        Ok::<_, std::io::Error>((count > 0).then_some((chunk, file)))
    });
    let mut response = Response::new(Body::from_stream(chunks));
    let headers = response.headers_mut();
    let values = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"yinxin-audit-export.txt\"",
        ),
    ];
    for (name, value) in values {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

pub(crate) async fn check(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    visit.form(&service, 0).await?;
    let l = visit.language();
    let report = service.check_trail(visit.caller()?).await?;
    let report = report.ok_or_else(Problem::log_too_long)?;
    let title = l.pick("日志核对结果", "What the check found");
    let body = html! {
        h1 { (title) }
        (conclusion(&report, l))
        section.card {
            dl.facts {
                dt { (l.pick("条数", "Entries")) } dd { (report.entries) }
                dt { (l.pick("根", "Root")) } dd { code { (report.root) } }
                dt { (l.pick("有效检查点", "Sound checkpoints")) } dd { (report.sound_checkpoints) }
                dt { (l.pick("签名所覆盖", "Covered by signatures")) } dd { (report.covered) }
                @if let (Some(first), Some(last)) = (report.first_time, report.latest_time) {
                    dt { (l.pick("时间", "Time")) } dd { (time(first, l)) " – " (time(last, l)) }
                }
            }
        }
        @if !report.findings.list().is_empty() {
            section.card { h2 { (l.pick("发现", "Findings")) }
                ul.reasons { @for finding in report.findings.list() { li {
                    @match finding.effect() {
                        Effect::Failed => (badge("bad", l.pick("✗ 错误", "✗ wrong"))),
                        Effect::Indeterminate => (badge("open", l.pick("? 未证明", "? not proved"))),
                        Effect::Notice => (badge("", l.pick("提示", "notice"))),
                    }
                    " " (l.pick(finding.zh(), finding.en()))
                } } }
                @if report.findings.unlisted() > 0 { p.muted { "+ " (report.findings.unlisted()) } }
            }
        }
        section.card { h2 { (l.pick("各类行为的次数", "How often each act stands in it")) }
            div.scroll { table {
                (heads(&[l.pick("行为", "Act"), l.pick("名称", "Name"), l.pick("次数", "Count")]))
                tbody { @for (act, count) in &report.acts { tr {
                    td { a href={ "/audit?act=" (act) } { (acts::act(act, l)) } } td { code { (act) } } td.number { (count) }
                } } }
            } }
        }
        div.actions { a.button href="/audit" { (l.pick("回到审计", "Back to the log")) } }
    };
    let sheet = Sheet {
        title,
        above: &above(l),
        body,
    };
    Ok(page(&visit, &sheet))
}

fn conclusion(report: &Report, l: Language) -> Markup {
    let (tone, word, text) = match report.conclusion {
        audit::Conclusion::Passed => (
            "good",
            l.pick("✓ 日志完整、未被改动", "✓ The log is whole and unchanged"),
            l.pick(
                "全部记录由签名的检查点覆盖。",
                "Signed checkpoints cover all of it.",
            ),
        ),
        audit::Conclusion::Failed => (
            "bad",
            l.pick(
                "✗ 日志被改动、缺失或不合规则",
                "✗ Something was changed, is missing or against the rules",
            ),
            l.pick(
                "请立即保全数据库与检查点，并按应急预案处理。",
                "Secure the database and the checkpoints now, and follow the plan for incidents.",
            ),
        ),
        audit::Conclusion::Indeterminate => (
            "open",
            l.pick(
                "? 没有发现错误，但未全部得到证明",
                "? Nothing is wrong, but not everything is proved",
            ),
            l.pick(
                "最新的记录要等下一个检查点；请与留存的检查点核对。",
                "The newest entries wait for the next checkpoint; check against checkpoints that were kept.",
            ),
        ),
    };
    html! { div class={ "notice " (tone) } role="status" { p { strong { (word) } } p { (text) } } }
}
