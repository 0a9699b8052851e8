//! The names of things that the registry knows, in both languages, and how they look.

use registry::application::{ApplicationKind, Ask, MaterialKind};
use registry::filing::FilingBody;
use registry::seal::Reason;
use registry::usage::UseStatus;
use registry::{
    Level, Network, Role, SealKind, SealStatus, UnitEnd, UnitKind, application::ApplicationStatus,
};
use sealing::{Conclusion, Language};

/// Tone and sign of a conclusion; its word stands beside them.
pub(crate) fn conclusion(conclusion: Conclusion) -> (&'static str, &'static str) {
    match conclusion {
        Conclusion::Passed => ("good", "✓"),
        Conclusion::Failed => ("bad", "✗"),
        Conclusion::Indeterminate => ("open", "?"),
        Conclusion::Unsigned => ("", "–"),
    }
}

/// Words in Chinese and in English, in the visitor's language.
pub(crate) fn said((zh, en): (&'static str, &'static str), l: Language) -> &'static str {
    l.pick(zh, en)
}

pub(crate) fn role(role: Role, l: Language) -> &'static str {
    said(role.words(), l)
}

pub(crate) fn seal_status(status: SealStatus, l: Language) -> (&'static str, &'static str) {
    match status {
        SealStatus::Made => ("open", l.pick("已制作，待备案", "made, to be filed")),
        SealStatus::Filed => ("open", l.pick("已备案，待领取", "filed, to be collected")),
        SealStatus::Active => ("good", l.pick("有效", "in force")),
        SealStatus::Suspended => ("bad", l.pick("已停用", "suspended")),
        SealStatus::Expired => ("bad", l.pick("已到期", "expired")),
        SealStatus::Cancelled => ("bad", l.pick("已注销", "cancelled")),
    }
}

pub(crate) fn application_status(status: ApplicationStatus, l: Language) -> (&'static str, &'static str) {
    match status {
        ApplicationStatus::Draft => ("", l.pick("草稿", "draft")),
        ApplicationStatus::Submitted => ("open", l.pick("待负责人同意", "waits for consent")),
        ApplicationStatus::Consented => ("open", l.pick("待受理", "waits for review")),
        ApplicationStatus::UnderReview => ("open", l.pick("审核中", "under review")),
        ApplicationStatus::Returned => ("open", l.pick("退回补正", "sent back")),
        ApplicationStatus::Approved => ("good", l.pick("已批准，待制作", "approved, to be made")),
        ApplicationStatus::Completed => ("good", l.pick("已办结", "completed")),
        ApplicationStatus::Rejected => ("bad", l.pick("不予批准", "rejected")),
        ApplicationStatus::Withdrawn => ("", l.pick("已撤回", "withdrawn")),
    }
}

pub(crate) fn use_status(status: UseStatus, l: Language) -> (&'static str, &'static str) {
    match status {
        UseStatus::Requested => ("open", l.pick("待审批", "waits for approval")),
        UseStatus::Approved => ("open", l.pick("已批准，待盖章", "approved, to be sealed")),
        UseStatus::Completed => ("good", l.pick("已盖章", "sealed")),
        UseStatus::Declined => ("bad", l.pick("未批准", "declined")),
        UseStatus::Withdrawn => ("", l.pick("已撤回", "withdrawn")),
        UseStatus::Lapsed => ("bad", l.pick("已失效", "lapsed")),
    }
}

pub(crate) fn ask(ask: &Ask, l: Language) -> &'static str {
    application_kind(ask.kind(), l)
}

pub(crate) fn application_kind(kind: ApplicationKind, l: Language) -> &'static str {
    match kind {
        ApplicationKind::Make => l.pick("制作新印章", "a new seal"),
        ApplicationKind::Renew => l.pick("续期", "renewal"),
        ApplicationKind::Change => l.pick("变更", "change"),
        ApplicationKind::Cancel => l.pick("注销", "cancellation"),
        ApplicationKind::Suspend => l.pick("停用", "suspension"),
        ApplicationKind::Resume => l.pick("恢复", "resumption"),
        ApplicationKind::ResetPin => l.pick("重置口令", "a new PIN"),
        ApplicationKind::ReplaceDevice => l.pick("更换载体", "another device"),
    }
}

