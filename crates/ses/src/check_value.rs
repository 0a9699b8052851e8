//! One signature value: over which bytes it holds, if over any.

use std::fmt;

use const_oid::ObjectIdentifier;
use gm::{BadSignature, Digest, PublicKey, Signature, SignatureEncoding, Verifier as _};
use pki::oid::{GM_SIGNED_DATA, SM2, SM2_SIGN, SM2_WITH_SM3};
use pki::{Certificate, KeyFault};

use crate::layout::MakerRange;
use crate::seal::Seal;
use crate::tbs_digest::maker_digest;

/// What became of a signature value. Each case stands alone; trust in the key is another question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureCheck {
    /// It holds over the bytes that the standard names.
    Valid {
        /// How r and s are written; anything but DER is a deviation.
        encoding: SignatureEncoding,
    },
    /// It holds, but over other bytes than the standard names: what these leave out is not signed.
    ValidOverOther {
        /// Over what it holds.
        covers: Covers,
        /// How r and s are written.
        encoding: SignatureEncoding,
    },
    /// It holds over nothing that is known.
    Mismatch,
    /// The value is no SM2 signature, or r or s is out of range.
    Unreadable(BadSignature),
    /// The algorithm is an approved or common one that is not implemented here (RSA, SM9, ECDSA).
    AlgorithmUnsupported(ObjectIdentifier),
    /// The algorithm is unknown.
    AlgorithmUnknown(ObjectIdentifier),
    /// The certificate's key is no SM2 key, or not on the curve.
    BadKey(KeyFault),
    /// The certificate cannot be read.
    BadCertificate(pki::Error),
}

impl SignatureCheck {
    /// Whether it holds over the bytes that the standard names.
    pub fn is_valid(&self) -> bool {
        matches!(self, Self::Valid { .. })
    }

    /// A stable name; what is special to makers and sealers is given.
    pub(crate) fn code(&self, invalid: &'static str, other: &'static str) -> &'static str {
        match self {
            Self::Valid { .. } => "SIGNATURE_VALID",
            Self::ValidOverOther { .. } => other,
            Self::Mismatch | Self::Unreadable(_) => invalid,
            Self::AlgorithmUnsupported(_) => "ALGORITHM_UNSUPPORTED",
            Self::AlgorithmUnknown(_) => "ALGORITHM_UNKNOWN",
            Self::BadKey(_) => "KEY_INVALID",
            Self::BadCertificate(_) => "CERTIFICATE_UNREADABLE",
        }
    }

    /// How r and s are written, when the value holds.
    pub fn encoding(&self) -> Option<SignatureEncoding> {
        match self {
            Self::Valid { encoding } | Self::ValidOverOther { encoding, .. } => Some(*encoding),
            _ => None,
        }
    }
}

impl fmt::Display for SignatureCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valid { .. } => f.write_str("holds"),
            Self::ValidOverOther { covers, .. } => write!(f, "holds over {covers} only"),
            Self::Mismatch => f.write_str("does not match the signed bytes"),
            Self::Unreadable(error) => error.fmt(f),
            Self::AlgorithmUnsupported(oid) => write!(f, "is of algorithm {oid}, which is not supported"),
            Self::AlgorithmUnknown(oid) => write!(f, "is of unknown algorithm {oid}"),
            Self::BadKey(fault) => fault.fmt(f),
            Self::BadCertificate(error) => write!(f, "cannot be checked: {error}"),
        }
    }
}

/// What a deviating signature covers instead of what the standard names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Covers {
    /// The bytes of another layout of the seal.
    OtherRange(MakerRange),
    /// dataHash, taken as the digest to be signed: seal, picture and time are not signed.
    DataHashAsDigest,
    /// dataHash as message: seal, picture and time are not signed.
    DataHash,
    /// The protected original (Signature.xml) itself: seal, picture and time are not signed.
    Original,
    /// SM3 of the protected original as message: seal, picture and time are not signed.
    OriginalDigest,
}

impl fmt::Display for Covers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherRange(MakerRange::SealInfo) => "the seal information",
            Self::OtherRange(MakerRange::SealInfoCertAlgorithm) => {
                "the seal information, certificate and algorithm"
            }
            Self::DataHashAsDigest | Self::DataHash => "the data hash",
            Self::Original => "the original",
            Self::OriginalDigest => "the digest of the original",
        })
    }
}

/// What is known of a signature algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AlgorithmKind {
    Sm2,
    /// Names something next to SM2 with SM3, and in real files means it.
    Alias,
    Unsupported,
    Unknown,
}

