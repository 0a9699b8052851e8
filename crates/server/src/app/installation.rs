//! What this installation is made of: program, database, trust lists, its own keys. Nothing of it is secret; it is for
//! the three administrators and for supervisors.

use jiff::Timestamp;
use pki::{Certificate, Crl};
use registry::{Role, Scope};

use super::{Caller, Error, Service};

/// Who looks after an installation.
const KEEPERS: [Role; 4] = [
    Role::SystemAdministrator,
    Role::SecurityAdministrator,
    Role::AuditAdministrator,
    Role::Supervisor,
];

/// An installation as it runs.
pub(crate) struct Installation {
    pub(crate) version: &'static str,
    /// `sqlite` or `postgres`.
    pub(crate) engine: &'static str,
    /// The name of the log, which its key signs for.
    pub(crate) origin: String,
    /// The key that verifies checkpoints, as it is published.
    pub(crate) log_key: String,
    pub(crate) log_size: u64,
    /// Anchors for makers, signers and timestamp authorities, in this order.
    pub(crate) anchors: [Vec<Certificate>; 3],
    pub(crate) intermediates: Vec<Certificate>,
    pub(crate) crls: Vec<Crl>,
    /// The certificates of maker and issuer, where seals are made.
    pub(crate) making: Option<[Certificate; 2]>,
    /// Where filings go: public security, competent department.
    pub(crate) filing: [Option<String>; 2],
    pub(crate) settings: Vec<(&'static str, String)>,
    pub(crate) now: Timestamp,
}

impl Service {
    /// The installation, for those who look after it.
    pub(crate) async fn installation(&self, caller: &Caller) -> Result<Installation, Error> {
        let now = self.outside.now();
        let mut held = caller.acting.appointments.iter();
        let keeps =
            held.any(|held| KEEPERS.contains(&held.role) && held.holds(now) && is_authority(held.scope));
        if !keeps {
            return Err(Error::NotFound { what: "page" });
        }
        let (config, trust) = (&self.config, self.verifier.trust());
        Ok(Installation {
            version: env!("CARGO_PKG_VERSION"),
            engine: self.store.engine(),
            origin: config.audit.origin.clone(),
            log_key: self.log_key()?.to_string(),
            log_size: self.store.read().await?.log_frontier().await?.size(),
            anchors: [&trust.makers, &trust.signers, &trust.tsa].map(|store| store.anchors().to_vec()),
            intermediates: self.verifier.intermediates().to_vec(),
            crls: self.verifier.crls().to_vec(),
            making: self
                .maker
                .as_ref()
                .map(|maker| maker.certificates().map(Clone::clone)),
            filing: [
                config.filing.public_security.clone(),
                config.filing.competent_department.clone(),
            ],
            settings: vec![
                (
                    "audit.checkpoint_seconds",
                    config.audit.checkpoint_seconds.to_string(),
                ),
                (
                    "sign_in.idle_seconds_max",
                    config.sign_in.idle_seconds_max.to_string(),
                ),
                (
                    "sign_in.session_seconds_max",
                    config.sign_in.session_seconds_max.to_string(),
                ),
                ("sign_in.sessions_max", config.sign_in.sessions_max.to_string()),
                ("sign_in.tries_max", config.sign_in.tries_max.to_string()),
                ("sign_in.lock_seconds", config.sign_in.lock_seconds.to_string()),
                (
                    "sign_in.password_days_max",
                    config.sign_in.password_days_max.to_string(),
                ),
                ("documents.bytes_max", config.documents.bytes_max.to_string()),
                (
                    "verify.document_bytes_max",
                    config.verify.document_bytes_max.to_string(),
                ),
            ],
            now,
        })
    }

    /// The regulation profiles that this installation knows.
    pub(crate) fn profiles(&self) -> &registry::Profiles {
        &self.profiles
    }
}

fn is_authority(scope: Scope) -> bool {
    matches!(scope, Scope::Authority(_))
}
