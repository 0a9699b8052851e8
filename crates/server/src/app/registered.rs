//! The impression that public security filed (R33): asked for over HTTP, kept as evidence with digest and time.
//!
//! Asking is no part of a write. What was answered is kept beside the application, whatever it was; the rules are told
//! when the application is handed in, and take the applicant's impression only where none could be fetched.

use std::time::Duration;

use jiff::Timestamp;
use registry::application::{ApplicationStatus, Ask, MaterialKind, RegisteredImpression};
use registry::seal::{ImpressionSource, SealClass};
use registry::{Acting, Application, ApplicationId, Digest32, UnitId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Change, Reader};

use super::act::{Caller, entry};
use super::materials::IMPRESSION_BYTES_MAX;
use super::once::{self, Once};
use super::outgoing::{self, Pulled, short};
use super::{Error, Service};

/// What was asked of public security for an application, and what it answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) at: Timestamp,
    pub(crate) question: Question,
    pub(crate) answer: Answered,
}

/// By what an impression is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Question {
    /// Number of the engraving record (刻制备案编号).
    record: Option<String>,
    /// 印章编码.
    code: Option<String>,
    unit: Option<UnitId>,
}

/// What public security answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Answered {
    /// The image, which is kept under its digest.
    Fetched { digest: Digest32, code: Option<String> },
    /// It has none.
    NoneRegistered,
    /// It could not be asked, or its answer not used.
    Unreachable { reason: String },
}

impl Service {
    /// Asks for the registered impression of an application that its agent is about to hand in, unless the same
    /// question was answered with an image before.
    pub(crate) async fn ask_registered(&self, caller: &Caller, id: ApplicationId) -> Result<(), Error> {
        let mut reader = self.store.read().await?;
        let found = reader.application(id).await?.state;
        let found = found.ok_or(Error::NotFound { what: "application" })?;
        let Some(question) = asks(&caller.acting, &found) else {
            return Ok(());
        };
        let before = asked(&mut reader, id).await?;
        drop(reader);
        let same = before.as_ref().filter(|before| before.question == question);
        if same.is_some_and(|before| matches!(before.answer, Answered::Fetched { .. })) {
            return Ok(());
        }
        let asked = self.ask(question).await?;
        let acting = caller.acting.clone();
        let written = self.store.write(move |change| {
            let (asked, acting) = (asked.clone(), acting.clone());
            Box::pin(async move {
                let log = keep(change, &acting, id, &asked).await?;
                Ok::<_, Error>(((), log.into()))
            })
        });
        written.await
    }

    /// Asks for the registered impression now; by the agent, a reviewer or a maker.
    pub(crate) async fn fetch_registered(
        &self,
        caller: &Caller,
        id: ApplicationId,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let found = self.readable_application(caller, id).await?;
        if caller.acting.person() != Some(found.agent) {
            self.may_compare(caller, &found, once.clone()).await?;
        }
        let question = question_of(&found).ok_or(Error::NotFound {
            what: "registered impression",
        })?;
        let (case, asked) = (self.case(caller, once), self.ask(question).await?);
        let decided = self.store.write(move |change| {
            let (case, asked) = (case.clone(), asked.clone());
            Box::pin(async move {
                case.check(change).await?;
                let log = keep(change, &case.acting, id, &asked).await?;
                case.logged(change, &asked, vec![log]).await
            })
        });
        once::outcome(decided.await)
    }

    /// What public security answered about an application, for those who may read it.
    pub(crate) async fn registered(&self, caller: &Caller, id: ApplicationId) -> Result<Asked, Error> {
        self.readable_application(caller, id).await?;
        let asked = asked(&mut self.store.read().await?, id).await?;
        asked.ok_or(Error::NotFound {
            what: "registered impression",
        })
    }

    /// The impression that was fetched for an application.
    pub(crate) async fn fetched(&self, application: &Application) -> Result<Option<Digest32>, Error> {
        let asked = asked(&mut self.store.read().await?, application.id).await?;
        Ok(match asked {
            Some(Asked {
                question,
                answer: Answered::Fetched { digest, .. },
                ..
            }) if question_of(application).as_ref() == Some(&question) => Some(digest),
            _ => None,
        })
    }

    async fn ask(&self, question: Question) -> Result<Asked, Error> {
        let answer = match self.config.impressions.public_security.clone() {
            None => unreachable("no address is configured (impressions.public_security)"),
            Some(_) if question.record.is_none() && question.code.is_none() => {
                unreachable("the application names neither an engraving record nor a code")
            }
            Some(address) => self.ask_at(address, &question).await?,
        };
        Ok(Asked {
            at: self.outside.now(),
            question,
            answer,
        })
    }

