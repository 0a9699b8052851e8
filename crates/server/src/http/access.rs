//! The authorization table: who may call which endpoint. What is not in it is closed to everybody.

use super::call::Call;
use super::endpoints::Endpoint;
use super::problem::Problem;
use crate::app::Service;

/// Who may call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody, without an account.
    Anyone,
    /// Everybody with a session; what they may do there is for the rules.
    SignedIn,
    /// Whoever runs the machine: from the networks of `http.operations`.
    Operations,
}

/// Endpoint by endpoint, by operation.
pub(crate) static ACCESS: &[(&str, Access)] = &[
    ("verify", Access::Anyone),
    ("log_checkpoint", Access::Anyone),
    ("log_key", Access::Anyone),
    ("log_consistency", Access::Anyone),
    ("set_up", Access::Operations),
    ("session_begin", Access::Anyone),
    ("session_show", Access::SignedIn),
    ("session_end", Access::SignedIn),
    ("authority_establish", Access::SignedIn),
    ("authority_list", Access::SignedIn),
    ("authority_show", Access::SignedIn),
    ("openapi", Access::Anyone),
    ("healthz", Access::Anyone),
    ("readyz", Access::Anyone),
    ("metrics", Access::Operations),
];

/// Lets the call pass and notes who it is, or says why not.
pub(crate) async fn admit(endpoint: &Endpoint, call: &mut Call, service: &Service) -> Result<(), Problem> {
    let access = ACCESS
        .iter()
        .find(|(operation, _)| *operation == endpoint.operation);
    match access.map(|(_, access)| access) {
        Some(Access::Anyone) => Ok(()),
        Some(Access::SignedIn) => {
            let token = call.bearer().ok_or_else(Problem::no_session)?;
            let caller = service.caller(token, call.address).await?;
            call.let_in(caller);
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
    use crate::http::endpoints::ENDPOINTS;
    use crate::http::records::RECORDS;

    #[track_caller]
    fn check_complete(table: &str, rows: impl Iterator<Item = &'static str> + Clone) {
        let names: BTreeSet<_> = rows.clone().collect();
        let endpoints: BTreeSet<_> = ENDPOINTS.iter().map(|endpoint| endpoint.operation).collect();
        let missing: Vec<_> = endpoints.difference(&names).collect();
        let idle: Vec<_> = names.difference(&endpoints).collect();
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
        check_complete("authorization", ACCESS.iter().map(|(operation, _)| *operation));
    }

    #[test]
    fn every_endpoint_stands_in_the_audit_table() {
        check_complete("audit", RECORDS.iter().map(|(operation, _)| *operation));
    }

    #[test]
    fn operations_and_paths_are_unique() {
        let names: BTreeSet<_> = ENDPOINTS.iter().map(|endpoint| endpoint.operation).collect();
        let routes: BTreeSet<_> = ENDPOINTS
            .iter()
            .map(|endpoint| (endpoint.path, endpoint.method.as_str()))
            .collect();
        assert_eq!((names.len(), routes.len()), (ENDPOINTS.len(), ENDPOINTS.len()));
    }

    /// What changes something is never open to everybody; verifying is a question with a long text, and
    /// signing in is what makes somebody somebody.
    #[test]
    fn nothing_open_to_everybody_changes_anything() {
        for endpoint in ENDPOINTS {
            let open = ACCESS.contains(&(endpoint.operation, Access::Anyone));
            let asks = endpoint.method == axum::http::Method::GET
                || ["verify", "session_begin"].contains(&endpoint.operation);
            assert!(asks || !open, "{} is open to everybody", endpoint.operation);
        }
    }
}
