//! People of a unit or an authority, by name: who they are, appointing and dismissing them, registering new ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::response::Response;
use jiff::Timestamp;
use maud::{Markup, html};
use registry::{Appointment, IdentityNumber, Person, PersonId, Role, Scope, UnitId};
use sealing::Language;
use zeroize::Zeroizing;

use super::form::Form;
use super::parts::{Field, badge, empty, hidden, select, stack, time};
use super::units;
use super::uses::{authority, holds, principal, rows};
use super::visit::{Visit, see};
use super::words;
use crate::app::{Error, PersonName, PersonStep, Service};
use crate::http::answer::kept;
use crate::http::problem::Problem;

/// Longest name of a person, in bytes.
const NAME_BYTES_MAX: usize = 200;

/// The people of a scope, with names as far as the visitor may know them.
pub(crate) struct Staff {
    scope: Scope,
    pub(crate) people: Vec<Person>,
    names: BTreeMap<PersonId, String>,
}

impl Staff {
    pub(crate) async fn of(service: &Service, visit: &Visit, scope: Scope) -> Result<Self, Problem> {
        let mut people = service.people(scope, None, rows()).await?;
        people.retain(|person| held(person, scope, visit.call.now).next().is_some());
        let ids: Vec<_> = people.iter().map(|person| person.id).collect();
        let names = service.called(visit.caller()?, &ids).await?;
        Ok(Self { scope, people, names })
    }

    pub(crate) fn name(&self, person: PersonId) -> String {
        called(&self.names, person)
    }

    /// Those with a role, to choose from.
    pub(crate) fn options(&self, role: Role, now: Timestamp) -> Vec<(String, String)> {
        let has = |person: &&Person| held(person, self.scope, now).any(|held| held.role == role);
        let people = self.people.iter().filter(has);
        people
            .map(|person| (person.id.to_string(), self.name(person.id)))
            .collect()
    }
}

/// A name, or the beginning of the identifier for those to whom the name is not told.
pub(crate) fn called(names: &BTreeMap<PersonId, String>, person: PersonId) -> String {
    let short = || person.to_string()[..8].to_owned();
    names.get(&person).cloned().unwrap_or_else(short)
}

fn held(person: &Person, scope: Scope, now: Timestamp) -> impl Iterator<Item = &Appointment> {
    person.roles(now).filter(move |held| held.scope == scope)
}

/// People with their roles; those who may, end them.
pub(crate) fn staff_card(visit: &Visit, staff: &Staff, l: Language) -> Markup {
    let now = visit.call.now;
    let principal = matches!(staff.scope, Scope::Unit(unit) if principal(visit, unit));
    let ends = |role: Role| match role {
        Role::Agent | Role::Approver | Role::Custodian => principal,
        Role::Principal => holds(visit, Role::Reviewer),
        _ => false,
    };
    let names = [
        l.pick("姓名", "Name"),
        l.pick("角色", "Role"),
        l.pick("自", "Since"),
        l.pick("操作", "Action"),
    ];
    let row = |person: &Person, held: &Appointment| {
        let name = staff.name(person.id);
        vec![
            html! {
                strong { (name) }
                @if person.blocked.is_some() { " " (badge("bad", l.pick("已停止", "blocked"))) }
            },
            html! { (words::role(held.role, l)) },
            html! {
                (time(held.from, l))
                @if let Some(until) = held.until { br; span.muted { (l.pick("至 ", "until ")) (time(until, l)) } }
            },
            html! { @if let (true, Scope::Unit(unit)) = (ends(held.role), staff.scope) {
                (dismiss_form(visit, unit, held, (person.id, &name)))
            } },
        ]
    };
    let rows = staff
        .people
        .iter()
        .flat_map(|person| held(person, staff.scope, now).map(move |held| (person, held)))
        .map(|(person, held)| row(person, held));
    html! {
        section.card {
            h2 { (l.pick("人员", "People")) }
            @if staff.people.is_empty() {
                (empty(l.pick("还没有人员：先由审核人任命主要负责人。", "Nobody yet: a reviewer appoints the principal first.")))
            } @else { (stack(&names, rows)) }
        }
    }
}

