//! Extensions of seals and signatures, and what is known of them.

use const_oid::ObjectIdentifier;
use pki::Extension;
use pki::asn1::{BOOLEAN, Element, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE};

use crate::error::{DeviationKind, Error};
use crate::fields::{Fields, Notes, boolean};
use crate::seal_parts::CONTEXT_0;

/// Most extensions in a seal or signature, in entries. Real ones have up to five.
pub const EXTENSIONS_MAX: usize = 64;

/// A critical extension: a reader that does not know it must not accept what it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CriticalExtension {
    /// What it is.
    pub oid: ObjectIdentifier,
    /// Whose it is and what it says, for those that are met in real files and known not to limit anything.
    pub vendor: Option<&'static str>,
}

/// Extensions of vendors that mark them critical without reason: a tag, a remark, a second signature.
/// The first three are words ("tag", "remark", "version") written where an identifier belongs.
const VENDOR_EXTENSIONS: [(ObjectIdentifier, &str); 5] = [
    (ObjectIdentifier::new_unwrap("2.36.97.103"), "Kinsec: tag"),
    (
        ObjectIdentifier::new_unwrap("2.34.101.109.97.114.107"),
        "Kinsec: remark",
    ),
    (
        ObjectIdentifier::new_unwrap("2.38.101.114.115.105.111.110"),
        "Kinsec: version",
    ),
    (
        ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.4"),
        "Tongzhiweiye: a second signature value",
    ),
    (
        ObjectIdentifier::new_unwrap("1.3.6.1.4.1.54706.1"),
        "dms360: a mark of the vendor",
    ),
];

pub(crate) fn critical(extensions: &[Extension]) -> Vec<CriticalExtension> {
    let vendor = |oid| {
        VENDOR_EXTENSIONS
            .iter()
            .find(|(known, _)| *known == oid)
            .map(|(_, what)| *what)
    };
    let critical = extensions.iter().filter(|extension| extension.critical);
    critical
        .map(|extension| CriticalExtension {
            oid: extension.oid,
            vendor: vendor(extension.oid),
        })
        .collect()
}

/// `ExtensionDatas`; `tagged` says whether the standard wants `[0] EXPLICIT` around it.
pub(crate) fn read_extensions(
    element: &Element<'_>,
    tagged: bool,
    part: &'static str,
    notes: &mut Notes,
) -> Result<Vec<Extension>, Error> {
    let mut list = Fields::inside(element, part);
    let is_tagged = element.tag == CONTEXT_0;
    let explicit = explicit_list(element).filter(|_| is_tagged);
    if is_tagged != tagged || (is_tagged && explicit.is_none()) {
        notes.add(part, DeviationKind::ExtensionsTagging);
    }
    if let Some(inner) = explicit {
        list = Fields::inside(&inner, part);
    }
    let mut extensions = Vec::new();
    for entry in list.rest(EXTENSIONS_MAX)? {
        match read_extension(&entry, part, notes) {
            Ok(extension) => extensions.push(extension),
            Err(_) => notes.add(part, DeviationKind::ExtensionUnreadable),
        }
    }
    Ok(extensions)
}

/// The single SEQUENCE inside an explicit tag, unless it is itself an `ExtData`.
fn explicit_list<'a>(tagged: &Element<'a>) -> Option<Element<'a>> {
    let mut fields = tagged.children();
    let inner = fields.expect(SEQUENCE, "extDatas").ok()?;
    (fields.is_empty() && inner.children().peek() != Some(OBJECT_IDENTIFIER)).then_some(inner)
}

fn read_extension(entry: &Element<'_>, part: &'static str, notes: &mut Notes) -> Result<Extension, Error> {
    let mut fields = Fields::inside(entry, part);
    let oid = fields.take(part)?.oid(part)?;
    let critical = match fields.peek() {
        Some(BOOLEAN) => {
            let critical = boolean(&fields.take(part)?, part, notes);
            if !critical {
                notes.add(part, DeviationKind::DefaultEncoded);
            }
            critical
        }
        _ => false,
    };
    let value = fields.expect(OCTET_STRING, part)?.value.to_vec();
    fields.finish(notes)?;
    Ok(Extension { oid, critical, value })
}
