//! The words that the pages use, explained.

use std::sync::Arc;

use axum::response::Response;
use maud::html;

use super::layout::{Sheet, page};
use super::visit::Visit;
use crate::app::Service;
use crate::http::problem::Problem;

/// Anchor, Chinese word and explanation, English word and explanation.
type Entry = (&'static str, [&'static str; 2], [&'static str; 2]);

#[rustfmt::skip]
const ENTRIES: &[Entry] = &[
    ("passed", ["通过", "签章的每一项检查都成立，盖章后内容没有改动。可以依照电子文件本身办理。"],
        ["Passed", "Every check of every seal holds, and the content is as it was when it was sealed."]),
    ("failed", ["未通过", "至少有一项检查不成立，例如内容在盖章后被改动。不要依据该文件办理，请向发送方索取原文件。"],
        ["Failed", "A check does not hold, for example because the content was changed afterwards. Do not rely on the document; ask the sender for the original."]),
    ("indeterminate", ["无法确定", "现有材料不足以下结论，例如不认识证书的颁发机构。按给出的办法补充后再验证。"],
        ["Indeterminate", "What is at hand does not suffice, for example because the issuer of a certificate is not known here. Do what the reason advises, and verify again."]),
    ("unsigned", ["无签章", "文件里没有电子签章。看得见的红色印章可能只是图片，不具有电子印章的效力。"],
        ["Unsigned", "There is no electronic seal. A red stamp that can be seen may be a mere picture, which has no such effect."]),
    ("seal", ["电子印章", "由制章机关制作并签名的数据，含印章图像、名称、编码、有效期和可以使用它的证书。"],
        ["Electronic seal", "Data that an authority made and signed: picture, name, code, period, and the certificates that may use it."]),
    ("signature", ["电子签章", "把电子印章盖在文件上：用证书的密钥对文件内容和印章一起签名。"],
        ["Sealing", "An electronic seal put on a document: content and seal are signed together with the certificate's key."]),
    ("code", ["印章编码", "印章的唯一编号，写在印章数据里；凭它可以查询印章在某一日的状态。"],
        ["Seal code", "The number of a seal, in its data. With it, the status of the seal on any day can be looked up."]),
    ("timestamp", ["时间戳", "时间戳机构对“此时已有此签章”的证明。没有时间戳时，盖章时间只是签章者自己的说法。"],
        ["Timestamp", "An authority's proof that the seal existed at a time. Without it the time of sealing is what the signer says."]),
    ("straddle", ["骑缝章", "一枚印章分盖在相邻各页的边缘，缺页、换页即可看出。"],
        ["Straddle stamp", "One seal cut over the edges of the pages, so that a missing or replaced page is seen."]),
    ("lock", ["锁定签章", "盖后不允许再加盖其他签章。"],
        ["Locking seal", "Nothing can be sealed after it."]),
    ("filing", ["备案", "印章制作、变更、注销须在 24 小时内报公安机关备案，备案后方可领取使用。"],
        ["Filing", "Making, changing and cancelling a seal is filed with public security within 24 hours; it is collected after that."]),
    ("custodian", ["保管人", "负责保管印章、掌握保护口令的人；经批准后由保管人盖章。"],
        ["Custodian", "Who keeps a seal and its PIN, and seals with it what was approved."]),
    ("copy", ["打印件", "打印件和转换格式的文件按复印件对待；要核验，请用电子文件原件。"],
        ["Prints", "A print or a converted file counts as a copy. Verify the electronic original."]),
];

pub(crate) async fn show(_: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let l = visit.language();
    let title = l.pick("帮助：这些词是什么意思", "Help: what the words mean");
    let body = html! {
        div.text {
            h1 { (title) }
            p { (l.pick(
                "验证一份文件：打开“验证”，选择文件，读第一行结论；不是“通过”时，按原因下面的办法去做。",
                "To verify a document: open “Verify”, choose the file, read the first line; unless it says “passed”, do what the reasons advise.",
            )) }
            @for (anchor, zh, en) in ENTRIES {
                @let [word, meaning] = l.pick(zh, en);
                section id=(anchor) {
                    h2 { (word) }
                    p { (meaning) }
                }
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
