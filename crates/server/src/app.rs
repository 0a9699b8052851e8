//! Use cases. A handler of `http` calls one function here; what it may do is decided here and below.

mod verify;

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sealing::Verifier;
use tokio::sync::Semaphore;

use crate::config::Config;
use crate::metrics::Metrics;
use crate::outside::Outside;

pub(crate) use self::verify::VerifyFailed;

/// Everything that use cases share.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) config: Config,
    pub(crate) outside: Outside,
    pub(crate) metrics: Metrics,
    verifier: Verifier,
    /// Documents that may be received or wait.
    uploads: Arc<Semaphore>,
    /// Documents that may be verified.
    verifications: Arc<Semaphore>,
    stopping: AtomicBool,
}

impl Service {
    /// Opens the data folder; the error names it.
    pub(crate) fn open(
        config: Config,
        verifier: Verifier,
        outside: Outside,
    ) -> Result<Self, (String, io::Error)> {
        let service = Self {
            uploads: Arc::new(Semaphore::new(config.verify.uploads_max as usize)),
            verifications: Arc::new(Semaphore::new(config.verify.concurrent_max as usize)),
            metrics: Metrics::new(),
            stopping: AtomicBool::new(false),
            config,
            outside,
            verifier,
        };
        let folder = &service.config.data;
        fs::create_dir_all(folder)
            .and_then(|()| service.temporary_file())
            .map_err(|error| (folder.display().to_string(), error))?;
        Ok(service)
    }

    /// A file of the data folder without a name: the system takes it back with the last handle.
    pub(crate) fn temporary_file(&self) -> io::Result<fs::File> {
        tempfile::tempfile_in(&self.config.data)
    }

    /// From now on, requests are better sent elsewhere.
    pub(crate) fn begin_stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Does the service stop?
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
