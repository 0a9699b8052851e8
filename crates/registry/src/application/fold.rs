//! What events make of an application.

use super::{Application, ApplicationEvent, ApplicationStatus, Consent};

/// The state after an event. An event that does not fit the state leaves it as it is.
pub fn apply(state: Option<Application>, event: &ApplicationEvent) -> Option<Application> {
    let Some(mut application) = state else {
        return drafted(event);
    };
    match event {
        ApplicationEvent::Drafted { .. } => {}
        ApplicationEvent::Amended { ask, .. } => application.ask = ask.clone(),
        ApplicationEvent::MaterialAdded { material, .. } => {
            application.supplements.retain(|asked| *asked != material.kind);
            application.materials.push(material.clone());
        }
        ApplicationEvent::Submitted { declaration, due, .. } => {
            application.status = ApplicationStatus::Submitted;
            application.declaration = Some(declaration.clone());
            application.due = Some(*due);
            application.consent = None;
            application.reasons.clear();
        }
        ApplicationEvent::Consented { at, by } => {
            application.status = ApplicationStatus::Consented;
            application.consent = Some(Consent { by: *by, at: *at });
        }
        ApplicationEvent::ConsentRefused { reason, .. } => {
            application.status = ApplicationStatus::Withdrawn;
            application.reasons = vec![reason.clone()];
        }
        ApplicationEvent::TakenUp { by, .. } => {
            application.status = ApplicationStatus::UnderReview;
            application.reviewer = Some(*by);
        }
        ApplicationEvent::Returned {
            materials, reasons, ..
        } => {
            application.status = ApplicationStatus::Returned;
            application.supplements.clone_from(materials);
            application.reasons.clone_from(reasons);
            application.delivered_at = None;
        }
        ApplicationEvent::Approved { .. } => application.status = ApplicationStatus::Approved,
        ApplicationEvent::Rejected { reasons, .. } => {
            application.status = ApplicationStatus::Rejected;
            application.reasons.clone_from(reasons);
        }
        ApplicationEvent::ReasonsDelivered { at } => application.delivered_at = Some(*at),
        ApplicationEvent::Completed { .. } => application.status = ApplicationStatus::Completed,
        ApplicationEvent::Withdrawn { .. } => application.status = ApplicationStatus::Withdrawn,
    }
    Some(application)
}

fn drafted(event: &ApplicationEvent) -> Option<Application> {
    let ApplicationEvent::Drafted {
        at,
        id,
        authority,
        unit,
        agent,
        ask,
    } = event
    else {
        return None;
    };
    Some(Application {
        id: *id,
        authority: *authority,
        unit: *unit,
        agent: *agent,
        ask: ask.clone(),
        materials: Vec::new(),
        status: ApplicationStatus::Draft,
        declaration: None,
        consent: None,
        reviewer: None,
        supplements: Vec::new(),
        reasons: Vec::new(),
        due: None,
        delivered_at: None,
        drafted_at: *at,
    })
}
