//! A document, a seal and somebody who may use it: the start of most tests.

use jiff::Timestamp;
use ofd::builder::{DocumentBuilder, Drawing};
use ofd::{Limits, Package};
use pki::{PathCache, PathQuery, Purpose, TimestampRequest, TimestampResponse, VerifiedPath, validate};
use sealing::{BlankPages, Mode, Position, Report, SealError, SealOrder, Sealed, Trust, Verifier, seal};
use ses::{ListKind, Seal, SealContext, SealTemplate, SealVersion, VerifiedSeal, check_seal, make_seal};
use testkit::{Identity, TestPki, now};

/// A picture that is one: an SVG circle.
pub(crate) const PICTURE: &[u8] =
    br##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><circle cx="20" cy="20" r="19" fill="none" stroke="#f00"/></svg>"##;

pub(crate) struct Scene {
    pub(crate) pki: TestPki,
    pub(crate) cache: PathCache,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self {
            pki: TestPki::new(1),
            cache: PathCache::default(),
        }
    }

    pub(crate) fn path(&self, leaf: &Identity, purpose: Purpose) -> VerifiedPath {
        let (trust, intermediates) = (self.pki.trust(), self.pki.intermediates());
        let query = PathQuery {
            leaf: &leaf.certificate,
            purpose,
            at: now(),
            trust: &trust,
            intermediates: &intermediates,
        };
        validate(&query, &self.cache).path.expect("a sound test PKI")
    }

    /// A seal 40 mm wide and high for the test PKI's sealer.
    pub(crate) fn seal(&self, version: SealVersion, list: ListKind) -> Seal {
        let sealer = &self.pki.sealer.certificate;
        let template = SealTemplate {
            version,
            vendor_id: "YINXIN",
            seal_id: "99000000000001",
            seal_type: 1,
            name: "测试市大数据局",
            list,
            picture: PICTURE,
            width_mm: 40,
            height_mm: 40,
            created: now(),
            valid_start: sealer.not_before(),
            valid_end: sealer.not_after(),
            extensions: Vec::new(),
            name_reason: None,
        };
        let maker = self.path(&self.pki.maker, Purpose::SealMaker);
        let holder = self.path(&self.pki.sealer, Purpose::Signer);
        let made =
            make_seal(&template, &maker, &[holder], &self.pki.maker.key).expect("a seal that may be made");
        made.finish(None).expect("a seal")
    }

    pub(crate) fn verified(&self, seal: &Seal) -> VerifiedSeal {
        let (trust, intermediates) = (self.pki.trust(), self.pki.intermediates());
        let context = SealContext {
            makers: &trust,
            tsas: &trust,
            intermediates: &intermediates,
            crls: &[],
            at: now(),
            paths: &self.cache,
        };
        check_seal(seal, &context)
            .verified()
            .expect("a sound seal")
            .clone()
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
    let of_signatures = report.signatures.iter().flat_map(|signature| &signature.reasons);
    report
        .reasons
        .iter()
        .chain(of_signatures)
        .map(|reason| reason.code.name())
        .collect()
}