/// The form with which a role is ended.
fn dismiss_form(visit: &Visit, unit: UnitId, held: &Appointment, (person, name): (PersonId, &str)) -> Markup {
    let l = visit.language();
    let what = format!("{name} {}", words::role(held.role, l));
    html! {
        form method="post" action={ "/units/" (unit) "/people" } {
            (hidden(&visit.face))
            input type="hidden" name="type" value="dismiss";
            input type="hidden" name="person" value=(person);
            input type="hidden" name="role" value=(held.role.name());
            button.danger aria-label={ (l.pick("免去 ", "End: ")) (what) } { (l.pick("免去", "End")) }
        }
    }
}

/// The form that appoints somebody; nothing for those who may appoint nobody here.
pub(crate) fn appoint_form(visit: &Visit, scope: Scope, form: Option<&Form>) -> Markup {
    let l = visit.language();
    let roles = may_appoint(visit, scope);
    let (Scope::Unit(unit), false) = (scope, roles.is_empty()) else {
        return html! {};
    };
    let form = form.filter(|form| form.text("type") == "appoint");
    let typed = |name| form.map_or("", |form| form.text(name));
    let options: Vec<_> = roles
        .iter()
        .map(|role| (role.name().to_owned(), words::role(*role, l).to_owned()))
        .collect();
    let keeps = holds(visit, Role::Reviewer);
    let hint = if keeps {
        l.pick(
            "尚未登记的人同时登记；号码加密保存，只用于识别。",
            "Whoever is not registered yet is registered as well; the number is kept encrypted.",
        )
    } else {
        l.pick(
            "须已由制章机关登记；姓名和号码一致才能任命。",
            "The issuing authority must have registered them; name and number must agree.",
        )
    };
    let field = |name, label, hint| {
        Field {
            name,
            label,
            hint,
            kind: "text",
            value: typed(name),
            needed: true,
        }
        .markup()
    };
    html! {
        form.card method="post" action={ "/units/" (unit) "/people" } {
            (hidden(&visit.face))
            h2 { (l.pick("任命人员", "Appoint somebody")) }
            input type="hidden" name="type" value="appoint";
            (select("role", l.pick("角色", "Role"), &options, typed("role")))
            (field("name", l.pick("姓名", "Name"), ""))
            (field("identity_number", l.pick("公民身份号码", "Identity number"), hint))
            button.main { (l.pick("任命", "Appoint")) }
        }
    }
}

/// The form with which an officer corrects the name or the number of one of these people.
pub(crate) fn correct_form(visit: &Visit, staff: &Staff, form: Option<&Form>) -> Markup {
    let l = visit.language();
    let (Scope::Unit(unit), true) = (staff.scope, holds(visit, Role::Reviewer)) else {
        return html! {};
    };
    if staff.people.is_empty() {
        return html! {};
    }
    let form = form.filter(|form| form.text("type") == "correct");
    let typed = |name| form.map_or("", |form| form.text(name));
    let people: Vec<_> = staff
        .people
        .iter()
        .map(|one| (one.id.to_string(), staff.name(one.id)))
        .collect();
    let field = |id, name, label, hint, value| {
        html! {
            div.field {
                label for=(id) { (label) }
                p.hint id={ (id) "-hint" } { (hint) }
                input id=(id) name=(name) type="text" value=(value) required aria-describedby={ (id) "-hint" };
            }
        }
    };
    html! {
        details.card open[form.is_some()] {
            summary { (l.pick("更正姓名或号码", "Correct a name or a number")) }
            form method="post" action={ "/units/" (unit) "/people" } {
                (hidden(&visit.face))
                input type="hidden" name="type" value="correct";
                (select("person", l.pick("人员", "Person"), &people, typed("person")))
                (field("right-name", "name", l.pick("正确的姓名", "Right name"), l.pick("姓名没有变的也要填", "also where it stays as it is"), typed("name")))
                (field("right-number", "identity_number", l.pick("正确的公民身份号码", "Right identity number"), l.pick("号码没有变的也要填；加密保存，原来的不再保留", "also where it stays as it is; it is kept encrypted, and the former one is not kept"), typed("identity_number")))
                button { (l.pick("更正", "Correct")) }
            }
        }
    }
}

