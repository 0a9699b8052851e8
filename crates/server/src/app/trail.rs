//! The log of acts as auditors look through it: searching, one entry with what belongs to it and its proof, the whole
//! log as a file, and the check of it.
//!
//! The log is one for the whole installation. Audit administrators and supervisors of the root see all of it; those of
//! an authority below name a seal, a unit or a person of theirs, and see the entries that speak of it.

use std::fs::File;
use std::io::{BufReader, BufWriter, Seek as _, SeekFrom};

use audit::{Against, Entry, ExportWriter, ProofFile, Report, SignedCheckpoint};
use jiff::Timestamp;
use registry::{AuthorityId, PersonId, Refusal, Role, Scope, SealId, UnitId, officer};
use serde_json::Map;
use store::{LogSearch, Page, Reader, StoredCheckpoint};
use uuid::Uuid;

use super::accounts::{lineage_of, root_of_all};
use super::act::{Caller, entry_about};
use super::{Error, Service};

/// Entries through which one search goes; it can be continued where it ended.
const ENTRIES_SEARCHED_MAX: u64 = 50_000;
/// Entries about one thing that are shown together.
const TOGETHER_MAX: u32 = 100;
/// Entries of a log that is checked while somebody waits; longer ones are checked on a machine of the auditor's.
pub(crate) const CHECKED_ENTRIES_MAX: u64 = 1_000_000;
/// Who reads the log.
const READERS: [Role; 2] = [Role::AuditAdministrator, Role::Supervisor];

/// What is looked for; what is empty is not asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrailSearch {
    /// A seal code, a unit's credit code, an account, or an identifier.
    pub(crate) about: String,
    /// Who acted: an account or an identifier.
    pub(crate) actor: String,
    /// The stable name of an act.
    pub(crate) act: String,
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    /// Only entries before this place.
    pub(crate) before: Option<u64>,
}

/// An entry and its place.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) index: u64,
    pub(crate) entry: Entry,
}

/// What a search found.
#[derive(Debug)]
pub(crate) struct Trail {
    /// The newest first.
    pub(crate) entries: Vec<Placed>,
    /// Entries of the whole log.
    pub(crate) size: u64,
    /// Where to go on, if not everything was looked at.
    pub(crate) next: Option<u64>,
    /// The identifier that `about` stands for.
    pub(crate) about: Option<String>,
}

/// One entry with everything that shows what it is.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) placed: Placed,
    /// Its canonical form.
    pub(crate) bytes: Vec<u8>,
    /// Everything about the same subject, the oldest first.
    pub(crate) together: Vec<Placed>,
    pub(crate) proof: ProofFile,
    /// Whether the proof holds under the log's key.
    pub(crate) proved: Result<(), audit::Error>,
}

impl Service {
    /// Looks through the log.
    pub(crate) async fn trail(
        &self,
        caller: &Caller,
        search: &TrailSearch,
        limit: u32,
    ) -> Result<Trail, Error> {
        let mut reader = self.store.snapshot().await?;
        let about = resolved(&mut reader, &search.about).await?;
        let actor = resolved(&mut reader, &search.actor).await?;
        self.may_audit(&mut reader, caller, about.as_deref()).await?;
        let size = reader.log_frontier().await?.size();
        let nothing = Trail {
            entries: Vec::new(),
            size,
            next: None,
            about: about.clone(),
        };
        // Somebody or something that nobody knows stands in no entry.
        if (about.is_none() && !search.about.is_empty()) || (actor.is_none() && !search.actor.is_empty()) {
            return Ok(nothing);
        }
        let mut before = search.before.unwrap_or(size).min(size);
        if let Some(until) = search.until {
            before = before.min(reader.log_index_at(until).await?);
        }
        let lowest = match search.from {
            Some(from) => reader.log_index_at(from).await?,
            None => 0,
        };
        let down_to = before.saturating_sub(ENTRIES_SEARCHED_MAX).max(lowest);
        let wanted = LogSearch {
            before,
            down_to,
            parts: [
                part(about.as_deref(), |id| id.to_owned()),
                part(actor.as_deref(), |id| format!("\"actor\":{{\"id\":\"{id}\"")),
                part(Some(search.act.as_str()), |act| format!("{{\"act\":\"{act}\"")),
                Vec::new(),
            ],
            limit,
        };
        let found = reader.search_log(&wanted).await?;
        let full = found.len() as u64 == u64::from(limit);
        let next = match found.last() {
            Some(last) if full => Some(last.index).filter(|next| *next > lowest),
            _ => Some(down_to).filter(|next| *next > lowest),
        };
        let entries = found.iter().map(|logged| placed(logged.index, &logged.bytes));
        Ok(Trail {
            entries: entries.collect::<Result<_, _>>()?,
            next,
            ..nothing
        })
    }

