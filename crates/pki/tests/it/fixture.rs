//! The holders that the tests of messages need.

use jiff::Timestamp;
use pki::{CertificateTemplate, Name};

use crate::support::{Identity, time};

/// A root, a signer of documents and an authority for time stamping, valid from 2025 through 2029.
pub(crate) struct TestPki {
    pub(crate) root: Identity,
    pub(crate) signer: Identity,
    pub(crate) tsa: Identity,
}

impl TestPki {
    pub(crate) fn new() -> Self {
        let validity = (time("2025-01-01T00:00:00Z"), time("2029-12-31T23:59:59Z"));
        let name = |common: &str| Name::from_pairs([("C", "CN"), ("O", "测试机构"), ("CN", common)]).unwrap();
        let root = Identity::root_with(
            CertificateTemplate::ca(name("Test Root"), &[1], validity, None),
            1,
        );
        let signer = root.issues(
            CertificateTemplate::signer(name("签章人"), &[0x80, 2], validity),
            2,
        );
        let tsa = root.issues(
            CertificateTemplate::timestamping(name("Test TSA"), &[3], validity),
            3,
        );
        Self { root, signer, tsa }
    }
}

/// A time at which all of them are valid.
pub(crate) fn noon() -> Timestamp {
    time("2026-03-04T04:00:00Z")
}

/// `bytes` with one octet changed, in two ways for every octet, with the position of the octet.
pub(crate) fn every_changed_octet(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> + '_ {
    let masks = |position: usize| [0x01, 0x02 << (position % 7)];
    (0..bytes.len()).flat_map(move |position| {
        masks(position).map(|mask| {
            let mut changed = bytes.to_vec();
            changed[position] ^= mask;
            (position, changed)
        })
    })
}

/// Where `part` stands in `whole`; it must be there once.
pub(crate) fn find(whole: &[u8], part: &[u8]) -> std::ops::Range<usize> {
    let mut starts = (0..=whole.len() - part.len()).filter(|&start| whole[start..].starts_with(part));
    let start = starts.next().expect("the part is there");
    assert_eq!(starts.next(), None, "the part is there once");
    start..start + part.len()
}
