//! Verifying what somebody uploads: on threads of their own, a bounded number at a time.

use std::fs::File;
use std::io;
use std::sync::Arc;

use jiff::Timestamp;
use sealing::Report;
use tokio::sync::OwnedSemaphorePermit;

use super::Service;

/// Why there is no report; the document never is the reason.
#[derive(Debug)]
pub(crate) enum VerifyFailed {
    /// The disk failed.
    Disk(io::Error),
    /// The thread ended, or the service did.
    Ended,
}

impl Service {
    /// A place among those whose documents are received; nothing when all are taken.
    pub(crate) fn verify_place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.uploads).try_acquire_owned().ok()
    }

    /// The report on a document, as of `at`. Waits until a thread is free; the place is kept until the work is
    /// really done, even if nobody waits for it any more.
    pub(crate) async fn verify(
        self: &Arc<Self>,
        file: File,
        name: String,
        at: Timestamp,
        place: OwnedSemaphorePermit,
    ) -> Result<Report, VerifyFailed> {
        let turn = Arc::clone(&self.verifications).acquire_owned().await;
        let turn = turn.map_err(|_| VerifyFailed::Ended)?;
        let verifier = self.informed_verifier(at).await;
        let work = tokio::task::spawn_blocking(move || {
            let report = verifier.verify(file, &name, at);
            drop((turn, place));
            report
        });
        let report = work
            .await
            .map_err(|_| VerifyFailed::Ended)?
            .map_err(VerifyFailed::Disk)?;
        self.metrics.verified(report.conclusion);
        Ok(report)
    }
}
