//! What the fuzz targets share: seeds of our own making, mutators that keep DER and packages whole, properties.
//!
//! Every seed comes from one test PKI. Nobody can sign with its keys but this crate, so whatever a target finds
//! proved must be one of the seeds: that is how forgeries are noticed, not only panics.

#![forbid(unsafe_code)]

pub mod der;
mod dice;
pub mod keys;
pub mod package;
pub mod scene;
pub mod seeds;

/// How libFuzzer changes bytes without knowing what they are: the buffer, how much of it is used, how much may be.
pub type Flat = fn(&mut [u8], usize, usize) -> usize;
