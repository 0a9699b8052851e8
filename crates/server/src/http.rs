//! The HTTP interface: it reads requests, asks `app`, and writes answers. No rule of seals stands here.
//!
//! A request passes one pipeline, whatever it asks for: its endpoint ([`endpoints`]), who may ask
//! ([`access`]), the handler, the answer with its request id, the log line and the figures.

pub(crate) mod access;
pub(crate) mod answer;
pub(crate) mod applications;
mod authorities;
mod batches;
pub(crate) mod call;
pub(crate) mod clients;
mod connections;
mod documents;
pub(crate) mod endpoints;
mod grants;
pub(crate) mod language;
mod log;
mod openapi;
mod operations;
pub(crate) mod people;
mod policies;
pub(crate) mod problem;
mod records;
mod reminders;
mod seals;
mod sessions;
pub(crate) mod set_up;
mod signed;
mod units;
pub(crate) mod uses;
mod verify;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{RawPathParams, Request};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::{error, info, warn};

use crate::app::{OpenError, Service};
use crate::config::Config;
use crate::jobs;
use crate::outside::Outside;
use crate::web;

use self::access::admit;
use self::call::{Call, Peer};
use self::endpoints::{Endpoint, endpoints};
use self::problem::Problem;

pub use self::openapi::openapi;

/// A service that has its port but answers nobody yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    service: Arc<Service>,
}

impl Server {
    /// Opens the data folder and the port.
    pub async fn start(
        config: Config,
        verifier: sealing::Verifier,
        outside: Outside,
    ) -> Result<Self, ServerError> {
        let wanted = config.http.listen;
        let service = Service::open(config, verifier, outside).await?;
        let failed = |source| ServerError::Listen {
            address: wanted,
            source,
        };
        let listener = TcpListener::bind(wanted).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            listener,
            address,
            service: Arc::new(service),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` is ready, then lets running requests finish for as long as configured.
    /// Says whether all of them did.
    pub async fn run(self, stop: impl Future<Output = ()>) -> bool {
        let (service, config) = (Arc::clone(&self.service), self.service.config.http.clone());
        info!(address = %self.address, "listening");
        let router = router(Arc::clone(&service));
        let checkpoints = tokio::spawn(jobs::checkpoints(Arc::clone(&service)));
        let uses = tokio::spawn(jobs::uses(Arc::clone(&service)));
        let filings = tokio::spawn(jobs::filings(Arc::clone(&service)));
        let reminders = tokio::spawn(jobs::reminders(Arc::clone(&service)));
        let running = connections::serve(self.listener, &config, router, async {
            stop.await;
            service.begin_stopping();
            info!("stopping: no new connections");
        })
        .await;
        let limit = Duration::from_secs(config.stop_seconds_max);
        let finished = tokio::time::timeout(limit, running.shutdown()).await.is_ok();
        // A job that panicked has said so; the others are waited for.
        let _ = (uses.await, filings.await, reminders.await, checkpoints.await);
        service.finish_stamping().await;
        jobs::checkpoint(&service).await;
        service.close().await;
        if finished {
            info!("stopped");
        } else {
            warn!(
                stop_seconds_max = limit.as_secs(),
                "stopped with requests cut off"
            );
        }
        finished
    }
}

/// Every endpoint, and answers for what is none.
fn router(service: Arc<Service>) -> Router {
    let mut router = Router::new();
    for endpoint in endpoints() {
        let shared = Arc::clone(&service);
        let handler =
            move |path: RawPathParams, request: Request| answer(shared, Ok(endpoint), path, request);
        let filter =
            MethodFilter::try_from(endpoint.method.clone()).expect("the table has known methods only");
        router = router.route(endpoint.path, on(filter, handler));
    }
    router = web::routes(router, &service);
    let (missing, wrong_method) = (Arc::clone(&service), Arc::clone(&service));
    router
        .method_not_allowed_fallback(move |path, request| {
            answer(wrong_method, Err(Problem::method_not_allowed), path, request)
        })
        .fallback(move |path: RawPathParams, request: Request| async move {
            if web::is_for_people(request.uri().path()) {
                web::missing(missing, path, request).await
            } else {
                answer(missing, Err(Problem::no_such_endpoint), path, request).await
            }
        })
        .layer(CatchPanicLayer::custom(|_| {
            error!("a handler panicked");
            Problem::internal("a handler panicked").response(language::DEFAULT, "")
        }))
}

/// The pipeline that every request passes.
async fn answer(
    service: Arc<Service>,
    endpoint: Result<&'static Endpoint, fn() -> Problem>,
    path: RawPathParams,
    request: Request,
) -> Response {
    let begun = service.outside.now();
    let request_id = call::request_id(&service.outside);
    let (parts, body) = request.into_parts();
    let (method, language) = (parts.method.clone(), language::asked(&parts.headers));
    let operation = endpoint.map_or("none", |endpoint| endpoint.operation);
    let _running = service.metrics.begin();
    let work = async {
        let endpoint = endpoint.map_err(|problem| problem())?;
        let path = path
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut call = Call::new(parts, body, path, begun, &service.config.http);
        admit(endpoint, &mut call, &service).await?;
        (endpoint.handler)(Arc::clone(&service), call).await
    };
    let limit = service.config.http.request_time();
    let outcome = tokio::time::timeout(limit, work).await;
    let outcome = outcome.unwrap_or_else(|_| Err(Problem::too_slow(limit.as_secs())));
    let response = match outcome {
        Ok(response) => call::with_request_id(response, &request_id),
        Err(problem) => {
            problem.log(operation, &request_id);
            problem.response(language, &request_id)
        }
    };
    let status = response.status().as_u16();
    let took = service.outside.now().duration_since(begun);
    service.metrics.answered(operation, status, took.as_secs_f64());
    info!(request_id, operation, %method, status, micros = took.as_micros(), "answered");
    response
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Folder, key or database cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The port cannot be had.
    #[error("cannot listen on {address}: {source}; choose another http.listen, or stop what listens there")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}
