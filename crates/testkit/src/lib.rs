//! What tests of several crates share: a test PKI with seals, a fixed clock, seeded randomness.
//!
//! Everything is made from seeds, so that a failing test fails again.

mod bureau;
mod documents;
mod ocsp;
mod pki;
#[cfg(unix)]
mod postgres;
mod rng;
mod seals;

pub use crate::pki::{Identity, TestPki};
pub use bureau::{AnswerFault, Bureau, BureauFault, Received};
pub use documents::document;
#[cfg(unix)]
pub use postgres::PrivatePostgres;
pub use rng::SeededRng;
pub use seals::PICTURE;

use jiff::Timestamp;

/// The time at which tests happen: 2026-06-15 12:00:00 Beijing time.
pub fn now() -> Timestamp {
    time("2026-06-15T04:00:00Z")
}

/// A time from its RFC 3339 text.
///
/// # Panics
///
/// When the text is no time: a mistake in the test.
#[track_caller]
pub fn time(text: &str) -> Timestamp {
    text.parse().expect("an RFC 3339 time")
}
