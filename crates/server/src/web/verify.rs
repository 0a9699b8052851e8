//! Verifying for everybody: send a document, see what it proves, its pages with the stamps marked, take the report
//! along; and what anybody may know of a seal by its code.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use registry::SealRecord;
use sealing::{Conclusion, Depth, InputKind, Language, Report, conclusion_word, render};

use super::layout::{Sheet, page, page_with};
use super::parts::{Field, badge, empty, hidden, problem_box, time};
use super::report;
use super::visit::{Visit, see};
use super::words;
use crate::app::{PagePicture, Service, Verified, VerifyFailed, is_committed};
use crate::http::answer::of_type;
use crate::http::problem::Problem;

/// Pages of a document that are shown on one page of ours.
const PAGES_SHOWN: usize = 10;
/// Longest name of a document that is repeated, in characters.
const NAME_CHARS_MAX: usize = 255;

pub(crate) async fn show(_: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    Ok(upload_page(&visit, None))
}

/// Receives the document, verifies it, and goes to what was found.
pub(crate) async fn send(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let place = service.verify_place().ok_or_else(Problem::busy)?;
    let bytes_max = service.config.verify.document_bytes_max;
    let sent = match visit.form(&service, bytes_max).await {
        Ok(mut form) => form.take_file(),
        Err(problem) => Err(problem),
    };
    let sent = match sent {
        Ok(sent) => sent,
        Err(problem) => return Ok(upload_page(&visit, Some(&problem))),
    };
    let disk = |error: std::io::Error| Problem::internal(format!("an upload cannot be read: {error}"));
    let file = sent.spooled.file.try_clone().map_err(disk)?;
    let name: String = sent.name.chars().take(NAME_CHARS_MAX).collect();
    let report = service.verify(file, name, visit.call.now, place).await;
    let report = report.map_err(|error| match error {
        VerifyFailed::Disk(error) => disk(error),
        VerifyFailed::Ended => Problem::internal("a verification ended without a report"),
    })?;
    let id = service.keep_verified(report, (sent.spooled.file, sent.spooled.bytes));
    Ok(see(&format!("/verify/{id}")))
}

fn upload_page(visit: &Visit, problem: Option<&Problem>) -> Response {
    let l = visit.language();
    let title = l.pick("验证文件与印章", "Verify a document or a seal");
    let body = html! {
        div.text {
            h1 { (title) }
            p { (l.pick(
                "选择一份 OFD、PDF 文件或电子印章数据文件，即可知道：谁在何时盖的章、盖章后内容有没有改动、印章和证书是否有效。无须登录。",
                "Choose an OFD or PDF document, or the data file of a seal, to learn who sealed it and when, whether its content changed since, and whether seal and certificate are valid. No account is needed.",
            )) }
            @if let Some(problem) = problem { (problem_box(problem, l)) }
            form method="post" action="/verify" enctype="multipart/form-data" {
                (hidden(&visit.face))
                div.drop {
                    label for="file" { strong { (l.pick("选择文件，或拖到这里", "Choose a file, or drop it here")) } }
                    input #file type="file" name="file" required accept=".ofd,.pdf,.esl,.dat";
                    p.muted { (l.pick(
                        "文件只在本机构的服务器上处理，15 分钟后清除，不作保存。",
                        "The file is handled on this server only, and gone after 15 minutes.",
                    )) }
                }
                button.main { (l.pick("验证", "Verify")) }
            }
            h2 { (l.pick("只有印章编码？", "Only the code of a seal?")) }
            p { a href="/lookup" { (l.pick("按编码查询印章状态", "Look the seal up by its code")) } " · "
                a href="/help" { (l.pick("这些词是什么意思", "What the words mean")) } }
        }
    };
    let sheet = Sheet {
        title,
        above: &[],
        body,
    };
    page_with(visit, &sheet, problem)
}

fn kept(service: &Service, visit: &Visit) -> Result<Arc<Verified>, Problem> {
    let id: String = visit.call.path("verified")?;
    service.verified(&id).ok_or_else(Problem::no_longer_kept)
}

