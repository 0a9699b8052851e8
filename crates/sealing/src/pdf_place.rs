//! Where a seal appears in a PDF.

use ofd::geometry::Box as MmBox;
use pdf::{Document, Object, Page};

use crate::document::{DocumentFacts, DocumentKind};
use crate::pdf_password;
use crate::pdf_refusal::PdfSealError;
use crate::pdf_seal::PdfSealOrder;
use crate::position::{Placement, Position, place};
use crate::seal::BlankPages;

/// Where the seal appears; refuses what may not be sealed there.
pub(crate) fn place_all(
    document: &Document<'_>,
    pages: &[Page],
    order: &PdfSealOrder<'_>,
) -> Result<Vec<Placement>, PdfSealError> {
    let placements = place_positions(document, pages, order.positions, order.shown.size_mm())?;
    match order.blank_pages {
        BlankPages::Allow { reason } if reason.trim().is_empty() => return Err(PdfSealError::NoReason),
        BlankPages::Allow { .. } => {}
        BlankPages::Refuse => {
            for placement in &placements {
                if is_blank(document, &pages[placement.page]) {
                    return Err(PdfSealError::BlankPage {
                        page: placement.page + 1,
                    });
                }
            }
        }
    }
    Ok(placements)
}

fn place_positions(
    document: &Document<'_>,
    pages: &[Page],
    positions: &[Position],
    size: (f64, f64),
) -> Result<Vec<Placement>, PdfSealError> {
    if positions.is_empty() {
        return Err(PdfSealError::NoPosition);
    }
    let sizes: Vec<(f64, f64)> = pages.iter().map(|page| page.view(document).size_mm()).collect();
    let mut placements = Vec::new();
    for position in positions {
        let hits = |page: usize, words: &str| -> Result<Vec<MmBox>, PdfSealError> {
            let found = pdf::find_words(document, &pages[page], words)?;
            Ok(found
                .into_iter()
                .map(|[x, y, width, height]| MmBox::new(x, y, width, height))
                .collect())
        };
        placements.extend(place(position, size, &sizes, hits)?);
    }
    Ok(placements)
}

/// Where a seal of this size, in mm, would appear.
pub(crate) fn pdf_placements(
    bytes: &[u8],
    positions: &[Position],
    size: (f64, f64),
) -> Result<Vec<Placement>, PdfSealError> {
    let mut document = Document::open(bytes)?;
    pdf_password::open(&mut document, None)?;
    if document.is_locked() {
        return Err(PdfSealError::Encrypted);
    }
    let pages = pdf::pages(&document)?;
    place_positions(&document, &pages, positions, size)
}

/// What a PDF is. Pages are looked at until something is found on one.
pub(crate) fn pdf_facts(bytes: &[u8]) -> Result<DocumentFacts, PdfSealError> {
    let mut document = Document::open(bytes)?;
    pdf_password::open(&mut document, None)?;
    if document.is_locked() {
        return Err(PdfSealError::Encrypted);
    }
    let pages = pdf::pages(&document)?;
    Ok(DocumentFacts {
        kind: DocumentKind::Pdf,
        pages: pages.len(),
        blank: pages.iter().all(|page| is_blank(&document, page)),
    })
}

/// Whether a page draws nothing and bears nothing. What cannot be read may draw something.
fn is_blank(document: &Document<'_>, page: &Page) -> bool {
    let has_annotations = document.get(&page.dictionary, "Annots").is_ok_and(|annotations| {
        annotations.is_some_and(|list| list.as_array().is_some_and(|list| !list.is_empty()))
    });
    let Ok(Some(contents)) = document.get(&page.dictionary, "Contents") else {
        return !has_annotations;
    };
    let parts = match &*contents {
        Object::Array(parts) => parts.clone(),
        other => vec![other.clone()],
    };
    let draws = parts.iter().any(|part| match document.resolve(part).as_deref() {
        Ok(Object::Stream(stream)) => document
            .decoded(stream)
            .map_or(true, |data| data.iter().any(|byte| !byte.is_ascii_whitespace())),
        _ => false,
    });
    !draws && !has_annotations
}
