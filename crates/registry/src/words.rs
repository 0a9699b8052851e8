//! What people call the values of the rules, in Chinese and in English. The matches are exhaustive: a variant without
//! words does not compile.

use crate::application::MaterialKind;
use crate::filing::{FilingBody, FilingOccasion};
use crate::role::{Network, Role};
use crate::seal::{DeviceKind, Reason, SealKind};

impl Role {
    /// What people call it, in Chinese and in English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Role::Agent => ("经办人", "agent"),
            Role::Principal => ("主要负责人", "principal"),
            Role::Approver => ("审批人", "approver"),
            Role::Custodian => ("保管人", "custodian"),
            Role::Reviewer => ("审核人", "reviewer"),
            Role::Maker => ("制章人", "maker"),
            Role::PlatformOwner => ("平台负责人", "platform owner"),
            Role::SystemAdministrator => ("系统管理员", "system administrator"),
            Role::SecurityAdministrator => ("安全管理员", "security administrator"),
            Role::AuditAdministrator => ("审计管理员", "audit administrator"),
            Role::Supervisor => ("监管人员", "supervisor"),
        }
    }
}

impl Network {
    /// What people call it, in Chinese and in English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Network::GovernmentExtranet => ("政务外网", "government extranet"),
            Network::Office => ("办公网", "office network"),
            Network::Internet => ("互联网", "internet"),
        }
    }
}

impl MaterialKind {
    /// What people call it, in Chinese and in English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            MaterialKind::UnitIdentity => ("单位合法身份证明", "identity of the unit"),
            MaterialKind::AgentIdentity => ("经办人身份证明", "identity of the agent"),
            MaterialKind::HolderIdentity => ("持有人身份证明", "identity of the holder"),
            MaterialKind::AgentAuthorisation => ("经办人授权书", "authorisation of the agent"),
            MaterialKind::ApplicationForm => ("统一申请表", "application form"),
            MaterialKind::SealedForm => ("加盖公章的申请表", "application form with the unit's seal"),
            MaterialKind::EngravingProof => ("实物印章刻制证明", "proof of engraving"),
            MaterialKind::ImpressionSheet => ("印模信息（图像）", "impression (picture)"),
            MaterialKind::HeldCertificate => ("本地签发的数字证书", "certificate of a local issuer"),
            MaterialKind::ChangeProof => ("变更、终止的证明文件", "proof of change or end"),
            MaterialKind::CustodianReport => ("保管人书面报告", "report of the custodian"),
        }
    }
}

impl SealKind {
    /// What people call it, in Chinese and in English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            SealKind::LegalName => ("法定名称章", "legal-name seal"),
            SealKind::InternalOrgan => ("内设机构章", "seal of an internal organ"),
            SealKind::Branch => ("分支机构章", "seal of a branch"),
            SealKind::Contract => ("合同专用章", "contract seal"),
            SealKind::Finance => ("财务专用章", "finance seal"),
            SealKind::Invoice => ("发票专用章", "invoice seal"),
            SealKind::Inspection => ("审验专用章", "inspection seal"),
            SealKind::Customs => ("报关专用章", "customs seal"),
            SealKind::OtherBusiness => ("其他业务专用章", "other business seal"),
            SealKind::LegalRepresentative => ("法定代表人章", "seal of the legal representative"),
            SealKind::Operator => ("经营者章", "seal of the operator"),
            SealKind::Principal => ("主要负责人章", "seal of the principal"),
            SealKind::FinanceHead => ("财务负责人章", "seal of the head of finance"),
            SealKind::AuthorisedRepresentative => ("授权代表章", "seal of the authorised representative"),
            SealKind::Personal => ("个人名章", "personal name seal"),
        }
    }
}

impl DeviceKind {
    /// What people call it, in Chinese and in English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            DeviceKind::SmartKey => ("智能密码钥匙", "smart key"),
            DeviceKind::MobileModule => ("移动密码模块", "mobile module"),
            DeviceKind::SealServer => ("电子印章服务器", "seal server"),
            DeviceKind::CryptographicMachine => ("服务器密码机", "cryptographic machine"),
            DeviceKind::SignServer => ("签名验签服务器", "signing server"),
        }
    }
}

impl Reason {
    /// What people call it, in Chinese and in English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Reason::UnitEnded => ("单位合并、分立、撤销、破产或注销", "the unit ended"),
            Reason::UnitChanged => ("单位变更", "the unit changed"),
            Reason::UnitNameChanged => ("单位名称变更", "the unit has another name"),
            Reason::RepresentativeChanged => ("法定代表人或经营者变更", "another representative"),
            Reason::HolderNameChanged => ("个人姓名变更", "the holder has another name"),
            Reason::HolderLeft => ("持有人不再任职", "the holder left"),
            Reason::PhysicalSealEnded => ("实物印章停用", "the physical seal is no longer used"),
            Reason::PhysicalSealChanged => ("实物印章变更", "the physical seal changed"),
            Reason::PhysicalSealDamaged => ("实物印章损坏", "the physical seal is damaged"),
            Reason::SealNoLongerUsed => ("电子印章停用", "no longer used"),
            Reason::SealDamaged => ("电子印章损坏", "the seal is damaged"),
            Reason::KeyLeaked => ("密钥泄露", "the key leaked"),
            Reason::DeviceDamaged => ("载体损坏、老化或故障", "the device is damaged"),
            Reason::DeviceStolen => ("载体被盗", "the device was stolen"),
            Reason::DeviceLost => ("载体遗失", "the device was lost"),
            Reason::Misuse => ("违规使用", "misuse"),
        }
    }
}

impl FilingBody {
    /// What people call it, in Chinese and in English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            FilingBody::PublicSecurity => ("公安机关", "public security"),
            FilingBody::CompetentDepartment => ("主管部门", "competent department"),
        }
    }
}

impl FilingOccasion {
    /// What people call it, in Chinese and in English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            FilingOccasion::Made => ("制作", "made"),
            FilingOccasion::Renewed => ("续期", "renewed"),
            FilingOccasion::DeviceReplaced => ("更换载体", "another device"),
            FilingOccasion::Suspended => ("停用", "suspended"),
            FilingOccasion::Resumed => ("恢复", "resumed"),
            FilingOccasion::Cancelled => ("注销", "cancelled"),
        }
    }
}