    /// One entry. `about` is what the caller came from, who may not see the whole log.
    pub(crate) async fn trail_entry(&self, caller: &Caller, index: u64, about: &str) -> Result<Shown, Error> {
        let mut reader = self.store.read().await?;
        let about = resolved(&mut reader, about).await?;
        self.may_audit(&mut reader, caller, about.as_deref()).await?;
        let missing = || Error::NotFound { what: "entry" };
        let found = reader.log_entries(index, 1).await?.into_iter().next();
        let found = found
            .filter(|found| found.index == index && speaks_of(&found.bytes, about.as_deref()))
            .ok_or_else(missing)?;
        let this = placed(index, &found.bytes)?;
        let mut together = Vec::new();
        for (kind, id) in belonging(&this.entry.subject) {
            let page = Page::first(TOGETHER_MAX);
            together.extend(reader.log_entries_about(kind, id, page).await?);
        }
        together.sort_by_key(|logged| logged.index);
        drop(reader);
        let together = together.iter().map(|logged| placed(logged.index, &logged.bytes));
        let together = together.collect::<Result<_, _>>()?;
        let proof = self.proof_at(index, found.bytes.clone()).await?;
        let proved = proof.verify(&[self.log_key()?]).map(drop);
        Ok(Shown {
            placed: this,
            bytes: found.bytes,
            together,
            proof,
            proved,
        })
    }

    /// The way from an entry to a signed root, under the newest checkpoint, or one that is signed for it.
    pub(crate) async fn proof_at(&self, index: u64, entry: Vec<u8>) -> Result<ProofFile, Error> {
        let newest = self.store.read().await?.newest_checkpoint().await?;
        let newest = match newest.filter(|newest| index < newest.size) {
            Some(newest) => newest,
            None => {
                self.sign_checkpoint().await?;
                self.checkpoint().await?
            }
        };
        let mut reader = self.store.read().await?;
        let hashes = reader.inclusion_proof(index, newest.size).await?;
        Ok(ProofFile {
            entry,
            index,
            hashes,
            checkpoint: SignedCheckpoint::parse(&newest.note)?,
        })
    }

    /// Signed checkpoints of less than `before` entries, the newest first. They are everybody's.
    pub(crate) async fn checkpoints(
        &self,
        before: Option<u64>,
        count_max: u32,
    ) -> Result<Vec<StoredCheckpoint>, Error> {
        let mut reader = self.store.read().await?;
        Ok(reader
            .checkpoints_before(before.unwrap_or(u64::MAX), count_max)
            .await?)
    }

    /// The whole log in a file without a name, for `yinxin audit check`; that it was taken is an act.
    pub(crate) async fn export_trail(&self, caller: &Caller) -> Result<File, Error> {
        self.may_audit(&mut self.store.read().await?, caller, None)
            .await?;
        self.record_audit(caller, "log.exported").await?;
        self.sign_checkpoint().await?;
        self.write_trail().await
    }

    /// Checks the whole log as it stands in the database, as if it were an export; nothing if it is too long for that.
    pub(crate) async fn check_trail(&self, caller: &Caller) -> Result<Option<Report>, Error> {
        let mut reader = self.store.read().await?;
        self.may_audit(&mut reader, caller, None).await?;
        let size = reader.log_frontier().await?.size();
        drop(reader);
        if size > CHECKED_ENTRIES_MAX {
            return Ok(None);
        }
        self.record_audit(caller, "log.checked").await?;
        self.sign_checkpoint().await?;
        let file = self.write_trail().await?;
        let (keys, now, salt) = ([self.log_key()?], self.outside.now(), self.outside.random());
        let checked = tokio::task::spawn_blocking(move || {
            let against = Against {
                keys: &keys,
                saved: &[],
                now,
                salt,
            };
            let opened = || {
                let mut again = file.try_clone()?;
                again.seek(SeekFrom::Start(0))?;
                Ok(BufReader::new(again))
            };
            audit::check(opened, against)
        });
        let report = checked.await.map_err(|_| Error::Ended)?;
        report.map(Some).map_err(Error::Disk)
    }

    async fn write_trail(&self) -> Result<File, Error> {
        let file = self.temporary_file().map_err(Error::Disk)?;
        let (key, origin) = (self.log_key()?, &self.config.audit.origin);
        let mut writer = ExportWriter::new(BufWriter::new(file), origin, &[key]).map_err(Error::Disk)?;
        self.store.snapshot().await?.export_log(&mut writer).await?;
        let buffered = writer.finish().map_err(Error::Disk)?;
        let mut file = buffered
            .into_inner()
            .map_err(|error| Error::Disk(error.into_error()))?;
        file.seek(SeekFrom::Start(0)).map_err(Error::Disk)?;
        Ok(file)
    }

