//! What can be applied for about a seal: each affair with what it is for, what it takes and on what it rests.

use std::sync::Arc;

use axum::response::Response;
use maud::{Markup, html};
use registry::application::{ApplicationKind, Ask};
use registry::seal::Reason;
use registry::{Application, Role, SealId, SealRecord, SealStatus};
use sealing::Language;
use serde_json::json;

use super::filings::seal_name;
use super::form::Form;
use super::layout::{Sheet, page_with};
use super::parts::{badge, empty, hidden, problem_box, select, time};
use super::units::named;
use super::uses::holds;
use super::visit::{Visit, see};
use super::words;
use crate::app::{Guide, NewApplication, Service};
use crate::http::answer::kept;
use crate::http::problem::Problem;

/// What can be applied for about a seal that exists.
const AFFAIRS: [ApplicationKind; 7] = [
    ApplicationKind::Renew,
    ApplicationKind::Change,
    ApplicationKind::Suspend,
    ApplicationKind::Resume,
    ApplicationKind::ResetPin,
    ApplicationKind::ReplaceDevice,
    ApplicationKind::Cancel,
];

/// Whether the state of a seal leaves room for it; the rules decide.
fn fits(kind: ApplicationKind, seal: &SealRecord) -> bool {
    match kind {
        ApplicationKind::Resume => seal.status == SealStatus::Suspended,
        ApplicationKind::Suspend => seal.status == SealStatus::Active,
        ApplicationKind::Make => false,
        _ => seal.status != SealStatus::Cancelled,
    }
}

pub(crate) async fn list(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let l = visit.language();
    let id: SealId = visit.call.path("seal")?;
    let (seal, _) = service.seal(visit.caller()?, id).await?;
    let mut cards = Vec::new();
    for kind in AFFAIRS.into_iter().filter(|kind| fits(*kind, &seal)) {
        let guide = service.guide(&seal, kind).await?;
        if guide.offered {
            cards.push((kind, guide));
        }
    }
    let title = l.pick("申请办理", "Apply for");
    let opens = service.renewal_opens(&seal).await?;
    let body = html! {
        h1 { (title) }
        @if !holds(&visit, Role::Agent) { (empty(l.pick("由本单位的经办人申请。", "Your unit's agent applies."))) }
        @if cards.is_empty() { (empty(l.pick("这枚印章已注销，没有可办理的事项；需要印章时请申请制作新的。", "This seal is cancelled and nothing can be applied for; apply for a new one when you need it."))) }
        ul.cards { @for (kind, guide) in &cards {
            li.card {
                h2 { a href={ "/seals/" (id) "/affairs/" (kind.name()) } { (name(*kind, l)) } }
                p { (purpose(*kind, l)) }
                @if let (ApplicationKind::Renew, Some(opens)) = (kind, opens) {
                    p { @if opens <= visit.call.now { (badge("open", l.pick("续期窗口已打开", "renewal is open"))) } @else { (l.pick("可办理时间：自 ", "from ")) (time(opens, l)) } }
                }
                @if let Some(article) = &guide.article { p.muted { (l.pick("依据：", "Rests on: ")) span lang="zh-CN" { (article) } } }
            }
        } }
    };
    let place = format!("/seals/{id}");
    let above = [
        ("/seals", l.pick("印章", "Seals")),
        (place.as_str(), seal_name(&seal, l)),
    ];
    let sheet = Sheet {
        title,
        above: &above,
        body,
    };
    Ok(page_with(&visit, &sheet, None))
}

pub(crate) async fn show(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    show_with(&service, &visit, None, None).await
}

fn kind_of(visit: &Visit) -> Result<ApplicationKind, Problem> {
    let name: String = visit.call.path("affair")?;
    let kind = AFFAIRS.into_iter().find(|kind| kind.name() == name);
    kind.ok_or_else(Problem::no_such_page)
}

