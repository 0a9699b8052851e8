//! What events make of a seal record.

use jiff::Timestamp;

use super::{Edition, Filed, Pin, SealEvent, SealRecord, SealStatus, Standing};

/// The state after an event. An event that does not fit the state leaves it as it is.
pub fn apply(state: Option<SealRecord>, event: &SealEvent) -> Option<SealRecord> {
    let Some(mut seal) = state else {
        return made(event);
    };
    match event {
        SealEvent::Made { .. } => {}
        SealEvent::FilingRecorded {
            at,
            filing,
            body,
            occasion,
        } => seal.filings.push(Filed {
            filing: *filing,
            body: *body,
            occasion: *occasion,
            at: *at,
        }),
        SealEvent::Filed { .. } => seal.status = SealStatus::Filed,
        SealEvent::Activated { at, custodian, .. } => {
            seal.status = SealStatus::Active;
            seal.custodian = Some(*custodian);
            seal.offered_to = None;
            seal.pin = pin(*at, false);
        }
        SealEvent::Suspended { .. } | SealEvent::Cancelled { .. } | SealEvent::Expired { .. } => {
            out_of_force(&mut seal, event);
        }
        SealEvent::Resumed { .. } => {
            seal.status = SealStatus::Active;
            seal.standing = None;
        }
        SealEvent::Renewed { edition, .. } => {
            seal.status = SealStatus::Active;
            seal.standing = None;
            new_edition(&mut seal, edition);
        }
        SealEvent::DeviceReplaced { edition, .. } => new_edition(&mut seal, edition),
        SealEvent::CancellationScheduled { application, .. } => seal.change = Some(*application),
        SealEvent::HandOverOffered { to, .. } => seal.offered_to = Some(*to),
        SealEvent::CustodyAccepted { to, .. } => {
            seal.custodian = Some(*to);
            seal.offered_to = None;
            seal.pin.must_change = true;
        }
        SealEvent::PinChanged { at } => seal.pin = pin(*at, false),
        SealEvent::PinReset { at, .. } => seal.pin = pin(*at, true),
    }
    Some(seal)
}

/// Suspended, cancelled or expired, and why.
fn out_of_force(seal: &mut SealRecord, event: &SealEvent) {
    let standing = |at, reason, application, decision| {
        Some(Standing {
            at,
            reason,
            application,
            decision,
        })
    };
    match event {
        SealEvent::Suspended {
            at,
            reason,
            application,
            ..
        } => {
            seal.status = SealStatus::Suspended;
            seal.standing = standing(*at, Some(*reason), *application, None);
        }
        SealEvent::Cancelled {
            at,
            reason,
            application,
            decision,
        } => {
            seal.status = SealStatus::Cancelled;
            seal.offered_to = None;
            seal.standing = standing(*at, Some(*reason), *application, decision.clone());
        }
        SealEvent::Expired { at } => {
            seal.status = SealStatus::Expired;
            seal.offered_to = None;
            seal.standing = standing(*at, None, None, None);
        }
        _ => {}
    }
}

/// A new key comes with a password of its own.
fn new_edition(seal: &mut SealRecord, edition: &Edition) {
    seal.editions.push(edition.clone());
    seal.pin = Pin {
        changed_at: edition.made_at,
        must_change: true,
    };
}

fn pin(changed_at: Timestamp, must_change: bool) -> Pin {
    Pin {
        changed_at,
        must_change,
    }
}

fn made(event: &SealEvent) -> Option<SealRecord> {
    let SealEvent::Made {
        at,
        id,
        authority,
        kind,
        owner,
        name,
        impression,
        application,
        replaces,
        edition,
        custodian,
        ..
    } = event
    else {
        return None;
    };
    Some(SealRecord {
        id: *id,
        authority: *authority,
        kind: *kind,
        owner: *owner,
        name: name.clone(),
        impression: impression.clone(),
        application: *application,
        replaces: *replaces,
        editions: vec![edition.clone()],
        status: SealStatus::Made,
        custodian: None,
        offered_to: Some(*custodian),
        filings: Vec::new(),
        pin: Pin {
            changed_at: *at,
            must_change: true,
        },
        change: None,
        made_at: *at,
        standing: None,
    })
}
