//! Business systems, for security administrators: entering one, its name, networks and certificate, blocking it.

use std::sync::Arc;

use axum::response::Response;
use jiff::SignedDuration;
use maud::{Markup, html};
use pki::Certificate;
use registry::{Role, SystemId};
use sealing::Language;
use store::Page;

use super::accounts::{authority_field, choices, chosen_authority, let_in};
use super::form::Form;
use super::layout::{Sheet, page, page_with};
use super::parts::{Field, badge, empty, heads, hidden, problem_box, time};
use super::uses::holds;
use super::visit::{Visit, see};
use crate::app::{ClientStep, KnownClient, NewClient, Service};
use crate::http::answer::kept;
use crate::http::clients;
use crate::http::problem::Problem;
use crate::subnet::Subnet;

/// Systems on a page.
const ROWS: u32 = 50;

fn above(l: Language) -> [(&'static str, &'static str); 1] {
    [("/clients", l.pick("业务系统", "Business systems"))]
}

pub(crate) async fn list(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let_in(
        &visit,
        &[
            Role::SecurityAdministrator,
            Role::AuditAdministrator,
            Role::Reviewer,
            Role::Supervisor,
        ],
    )?;
    let l = visit.language();
    let after = visit.query("after").parse().ok();
    let found = service
        .clients(visit.caller()?, Page { after, limit: ROWS })
        .await?;
    let full = found.len() as u64 == u64::from(ROWS);
    let next = found.last().filter(|_| full).map(|last| last.id);
    let title = l.pick("业务系统", "Business systems");
    let body = html! {
            h1 { (title) }
            @if holds(&visit, Role::SecurityAdministrator) {
                p { a.button.main href="/clients/new" { (l.pick("登记业务系统", "Enter a business system")) } }
            }
            @if found.is_empty() { (empty(l.pick("没有由您管理的业务系统。", "You look after no business system."))) }
            @else { div.scroll { table {
                (heads(&[
        l.pick("名称", "Name"),
        l.pick("状态", "State"),
        l.pick("证书有效至", "Certificate until"),
        l.pick("登记时间", "Entered"),
    ]))
                tbody { @for client in &found { tr {
                    td { a href={ "/clients/" (client.id) } { (client.name) } }
                    td { (state(&visit, client)) }
                    td { (time(client.not_after, l)) }
                    td { (time(client.registered_at, l)) }
                } } }
            } } }
            @if let Some(next) = next { div.actions { a.button rel="next" href={ "/clients?after=" (next) } { (l.pick("下一页", "Next page")) } } }
        };
    let sheet = Sheet {
        title,
        above: &[],
        body,
    };
    Ok(page(&visit, &sheet))
}

fn state(visit: &Visit, client: &KnownClient) -> Markup {
    let l = visit.language();
    if client.blocked_at.is_some() {
        badge("bad", l.pick("已停用", "blocked"))
    } else if client.not_after <= visit.call.now {
        badge("bad", l.pick("证书已到期", "certificate over"))
    } else {
        badge("good", l.pick("可调用", "may call"))
    }
}

/// What was typed.
#[derive(Default)]
struct Typed {
    authority: String,
    name: String,
    networks: String,
    certificate: String,
}

impl Typed {
    fn of(form: &Form) -> Self {
        Self {
            authority: form.text("authority").trim().to_owned(),
            name: form.text("name").trim().to_owned(),
            networks: form.text("networks").trim().to_owned(),
            certificate: form.text("certificate").trim().to_owned(),
        }
    }

    fn subnets(&self) -> Result<Vec<Subnet>, Problem> {
        let bad = || {
            Problem::bad_field(
                "网段无法识别：每行一个，如 10.0.0.0/8",
                "A network cannot be read: one a line, such as 10.0.0.0/8",
            )
        };
        let read: Result<_, _> = self.networks.split_whitespace().map(str::parse).collect();
        clients::networks(read.map_err(|_| bad())?).map_err(|_| bad())
    }

    fn name(&self) -> Result<String, Problem> {
        let bad = |_| {
            Problem::bad_field(
                "“名称”未填写，或超过 200 个字",
                "“Name” is missing or longer than 200 characters",
            )
        };
        clients::name(self.name.clone()).map_err(bad)
    }

