//! The impression asked for beside the registered one (R34), and beside the owner's other seals (R28).

use std::sync::Arc;

use axum::response::Response;
use maud::{Markup, html};
use registry::application::{ApplicationStatus, Ask};
use registry::seal::Verdict;
use registry::{Application, ApplicationId, Digest32, Role, SealId, SealKind, SubjectKind};
use sealing::Language;

use super::applications::{finish, whole};
use super::parts::{badge, heads, hidden};
use super::uses::holds;
use super::visit::Visit;
use crate::app::{Beside, BesideVerdict, Compared, Error, IMPRESSION_BYTES_MAX, Service, parts_of};
use crate::http::problem::Problem;

/// What the newest comparison found, with its pictures.
pub(crate) fn card(id: ApplicationId, compared: &Compared, l: Language) -> Markup {
    let original = |digest: &Digest32| format!("/applications/{id}/impressions/{digest}");
    html! {
        section.card {
            h2 { (l.pick("印模比对", "Comparison of impressions")) }
            p { (measured(&compared.measured, l)) " · " (l.pick("相似度 ", "likeness ")) (compared.score_per_mille) "‰" }
            @if !compared.places.is_empty() {
                p { (l.pick("请先看这些位置（图中绿圈）：", "Look at these places first (green rings in the pictures):")) }
                ol { @for [zh, en] in &compared.places { li { (l.pick(zh, en)) } } }
            }
            div.compared {
                (picture(id, "registered", l.pick("登记的印模", "registered")))
                (picture(id, "submitted", l.pick("提交的印模，按同一大小、方向摆正", "handed in, at the same scale and turned alike")))
                (picture(id, "overlay", l.pick("叠加：蓝为登记独有，红为提交独有，深色为两者共有", "overlay: blue only registered, red only handed in, dark both")))
                (picture(id, "heat-map", l.pick("差异热图：登记印模不能解释的部分，越红越大", "heat map of what the registered one does not explain: the redder, the more")))
            }
            p.hint { (l.pick("点击图片看原大。机器比对只提供依据，是否一致由审核人、制章人决定（R34）。", "Click a picture to see it in full. The machine gives the grounds; whether they agree is decided by reviewer and maker (R34).")) }
            @if !compared.measures.is_empty() { (measures(compared, l)) }
            p.actions {
                a href=(original(&compared.registered)) { (l.pick("登记的原图", "Registered, as received")) }
                a href=(original(&compared.submitted)) { (l.pick("提交的原图", "Handed in, as received")) }
                a href={ "/applications/" (id) "/materials/" (compared.report) } download="comparison.html" { (l.pick("下载比对报告", "Save the report")) }
            }
        }
    }
}

/// A picture of the comparison's report, which a click shows in full.
fn picture(id: ApplicationId, picture: &str, name: &str) -> Markup {
    let address = format!("/applications/{id}/comparison/{picture}");
    html! {
        figure {
            a href=(address) { img src=(address) alt=(name) loading="lazy"; }
            figcaption { (name) }
        }
    }
}

fn measures(compared: &Compared, l: Language) -> Markup {
    html! {
        details {
            summary { (l.pick("全部指标", "All measures")) }
            div.scroll { table {
                (heads(&[l.pick("指标", "Measure"), l.pick("值", "Value"), l.pick("相同上限", "Same up to"), l.pick("不同下限", "Different from"), l.pick("结论", "Says")]))
                tbody { @for measure in &compared.measures { tr {
                    td { (l.pick(&measure.name[0], &measure.name[1])) }
                    td { (measure.value) }
                    td { (measure.same_max) }
                    td { (measure.different_min.as_deref().unwrap_or("–")) }
                    td { (measured(&measure.says, l)) }
                } } }
            } }
        }
    }
}

fn measured(name: &str, l: Language) -> Markup {
    match name {
        "same" => badge("good", l.pick("✓ 一致", "✓ the same")),
        "different" => badge("bad", l.pick("✗ 不一致", "✗ different")),
        "unreadable" => badge("open", l.pick("? 图片无法识别", "? cannot be read")),
        _ => badge("open", l.pick("? 须人工核对", "? for a person to look at")),
    }
}

