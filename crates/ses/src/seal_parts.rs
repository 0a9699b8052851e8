//! Reading the parts of a seal: where each lies in the received bytes, and what was unusual about it.

use std::ops::Range;

use const_oid::ObjectIdentifier;
use pki::Extension;
use pki::asn1::{
    BIT_STRING, Element, GENERALIZED_TIME, IA5_STRING, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING,
    PRINTABLE_STRING, Reader, SEQUENCE, UTC_TIME, UTF8_STRING, constructed,
};

use crate::error::{DeviationKind, Error};
use crate::extension::read_extensions;
use crate::fields::{Fields, Notes, bits, range_in, text};
use crate::layout::{Layout, VersionFit};
use crate::seal::{ListedDigest, SealHeader, SealerList};
use crate::time::Time;

/// Most certificates or digests in one seal's list, in entries. Real seals have one, group seals some dozens.
pub const LIST_ENTRIES_MAX: usize = 256;

/// `[0]` around other elements.
pub(crate) const CONTEXT_0: u8 = constructed(0);

/// What was read; ranges lie in `Inner::der`.
pub(crate) struct Parts {
    pub(crate) layout: Layout,
    pub(crate) info: Range<usize>,
    pub(crate) header: SealHeader,
    pub(crate) seal_id: String,
    pub(crate) property: Property,
    pub(crate) picture: PictureParts,
    pub(crate) extensions: Vec<Extension>,
    pub(crate) sign: SignParts,
}

pub(crate) struct Property {
    pub(crate) seal_type: i64,
    pub(crate) name: String,
    pub(crate) list_type: Option<i64>,
    pub(crate) sealers: SealerList,
    pub(crate) created: Time,
    pub(crate) valid_start: Time,
    pub(crate) valid_end: Time,
    pub(crate) has_utc_time: bool,
}

pub(crate) struct PictureParts {
    pub(crate) declared_type: String,
    pub(crate) data: Range<usize>,
    pub(crate) width_mm: i128,
    pub(crate) height_mm: i128,
}

pub(crate) struct SignParts {
    pub(crate) wrapped: bool,
    pub(crate) cert_element: Range<usize>,
    pub(crate) cert: Range<usize>,
    pub(crate) algorithm_element: Range<usize>,
    pub(crate) algorithm: ObjectIdentifier,
    pub(crate) value: Range<usize>,
    pub(crate) timestamp: Option<Range<usize>>,
}

impl Parts {
    pub(crate) fn read(der: &[u8], notes: &mut Notes) -> Result<Self, Error> {
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
