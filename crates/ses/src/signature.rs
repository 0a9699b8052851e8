//! The seal signature: `SES_Signature`, what `SignedValue.dat` holds, in all the layouts that are met.

use std::fmt;
use std::ops::Range;

use const_oid::ObjectIdentifier;
use jiff::Timestamp;
use pki::asn1::{
    BIT_STRING, Element, GENERALIZED_TIME, IA5_STRING, INTEGER, OCTET_STRING, PRINTABLE_STRING, Reader,
    SEQUENCE, UTC_TIME, UTF8_STRING,
};
use pki::{Certificate, Extension, TimestampToken};

use crate::cache::SealCache;
use crate::error::{Deviation, DeviationKind, Error};
use crate::extension::read_extensions;
use crate::fields::{Fields, Notes, bits, first_element, is_same_in_der, range_in, received_element};
use crate::layout::{Layout, VersionFit};
use crate::seal::{Seal, enter};
use crate::seal_parts::{CONTEXT_0, certificate, read_timestamp};
use crate::tbs_digest::seal_in;
use crate::time::Time;

/// An electronic seal signature (电子签章数据): what a sealer signed, and the signature.
///
/// ```text
/// SES_Signature ::= SEQUENCE {                             -- GB/T 38540-2020 7.1, GM/T 0031-2025
///     toSign          TBS_Sign,
///     cert            OCTET STRING,
///     signatureAlgID  OBJECT IDENTIFIER,
///     signature       BIT STRING,
///     timeStamp       [0] EXPLICIT BIT STRING OPTIONAL }
///
/// SES_Signature ::= SEQUENCE { toSign TBS_Sign, signature BIT STRING }   -- GM/T 0031-2014
/// ```
#[derive(Clone)]
pub struct SealSignature {
    /// Only when it is not the same as `der`.
    received: Option<Box<[u8]>>,
    der: Box<[u8]>,
    layout: Layout,
    tbs_range: Range<usize>,
    /// In `received`, when that is BER.
    received_tbs_range: Option<Range<usize>>,
    tbs: TbsSign,
    sealer_range: Range<usize>,
    sealer: Result<Certificate, pki::Error>,
    algorithm: ObjectIdentifier,
    value: Range<usize>,
    timestamp: Option<Range<usize>>,
    deviations: Vec<Deviation>,
}

/// What is signed.
///
/// ```text
/// TBS_Sign ::= SEQUENCE {
///     version       INTEGER,
///     eseal         SESeal,
///     timeInfo      GeneralizedTime,                       -- BIT STRING in GM/T 0031-2014
///     dataHash      BIT STRING,
///     propertyInfo  IA5String,
///     extDatas      [0] EXPLICIT ExtensionDatas OPTIONAL } -- cert, signatureAlgorithm in GM/T 0031-2014
/// ```
#[derive(Clone, Debug)]
pub struct TbsSign {
    /// 4 or 5; 1, 2, 3 and 11 in signatures of GM/T 0031-2014.
    pub version: i64,
    /// The seal, whole.
    pub seal: Seal,
    /// When the sealer says it was signed.
    pub time_info: TimeInfo,
    /// SM3 of the protected original: for OFD, of Signature.xml.
    pub data_hash: Vec<u8>,
    /// Which original is protected: for OFD, the path of Signature.xml.
    pub property_info: String,
    /// Extensions.
    pub extensions: Vec<Extension>,
}

/// The signing time in `TBS_Sign`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeInfo {
    /// What the sealer's clock said.
    Clock(Time),
    /// A timestamp token in place of a time (GM/T 0031-2014).
    Token {
        /// The token.
        der: Vec<u8>,
        /// Its genTime, when it can be read.
        time: Time,
    },
}

impl TimeInfo {
    /// The time, as written and as understood.
    pub fn time(&self) -> &Time {
        match self {
            Self::Clock(time) | Self::Token { time, .. } => time,
        }
    }
}

