//! The use of seals: asking with a document and a place, approving what one sees, sealing, taking the result away.

use std::sync::{Arc, Mutex};

use axum::response::Response;
use maud::{Markup, html};
use registry::usage::{Binding, Content, DocumentType, Placement, UseStatus};
use registry::{Digest32, Role, Scope, SealId, SealRecord, UnitId, UseId, UseRequest};
use sealing::Language;
use serde_json::{Value, json};
use store::Page;
use zeroize::Zeroizing;

use super::form::Form;
use super::layout::{Sheet, page, page_with};
use super::parts::{Field, badge, empty, hidden, problem_box, select, time};
use super::verify::{Mark, marked};
use super::visit::{Visit, see};
use super::words;
use crate::app::{NewUse, SealFace, SealSearch, Service, StampPlace, UseList, UseOrder, Wanted};
use crate::http::answer::kept;
use crate::http::problem::Problem;
use crate::http::uses;

/// Pages of a document that are shown for placing or deciding.
const PAGES_SHOWN: u64 = 20;
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
            p { a.button.main href="/uses/new" { (l.pick("申请用印", "Ask for a use")) } }
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

fn above(l: Language) -> [(&'static str, &'static str); 1] {
    [("/uses", l.pick("用印", "Uses"))]
}

pub(crate) async fn choose(_: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    Ok(choose_page(&visit, None))
}

fn choose_page(visit: &Visit, problem: Option<&Problem>) -> Response {
    let l = visit.language();
    let title = l.pick("申请用印：第 1 步，选择文件", "Ask for a use: 1. the document");
    let body = html! {
        div.text {
            h1 { (title) }
            @if let Some(problem) = problem { (problem_box(problem, l)) }
            form method="post" action="/uses/new" enctype="multipart/form-data" {
                (hidden(&visit.face))
                div.drop {
                    label for="file" { strong { (l.pick("选择要盖章的 OFD 或 PDF 文件，或拖到这里", "Choose the OFD or PDF document to be sealed, or drop it here")) } }
                    input #file type="file" name="file" required accept=".ofd,.pdf";
                    p.muted { (l.pick("涉密文件和空白文件不能在本系统盖章（第八条）。", "State secrets and blank documents cannot be sealed here.")) }
                }
                button.main { (l.pick("下一步", "Next")) }
            }
        }
    };
    let sheet = Sheet {
        title,
        above: &above(l),
        body,
    };
    page_with(visit, &sheet, problem)
}

pub(crate) async fn bring(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let _place = service.document_place().ok_or_else(Problem::busy)?;
    let bytes_max = service.config.documents.bytes_max;
    let brought = async {
        let sent = visit.form(&service, bytes_max).await?.take_file()?;
        Ok::<_, Problem>(service.bring_document(visit.caller()?, sent.spooled).await?)
    };
    match brought.await {
        Ok((upload, _)) => Ok(see(&format!("/uses/new/{}", upload.document))),
        Err(problem) => Ok(choose_page(&visit, Some(&problem))),
    }
}

/// What was typed so far.
#[derive(Default)]
struct Typed {
    seal: String,
    purpose: String,
    document_type: String,
    page: String,
    x_mm: String,
    y_mm: String,
    keyword: String,
    straddle: bool,
}

impl Typed {
    fn of(form: &Form) -> Self {
        let text = |name| form.text(name).trim().to_owned();
        Self {
            seal: text("seal"),
            purpose: text("purpose"),
            document_type: text("document_type"),
            page: text("page"),
            x_mm: text("x_mm"),
            y_mm: text("y_mm"),
            keyword: text("keyword"),
            straddle: !form.text("straddle").is_empty(),
        }
    }

    fn placement(&self) -> Result<Placement, Problem> {
        let bad = || {
            Problem::bad_field(
                "盖章位置无法识别：请填页码和毫米数",
                "The place cannot be read: give the page and millimetres",
            )
        };
        let number = |text: &str| {
            text.parse::<f64>()
                .ok()
                .filter(|mm| mm.is_finite())
                .ok_or_else(bad)
        };
        let mut positions = Vec::new();
        if self.keyword.is_empty() {
            let page: usize = self.page.parse().map_err(|_| bad())?;
            let (x_mm, y_mm) = (number(&self.x_mm)?, number(&self.y_mm)?);
            positions.push(json!({ "kind": "point", "pages": [page], "x_mm": x_mm, "y_mm": y_mm }));
        } else {
            positions.push(json!({ "kind": "keyword", "text": self.keyword, "nth": null, "pages": "all" }));
        }
        if self.straddle {
            positions.push(json!({ "kind": "straddle", "edge": "right", "middle_mm": null, "group": null }));
        }
        let place: StampPlace =
            serde_json::from_value(json!({ "positions": positions })).map_err(|_| bad())?;
        place.canonical().ok_or_else(bad)
    }
}

