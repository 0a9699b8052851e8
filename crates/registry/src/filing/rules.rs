//! Whom to tell, by when, and what counts as told.

use crate::profile::Profile;
use crate::role::Acting;

/// What must be looked up before deciding about a filing.
#[derive(Clone, Debug)]
pub struct FilingFacts<'a> {
    /// The profile in force.
    pub profile: &'a Profile,
    /// Who acts: the service's job, or a maker of the authority.
    pub acting: &'a Acting,
    /// The authority of the seal and those above it, nearest first.
    pub lineage: &'a [crate::AuthorityId],
}
