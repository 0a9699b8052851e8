//! API clients: business systems, each with the SM2 certificate that it signs its requests with (R53).

use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gm::{Signature, Verifier as _};
use jiff::{SignedDuration, Timestamp};
use pki::{Certificate, Purpose};
use registry::{Acting, AuthorityId, Profiles, Refusal, Role, SystemId, officer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use store::{ApiClient, Change};

use super::accounts::profile_of;
use super::act::{Caller, Case, entry_about};
use super::once::{self, Once};
use super::{Error, Service};

/// Seconds by which the time of a signature may differ from ours.
pub(crate) const SIGNATURE_SECONDS_MAX: i64 = 300;

/// A business system to be entered.
#[derive(Clone, Debug)]
pub(crate) struct NewClient {
    pub(crate) authority: AuthorityId,
    pub(crate) name: String,
    pub(crate) certificate: Certificate,
}

/// What is kept of a client beside its certificate's digest.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct ClientFacts {
    authority: AuthorityId,
    /// DER in base64.
    certificate: String,
}

/// A client as it is answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KnownClient {
    pub(crate) id: SystemId,
    pub(crate) name: String,
    /// SM3 over the DER of its certificate.
    pub(crate) certificate: String,
    pub(crate) registered_at: Timestamp,
    pub(crate) blocked_at: Option<Timestamp>,
}

/// A request that claims to be signed by a client.
#[derive(Clone, Debug)]
pub(crate) struct SignedRequest {
    pub(crate) client: SystemId,
    pub(crate) created: Timestamp,
    pub(crate) nonce: String,
    /// What is signed.
    pub(crate) base: String,
    pub(crate) signature: Signature,
}

/// Why a signed request is not believed; the client is told which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignatureFault {
    /// No such client, or it is blocked.
    Client,
    /// Its certificate is not valid now.
    Certificate,
    /// Too early or too late.
    Time,
    /// The signature does not hold.
    Mismatch,
    /// The nonce was used before.
    Replayed,
}

impl Service {
    /// Enters a business system; by a security administrator of the authority or of one above.
    pub(crate) async fn enter_client(
        &self,
        caller: &Caller,
        new: NewClient,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let case = self.case(caller, once);
        let proved = self
            .verifier
            .proved_path(&new.certificate, Purpose::Signer, case.now);
        proved.map_err(|reasons| Error::SealUnusable {
            codes: reasons.iter().map(|reason| reason.code.name()).collect(),
        })?;
        let facts = ClientFacts {
            authority: new.authority,
            certificate: STANDARD.encode(new.certificate.der()),
        };
        let client = ApiClient {
            id: SystemId(self.new_id()),
            name: new.name,
            certificate: new.certificate.digest(),
            facts: serde_json::to_value(facts).map_err(|_| Error::NothingHappened)?,
            registered_at: case.now,
            blocked_at: None,
        };
        let (authority, profiles) = (new.authority, Arc::clone(&self.profiles));
        let decided = self.store.write(move |change| {
            let (case, client, profiles) = (case.clone(), client.clone(), Arc::clone(&profiles));
            Box::pin(async move {
                case.check(change).await?;
                if let Err(refusal) =
                    may_keep_clients(change, &profiles, &case, authority, "enter_client").await?
                {
                    return case.refused(change, authority, "enter_client", refusal).await;
                }
                change.put_api_client(&client).await?;
                let details = Map::from_iter([
                    ("authority".to_owned(), json!(authority)),
                    ("certificate".to_owned(), client.certificate.to_string().into()),
                ]);
                let log = entry_about(
                    &case.acting,
                    "client.entered",
                    about(client.id),
                    details,
                    case.now,
                );
                case.logged(change, &known(&client), vec![log]).await
            })
        });
        once::outcome(decided.await)
    }

