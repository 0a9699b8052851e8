//! Use cases. A handler of `http` calls one function here; what it may do is decided here and below.

mod accounts;
mod act;
mod applications;
mod authorities;
mod batches;
mod clients;
mod custody;
mod documents;
mod error;
mod filings;
mod grants;
mod guides;
mod installation;
mod known_accounts;
mod likeness;
mod log;
mod making;
mod master;
mod materials;
mod names;
mod networks;
mod once;
mod open;
mod outgoing;
mod page_pictures;
mod people;
mod placement;
mod policies;
mod registered;
mod reminders;
mod revocation;
mod seals;
mod service_keys;
mod set_up;
mod sharing;
mod sign_in;
mod stamping;
mod trail;
mod units;
mod uses;
mod verified;
mod verify;
mod waiting;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::sync::{Arc, Mutex};

use registry::{Digest32, Profiles, UseId};
use sealing::Verifier;
use store::{Documents, PersonalKey, Store};
use tokio::sync::{Semaphore, watch};

use crate::config::Config;
use crate::metrics::Metrics;
use crate::outside::Outside;

use self::custody::Custody;
use self::log::LogSigner;
use self::making::Maker;

pub(crate) use self::accounts::{KnownSession, Reset};
pub(crate) use self::act::Caller;
pub(crate) use self::applications::{ApplicationSearch, ApplicationStep, NewApplication};
pub(crate) use self::authorities::{AuthorityStep, NewAuthority};
pub(crate) use self::batches::BatchItem;
pub(crate) use self::clients::{ClientStep, KnownClient, NewClient, SignatureFault, SignedRequest};
pub(crate) use self::custody::CustodyFault;
pub(crate) use self::documents::{KnownFacts, Spooled, parts_of};
pub(crate) use self::error::Error;
pub(crate) use self::grants::{GrantOrder, GrantStamp};
pub(crate) use self::guides::Guide;
pub(crate) use self::installation::Installation;
pub(crate) use self::known_accounts::KnownAccount;
pub(crate) use self::likeness::{Beside, BesideVerdict};
pub(crate) use self::making::{MakingOrder, compare_names};
pub(crate) use self::materials::{Compared, IMPRESSION_BYTES_MAX, MATERIAL_BYTES_MAX, MeasureFound};
pub(crate) use self::names::is_committed;
pub(crate) use self::once::Once;
pub use self::open::OpenError;
pub(crate) use self::open::{DOCUMENTS_FOLDER, KEYS_FOLDER, LOG_KEY, LOG_KEY_SETTING, MASTER_FILE};
pub(crate) use self::page_pictures::{PagePicture, SealFace};
pub(crate) use self::people::{PersonName, PersonStep};
pub(crate) use self::placement::StampPlace;
pub(crate) use self::policies::{PolicyOrder, PolicyVersion};
pub(crate) use self::registered::{Answered, Asked};
pub(crate) use self::reminders::subject_kind;
use self::revocation::Revocations;
pub(crate) use self::seals::{SealPart, SealSearch, SealStep};
use self::service_keys::ServiceKeys;
pub(crate) use self::set_up::{MadeAdministrator, NewAdministrator, NewRoot};
pub(crate) use self::sign_in::{Credentials, PasswordFault, Proof, SecondFactor, SignInFault};
use self::stamping::Proved;
pub(crate) use self::stamping::Stamped;
pub(crate) use self::trail::{Placed, Shown, TrailSearch};
pub(crate) use self::units::{NewUnit, UnitSearch, UnitStep};
pub(crate) use self::uses::{NewUse, UseList, UseOrder, Wanted};
pub(crate) use self::verified::Verified;
use self::verified::VerifiedShelf;
pub(crate) use self::verify::VerifyFailed;
pub(crate) use self::waiting::Awaited;

/// Everything that use cases share.
pub(crate) struct Service {
    pub(crate) config: Config,
    pub(crate) outside: Outside,
    pub(crate) metrics: Metrics,
    store: Store,
    log_signer: LogSigner,
    profiles: Arc<Profiles>,
    personal: Arc<PersonalKey>,
    /// Materials, impressions, the data of seals and certificates, each under the SM3 of its bytes.
    documents: Documents,
    /// The keys of seals.
    custody: Custody,
    /// Who makes seals; none where nothing is made here.
    maker: Option<Maker>,
    verifier: Arc<Verifier>,
    revocations: Revocations,
    /// Passwords that may be hashed at the same time.
    hashings: Arc<Semaphore>,
    /// Documents that may be received or wait.
    uploads: Arc<Semaphore>,
    /// Documents that may be verified.
    verifications: Arc<Semaphore>,
    /// Documents for sealing that may be received or wait.
    document_places: Arc<Semaphore>,
    /// Documents that may be read or sealed.
    document_turns: Arc<Semaphore>,
    /// Keys with which business systems seal.
    service_keys: ServiceKeys,
    /// Seals proved in the present second, by the SM3 of their data.
    proofs: Mutex<HashMap<Digest32, Proved>>,
    /// Batches that this process is sealing.
    batches: Mutex<HashSet<UseId>>,
    /// Documents that were just verified, for those who look at them.
    verified: VerifiedShelf,
    stopping: watch::Sender<bool>,
}

impl Service {
    /// A file of the data folder without a name: the system takes it back with the last handle.
    pub(crate) fn temporary_file(&self) -> io::Result<fs::File> {
        tempfile::tempfile_in(&self.config.data)
    }

    /// Can it do its work: write to the folder, read the database?
    pub(crate) async fn check_ready(&self) -> Result<(), Error> {
        self.temporary_file().map_err(Error::Disk)?;
        self.store.read().await?.log_frontier().await?;
        Ok(())
    }

    /// From now on, requests are better sent elsewhere, and jobs end.
    pub(crate) fn begin_stopping(&self) {
        self.stopping.send_replace(true);
    }

    /// Does the service stop?
    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Waits until the service stops.
    pub(crate) async fn stopped(&self) {
        // The sender lives as long as the service, so waiting ends in no other way.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    /// Finishes what was handed to the database.
    pub(crate) async fn close(&self) {
        self.store.close().await;
    }
}
