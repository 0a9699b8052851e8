//! API clients: business systems, each with the SM2 certificate that it signs its requests with (R53).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gm::{Signature, Verifier as _};
use jiff::{SignedDuration, Timestamp};
use pki::{Certificate, Purpose};
use registry::{Acting, AuthorityId, Profiles, Refusal, Role, Scope, SystemId, officer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::{ApiClient, Change, Page, Reader};

use super::accounts::profile_of;
use super::act::{Caller, Case, entry_about};
use super::networks::{elsewhere, not_from};
use super::once::{self, Once};
use super::policies::OFFICER_ROLES;
use super::sign_in::later;
use super::{Error, Service};
use crate::subnet::Subnet;

/// Seconds by which the time of a signature may differ from ours.
pub(crate) const SIGNATURE_SECONDS_MAX: i64 = 300;
/// Days for which a certificate serves beside the one that follows it, at most.
pub(crate) const OVERLAP_DAYS_MAX: u64 = 90;

/// A business system to be entered.
#[derive(Clone, Debug)]
pub(crate) struct NewClient {
    pub(crate) authority: AuthorityId,
    pub(crate) name: String,
    pub(crate) certificate: Certificate,
    pub(crate) networks: Vec<Subnet>,
}

/// What is changed of a client.
#[derive(Clone, Debug)]
pub(crate) enum ClientStep {
    Rename {
        name: String,
    },
    /// Only from these it may call; from everywhere if there are none.
    SetNetworks {
        networks: Vec<Subnet>,
    },
    /// A new certificate; the old one serves until an instant, so that the system can be changed over at leisure.
    RenewCertificate {
        certificate: Box<Certificate>,
        old_until: Timestamp,
    },
    /// For ever.
    Block,
}

impl ClientStep {
    fn name(&self) -> &'static str {
        match self {
            Self::Rename { .. } => "rename_client",
            Self::SetNetworks { .. } => "set_client_networks",
            Self::RenewCertificate { .. } => "renew_client_certificate",
            Self::Block => "block_client",
        }
    }

    fn act(&self) -> &'static str {
        match self {
            Self::Rename { .. } => "client.renamed",
            Self::SetNetworks { .. } => "client.networks_set",
            Self::RenewCertificate { .. } => "client.certificate_renewed",
            Self::Block => "client.blocked",
        }
    }
}

/// What is kept of a client beside its certificate's digest.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct ClientFacts {
    authority: AuthorityId,
    /// DER in base64.
    certificate: String,
    /// Subnets from which it may call; from everywhere when empty.
    #[serde(default)]
    networks: Vec<String>,
    /// The certificate before, as long as it serves.
    #[serde(default)]
    former: Option<Former>,
}

/// A certificate that was renewed and still serves for a time.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Former {
    /// DER in base64.
    certificate: String,
    until: Timestamp,
}

