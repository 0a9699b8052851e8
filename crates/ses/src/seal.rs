//! The seal: `SESeal` in all the layouts that are met.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use const_oid::ObjectIdentifier;
use pki::asn1::{
    BIT_STRING, BOOLEAN, Element, GENERALIZED_TIME, IA5_STRING, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING,
    PRINTABLE_STRING, Reader, SEQUENCE, UTC_TIME, UTF8_STRING, constructed, write,
};
use pki::{Certificate, Extension};

use crate::check_value::{SignatureCheck, check_seal_value};
use crate::error::{Deviation, DeviationKind, Error};
use crate::fields::{Fields, Notes, bits, boolean, range_in, received_element, text};
use crate::picture::Picture;
use crate::time::Time;

/// Most certificates or digests in one seal's list, in entries. Real seals have one, group seals some dozens.
pub const LIST_ENTRIES_MAX: usize = 256;
/// Most extensions in a seal or signature, in entries. Real ones have up to five.
pub const EXTENSIONS_MAX: usize = 64;

/// `[0]` around other elements.
pub(crate) const CONTEXT_0: u8 = constructed(0);

/// Which standard's structure a seal or a signature has. Told by the structure, never by the version number:
/// real files declare version 4 in the structure of 2014.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// GM/T 0031-2014: `SESeal` and `SES_Signature` of two elements, no `certListType`.
    V1,
    /// Between the standards (2018, government services): `certListType` together with UTCTime, or with
    /// `SES_SignInfo`, or inside a signature of two elements.
    Government2018,
    /// GB/T 38540-2020.
    V4,
    /// GM/T 0031-2025: as version 4, with an optional timestamp in the seal.
    V5,
}

/// Whether a version number belongs to a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VersionFit {
    Fits,
    /// Met in real files, harmless.
    Tolerated,
    Mismatch,
}

impl Layout {
    /// A stable name: `v1`, `2018`, `v4`, `v5`.
    pub fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::Government2018 => "2018",
            Self::V4 => "v4",
            Self::V5 => "v5",
        }
    }

    /// The standard that describes it.
    pub fn standard(self) -> &'static str {
        match self {
            Self::V1 => "GM/T 0031-2014",
            Self::Government2018 => "C0119-2018",
            Self::V4 => "GB/T 38540-2020",
            Self::V5 => "GM/T 0031-2025",
        }
    }

    pub(crate) fn fit(self, version: i64) -> VersionFit {
        match (self, version) {
            (Self::V1, 1..=3 | 11) | (Self::Government2018, 1..=4) | (Self::V4, 4) | (Self::V5, 5) => {
                VersionFit::Fits
            }
            (Self::V1 | Self::V5, 4) => VersionFit::Tolerated,
            _ => VersionFit::Mismatch,
        }
    }
}

/// The bytes a maker may have signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MakerRange {
    /// The DER of `SES_SealInfo` alone (GB/T 38540-2020, GM/T 0031-2025).
    SealInfo,
    /// `SEQUENCE { SES_SealInfo, cert, signatureAlgorithm }` (GM/T 0031-2014).
    SealInfoCertAlgorithm,
}

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
}

/// What was read; ranges lie in `Inner::der`.
struct Parts {
    layout: Layout,
    info: Range<usize>,
    header: SealHeader,
    seal_id: String,
    property: Property,
    picture: PictureParts,
    extensions: Vec<Extension>,
    sign: SignParts,
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

struct Property {
    seal_type: i64,
    name: String,
    list_type: Option<i64>,
    sealers: SealerList,
    created: Time,
    valid_start: Time,
    valid_end: Time,
    has_utc_time: bool,
}

struct PictureParts {
    declared_type: String,
    data: Range<usize>,
    width_mm: i128,
    height_mm: i128,
}

struct SignParts {
    wrapped: bool,
    cert_element: Range<usize>,
    cert: Range<usize>,
    algorithm_element: Range<usize>,
    algorithm: ObjectIdentifier,
    value: Range<usize>,
    timestamp: Option<Range<usize>>,
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
        })))
    }

    /// The bytes as received.
    pub fn bytes(&self) -> &[u8] {
        self.0.received.as_deref().unwrap_or(&self.0.der)
    }

    /// The bytes that signatures are checked over: as received, except that BER is brought into its DER form.
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

    /// The bytes of a range, from the received ones.
    pub fn maker_bytes(&self, range: MakerRange) -> Cow<'_, [u8]> {
        let info = &self.0.der[self.0.parts.info.clone()];
        match range {
            MakerRange::SealInfo => Cow::Borrowed(info),
            MakerRange::SealInfoCertAlgorithm => {
                let sign = &self.0.parts.sign;
                let cert = &self.0.der[sign.cert_element.clone()];
                let algorithm = &self.0.der[sign.algorithm_element.clone()];
                Cow::Owned(write::tlv(SEQUENCE, &[info, cert, algorithm].concat()))
            }
        }
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

