//! Who approves in whose place, for a time.

use std::sync::Arc;

use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use maud::{Markup, html};
use registry::usage::{Deputy, DocumentType};
use registry::{PersonId, Role, Scope, UnitId, UsePolicy};
use sealing::Language;

use super::ask_use::document_types;
use super::calendar::china;
use super::form::Form;
use super::layout::{Sheet, page_with};
use super::parts::{Field, badge, checks, empty, fen, hidden, problem_box, select, stack, time, yuan};
use super::people::{Staff, called};
use super::uses::principal;
use super::visit::{Visit, see};
use crate::app::{Error, PolicyOrder, Service};
use crate::http::problem::Problem;

pub(crate) async fn show(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    show_with(&service, &visit, None, None).await
}

async fn show_with(
    service: &Service,
    visit: &Visit,
    form: Option<&Form>,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let (l, caller) = (visit.language(), visit.caller()?);
    let id: UnitId = visit.call.path("unit")?;
    let policy = match service.policy(caller, id).await {
        Ok(policy) => Some(policy),
        Err(Error::NotFound { what: "policy" }) => None,
        Err(error) => return Err(error.into()),
    };
    let unit = service.unit(id).await?;
    let staff = Staff::of(service, visit, Scope::Unit(id)).await?;
    let types = document_types(service, unit.authority, l).await?;
    let title = l.pick("代理审批", "Deputies");
    let body = html! {
        h1 { (title) }
        @if let Some(problem) = problem { (problem_box(problem, l)) }
        p.muted { (l.pick("负责人、审批人不在时，由代理人在限定的时间、文件类型和金额内代为审批；记录中写明代谁审批。", "While a principal or an approver is away, a deputy approves in their place, within a time, types of documents and an amount; the record names both.")) }
        @match &policy {
            None => {
                (empty(l.pick("还没有用印审批规则：先发布规则，才能安排代理。", "There is no policy of use yet: put one in force, then name deputies.")))
                p { a.button.main href={ "/policies/" (id) } { (l.pick("发布规则", "Put a policy in force")) } }
            }
            Some(policy) => div.split {
                (listed(service, visit, policy).await?)
                (appoint_form(visit, &staff, &types, form))
            }
        }
    };
    let place = format!("/units/{id}");
    let above = [(place.as_str(), unit.name.as_str())];
    let sheet = Sheet {
        title,
        above: &above,
        body,
    };
    Ok(page_with(visit, &sheet, problem))
}

async fn listed(service: &Service, visit: &Visit, policy: &UsePolicy) -> Result<Markup, Problem> {
    let (l, caller, now) = (visit.language(), visit.caller()?, visit.call.now);
    let people: Vec<PersonId> = policy
        .deputies
        .iter()
        .flat_map(|held| [held.of, held.deputy])
        .collect();
    let names = service.called(caller, &people).await?;
    let ends = |held: &Deputy| caller.acting.person() == Some(held.of) || principal(visit, policy.unit);
    let heads = [
        l.pick("代理人", "Deputy"),
        l.pick("代谁", "For"),
        l.pick("期间", "Period"),
        l.pick("范围", "For what"),
        l.pick("操作", "Action"),
    ];
    let row = |held: &Deputy| {
        vec![
            html! {
                strong { (called(&names, held.deputy)) } " "
                @if held.from <= now { (badge("good", l.pick("正在代理", "in force"))) }
                @else { (badge("open", l.pick("尚未开始", "later"))) }
            },
            html! { (l.pick("代 ", "for ")) (called(&names, held.of)) },
            html! { (time(held.from, l)) " – " (time(held.until, l)) },
            html! { (limits(held, l)) },
            html! { @if ends(held) { form method="post" action={ "/units/" (policy.unit) "/deputies" } {
                (hidden(&visit.face))
                input type="hidden" name="type" value="dismiss";
                input type="hidden" name="of" value=(held.of);
                input type="hidden" name="deputy" value=(held.deputy);
                button.danger { (l.pick("结束", "End")) }
            } } },
        ]
    };
    Ok(html! {
        section.card {
            h2 { (l.pick("现在和将来的代理", "Deputies now and later")) }
            @let open: Vec<_> = policy.deputies.iter().filter(|held| now < held.until).collect();
            @if open.is_empty() { (empty(l.pick("没有代理人：在旁边的表单中指定。", "There is none: name one with the form beside."))) }
            @else { (stack(&heads, open.into_iter().map(row))) }
        }
    })
}