/// A client as it is answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KnownClient {
    pub(crate) id: SystemId,
    pub(crate) authority: AuthorityId,
    pub(crate) name: String,
    /// SM3 over the DER of its certificate.
    pub(crate) certificate: String,
    pub(crate) not_after: Timestamp,
    /// Until when the certificate before serves.
    pub(crate) former_until: Option<Timestamp>,
    pub(crate) networks: Vec<String>,
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
        self.may_sign(&new.certificate, case.now)?;
        let facts = ClientFacts {
            authority: new.authority,
            certificate: STANDARD.encode(new.certificate.der()),
            networks: texts(&new.networks),
            former: None,
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
                case.logged(change, &known(&client)?, vec![log]).await
            })
        });
        once::outcome(decided.await)
    }

    /// Changes a client or ends its right to call; by a security administrator of its authority or of one above.
    pub(crate) async fn change_client(
        &self,
        caller: &Caller,
        id: SystemId,
        step: ClientStep,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let case = self.case(caller, once);
        if let ClientStep::RenewCertificate { certificate, .. } = &step {
            self.may_sign(certificate, case.now)?;
        }
        let profiles = Arc::clone(&self.profiles);
        let decided = self.store.write(move |change| {
            let (case, step, profiles) = (case.clone(), step.clone(), Arc::clone(&profiles));
            Box::pin(async move {
                case.check(change).await?;
                let found = change.api_client(id).await?;
                let mut client = found.ok_or(Error::NotFound { what: "client" })?;
                let authority = facts(&client)?.authority;
                if let Err(refusal) =
                    may_keep_clients(change, &profiles, &case, authority, step.name()).await?
                {
                    return case.refused(change, authority, step.name(), refusal).await;
                }
                let details = apply(&mut client, &step, case.now)?;
                change.put_api_client(&client).await?;
                let log = entry_about(&case.acting, step.act(), about(id), details, case.now);
                case.logged(change, &known(&client)?, vec![log]).await
            })
        });
        once::outcome(decided.await)
    }

    /// A client, for those who look after its authority.
    pub(crate) async fn client(&self, caller: &Caller, id: SystemId) -> Result<KnownClient, Error> {
        let mut reader = self.store.read().await?;
        let missing = || Error::NotFound { what: "client" };
        let client = reader.api_client(id).await?.ok_or_else(missing)?;
        let now = self.outside.now();
        if sees(&mut reader, &caller.acting, &client, now).await? {
            known(&client)
        } else {
            Err(missing())
        }
    }

    /// The clients that the caller looks after, in the order of their registration.
    pub(crate) async fn clients(
        &self,
        caller: &Caller,
        page: Page<SystemId>,
    ) -> Result<Vec<KnownClient>, Error> {
        let now = self.outside.now();
        let mut reader = self.store.read().await?;
        let (mut after, mut seen) = (page.after, Vec::new());
        loop {
            let look = Page {
                after,
                limit: store::PAGE_MAX,
            };
            let clients = reader.api_clients(look).await?;
            for client in &clients {
                if seen.len() as u64 == u64::from(page.limit) {
                    return Ok(seen);
                }
                if sees(&mut reader, &caller.acting, client, now).await? {
                    seen.push(known(client)?);
                }
            }
            match clients.last() {
                Some(last) if clients.len() as u64 == u64::from(store::PAGE_MAX) => after = Some(last.id),
                _ => return Ok(seen),
            }
        }
    }

    /// How systems are called, for those who may see what names them; nothing else of them is told. Those are left out
    /// that were never entered here.
    pub(crate) async fn system_names(
        &self,
        systems: impl IntoIterator<Item = SystemId>,
    ) -> Result<BTreeMap<SystemId, String>, Error> {
        let mut reader = self.store.read().await?;
        let mut names = BTreeMap::new();
        for system in systems.into_iter().collect::<BTreeSet<_>>() {
            if let Some(client) = reader.api_client(system).await? {
                names.insert(system, client.name);
            }
        }
        Ok(names)
    }

    /// The systems that a unit can grant something to: all that may still call, by name.
    pub(crate) async fn grantable_systems(&self) -> Result<Vec<(SystemId, String)>, Error> {
        let mut reader = self.store.read().await?;
        let (mut after, mut systems) = (None, Vec::new());
        loop {
            let look = Page {
                after,
                limit: store::PAGE_MAX,
            };
            let clients = reader.api_clients(look).await?;
            after = clients.last().map(|last| last.id);
            let full = clients.len() as u64 == u64::from(store::PAGE_MAX);
            let callable = clients.into_iter().filter(|client| client.blocked_at.is_none());
            systems.extend(callable.map(|client| (client.id, client.name)));
            if !full {
                systems.sort_by(|one, other| one.1.cmp(&other.1));
                return Ok(systems);
            }
        }
    }

    /// A certificate may sign requests: it leads to a trusted one, and is valid and not revoked now.
    fn may_sign(&self, certificate: &Certificate, now: Timestamp) -> Result<(), Error> {
        let proved = self.verifier.proved_path(certificate, Purpose::Signer, now);
        let unusable = |reasons: Vec<sealing::Reason>| Error::SealUnusable {
            codes: reasons.iter().map(|reason| reason.code.name()).collect(),
        };
        proved.map(drop).map_err(unusable)
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
        signed(&client, &request, now)?;
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
        self.let_system_in(&client, address, now).await
    }

    /// Whose certificate this is, of which a proxy says that its owner proved to have the key (mutual TLS).
    ///
    /// It is the one that is entered now: in the time in which two serve, the former one only signs.
    pub(crate) async fn certified_system(
        &self,
        der: &[u8],
        address: Option<IpAddr>,
    ) -> Result<Caller, Error> {
        let now = self.outside.now();
        let found = self
            .store
            .read()
            .await?
            .api_client_by_certificate(&gm::sm3(der))
            .await?;
        let client = found.filter(|client| client.blocked_at.is_none());
        let client = client.ok_or(SignatureFault::Client)?;
        if !certificate(&client)?.is_valid_at(now) {
            return Err(SignatureFault::Certificate.into());
        }
        self.let_system_in(&client, address, now).await
    }

    /// A system that proved who it is, if it may call from there (R7).
    async fn let_system_in(
        &self,
        client: &ApiClient,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Caller, Error> {
        if let Some(from) = elsewhere(&facts(client)?.networks, address) {
            return Err(self.refuse_system(client, from, now).await);
        }
        Ok(Caller {
            acting: Acting::system(client.id, self.network_of(address)),
            account: client.id.0,
            address,
        })
    }

    /// A request that was signed well and came from where its system may not call (R7).
    async fn refuse_system(&self, client: &ApiClient, from: String, now: Timestamp) -> Error {
        let refuse = async {
            let authority = facts(client)?.authority;
            let found = self.store.read().await?.authority(authority).await?.state;
            let found = found.ok_or(Error::Damaged {
                what: "a client's authority",
            })?;
            let profile = self.profiles.in_force(&found.profile, now)?;
            let acting = Acting::system(client.id, registry::Network::Internet);
            let refused = ("call", not_from(&profile, from));
            self.record_refusal(&acting, authority, refused).await
        };
        match refuse.await {
            Err(error) => error,
            Ok(()) => SignatureFault::Client.into(),
        }
    }
}

