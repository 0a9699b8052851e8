//! The service over real HTTP.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod limits;
mod log;
mod operations;
mod support;
mod verify;
