//! What happens by itself, as long as the service runs.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tracing::{error, info};

use crate::app::Service;

/// Signs checkpoints of the log until the service stops, and a last one then.
pub(crate) async fn checkpoints(service: Arc<Service>) {
    let mut ticks = interval(Duration::from_secs(service.config.audit.checkpoint_seconds));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let stopping = tokio::select! {
            _ = ticks.tick() => false,
            () = service.stopped() => true,
        };
        match service.sign_checkpoint().await {
            Ok(true) => info!("signed a checkpoint of the log"),
            Ok(false) => {}
            Err(reason) => error!(%reason, "signing a checkpoint of the log failed"),
        }
        if stopping {
            return;
        }
    }
}
