//! Policies of use: `/api/units/{unit}/policy`, its versions and its deputies.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use registry::usage::{ApprovalRule, Approver, Deputy, DocumentType, Separation, Step};
use registry::{PersonId, Role, SealKind, UnitId, UsePolicy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{json, made};
use super::call::Call;
use super::problem::Problem;
use crate::app::{Caller, Once, PolicyOrder, Service};
use crate::subnet::Subnet;

/// A version of a policy to be put in force.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyAdoption {
    /// The first one that fits a request says who approves it.
    rules: Vec<RuleBody>,
    #[serde(default)]
    separation: SeparationBody,
    /// After so many days an approval lapses unused.
    approval_days_max: u16,
    /// Subnets from which people may use the unit's seals (R7); from everywhere when empty.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    networks: Vec<Subnet>,
}

/// Who approves requests of some kind.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleBody {
    /// For these types of documents of the profile's catalogue; for all when empty.
    #[serde(default)]
    document_types: Vec<String>,
    /// For these kinds of seals; for all when empty.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    seal_kinds: Vec<SealKind>,
    /// From this amount on, in fen (0.01 yuan).
    #[serde(default)]
    amount_from_fen: Option<u64>,
    /// From so many documents in one request on.
    #[serde(default)]
    documents_from: Option<u32>,
    /// Who approves, one after the other.
    steps: Vec<StepBody>,
}

/// One step of approval.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepBody {
    /// `principal` or `approver` of the unit; or a person is named instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    role: Option<Role>,
    /// One person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    person: Option<PersonId>,
    /// How many different people.
    #[serde(default = "one")]
    needed: u8,
}

fn one() -> u8 {
    1
}

/// Which roles in one use may fall together; nothing does unless it is said.
#[derive(Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SeparationBody {
    requester_may_approve: bool,
    custodian_may_approve: bool,
    approver_may_repeat: bool,
}

/// Somebody who approves in somebody's place for a time.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeputyBody {
    /// In whose place.
    #[schemars(with = "String")]
    of: PersonId,
    /// Who.
    #[schemars(with = "String")]
    deputy: PersonId,
    /// First instant.
    #[schemars(with = "String")]
    from: Timestamp,
    /// First instant no longer.
    #[schemars(with = "String")]
    until: Timestamp,
    /// For these types of documents; for all when empty.
    #[serde(default)]
    document_types: Vec<String>,
    /// Up to this amount, in fen.
    #[serde(default)]
    amount_max_fen: Option<u64>,
}

/// A deputy who is to stand in no longer.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeputyDismissal {
    /// In whose place.
    #[schemars(with = "String")]
    of: PersonId,
    /// Who.
    #[schemars(with = "String")]
    deputy: PersonId,
}

/// A version of a policy.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PolicyView {
    id: String,
    unit: String,
    /// From 1.
    version: u32,
    rules: Vec<RuleBody>,
    separation: SeparationBody,
    /// After so many days an approval lapses unused.
    approval_days_max: u16,
    /// Subnets from which people may use the unit's seals; from everywhere when empty.
    networks: Vec<String>,
    /// Everybody who ever stood in.
    deputies: Vec<DeputyBody>,
    /// Since when this version is in force.
    adopted_at: String,
}

/// A version of a policy, and who put it in force.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PolicyVersionView {
    #[serde(flatten)]
    policy: PolicyView,
    /// The principal.
    adopted_by: String,
}

/// Every version of a policy, oldest first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PolicyVersions {
    items: Vec<PolicyVersionView>,
}

pub(crate) async fn adopt(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (adoption, once) = call.change::<PolicyAdoption>("policy_adopt").await?;
    let rules: Option<Vec<ApprovalRule>> = adoption.rules.into_iter().map(RuleBody::rule).collect();
    let order = PolicyOrder::Adopt {
        rules: rules.ok_or_else(|| Problem::bad_body("steps: either role or person"))?,
        separation: Separation {
            requester_may_approve: adoption.separation.requester_may_approve,
            custodian_may_approve: adoption.separation.custodian_may_approve,
            approver_may_repeat: adoption.separation.approver_may_repeat,
        },
        approval_days_max: adoption.approval_days_max,
        networks: adoption.networks.iter().map(Subnet::to_string).collect(),
    };
    change(&service, call.caller()?, call.path("unit")?, order, once).await
}

