//! The rules that every certificate of a path has to keep (RFC 5280 §6.1, RFC 3161 §2.3).

use const_oid::ObjectIdentifier;

use crate::extension::{GeneralName, NameConstraints, RFC822_NAME};
use crate::name::EMAIL_ADDRESS;
use crate::{Certificate, Deviation, KeyUsage, PathFault, PathQuery, Purpose, foreign_key, oid};

/// Extensions that may be critical, because their meaning is kept. Certificate policies are among them: with no
/// policy asked for, every one is acceptable (RFC 5280 §6.1.1 (c)).
const UNDERSTOOD: [ObjectIdentifier; 9] = [
    oid::AUTHORITY_KEY_IDENTIFIER,
    oid::BASIC_CONSTRAINTS,
    oid::CERTIFICATE_POLICIES,
    oid::CRL_DISTRIBUTION_POINTS,
    oid::EXTENDED_KEY_USAGE,
    oid::KEY_USAGE,
    oid::NAME_CONSTRAINTS,
    oid::SUBJECT_ALT_NAME,
    oid::SUBJECT_KEY_IDENTIFIER,
];

/// Extensions that limit what a certificate is good for, critical or not.
const DECIDING: [ObjectIdentifier; 4] = [
    oid::BASIC_CONSTRAINTS,
    oid::EXTENDED_KEY_USAGE,
    oid::KEY_USAGE,
    oid::NAME_CONSTRAINTS,
];

/// Everything that is wrong with the certificates of `chain`, leaf first, apart from their signatures.
///
/// `anchored`: the last one is an anchor.
pub(crate) fn faults_along(chain: &[Certificate], query: &PathQuery<'_>, anchored: bool) -> Vec<PathFault> {
    let mut faults = Vec::new();
    for (i, certificate) in chain.iter().enumerate() {
        let is_anchor = anchored && i + 1 == chain.len();
        check_validity(certificate, query, &mut faults);
        if let Err(fault) = certificate.public_key()
            && !(query.trust.takes_foreign() && foreign_key(certificate).is_some())
        {
            faults.push(PathFault::BadPublicKey {
                certificate: certificate.clone(),
                fault: *fault,
            });
        }
        if !is_anchor {
            check_extensions(certificate, &mut faults);
        }
        if i == 0 {
            check_leaf(certificate, query.purpose, &mut faults);
        } else {
            check_ca(certificate, &chain[1..i], is_anchor, &mut faults);
            check_names(certificate, &chain[..i], &mut faults);
        }
    }
    faults
}

fn check_validity(certificate: &Certificate, query: &PathQuery<'_>, faults: &mut Vec<PathFault>) {
    let at = query.at;
    if certificate.is_valid_at(at) {
        return;
    }
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    let certificate = certificate.clone();
    faults.push(if at < not_before {
        PathFault::NotYetValid {
            certificate,
            not_before,
            at,
        }
    } else {
        PathFault::Expired {
            certificate,
            not_after,
            at,
        }
    });
}

fn check_extensions(certificate: &Certificate, faults: &mut Vec<PathFault>) {
    for extension in certificate.extensions() {
        if extension.critical && !UNDERSTOOD.contains(&extension.oid) {
            let oid = extension.oid;
            faults.push(PathFault::UnknownCriticalExtension {
                certificate: certificate.clone(),
                oid,
            });
        }
    }
    for deviation in certificate.deviations() {
        let oid = match deviation {
            Deviation::DuplicateExtension(oid) => *oid,
            Deviation::UnreadableExtension(oid) if decides(certificate, oid) => *oid,
            _ => continue,
        };
        faults.push(PathFault::BadExtension {
            certificate: certificate.clone(),
            oid,
        });
    }
}

/// Whether the path cannot be judged without this extension. Real certificates have broken ones that only help.
fn decides(certificate: &Certificate, oid: &ObjectIdentifier) -> bool {
    DECIDING.contains(oid)
        || certificate
            .extension(oid)
            .is_some_and(|extension| extension.critical)
}

fn check_leaf(leaf: &Certificate, purpose: Purpose, faults: &mut Vec<PathFault>) {
    let needed = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::NON_REPUDIATION;
    check_key_usage(leaf, needed, faults);
    if purpose != Purpose::Timestamping {
        return;
    }
    let purposes = leaf.extended_key_usage().unwrap_or_default();
    if !purposes.contains(&oid::TIME_STAMPING) {
        let needed = oid::TIME_STAMPING;
        faults.push(PathFault::ExtendedKeyUsageMissing {
            certificate: leaf.clone(),
            needed,
        });
    } else if let Some(other) = purposes.iter().find(|purpose| **purpose != oid::TIME_STAMPING) {
        faults.push(PathFault::ExtendedKeyUsageMixed {
            certificate: leaf.clone(),
            other: *other,
        });
    }
}

