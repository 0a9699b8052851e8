//! Extensions of certificates, lists, seals and time stamps: known ones in words, others as OID and hexadecimal.

use pki::asn1::{
    self, BOOLEAN, Element, IA5_STRING, INTEGER, OCTET_STRING, PRINTABLE_STRING, SEQUENCE, UTF8_STRING,
    VISIBLE_STRING, constructed, primitive,
};
use pki::{Error, Extension, Name, ObjectIdentifier, oid};

use crate::outline::{Outline, hex};
use crate::show::certificate::oids;
use crate::show::object_id;

/// Most entries that are shown of a list inside an extension.
const LIST_ENTRIES_MAX: usize = 64;

/// All extensions under a heading; nothing when there are none.
pub(super) fn show_all(outline: &mut Outline, zh: &str, name: &str, extensions: &[Extension]) {
    if extensions.is_empty() {
        return;
    }
    outline.structure(zh, name, |outline| {
        for extension in extensions {
            let critical = if extension.critical {
                outline.pick("，关键", ", critical")
            } else {
                ""
            };
            let value = value(extension).unwrap_or_else(|| hex(&extension.value));
            let separator = outline.pick("：", ": ");
            outline.line(format_args!(
                "{}{critical}{separator}{value}",
                object_id::text(&extension.oid)
            ));
        }
    });
}

/// ```text
/// Extensions ::= SEQUENCE OF SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, OCTET STRING }
/// ```
pub(super) fn read_list(value: &[u8]) -> Option<Vec<Extension>> {
    let mut items = asn1::read_single(value, SEQUENCE, WHAT).ok()?.children();
    let mut extensions = Vec::new();
    while !items.is_empty() && extensions.len() < LIST_ENTRIES_MAX {
        let mut fields = items.expect(SEQUENCE, WHAT).ok()?.children();
        let oid = fields.next(WHAT).ok()?.oid(WHAT).ok()?;
        let critical = fields
            .optional(BOOLEAN, WHAT)
            .ok()?
            .is_some_and(|flag| flag.boolean(WHAT).unwrap_or(true));
        let value = fields.expect(OCTET_STRING, WHAT).ok()?.value.to_vec();
        extensions.push(Extension { oid, critical, value });
    }
    Some(extensions)
}

const WHAT: &str = "extension";
/// nsComment.
const COMMENT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113730.1.13");
/// GB/T 20518-2018: identityCode and the codes of organisations.
const IDENTITY_CODES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10260.4.1");

/// What a known extension says; `None` for an unknown or unreadable one.
fn value(extension: &Extension) -> Option<String> {
    let element = asn1::split_first(&extension.value, WHAT).ok()?;
    let element = asn1::Reader::new(element.0).next(WHAT).ok()?;
    match extension.oid {
        oid::KEY_USAGE => key_usage(&element).ok(),
        oid::EXTENDED_KEY_USAGE => oid_list(&element).ok(),
        oid::BASIC_CONSTRAINTS => basic_constraints(&element).ok(),
        oid::SUBJECT_KEY_IDENTIFIER => Some(hex(element.value)),
        oid::AUTHORITY_KEY_IDENTIFIER => {
            let identifier = element.children().optional(primitive(0), WHAT).ok()??;
            Some(hex(identifier.value))
        }
        oid::SUBJECT_ALT_NAME => Some(general_names(&element)),
        oid::CRL_DISTRIBUTION_POINTS => distribution_points(&element).ok(),
        oid::CERTIFICATE_POLICIES => policies(&element).ok(),
        oid::CRL_NUMBER if element.tag == INTEGER => Some(hex(element.value)),
        COMMENT => text(&element),
        known if known.parent() == Some(IDENTITY_CODES) => text(&element),
        _ => None,
    }
}