    async fn ask_at(&self, address: String, question: &Question) -> Result<Answered, Error> {
        let unit = match question.unit {
            Some(unit) => self.store.read().await?.unit(unit).await?.state,
            None => None,
        };
        let unit = unit.map(|unit| unit.code.as_str().to_owned());
        let asked = [
            ("record", question.record.clone()),
            ("code", question.code.clone()),
            ("unit", unit),
        ];
        let asked: Vec<_> = asked
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        let limit = Duration::from_secs(self.config.impressions.timeout_seconds);
        let limits = (IMPRESSION_BYTES_MAX, limit);
        let work = tokio::task::spawn_blocking(move || outgoing::pull(&address, &asked, limits));
        let (bytes, code) = match work.await.map_err(|_| Error::Ended)? {
            Pulled::Found { bytes, code } => (bytes, code),
            Pulled::Nothing => return Ok(Answered::NoneRegistered),
            Pulled::Failed { reason } => return Ok(Answered::Unreachable { reason }),
        };
        if question.code.is_some() && code.is_some() && question.code != code {
            return Ok(unreachable("the answer is about the impression of another code"));
        }
        let image = bytes.clone();
        let read = self.hashing(move || impression::Impression::read(&image, None).map(drop));
        if let Err(error) = read.await? {
            let reason = short(&format!("the image that came back cannot be read: {error}"));
            return Ok(Answered::Unreachable { reason });
        }
        Ok(Answered::Fetched {
            digest: self.keep_document(bytes).await?,
            code,
        })
    }
}

fn unreachable(reason: &str) -> Answered {
    Answered::Unreachable {
        reason: reason.to_owned(),
    }
}

/// What public security answered to what an application asks for now; none when that was not asked.
pub(crate) async fn known(
    reader: &mut Reader,
    found: &Application,
) -> Result<Option<RegisteredImpression>, Error> {
    let question = question_of(found);
    let asked = asked(reader, found.id).await?;
    let asked = asked.filter(|asked| Some(&asked.question) == question.as_ref());
    Ok(asked.map(|asked| match asked.answer {
        Answered::Fetched { digest, code } => RegisteredImpression::Fetched { digest, code },
        Answered::NoneRegistered => RegisteredImpression::NoneRegistered,
        Answered::Unreachable { .. } => RegisteredImpression::Unreachable,
    }))
}

/// The question that must be answered before the acting person hands the application in.
pub(crate) fn asks(acting: &Acting, found: &Application) -> Option<Question> {
    let open = matches!(
        found.status,
        ApplicationStatus::Draft | ApplicationStatus::Returned
    );
    let own = acting.person() == Some(found.agent);
    question_of(found).filter(|_| open && own)
}

/// By what the impression of an application is asked for; none where nothing is registered or asked for.
fn question_of(application: &Application) -> Option<Question> {
    let Ask::Make { seal } = &application.ask else {
        return None;
    };
    let free = matches!(seal.kind.class(), SealClass::Position | SealClass::Personal);
    let source = seal.impression.as_ref().map(|impression| impression.source);
    // A seal of free style has no registered impression unless it names one (R36).
    if free && source.is_none_or(|source| source == ImpressionSource::Drawn) {
        return None;
    }
    let said = |text: &String| !text.trim().is_empty();
    Some(Question {
        record: seal
            .physical
            .as_ref()
            .map(|physical| physical.record.clone())
            .filter(said),
        code: seal
            .impression
            .as_ref()
            .and_then(|impression| impression.code.clone())
            .filter(said),
        unit: application.unit,
    })
}

/// The image that an application for a seal asks to be put into it: the one that public security filed, or one of its
/// own materials. Whoever knows the digest of somebody else's impression does not have it.
pub(crate) fn impression_of(application: &Application, fetched: Option<Digest32>) -> Option<Digest32> {
    let Ask::Make { seal } = &application.ask else {
        return None;
    };
    let digest = seal.impression.as_ref()?.digest;
    let handed_in = application
        .materials
        .iter()
        .any(|material| material.digest == digest);
    (handed_in || fetched == Some(digest)).then_some(digest)
}

/// The image that is compared with the registered one (R34): what the applicant handed in.
pub(crate) fn submitted_by(application: &Application, fetched: Option<Digest32>) -> Option<Digest32> {
    let digest = impression_of(application, fetched)?;
    if fetched != Some(digest) {
        return Some(digest);
    }
    let mut sheets = application
        .materials
        .iter()
        .filter(|material| material.kind == MaterialKind::ImpressionSheet);
    // Where no sheet was handed in, there is nothing but what is filed.
    Some(sheets.next_back().map_or(digest, |sheet| sheet.digest))
}

/// What was asked for an application, and answered.
async fn asked(reader: &mut Reader, id: ApplicationId) -> Result<Option<Asked>, Error> {
    let kept = reader.setting(&setting(id)).await?;
    kept.map(|kept| serde_json::from_value(kept.value).map_err(|_| Error::Damaged { what: "an answer" }))
        .transpose()
}

/// Keeps an answer, and gives its entry.
async fn keep(
    change: &mut Change,
    acting: &Acting,
    id: ApplicationId,
    asked: &Asked,
) -> Result<audit::Entry, Error> {
    let before = change.setting(&setting(id)).await?.map_or(0, |kept| kept.version);
    let value = serde_json::to_value(asked).map_err(|_| Error::NothingHappened)?;
    change.put_setting(&setting(id), before, &value, asked.at).await?;
    let Value::Object(details) = value else {
        return Err(Error::NothingHappened);
    };
    Ok(entry(
        acting,
        "application.impression_asked",
        id,
        details,
        asked.at,
    ))
}

/// Where the answer about an application is kept.
fn setting(id: ApplicationId) -> String {
    format!("registered/{id}")
}
