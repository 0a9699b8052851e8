//! The frame of every page: head, navigation by role, breadcrumb, foot; and the page for what went wrong.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use maud::{DOCTYPE, Markup, html};
use registry::{Role, Scope};
use sealing::Language;

use super::assets::address;
use super::parts::{hidden, problem_box};
use super::visit::{Face, Visit};
use crate::http::problem::Problem;

/// A page without its frame.
pub(crate) struct Sheet<'a> {
    pub(crate) title: &'a str,
    /// The way here from the home page: address and name.
    pub(crate) above: &'a [(&'a str, &'a str)],
    pub(crate) body: Markup,
}

/// A whole page as an answer.
pub(crate) fn page(visit: &Visit, sheet: &Sheet<'_>) -> Response {
    respond(&frame(&visit.face, sheet), visit.language())
}

/// A whole page; it stands for the problem that it tells, if there is one.
pub(crate) fn page_with(visit: &Visit, sheet: &Sheet<'_>, problem: Option<&Problem>) -> Response {
    let mut response = page(visit, sheet);
    if let Some(problem) = problem {
        *response.status_mut() = problem.status();
    }
    response
}

/// What went wrong, as a page.
pub(crate) fn problem_page(face: &Face, problem: &Problem, request_id: &str) -> Response {
    let language = face.language;
    let title = language.pick("没有完成", "Not done");
    let body = html! {
        h1 { (title) }
        (problem_box(problem, language))
        p.muted { (language.pick("请求编号：", "Request id: ")) code { (request_id) } }
        p {
            @if problem.status().as_u16() == 401 {
                a.button href="/sign-in" { (language.pick("登录", "Sign in")) } " "
            }
            a.button.quiet href="/" { (language.pick("回到首页", "Back to the home page")) }
        }
    };
    let sheet = Sheet {
        title,
        above: &[],
        body,
    };
    let mut response = respond(&frame(face, &sheet), language);
    *response.status_mut() = problem.status();
    response
}

fn respond(markup: &Markup, language: Language) -> Response {
    let mut response = Response::new(Body::from(markup.0.clone()));
    let headers = response.headers_mut();
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, html);
    let language = HeaderValue::from_static(language.pick("zh-CN", "en"));
    headers.insert(header::CONTENT_LANGUAGE, language);
    headers.insert(header::VARY, HeaderValue::from_static("accept-language, cookie"));
    response
}

fn frame(face: &Face, sheet: &Sheet<'_>) -> Markup {
    let l = face.language;
    html! {
        (DOCTYPE)
        html lang=(l.pick("zh-CN", "en")) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (sheet.title) " – " (l.pick("印信", "Yinxin")) }
                link rel="icon" href=(address("icon.svg")) type="image/svg+xml";
                @for css in ["base.css", "parts.css", "desks.css"] {
                    link rel="stylesheet" href=(address(css));
                }
                link rel="stylesheet" href=(address("print.css")) media="print";
                script type="module" src=(address("page.js")) {}
            }
            body {
                a.skip href="#main" { (l.pick("跳到正文", "Skip to the content")) }
                (top(face))
                main #main tabindex="-1" {
                    (crumbs(sheet, l))
                    (sheet.body)
                }
                footer.foot {
                    p { (l.pick(
                        "印信 · 政务电子印章系统 · 开放源代码",
                        "Yinxin · electronic seals for governments · open source",
                    )) }
                    p { (l.pick("时间均为 ", "Times are in ")) span data-zone="" { (l.pick("北京时间", "Beijing time")) } }
                }
            }
        }
    }
}

fn top(face: &Face) -> Markup {
    let l = face.language;
    html! {
        header.top {
            a.brand href="/" {
                img src=(address("icon.svg")) alt="" width="28" height="28";
                span { (l.pick("印信", "Yinxin")) }
            }
            nav aria-label=(l.pick("主导航", "Main")) {
                ul {
                    @for (place, name) in entries(face) {
                        li { a href=(place) aria-current=[is_here(face, &place).then_some("page")] { (name) } }
                    }
                }
            }
            div.account {
                form method="post" action="/language" {
                    (hidden(face))
                    input type="hidden" name="next" value=(face.place);
                    button.link name="language" value=(l.pick("en", "zh")) lang=(l.pick("en", "zh-CN")) {
                        (l.pick("English", "中文"))
                    }
                }
                @if face.roles.is_some() {
                    form method="post" action="/sign-out" {
                        (hidden(face))
                        button.link { (l.pick("退出", "Sign out")) }
                    }
                } @else {
                    a href="/sign-in" { (l.pick("登录", "Sign in")) }
                }
            }
        }
    }
}

