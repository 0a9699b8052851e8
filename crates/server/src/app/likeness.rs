//! Seals of one kind have different impressions (R28): the image asked for is laid beside those of the owner's other
//! seals of the kind, and where the machine cannot tell, a person decides.

use std::sync::Arc;

use jiff::Timestamp;
use registry::application::{Ask, Claim};
use registry::seal::Verdict;
use registry::{Application, ApplicationId, Digest32, Likeness, PersonId, Role, SealKind, Subject, officer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{Change, Reader};

use super::accounts::profile_of;
use super::act::{Caller, entry};
use super::applications::claims;
use super::materials::{IMPRESSION_BYTES_MAX, measure};
use super::once::{self, Once};
use super::registered::impression_of;
use super::{Error, Service};

/// How the impression asked for looks beside that of another seal, or of another application, of the owner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Beside {
    /// The other seal or application.
    pub(crate) against: Subject,
    /// SM3 over its image.
    pub(crate) other: Digest32,
    /// SM3 over the image asked for.
    pub(crate) submitted: Digest32,
    /// `same`, `look` or `different`; `unreadable` where an image cannot be read.
    pub(crate) measured: String,
    /// 0 to 1000.
    pub(crate) score_per_mille: u16,
    /// SM3 over the report, a page of HTML; none where nothing could be compared.
    pub(crate) report: Option<Digest32>,
    /// What a person decided.
    pub(crate) decided: Option<DecidedBeside>,
}

/// What a person decided from a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DecidedBeside {
    pub(crate) verdict: Verdict,
    pub(crate) reason: String,
    pub(crate) by: PersonId,
    pub(crate) at: Timestamp,
}

/// A person's decision about one comparison.
#[derive(Clone, Debug)]
pub(crate) struct BesideVerdict {
    /// Identifier of the other seal or application.
    pub(crate) against: uuid::Uuid,
    pub(crate) verdict: Verdict,
    pub(crate) reason: String,
}

/// Other seals that an image is compared with at most: each takes a good part of a second. Beyond them, code and
/// digest decide.
const BESIDE_MAX: usize = 16;

impl Beside {
    /// What the rules are told of it: the machine where it is sure, otherwise a person.
    fn likeness(&self) -> Likeness {
        match (
            self.measured.as_str(),
            self.decided.as_ref().map(|decided| decided.verdict),
        ) {
            ("same", _) | (_, Some(Verdict::Same)) => Likeness::Same,
            ("different", _) | (_, Some(Verdict::Different)) => Likeness::Different,
            (_, None) => Likeness::Undecided,
        }
    }
}

impl Service {
    /// Compares what was not compared yet, and keeps what was found. Nothing for an application that asks for no seal.
    pub(crate) async fn compare_beside(
        &self,
        caller: &Caller,
        application: &Application,
    ) -> Result<Vec<Beside>, Error> {
        let fetched = self.fetched(application).await?;
        let (Some(submitted), Some(kind)) = (impression_of(application, fetched), kind_of(application))
        else {
            return Ok(Vec::new());
        };
        let mut reader = self.store.read().await?;
        let known = kept(&mut reader, application.id).await?;
        let others = others(&mut reader, application, kind, submitted).await?;
        drop(reader);
        let done = |(against, other): &(Subject, Digest32)| {
            let same =
                |one: &&Beside| (one.against, one.other, one.submitted) == (*against, *other, submitted);
            known.iter().find(same).cloned()
        };
        let mut found: Vec<_> = others.iter().filter_map(done).collect();
        let new: Vec<_> = others
            .iter()
            .filter(|other| done(other).is_none())
            .copied()
            .collect();
        if new.is_empty() {
            return Ok(found);
        }
        for (against, other) in new {
            found.push(self.lay_beside((against, other), submitted).await?);
        }
        let (id, acting, now) = (application.id, caller.acting.clone(), self.outside.now());
        let measured = found.clone();
        let written = self.store.write(move |change| {
            let (measured, acting) = (measured.clone(), acting.clone());
            Box::pin(async move {
                let details = keep(change, id, &measured, now).await?;
                let log = entry(&acting, "application.compared_beside", id, details, now);
                Ok::<_, Error>(((), log.into()))
            })
        });
        written.await?;
        Ok(found)
    }

    async fn lay_beside(
        &self,
        (against, other): (Subject, Digest32),
        submitted: Digest32,
    ) -> Result<Beside, Error> {
        let bytes_max = IMPRESSION_BYTES_MAX as usize;
        let first = self.documents.read(&gm::Digest(other.0), bytes_max).await;
        let second = self.documents.read(&gm::Digest(submitted.0), bytes_max).await?;
        let measured = match first {
            Ok(first) => self.hashing(move || measure(&first, &second)).await?.ok(),
            // An application may name an image that it has not handed in yet.
            Err(_) => None,
        };
        let (score_per_mille, measured, report) = match measured {
            Some(measured) => (
                measured.score_per_mille,
                measured.verdict,
                Some(self.keep_document(measured.html.into_bytes()).await?),
            ),
            None => (0, "unreadable".to_owned(), None),
        };
        Ok(Beside {
            against,
            other,
            submitted,
            measured,
            score_per_mille,
            report,
            decided: None,
        })
    }

