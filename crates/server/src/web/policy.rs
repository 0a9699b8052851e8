//! A unit's policy of use: as it stands, as it was, and a form that holds all of it for the next version.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::response::Response;
use maud::{Markup, html};
use registry::usage::{ApprovalRule, Approver, DocumentType, RULES_MAX, STEPS_MAX, Separation, Step};
use registry::{PersonId, Role, Scope, SealKind, UnitId, UsePolicy};
use sealing::Language;

use super::ask_use::document_types;
use super::form::Form;
use super::layout::{Sheet, page_with};
use super::parts::{Field, checks_of, empty, fen, heads, hidden, problem_box, select, time, yuan};
use super::people::{Staff, called};
use super::uses::principal;
use super::visit::{Visit, see};
use super::words;
use crate::app::{Error, PolicyOrder, PolicyVersion, Service};
use crate::http::problem::Problem;
use crate::subnet::Subnet;

/// A version as it is typed.
struct Draft {
    rules: Vec<DraftRule>,
    separation: Separation,
    days: String,
    networks: String,
}

#[derive(Default)]
struct DraftRule {
    types: Vec<String>,
    kinds: Vec<String>,
    /// In yuan.
    amount: String,
    documents: String,
    steps: Vec<DraftStep>,
}

struct DraftStep {
    /// The name of a role, or a person's identifier.
    who: String,
    needed: String,
}

impl Draft {
    /// Where nothing is in force yet: the principal approves everything.
    fn first() -> Self {
        Self {
            rules: vec![DraftRule::simple()],
            separation: Separation::default(),
            days: "7".to_owned(),
            networks: String::new(),
        }
    }

    fn of(policy: &UsePolicy) -> Self {
        Self {
            rules: policy.rules.iter().map(DraftRule::of).collect(),
            separation: policy.separation,
            days: policy.approval_days_max.to_string(),
            networks: policy.networks.join("\n"),
        }
    }

    fn sent(form: &Form) -> Self {
        let count = |name: &str, most: usize| form.text(name).parse().unwrap_or(0).min(most);
        let rules = (0..count("rules", RULES_MAX)).map(|rule| {
            let all = |name: &str| form.all(&format!("{name}_{rule}")).map(str::to_owned).collect();
            let steps = (0..count(&format!("steps_{rule}"), STEPS_MAX)).map(|step| DraftStep {
                who: form.text(&format!("who_{rule}_{step}")).to_owned(),
                needed: form.text(&format!("needed_{rule}_{step}")).to_owned(),
            });
            DraftRule {
                types: all("type"),
                kinds: all("kind"),
                amount: form.text(&format!("amount_{rule}")).trim().to_owned(),
                documents: form.text(&format!("documents_{rule}")).trim().to_owned(),
                steps: steps.collect(),
            }
        });
        let yes = |name: &str| !form.text(name).is_empty();
        Self {
            rules: rules.collect(),
            separation: Separation {
                requester_may_approve: yes("requester"),
                custodian_may_approve: yes("custodian"),
                approver_may_repeat: yes("repeat"),
            },
            days: form.text("days").trim().to_owned(),
            networks: form.text("networks").to_owned(),
        }
    }

    /// Does what a button of the form says: one rule or step more, fewer, or earlier.
    fn change(&mut self, what: &str) {
        let mut words = what.split(' ');
        let act = words.next().unwrap_or_default();
        let mut number = || words.next().and_then(|word| word.parse::<usize>().ok());
        let (rule, step) = (number(), number());
        match (act, rule.filter(|at| *at < self.rules.len()), step) {
            ("rule", ..) if self.rules.len() < RULES_MAX => self.rules.push(DraftRule::simple()),
            ("rule-away", Some(at), _) if self.rules.len() > 1 => drop(self.rules.remove(at)),
            ("rule-up", Some(at), _) if at > 0 => self.rules.swap(at, at - 1),
            ("step", Some(at), _) if self.rules[at].steps.len() < STEPS_MAX => {
                self.rules[at].steps.push(DraftStep::simple());
            }
            ("step-away", Some(at), Some(step)) => {
                let steps = &mut self.rules[at].steps;
                if step < steps.len() && steps.len() > 1 {
                    steps.remove(step);
                }
            }
            _ => {}
        }
    }

