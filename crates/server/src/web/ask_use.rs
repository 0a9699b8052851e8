//! Asking for a use: the document, the place of the stamp with its preview, purpose and type.

use std::sync::{Arc, Mutex};

use axum::response::Response;
use maud::{Markup, html};
use registry::usage::{DocumentType, Placement};
use registry::{AuthorityId, Digest32, SealId, SealRecord, UseRequest};
use sealing::Language;
use serde_json::json;

use super::form::Form;
use super::layout::{Sheet, page_with};
use super::parts::{Field, empty, fen, hidden, problem_box, select};
use super::uses::{PAGES_SHOWN, above, rows, units};
use super::verify::{Mark, marked};
use super::visit::{Visit, see};
use crate::app::{NewUse, SealFace, SealSearch, Service, StampPlace, Wanted};
use crate::http::answer::kept;
use crate::http::problem::Problem;

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
pub(crate) struct Typed {
    pub(crate) seal: String,
    pub(crate) purpose: String,
    pub(crate) document_type: String,
    /// In yuan.
    amount: String,
    /// `point`, `keyword` or `none`.
    place: String,
    page: String,
    x_mm: String,
    y_mm: String,
    keyword: String,
    nth: String,
    /// An edge, `facing`, or empty.
    straddle: String,
    group: String,
}

impl Typed {
    /// What the form shows at first.
    pub(crate) fn new() -> Self {
        Self {
            place: "point".into(),
            page: "1".into(),
            x_mm: "120".into(),
            y_mm: "220".into(),
            ..Self::default()
        }
    }

    pub(crate) fn of(form: &Form) -> Self {
        let text = |name| form.text(name).trim().to_owned();
        Self {
            seal: text("seal"),
            purpose: text("purpose"),
            document_type: text("document_type"),
            amount: text("amount"),
            place: text("place"),
            page: text("page"),
            x_mm: text("x_mm"),
            y_mm: text("y_mm"),
            keyword: text("keyword"),
            nth: text("nth"),
            straddle: text("straddle"),
            group: text("group"),
        }
    }

    /// The amount at stake, in fen, if one was typed.
    pub(crate) fn amount_fen(&self) -> Result<Option<u64>, Problem> {
        let bad = || {
            Problem::bad_field(
                "“金额”无法识别：以元为单位，最多两位小数，如 1200.50",
                "“Amount” cannot be read: CNY with two decimals at most, such as 1200.50",
            )
        };
        match self.amount.as_str() {
            "" => Ok(None),
            text => fen(text).map(Some).ok_or_else(bad),
        }
    }

    pub(crate) fn placement(&self) -> Result<Placement, Problem> {
        let bad = || {
            Problem::bad_field(
                "盖章位置无法识别：请填页码和毫米数，或要盖在哪几个字上",
                "The place cannot be read: give the page and millimetres, or the words to put it on",
            )
        };
        let number = |text: &str| {
            let read = text.parse::<f64>().ok();
            read.filter(|mm| mm.is_finite()).ok_or_else(bad)
        };
        let count = |text: &str| match text {
            "" => Ok(None),
            text => text.parse::<u32>().map(Some).map_err(|_| bad()),
        };
        let mut positions = Vec::new();
        match self.place.as_str() {
            "point" => {
                let page: usize = self.page.parse().map_err(|_| bad())?;
                let (x_mm, y_mm) = (number(&self.x_mm)?, number(&self.y_mm)?);
                positions.push(json!({ "kind": "point", "pages": [page], "x_mm": x_mm, "y_mm": y_mm }));
            }
            "keyword" if !self.keyword.is_empty() => positions.push(
                json!({ "kind": "keyword", "text": self.keyword, "nth": count(&self.nth)?, "pages": "all" }),
            ),
            "none" => {}
            _ => return Err(bad()),
        }
        match self.straddle.as_str() {
            "" => {}
            "facing" => positions.push(json!({ "kind": "facing", "fold": "left_right", "middle_mm": null })),
            edge => positions.push(
                json!({ "kind": "straddle", "edge": edge, "middle_mm": null, "group": count(&self.group)? }),
            ),
        }
        let place: StampPlace =
            serde_json::from_value(json!({ "positions": positions })).map_err(|_| bad())?;
        place.canonical().ok_or_else(bad)
    }
}

/// The seals that a visitor may ask for, and the types of documents that their authority knows.
pub(crate) struct Choices {
    pub(crate) seals: Vec<SealRecord>,
    types: Vec<(String, String)>,
}

