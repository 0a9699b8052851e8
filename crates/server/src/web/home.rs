//! The first page: for visitors what they can do here, for people with a role what waits for them.

use std::sync::Arc;

use axum::response::Response;
use maud::{Markup, html};

use super::layout::{Sheet, page};
use super::visit::Visit;
use crate::app::Service;
use crate::http::problem::Problem;

pub(crate) async fn show(_: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
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
            @if visit.caller.is_none() {
                (card("/sign-in", l.pick("工作人员登录", "Sign in"), l.pick(
                    "经办人、负责人、保管人、制章机关和管理员从这里进入。",
                    "For agents, principals, custodians, the issuing authority and administrators.")))
            }
        }
    };
    let sheet = Sheet {
        title,
        above: &[],
        body,
    };
    Ok(page(&visit, &sheet))
}

fn card(place: &str, title: &str, text: &str) -> Markup {
    html! {
        li.card { h2 { a href=(place) { (title) } } p { (text) } }
    }
}