/// `below`: the certificates between it and the leaf.
fn check_ca(ca: &Certificate, below: &[Certificate], is_anchor: bool, faults: &mut Vec<PathFault>) {
    let constraints = ca.basic_constraints().filter(|constraints| constraints.ca);
    let Some(constraints) = constraints else {
        faults.push(PathFault::NotCa {
            certificate: ca.clone(),
        });
        return;
    };
    // Self-issued certificates do not count (RFC 5280 §4.2.1.9).
    let found = below
        .iter()
        .filter(|certificate| !certificate.is_self_issued())
        .count() as u32;
    if let Some(allowed) = constraints.path_len.filter(|allowed| found > *allowed) {
        faults.push(PathFault::PathLengthExceeded {
            certificate: ca.clone(),
            allowed,
            found,
        });
    }
    if !is_anchor {
        check_key_usage(ca, KeyUsage::KEY_CERT_SIGN, faults);
    }
}

fn check_key_usage(certificate: &Certificate, needed: KeyUsage, faults: &mut Vec<PathFault>) {
    if let Some(found) = certificate.key_usage().filter(|found| !found.allows_any(needed)) {
        faults.push(PathFault::KeyUsageMissing {
            certificate: certificate.clone(),
            needed,
            found,
        });
    }
}

/// Whether the certificates `below` bear names that `ca` may give.
fn check_names(ca: &Certificate, below: &[Certificate], faults: &mut Vec<PathFault>) {
    let Some(constraints) = ca.name_constraints() else {
        return;
    };
    for (i, certificate) in below.iter().enumerate() {
        // Self-issued CA certificates are exempt, the leaf never is (RFC 5280 §6.1.4 (b)).
        if i > 0 && certificate.is_self_issued() {
            continue;
        }
        for name in forbidden_names(certificate, constraints) {
            faults.push(PathFault::NameConstraintViolated {
                certificate: certificate.clone(),
                by: ca.clone(),
                name,
            });
        }
    }
}

/// The names of a certificate that the constraints do not allow. Directory names are compared; a name of another
/// kind is forbidden as soon as that kind is constrained, because it cannot be judged (RFC 5280 §4.2.1.10).
fn forbidden_names(certificate: &Certificate, constraints: &NameConstraints) -> Vec<String> {
    let subject = Some(certificate.subject()).filter(|subject| !subject.is_empty());
    let alternatives = &certificate.known().alternative_names;
    let directory = alternatives.iter().filter_map(|name| match name {
        GeneralName::Directory(name) => Some(name),
        GeneralName::Other { .. } => None,
    });
    let mut forbidden: Vec<String> = subject
        .into_iter()
        .chain(directory)
        .filter(|name| !allows(constraints, name))
        .map(ToString::to_string)
        .collect();
    let constrained = |tag: u8| {
        let mut bases = constraints.permitted.iter().chain(&constraints.excluded);
        bases.any(|base| matches!(base, GeneralName::Other { tag: other, .. } if *other == tag))
    };
    for name in alternatives {
        if let GeneralName::Other { tag, .. } = name
            && constrained(*tag)
        {
            forbidden.push(format!("subjectAltName of kind {}", tag & 0x1f));
        }
    }
    if certificate
        .deviations()
        .contains(&Deviation::UnreadableExtension(oid::SUBJECT_ALT_NAME))
    {
        forbidden.push("subjectAltName that cannot be read".to_owned());
    }
    let has_email = certificate
        .subject()
        .attributes()
        .iter()
        .any(|attribute| attribute.oid == EMAIL_ADDRESS);
    if has_email && constrained(RFC822_NAME) {
        forbidden.push("emailAddress".to_owned());
    }
    forbidden
}

fn allows(constraints: &NameConstraints, name: &crate::Name) -> bool {
    let is_below = |base: &GeneralName| matches!(base, GeneralName::Directory(base) if name.is_below(base));
    let mut permitted = constraints.permitted.iter();
    let limited = permitted
        .clone()
        .any(|base| matches!(base, GeneralName::Directory(_)));
    (!limited || permitted.any(is_below)) && !constraints.excluded.iter().any(is_below)
}