/// Believes a signature by the client's certificate, or by the one before as long as that serves.
fn signed(client: &ApiClient, request: &SignedRequest, now: Timestamp) -> Result<(), Error> {
    let present = certificate(client)?;
    let former = facts(client)?.former.filter(|former| now < former.until);
    let former = former
        .map(|former| read_certificate(&former.certificate))
        .transpose()?;
    let mut fault = SignatureFault::Certificate;
    for certificate in [Some(present), former].into_iter().flatten() {
        let key = certificate
            .public_key()
            .ok()
            .filter(|_| certificate.is_valid_at(now));
        let Some(key) = key else { continue };
        if key.verify(request.base.as_bytes(), &request.signature).is_ok() {
            return Ok(());
        }
        fault = SignatureFault::Mismatch;
    }
    Err(fault.into())
}

/// Carries a step out; what the log says of it.
fn apply(client: &mut ApiClient, step: &ClientStep, now: Timestamp) -> Result<Map<String, Value>, Error> {
    let mut kept = facts(client)?;
    let details = match step {
        ClientStep::Rename { name } => {
            client.name.clone_from(name);
            Map::new()
        }
        ClientStep::SetNetworks { networks } => {
            kept.networks = texts(networks);
            Map::from_iter([("networks".to_owned(), json!(kept.networks))])
        }
        ClientStep::RenewCertificate {
            certificate,
            old_until,
        } => {
            let longest = later(now, OVERLAP_DAYS_MAX * 86_400);
            let until = (*old_until).min(longest);
            kept.former = Some(Former {
                certificate: kept.certificate,
                until,
            });
            kept.certificate = STANDARD.encode(certificate.der());
            client.certificate = certificate.digest();
            Map::from_iter([
                ("certificate".to_owned(), client.certificate.to_string().into()),
                ("old_until".to_owned(), until.to_string().into()),
            ])
        }
        ClientStep::Block => {
            client.blocked_at = client.blocked_at.or(Some(now));
            Map::new()
        }
    };
    client.facts = serde_json::to_value(kept).map_err(|_| Error::NothingHappened)?;
    Ok(details)
}

/// Officers of the authority and above, and who owns the platform.
async fn sees(
    reader: &mut Reader,
    acting: &Acting,
    client: &ApiClient,
    now: Timestamp,
) -> Result<bool, Error> {
    let lineage = reader.lineage(facts(client)?.authority).await?;
    let owner = Scope::System(client.id);
    Ok(acting.holds_in(&OFFICER_ROLES, &lineage, now) || acting.holds(Role::PlatformOwner, owner, now))
}

fn texts(networks: &[Subnet]) -> Vec<String> {
    networks.iter().map(Subnet::to_string).collect()
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
    read_certificate(&facts(client)?.certificate)
}

fn read_certificate(text: &str) -> Result<Certificate, Error> {
    let der = STANDARD.decode(text).ok();
    let certificate = der.and_then(|der| Certificate::read(&der).ok());
    certificate.ok_or(Error::Damaged {
        what: "a client's certificate",
    })
}

fn known(client: &ApiClient) -> Result<KnownClient, Error> {
    let kept = facts(client)?;
    Ok(KnownClient {
        id: client.id,
        authority: kept.authority,
        name: client.name.clone(),
        certificate: client.certificate.to_string(),
        not_after: certificate(client)?.not_after(),
        former_until: kept.former.map(|former| former.until),
        networks: kept.networks,
        registered_at: client.registered_at,
        blocked_at: client.blocked_at,
    })
}

/// The authority that answers for a client, and the end of its certificate.
pub(super) fn authority_and_end(client: &ApiClient) -> Result<(AuthorityId, Timestamp), Error> {
    Ok((facts(client)?.authority, certificate(client)?.not_after()))
}
