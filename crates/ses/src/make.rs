//! Making seals (GB/T 38540-2020 6.2, GM/T 0031-2025): what the rules forbid is not made.

use std::fmt;

use gm::{Signer, sm3};
use jiff::Timestamp;
use pki::asn1::write;
use pki::oid::SM2_WITH_SM3;
use pki::{Certificate, Extension, Purpose, VerifiedPath};

use crate::extension::EXTENSIONS_MAX;
use crate::names::names_agree;
use crate::picture::{Picture, PictureFault, PictureFormat, pixel_size};
use crate::refusal::Refusal;
use crate::seal::Seal;
use crate::seal_parts::LIST_ENTRIES_MAX;

/// Largest picture that is put into a seal, in bytes. Pictures of 600 dpi take 10 to 200 KB.
pub const PICTURE_BYTES_MAX: usize = 4 << 20;
/// Longest name or number in a seal, in characters.
pub const TEXT_CHARS_MAX: usize = 200;
/// Coarsest picture that prints well, in dots per inch.
const RESOLUTION_DPI_MIN: u32 = 300;

/// Which standard a seal is made after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SealVersion {
    /// GB/T 38540-2020.
    #[default]
    V4,
    /// GM/T 0031-2025.
    V5,
}

impl SealVersion {
    /// The number in the header.
    pub fn number(self) -> u8 {
        match self {
            Self::V4 => 4,
            Self::V5 => 5,
        }
    }
}

/// How a seal lists who may use it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListKind {
    /// By their certificates (certListType 1).
    #[default]
    Certificates,
    /// By the SM3 digests of their certificates (certListType 2).
    Digests,
}

/// What a seal shall be.
#[derive(Clone, Debug)]
pub struct SealTemplate<'a> {
    /// The standard to follow.
    pub version: SealVersion,
    /// Identifier of the making system, ASCII.
    pub vendor_id: &'a str,
    /// The seal's unique number, ASCII: six digits of the region and eight more for government seals.
    pub seal_id: &'a str,
    /// Kind of seal: 1 legal name, 2 finance, 3 invoice, 4 contract, 5 person, 6 business, 99 other.
    pub seal_type: u32,
    /// The name, as filed.
    pub name: &'a str,
    /// How the holders are listed.
    pub list: ListKind,
    /// The picture file: PNG, JPEG, GIF, BMP, SVG or OFD.
    pub picture: &'a [u8],
    /// Width of the seal, in millimetres.
    pub width_mm: u32,
    /// Height of the seal, in millimetres.
    pub height_mm: u32,
    /// When it is made.
    pub created: Timestamp,
    /// First moment at which it may be used.
    pub valid_start: Timestamp,
    /// Last moment at which it may be used.
    pub valid_end: Timestamp,
    /// Extensions.
    pub extensions: Vec<Extension>,
    /// Why the name may differ from the one in the certificate, when a person decided so. To be recorded.
    pub name_reason: Option<&'a str>,
}

/// What a person should know about a seal that was made nevertheless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealWarning {
    /// The name differs from the one in the certificate, for this reason.
    NameOverridden {
        /// Subject of the certificate.
        subject: String,
        /// The reason given.
        reason: String,
    },
    /// The seal's period is shorter than the certificate's validity, which should be the same (R32).
    PeriodShorter {
        /// Subject of the certificate.
        subject: String,
    },
    /// The picture has fewer dots than print needs.
    ResolutionLow {
        /// Dots per inch.
        dpi: u32,
    },
    /// The number is not of 14 digits, as those of government seals are.
    SealIdForm,
    /// The number is not the common name of the certificate, as in government seals.
    SealIdNotCommonName,
}

impl SealWarning {
    /// A name that never changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NameOverridden { .. } => "NAME_OVERRIDDEN",
            Self::PeriodShorter { .. } => "PERIOD_SHORTER",
            Self::ResolutionLow { .. } => "PICTURE_RESOLUTION_LOW",
            Self::SealIdForm => "SEAL_ID_FORM",
            Self::SealIdNotCommonName => "SEAL_ID_NOT_COMMON_NAME",
        }
    }
}

