//! A document of either kind, OFD or PDF: what it is, whether anything is on its pages, and a seal on it.

use std::fs::File;
use std::io::{self, Write};

use gm::Signer;
use jiff::Timestamp;
use ofd::{Limits, Package, Source as _};
use pki::{MessageKey, VerifiedPath};
use ses::VerifiedSeal;

use crate::pdf_place::{pdf_facts, pdf_placements};
use crate::pdf_refusal::PdfSealError;
use crate::pdf_seal::{PdfForm, PdfLevel, PdfSealOrder, Shown, seal_pdf};
use crate::position::{Placement, Position};
use crate::seal::{BlankPages, Mode, SealError, SealOrder, ofd_facts, ofd_placements, seal};
use crate::verify::Verifier;

/// Kinds of documents that are sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    /// GB/T 33190-2016.
    Ofd,
    /// ISO 32000.
    Pdf,
}

/// What reading a document says, before anybody seals it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentFacts {
    /// Which kind it is.
    pub kind: DocumentKind,
    /// How many pages it has.
    pub pages: usize,
    /// Whether nothing is on any page (R49).
    pub blank: bool,
}

/// What to seal a document of either kind with, where, and how. Blank pages take no stamp (R49).
#[derive(Clone, Copy)]
pub struct StampOrder<'a> {
    /// The seal, verified for `time`.
    pub seal: &'a VerifiedSeal,
    /// The sealer's certificate, verified for `time`; one of those the seal was made for.
    pub sealer: &'a VerifiedPath,
    /// Where it appears; several appearances belong to one signature.
    pub positions: &'a [Position],
    /// Whether further signatures may follow.
    pub mode: Mode,
    /// The signing time, in whole seconds.
    pub time: Timestamp,
    /// Who proved them.
    pub verifier: &'a Verifier,
}

/// Why a document is not sealed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StampError {
    /// The disk, not the document.
    #[error("the document cannot be read from the disk: {0}")]
    Disk(#[source] io::Error),
    /// An OFD document, or what is neither OFD nor PDF.
    #[error(transparent)]
    Ofd(SealError),
    /// A PDF document.
    #[error(transparent)]
    Pdf(PdfSealError),
}

/// Reads a document as far as is needed to say what it is.
pub fn document_facts(file: File) -> Result<DocumentFacts, StampError> {
    match open(file)? {
        Opened::Ofd(package) => ofd_facts(&package).map_err(StampError::Ofd),
        Opened::Pdf(bytes) => pdf_facts(&bytes).map_err(StampError::Pdf),
    }
}

/// Where a seal of this size, in mm, would appear; nothing is sealed, and blank pages are not looked for.
pub fn placements(
    file: File,
    positions: &[Position],
    size_mm: (f64, f64),
) -> Result<Vec<Placement>, StampError> {
    match open(file)? {
        Opened::Ofd(package) => ofd_placements(&package, positions, size_mm).map_err(StampError::Ofd),
        Opened::Pdf(bytes) => pdf_placements(&bytes, positions, size_mm).map_err(StampError::Pdf),
    }
}

/// Seals a document into `out`, with the forms that are this program's own for each kind.
pub fn stamp(
    file: File,
    order: &StampOrder<'_>,
    signer: &dyn Signer,
    out: &mut dyn Write,
) -> Result<DocumentKind, StampError> {
    match open(file)? {
        Opened::Ofd(package) => {
            let order = SealOrder {
                seal: order.seal,
                sealer: order.sealer,
                positions: order.positions,
                mode: order.mode,
                blank_pages: BlankPages::Refuse,
                time: order.time,
                threads: 1,
            };
            seal(&package, &order, signer, None, out).map_err(StampError::Ofd)?;
            Ok(DocumentKind::Ofd)
        }
        Opened::Pdf(bytes) => {
            let order = PdfSealOrder {
                shown: Shown::Seal(order.seal),
                sealer: order.sealer,
                positions: order.positions,
                mode: order.mode,
                blank_pages: BlankPages::Refuse,
                repair: false,
                time: order.time,
                form: PdfForm::Seal,
                level: PdfLevel::B,
                verifier: order.verifier,
            };
            seal_pdf(bytes, &order, MessageKey::Sm2(signer), None, out).map_err(StampError::Pdf)?;
            Ok(DocumentKind::Pdf)
        }
    }
}

enum Opened {
    Ofd(Box<Package>),
    Pdf(Vec<u8>),
}

