//! The tables of the log and of the service, one statement after the other.
//!
//! Types are BIGINT (numbers, flags, UTC microseconds), TEXT (also JSON, which no statement looks into), BYTEA
//! and UUID. What is searched or unique has a column; everything else stands in the JSON beside it.

/// Statements in the order in which they run. The place in this list, from 1, is the migration's number: what was
/// released is never changed or moved, only added to.
pub(crate) const MIGRATIONS: &[&str] = &[
    // The audit log. `log_head` has one row, which is the lock of all writers.
    "CREATE TABLE IF NOT EXISTS log_head (
        id BIGINT NOT NULL PRIMARY KEY,
        frontier BYTEA NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS log_entries (
        idx BIGINT NOT NULL PRIMARY KEY,
        happened_at BIGINT NOT NULL,
        act TEXT NOT NULL,
        subject_kind TEXT NOT NULL,
        subject_id TEXT NOT NULL,
        entry BYTEA NOT NULL,
        leaf BYTEA NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS log_entries_subject ON log_entries (subject_kind, subject_id, idx)",
    "CREATE TABLE IF NOT EXISTS log_nodes (
        level BIGINT NOT NULL,
        idx BIGINT NOT NULL,
        digest BYTEA NOT NULL,
        PRIMARY KEY (level, idx)
    )",
    "CREATE TABLE IF NOT EXISTS log_checkpoints (
        size BIGINT NOT NULL PRIMARY KEY,
        signed_at BIGINT NOT NULL,
        note TEXT NOT NULL
    )",
    // The service.
    "CREATE TABLE IF NOT EXISTS settings (
        name TEXT NOT NULL PRIMARY KEY,
        version BIGINT NOT NULL,
        changed_at BIGINT NOT NULL,
        value TEXT NOT NULL
    )",
    // What happened to each noun, and what stands now.
    "CREATE TABLE IF NOT EXISTS events (
        subject UUID NOT NULL,
        sequence BIGINT NOT NULL,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        effective_at BIGINT NOT NULL,
        recorded_at BIGINT NOT NULL,
        actor TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (subject, sequence)
    )",
    "CREATE INDEX IF NOT EXISTS events_recorded ON events (kind, recorded_at)",
    "CREATE TABLE IF NOT EXISTS authorities (
        id UUID NOT NULL PRIMARY KEY,
        version BIGINT NOT NULL,
        state TEXT NOT NULL,
        parent UUID,
        region TEXT NOT NULL,
        name TEXT NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS authorities_parent ON authorities (parent, id)",
    "CREATE TABLE IF NOT EXISTS units (
        id UUID NOT NULL PRIMARY KEY,
        version BIGINT NOT NULL,
        state TEXT NOT NULL,
        authority UUID NOT NULL,
        parent UUID,
        code TEXT NOT NULL,
        name TEXT NOT NULL,
        region TEXT NOT NULL,
        ended BIGINT NOT NULL
    )",
    "CREATE UNIQUE INDEX IF NOT EXISTS units_code ON units (code) WHERE ended = 0",
    "CREATE INDEX IF NOT EXISTS units_authority ON units (authority, id)",
    "CREATE INDEX IF NOT EXISTS units_parent ON units (parent, id)",
    "CREATE INDEX IF NOT EXISTS units_name ON units (name, id)",
    "CREATE TABLE IF NOT EXISTS people (
        id UUID NOT NULL PRIMARY KEY,
        version BIGINT NOT NULL,
        state TEXT NOT NULL,
        blocked BIGINT NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS personal_data (
        person UUID NOT NULL PRIMARY KEY,
        sealed BYTEA NOT NULL,
        identity BYTEA NOT NULL,
        name BYTEA NOT NULL
    )",
    "CREATE UNIQUE INDEX IF NOT EXISTS personal_data_identity ON personal_data (identity)",
    "CREATE INDEX IF NOT EXISTS personal_data_name ON personal_data (name, person)",
    "CREATE TABLE IF NOT EXISTS appointments (
        scope_kind TEXT NOT NULL,
        scope UUID NOT NULL,
        role TEXT NOT NULL,
        person UUID NOT NULL,
        PRIMARY KEY (scope_kind, scope, role, person)
    )",
    "CREATE INDEX IF NOT EXISTS appointments_person ON appointments (person)",
    "CREATE TABLE IF NOT EXISTS applications (
        id UUID NOT NULL PRIMARY KEY,
        version BIGINT NOT NULL,
        state TEXT NOT NULL,
        authority UUID NOT NULL,
        unit UUID,
        agent UUID NOT NULL,
        seal UUID,
        kind TEXT NOT NULL,
        status TEXT NOT NULL,
        due BIGINT,
        holds_place BIGINT NOT NULL,
        ended BIGINT NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS applications_authority ON applications (authority, status, id)",
    "CREATE INDEX IF NOT EXISTS applications_unit ON applications (unit, id)",
    "CREATE INDEX IF NOT EXISTS applications_agent ON applications (agent, id)",
    "CREATE INDEX IF NOT EXISTS applications_seal ON applications (seal, id) WHERE seal IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS applications_due ON applications (due, id) WHERE ended = 0",
    "CREATE TABLE IF NOT EXISTS seals (
        id UUID NOT NULL PRIMARY KEY,
        version BIGINT NOT NULL,
        state TEXT NOT NULL,
        authority UUID NOT NULL,
        unit UUID,
        holder UUID,
        custodian UUID,
        kind TEXT NOT NULL,
        status TEXT NOT NULL,
        name TEXT NOT NULL,
        not_after BIGINT,
        impression BYTEA NOT NULL,
        holds_place BIGINT NOT NULL,
        legal_name BIGINT NOT NULL
    )",
    // At most one live legal-name seal for a unit, and different impressions among the live seals of an owner.
    "CREATE UNIQUE INDEX IF NOT EXISTS seals_one_legal_name ON seals (unit) WHERE legal_name = 1",
    "CREATE UNIQUE INDEX IF NOT EXISTS seals_impressions_of_unit ON seals (unit, impression) WHERE holds_place = 1 AND unit IS NOT NULL",
    "CREATE UNIQUE INDEX IF NOT EXISTS seals_impressions_of_holder ON seals (holder, impression) WHERE holds_place = 1 AND unit IS NULL",
    "CREATE INDEX IF NOT EXISTS seals_unit ON seals (unit, id)",
    "CREATE INDEX IF NOT EXISTS seals_holder ON seals (holder, id) WHERE holder IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS seals_custodian ON seals (custodian, id) WHERE custodian IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS seals_authority ON seals (authority, id)",
    "CREATE INDEX IF NOT EXISTS seals_authority_status ON seals (authority, status, id)",
    "CREATE INDEX IF NOT EXISTS seals_ending ON seals (status, not_after, id)",
    "CREATE TABLE IF NOT EXISTS seal_editions (
        seal UUID NOT NULL,
        number BIGINT NOT NULL,
        seal_code TEXT NOT NULL,
        certificate BYTEA NOT NULL,
        PRIMARY KEY (seal, number)
    )",
    "CREATE INDEX IF NOT EXISTS seal_editions_code ON seal_editions (seal_code)",
    "CREATE INDEX IF NOT EXISTS seal_editions_certificate ON seal_editions (certificate)",
    "CREATE TABLE IF NOT EXISTS policies (
        id UUID NOT NULL PRIMARY KEY,
        version BIGINT NOT NULL,
        state TEXT NOT NULL,
        unit UUID NOT NULL
    )",
    "CREATE UNIQUE INDEX IF NOT EXISTS policies_unit ON policies (unit)",
    "CREATE TABLE IF NOT EXISTS grants (
        id UUID NOT NULL PRIMARY KEY,
        version BIGINT NOT NULL,
        state TEXT NOT NULL,
        unit UUID NOT NULL,
        seal UUID NOT NULL,
        system UUID NOT NULL,
        status TEXT NOT NULL,
        until BIGINT NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS grants_unit ON grants (unit, id)",
    "CREATE INDEX IF NOT EXISTS grants_seal ON grants (seal, id)",
    "CREATE INDEX IF NOT EXISTS grants_system ON grants (system, status, id)",
    "CREATE TABLE IF NOT EXISTS grant_days (
        grant_id UUID NOT NULL,
        day BIGINT NOT NULL,
        used BIGINT NOT NULL,
        PRIMARY KEY (grant_id, day)
    )",
    "CREATE TABLE IF NOT EXISTS filings (
        id UUID NOT NULL PRIMARY KEY,
        version BIGINT NOT NULL,
        state TEXT NOT NULL,
        seal UUID NOT NULL,
        body TEXT NOT NULL,
        status TEXT NOT NULL,
        since BIGINT NOT NULL,
        due BIGINT,
        open BIGINT NOT NULL,
        accepted BIGINT
    )",
    "CREATE INDEX IF NOT EXISTS filings_seal ON filings (seal, id)",
    "CREATE INDEX IF NOT EXISTS filings_due ON filings (due, id) WHERE open = 1",
    "CREATE INDEX IF NOT EXISTS filings_since ON filings (since)",
    "CREATE TABLE IF NOT EXISTS usages (
        id UUID NOT NULL PRIMARY KEY,
        version BIGINT NOT NULL,
        state TEXT NOT NULL,
        unit UUID,
        seal UUID NOT NULL,
        person UUID,
        system UUID,
        grant_id UUID,
        document BYTEA NOT NULL,
        status TEXT NOT NULL,
        lapses_at BIGINT,
        requested_at BIGINT NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS usages_unit ON usages (unit, id)",
    "CREATE INDEX IF NOT EXISTS usages_unit_status ON usages (unit, status, id)",
    "CREATE INDEX IF NOT EXISTS usages_person ON usages (person, id) WHERE person IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS usages_lapsing ON usages (lapses_at, id) WHERE status = 'approved'",
    "CREATE TABLE IF NOT EXISTS use_records (
        request UUID NOT NULL,
        sequence BIGINT NOT NULL,
        item BIGINT NOT NULL,
        seal UUID NOT NULL,
        unit UUID,
        grant_id UUID,
        document BYTEA NOT NULL,
        placement TEXT NOT NULL,
        by_actor TEXT NOT NULL,
        begun_at BIGINT NOT NULL,
        outcome TEXT,
        finished_at BIGINT,
        sealed BYTEA,
        reason TEXT,
        PRIMARY KEY (request, sequence)
    )",
    // An item has one open intent at most, and these are what a start looks for.
    "CREATE UNIQUE INDEX IF NOT EXISTS use_records_open ON use_records (request, item) WHERE outcome IS NULL",
    "CREATE INDEX IF NOT EXISTS use_records_unresolved ON use_records (begun_at) WHERE outcome IS NULL",
    "CREATE INDEX IF NOT EXISTS use_records_seal ON use_records (seal, begun_at)",
    "CREATE INDEX IF NOT EXISTS use_records_unit ON use_records (unit, begun_at) WHERE unit IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS use_records_document ON use_records (document)",
    "CREATE INDEX IF NOT EXISTS use_records_sealed ON use_records (sealed) WHERE sealed IS NOT NULL",
    "CREATE TABLE IF NOT EXISTS refusals (
        id UUID NOT NULL PRIMARY KEY,
        subject UUID NOT NULL,
        kind TEXT NOT NULL,
        refused_at BIGINT NOT NULL,
        code TEXT NOT NULL,
        body TEXT NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS refusals_subject ON refusals (subject, id)",
    // The service: answers that were given, jobs, accounts, sessions, API clients.
    "CREATE TABLE IF NOT EXISTS idempotency_keys (
        scope TEXT NOT NULL,
        idempotency_key TEXT NOT NULL,
        request BYTEA NOT NULL,
        status BIGINT NOT NULL,
        body BYTEA NOT NULL,
        kept_at BIGINT NOT NULL,
        PRIMARY KEY (scope, idempotency_key)
    )",
    "CREATE INDEX IF NOT EXISTS idempotency_keys_age ON idempotency_keys (kept_at)",
    "CREATE TABLE IF NOT EXISTS jobs (
        id UUID NOT NULL PRIMARY KEY,
        kind TEXT NOT NULL,
        job_key TEXT NOT NULL,
        body TEXT NOT NULL,
        due_at BIGINT NOT NULL,
        tries BIGINT NOT NULL,
        worker UUID,
        leased_until BIGINT,
        last_failure TEXT,
        done_at BIGINT
    )",
    "CREATE UNIQUE INDEX IF NOT EXISTS jobs_one_open ON jobs (kind, job_key) WHERE done_at IS NULL",
    "CREATE INDEX IF NOT EXISTS jobs_due ON jobs (kind, due_at, id) WHERE done_at IS NULL",
    "CREATE INDEX IF NOT EXISTS jobs_done ON jobs (done_at) WHERE done_at IS NOT NULL",
    "CREATE TABLE IF NOT EXISTS accounts (
        id UUID NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        person UUID NOT NULL,
        password_hash TEXT,
        password_set_at BIGINT,
        totp_sealed BYTEA,
        totp_last_step BIGINT NOT NULL,
        certificate BYTEA,
        failed_tries BIGINT NOT NULL,
        locked_until BIGINT,
        closed BIGINT NOT NULL
    )",
    "CREATE UNIQUE INDEX IF NOT EXISTS accounts_name ON accounts (name)",
    "CREATE UNIQUE INDEX IF NOT EXISTS accounts_person ON accounts (person) WHERE closed = 0",
    "CREATE UNIQUE INDEX IF NOT EXISTS accounts_certificate ON accounts (certificate) WHERE certificate IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS accounts_passwords ON accounts (password_set_at) WHERE closed = 0",
    "CREATE TABLE IF NOT EXISTS password_history (
        account UUID NOT NULL,
        set_at BIGINT NOT NULL,
        password_hash TEXT NOT NULL,
        PRIMARY KEY (account, set_at)
    )",
    "CREATE TABLE IF NOT EXISTS sessions (
        token BYTEA NOT NULL PRIMARY KEY,
        account UUID NOT NULL,
        begun_at BIGINT NOT NULL,
        used_at BIGINT NOT NULL,
        ends_at BIGINT NOT NULL,
        facts TEXT NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS sessions_account ON sessions (account, begun_at)",
    "CREATE TABLE IF NOT EXISTS challenges (
        challenge BYTEA NOT NULL PRIMARY KEY,
        purpose TEXT NOT NULL,
        ends_at BIGINT NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS nonces (
        client UUID NOT NULL,
        nonce TEXT NOT NULL,
        ends_at BIGINT NOT NULL,
        PRIMARY KEY (client, nonce)
    )",
    "CREATE INDEX IF NOT EXISTS nonces_age ON nonces (ends_at)",
    "CREATE TABLE IF NOT EXISTS api_clients (
        id UUID NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        certificate BYTEA NOT NULL,
        facts TEXT NOT NULL,
        registered_at BIGINT NOT NULL,
        blocked_at BIGINT
    )",
    "CREATE UNIQUE INDEX IF NOT EXISTS api_clients_certificate ON api_clients (certificate)",
    // Who brought which document.
    "CREATE TABLE IF NOT EXISTS uploads (
        by_whom UUID NOT NULL,
        document BYTEA NOT NULL,
        bytes BIGINT NOT NULL,
        facts TEXT NOT NULL,
        brought_at BIGINT NOT NULL,
        PRIMARY KEY (by_whom, document)
    )",
    // The documents of a batch: their digests, one after the other.
    "CREATE TABLE IF NOT EXISTS batches (
        request UUID NOT NULL PRIMARY KEY,
        documents BYTEA NOT NULL
    )",
    // What somebody was reminded of.
    "CREATE TABLE IF NOT EXISTS reminders (
        kind TEXT NOT NULL,
        subject UUID NOT NULL,
        due BIGINT NOT NULL,
        person UUID,
        unit UUID,
        authority UUID,
        raised_at BIGINT NOT NULL,
        open BIGINT NOT NULL,
        PRIMARY KEY (kind, subject, due)
    )",
    "CREATE INDEX IF NOT EXISTS reminders_person ON reminders (person, due) WHERE open = 1",
    "CREATE INDEX IF NOT EXISTS reminders_unit ON reminders (unit, due) WHERE open = 1",
    "CREATE INDEX IF NOT EXISTS reminders_authority ON reminders (authority, due) WHERE open = 1",
    "CREATE INDEX IF NOT EXISTS reminders_due ON reminders (due, subject) WHERE open = 1",
];
