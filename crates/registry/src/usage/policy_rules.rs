//! What a policy may say.

use crate::id::AuthorityId;
use crate::profile::Profile;
use crate::role::Acting;

/// What must be looked up before deciding about a policy.
#[derive(Clone, Debug)]
pub struct UsePolicyFacts<'a> {
    /// The profile in force.
    pub profile: &'a Profile,
    /// Who acts.
    pub acting: &'a Acting,
    /// The authority of the unit and those above it, nearest first.
    pub lineage: &'a [AuthorityId],
}
