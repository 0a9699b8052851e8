//! The pages of the system for people: HTML that is made here, works without scripts, and is Chinese and English.
//!
//! A page is a row of the table ([`pages`]); it calls the use cases of `app` as the HTTP interface does, and holds
//! no rules. Decision 0018 says why it is built so.

mod accounts;
mod acts;
mod administration;
mod affairs;
mod applications;
mod ask_use;
mod assets;
mod audit;
mod authorities;
mod batches;
mod calendar;
mod chart;
mod clients;
mod comparison;
mod deputies;
mod filings;
mod form;
mod grants;
mod help;
mod home;
mod installation;
mod layout;
mod pages;
mod parts;
mod people;
mod policy;
mod queue;
mod report;
mod seals;
mod sign_in;
mod statistics;
mod units;
mod uses;
mod verify;
mod visit;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawPathParams, Request};
use axum::http::{HeaderValue, Method, header};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use tracing::info;

use crate::app::Service;
use crate::http::call::{self, Call};
use crate::http::problem::Problem;

use self::pages::{Access, PAGES, Page, Record};
use self::visit::Visit;

/// What a page may load and where it may send forms: what this server gives out, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Adds every page to the router.
pub(crate) fn routes(mut router: Router, service: &Arc<Service>) -> Router {
    for page in PAGES.iter().copied().flatten() {
        let shared = Arc::clone(service);
        let handler = move |path: RawPathParams, request: Request| answer(shared, Some(page), path, request);
        let filter = MethodFilter::try_from(page.method.clone()).expect("the table has known methods only");
        router = router.route(page.path, on(filter, handler));
    }
    router
}

/// A page for what is none.
pub(crate) async fn missing(service: Arc<Service>, path: RawPathParams, request: Request) -> Response {
    answer(service, None, path, request).await
}

/// Does a request ask for a page, and not for the interface of programs?
pub(crate) fn is_for_people(path: &str) -> bool {
    !path.starts_with("/api/") && path != "/api"
}

/// The pipeline that every page passes.
async fn answer(
    service: Arc<Service>,
    page: Option<&'static Page>,
    path: RawPathParams,
    request: Request,
) -> Response {
    let begun = service.outside.now();
    let request_id = call::request_id(&service.outside);
    let (parts, body) = request.into_parts();
    let method = parts.method.clone();
    let operation = page.map_or("page_none", |page| page.operation);
    let _running = service.metrics.begin();
    let path = path
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let call = Call::new(parts, body, path.collect(), begun, &service.config.http);
    let visit = Visit::new(call, &service, &request_id).await;
    let face = visit.face.clone();
    let limit = service.config.http.request_time();
    let work = serve(Arc::clone(&service), page, visit);
    let outcome = tokio::time::timeout(limit, work).await;
    let outcome = outcome.unwrap_or_else(|_| Err(Problem::too_slow(limit.as_secs())));
    let response = outcome.unwrap_or_else(|problem| {
        problem.log(operation, &request_id);
        layout::problem_page(&face, &problem, &request_id)
    });
    let status = response.status().as_u16();
    let took = service.outside.now().duration_since(begun);
    service.metrics.answered(operation, status, took.as_secs_f64());
    let acts = page.is_some_and(|page| page.record == Record::Act);
    info!(request_id, operation, %method, status, acts, micros = took.as_micros(), "answered");
    guarded(call::with_request_id(response, &request_id))
}

async fn serve(
    service: Arc<Service>,
    page: Option<&'static Page>,
    visit: Visit,
) -> Result<Response, Problem> {
    let page = page.ok_or_else(Problem::no_such_page)?;
    if page.method == Method::POST {
        visit.check_origin()?;
    }
    if page.access == Access::SignedIn && visit.caller.is_none() {
        if page.method == Method::GET {
            return Ok(visit.to_sign_in());
        }
        return Err(Problem::no_session());
    }
    (page.handler)(service, visit).await
}

/// Headers that every page carries, unless it said otherwise.
fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let defaults = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
