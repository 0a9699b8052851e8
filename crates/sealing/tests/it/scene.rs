//! A document, a seal and somebody who may use it: the start of most tests.

use jiff::Timestamp;
use ofd::builder::{DocumentBuilder, Drawing};
use ofd::{Limits, Package};
use pki::{Purpose, TimestampRequest, TimestampResponse, VerifiedPath};
use sealing::{
    BlankPages, Mode, Position, Reason, Report, SealError, SealOrder, Sealed, Trust, Verifier, seal,
};
use ses::{ListKind, Seal, SealVersion, VerifiedSeal};
use testkit::{Identity, PICTURE, TestPki, now};

pub(crate) struct Scene {
    pub(crate) pki: TestPki,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self { pki: TestPki::new(1) }
    }

    pub(crate) fn path(&self, leaf: &Identity, purpose: Purpose) -> VerifiedPath {
        self.pki.path(leaf, purpose)
    }

    /// A seal 40 mm wide and high for the test PKI's sealer.
    pub(crate) fn seal(&self, version: SealVersion, list: ListKind) -> Seal {
        self.pki.seal(version, list, PICTURE)
    }

    pub(crate) fn verified(&self, seal: &Seal) -> VerifiedSeal {
        self.pki.verified(seal)
    }

    /// Seals with a version 4 seal, for everybody to continue.
    pub(crate) fn seal_at(&self, document: &[u8], positions: &[Position]) -> Result<Vec<u8>, SealError> {
        self.seal_with(document, positions, Mode::Continue, SealVersion::V4)
            .map(|(bytes, _)| bytes)
    }

    pub(crate) fn seal_with(
        &self,
        document: &[u8],
        positions: &[Position],
        mode: Mode,
        version: SealVersion,
    ) -> Result<(Vec<u8>, Sealed), SealError> {
        let verified = self.verified(&self.seal(version, ListKind::Certificates));
        self.seal_by(document, positions, mode, &verified, None)
    }

    pub(crate) fn seal_by(
        &self,
        document: &[u8],
        positions: &[Position],
        mode: Mode,
        verified: &VerifiedSeal,
        timestamp: Option<&mut sealing::TimestampSource<'_>>,
    ) -> Result<(Vec<u8>, Sealed), SealError> {
        let sealer = self.path(&self.pki.sealer, Purpose::Signer);
        let order = SealOrder {
            seal: verified,
            sealer: &sealer,
            positions,
            mode,
            blank_pages: BlankPages::Refuse,
            time: now(),
            threads: 1,
        };
        let mut out = Vec::new();
        let sealed = seal(&open(document), &order, &self.pki.sealer.key, timestamp, &mut out)?;
        Ok((out, sealed))
    }

    /// A token of the test PKI's authority over a signature value.
    pub(crate) fn token(&self, value: &[u8], at: Timestamp) -> Vec<u8> {
        let request = TimestampRequest::new(value, Some(7), true);
        let (tsa, chain) = (&self.pki.tsa, self.pki.intermediates());
        let policy = pki::ObjectIdentifier::new_unwrap("1.2.156.10197.6.1.4.6");
        let reply = pki::issue_token(&request, &[1], at, &policy, &tsa.certificate, &chain, &tsa.key);
        let response = TimestampResponse::read(&reply.expect("a reply")).expect("a response");
        response
            .granted(&request)
            .expect("a token")
            .signed()
            .der()
            .to_vec()
    }

    pub(crate) fn verifier(&self) -> Verifier {
        let trust = Trust::for_all(self.pki.trust().anchors().to_vec());
        Verifier::new(trust, self.pki.intermediates(), Vec::new())
    }

    pub(crate) fn verify(&self, document: &[u8]) -> Report {
        self.verify_at(document, now())
    }

    pub(crate) fn verify_at(&self, document: &[u8], at: Timestamp) -> Report {
        self.verifier()
            .verify(document.to_vec(), "test.ofd", at)
            .expect("memory does not fail")
    }
}

pub(crate) fn open(document: &[u8]) -> Package {
    Package::open(document.to_vec(), Limits::default()).expect("a package")
}

/// A4 pages with a line of text each.
pub(crate) fn document(pages: usize) -> Vec<u8> {
    let mut builder = DocumentBuilder::new("0123456789abcdef0123456789abcdef");
    builder.title("测试公文").creation_date("2026-06-15");
    let font = builder.font("宋体");
    for page in 1..=pages {
        let line = format!("第 {page} 页 关于测试的通知 盖章处");
        builder.page((210.0, 297.0), Drawing::new().text(font, 5.0, 30.0, 40.0, &line));
    }
    builder.build().expect("a document")
}

pub(crate) fn point(page: usize) -> Position {
    Position::Point {
        pages: sealing::PageSelection::Pages(vec![page]),
        x_mm: 120.0,
        y_mm: 200.0,
    }
}

pub(crate) fn codes(report: &Report) -> Vec<&'static str> {
    reasons(report).map(|reason| reason.code.name()).collect()
}

/// Of the file and of all its signatures.
pub(crate) fn reasons(report: &Report) -> impl Iterator<Item = &Reason> {
    let of_signatures = report.signatures.iter().flat_map(|signature| &signature.reasons);
    report.reasons.iter().chain(of_signatures)
}
