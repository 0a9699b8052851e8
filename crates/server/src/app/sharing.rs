//! Evidence that the data-sharing platform has is fetched there, and not asked of the applicant again (R23).

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use registry::application::{
    ApplicationStatus, Ask, Material, MaterialKind, MaterialSource, RegisteredImpression,
};
use registry::{
    Acting, Application, ApplicationCommand, ApplicationFacts, ApplicationId, Digest32, Profiles, application,
};
use serde_json::Map;
use store::{Change, Entries};

use super::accounts::profile_of;
use super::act::{Caller, entries, entry, in_order, recorded};
use super::materials::MATERIAL_BYTES_MAX;
use super::outgoing::{self, Pulled};
use super::{Error, Service};

impl Service {
    /// Fetches what an application that its agent is about to hand in still needs, and the platform may have. What
    /// cannot be fetched is noted with the reason, and is the applicant's to hand in.
    pub(crate) async fn pull_materials(&self, caller: &Caller, id: ApplicationId) -> Result<(), Error> {
        let Some(address) = self.config.sharing.platform.clone() else {
            return Ok(());
        };
        let Some((code, kinds)) = self.lacking(caller, id).await? else {
            return Ok(());
        };
        let limits = (
            MATERIAL_BYTES_MAX,
            Duration::from_secs(self.config.sharing.timeout_seconds),
        );
        for kind in kinds {
            let question = [("unit", code.clone()), ("kind", kind.name().to_owned())];
            let address = address.clone();
            let work = tokio::task::spawn_blocking(move || outgoing::pull(&address, &question, limits));
            match work.await.map_err(|_| Error::Ended)? {
                Pulled::Found { bytes, .. } => {
                    let digest = self.keep_document(bytes).await?;
                    self.add_pulled(id, kind, digest).await?;
                }
                Pulled::Nothing => self.not_pulled(id, kind, "the platform has none").await?,
                Pulled::Failed { reason } => {
                    // Whoever does not answer once is not waited for again.
                    return self.not_pulled(id, kind, &reason).await;
                }
            }
        }
        Ok(())
    }

    /// The credit code of the unit, and what its application needs, has not, and the platform is asked for.
    async fn lacking(
        &self,
        caller: &Caller,
        id: ApplicationId,
    ) -> Result<Option<(String, Vec<MaterialKind>)>, Error> {
        let mut reader = self.store.read().await?;
        let found = reader.application(id).await?.state;
        let found = found.ok_or(Error::NotFound { what: "application" })?;
        let open = matches!(
            found.status,
            ApplicationStatus::Draft | ApplicationStatus::Returned
        );
        let unit = match found.unit {
            Some(unit) if open && caller.acting.person() == Some(found.agent) => {
                reader.unit(unit).await?.state
            }
            _ => None,
        };
        let kind = match &found.ask {
            Ask::Make { seal } => Some(seal.kind),
            ask => match ask.seal() {
                Some(seal) => reader.seal(seal).await?.state.map(|seal| seal.kind),
                None => None,
            },
        };
        let authority = reader.authority(found.authority).await?.state;
        let (Some(unit), Some(kind), Some(authority)) = (unit, kind, authority) else {
            return Ok(None);
        };
        let profile = self.profiles.in_force(&authority.profile, self.outside.now())?;
        let mut needed = profile.needed_materials(found.ask.kind(), kind.class(), found.ask.reason());
        needed.extend(&found.supplements);
        let lacks = |kind: &MaterialKind| {
            needed.contains(kind) && !found.materials.iter().any(|there| there.kind == *kind)
        };
        let kinds: Vec<_> = self.config.sharing.kinds.iter().copied().filter(lacks).collect();
        Ok(Some((unit.code.as_str().to_owned(), kinds)))
    }

    async fn add_pulled(&self, id: ApplicationId, kind: MaterialKind, digest: Digest32) -> Result<(), Error> {
        let (now, profiles) = (self.outside.now(), Arc::clone(&self.profiles));
        let written = self.store.write(move |change| {
            let profiles = Arc::clone(&profiles);
            let material = Material {
                kind,
                digest,
                source: MaterialSource::DataSharing,
            };
            Box::pin(async move { Ok(((), add(change, &profiles, (id, material), now).await?)) })
        });
        match written.await {
            // Handed in by another request in the meantime.
            Err(Error::Refused(_)) => Ok(()),
            other => other,
        }
    }

    async fn not_pulled(&self, id: ApplicationId, kind: MaterialKind, reason: &str) -> Result<(), Error> {
        let details = Map::from_iter([
            ("material".to_owned(), kind.name().into()),
            ("reason".to_owned(), reason.into()),
        ]);
        let act = "application.material_not_shared";
        let log = entry(&Acting::service(), act, id, details, self.outside.now());
        let written = self.store.write(move |_| {
            let log = log.clone();
            Box::pin(async move { Ok::<_, Error>(((), log.into())) })
        });
        written.await
    }
}

/// The service adds what it fetched.
async fn add(
    change: &mut Change,
    profiles: &Profiles,
    (id, material): (ApplicationId, Material),
    now: Timestamp,
) -> Result<Entries, Error> {
    let acting = Acting::service();
    let current = change.application(id).await?;
    let found: &Application = current
        .state
        .as_ref()
        .ok_or(Error::NotFound { what: "application" })?;
    let facts = ApplicationFacts {
        profile: &profile_of(change, profiles, found.authority, now).await?,
        acting: &acting,
        authority: None,
        lineage: &[],
        unit: None,
        seal: None,
        claims: &[],
        connector: &[],
        registered: &RegisteredImpression::Unreachable,
    };
    let command = ApplicationCommand::AddMaterial { material };
    let events = application::decide(current.state.as_ref(), &facts, &command, now)?;
    change
        .record_application(id, current, &events, &recorded(&acting, now))
        .await?;
    in_order(entries(&acting, id, &events, now)?)
}
