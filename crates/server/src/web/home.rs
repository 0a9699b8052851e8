//! The first page: for visitors what they can do here, for people with a role what waits for them.

use std::sync::Arc;

use axum::response::Response;
use maud::{Markup, html};
use registry::application::ApplicationStatus;
use registry::{Role, Scope, SealStatus};

use super::layout::{Sheet, page};
use super::uses::{holds, rows, units};
use super::visit::Visit;
use super::{administration, applications, uses, words};
use crate::app::{ApplicationSearch, SealSearch, Service};
use crate::http::problem::Problem;

pub(crate) async fn show(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    if visit.caller.is_some() && administration::is_all(&visit) {
        return Ok(administration::desk(&visit));
    }
    if visit.caller.is_some() {
        return desk(&service, &visit).await;
    }
    let l = visit.language();
    let title = l.pick("政务电子印章系统", "Electronic seals for governments");
    let body = html! {
        div.text {
            h1 { (title) }
            p { (l.pick(
                "核验电子印章、查询印章状态、申请和使用本单位的电子印章。",
                "Verify sealed documents, look seals up, apply for your unit's seals and use them.",
            )) }
        }
        ul.cards {
            (card("/verify", l.pick("验证文件", "Verify a document"), l.pick(
                "谁在何时盖的章，内容有没有被改动。无须登录。",
                "Who sealed it and when, and whether it was changed. No account needed.")))
            (card("/lookup", l.pick("查询印章", "Look up a seal"), l.pick(
                "按印章编码查询某一日的状态。",
                "The status of a seal on any day, by its code.")))
            (card("/help", l.pick("帮助", "Help"), l.pick(
                "电子印章、时间戳、骑缝章……这些词是什么意思。",
                "What the words mean, and what to do with a result.")))
            (card("/sign-in", l.pick("工作人员登录", "Sign in"), l.pick(
                "经办人、负责人、保管人、制章机关和管理员从这里进入。",
                "For agents, principals, custodians, the issuing authority and administrators.")))
        }
    };
    let sheet = Sheet {
        title,
        above: &[],
        body,
    };
    Ok(page(&visit, &sheet))
}

/// What waits for somebody with a role, and where they find the rest.
async fn desk(service: &Service, visit: &Visit) -> Result<Response, Problem> {
    let (l, caller) = (visit.language(), visit.caller()?);
    let waiting = service.waiting_uses(caller, rows()).await?;
    let mut applications = Vec::new();
    for (role, scope) in visit.face.roles.iter().flatten() {
        let wanted: &[ApplicationStatus] = match role {
            Role::Agent => &[ApplicationStatus::Draft, ApplicationStatus::Returned],
            Role::Principal => &[ApplicationStatus::Submitted],
            Role::Reviewer => &[ApplicationStatus::Consented, ApplicationStatus::UnderReview],
            Role::Maker => &[ApplicationStatus::Approved],
            _ => &[],
        };
        match scope {
            Scope::Unit(unit) if !wanted.is_empty() => {
                let found = service
                    .applications(caller, ApplicationSearch::OfUnit(*unit), rows())
                    .await?;
                applications.extend(found.into_iter().filter(|one| wanted.contains(&one.status)));
            }
            Scope::Authority(authority) => {
                for status in wanted {
                    let search = ApplicationSearch::ToAuthority(*authority, *status);
                    applications.extend(service.applications(caller, search, rows()).await?);
                }
            }
            _ => {}
        }
    }
    let mut to_collect = Vec::new();
    for unit in units(visit) {
        to_collect.extend(service.seals(caller, SealSearch::OfUnit(unit), rows()).await?);
    }
    to_collect.retain(|seal| seal.status == SealStatus::Filed && seal.offered_to == caller.acting.person());
    let title = l.pick("工作台", "Desk");
    let body = html! {
        h1 { (title) }
        (own_roles(visit))
        @for seal in &to_collect {
            div.notice.open { p { (l.pick("有一枚印章等您领取：", "A seal waits for you to collect it: ")) a href={ "/seals/" (seal.id) } { (seal.name) } } }
        }
        (administration::cards(visit))
        h2 { (l.pick("等我处理的用印", "Uses that wait for me")) }
        (uses::table(&waiting, l.pick("没有等您处理的用印申请。", "No use waits for you."), l))
        h2 { (l.pick("等我处理的申请", "Applications that wait for me")) }
        (applications::table(&applications, l.pick("没有等您处理的申请。", "No application waits for you."), l))
        div.actions {
            @if holds(visit, Role::Agent) {
                a.button.main href="/uses/new" { (l.pick("申请用印", "Ask for a use")) }
                a.button href="/applications/new" { (l.pick("申请新印章", "Apply for a seal")) }
            }
            @if holds(visit, Role::Principal) {
                @for unit in units(visit) { a.button href={ "/policies/" (unit) } { (l.pick("用印审批规则", "Policy of use")) } }
            }
        }
    };
    let sheet = Sheet {
        title,
        above: &[],
        body,
    };
    Ok(page(visit, &sheet))
}

/// Which roles the visitor has.
pub(crate) fn own_roles(visit: &Visit) -> Markup {
    let l = visit.language();
    let roles = visit.face.roles.iter().flatten();
    let roles: Vec<_> = roles.map(|(role, _)| words::role(*role, l)).collect();
    html! { p.muted { (l.pick("您的角色：", "Your roles: ")) (roles.join(l.pick("、", ", "))) } }
}

pub(crate) fn card(place: &str, title: &str, text: &str) -> Markup {
    html! {
        li.card { h2 { a href=(place) { (title) } } p { (text) } }
    }
}
