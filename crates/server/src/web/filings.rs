//! Filings of an authority: what is overdue, what is open with its clock, what was accepted with its receipt.

use std::sync::Arc;

use axum::response::Response;
use jiff::Timestamp;
use maud::{Markup, html};
use registry::filing::FilingStatus;
use registry::{Filing, FilingId, Role, SealRecord};
use sealing::Language;

use super::layout::{Sheet, page_with};
use super::parts::{badge, empty, figures, hidden, problem_box, stack, tabs, time};
use super::uses::{authority, holds};
use super::visit::{Visit, see};
use super::words;
use crate::app::{Service, is_committed};
use crate::http::problem::Problem;

/// Filings that are listed at most; the figures above count all of the period.
const LISTED: u32 = 200;
/// Days that the figures look back.
const FIGURES_DAYS: i64 = 30;

pub(crate) async fn list(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    show_with(&service, &visit, None).await
}

async fn show_with(service: &Service, visit: &Visit, problem: Option<&Problem>) -> Result<Response, Problem> {
    let (l, caller, now) = (visit.language(), visit.caller()?, visit.call.now);
    let authority = authority(visit)?;
    let open = visit.query("show") != "accepted";
    let listed = service.filings(caller, (authority, open), LISTED).await?;
    let since = now - jiff::SignedDuration::from_hours(24 * FIGURES_DAYS);
    let (_, counts) = service.statistics(caller, authority, (since, now)).await?;
    let overdue = listed.iter().filter(|(filing, _)| filing.overdue(now)).count();
    let title = l.pick("备案", "Filings");
    let shown = [
        (l.pick("逾期", "overdue"), overdue as u64),
        (l.pick("未完成", "open"), counts.open),
        (l.pick("按期完成", "in time"), counts.in_time),
        (l.pick("逾期完成", "late"), counts.late),
    ];
    let views = [
        ("/filings", l.pick("待完成", "Open")),
        ("/filings?show=accepted", l.pick("已完成", "Accepted")),
    ];
    let body = html! {
        h1 { (title) }
        @if let Some(problem) = problem { (problem_box(problem, l)) }
        p.muted { (l.pick(
            "制作、停用、恢复、注销等须在 24 小时内备案；系统自动报送，失败后自动重试，间隔逐次加长。最近 30 天：",
            "What is made, suspended, resumed or cancelled must be filed within 24 hours. The system files by itself and tries again after failures, at growing intervals. In the last 30 days:",
        )) }
        (figures(&shown))
        @if open && overdue > 0 {
            div.notice.bad { p { strong { (l.pick(format!("有 {overdue} 件已逾期"), format!("{overdue} are overdue"))) } }
                p { (l.pick("查看下面的原因，排除后点“立即重报”；接口不通时请用其他途径通知备案机关。", "See the reasons below, mend them and file again; where the connection is down, tell the filing body by other means.")) } }
        }
        (tabs(&views, usize::from(!open), l.pick("显示", "Show")))
        @if listed.is_empty() {
            (empty(if open { l.pick("全部已完成，没有要做的。", "Everything is filed; nothing to do.") } else { l.pick("还没有完成的备案：制作第一枚印章后会自动报送。", "Nothing was filed yet: the first seal that is made is filed by itself.") }))
        } @else {
            (table(visit, &listed, open))
        }
    };
    let sheet = Sheet {
        title,
        above: &[],
        body,
    };
    Ok(page_with(visit, &sheet, problem))
}

