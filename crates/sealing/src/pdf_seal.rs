//! Puts a seal on a PDF document (电子签章生成流程, GB/T 38540-2020 7.2; ISO 32000-1 §12.8; ETSI EN 319 142-1).

use std::fmt;
use std::io::Write;

use gm::Digest;
use jiff::Timestamp;
use pdf::{Appearance, Appended, Document, NewSignature};
use pki::{
    ContentHasher, ContentToSign, HashAlgorithm, Hasher, MessageKey, Purpose, SignedDataShape, SignedMessage,
    VerifiedPath, sign_cades, sign_data,
};
use ses::{SignatureTemplate, SignedTbs, VerifiedSeal, check_use, make_signature};

use crate::code::{Check, Effect};
use crate::pdf_date::write_date;
use crate::pdf_picture::appearance;
use crate::pdf_place::place_all;
use crate::pdf_refusal::PdfSealError;
use crate::position::{Placement, Position};
use crate::report::Report;
use crate::seal::{BlankPages, Mode};
use crate::verify::Verifier;

/// Room for everything in a signature value that is neither seal nor certificate, in bytes.
const VALUE_SPARE_BYTES: usize = 2048;
/// Room for a timestamp, in bytes.
const TIMESTAMP_BYTES: usize = 16 << 10;

/// What to seal with, where, and how.
pub struct PdfSealOrder<'a> {
    /// What is shown.
    pub shown: Shown<'a>,
    /// The signer's certificate, verified for `time`; with a seal, one of those the seal was made for.
    pub sealer: &'a VerifiedPath,
    /// Where it appears; several appearances belong to one signature.
    pub positions: &'a [Position],
    /// Whether further signatures may follow; locking certifies the document (DocMDP 1).
    pub mode: Mode,
    /// What to do about blank pages.
    pub blank_pages: BlankPages<'a>,
    /// Whether a damaged document is sealed as it was found by guesswork; the update lists its objects anew.
    pub repair: bool,
    /// The signing time, in whole seconds.
    pub time: Timestamp,
    /// The form of the signature value.
    pub form: PdfForm,
    /// What is added so that the signature can be verified later.
    pub level: PdfLevel,
    /// Whose anchors, certificates and revocation lists the levels LT and LTA take their evidence from, whose
    /// password opens an encrypted document, and which remembers the pictures of seals.
    pub verifier: &'a Verifier,
}

/// What a signature shows.
#[derive(Clone, Copy)]
pub enum Shown<'a> {
    /// A seal, verified for the signing time.
    Seal(&'a VerifiedSeal),
    /// A picture that is no seal, for signers with keys of other suites.
    Picture {
        /// PNG, JPEG, GIF or BMP.
        data: &'a [u8],
        /// In mm.
        width_mm: f64,
        /// In mm.
        height_mm: f64,
    },
}

impl Shown<'_> {
    /// Width and height in mm.
    pub(crate) fn size_mm(&self) -> (f64, f64) {
        match self {
            Self::Seal(seal) => {
                let picture = seal.seal().picture();
                (picture.width_mm as f64, picture.height_mm as f64)
            }
            Self::Picture {
                width_mm, height_mm, ..
            } => (*width_mm, *height_mm),
        }
    }
}

/// The forms of a PDF signature that are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PdfForm {
    /// `GM.sm2seal`: seal-signature data of GB/T 38540-2020.
    #[default]
    Seal,
    /// `GM.sm2cms.detached`: a signed message of GB/T 35275; the seal is shown, but not part of what is signed.
    Message,
    /// `ETSI.CAdES.detached`: a PAdES signature (ETSI EN 319 142-1), with SM2, RSA or ECDSA.
    Cades,
}

impl PdfForm {
    /// `/Filter` and `/SubFilter`.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Seal => ("Yinxin.SES", "GM.sm2seal"),
            Self::Message => ("Yinxin.SES", "GM.sm2cms.detached"),
            Self::Cades => ("Adobe.PPKLite", "ETSI.CAdES.detached"),
        }
    }
}

/// The baseline levels (ETSI EN 319 142-1 §6), each with all of the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum PdfLevel {
    /// A signature.
    #[default]
    B,
    /// With a timestamp over the signature value.
    T,
    /// With the certificates and revocation data to verify it by.
    Lt,
    /// With a document timestamp over all of it.
    Lta,
}

impl fmt::Display for PdfLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::B => "B",
            Self::T => "T",
            Self::Lt => "LT",
            Self::Lta => "LTA",
        })
    }
}

/// Gets the DER of a timestamp token over a digest by this algorithm, or says why there is none.
pub type DigestTimestampSource<'a> = dyn FnMut(HashAlgorithm, &[u8]) -> Result<Vec<u8>, String> + 'a;

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

