//! Making seal signatures (GB/T 38540-2020 7.2, GM/T 0031-2025).

use gm::{Digest, Signer, Verifier as _};
use jiff::Timestamp;
use pki::asn1::write;
use pki::{Certificate, Extension, Purpose, VerifiedPath};

use crate::extension::EXTENSIONS_MAX;
use crate::layout::Layout;
use crate::make::{check_certificate, check_key, check_length, extension_list, signed};
use crate::refusal::Refusal;
use crate::tbs_digest::tbs_digest;
use crate::verify::VerifiedSeal;
use crate::verify_signature::Listed;

/// Longest propertyInfo that is written, in characters.
pub const PROPERTY_INFO_CHARS_MAX: usize = 1024;

/// What is to be signed with a seal.
#[derive(Clone, Debug)]
pub struct SignatureTemplate<'a> {
    /// The signing time, in whole seconds when written.
    pub time: Timestamp,
    /// SM3 of the protected original: for OFD, of Signature.xml.
    pub data_hash: Digest,
    /// Which original is protected, ASCII: for OFD, the absolute path of Signature.xml.
    pub property_info: &'a str,
    /// Extensions.
    pub extensions: &'a [Extension],
}

/// A signature that exists but is not assembled yet: a timestamp may still be added.
#[derive(Clone, Debug)]
pub struct SignedTbs {
    tbs: Vec<u8>,
    sealer: Certificate,
    value: Vec<u8>,
}

/// Signs with a seal (steps a and b 1 to 4). `seal` and `sealer` must be verified for the signing time.
pub fn make_signature(
    seal: &VerifiedSeal,
    sealer: &VerifiedPath,
    template: &SignatureTemplate<'_>,
    signer: &dyn Signer,
) -> Result<SignedTbs, Refusal> {
    check_use(seal, sealer, template.time)?;
    check_key(sealer.leaf(), signer)?;
    check_property_info(template.property_info)?;
    check_length("list of extensions", template.extensions.len(), EXTENSIONS_MAX)?;
    let tbs = tbs_sign(seal, template)?;
    // A broken device must not put a useless signature into the world, nor betray its key by one.
    let key = signer.public_key();
    let e = tbs_digest(key, &tbs, seal.seal());
    let value = signer.sign_digest(&e)?;
    key.verify_digest(&e, &value)
        .map_err(|_| Refusal::SignatureDoesNotHold)?;
    Ok(SignedTbs {
        tbs,
        sealer: sealer.leaf().clone(),
        value: value.to_der(),
    })
}

/// Whether this sealer may use the seal at `time`: both are verified for it, and the seal lists the sealer (step a).
/// Every signature that shows a seal must ask, of whatever form it is.
pub fn check_use(seal: &VerifiedSeal, sealer: &VerifiedPath, time: Timestamp) -> Result<(), Refusal> {
    let certificate = sealer.leaf();
    if seal.at() != time {
        return Err(Refusal::SealTime {
            verified_at: seal.at(),
            needed_at: time,
        });
    }
    check_certificate(sealer, Purpose::Signer, time)?;
    if !Listed::find(seal.seal(), certificate.der()).is_listed() {
        return Err(Refusal::NotListed {
            subject: certificate.subject().to_string(),
        });
    }
    Ok(())
}

impl SignedTbs {
    /// The signature value, over which a timestamp is to be asked for.
    pub fn signature_value(&self) -> &[u8] {
        &self.value
    }

    /// Assembles the signature (steps b 5 and 6), with the timestamp token over the signature value, if there is
    /// one: the content of SignedValue.dat.
    pub fn finish(self, timestamp: Option<&[u8]>) -> Vec<u8> {
        signed(&self.tbs, &self.sealer, &self.value, timestamp)
    }
}

fn check_property_info(text: &str) -> Result<(), Refusal> {
    const PART: &str = "property information";
    if text.is_empty() {
        return Err(Refusal::MissingPart { part: PART });
    }
    check_length(PART, text.len(), PROPERTY_INFO_CHARS_MAX)?;
    if text.is_ascii() {
        Ok(())
    } else {
        Err(Refusal::NotAscii {
            part: PART,
            text: text.to_owned(),
        })
    }
}

/// The DER of `TBS_Sign`, with the version of its seal.
fn tbs_sign(seal: &VerifiedSeal, template: &SignatureTemplate<'_>) -> Result<Vec<u8>, Refusal> {
    if seal.seal().is_ber() {
        return Err(Refusal::SealNotDer);
    }
    let version = match seal.seal().layout() {
        Layout::V4 => 4,
        Layout::V5 => 5,
        layout => return Err(Refusal::SealTooOld { layout }),
    };
    let extensions = match template.extensions {
        [] => Vec::new(),
        extensions => write::explicit(0, &extension_list(extensions)),
    };
    Ok(write::sequence(&[
        &write::unsigned(version),
        seal.seal().der(),
        &write::generalized_time(template.time),
        &write::bit_string(template.data_hash.as_bytes()),
        &write::ia5_string(template.property_info),
        &extensions,
    ]))
}
