//! The desk of those who look after an installation: where what they look after is found.

use axum::response::Response;
use maud::{Markup, html};
use registry::Role;

use super::home::{card, own_roles};
use super::layout::{Sheet, page};
use super::uses::holds;
use super::visit::Visit;

/// The three who look after an installation.
const ADMINISTRATORS: [Role; 3] = [
    Role::SystemAdministrator,
    Role::SecurityAdministrator,
    Role::AuditAdministrator,
];

/// Has the visitor nothing to do with seals and their use?
pub(crate) fn is_all(visit: &Visit) -> bool {
    let roles = visit.face.roles.as_deref().unwrap_or_default();
    let looks_after = |role: &Role| ADMINISTRATORS.contains(role) || *role == Role::Supervisor;
    !roles.is_empty() && roles.iter().all(|(role, _)| looks_after(role))
}

pub(crate) fn desk(visit: &Visit) -> Response {
    let title = visit.language().pick("工作台", "Desk");
    let body = html! {
        h1 { (title) }
        (own_roles(visit))
        (cards(visit))
    };
    let sheet = Sheet {
        title,
        above: &[],
        body,
    };
    page(visit, &sheet)
}

/// Where administrators work: nothing waits for them, so their desk says what there is to look after.
pub(crate) fn cards(visit: &Visit) -> Markup {
    let l = visit.language();
    html! {
        ul.cards {
            @if holds(visit, Role::SecurityAdministrator) {
                (card("/accounts", l.pick("账号", "Accounts"), l.pick(
                    "登记人员，给予角色，开通、重置和关闭账号，结束会话。",
                    "Register people, give roles, open, reset and close accounts, end sessions.")))
                (card("/clients", l.pick("业务系统", "Business systems"), l.pick(
                    "登记以证书签名调用接口的业务系统。",
                    "Enter the systems that call the interface with signed requests.")))
            }
            @if holds(visit, Role::SystemAdministrator) || holds(visit, Role::SecurityAdministrator) {
                (card("/authorities", l.pick("制章机关", "Authorities"), l.pick(
                    "下级机关，及各地适用的规则。",
                    "The authorities below, and the regulation profiles.")))
            }
            @if holds(visit, Role::AuditAdministrator) || holds(visit, Role::Supervisor) {
                (card("/audit", l.pick("审计", "Audit"), l.pick(
                    "查询日志，看一次行为的前因后果和证明，导出与核对。",
                    "Look through the log, follow an act with its proof, export and check it.")))
            }
            @if holds(visit, Role::AuditAdministrator) {
                (card("/accounts", l.pick("账号与会话", "Accounts and sessions"), l.pick(
                    "查看谁有什么角色、何时登录；不能改动。",
                    "See who has which role and who is signed in; nothing can be changed.")))
            }
            @if ADMINISTRATORS.iter().any(|role| holds(visit, *role)) {
                (card("/installation", l.pick("系统", "Installation"), l.pick(
                    "版本、密钥、信任列表和配置。",
                    "Version, keys, trust lists and configuration.")))
            }
        }
    }
}
