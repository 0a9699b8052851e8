//! The seal: `SESeal` in all the layouts that are met.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use const_oid::ObjectIdentifier;
use gm::Digest;
use pki::asn1::{IA5_STRING, SEQUENCE, write};
use pki::{Certificate, Extension};

use crate::check_value::{SignatureCheck, check_seal_value};
use crate::error::{Deviation, DeviationKind, Error};
use crate::fields::{Notes, first_element, is_same_in_der, received_element};
use crate::layout::{Layout, MakerRange};
use crate::picture::Picture;
use crate::seal_parts::Parts;
use crate::tbs_digest::HashedSeal;
use crate::time::Time;

/// An electronic seal (电子印章). Cheap to clone; equal when the received bytes are equal.
///
/// ```text
/// SESeal ::= SEQUENCE {                                -- GB/T 38540-2020 6.1, GM/T 0031-2025
///     eSealInfo    SES_SealInfo,
///     cert         OCTET STRING,
///     signAlgID    OBJECT IDENTIFIER,
///     signedValue  BIT STRING,
///     timeStamp    [0] EXPLICIT BIT STRING OPTIONAL }  -- GM/T 0031-2025 only
///
/// SESeal ::= SEQUENCE {                                -- GM/T 0031-2014
///     eSealInfo    SES_SealInfo,
///     signInfo     SEQUENCE { cert OCTET STRING, signatureAlgorithm OBJECT IDENTIFIER, signData BIT STRING } }
///
/// SES_SealInfo ::= SEQUENCE {
///     header    SES_Header,
///     esID      IA5String,
///     property  SES_ESPropertyInfo,
///     picture   SES_ESPictrueInfo,
///     extDatas  ExtensionDatas OPTIONAL }
/// SES_ESPropertyInfo ::= SEQUENCE {
///     type          INTEGER,
///     name          UTF8String,
///     certListType  INTEGER,                           -- not in GM/T 0031-2014
///     certList      SEQUENCE OF CHOICE { OCTET STRING, CertDigestObj },
///     createDate    GeneralizedTime,                   -- UTCTime in GM/T 0031-2014
///     validStart    GeneralizedTime,
///     validEnd      GeneralizedTime }
/// ```
#[derive(Clone)]
pub struct Seal(Arc<Inner>);

struct Inner {
    /// Only when it is not the same as `der`.
    received: Option<Box<[u8]>>,
    der: Box<[u8]>,
    parts: Parts,
    maker: Result<Certificate, pki::Error>,
    deviations: Vec<Deviation>,
    /// A function of the bytes alone, so it is worked out once for all clones.
    maker_signature: OnceLock<SignatureCheck>,
    /// Another such function: one seal stamps thousands of documents.
    digest: OnceLock<Digest>,
    hashed: HashedSeal,
}

/// ```text
/// SES_Header ::= SEQUENCE { ID IA5String, version INTEGER, Vid IA5String }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealHeader {
    /// "ES".
    pub id: String,
    /// 4 or 5; 1, 2, 3 and 11 in seals of GM/T 0031-2014.
    pub version: i64,
    /// Vendor identifier.
    pub vendor_id: String,
}

/// Who may use the seal (`SES_CertList`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealerList {
    /// Certificates of the sealers, in DER.
    Certificates(Vec<Vec<u8>>),
    /// Digests of the certificates of the sealers.
    Digests(Vec<ListedDigest>),
}

impl SealerList {
    /// How many sealers are listed.
    pub fn len(&self) -> usize {
        match self {
            Self::Certificates(list) => list.len(),
            Self::Digests(list) => list.len(),
        }
    }

    /// Whether nobody is listed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// ```text
/// CertDigestObj ::= SEQUENCE { type PrintableString, value OCTET STRING }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDigest {
    /// Free text of the maker; vendors write different things for the same digest.
    pub kind: String,
    /// SM3 of the certificate's DER, 32 bytes.
    pub value: Vec<u8>,
}

