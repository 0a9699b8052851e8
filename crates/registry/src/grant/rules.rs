//! Who gives a grant, and what it permits.

use crate::id::AuthorityId;
use crate::profile::Profile;
use crate::role::Acting;
use crate::seal::SealRecord;

/// What must be looked up before deciding about a grant.
#[derive(Clone, Debug)]
pub struct GrantFacts<'a> {
    /// The profile in force.
    pub profile: &'a Profile,
    /// Who acts.
    pub acting: &'a Acting,
    /// The seal.
    pub seal: Option<&'a SealRecord>,
    /// The authority of the unit and those above it, nearest first.
    pub lineage: &'a [AuthorityId],
}
