//! Any event of any noun, and the fold that gives the state at an instant.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::application::ApplicationEvent;
use crate::authority::AuthorityEvent;
use crate::filing::FilingEvent;
use crate::grant::GrantEvent;
use crate::person::PersonEvent;
use crate::refusal::RefusalRecord;
use crate::seal::SealEvent;
use crate::unit::UnitEvent;
use crate::usage::{UseEvent, UsePolicyEvent};

/// What an event, a record or a refusal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// Which noun.
    pub kind: SubjectKind,
    /// Its identifier.
    pub id: Uuid,
}

/// The nouns of the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// An authority.
    Authority,
    /// A unit.
    Unit,
    /// A person.
    Person,
    /// An application.
    Application,
    /// A seal record.
    Seal,
    /// A unit's policy of use.
    Policy,
    /// A use of a seal.
    Use,
    /// A grant.
    Grant,
    /// A filing.
    Filing,
}

impl SubjectKind {
    /// All nouns.
    pub const ALL: [SubjectKind; 9] = [
        SubjectKind::Authority,
        SubjectKind::Unit,
        SubjectKind::Person,
        SubjectKind::Application,
        SubjectKind::Seal,
        SubjectKind::Policy,
        SubjectKind::Use,
        SubjectKind::Grant,
        SubjectKind::Filing,
    ];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            SubjectKind::Authority => "authority",
            SubjectKind::Unit => "unit",
            SubjectKind::Person => "person",
            SubjectKind::Application => "application",
            SubjectKind::Seal => "seal",
            SubjectKind::Policy => "policy",
            SubjectKind::Use => "use",
            SubjectKind::Grant => "grant",
            SubjectKind::Filing => "filing",
        }
    }
}

/// Any event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "event", rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "events are made, stored and folded one by one"
)]
pub enum Event {
    /// Of an authority.
    Authority(AuthorityEvent),
    /// Of a unit.
    Unit(UnitEvent),
    /// Of a person.
    Person(PersonEvent),
    /// Of an application.
    Application(ApplicationEvent),
    /// Of a seal record.
    Seal(SealEvent),
    /// Of a policy of use.
    Policy(UsePolicyEvent),
    /// Of a use.
    Use(UseEvent),
    /// Of a grant.
    Grant(GrantEvent),
    /// Of a filing.
    Filing(FilingEvent),
    /// A refusal, of any of them. It changes no state.
    Refusal(RefusalRecord),
}

impl Event {
    /// The noun it belongs to.
    pub fn subject_kind(&self) -> SubjectKind {
        match self {
            Event::Authority(_) => SubjectKind::Authority,
            Event::Unit(_) => SubjectKind::Unit,
            Event::Person(_) => SubjectKind::Person,
            Event::Application(_) => SubjectKind::Application,
            Event::Seal(_) => SubjectKind::Seal,
            Event::Policy(_) => SubjectKind::Policy,
            Event::Use(_) => SubjectKind::Use,
            Event::Grant(_) => SubjectKind::Grant,
            Event::Filing(_) => SubjectKind::Filing,
            Event::Refusal(record) => record.subject.kind,
        }
    }

    /// The stable name of what happened, such as `activated`; `refused` for a refusal.
    pub fn name(&self) -> &'static str {
        match self {
            Event::Authority(event) => event.name(),
            Event::Unit(event) => event.name(),
            Event::Person(event) => event.name(),
            Event::Application(event) => event.name(),
            Event::Seal(event) => event.name(),
            Event::Policy(event) => event.name(),
            Event::Use(event) => event.name(),
            Event::Grant(event) => event.name(),
            Event::Filing(event) => event.name(),
            Event::Refusal(_) => "refused",
        }
    }

    /// From when it is effective.
    pub fn effective_at(&self) -> Timestamp {
        match self {
            Event::Authority(event) => event.effective_at(),
            Event::Unit(event) => event.effective_at(),
            Event::Person(event) => event.effective_at(),
            Event::Application(event) => event.effective_at(),
            Event::Seal(event) => event.effective_at(),
            Event::Policy(event) => event.effective_at(),
            Event::Use(event) => event.effective_at(),
            Event::Grant(event) => event.effective_at(),
            Event::Filing(event) => event.effective_at(),
            Event::Refusal(record) => record.at,
        }
    }
}

/// The state as of an instant: the fold of the events that were effective by then, in the order of recording.
///
/// `registry::as_of(&events, SealEvent::effective_at, registry::seal::apply, then)`
pub fn as_of<State, Event>(
    events: &[Event],
    effective_at: impl Fn(&Event) -> Timestamp,
    apply: impl Fn(Option<State>, &Event) -> Option<State>,
    then: Timestamp,
) -> Option<State> {
    let effective = events.iter().filter(|event| effective_at(event) <= then);
    effective.fold(None, apply)
}

macro_rules! subjects {
    ($( $id:ident $kind:ident )+) => { $(
        impl From<crate::id::$id> for Subject {
            fn from(id: crate::id::$id) -> Subject {
                Subject { kind: SubjectKind::$kind, id: id.0 }
            }
        }
    )+ };
}

subjects! {
    AuthorityId Authority
    UnitId Unit
    PersonId Person
    ApplicationId Application
    SealId Seal
    PolicyId Policy
    UseId Use
    GrantId Grant
    FilingId Filing
}

macro_rules! unions {
    ($( $event:ident $kind:ident )+) => { $(
        impl From<$event> for Event {
            fn from(event: $event) -> Event {
                Event::$kind(event)
            }
        }
    )+ };
}

unions! {
    AuthorityEvent Authority
    UnitEvent Unit
    PersonEvent Person
    ApplicationEvent Application
    SealEvent Seal
    UsePolicyEvent Policy
    UseEvent Use
    GrantEvent Grant
    FilingEvent Filing
    RefusalRecord Refusal
}
