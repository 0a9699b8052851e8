//! Puts a seal on a PDF document (电子签章生成流程, GB/T 38540-2020 7.2; ISO 32000-1 §12.8).

use std::io::Write;

use gm::{Signer, Sm3};
use image::ImageReader;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use ofd::geometry::Box as MmBox;
use pdf::{Appearance, Document, NewSignature, Object, Page, Picture};
use pki::{SignedDataShape, VerifiedPath, write_signed_data};
use ses::{PictureFormat, SignatureTemplate, VerifiedSeal, make_signature};

use crate::code::{Check, Effect};
use crate::position::{Placement, Position, PositionError, place};
use crate::report::Report;
use crate::seal::{BlankPages, Mode, TimestampSource};
use crate::verify::{Trust, Verifier};

/// Room for everything in a seal signature that is neither seal nor certificate, in bytes.
const VALUE_SPARE_BYTES: usize = 2048;
/// Room for a timestamp, in bytes.
const TIMESTAMP_BYTES: usize = 16 << 10;
/// Largest picture that is unpacked, in pixels.
const PICTURE_PIXELS_MAX: u64 = 40_000_000;

/// What to seal with, where, and how.
pub struct PdfSealOrder<'a> {
    /// The seal, verified for `time`.
    pub seal: &'a VerifiedSeal,
    /// The sealer's certificate, verified for `time`; one of those the seal was made for.
    pub sealer: &'a VerifiedPath,
    /// Where it appears; several appearances belong to one signature.
    pub positions: &'a [Position],
    /// Whether further signatures may follow; locking certifies the document (DocMDP 1).
    pub mode: Mode,
    /// What to do about blank pages.
    pub blank_pages: BlankPages<'a>,
    /// The signing time, in whole seconds.
    pub time: Timestamp,
    /// The form of the signature value.
    pub form: PdfForm,
}

/// The forms of a PDF signature that are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PdfForm {
    /// `GM.sm2seal`: seal-signature data of GB/T 38540-2020.
    #[default]
    Seal,
    /// `GM.sm2cms.detached`: a signed message of GB/T 35275; the seal is shown, but not part of what is signed.
    Message,
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct SealedPdf {
    /// Where the seal appears.
    pub placements: Vec<Placement>,
    /// The byte range of the signature.
    pub byte_range: [usize; 4],
    /// Size of the new file, in bytes.
    pub bytes: usize,
}

