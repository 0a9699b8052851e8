//! Use of seals (用印): the unit's policy, requests, approvals bound to bytes, and the record of every use.

mod approving;
mod asking;
mod policy;
mod policy_rules;
mod ranges;
mod request;
mod request_fold;
mod request_rules;
mod sealing;

pub use policy::{
    ApprovalRule, Approver, Deputy, DocumentType, Separation, Step, UsePolicy, UsePolicyCommand,
    UsePolicyEvent, apply as apply_policy,
};
pub(crate) use policy_rules::known as known_types;
pub use policy_rules::{RULES_MAX, STEPS_MAX, UsePolicyFacts, decide as decide_policy};
pub use ranges::Ranges;
pub use request::{
    Approval, Basis, Batch, Binding, Content, OpenItem, Outcome, Placement, PlacementFault, UseCommand,
    UseEvent, UseRequest, UseStatus,
};
pub use request_fold::apply as apply_request;
pub use request_rules::{DocumentFacts, UseFacts, decide as decide_request};
