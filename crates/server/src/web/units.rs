//! Units: finding, registering, renaming, moving and ending them; a unit's page with its people, seals and rules.

use std::sync::Arc;

use axum::response::Response;
use maud::{Markup, html};
use registry::{CreditCode, Level, Role, Scope, SealRecord, Unit, UnitEnd, UnitId, UnitKind};
use sealing::Language;
use serde_json::Value;

use super::filings::seal_name;
use super::form::Form;
use super::layout::{Sheet, page_with};
use super::parts::{Field, badge, empty, hidden, problem_box, select, stack, time};
use super::people::{Staff, staff_card};
use super::uses::{authority, holds, rows};
use super::visit::{Visit, see};
use super::words;
use crate::app::{NewUnit, SealSearch, Service, UnitSearch, UnitStep};
use crate::http::answer::kept;
use crate::http::problem::Problem;

/// Units on a page of the list.
const LISTED: u32 = 50;

pub(crate) fn above(l: Language) -> [(&'static str, &'static str); 1] {
    [("/units", l.pick("单位", "Units"))]
}

pub(crate) async fn list(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let l = visit.language();
    let authority = authority(&visit)?;
    let sought = visit.query("q").trim().to_owned();
    let search = match sought.parse::<CreditCode>() {
        Ok(code) => UnitSearch::Coded(code),
        Err(_) if sought.is_empty() => UnitSearch::OfAuthority(authority),
        Err(_) => UnitSearch::Named(sought.clone()),
    };
    let after = visit.query("after").parse::<UnitId>().ok();
    let found = service.units(&search, after, LISTED).await?;
    let next = found.last().filter(|_| found.len() as u64 == u64::from(LISTED));
    let title = l.pick("单位", "Units");
    let sought_field = Field {
        name: "q",
        label: l.pick(
            "名称开头或统一社会信用代码",
            "Beginning of the name, or the unified social credit code",
        ),
        hint: "",
        kind: "search",
        value: &sought,
        needed: false,
    };
    let none = if sought.is_empty() {
        l.pick(
            "本机关还没有登记单位：点“登记单位”添加第一个。",
            "No unit is registered here yet: register the first one.",
        )
    } else {
        l.pick(
            "没有找到：请检查名称的开头几个字或代码，或登记这个单位。",
            "Nothing was found: check the beginning of the name or the code, or register the unit.",
        )
    };
    let body = html! {
        h1 { (title) }
        @if holds(&visit, Role::Reviewer) {
            p { a.button.main href="/units/new" { (l.pick("登记单位", "Register a unit")) } }
        }
        form.inline method="get" action="/units" role="search" {
            (sought_field.markup())
            button { (l.pick("查找", "Search")) }
        }
        @if found.is_empty() { (empty(none)) } @else { (table(&found, l)) }
        @if let Some(last) = next {
            @let query = [("q", sought.as_str()), ("after", &last.id.to_string())];
            @let query = serde_urlencoded::to_string(query).unwrap_or_default();
            p { a.button href={ "/units?" (query) } { (l.pick("下一页", "Next page")) } }
        }
    };
    let sheet = Sheet {
        title,
        above: &[],
        body,
    };
    Ok(page_with(&visit, &sheet, None))
}

fn table(units: &[Unit], l: Language) -> Markup {
    let names = [
        l.pick("名称", "Name"),
        l.pick("统一社会信用代码", "Credit code"),
        l.pick("类型", "Kind"),
        l.pick("登记", "Registered"),
    ];
    let row = |unit: &Unit| {
        vec![
            html! { a href={ "/units/" (unit.id) } { (unit.name) } " " (ended(unit, l)) },
            html! { code { (unit.code) } },
            html! { (words::unit_kind(unit.kind, l)) },
            time(unit.registered_at, l),
        ]
    };
    stack(&names, units.iter().map(row))
}

fn ended(unit: &Unit, l: Language) -> Markup {
    html! { @if let Some(end) = unit.ended { (badge("bad", words::unit_end(end, l))) } }
}

pub(crate) async fn new(_: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    authority(&visit)?;
    Ok(new_page(&visit, None, None))
}