/// Why a PDF is not sealed. Nothing was written, unless the disk failed while writing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PdfSealError {
    /// The document cannot be read, or takes no update.
    #[error("the document cannot be sealed as it is: {0}")]
    Document(#[from] pdf::Error),
    /// A signature in the document forbids further ones.
    #[error("the signature in field {field} locks the document: a further seal would break it")]
    Locked {
        /// The field.
        field: String,
    },
    /// Locking certifies a document, and that only its first signature can do (ISO 32000-1 §12.8.4).
    #[error("the document is signed already: only the first seal can lock it")]
    LockAfterSignature,
    /// A signature in the document does not hold.
    #[error(
        "a signature in the document is already broken ({detail}): the document was changed after sealing"
    )]
    ExistingBroken {
        /// What does not hold: codes of the catalogue.
        detail: String,
    },
    /// A blank page would be sealed.
    #[error(
        "page {page} is blank: sealing blank pages is forbidden (R49); state a reason to make an exception"
    )]
    BlankPage {
        /// From 1.
        page: usize,
    },
    /// An exception without a reason.
    #[error("sealing blank pages needs a reason (R49)")]
    NoReason,
    /// No position was given.
    #[error("no position was given for the seal")]
    NoPosition,
    /// Words are not looked for in PDF documents.
    #[error("keywords are not looked for in PDF documents: give a point")]
    Keyword,
    /// A position that cannot be used.
    #[error(transparent)]
    Position(#[from] PositionError),
    /// A picture that cannot be put on a page.
    #[error("the seal's picture cannot be put into a PDF: {0}")]
    Picture(String),
    /// Timestamps go into seal signatures only.
    #[error("a timestamp goes into signatures of the form GM.sm2seal only")]
    TimestampForm,
    /// The seal or its use is refused.
    #[error("{0} (rule {rule})", rule = .0.rule())]
    Refused(#[source] ses::Refusal),
    /// The key did not sign.
    #[error("the key did not sign: {0}")]
    Key(#[source] pki::Error),
    /// The timestamp could not be had.
    #[error("the timestamp could not be obtained: {0}")]
    Timestamp(String),
    /// The disk.
    #[error("the sealed document cannot be written: {0}")]
    Write(#[source] std::io::Error),
}

/// Seals `document`, the bytes of a PDF, into `out`: the document as it is, then an incremental update.
pub fn seal_pdf(
    document: &[u8],
    order: &PdfSealOrder<'_>,
    signer: &dyn Signer,
    timestamp: Option<&mut TimestampSource<'_>>,
    out: &mut dyn Write,
) -> Result<SealedPdf, PdfSealError> {
    if timestamp.is_some() && order.form != PdfForm::Seal {
        return Err(PdfSealError::TimestampForm);
    }
    let read = Document::open(document)?;
    check_existing(&read, document, order)?;
    let pages = pdf::pages(&read)?;
    let placements = place_all(&read, &pages, order)?;
    let picture = unpack_picture(order)?;
    let appearances: Vec<Appearance> = placements.iter().map(appearance).collect();
    let room = order.seal.seal().bytes().len()
        + order.sealer.leaf().der().len()
        + VALUE_SPARE_BYTES
        + if timestamp.is_some() { TIMESTAMP_BYTES } else { 0 };
    let digest_so_far = {
        let mut hasher = Sm3::new();
        hasher.update(document);
        hasher
    };
    let (filter, sub_filter) = match order.form {
        PdfForm::Seal => ("Yinxin.SES", "GM.sm2seal"),
        PdfForm::Message => ("Yinxin.SES", "GM.sm2cms.detached"),
    };
    let mut appended = pdf::add_signature(
        &read,
        &NewSignature {
            filter,
            sub_filter,
            value_bytes: room,
            time: &pdf_date(order.time),
            name: order.sealer.leaf().subject().common_name().unwrap_or_default(),
            certify: (order.mode == Mode::Lock).then_some(1),
            picture: &picture,
            appearances: &appearances,
            file_id: &digest_so_far.clone().finish().0[..16],
        },
    )?;
    let mut hasher = digest_so_far;
    hasher.update(&appended.bytes[..appended.hole.start]);
    hasher.update(&appended.bytes[appended.hole.end..]);
    let byte_range = appended.byte_range();
    let value = signature_value(order, hasher, byte_range, signer, timestamp)?;
    appended.fill(&value)?;
    out.write_all(document)
        .and_then(|()| out.write_all(&appended.bytes))
        .map_err(PdfSealError::Write)?;
    Ok(SealedPdf {
        placements,
        byte_range,
        bytes: document.len() + appended.bytes.len(),
    })
}

fn signature_value(
    order: &PdfSealOrder<'_>,
    hasher: Sm3,
    byte_range: [usize; 4],
    signer: &dyn Signer,
    timestamp: Option<&mut TimestampSource<'_>>,
) -> Result<Vec<u8>, PdfSealError> {
    let digest = hasher.finish();
    if order.form == PdfForm::Message {
        let shape = SignedDataShape::Attributes {
            content_digest: digest,
            signing_time: order.time,
        };
        let chain = order.sealer.chain();
        let between = chain.get(1..chain.len().saturating_sub(1)).unwrap_or_default();
        return write_signed_data(shape, order.sealer.leaf(), between, signer).map_err(PdfSealError::Key);
    }
    let [zero, start, end, length] = byte_range;
    let template = SignatureTemplate {
        time: order.time,
        data_hash: digest,
        // The standard leaves open how a PDF says what is signed; it is the byte range as it stands in the file.
        property_info: &format!("/ByteRange[{zero} {start} {end} {length}]"),
        extensions: &[],
    };
    let signed =
        make_signature(order.seal, order.sealer, &template, signer).map_err(PdfSealError::Refused)?;
    let token = match timestamp {
        Some(ask) => Some(ask(signed.signature_value()).map_err(PdfSealError::Timestamp)?),
        None => None,
    };
    Ok(signed.finish(token.as_deref()))
}

/// No seal where it is forbidden, and none over a document that was tampered with: it would lend it credit.
fn check_existing(
    read: &Document<'_>,
    document: &[u8],
    order: &PdfSealOrder<'_>,
) -> Result<(), PdfSealError> {
    let signatures = pdf::signatures(read)?;
    if signatures.is_empty() {
        return Ok(());
    }
    if let Some(locking) = signatures.iter().find(|signature| signature.permits == Some(1)) {
        return Err(PdfSealError::Locked {
            field: locking.field.clone(),
        });
    }
    if order.mode == Mode::Lock {
        return Err(PdfSealError::LockAfterSignature);
    }
    let nobody = Verifier::new(Trust::default(), Vec::new(), Vec::new());
    let report = nobody.judge_pdf(document, "", order.time);
    let broken = failures(&report);
    if broken.is_empty() {
        return Ok(());
    }
    Err(PdfSealError::ExistingBroken {
        detail: broken.join(", "),
    })
}

/// What stands against existing signatures, whomever one trusts.
fn failures(report: &Report) -> Vec<&'static str> {
    let integrity = [
        Check::Format,
        Check::References,
        Check::DataHash,
        Check::SealerSignature,
        Check::Coverage,
    ];
    let of_signatures = report.signatures.iter().flat_map(|signature| &signature.reasons);
    let reasons = report.reasons.iter().chain(of_signatures);
    let failed =
        reasons.filter(|reason| reason.effect == Effect::Failed && integrity.contains(&reason.check));
    failed.map(|reason| reason.code.name()).collect()
}

fn place_all(
    document: &Document<'_>,
    pages: &[Page],
    order: &PdfSealOrder<'_>,
) -> Result<Vec<Placement>, PdfSealError> {
    if order.positions.is_empty() {
        return Err(PdfSealError::NoPosition);
    }
    let sizes: Vec<(f64, f64)> = pages.iter().map(|page| page.view(document).size_mm()).collect();
    let picture = order.seal.seal().picture();
    let size = (picture.width_mm as f64, picture.height_mm as f64);
    let mut placements = Vec::new();
    for position in order.positions {
        placements.extend(place(position, size, &sizes, |_, _| Err(PdfSealError::Keyword))?);
    }
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

fn appearance(placement: &Placement) -> Appearance {
    let as_array = |area: &MmBox| [area.x, area.y, area.width, area.height];
    let bounds = &placement.bounds;
    let whole = [0.0, 0.0, bounds.width, bounds.height];
    Appearance {
        page: placement.page,
        seal: as_array(bounds),
        part: placement.clip.as_ref().map_or(whole, as_array),
    }
}

/// The seal's pixels. White that a picture without transparency has stays white.
fn unpack_picture(order: &PdfSealOrder<'_>) -> Result<Picture, PdfSealError> {
    let refuse = |why: &str| PdfSealError::Picture(why.to_owned());
    let picture = order.seal.seal().picture();
    match picture.format() {
        Some(PictureFormat::Svg | PictureFormat::Ofd) => {
            return Err(refuse(
                "SVG and OFD pictures are not drawn yet; use a seal with a PNG picture",
            ));
        }
        Some(_) => {}
        None => return Err(refuse("its format is unknown")),
    }
    let reader = ImageReader::new(std::io::Cursor::new(picture.data)).with_guessed_format();
    let mut reader = reader.map_err(|error| refuse(&error.to_string()))?;
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(ses::PICTURE_PIXELS_MAX);
    limits.max_image_height = Some(ses::PICTURE_PIXELS_MAX);
    limits.max_alloc = Some(PICTURE_PIXELS_MAX * 8);
    reader.limits(limits);
    let pixels = reader
        .decode()
        .map_err(|error| refuse(&error.to_string()))?
        .into_rgba8();
    let (width, height) = pixels.dimensions();
    if u64::from(width) * u64::from(height) > PICTURE_PIXELS_MAX || width == 0 || height == 0 {
        return Err(refuse("it has too many pixels, or none"));
    }
    let colours: Vec<u8> = pixels
        .pixels()
        .flat_map(|pixel| [pixel.0[0], pixel.0[1], pixel.0[2]])
        .collect();
    let opacity: Vec<u8> = pixels.pixels().map(|pixel| pixel.0[3]).collect();
    Ok(Picture {
        width,
        height,
        colours: pdf::deflate(&colours),
        opacity: pdf::deflate(&opacity),
    })
}

/// A PDF date in Beijing time (ISO 32000-1 §7.9.4).
fn pdf_date(time: Timestamp) -> String {
    let local = time.to_zoned(TimeZone::fixed(Offset::constant(8)));
    format!("D:{}+08'00'", local.strftime("%Y%m%d%H%M%S"))
}
