//! The names of things that the registry knows, in both languages, and how they look.

use registry::application::{Ask, MaterialKind};
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

pub(crate) fn role(role: Role, l: Language) -> &'static str {
    match role {
        Role::Agent => l.pick("经办人", "agent"),
        Role::Principal => l.pick("主要负责人", "principal"),
        Role::Approver => l.pick("审批人", "approver"),
        Role::Custodian => l.pick("保管人", "custodian"),
        Role::Reviewer => l.pick("审核人", "reviewer"),
        Role::Maker => l.pick("制章人", "maker"),
        Role::PlatformOwner => l.pick("平台负责人", "platform owner"),
        Role::SystemAdministrator => l.pick("系统管理员", "system administrator"),
        Role::SecurityAdministrator => l.pick("安全管理员", "security administrator"),
        Role::AuditAdministrator => l.pick("审计管理员", "audit administrator"),
        Role::Supervisor => l.pick("监管人员", "supervisor"),
    }
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
    match ask {
        Ask::Make { .. } => l.pick("制作新印章", "a new seal"),
        Ask::Renew { .. } => l.pick("续期", "renewal"),
        Ask::Change { .. } => l.pick("变更", "change"),
        Ask::Cancel { .. } => l.pick("注销", "cancellation"),
        Ask::Suspend { .. } => l.pick("停用", "suspension"),
        Ask::Resume { .. } => l.pick("恢复", "resumption"),
        Ask::ResetPin { .. } => l.pick("重置口令", "a new PIN"),
        Ask::ReplaceDevice { .. } => l.pick("更换载体", "another device"),
    }
}

pub(crate) fn material(kind: MaterialKind, l: Language) -> &'static str {
    match kind {
        MaterialKind::UnitIdentity => l.pick("单位合法身份证明", "identity of the unit"),
        MaterialKind::AgentIdentity => l.pick("经办人身份证明", "identity of the agent"),
        MaterialKind::HolderIdentity => l.pick("持有人身份证明", "identity of the holder"),
        MaterialKind::AgentAuthorisation => l.pick("经办人授权书", "authorisation of the agent"),
        MaterialKind::ApplicationForm => l.pick("统一申请表", "application form"),
        MaterialKind::SealedForm => l.pick("加盖公章的申请表", "application form with the unit's seal"),
        MaterialKind::EngravingProof => l.pick("实物印章刻制证明", "proof of engraving"),
        MaterialKind::ImpressionSheet => l.pick("印模信息（图像）", "impression (picture)"),
        MaterialKind::HeldCertificate => l.pick("本地签发的数字证书", "certificate of a local issuer"),
        MaterialKind::ChangeProof => l.pick("变更、终止的证明文件", "proof of change or end"),
        MaterialKind::CustodianReport => l.pick("保管人书面报告", "report of the custodian"),
    }
}

pub(crate) fn filing_body(body: FilingBody, l: Language) -> &'static str {
    match body {
        FilingBody::PublicSecurity => l.pick("公安机关", "public security"),
        FilingBody::CompetentDepartment => l.pick("主管部门", "competent department"),
    }
}

pub(crate) fn network(network: Network, l: Language) -> &'static str {
    match network {
        Network::GovernmentExtranet => l.pick("政务外网", "government extranet"),
        Network::Office => l.pick("办公网", "office network"),
        Network::Internet => l.pick("互联网", "internet"),
    }
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
    match kind {
        SealKind::LegalName => l.pick("法定名称章", "legal-name seal"),
        SealKind::InternalOrgan => l.pick("内设机构章", "seal of an internal organ"),
        SealKind::Branch => l.pick("分支机构章", "seal of a branch"),
        SealKind::Contract => l.pick("合同专用章", "contract seal"),
        SealKind::Finance => l.pick("财务专用章", "finance seal"),
        SealKind::Invoice => l.pick("发票专用章", "invoice seal"),
        SealKind::Inspection => l.pick("审验专用章", "inspection seal"),
        SealKind::Customs => l.pick("报关专用章", "customs seal"),
        SealKind::OtherBusiness => l.pick("其他业务专用章", "other business seal"),
        SealKind::LegalRepresentative => l.pick("法定代表人章", "seal of the legal representative"),
        SealKind::Operator => l.pick("经营者章", "seal of the operator"),
        SealKind::Principal => l.pick("主要负责人章", "seal of the principal"),
        SealKind::FinanceHead => l.pick("财务负责人章", "seal of the head of finance"),
        SealKind::AuthorisedRepresentative => l.pick("授权代表章", "seal of the authorised representative"),
        SealKind::Personal => l.pick("个人名章", "personal name seal"),
    }
}

pub(crate) fn reason(reason: Reason, l: Language) -> &'static str {
    match reason {
        Reason::UnitEnded => l.pick("单位合并、分立、撤销、破产或注销", "the unit ended"),
        Reason::UnitChanged => l.pick("单位变更", "the unit changed"),
        Reason::UnitNameChanged => l.pick("单位名称变更", "the unit has another name"),
        Reason::RepresentativeChanged => l.pick("法定代表人或经营者变更", "another representative"),
        Reason::HolderNameChanged => l.pick("个人姓名变更", "the holder has another name"),
        Reason::HolderLeft => l.pick("持有人不再任职", "the holder left"),
        Reason::PhysicalSealEnded => l.pick("实物印章停用", "the physical seal is no longer used"),
        Reason::PhysicalSealChanged => l.pick("实物印章变更", "the physical seal changed"),
        Reason::PhysicalSealDamaged => l.pick("实物印章损坏", "the physical seal is damaged"),
        Reason::SealNoLongerUsed => l.pick("电子印章停用", "no longer used"),
        Reason::SealDamaged => l.pick("电子印章损坏", "the seal is damaged"),
        Reason::KeyLeaked => l.pick("密钥泄露", "the key leaked"),
        Reason::DeviceDamaged => l.pick("载体损坏、老化或故障", "the device is damaged"),
        Reason::DeviceStolen => l.pick("载体被盗", "the device was stolen"),
        Reason::DeviceLost => l.pick("载体遗失", "the device was lost"),
        Reason::Misuse => l.pick("违规使用", "misuse"),
    }
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
