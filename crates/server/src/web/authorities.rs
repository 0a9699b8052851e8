//! Authorities, for system administrators: those below one, entering another one, what becomes of it; and the
//! regulation profiles with their layers, days and articles.

use std::sync::Arc;

use axum::response::Response;
use maud::{Markup, html};
use registry::authority::AuthorityStatus;
use registry::profile::{Layer, Profile};
use registry::{Authority, AuthorityId, Level, ProfileId, Role};
use sealing::Language;
use store::Page;

use super::accounts::let_in;
use super::form::Form;
use super::layout::{Sheet, page, page_with};
use super::parts::{Field, badge, empty, heads, hidden, problem_box, select, time};
use super::uses::holds;
use super::visit::{Visit, see};
use super::words;
use crate::app::{AuthorityStep, NewAuthority, Service};
use crate::http::answer::kept;
use crate::http::problem::Problem;

/// Authorities on a page.
const ROWS: u32 = 50;
const LEVELS: [Level; 5] = [
    Level::Nation,
    Level::Region,
    Level::City,
    Level::County,
    Level::Township,
];

fn above(l: Language) -> [(&'static str, &'static str); 1] {
    [("/authorities", l.pick("制章机关", "Authorities"))]
}

fn state(status: AuthorityStatus, l: Language) -> Markup {
    match status {
        AuthorityStatus::Entered => badge("open", l.pick("待登记确定文件", "designation not filed")),
        AuthorityStatus::Designated => badge("good", l.pick("可制章", "may make seals")),
        AuthorityStatus::Closed => badge("bad", l.pick("已终止", "closed")),
    }
}

/// Officers of authorities look at these pages.
const OFFICERS: [Role; 6] = [
    Role::SystemAdministrator,
    Role::SecurityAdministrator,
    Role::AuditAdministrator,
    Role::Reviewer,
    Role::Maker,
    Role::Supervisor,
];

pub(crate) async fn list(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let_in(&visit, &OFFICERS)?;
    let l = visit.language();
    let roots = service.authorities(None, Page::first(1)).await?;
    let mut below = Vec::new();
    let after = visit.query("after").parse().ok();
    if let Some(root) = roots.first() {
        below = service
            .authorities(Some(root.id), Page { after, limit: ROWS })
            .await?;
    }
    let title = l.pick("制章机关", "Authorities");
    let body = html! {
        h1 { (title) }
        p { a href="/profiles" { (l.pick("各地适用的规则", "Regulation profiles")) } }
        (table(&roots, l))
        h2 { (l.pick("下级机关", "Below it")) }
        (table(&below, l))
        (next(&below, "/authorities", l))
    };
    let sheet = Sheet {
        title,
        above: &[],
        body,
    };
    Ok(page(&visit, &sheet))
}

fn next(below: &[Authority], place: &str, l: Language) -> Markup {
    let full = below.len() as u64 == u64::from(ROWS);
    html! {
        @if let Some(last) = below.last().filter(|_| full) {
            div.actions { a.button rel="next" href={ (place) "?after=" (last.id) } { (l.pick("下一页", "Next page")) } }
        }
    }
}

fn table(authorities: &[Authority], l: Language) -> Markup {
    if authorities.is_empty() {
        return empty(l.pick("没有下级机关。", "There is none below."));
    }
    html! {
            div.scroll { table {
                (heads(&[
        l.pick("名称", "Name"),
        l.pick("层级", "Level"),
        l.pick("行政区划", "Region"),
        l.pick("规则", "Profile"),
        l.pick("状态", "State"),
    ]))
                tbody { @for one in authorities { tr {
                    td { a href={ "/authorities/" (one.id) } { (one.name) } }
                    td { (words::level(one.level, l)) }
                    td { code { (one.region.as_str()) } }
                    td { a href={ "/profiles/" (one.profile) } { (one.profile) } }
                    td { (state(one.status, l)) }
                } } }
            } }
        }
}

pub(crate) async fn show(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    show_with(&service, &visit, None, None).await
}

