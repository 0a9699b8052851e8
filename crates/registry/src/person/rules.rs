//! Who may appoint whom to what.

use crate::id::{AuthorityId, PersonId};
use crate::profile::Profile;
use crate::role::Acting;

/// What must be looked up before deciding about a person.
#[derive(Clone, Debug)]
pub struct PersonFacts<'a> {
    /// The profile in force.
    pub profile: &'a Profile,
    /// Who acts.
    pub acting: &'a Acting,
    /// The authorities over the scope of the appointment (of the unit's authority, of the authority itself, of the
    /// authority that the system belongs to), nearest first; for other commands, over the person's unit.
    pub lineage: &'a [AuthorityId],
    /// Who is registered with this identity already, if anybody.
    pub identity_taken_by: Option<PersonId>,
}
