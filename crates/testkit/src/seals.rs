//! Seals of the test PKI.

use pki::{PathCache, PathQuery, Purpose, VerifiedPath, validate};
use ses::{ListKind, Seal, SealContext, SealTemplate, SealVersion, VerifiedSeal, check_seal, make_seal};

use crate::{Identity, TestPki, now};

/// A picture that is one: an SVG circle.
pub const PICTURE: &[u8] =
    br##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><circle cx="20" cy="20" r="19" fill="none" stroke="#f00"/></svg>"##;

impl TestPki {
    /// The path of one of its leaves, verified for [`now`].
    ///
    /// # Panics
    ///
    /// When the leaf is not fit for the purpose: a mistake in the test.
    pub fn path(&self, leaf: &Identity, purpose: Purpose) -> VerifiedPath {
        let (trust, intermediates) = (self.trust(), self.intermediates());
        let leaf = &leaf.certificate;
        let query = PathQuery {
            leaf,
            purpose,
            at: now(),
            trust: &trust,
            intermediates: &intermediates,
        };
        validate(&query, &PathCache::default())
            .path
            .expect("a sound test PKI")
    }

    /// A seal 40 mm wide and high for the sealer, made at [`now`].
    ///
    /// # Panics
    ///
    /// When the picture may not be used: a mistake in the test.
    pub fn seal(&self, version: SealVersion, list: ListKind, picture: &[u8]) -> Seal {
        let sealer = &self.sealer.certificate;
        let template = SealTemplate {
            version,
            vendor_id: "YINXIN",
            seal_id: "99000000000001",
            seal_type: 1,
            name: "测试市大数据局",
            list,
            picture,
            width_mm: 40,
            height_mm: 40,
            created: now(),
            valid_start: sealer.not_before(),
            valid_end: sealer.not_after(),
            extensions: Vec::new(),
            name_reason: None,
        };
        let maker = self.path(&self.maker, Purpose::SealMaker);
        let holder = self.path(&self.sealer, Purpose::Signer);
        let made = make_seal(&template, &maker, &[holder], &self.maker.key).expect("a seal that may be made");
        made.finish(None).expect("a seal")
    }

    /// The proof that a seal may be used at [`now`].
    ///
    /// # Panics
    ///
    /// When it may not: a mistake in the test.
    pub fn verified(&self, seal: &Seal) -> VerifiedSeal {
        let (trust, intermediates) = (self.trust(), self.intermediates());
        let context = SealContext {
            makers: &trust,
            tsas: &trust,
            intermediates: &intermediates,
            crls: &[],
            responses: &[],
            at: now(),
            paths: &PathCache::default(),
        };
        check_seal(seal, &context)
            .verified()
            .expect("a sound seal")
            .clone()
    }
}
