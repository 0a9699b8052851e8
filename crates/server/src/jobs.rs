//! What happens by itself, as long as the service runs.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{error, info, warn};

use crate::app::Service;

/// Signs checkpoints of the log until the service stops; it signs the last one itself, after the last entry.
pub(crate) async fn checkpoints(service: Arc<Service>) {
    let mut ticks = interval(Duration::from_secs(service.config.audit.checkpoint_seconds));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = service.stopped() => return,
        }
        checkpoint(&service).await;
    }
}

/// Signs a checkpoint of the log if it grew.
pub(crate) async fn checkpoint(service: &Service) {
    match service.sign_checkpoint().await {
        Ok(true) => info!("signed a checkpoint of the log"),
        Ok(false) => {}
        Err(reason) => error!(%reason, "signing a checkpoint of the log failed"),
    }
}

/// An intent that is older than this many seconds is nobody's any more, in whichever process it was begun.
const ABANDONED_SECONDS: i64 = 900;

/// Settles uses that another process left open, and ends approvals that were not used in time.
pub(crate) async fn uses(service: Arc<Service>) {
    let mut ticks = interval(Duration::from_secs(service.config.documents.settle_seconds));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = service.stopped() => return,
        }
        let abandoned = service.outside.now() - SignedDuration::from_secs(ABANDONED_SECONDS);
        match service.settle(abandoned).await {
            Ok(0) => {}
            Ok(count) => warn!(count, "uses without outcome were recorded as failed"),
            Err(reason) => error!(%reason, "settling uses failed"),
        }
        if let Err(reason) = service.forget_nonces().await {
            error!(%reason, "forgetting old nonces failed");
        }
        match service.give_up_keys().await {
            Ok(0) => {}
            Ok(count) => info!(count, "copies of keys were given up"),
            Err(reason) => error!(%reason, "giving up copies of keys failed"),
        }
        match service.lapse_uses().await {
            Ok(0) => {}
            Ok(count) => info!(count, "approvals lapsed"),
            Err(reason) => error!(%reason, "ending lapsed approvals failed"),
        }
    }
}

/// Sends filings, and notes seals whose period is over, until the service stops.
pub(crate) async fn filings(service: Arc<Service>) {
    let worker = service.new_id();
    let mut ticks = interval(Duration::from_secs(service.config.filing.poll_seconds));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = service.stopped() => return,
        }
        if let Err(reason) = service.file(worker).await {
            error!(%reason, "sending filings failed");
        }
        if let Err(reason) = service.expire_seals().await {
            error!(%reason, "noting seals whose period is over failed");
        }
    }
}

/// Raises reminders until the service stops.
pub(crate) async fn reminders(service: Arc<Service>) {
    let mut ticks = interval(Duration::from_secs(service.config.reminders.poll_seconds));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = service.stopped() => return,
        }
        match service.remind().await {
            Ok(0) => {}
            Ok(count) => info!(count, "reminders were raised"),
            Err(reason) => error!(%reason, "raising reminders failed"),
        }
    }
}