/// Seals `document`, the bytes of a PDF, into `out`: the document as it is, then incremental updates.
pub fn seal_pdf(
    document: Vec<u8>,
    order: &PdfSealOrder<'_>,
    key: MessageKey<'_>,
    mut timestamp: Option<&mut DigestTimestampSource<'_>>,
    out: &mut dyn Write,
) -> Result<SealedPdf, PdfSealError> {
    check_order(order, key, timestamp.is_some())?;
    let mut bytes = document;
    let mut hasher = Hasher::new(key.hash());
    hasher.update(&bytes);
    let (placements, mut appended) = add_signature(&bytes, order, &hasher)?;
    let byte_range = appended.byte_range();
    let value = signature_value(order, digest_with(&hasher, &appended), byte_range, key)?;
    let token = match &mut timestamp {
        Some(ask) => {
            let digest = key.hash().digest(value.signature_value());
            Some(ask(key.hash(), &digest).map_err(PdfSealError::Timestamp)?)
        }
        None => None,
    };
    let signature = value.signature_value().to_vec();
    appended.fill(&value.finish(token.as_deref()))?;
    hasher.update(&appended.bytes);
    bytes.extend_from_slice(&appended.bytes);
    if let (PdfLevel::Lt | PdfLevel::Lta, Some(token), Some(ask)) = (order.level, token, timestamp) {
        let stamped = ContentToSign::Bytes(&signature);
        let mut evidence = order.verifier.evidence_of(order.sealer.chain(), order.time)?;
        evidence.extend(order.verifier.evidence_of_timestamp(&token, stamped)?);
        let document = order.verifier.open_pdf(&bytes)?;
        let id = file_id(&hasher);
        if order.level == PdfLevel::Lt {
            let store = pdf::add_security_store(&document, &evidence, &id)?;
            bytes.extend_from_slice(&store);
        } else {
            let mut appended = pdf::add_document_timestamp(&document, &evidence, TIMESTAMP_BYTES, &id)?;
            let digest = digest_with(&hasher, &appended);
            let token = ask(key.hash(), &digest).map_err(PdfSealError::Timestamp)?;
            let given = |_: HashAlgorithm, _: &[u8]| digest.clone();
            let stamped = ContentToSign::Hashed(ContentHasher(&given));
            let evidence = order.verifier.evidence_of_timestamp(&token, stamped)?;
            appended.fill(&token)?;
            bytes.extend_from_slice(&appended.bytes);
            hasher.update(&appended.bytes);
            // An authority with another certificate than before leaves its own evidence (EN 319 142-1 §5.4.3).
            let store =
                pdf::add_security_store(&order.verifier.open_pdf(&bytes)?, &evidence, &file_id(&hasher))?;
            bytes.extend_from_slice(&store);
        }
    }
    out.write_all(&bytes).map_err(PdfSealError::Write)?;
    Ok(SealedPdf {
        placements,
        byte_range,
        bytes: bytes.len(),
    })
}

/// Whether form, level, key and what is shown go together.
fn check_order(order: &PdfSealOrder<'_>, key: MessageKey<'_>, has_source: bool) -> Result<(), PdfSealError> {
    let (level, form) = (order.level, order.form.names().1);
    if order.form == PdfForm::Seal && level > PdfLevel::T {
        return Err(PdfSealError::LevelForm { form, level });
    }
    if (level > PdfLevel::B) != has_source {
        return Err(PdfSealError::TimestampLevel { level, has_source });
    }
    if order.form != PdfForm::Cades && !matches!(key, MessageKey::Sm2(_)) {
        let needs = "needs an SM2 key";
        return Err(PdfSealError::FormNeeds { form, needs });
    }
    match order.shown {
        Shown::Seal(seal) => check_use(seal, order.sealer, order.time).map_err(PdfSealError::Refused),
        Shown::Picture { .. } if order.form != PdfForm::Cades => {
            let needs = "shows a seal, not a picture";
            Err(PdfSealError::FormNeeds { form, needs })
        }
        Shown::Picture { .. }
            if order.sealer.at() != order.time || order.sealer.purpose() != Purpose::Signer =>
        {
            Err(PdfSealError::SignerNotVerified)
        }
        Shown::Picture { .. } => Ok(()),
    }
}

/// The update with the signature, its value still missing.
fn add_signature(
    bytes: &[u8],
    order: &PdfSealOrder<'_>,
    hasher: &Hasher,
) -> Result<(Vec<Placement>, Appended), PdfSealError> {
    let read = open(bytes, order)?;
    check_existing(&read, order)?;
    let pages = pdf::pages(&read)?;
    let placements = place_all(&read, &pages, order)?;
    let picture = order.verifier.pictures.unpack(&order.shown)?;
    let appearances: Vec<Appearance> = placements.iter().map(appearance).collect();
    let (filter, sub_filter) = order.form.names();
    let appended = pdf::add_signature(
        &read,
        &NewSignature {
            filter,
            sub_filter,
            value_bytes: value_room(order),
            time: &write_date(order.time),
            name: order.sealer.leaf().subject().common_name().unwrap_or_default(),
            certify: (order.mode == Mode::Lock).then_some(1),
            picture: &picture,
            appearances: &appearances,
            file_id: &file_id(hasher),
        },
    )?;
    Ok((placements, appended))
}

