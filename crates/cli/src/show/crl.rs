//! Certificate revocation lists, in the order of GB/T 20518.

use pki::Crl;
use pki::asn1::{self, INTEGER, SEQUENCE};
use sealing::beijing_time;

use crate::outline::{Outline, hex, short_time};
use crate::show::certificate::{algorithm, outer_algorithm, signature_value};
use crate::show::extension;

/// Entries that are shown; lists of large CAs have hundreds of thousands.
const ENTRIES_SHOWN: usize = 1000;

/// A list.
pub(super) fn show(outline: &mut Outline, crl: &Crl) {
    outline.structure("证书撤销列表", "CertificateList", |outline| {
        let language = outline.language();
        outline.maybe(
            "版本",
            "version",
            version(crl.der()).map(|version| format!("v{}", version + 1)),
        );
        outline.named("签名算法", "signature", algorithm(crl.signature_algorithm()));
        outline.named("签发者", "issuer", crl.issuer());
        outline.named(
            "本次更新",
            "thisUpdate",
            beijing_time(crl.this_update(), language),
        );
        outline.maybe(
            "下次更新",
            "nextUpdate",
            crl.next_update().map(|next| beijing_time(next, language)),
        );
        outline.named("被撤销证书", "revokedCertificates", crl.len());
        outline.inside(|outline| {
            for entry in crl.entries().take(ENTRIES_SHOWN) {
                let reason = entry.reason.map(reason).unwrap_or_default();
                outline.line(format_args!(
                    "{}  {}  {reason}",
                    hex::encode_upper(entry.serial),
                    short_time(entry.at)
                ));
            }
            if crl.len() > ENTRIES_SHOWN {
                outline.field("未列出的条数", "entries not shown", crl.len() - ENTRIES_SHOWN);
            }
        });
        extension::show_all(outline, "扩展", "crlExtensions", crl.extensions());
        outline.maybe("签名算法", "signatureAlgorithm", outer_algorithm(crl.der()));
        outline.named("签名值", "signatureValue", hex(&signature_value(crl.der())));
        for deviation in crl.deviations() {
            outline.field("偏差", "deviation", deviation);
        }
    });
}

/// `version INTEGER OPTIONAL`, the first field of TBSCertList; v1 has none.
fn version(der: &[u8]) -> Option<u32> {
    const WHAT: &str = "version of the revocation list";
    let mut list = asn1::read_single(der, SEQUENCE, WHAT).ok()?.children();
    list.next(WHAT)
        .ok()?
        .children()
        .optional(INTEGER, WHAT)
        .ok()??
        .unsigned(WHAT)
        .ok()
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