async fn show_with(
    service: &Service,
    visit: &Visit,
    form: Option<&Form>,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let l = visit.language();
    let (id, kind): (SealId, _) = (visit.call.path("seal")?, kind_of(visit)?);
    let (seal, _) = service.seal(visit.caller()?, id).await?;
    let guide = service.guide(&seal, kind).await?;
    let typed = |name| form.map_or("", |form| form.text(name));
    let reasons = guide
        .reasons
        .keys()
        .map(|reason| (reason.name().to_owned(), words::reason(*reason, l).to_owned()));
    let reasons = reasons.collect::<Vec<_>>();
    let title = name(kind, l);
    let body = html! {
        h1 { (title) (l.pick("：", ": ")) (seal_name(&seal, l)) }
        @if let Some(problem) = problem { (problem_box(problem, l)) }
        p { (purpose(kind, l)) }
        div.split {
            div {
                (what_is_needed(&guide, l))
                section.card {
                    h2 { (l.pick("怎么办理", "How it goes")) }
                    ol.steps { @for step in steps(kind, l) { li { (step) } } }
                    @if let Some(article) = &guide.article { p.muted { (l.pick("依据：", "Rests on: ")) span lang="zh-CN" { (article) } } }
                }
            }
            @if holds(visit, Role::Agent) && fits(kind, &seal) && guide.offered {
                form.card method="post" action=(visit.call.target) {
                    (hidden(&visit.face))
                    h2 { (l.pick("起草申请", "Draft the application")) }
                    @if takes_reason(kind) { (select("reason", l.pick("原因", "Why"), &reasons, typed("reason"))) }
                    @if kind == ApplicationKind::Change { label.check {
                        input type="checkbox" name="scheduled" value="yes" checked[!typed("scheduled").is_empty()];
                        (l.pick("原印章用到新印章生效为止（当地规定允许时）", "The old seal serves until the new one is in force (where the rules allow it)")) } }
                    button.main { (l.pick("起草，继续提交材料", "Draft it, and go on to the documents")) }
                }
            } @else { (empty(l.pick("由本单位的经办人在印章处于相应状态时申请。", "Your unit's agent applies, when the seal is in a state for it."))) }
        }
    };
    let (place, list) = (format!("/seals/{id}"), format!("/seals/{id}/affairs"));
    let above = [
        ("/seals", l.pick("印章", "Seals")),
        (place.as_str(), seal_name(&seal, l)),
        (list.as_str(), l.pick("申请办理", "Apply for")),
    ];
    let sheet = Sheet {
        title,
        above: &above,
        body,
    };
    Ok(page_with(visit, &sheet, problem))
}

fn what_is_needed(guide: &Guide, l: Language) -> Markup {
    let more: Vec<_> = guide
        .reasons
        .iter()
        .filter(|(_, more)| !more.is_empty())
        .collect();
    html! {
        section.card {
            h2 { (l.pick("需要的材料", "Documents that are needed")) }
            @if guide.materials.is_empty() && more.is_empty() {
                p { (l.pick("不需要材料；起草后即可提交。", "None; it can be handed in as soon as it is drafted.")) }
            }
            ul { @for kind in &guide.materials { li { (words::material(*kind, l)) } } }
            @if !more.is_empty() {
                h3 { (l.pick("因以下原因的，还需要", "For these reasons, besides")) }
                dl.facts { @for (reason, kinds) in more {
                    @let kinds: Vec<_> = kinds.iter().map(|kind| words::material(*kind, l)).collect();
                    dt { (words::reason(*reason, l)) } dd { (kinds.join(l.pick("、", ", "))) }
                } }
            }
        }
    }
}

pub(crate) async fn draft(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let (id, kind): (SealId, _) = (visit.call.path("seal")?, kind_of(&visit)?);
    let drafted = async {
        let (seal, _) = service.seal(visit.caller()?, id).await?;
        let mut ask = json!({ "kind": kind.name(), "seal": id });
        if takes_reason(kind) {
            let bad = || Problem::bad_field("请选择原因", "Choose the reason");
            ask["reason"] = json!(named::<Reason>(form.text("reason")).ok_or_else(bad)?);
        }
        if kind == ApplicationKind::Change {
            ask["scheduled"] = json!(!form.text("scheduled").is_empty());
        }
        if kind == ApplicationKind::ReplaceDevice {
            ask["device"] = json!(seal.edition().map(|edition| edition.device.id));
        }
        let bad = |_| Problem::bad_field("申请无法识别", "The application cannot be read");
        let new = NewApplication {
            authority: seal.authority,
            unit: seal.owner.unit(),
            ask: serde_json::from_value::<Ask>(ask).map_err(bad)?,
        };
        let once = visit.once("application_draft", &form)?;
        let answer = service.draft_application(visit.caller()?, new, once).await?;
        kept::<Application>(&answer)
    };
    match drafted.await {
        Ok(application) => Ok(see(&format!("/applications/{}", application.id))),
        Err(problem) => show_with(&service, &visit, Some(&form), Some(&problem)).await,
    }
}