impl Choices {
    pub(crate) async fn of(service: &Service, visit: &Visit) -> Result<Self, Problem> {
        let (l, caller) = (visit.language(), visit.caller()?);
        let mut seals = Vec::new();
        for unit in units(visit) {
            seals.extend(service.seals(caller, SealSearch::OfUnit(unit), rows()).await?);
        }
        seals.retain(|seal| seal.usable(visit.call.now));
        let types = match seals.first() {
            Some(seal) => document_types(service, seal.authority, l).await?,
            None => Vec::new(),
        };
        Ok(Self { seals, types })
    }

    /// The seal that was chosen, or the first one.
    fn chosen(&self, typed: &Typed) -> Option<&SealRecord> {
        let chosen = |seal: &&SealRecord| seal.id.to_string() == typed.seal;
        self.seals.iter().find(chosen).or(self.seals.first())
    }

    pub(crate) fn none(&self, l: Language) -> Markup {
        html! { @if self.seals.is_empty() {
            (empty(l.pick("本单位没有可用的印章：请先申请制作，并由保管人领取。", "Your unit has no seal in force: apply for one, and have the custodian collect it.")))
        } }
    }

    /// Seal, purpose, type of document and amount.
    pub(crate) fn fields(&self, typed: &Typed, l: Language) -> Markup {
        let seals: Vec<_> = self
            .seals
            .iter()
            .map(|seal| (seal.id.to_string(), seal.name.clone()))
            .collect();
        let purpose = Field {
            name: "purpose",
            label: l.pick("用途", "Purpose"),
            hint: l.pick(
                "审批人凭此决定，并记入用印记录",
                "Approvers decide by it, and it stands in the record",
            ),
            kind: "text",
            value: &typed.purpose,
            needed: true,
        };
        let amount = Field {
            name: "amount",
            label: l.pick("涉及金额（元）", "Amount at stake (CNY)"),
            hint: l.pick(
                "单位的规则按金额定审批人时必填，没有金额填 0",
                "needed where the unit's rules decide by the amount; 0 if there is none",
            ),
            kind: "number",
            value: &typed.amount,
            needed: false,
        };
        html! {
            (select("seal", l.pick("印章", "Seal"), &seals, &typed.seal))
            (purpose.markup())
            (select("document_type", l.pick("文件类型", "Type of document"), &self.types, &typed.document_type))
            (amount.markup())
        }
    }
}

/// The types of documents that an authority knows.
pub(crate) async fn document_types(
    service: &Service,
    authority: AuthorityId,
    l: Language,
) -> Result<Vec<(String, String)>, Problem> {
    let types = service.document_types(authority).await?;
    Ok(types
        .iter()
        .map(|row| (row.code.0.clone(), l.pick(&row.zh, &row.en).clone()))
        .collect())
}

/// How a stamp's place is told.
pub(crate) fn place_fields(typed: &Typed, l: Language) -> Markup {
    let field = |name, label, hint, kind, value| {
        let needed = false;
        Field {
            name,
            label,
            hint,
            kind,
            value,
            needed,
        }
        .markup()
    };
    let places = [
        (
            "point",
            l.pick("盖在一点（左上角）", "at a point (its upper left corner)"),
        ),
        ("keyword", l.pick("盖在关键字上", "on words of the document")),
        ("none", l.pick("只盖骑缝章", "across the edges only")),
    ];
    let edges = [
        ("", l.pick("不盖", "none")),
        ("right", l.pick("右边骑缝", "across the right edges")),
        ("left", l.pick("左边骑缝", "across the left edges")),
        ("top", l.pick("上边骑缝", "across the upper edges")),
        ("bottom", l.pick("下边骑缝", "across the lower edges")),
        (
            "facing",
            l.pick("对开章（左右两页各半枚）", "half on each of two facing pages"),
        ),
    ];
    let options = |list: &[(&str, &str)]| -> Vec<(String, String)> {
        list.iter()
            .map(|(value, text)| ((*value).to_owned(), (*text).to_owned()))
            .collect()
    };
    let nth_hint = l.pick("空着则每一处都盖", "empty: on every one");
    let group_hint = l.pick("空着则所有页共用一枚", "empty: all pages share one");
    html! {
        fieldset {
            legend { (l.pick("盖章位置", "Place")) }
            (select("place", l.pick("盖在哪里", "Where"), &options(&places), &typed.place))
            div.row {
                (field("page", l.pick("页码", "Page"), "", "number", &typed.page))
                (field("x_mm", l.pick("距左（毫米）", "From left (mm)"), "", "number", &typed.x_mm))
                (field("y_mm", l.pick("距上（毫米）", "From top (mm)"), "", "number", &typed.y_mm))
            }
            div.row {
                (field("keyword", l.pick("关键字", "Words"), l.pick("印章的中心对准这几个字", "The stamp's middle is put on them"), "text", &typed.keyword))
                (field("nth", l.pick("第几处", "Which one"), nth_hint, "number", &typed.nth))
            }
            (select("straddle", l.pick("骑缝章、对开章", "Across pages"), &options(&edges), &typed.straddle))
            (field("group", l.pick("每几页共用一枚骑缝章", "Pages that share one"), group_hint, "number", &typed.group))
        }
    }
}

