//! Regulation profiles: what the rules of a place ask, as dated data. A local profile is a layer over its base and
//! says only what differs; a layer that is not in force leaves its base (Q15).

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};

use crate::application::{ApplicationKind, MaterialKind};
use crate::filing::{FilingBody, FilingOccasion};
use crate::refusal::{Article, Code, Refusal, Rule};
use crate::role::Network;
use crate::seal::{DeviceKind, Reason, SealClass};
use crate::usage::DocumentType;

mod layers;

pub use layers::{Layer, ProfileFault, Profiles};

/// Name of a profile: `cn`, `xian`, `wuhu`, `inner-mongolia`, or one of the operator's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProfileId(pub String);

impl fmt::Display for ProfileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the rules of a place ask at a time: a local layer over its base, both in force then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The profile that was asked for.
    pub id: ProfileId,
    /// The layers in force, the local one first.
    pub layers: Vec<ProfileId>,
    /// With whom what is filed, and by when (Q2, Q3).
    pub filing: Vec<FilingDuty>,
    /// Whether a seal may be used before the filing of its making is accepted.
    pub use_before_filing: bool,
    /// Renewal opens so many calendar months before the end of the period (R60).
    pub renewal_months: u8,
    /// Renewal is still possible so many days after the end; 0 where it is not (Q1).
    pub late_renewal_days: u16,
    /// The protection password must be changed after so many days (R45, Q10).
    pub password_days_max: u16,
    /// So many former passwords may not be used again.
    pub password_history: u8,
    /// From where seals may be administered and used (R7, Q18).
    pub networks: Vec<Network>,
    /// Whether only computers that are set aside for seals may be used (R7).
    pub dedicated_devices: bool,
    /// Sorts of key devices that may be used (R38).
    pub device_kinds: Vec<DeviceKind>,
    /// Whether the old device must be handed back when the new one is collected (R47).
    pub old_device_returned: bool,
    /// Documents that an application needs (R18–R22).
    pub materials: Vec<MaterialRule>,
    /// Documents that a locally issued certificate makes needless (R21).
    pub certificate_replaces: Vec<MaterialKind>,
    /// Whether the physical seal must have been engraved first (R19).
    pub physical_seal_first: bool,
    /// Whether the unit's principal must consent (R22).
    pub principal_consent: bool,
    /// By when an application must be decided and the reasons told (R26), in days.
    pub review_days_max: u16,
    /// Which reason leads to which process (R62, R63; Q9).
    pub reasons: Vec<ReasonRule>,
    /// Whether seals can be suspended and resumed (Q12).
    pub suspension: bool,
    /// Whether the authority may cancel ex officio.
    pub ex_officio: bool,
    /// Whether the cancellation of a change may wait for the successor (Q4).
    pub scheduled_change: bool,
    /// Whether seals of organs need a certificate of an e-government agency.
    pub government_certificate: bool,
    /// The catalogue of document types (R6).
    pub document_types: Vec<DocumentTypeRow>,
    /// Where each rule stands.
    pub articles: BTreeMap<Rule, Article>,
}

/// A body that must be told of something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilingDuty {
    /// Whom.
    pub body: FilingBody,
    /// Of what.
    pub occasions: Vec<FilingOccasion>,
    /// Within so many hours of the clock, nights and holidays included; none where no deadline is set.
    pub hours_max: Option<u16>,
}

/// Documents that an application needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaterialRule {
    /// For these applications.
    pub applications: Vec<ApplicationKind>,
    /// For seals of these classes; for all when empty.
    #[serde(default)]
    pub classes: Vec<SealClass>,
    /// For these reasons; for all when empty.
    #[serde(default)]
    pub reasons: Vec<Reason>,
    /// These are needed.
    pub needed: Vec<MaterialKind>,
}

/// What a reason leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonRule {
    /// The reason.
    pub reason: Reason,
    /// The applications that it may be given for.
    pub applications: Vec<ApplicationKind>,
}

/// A row of the catalogue of document types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentTypeRow {
    /// The stable code.
    pub code: DocumentType,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl Profile {
    /// A refusal with the article on which it rests here.
    pub fn refuse<'a>(&self, code: Code, values: impl IntoIterator<Item = (&'a str, String)>) -> Refusal {
        let rule = code.rule();
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value));
        Refusal {
            code,
            rule,
            article: self.article(rule),
            values: values.collect(),
        }
    }

    /// Where a rule stands; a rule that no layer in force cites is one of this system.
    pub fn article(&self, rule: Rule) -> Article {
        self.articles.get(&rule).cloned().unwrap_or_else(|| Article {
            profile: ProfileId("yinxin".to_owned()),
            regulation: "印信系统规则".to_owned(),
            article: rule.to_string(),
        })
    }

    /// When renewal opens for a period that ends then (calendar months, China's time).
    pub fn renewal_opens(&self, not_after: Timestamp) -> Timestamp {
        let end = not_after.to_zoned(china());
        let months = jiff::Span::new().months(i64::from(self.renewal_months));
        end.checked_sub(months)
            .map_or(Timestamp::MIN, |opens| opens.timestamp())
    }

    /// Whether an application of this kind may give this reason.
    pub fn allows_reason(&self, reason: Reason, application: ApplicationKind) -> bool {
        let allows = |rule: &ReasonRule| rule.reason == reason && rule.applications.contains(&application);
        self.reasons.iter().any(allows)
    }

    /// The documents that an application needs, each once, in the order of the kinds.
    pub fn needed_materials(
        &self,
        application: ApplicationKind,
        class: SealClass,
        reason: Option<Reason>,
    ) -> Vec<MaterialKind> {
        let fits = |rule: &&MaterialRule| {
            rule.applications.contains(&application)
                && (rule.classes.is_empty() || rule.classes.contains(&class))
                && (rule.reasons.is_empty() || reason.is_some_and(|reason| rule.reasons.contains(&reason)))
        };
        let mut needed: Vec<MaterialKind> = self
            .materials
            .iter()
            .filter(fits)
            .flat_map(|rule| &rule.needed)
            .copied()
            .collect();
        needed.sort_unstable();
        needed.dedup();
        needed
    }
}

/// China's time, which the regulations' days and months are counted in.
pub(crate) fn china() -> TimeZone {
    TimeZone::fixed(Offset::constant(8))
}

/// The first instant of a day in China; the end of time where there is none.
pub(crate) fn begin_of(day: Date) -> Timestamp {
    day.to_zoned(china())
        .map_or(Timestamp::MAX, |begin| begin.timestamp())
}

/// Some days later.
pub(crate) fn days_after(at: Timestamp, days: u16) -> Timestamp {
    hours_after(at, u32::from(days) * 24)
}

/// Some hours later.
pub(crate) fn hours_after(at: Timestamp, hours: u32) -> Timestamp {
    at.checked_add(jiff::SignedDuration::from_hours(i64::from(hours)))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
