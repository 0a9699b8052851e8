//! What DER is, by its first elements: names of files say nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki::asn1::{
    self, BIT_STRING, Element, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET,
    UTC_TIME, constructed,
};
use pki::{ObjectIdentifier, oid};
use ses::Seal;

/// The kinds that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Seal,
    SealSignature,
    SignedData,
    TimestampToken,
    /// ContentInfo of another type.
    OtherMessage(ObjectIdentifier),
    Certificate,
    Crl,
    CertificateRequest,
    TimestampRequest,
    TimestampResponse,
    PrivateKey,
    EncryptedPrivateKey,
    EcPrivateKey,
    Pkcs12,
    PublicKey,
    SignatureValue,
}

impl Kind {
    /// Its name, Chinese and English.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Seal => ("电子印章", "a seal"),
            Self::SealSignature => ("电子签章数据", "a seal signature"),
            Self::SignedData => ("签名消息", "a signed message"),
            Self::TimestampToken => ("时间戳", "a time-stamp token"),
            Self::OtherMessage(_) => (
                "密码消息，但不是签名消息",
                "a cryptographic message, but no signed one",
            ),
            Self::Certificate => ("证书", "a certificate"),
            Self::Crl => ("证书撤销列表", "a certificate revocation list"),
            Self::CertificateRequest => ("证书请求", "a certificate request"),
            Self::TimestampRequest => ("时间戳请求", "a time-stamp request"),
            Self::TimestampResponse => ("时间戳应答", "a time-stamp response"),
            Self::PrivateKey => ("私钥（PKCS#8）", "a private key (PKCS#8)"),
            Self::EncryptedPrivateKey => ("加密的私钥（PKCS#8）", "an encrypted private key (PKCS#8)"),
            Self::EcPrivateKey => ("私钥（SEC 1）", "a private key (SEC 1)"),
            Self::Pkcs12 => (
                "密钥与证书的容器（PKCS#12）",
                "a container of keys and certificates (PKCS#12)",
            ),
            Self::PublicKey => ("公钥", "a public key"),
            Self::SignatureValue => ("签名值", "a signature value"),
        }
    }
}

/// The kind of the first element of `bytes`; `None` when it is no DER or BER, or nothing known.
pub(super) fn of_der(bytes: &[u8]) -> Option<Kind> {
    const WHAT: &str = "file";
    let (first, _) = asn1::split_first(bytes, WHAT).ok()?;
    let first = asn1::definite(first, WHAT).ok()?;
    let outer = asn1::read_single(&first, SEQUENCE, WHAT).ok()?;
    if Seal::looks_like(outer.raw) {
        return Some(Kind::Seal);
    }
    let children = some_children(&outer);
    let head = children.first()?;
    match head.tag {
        OBJECT_IDENTIFIER => content_info(head, &children),
        INTEGER => after_integer(head, &children),
        SEQUENCE => after_sequence(head, &children),
        _ => None,
    }
}

/// The first elements inside; enough to know the kind.
fn some_children<'a>(element: &Element<'a>) -> Vec<Element<'a>> {
    const ENOUGH: usize = 5;
    let mut reader = element.children();
    std::iter::from_fn(|| reader.next("file").ok())
        .take(ENOUGH)
        .collect()
}

/// ```text
/// ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, content [0] EXPLICIT ANY }
/// ```
fn content_info(content_type: &Element<'_>, children: &[Element<'_>]) -> Option<Kind> {
    let content_type = content_type.oid("contentType").ok()?;
    if !matches!(content_type, oid::SIGNED_DATA | oid::GM_SIGNED_DATA) {
        return Some(Kind::OtherMessage(content_type));
    }
    // SignedData ::= SEQUENCE { version, digestAlgorithms, encapContentInfo SEQUENCE { OBJECT IDENTIFIER, … }, … }
    let inner = children
        .get(1)
        .map(some_children)
        .and_then(|content| content.first().map(some_children));
    let encapsulated = inner.and_then(|fields| fields.get(2).map(some_children));
    let inner_type = encapsulated.and_then(|fields| fields.first()?.oid("contentType").ok());
    Some(if inner_type == Some(oid::TST_INFO) {
        Kind::TimestampToken
    } else {
        Kind::SignedData
    })
}

/// ```text
/// PFX              ::= SEQUENCE { version INTEGER {v3(3)}, authSafe ContentInfo, … }
/// PrivateKeyInfo   ::= SEQUENCE { version INTEGER, algorithm SEQUENCE { OBJECT IDENTIFIER, … }, OCTET STRING, … }
/// ECPrivateKey     ::= SEQUENCE { version INTEGER, privateKey OCTET STRING, … }
/// TimeStampReq     ::= SEQUENCE { version INTEGER, messageImprint SEQUENCE { SEQUENCE, OCTET STRING }, … }
/// SM2Signature     ::= SEQUENCE { r INTEGER, s INTEGER }
/// ```
fn after_integer(version: &Element<'_>, children: &[Element<'_>]) -> Option<Kind> {
    let second = children.get(1)?;
    match (second.tag, some_children(second).first().map(|inner| inner.tag)) {
        (SEQUENCE, Some(OBJECT_IDENTIFIER)) if version.value == [3] => Some(Kind::Pkcs12),
        (SEQUENCE, Some(OBJECT_IDENTIFIER)) => Some(Kind::PrivateKey),
        (SEQUENCE, Some(SEQUENCE)) => Some(Kind::TimestampRequest),
        (OCTET_STRING, _) => Some(Kind::EcPrivateKey),
        (INTEGER, _) if children.len() == 2 => Some(Kind::SignatureValue),
        _ => None,
    }
}

