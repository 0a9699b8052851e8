//! From draft to decision.

use crate::authority::Authority;
use crate::id::AuthorityId;
use crate::profile::Profile;
use crate::role::Acting;
use crate::seal::SealRecord;
use crate::unit::Unit;

use super::{Claim, MaterialKind, RegisteredImpression};

/// What must be looked up before deciding about an application.
#[derive(Clone, Debug)]
pub struct ApplicationFacts<'a> {
    /// The profile in force.
    pub profile: &'a Profile,
    /// Who acts.
    pub acting: &'a Acting,
    /// The authority that the application is addressed to.
    pub authority: Option<&'a Authority>,
    /// The authority of the unit and those above it, nearest first; for a personal seal, of the one addressed.
    pub lineage: &'a [AuthorityId],
    /// The unit that applies.
    pub unit: Option<&'a Unit>,
    /// The seal that the application is about, or the one that the new seal replaces.
    pub seal: Option<&'a SealRecord>,
    /// What else holds a place among the owner's seals: seals and pending applications, without this one.
    pub claims: &'a [Claim],
    /// Documents that the data-sharing connector can supply, so that nobody may ask the applicant for them (R23).
    pub connector: &'a [MaterialKind],
    /// What public security answered about the impression.
    pub registered: &'a RegisteredImpression,
}
