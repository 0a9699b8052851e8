//! Applications: drafting, materials, every step to the decision, comparing impressions, making.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use axum::response::Response;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;
use maud::{Markup, html};
use registry::application::{ApplicationStatus, Ask, MaterialKind};
use registry::seal::{NameMatch, OldDevice};
use registry::{
    Actor, Application, ApplicationEvent, ApplicationId, Digest32, PersonId, Role, Scope, SealRecord, UnitId,
};
use sealing::Language;
use serde_json::{Value, json};
use store::{Recorded, RecordedEvent};

use super::form::{Form, SentFile};
use super::layout::{Sheet, page, page_with};
use super::parts::{Field, badge, empty, hidden, problem_box, select, time};
use super::queue::Queue;
use super::uses::{holds, rows, units};
use super::visit::{Visit, see};
use super::{comparison, words};
use crate::app::{
    ApplicationSearch, ApplicationStep, Compared, IMPRESSION_BYTES_MAX, MATERIAL_BYTES_MAX, MakingOrder,
    NewApplication, Once, Service, compare_names, parts_of,
};
use crate::http::answer::kept;
use crate::http::applications;
use crate::http::problem::Problem;

/// What the agent answers for.
const DECLARATION: &str = "所提交材料真实、合法、有效";

pub(crate) async fn list(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let (l, caller) = (visit.language(), visit.caller()?);
    let mut own = Vec::new();
    for unit in units(&visit) {
        own.extend(
            service
                .applications(caller, ApplicationSearch::OfUnit(unit), rows())
                .await?,
        );
    }
    let title = l.pick("申请", "Applications");
    let queue = match holds(&visit, Role::Reviewer) || holds(&visit, Role::Maker) {
        true => Some(Queue::of(&service, &visit).await?),
        false => None,
    };
    let body = html! {
        h1 { (title) }
        @if holds(&visit, Role::Agent) {
            p { a.button.main href="/applications/new" { (l.pick("申请新印章", "Apply for a seal")) } }
        }
        @if let Some(queue) = &queue {
            h2 { (l.pick("待办理（期限近的在前）", "To be handled, nearest deadline first")) }
            (queue.markup(&visit))
        }
        @if !units(&visit).is_empty() {
            h2 { (l.pick("本单位的申请", "Of my unit")) }
            (table(&own, l.pick("本单位还没有申请。", "Your unit has not applied for anything yet."), l))
        }
    };
    let sheet = Sheet {
        title,
        above: &[],
        body,
    };
    Ok(page(&visit, &sheet))
}

/// Applications as a table.
pub(crate) fn table(list: &[Application], none: &str, l: Language) -> Markup {
    if list.is_empty() {
        return empty(none);
    }
    html! {
        div.scroll { table {
            thead { tr {
                th scope="col" { (l.pick("事项", "What")) }
                th scope="col" { (l.pick("状态", "Status")) }
                th scope="col" { (l.pick("起草", "Drafted")) }
                th scope="col" { (l.pick("期限", "Due")) }
            } }
            tbody { @for application in list {
                @let (tone, status) = words::application_status(application.status, l);
                tr {
                    td { a href={ "/applications/" (application.id) } { (name(application, l)) } }
                    td { (badge(tone, status)) }
                    td { (time(application.drafted_at, l)) }
                    td { @if let Some(due) = application.due { (time(due, l)) } @else { "–" } }
                }
            } }
        } }
    }
}

pub(crate) fn name(application: &Application, l: Language) -> String {
    let what = words::ask(&application.ask, l);
    match &application.ask {
        Ask::Make { seal } => l.pick(format!("{what}：{}", seal.name), format!("{what}: {}", seal.name)),
        _ => format!("{what} {}", &application.id.to_string()[..8]),
    }
}

fn above(l: Language) -> [(&'static str, &'static str); 1] {
    [("/applications", l.pick("申请", "Applications"))]
}

pub(crate) async fn new(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    new_page(&service, &visit, None, None).await
}