    /// A reviewer or a maker decides where the machine could not tell.
    pub(crate) async fn decide_beside(
        &self,
        caller: &Caller,
        id: ApplicationId,
        decision: BesideVerdict,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let found = self.readable_application(caller, id).await?;
        let (case, profiles) = (self.case(caller, once), Arc::clone(&self.profiles));
        let decided = self.store.write(move |change| {
            let (case, profiles, decision) = (case.clone(), Arc::clone(&profiles), decision.clone());
            Box::pin(async move {
                case.check(change).await?;
                let profile = profile_of(change, &profiles, found.authority, case.now).await?;
                let asked = (&[Role::Reviewer, Role::Maker][..], &[found.authority][..]);
                let by = match officer(&profile, &case.acting, "compare", asked, case.now) {
                    Ok(by) => by,
                    Err(refusal) => return case.refused(change, id, "compare", refusal).await,
                };
                if decision.reason.trim().is_empty() {
                    let values = [("field", "reason".to_owned()), ("bytes_max", "2000".to_owned())];
                    let refusal = profile.refuse(registry::Code::TextMissing, values);
                    return case.refused(change, id, "compare", refusal).await;
                }
                let mut all = kept(change, id).await?;
                let open = |one: &&mut Beside| {
                    one.against.id == decision.against
                        && !["same", "different"].contains(&one.measured.as_str())
                };
                let one = all.iter_mut().find(open);
                let one = one.ok_or(Error::NotFound { what: "comparison" })?;
                one.decided = Some(DecidedBeside {
                    verdict: decision.verdict,
                    reason: decision.reason,
                    by,
                    at: case.now,
                });
                let details = keep(change, id, &all, case.now).await?;
                let log = entry(&case.acting, "application.beside_decided", id, details, case.now);
                case.logged(change, &all, vec![log]).await
            })
        });
        once::outcome(decided.await)
    }

    /// What was found about an application so far, for those who may read it.
    pub(crate) async fn beside(&self, caller: &Caller, id: ApplicationId) -> Result<Vec<Beside>, Error> {
        self.readable_application(caller, id).await?;
        kept(&mut self.store.read().await?, id).await
    }
}

/// Tells the claims of others what was found about them.
pub(crate) async fn tell(
    reader: &mut Reader,
    application: &Application,
    claims: &mut [Claim],
) -> Result<(), Error> {
    let wanted = match &application.ask {
        Ask::Make { seal } => seal.impression.as_ref().map(|impression| impression.digest),
        _ => None,
    };
    let found = kept(reader, application.id).await?;
    for claim in claims {
        let about = |one: &&Beside| {
            one.against == claim.subject
                && Some(one.submitted) == wanted
                && Some(one.other) == claim.impression
        };
        if let Some(one) = found.iter().find(about) {
            claim.likeness = one.likeness();
        }
    }
    Ok(())
}

fn kind_of(application: &Application) -> Option<SealKind> {
    match &application.ask {
        Ask::Make { seal } => Some(seal.kind),
        _ => None,
    }
}

/// What else of the owner has an impression of that kind, the newest first.
async fn others(
    reader: &mut Reader,
    application: &Application,
    kind: SealKind,
    submitted: Digest32,
) -> Result<Vec<(Subject, Digest32)>, Error> {
    let Ask::Make { seal } = &application.ask else {
        return Ok(Vec::new());
    };
    // There is one legal-name seal, whatever it looks like (R27).
    if kind == SealKind::LegalName {
        return Ok(Vec::new());
    }
    let (holder, itself) = (seal.owner.holder(), Subject::from(application.id));
    let beside = claims(reader, seal.owner, seal.replaces).await?;
    let of_kind = |claim: &Claim| {
        let other = claim.kind == kind && claim.holder == holder && claim.subject != itself;
        let image = claim.impression.filter(|digest| other && *digest != submitted)?;
        Some((claim.subject, image))
    };
    let mut others: Vec<_> = beside.iter().filter_map(of_kind).collect();
    others.sort_by_key(|(subject, _)| std::cmp::Reverse(subject.id));
    others.truncate(BESIDE_MAX);
    Ok(others)
}

async fn kept(reader: &mut Reader, id: ApplicationId) -> Result<Vec<Beside>, Error> {
    let kept = reader.setting(&setting(id)).await?;
    let read = |value| serde_json::from_value(value).map_err(|_| Error::Damaged { what: "a comparison" });
    kept.map_or(Ok(Vec::new()), |kept| read(kept.value))
}

/// Keeps the findings, and gives what the log is told.
async fn keep(
    change: &mut Change,
    id: ApplicationId,
    found: &[Beside],
    now: Timestamp,
) -> Result<Map<String, Value>, Error> {
    let before = change.setting(&setting(id)).await?.map_or(0, |kept| kept.version);
    let value = serde_json::to_value(found).map_err(|_| Error::NothingHappened)?;
    change.put_setting(&setting(id), before, &value, now).await?;
    Ok(Map::from_iter([("beside".to_owned(), value)]))
}

/// Where the findings about an application are kept.
fn setting(id: ApplicationId) -> String {
    format!("beside/{id}")
}
