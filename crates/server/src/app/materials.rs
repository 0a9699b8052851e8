//! Materials of an application, and the registered impression that its image is compared with.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::BoxStream;
use gm::Digest;
use registry::application::{Material, MaterialKind, MaterialSource};
use registry::{Application, ApplicationCommand, ApplicationId, Digest32, Role, officer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::StoredDocument;

use super::accounts::profile_of;
use super::act::{Caller, entry};
use super::applications::digest_of;
use super::once::{self, Once};
use super::registered::submitted_by;
use super::{Error, Service};

/// Largest material, in bytes.
pub(crate) const MATERIAL_BYTES_MAX: u64 = 32 << 20;
/// Largest image of an impression, in bytes.
pub(crate) const IMPRESSION_BYTES_MAX: u64 = 4 << 20;

/// How the impression asked for was compared with the registered one (R34): what a reviewer decides from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Compared {
    /// SM3 over the registered impression's image.
    pub(crate) registered: Digest32,
    /// SM3 over the image that was handed in.
    pub(crate) submitted: Digest32,
    /// 0 to 1000.
    pub(crate) score_per_mille: u16,
    /// `same`, `look` or `different`: what was measured, which decides nothing.
    pub(crate) measured: String,
    /// SM3 over the report, a page of HTML with the pictures of the differences.
    pub(crate) report: Digest32,
    /// Places of the differences, by the clock: in Chinese and in English.
    #[serde(default)]
    pub(crate) places: Vec<[String; 2]>,
    /// Everything that was measured, the worst first.
    #[serde(default)]
    pub(crate) measures: Vec<MeasureFound>,
}

/// One measure of a comparison with its limits; decimal numbers as text, since entries of the log hold no fractions.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct MeasureFound {
    /// In Chinese and in English.
    pub(crate) name: [String; 2],
    /// Greater is more different.
    pub(crate) value: String,
    /// Up to this it speaks for the same impression.
    pub(crate) same_max: String,
    /// From this it speaks for another impression; none where it never decides alone.
    pub(crate) different_min: Option<String>,
    /// `same`, `look` or `different`: what it says alone.
    pub(crate) says: String,
}

/// What a comparison measured.
pub(crate) struct Measured {
    /// 0 to 1000.
    pub(crate) score_per_mille: u16,
    /// `same`, `look` or `different`.
    pub(crate) verdict: String,
    /// The report as a page of HTML.
    pub(crate) html: String,
    /// See [`Compared::places`].
    pub(crate) places: Vec<[String; 2]>,
    /// See [`Compared::measures`].
    pub(crate) measures: Vec<MeasureFound>,
}

impl Service {
    /// Keeps bytes under their digest.
    pub(crate) async fn keep_document(&self, bytes: Vec<u8>) -> Result<Digest32, Error> {
        let bytes_max = bytes.len() as u64;
        let stream = futures_util::stream::iter([Ok::<_, io::Error>(Bytes::from(bytes))]);
        let stored = self.documents.put(stream, bytes_max, self.new_id()).await?;
        Ok(Digest32(stored.digest.0))
    }

    /// Receives bytes under their digest.
    pub(crate) async fn receive_document<S>(&self, bytes: S, bytes_max: u64) -> Result<StoredDocument, Error>
    where
        S: Stream<Item = io::Result<Bytes>> + Send,
    {
        Ok(self.documents.put(bytes, bytes_max, self.new_id()).await?)
    }

    /// Whether the caller may hand something in; whoever may not is refused before anything is received.
    pub(crate) async fn may_hand_in(&self, caller: &Caller, id: ApplicationId) -> Result<bool, Error> {
        let found = self.readable_application(caller, id).await?;
        Ok(caller.acting.person() == Some(found.agent))
    }

    /// Adds a stored document to an application (R18 to R23).
    pub(crate) async fn add_material(
        &self,
        caller: &Caller,
        id: ApplicationId,
        (kind, digest): (MaterialKind, Digest32),
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let material = Material {
            kind,
            digest,
            source: MaterialSource::Applicant,
        };
        let command = ApplicationCommand::AddMaterial { material };
        self.command_application(self.case(caller, once), id, command)
            .await
    }

