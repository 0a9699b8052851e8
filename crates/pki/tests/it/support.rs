//! A small PKI made from fixed keys, and a knife to make certificates that `issue` would not make.

use gm::{PublicKey, Signer as _, SigningKey};
use jiff::Timestamp;
use pki::asn1::{self, write};
use pki::{
    Certificate, CertificateTemplate, Issuer, Name, PathCache, PathQuery, PathReport, Purpose, TrustStore,
    issue,
};

/// A time from its RFC 3339 text.
pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The time that most tests ask about.
pub(crate) fn now() -> Timestamp {
    time("2026-06-15T04:00:00Z")
}

/// A validity around [`now`].
pub(crate) fn validity() -> (Timestamp, Timestamp) {
    (time("2020-01-01T00:00:00Z"), time("2040-01-01T00:00:00Z"))
}

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32]).unwrap()
}

pub(crate) fn name(common_name: &str) -> Name {
    Name::from_pairs([("C", "CN"), ("O", "印信测试"), ("CN", common_name)]).unwrap()
}

/// A certificate with its key.
pub(crate) struct Identity {
    pub(crate) key: SigningKey,
    pub(crate) certificate: Certificate,
}

impl Identity {
    /// Self-signed CA.
    pub(crate) fn root(common_name: &str, seed: u8) -> Self {
        Self::root_with(
            CertificateTemplate::ca(name(common_name), &[1], validity(), None),
            seed,
        )
    }

    pub(crate) fn root_with(template: CertificateTemplate, seed: u8) -> Self {
        let key = key(seed);
        let certificate = issue(&template, key.public_key(), Issuer::SelfSigned, &key).unwrap();
        Self { key, certificate }
    }

    /// What this one issues for the key `seed`.
    pub(crate) fn issues(&self, template: CertificateTemplate, seed: u8) -> Self {
        let key = key(seed);
        let certificate = self.certifies(&template, key.public_key());
        Self { key, certificate }
    }

    pub(crate) fn issues_ca(&self, common_name: &str, seed: u8) -> Self {
        self.issues(
            CertificateTemplate::ca(name(common_name), &[seed], validity(), None),
            seed,
        )
    }

    pub(crate) fn issues_signer(&self, common_name: &str, seed: u8) -> Self {
        self.issues(
            CertificateTemplate::signer(name(common_name), &[seed], validity()),
            seed,
        )
    }

    pub(crate) fn certifies(&self, template: &CertificateTemplate, key: &PublicKey) -> Certificate {
        issue(template, key, Issuer::Certificate(&self.certificate), &self.key).unwrap()
    }
}

/// Root, issuing CA and signer: the everyday chain.
pub(crate) struct Chain {
    pub(crate) root: Identity,
    pub(crate) sub: Identity,
    pub(crate) leaf: Identity,
}

pub(crate) fn chain() -> Chain {
    let root = Identity::root("Root", 1);
    let sub = root.issues_ca("Issuing CA", 2);
    let leaf = sub.issues_signer("某某单位", 3);
    Chain { root, sub, leaf }
}

/// Validates for signing at [`now`].
pub(crate) fn validate(leaf: &Certificate, anchors: &[&Certificate], known: &[&Certificate]) -> PathReport {
    validate_for(Purpose::Signer, now(), leaf, anchors, known)
}

pub(crate) fn validate_for(
    purpose: Purpose,
    at: Timestamp,
    leaf: &Certificate,
    anchors: &[&Certificate],
    known: &[&Certificate],
) -> PathReport {
    let trust = TrustStore::new(anchors.iter().map(|anchor| (*anchor).clone()).collect());
    let intermediates: Vec<Certificate> = known.iter().map(|known| (*known).clone()).collect();
    let query = PathQuery {
        leaf,
        purpose,
        at,
        trust: &trust,
        intermediates: &intermediates,
    };
    let report = pki::validate(&query, &PathCache::default());
    assert_eq!(
        report.path.is_some(),
        report.faults.is_empty(),
        "a path exactly when there are no faults"
    );
    assert_eq!(report.chain.first(), Some(leaf));
    if let Some(path) = &report.path {
        assert_eq!(path.chain(), report.chain);
        assert!(trust.contains(path.anchor()));
        assert_eq!((path.leaf(), path.at(), path.purpose()), (leaf, at, purpose));
    }
    report
}

/// The codes of the faults, in their order.
pub(crate) fn codes(report: &PathReport) -> Vec<&'static str> {
    report.faults.iter().map(pki::PathFault::code).collect()
}

/// Indexes into the parts of a TBSCertificate that `issue` made.
pub(crate) mod part {
    pub(crate) const VERSION: usize = 0;
    pub(crate) const SERIAL: usize = 1;
    pub(crate) const ALGORITHM: usize = 2;
    pub(crate) const VALIDITY: usize = 4;
    pub(crate) const KEY: usize = 6;
    pub(crate) const EXTENSIONS: usize = 7;
}

/// The elements inside a constructed element.
pub(crate) fn split(element: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = asn1::Reader::new(asn1::Reader::new(element).next("element").unwrap().value);
    let mut parts = Vec::new();
    while !reader.is_empty() {
        parts.push(reader.next("part").unwrap().raw.to_vec());
    }
    parts
}

/// The certificate with other parts, signed again with `key`.
pub(crate) fn recut(
    certificate: &Certificate,
    key: &SigningKey,
    edit: impl FnOnce(&mut Vec<Vec<u8>>),
) -> Vec<u8> {
    let mut parts = split(&split(certificate.der())[0]);
    edit(&mut parts);
    // Without a version, everything stands one place earlier.
    let shift = usize::from(parts[part::VERSION][0] != asn1::constructed(0));
    let algorithm = parts[part::ALGORITHM - shift].clone();
    let tbs = write::tlv(asn1::SEQUENCE, &parts.concat());
    let signature = key.sign(&tbs).unwrap().to_der();
    write::sequence(&[&tbs, &algorithm, &write::bit_string(&signature)])
}

/// The same without the extensions of these kinds.
pub(crate) fn without(
    certificate: &Certificate,
    key: &SigningKey,
    kinds: &[pki::ObjectIdentifier],
) -> Certificate {
    let der = recut(certificate, key, |parts| {
        let list = split(&parts[part::EXTENSIONS]).remove(0);
        let kept: Vec<Vec<u8>> = split(&list)
            .into_iter()
            .filter(|extension| !kinds.iter().any(|kind| split(extension)[0] == write::oid(kind)))
            .collect();
        parts[part::EXTENSIONS] = write::explicit(3, &write::sequence(&[&kept.concat()]));
    });
    Certificate::read(&der).unwrap()
}