async fn show_with(
    service: &Service,
    visit: &Visit,
    problem: Option<&Problem>,
    typed: Option<&Form>,
) -> Result<Response, Problem> {
    let_in(visit, &OFFICERS)?;
    let l = visit.language();
    let id: AuthorityId = visit.call.path("authority")?;
    let one = service.authority(id).await?;
    let after = visit.query("after").parse().ok();
    let below = service.authorities(Some(id), Page { after, limit: ROWS }).await?;
    let body = html! {
        h1 { (one.name) " " (state(one.status, l)) }
        @if let Some(problem) = problem { (problem_box(problem, l)) }
        div.split {
            div {
                section.card { dl.facts {
                    dt { (l.pick("标识", "Identifier")) } dd { code { (one.id) } }
                    dt { (l.pick("层级", "Level")) } dd { (words::level(one.level, l)) }
                    dt { (l.pick("行政区划", "Region")) } dd { code { (one.region.as_str()) } }
                    dt { (l.pick("规则", "Profile")) } dd { a href={ "/profiles/" (one.profile) } { (one.profile) } }
                    dt { (l.pick("设立时间", "Established")) } dd { (time(one.established_at, l)) }
                    @if let Some(parent) = one.parent {
                        dt { (l.pick("上级", "Above it")) }
                        dd { a href={ "/authorities/" (parent) } { (l.pick("查看上级机关", "look at it")) } }
                    }
                } }
                h2 { (l.pick("下级机关", "Below it")) }
                (table(&below, l))
                (next(&below, &format!("/authorities/{id}"), l))
            }
            @if one.status != AuthorityStatus::Closed { div {
                @if holds(visit, Role::SystemAdministrator) { (forms(service, visit, &one, typed)) }
                @if holds(visit, Role::SecurityAdministrator) { (profile_form(service, visit, &one)) }
            } }
        }
    };
    let sheet = Sheet {
        title: &one.name,
        above: &above(l),
        body,
    };
    Ok(page_with(visit, &sheet, problem))
}

/// The profiles to choose from.
fn choice(service: &Service) -> Vec<(String, String)> {
    let known = service.profiles();
    let layers = known.ids().filter_map(|id| known.layer(id));
    layers
        .map(|layer| (layer.id.to_string(), layer.regulation.clone()))
        .collect()
}

/// The levels below one.
fn levels(above: Level, l: Language) -> Vec<(String, String)> {
    let below = LEVELS.iter().filter(|below| **below > above);
    let name = |below: &Level| serde_json::to_value(below).ok()?.as_str().map(str::to_owned);
    below
        .filter_map(|below| Some((name(below)?, words::level(*below, l).to_owned())))
        .collect()
}

fn profile_form(service: &Service, visit: &Visit, one: &Authority) -> Markup {
    let l = visit.language();
    html! {
        form.card method="post" action={ "/authorities/" (one.id) "/profile" } { (hidden(&visit.face))
            h2 { (l.pick("适用规则", "Profile")) }
            (select("profile", l.pick("规则", "Profile"), &choice(service), &one.profile.0))
            button { (l.pick("适用", "Set")) } }
    }
}

fn forms(service: &Service, visit: &Visit, one: &Authority, typed: Option<&Form>) -> Markup {
    let l = visit.language();
    let to = |step: &str| format!("/authorities/{}/{step}", one.id);
    let kept = |name| typed.map_or("", |form| form.text(name));
    let field = |name, label, value| {
        Field {
            name,
            label,
            hint: "",
            kind: "text",
            value,
            needed: true,
        }
        .markup()
    };
    let levels = levels(one.level, l);
    let entering = typed.is_some_and(|form| !form.text("region").is_empty());
    html! {
        @if one.status == AuthorityStatus::Entered {
            form.card method="post" action=(to("designation")) { (hidden(&visit.face))
                h2 { (l.pick("登记确定文件", "File the designation")) }
                (field("document", l.pick("本级政府确定其为制章机关的文件", "Document by which the government designates it"), kept("document")))
                button.main { (l.pick("登记", "File")) } }
        }
        form.card method="post" action=(to("rename")) { (hidden(&visit.face))
            h2 { (l.pick("更名", "Rename")) }
            (field("name", l.pick("名称", "Name"), &one.name)) button { (l.pick("更名", "Rename")) } }
        @if !levels.is_empty() {
            details.card open[entering] { summary { (l.pick("设立下级机关", "Enter an authority below it")) }
                form method="post" action=(to("below")) { (hidden(&visit.face))
                    (field("new_name", l.pick("名称", "Name"), kept("new_name")))
                    (field("region", l.pick("行政区划代码（六位）", "Region (six digits)"), kept("region")))
                    (select("level", l.pick("层级", "Level"), &levels, kept("level")))
                    (select("new_profile", l.pick("规则", "Profile"), &choice(service), &one.profile.0))
                    button.main { (l.pick("设立", "Enter it")) } } }
        }
        @if one.parent.is_some() {
            form.card method="post" action=(to("close")) { (hidden(&visit.face))
                h2 { (l.pick("终止", "Close")) }
                (field("reason", l.pick("原因", "Why"), kept("reason")))
                button.danger { (l.pick("终止", "Close")) } }
        }
    }
}