fn table(visit: &Visit, listed: &[(Filing, SealRecord)], open: bool) -> Markup {
    let (l, now) = (visit.language(), visit.call.now);
    let may_retry = open && (holds(visit, Role::Reviewer) || holds(visit, Role::Maker));
    let mut names = vec![
        l.pick("印章", "Seal"),
        l.pick("事项", "What"),
        l.pick("备案机关", "With"),
    ];
    if open {
        names.extend([l.pick("期限", "Due"), l.pick("情况", "How it stands")]);
        names.extend(may_retry.then_some(l.pick("操作", "Action")));
    } else {
        names.extend([l.pick("回执", "Receipt"), l.pick("完成", "Accepted")]);
    }
    let row = |(filing, seal): &(Filing, SealRecord)| {
        let mut cells = vec![
            html! { a href={ "/seals/" (seal.id) } { (seal_name(seal, l)) } },
            html! { (words::said(filing.occasion.words(), l)) br; span.muted { (time(filing.since, l)) } },
            html! { (words::filing_body(filing.body, l)) },
        ];
        if open {
            cells.extend([clock(filing, now, l), state(filing, l)]);
            cells.extend(may_retry.then(|| retry_form(visit, filing)));
        } else {
            let receipt = filing.receipt.as_ref();
            cells.push(html! { @if let Some(receipt) = receipt { code { (receipt.number) } } });
            cells.push(html! {
                @if let Some(receipt) = receipt { (time(receipt.at, l)) " " }
                @match filing.in_time() {
                    Some(false) => (badge("bad", l.pick("逾期", "late"))),
                    _ => (badge("good", l.pick("按期", "in time"))),
                }
            });
        }
        cells
    };
    stack(&names, listed.iter().map(row))
}

/// What is left of the 24 hours, or by how much they are over.
fn clock(filing: &Filing, now: Timestamp, l: Language) -> Markup {
    let Some(due) = filing.due else {
        return html! { (l.pick("无期限", "no deadline")) };
    };
    let minutes = due.duration_since(now).as_mins();
    let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
    let (tone, text) = if filing.overdue(now) {
        (
            "bad",
            l.pick(
                format!("逾期 {hours} 小时 {rest} 分"),
                format!("overdue by {hours} h {rest} min"),
            ),
        )
    } else {
        (
            "open",
            l.pick(
                format!("剩 {hours} 小时 {rest} 分"),
                format!("{hours} h {rest} min left"),
            ),
        )
    };
    html! { (badge(tone, &text)) br; span.muted { (time(due, l)) } }
}

fn state(filing: &Filing, l: Language) -> Markup {
    let tries = filing.tries;
    html! {
        @match filing.status {
            FilingStatus::Open if tries == 0 => { (l.pick("等待报送", "to be sent")) }
            FilingStatus::Open => { (l.pick(format!("已试 {tries} 次，未成功"), format!("tried {tries} time(s) in vain"))) }
            FilingStatus::Sent => { (l.pick("已送达，等待答复", "received, not decided yet")) }
            FilingStatus::Accepted => { (l.pick("已完成", "accepted")) }
        }
        @if let Some(failure) = &filing.last_failure { p.muted {
            @match Service::filing_failure_zh(failure) {
                // The words of the body itself, in whatever language it sent them.
                None => { (l.pick("备案机关说：", "the body says: ")) (failure) }
                Some(zh) => (l.pick(zh.as_str(), failure)),
            }
        } }
    }
}

fn retry_form(visit: &Visit, filing: &Filing) -> Markup {
    let l = visit.language();
    html! {
        form method="post" action={ "/filings/" (filing.id) "/retry" } {
            (hidden(&visit.face))
            button { (l.pick("立即重报", "File again now")) }
        }
    }
}

pub(crate) async fn retry(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let id: FilingId = visit.call.path("filing")?;
    let once = visit.once("filing_retry", &form)?;
    match service.retry_filing(visit.caller()?, id, once).await {
        Ok(()) => Ok(see("/filings")),
        Err(error) => show_with(&service, &visit, Some(&error.into())).await,
    }
}

/// The filings of one seal, for its page.
pub(crate) fn of_seal(filings: &[Filing], now: Timestamp, l: Language) -> Markup {
    html! {
        @if !filings.is_empty() { section.card {
            h2 { (l.pick("备案", "Filings")) }
            ul.plain { @for filing in filings { li {
                (words::said(filing.occasion.words(), l)) " · " (words::filing_body(filing.body, l)) " "
                @match &filing.receipt {
                    Some(receipt) => { (badge("good", l.pick("✓ 已备案", "✓ filed"))) " " code { (receipt.number) } }
                    None => (clock(filing, now, l)),
                }
            } } }
        } }
    }
}

/// A seal's name; a person's own stays out of lists.
pub(crate) fn seal_name(seal: &SealRecord, l: Language) -> &str {
    if is_committed(&seal.name) {
        l.pick("（个人名章）", "(a personal name seal)")
    } else {
        &seal.name
    }
}
