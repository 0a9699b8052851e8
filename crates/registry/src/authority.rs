//! Authorities (制发部门): the tree region → city → county, each making seals for its subtree only (R9–R12).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{AuthorityId, PersonId};
use crate::profile::ProfileId;

mod rules;

pub use rules::{AuthorityFacts, decide};

/// Level of administration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 国家.
    Nation,
    /// 省、自治区、直辖市.
    Region,
    /// 市、盟.
    City,
    /// 县、区、旗、开发区.
    County,
    /// 乡镇、街道.
    Township,
}

/// Six digits of GB/T 2260, which name an administrative division.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegionCode(String);

/// The text is not six digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a region code is six digits (GB/T 2260); {text:?} is not")]
pub struct RegionCodeFault {
    /// What was given, at most 32 characters of it.
    pub text: String,
}

impl RegionCode {
    /// The six digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RegionCode {
    type Error = RegionCodeFault;

    fn try_from(text: String) -> Result<RegionCode, RegionCodeFault> {
        if text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(RegionCode(text));
        }
        Err(RegionCodeFault {
            text: text.chars().take(32).collect(),
        })
    }
}

impl From<RegionCode> for String {
    fn from(code: RegionCode) -> String {
        code.0
    }
}

/// An authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authority {
    /// Its identifier.
    pub id: AuthorityId,
    /// The authority above; none for the root of the tree.
    pub parent: Option<AuthorityId>,
    /// Full name.
    pub name: String,
    /// Where.
    pub region: RegionCode,
    /// On which level.
    pub level: Level,
    /// The regulation profile that it works under.
    pub profile: ProfileId,
    /// Whether it may make seals.
    pub status: AuthorityStatus,
    /// Since when it exists here.
    pub established_at: Timestamp,
}

/// Whether an authority may make seals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorityStatus {
    /// Entered; its designation by the government at its level is not yet filed with the authority above (R10).
    Entered,
    /// Designated, and the designation filed.
    Designated,
    /// Ended.
    Closed,
}

/// What can be asked of an authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AuthorityCommand {
    /// Enter an authority under another one; the root is entered by the service at its first start.
    Establish {
        /// Its identifier.
        id: AuthorityId,
        /// The authority above.
        parent: Option<AuthorityId>,
        /// Full name.
        name: String,
        /// Where.
        region: RegionCode,
        /// On which level.
        level: Level,
        /// The regulation profile that it works under.
        profile: ProfileId,
    },
    /// File the document by which its government designated it (R10).
    FileDesignation {
        /// Number of that document (文号).
        document: String,
    },
    /// Another name.
    Rename {
        /// Full name.
        name: String,
    },
    /// Another regulation profile.
    SetProfile {
        /// The regulation profile.
        profile: ProfileId,
    },
    /// End it; its units must have been moved before.
    Close {
        /// Why.
        reason: String,
    },
}

/// What happened to an authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AuthorityEvent {
    /// Entered.
    Established {
        /// Effective from.
        at: Timestamp,
        /// Its identifier.
        id: AuthorityId,
        /// The authority above.
        parent: Option<AuthorityId>,
        /// Full name.
        name: String,
        /// Where.
        region: RegionCode,
        /// On which level.
        level: Level,
        /// The regulation profile that it works under.
        profile: ProfileId,
    },
    /// Its designation was filed with the authority above.
    DesignationFiled {
        /// Effective from.
        at: Timestamp,
        /// Number of the document.
        document: String,
        /// Who accepted the filing; none when the service did at its first start.
        by: Option<PersonId>,
    },
    /// Renamed.
    Renamed {
        /// Effective from.
        at: Timestamp,
        /// Full name.
        name: String,
    },
    /// Put under another profile.
    ProfileSet {
        /// Effective from.
        at: Timestamp,
        /// The profile.
        profile: ProfileId,
    },
    /// Ended.
    Closed {
        /// Effective from.
        at: Timestamp,
        /// Why.
        reason: String,
    },
}

names!(AuthorityCommand: Establish "establish", FileDesignation "file_designation", Rename "rename",
    SetProfile "set_profile", Close "close");
names!(AuthorityEvent: Established "established", DesignationFiled "designation_filed", Renamed "renamed",
    ProfileSet "profile_set", Closed "closed");
effective!(AuthorityEvent: Established DesignationFiled Renamed ProfileSet Closed);

/// The state after an event. An event that does not fit the state leaves it as it is.
pub fn apply(state: Option<Authority>, event: &AuthorityEvent) -> Option<Authority> {
    if let AuthorityEvent::Established {
        at,
        id,
        parent,
        name,
        region,
        level,
        profile,
    } = event
    {
        return Some(state.unwrap_or_else(|| Authority {
            id: *id,
            parent: *parent,
            name: name.clone(),
            region: region.clone(),
            level: *level,
            profile: profile.clone(),
            status: AuthorityStatus::Entered,
            established_at: *at,
        }));
    }
    let mut authority = state?;
    match event {
        AuthorityEvent::Established { .. } => {}
        AuthorityEvent::DesignationFiled { .. } => authority.status = AuthorityStatus::Designated,
        AuthorityEvent::Renamed { name, .. } => authority.name.clone_from(name),
        AuthorityEvent::ProfileSet { profile, .. } => authority.profile = profile.clone(),
        AuthorityEvent::Closed { .. } => authority.status = AuthorityStatus::Closed,
    }
    Some(authority)
}