/// The form that compares, where a seal is asked for; what was fetched from public security needs no upload (R33).
pub(crate) fn form(
    visit: &Visit,
    application: &Application,
    compared: Option<&Compared>,
    fetched: bool,
) -> Markup {
    let l = visit.language();
    if !matches!(application.ask, Ask::Make { .. }) {
        return html! {};
    }
    // What a maker begins with; a reviewer mainly decides.
    let first = compared.is_none() && application.status == ApplicationStatus::Approved;
    html! {
        form.card method="post" action={ "/applications/" (application.id) "/comparison" } enctype="multipart/form-data" {
            (hidden(&visit.face))
            h2 { (l.pick("比对印模", "Compare the impressions")) }
            @if fetched {
                p { (l.pick("与从公安机关取得的登记印模比对。", "The one handed in is compared with the registered one, which public security gave.")) }
            } @else {
                p { (l.pick("上传公安机关登记的印模，与申请人提交的比对。", "Upload the registered impression, to be compared with the one handed in.")) }
                div.field { label for="registered" { (l.pick("登记的印模", "Registered impression")) } input #registered type="file" name="file" required accept=".png,.svg,.jpg,.jpeg,.bmp,.tif,.tiff,.gif"; }
            }
            button.main[first] { (l.pick("比对", "Compare")) }
        }
    }
}

/// The verdict of a person; only a clear measurement proposes one.
pub(crate) fn verdict_field(compared: Option<&Compared>, l: Language) -> Markup {
    let proposed = compared.map_or("", |compared| compared.measured.as_str());
    let verdicts = [
        ("", l.pick("请选择", "choose")),
        ("same", l.pick("一致", "the same")),
        ("different", l.pick("不一致", "different")),
    ];
    let open = !["same", "different"].contains(&proposed);
    html! {
        div.field {
            label for="verdict" { (l.pick("比对结论", "Verdict on the comparison")) }
            @if open && compared.is_some() { p.hint #verdict-hint { (l.pick("机器没有结论：请看过标记处再定。", "The machine cannot tell: look at the marked places, then decide.")) } }
            select #verdict name="verdict" required aria-describedby=[(open && compared.is_some()).then_some("verdict-hint")] {
                @for (value, text) in verdicts { option value=(value) selected[value == proposed] { (text) } }
            }
        }
    }
}

/// Beside the owner's other seals of the kind (R28): what was found, and what a person is to decide.
pub(crate) async fn beside_card(
    service: &Service,
    visit: &Visit,
    application: &Application,
) -> Result<Markup, Problem> {
    let (l, id) = (visit.language(), application.id);
    let Ask::Make { seal } = &application.ask else {
        return Ok(html! {});
    };
    let open = matches!(
        application.status,
        ApplicationStatus::UnderReview | ApplicationStatus::Approved
    );
    let decides = open && (holds(visit, Role::Reviewer) || holds(visit, Role::Maker));
    let found = service.beside(visit.caller()?, id).await?;
    if seal.kind == SealKind::LegalName || (found.is_empty() && !decides) {
        return Ok(html! {});
    }
    let mut rows = Vec::new();
    for one in &found {
        rows.push((one, against(service, one, l).await?));
    }
    Ok(html! {
        section.card {
            h2 { (l.pick("与所有者其他同类印章比对（R28）", "Beside the owner's other seals of the kind (R28)")) }
            @if decides { form method="post" action={ "/applications/" (id) "/beside" } {
                (hidden(&visit.face))
                button { (l.pick("查找并比对", "Look for them and compare")) }
            } }
            @if !rows.is_empty() { div.scroll { table {
                (heads(&[l.pick("与", "Beside"), l.pick("机器", "Machine"), l.pick("相似度", "Likeness"), l.pick("人工", "Person"), l.pick("报告", "Report")]))
                tbody { @for (one, name) in &rows { tr {
                    td { (name) }
                    td { (measured(&one.measured, l)) }
                    td { (one.score_per_mille) "‰" }
                    td { @match &one.decided {
                        Some(decided) => { (person_said(decided.verdict, l)) br; span.muted.data { (decided.reason) } }
                        None => "–"
                    } }
                    td { @if let Some(report) = one.report {
                        a href={ "/applications/" (id) "/materials/" (report) } download="beside.html" { (l.pick("下载", "Save")) }
                    } }
                } } }
            } } }
            @for (one, name) in rows.iter().filter(|(one, _)| decides && is_open(one)) {
                (decision(visit, id, one, name))
            }
        }
    })
}

/// The machine could not tell, and no person did yet.
fn is_open(one: &Beside) -> bool {
    one.decided.is_none() && !["same", "different"].contains(&one.measured.as_str())
}

fn person_said(verdict: Verdict, l: Language) -> Markup {
    match verdict {
        Verdict::Same => measured("same", l),
        Verdict::Different => measured("different", l),
    }
}

async fn against(service: &Service, one: &Beside, l: Language) -> Result<Markup, Problem> {
    let id = one.against.id;
    Ok(match one.against.kind {
        SubjectKind::Seal => {
            let seal = service.seal_record(SealId(id)).await?;
            html! { a href={ "/seals/" (id) } { (super::filings::seal_name(&seal, l)) } }
        }
        _ => html! { a href={ "/applications/" (id) } { (l.pick("另一份申请", "another application")) } },
    })
}

fn decision(visit: &Visit, id: ApplicationId, one: &Beside, name: &Markup) -> Markup {
    let l = visit.language();
    // Several of these forms can stand on one page: each field has an identifier of its own.
    let (verdict, reason) = (
        format!("verdict-{}", one.against.id),
        format!("reason-{}", one.against.id),
    );
    html! {
        details open {
            summary { (l.pick("请决定：与 ", "Decide: beside ")) (name) }
            form method="post" action={ "/applications/" (id) "/beside" } {
                (hidden(&visit.face))
                input type="hidden" name="against" value=(one.against.id);
                div.field {
                    label for=(verdict) { (l.pick("两枚印模", "The impressions are")) }
                    select id=(verdict) name="verdict" required {
                        option value="" { (l.pick("请选择", "choose")) }
                        option value="different" { (l.pick("不同", "different")) }
                        option value="same" { (l.pick("相同", "the same")) }
                    }
                }
                div.field {
                    label for=(reason) { (l.pick("理由", "Why")) }
                    textarea id=(reason) name="reason" rows="3" required {}
                }
                button.main { (l.pick("决定", "Decide")) }
            }
        }
    }
}

pub(crate) async fn compare(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let _place = service.verify_place().ok_or_else(Problem::busy)?;
    let id: ApplicationId = visit.call.path("application")?;
    let mut form = visit.form(&service, IMPRESSION_BYTES_MAX).await?;
    let done = async {
        let caller = visit.caller()?;
        let application = service.readable_application(caller, id).await?;
        let once = visit.once("impression_compare", &form)?;
        service.may_compare(caller, &application, once.clone()).await?;
        let digest = match service.fetched(&application).await? {
            Some(fetched) => fetched,
            None => {
                let file = form.take_file()?;
                let digest = Digest32(file.spooled.digest.0);
                service
                    .receive_document(parts_of(file.spooled.file), IMPRESSION_BYTES_MAX)
                    .await?;
                digest
            }
        };
        service.compare_impression(caller, id, digest, once).await?;
        Ok::<_, Problem>(service.compare_beside(caller, &application).await?)
    };
    let done = done.await;
    finish(done, &service, &visit).await
}

/// Compares with the owner's other seals, or takes a person's decision about one of them.
pub(crate) async fn beside(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let _place = service.verify_place().ok_or_else(Problem::busy)?;
    let id: ApplicationId = visit.call.path("application")?;
    let form = visit.form(&service, 0).await?;
    let done = async {
        let caller = visit.caller()?;
        let once = visit.once("likeness_decide", &form)?;
        if form.text("against").is_empty() {
            let application = service.readable_application(caller, id).await?;
            service.may_compare(caller, &application, once).await?;
            service.compare_beside(caller, &application).await?;
            return Ok::<_, Problem>(());
        }
        let decision = BesideVerdict {
            against: form.parse("against", ("与哪枚印章", "Beside which seal"))?,
            verdict: serde_json::from_value(form.text("verdict").into()).map_err(|_| {
                Problem::bad_field(
                    "请选择两枚印模相同还是不同",
                    "Choose whether the impressions are the same",
                )
            })?,
            reason: form.text("reason").trim().to_owned(),
        };
        service.decide_beside(caller, id, decision, once).await?;
        Ok(())
    };
    let done = done.await;
    finish(done, &service, &visit).await
}

/// The pictures of a comparison's report as their addresses name them, in the order of the report.
const REPORT_PICTURES: [&str; 4] = ["registered", "submitted", "overlay", "heat-map"];

/// A picture of the comparison's report.
pub(crate) async fn report_picture(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let (id, name): (_, String) = (visit.call.path("application")?, visit.call.path("picture")?);
    let report = whole(service.comparison_report(visit.caller()?, id).await?).await?;
    let number = REPORT_PICTURES.iter().position(|one| *one == name);
    let picture = number.zip(str::from_utf8(&report).ok());
    let picture = picture.and_then(|(number, report)| impression::report_picture(report, number));
    let picture = picture.ok_or(Error::NotFound { what: "picture" })?;
    Ok(super::seals::as_picture("image/png", picture))
}