async fn new_page(
    service: &Service,
    visit: &Visit,
    form: Option<&Form>,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let l = visit.language();
    let typed = |name| form.map_or("", |form| form.text(name));
    let mut options = Vec::new();
    for unit in units(visit) {
        options.push((unit.to_string(), service.unit(unit).await?.name));
    }
    let first = options.first().map_or("", |(_, name)| name.as_str());
    let seal_name = if form.is_some() { typed("name") } else { first };
    let kinds = kinds_of_units(l);
    let field = |name, label, hint, kind, value| {
        Field {
            name,
            label,
            hint,
            kind,
            value,
            needed: true,
        }
        .markup()
    };
    let title = l.pick("申请新印章", "Apply for a seal");
    let name_hint = l.pick("与实物印章上的文字一致", "As on the physical seal");
    let code_hint = l.pick(
        "十三位，刻在实物印章上",
        "Thirteen digits, engraved on the physical seal",
    );
    let body = html! {
        div.text {
            h1 { (title) }
            p { (l.pick("电子印章须先有实物印章（第十六条）。填写后继续提交材料，经主要负责人同意后送审核。", "A physical seal comes first. Fill this in, then hand in the documents; your principal consents before the authority reviews.")) }
            @if let Some(problem) = problem { (problem_box(problem, l)) }
            form.card method="post" action="/applications/new" enctype="multipart/form-data" {
                (hidden(&visit.face))
                (select("unit", l.pick("单位", "Unit"), &options, typed("unit")))
                (select("kind", l.pick("印章类型", "Kind of seal"), &kinds, typed("kind")))
                (field("name", l.pick("印章名称", "Name of the seal"), name_hint, "text", seal_name))
                (field("impression_code", l.pick("实物印章编码", "Code of the physical seal"), code_hint, "text", typed("impression_code")))
                (field("record", l.pick("刻制备案编号", "Number of the engraving record"), "", "text", typed("record")))
                (field("engraved_on", l.pick("刻制日期", "Engraved on"), "", "date", typed("engraved_on")))
                div.field {
                    label for="file" { (l.pick("印模图像", "Picture of the impression")) }
                    p.hint { (l.pick("PNG 或 SVG，600 dpi 以上，透明背景", "PNG or SVG, 600 dpi or finer, on a transparent ground")) }
                    input #file type="file" name="file" required accept=".png,.svg";
                }
                button.main { (l.pick("保存草稿，继续提交材料", "Save the draft and go on to the documents")) }
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

/// The kinds of seals that units have.
fn kinds_of_units(l: Language) -> Vec<(String, String)> {
    let kinds = [
        "legal_name",
        "internal_organ",
        "branch",
        "contract",
        "finance",
        "invoice",
        "other_business",
    ];
    kinds
        .iter()
        .filter_map(|kind| {
            let known = serde_json::from_value(Value::from(*kind)).ok()?;
            Some(((*kind).to_owned(), words::seal_kind(known, l).to_owned()))
        })
        .collect()
}

pub(crate) async fn draft(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let _place = service.verify_place().ok_or_else(Problem::busy)?;
    let mut form = visit.form(&service, IMPRESSION_BYTES_MAX).await?;
    let drafted = async {
        let unit: UnitId = form.parse("unit", ("单位", "Unit"))?;
        let once = visit.once("application_draft", &form)?;
        let file = form.take_file()?;
        let impression = Digest32(file.spooled.digest.0);
        let ask = json!({ "kind": "make", "seal": {
            "kind": form.text("kind"), "owner": { "kind": "unit", "unit": unit }, "name": form.text("name").trim(),
            "impression": { "digest": impression, "code": form.text("impression_code").trim(), "source": "applicant" },
            "physical": { "record": form.text("record").trim(), "engraved_on": form.text("engraved_on") },
            "replaces": null,
        } });
        let bad = |_| Problem::bad_field("有栏目无法识别", "A field cannot be read");
        let new = NewApplication {
            authority: service.unit(unit).await?.authority,
            unit: Some(unit),
            ask: serde_json::from_value(ask).map_err(bad)?,
        };
        let answer = service.draft_application(visit.caller()?, new, once).await?;
        let application: Application = kept(&answer)?;
        let material = MaterialKind::ImpressionSheet;
        hand_in(&service, &visit, application.id, (material, file), &form).await?;
        Ok::<_, Problem>(application.id)
    };
    match drafted.await {
        Ok(id) => Ok(see(&format!("/applications/{id}"))),
        Err(problem) => new_page(&service, &visit, Some(&form), Some(&problem)).await,
    }
}

/// Keeps the file, and adds it to the application.
async fn hand_in(
    service: &Service,
    visit: &Visit,
    id: ApplicationId,
    (kind, file): (MaterialKind, SentFile),
    form: &Form,
) -> Result<(), Problem> {
    let digest = keep(service, visit, id, file).await?;
    let once = visit.once("material_add", form)?;
    let once = Once {
        key: format!("{}-{}", once.key, kind.name()),
        ..once
    };
    service
        .add_material(visit.caller()?, id, (kind, digest), once)
        .await?;
    Ok(())
}

/// Whoever may not hand anything in keeps nothing here, and is refused by the rules.
async fn keep(
    service: &Service,
    visit: &Visit,
    id: ApplicationId,
    file: SentFile,
) -> Result<Digest32, Problem> {
    if service.may_hand_in(visit.caller()?, id).await? {
        let bytes = parts_of(file.spooled.file).map_err(std::io::Error::other);
        service.receive_document(bytes, MATERIAL_BYTES_MAX).await?;
    }
    Ok(Digest32(file.spooled.digest.0))
}

pub(crate) async fn show(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    show_with(&service, &visit, None).await
}

pub(super) async fn show_with(
    service: &Service,
    visit: &Visit,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let (l, caller) = (visit.language(), visit.caller()?);
    let id: ApplicationId = visit.call.path("application")?;
    let application = service.application(caller, id).await?;
    let comparison = service.comparison(id).await?;
    let (tone, status) = words::application_status(application.status, l);
    let title = name(&application, l);
    let history = service.application_history(caller, id).await?;
    let people: Vec<PersonId> = history.iter().filter_map(|one| actor(&one.recorded)).collect();
    let names = service.called(caller, &people).await?;
    let compared = comparison.as_ref();
    let beside = comparison::beside_card(service, visit, &application).await?;
    let bench = Bench::of(service, visit, &application).await?;
    let body = html! {
        h1 { (title) " " (badge(tone, status)) }
        @if let Some(problem) = problem { (problem_box(problem, l)) }
        @if !application.reasons.is_empty() {
            div.notice.open {
                p { strong { (l.pick("审核意见", "What the reviewer says")) } }
                @for reason in &application.reasons { p { (reason) } }
            }
        }
        div.split {
            div {
                (facts(&application, bench.unit.as_deref(), l))
                @if let Some(compared) = compared { (comparison::card(id, compared, l)) }
                (beside)
                (materials(visit, &application))
                (history_card(&history, &names, l))
            }
            div { (actions(visit, &application, compared, &bench)) }
        }
    };
    let sheet = Sheet {
        title: &title,
        above: &above(l),
        body,
    };
    Ok(page_with(visit, &sheet, problem))
}

/// How the name of the seal asked for agrees with its unit's (R35); nothing where there is no unit.
fn names(application: &Application, unit: Option<&str>) -> Option<NameMatch> {
    match &application.ask {
        Ask::Make { seal } => unit.map(|unit| compare_names(&seal.name, unit)),
        _ => None,
    }
}

fn name_badge(names: &NameMatch, l: Language) -> Markup {
    match names {
        NameMatch::Equal => badge("good", l.pick("✓ 与单位名称一致", "✓ the unit's name")),
        NameMatch::Normalised => badge(
            "good",
            l.pick(
                "✓ 单位名称一致（其余是印章类别用字或全半角、括号）",
                "✓ the unit's name, with words for the kind of seal, or other widths or brackets",
            ),
        ),
        NameMatch::Explained { .. } | NameMatch::Different => badge(
            "open",
            l.pick(
                "? 与单位名称不同，制作时须说明",
                "? not the unit's name: the maker has to say why",
            ),
        ),
    }
}

fn facts(application: &Application, unit: Option<&str>, l: Language) -> Markup {
    html! {
        section.card {
            dl.facts {
                dt { (l.pick("事项", "What")) } dd { (words::ask(&application.ask, l)) }
                @if let Some(unit) = unit { dt { (l.pick("单位", "Unit")) } dd { (unit) } }
                @if let Ask::Make { seal } = &application.ask {
                    dt { (l.pick("印章名称", "Name")) }
                    dd { (seal.name) @if let Some(names) = names(application, unit) { " " (name_badge(&names, l)) } }
                    dt { (l.pick("类型", "Kind")) } dd { (words::seal_kind(seal.kind, l)) }
                }
                dt { (l.pick("起草", "Drafted")) } dd { (time(application.drafted_at, l)) }
                @if let Some(declared) = &application.declaration { dt { (l.pick("提交并承诺", "Declared")) } dd { (time(declared.at, l)) } }
                @if let Some(consent) = &application.consent { dt { (l.pick("负责人同意", "Consented")) } dd { (time(consent.at, l)) } }
                @if let Some(due) = application.due { dt { (l.pick("办理期限", "Due")) } dd { (time(due, l)) } }
            }
        }
    }
}

fn materials(visit: &Visit, application: &Application) -> Markup {
    let l = visit.language();
    let id = application.id;
    let open = matches!(
        application.status,
        ApplicationStatus::Draft | ApplicationStatus::Returned
    );
    let kinds: Vec<_> = words::MATERIALS
        .iter()
        .map(|kind| (kind.name().to_owned(), words::material(*kind, l).to_owned()))
        .collect();
    html! {
        section.card {
            h2 { (l.pick("材料", "Documents")) }
            @if application.materials.is_empty() { (empty(l.pick("还没有材料。", "None yet."))) }
            @else { ul { @for material in &application.materials { li {
                a href={
                    "/applications/" (id) "/materials/" (material.digest) } download=(material.kind.name()) { (words::material(material.kind, l))
                }
            } } } }
            @if open && holds(visit, Role::Agent) {
                p.muted { (l.pick("制作需要：单位合法身份证明、经办人身份证明、统一申请表、实物印章刻制证明、印模信息。", "A new seal needs: identity of unit and agent, application form, proof of engraving, impression.")) }
                form method="post" action={ "/applications/" (id) "/materials" } enctype="multipart/form-data" {
                    (hidden(&visit.face))
                    (select("kind", l.pick("材料种类", "Kind"), &kinds, ""))
                    div.field { label for="file" { (l.pick("文件", "File")) } input #file type="file" name="file" required; }
                    button { (l.pick("上传材料", "Hand it in")) }
                }
            }
        }
    }
}

fn actor(recorded: &Recorded) -> Option<PersonId> {
    match recorded.by {
        Actor::Person(person) => Some(person),
        Actor::System(_) | Actor::Service => None,
    }
}

/// What happened, by whom and when, with the reasons that were given.
fn history_card(
    history: &[RecordedEvent<ApplicationEvent>],
    names: &BTreeMap<PersonId, String>,
    l: Language,
) -> Markup {
    html! {
        section.card {
            h2 { (l.pick("办理经过", "History")) }
            ol.timeline { @for one in history {
                @let (what, reasons) = event_words(&one.event, l);
                li {
                    strong { (what) } " "
                    @match actor(&one.recorded) {
                        Some(person) => { @if let Some(name) = names.get(&person) { (name) " " } }
                        None => { (l.pick("系统 ", "the system ")) }
                    }
                    span.muted { (time(one.recorded.at, l)) }
                    @for reason in reasons { p { (reason) } }
                }
            } }
        }
    }
}

fn event_words(event: &ApplicationEvent, l: Language) -> (String, Vec<String>) {
    let plain = |zh: &str, en: &str| (l.pick(zh, en).to_owned(), Vec::new());
    match event {
        ApplicationEvent::Drafted { .. } => plain("起草", "drafted"),
        ApplicationEvent::Amended { .. } => plain("修改", "amended"),
        ApplicationEvent::MaterialAdded { material, .. } => {
            let kind = words::material(material.kind, l);
            (
                l.pick(format!("提交{kind}"), format!("handed in: {kind}")),
                Vec::new(),
            )
        }
        ApplicationEvent::Submitted { .. } => plain("提交申请", "handed in"),
        ApplicationEvent::Consented { .. } => plain("负责人同意", "consented"),
        ApplicationEvent::ConsentRefused { reason, .. } => (
            l.pick("负责人不同意", "not consented").to_owned(),
            vec![reason.clone()],
        ),
        ApplicationEvent::TakenUp { .. } => plain("受理", "taken up"),
        ApplicationEvent::Returned { reasons, .. } => {
            (l.pick("退回补正", "sent back").to_owned(), reasons.clone())
        }
        ApplicationEvent::Approved { .. } => plain("批准", "approved"),
        ApplicationEvent::Rejected { reasons, .. } => {
            (l.pick("不予批准", "rejected").to_owned(), reasons.clone())
        }
        ApplicationEvent::ReasonsDelivered { .. } => plain("理由已送达", "the reasons were read"),
        ApplicationEvent::Completed { .. } => plain("办结", "completed"),
        ApplicationEvent::Withdrawn { .. } => plain("撤回", "withdrawn"),
    }
}

fn step_form(visit: &Visit, id: ApplicationId, step: &str, inner: &Markup) -> Markup {
    html! {
        form.card method="post" action={ "/applications/" (id) "/steps" } {
            (hidden(&visit.face))
            input type="hidden" name="step" value=(step);
            (inner)
        }
    }
}

/// What a maker works with.
struct Bench {
    custodians: Vec<(String, String)>,
    /// Whether the registered impression was fetched from public security.
    fetched: bool,
    /// The unit's name.
    unit: Option<String>,
}

impl Bench {
    async fn of(service: &Service, visit: &Visit, application: &Application) -> Result<Self, Problem> {
        let mut bench = Self {
            custodians: Vec::new(),
            fetched: service.fetched(application).await?.is_some(),
            unit: None,
        };
        let Some(unit) = application.unit else {
            return Ok(bench);
        };
        bench.unit = Some(service.unit(unit).await?.name);
        if holds(visit, Role::Maker) {
            let role = Some(Role::Custodian);
            let people = service.people(Scope::Unit(unit), role, rows()).await?;
            let ids: Vec<_> = people.iter().map(|one| one.id).collect();
            let names = service.called(visit.caller()?, &ids).await?;
            let name = |id: &PersonId| names.get(id).cloned().unwrap_or_else(|| id.to_string());
            bench.custodians = ids.iter().map(|id| (id.to_string(), name(id))).collect();
        }
        Ok(bench)
    }
}

/// What the visitor may do now; the rules decide again when it is sent.
fn actions(visit: &Visit, application: &Application, compared: Option<&Compared>, bench: &Bench) -> Markup {
    let l = visit.language();
    let id = application.id;
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
    let submit = html! {
        label.check { input type="checkbox" name="declared" value="yes" required; (l.pick(DECLARATION, "What was handed in is true, lawful and valid")) }
        button.main { (l.pick("提交申请", "Hand the application in")) }
    };
    let consent = html! { button.main { (l.pick("同意申请", "Consent")) } };
    let refuse = html! { (reason(l.pick("不同意的理由", "Why not"))) button.danger { (l.pick("不同意", "Do not consent")) } };
    let take_up = html! { button.main { (l.pick("受理", "Take it up")) } };
    let approve = html! {
        fieldset {
            legend { (l.pick("已核对真实性的材料", "Checked for authenticity")) }
            @for material in &application.materials { label.check {
                input type="checkbox" name="checked" value=(material.digest); (words::material(material.kind, l))
            } }
        }
        button.main { (l.pick("批准", "Approve")) }
    };
    let send_back = html! { (reason(l.pick("需要补正什么", "What is missing"))) button { (l.pick("退回补正", "Send back")) } };
    let reject = html! { (reason(l.pick("不予批准的理由", "Why not"))) button.danger { (l.pick("不予批准", "Reject")) } };
    let form = |step, inner: &Markup| step_form(visit, id, step, inner);
    html! {
        @match application.status {
            ApplicationStatus::Draft | ApplicationStatus::Returned if holds(visit, Role::Agent) => { (form("submit", &submit)) }
            ApplicationStatus::Submitted if holds(visit, Role::Principal) => { (form("consent", &consent)) (form("refuse_consent", &refuse)) }
            ApplicationStatus::Consented if holds(visit, Role::Reviewer) => { (form("take_up", &take_up)) }
            ApplicationStatus::UnderReview if holds(visit, Role::Reviewer) => {
                (comparison::form(visit, application, compared, bench.fetched))
                (form("approve", &approve)) (form("return", &send_back)) (form("reject", &reject))
            }
            ApplicationStatus::Approved if holds(visit, Role::Maker) => {
                (comparison::form(visit, application, compared, bench.fetched))
                (making(visit, application, compared, bench))
            }
            _ => {}
        }
    }
}

fn making(visit: &Visit, application: &Application, compared: Option<&Compared>, bench: &Bench) -> Markup {
    let l = visit.language();
    let id = application.id;
    let name_reason = Field {
        name: "name_reason",
        label: l.pick(
            "印章名称为何与单位名称不同",
            "Why the seal's name is not the unit's",
        ),
        hint: l.pick(
            "如：使用经批准的规范化简称",
            "such as: an approved short form of the name",
        ),
        kind: "text",
        value: "",
        needed: true,
    };
    let new = matches!(application.ask, Ask::Make { .. });
    let size = |name, label| {
        Field {
            name,
            label,
            hint: "",
            kind: "number",
            value: "42",
            needed: true,
        }
        .markup()
    };
    html! {
        form.card method="post" action={ "/applications/" (id) "/making" } {
            (hidden(&visit.face))
            h2 { @if new { (l.pick("制作印章", "Make the seal")) } @else { (l.pick("办理", "Carry it out")) } }
            @if new {
                (comparison::verdict_field(compared, l))
                @if names(application, bench.unit.as_deref()) == Some(NameMatch::Different) { (name_reason.markup()) }
                (select("custodian", l.pick("领取并保管的人", "Who collects and keeps it"), &bench.custodians, ""))
            }
            div.row { (size("width_mm", l.pick("宽（毫米）", "Width (mm)"))) (size("height_mm", l.pick("高（毫米）", "Height (mm)"))) }
            button.main { (l.pick("制作", "Make")) }
        }
    }
}

pub(super) async fn finish<T>(
    done: Result<T, Problem>,
    service: &Service,
    visit: &Visit,
) -> Result<Response, Problem> {
    let id: ApplicationId = visit.call.path("application")?;
    match done {
        Ok(_) => Ok(see(&format!("/applications/{id}"))),
        Err(problem) => show_with(service, visit, Some(&problem)).await,
    }
}

pub(crate) async fn add_material(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let _place = service.verify_place().ok_or_else(Problem::busy)?;
    let id: ApplicationId = visit.call.path("application")?;
    let mut form = visit.form(&service, MATERIAL_BYTES_MAX).await?;
    let done = async {
        let bad = |_| Problem::bad_field("“材料种类”无法识别", "“Kind” cannot be read");
        let kind: MaterialKind = serde_json::from_value(form.text("kind").into()).map_err(bad)?;
        let file = form.take_file()?;
        hand_in(&service, &visit, id, (kind, file), &form).await
    };
    let done = done.await;
    finish(done, &service, &visit).await
}

pub(crate) async fn step(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let id: ApplicationId = visit.call.path("application")?;
    let reason = form.text("reason").trim().to_owned();
    let done = async {
        let step = match form.text("step") {
            "submit" => ApplicationStep::Submit {
                declaration: if form.text("declared").is_empty() {
                    String::new()
                } else {
                    DECLARATION.to_owned()
                },
            },
            "consent" => ApplicationStep::Consent,
            "refuse_consent" => ApplicationStep::RefuseConsent { reason },
            "take_up" => ApplicationStep::TakeUp,
            "return" => ApplicationStep::Return {
                materials: Vec::new(),
                reasons: vec![reason],
            },
            "approve" => ApplicationStep::Approve {
                checked: form
                    .all("checked")
                    .filter_map(|digest| digest.parse().ok())
                    .collect(),
            },
            "reject" => ApplicationStep::Reject {
                reasons: vec![reason],
            },
            "withdraw" => ApplicationStep::Withdraw,
            _ => return Err(Problem::bad_field("步骤无法识别", "The step cannot be read")),
        };
        let once = visit.once("application_step", &form)?;
        Ok(service.step_application(visit.caller()?, id, step, once).await?)
    };
    finish(done.await, &service, &visit).await
}

pub(crate) async fn make(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let id: ApplicationId = visit.call.path("application")?;
    let done = async {
        let wanted = MakingOrder {
            custodian: form.text("custodian").parse::<PersonId>().ok(),
            verdict: serde_json::from_value(form.text("verdict").into()).ok(),
            name_reason: Some(form.text("name_reason").trim().to_owned()).filter(|reason| !reason.is_empty()),
            width_mm: form.parse("width_mm", ("宽", "Width"))?,
            height_mm: form.parse("height_mm", ("高", "Height"))?,
            old_device: OldDevice::None,
        };
        let once = visit.once("seal_make", &form)?;
        let answer = service.make(visit.caller()?, id, wanted, once).await?;
        kept::<SealRecord>(&answer)
    };
    match done.await {
        Ok(seal) => Ok(see(&format!("/seals/{}", seal.id))),
        Err(problem) => show_with(&service, &visit, Some(&problem)).await,
    }
}

pub(crate) async fn material(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    applications::material(service, visit.into_call()?).await
}

/// An impression as a picture; made by others, so it is shown as a picture only.
pub(crate) async fn impression(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let (id, digest) = (visit.call.path("application")?, visit.call.path("digest")?);
    let bytes = whole(service.material(visit.caller()?, id, digest).await?).await?;
    Ok(super::seals::as_picture(super::seals::media_type(&bytes), bytes))
}

/// All bytes of a stored material, which are few enough to be held at once.
pub(super) async fn whole(stream: BoxStream<'static, io::Result<Bytes>>) -> Result<Vec<u8>, Problem> {
    let bytes = stream.try_fold(Vec::new(), |mut all, part| async move {
        all.extend_from_slice(&part);
        Ok(all)
    });
    bytes.await.map_err(|error| Problem::internal(error.to_string()))
}
