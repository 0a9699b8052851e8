//! Accounts of people, for security administrators; audit administrators look on. Registering somebody, roles,
//! opening, resetting and closing accounts, sessions.

use std::sync::Arc;

use axum::response::Response;
use jiff::Timestamp;
use maud::{Markup, html};
use registry::{Appointment, AuthorityId, IdentityNumber, Person, PersonId, Role, Scope, Unit, UnitId};
use sealing::Language;
use store::Page;
use zeroize::Zeroizing;

use super::deputies::days;
use super::form::Form;
use super::layout::{Sheet, page_with};
use super::parts::{Field, badge, empty, heads, hidden, problem_box, select, tabs, time};
use super::uses::holds;
use super::visit::{Visit, see};
use super::words;
use crate::app::{KnownAccount, KnownSession, PersonName, PersonStep, Reset, Service, UnitSearch};
use crate::http::answer::kept;
use crate::http::problem::Problem;
use crate::http::set_up::check_account_name;

/// Roles that a security administrator gives in a unit, and in an authority.
const IN_UNIT: [Role; 4] = [Role::Agent, Role::Principal, Role::Approver, Role::Custodian];
const IN_AUTHORITY: [Role; 6] = [
    Role::Reviewer,
    Role::Maker,
    Role::SystemAdministrator,
    Role::SecurityAdministrator,
    Role::AuditAdministrator,
    Role::Supervisor,
];
/// People on a page.
const ROWS: u32 = 50;

pub(crate) fn above(l: Language) -> [(&'static str, &'static str); 1] {
    [("/accounts", l.pick("账号", "Accounts"))]
}

