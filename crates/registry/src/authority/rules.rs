//! What an authority may do and become.

use crate::id::AuthorityId;
use crate::profile::Profile;
use crate::role::Acting;

use super::Authority;

/// What must be looked up before deciding about an authority.
#[derive(Clone, Debug)]
pub struct AuthorityFacts<'a> {
    /// The profile in force.
    pub profile: &'a Profile,
    /// Who acts.
    pub acting: &'a Acting,
    /// The authority above, if there is one.
    pub parent: Option<&'a Authority>,
    /// The authorities above, nearest first, without the authority itself.
    pub lineage: &'a [AuthorityId],
    /// How many units and authorities still belong to it.
    pub dependants: u64,
}
