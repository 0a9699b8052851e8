//! Who acts, in which role, where, and from where.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{AuthorityId, PersonId, SystemId, UnitId};
use crate::person::Person;

/// What a person may be appointed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 经办人 of a unit: applies, asks for a use.
    Agent,
    /// 主要负责人 of a unit: consents, approves, names custodians.
    Principal,
    /// 审批人 of a unit: approves uses where the unit's policy says so.
    Approver,
    /// 保管人 of a unit: may be given custody of seals.
    Custodian,
    /// 审核人 of an authority: reviews applications, registers units and people.
    Reviewer,
    /// 制章人 of an authority: compares, makes, files.
    Maker,
    /// Owner of a business platform: authorises systems to use seals (R15).
    PlatformOwner,
    /// 系统管理员 of an authority.
    SystemAdministrator,
    /// 安全管理员 of an authority: accounts, appointments, policies.
    SecurityAdministrator,
    /// 审计管理员 of an authority: reads the audit log, changes nothing (Q13).
    AuditAdministrator,
    /// 监管人员 (public security, cryptography authority): reads, never writes (R13, R14).
    Supervisor,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 11] = [
        Role::Agent,
        Role::Principal,
        Role::Approver,
        Role::Custodian,
        Role::Reviewer,
        Role::Maker,
        Role::PlatformOwner,
        Role::SystemAdministrator,
        Role::SecurityAdministrator,
        Role::AuditAdministrator,
        Role::Supervisor,
    ];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Role::Agent => "agent",
            Role::Principal => "principal",
            Role::Approver => "approver",
            Role::Custodian => "custodian",
            Role::Reviewer => "reviewer",
            Role::Maker => "maker",
            Role::PlatformOwner => "platform_owner",
            Role::SystemAdministrator => "system_administrator",
            Role::SecurityAdministrator => "security_administrator",
            Role::AuditAdministrator => "audit_administrator",
            Role::Supervisor => "supervisor",
        }
    }

    /// One of the three administrators (三员), of whom nobody may be two.
    pub fn is_administrator(self) -> bool {
        matches!(
            self,
            Role::SystemAdministrator | Role::SecurityAdministrator | Role::AuditAdministrator
        )
    }

    /// Whether the role exists in units, in authorities, or for a system.
    pub fn fits(self, scope: Scope) -> bool {
        match self {
            Role::Agent | Role::Principal | Role::Approver | Role::Custodian => {
                matches!(scope, Scope::Unit(_))
            }
            Role::PlatformOwner => matches!(scope, Scope::System(_)),
            Role::Reviewer
            | Role::Maker
            | Role::SystemAdministrator
            | Role::SecurityAdministrator
            | Role::AuditAdministrator
            | Role::Supervisor => matches!(scope, Scope::Authority(_)),
        }
    }
}

/// Where a role holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Scope {
    /// In one unit.
    Unit(UnitId),
    /// In one authority; what it means for the authorities below is said where it is used.
    Authority(AuthorityId),
    /// For one business system.
    System(SystemId),
}

/// A role that somebody holds for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// As what.
    pub role: Role,
    /// Where.
    pub scope: Scope,
    /// First instant.
    pub from: Timestamp,
    /// First instant no longer; open when none.
    pub until: Option<Timestamp>,
}

impl Appointment {
    /// Whether it is in force.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }

    /// Whether there is an instant at which both are in force.
    pub fn overlaps(&self, other: &Appointment) -> bool {
        let begins = self.from.max(other.from);
        let before = |until: Option<Timestamp>| until.is_none_or(|until| begins < until);
        before(self.until) && before(other.until)
    }
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Actor {
    /// A person, signed in.
    Person(PersonId),
    /// A business system, by its certificate.
    System(SystemId),
    /// This service itself: deadlines, expiry, the set-up at first start.
    Service,
}

/// Where a session comes from (R7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// 政务外网, the government extranet.
    GovernmentExtranet,
    /// 办公网, an office network that is on the unit's list.
    Office,
    /// Anywhere else.
    Internet,
}

impl Network {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Network::GovernmentExtranet => "government_extranet",
            Network::Office => "office",
            Network::Internet => "internet",
        }
    }
}

/// Who acts, with the appointments loaded for them and where they sit.
#[derive(Clone, Debug, PartialEq)]
pub struct Acting {
    /// Who.
    pub actor: Actor,
    /// Every appointment of that person; empty for systems and the service.
    pub appointments: Vec<Appointment>,
    /// Where the session comes from.
    pub network: Network,
    /// Whether the computer is one of those set aside for seals (专用计算机).
    pub dedicated_device: bool,
    /// Whether the person may not act at present.
    pub blocked: bool,
}

impl Acting {
    /// The service itself, which sits in the government's own network.
    pub fn service() -> Acting {
        Acting {
            actor: Actor::Service,
            appointments: Vec::new(),
            network: Network::GovernmentExtranet,
            dedicated_device: true,
            blocked: false,
        }
    }

    /// A person who signed in.
    pub fn of(person: &Person, network: Network, dedicated_device: bool) -> Acting {
        Acting {
            actor: Actor::Person(person.id),
            appointments: person.appointments.clone(),
            network,
            dedicated_device,
            blocked: person.blocked.is_some(),
        }
    }

    /// A business system, known by its certificate.
    pub fn system(system: SystemId, network: Network) -> Acting {
        Acting {
            actor: Actor::System(system),
            appointments: Vec::new(),
            network,
            dedicated_device: false,
            blocked: false,
        }
    }

    /// The person, if a person acts.
    pub fn person(&self) -> Option<PersonId> {
        match self.actor {
            Actor::Person(person) => Some(person),
            Actor::System(_) | Actor::Service => None,
        }
    }

    /// Whether the actor holds the role there at that time.
    pub fn holds(&self, role: Role, scope: Scope, at: Timestamp) -> bool {
        self.appointments
            .iter()
            .any(|held| held.role == role && held.scope == scope && held.holds(at))
    }

    /// Whether the actor holds one of the roles in one of these authorities.
    pub fn holds_in(&self, roles: &[Role], authorities: &[AuthorityId], at: Timestamp) -> bool {
        self.appointments.iter().any(|held| {
            let Scope::Authority(authority) = held.scope else {
                return false;
            };
            roles.contains(&held.role) && authorities.contains(&authority) && held.holds(at)
        })
    }
}
