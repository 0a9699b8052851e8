//! The stamps that a document shows: where they stand, and the seal's picture. Nothing is judged here.

use std::sync::Arc;

use ofd::geometry::Box;
use ofd::{DocBody, Package, SignatureList, SignaturePart};
use ses::{Seal, SealCache, SealSignature};

/// Stamps of one document that are given.
pub const SHOWN_STAMPS_MAX: usize = 16_384;

/// A stamp on a page, as a reader would show it.
#[derive(Clone, Debug)]
pub struct ShownStamp {
    /// `ID` of the signature.
    pub signature: String,
    /// Number of the page, from 1.
    pub page: usize,
    /// Place of the whole picture, in mm of the page.
    pub boundary: Box,
    /// Which part of it is shown, in mm from the boundary's top left corner.
    pub clip: Option<Box>,
    /// The picture's file, from the signed value, otherwise from `Seal.esl`.
    pub picture: Arc<[u8]>,
}

/// All stamps of a document, in the order of its signatures. Whether the signatures hold is another question:
/// see [`Verifier`](crate::Verifier).
///
/// Signatures that cannot be read, and stamps without place or on pages that do not exist, are left out.
pub fn shown_stamps(package: &Package, body: &DocBody) -> Vec<ShownStamp> {
    let list = body.signatures.as_ref().and_then(|link| link.path());
    let Some(Ok(list)) = list.map(|path| SignatureList::read(package, path)) else {
        return Vec::new();
    };
    let Ok(document) = &body.document else {
        return Vec::new();
    };
    let cache = SealCache::default();
    let mut shown = Vec::new();
    for entry in &list.entries {
        let Ok(part) = &entry.part else { continue };
        if part.stamps.is_empty() {
            continue;
        }
        let Some(picture) = picture(package, part, &cache) else {
            continue;
        };
        for stamp in &part.stamps {
            let page = stamp.page_ref.and_then(|id| document.page(id));
            if let (Some((index, _)), Some(boundary)) = (page, stamp.boundary)
                && shown.len() < SHOWN_STAMPS_MAX
            {
                shown.push(ShownStamp {
                    signature: entry.id.clone(),
                    page: index + 1,
                    boundary,
                    clip: stamp.clip,
                    picture: Arc::clone(&picture),
                });
            }
        }
    }
    shown
}

/// What was signed comes first: a reader must not show another picture than the sealer saw.
fn picture(package: &Package, part: &SignaturePart, cache: &SealCache) -> Option<Arc<[u8]>> {
    let read = |link: &Option<ofd::Link>| package.read(link.as_ref()?.path()?).ok();
    let signed = read(&part.signed_value).and_then(|bytes| SealSignature::read(&bytes, cache).ok());
    if let Some(signature) = signed {
        return Some(signature.seal().picture().data.into());
    }
    let seal = read(&part.seal).and_then(|bytes| Seal::read(&bytes).ok());
    seal.map(|seal| seal.picture().data.into())
}