async fn change(
    service: Arc<Service>,
    mut visit: Visit,
    make: impl FnOnce(&Form) -> AuthorityStep,
) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let id: AuthorityId = visit.call.path("authority")?;
    let once = visit.once("authority_change", &form)?;
    let done = service
        .change_authority(visit.caller()?, id, make(&form), once)
        .await;
    match done {
        Ok(_) => Ok(see(&format!("/authorities/{id}"))),
        Err(error) => show_with(&service, &visit, Some(&error.into()), Some(&form)).await,
    }
}

pub(crate) async fn designate(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let step = |form: &Form| AuthorityStep::FileDesignation {
        document: form.text("document").trim().to_owned(),
    };
    change(service, visit, step).await
}

pub(crate) async fn rename(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let step = |form: &Form| AuthorityStep::Rename {
        name: form.text("name").trim().to_owned(),
    };
    change(service, visit, step).await
}

pub(crate) async fn set_profile(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let step = |form: &Form| AuthorityStep::SetProfile {
        profile: ProfileId(form.text("profile").to_owned()),
    };
    change(service, visit, step).await
}

pub(crate) async fn close(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let step = |form: &Form| AuthorityStep::Close {
        reason: form.text("reason").trim().to_owned(),
    };
    change(service, visit, step).await
}

pub(crate) async fn establish(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let entered = async {
        let bad_level = |_| Problem::bad_field("“层级”无法识别", "“Level” cannot be read");
        let bad_region = |_| Problem::bad_field("行政区划代码应为六位数字", "A region has six digits");
        let new = NewAuthority {
            parent: visit.call.path("authority")?,
            name: form.text("new_name").trim().to_owned(),
            region: serde_json::from_value(form.text("region").trim().into()).map_err(bad_region)?,
            level: serde_json::from_value(form.text("level").into()).map_err(bad_level)?,
            profile: ProfileId(form.text("new_profile").to_owned()),
        };
        let once = visit.once("authority_establish", &form)?;
        let answer = service.establish_authority(visit.caller()?, new, once).await?;
        kept::<Authority>(&answer)
    };
    match entered.await {
        Ok(made) => Ok(see(&format!("/authorities/{}", made.id))),
        Err(problem) => show_with(&service, &visit, Some(&problem), Some(&form)).await,
    }
}

pub(crate) async fn profiles(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let_in(&visit, &OFFICERS)?;
    let l = visit.language();
    let title = l.pick("各地适用的规则", "Regulation profiles");
    let known = service.profiles();
    let layers: Vec<_> = known.ids().filter_map(|id| known.layer(id)).collect();
    let body = html! {
            h1 { (title) }
            p.text { (l.pick(
                "规则是带起止日期的数据：地方规则只写与上层不同之处，到期后适用上层。规则随程序发布，改动须升级程序。",
                "A profile is dated data: a local one says only what differs from the one below it, and leaves that when it ends. Profiles come with the program.",
            )) }
            div.scroll { table {
                (heads(&[
        l.pick("名称", "Name"),
        l.pick("文件", "Regulation"),
        l.pick("上层", "On top of"),
        l.pick("施行", "In force"),
    ]))
                tbody { @for layer in &layers { tr {
                    td { a href={ "/profiles/" (layer.id) } { (layer.id) } }
                    td { (layer.regulation) }
                    td { @if let Some(base) = &layer.base { a href={ "/profiles/" (base) } { (base) } } @else { "–" } }
                    td { (period(layer)) }
                } } }
            } }
        };
    let sheet = Sheet {
        title,
        above: &above(l),
        body,
    };
    Ok(page(&visit, &sheet))
}

fn period(layer: &Layer) -> String {
    let until = layer.last_day.map_or_else(String::new, |day| day.to_string());
    format!("{} – {until}", layer.first_day)
}

