//! Batches: many documents under one decision; asking for one, looking through it, sealing it with one entry of the
//! PIN, and what became of each document.

use std::sync::{Arc, Mutex};

use axum::response::Response;
use maud::{Markup, html};
use registry::usage::{Content, DocumentType, Outcome, UseStatus};
use registry::{Digest32, SealId, UseId, UseRequest};
use sealing::Language;
use store::Page;
use zeroize::Zeroizing;

use super::ask_use::{self, Choices, Typed, place_fields, unclassified};
use super::form::Form;
use super::layout::{Sheet, page_with};
use super::parts::{Field, badge, empty, hidden, problem_box, stack};
use super::uses::{PAGES_SHOWN, above, page_name};
use super::verify::marked;
use super::visit::{Visit, see};
use crate::app::{BatchItem, NewUse, Service, StampPlace, Wanted};
use crate::http::answer::kept;
use crate::http::problem::Problem;

/// Documents that are brought with one page; programs bring more.
pub(crate) const FILES_MAX: usize = 200;
/// Documents that a page lists.
const LISTED: u32 = 50;
/// Seconds after which a page without scripts looks again how far a batch is.
const LOOK_SECONDS: u32 = 3;

pub(crate) async fn new(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    new_page(&service, &visit, &Typed::new(), (&[], None)).await
}

