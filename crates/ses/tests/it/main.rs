//! Seals and seal signatures, from making to judging.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bytes;
mod corpus;
mod fixture;
mod forms;
mod hostile;
mod independent;
mod layouts;
mod making;
mod round_trip;
mod verdicts;
