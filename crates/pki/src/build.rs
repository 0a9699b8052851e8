//! Makes certificates and revocation lists: for test CAs, demos and tests.

use const_oid::ObjectIdentifier;
use gm::{PublicKey, Signer};
use jiff::Timestamp;

use crate::asn1::{self, write};
use crate::{BasicConstraints, Certificate, Crl, Error, Extension, KeyUsage, Name, oid};

/// Longest serial number that conforms (RFC 5280 §4.1.2.2), in bytes.
const SERIAL_BYTES_MAX: usize = 20;
/// Length of the key identifiers that are made, in bytes.
const KEY_IDENTIFIER_BYTES: usize = 20;

/// What a certificate is to say. The key identifiers are added when it is issued.
#[derive(Clone, Debug)]
pub struct CertificateTemplate {
    /// Whom it is about.
    pub subject: Name,
    /// The serial number, big-endian, positive, at most 20 bytes when encoded.
    pub serial: Vec<u8>,
    /// Start of the validity.
    pub not_before: Timestamp,
    /// End of the validity.
    pub not_after: Timestamp,
    /// keyUsage, critical; left out when `None`.
    pub key_usage: Option<KeyUsage>,
    /// extKeyUsage, critical when it is timeStamping alone (RFC 3161 §2.3); left out when empty.
    pub extended_key_usage: Vec<ObjectIdentifier>,
    /// basicConstraints, critical; left out when `None`.
    pub basic_constraints: Option<BasicConstraints>,
    /// Addresses for cRLDistributionPoints; left out when empty.
    pub crl_addresses: Vec<String>,
    /// Further extensions, as they are.
    pub extensions: Vec<Extension>,
}

impl CertificateTemplate {
    /// For a CA: keyCertSign and cRLSign, cA with this path length.
    pub fn ca(subject: Name, serial: &[u8], validity: (Timestamp, Timestamp), path_len: Option<u32>) -> Self {
        Self {
            key_usage: Some(KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN),
            basic_constraints: Some(BasicConstraints { ca: true, path_len }),
            ..Self::bare(subject, serial, validity)
        }
    }

    /// For a signer or seal maker: digitalSignature and nonRepudiation, no CA.
    pub fn signer(subject: Name, serial: &[u8], validity: (Timestamp, Timestamp)) -> Self {
        Self {
            key_usage: Some(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::NON_REPUDIATION),
            basic_constraints: Some(BasicConstraints {
                ca: false,
                path_len: None,
            }),
            ..Self::bare(subject, serial, validity)
        }
    }

    /// For a timestamp authority: as a signer, with timeStamping as the only purpose.
    pub fn timestamping(subject: Name, serial: &[u8], validity: (Timestamp, Timestamp)) -> Self {
        Self {
            extended_key_usage: vec![oid::TIME_STAMPING],
            ..Self::signer(subject, serial, validity)
        }
    }

    /// Without any extension.
    pub fn bare(subject: Name, serial: &[u8], (not_before, not_after): (Timestamp, Timestamp)) -> Self {
        Self {
            subject,
            serial: serial.to_vec(),
            not_before,
            not_after,
            key_usage: None,
            extended_key_usage: Vec::new(),
            basic_constraints: None,
            crl_addresses: Vec::new(),
            extensions: Vec::new(),
        }
    }
}

/// Under whose name a certificate is issued.
#[derive(Clone, Copy, Debug)]
pub enum Issuer<'a> {
    /// Its own subject: a root, or a rogue.
    SelfSigned,
    /// The subject of this certificate, whose key signs.
    Certificate(&'a Certificate),
}

/// Makes a certificate for `subject_key`, signed by `signer` in the name of `issuer`.
///
/// Only its form is looked at: whether the issuer may issue it is what [`validate`](crate::validate) finds out.
pub fn issue(
    template: &CertificateTemplate,
    subject_key: &PublicKey,
    issuer: Issuer<'_>,
    signer: &dyn Signer,
) -> Result<Certificate, Error> {
    check_validity(template)?;
    let issuer_name = match issuer {
        Issuer::SelfSigned => &template.subject,
        Issuer::Certificate(certificate) => certificate.subject(),
    };
    let issuer_key = match issuer {
        Issuer::SelfSigned => Some(subject_key),
        Issuer::Certificate(certificate) => certificate.public_key().ok(),
    };
    if issuer_key != Some(signer.public_key()) {
        return Err(Error::WrongKey {
            issuer: issuer_name.to_string(),
        });
    }
    let validity = [write::time(template.not_before), write::time(template.not_after)].concat();
    let tbs = write::sequence(&[
        &write::explicit(0, &write::unsigned(2)),
        &write_serial(&template.serial, "certificate")?,
        &signature_algorithm(),
        issuer_name.der(),
        &write::sequence(&[&validity]),
        template.subject.der(),
        &subject_public_key_info(subject_key),
        &write::explicit(3, &write_extensions(&extensions(template, subject_key, issuer))),
    ]);
    Certificate::read(&sign(&tbs, signer)?)
}

