//! A client of the service's HTTP interface, which is all that the sandbox uses.

use std::cell::Cell;

use serde_json::Value;
use ureq::Agent;
use ureq::http::{Response, header::LOCATION};

use crate::failure::Failure;
use crate::people::Person;

/// Largest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

/// The service, as a client sees it.
pub(crate) struct Service {
    agent: Agent,
    /// Without the slash at its end.
    pub(crate) url: String,
    /// Changes that were asked for; each has a key of its own.
    changes: Cell<u64>,
}

/// What came back.
pub(crate) struct Answer {
    status: u16,
    headers: ureq::http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.get(name).and_then(|value| value.to_str().ok());
        found.unwrap_or_default()
    }

    pub(crate) fn location(&self) -> &str {
        self.header(LOCATION.as_str())
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Service {
    pub(crate) fn new(url: &str) -> Self {
        let agent = Agent::config_builder().http_status_as_error(false).proxy(None);
        Self {
            agent: agent.build().new_agent(),
            url: url.trim_end_matches('/').to_owned(),
            changes: Cell::new(0),
        }
    }

    /// What anybody sees, without an account.
    pub(crate) fn public(&self, path: &str) -> Result<Answer, Failure> {
        self.found(None, path)
    }

    /// What somebody sees.
    pub(crate) fn get(&self, who: &Person, path: &str) -> Result<Answer, Failure> {
        self.found(Some(who), path)
    }

    fn found(&self, who: Option<&Person>, path: &str) -> Result<Answer, Failure> {
        let mut request = self.agent.get(format!("{}{path}", self.url));
        if let Some(who) = who {
            request = request.header("Authorization", &who.session);
        }
        let request = request.call();
        self.fine(who, &format!("GET {path}"), request)
    }

    /// A change by somebody, under a key of its own.
    pub(crate) fn post(&self, who: &Person, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(who, path, body.to_string().as_bytes())
            .map(|answer| answer.json())
    }

    /// As [`Service::post`], with bytes: a document, a material.
    pub(crate) fn send(&self, who: &Person, path: &str, bytes: &[u8]) -> Result<Answer, Failure> {
        let answered = self.sent(who, path, bytes);
        self.fine(Some(who), &format!("POST {path}"), answered)
    }

    fn sent(&self, who: &Person, path: &str, bytes: &[u8]) -> Result<Response<ureq::Body>, ureq::Error> {
        self.changes.set(self.changes.get() + 1);
        let request = self.agent.post(format!("{}{path}", self.url));
        let request = request.header("Authorization", &who.session);
        let key = format!("sandbox-{}", self.changes.get());
        request.header("Idempotency-Key", key).send(bytes)
    }

    /// A request without a session: the set-up, a sign-in, a verification, a signed request.
    pub(crate) fn open(
        &self,
        path: &str,
        headers: &[(&str, String)],
        bytes: &[u8],
    ) -> Result<Answer, Failure> {
        self.fine(
            None,
            &format!("POST {path}"),
            self.sent_openly(path, headers, bytes),
        )
    }

    fn sent_openly(
        &self,
        path: &str,
        headers: &[(&str, String)],
        bytes: &[u8],
    ) -> Result<Response<ureq::Body>, ureq::Error> {
        let mut request = self.agent.post(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        request.send(bytes)
    }

    /// A request without a session that must be refused with this code; the problem.
    pub(crate) fn refused_open(
        &self,
        path: &str,
        headers: &[(&str, String)],
        bytes: &[u8],
        code: &str,
    ) -> Result<Value, Failure> {
        let request = format!("POST {path}");
        let answer = read(&request, self.sent_openly(path, headers, bytes))?;
        problem(None, &request, &answer, code)
    }

    /// A change that must be refused with this code; the problem.
    pub(crate) fn refused(
        &self,
        who: &Person,
        path: &str,
        body: &Value,
        code: &str,
    ) -> Result<Value, Failure> {
        let request = format!("POST {path}");
        let answer = read(&request, self.sent(who, path, body.to_string().as_bytes()))?;
        problem(Some(who), &request, &answer, code)
    }

    fn fine(
        &self,
        who: Option<&Person>,
        request: &str,
        answered: Result<Response<ureq::Body>, ureq::Error>,
    ) -> Result<Answer, Failure> {
        let answer = read(request, answered)?;
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        Err(unexpected(who, request, "2xx", &answer))
    }
}

fn read(request: &str, answered: Result<Response<ureq::Body>, ureq::Error>) -> Result<Answer, Failure> {
    let silent = |source| Failure::Silence {
        request: request.to_owned(),
        source,
    };
    let (parts, mut body) = answered.map_err(silent)?.into_parts();
    let body = body.with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
    Ok(Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: body.map_err(silent)?,
    })
}

fn problem(who: Option<&Person>, request: &str, answer: &Answer, code: &str) -> Result<Value, Failure> {
    let problem = answer.json();
    if problem["code"] == code {
        return Ok(problem);
    }
    Err(unexpected(who, request, code, answer))
}

fn unexpected(who: Option<&Person>, request: &str, expected: &str, answer: &Answer) -> Failure {
    Failure::Answer {
        who: who.map_or_else(|| "—".to_owned(), |who| who.account.clone()),
        request: request.to_owned(),
        expected: expected.to_owned(),
        status: answer.status,
        body: answer.text(),
    }
}