/// A principal names agents, approvers and custodians; a reviewer names principals.
fn may_appoint(visit: &Visit, scope: Scope) -> Vec<Role> {
    let mut roles = Vec::new();
    if holds(visit, Role::Reviewer) {
        roles.push(Role::Principal);
    }
    if matches!(scope, Scope::Unit(unit) if principal(visit, unit)) {
        roles.extend([Role::Agent, Role::Approver, Role::Custodian]);
    }
    roles
}

/// Appoints or dismisses somebody in a unit.
pub(crate) async fn change(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let id: UnitId = visit.call.path("unit")?;
    let scope = Scope::Unit(id);
    let done = async {
        let caller = visit.caller()?;
        let role = || {
            let bad = || Problem::bad_field("“角色”无法识别", "“Role” cannot be read");
            units::named::<Role>(form.text("role")).ok_or_else(bad)
        };
        let (person, step) = match form.text("type") {
            "dismiss" => {
                let role = role()?;
                let person = form.parse("person", ("人员", "Person"))?;
                (person, PersonStep::Dismiss { role, scope })
            }
            "correct" => {
                let person = form.parse("person", ("人员", "Person"))?;
                (person, PersonStep::Correct(typed_name(&form)?))
            }
            _ => {
                let role = role()?;
                let appointed = PersonStep::Appoint {
                    role,
                    scope,
                    from: None,
                    until: None,
                };
                (find_or_register(&service, &visit, &form).await?, appointed)
            }
        };
        let once = visit.once("person_change", &form)?;
        Ok::<_, Problem>(service.change_person(caller, person, step, once).await?)
    };
    match done.await {
        Ok(_) => Ok(see(&format!("/units/{id}"))),
        Err(problem) => units::show_with(&service, &visit, Some(&form), Some(&problem)).await,
    }
}

/// The person of this name and number; officers register whoever is new.
async fn find_or_register(service: &Service, visit: &Visit, form: &Form) -> Result<PersonId, Problem> {
    let caller = visit.caller()?;
    let wanted = typed_name(form)?;
    match service.person_named(&wanted).await {
        Ok(person) => return Ok(person),
        Err(Error::NotFound { .. }) if holds(visit, Role::Reviewer) => {}
        Err(Error::NotFound { .. }) => {
            return Err(Problem::bad_field(
                "没有登记这个人，或姓名与号码不符：请先由制章机关的审核人登记",
                "Nobody is registered with this name and number: a reviewer of the issuing authority registers people",
            ));
        }
        Err(error) => return Err(error.into()),
    }
    let once = visit.once("person_register", form)?;
    let once = crate::app::Once {
        key: format!("{}-person", once.key),
        ..once
    };
    let answer = service
        .register_person(caller, authority(visit)?, wanted, once)
        .await?;
    Ok(kept::<Person>(&answer)?.id)
}

/// The name and the number that were typed.
fn typed_name(form: &Form) -> Result<PersonName, Problem> {
    let name = form.text("name").trim();
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(Problem::bad_field(
            "“姓名”未填写或太长",
            "“Name” is missing or too long",
        ));
    }
    let bad = |_| {
        Problem::bad_field(
            "“公民身份号码”无法识别：十八位，末位是校验码",
            "“Identity number” cannot be read: eighteen characters with a check digit",
        )
    };
    let identity: IdentityNumber = form.text("identity_number").trim().parse().map_err(bad)?;
    Ok(PersonName {
        name: Zeroizing::new(name.to_owned()),
        identity,
    })
}