impl fmt::Display for SealWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameOverridden { subject, reason } => {
                write!(
                    f,
                    "the name differs from that of {subject}; reason given: {reason}"
                )
            }
            Self::PeriodShorter { subject } => {
                write!(
                    f,
                    "the seal's period is shorter than the validity of the certificate of {subject}"
                )
            }
            Self::ResolutionLow { dpi } => {
                write!(
                    f,
                    "the picture has {dpi} dpi; {RESOLUTION_DPI_MIN} are needed for print"
                )
            }
            Self::SealIdForm => f.write_str("the seal number is not of 14 digits, as government seals have"),
            Self::SealIdNotCommonName => {
                f.write_str("the seal number is not the common name of the certificate")
            }
        }
    }
}

/// A seal whose signature exists but which is not assembled yet: a timestamp may still be added.
#[derive(Clone, Debug)]
pub struct SignedSeal {
    version: SealVersion,
    info: Vec<u8>,
    maker: Certificate,
    value: Vec<u8>,
    warnings: Vec<SealWarning>,
}

/// Makes and signs a seal (steps a to c). `maker` and `holders` must be verified for the time of making.
pub fn make_seal(
    template: &SealTemplate<'_>,
    maker: &VerifiedPath,
    holders: &[VerifiedPath],
    signer: &dyn Signer,
) -> Result<SignedSeal, Refusal> {
    let format = check_template(template)?;
    check_certificate(maker, Purpose::SealMaker, template.created)?;
    check_key(maker.leaf(), signer)?;
    let mut warnings = template_warnings(template);
    if holders.is_empty() {
        return Err(Refusal::MissingPart {
            part: "holder's certificate",
        });
    }
    check_length("list of holders", holders.len(), LIST_ENTRIES_MAX)?;
    for holder in holders {
        check_certificate(holder, Purpose::Signer, template.created)?;
        warnings.extend(check_holder(template, holder.leaf())?);
    }
    let info = seal_info(template, format, holders);
    let value = signer.sign(&info)?.to_der();
    let made = SignedSeal {
        version: template.version,
        info,
        maker: maker.leaf().clone(),
        value,
        warnings,
    };
    // A broken device must not put a useless seal into the world.
    match made.assemble(None) {
        Some(seal) if seal.maker_signature().is_valid() => Ok(made),
        _ => Err(Refusal::SignatureDoesNotHold),
    }
}

impl SignedSeal {
    /// The signature value, over which a timestamp is to be asked for.
    pub fn signature_value(&self) -> &[u8] {
        &self.value
    }

    /// What a person should know.
    pub fn warnings(&self) -> &[SealWarning] {
        &self.warnings
    }

    /// Assembles the seal (step d), in version 5 with the timestamp token over the signature value, if there is one.
    pub fn finish(self, timestamp: Option<&[u8]>) -> Result<Seal, Refusal> {
        if timestamp.is_some() && self.version == SealVersion::V4 {
            return Err(Refusal::TimestampInVersion4);
        }
        self.assemble(timestamp).ok_or(Refusal::SignatureDoesNotHold)
    }

    fn assemble(&self, timestamp: Option<&[u8]>) -> Option<Seal> {
        Seal::read(&signed(&self.info, &self.maker, &self.value, timestamp)).ok()
    }
}

/// What is signed, the certificate, the algorithm, the signature value and the timestamp: the common frame of
/// `SESeal` and `SES_Signature`.
pub(crate) fn signed(
    tbs: &[u8],
    certificate: &Certificate,
    value: &[u8],
    timestamp: Option<&[u8]>,
) -> Vec<u8> {
    let timestamp = timestamp.map_or(Vec::new(), |token| write::explicit(0, &write::bit_string(token)));
    write::sequence(&[
        tbs,
        &write::octet_string(certificate.der()),
        &write::oid(&SM2_WITH_SM3),
        &write::bit_string(value),
        &timestamp,
    ])
}

