//! Which later changes a signature bears.

use pdf::{Change, ChangeKind, Error, Signature};

use crate::code::{Check, Code};
use crate::report::Findings;

/// Judges what changed after `signature`. What is not known to be harmless or permitted is neither.
pub(super) fn judge_changes(
    findings: &mut Findings,
    signature: &Signature,
    changes: Result<Vec<Change>, Error>,
) {
    let changes = match changes {
        Ok(changes) => changes,
        Err(error) => {
            let said = vec![error.to_string()];
            return findings.explain(Check::Coverage, Code::PdfChangesUnreadable, Vec::new(), said);
        }
    };
    let mut judged: Vec<(Code, Vec<String>)> = Vec::new();
    for change in changes {
        let code = code_for(signature, &change);
        match judged.iter_mut().find(|(known, _)| *known == code) {
            Some((_, what)) => what.push(change.what),
            None => judged.push((code, vec![change.what])),
        }
    }
    for (code, what) in judged {
        findings.add_with(Check::Coverage, code, what);
    }
}

/// ISO 32000-2 table 257: 1 permits evidence and document timestamps, 2 also filling and signing, 3 also annotations.
/// A signature that says nothing is taken for one that permits signing.
fn code_for(signature: &Signature, change: &Change) -> Code {
    let locked = signature.locks.iter().any(|lock| lock.locks(&change.what));
    match (change.kind, signature.permits) {
        (ChangeKind::SecurityStore | ChangeKind::Metadata | ChangeKind::Version, _) => Code::PdfUpdatedLater,
        (ChangeKind::SignatureAdded, Some(1)) => Code::PdfNotPermitted,
        (ChangeKind::SignatureAdded, _) if locked => Code::PdfNotPermitted,
        (ChangeKind::SignatureAdded, _) => Code::PdfSignedLater,
        (ChangeKind::TimestampAdded, _) => Code::PdfUpdatedLater,
        (ChangeKind::SignatureFieldAdded, Some(1)) => Code::PdfNotPermitted,
        (ChangeKind::SignatureFieldAdded, _) => Code::PdfUpdatedLater,
        (ChangeKind::FieldFilled, Some(1)) => Code::PdfNotPermitted,
        (ChangeKind::FieldFilled, _) if locked => Code::PdfNotPermitted,
        (ChangeKind::FieldFilled, Some(_)) => Code::PdfFieldsPermitted,
        (ChangeKind::FieldFilled, None) => Code::PdfFieldsFilled,
        (ChangeKind::AnnotationAdded | ChangeKind::AnnotationChanged, Some(3)) => {
            Code::PdfAnnotationsPermitted
        }
        (ChangeKind::AnnotationAdded | ChangeKind::AnnotationChanged, _) => Code::PdfAnnotationsChanged,
        (ChangeKind::UnsignedFieldShown, _) => Code::PdfUnsignedAppearance,
        (ChangeKind::FieldAdded | ChangeKind::FieldChanged, _) => Code::PdfFieldsChanged,
        (ChangeKind::SignatureChanged, _) => Code::PdfSignatureChanged,
        (ChangeKind::PagesChanged, _) => Code::PdfPagesChanged,
        (ChangeKind::PageContentChanged, _) => Code::PdfContentChanged,
        (ChangeKind::FormChanged | ChangeKind::CatalogChanged | ChangeKind::PermissionsChanged, _) => {
            Code::PdfStructureChanged
        }
        (ChangeKind::Unreadable, _) => Code::PdfChangesUnreadable,
    }
}
