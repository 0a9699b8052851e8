//! The use of seals: approving what one sees, sealing, taking the result away. Asking for one is `ask_use`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::response::Response;
use maud::{Markup, html};
use registry::usage::{Binding, Content, Outcome, UseStatus};
use registry::{Actor, AuthorityId, Digest32, PersonId, Role, Scope, SealRecord, UnitId, UseId, UseRequest};
use sealing::Language;
use store::{Page, UseRecord};
use zeroize::Zeroizing;

use super::batches::Progress;
use super::form::Form;
use super::layout::{Sheet, page, page_with};
use super::parts::{Field, badge, empty, hidden, problem_box, select, time, yuan};
use super::people::called;
use super::verify::marked;
use super::visit::{Visit, see};
use super::{ask_use, words};
use crate::app::{Awaited, Service, StampPlace, UseList, UseOrder};
use crate::http::problem::Problem;
use crate::http::uses;

/// Pages of a document that are shown for placing or deciding.
pub(crate) const PAGES_SHOWN: u64 = 20;
/// Rows of a list.
const ROWS: u32 = 50;

/// The units in which a visitor has a role.
pub(crate) fn units(visit: &Visit) -> Vec<UnitId> {
    let roles = visit.face.roles.iter().flatten();
    let mut units: Vec<UnitId> = roles
        .filter_map(|(_, scope)| match scope {
            Scope::Unit(unit) => Some(*unit),
            _ => None,
        })
        .collect();
    units.sort();
    units.dedup();
    units
}

/// The authority whose officer a visitor is.
pub(crate) fn authority(visit: &Visit) -> Result<AuthorityId, Problem> {
    let roles = visit.face.roles.iter().flatten();
    let mut found = roles.filter_map(|(_, scope)| match scope {
        Scope::Authority(authority) => Some(*authority),
        _ => None,
    });
    found.next().ok_or_else(|| Problem::not_found("authority"))
}

/// Whether the visitor is the principal of a unit.
pub(crate) fn principal(visit: &Visit, unit: UnitId) -> bool {
    let mut roles = visit.face.roles.iter().flatten();
    roles.any(|held| *held == (Role::Principal, Scope::Unit(unit)))
}

pub(crate) fn holds(visit: &Visit, wanted: Role) -> bool {
    visit.face.roles.iter().flatten().any(|(role, _)| *role == wanted)
}

pub(crate) fn rows<T>() -> Page<T> {
    Page {
        after: None,
        limit: ROWS,
    }
}

pub(crate) async fn list(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let (l, caller) = (visit.language(), visit.caller()?);
    let waiting = service.waiting_uses(caller, rows()).await?;
    let own = service.uses(caller, UseList::Own, rows()).await?;
    let mut of_units = Vec::new();
    for unit in units(&visit) {
        of_units.extend(service.uses(caller, UseList::Unit(unit, None), rows()).await?);
    }
    let title = l.pick("用印", "Uses of seals");
    let none_waits = l.pick("没有等您处理的用印申请。", "Nothing waits for you.");
    let none = l.pick("还没有用印申请。", "No seal was asked for yet.");
    let body = html! {
        h1 { (title) }
        @if holds(&visit, Role::Agent) {
            p.actions {
                a.button.main href="/uses/new" { (l.pick("申请用印", "Ask for a use")) }
                a.button href="/uses/batch" { (l.pick("批量用印", "A batch of documents")) }
            }
        }
        h2 { (l.pick("等我处理", "Waits for me")) }
        (table(&waiting, none_waits, l))
        h2 { (l.pick("我申请的", "Asked by me")) }
        (table(&own, none, l))
        h2 { (l.pick("本单位的", "Of my unit")) }
        (table(&of_units, none, l))
    };
    let sheet = Sheet {
        title,
        above: &[],
        body,
    };
    Ok(page(&visit, &sheet))
}

/// Requests as a table.
pub(crate) fn table(requests: &[UseRequest], none: &str, l: Language) -> Markup {
    if requests.is_empty() {
        return empty(none);
    }
    html! {
        div.scroll { table {
            thead { tr {
                th scope="col" { (l.pick("用途", "Purpose")) }
                th scope="col" { (l.pick("状态", "Status")) }
                th scope="col" { (l.pick("申请时间", "Asked")) }
                th scope="col" { (l.pick("有效至", "Lapses")) }
            } }
            tbody { @for request in requests {
                @let (tone, status) = words::use_status(request.status, l);
                tr {
                    td { a href={ "/uses/" (request.id) } { (request.purpose) } }
                    td { (badge(tone, status)) }
                    td { (time(request.requested_at, l)) }
                    td { @if let Some(at) = request.lapses_at { (time(at, l)) } @else { "–" } }
                }
            } }
        } }
    }
}

