//! From request to outcome: approvals bound to bytes, the use record before the key is used.

use crate::digest::Digest32;
use crate::grant::Grant;
use crate::profile::Profile;
use crate::role::{Acting, Appointment};
use crate::seal::SealRecord;

use super::UsePolicy;

/// What must be looked up before deciding about a use.
#[derive(Clone, Debug)]
pub struct UseFacts<'a> {
    /// The profile in force.
    pub profile: &'a Profile,
    /// Who acts.
    pub acting: &'a Acting,
    /// The seal.
    pub seal: Option<&'a SealRecord>,
    /// The policy of the unit, in its version in force.
    pub policy: Option<&'a UsePolicy>,
    /// The grant that is named.
    pub grant: Option<&'a Grant>,
    /// Documents begun under the grant in the present period, those that failed left out
    /// (see [`Grant::period_began`]).
    pub grant_used: u64,
    /// When a deputy approves: the appointments of the person in whose place.
    pub deputised: &'a [Appointment],
    /// What is known about the document (about the item, when sealing).
    pub document: DocumentFacts,
}

/// What is known about a document from reading it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DocumentFacts {
    /// Whether nothing is on its pages.
    pub blank: bool,
    /// For an item of a batch: the root under which its digest was proved to be in its place. Nothing when no
    /// proof was checked.
    pub proved_under: Option<Digest32>,
}