pub(crate) async fn appoint_deputy(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (body, once) = call.change::<DeputyBody>("deputy_appoint").await?;
    let deputy = Deputy {
        of: body.of,
        deputy: body.deputy,
        from: body.from,
        until: body.until,
        document_types: body.document_types.into_iter().map(DocumentType).collect(),
        amount_max_fen: body.amount_max_fen,
    };
    change(
        &service,
        call.caller()?,
        call.path("unit")?,
        PolicyOrder::AppointDeputy(deputy),
        once,
    )
    .await
}

pub(crate) async fn dismiss_deputy(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (body, once) = call.change::<DeputyDismissal>("deputy_dismiss").await?;
    let order = PolicyOrder::DismissDeputy {
        of: body.of,
        deputy: body.deputy,
    };
    change(&service, call.caller()?, call.path("unit")?, order, once).await
}

pub(crate) async fn show(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let policy = service.policy(call.caller()?, call.path("unit")?).await?;
    json(&view(&policy))
}

pub(crate) async fn versions(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let versions = service
        .policy_versions(call.caller()?, call.path("unit")?)
        .await?;
    let items = versions.iter().map(|version| PolicyVersionView {
        policy: view(&version.policy),
        adopted_by: version.by.to_string(),
    });
    json(&PolicyVersions {
        items: items.collect(),
    })
}

async fn change(
    service: &Service,
    caller: &Caller,
    unit: UnitId,
    order: PolicyOrder,
    once: Once,
) -> Result<Response, Problem> {
    let kept = service.change_policy(caller, unit, order, once).await?;
    let policy: UsePolicy =
        serde_json::from_slice(&kept).map_err(|error| Problem::internal(error.to_string()))?;
    made(
        StatusCode::CREATED,
        &format!("/api/units/{unit}/policy"),
        &view(&policy),
    )
}

fn view(policy: &UsePolicy) -> PolicyView {
    let deputy = |deputy: &Deputy| DeputyBody {
        of: deputy.of,
        deputy: deputy.deputy,
        from: deputy.from,
        until: deputy.until,
        document_types: names(&deputy.document_types),
        amount_max_fen: deputy.amount_max_fen,
    };
    PolicyView {
        id: policy.id.to_string(),
        unit: policy.unit.to_string(),
        version: policy.version,
        rules: policy.rules.iter().map(RuleBody::of).collect(),
        separation: SeparationBody {
            requester_may_approve: policy.separation.requester_may_approve,
            custodian_may_approve: policy.separation.custodian_may_approve,
            approver_may_repeat: policy.separation.approver_may_repeat,
        },
        approval_days_max: policy.approval_days_max,
        networks: policy.networks.clone(),
        deputies: policy.deputies.iter().map(deputy).collect(),
        adopted_at: policy.adopted_at.to_string(),
    }
}

fn names(types: &[DocumentType]) -> Vec<String> {
    types.iter().map(|kind| kind.0.clone()).collect()
}

impl RuleBody {
    /// None when a step names neither a role nor a person, or both.
    fn rule(self) -> Option<ApprovalRule> {
        let step = |step: StepBody| {
            let approver = match (step.role, step.person) {
                (Some(role), None) => Approver::Role(role),
                (None, Some(person)) => Approver::Person(person),
                _ => return None,
            };
            Some(Step {
                approver,
                needed: step.needed,
            })
        };
        Some(ApprovalRule {
            document_types: self.document_types.into_iter().map(DocumentType).collect(),
            seal_kinds: self.seal_kinds,
            amount_from_fen: self.amount_from_fen,
            documents_from: self.documents_from,
            steps: self.steps.into_iter().map(step).collect::<Option<_>>()?,
        })
    }

    pub(crate) fn of(rule: &ApprovalRule) -> Self {
        let step = |step: &Step| {
            let (role, person) = match step.approver {
                Approver::Role(role) => (Some(role), None),
                Approver::Person(person) => (None, Some(person)),
            };
            StepBody {
                role,
                person,
                needed: step.needed,
            }
        };
        Self {
            document_types: names(&rule.document_types),
            seal_kinds: rule.seal_kinds.clone(),
            amount_from_fen: rule.amount_from_fen,
            documents_from: rule.documents_from,
            steps: rule.steps.iter().map(step).collect(),
        }
    }
}