impl Parts {
    fn read(der: &[u8], notes: &mut Notes) -> Result<Self, Error> {
        let whole = Reader::new(der).expect(SEQUENCE, "eseal")?;
        let mut outer = Fields::inside(&whole, "eseal");
        let info = outer.expect(SEQUENCE, "eseal.eSealInfo")?;
        let mut fields = Fields::inside(&info, "eseal.eSealInfo");
        let header = read_header(&mut fields, notes)?;
        let seal_id = fields.text(IA5_STRING, "eseal.esID", notes)?;
        let property = Property::read(&mut fields, notes)?;
        let picture = PictureParts::read(der, &mut fields, notes)?;
        let extensions = match fields.peek() {
            Some(SEQUENCE | CONTEXT_0) => {
                let element = fields.take("eseal.extDatas")?;
                read_extensions(&element, false, "eseal.extDatas", notes)?
            }
            _ => Vec::new(),
        };
        fields.finish(notes)?;
        let sign = SignParts::read(der, outer, notes)?;
        let layout = layout_of(&header, &property, &sign);
        note_unusual(layout, &header, &property, notes);
        let info = range_in(der, info.raw);
        Ok(Self {
            layout,
            info,
            header,
            seal_id,
            property,
            picture,
            extensions,
            sign,
        })
    }
}

fn layout_of(header: &SealHeader, property: &Property, sign: &SignParts) -> Layout {
    match (sign.wrapped, property.list_type, property.has_utc_time) {
        (true, None, _) => Layout::V1,
        (true, Some(_), _) | (false, None, _) | (false, _, true) => Layout::Government2018,
        (false, Some(_), false) if header.version == 5 || sign.timestamp.is_some() => Layout::V5,
        (false, Some(_), false) => Layout::V4,
    }
}

fn note_unusual(layout: Layout, header: &SealHeader, property: &Property, notes: &mut Notes) {
    if header.id != "ES" {
        notes.add("eseal.header.ID", DeviationKind::HeaderId);
    }
    if layout.fit(header.version) == VersionFit::Tolerated {
        notes.add(
            "eseal.header.version",
            DeviationKind::VersionNotOfLayout {
                version: header.version,
            },
        );
    }
    if layout == Layout::V1 && !property.has_utc_time {
        let kind = DeviationKind::TagUnexpected {
            expected: "UTCTime",
            found: GENERALIZED_TIME,
        };
        notes.add("eseal.property.createDate", kind);
    }
}

fn read_header(fields: &mut Fields<'_>, notes: &mut Notes) -> Result<SealHeader, Error> {
    let mut header = fields.sequence("eseal.header")?;
    let id = header.text(IA5_STRING, "eseal.header.ID", notes)?;
    let version = header.small_integer("eseal.header.version", notes)?;
    let vendor_id = header.text(IA5_STRING, "eseal.header.Vid", notes)?;
    header.finish(notes)?;
    Ok(SealHeader {
        id,
        version,
        vendor_id,
    })
}

impl Property {
    fn read(fields: &mut Fields<'_>, notes: &mut Notes) -> Result<Self, Error> {
        let mut property = fields.sequence("eseal.property")?;
        let seal_type = property.small_integer("eseal.property.type", notes)?;
        let name = property.text(UTF8_STRING, "eseal.property.name", notes)?;
        let list_type = match property.peek() {
            Some(INTEGER) => Some(property.small_integer("eseal.property.certListType", notes)?),
            _ => None,
        };
        let sealers = read_sealers(&property.take("eseal.property.certList")?, list_type, notes)?;
        let mut has_utc_time = false;
        let mut time = |part| {
            let element = property.take(part)?;
            has_utc_time |= element.tag == UTC_TIME;
            match element.tag {
                UTC_TIME | GENERALIZED_TIME | IA5_STRING | PRINTABLE_STRING | UTF8_STRING => {
                    Ok(Time::read(element.tag, element.value, part, notes))
                }
                found => Err(Error::WrongTag { part, found }),
            }
        };
        let created = time("eseal.property.createDate")?;
        let valid_start = time("eseal.property.validStart")?;
        let valid_end = time("eseal.property.validEnd")?;
        property.finish(notes)?;
        Ok(Self {
            seal_type,
            name,
            list_type,
            sealers,
            created,
            valid_start,
            valid_end,
            has_utc_time,
        })
    }
}