/// The agent answers for it.
pub(crate) fn unclassified(l: Language, sets: bool) -> Markup {
    html! {
        label.check { input type="checkbox" name="unclassified" value="yes" required checked[sets];
            (l.pick("不涉及国家秘密", "No state secret is in it")) }
    }
}

/// A place that was tried out.
struct Preview {
    seal: SealId,
    placement: Placement,
    places: Vec<sealing::Placement>,
}

pub(crate) async fn ask(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    ask_page(&service, &visit, &Typed::new(), Ok(None)).await
}

/// Shows where the stamp would go, and asks for nothing.
pub(crate) async fn preview(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let typed = Typed::of(&form);
    let tried = async {
        let placement = typed.placement()?;
        let document: Digest32 = visit.call.path("document")?;
        service.own_document(visit.caller()?, document).await?;
        let seal: SealId = form.parse("seal", ("印章", "Seal"))?;
        let places = places(&service, &visit, (document, seal, &placement)).await?;
        Ok::<_, Problem>(Some(Preview {
            seal,
            placement,
            places,
        }))
    };
    let tried = tried.await;
    ask_page(&service, &visit, &typed, tried).await
}

/// Where a seal that the visitor may see would appear.
async fn places(
    service: &Service,
    visit: &Visit,
    (document, seal, placement): (Digest32, SealId, &Placement),
) -> Result<Vec<sealing::Placement>, Problem> {
    let (seal, _) = service.seal(visit.caller()?, seal).await?;
    let place = StampPlace::read(placement)
        .ok_or_else(|| Problem::bad_field("盖章位置无法识别", "The place cannot be read"))?;
    let face = service.seal_face(&seal).await?;
    Ok(service.seal_places(document, &place, &face).await?)
}

