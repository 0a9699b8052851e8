//! People and their appointments. The registry keeps commitments to personal data, never the data (Q14).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::Digest32;
use crate::id::PersonId;
use crate::role::{Appointment, Role, Scope};

mod rules;

pub use rules::{PersonFacts, decide};

/// A person. Name, identity number and contact lie encrypted in the store under the same identifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their identifier.
    pub id: PersonId,
    /// Salted SM3 over the personal data, so that what is in the store can be proved and can be erased.
    pub commitment: Digest32,
    /// Everything they were ever appointed to, in the order of events.
    pub appointments: Vec<Appointment>,
    /// Since when they may not act any more; none while they may.
    pub blocked: Option<Timestamp>,
    /// Since when they are registered.
    pub registered_at: Timestamp,
}

impl Person {
    /// The appointments in force.
    pub fn roles(&self, at: Timestamp) -> impl Iterator<Item = &Appointment> {
        self.appointments.iter().filter(move |held| held.holds(at))
    }

    /// Whether the person holds a role.
    pub fn holds(&self, role: Role, scope: Scope, at: Timestamp) -> bool {
        self.roles(at)
            .any(|held| held.role == role && held.scope == scope)
    }
}

/// What can be asked about a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PersonCommand {
    /// Register a person; the identity number was checked when it was parsed (`IdentityNumber`).
    Register {
        /// Their identifier.
        id: PersonId,
        /// Salted SM3 over the personal data.
        commitment: Digest32,
    },
    /// Their personal data changed (a new name, a new number).
    Correct {
        /// Salted SM3 over the new personal data.
        commitment: Digest32,
    },
    /// Give them a role.
    Appoint {
        /// As what, where, from and until when.
        appointment: Appointment,
    },
    /// End a role now.
    Dismiss {
        /// Which role.
        role: Role,
        /// Where.
        scope: Scope,
    },
    /// They may not act any more, whatever their roles.
    Block {
        /// Why.
        reason: String,
    },
    /// They may act again.
    Unblock,
}

/// What happened to a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PersonEvent {
    /// Registered.
    Registered {
        /// Effective from.
        at: Timestamp,
        /// Their identifier.
        id: PersonId,
        /// Salted SM3 over the personal data.
        commitment: Digest32,
    },
    /// Personal data changed.
    Corrected {
        /// Effective from.
        at: Timestamp,
        /// Salted SM3 over the new personal data.
        commitment: Digest32,
    },
    /// Appointed.
    Appointed {
        /// Decided at; the appointment has its own period.
        at: Timestamp,
        /// As what, where, from and until when.
        appointment: Appointment,
    },
    /// Dismissed.
    Dismissed {
        /// Effective from.
        at: Timestamp,
        /// Which role.
        role: Role,
        /// Where.
        scope: Scope,
    },
    /// Blocked.
    Blocked {
        /// Effective from.
        at: Timestamp,
        /// Why.
        reason: String,
    },
    /// No longer blocked.
    Unblocked {
        /// Effective from.
        at: Timestamp,
    },
}

names!(PersonCommand: Register "register", Correct "correct", Appoint "appoint", Dismiss "dismiss",
    Block "block", Unblock "unblock");
names!(PersonEvent: Registered "registered", Corrected "corrected", Appointed "appointed",
    Dismissed "dismissed", Blocked "blocked", Unblocked "unblocked");
effective!(PersonEvent: Registered Corrected Appointed Dismissed Blocked Unblocked);

/// The state after an event. An event that does not fit the state leaves it as it is.
pub fn apply(state: Option<Person>, event: &PersonEvent) -> Option<Person> {
    if let PersonEvent::Registered { at, id, commitment } = event {
        return Some(state.unwrap_or_else(|| Person {
            id: *id,
            commitment: *commitment,
            appointments: Vec::new(),
            blocked: None,
            registered_at: *at,
        }));
    }
    let mut person = state?;
    match event {
        PersonEvent::Registered { .. } => {}
        PersonEvent::Corrected { commitment, .. } => person.commitment = *commitment,
        PersonEvent::Appointed { appointment, .. } => person.appointments.push(*appointment),
        PersonEvent::Dismissed { at, role, scope } => {
            for held in &mut person.appointments {
                if held.role == *role && held.scope == *scope && held.until.is_none_or(|until| *at < until) {
                    held.until = Some(*at);
                }
            }
        }
        PersonEvent::Blocked { at, .. } => person.blocked = Some(*at),
        PersonEvent::Unblocked { .. } => person.blocked = None,
    }
    Some(person)
}
