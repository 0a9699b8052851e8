//! Sealing and verifying as a whole: the corpus, round trips, what others say of our files.

#![expect(clippy::unwrap_used, reason = "a test may stop at once, in its helpers too")]
#![expect(clippy::print_stdout, reason = "what is skipped is said loudly")]

mod corpus;
mod others;
mod pdf_corpus;
mod pdf_judges;
mod pdf_opened;
mod pdf_rendering;
mod pdf_round_trip;
mod round_trip;
mod scene;
mod schema;