const LIST: &str = "eseal.property.certList";

/// `SES_CertList`. The shape of the first entry decides; what certListType says otherwise is noted.
fn read_sealers(list: &Element<'_>, list_type: Option<i64>, notes: &mut Notes) -> Result<SealerList, Error> {
    let entries = match list.tag {
        SEQUENCE => Fields::inside(list, LIST).rest(LIST_ENTRIES_MAX)?,
        // Before the standard, one certificate stood here without a list.
        OCTET_STRING => {
            notes.add(
                LIST,
                DeviationKind::TagUnexpected {
                    expected: "SEQUENCE",
                    found: list.tag,
                },
            );
            vec![*list]
        }
        found => return Err(Error::WrongTag { part: LIST, found }),
    };
    let is_digests = match entries.first() {
        Some(first) => listed_digest(first).is_some(),
        None => list_type == Some(2),
    };
    match list_type {
        Some(declared @ (1 | 2)) if is_digests != (declared == 2) => {
            notes.add(LIST, DeviationKind::ListShape { declared });
        }
        None | Some(1 | 2) => {}
        Some(declared) => notes.add(LIST, DeviationKind::ListTypeUnknown { declared }),
    }
    if is_digests {
        return Ok(SealerList::Digests(read_digests(&entries, notes)));
    }
    Ok(SealerList::Certificates(read_listed_certificates(
        &entries, notes,
    )))
}

fn read_digests(entries: &[Element<'_>], notes: &mut Notes) -> Vec<ListedDigest> {
    let mut digests = Vec::new();
    for entry in entries {
        let Some((kind, value)) = listed_digest(entry) else {
            notes.add(LIST, DeviationKind::ListEntryUnknown { found: entry.tag });
            continue;
        };
        let kind = match kind.tag {
            OBJECT_IDENTIFIER => kind.oid(LIST).map(|oid| oid.to_string()).unwrap_or_default(),
            _ => text(&kind, PRINTABLE_STRING, LIST, notes).unwrap_or_default(),
        };
        digests.push(ListedDigest {
            kind,
            value: value.to_vec(),
        });
    }
    digests
}

/// The two fields of a `CertDigestObj`; `None` when the entry is something else.
fn listed_digest<'a>(entry: &Element<'a>) -> Option<(Element<'a>, &'a [u8])> {
    let mut fields = (entry.tag == SEQUENCE).then(|| entry.children())?;
    let kind = fields.next(LIST).ok()?;
    let value = fields.next(LIST).ok().filter(|value| value.tag == OCTET_STRING)?;
    (fields.is_empty() && kind.tag != SEQUENCE).then_some((kind, value.value))
}

fn read_listed_certificates(entries: &[Element<'_>], notes: &mut Notes) -> Vec<Vec<u8>> {
    let mut certificates = Vec::new();
    for entry in entries {
        match entry.tag {
            OCTET_STRING => certificates.push(entry.value.to_vec()),
            SEQUENCE if listed_digest(entry).is_none() => {
                notes.add(LIST, DeviationKind::CertificateNotWrapped);
                certificates.push(entry.raw.to_vec());
            }
            found => notes.add(LIST, DeviationKind::ListEntryUnknown { found }),
        }
    }
    certificates
}

impl PictureParts {
    fn read(der: &[u8], fields: &mut Fields<'_>, notes: &mut Notes) -> Result<Self, Error> {
        let mut picture = fields.sequence("eseal.picture")?;
        let declared_type = picture.text(IA5_STRING, "eseal.picture.type", notes)?;
        let data = picture.expect(OCTET_STRING, "eseal.picture.data")?;
        let width_mm = picture.integer("eseal.picture.width", notes)?;
        let height_mm = picture.integer("eseal.picture.height", notes)?;
        picture.finish(notes)?;
        Ok(Self {
            declared_type,
            data: range_in(der, data.value),
            width_mm,
            height_mm,
        })
    }
}

/// `ExtensionDatas`; `tagged` says whether the standard wants `[0] EXPLICIT` around it.
pub(crate) fn read_extensions(
    element: &Element<'_>,
    tagged: bool,
    part: &'static str,
    notes: &mut Notes,
) -> Result<Vec<Extension>, Error> {
    let mut list = Fields::inside(element, part);
    let is_tagged = element.tag == CONTEXT_0;
    let explicit = explicit_list(element).filter(|_| is_tagged);
    if is_tagged != tagged || (is_tagged && explicit.is_none()) {
        notes.add(part, DeviationKind::ExtensionsTagging);
    }
    if let Some(inner) = explicit {
        list = Fields::inside(&inner, part);
    }
    let mut extensions = Vec::new();
    for entry in list.rest(EXTENSIONS_MAX)? {
        match read_extension(&entry, part, notes) {
            Ok(extension) => extensions.push(extension),
            Err(_) => notes.add(part, DeviationKind::ExtensionUnreadable),
        }
    }
    Ok(extensions)
}

/// The single SEQUENCE inside an explicit tag, unless it is itself an `ExtData`.
fn explicit_list<'a>(tagged: &Element<'a>) -> Option<Element<'a>> {
    let mut fields = tagged.children();
    let inner = fields.expect(SEQUENCE, "extDatas").ok()?;
    (fields.is_empty() && inner.children().peek() != Some(OBJECT_IDENTIFIER)).then_some(inner)
}