/// The DER of `SES_SealInfo`.
fn seal_info(template: &SealTemplate<'_>, format: PictureFormat, holders: &[VerifiedPath]) -> Vec<u8> {
    let number = |number: u32| write::unsigned(number.into());
    let header = write::sequence(&[
        &write::ia5_string("ES"),
        &number(template.version.number().into()),
        &write::ia5_string(template.vendor_id),
    ]);
    let (list_type, list): (u32, Vec<Vec<u8>>) = match template.list {
        ListKind::Certificates => (
            1,
            holders
                .iter()
                .map(|holder| write::octet_string(holder.leaf().der()))
                .collect(),
        ),
        ListKind::Digests => (
            2,
            holders
                .iter()
                .map(|holder| listed_digest(holder.leaf()))
                .collect(),
        ),
    };
    let property = write::sequence(&[
        &number(template.seal_type),
        &write::utf8_string(template.name),
        &number(list_type),
        &write::sequence(&[&list.concat()]),
        &write::generalized_time(template.created),
        &write::generalized_time(template.valid_start),
        &write::generalized_time(template.valid_end),
    ]);
    let picture = write::sequence(&[
        &write::ia5_string(format.label()),
        &write::octet_string(template.picture),
        &number(template.width_mm),
        &number(template.height_mm),
    ]);
    let extensions = if template.extensions.is_empty() {
        Vec::new()
    } else {
        extension_list(&template.extensions)
    };
    write::sequence(&[
        &header,
        &write::ia5_string(template.seal_id),
        &property,
        &picture,
        &extensions,
    ])
}

/// `CertDigestObj`, with the text that the national making systems write.
fn listed_digest(certificate: &Certificate) -> Vec<u8> {
    let digest = sm3(certificate.der());
    write::sequence(&[
        &write::printable_string("certificate SM3 digest"),
        &write::octet_string(&digest.0),
    ])
}

/// `ExtensionDatas`.
pub(crate) fn extension_list(extensions: &[Extension]) -> Vec<u8> {
    let entry = |extension: &Extension| {
        let critical = if extension.critical {
            write::boolean(true)
        } else {
            Vec::new()
        };
        write::sequence(&[
            &write::oid(&extension.oid),
            &critical,
            &write::octet_string(&extension.value),
        ])
    };
    write::sequence(&[&extensions.iter().flat_map(entry).collect::<Vec<u8>>()])
}

/// What can be said without certificates. Returns what the picture is.
fn check_template(template: &SealTemplate<'_>) -> Result<PictureFormat, Refusal> {
    check_text("vendor identifier", template.vendor_id, true)?;
    check_text("seal number", template.seal_id, true)?;
    check_text("name of the seal", template.name, false)?;
    check_length("list of extensions", template.extensions.len(), EXTENSIONS_MAX)?;
    let SealTemplate {
        valid_start: start,
        valid_end: end,
        picture,
        ..
    } = *template;
    if start >= end {
        return Err(Refusal::PeriodReversed { start, end });
    }
    if picture.is_empty() {
        return Err(Refusal::MissingPart { part: "picture" });
    }
    if picture.len() > PICTURE_BYTES_MAX {
        return Err(Refusal::PictureTooLarge {
            bytes: picture.len(),
            max: PICTURE_BYTES_MAX,
        });
    }
    let format = PictureFormat::sniff(picture).ok_or(Refusal::Picture(PictureFault::TypeUnknown))?;
    let (width_mm, height_mm) = (template.width_mm.into(), template.height_mm.into());
    let picture = Picture {
        declared_type: format.label(),
        data: picture,
        width_mm,
        height_mm,
    };
    match picture.faults().into_iter().next() {
        Some(fault) => Err(Refusal::Picture(fault)),
        None => Ok(format),
    }
}