fn new_page(visit: &Visit, form: Option<&Form>, problem: Option<&Problem>) -> Response {
    let l = visit.language();
    let typed = |name| form.map_or("", |form| form.text(name));
    let field = |name, label, hint, value| {
        Field {
            name,
            label,
            hint,
            kind: "text",
            value,
            needed: true,
        }
        .markup()
    };
    let title = l.pick("登记单位", "Register a unit");
    let code_hint = l.pick(
        "十八位（GB 32100），末位是校验码",
        "Eighteen characters (GB 32100), the last one is a check",
    );
    let region_hint = l.pick(
        "六位行政区划代码（GB/T 2260），如 610100",
        "Six digits (GB/T 2260), such as 610100",
    );
    let body = html! {
        div.text {
            h1 { (title) }
            p { (l.pick("单位登记后，由审核人任命主要负责人，再由负责人任命经办人、审批人和保管人。", "Once a unit is registered, a reviewer appoints its principal, who appoints agents, approvers and custodians.")) }
            @if let Some(problem) = problem { (problem_box(problem, l)) }
            form.card method="post" action="/units/new" {
                (hidden(&visit.face))
                (field("name", l.pick("法定名称", "Legal name"), "", typed("name")))
                (field("code", l.pick("统一社会信用代码", "Unified social credit code"), code_hint, typed("code")))
                (select("kind", l.pick("单位类型", "Kind of unit"), &words::unit_kinds(l), typed("kind")))
                (field("region", l.pick("行政区划代码", "Region code"), region_hint, typed("region")))
                (select("level", l.pick("级别", "Level"), &words::levels(l), typed("level")))
                button.main { (title) }
            }
        }
    };
    let sheet = Sheet {
        title,
        above: &above(l),
        body,
    };
    page_with(visit, &sheet, problem)
}

pub(crate) async fn register(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let made = async {
        let bad = |zh: &str, en: &str| {
            Problem::bad_field(&format!("“{zh}”无法识别"), &format!("“{en}” cannot be read"))
        };
        let region = form.text("region").trim().to_owned();
        let new = NewUnit {
            authority: authority(&visit)?,
            parent: None,
            code: form.parse("code", ("统一社会信用代码", "Credit code"))?,
            name: form.text("name").trim().to_owned(),
            kind: named::<UnitKind>(form.text("kind")).ok_or_else(|| bad("单位类型", "Kind"))?,
            region: region
                .try_into()
                .map_err(|_| bad("行政区划代码", "Region code"))?,
            level: named::<Level>(form.text("level")).ok_or_else(|| bad("级别", "Level"))?,
        };
        let once = visit.once("unit_register", &form)?;
        let answer = service.register_unit(visit.caller()?, new, once).await?;
        kept::<Unit>(&answer)
    };
    match made.await {
        Ok(unit) => Ok(see(&format!("/units/{}", unit.id))),
        Err(problem) => Ok(new_page(&visit, Some(&form), Some(&problem))),
    }
}

/// The thing with this stable name.
pub(crate) fn named<T: serde::de::DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_value(Value::from(name)).ok()
}

pub(crate) async fn show(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    show_with(&service, &visit, None, None).await
}

/// The page, with what was typed into one of its forms and what was wrong with it.
pub(crate) async fn show_with(
    service: &Service,
    visit: &Visit,
    form: Option<&Form>,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let (l, caller) = (visit.language(), visit.caller()?);
    let id: UnitId = visit.call.path("unit")?;
    let unit = service.see_unit(caller, id).await?;
    let seals = service.seals(caller, SealSearch::OfUnit(id), rows()).await?;
    let staff = Staff::of(service, visit, Scope::Unit(id)).await?;
    let maker = service.authority(unit.authority).await?.name;
    let mut others = Vec::new();
    if may_change(visit, &unit) {
        let reviewed = service.reviewed_authorities(caller).await?;
        let others_of = reviewed.into_iter().filter(|one| one.id != unit.authority);
        others.extend(others_of.map(|one| (one.id.to_string(), one.name)));
    }
    let title = unit.name.as_str();
    let inside = visit
        .face
        .roles
        .iter()
        .flatten()
        .any(|(_, scope)| *scope == Scope::Unit(id));
    let looks = inside
        || [
            Role::Reviewer,
            Role::Supervisor,
            Role::SecurityAdministrator,
            Role::AuditAdministrator,
        ]
        .into_iter()
        .any(|role| holds(visit, role));
    let body = html! {
        h1 { (title) " " (ended(&unit, l)) }
        @if let Some(problem) = problem { (problem_box(problem, l)) }
        div.split {
            div {
                (facts(&unit, &maker, l))
                (staff_card(visit, &staff, l))
                (seal_list(&seals, l))
            }
            div {
                @if looks { section.card {
                    h2 { (l.pick("用印管理", "How seals are used")) }
                    ul.plain {
                        li { a href={ "/policies/" (id) } { (l.pick("用印审批规则", "Policy of use")) } }
                        li { a href={ "/units/" (id) "/deputies" } { (l.pick("代理审批", "Deputies")) } }
                        li { a href={ "/units/" (id) "/grants" } { (l.pick("对业务系统的授权", "Grants to business systems")) } }
                        @if inside { li { a href="/uses" { (l.pick("用印记录", "Uses")) } } }
                    }
                } }
                (super::people::appoint_form(visit, Scope::Unit(id), form))
                (super::people::correct_form(visit, &staff, form))
                (changes(visit, &unit, &others, form))
            }
        }
    };
    let sheet = Sheet {
        title,
        above: if inside { &[] } else { &above(l) },
        body,
    };
    Ok(page_with(visit, &sheet, problem))
}