    fn certificate(&self) -> Result<Certificate, Problem> {
        let bad = |_| {
            Problem::bad_field(
                "证书无法识别：请粘贴 PEM 文本，从 BEGIN 行到 END 行",
                "The certificate cannot be read: paste the PEM text, from its BEGIN line to its END line",
            )
        };
        clients::certificate(&self.certificate).map_err(bad)
    }
}

fn name_field(value: &str, l: Language) -> Markup {
    Field {
        name: "name",
        label: l.pick("名称", "Name"),
        hint: "",
        kind: "text",
        value,
        needed: true,
    }
    .markup()
}

fn networks_field(value: &str, l: Language) -> Markup {
    let hint = l.pick(
        "每行一个网段，如 10.0.0.0/8；不填则不限",
        "one a line, such as 10.0.0.0/8; from everywhere if empty",
    );
    Field {
        name: "networks",
        label: l.pick("可从哪些网段调用", "Networks that it may call from"),
        hint,
        kind: "textarea",
        value,
        needed: false,
    }
    .markup()
}

fn certificate_field(value: &str, l: Language) -> Markup {
    let hint = l.pick(
        "PEM，即以 -----BEGIN CERTIFICATE----- 开头的文本；须能追溯到信任锚",
        "PEM, the text that begins with -----BEGIN CERTIFICATE-----; it must lead to a trust anchor",
    );
    Field {
        name: "certificate",
        label: l.pick("SM2 证书", "SM2 certificate"),
        hint,
        kind: "textarea",
        value,
        needed: true,
    }
    .markup()
}

pub(crate) async fn new(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let_in(&visit, &[Role::SecurityAdministrator])?;
    new_page(&service, &visit, &Typed::default(), None).await
}

async fn new_page(
    service: &Service,
    visit: &Visit,
    typed: &Typed,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let l = visit.language();
    let own = choices(service, visit, &[Role::SecurityAdministrator]).await?;
    let title = l.pick("登记业务系统", "Enter a business system");
    let body = html! {
        div.text {
            h1 { (title) }
            p { (l.pick("业务系统用自己的 SM2 证书签名每次请求（RFC 9421）；登记后由单位授权它使用某枚印章。", "A business system signs each request with its SM2 certificate (RFC 9421); then a unit grants it the use of a seal.")) }
            @if let Some(problem) = problem { (problem_box(problem, l)) }
            form.card method="post" action="/clients/new" {
                (hidden(&visit.face))
                (authority_field(&own, &typed.authority, l))
                (name_field(&typed.name, l))
                (networks_field(&typed.networks, l))
                (certificate_field(&typed.certificate, l))
                button.main { (l.pick("登记", "Enter it")) }
            }
        }
    };
    let sheet = Sheet {
        title,
        above: &above(l),
        body,
    };
    Ok(page_with(visit, &sheet, problem))
}

pub(crate) async fn enter(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let typed = Typed::of(&form);
    let entered = async {
        let_in(&visit, &[Role::SecurityAdministrator])?;
        let new = NewClient {
            authority: chosen_authority(&form)?,
            name: typed.name()?,
            certificate: typed.certificate()?,
            networks: typed.subnets()?,
        };
        let once = visit.once("client_enter", &form)?;
        let answer = service.enter_client(visit.caller()?, new, once).await?;
        kept::<KnownClient>(&answer)
    };
    match entered.await {
        Ok(client) => Ok(see(&format!("/clients/{}", client.id))),
        Err(problem) => new_page(&service, &visit, &typed, Some(&problem)).await,
    }
}

pub(crate) async fn show(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    show_with(&service, &visit, None).await
}

