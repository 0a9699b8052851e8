//! Seals: those of my unit, those that I keep; collecting, another PIN, what can be applied for.

use std::sync::Arc;

use axum::http::{HeaderValue, header};
use axum::response::Response;
use maud::{Markup, html};
use registry::seal::{Edition, OldDevice};
use registry::{Role, Scope, SealId, SealRecord, SealStatus};
use sealing::Language;
use zeroize::Zeroizing;

use super::filings::{of_seal, seal_name};
use super::form::Form;
use super::layout::{Sheet, page, page_with};
use super::parts::{Field, badge, empty, hidden, problem_box, select, stack, time};
use super::people::{Staff, called};
use super::uses::{holds, rows, units};
use super::visit::{Visit, see};
use super::words;
use crate::app::{SealSearch, SealStep, Service};
use crate::http::answer::of_type;
use crate::http::problem::Problem;

pub(crate) async fn list(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let (l, caller) = (visit.language(), visit.caller()?);
    let mut of_units = Vec::new();
    for unit in units(&visit) {
        of_units.extend(service.seals(caller, SealSearch::OfUnit(unit), rows()).await?);
    }
    let kept = service.seals(caller, SealSearch::Kept, rows()).await?;
    let mut made = Vec::new();
    for (role, scope) in visit.face.roles.iter().flatten() {
        if let (Role::Maker | Role::Reviewer, Scope::Authority(authority)) = (role, scope) {
            made.extend(
                service
                    .seals(caller, SealSearch::OfAuthority(*authority, None), rows())
                    .await?,
            );
        }
    }
    let title = l.pick("印章", "Seals");
    let body = html! {
        h1 { (title) }
        @if holds(&visit, Role::Agent) {
            p { a.button.main href="/applications/new" { (l.pick("申请新印章", "Apply for a seal")) } }
        }
        @if holds(&visit, Role::Custodian) {
            h2 { (l.pick("我保管的印章", "Seals that I keep")) }
            (cards(&kept, l.pick("没有由您保管的印章。", "You keep no seal."), l))
        }
        @if !units(&visit).is_empty() {
            h2 { (l.pick("本单位的印章", "Seals of my unit")) }
            (cards(&of_units, l.pick("本单位还没有电子印章：由经办人申请制作。", "Your unit has no seal yet: its agent applies for one."), l))
        }
        @if holds(&visit, Role::Maker) || holds(&visit, Role::Reviewer) {
            h2 { (l.pick("本机关制作的印章", "Seals made here")) }
            (cards(&made, l.pick("还没有制作印章。", "None was made yet."), l))
        }
    };
    let sheet = Sheet {
        title,
        above: &[],
        body,
    };
    Ok(page(&visit, &sheet))
}

fn cards(seals: &[SealRecord], none: &str, l: Language) -> Markup {
    if seals.is_empty() {
        return empty(none);
    }
    html! {
        ul.cards { @for seal in seals {
            @let (tone, status) = words::seal_status(seal.status, l);
            li.card.seal-card {
                img src={ "/seals/" (seal.id) "/picture" } alt="" width="64" height="64";
                div {
                    h3 { a href={ "/seals/" (seal.id) } { (seal.name) } }
                    p { (badge(tone, status)) }
                    p.muted { (words::seal_kind(seal.kind, l)) }
                    @if let Some(edition) = seal.edition() {
                        p.muted { (l.pick("有效至 ", "valid until ")) (time(edition.not_after, l)) }
                    }
                }
            }
        } }
    }
}

pub(crate) async fn show(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    show_with(&service, &visit, None).await
}