pub(crate) async fn ask(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let typed = Typed {
        page: "1".into(),
        x_mm: "120".into(),
        y_mm: "220".into(),
        ..Typed::default()
    };
    ask_page(&service, &visit, &typed, None).await
}

async fn ask_page(
    service: &Arc<Service>,
    visit: &Visit,
    typed: &Typed,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let l = visit.language();
    let document: Digest32 = visit.call.path("document")?;
    let (_, facts) = service.own_document(visit.caller()?, document).await?;
    let mut seals = Vec::new();
    for unit in units(visit) {
        seals.extend(
            service
                .seals(visit.caller()?, SealSearch::OfUnit(unit), rows())
                .await?,
        );
    }
    seals.retain(|seal| seal.usable(visit.call.now));
    let mut types = Vec::new();
    if let Some(seal) = seals.first() {
        types = service.document_types(seal.authority).await?;
    }
    let face = match seals.first() {
        Some(seal) => service.seal_face(seal).await.ok(),
        None => None,
    };
    let types: Vec<_> = types
        .iter()
        .map(|row| (row.code.0.clone(), l.pick(&row.zh, &row.en).clone()))
        .collect();
    let options: Vec<_> = seals
        .iter()
        .map(|seal| (seal.id.to_string(), seal.name.clone()))
        .collect();
    let title = l.pick(
        "申请用印：第 2 步，位置和用途",
        "Ask for a use: 2. place and purpose",
    );
    let body = html! {
        h1 { (title) }
        @if let Some(problem) = problem { (problem_box(problem, l)) }
        @if seals.is_empty() {
            (empty(l.pick("本单位没有可用的印章：请先申请制作，并由保管人领取。", "Your unit has no seal in force: apply for one, and have the custodian collect it.")))
        }
        div.split {
            section aria-label=(l.pick("文件各页", "Pages")) {
                p.muted { (l.pick("在页面上点击或拖动即可放置；用方向键每次移动 1 毫米，按住 Shift 移动 10 毫米。", "Click or drag on a page to place the stamp; arrow keys move it by 1 mm, with Shift by 10 mm.")) }
                @for number in 1..=facts.pages.min(PAGES_SHOWN) { (board(&document, number, face.as_ref(), l)) }
            }
            (ask_form(visit, typed, &options, &types))
        }
        script type="module" src=(super::assets::address("place.js")) {}
    };
    let sheet = Sheet {
        title,
        above: &above(l),
        body,
    };
    Ok(page_with(visit, &sheet, problem))
}

fn board(document: &Digest32, number: u64, face: Option<&SealFace>, l: Language) -> Markup {
    let name = l.pick(format!("第 {number} 页"), format!("Page {number}"));
    let (width, height) = face.map_or((42.0, 42.0), |face| (face.width_mm, face.height_mm));
    let label = l.pick(
        "印章位置，用方向键移动",
        "Place of the stamp, moved with arrow keys",
    );
    html! {
        figure.sheet data-page=(number) data-stamp-width=(width) data-stamp-height=(height)
            data-label=(label) data-word=(l.pick("印章", "Seal")) {
            div.board { img src={ "/documents/" (document) "/pages/" (number) } alt=(name) width="794" height="1123"; }
            figcaption { (name) }
        }
    }
}