/// What a revocation list is to say.
#[derive(Clone, Debug)]
pub struct CrlTemplate {
    /// When it is issued.
    pub this_update: Timestamp,
    /// When the next one is issued at the latest.
    pub next_update: Option<Timestamp>,
    /// Its number, rising from list to list.
    pub number: u64,
    /// The revoked certificates.
    pub revoked: Vec<RevokedCertificate>,
    /// Further extensions, as they are.
    pub extensions: Vec<Extension>,
}

/// An entry of a [`CrlTemplate`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedCertificate {
    /// The serial number, big-endian, positive, at most 20 bytes when encoded.
    pub serial: Vec<u8>,
    /// When it was revoked.
    pub at: Timestamp,
    /// The reason (RFC 5280 §5.3.1), 1 to 10; `None` when unspecified.
    pub reason: Option<u8>,
}

/// Makes a revocation list, signed by `signer` with the key of `issuer`.
pub fn issue_crl(template: &CrlTemplate, issuer: &Certificate, signer: &dyn Signer) -> Result<Crl, Error> {
    if issuer.public_key().ok() != Some(signer.public_key()) {
        return Err(Error::WrongKey {
            issuer: issuer.subject().to_string(),
        });
    }
    let entries = template
        .revoked
        .iter()
        .map(write_entry)
        .collect::<Result<Vec<_>, Error>>()?;
    let entries = if entries.is_empty() {
        Vec::new()
    } else {
        write::sequence(&[&entries.concat()])
    };
    let mut extensions = vec![extension(
        oid::CRL_NUMBER,
        false,
        write::unsigned(template.number),
    )];
    if let Some(identifier) = issuer.subject_key_identifier() {
        extensions.push(authority_key_identifier(identifier));
    }
    extensions.extend(template.extensions.iter().cloned());
    let tbs = write::sequence(&[
        &write::unsigned(1),
        &signature_algorithm(),
        issuer.subject().der(),
        &write::time(template.this_update),
        &template.next_update.map(write::time).unwrap_or_default(),
        &entries,
        &write::explicit(0, &write_extensions(&extensions)),
    ]);
    Crl::read(&sign(&tbs, signer)?)
}

/// `SEQUENCE { tbs, signatureAlgorithm, signatureValue }`, the shape of certificates, lists and requests.
pub(crate) fn sign(tbs: &[u8], signer: &dyn Signer) -> Result<Vec<u8>, Error> {
    let signature = signer.sign(tbs)?.to_der();
    Ok(write::sequence(&[
        tbs,
        &signature_algorithm(),
        &write::bit_string(&signature),
    ]))
}

/// SM2-with-SM3 without parameters (GB/T 33560-2017).
pub(crate) fn signature_algorithm() -> Vec<u8> {
    write::sequence(&[&write::oid(&oid::SM2_WITH_SM3)])
}

/// SubjectPublicKeyInfo of an SM2 key (GB/T 20518-2018 §5.2.3.7).
pub(crate) fn subject_public_key_info(key: &PublicKey) -> Vec<u8> {
    let algorithm = write::sequence(&[&write::oid(&oid::EC_PUBLIC_KEY), &write::oid(&oid::SM2)]);
    write::sequence(&[&algorithm, &write::bit_string(&key.to_sec1())])
}

/// `Extensions`.
pub(crate) fn write_extensions(extensions: &[Extension]) -> Vec<u8> {
    let items: Vec<Vec<u8>> = extensions
        .iter()
        .map(|extension| {
            let critical = if extension.critical {
                write::boolean(true)
            } else {
                Vec::new()
            };
            write::sequence(&[
                &write::oid(&extension.oid),
                &critical,
                &write::octet_string(&extension.value),
            ])
        })
        .collect();
    write::sequence(&[&items.concat()])
}