pub(crate) async fn result(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let verified = kept(&service, &visit)?;
    let l = visit.language();
    let report = &verified.report;
    let here = &visit.call.target;
    let count = report.document.as_ref().map_or(0, |document| document.pages);
    let title = l.pick("验证结论", "What was found");
    let first = visit.query("from").parse().unwrap_or(1).clamp(1, count.max(1));
    let last = (first + PAGES_SHOWN - 1).min(count);
    let body = html! {
        (verdict(report, l))
        div.actions {
            a.button.main href="/verify" { (l.pick("再验证一份", "Verify another one")) }
            a.button href={ (here) "/report.html" } download { (l.pick("下载报告（HTML，可打印）", "Save the report (HTML, to print)")) }
            a.button href={ (here) "/report.json" } download { (l.pick("下载报告（JSON）", "Save the report (JSON)")) }
        }
        div.split {
            section aria-label=(l.pick("文件各页", "Pages of the document")) {
                @if count == 0 { (empty(l.pick("该文件没有可显示的页面。", "The file has no pages to show."))) }
                @for number in first..=last { (figure(here, number, report, l)) }
                @if first > 1 { a.button href={ (here) "?from=" (first.saturating_sub(PAGES_SHOWN).max(1)) } {
                    (l.pick("前面的页", "Earlier pages")) } }
                " "
                @if last < count { a.button href={ (here) "?from=" (last + 1) } { (l.pick("后面的页", "Later pages")) } }
            }
            div { (report::details(report, l)) }
        }
        p.muted { (l.pick("结果保留至 ", "Kept until ")) (time(verified.ends_at, l)) }
    };
    let sheet = Sheet {
        title,
        above: &[("/verify", l.pick("验证", "Verify"))],
        body,
    };
    Ok(page(&visit, &sheet))
}

fn figure(here: &str, number: usize, report: &Report, l: Language) -> Markup {
    let on_page = report.signatures.iter().flat_map(|signature| &signature.stamps);
    let stamps = on_page.filter(|stamp| stamp.page == Some(number)).count();
    let name = l.pick(
        format!("第 {number} 页，{stamps} 处印章"),
        format!("Page {number}, {stamps} stamps"),
    );
    html! {
        figure.sheet {
            img src={ (here) "/pages/" (number) } alt=(name) loading="lazy" width="794" height="1123";
            figcaption { (name) }
        }
    }
}

/// The conclusion in one line.
fn verdict(report: &Report, l: Language) -> Markup {
    let (tone, sign) = words::conclusion(report.conclusion);
    let line = render(report, Depth::Line, l);
    let line = line.split_once("  ").map_or(line.as_str(), |(_, rest)| rest);
    html! {
        div class={ "notice verdict " (tone) } {
            span.sign aria-hidden="true" { (sign) }
            div {
                h1 { (conclusion_word(report.conclusion, l)) }
                p { (line.trim()) }
            }
        }
    }
}

/// A page as a picture, with a frame around each stamp that says which signature it belongs to and how that stands.
pub(crate) async fn picture(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let verified = kept(&service, &visit)?;
    let number: usize = visit.call.path("number")?;
    let drawn = service.draw_page(Arc::clone(&verified.file), number).await?;
    let l = visit.language();
    let mut marks = Vec::new();
    for (index, signature) in verified.report.signatures.iter().enumerate() {
        let on_page = signature.stamps.iter().filter(|stamp| stamp.page == Some(number));
        for stamp in on_page {
            let word = conclusion_word(signature.conclusion, l);
            let (_, sign) = words::conclusion(signature.conclusion);
            marks.push(Mark {
                place: [stamp.x_mm, stamp.y_mm, stamp.width_mm, stamp.height_mm],
                text: format!("{} {sign} {word}", index + 1),
                color: match signature.conclusion {
                    Conclusion::Passed => "#17632f",
                    Conclusion::Failed => "#9c1c14",
                    _ => "#755000",
                },
            });
        }
    }
    Ok(marked(&drawn, &marks))
}