fn is_here(face: &Face, place: &str) -> bool {
    let path = face.place.split('?').next().unwrap_or_default();
    path == place || (place != "/" && path.starts_with(&format!("{place}/")))
}

/// What the navigation offers to whom.
fn entries(face: &Face) -> Vec<(String, &'static str)> {
    let l = face.language;
    let roles = face.roles.as_deref().unwrap_or_default();
    let in_unit = roles.iter().any(|(_, scope)| matches!(scope, Scope::Unit(_)));
    let has = |wanted: &[Role]| roles.iter().any(|(role, _)| wanted.contains(role));
    let mut list = Vec::new();
    if face.roles.is_some() {
        list.push(("/".to_owned(), l.pick("工作台", "Desk")));
    }
    if in_unit {
        list.push(("/uses".to_owned(), l.pick("用印", "Uses")));
    }
    let mut in_units = face.roles.iter().flatten().filter_map(|(_, scope)| match scope {
        Scope::Unit(unit) => Some(format!("/units/{unit}")),
        _ => None,
    });
    if let Some(unit) = in_units.next() {
        list.push((unit, l.pick("本单位", "My unit")));
    }
    if in_unit || has(&[Role::Maker, Role::Reviewer]) {
        list.push(("/seals".to_owned(), l.pick("印章", "Seals")));
        list.push(("/applications".to_owned(), l.pick("申请", "Applications")));
    }
    if has(&[
        Role::Maker,
        Role::Reviewer,
        Role::SystemAdministrator,
        Role::AuditAdministrator,
        Role::Supervisor,
    ]) {
        list.push(("/filings".to_owned(), l.pick("备案", "Filings")));
        list.push(("/calendar".to_owned(), l.pick("到期", "Expiries")));
        list.push(("/statistics".to_owned(), l.pick("统计", "Statistics")));
        list.push(("/units".to_owned(), l.pick("单位", "Units")));
    }
    if has(&[Role::SecurityAdministrator, Role::AuditAdministrator]) {
        list.push(("/accounts".to_owned(), l.pick("账号", "Accounts")));
    }
    if has(&[Role::SecurityAdministrator]) {
        list.push(("/clients".to_owned(), l.pick("业务系统", "Business systems")));
    }
    if has(&[
        Role::Reviewer,
        Role::SystemAdministrator,
        Role::SecurityAdministrator,
    ]) {
        list.push(("/authorities".to_owned(), l.pick("制章机关", "Authorities")));
    }
    if has(&[Role::AuditAdministrator, Role::Supervisor]) {
        list.push(("/audit".to_owned(), l.pick("审计", "Audit")));
    }
    if has(&[
        Role::SystemAdministrator,
        Role::SecurityAdministrator,
        Role::AuditAdministrator,
    ]) {
        list.push(("/installation".to_owned(), l.pick("系统", "Installation")));
    }
    list.push(("/verify".to_owned(), l.pick("验证", "Verify")));
    list.push(("/lookup".to_owned(), l.pick("印章查询", "Seal look-up")));
    list.push(("/help".to_owned(), l.pick("帮助", "Help")));
    list
}

fn crumbs(sheet: &Sheet<'_>, l: Language) -> Markup {
    html! {
        @if !sheet.above.is_empty() {
            nav.crumbs aria-label=(l.pick("当前位置", "You are here")) {
                ol {
                    li { a href="/" { (l.pick("首页", "Home")) } }
                    @for (place, name) in sheet.above {
                        li { a href=(place) { (name) } }
                    }
                    li aria-current="page" { (sheet.title) }
                }
            }
        }
    }
}
