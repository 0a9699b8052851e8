//! An authority in numbers: its seals, its filings, what ends when.

use std::sync::Arc;

use axum::response::Response;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use maud::html;
use registry::SealStatus;
use serde_json::Value;

use super::calendar::{china, interval, month_name};
use super::chart::{Bar, bars};
use super::layout::{Sheet, page_with};
use super::parts::{Field, figures, problem_box};
use super::uses::authority;
use super::visit::Visit;
use super::words;
use crate::app::Service;
use crate::http::problem::Problem;

/// Months that are shown: back for what happened, ahead for what ends.
const MONTHS: i64 = 6;

pub(crate) async fn show(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let (l, caller, now) = (visit.language(), visit.caller()?, visit.call.now);
    let authority = authority(&visit)?;
    let today = now.to_zoned(china()).date();
    let (from, until) = (visit.query("from"), visit.query("until"));
    let from = if from.is_empty() {
        today.saturating_sub(30.days()).to_string()
    } else {
        from
    };
    let until = if until.is_empty() {
        today.to_string()
    } else {
        until
    };
    let read = period(&from, &until);
    let problem = read.as_ref().err();
    let chosen = read.as_ref().copied().unwrap_or((Timestamp::MIN, now));
    let (seals, filings) = service.statistics(caller, authority, chosen).await?;
    let status: Vec<Bar> = seals
        .iter()
        .map(|(name, count)| bar(status_name(name, l), *count))
        .collect();
    let total: u64 = seals.iter().map(|(_, count)| count).sum();
    let active = seals.iter().find(|(name, _)| name == "active");
    let in_force = active.map_or(0, |(_, count)| *count);
    let filed = [
        bar(l.pick("按期完成", "in time"), filings.in_time),
        bar(l.pick("逾期完成", "late"), filings.late),
        bar(l.pick("未完成", "open"), filings.open),
    ];
    let (months, ending) = by_month(&service, &visit, today.first_of_month()).await?;
    let day = |name, label, value| {
        Field {
            name,
            label,
            hint: "",
            kind: "date",
            value,
            needed: true,
        }
        .markup()
    };
    let title = l.pick("统计", "Statistics");
    let body = html! {
        h1 { (title) }
        @if let Some(problem) = problem { (problem_box(problem, l)) }
        (figures(&[(l.pick("印章总数", "seals in all"), total), (l.pick("有效", "in force"), in_force)]))
        form.inline method="get" action="/statistics" {
            (day("from", l.pick("备案统计自", "Filings from"), &from))
            (day("until", l.pick("至", "to"), &until))
            button.main { (l.pick("统计", "Count")) }
        }
        div.charts {
            (bars("status", l.pick("印章按状态", "Seals by status"), &status, (l.pick("状态", "Status"), l)))
            (bars("filed", l.pick("所选期间的备案", "Filings in the period"), &filed, (l.pick("结果", "Result"), l)))
            (bars("months", l.pick("每月应备案事项", "To be filed, by month"), &months, (l.pick("月份", "Month"), l)))
            (bars("ending", l.pick("今后每月到期的印章", "Seals that end, by month"), &ending, (l.pick("月份", "Month"), l)))
        }
    };
    let sheet = Sheet {
        title,
        above: &[],
        body,
    };
    Ok(page_with(&visit, &sheet, problem))
}

fn bar(name: impl Into<String>, count: u64) -> Bar {
    Bar {
        name: name.into(),
        count,
    }
}

/// What was to be filed in the last months, and what ends in the next ones.
async fn by_month(service: &Service, visit: &Visit, this: Date) -> Result<(Vec<Bar>, Vec<Bar>), Problem> {
    let (l, caller, authority) = (visit.language(), visit.caller()?, authority(visit)?);
    let (mut filed, mut ending) = (Vec::new(), Vec::new());
    for step in 0..MONTHS {
        let back = this.saturating_sub((MONTHS - 1 - step).months());
        let (_, counts) = service.statistics(caller, authority, interval(back)).await?;
        filed.push(bar(
            month_name(back, l),
            counts.in_time + counts.late + counts.open,
        ));
        let ahead = this.saturating_add(step.months());
        let (_, count) = service
            .seals_ending(caller, authority, interval(ahead), 0)
            .await?;
        ending.push(bar(month_name(ahead, l), count));
    }
    Ok((filed, ending))
}

/// Whole days, the last one included.
fn period(from: &str, until: &str) -> Result<(Timestamp, Timestamp), Problem> {
    let bad = || {
        Problem::bad_field(
            "日期无法识别，或先后颠倒",
            "The days cannot be read, or are in the wrong order",
        )
    };
    let begin = |day: Date| {
        day.to_zoned(china())
            .map(|zoned| zoned.timestamp())
            .map_err(|_| bad())
    };
    let (from, until): (Date, Date) = (
        from.parse().map_err(|_| bad())?,
        until.parse().map_err(|_| bad())?,
    );
    if from > until {
        return Err(bad());
    }
    Ok((begin(from)?, begin(until.saturating_add(1.day()))?))
}

fn status_name(name: &str, l: sealing::Language) -> String {
    match serde_json::from_value::<SealStatus>(Value::from(name)) {
        Ok(status) => words::seal_status(status, l).1.to_owned(),
        Err(_) => name.to_owned(),
    }
}
