//! Filings (备案): telling public security and the competent department what was made and what changed (R39–R42).
//!
//! Life: open → sent → accepted; a filing that came back is open again. Each try is kept: an outage of the
//! counterpart is proved by them (Q3).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::Digest32;
use crate::id::{FilingId, SealId};

mod rules;

pub use rules::{FilingFacts, decide, duties};

/// A filing of one thing with one body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filing {
    /// Its identifier.
    pub id: FilingId,
    /// Which seal.
    pub seal: SealId,
    /// With whom.
    pub body: FilingBody,
    /// Of what.
    pub occasion: FilingOccasion,
    /// When it happened: the clock starts here.
    pub since: Timestamp,
    /// By when; none where the regulation sets no deadline.
    pub due: Option<Timestamp>,
    /// In which state it is.
    pub status: FilingStatus,
    /// How often it was tried.
    pub tries: u32,
    /// The last thing that went wrong.
    pub last_failure: Option<String>,
    /// Whether somebody was told that it is overdue.
    pub escalated: bool,
    /// The receipt.
    pub receipt: Option<Receipt>,
}

impl Filing {
    /// Whether the deadline has passed without acceptance.
    pub fn overdue(&self, at: Timestamp) -> bool {
        self.receipt.is_none() && self.due.is_some_and(|due| due < at)
    }

    /// Whether it was accepted within its deadline; unknown while it is open.
    pub fn in_time(&self) -> Option<bool> {
        let receipt = self.receipt.as_ref()?;
        Some(self.due.is_none_or(|due| receipt.at <= due))
    }
}

/// With whom something is filed (Q2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilingBody {
    /// 公安机关印章管理部门.
    PublicSecurity,
    /// 同级电子印章主管部门.
    CompetentDepartment,
}

impl FilingBody {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            FilingBody::PublicSecurity => "public_security",
            FilingBody::CompetentDepartment => "competent_department",
        }
    }
}

/// What is filed (R39, R42; 国办发〔2025〕33号 §17).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilingOccasion {
    /// 制作.
    Made,
    /// 续期.
    Renewed,
    /// 更换载体.
    DeviceReplaced,
    /// 停用、挂失.
    Suspended,
    /// 恢复.
    Resumed,
    /// 注销.
    Cancelled,
}

impl FilingOccasion {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            FilingOccasion::Made => "made",
            FilingOccasion::Renewed => "renewed",
            FilingOccasion::DeviceReplaced => "device_replaced",
            FilingOccasion::Suspended => "suspended",
            FilingOccasion::Resumed => "resumed",
            FilingOccasion::Cancelled => "cancelled",
        }
    }
}

/// In which state a filing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilingStatus {
    /// To be sent, for the first time or again.
    Open,
    /// The body has it and has not answered yet.
    Sent,
    /// Accepted, with a receipt.
    Accepted,
}

impl FilingStatus {
    /// All states.
    pub const ALL: [FilingStatus; 3] = [FilingStatus::Open, FilingStatus::Sent, FilingStatus::Accepted];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            FilingStatus::Open => "open",
            FilingStatus::Sent => "sent",
            FilingStatus::Accepted => "accepted",
        }
    }
}

/// The body's proof of receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The body's number for it.
    pub number: String,
    /// SM3 over the receipt as it came.
    pub digest: Digest32,
    /// When it came.
    pub at: Timestamp,
}

/// What can be asked of a filing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FilingCommand {
    /// Begin one.
    Open {
        /// Its identifier.
        id: FilingId,
        /// Which seal.
        seal: SealId,
        /// With whom.
        body: FilingBody,
        /// Of what.
        occasion: FilingOccasion,
        /// When it happened.
        since: Timestamp,
    },
    /// It was sent, and the body has it.
    RecordSent,
    /// It could not be sent.
    RecordFailure {
        /// What went wrong.
        reason: String,
    },
    /// The body accepted it.
    Accept {
        /// The body's number for it.
        number: String,
        /// SM3 over the receipt as it came.
        receipt: Digest32,
    },
    /// The body sent it back.
    Return {
        /// Why.
        reason: String,
    },
    /// Somebody was told that it is overdue.
    Escalate,
}

/// What happened to a filing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FilingEvent {
    /// Begun.
    Opened {
        /// Effective from.
        at: Timestamp,
        /// Its identifier.
        id: FilingId,
        /// Which seal.
        seal: SealId,
        /// With whom.
        body: FilingBody,
        /// Of what.
        occasion: FilingOccasion,
        /// When it happened.
        since: Timestamp,
        /// By when.
        due: Option<Timestamp>,
    },
    /// Sent.
    Sent {
        /// Effective from.
        at: Timestamp,
    },
    /// Not sent.
    Failed {
        /// Effective from.
        at: Timestamp,
        /// What went wrong.
        reason: String,
    },
    /// Accepted.
    Accepted {
        /// Effective from.
        at: Timestamp,
        /// The body's number for it.
        number: String,
        /// SM3 over the receipt.
        receipt: Digest32,
    },
    /// Sent back.
    Returned {
        /// Effective from.
        at: Timestamp,
        /// Why.
        reason: String,
    },
    /// Somebody was told that it is overdue.
    Escalated {
        /// Effective from.
        at: Timestamp,
    },
}

names!(FilingCommand: Open "open", RecordSent "record_sent", RecordFailure "record_failure", Accept "accept",
    Return "return", Escalate "escalate");
names!(FilingEvent: Opened "opened", Sent "sent", Failed "failed", Accepted "accepted", Returned "returned",
    Escalated "escalated");
effective!(FilingEvent: Opened Sent Failed Accepted Returned Escalated);

/// The state after an event. An event that does not fit the state leaves it as it is.
pub fn apply(state: Option<Filing>, event: &FilingEvent) -> Option<Filing> {
    if let FilingEvent::Opened {
        id,
        seal,
        body,
        occasion,
        since,
        due,
        ..
    } = event
    {
        return Some(state.unwrap_or(Filing {
            id: *id,
            seal: *seal,
            body: *body,
            occasion: *occasion,
            since: *since,
            due: *due,
            status: FilingStatus::Open,
            tries: 0,
            last_failure: None,
            escalated: false,
            receipt: None,
        }));
    }
    let mut filing = state?;
    match event {
        FilingEvent::Opened { .. } => {}
        FilingEvent::Sent { .. } => {
            filing.status = FilingStatus::Sent;
            filing.tries = filing.tries.saturating_add(1);
        }
        FilingEvent::Failed { reason, .. } => {
            filing.status = FilingStatus::Open;
            filing.tries = filing.tries.saturating_add(1);
            filing.last_failure = Some(reason.clone());
        }
        FilingEvent::Accepted { at, number, receipt } => {
            filing.status = FilingStatus::Accepted;
            filing.receipt = Some(Receipt {
                number: number.clone(),
                digest: *receipt,
                at: *at,
            });
        }
        FilingEvent::Returned { reason, .. } => {
            filing.status = FilingStatus::Open;
            filing.last_failure = Some(reason.clone());
        }
        FilingEvent::Escalated { .. } => filing.escalated = true,
    }
    Some(filing)
}
