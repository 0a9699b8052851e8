//! What events make of a request.

use std::collections::BTreeMap;

use super::{OpenItem, Outcome, Ranges, UseEvent, UseRequest, UseStatus};

/// The state after an event. An event that does not fit the state leaves it as it is.
pub fn apply(state: Option<UseRequest>, event: &UseEvent) -> Option<UseRequest> {
    let Some(mut request) = state else {
        return requested(event);
    };
    match event {
        UseEvent::Requested { .. } => {}
        UseEvent::ApprovalGiven { approval, .. } => request.approvals.push(approval.clone()),
        UseEvent::Approved { lapses_at, .. } => {
            request.status = UseStatus::Approved;
            request.lapses_at = Some(*lapses_at);
        }
        UseEvent::Declined { .. } => request.status = UseStatus::Declined,
        UseEvent::Withdrawn { .. } => request.status = UseStatus::Withdrawn,
        UseEvent::Begun {
            at, item, document, ..
        } => {
            request.failed.remove(*item);
            request.open.insert(
                *item,
                OpenItem {
                    document: *document,
                    at: *at,
                },
            );
        }
        UseEvent::Finished { item, outcome, .. } => {
            request.open.remove(item);
            match outcome {
                Outcome::Stamped { .. } => request.stamped.insert(*item),
                Outcome::Failed { .. } => request.failed.insert(*item),
            }
        }
        UseEvent::Completed { .. } => request.status = UseStatus::Completed,
        UseEvent::Lapsed { .. } => request.status = UseStatus::Lapsed,
    }
    Some(request)
}

fn requested(event: &UseEvent) -> Option<UseRequest> {
    let UseEvent::Requested {
        at,
        id,
        unit,
        seal,
        requester,
        purpose,
        document_type,
        amount_fen,
        content,
        basis,
    } = event
    else {
        return None;
    };
    Some(UseRequest {
        id: *id,
        unit: *unit,
        seal: *seal,
        requester: *requester,
        purpose: purpose.clone(),
        document_type: document_type.clone(),
        amount_fen: *amount_fen,
        content: content.clone(),
        basis: basis.clone(),
        status: UseStatus::Requested,
        approvals: Vec::new(),
        lapses_at: None,
        open: BTreeMap::new(),
        stamped: Ranges::default(),
        failed: Ranges::default(),
        requested_at: *at,
    })
}
