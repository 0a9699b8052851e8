//! The service over real HTTP.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod applications;
mod authorities;
mod limits;
mod log;
mod operations;
mod people;
mod set_up;
mod sign_in;
mod support;
mod town;
mod verify;
