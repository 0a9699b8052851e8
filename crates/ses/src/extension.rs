//! Extensions of seals and signatures, and what is known of them.

use const_oid::ObjectIdentifier;
use pki::Extension;

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