fn limits(held: &Deputy, l: Language) -> String {
    let types = match held.document_types.len() {
        0 => l.pick("所有文件类型", "all types of documents").to_owned(),
        count => l.pick(
            format!("{count} 种文件类型"),
            format!("{count} type(s) of documents"),
        ),
    };
    match held.amount_max_fen {
        None => types,
        Some(fen) => l.pick(
            format!("{types}，不超过 {} 元", yuan(fen)),
            format!("{types}, up to CNY {}", yuan(fen)),
        ),
    }
}

fn appoint_form(visit: &Visit, staff: &Staff, types: &[(String, String)], form: Option<&Form>) -> Markup {
    let (l, now) = (visit.language(), visit.call.now);
    let typed = |name| form.map_or("", |form| form.text(name));
    let mut of = staff.options(Role::Principal, now);
    of.extend(staff.options(Role::Approver, now));
    of.dedup();
    let mut deputies: Vec<_> = staff
        .people
        .iter()
        .map(|one| (one.id.to_string(), staff.name(one.id)))
        .collect();
    deputies.dedup();
    let field = |name, label, hint, kind, needed| {
        Field {
            name,
            label,
            hint,
            kind,
            value: typed(name),
            needed,
        }
        .markup()
    };
    html! {
        form.card method="post" action=(visit.call.target) {
            (hidden(&visit.face))
            h2 { (l.pick("指定代理人", "Name a deputy")) }
            input type="hidden" name="type" value="appoint";
            (select("of", l.pick("代谁审批", "In whose place"), &of, typed("of")))
            (select("deputy", l.pick("代理人", "Deputy"), &deputies, typed("deputy")))
            div.row {
                (field("from", l.pick("自", "From"), "", "date", true))
                (field("until", l.pick("至（含）", "To (that day included)"), "", "date", true))
            }
            (field("amount", l.pick("金额上限（元）", "Amount at most (CNY)"), l.pick("空着则不限", "empty: no limit"), "number", false))
            fieldset {
                legend { (l.pick("文件类型（不选则全部）", "Types of documents (none chosen: all)")) }
                (checks("document_type", types, form))
            }
            button.main { (l.pick("指定", "Name")) }
        }
    }
}

pub(crate) async fn change(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let id: UnitId = visit.call.path("unit")?;
    let done = async {
        let of = form.parse("of", ("代谁审批", "In whose place"))?;
        let deputy = form.parse("deputy", ("代理人", "Deputy"))?;
        let order = match form.text("type") {
            "dismiss" => PolicyOrder::DismissDeputy { of, deputy },
            _ => {
                let (from, _) = days(form.text("from"), visit.call.now)?;
                let (_, until) = days(form.text("until"), visit.call.now)?;
                let amount = match form.text("amount").trim() {
                    "" => None,
                    text => Some(fen(text).ok_or_else(|| {
                        Problem::bad_field("“金额上限”无法识别", "“Amount at most” cannot be read")
                    })?),
                };
                let types = form
                    .all("document_type")
                    .map(|code| DocumentType(code.to_owned()));
                PolicyOrder::AppointDeputy(Deputy {
                    of,
                    deputy,
                    from,
                    until,
                    document_types: types.collect(),
                    amount_max_fen: amount,
                })
            }
        };
        let once = visit.once("policy_deputy", &form)?;
        Ok::<_, Problem>(service.change_policy(visit.caller()?, id, order, once).await?)
    };
    match done.await {
        Ok(_) => Ok(see(&format!("/units/{id}/deputies"))),
        Err(problem) => show_with(&service, &visit, Some(&form), Some(&problem)).await,
    }
}

/// A day in China's time: its beginning, which is now for today, and its end.
pub(crate) fn days(text: &str, now: Timestamp) -> Result<(Timestamp, Timestamp), Problem> {
    let bad = || Problem::bad_field("日期无法识别", "A day cannot be read");
    let day: Date = text.trim().parse().map_err(|_| bad())?;
    let begin = |day: Date| {
        day.to_zoned(china())
            .map(|zoned| zoned.timestamp())
            .map_err(|_| bad())
    };
    let next = day.tomorrow().map_err(|_| bad())?;
    let (from, until) = (begin(day)?, begin(next)?);
    let today = from <= now && now < until;
    Ok((if today { now } else { from }, until))
}