async fn show_with(service: &Service, visit: &Visit, problem: Option<&Problem>) -> Result<Response, Problem> {
    let l = visit.language();
    let id: SealId = visit.call.path("seal")?;
    let (seal, history) = service.seal(visit.caller()?, id).await?;
    let (tone, status) = words::seal_status(seal.status, l);
    let mut custodians = Vec::new();
    if let (Some(unit), true) = (seal.owner.unit(), may_hand_over(visit, &seal)) {
        let staff = Staff::of(service, visit, Scope::Unit(unit)).await?;
        custodians = staff.options(Role::Custodian, visit.call.now);
        custodians.retain(|(person, _)| {
            Some(person.as_str()) != seal.custodian.map(|id| id.to_string()).as_deref()
        });
    }
    let people: Vec<_> = [seal.custodian, seal.offered_to].into_iter().flatten().collect();
    let names = service.called(visit.caller()?, &people).await?;
    let filings = service.filings_of_seal(visit.caller()?, id).await?;
    let title = seal_name(&seal, l);
    let body = html! {
        h1 { (title) " " (badge(tone, status)) }
        @if let Some(problem) = problem { (problem_box(problem, l)) }
        div.split {
            div {
                section.card.seal-card {
                    img src={ "/seals/" (id) "/picture" } alt=(l.pick("印章图像", "picture of the seal")) width="64" height="64";
                    dl.facts {
                        dt { (l.pick("类型", "Kind")) } dd { (words::seal_kind(seal.kind, l)) }
                        @if let Some(edition) = seal.edition() {
                            dt { (l.pick("印章编码", "Code")) } dd { code { (edition.seal_code) } }
                            dt { (l.pick("有效期", "Valid")) } dd { (time(edition.not_before, l)) " – " (time(edition.not_after, l)) }
                        }
                        dt { (l.pick("制作时间", "Made")) } dd { (time(seal.made_at, l)) }
                        @if let Some(keeper) = seal.custodian { dt { (l.pick("保管人", "Custodian")) } dd { (called(&names, keeper)) } }
                        @if let Some(to) = seal.offered_to { dt { (l.pick("等待接收", "Offered to")) } dd { (called(&names, to)) } }
                        @if let Some(edition) = seal.edition() {
                            dt { (l.pick("载体", "Device")) }
                            dd { (words::said(edition.device.kind.words(), l)) " " code { (edition.device.serial) } }
                        }
                    }
                }
                @if seal.editions.len() > 1 { (devices(&seal, l)) }
                (of_seal(&filings, visit.call.now, l))
                section.card {
                    h2 { (l.pick("历史", "History")) }
                    ol.timeline { @for event in &history {
                        li { (event_word(event.event.name(), l)) " " (time(event.recorded.at, l)) }
                    } }
                }
            }
            div { (actions(visit, &seal, &custodians)) }
        }
    };
    let above = [("/seals", l.pick("印章", "Seals"))];
    let sheet = Sheet {
        title,
        above: &above,
        body,
    };
    Ok(page_with(visit, &sheet, problem))
}

/// The devices of all editions, the present one first.
fn devices(seal: &SealRecord, l: Language) -> Markup {
    let names = [
        l.pick("版次", "Edition"),
        l.pick("载体", "Device"),
        l.pick("制作时间", "Made"),
        l.pick("有效期", "Valid"),
    ];
    let present = seal.edition().map(|edition| edition.number);
    let row = |edition: &Edition| {
        let device = &edition.device;
        vec![
            html! {
                (edition.number) " "
                @if Some(edition.number) == present { (badge("good", l.pick("现用", "present"))) }
                @else { (badge("", l.pick("已被取代", "superseded"))) }
            },
            html! { (words::said(device.kind.words(), l)) " " code { (device.serial) } },
            time(edition.made_at, l),
            html! { (time(edition.not_before, l)) " – " (time(edition.not_after, l)) },
        ]
    };
    html! {
        section.card {
            h2 { (l.pick("历次载体", "Devices of all editions")) }
            (stack(&names, seal.editions.iter().rev().map(row)))
        }
    }
}