fn ask_form(visit: &Visit, typed: &Typed, seals: &[(String, String)], types: &[(String, String)]) -> Markup {
    let l = visit.language();
    let field = |name, label, hint, kind, value| {
        Field {
            name,
            label,
            hint,
            kind,
            value,
            needed: name != "keyword",
        }
        .markup()
    };
    let purpose_hint = l.pick(
        "审批人凭此决定，并记入用印记录",
        "Approvers decide by it, and it stands in the record",
    );
    let keyword_hint = l.pick(
        "填写后盖在这几个字上（仅 OFD），不用上面的毫米数",
        "The stamp is put on these words (OFD only) instead of the point above",
    );
    html! {
        form.card method="post" action=(visit.call.target) {
            (hidden(&visit.face))
            (select("seal", l.pick("印章", "Seal"), seals, &typed.seal))
            (field("purpose", l.pick("用途", "Purpose"), purpose_hint, "text", &typed.purpose))
            (select("document_type", l.pick("文件类型", "Type of document"), types, &typed.document_type))
            fieldset {
                legend { (l.pick("盖章位置", "Place")) }
                div.row {
                    (field("page", l.pick("页码", "Page"), "", "number", &typed.page))
                    (field("x_mm", l.pick("距左（毫米）", "From left (mm)"), "", "number", &typed.x_mm))
                    (field("y_mm", l.pick("距上（毫米）", "From top (mm)"), "", "number", &typed.y_mm))
                }
                (field("keyword", l.pick("关键字", "Words"), keyword_hint, "text", &typed.keyword))
                label.check { input type="checkbox" name="straddle" value="yes" checked[typed.straddle];
                    (l.pick("同时在右侧加盖骑缝章", "Also straddle the right edges")) }
            }
            label.check { input type="checkbox" name="unclassified" value="yes" required;
                (l.pick("该文件不涉及国家秘密", "The document is no state secret")) }
            button.main { (l.pick("提交用印申请", "Ask for this use")) }
        }
    }
}

pub(crate) async fn request(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let typed = Typed::of(&form);
    let asked = async {
        let new = NewUse {
            seal: form.parse::<SealId>("seal", ("印章", "Seal"))?,
            purpose: typed.purpose.clone(),
            document_type: DocumentType(typed.document_type.clone()),
            amount_fen: None,
            wanted: Wanted::Document(visit.call.path("document")?),
            placement: typed.placement()?,
            classified: form.text("unclassified").is_empty(),
        };
        let once = visit.once("use_request", &form)?;
        let answer = service.request_use(visit.caller()?, new, once).await?;
        kept::<UseRequest>(&answer)
    };
    match asked.await {
        Ok(request) => Ok(see(&format!("/uses/{}", request.id))),
        Err(problem) => ask_page(&service, &visit, &typed, Some(&problem)).await,
    }
}

/// A page of a document that the visitor brought.
pub(crate) async fn own_picture(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let document: Digest32 = visit.call.path("document")?;
    service.own_document(visit.caller()?, document).await?;
    let spooled = service.take_out(document).await?;
    let file = Arc::new(Mutex::new(spooled.file));
    let drawn = service.draw_page(file, visit.call.path("number")?).await?;
    Ok(marked(&drawn, &[]))
}

pub(crate) async fn show(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    show_with(&service, &visit, None).await
}

