//! Kinds of seals (R2).

use serde::{Deserialize, Serialize};

/// Kinds of seals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SealKind {
    /// 法定名称章.
    LegalName,
    /// 冠法定名称的内设机构章.
    InternalOrgan,
    /// 冠法定名称的分支机构章.
    Branch,
    /// 合同专用章.
    Contract,
    /// 财务专用章.
    Finance,
    /// 发票专用章.
    Invoice,
    /// 审验专用章.
    Inspection,
    /// 报关专用章.
    Customs,
    /// 其他业务专用章.
    OtherBusiness,
    /// 法定代表人章.
    LegalRepresentative,
    /// 经营者章.
    Operator,
    /// 主要负责人章.
    Principal,
    /// 财务负责人章.
    FinanceHead,
    /// 授权代表章.
    AuthorisedRepresentative,
    /// 普通个人电子名章.
    Personal,
}

/// Kinds that the rules treat alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SealClass {
    /// 法定名称章: at most one per unit.
    LegalName,
    /// 内设机构章、分支机构章.
    Organ,
    /// 业务专用章: several, if their impressions differ.
    Business,
    /// 职务章: used by their holder only.
    Position,
    /// 个人名章: used by their holder only.
    Personal,
}

impl SealKind {
    /// All kinds.
    pub const ALL: [SealKind; 15] = [
        SealKind::LegalName,
        SealKind::InternalOrgan,
        SealKind::Branch,
        SealKind::Contract,
        SealKind::Finance,
        SealKind::Invoice,
        SealKind::Inspection,
        SealKind::Customs,
        SealKind::OtherBusiness,
        SealKind::LegalRepresentative,
        SealKind::Operator,
        SealKind::Principal,
        SealKind::FinanceHead,
        SealKind::AuthorisedRepresentative,
        SealKind::Personal,
    ];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            SealKind::LegalName => "legal_name",
            SealKind::InternalOrgan => "internal_organ",
            SealKind::Branch => "branch",
            SealKind::Contract => "contract",
            SealKind::Finance => "finance",
            SealKind::Invoice => "invoice",
            SealKind::Inspection => "inspection",
            SealKind::Customs => "customs",
            SealKind::OtherBusiness => "other_business",
            SealKind::LegalRepresentative => "legal_representative",
            SealKind::Operator => "operator",
            SealKind::Principal => "principal",
            SealKind::FinanceHead => "finance_head",
            SealKind::AuthorisedRepresentative => "authorised_representative",
            SealKind::Personal => "personal",
        }
    }

    /// How the rules treat it.
    pub fn class(self) -> SealClass {
        match self {
            SealKind::LegalName => SealClass::LegalName,
            SealKind::InternalOrgan | SealKind::Branch => SealClass::Organ,
            SealKind::Contract
            | SealKind::Finance
            | SealKind::Invoice
            | SealKind::Inspection
            | SealKind::Customs
            | SealKind::OtherBusiness => SealClass::Business,
            SealKind::LegalRepresentative
            | SealKind::Operator
            | SealKind::Principal
            | SealKind::FinanceHead
            | SealKind::AuthorisedRepresentative => SealClass::Position,
            SealKind::Personal => SealClass::Personal,
        }
    }
}