pub(crate) fn check_text(part: &'static str, text: &str, ascii: bool) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::MissingPart { part });
    }
    check_length(part, text.chars().count(), TEXT_CHARS_MAX)?;
    if ascii && !text.is_ascii() {
        return Err(Refusal::NotAscii {
            part,
            text: text.to_owned(),
        });
    }
    Ok(())
}

pub(crate) fn check_length(part: &'static str, found: usize, max: usize) -> Result<(), Refusal> {
    if found > max {
        Err(Refusal::TooLong { part, found, max })
    } else {
        Ok(())
    }
}

/// The certificate was verified for this purpose and time, and its key is of SM2.
pub(crate) fn check_certificate(path: &VerifiedPath, purpose: Purpose, at: Timestamp) -> Result<(), Refusal> {
    let subject = path.leaf().subject().to_string();
    if path.purpose() != purpose {
        let needed = if purpose == Purpose::SealMaker {
            "seal maker"
        } else {
            "sealer"
        };
        return Err(Refusal::CertificatePurpose { subject, needed });
    }
    if path.at() != at {
        return Err(Refusal::CertificateTime {
            subject,
            verified_at: path.at(),
            needed_at: at,
        });
    }
    if path.leaf().public_key().is_err() {
        return Err(Refusal::AlgorithmNotSm2 { subject });
    }
    Ok(())
}

pub(crate) fn check_key(certificate: &Certificate, signer: &dyn Signer) -> Result<(), Refusal> {
    if certificate.public_key() == Ok(signer.public_key()) {
        Ok(())
    } else {
        Err(Refusal::WrongKey {
            subject: certificate.subject().to_string(),
        })
    }
}

/// Period (R32) and name (R35) against one holder's certificate.
fn check_holder(template: &SealTemplate<'_>, holder: &Certificate) -> Result<Vec<SealWarning>, Refusal> {
    let subject = holder.subject().to_string();
    let SealTemplate {
        valid_start: start,
        valid_end: end,
        ..
    } = *template;
    let (not_before, not_after) = (holder.not_before(), holder.not_after());
    if start < not_before || end > not_after {
        return Err(Refusal::PeriodOutsideCertificate {
            start,
            end,
            not_before,
            not_after,
            subject,
        });
    }
    let mut warnings = Vec::new();
    if !names_agree(template.name, holder.subject()) {
        let Some(reason) = template.name_reason.filter(|reason| !reason.trim().is_empty()) else {
            return Err(Refusal::NameDisagrees {
                seal_name: template.name.to_owned(),
                subject,
            });
        };
        warnings.push(SealWarning::NameOverridden {
            subject: subject.clone(),
            reason: reason.to_owned(),
        });
    }
    if start > not_before.max(template.created) || end < not_after {
        warnings.push(SealWarning::PeriodShorter { subject });
    }
    let is_government = is_fourteen_digits(template.seal_id);
    if is_government && holder.subject().common_name() != Some(template.seal_id) {
        warnings.push(SealWarning::SealIdNotCommonName);
    }
    Ok(warnings)
}

fn template_warnings(template: &SealTemplate<'_>) -> Vec<SealWarning> {
    let mut warnings = Vec::new();
    if !is_fourteen_digits(template.seal_id) {
        warnings.push(SealWarning::SealIdForm);
    }
    if let Some((width, height)) = pixel_size(template.picture) {
        let dpi = |pixels: u32, mm: u32| (f64::from(pixels) * 25.4 / f64::from(mm.max(1))) as u32;
        let dpi = dpi(width, template.width_mm).min(dpi(height, template.height_mm));
        if dpi < RESOLUTION_DPI_MIN {
            warnings.push(SealWarning::ResolutionLow { dpi });
        }
    }
    warnings
}

fn is_fourteen_digits(seal_id: &str) -> bool {
    seal_id.len() == 14 && seal_id.bytes().all(|c| c.is_ascii_digit())
}