    async fn record_audit(&self, caller: &Caller, act: &'static str) -> Result<(), Error> {
        let about = audit::Subject {
            kind: "log".to_owned(),
            id: self.config.audit.origin.clone(),
        };
        let log = entry_about(&caller.acting, act, about, Map::new(), self.outside.now());
        self.store
            .write(move |_| {
                let log = log.clone();
                Box::pin(async move { Ok(((), log.into())) })
            })
            .await
    }

    /// The caller reads the whole log, or what it says of something below their authority.
    async fn may_audit(
        &self,
        reader: &mut Reader,
        caller: &Caller,
        about: Option<&str>,
    ) -> Result<(), Error> {
        let root = root_of_all(reader).await?;
        let root = root.ok_or(Error::NotFound { what: "authority" })?;
        let now = self.outside.now();
        if caller.acting.holds_in(&READERS, &[root], now) {
            return Ok(());
        }
        if let Some(line) = lineage_about(reader, about).await?
            && caller.acting.holds_in(&READERS, &line, now)
        {
            return Ok(());
        }
        let refusal = self.not_an_auditor(reader, caller, root, now).await?;
        self.record_refusal(&caller.acting, root, ("read_log", refusal))
            .await
    }

    async fn not_an_auditor(
        &self,
        reader: &mut Reader,
        caller: &Caller,
        root: AuthorityId,
        now: Timestamp,
    ) -> Result<Refusal, Error> {
        let found = reader.authority(root).await?.state;
        let found = found.ok_or(Error::NotFound { what: "authority" })?;
        let profile = self.profiles.in_force(&found.profile, now)?;
        let held = officer(&profile, &caller.acting, "read_log", (&READERS, &[root]), now);
        held.err().ok_or(Error::NothingHappened)
    }
}

/// What is shown together with an entry: a use record's entries with those of the request that it carries out.
fn belonging(subject: &audit::Subject) -> Vec<(&str, &str)> {
    let mut all = vec![(subject.kind.as_str(), subject.id.as_str())];
    if let ("use_record", Some((request, _))) = (subject.kind.as_str(), subject.id.split_once('/')) {
        all.push(("use", request));
    }
    all
}

/// The entry holds the identifier, if one is asked for.
fn speaks_of(bytes: &[u8], about: Option<&str>) -> bool {
    let holds = |id: &str| {
        bytes
            .windows(id.len().max(1))
            .any(|window| window == id.as_bytes())
    };
    about.is_none_or(holds)
}

fn part(wanted: Option<&str>, make: impl Fn(&str) -> String) -> Vec<u8> {
    let wanted = wanted.filter(|wanted| !wanted.is_empty());
    wanted.map(|wanted| make(wanted).into_bytes()).unwrap_or_default()
}

fn placed(index: u64, bytes: &[u8]) -> Result<Placed, Error> {
    Ok(Placed {
        index,
        entry: Entry::from_bytes(bytes)?,
    })
}

/// The identifier that a text stands for: it may be one, or a seal code, a credit code, or an account.
async fn resolved(reader: &mut Reader, text: &str) -> Result<Option<String>, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(id) = text.parse::<Uuid>() {
        return Ok(Some(id.to_string()));
    }
    if let Some(seal) = reader.seals_by_code(text).await?.first() {
        return Ok(Some(seal.id.to_string()));
    }
    if let Ok(code) = text.parse()
        && let Some(unit) = reader.unit_by_code(&code).await?
    {
        return Ok(Some(unit.id.to_string()));
    }
    let account = reader.account_by_name(text).await?;
    Ok(account.map(|account| account.person.to_string()))
}

/// The authorities over what an identifier names, nearest first.
async fn lineage_about(reader: &mut Reader, about: Option<&str>) -> Result<Option<Vec<AuthorityId>>, Error> {
    let Some(id) = about.and_then(|id| id.parse::<Uuid>().ok()) else {
        return Ok(None);
    };
    if let Some(seal) = reader.seal(SealId(id)).await?.state {
        return Ok(Some(reader.lineage(seal.authority).await?));
    }
    if let Some(unit) = reader.unit(UnitId(id)).await?.state {
        return Ok(Some(reader.lineage(unit.authority).await?));
    }
    let Some(person) = reader.person(PersonId(id)).await?.state else {
        return Ok(None);
    };
    match person.appointments.last() {
        Some(held) if !matches!(held.scope, Scope::System(_)) => {
            Ok(Some(lineage_of(reader, held.scope).await?))
        }
        _ => Ok(None),
    }
}