/// Something to be seen on a page, in mm.
pub(crate) struct Mark {
    pub(crate) place: [f64; 4],
    pub(crate) text: String,
    pub(crate) color: &'static str,
}

/// A page with its marks as an SVG picture, as large as the paper.
pub(crate) fn marked(drawn: &PagePicture, marks: &[Mark]) -> Response {
    let (width, height) = (drawn.width_mm, drawn.height_mm);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}mm\" height=\"{height}mm\" \
         viewBox=\"0 0 {width} {height}\"><image width=\"{width}\" height=\"{height}\" \
         href=\"data:image/png;base64,"
    );
    STANDARD.encode_string(&drawn.png, &mut svg);
    svg.push_str("\"/>");
    for mark in marks {
        let ([x, y, w, h], color) = (mark.place, mark.color);
        let text = &html! { (mark.text) }.0;
        // Chinese characters are as wide as the type is high, others about half of that.
        let widths = mark.text.chars().map(|c| if c.is_ascii() { 2.3 } else { 3.9 });
        let label = 2.4 + widths.sum::<f64>();
        let top = (y - 6.0).max(0.5);
        // Beside the right edge a label would be cut.
        let left = x.min(width - label - 0.5).max(0.5);
        let _ = write!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"none\" stroke=\"{color}\" \
             stroke-width=\"0.6\" stroke-dasharray=\"2 1\"/><rect x=\"{left}\" y=\"{top}\" width=\"{label}\" \
             height=\"5.4\" rx=\"1\" fill=\"{color}\"/><text x=\"{}\" y=\"{}\" font-size=\"3.8\" fill=\"#fff\" \
             font-family=\"sans-serif\">{text}</text>",
            left + 1.2,
            top + 4.1
        );
    }
    svg.push_str("</svg>");
    let mut response = of_type("image/svg+xml", svg.into_bytes());
    let policy = HeaderValue::from_static("default-src 'none'; img-src data:; sandbox");
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

pub(crate) async fn json_report(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let verified = kept(&service, &visit)?;
    let mut bytes =
        serde_json::to_vec_pretty(&verified.report).map_err(|error| Problem::internal(error.to_string()))?;
    bytes.push(b'\n');
    Ok(attached(
        of_type("application/json", bytes),
        "attachment; filename=\"report.json\"",
    ))
}

/// One file with everything in it, to be kept and printed.
pub(crate) async fn html_report(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let verified = kept(&service, &visit)?;
    let l = visit.language();
    let title = l.pick("电子印章验证报告", "Report on electronic seals");
    let style = concat!(include_str!("assets/base.css"), include_str!("assets/parts.css"));
    let document = html! {
        (DOCTYPE)
        html lang=(l.pick("zh-CN", "en")) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(style)) }
            }
            body {
                main {
                    p.muted { (title) " · " (l.pick("验证时间：", "judged for: ")) (sealing::beijing_time(verified.report.at, l)) }
                    (verdict(&verified.report, l))
                    (report::details(&verified.report, l))
                    h2 { (l.pick("完整记录", "Everything that was checked")) }
                    pre.code { (render(&verified.report, Depth::Full, l)) }
                }
            }
        }
    };
    let response = of_type("text/html; charset=utf-8", document.into_string().into_bytes());
    Ok(attached(response, "attachment; filename=\"report.html\""))
}

/// To be saved, not to be opened as a page of this site.
pub(crate) fn attached(mut response: Response<Body>, how: &'static str) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(how));
    response
}

