//! Keys and bare signature values. Of private keys nothing is shown but that they are there.

use gm::{PublicKey, Signature};
use pki::Error;
use pki::asn1::{self, BIT_STRING, SEQUENCE};

use crate::outline::{Outline, hex};
use crate::show::kind::Kind;
use crate::show::object_id;

/// What kind of file it is, and what to do with it.
pub(super) fn show(outline: &mut Outline, kind: Kind) {
    let (zh, en) = kind.words();
    secret(outline, zh, en);
}

/// A PEM block of a private key.
pub(super) fn show_pem(outline: &mut Outline, label: &str) {
    secret(
        outline,
        &format!("私钥（PEM，{label}）"),
        &format!("a private key (PEM, {label})"),
    );
}

/// A file of a key store of ours; says whether it was that.
pub(super) fn show_stored(outline: &mut Outline, bytes: &[u8]) -> bool {
    const BYTES_MAX: usize = 8 * 1024;
    let json: Option<serde_json::Value> = (bytes.len() <= BYTES_MAX)
        .then(|| serde_json::from_slice(bytes).ok())
        .flatten();
    let is_key = json.is_some_and(|json| json["key"]["header"]["id"].is_string());
    if is_key {
        let words = outline.pick(
            "密钥库中的密钥文件，私钥已用口令加密；请用 yinxin key list 查看",
            "a key of a key store, encrypted under its PIN; see yinxin key list",
        );
        outline.line(words);
    }
    is_key
}

fn secret(outline: &mut Outline, zh: &str, en: &str) {
    outline.line(outline.pick(zh, en));
    outline.inside(|outline| {
        let advice = outline.pick(
            "内容保密，不予显示；可用 yinxin key import 导入密钥库，导入后请销毁此文件",
            "its contents are secret and not shown; take it in with yinxin key import, then destroy this file",
        );
        outline.line(advice);
    });
}

/// ```text
/// SubjectPublicKeyInfo ::= SEQUENCE { algorithm SEQUENCE { OBJECT IDENTIFIER, … }, subjectPublicKey BIT STRING }
/// ```
pub(super) fn show_public(outline: &mut Outline, der: &[u8]) -> Result<(), Error> {
    const WHAT: &str = "public key";
    let mut fields = asn1::read_single(der, SEQUENCE, WHAT)?.children();
    let mut algorithm = fields.expect(SEQUENCE, WHAT)?.children();
    let mut names = Vec::new();
    while let Ok(part) = algorithm.next(WHAT) {
        names.extend(part.oid(WHAT).map(|oid| object_id::text(&oid)));
    }
    let key = fields.expect(BIT_STRING, WHAT)?.bit_bytes(WHAT)?;
    outline.structure("公钥", "SubjectPublicKeyInfo", |outline| {
        outline.named("算法", "algorithm", names.join(", "));
        outline.named("公钥", "subjectPublicKey", hex(key));
        let on_curve = match PublicKey::from_sec1(key) {
            Ok(_) => outline.pick("是 SM2 曲线上的点", "a point of the SM2 curve"),
            Err(_) => outline.pick("不是 SM2 曲线上的点", "no point of the SM2 curve"),
        };
        outline.line(on_curve);
    });
    Ok(())
}

/// `SM2Signature ::= SEQUENCE { r INTEGER, s INTEGER }` (GB/T 35276), also where it deviates.
pub(super) fn show_signature_value(outline: &mut Outline, bytes: &[u8]) {
    match Signature::read(bytes) {
        Ok((signature, encoding)) => show_r_and_s(outline, &signature, &format!("{encoding:?}")),
        Err(error) => outline.field("签名值", "signature value", error),
    }
}

/// r‖s without any structure; says whether it was that.
pub(super) fn show_bare_signature(outline: &mut Outline, bytes: &[u8]) -> bool {
    let signature = <&[u8; 64]>::try_from(bytes)
        .ok()
        .and_then(|raw| Signature::from_raw(raw).ok());
    if let Some(signature) = &signature {
        show_r_and_s(outline, signature, "r‖s");
    }
    signature.is_some()
}

fn show_r_and_s(outline: &mut Outline, signature: &Signature, encoding: &str) {
    outline.structure("签名值", "SM2Signature", |outline| {
        let raw = signature.to_raw();
        outline.field("编码", "encoding", encoding);
        outline.field("r", "r", hex(&raw[..32]));
        outline.field("s", "s", hex(&raw[32..]));
    });
}
