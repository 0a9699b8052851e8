//! Seals and signatures of every layout, written here element by element and independently of `ses::make_seal`:
//! the parse trees of standards.md §13.1, with every part open to change.

use gm::Signer;
use pki::asn1::write;
use pki::{ObjectIdentifier, oid};

use crate::fixture::{ORIGINAL, PKI, PNG};

/// What is special about a seal. The default is a plain seal of GB/T 38540-2020.
#[derive(Clone)]
pub(crate) struct SealForm {
    pub(crate) header_id: &'static str,
    pub(crate) version: Vec<u8>,
    pub(crate) list_type: Option<u8>,
    pub(crate) list: Vec<u8>,
    /// createDate, validStart, validEnd, whole elements.
    pub(crate) times: [Vec<u8>; 3],
    pub(crate) picture: Vec<u8>,
    /// A whole element, or nothing.
    pub(crate) extensions: Vec<u8>,
    /// The algorithm, a whole element.
    pub(crate) algorithm: Vec<u8>,
    /// Certificate, algorithm and value in a SEQUENCE of their own.
    pub(crate) wrapped: bool,
    /// The maker signs SEQUENCE { info, cert, algorithm }.
    pub(crate) signs_all: bool,
    pub(crate) timestamp: Vec<u8>,
}

impl Default for SealForm {
    fn default() -> Self {
        Self {
            header_id: "ES",
            version: write::unsigned(4),
            list_type: Some(1),
            list: write::sequence(&[&write::octet_string(PKI.sealer.certificate.der())]),
            times: ["20240201000000Z", "20240201000000Z", "20300101000000Z"].map(generalized),
            picture: picture("PNG", PNG, 40, 40),
            extensions: Vec::new(),
            algorithm: write::oid(&oid::SM2_WITH_SM3),
            wrapped: false,
            signs_all: false,
            timestamp: Vec::new(),
        }
    }
}

impl SealForm {
    /// GM/T 0031-2014.
    pub(crate) fn v1() -> Self {
        Self {
            version: write::unsigned(1),
            list_type: None,
            times: ["240201000000Z", "240201000000Z", "300101000000Z"].map(utc),
            wrapped: true,
            signs_all: true,
            ..Self::default()
        }
    }

    pub(crate) fn info(&self) -> Vec<u8> {
        let list_type = self
            .list_type
            .map_or(Vec::new(), |kind| write::unsigned(kind.into()));
        let [created, start, end] = &self.times;
        write::sequence(&[
            &write::sequence(&[
                &write::ia5_string(self.header_id),
                &self.version,
                &write::ia5_string("TEST"),
            ]),
            &write::ia5_string("37010000000001"),
            &write::sequence(&[
                &write::unsigned(1),
                &write::utf8_string("测试市数据局"),
                &list_type,
                &self.list,
                created,
                start,
                end,
            ]),
            &self.picture,
            &self.extensions,
        ])
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let info = self.info();
        let cert = write::octet_string(PKI.maker.certificate.der());
        let signed = if self.signs_all {
            write::sequence(&[&info, &cert, &self.algorithm])
        } else {
            info.clone()
        };
        let value = write::bit_string(&PKI.maker.key.sign(&signed).unwrap().to_der());
        let sign = [cert, self.algorithm.clone(), value, self.timestamp.clone()];
        if self.wrapped {
            write::sequence(&[&info, &write::sequence(&[&sign.concat()])])
        } else {
            write::sequence(&[&info, &sign.concat()])
        }
    }
}

/// What is special about a signature. The default is a plain signature of GB/T 38540-2020.
#[derive(Clone)]
pub(crate) struct SignatureForm {
    pub(crate) seal: SealForm,
    pub(crate) version: u64,
    /// A whole element.
    pub(crate) time: Vec<u8>,
    pub(crate) data_hash: Vec<u8>,
    pub(crate) extensions: Vec<u8>,
    pub(crate) algorithm: Vec<u8>,
    pub(crate) cert: Vec<u8>,
    /// Certificate and algorithm inside `TBS_Sign`, two elements outside.
    pub(crate) inside: bool,
    pub(crate) timestamp: Vec<u8>,
}

impl Default for SignatureForm {
    fn default() -> Self {
        Self {
            seal: SealForm::default(),
            version: 4,
            time: generalized("20250601000000Z"),
            data_hash: write::bit_string(&gm::sm3(ORIGINAL).0),
            extensions: Vec::new(),
            algorithm: write::oid(&oid::SM2_WITH_SM3),
            cert: write::octet_string(PKI.sealer.certificate.der()),
            inside: false,
            timestamp: Vec::new(),
        }
    }
}

impl SignatureForm {
    /// GM/T 0031-2014.
    pub(crate) fn v1() -> Self {
        Self {
            seal: SealForm::v1(),
            version: 1,
            time: write::bit_string(b"20250601000000Z"),
            inside: true,
            ..Self::default()
        }
    }

    pub(crate) fn tbs(&self) -> Vec<u8> {
        let inside = if self.inside {
            [&self.cert[..], &self.algorithm].concat()
        } else {
            Vec::new()
        };
        write::sequence(&[
            &write::unsigned(self.version),
            &self.seal.bytes(),
            &self.time,
            &self.data_hash,
            &write::ia5_string("/Doc_0/Signs/Sign_0/Signature.xml"),
            &inside,
            &self.extensions,
        ])
    }

    /// Signed as the standard says.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let value = PKI.sealer.key.sign(&self.tbs()).unwrap().to_der();
        self.with_value(&value)
    }

    /// With any signature value.
    pub(crate) fn with_value(&self, value: &[u8]) -> Vec<u8> {
        let value = write::bit_string(value);
        if self.inside {
            write::sequence(&[&self.tbs(), &value])
        } else {
            write::sequence(&[&self.tbs(), &self.cert, &self.algorithm, &value, &self.timestamp])
        }
    }
}

pub(crate) fn picture(label: &str, data: &[u8], width: u64, height: u64) -> Vec<u8> {
    write::sequence(&[
        &write::ia5_string(label),
        &write::octet_string(data),
        &write::unsigned(width),
        &write::unsigned(height),
    ])
}

pub(crate) fn generalized(text: &str) -> Vec<u8> {
    write::tlv(pki::asn1::GENERALIZED_TIME, text.as_bytes())
}

pub(crate) fn utc(text: &str) -> Vec<u8> {
    write::tlv(pki::asn1::UTC_TIME, text.as_bytes())
}

/// An `ExtData`.
pub(crate) fn extension(oid: &str, critical: Option<bool>, value: &[u8]) -> Vec<u8> {
    let critical = critical.map_or(Vec::new(), write::boolean);
    write::sequence(&[
        &write::oid(&ObjectIdentifier::new_unwrap(oid)),
        &critical,
        &write::octet_string(value),
    ])
}

/// The same elements with indefinite lengths, as early ofdrw writes them.
pub(crate) fn indefinite(der: &[u8]) -> Vec<u8> {
    let mut reader = pki::asn1::Reader::new(der);
    let mut out = Vec::new();
    while !reader.is_empty() {
        let element = reader.next("element").unwrap();
        if element.tag & 0x20 == 0 {
            out.extend(element.raw);
        } else {
            out.extend([element.tag, 0x80]);
            out.extend(indefinite(element.value));
            out.extend([0, 0]);
        }
    }
    out
}