/// By its first bytes, whatever its name.
fn open(file: File) -> Result<Opened, StampError> {
    let mut head = [0; 4];
    let got = file.read_at(&mut head, 0).map_err(StampError::Disk)?;
    if !head[..got].starts_with(b"%PDF") {
        let package = Package::open(file, Limits::default());
        return package
            .map(|package| Opened::Ofd(Box::new(package)))
            .map_err(|error| StampError::Ofd(error.into()));
    }
    let length = file.metadata().map_err(StampError::Disk)?.len();
    if length > pdf::PDF_BYTES_MAX as u64 {
        let error = pdf::Error::Limit {
            what: "bytes of a file",
            max: pdf::PDF_BYTES_MAX,
        };
        return Err(StampError::Pdf(error.into()));
    }
    let mut bytes = vec![0; length as usize];
    std::os::unix::fs::FileExt::read_exact_at(&file, &mut bytes, 0).map_err(StampError::Disk)?;
    Ok(Opened::Pdf(bytes))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use ofd::builder::{DocumentBuilder, Drawing};
    use ses::{ListKind, SealVersion};
    use testkit::{TestPki, now};

    use super::*;
    use crate::position::PageSelection;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn pages(drawn: &[bool]) -> Vec<u8> {
        let mut builder = DocumentBuilder::new("0123456789abcdef0123456789abcdef");
        let font = builder.font("宋体");
        for drawn in drawn {
            let drawing = match drawn {
                true => Drawing::new().text(font, 5.0, 30.0, 40.0, "通知"),
                false => Drawing::new(),
            };
            builder.page((210.0, 297.0), drawing);
        }
        builder.build().unwrap()
    }

    fn pdf(content: &str) -> Vec<u8> {
        let objects = [
            "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
            "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>".to_owned(),
            format!("<</Length {}>>stream\n{content}\nendstream", content.len()),
        ];
        let mut text = "%PDF-1.4\n".to_owned();
        let mut table = "xref\n0 5\n0000000000 65535 f \n".to_owned();
        for (number, object) in (1..).zip(objects) {
            table += &format!("{:010} 00000 n \n", text.len());
            text += &format!("{number} 0 obj{object}endobj\n");
        }
        let start = text.len();
        (text + &table + &format!("trailer<</Size 5/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n")).into_bytes()
    }

    #[track_caller]
    fn check(bytes: &[u8], kind: DocumentKind, pages: usize, blank: bool) {
        let facts = document_facts(file(bytes)).unwrap();
        assert_eq!(facts, DocumentFacts { kind, pages, blank });
    }

    #[test]
    fn r49_a_document_is_blank_when_all_of_its_pages_are() {
        check(&pages(&[true]), DocumentKind::Ofd, 1, false);
        check(&pages(&[false, true]), DocumentKind::Ofd, 2, false);
        check(&pages(&[false, false]), DocumentKind::Ofd, 2, true);
        check(&pdf("0 0 100 100 re f"), DocumentKind::Pdf, 1, false);
        check(&pdf(" \n"), DocumentKind::Pdf, 1, true);
    }

    #[test]
    fn what_is_no_document_is_refused() {
        for bytes in [&b""[..], b"%PDF", b"%PDF-1.4 nothing", b"PK\x03\x04", b"text"] {
            assert!(document_facts(file(bytes)).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn where_a_seal_would_appear_is_told_of_both_kinds() {
        let straddle = Position::Straddle {
            edge: crate::Edge::Right,
            middle_mm: None,
            group: None,
        };
        let two = placements(
            file(&pages(&[true, true])),
            std::slice::from_ref(&straddle),
            (40.0, 40.0),
        )
        .unwrap();
        assert_eq!(two.iter().map(|one| one.page).collect::<Vec<_>>(), [0, 1]);
        assert!(two.iter().all(|one| one.clip.is_some()));
        let one_page = placements(file(&pdf("0 0 9 9 re f")), &[straddle], (40.0, 40.0));
        assert!(one_page.unwrap_err().to_string().contains("two pages"));
        let keyword = |text: &str| Position::Keyword {
            text: text.into(),
            nth: None,
            pages: PageSelection::All,
        };
        let hit = placements(file(&pages(&[false, true])), &[keyword("通知")], (40.0, 40.0)).unwrap();
        assert_eq!((hit.len(), hit[0].page), (1, 1));
        assert!(placements(file(&pages(&[true])), &[keyword("公告")], (40.0, 40.0)).is_err());
        assert!(placements(file(&pages(&[true])), &[], (40.0, 40.0)).is_err());
    }

    #[test]
    fn both_kinds_are_sealed() {
        let pki = TestPki::new(1);
        let mut picture = std::io::Cursor::new(Vec::new());
        image::RgbaImage::from_pixel(40, 40, image::Rgba([255, 0, 0, 255]))
            .write_to(&mut picture, image::ImageFormat::Png)
            .unwrap();
        let verified = pki.verified(&pki.seal(SealVersion::V4, ListKind::Certificates, picture.get_ref()));
        let path = pki.path(&pki.sealer, pki::Purpose::Signer);
        let positions = [Position::Point {
            pages: PageSelection::All,
            x_mm: 50.0,
            y_mm: 50.0,
        }];
        let trust = crate::Trust::for_all(pki.trust().anchors().to_vec());
        let verifier = Verifier::new(trust, pki.intermediates(), Vec::new());
        let order = StampOrder {
            seal: &verified,
            sealer: &path,
            positions: &positions,
            mode: Mode::Continue,
            time: now(),
            verifier: &verifier,
        };
        for (document, kind) in [
            (pages(&[true]), DocumentKind::Ofd),
            (pdf("0 0 9 9 re f"), DocumentKind::Pdf),
        ] {
            let mut sealed = Vec::new();
            let stamped = stamp(file(&document), &order, &pki.sealer.key, &mut sealed).unwrap();
            assert_eq!(stamped, kind);
            let report = verifier.verify(sealed, "sealed", now()).unwrap();
            assert_eq!(
                report.conclusion,
                crate::Conclusion::Passed,
                "{kind:?}: {:?}",
                report.reasons
            );
        }
        let blank = stamp(file(&pages(&[false])), &order, &pki.sealer.key, &mut Vec::new());
        assert!(matches!(
            blank,
            Err(StampError::Ofd(SealError::BlankPage { page: 1 }))
        ));
    }
}
