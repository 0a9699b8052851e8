//! The audit table: what a call of each endpoint leaves in the log of acts.

/// What a call leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    /// Nothing: it changes nothing and reveals nothing that is not public.
    Nothing,
    /// An entry for what was done or refused, in the same transaction.
    Act,
}

/// Endpoint by endpoint, by operation.
pub(crate) static RECORDS: &[(&str, Record)] = &[
    ("verify", Record::Nothing),
    ("log_checkpoint", Record::Nothing),
    ("log_key", Record::Nothing),
    ("log_consistency", Record::Nothing),
    ("set_up", Record::Act),
    ("session_begin", Record::Act),
    ("session_show", Record::Nothing),
    ("session_end", Record::Act),
    ("authority_establish", Record::Act),
    ("authority_list", Record::Nothing),
    ("authority_show", Record::Nothing),
    ("openapi", Record::Nothing),
    ("healthz", Record::Nothing),
    ("readyz", Record::Nothing),
    ("metrics", Record::Nothing),
];