pub(crate) fn above(l: Language) -> [(&'static str, &'static str); 1] {
    [("/uses", l.pick("用印", "Uses"))]
}

pub(crate) async fn show(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    show_with(&service, &visit, None).await
}

pub(crate) async fn show_with(
    service: &Arc<Service>,
    visit: &Visit,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let (l, caller) = (visit.language(), visit.caller()?);
    let id: UseId = visit.call.path("use")?;
    let (request, readable) = service.use_request(caller, id).await?;
    let seal = service.seal_record(request.seal).await?;
    let records = service.use_records(caller, id, rows()).await?;
    let awaited = service.awaited_of(caller, &request).await?;
    let (tone, status) = words::use_status(request.status, l);
    let digest = match &request.content {
        Content::Document { digest, .. } => Some(*digest).filter(|_| readable),
        Content::Batch(_) => None,
    };
    let batch = match &request.content {
        Content::Batch(_) => Some(Progress::of(service, visit, id).await?),
        Content::Document { .. } => None,
    };
    let names = service.called(caller, &people_of(&request, &awaited)).await?;
    let types = ask_use::document_types(service, seal.authority, l).await?;
    let pages = match digest {
        Some(digest) => service.pages_of(digest).await?.min(PAGES_SHOWN),
        None => 0,
    };
    let sealed = sealed_as(&records).is_some();
    let wanted = match (digest, sealed) {
        (Some(_), false) => Some(places(service, &request).await),
        _ => None,
    };
    let title = request.purpose.as_str();
    let body = html! {
        h1 { (title) " " (badge(tone, status)) }
        @if let Some(problem) = problem { (problem_box(problem, l)) }
        div.split {
            section aria-label=(l.pick("文件各页", "Pages")) {
                @for number in 1..=pages { figure.sheet {
                    @let name = page_name(number, sealed, l);
                    img src={ "/uses/" (id) "/pages/" (number) } alt=(name) loading="lazy" width="794" height="1123";
                    figcaption { (name) }
                } }
                @if let Some(batch) = &batch { (batch.markup(l)) }
                @else if pages == 0 { (empty(l.pick("该文件的内容您无权查看，或没有可显示的页面。", "The document is not yours to read, or has no pages to show."))) }
            }
            div {
                (facts(&request, &seal, (&names, &types), l))
                @match &wanted {
                    Some(Ok(places)) => section.card { h2 { (l.pick("盖章位置", "Place of the stamp")) } (ask_use::place_list(places, l)) }
                    Some(Err(problem)) => (problem_box(problem, l))
                    None => {}
                }
                (actions(visit, &request, &awaited, &names))
                @if let Some(batch) = &batch { (batch.stamp_form(visit, awaited.seal)) }
                @for record in records.iter().filter(|_| batch.is_none()) { (record_card(&request, record, l)) }
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

/// Everybody whom the page of a request names.
fn people_of(request: &UseRequest, awaited: &Awaited) -> Vec<PersonId> {
    let approvals = request.approvals.iter();
    let people = approvals.flat_map(|approval| [Some(approval.by), approval.for_person]);
    people
        .chain(awaited.approval_for.iter().copied())
        .chain([requester(request)])
        .flatten()
        .collect()
}

fn requester(request: &UseRequest) -> Option<PersonId> {
    match request.requester {
        Actor::Person(person) => Some(person),
        Actor::System(_) | Actor::Service => None,
    }
}

/// What a picture of a page shows.
pub(crate) fn page_name(number: u64, sealed: bool, l: Language) -> String {
    if sealed {
        return l.pick(
            format!("已盖章文件第 {number} 页"),
            format!("Page {number} of the sealed document"),
        );
    }
    l.pick(
        format!("第 {number} 页，虚线框为盖章位置"),
        format!("Page {number}; the dashed frame is where the stamp goes"),
    )
}

fn record_card(request: &UseRequest, record: &UseRecord, l: Language) -> Markup {
    let place = format!("/uses/{}/records/{}", request.id, record.sequence);
    let sealed = matches!(record.outcome, Some((_, Outcome::Stamped { .. })));
    html! {
        section.card {
            h2 { (l.pick("用印记录", "Use record")) }
            p { (time(record.begun_at, l)) " "
                @match &record.outcome {
                    Some(_) if sealed => (badge("good", l.pick("✓ 已盖章", "✓ sealed"))),
                    Some(_) => (badge("bad", l.pick("✗ 失败", "✗ failed"))),
                    None => (badge("open", l.pick("正在进行", "not finished"))),
                }
            }
            @if sealed { div.actions {
                a.button.main href={ (place) "/sealed" } download=(file_name(request)) {
                    (l.pick("下载已盖章文件", "Save the sealed document"))
                }
                a.button href={ (place) "/proof" } download { (l.pick("下载日志证明", "Save the proof")) }
            } }
        }
    }
}

fn file_name(request: &UseRequest) -> String {
    format!("sealed-{}", &request.id.to_string()[..8])
}

fn facts(
    request: &UseRequest,
    seal: &SealRecord,
    (names, types): (&BTreeMap<PersonId, String>, &[(String, String)]),
    l: Language,
) -> Markup {
    let binding = request.binding();
    let code = request.document_type.0.as_str();
    let named = types.iter().find(|(known, _)| known == code);
    html! {
        section.card {
            dl.facts {
                dt { (l.pick("印章", "Seal")) } dd { strong { (seal.name) } }
                dt { (l.pick("文件类型", "Type of document")) } dd { (named.map_or(code, |(_, name)| name)) }
                @if let Some(amount) = request.amount_fen.map(yuan) {
                    dt { (l.pick("涉及金额", "Amount at stake")) }
                    dd { (l.pick(format!("{amount} 元"), format!("CNY {amount}"))) }
                }
                dt { (l.pick("申请", "Asked")) }
                dd {
                    @if let Some(person) = requester(request) { (called(names, person)) " " }
                    (time(request.requested_at, l))
                }
                @if let Some(at) = request.lapses_at { dt { (l.pick("有效至", "Lapses")) } dd { (time(at, l)) } }
                @match &request.content {
                    Content::Batch(batch) => {
                        dt { (l.pick("文件", "Documents")) } dd { (batch.count) (l.pick(" 份", "")) }
                        dt { (l.pick("整批（SM3 根）", "All of them (root of SM3)")) }
                    }
                    Content::Document { .. } => { dt { (l.pick("文件（SM3）", "Document (SM3)")) } }
                }
                dd { code { (binding.document) } }
            }
            @if !request.approvals.is_empty() {
                h3 { (l.pick("已作的批准", "Approvals")) }
                ol.timeline { @for approval in &request.approvals {
                    li {
                        strong { (called(names, approval.by)) } " "
                        @if let Some(other) = approval.for_person { (l.pick("代 ", "for ")) (called(names, other)) " " }
                        (l.pick("批准", "approved")) " " (time(approval.at, l))
                    }
                } }
            }
        }
    }
}

/// What the visitor may do now; the rules decide again when it is sent.
fn actions(
    visit: &Visit,
    request: &UseRequest,
    awaited: &Awaited,
    names: &BTreeMap<PersonId, String>,
) -> Markup {
    let l = visit.language();
    let capacities = awaited.approval_for.iter().map(|capacity| match capacity {
        None => (String::new(), l.pick("以本人身份", "In my own right").to_owned()),
        Some(person) => {
            let name = called(names, *person);
            (
                person.to_string(),
                l.pick(format!("代 {name} 批准"), format!("In place of {name}")),
            )
        }
    });
    let capacities: Vec<_> = capacities.collect();
    let id = request.id;
    let own = visit
        .caller()
        .is_ok_and(|caller| caller.acting.actor == request.requester);
    let binding = request.binding();
    html! {
        @if let Some((first, _)) = capacities.first() {
            form.card method="post" action={ "/uses/" (id) "/approve" } {
                (hidden(&visit.face))
                h2 { (l.pick("您的决定", "Your decision")) }
                p { (l.pick("批准的正是本页显示的文件、印章和位置；其中任何一项变动都须重新批准。", "You approve exactly the document, seal and place shown; any change needs another approval.")) }
                input type="hidden" name="document" value=(binding.document);
                input type="hidden" name="placement" value=(binding.placement.as_str());
                @if capacities.len() > 1 || !first.is_empty() { (select("for_person", l.pick("以谁的名义", "In whose place"), &capacities, first)) }
                button.main { (l.pick("批准", "Approve")) }
            }
            @if awaited.approval_for.contains(&None) { form.card method="post" action={ "/uses/" (id) "/decline" } {
                (hidden(&visit.face))
                (Field { name: "reason", label: l.pick("不批准的理由", "Why not"), hint: "", kind: "textarea", value: "", needed: true }.markup())
                button.danger { (l.pick("不批准", "Decline")) }
            } }
        }
        @if awaited.seal && matches!(request.content, Content::Document { .. }) {
            form.card method="post" action={ "/uses/" (id) "/stamp" } {
                (hidden(&visit.face))
                h2 { (l.pick("盖章", "Seal it")) }
                (Field { name: "pin", label: l.pick("印章保护口令", "PIN of the seal"), hint: l.pick("连续输错会锁定印章", "Wrong tries lock the seal"), kind: "password", value: "", needed: true }.markup())
                button.main { (l.pick("盖章", "Seal")) }
            }
        }
        @if own && matches!(request.status, UseStatus::Requested | UseStatus::Approved) {
            form method="post" action={ "/uses/" (id) "/withdraw" } {
                (hidden(&visit.face))
                button.danger { (l.pick("撤回申请", "Withdraw")) }
            }
        }
    }
}

/// A page: of the sealed document once there is one, else of what was brought, with the places where the stamp goes.
pub(crate) async fn picture(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let number: usize = visit.call.path("number")?;
    let (caller, id) = (visit.caller()?, visit.call.path("use")?);
    let (request, readable) = service.use_request(caller, id).await?;
    let (Content::Document { digest, .. }, true) = (&request.content, readable) else {
        return Err(Problem::not_found("document"));
    };
    let records = service.use_records(caller, id, rows()).await?;
    let sealed = sealed_as(&records);
    let marks = match sealed {
        Some(_) => Vec::new(),
        // A place that does not exist is told beside the pages.
        None => ask_use::marks(
            &places(&service, &request).await.unwrap_or_default(),
            number,
            visit.language(),
        ),
    };
    let spooled = service.take_out(sealed.unwrap_or(*digest)).await?;
    let file = Arc::new(Mutex::new(spooled.file));
    Ok(marked(&service.draw_page(file, number).await?, &marks))
}

/// The sealed document, if sealing succeeded.
fn sealed_as(records: &[UseRecord]) -> Option<Digest32> {
    records.iter().rev().find_map(|record| match record.outcome {
        Some((_, Outcome::Stamped { sealed })) => Some(sealed),
        _ => None,
    })
}

/// Where the stamp of a request for one document goes.
async fn places(service: &Service, request: &UseRequest) -> Result<Vec<sealing::Placement>, Problem> {
    let Content::Document { digest, placement } = &request.content else {
        return Ok(Vec::new());
    };
    let seal = service.seal_record(request.seal).await?;
    let face = service.seal_face(&seal).await?;
    match StampPlace::read(placement) {
        Some(place) => Ok(service.seal_places(*digest, &place, &face).await?),
        None => Ok(Vec::new()),
    }
}

async fn decide(
    service: &Arc<Service>,
    visit: &Visit,
    form: &Form,
    (operation, order): (&str, UseOrder),
) -> Result<Response, Problem> {
    let id: UseId = visit.call.path("use")?;
    let once = visit.once(operation, form)?;
    match service.change_use(visit.caller()?, id, order, once).await {
        Ok(_) => Ok(see(&format!("/uses/{id}"))),
        Err(error) => show_with(service, visit, Some(&error.into())).await,
    }
}

pub(crate) async fn approve(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let (request, _) = service
        .use_request(visit.caller()?, visit.call.path("use")?)
        .await?;
    // What is approved is what the page showed, as the form repeats it.
    let bad = || Problem::bad_field("盖章位置无法识别", "The place cannot be read");
    let binding = Binding {
        document: form.parse("document", ("文件", "Document"))?,
        seal: request.seal,
        placement: form.text("placement").to_owned().try_into().map_err(|_| bad())?,
    };
    let for_person = match form.text("for_person") {
        "" => None,
        _ => Some(form.parse("for_person", ("以谁的名义", "In whose place"))?),
    };
    let order = UseOrder::Approve { binding, for_person };
    decide(&service, &visit, &form, ("use_approve", order)).await
}

pub(crate) async fn decline(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let order = UseOrder::Decline {
        reason: form.text("reason").trim().to_owned(),
    };
    decide(&service, &visit, &form, ("use_decline", order)).await
}

pub(crate) async fn withdraw(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    decide(&service, &visit, &form, ("use_withdraw", UseOrder::Withdraw)).await
}

pub(crate) async fn stamp(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let id: UseId = visit.call.path("use")?;
    let once = visit.once("use_stamp", &form)?;
    let pin = Zeroizing::new(form.text("pin").to_owned());
    match service.stamp_use(visit.caller()?, id, pin, once).await {
        Ok(_) => Ok(see(&format!("/uses/{id}"))),
        Err(error) => show_with(&service, &visit, Some(&error.into())).await,
    }
}

pub(crate) async fn sealed(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    uses::sealed(service, visit.into_call()?).await
}

pub(crate) async fn proof(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    uses::proof(service, visit.into_call()?).await
}