impl SealSignature {
    /// Reads a seal signature in any layout. What is unusual, but determined, is listed in
    /// [`deviations`](Self::deviations). Nothing is verified: see [`check_signature`](crate::check_signature).
    ///
    /// Seals that `cache` knows are not read again.
    pub fn read(bytes: &[u8], cache: &SealCache) -> Result<Self, Error> {
        let mut notes = Notes::default();
        let der = received_element(bytes, "SES_Signature", &mut notes)?;
        let received = (der != bytes).then(|| bytes.into());
        let is_ber = notes.0.iter().any(|note| note.kind == DeviationKind::Ber);
        let whole = Reader::new(&der).expect(SEQUENCE, "SES_Signature")?;
        let mut outer = Fields::inside(&whole, "SES_Signature");
        let tbs_element = outer.expect(SEQUENCE, "toSign")?;
        let mut ahead = outer.clone();
        ahead.take("signature")?;
        // One element after toSign: certificate and algorithm stand inside, as in 2014.
        let inside = ahead.is_empty();
        let mut tbs_fields = Fields::inside(&tbs_element, "toSign");
        let received_tbs = received_tbs(bytes).filter(|tbs| is_ber && is_same_in_der(tbs, tbs_element.raw));
        let received_seal = received_tbs.and_then(seal_in);
        let mut tbs = TbsSign::read(&mut tbs_fields, received_seal, inside, cache, &mut notes)?;
        let outside = if inside { &mut tbs_fields } else { &mut outer };
        let sealer_der = certificate(&outside.take("cert")?, "cert", &mut notes)?;
        let (algorithm, _) = outside.algorithm("signatureAlgID", &mut notes)?;
        let value = outer.bits("signature", &mut notes)?;
        let timestamp = match outer.is_empty() {
            true => None,
            false => Some(read_timestamp(
                &outer.take("timeStamp")?,
                "timeStamp",
                &mut notes,
            )?),
        };
        outer.finish(&mut notes)?;
        tbs.read_extensions(&mut tbs_fields, &mut notes)?;
        tbs_fields.finish(&mut notes)?;
        let layout = layout_of(inside, &tbs);
        tbs.note_unusual(layout, &mut notes);
        Ok(Self {
            received,
            layout,
            tbs_range: range_in(&der, tbs_element.raw),
            received_tbs_range: received_tbs.map(|tbs| range_in(bytes, tbs)),
            tbs,
            sealer_range: range_in(&der, sealer_der),
            sealer: Certificate::read(sealer_der),
            algorithm,
            value: range_in(&der, value),
            timestamp: timestamp.map(|token| range_in(&der, token)),
            deviations: notes.0,
            der: der.into(),
        })
    }

    /// Whether this begins like a seal signature, and not like a `SignedData` (an OBJECT IDENTIFIER comes first)
    /// or a bare r‖s: cheap, and no promise that [`read`](Self::read) succeeds.
    pub fn looks_like(bytes: &[u8]) -> bool {
        let Some(tbs) = enter(bytes).and_then(enter) else {
            return false;
        };
        let &[INTEGER, length, ref rest @ ..] = tbs else {
            return false;
        };
        rest.get(usize::from(length)..)
            .is_some_and(|rest| rest.first() == Some(&SEQUENCE))
    }

    /// The bytes as received.
    pub fn bytes(&self) -> &[u8] {
        self.received.as_deref().unwrap_or(&self.der)
    }

    /// Which standard's structure this is.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// What is signed.
    pub fn tbs(&self) -> &TbsSign {
        &self.tbs
    }

    /// The bytes of `TBS_Sign` as received, which the signature covers.
    pub fn tbs_bytes(&self) -> &[u8] {
        match (&self.received, &self.received_tbs_range) {
            (Some(received), Some(range)) => &received[range.clone()],
            _ => &self.der[self.tbs_range.clone()],
        }
    }

    /// The bytes of `TBS_Sign` in DER, when it was received as BER.
    pub(crate) fn tbs_in_der(&self) -> Option<&[u8]> {
        self.received_tbs_range.as_ref()?;
        Some(&self.der[self.tbs_range.clone()])
    }

    /// The seal inside.
    pub fn seal(&self) -> &Seal {
        &self.tbs.seal
    }

    /// The signing time as the sealer gives it, `None` when it cannot be read.
    pub fn signing_time(&self) -> Option<Timestamp> {
        self.tbs.time_info.time().timestamp()
    }

    /// The sealer's certificate, or why it cannot be read.
    pub fn sealer(&self) -> Result<&Certificate, &pki::Error> {
        self.sealer.as_ref()
    }

    /// The sealer's certificate as received.
    pub fn sealer_der(&self) -> &[u8] {
        &self.der[self.sealer_range.clone()]
    }

    /// The algorithm of the signature.
    pub fn algorithm(&self) -> ObjectIdentifier {
        self.algorithm
    }

    /// The signature value: the octets of the BIT STRING, in whatever encoding. A timestamp covers these.
    pub fn signature_value(&self) -> &[u8] {
        &self.der[self.value.clone()]
    }

    /// A timestamp token over the signature value.
    pub fn timestamp(&self) -> Option<&[u8]> {
        Some(&self.der[self.timestamp.clone()?])
    }

    /// What was tolerated in the signature; the seal has a list of its own.
    pub fn deviations(&self) -> &[Deviation] {
        &self.deviations
    }

    /// Whether the version numbers of signature and seal belong to their structures and to each other.
    ///
    /// The structure decides how a file is read; the numbers must not contradict it. Two contradictions are met
    /// in real files and tolerated, with a note: version 4 throughout in the structure of 2014 (FJSEAL), and a
    /// version 4 seal in a version 5 signature. A signature whose number differs from its seal's in any other
    /// way was put together from parts, or made to confuse.
    pub fn versions_agree(&self) -> bool {
        let (seal, version) = (&self.tbs.seal, self.tbs.version);
        match (self.layout.fit(version), seal.layout().fit(seal.header().version)) {
            (VersionFit::Fits, VersionFit::Fits) => true,
            (VersionFit::Tolerated, VersionFit::Tolerated) => version == seal.header().version,
            _ => false,
        }
    }
}

