//! What a unit may do and become.

use crate::authority::Authority;
use crate::id::{AuthorityId, UnitId};
use crate::profile::Profile;
use crate::role::Acting;

/// What must be looked up before deciding about a unit.
#[derive(Clone, Debug)]
pub struct UnitFacts<'a> {
    /// The profile in force.
    pub profile: &'a Profile,
    /// Who acts.
    pub acting: &'a Acting,
    /// The authority that makes its seals, or is going to.
    pub authority: Option<&'a Authority>,
    /// That authority and those above it, nearest first.
    pub lineage: &'a [AuthorityId],
    /// When moving: the present authority and those above it.
    pub present_lineage: &'a [AuthorityId],
    /// The unit that is registered with this credit code, if any.
    pub code_taken_by: Option<UnitId>,
}
