//! One request for a page: who visits, in which language, over what connection; and what only forms need.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use gm::{Sm3, sm3};
use registry::{Role, Scope};
use sealing::Language;
use std::net::IpAddr;

use super::form::Form;
use crate::app::{Caller, Once, Service};
use crate::http::call::Call;
use crate::http::problem::Problem;

/// Longest cookie header that is read, in bytes.
const COOKIE_BYTES_MAX: usize = 8192;

/// A request for a page.
pub(crate) struct Visit {
    pub(crate) call: Call,
    pub(crate) caller: Option<Caller>,
    pub(crate) face: Face,
    token: Option<String>,
}

/// What the frame of every page needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Face {
    pub(crate) language: Language,
    /// Where the visitor is, with the query.
    pub(crate) place: String,
    pub(crate) roles: Option<Vec<(Role, Scope)>>,
    /// Proves that a form came from a page of this session; empty without one.
    pub(crate) token: String,
    /// Names what a form does once.
    pub(crate) once: String,
    /// Whether cookies travel encrypted or not at all.
    pub(crate) connection: Connection,
}

/// How the visitor's browser reaches this service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connection {
    Encrypted,
    /// From the same machine.
    Local,
    Open,
}

impl Visit {
    pub(crate) async fn new(call: Call, service: &Service, request_id: &str) -> Self {
        let connection = connection(&call, service);
        let token = cookie(&call.headers, connection.session_cookie());
        let caller = match &token {
            Some(token) => service.caller(token, call.address).await.ok(),
            None => None,
        };
        let token = token.filter(|_| caller.is_some());
        let language = chosen_language(&call);
        let query = match call.query.as_str() {
            "" => String::new(),
            query => format!("?{query}"),
        };
        let roles = caller.as_ref().map(|caller| {
            let held = caller.acting.appointments.iter();
            held.filter(|held| held.holds(call.now))
                .map(|held| (held.role, held.scope))
                .collect()
        });
        let face = Face {
            language,
            place: format!("{}{query}", call.target),
            roles,
            token: token.as_deref().map(form_token).unwrap_or_default(),
            once: request_id.to_owned(),
            connection,
        };
        Self {
            call,
            caller,
            face,
            token,
        }
    }

    pub(crate) fn language(&self) -> Language {
        self.face.language
    }

    pub(crate) fn caller(&self) -> Result<&Caller, Problem> {
        self.caller.as_ref().ok_or_else(Problem::no_session)
    }

    /// Where the visitor is, if that is known.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.call.address
    }

    /// The call alone, as the interface for programs takes it.
    pub(crate) fn into_call(mut self) -> Result<Call, Problem> {
        let caller = self.caller.take().ok_or_else(Problem::no_session)?;
        self.call.let_in(caller);
        Ok(self.call)
    }

    /// The session's token, of a session that is in force.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// A parameter behind the question mark; empty if it is not there.
    pub(crate) fn query(&self, name: &str) -> String {
        let found: Vec<(String, String)> = serde_urlencoded::from_str(&self.call.query).unwrap_or_default();
        let mut found = found.into_iter().filter(|(known, _)| known == name);
        found.next().map(|(_, value)| value).unwrap_or_default()
    }

    /// What changes something is sent by pages of this site only: browsers say where a form comes from.
    pub(crate) fn check_origin(&self) -> Result<(), Problem> {
        let header = |name: &str| {
            let value = self.call.headers.get(name);
            value.map(|value| value.to_str().unwrap_or_default())
        };
        let same = match (header("sec-fetch-site"), header("origin")) {
            (Some(site), _) => ["same-origin", "none"].contains(&site),
            (None, Some(origin)) => {
                let host = origin.split_once("://").map(|(_, host)| host);
                host.is_some() && host == header("host")
            }
            (None, None) => true,
        };
        if same {
            Ok(())
        } else {
            Err(Problem::foreign_form())
        }
    }

    /// Reads the form; in a session, it must carry the session's mark.
    pub(crate) async fn form(&mut self, service: &Service, file_bytes_max: u64) -> Result<Form, Problem> {
        self.form_of_files(service, file_bytes_max, 1).await
    }

    /// The same with several files, each of so many bytes at most.
    pub(crate) async fn form_of_files(
        &mut self,
        service: &Service,
        file_bytes_max: u64,
        files_max: usize,
    ) -> Result<Form, Problem> {
        let body = self.call.take_body();
        let wanted = self.token.as_ref().map(|_| self.face.token.as_str());
        Form::read(
            &self.call.headers,
            body,
            wanted,
            (service, file_bytes_max, files_max),
        )
        .await
    }

    /// Under which a change is made once, however often its form is sent.
    pub(crate) fn once(&self, operation: &str, form: &Form) -> Result<Once, Problem> {
        let mut request = Sm3::new();
        request.update(operation.as_bytes());
        request.update(&[0]);
        request.update(self.call.target.as_bytes());
        form.digest_into(&mut request);
        Ok(Once {
            scope: format!("account/{}", self.caller()?.account),
            key: format!("page-{}", form.text("once")),
            request: request.finish(),
        })
    }

    /// Asks to sign in, and to come back.
    pub(crate) fn to_sign_in(&self) -> Response {
        let next = serde_urlencoded::to_string([("next", &self.face.place)]).unwrap_or_default();
        see(&format!("/sign-in?{next}"))
    }
}