/// Signed structures, told apart by what is signed:
///
/// ```text
/// TBSCertificate  ::= SEQUENCE { [0] version, serialNumber, … } or SEQUENCE { INTEGER, alg, Name, Validity, … }
/// TBSCertList     ::= SEQUENCE { version INTEGER OPTIONAL, alg, Name, Time, … }
/// CertificationRequestInfo ::= SEQUENCE { version INTEGER, Name, subjectPKInfo SEQUENCE, … }
/// TBS_Sign        ::= SEQUENCE { version INTEGER, SESeal, … }
/// PKIStatusInfo   ::= SEQUENCE { status INTEGER, … }
/// AlgorithmIdentifier ::= SEQUENCE { OBJECT IDENTIFIER, … }       -- of a public or an encrypted private key
/// ```
fn after_sequence(head: &Element<'_>, children: &[Element<'_>]) -> Option<Kind> {
    let inner = some_children(head);
    let tags: Vec<u8> = inner.iter().map(|element| element.tag).collect();
    let is_algorithm = |index: usize| {
        inner
            .get(index)
            .is_some_and(|element| element.children().peek() == Some(OBJECT_IDENTIFIER))
    };
    const VERSION: u8 = constructed(0);
    match tags.as_slice() {
        [VERSION, INTEGER, SEQUENCE, ..] => Some(Kind::Certificate),
        [INTEGER, SEQUENCE, ..] if Seal::looks_like(inner[1].raw) => Some(Kind::SealSignature),
        [INTEGER, SEQUENCE, SEQUENCE, UTC_TIME | GENERALIZED_TIME, ..] if is_algorithm(1) => Some(Kind::Crl),
        [SEQUENCE, SEQUENCE, UTC_TIME | GENERALIZED_TIME, ..] if is_algorithm(0) => Some(Kind::Crl),
        [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, ..] if is_algorithm(1) => Some(Kind::Certificate),
        [INTEGER, SEQUENCE, SEQUENCE, ..] if is_name(&inner[1]) => Some(Kind::CertificateRequest),
        [INTEGER] | [INTEGER, SEQUENCE | BIT_STRING, ..] if children.len() <= 2 => {
            Some(Kind::TimestampResponse)
        }
        [OBJECT_IDENTIFIER, ..] => match children.get(1)?.tag {
            BIT_STRING => Some(Kind::PublicKey),
            OCTET_STRING => Some(Kind::EncryptedPrivateKey),
            _ => None,
        },
        _ => None,
    }
}

fn is_name(element: &Element<'_>) -> bool {
    matches!(element.children().peek(), None | Some(SET))
}

/// The bytes of a text that is base64 and nothing else.
pub(super) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let symbols: Vec<u8> = text
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    STANDARD.decode(symbols).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_cut_off_or_foreign_has_a_kind() {
        for bytes in [
            &b""[..],
            b"\x30",
            b"\x30\x00",
            b"\x30\x80\x00\x00",
            b"\x30\x03\x02\x01\x00",
            b"\x31\x00",
            b"text",
        ] {
            assert_eq!(of_der(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn small_structures_are_told_apart() {
        use pki::asn1::write::{bit_string, octet_string, oid, sequence, unsigned};
        let algorithm = sequence(&[&oid(&pki::oid::EC_PUBLIC_KEY)]);
        let (one, three) = (unsigned(1), unsigned(3));
        for (parts, kind) in [
            (vec![one.clone(), three.clone()], Kind::SignatureValue),
            (vec![sequence(&[&unsigned(2)])], Kind::TimestampResponse),
            (vec![one.clone(), octet_string(&[0])], Kind::EcPrivateKey),
            (
                vec![unsigned(0), algorithm.clone(), octet_string(&[0])],
                Kind::PrivateKey,
            ),
            (vec![three, algorithm.clone()], Kind::Pkcs12),
            (
                vec![one, sequence(&[&algorithm, &octet_string(&[0])])],
                Kind::TimestampRequest,
            ),
            (
                vec![algorithm.clone(), octet_string(&[0])],
                Kind::EncryptedPrivateKey,
            ),
            (vec![algorithm, bit_string(&[4])], Kind::PublicKey),
        ] {
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            assert_eq!(of_der(&sequence(&parts)), Some(kind));
        }
    }
}