fn event_word(name: &str, l: Language) -> &str {
    match name {
        "made" => l.pick("制作", "made"),
        "filing_recorded" => l.pick("备案机关受理", "a filing body accepted it"),
        "filed" => l.pick("备案完成", "filed"),
        "activated" => l.pick("领取，生效", "collected, in force"),
        "suspended" => l.pick("停用", "suspended"),
        "resumed" => l.pick("恢复", "resumed"),
        "renewed" => l.pick("续期", "renewed"),
        "cancelled" => l.pick("注销", "cancelled"),
        "expired" => l.pick("到期", "expired"),
        "pin_changed" => l.pick("更换口令", "PIN changed"),
        "hand_over_offered" => l.pick("移交保管", "offered to another custodian"),
        "custody_accepted" => l.pick("接收保管", "taken over by another custodian"),
        "pin_reset" => l.pick("重置口令", "PIN set anew"),
        "device_replaced" => l.pick("更换载体", "on another device"),
        "cancellation_scheduled" => l.pick(
            "待新印章生效后注销",
            "to be cancelled when its successor is in force",
        ),
        other => other,
    }
}

/// What the visitor may do with it; the rules decide again when it is sent.
fn actions(visit: &Visit, seal: &SealRecord, custodians: &[(String, String)]) -> Markup {
    let l = visit.language();
    let id = seal.id;
    let person = visit.caller().ok().and_then(|caller| caller.acting.person());
    let pin_hint = l.pick(
        "8 至 64 个字符，不能全部相同或连续",
        "8 to 64 characters, not all the same, not counting",
    );
    let pin = |name, label, hint| {
        Field {
            name,
            label,
            hint,
            kind: "password",
            value: "",
            needed: true,
        }
        .markup()
    };
    html! {
        @if seal.status == SealStatus::Filed && seal.offered_to == person {
            form.card method="post" action={ "/seals/" (id) "/collect" } {
                (hidden(&visit.face))
                h2 { (l.pick("领取印章", "Collect the seal")) }
                p { (l.pick("设置保护口令后印章即生效。口令只有您知道，任何人都不能找回。", "The seal is in force once its PIN is set. Only you know it, and nobody can recover it.")) }
                (pin("pin", l.pick("保护口令", "PIN"), pin_hint))
                (pin("pin_again", l.pick("再输一次", "Once more"), ""))
                button.main { (l.pick("领取", "Collect")) }
            }
        }
        @if seal.status == SealStatus::Active && seal.custodian == person && person.is_some() {
            form.card method="post" action={ "/seals/" (id) "/pin" } {
                (hidden(&visit.face))
                h2 { (l.pick("更换保护口令", "Change the PIN")) }
                (pin("old_pin", l.pick("现在的口令", "Present PIN"), ""))
                (pin("new_pin", l.pick("新口令", "New PIN"), pin_hint))
                (pin("new_pin_again", l.pick("再输一次新口令", "New PIN once more"), ""))
                button { (l.pick("更换", "Change")) }
            }
        }
        @if holds(visit, Role::Agent) && seal.owner.unit().is_some() && seal.status != SealStatus::Cancelled {
            section.card {
                h2 { (l.pick("申请办理", "Apply for")) }
                p { (l.pick("续期、变更、停用、恢复、重置口令、更换载体、注销。", "Renewal, change, suspension, resumption, a new PIN, another device, cancellation.")) }
                a.button href={ "/seals/" (id) "/affairs" } { (l.pick("选择事项", "Choose")) }
            }
        }
        (custody_forms(visit, seal, custodians))
    }
}

/// Handing a seal over, and taking it over.
fn custody_forms(visit: &Visit, seal: &SealRecord, custodians: &[(String, String)]) -> Markup {
    let l = visit.language();
    let person = visit.caller().ok().and_then(|caller| caller.acting.person());
    let in_use = matches!(seal.status, SealStatus::Active | SealStatus::Suspended);
    let place = format!("/seals/{}/custody", seal.id);
    html! {
        @if in_use && seal.offered_to.is_some() && seal.offered_to == person {
            form.card method="post" action=(place) {
                (hidden(&visit.face))
                h2 { (l.pick("接收保管", "Take it over")) }
                p { (l.pick("接收后由您保管；原口令由移交人告知，接收后请立即更换。", "You keep it from then on. Whoever hands it over tells you its PIN; change it at once.")) }
                input type="hidden" name="step" value="accept";
                button.main { (l.pick("接收", "Take over")) }
            }
        }
        @if may_hand_over(visit, seal) {
            form.card method="post" action=(place) {
                (hidden(&visit.face))
                h2 { (l.pick("移交保管", "Hand it over")) }
                @if custodians.is_empty() {
                    p { (l.pick("本单位没有其他保管人：先由主要负责人任命。", "Your unit has no other custodian: the principal appoints one first.")) }
                } @else {
                    input type="hidden" name="step" value="offer";
                    (select("to", l.pick("移交给", "To whom"), custodians, ""))
                    p.hint { (l.pick("对方接收后才生效", "It takes effect when they take it over")) }
                    button { (l.pick("移交", "Hand over")) }
                }
            }
        }
    }
}