async fn show_with(
    service: &Arc<Service>,
    visit: &Visit,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let (l, caller) = (visit.language(), visit.caller()?);
    let id: UseId = visit.call.path("use")?;
    let (request, readable) = service.use_request(caller, id).await?;
    let seal = service.seal_record(request.seal).await?;
    let records = service.use_records(caller, id, rows()).await?;
    let waiting = service.waiting_uses(caller, rows()).await?;
    let mine = waiting.iter().any(|other| other.id == id);
    let (tone, status) = words::use_status(request.status, l);
    let digest = match &request.content {
        Content::Document { digest, .. } => Some(*digest).filter(|_| readable),
        Content::Batch(_) => None,
    };
    let pages = match digest {
        Some(digest) => service.pages_of(digest).await?.min(PAGES_SHOWN),
        None => 0,
    };
    let title = request.purpose.as_str();
    let body = html! {
        h1 { (title) " " (badge(tone, status)) }
        @if let Some(problem) = problem { (problem_box(problem, l)) }
        div.split {
            section aria-label=(l.pick("文件各页", "Pages")) {
                @for number in 1..=pages { figure.sheet {
                    @let name = l.pick(format!("第 {number} 页，虚线框为盖章位置"), format!("Page {number}; the dashed frame is where the stamp goes"));
                    img src={ "/uses/" (id) "/pages/" (number) } alt=(name) loading="lazy" width="794" height="1123";
                    figcaption { (name) }
                } }
                @if pages == 0 { (empty(l.pick("该文件的内容您无权查看，或没有可显示的页面。", "The document is not yours to read, or has no pages to show."))) }
            }
            div {
                (facts(&request, &seal, l))
                (actions(visit, &request, mine))
                @for record in &records {
                    section.card {
                        h2 { (l.pick("用印记录", "Use record")) }
                        p { (time(record.begun_at, l)) " "
                            @match &record.outcome {
                                Some((_, registry::usage::Outcome::Stamped { .. })) => (badge("good", l.pick("✓ 已盖章", "✓ sealed"))),
                                Some(_) => (badge("bad", l.pick("✗ 失败", "✗ failed"))),
                                None => (badge("open", l.pick("正在进行", "not finished"))),
                            }
                        }
                        @if matches!(record.outcome, Some((_, registry::usage::Outcome::Stamped { .. }))) {
                            div.actions {
                                a.button.main href={ "/uses/" (id) "/records/" (record.sequence) "/sealed" }
                                    download=(file_name(&request)) { (l.pick("下载已盖章文件", "Save the sealed document")) }
                                a.button href={ "/uses/" (id) "/records/" (record.sequence) "/proof" } download { (l.pick("下载日志证明", "Save the proof")) }
                            }
                        }
                    }
                }
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

fn file_name(request: &UseRequest) -> String {
    format!("sealed-{}", &request.id.to_string()[..8])
}

fn facts(request: &UseRequest, seal: &SealRecord, l: Language) -> Markup {
    let binding = request.binding();
    html! {
        section.card {
            dl.facts {
                dt { (l.pick("印章", "Seal")) } dd { strong { (seal.name) } }
                dt { (l.pick("申请时间", "Asked")) } dd { (time(request.requested_at, l)) }
                @if let Some(at) = request.lapses_at { dt { (l.pick("有效至", "Lapses")) } dd { (time(at, l)) } }
                dt { (l.pick("文件（SM3）", "Document (SM3)")) } dd { code { (binding.document) } }
            }
            @if !request.approvals.is_empty() {
                h3 { (l.pick("已作的批准", "Approvals")) }
                ol.timeline { @for approval in &request.approvals {
                    li { (l.pick("批准", "approved")) " " (time(approval.at, l)) }
                } }
            }
        }
    }
}

/// What the visitor may do now; the rules decide again when it is sent.
fn actions(visit: &Visit, request: &UseRequest, mine: bool) -> Markup {
    let l = visit.language();
    let id = request.id;
    let own = visit
        .caller()
        .is_ok_and(|caller| caller.acting.actor == request.requester);
    let binding = request.binding();
    html! {
        @if mine && request.status == UseStatus::Requested {
            form.card method="post" action={ "/uses/" (id) "/approve" } {
                (hidden(&visit.face))
                h2 { (l.pick("您的决定", "Your decision")) }
                p { (l.pick("批准的正是左侧显示的文件、印章和位置；其中任何一项变动都须重新批准。", "You approve exactly the document, seal and place shown; any change needs another approval.")) }
                input type="hidden" name="document" value=(binding.document);
                input type="hidden" name="placement" value=(binding.placement.as_str());
                button.main { (l.pick("批准", "Approve")) }
            }
            form.card method="post" action={ "/uses/" (id) "/decline" } {
                (hidden(&visit.face))
                (Field { name: "reason", label: l.pick("不批准的理由", "Why not"), hint: "", kind: "textarea", value: "", needed: true }.markup())
                button.danger { (l.pick("不批准", "Decline")) }
            }
        }
        @if mine && request.status == UseStatus::Approved {
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

/// The document as it was brought, with the places where the stamp goes.
pub(crate) async fn picture(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let number: usize = visit.call.path("number")?;
    let (request, readable) = service
        .use_request(visit.caller()?, visit.call.path("use")?)
        .await?;
    let (digest, placement) = match &request.content {
        Content::Document { digest, placement } if readable => (*digest, placement),
        _ => return Err(Problem::not_found("document")),
    };
    let spooled = service.take_out(digest).await?;
    let drawn = service
        .draw_page(Arc::new(Mutex::new(spooled.file)), number)
        .await?;
    let seal = service.seal_record(request.seal).await?;
    let face = service.seal_face(&seal).await?;
    let place = serde_json::from_str::<Value>(placement.as_str()).unwrap_or_default();
    let mut marks = Vec::new();
    for position in place["positions"].as_array().into_iter().flatten() {
        let here = position["pages"]
            .as_array()
            .is_some_and(|pages| pages.contains(&number.into()));
        if let (true, Some(x), Some(y)) = (here, position["x_mm"].as_f64(), position["y_mm"].as_f64()) {
            marks.push(Mark {
                place: [x, y, face.width_mm, face.height_mm],
                text: visit.language().pick("盖章位置", "stamp").to_owned(),
                color: "#9c1c14",
            });
        }
    }
    Ok(marked(&drawn, &marks))
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
    let order = UseOrder::Approve {
        binding,
        for_person: None,
    };
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
