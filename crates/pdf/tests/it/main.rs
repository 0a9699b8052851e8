//! The crate as others use it: the corpus, attacks made by hand, and bytes of every kind.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod attacks;
mod corpus;
mod hostile;
mod made;
mod signing;
mod words;