    /// Ends a client's right to call, for ever.
    pub(crate) async fn block_client(
        &self,
        caller: &Caller,
        id: SystemId,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let case = self.case(caller, once);
        let profiles = Arc::clone(&self.profiles);
        let decided = self.store.write(move |change| {
            let (case, profiles) = (case.clone(), Arc::clone(&profiles));
            Box::pin(async move {
                case.check(change).await?;
                let found = change.api_client(id).await?;
                let mut client = found.ok_or(Error::NotFound { what: "client" })?;
                let authority = facts(&client)?.authority;
                if let Err(refusal) =
                    may_keep_clients(change, &profiles, &case, authority, "block_client").await?
                {
                    return case.refused(change, authority, "block_client", refusal).await;
                }
                client.blocked_at = client.blocked_at.or(Some(case.now));
                change.put_api_client(&client).await?;
                let log = entry_about(&case.acting, "client.blocked", about(id), Map::new(), case.now);
                case.logged(change, &known(&client), vec![log]).await
            })
        });
        once::outcome(decided.await)
    }

    /// Forgets nonces whose signatures nobody would believe any more.
    pub(crate) async fn forget_nonces(&self) -> Result<(), Error> {
        let now = self.outside.now();
        let forgotten = self.store.chore(move |chore| {
            Box::pin(async move { Ok::<_, Error>(chore.forget_challenges(now).await.map(drop)?) })
        });
        forgotten.await
    }

    /// Who signed a request. Its nonce serves once.
    pub(crate) async fn system_caller(
        &self,
        request: SignedRequest,
        address: Option<IpAddr>,
    ) -> Result<Caller, Error> {
        let now = self.outside.now();
        let window = SignedDuration::from_secs(SIGNATURE_SECONDS_MAX);
        if now.duration_since(request.created).abs() > window {
            return Err(SignatureFault::Time.into());
        }
        let client = self.store.read().await?.api_client(request.client).await?;
        let client = client.filter(|client| client.blocked_at.is_none());
        let client = client.ok_or(SignatureFault::Client)?;
        let certificate = certificate(&client)?;
        if !certificate.is_valid_at(now) {
            return Err(SignatureFault::Certificate.into());
        }
        let key = certificate
            .public_key()
            .map_err(|_| SignatureFault::Certificate)?;
        key.verify(request.base.as_bytes(), &request.signature)
            .map_err(|_| SignatureFault::Mismatch)?;
        // As long as the signature's time is believed, in either direction.
        let until = request.created.checked_add(window).unwrap_or(Timestamp::MAX);
        let (id, nonce) = (client.id.0, request.nonce);
        let noted = self.store.chore(move |chore| {
            let nonce = nonce.clone();
            Box::pin(async move { Ok::<_, Error>(chore.note_nonce(id, &nonce, until).await?) })
        });
        if !noted.await? {
            return Err(SignatureFault::Replayed.into());
        }
        Ok(Caller {
            acting: Acting::system(client.id, self.network_of(address)),
            account: client.id.0,
        })
    }
}

/// A security administrator of the authority or of one above, from where the profile lets them act (R7, R12).
async fn may_keep_clients(
    change: &mut Change,
    profiles: &Profiles,
    case: &Case,
    authority: AuthorityId,
    command: &'static str,
) -> Result<Result<(), Refusal>, Error> {
    let profile = profile_of(change, profiles, authority, case.now).await?;
    let lineage = change.lineage(authority).await?;
    let roles = [Role::SecurityAdministrator];
    let held = officer(&profile, &case.acting, command, (&roles, &lineage), case.now);
    Ok(held.map(drop))
}

fn about(id: SystemId) -> audit::Subject {
    audit::Subject {
        kind: "client".into(),
        id: id.to_string(),
    }
}

fn facts(client: &ApiClient) -> Result<ClientFacts, Error> {
    serde_json::from_value(client.facts.clone()).map_err(|_| Error::Damaged { what: "a client" })
}

fn certificate(client: &ApiClient) -> Result<Certificate, Error> {
    let damaged = Error::Damaged {
        what: "a client's certificate",
    };
    let der = STANDARD.decode(facts(client)?.certificate);
    match der.ok().and_then(|der| Certificate::read(&der).ok()) {
        Some(certificate) => Ok(certificate),
        None => Err(damaged),
    }
}

fn known(client: &ApiClient) -> KnownClient {
    KnownClient {
        id: client.id,
        name: client.name.clone(),
        certificate: client.certificate.to_string(),
        registered_at: client.registered_at,
        blocked_at: client.blocked_at,
    }
}

/// The authority that answers for a client, and the end of its certificate.
pub(super) fn authority_and_end(client: &ApiClient) -> Result<(AuthorityId, Timestamp), Error> {
    Ok((facts(client)?.authority, certificate(client)?.not_after()))
}
