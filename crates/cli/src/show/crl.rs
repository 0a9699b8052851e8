//! Certificate revocation lists, in the order of GB/T 20518.

use pki::Crl;
use sealing::beijing_time;

use crate::outline::{Outline, hex, short_time};
use crate::show::certificate::{algorithm, signature_value};
use crate::show::extension;

/// Entries that are shown; lists of large CAs have hundreds of thousands.
const ENTRIES_SHOWN: usize = 1000;

/// A list.
pub(super) fn show(outline: &mut Outline, crl: &Crl) {
    outline.structure("证书撤销列表", "CertificateList", |outline| {
        let language = outline.language();
        outline.named("签名算法", "signature", algorithm(crl.signature_algorithm()));
        outline.named("签发者", "issuer", crl.issuer());
        outline.named("本次更新", "thisUpdate", beijing_time(crl.this_update(), language));
        outline.maybe("下次更新", "nextUpdate", crl.next_update().map(|next| beijing_time(next, language)));
        outline.named("被撤销证书", "revokedCertificates", crl.len());
        outline.inside(|outline| {
            for entry in crl.entries().take(ENTRIES_SHOWN) {
                let reason = entry.reason.map(reason).unwrap_or_default();
                outline.line(format_args!("{}  {}  {reason}", hex::encode_upper(entry.serial), short_time(entry.at)));
            }
            if crl.len() > ENTRIES_SHOWN {
                outline.field("未列出的条数", "entries not shown", crl.len() - ENTRIES_SHOWN);
            }
        });
        extension::show_all(outline, "扩展", "crlExtensions", crl.extensions());
        outline.named("签名值", "signatureValue", hex(&signature_value(crl.der())));
        for deviation in crl.deviations() {
            outline.field("偏差", "deviation", deviation);
        }
    });
}

/// CRLReason (RFC 5280 §5.3.1).
fn reason(number: u8) -> &'static str {
    match number {
        0 => "unspecified",
        1 => "keyCompromise",
        2 => "cACompromise",
        3 => "affiliationChanged",
        4 => "superseded",
        5 => "cessationOfOperation",
        6 => "certificateHold",
        8 => "removeFromCRL",
        9 => "privilegeWithdrawn",
        10 => "aACompromise",
        _ => "?",
    }
}