impl Seal {
    /// Reads a seal in any layout. What is unusual, but determined, is listed in [`deviations`](Self::deviations).
    ///
    /// Nothing is verified: see [`check_seal`](crate::check_seal).
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let mut notes = Notes::default();
        let der = received_element(bytes, "eseal", &mut notes)?;
        let received = (der != bytes).then(|| bytes.into());
        Self::from_der(der, received, notes)
    }

    /// Whether this begins like a seal: cheap, and no promise that [`read`](Self::read) succeeds.
    pub fn looks_like(bytes: &[u8]) -> bool {
        let is_header = |header: &[u8]| header.starts_with(&[IA5_STRING, 2, b'E', b'S']);
        enter(bytes)
            .and_then(enter)
            .and_then(enter)
            .is_some_and(is_header)
    }

    pub(crate) fn from_der(
        der: Vec<u8>,
        received: Option<Box<[u8]>>,
        mut notes: Notes,
    ) -> Result<Self, Error> {
        let parts = Parts::read(&der, &mut notes)?;
        let maker = Certificate::read(&der[parts.sign.cert.clone()]);
        Ok(Self(Arc::new(Inner {
            received,
            der: der.into(),
            parts,
            maker,
            deviations: notes.0,
            maker_signature: OnceLock::new(),
            digest: OnceLock::new(),
            hashed: HashedSeal::default(),
        })))
    }

    /// The bytes as received.
    pub fn bytes(&self) -> &[u8] {
        self.0.received.as_deref().unwrap_or(&self.0.der)
    }

    /// SM3 of [`Seal::bytes`], worked out once for all clones.
    pub fn digest(&self) -> Digest {
        *self.0.digest.get_or_init(|| gm::sm3(self.bytes()))
    }

    pub(crate) fn hashed(&self) -> &HashedSeal {
        &self.0.hashed
    }

    /// The seal alone, without anything that follows it, in its DER form when it was received as BER.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// Which standard's structure this is.
    pub fn layout(&self) -> Layout {
        self.0.parts.layout
    }

    /// Identifier, version, vendor.
    pub fn header(&self) -> &SealHeader {
        &self.0.parts.header
    }

    /// `esID`: the seal's unique number; 14 digits for government seals.
    pub fn seal_id(&self) -> &str {
        &self.0.parts.seal_id
    }

    /// `type`: see the table of seal kinds; 1 organisation, 2 person in GM/T 0031-2014.
    pub fn seal_type(&self) -> i64 {
        self.0.parts.property.seal_type
    }

    /// The name of the seal.
    pub fn name(&self) -> &str {
        &self.0.parts.property.name
    }

    /// `certListType` as written: 1 certificates, 2 digests; `None` in GM/T 0031-2014.
    pub fn list_type(&self) -> Option<i64> {
        self.0.parts.property.list_type
    }

    /// Who may use the seal.
    pub fn sealers(&self) -> &SealerList {
        &self.0.parts.property.sealers
    }

    /// `createDate`: when the seal was made.
    pub fn created(&self) -> &Time {
        &self.0.parts.property.created
    }

    /// First moment at which the seal may be used.
    pub fn valid_start(&self) -> &Time {
        &self.0.parts.property.valid_start
    }

    /// Last moment at which the seal may be used.
    pub fn valid_end(&self) -> &Time {
        &self.0.parts.property.valid_end
    }

    /// What the seal looks like.
    pub fn picture(&self) -> Picture<'_> {
        let parts = &self.0.parts.picture;
        Picture {
            declared_type: &parts.declared_type,
            data: &self.0.der[parts.data.clone()],
            width_mm: parts.width_mm,
            height_mm: parts.height_mm,
        }
    }

    /// `extDatas`.
    ///
    /// ```text
    /// ExtData ::= SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
    /// ```
    pub fn extensions(&self) -> &[Extension] {
        &self.0.parts.extensions
    }

    /// The maker's certificate, or why it cannot be read.
    pub fn maker(&self) -> Result<&Certificate, &pki::Error> {
        self.0.maker.as_ref()
    }

    /// The maker's certificate as received.
    pub fn maker_der(&self) -> &[u8] {
        &self.0.der[self.0.parts.sign.cert.clone()]
    }

    /// The algorithm of the maker's signature.
    pub fn algorithm(&self) -> ObjectIdentifier {
        self.0.parts.sign.algorithm
    }

    /// The maker's signature value: the octets of the BIT STRING, in whatever encoding.
    pub fn signature_value(&self) -> &[u8] {
        &self.0.der[self.0.parts.sign.value.clone()]
    }

    /// A timestamp token over the signature value (GM/T 0031-2025).
    pub fn timestamp(&self) -> Option<&[u8]> {
        Some(&self.0.der[self.0.parts.sign.timestamp.clone()?])
    }

    /// What was tolerated.
    pub fn deviations(&self) -> &[Deviation] {
        &self.0.deviations
    }

    /// The maker's signature, checked once and remembered.
    pub fn maker_signature(&self) -> &SignatureCheck {
        self.0.maker_signature.get_or_init(|| check_seal_value(self))
    }

    /// What the maker signs in this layout, the standard's own first.
    ///
    /// The hybrids of 2018 follow one or the other: with `SES_SignInfo` the way of 2014, flat that of 2020.
    pub fn maker_ranges(&self) -> &'static [MakerRange] {
        match (self.layout(), self.0.parts.sign.wrapped) {
            (Layout::V1, _) => &[MakerRange::SealInfoCertAlgorithm],
            (Layout::V4 | Layout::V5, _) => &[MakerRange::SealInfo],
            (Layout::Government2018, true) => &[MakerRange::SealInfoCertAlgorithm, MakerRange::SealInfo],
            (Layout::Government2018, false) => &[MakerRange::SealInfo, MakerRange::SealInfoCertAlgorithm],
        }
    }

    /// The bytes of a range, as received.
    pub fn maker_bytes(&self, range: MakerRange) -> Cow<'_, [u8]> {
        self.maker_bytes_around(self.received_info().unwrap_or(self.der_info()), range)
    }

    /// The bytes of a range in DER, when the seal was received as BER.
    pub(crate) fn maker_bytes_in_der(&self, range: MakerRange) -> Option<Cow<'_, [u8]>> {
        self.received_info()?;
        Some(self.maker_bytes_around(self.der_info(), range))
    }

    fn maker_bytes_around<'a>(&'a self, info: &'a [u8], range: MakerRange) -> Cow<'a, [u8]> {
        let sign = &self.0.parts.sign;
        let element = |range: &Range<usize>| &self.0.der[range.clone()];
        match range {
            MakerRange::SealInfo => Cow::Borrowed(info),
            MakerRange::SealInfoCertAlgorithm => {
                let parts = [
                    info,
                    element(&sign.cert_element),
                    element(&sign.algorithm_element),
                ];
                Cow::Owned(write::sequence(&parts))
            }
        }
    }

    fn der_info(&self) -> &[u8] {
        &self.0.der[self.0.parts.info.clone()]
    }

    /// Whether the seal was received as BER.
    pub(crate) fn is_ber(&self) -> bool {
        let deviations = &self.0.deviations;
        deviations
            .iter()
            .any(|deviation| deviation.kind == DeviationKind::Ber)
    }

    /// `SES_SealInfo` as received, when that is BER.
    fn received_info(&self) -> Option<&[u8]> {
        let (_, content) = first_element(self.0.received.as_deref().filter(|_| self.is_ber())?)?;
        let (info, _) = first_element(content)?;
        Some(info).filter(|info| is_same_in_der(info, self.der_info()))
    }
}

impl PartialEq for Seal {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Seal {}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal")
            .field("layout", &self.layout())
            .field("seal_id", &self.seal_id())
            .field("bytes", &self.bytes().len())
            .finish_non_exhaustive()
    }
}

/// The content of the SEQUENCE that begins here, so far as it is there: any form of length will do.
pub(crate) fn enter(bytes: &[u8]) -> Option<&[u8]> {
    let (&[tag, length], rest) = bytes.split_first_chunk()?;
    let length_octets = if length > 0x80 {
        usize::from(length & 0x7f)
    } else {
        0
    };
    rest.get(length_octets..).filter(|_| tag == SEQUENCE)
}
