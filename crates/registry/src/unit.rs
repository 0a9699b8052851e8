//! Units (单位): those whose seals are kept here.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::authority::{Level, RegionCode};
use crate::credit_code::CreditCode;
use crate::id::{AuthorityId, UnitId};

mod rules;

pub use rules::{UnitFacts, decide};

/// What sort of owner it is (R3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    /// 国家机关.
    StateOrgan,
    /// 人民团体、群团组织.
    PeoplesOrganisation,
    /// 社会组织（社会团体、基金会、民办非企业单位）.
    SocialOrganisation,
    /// 事业单位.
    Institution,
    /// 企业.
    Enterprise,
    /// 个体工商户.
    SoleTrader,
    /// 其他依法成立的组织.
    Other,
}

impl UnitKind {
    /// Whether its seals serve e-government, for which the certificate must come from an e-government agency.
    pub fn is_government(self) -> bool {
        matches!(self, UnitKind::StateOrgan | UnitKind::PeoplesOrganisation)
    }
}

/// A unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its identifier.
    pub id: UnitId,
    /// The authority that makes its seals.
    pub authority: AuthorityId,
    /// The unit above, if any.
    pub parent: Option<UnitId>,
    /// Unified social credit code.
    pub code: CreditCode,
    /// Legal name.
    pub name: String,
    /// What sort of owner.
    pub kind: UnitKind,
    /// Where.
    pub region: RegionCode,
    /// On which level.
    pub level: Level,
    /// Why it ended; none while it exists.
    pub ended: Option<UnitEnd>,
    /// Since when it is registered here.
    pub registered_at: Timestamp,
}

/// Why a unit ended (R63; 国办发〔2025〕33号 §18).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitEnd {
    /// 撤销、解散、注销.
    Dissolved,
    /// 合并.
    Merged,
    /// 分立.
    Split,
    /// 吊销.
    Revoked,
    /// 破产.
    Bankrupt,
}

/// What can be asked of a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum UnitCommand {
    /// Register a unit.
    Register {
        /// Its identifier.
        id: UnitId,
        /// The authority that will make its seals.
        authority: AuthorityId,
        /// The unit above, if any.
        parent: Option<UnitId>,
        /// Unified social credit code, already checked by its type.
        code: CreditCode,
        /// Legal name.
        name: String,
        /// What sort of owner.
        kind: UnitKind,
        /// Where.
        region: RegionCode,
        /// On which level.
        level: Level,
    },
    /// Another legal name; its seals must be changed then (R62).
    Rename {
        /// Legal name.
        name: String,
    },
    /// Another authority makes its seals from now on.
    Move {
        /// That authority.
        authority: AuthorityId,
    },
    /// It ended; its seals are cancelled ex officio if it does not ask for it.
    End {
        /// Why.
        reason: UnitEnd,
    },
}

/// What happened to a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum UnitEvent {
    /// Registered.
    Registered {
        /// Effective from.
        at: Timestamp,
        /// Its identifier.
        id: UnitId,
        /// The authority that makes its seals.
        authority: AuthorityId,
        /// The unit above, if any.
        parent: Option<UnitId>,
        /// Unified social credit code.
        code: CreditCode,
        /// Legal name.
        name: String,
        /// What sort of owner.
        kind: UnitKind,
        /// Where.
        region: RegionCode,
        /// On which level.
        level: Level,
    },
    /// Renamed.
    Renamed {
        /// Effective from.
        at: Timestamp,
        /// Legal name.
        name: String,
    },
    /// Moved to another authority.
    Moved {
        /// Effective from.
        at: Timestamp,
        /// That authority.
        authority: AuthorityId,
    },
    /// Ended.
    Ended {
        /// Effective from.
        at: Timestamp,
        /// Why.
        reason: UnitEnd,
    },
}

names!(UnitCommand: Register "register", Rename "rename", Move "move", End "end");
names!(UnitEvent: Registered "registered", Renamed "renamed", Moved "moved", Ended "ended");
effective!(UnitEvent: Registered Renamed Moved Ended);

/// The state after an event. An event that does not fit the state leaves it as it is.
pub fn apply(state: Option<Unit>, event: &UnitEvent) -> Option<Unit> {
    if let UnitEvent::Registered {
        at,
        id,
        authority,
        parent,
        code,
        name,
        kind,
        region,
        level,
    } = event
    {
        return Some(state.unwrap_or_else(|| Unit {
            id: *id,
            authority: *authority,
            parent: *parent,
            code: code.clone(),
            name: name.clone(),
            kind: *kind,
            region: region.clone(),
            level: *level,
            ended: None,
            registered_at: *at,
        }));
    }
    let mut unit = state?;
    match event {
        UnitEvent::Registered { .. } => {}
        UnitEvent::Renamed { name, .. } => unit.name.clone_from(name),
        UnitEvent::Moved { authority, .. } => unit.authority = *authority,
        UnitEvent::Ended { reason, .. } => unit.ended = Some(*reason),
    }
    Some(unit)
}