    /// As it would be put in force; the registry judges whether it can be.
    fn order(&self, approval_days_max: u16) -> Result<PolicyOrder, Problem> {
        let numbered = self.rules.iter().enumerate();
        let networks = self.networks.split_whitespace().map(|text| {
            let bad = || {
                Problem::bad_field(
                    &format!("“{}”不是网段，应如 10.1.0.0/16", shortened(text)),
                    &format!("“{}” is no subnet such as 10.1.0.0/16", shortened(text)),
                )
            };
            text.parse::<Subnet>()
                .map(|subnet| subnet.to_string())
                .map_err(|_| bad())
        });
        Ok(PolicyOrder::Adopt {
            rules: numbered
                .map(|(at, rule)| rule.rule(at + 1))
                .collect::<Result<_, _>>()?,
            separation: self.separation,
            approval_days_max,
            networks: networks.collect::<Result<_, _>>()?,
        })
    }
}

impl DraftRule {
    fn simple() -> Self {
        Self {
            steps: vec![DraftStep::simple()],
            ..Self::default()
        }
    }

    fn of(rule: &ApprovalRule) -> Self {
        let steps = rule.steps.iter().map(|step| DraftStep {
            who: match step.approver {
                Approver::Role(role) => role.name().to_owned(),
                Approver::Person(person) => person.to_string(),
            },
            needed: step.needed.to_string(),
        });
        Self {
            types: rule.document_types.iter().map(|code| code.0.clone()).collect(),
            kinds: rule
                .seal_kinds
                .iter()
                .map(|kind| kind.name().to_owned())
                .collect(),
            amount: rule.amount_from_fen.map(yuan).unwrap_or_default(),
            documents: rule
                .documents_from
                .map(|from| from.to_string())
                .unwrap_or_default(),
            steps: steps.collect(),
        }
    }

    /// The rule; `at` counts from 1 and tells the person which one cannot be read.
    fn rule(&self, at: usize) -> Result<ApprovalRule, Problem> {
        let (zh, en) = (format!("规则 {at} 的"), format!("Rule {at}: "));
        let bad = |what: &str, en_what: &str| {
            Problem::bad_field(
                &format!("{zh}{what}无法识别"),
                &format!("{en}the {en_what} cannot be read"),
            )
        };
        let kind = |name: &String| {
            let found = SealKind::ALL.into_iter().find(|kind| kind.name() == name);
            found.ok_or_else(|| bad("印章种类", "kind of seal"))
        };
        let step = |step: &DraftStep| {
            let role = [Role::Principal, Role::Approver]
                .into_iter()
                .find(|role| role.name() == step.who);
            let approver = match role {
                Some(role) => Approver::Role(role),
                None => Approver::Person(step.who.parse().map_err(|_| bad("审批人", "approver"))?),
            };
            let needed = step.needed.trim().parse();
            Ok(Step {
                approver,
                needed: needed.map_err(|_| bad("人数", "number of people"))?,
            })
        };
        Ok(ApprovalRule {
            document_types: self.types.iter().cloned().map(DocumentType).collect(),
            seal_kinds: self.kinds.iter().map(kind).collect::<Result<_, _>>()?,
            amount_from_fen: match self.amount.as_str() {
                "" => None,
                text => Some(fen(text).ok_or_else(|| bad("金额", "amount"))?),
            },
            documents_from: match self.documents.as_str() {
                "" => None,
                text => Some(text.parse().map_err(|_| bad("份数", "number of documents"))?),
            },
            steps: self.steps.iter().map(step).collect::<Result<_, Problem>>()?,
        })
    }
}

