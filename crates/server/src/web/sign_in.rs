//! Signing in and out, and the language of the pages.

use std::sync::Arc;

use axum::response::Response;
use maud::html;
use zeroize::Zeroizing;

use super::layout::{Sheet, page_with};
use super::parts::{Field, hidden, problem_box};
use super::visit::{Connection, Visit, place_here, see, set_cookie};
use crate::app::{Credentials, Error, SecondFactor, Service, SignInFault};
use crate::http::problem::Problem;

pub(crate) async fn show(_: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let next = visit.query("next");
    Ok(form(&visit, ("", place_here(&next)), false, None))
}

pub(crate) async fn send(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    if visit.face.connection == Connection::Open {
        return Err(Problem::insecure());
    }
    let sent = visit.form(&service, 0).await?;
    let (account, next) = (
        sent.text("account").trim().to_owned(),
        sent.text("next").to_owned(),
    );
    let kept = (account.as_str(), place_here(&next));
    let new = sent.text("new_password");
    if new != sent.text("new_password_again") {
        let problem = Problem::bad_field("两次输入的新密码不同", "The two new passwords differ");
        return Ok(form(&visit, kept, true, Some(&problem)));
    }
    let credentials = Credentials {
        account: account.clone(),
        password: Zeroizing::new(sent.text("password").to_owned()),
        second: SecondFactor::Code(sent.text("code").trim().to_owned()),
        new_password: (!new.is_empty()).then(|| Zeroizing::new(new.to_owned())),
    };
    let begun = match service.sign_in(credentials, visit.address()).await {
        Ok(begun) => begun,
        Err(error) => {
            let renew = matches!(
                error,
                Error::SignIn(SignInFault::PasswordTooOld | SignInFault::NewPassword(_))
            );
            return Ok(form(&visit, kept, renew, Some(&error.into())));
        }
    };
    // Whoever signs in anew leaves no session behind.
    if let (Some(token), Ok(caller)) = (visit.token(), visit.caller()) {
        service.sign_out(token, caller).await?;
    }
    let mut response = see(kept.1);
    visit.face.connection.set_session(&begun.token, &mut response);
    Ok(response)
}

pub(crate) async fn out(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    visit.form(&service, 0).await?;
    if let (Some(token), Ok(caller)) = (visit.token(), visit.caller()) {
        service.sign_out(token, caller).await?;
    }
    let mut response = see("/");
    visit.face.connection.set_session("", &mut response);
    Ok(response)
}

/// Remembers a language, and goes back.
pub(crate) async fn language(service: Arc<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let sent = visit.form(&service, 0).await?;
    let language = if sent.text("language") == "en" { "en" } else { "zh" };
    let mut response = see(place_here(sent.text("next")));
    set_cookie(
        &mut response,
        &format!("lang={language}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"),
    );
    Ok(response)
}

fn form(visit: &Visit, (account, next): (&str, &str), renew: bool, problem: Option<&Problem>) -> Response {
    let l = visit.language();
    let title = l.pick("登录", "Sign in");
    let field = |name, label, hint, kind, value| {
        Field {
            name,
            label,
            hint,
            kind,
            value,
            needed: true,
        }
        .markup()
    };
    let code_hint = l.pick(
        "验证器应用中显示的六位数字",
        "The six digits that your authenticator shows",
    );
    let new_hint = l.pick(
        "首次登录或密码到期时须设置：至少 10 个字符，含三类字符",
        "Needed at the first sign-in and when the old one is too old: ten characters of three kinds",
    );
    let body = html! {
        div.narrow {
            h1 { (title) }
            @if visit.face.connection == Connection::Open { (problem_box(&Problem::insecure(), l)) }
            @if let Some(problem) = problem { (problem_box(problem, l)) }
            form.card method="post" action="/sign-in" {
                (hidden(&visit.face))
                input type="hidden" name="next" value=(next);
                (field("account", l.pick("账号", "Account"), "", "text", account))
                (field("password", l.pick("密码", "Password"), "", "password", ""))
                (field("code", l.pick("动态口令", "One-time code"), code_hint, "text", ""))
                @if renew {
                    (field("new_password", l.pick("新密码", "New password"), new_hint, "password", ""))
                    (field("new_password_again", l.pick("再输一次新密码", "New password again"), "", "password", ""))
                }
                button.main { (l.pick("登录", "Sign in")) }
            }
            p.muted { (l.pick(
                "账号由安全管理员开立。验证文件和查询印章无须登录。",
                "Accounts are opened by the security administrator. Verifying and looking up need none.",
            )) }
        }
    };
    let sheet = Sheet {
        title,
        above: &[],
        body,
    };
    page_with(visit, &sheet, problem)
}
