//! The service over real HTTP.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod administration;
mod applications;
mod authorities;
mod batches;
mod browser;
mod buckets;
mod crash;
mod desks;
mod documents;
mod grants;
mod kinds;
mod life;
mod limits;
mod log;
mod mutual_tls;
mod networks;
mod operations;
mod people;
mod policies;
mod registered;
mod regulations;
mod reminders;
mod revocation;
mod set_up;
mod sign_in;
mod stamping;
mod support;
mod town;
mod uses;
mod verify;
mod walk;
mod web;
mod webdriver;
mod world;
