//! The rules of seals (电子印章管理): authorities, units, people, applications, the life of a seal, its use and
//! its filing, as pure functions without clock, disk, network or cryptography.
//!
//! Each noun is a module with a state, a command enum, an event enum and two functions.
//! `decide(state, facts, command, now)` says what happens or refuses with the rule and the article; `apply(state,
//! event)` is the state afterwards.
//! Facts are what must be looked up elsewhere; the caller loads them, so that the same arguments always give the
//! same answer.
//! Events are effective-dated: [`as_of`] folds those that were effective at an instant.

#[macro_use]
mod macros;

pub mod application;
pub mod authority;
mod credit_code;
mod desk;
mod digest;
mod event;
pub mod filing;
pub mod grant;
mod id;
mod identity_number;
pub mod person;
pub mod profile;
mod refusal;
pub mod reminder;
mod role;
pub mod seal;
pub mod unit;
pub mod usage;
mod words;

pub use application::{Application, ApplicationCommand, ApplicationEvent, ApplicationFacts, Likeness};
pub use authority::{
    Authority, AuthorityCommand, AuthorityEvent, AuthorityFacts, AuthorityStatus, Level, RegionCode,
    RegionCodeFault,
};
pub use credit_code::{CreditCode, CreditCodeFault};
pub use desk::officer;
pub use digest::{Digest32, DigestFault};
pub use event::{Event, Subject, SubjectKind, as_of};
pub use filing::{Filing, FilingCommand, FilingEvent, FilingFacts};
pub use grant::{Grant, GrantCommand, GrantEvent, GrantFacts};
pub use id::*;
pub use identity_number::{IdentityNumber, IdentityNumberFault};
pub use person::{Person, PersonCommand, PersonEvent, PersonFacts};
pub use profile::{Profile, ProfileId, Profiles};
pub use refusal::{Article, Code, Language, Refusal, RefusalRecord, Rule};
pub use reminder::{Reminder, ReminderKind};
pub use role::{Acting, Actor, Appointment, Network, Role, Scope};
pub use seal::{SealCommand, SealEvent, SealFacts, SealKind, SealRecord, SealStatus};
pub use unit::{Unit, UnitCommand, UnitEnd, UnitEvent, UnitFacts, UnitKind};
pub use usage::{
    UseCommand, UseEvent, UseFacts, UsePolicy, UsePolicyCommand, UsePolicyEvent, UsePolicyFacts, UseRequest,
};
