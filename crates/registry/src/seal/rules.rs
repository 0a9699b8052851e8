//! The life cycle of a seal.

use crate::application::{Application, Claim};
use crate::id::AuthorityId;
use crate::profile::Profile;
use crate::role::Acting;
use crate::unit::Unit;

use super::CertificateFacts;

/// What must be looked up before deciding about a seal.
#[derive(Clone, Debug)]
pub struct SealFacts<'a> {
    /// The profile in force.
    pub profile: &'a Profile,
    /// Who acts.
    pub acting: &'a Acting,
    /// The authority of the seal's unit (of the application, for a personal seal) and those above it, nearest first.
    pub lineage: &'a [AuthorityId],
    /// The application that the command names.
    pub application: Option<&'a Application>,
    /// The unit of the owner, if one is concerned.
    pub unit: Option<&'a Unit>,
    /// What else holds a place among the owner's seals: seals and pending applications, without this one and
    /// without the application that the command names.
    pub claims: &'a [Claim],
    /// The certificate that is bound in, for making, renewing and replacing.
    pub certificate: Option<&'a CertificateFacts>,
    /// For handing over: whether the person who is to take custody holds the custodian's role in the unit.
    pub receiver_is_custodian: bool,
}