/// The note in the reader's language; where only the other was written, that one, which is said to be it.
fn note(layer: &Layer, l: Language) -> Markup {
    let (zh, en) = (layer.note_zh.as_str(), layer.note.as_str());
    let (text, language) = match (l.pick(zh, en), l.pick(en, zh)) {
        ("", other) => (other, l.pick("en", "zh-CN")),
        (own, _) => (own, l.pick("zh-CN", "en")),
    };
    html! { @if !text.is_empty() { dt { (l.pick("说明", "Note")) } dd lang=(language) { (text) } } }
}

pub(crate) async fn profile(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let_in(&visit, &OFFICERS)?;
    let l = visit.language();
    let id = ProfileId(visit.call.path::<String>("profile")?);
    let layer = service.profiles().layer(&id);
    let layer = layer.ok_or_else(|| Problem::not_found("profile"))?;
    let now = service
        .profiles()
        .in_force(&id, visit.call.now)
        .map_err(crate::app::Error::from)?;
    let body = html! {
        h1 { (id) " " span.muted { (layer.regulation) } }
        section.card { dl.facts {
            dt { (l.pick("施行", "In force")) } dd { (period(layer)) }
            dt { (l.pick("现在适用的层", "Layers that hold now")) } dd { @for one in &now.layers { code { (one) } " " } }
            (note(layer, l))
        } }
        div.split {
            section.card { h2 { (l.pick("现在的要求", "What holds now")) } (settings(&now, l)) }
            section.card { h2 { (l.pick("文件类型", "Types of documents")) }
                div.scroll { table { (heads(&[l.pick("代码", "Code"), l.pick("名称", "Name")]))
                    tbody { @for row in &now.document_types { tr {
                        td { code { (row.code.0) } }
                        td { (l.pick(&row.zh, &row.en)) }
                    } } }
                } }
            }
        }
        section.card { h2 { (l.pick("每条规则的出处", "Where each rule stands")) }
            div.scroll { table {
                (heads(&[l.pick("规则", "Rule"), l.pick("文件", "Regulation"), l.pick("条款", "Article")]))
                tbody { @for (rule, article) in &now.articles { tr {
                    td { (rule) }
                    td { (article.regulation) }
                    td { (article.article) }
                } } }
            } }
        }
    };
    let title = id.to_string();
    let sheet = Sheet {
        title: &title,
        above: &[above(l)[0], ("/profiles", l.pick("规则", "Profiles"))],
        body,
    };
    Ok(page(&visit, &sheet))
}

fn settings(now: &Profile, l: Language) -> Markup {
    let yes = |holds: bool| {
        if holds {
            l.pick("是", "yes")
        } else {
            l.pick("否", "no")
        }
    };
    html! {
        dl.facts {
            dt { (l.pick("提前多少个月可续期", "Renewal opens, months before the end")) } dd { (now.renewal_months) }
            dt { (l.pick("到期后多少天内仍可续期", "Renewal still possible, days after the end")) } dd { (now.late_renewal_days) }
            dt { (l.pick("保护口令最长使用天数", "PIN changed after, days")) } dd { (now.password_days_max) }
            dt { (l.pick("不得重复的旧口令数", "Former PINs that may not be used again")) } dd { (now.password_history) }
            dt { (l.pick("审核期限（天）", "Review within, days")) } dd { (now.review_days_max) }
            dt { (l.pick("先有实物印章", "Physical seal first")) } dd { (yes(now.physical_seal_first)) }
            dt { (l.pick("须负责人同意", "Principal must consent")) } dd { (yes(now.principal_consent)) }
            dt { (l.pick("备案前可用印", "Use before filing")) } dd { (yes(now.use_before_filing)) }
            dt { (l.pick("可停用与恢复", "Suspension")) } dd { (yes(now.suspension)) }
            dt { (l.pick("可依职权注销", "Cancellation ex officio")) } dd { (yes(now.ex_officio)) }
            dt { (l.pick("交还旧载体", "Old device handed back")) } dd { (yes(now.old_device_returned)) }
            dt { (l.pick("专用计算机", "Computers set aside")) } dd { (yes(now.dedicated_devices)) }
            dt { (l.pick("可用网络", "Networks")) } dd { @for network in &now.networks { (words::network(*network, l)) " " } }
            @for duty in &now.filing {
                dt { (l.pick("备案", "Filing")) " " (words::filing_body(duty.body, l)) }
                dd { @match duty.hours_max {
                    Some(hours) => { (l.pick("", "within ")) (hours) (l.pick(" 小时内", " hours")) },
                    None => (l.pick("不限时", "no deadline")),
                } }
            }
        }
    }
}