/// The form, with what was tried out or what went wrong.
async fn ask_page(
    service: &Arc<Service>,
    visit: &Visit,
    typed: &Typed,
    tried: Result<Option<Preview>, Problem>,
) -> Result<Response, Problem> {
    let l = visit.language();
    let document: Digest32 = visit.call.path("document")?;
    let (_, facts) = service.own_document(visit.caller()?, document).await?;
    let choices = Choices::of(service, visit).await?;
    let face = match choices.chosen(typed) {
        Some(seal) => service.seal_face(seal).await.ok(),
        None => None,
    };
    let (preview, problem) = match &tried {
        Ok(preview) => (preview.as_ref(), None),
        Err(problem) => (None, Some(problem)),
    };
    let action = format!("/uses/new/{document}");
    let title = l.pick(
        "申请用印：第 2 步，位置和用途",
        "Ask for a use: 2. place and purpose",
    );
    let body = html! {
        h1 { (title) }
        @if let Some(problem) = problem { (problem_box(problem, l)) }
        (choices.none(l))
        @if let Some(preview) = preview { (preview_words(preview, l)) }
        div.split {
            section aria-label=(l.pick("文件各页", "Pages")) {
                p.muted { (l.pick("在页面上点击或拖动即可放置；用方向键每次移动 1 毫米，按住 Shift 移动 10 毫米。", "Click or drag on a page to place the stamp; arrow keys move it by 1 mm, with Shift by 10 mm.")) }
                @for number in 1..=facts.pages.min(PAGES_SHOWN) {
                    (board((&document, number), face.as_ref(), preview, l))
                }
            }
            form.card method="post" action=(action) {
                (hidden(&visit.face))
                (choices.fields(typed, l))
                (place_fields(typed, l))
                (unclassified(l, false))
                div.actions {
                    button.main { (l.pick("提交用印申请", "Ask for this use")) }
                    button formaction={ (action) "/preview" } formnovalidate { (l.pick("预览位置", "Preview the place")) }
                }
            }
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

fn preview_words(preview: &Preview, l: Language) -> Markup {
    html! {
        div.notice.open #preview role="status" {
            p { strong { (l.pick(format!("预览：印章出现 {} 处", preview.places.len()), format!("Preview: the stamp appears {} time(s)", preview.places.len()))) }
                " " (l.pick("各页上的虚线框就是位置；尚未提交。", "The dashed frames on the pages are the places; nothing was asked for yet.")) }
            (place_list(&preview.places, l))
        }
    }
}

/// Places in words, for those who do not see frames.
pub(crate) fn place_list(places: &[sealing::Placement], l: Language) -> Markup {
    const TOLD: usize = 12;
    html! {
        ul.places {
            @for place in places.iter().take(TOLD) {
                @let [x, y, width, height] = shown(place);
                @let page = place.page + 1;
                @let part = if place.clip.is_some() { l.pick("（印章的一部分）", " (a part of it)") } else { "" };
                li { (l.pick(
                    format!("第 {page} 页：距左 {x:.1}，距上 {y:.1}，宽 {width:.1}，高 {height:.1} 毫米{part}"),
                    format!("page {page}: {x:.1} from left, {y:.1} from top, {width:.1} wide, {height:.1} high (mm){part}"),
                )) }
            }
            @if places.len() > TOLD { li { "…" } }
        }
    }
}

/// What of a stamp shows: left, top, width, height in mm.
fn shown(place: &sealing::Placement) -> [f64; 4] {
    let bounds = place.bounds;
    match place.clip {
        Some(clip) => [bounds.x + clip.x, bounds.y + clip.y, clip.width, clip.height],
        None => [bounds.x, bounds.y, bounds.width, bounds.height],
    }
}

/// The frames of a page, counted from 1.
pub(crate) fn marks(places: &[sealing::Placement], number: usize, l: Language) -> Vec<Mark> {
    let here = places.iter().filter(|place| place.page + 1 == number);
    here.map(|place| Mark {
        place: shown(place),
        text: match place.clip {
            Some(_) => l.pick("骑缝", "edge").to_owned(),
            None => l.pick("盖章位置", "stamp").to_owned(),
        },
        color: "#9c1c14",
    })
    .collect()
}

fn board(
    (document, number): (&Digest32, u64),
    face: Option<&SealFace>,
    preview: Option<&Preview>,
    l: Language,
) -> Markup {
    let name = l.pick(format!("第 {number} 页"), format!("Page {number}"));
    let (width, height) = face.map_or((42.0, 42.0), |face| (face.width_mm, face.height_mm));
    let label = l.pick(
        "印章位置，用方向键移动",
        "Place of the stamp, moved with arrow keys",
    );
    let query = preview.and_then(|preview| {
        let seal = preview.seal.to_string();
        serde_urlencoded::to_string([("seal", seal.as_str()), ("placement", preview.placement.as_str())]).ok()
    });
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    html! {
        figure.sheet data-page=(number) data-stamp-width=(width) data-stamp-height=(height)
            data-label=(label) data-word=(l.pick("印章", "Seal")) {
            div.board { img src={ "/documents/" (document) "/pages/" (number) (query) } alt=(name) width="794" height="1123"; }
            figcaption { (name) }
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
            amount_fen: typed.amount_fen()?,
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
        Err(problem) => ask_page(&service, &visit, &typed, Err(problem)).await,
    }
}

/// A page of a document that the visitor brought, with the places of a preview if one is asked for.
pub(crate) async fn own_picture(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let (document, number): (Digest32, usize) = (visit.call.path("document")?, visit.call.path("number")?);
    service.own_document(visit.caller()?, document).await?;
    let mut frames = Vec::new();
    let tried = (
        visit.query("seal").parse::<SealId>(),
        Placement::try_from(visit.query("placement")),
    );
    if let (Ok(seal), Ok(placement)) = tried {
        let places = places(&service, &visit, (document, seal, &placement)).await?;
        frames = marks(&places, number, visit.language());
    }
    let spooled = service.take_out(document).await?;
    let file = Arc::new(Mutex::new(spooled.file));
    let drawn = service.draw_page(file, number).await?;
    Ok(marked(&drawn, &frames))
}