async fn new_page(
    service: &Service,
    visit: &Visit,
    typed: &Typed,
    (brought, problem): (&[Digest32], Option<&Problem>),
) -> Result<Response, Problem> {
    let l = visit.language();
    let choices = Choices::of(service, visit).await?;
    let count = brought.len();
    let title = l.pick("批量用印", "A batch of documents");
    let digests: Vec<_> = brought.iter().map(ToString::to_string).collect();
    let body = html! {
        div.text {
            h1 { (title) }
            p { (l.pick("多份同类文件一次申请、一次审批、输入一次口令盖章；每份单独记录，任何一份出错不影响其他。", "Documents of one sort are asked for, approved and sealed together; each has its own record, and one that fails leaves the others alone.")) }
            @if let Some(problem) = problem { (problem_box(problem, l)) }
            (choices.none(l))
            form.card method="post" action="/uses/batch" enctype="multipart/form-data" {
                (hidden(&visit.face))
                @if count > 0 {
                    input type="hidden" name="brought" value=(digests.join(" "));
                    div.notice.good role="status" { p { (l.pick(format!("已上传 {count} 份，不必重选；再选的会加在后面。"), format!("{count} document(s) are here already; those you choose now are added."))) } }
                }
                div.drop data-keep="" {
                    label for="file" { strong { (l.pick("选择多份 OFD 或 PDF 文件，或拖到这里", "Choose OFD or PDF documents, or drop them here")) } }
                    input #file type="file" name="file" multiple required[count == 0] accept=".ofd,.pdf";
                    p.muted { (l.pick(format!("一次最多 {FILES_MAX} 份；顺序即盖章顺序。涉密文件和空白文件不能在本系统盖章（第八条）。"), format!("At most {FILES_MAX} at a time; they are sealed in this order. State secrets and blank documents cannot be sealed here."))) }
                }
                (choices.fields(typed, l))
                (place_fields(typed, l))
                (unclassified(l, false))
                button.main { (l.pick("提交批量申请", "Ask for this batch")) }
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

pub(crate) async fn request(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let _place = service.document_place().ok_or_else(Problem::busy)?;
    let bytes_max = service.config.documents.bytes_max;
    let mut form = match visit.form_of_files(&service, bytes_max, FILES_MAX).await {
        Ok(form) => form,
        Err(problem) => return new_page(&service, &visit, &Typed::new(), (&[], Some(&problem))).await,
    };
    let typed = Typed::of(&form);
    let mut brought: Vec<Digest32> = form
        .text("brought")
        .split(' ')
        .filter_map(|one| one.parse().ok())
        .collect();
    let asked = ask(&service, &visit, &mut form, (&typed, &mut brought)).await;
    match asked {
        Ok(request) => Ok(see(&format!("/uses/{}", request.id))),
        Err(problem) => new_page(&service, &visit, &typed, (&brought, Some(&problem))).await,
    }
}

async fn ask(
    service: &Service,
    visit: &Visit,
    form: &mut Form,
    (typed, brought): (&Typed, &mut Vec<Digest32>),
) -> Result<UseRequest, Problem> {
    let caller = visit.caller()?;
    let once = visit.once("use_request", form)?;
    for sent in form.take_files() {
        let name = sent.name.clone();
        let kept = service.bring_document(caller, sent.spooled).await;
        let (upload, _) = kept.map_err(|error| Problem::from(error).about_file(&name))?;
        let document = Digest32(upload.document.0);
        if !brought.contains(&document) {
            brought.push(document);
        }
    }
    if brought.is_empty() || brought.len() > FILES_MAX {
        return Err(Problem::bad_field(
            &format!("请选择 1 至 {FILES_MAX} 份文件"),
            &format!("Choose 1 to {FILES_MAX} documents"),
        ));
    }
    let new = NewUse {
        seal: form.parse::<SealId>("seal", ("印章", "Seal"))?,
        purpose: typed.purpose.clone(),
        document_type: DocumentType(typed.document_type.clone()),
        amount_fen: typed.amount_fen()?,
        wanted: Wanted::Batch(brought.clone()),
        placement: typed.placement()?,
        classified: form.text("unclassified").is_empty(),
    };
    kept::<UseRequest>(&service.request_use(caller, new, once).await?)
}

/// How far a batch is, for the page of its request.
pub(crate) struct Progress {
    request: UseRequest,
    running: bool,
    items: Vec<BatchItem>,
}

impl Progress {
    pub(crate) async fn of(service: &Service, visit: &Visit, id: UseId) -> Result<Self, Problem> {
        let after = visit.query("after").parse::<u32>().ok();
        let page = Page { after, limit: LISTED };
        let part = service.batch(visit.caller()?, id, page).await?;
        Ok(Self {
            request: part.request,
            running: part.running,
            items: part.items,
        })
    }

    /// Figures, a bar, and the documents with their results.
    pub(crate) fn markup(&self, l: Language) -> Markup {
        let (count, sealed) = (self.request.content.count(), self.request.stamped.len());
        let failed = self.request.failed.len();
        let figures = [
            (l.pick("共", "documents"), u64::from(count)),
            (l.pick("已盖章", "sealed"), u64::from(sealed)),
            (l.pick("失败", "failed"), u64::from(failed)),
        ];
        let words = match self.running {
            true => l.pick(
                format!("正在盖章：{sealed} / {count}"),
                format!("Sealing: {sealed} of {count}"),
            ),
            false if sealed == count => l.pick(
                format!("全部 {count} 份已盖章"),
                format!("All {count} are sealed"),
            ),
            false => l.pick(
                format!("已盖章 {sealed} / {count}"),
                format!("{sealed} of {count} are sealed"),
            ),
        };
        html! {
            section #batch data-running=[self.running.then_some("")] {
                (super::parts::figures(&figures))
                p #batch-words role="status" { strong { (words) } }
                progress max=(count) value=(sealed) aria-labelledby="batch-words" { (words) }
                @if self.running {
                    noscript { meta http-equiv="refresh" content=(LOOK_SECONDS); p { (l.pick("本页每 3 秒自动刷新。", "This page looks again every 3 seconds.")) } }
                }
                (self.table(l))
            }
            @if self.running { script type="module" src=(super::assets::address("batch.js")) {} }
        }
    }

    fn table(&self, l: Language) -> Markup {
        let id = self.request.id;
        let last = self.items.last().map(|item| item.item);
        let next = last.filter(|last| last + 1 < self.request.content.count());
        let names = [
            l.pick("序号", "No."),
            l.pick("文件", "Document"),
            l.pick("结果", "Result"),
        ];
        let row = |item: &BatchItem| {
            let number = item.item + 1;
            vec![
                html! { (number) },
                html! {
                    a href={ "/uses/" (id) "/items/" (item.item) } {
                        (l.pick(format!("查看第 {number} 份"), format!("Look at document {number}")))
                    }
                    " " code title=(item.document) { (item.document.to_string()[..12]) "…" }
                },
                self.result(item, l),
            ]
        };
        html! {
            (stack(&names, self.items.iter().map(row)))
            @if let Some(next) = next { p { a.button href={ "/uses/" (id) "?after=" (next) } { (l.pick("其后的文件", "The documents after these")) } } }
        }
    }

    fn result(&self, item: &BatchItem, l: Language) -> Markup {
        let id = self.request.id;
        let outcome = item
            .record
            .as_ref()
            .map(|record| (record.sequence, record.outcome.as_ref()));
        html! {
            @match outcome {
                None => { span.muted { (l.pick("尚未盖章", "not sealed yet")) } }
                Some((_, None)) => (badge("open", l.pick("正在进行", "not finished"))),
                Some((_, Some((_, Outcome::Failed { .. })))) => {
                    (badge("bad", l.pick("✗ 失败", "✗ failed")))
                    @if let Some((zh, en)) = item.failed() { " " (l.pick(zh, en)) }
                }
                Some((sequence, Some((_, Outcome::Stamped { .. })))) => {
                    (badge("good", l.pick("✓ 已盖章", "✓ sealed"))) " "
                    a href={ "/uses/" (id) "/records/" (sequence) "/sealed" } download={ "sealed-" (item.item + 1) } { (l.pick("下载", "Save")) }
                }
            }
        }
    }

    /// The custodian's form; the rules decide again when it is sent.
    pub(crate) fn stamp_form(&self, visit: &Visit, mine: bool) -> Markup {
        let l = visit.language();
        let left = self
            .request
            .content
            .count()
            .saturating_sub(self.request.stamped.len());
        if !mine || self.running || self.request.status != UseStatus::Approved || left == 0 {
            return html! {};
        }
        html! {
            form.card method="post" action={ "/uses/" (self.request.id) "/batch" } {
                (hidden(&visit.face))
                h2 { (l.pick(format!("盖章（还有 {left} 份）"), format!("Seal them ({left} left)"))) }
                p { (l.pick("输入一次口令，逐份盖章；可以离开本页，完成的不会重复。", "One entry of the PIN seals them one after the other. You may leave this page; what is done is not done twice.")) }
                (Field { name: "pin", label: l.pick("印章保护口令", "PIN of the seal"), hint: l.pick("连续输错会锁定印章", "Wrong tries lock the seal"), kind: "password", value: "", needed: true }.markup())
                button.main { (l.pick("开始盖章", "Begin to seal")) }
            }
        }
    }
}

pub(crate) async fn stamp(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let id: UseId = visit.call.path("use")?;
    let once = visit.once("batch_stamp", &form)?;
    let pin = Zeroizing::new(form.text("pin").to_owned());
    match service.stamp_batch(visit.caller()?, id, pin, once).await {
        Ok(_) => Ok(see(&format!("/uses/{id}"))),
        Err(error) => super::uses::show_with(&service, &visit, Some(&error.into())).await,
    }
}

/// One document of a batch, as it is or was to be sealed.
struct Item {
    request: UseRequest,
    number: u32,
    document: Digest32,
    sealed: Option<Digest32>,
}

impl Item {
    async fn of(service: &Service, visit: &Visit) -> Result<Self, Problem> {
        let (id, number): (UseId, u32) = (visit.call.path("use")?, visit.call.path("item")?);
        let caller = visit.caller()?;
        let document = service.batch_document(caller, id, number).await?;
        let page = Page {
            after: number.checked_sub(1),
            limit: 1,
        };
        let part = service.batch(caller, id, page).await?;
        let record = part.items.into_iter().next().and_then(|item| item.record);
        let sealed = match record.and_then(|record| record.outcome) {
            Some((_, Outcome::Stamped { sealed })) => Some(sealed),
            _ => None,
        };
        Ok(Self {
            request: part.request,
            number,
            document,
            sealed,
        })
    }
}

pub(crate) async fn item(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let l = visit.language();
    let item = Item::of(&service, &visit).await?;
    let shown = item.sealed.unwrap_or(item.document);
    let pages = service.pages_of(shown).await?.min(PAGES_SHOWN);
    let (number, id) = (item.number, item.request.id);
    let of = item.request.content.count();
    let title = l.pick(
        format!("第 {} 份，共 {of} 份", number + 1),
        format!("Document {} of {of}", number + 1),
    );
    let name = |page: u64| page_name(page, item.sealed.is_some(), l);
    let body = html! {
        h1 { (title) }
        nav.actions aria-label=(l.pick("前后的文件", "Documents before and after")) {
            @if let Some(before) = number.checked_sub(1) { a.button href={ "/uses/" (id) "/items/" (before) } { (l.pick("上一份", "Before")) } }
            @if number + 1 < of { a.button href={ "/uses/" (id) "/items/" (number + 1) } { (l.pick("下一份", "Next")) } }
            a href={ "/uses/" (id) } { (l.pick("回到整批", "Back to the batch")) }
        }
        p { code { (item.document) } }
        div.text { @for page in 1..=pages { figure.sheet {
            img src={ "/uses/" (id) "/items/" (number) "/pages/" (page) } alt=(name(page)) loading="lazy" width="794" height="1123";
            figcaption { (name(page)) }
        } } }
        @if pages == 0 { (empty(l.pick("没有可显示的页面。", "There are no pages to show."))) }
    };
    let place = format!("/uses/{id}");
    let [uses] = above(l);
    let sheet = Sheet {
        title: &title,
        above: &[uses, (place.as_str(), item.request.purpose.as_str())],
        body,
    };
    Ok(page_with(&visit, &sheet, None))
}

pub(crate) async fn picture(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let number: usize = visit.call.path("number")?;
    let item = Item::of(&service, &visit).await?;
    let mut marks = Vec::new();
    if let (None, Content::Batch(batch)) = (item.sealed, &item.request.content)
        && let Some(place) = StampPlace::read(&batch.placement)
    {
        let seal = service.seal_record(item.request.seal).await?;
        let face = service.seal_face(&seal).await?;
        let places = service
            .seal_places(item.document, &place, &face)
            .await
            .unwrap_or_default();
        marks = ask_use::marks(&places, number, visit.language());
    }
    let spooled = service.take_out(item.sealed.unwrap_or(item.document)).await?;
    let drawn = service
        .draw_page(Arc::new(Mutex::new(spooled.file)), number)
        .await?;
    Ok(marked(&drawn, &marks))
}
