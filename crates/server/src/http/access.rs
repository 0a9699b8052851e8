//! The authorization table: who may call which endpoint. What is not in it is closed to everybody.

use super::call::Call;
use super::endpoints::Endpoint;
use super::problem::Problem;
use super::signed;
use crate::app::Service;

/// Who may call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody, without an account.
    Anyone,
    /// Everybody with a session; what they may do there is for the rules.
    SignedIn,
    /// Business systems, by their signed requests.
    System,
    /// Whoever runs the machine: from the networks of `http.operations`.
    Operations,
}

/// Who may call the endpoint of that operation; none when it is missing from the table.
pub(crate) fn access(operation: &str) -> Option<Access> {
    let mut rows = ACCESS.iter().copied().flatten();
    rows.find(|(name, _)| *name == operation)
        .map(|(_, access)| *access)
}

/// The table, by operation, in the parts of `endpoints`.
static ACCESS: &[&[(&str, Access)]] = &[SERVICE, LIFE, USAGE];

/// The service itself.
const SERVICE: &[(&str, Access)] = &[
    ("verify", Access::Anyone),
    ("log_checkpoint", Access::Anyone),
    ("log_key", Access::Anyone),
    ("log_consistency", Access::Anyone),
    ("log_inclusion", Access::Anyone),
    ("set_up", Access::Operations),
    ("session_begin", Access::Anyone),
    ("session_challenge", Access::Anyone),
    ("session_certificate_set", Access::SignedIn),
    ("session_certificate_remove", Access::SignedIn),
    ("session_show", Access::SignedIn),
    ("session_end", Access::SignedIn),
    ("authority_establish", Access::SignedIn),
    ("authority_list", Access::SignedIn),
    ("authority_show", Access::SignedIn),
    ("authority_change", Access::SignedIn),
    ("openapi", Access::Anyone),
    ("healthz", Access::Anyone),
    ("readyz", Access::Anyone),
    ("metrics", Access::Operations),
];

/// The life of a seal.
const LIFE: &[(&str, Access)] = &[
    ("unit_register", Access::SignedIn),
    ("unit_list", Access::SignedIn),
    ("unit_show", Access::SignedIn),
    ("unit_change", Access::SignedIn),
    ("person_register", Access::SignedIn),
    ("person_list", Access::SignedIn),
    ("person_show", Access::SignedIn),
    ("person_change", Access::SignedIn),
    ("account_open", Access::SignedIn),
    ("account_close", Access::SignedIn),
    ("account_reset", Access::SignedIn),
    ("account_sessions", Access::SignedIn),
    ("account_sessions_end", Access::SignedIn),
    ("application_draft", Access::SignedIn),
    ("application_list", Access::SignedIn),
    ("application_show", Access::SignedIn),
    ("application_step", Access::SignedIn),
    ("material_add", Access::SignedIn),
    ("material_read", Access::SignedIn),
    ("registered_fetch", Access::SignedIn),
    ("registered_show", Access::SignedIn),
    ("impression_compare", Access::SignedIn),
    ("likeness_show", Access::SignedIn),
    ("likeness_decide", Access::SignedIn),
    ("seal_make", Access::SignedIn),
    ("seal_list", Access::SignedIn),
    ("seal_show", Access::SignedIn),
    ("seal_collect", Access::SignedIn),
    ("seal_pin", Access::SignedIn),
    ("seal_step", Access::SignedIn),
    ("seal_filings", Access::SignedIn),
    ("seal_data", Access::SignedIn),
    ("seal_certificate", Access::SignedIn),
    ("crl", Access::Anyone),
    ("seal_status", Access::Anyone),
    ("statistics", Access::SignedIn),
];