/// Families of algorithms that exist in certificates and old seals: PKCS#1, ECDSA, RSA and SM9 with SM3.
const UNSUPPORTED: [&str; 4] = [
    "1.2.840.113549.1.1.",
    "1.2.840.10045.4.",
    "1.2.156.10197.1.504",
    "1.2.156.10197.1.502",
];

impl AlgorithmKind {
    pub(crate) fn of(oid: &ObjectIdentifier) -> Self {
        match *oid {
            SM2_WITH_SM3 => Self::Sm2,
            // The last is what easyofd writes.
            SM2 | SM2_SIGN | GM_SIGNED_DATA => Self::Alias,
            _ => {
                let text = oid.to_string();
                let is_known = UNSUPPORTED.iter().any(|family| text.starts_with(family));
                if is_known {
                    Self::Unsupported
                } else {
                    Self::Unknown
                }
            }
        }
    }
}

/// A candidate: what it covers (`None`: the standard's bytes) and the digest e that would be signed.
pub(crate) type Candidate<'a> = (Option<Covers>, Box<dyn FnOnce(&PublicKey) -> Option<Digest> + 'a>);

/// Tries the candidates in order until one holds.
pub(crate) fn check_value(
    certificate: Result<&Certificate, &pki::Error>,
    algorithm: &ObjectIdentifier,
    value: &[u8],
    candidates: Vec<Candidate<'_>>,
) -> SignatureCheck {
    match AlgorithmKind::of(algorithm) {
        AlgorithmKind::Sm2 | AlgorithmKind::Alias => {}
        AlgorithmKind::Unsupported => return SignatureCheck::AlgorithmUnsupported(*algorithm),
        AlgorithmKind::Unknown => return SignatureCheck::AlgorithmUnknown(*algorithm),
    }
    let key = match certificate.map(Certificate::public_key) {
        Ok(Ok(key)) => key,
        Ok(Err(fault)) => return SignatureCheck::BadKey(*fault),
        Err(error) => return SignatureCheck::BadCertificate(error.clone()),
    };
    let (signature, encoding) = match Signature::read(value) {
        Ok(read) => read,
        Err(error) => return SignatureCheck::Unreadable(error),
    };
    for (covers, digest) in candidates {
        let holds = digest(key).is_some_and(|e| key.verify_digest(&e, &signature).is_ok());
        match covers {
            None if holds => return SignatureCheck::Valid { encoding },
            Some(covers) if holds => return SignatureCheck::ValidOverOther { covers, encoding },
            _ => {}
        }
    }
    SignatureCheck::Mismatch
}

/// The maker's signature on a seal: over the received bytes, and for BER over their DER form too.
pub(crate) fn check_seal_value(seal: &Seal) -> SignatureCheck {
    let ranges = [MakerRange::SealInfo, MakerRange::SealInfoCertAlgorithm];
    let standard = seal.maker_ranges();
    let others = ranges.into_iter().filter(|range| !standard.contains(range));
    let all = standard.iter().map(|range| (None, *range));
    let all = all.chain(others.map(|range| (Some(Covers::OtherRange(range)), range)));
    let candidates = all.flat_map(|(covers, range)| -> [Candidate<'_>; 2] {
        [
            (
                covers,
                Box::new(move |key| {
                    Some(match range == standard[0] {
                        true => maker_digest(key, seal),
                        false => key.message_digest(&seal.maker_bytes(range)),
                    })
                }),
            ),
            (
                covers,
                Box::new(move |key| Some(key.message_digest(&seal.maker_bytes_in_der(range)?))),
            ),
        ]
    });
    check_value(
        seal.maker(),
        &seal.algorithm(),
        seal.signature_value(),
        candidates.collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithms_are_told_apart() {
        for (oid, kind) in [
            ("1.2.156.10197.1.501", AlgorithmKind::Sm2),
            ("1.2.156.10197.1.301.1", AlgorithmKind::Alias),
            ("1.2.156.10197.6.1.4.2.2", AlgorithmKind::Alias),
            ("1.2.840.113549.1.1.5", AlgorithmKind::Unsupported),
            ("1.2.156.10197.1.504", AlgorithmKind::Unsupported),
            ("1.2.3.4.5", AlgorithmKind::Unknown),
            ("1.2.156.10197.1.401", AlgorithmKind::Unknown),
        ] {
            assert_eq!(
                AlgorithmKind::of(&ObjectIdentifier::new_unwrap(oid)),
                kind,
                "{oid}"
            );
        }
    }
}
