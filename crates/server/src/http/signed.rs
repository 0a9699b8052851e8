//! Signed requests of business systems: HTTP message signatures (RFC 9421) with SM2, over a digest of the content
//! (RFC 9530) with SM3.
//!
//! ```text
//! Content-Digest: sm3=:BASE64:
//! Signature-Input: sig1=("@method" "@path" "@query" "content-digest");created=1781496000;keyid="ID";
//!     nonce="…";alg="sm2-sm3"                              (on one line)
//! Signature: sig1=:BASE64 of r‖s:
//! ```
//!
//! Exactly these components in this order, and these parameters in any; one signature. What is signed is rebuilt
//! from the request as it was received, and the parameters as they were sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gm::{Digest, Signature};
use jiff::Timestamp;
use registry::SystemId;

use super::call::Call;
use super::problem::Problem;
use crate::app::SignedRequest;

/// The label of the signature.
const LABEL: &str = "sig1=";
/// What a signature covers.
const COMPONENTS: &str = r#"("@method" "@path" "@query" "content-digest")"#;
/// SM2 (GB/T 32918.2) with the default user identity, over SM3.
const ALGORITHM: &str = "sm2-sm3";
/// Longest header that is read, in bytes.
const HEADER_BYTES_MAX: usize = 1024;
/// Characters of a nonce.
const NONCE_CHARS: std::ops::RangeInclusive<usize> = 16..=64;

/// What a request claims, and the digest of its body; nothing is verified yet.
pub(crate) fn read(call: &Call) -> Result<(SignedRequest, Digest), Problem> {
    let header = |name: &str| {
        let mut values = call.headers.get_all(name).iter();
        let value = values.next()?.to_str().ok()?;
        (values.next().is_none() && value.len() <= HEADER_BYTES_MAX).then_some(value)
    };
    let claims = || {
        let content_digest = header("content-digest")?;
        let digest = Digest(bytes(content_digest.strip_prefix("sm3=")?)?);
        let input = header("signature-input")?.strip_prefix(LABEL)?;
        let signature: [u8; 64] = bytes(header("signature")?.strip_prefix(LABEL)?)?;
        let parameters = parameters(input.strip_prefix(COMPONENTS)?)?;
        let base = format!(
            "\"@method\": {}\n\"@path\": {}\n\"@query\": ?{}\n\"content-digest\": {content_digest}\n\
             \"@signature-params\": {input}",
            call.method, call.target, call.query
        );
        let request = SignedRequest {
            client: parameters.client,
            created: parameters.created,
            nonce: parameters.nonce.to_owned(),
            base,
            signature: Signature::from_raw(&signature).ok()?,
        };
        Some((request, digest))
    };
    claims().ok_or_else(Problem::not_signed)
}

struct Parameters<'a> {
    client: SystemId,
    created: Timestamp,
    nonce: &'a str,
}

/// `;name=value` in any order, each once.
fn parameters(text: &str) -> Option<Parameters<'_>> {
    let (mut client, mut created, mut nonce, mut algorithm) = (None, None, None, None);
    let mut parts = text.split(';');
    if !parts.next()?.is_empty() {
        return None;
    }
    for part in parts {
        let (name, value) = part.split_once('=')?;
        let before = match name {
            "created" => created
                .replace(Timestamp::from_second(value.parse().ok()?).ok()?)
                .is_some(),
            "keyid" => client.replace(quoted(value)?.parse().ok()?).is_some(),
            "nonce" => nonce.replace(quoted(value)?).is_some(),
            "alg" => algorithm.replace(quoted(value)?).is_some(),
            _ => return None,
        };
        if before {
            return None;
        }
    }
    let plain = |nonce: &&str| {
        NONCE_CHARS.contains(&nonce.len())
            && nonce
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    (algorithm == Some(ALGORITHM)).then_some(())?;
    Some(Parameters {
        client: client?,
        created: created?,
        nonce: nonce.filter(plain)?,
    })
}

fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}

/// `:BASE64:` of so many bytes.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let text = text.strip_prefix(':')?.strip_suffix(':')?;
    STANDARD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = r#";created=1781496000;keyid="01970000-0000-7000-8000-00000000003c";nonce="0123456789abcdef";alg="sm2-sm3""#;

    #[test]
    fn parameters_in_any_order_each_once() {
        let read = parameters(ALL).unwrap();
        assert_eq!(read.created.as_second(), 1_781_496_000);
        assert_eq!(read.nonce, "0123456789abcdef");
        let mut parts: Vec<_> = ALL.split(';').skip(1).collect();
        parts.reverse();
        assert!(parameters(&format!(";{}", parts.join(";"))).is_some());
        for part in &parts {
            assert!(parameters(&format!("{ALL};{part}")).is_none(), "{part} twice");
            let without: Vec<_> = parts.iter().filter(|other| *other != part).copied().collect();
            assert!(
                parameters(&format!(";{}", without.join(";"))).is_none(),
                "without {part}"
            );
        }
    }

    #[test]
    fn what_is_written_otherwise_is_not_read() {
        for (from, to) in [
            ("sm2-sm3", "rsa-v1_5-sha256"),
            ("0123456789abcdef", "short"),
            ("0123456789abcdef", "0123456789abcde\u{7f}"),
            ("\"0123456789abcdef\"", "0123456789abcdef"),
            (";created", "created"),
            ("1781496000", "-99999999999999"),
            ("1781496000", "soon"),
            (";alg", ";tag=\"x\";alg"),
        ] {
            assert!(parameters(&ALL.replacen(from, to, 1)).is_none(), "{from} → {to}");
        }
        assert!(bytes::<3>(":AAAA:").is_some());
        for text in ["AAAA", ":AAAA", ":AAA:", ":AA AA:", "::"] {
            assert!(bytes::<3>(text).is_none(), "{text}");
        }
    }
}