fn takes_reason(kind: ApplicationKind) -> bool {
    matches!(
        kind,
        ApplicationKind::Change
            | ApplicationKind::Cancel
            | ApplicationKind::Suspend
            | ApplicationKind::ReplaceDevice
    )
}

pub(crate) fn name(kind: ApplicationKind, l: Language) -> &'static str {
    match kind {
        ApplicationKind::Make => l.pick("制作", "A new seal"),
        ApplicationKind::Renew => l.pick("续期", "Renewal"),
        ApplicationKind::Change => l.pick("变更", "Change"),
        ApplicationKind::Cancel => l.pick("注销", "Cancellation"),
        ApplicationKind::Suspend => l.pick("停用、挂失", "Suspension"),
        ApplicationKind::Resume => l.pick("恢复使用", "Resumption"),
        ApplicationKind::ResetPin => l.pick("重置保护口令", "A new PIN"),
        ApplicationKind::ReplaceDevice => l.pick("更换载体", "Another device"),
    }
}

/// What it is for, as a person would ask for it.
fn purpose(kind: ApplicationKind, l: Language) -> &'static str {
    match kind {
        ApplicationKind::Make => l.pick("制作新的印章。", "To have a seal made."),
        ApplicationKind::Renew => l.pick(
            "印章快到期，图样不变，继续使用。",
            "The seal is about to end; it goes on with the same picture.",
        ),
        ApplicationKind::Change => l.pick(
            "单位名称或印模变了：注销原印章，再申请新印章。",
            "Name or impression changed: the seal is cancelled and its successor applied for.",
        ),
        ApplicationKind::Cancel => l.pick(
            "不再使用这枚印章；注销后不能恢复。",
            "The seal is not used any more; this cannot be undone.",
        ),
        ApplicationKind::Suspend => l.pick(
            "暂时不用，或者载体、口令可能落入他人之手。",
            "Not used for a while, or device or PIN may be in other hands.",
        ),
        ApplicationKind::Resume => l.pick(
            "停用的原因已消除，恢复使用。",
            "The reason of the suspension is gone.",
        ),
        ApplicationKind::ResetPin => l.pick(
            "忘记了保护口令，或连续输错被锁定。",
            "The PIN was forgotten, or the seal locked after wrong tries.",
        ),
        ApplicationKind::ReplaceDevice => l.pick(
            "载体损坏、丢失或需要换新。",
            "The device is damaged, lost or to be replaced.",
        ),
    }
}

fn steps(kind: ApplicationKind, l: Language) -> Vec<&'static str> {
    let mut steps = vec![
        l.pick(
            "经办人起草并提交材料",
            "The agent drafts it and hands the documents in",
        ),
        l.pick("主要负责人同意", "The principal consents"),
        l.pick(
            "制章机关审核，退回或不批准都说明理由",
            "The issuing authority reviews; it gives reasons when it sends back or rejects",
        ),
    ];
    steps.push(match kind {
        ApplicationKind::Renew => l.pick(
            "制章人制作新一期，保管人更换口令",
            "The maker makes the next edition, the custodian sets its PIN",
        ),
        ApplicationKind::Change | ApplicationKind::Cancel => l.pick(
            "注销并备案，任何人可查到",
            "It is cancelled and filed, and everybody can see it",
        ),
        ApplicationKind::Suspend => l.pick(
            "停用并备案，期间不能盖章",
            "It is suspended and filed; nothing is sealed meanwhile",
        ),
        ApplicationKind::Resume => l.pick("恢复并备案", "It is resumed and filed"),
        ApplicationKind::ResetPin | ApplicationKind::ReplaceDevice | ApplicationKind::Make => l.pick(
            "制章人办理，保管人设置新口令",
            "The maker carries it out, the custodian sets a new PIN",
        ),
    });
    steps
}
