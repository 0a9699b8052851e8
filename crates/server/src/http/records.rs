//! The audit table: what a call of each endpoint leaves in the log of acts.

/// What a call leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    /// Nothing.
    Nothing,
    /// An entry for what was done or refused, in the same transaction.
    Act,
}

/// What a call of the endpoint of that operation leaves behind; none when it is missing from the table.
pub(crate) fn record(operation: &str) -> Option<Record> {
    let mut rows = RECORDS.iter().copied().flatten();
    rows.find(|(name, _)| *name == operation)
        .map(|(_, record)| *record)
}

/// The table, by operation, in the parts of `endpoints`.
pub(super) static RECORDS: &[&[(&str, Record)]] = &[SERVICE, LIFE, USAGE];

/// The service itself.
const SERVICE: &[(&str, Record)] = &[
    ("verify", Record::Nothing),
    ("log_checkpoint", Record::Nothing),
    ("log_key", Record::Nothing),
    ("log_consistency", Record::Nothing),
    ("log_inclusion", Record::Nothing),
    ("set_up", Record::Act),
    ("session_begin", Record::Act),
    ("session_challenge", Record::Nothing),
    ("session_certificate_set", Record::Act),
    ("session_certificate_remove", Record::Act),
    ("session_show", Record::Nothing),
    ("session_end", Record::Act),
    ("authority_establish", Record::Act),
    ("authority_list", Record::Nothing),
    ("authority_show", Record::Nothing),
    ("authority_change", Record::Act),
    ("openapi", Record::Nothing),
    ("healthz", Record::Nothing),
    ("readyz", Record::Nothing),
    ("metrics", Record::Nothing),
];

/// The life of a seal.
const LIFE: &[(&str, Record)] = &[
    ("unit_register", Record::Act),
    ("unit_list", Record::Nothing),
    ("unit_show", Record::Nothing),
    ("unit_change", Record::Act),
    ("person_register", Record::Act),
    ("person_list", Record::Nothing),
    ("person_show", Record::Nothing),
    ("person_change", Record::Act),
    ("account_open", Record::Act),
    ("account_close", Record::Act),
    ("account_reset", Record::Act),
    ("account_sessions", Record::Nothing),
    ("account_sessions_end", Record::Act),
    ("application_draft", Record::Act),
    ("application_list", Record::Nothing),
    ("application_show", Record::Act),
    ("application_step", Record::Act),
    ("material_add", Record::Act),
    ("material_read", Record::Act),
    ("registered_fetch", Record::Act),
    ("registered_show", Record::Nothing),
    ("impression_compare", Record::Act),
    ("likeness_show", Record::Nothing),
    ("likeness_decide", Record::Act),
    ("seal_make", Record::Act),
    ("seal_list", Record::Nothing),
    ("seal_show", Record::Nothing),
    ("seal_collect", Record::Act),
    ("seal_pin", Record::Act),
    ("seal_step", Record::Act),
    ("seal_filings", Record::Nothing),
    ("seal_data", Record::Act),
    ("seal_certificate", Record::Nothing),
    ("crl", Record::Nothing),
    ("seal_status", Record::Nothing),
    ("statistics", Record::Nothing),
];

/// The use of seals.
const USAGE: &[(&str, Record)] = &[
    ("document_receive", Record::Act),
    ("document_show", Record::Nothing),
    ("document_content", Record::Nothing),
    ("policy_adopt", Record::Act),
    ("policy_show", Record::Nothing),
    ("policy_versions", Record::Nothing),
    ("deputy_appoint", Record::Act),
    ("deputy_dismiss", Record::Act),
    ("use_request", Record::Act),
    ("use_list", Record::Nothing),
    ("use_show", Record::Nothing),
    ("use_document", Record::Nothing),
    ("use_records", Record::Nothing),
    ("use_approve", Record::Act),
    ("use_decline", Record::Act),
    ("use_withdraw", Record::Act),
    ("use_stamp", Record::Act),
    ("batch_stamp", Record::Act),
    ("batch_show", Record::Nothing),
    ("batch_document", Record::Nothing),
    ("use_sealed", Record::Nothing),
    ("use_proof", Record::Nothing),
    ("reminder_list", Record::Nothing),
    ("client_enter", Record::Act),
    ("client_list", Record::Nothing),
    ("client_show", Record::Nothing),
    ("client_change", Record::Act),
    ("client_block", Record::Act),
    ("grant_apply", Record::Act),
    ("grant_list", Record::Nothing),
    ("grant_show", Record::Nothing),
    ("grant_consent", Record::Act),
    ("grant_authorise", Record::Act),
    ("grant_decline", Record::Act),
    ("grant_revoke", Record::Act),
    ("grant_open", Record::Act),
    ("grant_stamp", Record::Act),
];
