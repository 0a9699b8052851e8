//! Who approves uses in a unit: its policy as it stands, and a simple one to put in force.

use std::sync::Arc;

use axum::response::Response;
use maud::html;
use registry::usage::{ApprovalRule, Approver, Separation, Step};
use registry::{Role, UnitId};

use super::layout::{Sheet, page_with};
use super::parts::{Field, empty, hidden, problem_box, select};
use super::uses::holds;
use super::visit::{Visit, see};
use super::words;
use crate::app::{Error, PolicyOrder, Service};
use crate::http::problem::Problem;

pub(crate) async fn show(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    show_with(&service, &visit, None).await
}

async fn show_with(service: &Service, visit: &Visit, problem: Option<&Problem>) -> Result<Response, Problem> {
    let l = visit.language();
    let id: UnitId = visit.call.path("unit")?;
    let policy = match service.policy(visit.caller()?, id).await {
        Ok(policy) => Some(policy),
        Err(Error::NotFound { what: "policy" }) => None,
        Err(error) => return Err(error.into()),
    };
    let unit = service.unit(id).await?;
    let title = l.pick("用印审批规则", "Policy of use");
    let roles = [Role::Approver, Role::Principal]
        .map(|role| (role.name().to_owned(), words::role(role, l).to_owned()));
    let days = Field {
        name: "days",
        label: l.pick("批准后几天内须盖章", "Days after which an approval lapses"),
        hint: "",
        kind: "number",
        value: "7",
        needed: true,
    };
    let body = html! {
        div.text {
            h1 { (title) }
            p.muted { (unit.name) }
            @if let Some(problem) = problem { (problem_box(problem, l)) }
            @match &policy {
                None => (empty(l.pick("还没有规则：在规则生效之前，本单位不能用印。", "There is none yet; no seal of the unit can be used before there is.")))
                Some(policy) => section.card {
                    h2 { (l.pick("现行规则", "In force")) " " (l.pick("第 ", "version ")) (policy.version) (l.pick(" 版", "")) }
                    ol { @for rule in &policy.rules { @for step in &rule.steps { li {
                        @match step.approver {
                            Approver::Role(role) => (words::role(role, l))
                            Approver::Person(person) => code { (person) }
                        }
                        " × " (step.needed)
                    } } } }
                }
            }
            @if holds(visit, Role::Principal) {
                form.card method="post" action=(visit.call.target) {
                    (hidden(&visit.face))
                    h2 { (l.pick("发布新的规则", "Put another one in force")) }
                    (select("role", l.pick("每次用印由谁批准", "Who approves each use"), &roles, ""))
                    (days.markup())
                    label.check { input type="checkbox" name="custodian" value="yes"; (l.pick("保管人兼任时也可批准", "The custodian may approve as well")) }
                    button.main { (l.pick("发布", "Put in force")) }
                }
            }
        }
    };
    let sheet = Sheet {
        title,
        above: &[],
        body,
    };
    Ok(page_with(visit, &sheet, problem))
}

pub(crate) async fn adopt(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let id: UnitId = visit.call.path("unit")?;
    let done = async {
        let bad = |_| Problem::bad_field("“由谁批准”无法识别", "“Who approves” cannot be read");
        let role: Role = serde_json::from_value(form.text("role").into()).map_err(bad)?;
        let step = Step {
            approver: Approver::Role(role),
            needed: 1,
        };
        // The page does not show networks; a version made here keeps those that the present one has.
        let networks = match service.policy(visit.caller()?, id).await {
            Ok(policy) => policy.networks,
            Err(Error::NotFound { what: "policy" }) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let order = PolicyOrder::Adopt {
            rules: vec![ApprovalRule {
                document_types: Vec::new(),
                seal_kinds: Vec::new(),
                amount_from_fen: None,
                documents_from: None,
                steps: vec![step],
            }],
            separation: Separation {
                custodian_may_approve: !form.text("custodian").is_empty(),
                ..Separation::default()
            },
            approval_days_max: form.parse("days", ("几天", "Days"))?,
            networks,
        };
        let once = visit.once("policy_adopt", &form)?;
        Ok::<_, Problem>(service.change_policy(visit.caller()?, id, order, once).await?)
    };
    match done.await {
        Ok(_) => Ok(see(&format!("/policies/{id}"))),
        Err(problem) => show_with(&service, &visit, Some(&problem)).await,
    }
}