async fn show_with(service: &Service, visit: &Visit, problem: Option<&Problem>) -> Result<Response, Problem> {
    let l = visit.language();
    let id: SystemId = visit.call.path("client")?;
    let client = service.client(visit.caller()?, id).await?;
    let keeps = holds(visit, Role::SecurityAdministrator) && client.blocked_at.is_none();
    let body = html! {
        h1 { (client.name) " " (state(visit, &client)) }
        @if let Some(problem) = problem { (problem_box(problem, l)) }
        div.split {
            section.card { dl.facts {
                dt { (l.pick("标识（keyid）", "Identifier (keyid)")) } dd { code { (client.id) } }
                dt { (l.pick("证书（SM3）", "Certificate (SM3)")) } dd { code { (client.certificate) } }
                dt { (l.pick("证书有效至", "Certificate until")) } dd { (time(client.not_after, l)) }
                @if let Some(until) = client.former_until { dt { (l.pick("旧证书用到", "Old certificate serves until")) } dd { (time(until, l)) } }
                dt { (l.pick("可从", "May call from")) }
                dd {
                    @if client.networks.is_empty() { (l.pick("任何网段", "everywhere")) }
                    @for one in &client.networks { code { (one) } " " }
                }
                dt { (l.pick("登记时间", "Entered")) } dd { (time(client.registered_at, l)) }
                @if let Some(at) = client.blocked_at { dt { (l.pick("停用时间", "Blocked")) } dd { (time(at, l)) } }
            } }
            @if keeps { div { (forms(visit, &client)) } }
        }
    };
    let sheet = Sheet {
        title: &client.name,
        above: &above(l),
        body,
    };
    Ok(page_with(visit, &sheet, problem))
}

fn forms(visit: &Visit, client: &KnownClient) -> Markup {
    let l = visit.language();
    let to = |step: &str| format!("/clients/{}/{step}", client.id);
    html! {
        form.card method="post" action=(to("rename")) { (hidden(&visit.face))
            h2 { (l.pick("名称", "Name")) } (name_field(&client.name, l)) button { (l.pick("更名", "Rename")) } }
        form.card method="post" action=(to("networks")) { (hidden(&visit.face))
            h2 { (l.pick("网段", "Networks")) } (networks_field(&client.networks.join("\n"), l)) button { (l.pick("设置", "Set")) } }
        form.card method="post" action=(to("certificate")) { (hidden(&visit.face))
            h2 { (l.pick("更换证书", "Another certificate")) }
            (certificate_field("", l))
            (Field { name: "days", label: l.pick("旧证书还用几天", "Days for which the old one serves"), hint: l.pick("0 至 90", "0 to 90"), kind: "number", value: "14", needed: true }.markup())
            button { (l.pick("更换", "Change")) } }
        form.card method="post" action=(to("block")) { (hidden(&visit.face))
            h2 { (l.pick("停用", "Block")) }
            p.muted { (l.pick("停用后不能恢复，可以重新登记。", "For ever; it can be entered anew.")) }
            button.danger { (l.pick("停用", "Block")) } }
    }
}

async fn change(
    service: Arc<Service>,
    mut visit: Visit,
    make: impl FnOnce(&Visit, &Form) -> Result<ClientStep, Problem>,
) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let id: SystemId = visit.call.path("client")?;
    let done = async {
        let step = make(&visit, &form)?;
        let once = visit.once("client_change", &form)?;
        service.change_client(visit.caller()?, id, step, once).await?;
        Ok::<_, Problem>(())
    };
    match done.await {
        Ok(()) => Ok(see(&format!("/clients/{id}"))),
        Err(problem) => show_with(&service, &visit, Some(&problem)).await,
    }
}

pub(crate) async fn rename(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let step = |_: &Visit, form: &Form| {
        Ok(ClientStep::Rename {
            name: Typed::of(form).name()?,
        })
    };
    change(service, visit, step).await
}

pub(crate) async fn set_networks(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let step = |_: &Visit, form: &Form| {
        Ok(ClientStep::SetNetworks {
            networks: Typed::of(form).subnets()?,
        })
    };
    change(service, visit, step).await
}

pub(crate) async fn renew(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let step = |visit: &Visit, form: &Form| {
        let days: u16 = form.parse("days", ("几天", "Days"))?;
        let old_until = visit
            .call
            .now
            .checked_add(SignedDuration::from_hours(24 * i64::from(days)));
        Ok(ClientStep::RenewCertificate {
            certificate: Box::new(Typed::of(form).certificate()?),
            old_until: old_until.map_err(|_| Problem::bad_field("“几天”过大", "“Days” is too large"))?,
        })
    };
    change(service, visit, step).await
}

pub(crate) async fn block(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    change(service, visit, |_, _| Ok(ClientStep::Block)).await
}