/// The document, in the way that the order allows.
fn open<'a>(bytes: &'a [u8], order: &PdfSealOrder<'_>) -> Result<Document<'a>, PdfSealError> {
    let document = match (order.verifier.open_pdf(bytes), order.repair) {
        (Err(error), true) => {
            // What an encrypted file holds cannot be looked for; its own error says more.
            let mut document = Document::repair(bytes).map_err(|_| error.clone())?;
            if document.is_encrypted() {
                return Err(error.into());
            }
            document.accept_repair();
            document
        }
        (document, _) => document?,
    };
    if document.is_locked() {
        return Err(PdfSealError::Encrypted);
    }
    Ok(document)
}

/// How large the signature value may become, in bytes.
fn value_room(order: &PdfSealOrder<'_>) -> usize {
    let chain: usize = order
        .sealer
        .chain()
        .iter()
        .map(|certificate| certificate.der().len())
        .sum();
    let seal = match (order.form, order.shown) {
        (PdfForm::Seal, Shown::Seal(seal)) => seal.seal().bytes().len(),
        _ => 0,
    };
    let timestamp = if order.level > PdfLevel::B {
        TIMESTAMP_BYTES
    } else {
        0
    };
    chain + seal + timestamp + VALUE_SPARE_BYTES
}

/// An identifier of a revision: it differs when the bytes do (ISO 32000-1 §14.4).
fn file_id(hasher: &Hasher) -> Vec<u8> {
    let mut digest = hasher.clone().finish();
    digest.truncate(16);
    digest
}

/// The digest of a revision: of what `hasher` has seen, then of what is appended without its hole.
fn digest_with(hasher: &Hasher, appended: &Appended) -> Vec<u8> {
    let mut hasher = hasher.clone();
    hasher.update(&appended.bytes[..appended.hole.start]);
    hasher.update(&appended.bytes[appended.hole.end..]);
    hasher.finish()
}

/// A signature value that may still get a timestamp.
enum Value {
    Seal(SignedTbs),
    Message(SignedMessage),
}

impl Value {
    fn signature_value(&self) -> &[u8] {
        match self {
            Self::Seal(signed) => signed.signature_value(),
            Self::Message(signed) => signed.signature_value(),
        }
    }

    fn finish(self, token: Option<&[u8]>) -> Vec<u8> {
        match self {
            Self::Seal(signed) => signed.finish(token),
            Self::Message(signed) => signed.finish(token),
        }
    }
}

fn signature_value(
    order: &PdfSealOrder<'_>,
    digest: Vec<u8>,
    byte_range: [usize; 4],
    key: MessageKey<'_>,
) -> Result<Value, PdfSealError> {
    let chain = order.sealer.chain();
    let between = chain.get(1..chain.len().saturating_sub(1)).unwrap_or_default();
    let as_sm3 = |digest: Vec<u8>| Digest(digest.try_into().unwrap_or([0; 32]));
    match (order.form, key, order.shown) {
        (PdfForm::Seal, MessageKey::Sm2(signer), Shown::Seal(seal)) => {
            let [zero, start, end, length] = byte_range;
            let template = SignatureTemplate {
                time: order.time,
                data_hash: as_sm3(digest),
                // The standard leaves open how a PDF says what is signed; it is the byte range as it stands there.
                property_info: &format!("/ByteRange[{zero} {start} {end} {length}]"),
                extensions: &[],
            };
            let signed = make_signature(seal, order.sealer, &template, signer);
            signed.map(Value::Seal).map_err(PdfSealError::Refused)
        }
        (PdfForm::Message, MessageKey::Sm2(signer), _) => {
            let shape = SignedDataShape::Attributes {
                content_digest: as_sm3(digest),
                signing_time: order.time,
            };
            let signed = sign_data(shape, order.sealer.leaf(), between, signer);
            signed.map(Value::Message).map_err(PdfSealError::Key)
        }
        _ => {
            let signed = sign_cades(&digest, order.sealer.leaf(), between, key);
            signed.map(Value::Message).map_err(PdfSealError::Key)
        }
    }
}

/// No seal where it is forbidden, and none over a document that was tampered with: it would lend it credit.
fn check_existing(read: &Document<'_>, order: &PdfSealOrder<'_>) -> Result<(), PdfSealError> {
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
    let nobody = order.verifier.trusting_nobody();
    let report = nobody.judge_pdf(read.bytes(), "", order.time);
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
