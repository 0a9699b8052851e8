//! When seals of an authority end, month by month, and since when they can be renewed.

use std::sync::Arc;

use axum::response::Response;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan as _};
use maud::{Markup, html};
use registry::SealRecord;
use sealing::Language;

use super::filings::seal_name;
use super::layout::{Sheet, page};
use super::parts::{badge, empty, stack, time};
use super::uses::authority;
use super::visit::Visit;
use super::words;
use crate::app::Service;
use crate::http::problem::Problem;

/// Months that are looked ahead.
const MONTHS: i64 = 12;
/// Seals of a month that are listed at most.
const LISTED: u32 = 200;

/// A month with its seals.
struct Month {
    first: Date,
    count: u64,
}

pub(crate) async fn show(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let (l, caller, now) = (visit.language(), visit.caller()?, visit.call.now);
    let authority = authority(&visit)?;
    let this = now.to_zoned(china()).date().first_of_month();
    let asked = format!("{}-01", visit.query("month")).parse::<Date>();
    let chosen = asked.unwrap_or(this).first_of_month();
    let mut months = Vec::new();
    for ahead in 0..MONTHS {
        let first = this.saturating_add(ahead.months());
        let (_, count) = service
            .seals_ending(caller, authority, interval(first), 0)
            .await?;
        months.push(Month { first, count });
    }
    let (ending, count) = service
        .seals_ending(caller, authority, interval(chosen), LISTED)
        .await?;
    let mut rows = Vec::new();
    for seal in &ending {
        rows.push((seal, service.renewal_opens(seal).await?));
    }
    let title = l.pick("到期与续期", "Expiries and renewals");
    let named = month_name(chosen, l);
    let body = html! {
        h1 { (title) }
        p.muted { (l.pick("印章到期后即失效；续期由单位申请，窗口打开后会提醒。", "A seal ends with its period; its unit applies for renewal, and is reminded when that opens.")) }
        nav aria-label=(l.pick("月份", "Months")) { ol.months { @for month in &months {
            li { a href={ "/calendar?month=" (month.first.strftime("%Y-%m").to_string()) }
                aria-current=[(month.first == chosen).then_some("true")] {
                span { (month_name(month.first, l)) }
                strong { (month.count) }
                span.muted { (l.pick("枚", "seals")) }
            } }
        } } }
        h2 { (l.pick(format!("{named}到期的印章（{count} 枚）"), format!("Seals that end in {named} ({count})"))) }
        @if rows.is_empty() {
            (empty(l.pick("这个月没有印章到期；选择上面的其他月份查看。", "No seal ends in this month; choose another one above.")))
        } @else {
            (table(&rows, now, l))
            @if count > u64::from(LISTED) { p.muted { (l.pick(format!("只列出最先到期的 {LISTED} 枚。"), format!("The first {LISTED} are listed."))) } }
        }
    };
    let sheet = Sheet {
        title,
        above: &[],
        body,
    };
    Ok(page(&visit, &sheet))
}

fn table(rows: &[(&SealRecord, Option<Timestamp>)], now: Timestamp, l: Language) -> Markup {
    let names = [
        l.pick("到期", "Ends"),
        l.pick("印章", "Seal"),
        l.pick("状态", "Status"),
        l.pick("续期窗口", "Renewal"),
    ];
    let row = |(seal, opens): &(&SealRecord, Option<Timestamp>)| {
        let (tone, status) = words::seal_status(seal.status, l);
        vec![
            html! { @if let Some(edition) = seal.edition() { (time(edition.not_after, l)) } },
            html! {
                a href={ "/seals/" (seal.id) } { (seal_name(seal, l)) } br;
                span.muted { (words::seal_kind(seal.kind, l)) }
            },
            badge(tone, status),
            html! { @match opens {
                Some(opens) if *opens <= now => { (badge("open", l.pick("已打开", "open"))) " " (time(*opens, l)) }
                Some(opens) => { (l.pick("自 ", "from ")) (time(*opens, l)) }
                None => "–",
            } },
        ]
    };
    stack(&names, rows.iter().map(row))
}

/// A month, in China's time.
pub(crate) fn interval(first: Date) -> (Timestamp, Timestamp) {
    let at = |date: Date| {
        date.to_zoned(china())
            .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
    };
    (at(first), at(first.saturating_add(1.month())))
}

pub(crate) fn china() -> TimeZone {
    TimeZone::fixed(Offset::constant(8))
}

pub(crate) fn month_name(first: Date, l: Language) -> String {
    l.pick(
        format!("{}年{}月", first.year(), first.month()),
        first.strftime("%B %Y").to_string(),
    )
}