fn check_validity(template: &CertificateTemplate) -> Result<(), Error> {
    let problem = if template.not_after < template.not_before {
        "its validity ends before it begins"
    } else if template.not_before.to_zoned(jiff::tz::TimeZone::UTC).year() < 0 {
        "its validity begins before the year 0"
    } else {
        return Ok(());
    };
    Err(Error::BadTemplate {
        what: "certificate",
        problem,
    })
}

fn write_serial(serial: &[u8], what: &'static str) -> Result<Vec<u8>, Error> {
    let element = write::integer(serial);
    if serial.iter().all(|byte| *byte == 0) {
        return Err(Error::BadTemplate {
            what,
            problem: "its serial number is zero",
        });
    }
    if element.len() > SERIAL_BYTES_MAX + 2 {
        return Err(Error::BadTemplate {
            what,
            problem: "its serial number takes more than 20 bytes",
        });
    }
    Ok(element)
}

fn write_entry(entry: &RevokedCertificate) -> Result<Vec<u8>, Error> {
    let what = "revocation list";
    let reason = match entry.reason {
        None => Vec::new(),
        Some(reason @ (1..=6 | 8..=10)) => {
            let reason = extension(oid::CRL_REASON, false, write::enumerated(reason));
            write_extensions(&[reason])
        }
        Some(_) => {
            return Err(Error::BadTemplate {
                what,
                problem: "a reason is not one of RFC 5280",
            });
        }
    };
    Ok(write::sequence(&[
        &write_serial(&entry.serial, what)?,
        &write::time(entry.at),
        &reason,
    ]))
}

fn extensions(template: &CertificateTemplate, key: &PublicKey, issuer: Issuer<'_>) -> Vec<Extension> {
    let identifier = key_identifier(key);
    let mut extensions = vec![extension(
        oid::SUBJECT_KEY_IDENTIFIER,
        false,
        write::octet_string(&identifier),
    )];
    match issuer {
        Issuer::SelfSigned => extensions.push(authority_key_identifier(&identifier)),
        Issuer::Certificate(issuer) => {
            extensions.extend(issuer.subject_key_identifier().map(authority_key_identifier));
        }
    }
    if let Some(usage) = template.key_usage {
        extensions.push(extension(oid::KEY_USAGE, true, write::named_bits(usage.bits())));
    }
    if !template.extended_key_usage.is_empty() {
        let critical = template.extended_key_usage == [oid::TIME_STAMPING];
        let purposes: Vec<Vec<u8>> = template.extended_key_usage.iter().map(write::oid).collect();
        let value = write::sequence(&[&purposes.concat()]);
        extensions.push(extension(oid::EXTENDED_KEY_USAGE, critical, value));
    }
    if let Some(constraints) = template.basic_constraints {
        let ca = if constraints.ca {
            write::boolean(true)
        } else {
            Vec::new()
        };
        let path_len = constraints
            .path_len
            .map(|n| write::unsigned(n.into()))
            .unwrap_or_default();
        let value = write::sequence(&[&ca, &path_len]);
        extensions.push(extension(oid::BASIC_CONSTRAINTS, true, value));
    }
    if !template.crl_addresses.is_empty() {
        let points: Vec<Vec<u8>> = template
            .crl_addresses
            .iter()
            .map(|address| distribution_point(address))
            .collect();
        let value = write::sequence(&[&points.concat()]);
        extensions.push(extension(oid::CRL_DISTRIBUTION_POINTS, false, value));
    }
    extensions.extend(template.extensions.iter().cloned());
    extensions
}

fn extension(oid: ObjectIdentifier, critical: bool, value: Vec<u8>) -> Extension {
    Extension { oid, critical, value }
}

/// The first bytes of SM3 over the point (in the manner of RFC 7093 §2).
fn key_identifier(key: &PublicKey) -> Vec<u8> {
    gm::sm3(&key.to_sec1()).0[..KEY_IDENTIFIER_BYTES].to_vec()
}

fn authority_key_identifier(identifier: &[u8]) -> Extension {
    let value = write::sequence(&[&write::tlv(asn1::primitive(0), identifier)]);
    extension(oid::AUTHORITY_KEY_IDENTIFIER, false, value)
}

/// A DistributionPoint with a full name that is one address.
fn distribution_point(address: &str) -> Vec<u8> {
    let uri = write::tlv(asn1::primitive(6), address.as_bytes());
    write::sequence(&[&write::explicit(0, &write::explicit(0, &uri))])
}
