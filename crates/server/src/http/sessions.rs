//! Sessions: `POST /api/sessions` signs in, `GET` and `DELETE /api/session` look at it and end it; certificates that
//! sign in.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::answer::{json, json_with, no_content};
use super::call::Call;
use super::problem::Problem;
use crate::app::{Credentials, Proof, SecondFactor, Service};

/// What somebody signs in with.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// The account's name.
    account: String,
    /// Its password.
    password: String,
    /// The six digits of the authenticator; either these or `proof`.
    #[serde(default)]
    code: Option<String>,
    /// The answer to a challenge with the account's certificate.
    #[serde(default)]
    proof: Option<CertificateProof>,
    /// To be the password from now on; needed when the old one is too old.
    #[serde(default)]
    new_password: Option<String>,
}

/// A challenge signed with a certificate's key.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CertificateProof {
    /// The certificate in DER, as base64.
    certificate: String,
    /// From `GET /api/session-challenge`.
    challenge: String,
    /// SM2 with SM3 (GB/T 35276, default identity) over four lines, as base64 of the DER: `yinxin sign-in` (or
    /// `yinxin certificate` when the certificate is set), the origin, the account's name, the challenge.
    signature: String,
}

/// What is to be signed.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ChallengeView {
    /// Serves once.
    challenge: String,
    /// The name of this installation, which is signed along.
    origin: String,
    /// Until when it can be answered.
    ends_at: String,
}

/// A session that was begun.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SessionBegun {
    /// To be sent as `Authorization: Bearer`; shown this once.
    token: String,
    /// When it ends in any case.
    ends_at: String,
}

/// Who the session belongs to.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SessionView {
    /// The account's identifier.
    account: String,
    /// The person's identifier.
    person: Option<String>,
    /// The network that the request came from: `government_extranet`, `office` or `internet`.
    network: String,
    /// The roles in force.
    roles: Vec<RoleView>,
}

/// A role that somebody holds.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RoleView {
    /// Its stable name.
    role: String,
    /// Where: a kind (`unit`, `authority`, `system`) and an identifier.
    scope: serde_json::Value,
}

pub(crate) async fn begin(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let address = call.address;
    let wanted: SignIn = call.json().await?;
    let second = match (wanted.code, wanted.proof) {
        (Some(code), None) => SecondFactor::Code(code),
        (None, Some(proof)) => SecondFactor::Certificate(proof.read()?),
        _ => return Err(Problem::bad_body("code, proof")),
    };
    let credentials = Credentials {
        account: wanted.account,
        password: Zeroizing::new(wanted.password),
        second,
        new_password: wanted.new_password.map(Zeroizing::new),
    };
    let begun = service.sign_in(credentials, address).await?;
    let view = SessionBegun {
        token: begun.token.to_string(),
        ends_at: begun.ends_at.to_string(),
    };
    json_with(StatusCode::CREATED, &view)
}

impl CertificateProof {
    fn read(self) -> Result<Proof, Problem> {
        let decode = |text: &str, field| STANDARD.decode(text).map_err(|_| Problem::bad_body(field));
        Ok(Proof {
            certificate: decode(&self.certificate, "proof.certificate")?,
            signature: decode(&self.signature, "proof.signature")?,
            challenge: self.challenge,
        })
    }
}

pub(crate) async fn challenge(service: Arc<Service>) -> Result<Response, Problem> {
    let challenge = service.challenge();
    json(&ChallengeView {
        challenge: challenge.text,
        origin: challenge.origin,
        ends_at: challenge.ends_at.to_string(),
    })
}

pub(crate) async fn set_certificate(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let caller = call.caller()?.clone();
    let proof: CertificateProof = call.json().await?;
    service.set_certificate(&caller, &proof.read()?).await?;
    Ok(no_content())
}

pub(crate) async fn remove_certificate(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    service.remove_certificate(call.caller()?).await?;
    Ok(no_content())
}

pub(crate) async fn show(call: Call) -> Result<Response, Problem> {
    let caller = call.caller()?;
    let in_force = caller
        .acting
        .appointments
        .iter()
        .filter(|held| held.holds(call.now));
    let role = |held: &registry::Appointment| RoleView {
        role: held.role.name().to_owned(),
        scope: serde_json::to_value(held.scope).unwrap_or_default(),
    };
    json(&SessionView {
        account: caller.account.to_string(),
        person: caller.acting.person().map(|person| person.to_string()),
        network: caller.acting.network.name().to_owned(),
        roles: in_force.map(role).collect(),
    })
}

pub(crate) async fn end(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let token = call.bearer().ok_or_else(Problem::no_session)?;
    service.sign_out(token, call.caller()?).await?;
    Ok(no_content())
}