pub(crate) fn material(kind: MaterialKind, l: Language) -> &'static str {
    said(kind.words(), l)
}

pub(crate) fn filing_body(body: FilingBody, l: Language) -> &'static str {
    said(body.words(), l)
}

pub(crate) fn network(network: Network, l: Language) -> &'static str {
    said(network.words(), l)
}

/// All kinds of materials.
pub(crate) const MATERIALS: [MaterialKind; 11] = [
    MaterialKind::UnitIdentity,
    MaterialKind::AgentIdentity,
    MaterialKind::ApplicationForm,
    MaterialKind::EngravingProof,
    MaterialKind::ImpressionSheet,
    MaterialKind::HolderIdentity,
    MaterialKind::AgentAuthorisation,
    MaterialKind::SealedForm,
    MaterialKind::HeldCertificate,
    MaterialKind::ChangeProof,
    MaterialKind::CustodianReport,
];

pub(crate) fn seal_kind(kind: SealKind, l: Language) -> &'static str {
    said(kind.words(), l)
}

pub(crate) fn reason(reason: Reason, l: Language) -> &'static str {
    said(reason.words(), l)
}

pub(crate) fn unit_kind(kind: UnitKind, l: Language) -> &'static str {
    match kind {
        UnitKind::StateOrgan => l.pick("国家机关", "state organ"),
        UnitKind::PeoplesOrganisation => l.pick("人民团体", "people's organisation"),
        UnitKind::SocialOrganisation => l.pick("社会组织", "social organisation"),
        UnitKind::Institution => l.pick("事业单位", "public institution"),
        UnitKind::Enterprise => l.pick("企业", "enterprise"),
        UnitKind::SoleTrader => l.pick("个体工商户", "sole trader"),
        UnitKind::Other => l.pick("其他组织", "other organisation"),
    }
}

pub(crate) fn level(level: Level, l: Language) -> &'static str {
    match level {
        Level::Nation => l.pick("国家", "nation"),
        Level::Region => l.pick("省（自治区、直辖市）", "province"),
        Level::City => l.pick("市（盟）", "city"),
        Level::County => l.pick("县（区、旗）", "county"),
        Level::Township => l.pick("乡镇（街道）", "township"),
    }
}

pub(crate) fn unit_end(end: UnitEnd, l: Language) -> &'static str {
    match end {
        UnitEnd::Dissolved => l.pick("已撤销", "dissolved"),
        UnitEnd::Merged => l.pick("已合并", "merged"),
        UnitEnd::Split => l.pick("已分立", "split"),
        UnitEnd::Revoked => l.pick("已吊销", "revoked"),
        UnitEnd::Bankrupt => l.pick("已破产", "bankrupt"),
    }
}

/// Stable names and words, to choose from.
fn options<T: serde::Serialize + Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> Vec<(String, String)> {
    let stable = |one: T| serde_json::to_value(one).ok()?.as_str().map(str::to_owned);
    all.iter()
        .filter_map(|one| Some((stable(*one)?, word(*one).to_owned())))
        .collect()
}

pub(crate) fn unit_kinds(l: Language) -> Vec<(String, String)> {
    let all = [
        UnitKind::StateOrgan,
        UnitKind::PeoplesOrganisation,
        UnitKind::SocialOrganisation,
        UnitKind::Institution,
        UnitKind::Enterprise,
        UnitKind::SoleTrader,
        UnitKind::Other,
    ];
    options(&all, |kind| unit_kind(kind, l))
}

pub(crate) fn levels(l: Language) -> Vec<(String, String)> {
    let all = [
        Level::City,
        Level::County,
        Level::Township,
        Level::Region,
        Level::Nation,
    ];
    options(&all, |one| level(one, l))
}

pub(crate) fn unit_ends(l: Language) -> Vec<(String, String)> {
    let all = [
        UnitEnd::Dissolved,
        UnitEnd::Merged,
        UnitEnd::Split,
        UnitEnd::Revoked,
        UnitEnd::Bankrupt,
    ];
    options(&all, |end| unit_end(end, l))
}