impl DraftStep {
    fn simple() -> Self {
        Self {
            who: Role::Principal.name().to_owned(),
            needed: "1".to_owned(),
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

pub(crate) async fn show(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    show_with(&service, &visit, None, None).await
}

async fn show_with(
    service: &Service,
    visit: &Visit,
    draft: Option<Draft>,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let (l, caller) = (visit.language(), visit.caller()?);
    let id: UnitId = visit.call.path("unit")?;
    let versions = match service.policy_versions(caller, id).await {
        Ok(versions) => versions,
        Err(Error::NotFound { what: "policy" }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let unit = service.unit(id).await?;
    let words = Words::of(
        service,
        visit,
        &versions,
        document_types(service, unit.authority, l).await?,
    )
    .await?;
    let in_force = versions.last().map(|version| &version.policy);
    let title = l.pick("用印审批规则", "Policy of use");
    let form = match principal(visit, id) {
        true => {
            let draft = draft.unwrap_or_else(|| in_force.map_or_else(Draft::first, Draft::of));
            let staff = Staff::of(service, visit, Scope::Unit(id)).await?;
            edit_form(visit, &draft, &words, &staff)
        }
        false => html! {},
    };
    let body = html! {
        h1 { (title) }
        @if let Some(problem) = problem { (problem_box(problem, l)) }
        @match in_force {
            None => (empty(l.pick("还没有规则：在规则生效之前，本单位不能用印。", "There is none yet; no seal of the unit can be used before there is.")))
            Some(policy) => section.card {
                h2 { (l.pick(format!("现行规则（第 {} 版）", policy.version), format!("In force (version {})", policy.version))) }
                (words.policy(policy))
            }
        }
        (form)
        @if versions.len() > 1 { (words.history(&versions)) }
    };
    let place = format!("/units/{id}");
    let above = [(place.as_str(), unit.name.as_str())];
    let sheet = Sheet {
        title,
        above: &above,
        body,
    };
    Ok(page_with(visit, &sheet, problem))
}

/// What versions say, in words.
struct Words {
    l: Language,
    names: BTreeMap<PersonId, String>,
    types: Vec<(String, String)>,
}

impl Words {
    async fn of(
        service: &Service,
        visit: &Visit,
        versions: &[PolicyVersion],
        types: Vec<(String, String)>,
    ) -> Result<Self, Problem> {
        let named = versions.iter().flat_map(|version| {
            let steps = version.policy.rules.iter().flat_map(|rule| &rule.steps);
            let people = steps.filter_map(|step| match step.approver {
                Approver::Person(person) => Some(person),
                Approver::Role(_) => None,
            });
            people.chain([version.by])
        });
        let people: Vec<_> = named.collect();
        Ok(Self {
            l: visit.language(),
            names: service.called(visit.caller()?, &people).await?,
            types,
        })
    }

    fn policy(&self, policy: &UsePolicy) -> Markup {
        let l = self.l;
        let Separation {
            requester_may_approve,
            custodian_may_approve,
            approver_may_repeat,
        } = policy.separation;
        let together: Vec<_> = SEPARATION
            .iter()
            .zip([requester_may_approve, custodian_may_approve, approver_may_repeat])
            .filter_map(|((_, zh, en), may)| may.then_some(l.pick(*zh, *en)))
            .collect();
        html! {
            ol { @for rule in &policy.rules { li { (self.rule(rule)) } } }
            p.muted {
                (l.pick(format!("批准后 {} 天内须盖章。", policy.approval_days_max), format!("An approval lapses after {} days.", policy.approval_days_max)))
                " "
                @if together.is_empty() { (l.pick("申请人、保管人不审批；同一人只批一步。", "Who asks and who keeps the seal do not approve; nobody approves twice.")) }
                @else { (together.join(l.pick("；", "; "))) (l.pick("。", ".")) }
                @if !policy.networks.is_empty() {
                    " " (l.pick("只能从这些网段用印：", "Seals are used from these subnets only: ")) (policy.networks.join(l.pick("、", ", "))) (l.pick("。", "."))
                }
            }
        }
    }

    /// For what a rule is, and who approves.
    fn rule(&self, rule: &ApprovalRule) -> String {
        let l = self.l;
        let listed = |all: Vec<&str>| all.join(l.pick("、", ", "));
        let mut conditions = Vec::new();
        if !rule.document_types.is_empty() {
            conditions.push(listed(
                rule.document_types
                    .iter()
                    .map(|code| self.document_type(&code.0))
                    .collect(),
            ));
        }
        if !rule.seal_kinds.is_empty() {
            conditions.push(listed(
                rule.seal_kinds
                    .iter()
                    .map(|kind| words::seal_kind(*kind, l))
                    .collect(),
            ));
        }
        if let Some(from) = rule.amount_from_fen {
            let from = yuan(from);
            conditions.push(l.pick(format!("{from} 元以上"), format!("from CNY {from} on")));
        }
        if let Some(from) = rule.documents_from {
            conditions.push(l.pick(format!("一次 {from} 份以上"), format!("from {from} documents on")));
        }
        let mut said = match conditions.is_empty() {
            true => l.pick("所有用印", "every use").to_owned(),
            false => conditions.join(l.pick("；", "; ")),
        };
        said.push_str(l.pick("：", ": "));
        for (at, step) in rule.steps.iter().enumerate() {
            if at > 0 {
                said.push_str(l.pick("，然后 ", ", then "));
            }
            let who = match step.approver {
                Approver::Role(role) => words::role(role, l).to_owned(),
                Approver::Person(person) => called(&self.names, person),
            };
            let _ = match step.needed {
                1 => write!(said, "{who}"),
                needed => write!(said, "{who} × {needed}"),
            };
        }
        said
    }

    fn document_type<'a>(&'a self, code: &'a str) -> &'a str {
        let found = self.types.iter().find(|(known, _)| known == code);
        found.map_or(code, |(_, name)| name)
    }

    /// Every version, the newest first: since when, by whom, what.
    fn history(&self, versions: &[PolicyVersion]) -> Markup {
        let l = self.l;
        html! {
            section.card {
                h2 { (l.pick("各版规则", "Versions")) }
                div.scroll { table {
                    (heads(&[l.pick("版本", "Version"), l.pick("自", "Since"), l.pick("发布人", "Put in force by"), l.pick("规则", "Rules")]))
                    tbody { @for PolicyVersion { policy, by } in versions.iter().rev() { tr {
                        td { (policy.version) }
                        td { (time(policy.adopted_at, l)) }
                        td { (called(&self.names, *by)) }
                        td { (self.policy(policy)) }
                    } } }
                } }
            }
        }
    }
}

/// Which roles in one use may fall together: field, and what it allows.
const SEPARATION: [(&str, &str, &str); 3] = [
    ("requester", "申请人可以自己审批", "Who asks may approve"),
    ("custodian", "保管人可以审批", "The custodian may approve"),
    (
        "repeat",
        "同一人可以批几步",
        "One person may approve in several steps",
    ),
];

fn edit_form(visit: &Visit, draft: &Draft, words: &Words, staff: &Staff) -> Markup {
    let l = visit.language();
    let text = |name: &str, label: &str, hint: &str, kind: &str, value: &str| {
        Field {
            name,
            label,
            hint,
            kind,
            value,
            needed: name == "days",
        }
        .markup()
    };
    let may = draft.separation;
    let may = [
        may.requester_may_approve,
        may.custodian_may_approve,
        may.approver_may_repeat,
    ];
    html! {
        form #rules.card method="post" action=(visit.call.target) {
            (hidden(&visit.face))
            h2 { (l.pick("发布新的规则", "Put another version in force")) }
            // What the key Enter sends, before the buttons that change the form.
            button hidden name="change" value="" {}
            p.hint { (l.pick("从上到下，第一条符合的规则决定由谁审批；不选文件类型、印章种类的规则适用于全部。都不符合时不能用印。", "From top to bottom, the first rule that fits says who approves. A rule without types of documents or kinds of seals is for all of them; what no rule fits cannot be sealed.")) }
            input type="hidden" name="rules" value=(draft.rules.len());
            @for (at, rule) in draft.rules.iter().enumerate() {
                (rule_fields(l, (at, draft.rules.len()), rule, words, staff))
            }
            p { button formaction="#rules" name="change" value="rule" { (l.pick("再加一条规则", "Add a rule")) } }
            fieldset {
                legend { (l.pick("审批分离", "Separation of duties")) }
                div.checks { @for ((name, zh, en), may) in SEPARATION.iter().zip(may) {
                    label.check { input type="checkbox" name=(name) value="yes" checked[may]; (l.pick(*zh, *en)) }
                } }
            }
            (text("days", l.pick("批准后几天内须盖章", "Days after which an approval lapses"), "", "number", &draft.days))
            (text("networks", l.pick("只能从这些网段用印", "Seals are used from these subnets only"), l.pick("每行一个，如 10.1.0.0/16；空着则不限", "one a line, such as 10.1.0.0/16; empty: from everywhere"), "textarea", &draft.networks))
            button.main { (l.pick("发布", "Put in force")) }
        }
    }
}

fn rule_fields(
    l: Language,
    (at, count): (usize, usize),
    rule: &DraftRule,
    words: &Words,
    staff: &Staff,
) -> Markup {
    let kinds = SealKind::ALL.map(|kind| (kind.name().to_owned(), words::seal_kind(kind, l).to_owned()));
    let number = |name: &str, label: &str, value: &str| {
        Field {
            name: &format!("{name}_{at}"),
            label,
            hint: l.pick("空着则不限", "empty: any"),
            kind: "number",
            value,
            needed: false,
        }
        .markup()
    };
    let name = l.pick(format!("规则 {}", at + 1), format!("Rule {}", at + 1));
    let types = types(l, rule, words);
    html! {
        fieldset {
            legend { (name) }
            details open[!rule.types.is_empty()] {
                summary { (l.pick("文件类型：", "Types of documents: ")) (chosen(&rule.types, &types, l)) }
                (checks_of(&format!("type_{at}"), &types, &rule.types))
            }
            details open[!rule.kinds.is_empty()] {
                summary { (l.pick("印章种类：", "Kinds of seals: ")) (chosen(&rule.kinds, &kinds, l)) }
                (checks_of(&format!("kind_{at}"), &kinds, &rule.kinds))
            }
            div.row {
                (number("amount", l.pick("金额从（元）起", "Amount from (CNY) on"), &rule.amount))
                (number("documents", l.pick("一次从几份起", "Documents in one request from"), &rule.documents))
            }
            input type="hidden" name={ "steps_" (at) } value=(rule.steps.len());
            @for (step_at, step) in rule.steps.iter().enumerate() { div.row {
                (step_fields(l, (at, step_at), step, &approvers(l, step, words, staff)))
                @if rule.steps.len() > 1 { div.field {
                    button formaction="#rules" name="change" value={ "step-away " (at) " " (step_at) } {
                        (l.pick(format!("去掉第 {} 步", step_at + 1), format!("Remove step {}", step_at + 1)))
                    }
                } }
            } }
            p.actions {
                @if rule.steps.len() < STEPS_MAX { button formaction="#rules" name="change" value={ "step " (at) } { (l.pick("再加一步", "Add a step")) } }
                @if at > 0 { button formaction="#rules" name="change" value={ "rule-up " (at) } { (l.pick(format!("{name}上移"), format!("Move {name} up"))) } }
                @if count > 1 { button.danger formaction="#rules" name="change" value={ "rule-away " (at) } { (l.pick(format!("去掉{name}"), format!("Remove {name}"))) } }
            }
        }
    }
}

fn step_fields(
    l: Language,
    (rule, at): (usize, usize),
    step: &DraftStep,
    approvers: &[(String, String)],
) -> Markup {
    let who = l.pick(
        format!("第 {} 步由谁审批", at + 1),
        format!("Step {}: who approves", at + 1),
    );
    let needed = Field {
        name: &format!("needed_{rule}_{at}"),
        label: l.pick("几人", "How many people"),
        hint: "",
        kind: "number",
        value: &step.needed,
        needed: true,
    };
    html! {
        (select(&format!("who_{rule}_{at}"), &who, approvers, &step.who))
        (needed.markup())
    }
}

/// What is chosen of a list, in one line.
fn chosen(codes: &[String], names: &[(String, String)], l: Language) -> String {
    if codes.is_empty() {
        return l.pick("全部", "all").to_owned();
    }
    let named = names.iter().filter(|(code, _)| codes.contains(code));
    let named: Vec<_> = named.map(|(_, name)| name.as_str()).collect();
    named.join(l.pick("、", ", "))
}

/// The catalogue's types, and what the rule has of former ones: without them it would be for every document.
fn types(l: Language, rule: &DraftRule, words: &Words) -> Vec<(String, String)> {
    let known = |code: &String| words.types.iter().any(|(known, _)| known == code);
    let former = rule.types.iter().filter(|code| !known(code)).map(|code| {
        let name = l.pick(
            format!("{}（已不在目录中）", shortened(code)),
            format!("{} (no longer in the catalogue)", shortened(code)),
        );
        (code.clone(), name)
    });
    words.types.iter().cloned().chain(former).collect()
}

/// Roles and people who may approve; a person who is named already stays in the list after leaving.
fn approvers(l: Language, step: &DraftStep, words: &Words, staff: &Staff) -> Vec<(String, String)> {
    let mut all: Vec<_> = [Role::Principal, Role::Approver]
        .map(|role| (role.name().to_owned(), words::role(role, l).to_owned()))
        .to_vec();
    all.extend(
        staff
            .people
            .iter()
            .map(|one| (one.id.to_string(), staff.name(one.id))),
    );
    all.dedup();
    if let Ok(person) = step.who.parse::<PersonId>()
        && all.iter().all(|(value, _)| *value != step.who)
    {
        all.push((step.who.clone(), called(&words.names, person)));
    }
    all
}

pub(crate) async fn adopt(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let id: UnitId = visit.call.path("unit")?;
    let mut draft = Draft::sent(&form);
    let change = form.text("change");
    if !change.is_empty() {
        draft.change(change);
        return show_with(&service, &visit, Some(draft), None).await;
    }
    let done = async {
        let once = visit.once("policy_adopt", &form)?;
        let days = form.parse("days", ("几天", "Days"))?;
        Ok::<_, Problem>(
            service
                .change_policy(visit.caller()?, id, draft.order(days)?, once)
                .await?,
        )
    };
    match done.await {
        Ok(_) => Ok(see(&format!("/policies/{id}"))),
        Err(problem) => show_with(&service, &visit, Some(draft), Some(&problem)).await,
    }
}
