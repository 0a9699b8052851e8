//! The revisions of a PDF that signatures cover and that no longer are what is shown.

use pdf::ChangeKind;

use crate::verify::Verifier;

/// What was signed, before something that may be seen was changed or added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRevision {
    /// The field of its signature.
    pub field: String,
    /// The file up to here is the revision.
    pub end: usize,
}

/// The signed revisions of a file after which something that may be seen changed, in the order of signing. Of a file
/// that cannot be read there are none; nothing is judged.
pub fn changed_revisions(verifier: &Verifier, bytes: &[u8]) -> Vec<SignedRevision> {
    let Ok(document) = verifier.open_pdf(bytes) else {
        return Vec::new();
    };
    let signatures = pdf::signatures(&document).unwrap_or_default();
    let changed = signatures.into_iter().filter_map(|signature| {
        let range = signature.byte_range.ok()?;
        let revision = pdf::signed_revision(&document, &signature, range).ok()?;
        // What cannot be compared may have changed.
        let is_changed = pdf::changes(&revision, &document).map_or(true, |changes| {
            changes.iter().any(|change| may_be_seen(change.kind))
        });
        is_changed.then_some(SignedRevision {
            field: signature.field,
            end: range.end,
        })
    });
    changed.collect()
}

fn may_be_seen(kind: ChangeKind) -> bool {
    use ChangeKind as Kind;
    !matches!(
        kind,
        Kind::SecurityStore
            | Kind::Metadata
            | Kind::Version
            | Kind::TimestampAdded
            | Kind::SignatureFieldAdded
    )
}