/// The use of seals.
const USAGE: &[(&str, Access)] = &[
    ("document_receive", Access::SignedIn),
    ("document_show", Access::SignedIn),
    ("document_content", Access::SignedIn),
    ("policy_adopt", Access::SignedIn),
    ("policy_show", Access::SignedIn),
    ("policy_versions", Access::SignedIn),
    ("deputy_appoint", Access::SignedIn),
    ("deputy_dismiss", Access::SignedIn),
    ("use_request", Access::SignedIn),
    ("use_list", Access::SignedIn),
    ("use_show", Access::SignedIn),
    ("use_document", Access::SignedIn),
    ("use_records", Access::SignedIn),
    ("use_approve", Access::SignedIn),
    ("use_decline", Access::SignedIn),
    ("use_withdraw", Access::SignedIn),
    ("use_stamp", Access::SignedIn),
    ("batch_stamp", Access::SignedIn),
    ("batch_show", Access::SignedIn),
    ("batch_document", Access::SignedIn),
    ("use_sealed", Access::SignedIn),
    ("use_proof", Access::SignedIn),
    ("reminder_list", Access::SignedIn),
    ("client_enter", Access::SignedIn),
    ("client_list", Access::SignedIn),
    ("client_show", Access::SignedIn),
    ("client_change", Access::SignedIn),
    ("client_block", Access::SignedIn),
    ("grant_apply", Access::SignedIn),
    ("grant_list", Access::SignedIn),
    ("grant_show", Access::SignedIn),
    ("grant_consent", Access::SignedIn),
    ("grant_authorise", Access::SignedIn),
    ("grant_decline", Access::SignedIn),
    ("grant_revoke", Access::SignedIn),
    ("grant_open", Access::SignedIn),
    ("grant_stamp", Access::System),
];

/// Lets the call pass and notes who it is, or says why not.
pub(crate) async fn admit(endpoint: &Endpoint, call: &mut Call, service: &Service) -> Result<(), Problem> {
    match access(endpoint.operation) {
        Some(Access::Anyone) => Ok(()),
        Some(Access::SignedIn) => {
            let token = call.bearer().ok_or_else(Problem::no_session)?;
            let caller = service.caller(token, call.address).await?;
            call.let_in(caller);
            Ok(())
        }
        Some(Access::System) => {
            if let Some(certificate) = call.client_certificate(&service.config.http)? {
                let caller = service.certified_system(&certificate, call.address).await?;
                call.let_in(caller);
                return Ok(());
            }
            let (request, digest) = signed::read(call)?;
            let caller = service.system_caller(request, call.address).await?;
            call.let_in_signed(caller, digest);
            Ok(())
        }
        Some(Access::Operations) => {
            let known = |address| {
                service
                    .config
                    .http
                    .operations
                    .iter()
                    .any(|subnet| subnet.contains(address))
            };
            if call.address.is_some_and(known) {
                Ok(())
            } else {
                Err(Problem::network_not_allowed())
            }
        }
        None => Err(Problem::internal(
            "the endpoint is missing from the authorization table",
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::http::endpoints::endpoints;
    use crate::http::records::RECORDS;

    #[track_caller]
    fn check_complete(table: &str, rows: impl Iterator<Item = &'static str> + Clone) {
        let names: BTreeSet<_> = rows.clone().collect();
        let known: BTreeSet<_> = endpoints().map(|endpoint| endpoint.operation).collect();
        let missing: Vec<_> = known.difference(&names).collect();
        let idle: Vec<_> = names.difference(&known).collect();
        assert_eq!(
            names.len(),
            rows.count(),
            "an operation stands twice in the {table} table"
        );
        assert!(missing.is_empty(), "missing in the {table} table: {missing:?}");
        assert!(
            idle.is_empty(),
            "no endpoint for these rows of the {table} table: {idle:?}"
        );
    }

    #[test]
    fn every_endpoint_stands_in_the_authorization_table() {
        check_complete(
            "authorization",
            ACCESS.iter().copied().flatten().map(|(operation, _)| *operation),
        );
    }

    #[test]
    fn every_endpoint_stands_in_the_audit_table() {
        check_complete(
            "audit",
            RECORDS.iter().copied().flatten().map(|(operation, _)| *operation),
        );
    }

    #[test]
    fn operations_and_paths_are_unique() {
        let names: BTreeSet<_> = endpoints().map(|endpoint| endpoint.operation).collect();
        let routes: BTreeSet<_> = endpoints()
            .map(|endpoint| (endpoint.path, endpoint.method.as_str()))
            .collect();
        assert_eq!(
            (names.len(), routes.len()),
            (endpoints().count(), endpoints().count())
        );
    }

    /// What changes something is never open to everybody; verifying is a question with a long text, and
    /// signing in is what makes somebody somebody.
    #[test]
    fn nothing_open_to_everybody_changes_anything() {
        for endpoint in endpoints() {
            let open = access(endpoint.operation) == Some(Access::Anyone);
            let asks = endpoint.method == axum::http::Method::GET
                || ["verify", "session_begin"].contains(&endpoint.operation);
            assert!(asks || !open, "{} is open to everybody", endpoint.operation);
        }
    }
}