/// The custodian, and the principal of the unit; the rules decide again.
fn may_hand_over(visit: &Visit, seal: &SealRecord) -> bool {
    let person = visit.caller().ok().and_then(|caller| caller.acting.person());
    let keeps = person.is_some() && seal.custodian == person;
    let principal = |(role, scope): &(Role, Scope)| {
        *role == Role::Principal && seal.owner.unit().is_some_and(|unit| *scope == Scope::Unit(unit))
    };
    let ended = matches!(seal.status, SealStatus::Cancelled | SealStatus::Expired);
    !ended && (keeps || visit.face.roles.iter().flatten().any(principal))
}

fn twice(form: &Form, name: &str, again: &str) -> Result<Zeroizing<String>, Problem> {
    if form.text(name) == form.text(again) {
        Ok(Zeroizing::new(form.text(name).to_owned()))
    } else {
        Err(Problem::bad_field("两次输入的口令不同", "The two PINs differ"))
    }
}

pub(crate) async fn collect(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let id: SealId = visit.call.path("seal")?;
    let done = async {
        let pin = (OldDevice::None, twice(&form, "pin", "pin_again")?);
        let once = visit.once("seal_collect", &form)?;
        Ok::<_, Problem>(service.collect_seal(visit.caller()?, id, pin, once).await?)
    };
    finish(done.await, &service, &visit, id).await
}

pub(crate) async fn change_pin(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let id: SealId = visit.call.path("seal")?;
    let done = async {
        let old = Zeroizing::new(form.text("old_pin").to_owned());
        let pins = (old, twice(&form, "new_pin", "new_pin_again")?);
        let once = visit.once("seal_pin", &form)?;
        Ok::<_, Problem>(service.change_pin(visit.caller()?, id, pins, once).await?)
    };
    finish(done.await, &service, &visit, id).await
}

async fn finish(
    done: Result<Vec<u8>, Problem>,
    service: &Service,
    visit: &Visit,
    id: SealId,
) -> Result<Response, Problem> {
    match done {
        Ok(_) => Ok(see(&format!("/seals/{id}"))),
        Err(problem) => show_with(service, visit, Some(&problem)).await,
    }
}

/// Offers a seal to another custodian, or takes an offered one over.
pub(crate) async fn custody(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let id: SealId = visit.call.path("seal")?;
    let done = async {
        let step = match form.text("step") {
            "accept" => SealStep::AcceptCustody,
            _ => SealStep::HandOver {
                to: form.parse("to", ("移交给", "To whom"))?,
            },
        };
        let once = visit.once("seal_custody", &form)?;
        Ok::<_, Problem>(service.step_seal(visit.caller()?, id, step, once).await?)
    };
    finish(done.await, &service, &visit, id).await
}

/// The picture in the seal's data; made by others, so it is shown as a picture only.
pub(crate) async fn picture(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let (seal, _) = service.seal(visit.caller()?, visit.call.path("seal")?).await?;
    let face = service.seal_face(&seal).await?;
    Ok(as_picture(media_type(&face.bytes), face.bytes))
}

/// What a picture's bytes say that it is.
pub(crate) fn media_type(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, ..] => "image/jpeg",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        [b'B', b'M', ..] => "image/bmp",
        [b'<', ..] => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

pub(crate) fn as_picture(media_type: &'static str, bytes: Vec<u8>) -> Response {
    let mut response = of_type(media_type, bytes);
    let policy =
        HeaderValue::from_static("default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox");
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}
