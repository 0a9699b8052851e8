//! SM2 from outside: against RustCrypto's, and against cases of which each has one fault.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod differential;
mod encryption;
mod rng;
mod vectors;