impl fmt::Debug for SealSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealSignature")
            .field("layout", &self.layout)
            .field("seal", &self.tbs.seal)
            .field("bytes", &self.bytes().len())
            .finish_non_exhaustive()
    }
}

/// `TBS_Sign` in a signature of BER, as received.
fn received_tbs(bytes: &[u8]) -> Option<&[u8]> {
    let (_, content) = first_element(bytes)?;
    Some(first_element(content)?.0)
}

fn layout_of(inside: bool, tbs: &TbsSign) -> Layout {
    match (inside, tbs.seal.layout()) {
        (true, Layout::V1) => Layout::V1,
        (true, _) | (false, Layout::V1 | Layout::Government2018) => Layout::Government2018,
        (false, Layout::V5) => Layout::V5,
        (false, Layout::V4) if tbs.version == 5 => Layout::V5,
        (false, Layout::V4) => Layout::V4,
    }
}

impl TbsSign {
    fn read(
        fields: &mut Fields<'_>,
        received_seal: Option<&[u8]>,
        inside: bool,
        cache: &SealCache,
        notes: &mut Notes,
    ) -> Result<Self, Error> {
        let version = fields.small_integer("toSign.version", notes)?;
        let seal = fields.expect(SEQUENCE, "toSign.eseal")?.raw;
        let seal = cache.read(received_seal.unwrap_or(seal))?;
        let time_info = read_time_info(&fields.take("toSign.timeInfo")?, inside, notes)?;
        let data_hash = fields.bits("toSign.dataHash", notes)?.to_vec();
        let property_info = fields.text(IA5_STRING, "toSign.propertyInfo", notes)?;
        Ok(Self {
            version,
            seal,
            time_info,
            data_hash,
            property_info,
            extensions: Vec::new(),
        })
    }

    fn read_extensions(&mut self, fields: &mut Fields<'_>, notes: &mut Notes) -> Result<(), Error> {
        if let Some(SEQUENCE | CONTEXT_0) = fields.peek() {
            let element = fields.take("toSign.extDatas")?;
            self.extensions = read_extensions(&element, true, "toSign.extDatas", notes)?;
        }
        Ok(())
    }

    fn note_unusual(&self, layout: Layout, notes: &mut Notes) {
        if layout.fit(self.version) == VersionFit::Tolerated {
            notes.add(
                "toSign.version",
                DeviationKind::VersionNotOfLayout {
                    version: self.version,
                },
            );
        }
        if self.version == 5 && self.seal.header().version == 4 {
            notes.add("toSign.version", DeviationKind::VersionOlderSeal);
        }
    }
}

/// `timeInfo`: a GeneralizedTime, or in 2014 a BIT STRING that holds a token, an ASN.1 time, or text.
fn read_time_info(element: &Element<'_>, inside: bool, notes: &mut Notes) -> Result<TimeInfo, Error> {
    const PART: &str = "toSign.timeInfo";
    let is_standard = if inside { BIT_STRING } else { GENERALIZED_TIME };
    match element.tag {
        UTC_TIME | GENERALIZED_TIME | IA5_STRING | PRINTABLE_STRING | UTF8_STRING => {
            if element.tag != is_standard {
                let expected = if inside { "BIT STRING" } else { "GeneralizedTime" };
                notes.add(
                    PART,
                    DeviationKind::TagUnexpected {
                        expected,
                        found: element.tag,
                    },
                );
            }
            return Ok(TimeInfo::Clock(Time::read(
                element.tag,
                element.value,
                PART,
                notes,
            )));
        }
        BIT_STRING | OCTET_STRING => {}
        found => return Err(Error::WrongTag { part: PART, found }),
    }
    if !inside {
        let kind = DeviationKind::TagUnexpected {
            expected: "GeneralizedTime",
            found: element.tag,
        };
        notes.add(PART, kind);
    }
    let octets = bits(element, PART, notes)?;
    let inner = Reader::new(octets)
        .next(PART)
        .ok()
        .filter(|inner| inner.raw.len() == octets.len());
    match inner {
        Some(inner) if inner.tag == SEQUENCE => {
            let token = TimestampToken::read(octets);
            let time = token.map_or_else(
                |_| Time::read(OCTET_STRING, &[], PART, notes),
                |token| Time::of(token.gen_time()),
            );
            Ok(TimeInfo::Token {
                der: octets.to_vec(),
                time,
            })
        }
        Some(inner) if matches!(inner.tag, UTC_TIME | GENERALIZED_TIME) => {
            Ok(TimeInfo::Clock(Time::read(inner.tag, inner.value, PART, notes)))
        }
        _ => Ok(TimeInfo::Clock(Time::read(OCTET_STRING, octets, PART, notes))),
    }
}
