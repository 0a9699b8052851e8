//! Reminders: `GET /api/reminders`.

use std::sync::Arc;

use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::answer::json;
use super::call::Call;
use super::problem::Problem;
use crate::app::{Service, subject_kind};

/// What the caller is reminded of.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ReminderList {
    /// Those due first; 500 at most.
    items: Vec<ReminderView>,
}

/// A reminder.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ReminderView {
    /// `seal_renewal`, `pin_age`, `password_age`, `client_certificate`, `maker_certificate`, `filing_overdue` or
    /// `approval_lapsing`.
    kind: &'static str,
    /// The requirement that it serves.
    rule: String,
    /// What is to be done, in the language asked for.
    advice: &'static str,
    subject: SubjectView,
    /// When it is too late.
    due: String,
    overdue: bool,
    /// Whose people it concerns.
    unit: Option<String>,
    /// Whose officers it concerns.
    authority: Option<String>,
    raised_at: String,
}

/// What a reminder is about.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SubjectView {
    /// `seal`, `filing`, `use`, `account`, `client` or `maker_certificate`.
    kind: &'static str,
    id: String,
}

pub(crate) async fn list(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let language = call.language.pick(registry::Language::Zh, registry::Language::En);
    let told = service.reminders(call.caller()?).await?;
    let items = told.into_iter().map(|(kind, one)| ReminderView {
        kind: kind.name(),
        rule: kind.rule().to_string(),
        advice: kind.advice(language),
        subject: SubjectView {
            kind: subject_kind(kind),
            id: one.subject.to_string(),
        },
        due: one.due.to_string(),
        overdue: one.due <= call.now,
        unit: one.unit.map(|unit| unit.to_string()),
        authority: one.authority.map(|authority| authority.to_string()),
        raised_at: one.raised_at.to_string(),
    });
    json(&ReminderList {
        items: items.collect(),
    })
}