    /// A document of an application, for those who may read the application. That somebody read it is logged.
    pub(crate) async fn material(
        &self,
        caller: &Caller,
        id: ApplicationId,
        digest: Digest32,
    ) -> Result<BoxStream<'static, io::Result<Bytes>>, Error> {
        let found = self.readable_application(caller, id).await?;
        let compared = self.comparison(id).await?;
        let evidence = compared
            .iter()
            .flat_map(|compared| [compared.registered, compared.report]);
        let fetched = self.fetched(&found).await?;
        let beside = self.beside(caller, id).await?;
        let beside = beside
            .iter()
            .flat_map(|one| one.report.into_iter().chain([one.other]));
        let declared = found.declaration.iter().map(|declaration| declaration.text);
        let mut known = found
            .materials
            .iter()
            .map(|material| material.digest)
            .chain(evidence)
            .chain(declared)
            .chain(fetched)
            .chain(beside);
        if !known.any(|one| one == digest) {
            return Err(Error::NotFound { what: "material" });
        }
        let stream = self.documents.get(&Digest(digest.0)).await?;
        let details = Map::from_iter([("material".to_owned(), digest.to_string().into())]);
        let read = entry(
            &caller.acting,
            "application.material_read",
            id,
            details,
            self.outside.now(),
        );
        self.store
            .write(move |_| {
                let read = read.clone();
                Box::pin(async move { Ok::<_, Error>(((), read.into())) })
            })
            .await?;
        Ok(stream)
    }

    /// The report of an application's newest comparison. That somebody read it is logged.
    pub(crate) async fn comparison_report(
        &self,
        caller: &Caller,
        id: ApplicationId,
    ) -> Result<BoxStream<'static, io::Result<Bytes>>, Error> {
        // Whoever may not read the application does not learn whether it was compared.
        self.readable_application(caller, id).await?;
        let compared = self.comparison(id).await?;
        let compared = compared.ok_or(Error::NotFound { what: "comparison" })?;
        self.material(caller, id, compared.report).await
    }

    /// The newest comparison of an application's impression.
    pub(crate) async fn comparison(&self, id: ApplicationId) -> Result<Option<Compared>, Error> {
        let kept = self.store.read().await?.setting(&setting(id)).await?;
        kept.map(|kept| {
            serde_json::from_value(kept.value).map_err(|_| Error::Damaged { what: "a comparison" })
        })
        .transpose()
    }

    /// Compares the registered impression, whose image is stored, with the one that an application hands in (R34).
    /// By a reviewer or a maker; what was measured is evidence, the decision is theirs.
    pub(crate) async fn compare_impression(
        &self,
        caller: &Caller,
        id: ApplicationId,
        registered: Digest32,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let found = self.readable_application(caller, id).await?;
        // Whoever may not compare costs no comparison.
        self.may_compare(caller, &found, once.clone()).await?;
        let fetched = self.fetched(&found).await?;
        let submitted = submitted_by(&found, fetched).ok_or(Error::NotFound { what: "impression" })?;
        let bytes_max = IMPRESSION_BYTES_MAX as usize;
        let first = self.documents.read(&Digest(registered.0), bytes_max).await?;
        let second = self.documents.read(&Digest(submitted.0), bytes_max).await?;
        let measured = self.hashing(move || measure(&first, &second)).await??;
        let compared = Compared {
            registered,
            submitted,
            score_per_mille: measured.score_per_mille,
            measured: measured.verdict,
            report: self.keep_document(measured.html.into_bytes()).await?,
            places: measured.places,
            measures: measured.measures,
        };
        let case = self.case(caller, once);
        let decided = self.store.write(move |change| {
            let (case, compared) = (case.clone(), compared.clone());
            Box::pin(async move {
                case.check(change).await?;
                let before = change.setting(&setting(id)).await?.map_or(0, |kept| kept.version);
                let value = serde_json::to_value(&compared).map_err(|_| Error::NothingHappened)?;
                change.put_setting(&setting(id), before, &value, case.now).await?;
                let Value::Object(details) = value else {
                    return Err(Error::NothingHappened);
                };
                let log = entry(&case.acting, "application.compared", id, details, case.now);
                case.logged(change, &compared, vec![log]).await
            })
        });
        once::outcome(decided.await)
    }
}

impl Service {
    /// A reviewer or a maker of the application's authority; a refusal is recorded.
    pub(crate) async fn may_compare(
        &self,
        caller: &Caller,
        application: &Application,
        once: Once,
    ) -> Result<(), Error> {
        let (case, profiles) = (self.case(caller, once), Arc::clone(&self.profiles));
        let (id, authority) = (application.id, application.authority);
        let decided = self.store.write(move |change| {
            let (case, profiles) = (case.clone(), Arc::clone(&profiles));
            Box::pin(async move {
                let profile = profile_of(change, &profiles, authority, case.now).await?;
                let asked = (&[Role::Reviewer, Role::Maker][..], &[authority][..]);
                match officer(&profile, &case.acting, "compare", asked, case.now) {
                    Ok(_) => Err(Error::Rehearsed),
                    Err(refusal) => case.refused(change, id, "compare", refusal).await,
                }
            })
        });
        match once::outcome(decided.await) {
            Err(Error::Rehearsed) => Ok(()),
            other => other.map(drop),
        }
    }
}

/// Where the newest comparison of an application is kept.
fn setting(id: ApplicationId) -> String {
    format!("comparison/{id}")
}

/// Score, verdict, report and places of the measured comparison.
pub(crate) fn measure(registered: &[u8], submitted: &[u8]) -> Result<Measured, Error> {
    let unreadable = |error: impression::Error| Error::Picture {
        reason: error.to_string(),
    };
    let first = impression::Impression::read(registered, None).map_err(unreadable)?;
    let second = impression::Impression::read(submitted, None).map_err(unreadable)?;
    let comparison = impression::compare(&first, &second);
    let (one, other) = (
        digest_of(registered).to_string(),
        digest_of(submitted).to_string(),
    );
    let titles = impression::ReportTitles {
        registered: &one,
        submitted: &other,
    };
    let html = impression::report(&comparison, &first, &second, titles).map_err(unreadable)?;
    let says = |verdict| match verdict {
        impression::Verdict::Same => "same".to_owned(),
        impression::Verdict::Look => "look".to_owned(),
        impression::Verdict::Different => "different".to_owned(),
    };
    let decimal = |number: f64| format!("{number:.3}");
    let measures = comparison.measures.iter().map(|measure| MeasureFound {
        name: <[&str; 2]>::from(measure.kind.words()).map(str::to_owned),
        value: decimal(measure.value),
        same_max: decimal(measure.same_max),
        different_min: measure.different_min.map(decimal),
        says: says(measure.verdict()),
    });
    // Between 0 and 1 by its definition; what is not a number counts as nothing.
    let score = (comparison.similarity.clamp(0.0, 1.0) * 1000.0).round() as u16;
    let places = comparison.regions.iter().map(|place| {
        let (zh, en) = place.words();
        [zh, en]
    });
    Ok(Measured {
        score_per_mille: score,
        verdict: says(comparison.verdict),
        html,
        places: places.collect(),
        measures: measures.collect(),
    })
}
