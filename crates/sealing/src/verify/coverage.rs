//! Is everything that is shown protected?
//!
//! A signature proves nothing about parts it does not reference. What decides is what readers would show: the
//! closure of all links from OFD.xml. A part outside of every signature could have been put there by anyone.

use std::collections::HashSet;

use ofd::{Ofd, Package, PartPath, Shown, SignatureEntry};
use pki::Certificate;

use super::document::same_sealer;
use super::signed_value::Judged;
use crate::code::{Check, Code, Effect};
use crate::report::Findings;

/// What coverage needs to know of a signature.
pub(super) struct Signed<'a> {
    protected: HashSet<&'a PartPath>,
    own: Option<&'a PartPath>,
    sealer: Option<&'a Certificate>,
    holds: bool,
}

impl<'a> Signed<'a> {
    pub(super) fn of(entry: &'a SignatureEntry, judged: &'a Judged) -> Self {
        let part = entry.part.as_ref().ok();
        let references = part.into_iter().flat_map(|part| &part.references);
        Self {
            protected: references
                .filter_map(|reference| reference.file_ref.path())
                .collect(),
            own: part.map(|part| &part.path),
            sealer: judged.sealer.as_ref(),
            holds: judged
                .findings
                .worst()
                .is_none_or(|worst| worst < Effect::Indeterminate),
        }
    }
}

/// Judges the coverage of the signature at `index` of `signed`.
pub(super) fn judge_coverage(
    findings: &mut Findings,
    package: &Package,
    ofd: &Ofd,
    shown: &Shown,
    signed: &[Signed<'_>],
    index: usize,
) {
    let this = &signed[index];
    if this.own.is_none() {
        return;
    }
    findings.checked(Check::Coverage);
    let plumbing: HashSet<&PartPath> = shown.plumbing.iter().collect();
    let root = PartPath::root();
    let mut open = Vec::new();
    let mut later = Vec::new();
    let mut later_same = Vec::new();
    for part in &shown.parts {
        let path = &part.path;
        if this.protected.contains(path) || plumbing.contains(path) {
            continue;
        }
        if *path == root && entry_point_is_sound(findings, package, ofd, shown, this) {
            continue;
        }
        let mut others = signed
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index)
            .map(|(_, other)| other);
        match others.find(|other| other.holds && other.protected.contains(path)) {
            Some(other) if same_sealer(this.sealer, other.sealer) => later_same.push(path.to_string()),
            Some(_) => later.push(path.to_string()),
            None => open.push(path.to_string()),
        }
    }
    let found = [
        (Code::ContentNotProtected, open),
        (Code::ContentAddedLater, later),
        (Code::ContentAddedBySameSealer, later_same),
        (Code::StrayParts, stray(shown, signed)),
    ];
    for (code, details) in found {
        if !details.is_empty() {
            findings.add_with(Check::Coverage, code, details);
        }
    }
}

/// OFD.xml itself is often left unprotected, because signing changes it. That is harmless only as long as it
/// leaves no choice: one document, its root protected, no other protected document that it could have named.
fn entry_point_is_sound(
    findings: &mut Findings,
    package: &Package,
    ofd: &Ofd,
    shown: &Shown,
    this: &Signed<'_>,
) -> bool {
    let clear = ofd.faults.is_empty() && ofd.bodies.iter().all(|body| body.faults.is_empty());
    let one = ofd.bodies.len() == 1 && ofd.bodies.iter().all(|body| body.versions.is_empty());
    let sound = clear && one && !hides_documents(package, shown, this);
    if sound {
        findings.add(Check::Coverage, Code::EntryUnprotected);
    }
    sound
}

/// Protected documents that nothing links to: OFD.xml may have been turned away from them.
fn hides_documents(package: &Package, shown: &Shown, this: &Signed<'_>) -> bool {
    let reached: HashSet<&PartPath> = shown.parts.iter().map(|part| &part.path).collect();
    let mut unreached = this
        .protected
        .iter()
        .filter(|part| !reached.contains(*part) && part.as_str().ends_with(".xml"));
    unreached.any(|part| package.read(part).is_ok_and(|xml| is_document(&xml)))
}

/// Whether the first element is named Document, whatever its prefix.
fn is_document(xml: &[u8]) -> bool {
    let text = String::from_utf8_lossy(xml);
    let mut elements = text
        .split('<')
        .skip(1)
        .filter(|element| !element.starts_with(['?', '!']));
    let name = elements
        .next()
        .and_then(|element| element.split([' ', '>', '/', '\t', '\r', '\n']).next());
    name.is_some_and(|name| name.rsplit(':').next() == Some("Document"))
}

/// Parts that are neither shown nor protected by anyone: harmless, but a person may want to know.
fn stray(shown: &Shown, signed: &[Signed<'_>]) -> Vec<String> {
    let open = shown
        .stray
        .iter()
        .filter(|part| !signed.iter().any(|signed| signed.protected.contains(*part)));
    open.map(PartPath::to_string).collect()
}