/// The authorities in which the visitor has one of these roles.
pub(crate) fn authorities(visit: &Visit, wanted: &[Role]) -> Vec<AuthorityId> {
    let roles = visit.face.roles.iter().flatten();
    let mut found: Vec<_> = roles
        .filter_map(|(role, scope)| match scope {
            Scope::Authority(authority) if wanted.contains(role) => Some(*authority),
            _ => None,
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The same with their names, to choose from.
pub(crate) async fn choices(
    service: &Service,
    visit: &Visit,
    wanted: &[Role],
) -> Result<Vec<(String, String)>, Problem> {
    let mut named = Vec::new();
    for authority in authorities(visit, wanted) {
        named.push((authority.to_string(), service.authority(authority).await?.name));
    }
    Ok(named)
}

/// The authority for which something is done; whoever acts for one only is not asked.
pub(crate) fn authority_field(own: &[(String, String)], chosen: &str, l: Language) -> Markup {
    match own {
        [(one, _)] => html! { input type="hidden" name="authority" value=(one); },
        _ => select("authority", l.pick("机关", "Authority"), own, chosen),
    }
}

/// The one that a form names; whether the visitor acts for it, the rules decide.
pub(crate) fn chosen_authority(form: &Form) -> Result<AuthorityId, Problem> {
    form.parse("authority", ("机关", "Authority"))
}

/// For those who hold none of the roles there is no such page.
pub(crate) fn let_in(visit: &Visit, roles: &[Role]) -> Result<(), Problem> {
    if roles.iter().any(|role| holds(visit, *role)) {
        Ok(())
    } else {
        Err(Problem::not_found("page"))
    }
}

/// Where the people of a list are appointed.
async fn place(service: &Service, visit: &Visit) -> Result<(Scope, String), Problem> {
    if let Ok(unit) = visit.query("unit").parse::<UnitId>() {
        return Ok((Scope::Unit(unit), service.unit(unit).await?.name));
    }
    let named = visit.query("authority").parse::<AuthorityId>().ok();
    let own = authorities(visit, &[Role::SecurityAdministrator, Role::AuditAdministrator]);
    let authority = named
        .or(own.first().copied())
        .ok_or_else(|| Problem::not_found("page"))?;
    Ok((
        Scope::Authority(authority),
        service.authority(authority).await?.name,
    ))
}

pub(crate) async fn list(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let (l, caller) = (visit.language(), visit.caller()?);
    let account = visit.query("account");
    let mut problem = None;
    if !account.trim().is_empty() {
        match service.person_of_account(caller, account.trim()).await {
            Ok(person) => return Ok(see(&format!("/accounts/{person}"))),
            Err(error) => problem = Some(error.into()),
        }
    }
    let (scope, name) = place(&service, &visit).await?;
    let own = choices(
        &service,
        &visit,
        &[Role::SecurityAdministrator, Role::AuditAdministrator],
    )
    .await?;
    let after = visit.query("after").parse().ok();
    let people = service
        .known_accounts(caller, scope, Page { after, limit: ROWS })
        .await?;
    let units = match scope {
        Scope::Authority(authority) => {
            service
                .units(&UnitSearch::OfAuthority(authority), None, ROWS)
                .await?
        }
        _ => Vec::new(),
    };
    let title = l.pick("账号", "Accounts");
    let full = people.len() as u64 == u64::from(ROWS);
    let next = people.last().filter(|_| full).map(|(last, _)| last.id);
    let body = html! {
        h1 { (title) }
        @if let Some(problem) = &problem { (problem_box(problem, l)) }
        form.card.filters method="get" action="/accounts" role="search" {
            div.row {
                (Field { name: "account", label: l.pick("按账号查找", "Find an account"), hint: "", kind: "search", value: &account, needed: true }.markup())
                div.field { button { (l.pick("查找", "Find")) } }
            }
        }
        @if holds(&visit, Role::SecurityAdministrator) {
            p { a.button.main href="/accounts/new" { (l.pick("登记人员", "Register somebody")) } }
        }
        @if own.len() > 1 { (views(&own, scope, l)) }
        h2 { (name) }
        (table(&people, scope, visit.call.now, l))
        @if let Some(next) = next {
            div.actions { a.button rel="next" href={ "/accounts?" (scope_query(scope)) "&after=" (next) } { (l.pick("下一页", "Next page")) } }
        }
        @if !units.is_empty() { (unit_links(&units, l)) }
    };
    let sheet = Sheet {
        title,
        above: &[],
        body,
    };
    Ok(page_with(&visit, &sheet, problem.as_ref()))
}

fn scope_query(scope: Scope) -> String {
    match scope {
        Scope::Unit(unit) => format!("unit={unit}"),
        Scope::Authority(authority) => format!("authority={authority}"),
        Scope::System(system) => format!("system={system}"),
    }
}

/// The visitor's authorities, of which one is shown.
fn views(own: &[(String, String)], scope: Scope, l: Language) -> Markup {
    let places: Vec<_> = own
        .iter()
        .map(|(id, _)| format!("/accounts?authority={id}"))
        .collect();
    let shown = format!("/accounts?{}", scope_query(scope));
    let here = places.iter().position(|place| *place == shown);
    let names = own.iter().map(|(_, name)| name.as_str());
    let named: Vec<_> = places.iter().map(String::as_str).zip(names).collect();
    tabs(&named, here.unwrap_or(named.len()), l.pick("机关", "Authorities"))
}

fn unit_links(units: &[Unit], l: Language) -> Markup {
    html! {
        h2 { (l.pick("各单位的人员", "People of the units")) }
        ul.links { @for unit in units { li { a href={ "/accounts?unit=" (unit.id) } { (unit.name) } } } }
    }
}

fn table(people: &[(Person, Option<KnownAccount>)], scope: Scope, now: Timestamp, l: Language) -> Markup {
    let lasts = |held: &&Appointment| held.scope == scope && held.until.is_none_or(|until| now < until);
    if people.is_empty() {
        return empty(l.pick(
            "这里还没有任命任何人：先登记人员，再给予角色。",
            "Nobody is appointed here yet: register somebody, and give them a role.",
        ));
    }
    html! {
            div.scroll { table {
                (heads(&[
        l.pick("账号", "Account"),
        l.pick("角色", "Roles"),
        l.pick("状态", "State"),
        l.pick("登记时间", "Registered"),
    ]))
                tbody { @for (person, account) in people { tr {
                    td { a href={ "/accounts/" (person.id) } { (account_name(account.as_ref(), person.id, l)) } }
                    td { @for held in person.appointments.iter().filter(lasts) { div { (role_held(held, now, l)) } } }
                    td { (state(person, account.as_ref(), l)) }
                    td { (time(person.registered_at, l)) }
                } } }
            } }
        }
}

/// A role, and from when or until when if that lies ahead.
fn role_held(held: &Appointment, now: Timestamp, l: Language) -> Markup {
    html! {
        (words::role(held.role, l))
        @if now < held.from { " " span.muted { (l.pick("自 ", "from ")) (time(held.from, l)) } }
        @if let Some(until) = held.until { " " span.muted { (l.pick("至 ", "until ")) (time(until, l)) } }
    }
}

fn account_name(account: Option<&KnownAccount>, person: PersonId, l: Language) -> String {
    match account {
        Some(account) => account.name.clone(),
        None => format!(
            "{} …{}",
            l.pick("（未开通）", "(none)"),
            &person.to_string()[28..]
        ),
    }
}

fn state(person: &Person, account: Option<&KnownAccount>, l: Language) -> Markup {
    html! {
        @if person.blocked.is_some() { (badge("bad", l.pick("已停止办事", "blocked"))) " " }
        @match account {
            None => (badge("open", l.pick("未开通账号", "no account"))),
            Some(account) if account.locked_until.is_some() => (badge("bad", l.pick("已锁定", "locked"))),
            Some(account) if account.password_set_at.is_none() => (badge("open", l.pick("待首次登录", "waits for the first sign-in"))),
            Some(_) if person.blocked.is_none() => (badge("good", l.pick("正常", "in use"))),
            Some(_) => "",
        }
    }
}

pub(crate) async fn new(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let_in(&visit, &[Role::SecurityAdministrator])?;
    new_page(&service, &visit, None).await
}

async fn new_page(
    service: &Service,
    visit: &Visit,
    failed: Option<(&Form, &Problem)>,
) -> Result<Response, Problem> {
    let l = visit.language();
    let own = choices(service, visit, &[Role::SecurityAdministrator]).await?;
    let typed = |name| failed.map_or("", |(form, _)| form.text(name));
    let problem = failed.map(|(_, problem)| problem);
    let title = l.pick("登记人员", "Register somebody");
    let hint = l.pick(
        "加密保存，日志中只有承诺值",
        "kept encrypted; the log has a commitment only",
    );
    let body = html! {
        div.text {
            h1 { (title) }
            @if let Some(problem) = problem { (problem_box(problem, l)) }
            form.card method="post" action="/accounts/new" {
                (hidden(&visit.face))
                (authority_field(&own, typed("authority"), l))
                (Field { name: "name", label: l.pick("姓名", "Name"), hint, kind: "text", value: typed("name"), needed: true }.markup())
                (Field { name: "identity", label: l.pick("公民身份号码", "Identity number"), hint: "GB 11643", kind: "text", value: typed("identity"), needed: true }.markup())
                p.muted { (l.pick("登记之后，在下一页给予角色并开通账号。", "Roles and the account follow on the next page.")) }
                button.main { (l.pick("登记", "Register")) }
            }
        }
    };
    let sheet = Sheet {
        title,
        above: &above(l),
        body,
    };
    Ok(page_with(visit, &sheet, problem))
}

pub(crate) async fn register(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let registered = async {
        let_in(&visit, &[Role::SecurityAdministrator])?;
        let authority = chosen_authority(&form)?;
        let name = person_name(&form)?;
        let once = visit.once("person_register", &form)?;
        let answer = service
            .register_person(visit.caller()?, authority, name, once)
            .await?;
        kept::<Person>(&answer)
    };
    match registered.await {
        Ok(person) => Ok(see(&format!("/accounts/{}", person.id))),
        Err(problem) => new_page(&service, &visit, Some((&form, &problem))).await,
    }
}

fn person_name(form: &Form) -> Result<PersonName, Problem> {
    let name = form.text("name").trim();
    if name.is_empty() || name.len() > crate::http::people::NAME_BYTES_MAX {
        return Err(Problem::bad_field(
            "“姓名”未填写或过长",
            "“Name” is missing or too long",
        ));
    }
    Ok(PersonName {
        name: Zeroizing::new(name.to_owned()),
        identity: form.parse::<IdentityNumber>("identity", ("公民身份号码", "Identity number"))?,
    })
}

pub(crate) async fn show(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    show_with(&service, &visit, None, None).await
}

/// Where each appointment holds, in words.
async fn places(service: &Service, person: &Person) -> Result<Vec<String>, Problem> {
    let mut places = Vec::new();
    for held in &person.appointments {
        places.push(match held.scope {
            Scope::Unit(unit) => service.unit(unit).await?.name,
            Scope::Authority(authority) => service.authority(authority).await?.name,
            Scope::System(system) => system.to_string(),
        });
    }
    Ok(places)
}

/// The page of one person; `fresh` is the authenticator's address, which is shown once.
async fn show_with(
    service: &Service,
    visit: &Visit,
    failed: Option<(&Form, &Problem)>,
    fresh: Option<&str>,
) -> Result<Response, Problem> {
    let (l, caller) = (visit.language(), visit.caller()?);
    let problem = failed.map(|(_, problem)| problem);
    let own = caller.acting.person() == Some(visit.call.path("person")?);
    if !own {
        let_in(visit, &[Role::SecurityAdministrator, Role::AuditAdministrator])?;
    }
    let id: PersonId = visit.call.path("person")?;
    let person = service.person(id).await?;
    let account = service.known_account(caller, id).await?;
    let sessions = match account {
        Some(_) => service.sessions(caller, id).await?,
        None => Vec::new(),
    };
    let places = places(service, &person).await?;
    let may = choices(service, visit, &[Role::SecurityAdministrator]).await?;
    let title = account_name(account.as_ref(), id, l);
    let keeps = holds(visit, Role::SecurityAdministrator) && !own;
    let body = html! {
        h1 { (title) " " (state(&person, account.as_ref(), l)) }
        @if let Some(problem) = problem { (problem_box(problem, l)) }
        @if let Some(address) = fresh { (authenticator(address, l)) }
        div.split {
            div {
                (facts(&person, account.as_ref(), l))
                (roles(visit, &person, &places, keeps))
                @if keeps { (appoint_form(visit, id, &may, failed.map(|(form, _)| form))) }
                @if account.is_some() { (session_list(visit, id, &sessions, keeps)) }
            }
            @if keeps { div { (account_forms(visit, id, account.as_ref(), person.blocked.is_some())) } }
        }
    };
    let sheet = Sheet {
        title: &title,
        above: &above(l),
        body,
    };
    Ok(page_with(visit, &sheet, problem))
}

fn authenticator(address: &str, l: Language) -> Markup {
    html! {
        div.notice.good role="status" {
            p { strong { (l.pick("动态口令密钥只显示这一次", "The authenticator's secret is shown this once")) } }
            p { (l.pick("请本人用动态口令程序添加下面的地址；首次登录时须更换密码。", "Let its owner enter this address into an authenticator; the password must be changed at the first sign-in.")) }
            p { code { (address) } }
        }
    }
}

fn facts(person: &Person, account: Option<&KnownAccount>, l: Language) -> Markup {
    html! {
        section.card { dl.facts {
            dt { (l.pick("人员标识", "Identifier")) } dd { code { (person.id) } }
            dt { (l.pick("登记时间", "Registered")) } dd { (time(person.registered_at, l)) }
            @if let Some(at) = person.blocked { dt { (l.pick("停止办事", "Blocked since")) } dd { (time(at, l)) } }
            @if let Some(account) = account {
                dt { (l.pick("密码设置时间", "Password set")) }
                dd { @match account.password_set_at { Some(at) => (time(at, l)), None => (l.pick("首次登录时设置", "at the first sign-in")) } }
                dt { (l.pick("登录证书", "Certificate to sign in")) }
                dd { @if account.has_certificate { (l.pick("已设置", "set")) } @else { (l.pick("无", "none")) } }
                @if let Some(until) = account.locked_until { dt { (l.pick("锁定至", "Locked until")) } dd { (time(until, l)) } }
                @if account.failed_tries > 0 { dt { (l.pick("连续失败次数", "Failed tries")) } dd { (account.failed_tries) } }
            }
        } }
    }
}

fn roles(visit: &Visit, person: &Person, places: &[String], keeps: bool) -> Markup {
    let (l, now) = (visit.language(), visit.call.now);
    let columns = [
        l.pick("角色", "Role"),
        l.pick("单位或机关", "Where"),
        l.pick("期间", "From, until"),
        l.pick("办理", "Do"),
    ];
    html! {
        section.card {
            h2 { (l.pick("角色", "Roles")) }
            @if person.appointments.is_empty() { p.muted { (l.pick("还没有角色。", "None yet.")) } }
            @else { div.scroll { table {
                (heads(&columns[..columns.len() - usize::from(!keeps)]))
                tbody { @for (held, place) in person.appointments.iter().zip(places) { tr {
                    td { (words::role(held.role, l)) }
                    td { (place) }
                    td { (time(held.from, l)) " – " @if let Some(until) = held.until { (time(until, l)) } }
                    @if keeps { td { @if held.holds(now) {
                        form method="post" action={ "/accounts/" (person.id) "/dismiss" } {
                            (hidden(&visit.face))
                            input type="hidden" name="role" value=(held.role.name());
                            input type="hidden" name="scope" value=(scope_query(held.scope));
                            button.danger.small { (l.pick("免去", "Dismiss")) }
                        }
                    } } }
                } } }
            } } }
        }
    }
}

fn appoint_form(visit: &Visit, person: PersonId, may: &[(String, String)], sent: Option<&Form>) -> Markup {
    let l = visit.language();
    let sent = sent.filter(|form| !form.text("role").is_empty() && form.text("scope").is_empty());
    let typed = |name| sent.map_or("", |form| form.text(name));
    let options: Vec<_> = IN_UNIT
        .iter()
        .chain(&IN_AUTHORITY)
        .map(|role| (role.name().to_owned(), words::role(*role, l).to_owned()))
        .collect();
    let place_hint = l.pick(
        "经办人、负责人、审批人、保管人须填写；机关的角色留空",
        "for agent, principal, approver and custodian; empty for roles of the authority",
    );
    let until_hint = l.pick(
        "含当日，按北京时间；不填则一直有效",
        "that day included, in China's time; without an end if empty",
    );
    let field = |name, label, hint, kind| {
        Field {
            name,
            label,
            hint,
            kind,
            value: typed(name),
            needed: false,
        }
        .markup()
    };
    html! {
        details.card open[sent.is_some()] { summary { (l.pick("给予角色", "Give a role")) }
            form method="post" action={ "/accounts/" (person) "/appoint" } {
                (hidden(&visit.face))
                (select("role", l.pick("角色", "Role"), &options, typed("role")))
                (field("place", l.pick("单位统一社会信用代码", "Credit code of the unit"), place_hint, "text"))
                (authority_field(may, typed("authority"), l))
                (field("until", l.pick("任期至", "Until"), until_hint, "date"))
                button { (l.pick("任命", "Appoint")) }
            }
        }
    }
}

fn session_list(visit: &Visit, person: PersonId, sessions: &[KnownSession], keeps: bool) -> Markup {
    let l = visit.language();
    let columns = [
        l.pick("开始", "Begun"),
        l.pick("最近使用", "Last used"),
        l.pick("凭证", "By"),
        l.pick("办理", "Do"),
    ];
    html! {
        section.card {
            h2 { (l.pick("登录会话", "Sessions")) }
            @if sessions.is_empty() { p.muted { (l.pick("现在没有登录。", "Not signed in now.")) } }
            @else {
                div.scroll { table {
                    (heads(&columns[..columns.len() - usize::from(!keeps)]))
                    tbody { @for session in sessions { tr {
                        td { (time(session.begun_at, l)) br; span.muted { (l.pick("至 ", "until ")) (time(session.ends_at, l)) } }
                        td { (time(session.used_at, l)) }
                        td { (factors(&session.factors, l)) }
                        @if keeps { td { form method="post" action={ "/accounts/" (person) "/sessions" } {
                            (hidden(&visit.face))
                            input type="hidden" name="session" value=(session.id);
                            button.danger.small { (l.pick("下线", "End")) }
                        } } }
                    } } }
                } }
                @if keeps { form method="post" action={ "/accounts/" (person) "/sessions" } {
                    (hidden(&visit.face)) button.danger { (l.pick("全部下线", "End all of them")) }
                } }
            }
        }
    }
}

fn factors(factors: &[String], l: Language) -> String {
    let word = |factor: &String| match factor.as_str() {
        "password" => l.pick("密码", "password").to_owned(),
        "totp" => l.pick("动态口令", "one-time code").to_owned(),
        "certificate" => l.pick("证书", "certificate").to_owned(),
        other => other.to_owned(),
    };
    factors
        .iter()
        .map(word)
        .collect::<Vec<_>>()
        .join(l.pick("、", ", "))
}

fn password_field(l: Language) -> Markup {
    let hint = l.pick(
        "只用于首次登录，登录时须更换",
        "for the first sign-in only, when it must be changed",
    );
    let field = Field {
        name: "new_password",
        label: l.pick("初始密码", "First password"),
        hint,
        kind: "password",
        value: "",
        needed: true,
    };
    field.markup()
}

fn account_forms(visit: &Visit, person: PersonId, account: Option<&KnownAccount>, blocked: bool) -> Markup {
    let l = visit.language();
    let to = |step: &str| format!("/accounts/{person}/{step}");
    html! {
        @if account.is_none() {
            form.card method="post" action=(to("open")) {
                (hidden(&visit.face))
                h2 { (l.pick("开通账号", "Open an account")) }
                (Field { name: "account", label: l.pick("账号", "Account"), hint: l.pick("字母、数字、点、横线、下划线", "letters, digits, dots, hyphens, underscores"), kind: "text", value: "", needed: true }.markup())
                (password_field(l))
                button.main { (l.pick("开通", "Open")) }
            }
        } @else {
            form.card method="post" action=(to("reset")) {
                (hidden(&visit.face))
                h2 { (l.pick("重置", "Reset")) }
                p.muted { (l.pick("忘记密码、丢失动态口令或账号被锁定时使用；所有会话随即结束。", "For a forgotten password, a lost authenticator or a locked account; all sessions end.")) }
                (password_field(l))
                label.check { input type="checkbox" name="authenticator" value="yes"; (l.pick("同时更换动态口令密钥", "A new authenticator as well")) }
                label.check { input type="checkbox" name="certificate" value="yes"; (l.pick("同时取消登录证书", "No certificate signs in any more")) }
                button.main { (l.pick("重置并解锁", "Reset and unlock")) }
            }
        }
        @if blocked {
            form.card method="post" action=(to("unblock")) { (hidden(&visit.face))
                h2 { (l.pick("恢复办事资格", "Let act again")) }
                button { (l.pick("恢复", "Unblock")) }
            }
        } @else {
            form.card method="post" action=(to("block")) { (hidden(&visit.face))
                h2 { (l.pick("停止办事资格", "Keep from acting")) }
                (Field { name: "reason", label: l.pick("原因", "Why"), hint: "", kind: "text", value: "", needed: true }.markup())
                button.danger { (l.pick("停止", "Block")) }
            }
        }
        @if account.is_some() {
            form.card method="post" action=(to("close")) { (hidden(&visit.face))
                h2 { (l.pick("关闭账号", "Close the account")) }
                p.muted { (l.pick("关闭后不能恢复，可以另开新账号。", "For ever; another one can be opened.")) }
                button.danger { (l.pick("关闭", "Close")) }
            }
        }
    }
}

async fn finish(
    done: Result<(), Problem>,
    (service, visit): (&Service, &Visit),
    form: &Form,
) -> Result<Response, Problem> {
    match done {
        Ok(()) => Ok(see(&format!(
            "/accounts/{}",
            visit.call.path::<PersonId>("person")?
        ))),
        Err(problem) => show_with(service, visit, Some((form, &problem)), None).await,
    }
}

/// Does one step of a person under the form's idempotency key.
async fn step(
    service: Arc<Service>,
    mut visit: Visit,
    make: impl AsyncFnOnce(&Service, &Form, Timestamp) -> Result<PersonStep, Problem>,
) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let done = async {
        let id: PersonId = visit.call.path("person")?;
        let step = make(&service, &form, visit.call.now).await?;
        let once = visit.once("person_change", &form)?;
        service.change_person(visit.caller()?, id, step, once).await?;
        Ok(())
    };
    finish(done.await, (&service, &visit), &form).await
}

pub(crate) async fn appoint(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let made = async |service: &Service, form: &Form, now: Timestamp| {
        let role = role_of(form)?;
        let scope = if IN_UNIT.contains(&role) {
            let code = form.parse("place", ("单位统一社会信用代码", "Credit code of the unit"))?;
            let found = service.units(&UnitSearch::Coded(code), None, 1).await?;
            Scope::Unit(found.first().ok_or_else(|| Problem::not_found("unit"))?.id)
        } else {
            Scope::Authority(chosen_authority(form)?)
        };
        let until = match form.text("until").trim() {
            "" => None,
            day => Some(days(day, now)?.1),
        };
        Ok(PersonStep::Appoint {
            role,
            scope,
            from: None,
            until,
        })
    };
    step(service, visit, made).await
}

fn role_of(form: &Form) -> Result<Role, Problem> {
    let bad = |_| Problem::bad_field("“角色”无法识别", "“Role” cannot be read");
    serde_json::from_value(form.text("role").into()).map_err(bad)
}

pub(crate) async fn dismiss(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let made = async |_: &Service, form: &Form, _: Timestamp| {
        let bad = || Problem::bad_field("“角色”无法识别", "“Role” cannot be read");
        let (kind, id) = form.text("scope").split_once('=').ok_or_else(bad)?;
        let scope = match kind {
            "unit" => Scope::Unit(id.parse().map_err(|_| bad())?),
            "authority" => Scope::Authority(id.parse().map_err(|_| bad())?),
            _ => Scope::System(id.parse().map_err(|_| bad())?),
        };
        Ok(PersonStep::Dismiss {
            role: role_of(form)?,
            scope,
        })
    };
    step(service, visit, made).await
}

pub(crate) async fn block(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let made = async |_: &Service, form: &Form, _: Timestamp| {
        Ok(PersonStep::Block {
            reason: form.text("reason").trim().to_owned(),
        })
    };
    step(service, visit, made).await
}

pub(crate) async fn unblock(service: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    step(service, visit, async |_, _, _| Ok(PersonStep::Unblock)).await
}

pub(crate) async fn open(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let opened = async {
        let name = form.text("account").trim().to_owned();
        let bad = |_| {
            Problem::bad_field(
                "账号只能用字母、数字、点、横线、下划线，最多 64 个",
                "An account has letters, digits, dots, hyphens and underscores, 64 at most",
            )
        };
        check_account_name(&name).map_err(bad)?;
        let wanted = (visit.call.path::<PersonId>("person")?, name);
        let password = Zeroizing::new(form.text("new_password").to_owned());
        let once = visit.once("account_open", &form)?;
        Ok::<_, Problem>(
            service
                .open_account(visit.caller()?, wanted, password, once)
                .await?,
        )
    };
    match opened.await {
        Ok((_, address)) => {
            let address = address.as_ref().map(|address| address.as_str());
            show_with(&service, &visit, None, address).await
        }
        Err(problem) => show_with(&service, &visit, Some((&form, &problem)), None).await,
    }
}

pub(crate) async fn reset(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let done = async {
        let reset = Reset {
            authenticator: !form.text("authenticator").is_empty(),
            certificate: !form.text("certificate").is_empty(),
        };
        let password = Zeroizing::new(form.text("new_password").to_owned());
        let wanted = (visit.call.path::<PersonId>("person")?, reset);
        let once = visit.once("account_reset", &form)?;
        Ok::<_, Problem>(
            service
                .reset_account(visit.caller()?, wanted, password, once)
                .await?,
        )
    };
    match done.await {
        Ok((_, address)) => {
            let address = address.as_ref().map(|address| address.as_str());
            show_with(&service, &visit, None, address).await
        }
        Err(problem) => show_with(&service, &visit, Some((&form, &problem)), None).await,
    }
}

pub(crate) async fn close(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let done = async {
        let once = visit.once("account_close", &form)?;
        let id = visit.call.path("person")?;
        service.close_account(visit.caller()?, id, once).await?;
        Ok(())
    };
    finish(done.await, (&service, &visit), &form).await
}

pub(crate) async fn end_sessions(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let form = visit.form(&service, 0).await?;
    let done = async {
        let session = match form.text("session") {
            "" => None,
            text => {
                let bad = |_| Problem::bad_field("会话无法识别", "The session cannot be read");
                let digest = text.parse::<registry::Digest32>().map_err(bad)?;
                Some(gm::Digest(digest.0))
            }
        };
        let once = visit.once("sessions_end", &form)?;
        let id = visit.call.path("person")?;
        service.end_sessions(visit.caller()?, (id, session), once).await?;
        Ok(())
    };
    finish(done.await, (&service, &visit), &form).await
}
