//! The audit table: what a call of each endpoint leaves in the log of acts.

/// What a call leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    /// Nothing: it changes nothing and reveals nothing that is not public.
    Nothing,
}

/// Endpoint by endpoint, by operation.
pub(crate) static RECORDS: &[(&str, Record)] = &[
    ("verify", Record::Nothing),
    ("log_checkpoint", Record::Nothing),
    ("log_key", Record::Nothing),
    ("log_consistency", Record::Nothing),
    ("openapi", Record::Nothing),
    ("healthz", Record::Nothing),
    ("readyz", Record::Nothing),
    ("metrics", Record::Nothing),
];
