//! Signed messages (GB/T 35275, GM/T 0010, RFC 5652), in the order of SignedData.

use pki::{
    CmsAttribute, EssHash, SignedAttributes, SignedData, SignerIdentifier, SignerInfo, TimestampToken, oid,
};
use sealing::beijing_time;

use crate::outline::{Outline, hex};
use crate::show::{certificate, crl, object_id, timestamp};

/// Tokens within tokens within tokens say nothing new.
const NESTING_MAX: usize = 4;

/// A message.
pub(super) fn show(outline: &mut Outline, message: &SignedData) {
    outline.structure("签名消息", "SignedData", |outline| {
        show_fields(
            outline,
            message,
            &|outline| match message.content() {
                Some(content) => outline.named("内容", "content", hex(content)),
                None => {
                    let outside = outline.pick("（不在消息中）", "(not in the message)");
                    outline.named("内容", "content", outside);
                }
            },
            0,
        );
    });
}

/// The fields, with the content as its type wants it.
pub(super) fn show_fields(
    outline: &mut Outline,
    message: &SignedData,
    show_content: &dyn Fn(&mut Outline),
    nesting: usize,
) {
    outline.named("版本", "version", message.version());
    outline.named(
        "杂凑算法",
        "digestAlgorithms",
        certificate::oids(message.digest_algorithms()),
    );
    outline.named(
        "内容类型",
        "contentType",
        object_id::text(&message.content_type()),
    );
    show_content(outline);
    for (index, certificate) in message.certificates().iter().enumerate() {
        let number = index + 1;
        outline.structure(
            &format!("证书 {number}"),
            &format!("certificates {number}"),
            |outline| {
                certificate::show_fields(outline, certificate);
            },
        );
    }
    for list in message.crls() {
        crl::show(outline, list);
    }
    for (index, signer) in message.signers().iter().enumerate() {
        let number = index + 1;
        outline.structure(
            &format!("签名者 {number}"),
            &format!("signerInfos {number}"),
            |outline| {
                show_signer(outline, signer, nesting);
            },
        );
    }
    for deviation in message.deviations() {
        outline.field("偏差", "deviation", deviation);
    }
}

fn show_signer(outline: &mut Outline, signer: &SignerInfo, nesting: usize) {
    outline.named("版本", "version", signer.version());
    match signer.identifier() {
        SignerIdentifier::IssuerAndSerial { issuer, serial } => {
            outline.named("证书签发者", "issuer", issuer);
            outline.named("证书序列号", "serialNumber", hex::encode_upper(serial));
        }
        SignerIdentifier::SubjectKeyIdentifier(identifier) => {
            outline.named("密钥标识", "subjectKeyIdentifier", hex(identifier));
        }
    }
    outline.named(
        "杂凑算法",
        "digestAlgorithm",
        object_id::text(&signer.digest_algorithm()),
    );
    if let Some(attributes) = signer.signed_attributes() {
        outline.structure("签名属性", "signedAttrs", |outline| {
            for attribute in attributes.attributes() {
                show_attribute(outline, attribute, nesting);
                if matches!(
                    attribute.oid,
                    oid::SIGNING_CERTIFICATE | oid::SIGNING_CERTIFICATE_V2
                ) {
                    outline.inside(|outline| show_signing_certificates(outline, attributes));
                }
            }
        });
    }
    outline.named(
        "签名算法",
        "signatureAlgorithm",
        object_id::text(&signer.signature_algorithm()),
    );
    outline.named("签名值", "signature", hex(signer.signature()));
    if !signer.unsigned_attributes().is_empty() {
        outline.structure("非签名属性", "unsignedAttrs", |outline| {
            for attribute in signer.unsigned_attributes() {
                show_attribute(outline, attribute, nesting);
            }
        });
    }
}

/// What the attribute before says in hexadecimal, as far as it can be read.
fn show_signing_certificates(outline: &mut Outline, attributes: &SignedAttributes) {
    for named in attributes.signing_certificates().into_iter().flatten() {
        let hash = match named.algorithm {
            EssHash::Sm3 => "SM3".to_owned(),
            EssHash::Sha1 => "SHA-1".to_owned(),
            EssHash::Sha256 => "SHA-256".to_owned(),
            EssHash::Other(oid) => oid.to_string(),
        };
        outline.named(
            "签名证书杂凑值",
            "certHash",
            format_args!("{hash} {}", hex(&named.hash)),
        );
        if let Some((issuers, serial)) = &named.issuer_serial {
            for issuer in issuers {
                outline.named("签发者", "issuer", issuer);
            }
            outline.named("序列号", "serialNumber", hex::encode_upper(serial));
        }
    }
}

fn show_attribute(outline: &mut Outline, attribute: &CmsAttribute, nesting: usize) {
    let name = object_id::text(&attribute.oid);
    for value in &attribute.values {
        if attribute.oid == oid::TIMESTAMP_TOKEN
            && nesting < NESTING_MAX
            && let Ok(token) = TimestampToken::read(value)
        {
            outline.line(&name);
            outline.inside(|outline| timestamp::show_nested(outline, &token, nesting + 1));
            continue;
        }
        let text = attribute_text(outline, attribute, value).unwrap_or_else(|| hex(value));
        let separator = outline.pick("：", ": ");
        outline.line(format_args!("{name}{separator}{text}"));
    }
}

fn attribute_text(outline: &Outline, attribute: &CmsAttribute, value: &[u8]) -> Option<String> {
    let element = pki::asn1::Reader::new(value).next("attribute").ok()?;
    match attribute.oid {
        oid::CONTENT_TYPE => Some(object_id::text(&element.oid("contentType").ok()?)),
        oid::MESSAGE_DIGEST => Some(hex(element.octets("messageDigest").ok()?)),
        oid::SIGNING_TIME => {
            let (time, _) = pki::read_time(element.tag, element.value).ok()?;
            Some(beijing_time(time, outline.language()))
        }
        _ => None,
    }
}
