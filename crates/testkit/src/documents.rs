//! Documents, plain and sealed.

use ofd::builder::{DocumentBuilder, Drawing};
use ofd::{Limits, Package};
use pki::Purpose;
use sealing::{BlankPages, Mode, PageSelection, Position, SealOrder, seal};
use ses::{ListKind, SealVersion};

use crate::{PICTURE, TestPki, now};

/// An A4 page with a line of text.
///
/// # Panics
///
/// Never, as long as the builder builds.
pub fn document() -> Vec<u8> {
    let mut builder = DocumentBuilder::new("0123456789abcdef0123456789abcdef");
    builder.title("测试公文").creation_date("2026-06-15");
    let font = builder.font("宋体");
    builder.page(
        (210.0, 297.0),
        Drawing::new().text(font, 5.0, 30.0, 40.0, "关于测试的通知"),
    );
    builder.build().expect("a document")
}

impl TestPki {
    /// [`document`], sealed by the sealer at [`now`].
    ///
    /// # Panics
    ///
    /// When the document may not be sealed: a mistake in the test.
    pub fn sealed_document(&self) -> Vec<u8> {
        let verified = self.verified(&self.seal(SealVersion::V4, ListKind::Certificates, PICTURE));
        let position = Position::Point {
            pages: PageSelection::Pages(vec![1]),
            x_mm: 120.0,
            y_mm: 200.0,
        };
        let order = SealOrder {
            seal: &verified,
            sealer: &self.path(&self.sealer, Purpose::Signer),
            positions: &[position],
            mode: Mode::Continue,
            blank_pages: BlankPages::Refuse,
            time: now(),
            threads: 1,
        };
        let package = Package::open(document(), Limits::default()).expect("a package");
        let mut out = Vec::new();
        seal(&package, &order, &self.sealer.key, None, &mut out).expect("a document that may be sealed");
        out
    }
}
