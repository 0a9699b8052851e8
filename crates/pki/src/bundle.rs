//! Files that hold certificates.

use crate::asn1;
use crate::pem::decode_base64;
use crate::{Certificate, Error, is_pem, oid, read_pem};

/// Largest file of certificates that is read, in bytes.
const BUNDLE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Most certificates that are read of one file.
const BUNDLE_CERTIFICATES_MAX: usize = 10_000;

const EXPECTED: &str = "a certificate in DER or PEM, or a PKCS#7 bundle of certificates";

/// Reads all certificates of a file: DER (one or several after each other), PEM (any number of blocks), a bundle
/// in PKCS#7 or GM/T 0010 (`.p7b`), or base64 without PEM lines.
///
/// PEM blocks of other kinds are passed over. Never returns an empty list: a file without certificates is an
/// error that says what it is instead.
pub fn read_certificates(bytes: &[u8]) -> Result<Vec<Certificate>, Error> {
    if bytes.is_empty() {
        return Err(Error::Empty {
            what: "the file of certificates",
        });
    }
    if bytes.len() > BUNDLE_BYTES_MAX {
        let found = bytes.len();
        return Err(Error::TooLarge {
            what: "file of certificates (bytes)",
            found,
            max: BUNDLE_BYTES_MAX,
        });
    }
    if bytes[0] == asn1::SEQUENCE {
        return read_binary(bytes);
    }
    if is_pem(bytes) {
        return read_text(bytes);
    }
    match decode_base64(bytes) {
        Ok(der) if der.first() == Some(&asn1::SEQUENCE) => read_binary(&der),
        _ => Err(Error::WrongKind {
            expected: EXPECTED,
            found: "something else",
        }),
    }
}

fn read_text(text: &[u8]) -> Result<Vec<Certificate>, Error> {
    let mut certificates = Vec::new();
    let mut passed_over = None;
    for block in read_pem(text)? {
        match block.label.as_str() {
            "CERTIFICATE" | "X509 CERTIFICATE" | "X.509 CERTIFICATE" | "PKCS7" | "CMS" => {
                certificates.extend(read_binary(&block.der)?);
                limit(certificates.len())?;
            }
            other => passed_over = Some(kind_of_label(other)),
        }
    }
    match passed_over {
        Some(found) if certificates.is_empty() => Err(Error::WrongKind {
            expected: EXPECTED,
            found,
        }),
        _ => Ok(certificates),
    }
}

fn kind_of_label(label: &str) -> &'static str {
    match label {
        label if label.ends_with("CERTIFICATE REQUEST") => "a certificate request",
        label if label.ends_with("PRIVATE KEY") => "a private key",
        label if label.ends_with("CRL") => "a revocation list",
        "PUBLIC KEY" => "a public key",
        _ => "PEM text of another kind",
    }
}

fn read_binary(bytes: &[u8]) -> Result<Vec<Certificate>, Error> {
    let error = match read_sequence(bytes) {
        Ok(certificates) => return Ok(certificates),
        Err(error) => error,
    };
    if let Some(bundle) = read_bundle(bytes)? {
        return Ok(bundle);
    }
    match kind_of_der(bytes) {
        Some(found) => Err(Error::WrongKind {
            expected: EXPECTED,
            found,
        }),
        None => Err(error),
    }
}

/// Certificates one after the other.
fn read_sequence(bytes: &[u8]) -> Result<Vec<Certificate>, Error> {
    let mut certificates = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (first, after) = asn1::split_first(rest, "certificate")?;
        certificates.push(Certificate::read(first)?);
        limit(certificates.len())?;
        rest = after;
    }
    Ok(certificates)
}

/// The certificates of a SignedData (RFC 5652 §5.1, GB/T 35275-2017 §8); `None` when it is no such thing.
fn read_bundle(bytes: &[u8]) -> Result<Option<Vec<Certificate>>, Error> {
    let what = "bundle of certificates";
    let Ok(bytes) = asn1::definite(bytes, what) else {
        return Ok(None);
    };
    let Ok(content_info) = asn1::read_single(&bytes, asn1::SEQUENCE, what) else {
        return Ok(None);
    };
    let mut parts = content_info.children();
    let kind = parts.next(what).and_then(|kind| kind.oid(what));
    if !matches!(kind, Ok(oid::SIGNED_DATA | oid::GM_SIGNED_DATA)) {
        return Ok(None);
    }
    let content = parts.expect(asn1::constructed(0), what)?;
    let mut parts = asn1::read_single(content.value, asn1::SEQUENCE, what)?.children();
    parts.expect(asn1::INTEGER, what)?;
    parts.expect(asn1::SET, what)?;
    parts.expect(asn1::SEQUENCE, what)?;
    let mut certificates = Vec::new();
    if let Some(set) = parts.optional(asn1::constructed(0), what)? {
        let mut items = set.children();
        while !items.is_empty() {
            certificates.push(Certificate::read(items.expect(asn1::SEQUENCE, what)?.raw)?);
            limit(certificates.len())?;
        }
    }
    if certificates.is_empty() {
        return Err(Error::WrongKind {
            expected: EXPECTED,
            found: "a signed message without certificates",
        });
    }
    Ok(Some(certificates))
}

/// What DER that is no certificate looks like, by its first elements.
fn kind_of_der(bytes: &[u8]) -> Option<&'static str> {
    let what = "file";
    let outer = asn1::read_single(bytes, asn1::SEQUENCE, what).ok()?;
    let mut parts = outer.children();
    match parts.next(what).ok()?.tag {
        asn1::INTEGER => Some("a private key or a PKCS#12 file"),
        asn1::SEQUENCE => {
            let mut inner = asn1::read_single(bytes, asn1::SEQUENCE, what).ok()?.children();
            let mut first = inner.next(what).ok()?.children();
            let tags = [(); 4].map(|()| first.next(what).map_or(0, |element| element.tag));
            match tags {
                [asn1::INTEGER, asn1::SEQUENCE, asn1::SEQUENCE, 0xa0] => Some("a certificate request"),
                [
                    asn1::INTEGER,
                    asn1::SEQUENCE,
                    asn1::SEQUENCE,
                    asn1::UTC_TIME | asn1::GENERALIZED_TIME,
                ] => Some("a revocation list"),
                [asn1::OBJECT_IDENTIFIER, ..] => Some("a public key"),
                _ => None,
            }
        }
        _ => None,
    }
}

fn limit(count: usize) -> Result<(), Error> {
    if count <= BUNDLE_CERTIFICATES_MAX {
        Ok(())
    } else {
        let what = "file of certificates (count)";
        Err(Error::TooLarge {
            what,
            found: count,
            max: BUNDLE_CERTIFICATES_MAX,
        })
    }
}
