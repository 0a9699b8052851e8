//! Grants: business systems that may use a unit's seals by themselves, for a purpose, a time and a volume.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::response::Response;
use maud::{Markup, html};
use registry::grant::{GrantStatus, GrantTerms, Period, Volume};
use registry::usage::DocumentType;
use registry::{Grant, GrantId, Role, Scope, SealId, SealRecord, SystemId, UnitId};
use sealing::Language;
use zeroize::Zeroizing;

use super::ask_use::document_types;
use super::deputies::days;
use super::form::Form;
use super::layout::{Sheet, page_with};
use super::parts::{Field, badge, checks, empty, hidden, problem_box, select, stack, time};
use super::units::named;
use super::uses::{holds, rows};
use super::visit::{Visit, see};
use crate::app::{GrantOrder, SealSearch, Service};
use crate::http::answer::kept;
use crate::http::problem::Problem;

pub(crate) async fn list(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    list_with(&service, &visit, None, None).await
}

async fn list_with(
    service: &Service,
    visit: &Visit,
    form: Option<&Form>,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let (l, caller) = (visit.language(), visit.caller()?);
    let id: UnitId = visit.call.path("unit")?;
    let grants = service.grants(caller, id, rows()).await?;
    let unit = service.unit(id).await?;
    let granted = grants.iter().map(|grant| grant.terms.system);
    let names = service.system_names(granted).await?;
    let mut seals = service.seals(caller, SealSearch::OfUnit(id), rows()).await?;
    seals.retain(|seal| seal.usable(visit.call.now) && seal.owner.holder().is_none());
    let types = document_types(service, unit.authority, l).await?;
    let applies = holds(visit, Role::Agent) || holds(visit, Role::Principal);
    let systems = match applies {
        true => service.grantable_systems().await?,
        false => Vec::new(),
    };
    let title = l.pick("对业务系统的授权", "Grants to business systems");
    let body = html! {
        h1 { (title) }
        @if let Some(problem) = problem { (problem_box(problem, l)) }
        p.muted { (l.pick("业务系统凭授权自动盖章，不经逐件审批：须由本单位负责人同意、平台负责人授权，再由保管人用口令开通。", "A granted system seals by itself, without an approval each time: your principal consents, the platform's owner authorises, then the custodian opens it with the PIN.")) }
        div.split {
            div { @if grants.is_empty() {
                (empty(l.pick("没有授权：需要业务系统自动盖章时在此申请。", "There is none: ask here when a business system is to seal by itself.")))
            } @else { (table(&grants, &names, visit.call.now, l)) } }
            @if applies { (ask_form(visit, (&seals, &systems), &types, form)) }
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

/// How a system is called; its identifier if it was never entered here.
fn system_name(names: &BTreeMap<SystemId, String>, system: SystemId) -> String {
    names.get(&system).cloned().unwrap_or_else(|| system.to_string())
}

fn table(grants: &[Grant], names: &BTreeMap<SystemId, String>, now: jiff::Timestamp, l: Language) -> Markup {
    let heads = [
        l.pick("用途", "Purpose"),
        l.pick("业务系统", "Business system"),
        l.pick("状态", "Status"),
        l.pick("期间", "Period"),
        l.pick("数量", "Volume"),
    ];
    let row = |grant: &Grant| {
        let terms = &grant.terms;
        vec![
            html! { a href={ "/grants/" (grant.id) } { (terms.purpose) } },
            html! { (system_name(names, terms.system)) },
            status(grant, now, l),
            html! { (time(terms.from, l)) " – " (time(terms.until, l)) },
            html! { (volume(terms.volume, l)) },
        ]
    };
    stack(&heads, grants.iter().map(row))
}

fn status(grant: &Grant, now: jiff::Timestamp, l: Language) -> Markup {
    let (tone, text) = match grant.status {
        GrantStatus::Applied => ("open", l.pick("待负责人同意", "waits for consent")),
        GrantStatus::Consented => ("open", l.pick("待平台授权", "waits for the platform")),
        GrantStatus::Authorised if grant.terms.until <= now => ("", l.pick("已到期", "over")),
        GrantStatus::Authorised if now < grant.terms.from => ("open", l.pick("尚未开始", "not begun")),
        GrantStatus::Authorised => ("good", l.pick("有效", "in force")),
        GrantStatus::Declined => ("bad", l.pick("未同意", "declined")),
        GrantStatus::Revoked => ("bad", l.pick("已撤销", "revoked")),
    };
    badge(tone, text)
}

fn volume(volume: Volume, l: Language) -> String {
    let most = volume.documents_max;
    match volume.per {
        Period::Grant => l.pick(format!("共 {most} 份"), format!("{most} in all")),
        Period::Month => l.pick(format!("每月 {most} 份"), format!("{most} a month")),
        Period::Day => l.pick(format!("每日 {most} 份"), format!("{most} a day")),
    }
}

fn ask_form(
    visit: &Visit,
    (seals, systems): (&[SealRecord], &[(SystemId, String)]),
    types: &[(String, String)],
    form: Option<&Form>,
) -> Markup {
    let l = visit.language();
    let typed = |name| form.map_or("", |form| form.text(name));
    let field = |name, label, hint, kind| {
        Field {
            name,
            label,
            hint,
            kind,
            value: typed(name),
            needed: true,
        }
        .markup()
    };
    let seals: Vec<_> = seals
        .iter()
        .map(|seal| (seal.id.to_string(), seal.name.clone()))
        .collect();
    let periods = [
        ("day".to_owned(), l.pick("每日", "a day").to_owned()),
        ("month".to_owned(), l.pick("每月", "a month").to_owned()),
        ("grant".to_owned(), l.pick("总共", "in all").to_owned()),
    ];
    if systems.is_empty() {
        return empty(l.pick(
            "还没有登记业务系统：由安全管理员登记后，才能申请授权。",
            "No business system is entered yet: a security administrator enters it, then a grant can be asked for.",
        ));
    }
    let systems: Vec<_> = named_apart(systems);
    html! {
        form.card method="post" action=(visit.call.target) {
            (hidden(&visit.face))
            h2 { (l.pick("申请授权", "Ask for a grant")) }
            (select("seal", l.pick("印章", "Seal"), &seals, typed("seal")))
            (select("system", l.pick("业务系统", "Business system"), &systems, typed("system")))
            (field("purpose", l.pick("用途", "Purpose"), "", "text"))
            fieldset {
                legend { (l.pick("文件类型", "Types of documents")) }
                (checks("document_type", types, form))
            }
            div.row {
                (field("from", l.pick("自", "From"), "", "date"))
                (field("until", l.pick("至（含）", "To (that day included)"), "", "date"))
            }
            div.row {
                (field("documents_max", l.pick("最多盖章份数", "Documents at most"), "", "number"))
                (select("per", l.pick("按", "Counted"), &periods, typed("per")))
            }
            button.main { (l.pick("申请", "Ask")) }
        }
    }
}

/// Systems to choose from; those that are called alike are told apart by the end of their identifiers.
fn named_apart(systems: &[(SystemId, String)]) -> Vec<(String, String)> {
    let alike = |name: &str| systems.iter().filter(|(_, other)| other == name).count() > 1;
    let shown = |(id, name): &(SystemId, String)| {
        let value = id.to_string();
        let text = if alike(name) {
            format!("{name} …{}", &value[28..])
        } else {
            name.clone()
        };
        (value, text)
    };
    systems.iter().map(shown).collect()
}

pub(crate) async fn apply(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let unit: UnitId = visit.call.path("unit")?;
    let asked = async {
        let bad = || Problem::bad_field("“按”无法识别", "“Counted” cannot be read");
        let (from, _) = days(form.text("from"), visit.call.now)?;
        let (_, until) = days(form.text("until"), visit.call.now)?;
        let types = form
            .all("document_type")
            .map(|code| DocumentType(code.to_owned()));
        let terms = GrantTerms {
            unit,
            seal: form.parse::<SealId>("seal", ("印章", "Seal"))?,
            system: form.parse("system", ("业务系统", "Business system"))?,
            purpose: form.text("purpose").trim().to_owned(),
            document_types: types.collect(),
            from,
            until,
            volume: Volume {
                documents_max: form.parse("documents_max", ("最多盖章份数", "Documents at most"))?,
                per: named::<Period>(form.text("per")).ok_or_else(bad)?,
            },
        };
        let once = visit.once("grant_apply", &form)?;
        let answer = service.apply_for_grant(visit.caller()?, terms, once).await?;
        kept::<Grant>(&answer)
    };
    match asked.await {
        Ok(grant) => Ok(see(&format!("/grants/{}", grant.id))),
        Err(problem) => list_with(&service, &visit, Some(&form), Some(&problem)).await,
    }
}

pub(crate) async fn show(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    show_with(&service, &visit, None).await
}

async fn show_with(service: &Service, visit: &Visit, problem: Option<&Problem>) -> Result<Response, Problem> {
    let (l, caller) = (visit.language(), visit.caller()?);
    let grant = service.grant(caller, visit.call.path("grant")?).await?;
    let terms = &grant.terms;
    let seal = service.seal_record(terms.seal).await?;
    let unit = service.unit(terms.unit).await?;
    let types = document_types(service, unit.authority, l).await?;
    let names = service.system_names([terms.system]).await?;
    let kinds = terms.document_types.iter().map(|kind| {
        let known = types.iter().find(|(code, _)| *code == kind.0);
        known.map_or(kind.0.clone(), |(_, name)| name.clone())
    });
    let title = terms.purpose.as_str();
    let body = html! {
        h1 { (title) " " (status(&grant, visit.call.now, l)) }
        @if let Some(problem) = problem { (problem_box(problem, l)) }
        div.split {
            section.card { dl.facts {
                dt { (l.pick("单位", "Unit")) } dd { (unit.name) }
                dt { (l.pick("印章", "Seal")) } dd { (seal.name) }
                dt { (l.pick("业务系统", "Business system")) } dd { (system_name(&names, terms.system)) br; code { (terms.system) } }
                dt { (l.pick("文件类型", "Types of documents")) } dd { (kinds.collect::<Vec<_>>().join(l.pick("、", ", "))) }
                dt { (l.pick("期间", "Period")) } dd { (time(terms.from, l)) " – " (time(terms.until, l)) }
                dt { (l.pick("数量", "Volume")) } dd { (volume(terms.volume, l)) }
                dt { (l.pick("申请时间", "Asked")) } dd { (time(grant.applied_at, l)) }
            } }
            div { (actions(visit, &grant, &seal)) }
        }
    };
    let (place, list) = (
        format!("/units/{}", unit.id),
        format!("/units/{}/grants", unit.id),
    );
    let above = [
        (place.as_str(), unit.name.as_str()),
        (
            list.as_str(),
            l.pick("对业务系统的授权", "Grants to business systems"),
        ),
    ];
    let sheet = Sheet {
        title,
        above: &above,
        body,
    };
    Ok(page_with(visit, &sheet, problem))
}

/// What the visitor may do now; the rules decide again when it is sent.
fn actions(visit: &Visit, grant: &Grant, seal: &SealRecord) -> Markup {
    let (l, now) = (visit.language(), visit.call.now);
    let has = |wanted: (Role, Scope)| visit.face.roles.iter().flatten().any(|held| *held == wanted);
    let principal = has((Role::Principal, Scope::Unit(grant.terms.unit)));
    let owner = has((Role::PlatformOwner, Scope::System(grant.terms.system)));
    let person = visit.caller().ok().and_then(|caller| caller.acting.person());
    let keeps = person.is_some() && seal.custodian == person;
    let decides = match grant.status {
        GrantStatus::Applied => principal.then_some(("consent", l.pick("同意授权", "Consent"))),
        GrantStatus::Consented => owner.then_some(("authorise", l.pick("授权", "Authorise"))),
        _ => None,
    };
    let ends =
        grant.status == GrantStatus::Authorised && (principal || owner || holds(visit, Role::Reviewer));
    let form = |step: &str, inner: Markup| {
        html! {
            form.card method="post" action={ "/grants/" (grant.id) "/steps" } {
                (hidden(&visit.face))
                input type="hidden" name="step" value=(step);
                (inner)
            }
        }
    };
    let reason = |label| {
        Field {
            name: "reason",
            label,
            hint: "",
            kind: "textarea",
            value: "",
            needed: true,
        }
        .markup()
    };
    html! {
        @if let Some((step, word)) = decides {
            (form(step, html! { h2 { (l.pick("您的决定", "Your decision")) } p { (l.pick("同意后，该系统可在所列条件内自动盖章。", "The system may then seal by itself within these terms.")) } button.main { (word) } }))
            (form("decline", html! { (reason(l.pick("不同意的理由", "Why not"))) button.danger { (l.pick("不同意", "Decline")) } }))
        }
        @if keeps && grant.in_force(now) {
            form.card method="post" action={ "/grants/" (grant.id) "/opening" } {
                (hidden(&visit.face))
                h2 { (l.pick("开通", "Open it")) }
                p { (l.pick("输入印章口令后，系统才能用这枚印章；授权结束时自动收回。", "The system can use the seal once you enter its PIN; that ends with the grant.")) }
                (Field { name: "pin", label: l.pick("印章保护口令", "PIN of the seal"), hint: l.pick("连续输错会锁定印章", "Wrong tries lock the seal"), kind: "password", value: "", needed: true }.markup())
                button.main { (l.pick("开通", "Open")) }
            }
        }
        @if ends {
            (form("revoke", html! { h2 { (l.pick("撤销授权", "Revoke it")) } (reason(l.pick("撤销的理由", "Why"))) button.danger { (l.pick("撤销", "Revoke")) } }))
        }
    }
}

pub(crate) async fn step(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let id: GrantId = visit.call.path("grant")?;
    let done = async {
        let reason = form.text("reason").trim().to_owned();
        let order = match form.text("step") {
            "consent" => GrantOrder::Consent,
            "authorise" => GrantOrder::Authorise,
            "decline" => GrantOrder::Decline { reason },
            "revoke" => GrantOrder::Revoke { reason },
            _ => return Err(Problem::bad_field("步骤无法识别", "The step cannot be read")),
        };
        let once = visit.once("grant_step", &form)?;
        Ok::<_, Problem>(service.change_grant(visit.caller()?, id, order, once).await?)
    };
    match done.await {
        Ok(_) => Ok(see(&format!("/grants/{id}"))),
        Err(problem) => show_with(&service, &visit, Some(&problem)).await,
    }
}

pub(crate) async fn open(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let id: GrantId = visit.call.path("grant")?;
    let pin = Zeroizing::new(form.text("pin").to_owned());
    match service.open_grant(visit.caller()?, id, pin).await {
        Ok(()) => Ok(see(&format!("/grants/{id}"))),
        Err(error) => show_with(&service, &visit, Some(&error.into())).await,
    }
}