/// What anybody may know of a seal, by the code in its data, at the end of a day or now.
pub(crate) async fn lookup(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let l = visit.language();
    let (code, day) = (visit.query("code").trim().to_owned(), visit.query("day"));
    let at = if day.is_empty() {
        Ok(visit.call.now)
    } else {
        end_of_day(&day)
    };
    let found = match (&at, code.is_empty()) {
        (Ok(at), false) => Some(service.seal_status(&code, (*at).min(visit.call.now)).await?),
        _ => None,
    };
    let title = l.pick("印章状态查询", "Look up a seal");
    let field = |name, label, hint, kind, value, needed| {
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
    let code_hint = l.pick(
        "印章数据中的编码，验证结果里可以看到",
        "The code in the seal's data; a verification shows it",
    );
    let day_hint = l.pick(
        "不填即为现在；填写后按该日终了时的状态",
        "Now if left empty; otherwise at the end of that day",
    );
    let body = html! {
        div.text {
            h1 { (title) }
            form.card method="get" action="/lookup" {
                div.row {
                    (field("code", l.pick("印章编码", "Code of the seal"), code_hint, "text", &code, true))
                    (field("day", l.pick("日期", "Date"), day_hint, "date", &day, false))
                }
                button.main { (l.pick("查询", "Look up")) }
            }
            @if let Err(problem) = &at { (problem_box(problem, l)) }
            @if let (Some(found), Ok(at)) = (&found, &at) {
                h2 { (l.pick("查询结果", "Result")) }
                @if found.is_empty() {
                    (empty(l.pick(
                        "那时没有登记此编码的印章。请核对编码；其他机关制作的印章请向该机关查询。",
                        "No seal with this code was registered then. Check the code; ask the authority that made the seal.",
                    )))
                }
                @for seal in found { (public_seal(seal, (*at).min(visit.call.now), l)) }
            }
        }
    };
    let sheet = Sheet {
        title,
        above: &[],
        body,
    };
    Ok(page(&visit, &sheet))
}

fn public_seal(seal: &SealRecord, at: Timestamp, l: Language) -> Markup {
    let (tone, status) = words::seal_status(seal.status, l);
    // The name of a person is shown by the documents that they sealed, not to whoever tries out codes.
    let name = match is_committed(&seal.name) {
        true => l.pick("个人名章", "A person's own seal"),
        false => seal.name.as_str(),
    };
    html! {
        section.card {
            h3 { (name) " " (badge(tone, status)) }
            dl.facts {
                dt { (l.pick("类型", "Kind")) } dd { (words::seal_kind(seal.kind, l)) }
                dt { (l.pick("查询时点", "As of")) } dd { (time(at, l)) }
                dt { (l.pick("当时可否用印", "Usable then")) }
                dd { @if seal.usable(at) { (l.pick("可以", "yes")) } @else { (l.pick("不可以", "no")) } }
                @if let Some(edition) = seal.edition() {
                    dt { (l.pick("有效期", "Valid")) }
                    dd { (time(edition.not_before, l)) " – " (time(edition.not_after, l)) }
                    dt { (l.pick("证书（SM3）", "Certificate (SM3)")) } dd { code { (edition.certificate) } }
                }
                @if let Some(standing) = &seal.standing {
                    dt { (l.pick("自", "Since")) } dd { (time(standing.at, l)) }
                }
            }
        }
    }
}

fn end_of_day(day: &str) -> Result<Timestamp, Problem> {
    let bad = || {
        Problem::bad_field(
            "日期无法识别，应如 2026-03-01",
            "The date cannot be read; write it as 2026-03-01",
        )
    };
    let day: Date = day.parse().map_err(|_| bad())?;
    let end = day
        .at(23, 59, 59, 0)
        .to_zoned(TimeZone::fixed(Offset::constant(8)));
    end.map(|end| end.timestamp()).map_err(|_| bad())
}

/// What a file is.
pub(crate) fn kind_word(kind: InputKind, l: Language) -> &'static str {
    match kind {
        InputKind::Ofd => l.pick("OFD 版式文件", "OFD document"),
        InputKind::Pdf => l.pick("PDF 文件", "PDF document"),
        InputKind::Seal => l.pick("电子印章数据", "data of a seal"),
        InputKind::SignedValue => l.pick("签名值数据", "a signed value without its document"),
        InputKind::Unknown => l.pick("无法识别的文件", "a file of no known kind"),
    }
}
