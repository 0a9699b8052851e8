//! What waits for the issuing authority: overdue first, with deadlines, who is in charge, and narrowed as asked.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::Timestamp;
use maud::{Markup, html};
use registry::application::{ApplicationKind, ApplicationStatus};
use registry::{Application, ApplicationId, PersonId, Role, Rule, Scope, UnitId};
use sealing::Language;
use store::Page;

use super::applications::name;
use super::parts::{Field, badge, empty, select, stack, time};
use super::people::called;
use super::visit::Visit;
use super::words;
use crate::app::{ApplicationSearch, Service};
use crate::http::problem::Problem;

/// Applications in one state that are looked through, the oldest first.
const LOOKED_THROUGH: u32 = 500;
/// Rows that are shown.
const SHOWN: usize = 100;

const KINDS: [ApplicationKind; 8] = [
    ApplicationKind::Make,
    ApplicationKind::Renew,
    ApplicationKind::Change,
    ApplicationKind::Cancel,
    ApplicationKind::Suspend,
    ApplicationKind::Resume,
    ApplicationKind::ResetPin,
    ApplicationKind::ReplaceDevice,
];

const STATES: [ApplicationStatus; 3] = [
    ApplicationStatus::Consented,
    ApplicationStatus::UnderReview,
    ApplicationStatus::Approved,
];

/// What waits, as it is narrowed.
pub(crate) struct Queue {
    /// Each with the article that its deadline rests on.
    rows: Vec<(Application, String)>,
    /// Whether there is more in some state than was looked through.
    cut: bool,
    units: BTreeMap<UnitId, String>,
    people: BTreeMap<PersonId, String>,
}

/// By when it must be decided; what is decided has no such day any more.
fn due(application: &Application) -> Option<Timestamp> {
    application
        .due
        .filter(|_| application.status != ApplicationStatus::Approved)
}

impl Queue {
    pub(crate) async fn of(service: &Service, visit: &Visit) -> Result<Self, Problem> {
        let caller = visit.caller()?;
        let mut waiting: BTreeMap<ApplicationId, (Application, String)> = BTreeMap::new();
        let mut cut = false;
        for (role, scope) in visit.face.roles.iter().flatten() {
            let statuses: &[ApplicationStatus] = match role {
                Role::Reviewer => &STATES[..2],
                Role::Maker => &STATES[2..],
                _ => continue,
            };
            let Scope::Authority(authority) = scope else {
                continue;
            };
            let profile = service.authority(*authority).await?.profile;
            let profile = service.profiles().in_force(&profile, visit.call.now);
            let profile = profile.map_err(crate::app::Error::from)?;
            let article = Rule::new(26).map_or_else(String::new, |rule| profile.article(rule).to_string());
            for status in statuses {
                let search = ApplicationSearch::ToAuthority(*authority, *status);
                let page = Page {
                    after: None,
                    limit: LOOKED_THROUGH,
                };
                let found = service.applications(caller, search, page).await?;
                cut |= found.len() as u64 >= u64::from(LOOKED_THROUGH);
                waiting.extend(found.into_iter().map(|one| (one.id, (one, article.clone()))));
            }
        }
        let mut units = BTreeMap::new();
        for unit in waiting.values().filter_map(|(one, _)| one.unit) {
            if let Entry::Vacant(place) = units.entry(unit) {
                place.insert(service.unit(unit).await?.name);
            }
        }
        let (kind, state) = (visit.query("kind"), visit.query("state"));
        let sought = visit.query("unit");
        let sought = sought.trim();
        let mut rows: Vec<_> = waiting.into_values().collect();
        rows.retain(|(one, _)| {
            let unit = one
                .unit
                .and_then(|unit| units.get(&unit))
                .map_or("", String::as_str);
            (kind.is_empty() || one.ask.kind().name() == kind)
                && (state.is_empty() || one.status.name() == state)
                && (sought.is_empty() || unit.contains(sought))
        });
        // The overdue have the earliest days; what has no day comes last.
        rows.sort_by_key(|(one, _)| (due(one).unwrap_or(Timestamp::MAX), one.id));
        let in_charge: Vec<_> = rows.iter().filter_map(|(one, _)| one.reviewer).collect();
        let people = service.called(caller, &in_charge).await?;
        Ok(Self {
            rows,
            cut,
            units,
            people,
        })
    }

