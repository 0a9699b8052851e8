//! What the test CA puts into certificates.

use clap::ValueEnum;
use gm::Signer;
use jiff::{SignedDuration, Timestamp};
use pki::asn1::{self, write};
use pki::{Certificate, CertificateTemplate, Extension, Issuer, Name, ObjectIdentifier};
use sealing::beijing_time;
use serde::{Deserialize, Serialize};

use crate::ca::register::Authority;
use crate::common::{Context, Failure};

/// nsComment: a remark that programs show when they show a certificate.
const COMMENT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113730.1.13");
const COMMENT_TEXT: &str = "TEST CERTIFICATE of the yinxin test CA: for tests only, without legal effect";
/// organizationalUnitName (X.520).
const ORGANIZATIONAL_UNIT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.11");

/// Bytes of a serial number, random and therefore never the same.
const SERIAL_BYTES: usize = 16;

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Profile {
    /// 制章者 / makes seals
    Maker,
    /// 签章者 / seals documents
    Signer,
    /// 时间戳服务 / stamps times
    Tsa,
    /// 下级 CA / a further issuing CA
    Ca,
}

impl Profile {
    /// As it is typed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Maker => "maker",
            Self::Signer => "signer",
            Self::Tsa => "tsa",
            Self::Ca => "ca",
        }
    }

    /// Who issues it.
    pub(crate) fn issuer(self) -> Authority {
        match self {
            Self::Ca => Authority::Root,
            Self::Maker | Self::Signer | Self::Tsa => Authority::Issuing,
        }
    }
}

/// A new root certificate.
pub(crate) fn root(subject: &Name, key: &dyn Signer, context: &Context) -> Result<Certificate, Failure> {
    let validity = (context.now, days_after(context.now, super::ROOT_DAYS)?);
    let template = CertificateTemplate {
        extensions: vec![comment()],
        ..CertificateTemplate::ca(subject.clone(), &serial(context), validity, None)
    };
    pki::issue(&template, key.public_key(), Issuer::SelfSigned, key).map_err(Failure::software)
}

/// What a certificate below `issuer` is to say. Without `--days` it ends with its issuer at the latest; more days than
/// that are refused, because no verifier would accept the last of them.
pub(crate) fn draft(
    profile: Profile,
    subject: Name,
    days: u32,
    issuer: &Certificate,
    context: &Context,
) -> Result<CertificateTemplate, Failure> {
    let not_after = days_after(context.now, days)?;
    if not_after > issuer.not_after() {
        let end = beijing_time(issuer.not_after(), context.language);
        return Err(Failure::refused(
            format!("{days} 天超出了 CA 证书自身的有效期（至 {end}）：请减少 --days"),
            format!(
                "{days} days go beyond the CA's own certificate, which ends at {end}: ask for fewer --days"
            ),
        ));
    }
    let (serial, validity) = (serial(context), (context.now, not_after));
    let template = match profile {
        Profile::Maker | Profile::Signer => CertificateTemplate::signer(subject, &serial, validity),
        Profile::Tsa => CertificateTemplate::timestamping(subject, &serial, validity),
        Profile::Ca => CertificateTemplate::ca(subject, &serial, validity, Some(0)),
    };
    Ok(CertificateTemplate {
        extensions: vec![comment()],
        ..template
    })
}

/// The name as it is if it says 测试 or TEST, otherwise with an organizational unit before its last part that does.
pub(crate) fn marked(name: &Name) -> Result<Name, Failure> {
    let says_so = |text: &str| text.contains("测试") || text.to_ascii_uppercase().contains("TEST");
    if name
        .attributes()
        .iter()
        .filter_map(|attribute| attribute.text.as_deref())
        .any(says_so)
    {
        return Ok(name.clone());
    }
    let unit = write::utf8_string("仅供测试 TEST ONLY");
    let unit = write::sequence(&[&write::oid(&ORGANIZATIONAL_UNIT), &unit]);
    let mut parts = Vec::new();
    let mut rdns = asn1::read_single(name.der(), asn1::SEQUENCE, "name")
        .map_err(Failure::software)?
        .children();
    while !rdns.is_empty() {
        parts.push(
            rdns.expect(asn1::SET, "name")
                .map_err(Failure::software)?
                .raw
                .to_vec(),
        );
    }
    parts.insert(parts.len().saturating_sub(1), write::set_of(vec![unit]));
    Name::read(&write::tlv(asn1::SEQUENCE, &parts.concat())).map_err(Failure::software)
}

/// The time so many days later.
pub(crate) fn days_after(start: Timestamp, days: u32) -> Result<Timestamp, Failure> {
    start
        .checked_add(SignedDuration::from_hours(24 * i64::from(days)))
        .map_err(Failure::software)
}

fn comment() -> Extension {
    Extension {
        oid: COMMENT,
        critical: false,
        value: write::ia5_string(COMMENT_TEXT),
    }
}

fn serial(context: &Context) -> [u8; SERIAL_BYTES] {
    let mut serial = [0; SERIAL_BYTES];
    context.rng().fill_bytes(&mut serial);
    // A serial number is positive and has no leading zeros: this one always has its 16 bytes.
    serial[0] = serial[0] & 0x7f | 0x40;
    serial
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: &str) {
        let marked = marked(&Name::parse(name).unwrap()).ok().unwrap();
        assert_eq!(marked.to_string(), expected);
    }

    #[test]
    fn names_that_say_test_stay_as_they_are() {
        check(
            "C=CN, O=测试市大数据局, CN=33010600000001",
            "C=CN, O=测试市大数据局, CN=33010600000001",
        );
        check("CN=Test Seal", "CN=Test Seal");
    }

    #[test]
    fn other_names_get_a_unit_that_does() {
        check(
            "C=CN, O=某市大数据局, CN=x",
            "C=CN, O=某市大数据局, OU=仅供测试 TEST ONLY, CN=x",
        );
        check("CN=x", "OU=仅供测试 TEST ONLY, CN=x");
    }
}
