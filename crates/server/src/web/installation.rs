//! The installation itself, for its administrators: program, keys, trust lists, and what it is configured to.

use std::sync::Arc;

use axum::response::Response;
use maud::{Markup, html};
use pki::Certificate;
use sealing::Language;

use super::layout::{Sheet, page};
use super::parts::{badge, empty, heads, time};
use super::visit::Visit;
use crate::app::{Installation, Service};
use crate::http::problem::Problem;

/// Certificates of one list that are shown.
const SHOWN_MAX: usize = 100;

pub(crate) async fn show(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let l = visit.language();
    let this = service.installation(visit.caller()?).await?;
    let title = l.pick("系统", "Installation");
    let names = [
        l.pick("制章人的信任锚", "Anchors for makers of seals"),
        l.pick("签章人的信任锚", "Anchors for those who sign"),
        l.pick("时间戳机构的信任锚", "Anchors for timestamp authorities"),
    ];
    let body = html! {
        h1 { (title) }
        div.split {
            section.card { h2 { (l.pick("本机构的服务", "This service")) } (facts(&this, l)) }
            section.card { h2 { (l.pick("配置", "Configuration")) }
                dl.facts { @for (name, value) in &this.settings { dt { code { (name) } } dd { (value) } } }
                p.muted { (l.pick("改动配置文件后重启服务。", "Change the configuration and start the service again.")) }
            }
        }
        section.card { h2 { (l.pick("密钥", "Keys")) } (keys(&this, l)) }
        h2 { (l.pick("信任列表", "Trust lists")) }
        @for (name, list) in names.iter().zip(&this.anchors) {
            section.card { h3 { (name) } (certificates(list, &this, l)) }
        }
        section.card { h3 { (l.pick("中间证书", "Intermediate certificates")) } (certificates(&this.intermediates, &this, l)) }
        section.card { h3 { (l.pick("证书撤销列表", "Revocation lists")) } (crls(&this, l)) }
    };
    let sheet = Sheet {
        title,
        above: &[],
        body,
    };
    Ok(page(&visit, &sheet))
}

fn facts(this: &Installation, l: Language) -> Markup {
    let none = || html! { (l.pick("未配置", "not configured")) };
    html! {
        dl.facts {
            dt { (l.pick("程序版本", "Version")) } dd { (this.version) }
            dt { (l.pick("数据库", "Database")) } dd { (this.engine) }
            dt { (l.pick("时间", "Time")) } dd { (time(this.now, l)) }
            dt { (l.pick("日志名称", "Name of the log")) } dd { code { (this.origin) } }
            dt { (l.pick("日志条数", "Entries of the log")) } dd { (this.log_size) }
            @for (name, place) in [l.pick("向公安机关备案", "Filing with public security"), l.pick("向主管部门备案", "Filing with the department")].iter().zip(&this.filing) {
                dt { (name) } dd { @match place { Some(place) => code { (place) }, None => (none()) } }
            }
        }
    }
}

fn keys(this: &Installation, l: Language) -> Markup {
    html! {
        dl.facts {
            dt { (l.pick("日志检查点的公钥", "Key of the log's checkpoints")) } dd { code { (this.log_key) } }
            @match &this.making {
                None => { dt { (l.pick("制章", "Making")) } dd { (l.pick("本服务不制作印章", "no seals are made here")) } }
                Some([maker, issuer]) => {
                    dt { (l.pick("制章人证书", "Maker's certificate")) } dd { (maker.subject()) " " (validity(maker, this, l)) }
                    dt { (l.pick("签发印章证书的 CA", "Issuer of seals' certificates")) } dd { (issuer.subject()) " " (validity(issuer, this, l)) }
                }
            }
            dt { (l.pick("印章密钥", "Keys of seals")) }
            dd { (l.pick("在软件密钥库中，各由保管人的口令和本机构的主密钥共同保护；主密钥由口令文件开启。", "in the software store, each under its custodian's PIN and the installation's master key, which the PIN file opens.")) }
        }
    }
}

fn validity(certificate: &Certificate, this: &Installation, l: Language) -> Markup {
    html! {
        @if certificate.is_valid_at(this.now) { (badge("good", l.pick("有效", "valid"))) }
        @else { (badge("bad", l.pick("不在有效期内", "not valid now"))) }
        " " (l.pick("至 ", "until ")) (time(certificate.not_after(), l))
    }
}

fn certificates(list: &[Certificate], this: &Installation, l: Language) -> Markup {
    if list.is_empty() {
        return empty(l.pick(
            "没有：相应的文件不能得出“通过”。",
            "None: what needs one is never passed.",
        ));
    }
    html! {
        div.scroll { table {
            (heads(&[l.pick("主题", "Subject"), l.pick("有效期", "Valid"), "SM3"]))
            tbody { @for one in list.iter().take(SHOWN_MAX) { tr {
                td { (one.subject()) }
                td { (validity(one, this, l)) }
                td { code { (one.digest()) } }
            } } }
        } }
        @if list.len() > SHOWN_MAX { p.muted { "+ " (list.len() - SHOWN_MAX) } }
    }
}

fn crls(this: &Installation, l: Language) -> Markup {
    if this.crls.is_empty() {
        return empty(l.pick(
            "没有给出撤销列表：报告会写明未核对撤销状态。",
            "None were given: reports say that revocation was not checked.",
        ));
    }
    html! {
            div.scroll { table {
                (heads(&[
        l.pick("签发者", "Issuer"),
        l.pick("发布", "Issued"),
        l.pick("下次", "Next"),
        l.pick("条数", "Entries"),
    ]))
                tbody { @for crl in this.crls.iter().take(SHOWN_MAX) { tr {
                    td { (crl.issuer()) }
                    td { (time(crl.this_update(), l)) }
                    td {
                        @if let Some(next) = crl.next_update() { (time(next, l)) } @else { "–" }
                        @if crl.next_update().is_some_and(|next| next < this.now) {
                            " " (badge("bad", l.pick("过期", "too old")))
                        }
                    }
                    td.number { (crl.len()) }
                } } }
            } }
        }
}