    pub(crate) fn markup(&self, visit: &Visit) -> Markup {
        let (l, now) = (visit.language(), visit.call.now);
        let overdue = self.rows.iter().filter(|(one, _)| is_overdue(one, now)).count();
        let narrowed = ["kind", "state", "unit"]
            .iter()
            .any(|name| !visit.query(name).trim().is_empty());
        html! {
            (narrowing(visit))
            @if overdue > 0 {
                div.notice.bad { p { strong { (l.pick(format!("有 {overdue} 件已逾期，排在最前"), format!("{overdue} overdue, listed first"))) } } }
            }
            @if self.rows.is_empty() && narrowed {
                (empty(l.pick("没有符合条件的申请。", "No application fits.")))
                p { a.button href="/applications" { (l.pick("显示全部", "Show all")) } }
            } @else if self.rows.is_empty() {
                (empty(l.pick("没有待办理的申请。", "Nothing waits.")))
            } @else { (self.table(now, l)) }
            @if self.cut || self.rows.len() > SHOWN {
                p.muted { (l.pick("没有全部列出：请缩小范围。", "Not all are listed: narrow it down.")) }
            }
        }
    }

    fn table(&self, now: Timestamp, l: Language) -> Markup {
        let columns = [
            l.pick("事项", "What"),
            l.pick("单位", "Unit"),
            l.pick("状态", "Status"),
            l.pick("审核人", "In charge"),
            l.pick("审核期限", "To be decided by"),
        ];
        let rows = self.rows.iter().take(SHOWN).map(|(one, article)| {
            let (tone, status) = words::application_status(one.status, l);
            let unit = one.unit.and_then(|unit| self.units.get(&unit));
            let in_charge = one.reviewer.map(|person| called(&self.people, person));
            vec![
                html! { a href={ "/applications/" (one.id) } { (name(one, l)) } },
                html! { (unit.map_or(l.pick("（个人）", "(a person)"), String::as_str)) },
                badge(tone, status),
                html! { (in_charge.as_deref().unwrap_or(l.pick("待受理", "nobody yet"))) },
                deadline(one, article, now, l),
            ]
        });
        stack(&columns, rows)
    }
}

fn is_overdue(application: &Application, now: Timestamp) -> bool {
    due(application).is_some_and(|due| due < now)
}

fn deadline(application: &Application, article: &str, now: Timestamp, l: Language) -> Markup {
    html! {
        @match due(application) {
            None if application.status == ApplicationStatus::Approved => { (l.pick("已决定", "decided")) }
            None => "–",
            Some(due) => {
                @if due < now { (badge("bad", l.pick("逾期", "overdue"))) " " }
                (time(due, l)) br; span.muted lang="zh-CN" { (article) }
            }
        }
    }
}

fn narrowing(visit: &Visit) -> Markup {
    let l = visit.language();
    let any = (String::new(), l.pick("全部", "all").to_owned());
    let kinds = KINDS.map(|kind| {
        (
            kind.name().to_owned(),
            words::application_kind(kind, l).to_owned(),
        )
    });
    let kinds: Vec<_> = [any.clone()].into_iter().chain(kinds).collect();
    let states = STATES.map(|state| {
        (
            state.name().to_owned(),
            words::application_status(state, l).1.to_owned(),
        )
    });
    let states: Vec<_> = [any].into_iter().chain(states).collect();
    let unit = Field {
        name: "unit",
        label: l.pick("单位名称", "Name of the unit"),
        hint: "",
        kind: "search",
        value: &visit.query("unit"),
        needed: false,
    };
    html! {
        form.card.filters method="get" action="/applications" role="search" {
            div.row {
                (select("kind", l.pick("事项", "What"), &kinds, &visit.query("kind")))
                (select("state", l.pick("状态", "Status"), &states, &visit.query("state")))
                (unit.markup())
                div.field { button { (l.pick("筛选", "Narrow down")) } }
            }
        }
    }
}
