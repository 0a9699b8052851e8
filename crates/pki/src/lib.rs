//! Certificates, trust lists, paths, revocation lists and timestamp tokens with SM2; ends in
//! [`VerifiedPath`].
//!
//! Reading is tolerant and names what it tolerated ([`Deviation`]); judging is strict and gives every fact on its
//! own ([`PathFault`], [`Revocation`]); writing is DER. Nothing here reads a clock: the time of interest is an
//! argument of every question.

pub mod asn1;
pub mod oid;

mod certificate;
mod error;
mod extension;
mod name;
mod pem;
mod time;

pub use certificate::{Algorithm, CERTIFICATE_BYTES_MAX, Certificate, Deviation, KeyFault};
pub use error::Error;
pub use extension::{BasicConstraints, Extension, KeyUsage};
pub use name::{Attribute, Name, attribute_name};
pub use pem::{PemBlock, is_pem, read_pem, write_pem};
pub use time::{TimeDeviation, ZONE_WHEN_MISSING_HOURS, read_time};

pub use const_oid::ObjectIdentifier;