fn facts(unit: &Unit, maker: &str, l: Language) -> Markup {
    html! {
        section.card {
            dl.facts {
                dt { (l.pick("统一社会信用代码", "Credit code")) } dd { code { (unit.code) } }
                dt { (l.pick("单位类型", "Kind")) } dd { (words::unit_kind(unit.kind, l)) }
                dt { (l.pick("区划和级别", "Region and level")) } dd { (unit.region.as_str()) " · " (words::level(unit.level, l)) }
                dt { (l.pick("制章机关", "Issuing authority")) } dd { (maker) }
                dt { (l.pick("登记时间", "Registered")) } dd { (time(unit.registered_at, l)) }
            }
        }
    }
}

fn seal_list(seals: &[SealRecord], l: Language) -> Markup {
    html! {
        section.card {
            h2 { (l.pick("印章", "Seals")) }
            @if seals.is_empty() { (empty(l.pick("还没有印章：由单位的经办人申请制作。", "There is none yet: the unit's agent applies for one."))) }
            ul.plain { @for seal in seals {
                @let (tone, status) = words::seal_status(seal.status, l);
                li {
                    a href={ "/seals/" (seal.id) } { (seal_name(seal, l)) } " " (badge(tone, status)) " "
                    span.muted { (words::seal_kind(seal.kind, l)) }
                }
            } }
        }
    }
}

fn may_change(visit: &Visit, unit: &Unit) -> bool {
    holds(visit, Role::Reviewer) && unit.ended.is_none()
}

/// What a reviewer may change; the rules decide again when it is sent.
fn changes(visit: &Visit, unit: &Unit, others: &[(String, String)], form: Option<&Form>) -> Markup {
    let l = visit.language();
    if !may_change(visit, unit) {
        return html! {};
    }
    let name = form.map_or(unit.name.as_str(), |form| match form.text("new_name") {
        "" => unit.name.as_str(),
        typed => typed,
    });
    let place = format!("/units/{}/changes", unit.id);
    html! {
        section.card {
            h2 { (l.pick("变更登记", "Change what is registered")) }
            form method="post" action=(place) {
                (hidden(&visit.face))
                input type="hidden" name="type" value="rename";
                (Field { name: "new_name", label: l.pick("新的法定名称", "New legal name"), hint: l.pick("改名后，原名称的印章须变更", "Seals with the old name must be changed then"), kind: "text", value: name, needed: true }.markup())
                button { (l.pick("改名", "Rename")) }
            }
            @if !others.is_empty() { (move_form(visit, &place, others, form)) }
            details {
                summary { (l.pick("单位终止", "The unit ended")) }
                form method="post" action=(place) {
                    (hidden(&visit.face))
                    input type="hidden" name="type" value="end";
                    (select("reason", l.pick("原因", "Why"), &words::unit_ends(l), ""))
                    label.check { input type="checkbox" name="sure" value="yes" required; (l.pick("确认：终止后不能恢复，其印章须注销", "I am sure: this cannot be undone, and its seals must be cancelled")) }
                    button.danger { (l.pick("登记终止", "Register the end")) }
                }
            }
        }
    }
}

/// Another authority looks after the unit.
fn move_form(visit: &Visit, place: &str, others: &[(String, String)], form: Option<&Form>) -> Markup {
    let l = visit.language();
    let sent = form.filter(|form| form.text("type") == "move");
    let chosen = sent.map_or("", |form| form.text("authority"));
    html! {
        details open[sent.is_some()] {
            summary { (l.pick("移交另一制章机关", "Move it to another authority")) }
            form method="post" action=(place) {
                (hidden(&visit.face))
                input type="hidden" name="type" value="move";
                (select("authority", l.pick("移交给", "To which authority"), others, chosen))
                label.check { input type="checkbox" name="sure" value="yes" required; (l.pick("确认：此后由该机关受理和制作其印章", "I am sure: that authority receives its applications and makes its seals from now on")) }
                button { (l.pick("移交", "Move")) }
            }
        }
    }
}

pub(crate) async fn change(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let id: UnitId = visit.call.path("unit")?;
    let done = async {
        let bad = || Problem::bad_field("变更无法识别", "The change cannot be read");
        let step = match form.text("type") {
            "rename" => UnitStep::Rename {
                name: form.text("new_name").trim().to_owned(),
            },
            "move" if !form.text("sure").is_empty() => UnitStep::Move {
                authority: form.parse("authority", ("移交给", "To which authority"))?,
            },
            "end" if !form.text("sure").is_empty() => UnitStep::End {
                reason: named::<UnitEnd>(form.text("reason")).ok_or_else(bad)?,
            },
            _ => return Err(bad()),
        };
        let once = visit.once("unit_change", &form)?;
        Ok::<_, Problem>(service.change_unit(visit.caller()?, id, step, once).await?)
    };
    match done.await {
        Ok(_) => Ok(see(&format!("/units/{id}"))),
        Err(problem) => show_with(&service, &visit, Some(&form), Some(&problem)).await,
    }
}
