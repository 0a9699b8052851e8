//! Electronic seals and seal signatures (GM/T 0031-2014, GB/T 38540-2020, GM/T 0031-2025): read, make, sign,
//! verify.
//!
//! Reading ([`Seal::read`], [`SealSignature::read`]) is tolerant: the structure decides, never the version
//! number, and what is unusual is listed ([`Deviation`]). Judging ([`check_seal`], [`check_signature`]) gives
//! every fact on its own and concludes nothing; [`VerifiedSeal`] proves that nothing stands against a seal.
//! Making ([`make_seal`], [`make_signature`]) writes DER and refuses what the rules forbid ([`Refusal`]).

mod cache;
mod check_value;
mod error;
mod extension;
mod fields;
mod layout;
mod make;
mod make_signature;
mod names;
mod picture;
mod refusal;
mod seal;
mod seal_parts;
mod signature;
mod svg;
mod tbs_digest;
mod time;
mod verify;
mod verify_signature;

pub use cache::SealCache;
pub use check_value::{Covers, SignatureCheck};
pub use error::{Deviation, DeviationKind, Error};
pub use extension::{CriticalExtension, EXTENSIONS_MAX};
pub use fields::SES_BYTES_MAX;
pub use layout::{Layout, MakerRange};
pub use make::{
    ListKind, PICTURE_BYTES_MAX, SealTemplate, SealVersion, SealWarning, SignedSeal, TEXT_CHARS_MAX,
    make_seal,
};
pub use make_signature::{PROPERTY_INFO_CHARS_MAX, SignatureTemplate, SignedTbs, check_use, make_signature};
pub use names::names_agree;
pub use picture::{PICTURE_PIXELS_MAX, Picture, PictureFault, PictureFormat, SEAL_MM_MAX, pixel_size};
pub use pki::Extension;
pub use refusal::Refusal;
pub use seal::{ListedDigest, Seal, SealHeader, SealerList};
pub use seal_parts::LIST_ENTRIES_MAX;
pub use signature::{SealSignature, TbsSign, TimeInfo};
pub use svg::ActiveContent;
pub use time::Time;
pub use verify::{Moment, Period, SealContext, SealFacts, SealFault, VerifiedSeal, check_seal};
pub use verify_signature::{
    DataHashCheck, Listed, Original, SignatureFacts, SignatureFault, check_signature,
};