impl Connection {
    /// The cookie's name; browsers take a name with this prefix from encrypted connections only.
    pub(crate) fn session_cookie(self) -> &'static str {
        match self {
            Self::Encrypted => "__Host-yinxin",
            Self::Local | Self::Open => "yinxin",
        }
    }

    /// Sets the session's cookie, or takes it back when the token is empty.
    pub(crate) fn set_session(self, token: &str, response: &mut Response) {
        let secure = if self == Self::Encrypted { "; Secure" } else { "" };
        let age = if token.is_empty() { "; Max-Age=0" } else { "" };
        let name = self.session_cookie();
        set_cookie(
            response,
            &format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict{secure}{age}"),
        );
    }
}

pub(crate) fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Go there now, with `GET`.
pub(crate) fn see(place: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(place) = HeaderValue::from_str(place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// A place on this site, or the home page: nobody is sent elsewhere.
pub(crate) fn place_here(place: &str) -> &str {
    let plain = place
        .bytes()
        .all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\');
    if plain && place.starts_with('/') && !place.starts_with("//") {
        place
    } else {
        "/"
    }
}

fn connection(call: &Call, service: &Service) -> Connection {
    let proxies = &service.config.http.proxies;
    let from_proxy = call
        .peer
        .is_some_and(|peer| proxies.iter().any(|proxy| proxy.contains(peer)));
    let scheme = call.headers.get("x-forwarded-proto");
    if from_proxy && scheme.is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https")) {
        Connection::Encrypted
    } else if call
        .address
        .is_some_and(|address: IpAddr| address.to_canonical().is_loopback())
    {
        Connection::Local
    } else {
        Connection::Open
    }
}

/// The parameter of the address, the cookie, what the browser prefers.
fn chosen_language(call: &Call) -> Language {
    let named = |name: &str| match name {
        "zh" => Some(Language::Zh),
        "en" => Some(Language::En),
        _ => None,
    };
    let asked = call
        .query
        .split('&')
        .find_map(|part| named(part.strip_prefix("lang=")?));
    let kept = || named(&cookie(&call.headers, "lang")?);
    asked.or_else(kept).unwrap_or(call.language)
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let values = headers.get_all(header::COOKIE).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let mut parts = values
        .filter(|value| value.len() <= COOKIE_BYTES_MAX)
        .flat_map(|value| value.split(';'))
        .filter_map(|part| part.trim().split_once('='));
    parts
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.to_owned())
}

/// Known to whoever may read the session's pages, and tells nothing of its token.
fn form_token(token: &str) -> String {
    hex::encode(sm3(format!("yinxin form\n{token}").as_bytes()).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for here in ["/", "/uses?own=1", "/seals/1#history"] {
            assert_eq!(place_here(here), here);
        }
        for elsewhere in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/\t/evil",
            "uses",
        ] {
            assert_eq!(place_here(elsewhere), "/", "{elsewhere:?}");
        }
    }
}
