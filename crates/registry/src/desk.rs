//! What every decision asks first: does it exist, who acts, from where, is it filled in.

use jiff::Timestamp;

use crate::event::SubjectKind;
use crate::id::{AuthorityId, PersonId};
use crate::profile::Profile;
use crate::refusal::{Code, Refusal};
use crate::role::{Acting, Actor, Role, Scope};

/// Bytes of a text field at most.
const TEXT_BYTES_MAX: usize = 2000;

/// One command on its way to a decision.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) acting: &'a Acting,
    pub(crate) subject: SubjectKind,
    pub(crate) command: &'static str,
    pub(crate) now: Timestamp,
}

/// Whether the acting person holds one of the roles in one of the authorities, from a network and a computer that the
/// profile allows (R7, R12): for what has no noun of its own, such as accounts and statistics.
///
/// # Errors
///
/// The refusal, which names `command`.
pub fn officer(
    profile: &Profile,
    acting: &Acting,
    command: &'static str,
    (roles, authorities): (&[Role], &[AuthorityId]),
    now: Timestamp,
) -> Result<PersonId, Refusal> {
    let desk = Desk {
        profile,
        acting,
        subject: SubjectKind::Authority,
        command,
        now,
    };
    desk.officer(roles, authorities)
}

impl Desk<'_> {
    pub(crate) fn refuse<const N: usize>(&self, code: Code, values: [(&str, String); N]) -> Refusal {
        self.profile.refuse(code, values)
    }

    /// `Err` with the code unless the condition holds.
    pub(crate) fn ensure<const N: usize>(
        &self,
        holds: bool,
        code: Code,
        values: [(&str, String); N],
    ) -> Result<(), Refusal> {
        if holds {
            Ok(())
        } else {
            Err(self.refuse(code, values))
        }
    }

    pub(crate) fn does_not_exist(&self, kind: SubjectKind) -> Refusal {
        self.refuse(Code::DoesNotExist, [("subject", kind.name().to_owned())])
    }

    /// The thing itself, if it exists.
    pub(crate) fn found<T>(&self, kind: SubjectKind, thing: Option<T>) -> Result<T, Refusal> {
        thing.ok_or_else(|| self.does_not_exist(kind))
    }

    pub(crate) fn exists_already(&self) -> Refusal {
        self.refuse(Code::AlreadyExists, [("subject", self.subject.name().to_owned())])
    }

    pub(crate) fn not_in(&self, state: &str) -> Refusal {
        let values = [
            ("subject", self.subject.name().to_owned()),
            ("state", state.to_owned()),
            ("command", self.command.to_owned()),
        ];
        self.refuse(Code::NotInThisState, values)
    }

    pub(crate) fn not_permitted(&self, role: &str) -> Refusal {
        let values = [("role", role.to_owned()), ("command", self.command.to_owned())];
        self.refuse(Code::NotPermitted, values)
    }

    /// The acting person, who is not blocked.
    pub(crate) fn person(&self) -> Result<PersonId, Refusal> {
        let person = self.acting.person().ok_or_else(|| self.not_permitted("person"))?;
        self.ensure(!self.acting.blocked, Code::PersonBlocked, [])?;
        Ok(person)
    }

    /// The acting person, from a network and a computer that the profile allows (R7).
    pub(crate) fn person_on_site(&self) -> Result<PersonId, Refusal> {
        let person = self.person()?;
        let network = self.acting.network;
        let value = [("network", network.name().to_owned())];
        self.ensure(
            self.profile.networks.contains(&network),
            Code::NetworkNotAllowed,
            value,
        )?;
        let device = self.acting.dedicated_device || !self.profile.dedicated_devices;
        self.ensure(device, Code::DeviceNotDedicated, [])?;
        Ok(person)
    }

    /// The acting person holds the role there.
    pub(crate) fn holder_of(&self, role: Role, scope: Scope) -> Result<PersonId, Refusal> {
        self.holder_of_one(&[role], scope)
    }

    /// The acting person holds one of the roles there; the first one is named when not.
    pub(crate) fn holder_of_one(&self, roles: &[Role], scope: Scope) -> Result<PersonId, Refusal> {
        let person = self.person_on_site()?;
        if roles.iter().any(|role| self.acting.holds(*role, scope, self.now)) {
            return Ok(person);
        }
        Err(self.not_permitted(roles.first().map_or("", |role| role.name())))
    }

    /// The acting person holds one of the roles in one of the authorities, which are those over the subject (R12).
    pub(crate) fn officer(&self, roles: &[Role], authorities: &[AuthorityId]) -> Result<PersonId, Refusal> {
        let person = self.person_on_site()?;
        if self.acting.holds_in(roles, authorities, self.now) {
            return Ok(person);
        }
        let held = &self.acting.appointments;
        if held
            .iter()
            .any(|held| roles.contains(&held.role) && held.holds(self.now))
        {
            return Err(self.refuse(Code::OutsideSubtree, []));
        }
        Err(self.not_permitted(roles.first().map_or("", |role| role.name())))
    }

    /// Like [`Desk::officer`], or the service itself, for which there is no person.
    pub(crate) fn officer_or_service(
        &self,
        roles: &[Role],
        authorities: &[AuthorityId],
    ) -> Result<Option<PersonId>, Refusal> {
        if self.acting.actor == Actor::Service {
            return Ok(None);
        }
        self.officer(roles, authorities).map(Some)
    }

    pub(crate) fn service(&self) -> Result<(), Refusal> {
        if self.acting.actor == Actor::Service {
            Ok(())
        } else {
            Err(self.not_permitted("service"))
        }
    }

    /// The text says something, and not too much.
    pub(crate) fn text(&self, field: &str, text: &str) -> Result<(), Refusal> {
        let said = !text.trim().is_empty() && text.len() <= TEXT_BYTES_MAX;
        let values = [
            ("field", field.to_owned()),
            ("bytes_max", TEXT_BYTES_MAX.to_string()),
        ];
        self.ensure(said, Code::TextMissing, values)
    }

    /// Not too many.
    pub(crate) fn at_most(&self, field: &str, count: usize, max: usize) -> Result<(), Refusal> {
        let values = [("field", field.to_owned()), ("max", max.to_string())];
        self.ensure(count <= max, Code::TooMany, values)
    }
}