fn read_extension(entry: &Element<'_>, part: &'static str, notes: &mut Notes) -> Result<Extension, Error> {
    let mut fields = Fields::inside(entry, part);
    let oid = fields.take(part)?.oid(part)?;
    let critical = match fields.peek() {
        Some(BOOLEAN) => {
            let critical = boolean(&fields.take(part)?, part, notes);
            if !critical {
                notes.add(part, DeviationKind::DefaultEncoded);
            }
            critical
        }
        _ => false,
    };
    let value = fields.expect(OCTET_STRING, part)?.value.to_vec();
    fields.finish(notes)?;
    Ok(Extension { oid, critical, value })
}

impl SignParts {
    /// What follows `eSealInfo`: flat, or in an `SES_SignInfo` of its own.
    fn read(der: &[u8], outer: Fields<'_>, notes: &mut Notes) -> Result<Self, Error> {
        let mut ahead = outer.clone();
        let first = ahead.take("eseal.cert")?;
        let wrapped = first.tag == SEQUENCE && ahead.is_empty();
        let mut fields = if wrapped {
            Fields::inside(&first, "eseal.signInfo")
        } else {
            outer
        };
        let cert_element = fields.take("eseal.cert")?;
        let cert = certificate(&cert_element, "eseal.cert", notes)?;
        let (algorithm, algorithm_element) = fields.algorithm("eseal.signAlgID", notes)?;
        let value = fields.bits("eseal.signedValue", notes)?;
        let timestamp = match fields.is_empty() {
            true => None,
            false => Some(read_timestamp(
                &fields.take("eseal.timeStamp")?,
                "eseal.timeStamp",
                notes,
            )?),
        };
        fields.finish(notes)?;
        Ok(Self {
            wrapped,
            cert_element: range_in(der, cert_element.raw),
            cert: range_in(der, cert),
            algorithm_element: range_in(der, algorithm_element.raw),
            algorithm,
            value: range_in(der, value),
            timestamp: timestamp.map(|timestamp| range_in(der, timestamp)),
        })
    }
}

/// A certificate inside an OCTET STRING, or bare.
pub(crate) fn certificate<'a>(
    element: &Element<'a>,
    part: &'static str,
    notes: &mut Notes,
) -> Result<&'a [u8], Error> {
    match element.tag {
        OCTET_STRING => Ok(element.value),
        SEQUENCE => {
            notes.add(part, DeviationKind::CertificateNotWrapped);
            Ok(element.raw)
        }
        found => Err(Error::WrongTag { part, found }),
    }
}

/// `timeStamp [0] EXPLICIT BIT STRING`; without the tag it is tolerated.
pub(crate) fn read_timestamp<'a>(
    element: &Element<'a>,
    part: &'static str,
    notes: &mut Notes,
) -> Result<&'a [u8], Error> {
    match element.tag {
        CONTEXT_0 => {
            let mut fields = Fields::inside(element, part);
            let token = fields.bits(part, notes)?;
            fields.finish(notes)?;
            Ok(token)
        }
        BIT_STRING | OCTET_STRING => {
            notes.add(
                part,
                DeviationKind::TagUnexpected {
                    expected: "[0]",
                    found: element.tag,
                },
            );
            bits(element, part, notes)
        }
        found => Err(Error::WrongTag { part, found }),
    }
}