fn key_usage(element: &Element<'_>) -> Result<String, Error> {
    const NAMES: [&str; 9] = [
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly",
        "decipherOnly",
    ];
    let (bytes, _) = element.bits(WHAT)?;
    let is_set = |bit: usize| {
        bytes
            .get(bit / 8)
            .is_some_and(|byte| byte & (0x80 >> (bit % 8)) != 0)
    };
    let names = NAMES
        .iter()
        .enumerate()
        .filter(|(bit, _)| is_set(*bit))
        .map(|(_, name)| *name);
    Ok(names.collect::<Vec<_>>().join(", "))
}

fn oid_list(element: &Element<'_>) -> Result<String, Error> {
    let mut items = element.children();
    let mut list = Vec::new();
    while !items.is_empty() && list.len() < LIST_ENTRIES_MAX {
        list.push(items.next(WHAT)?.oid(WHAT)?);
    }
    Ok(oids(&list))
}

fn basic_constraints(element: &Element<'_>) -> Result<String, Error> {
    let mut fields = element.children();
    let ca = fields
        .optional(BOOLEAN, WHAT)?
        .map_or(Ok(false), |ca| ca.boolean(WHAT))?;
    let mut text = format!("cA {}", if ca { "TRUE" } else { "FALSE" });
    if let Some(length) = fields.optional(INTEGER, WHAT)? {
        text.push_str(&format!(", pathLenConstraint {}", length.unsigned(WHAT)?));
    }
    Ok(text)
}

/// ```text
/// CertificatePolicies ::= SEQUENCE OF SEQUENCE { policyIdentifier OBJECT IDENTIFIER, policyQualifiers … OPTIONAL }
/// ```
fn policies(element: &Element<'_>) -> Result<String, Error> {
    let mut items = element.children();
    let mut list = Vec::new();
    while !items.is_empty() && list.len() < LIST_ENTRIES_MAX {
        list.push(items.expect(SEQUENCE, WHAT)?.children().next(WHAT)?.oid(WHAT)?);
    }
    Ok(oids(&list))
}

/// ```text
/// CRLDistributionPoints ::= SEQUENCE OF SEQUENCE { distributionPoint [0] { fullName [0] GeneralNames, … }, … }
/// ```
fn distribution_points(element: &Element<'_>) -> Result<String, Error> {
    let mut points = element.children();
    let mut names = Vec::new();
    while !points.is_empty() && names.len() < LIST_ENTRIES_MAX {
        let mut point = points.expect(SEQUENCE, WHAT)?.children();
        if let Some(name) = point.optional(constructed(0), WHAT)?
            && let Some(full) = name.children().optional(constructed(0), WHAT)?
        {
            names.push(general_names(&full));
        }
    }
    Ok(names.join(", "))
}

fn general_names(list: &Element<'_>) -> String {
    let mut items = list.children();
    let names = std::iter::from_fn(|| items.next(WHAT).ok()).take(LIST_ENTRIES_MAX);
    names
        .map(|name| general_name(&name))
        .collect::<Vec<_>>()
        .join(", ")
}

/// `GeneralName` (RFC 5280 §4.2.1.6): mail, DNS, directory, URI in words, others in hexadecimal.
fn general_name(name: &Element<'_>) -> String {
    let words = match name.tag {
        tag if [1, 2, 6].map(primitive).contains(&tag) => {
            std::str::from_utf8(name.value).ok().map(str::to_owned)
        }
        tag if tag == constructed(4) => Name::read(name.value).ok().map(|name| name.to_string()),
        _ => None,
    };
    words.unwrap_or_else(|| hex(name.raw))
}

/// A string, or a string with a tag of its choice around or instead.
fn text(element: &Element<'_>) -> Option<String> {
    match element.tag {
        UTF8_STRING | PRINTABLE_STRING | IA5_STRING | VISIBLE_STRING => {
            std::str::from_utf8(element.value).ok().map(str::to_owned)
        }
        tag if (primitive(0)..=primitive(3)).contains(&tag) => {
            std::str::from_utf8(element.value).ok().map(str::to_owned)
        }
        tag if (constructed(0)..=constructed(3)).contains(&tag) => {
            let inner = element.children().next(WHAT).ok()?;
            std::str::from_utf8(inner.value).ok().map(str::to_owned)
        }
        _ => None,
    }
}
