//! Documents in a service that speaks S3, through the caller's HTTP client.
//!
//! `object_store` knows the protocol; what stands here gives it a client that the program has anyway, so that there
//! is one set of trusted roots, and no second HTTP library.

use std::fmt;
use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use futures_util::stream::poll_fn;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use object_store::aws::AmazonS3Builder;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody,
    HttpService,
};
use object_store::{ClientOptions, RetryConfig};
use tokio::sync::mpsc;

use crate::{Documents, Error};

/// Bytes of an answer that are read at once.
const PART_BYTES: usize = 256 * 1024;
/// Parts of an answer that wait for whoever reads it.
const PARTS_WAITING_MAX: usize = 4;

/// How often a request is repeated that broke off or was put off.
const RETRIES_MAX: usize = 4;
/// How long it is repeated.
const RETRY_TIME_MAX: Duration = Duration::from_secs(30);

/// Where documents stand in a service that speaks S3.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Config {
    /// Its address, such as `https://s3.example.gov.cn`.
    pub endpoint: String,
    /// The bucket, which exists.
    pub bucket: String,
    /// The region that requests are signed for.
    pub region: String,
    /// Whether the bucket stands in the path of addresses, and not before the host's name.
    pub path_style: bool,
    /// Who signs.
    pub access_key_id: String,
    /// With what.
    pub secret_access_key: String,
}

/// The secret is not shown.
impl fmt::Debug for S3Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Config")
            .field("endpoint", &self.endpoint)
            .field("bucket", &self.bucket)
            .finish_non_exhaustive()
    }
}

impl Documents {
    /// Opens a bucket, asked through this client, which must give statuses as answers and follow no redirects.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] when an address or a name cannot be used, or the bucket cannot be reached.
    pub async fn open_s3(config: &S3Config, agent: ureq::Agent) -> Result<Self, Error> {
        let unusable = |reason: String| Error::Configuration {
            reason: format!(
                "the bucket of documents {} at {}: {reason}",
                config.bucket, config.endpoint
            ),
        };
        let bucket = AmazonS3Builder::new()
            .with_endpoint(&config.endpoint)
            .with_bucket_name(&config.bucket)
            .with_region(&config.region)
            .with_virtual_hosted_style_request(!config.path_style)
            .with_access_key_id(&config.access_key_id)
            .with_secret_access_key(&config.secret_access_key)
            .with_allow_http(config.endpoint.starts_with("http://"))
            .with_retry(RetryConfig {
                max_retries: RETRIES_MAX,
                retry_timeout: RETRY_TIME_MAX,
                ..RetryConfig::default()
            })
            .with_http_connector(Connector(agent))
            .build()
            .map_err(|error| unusable(error.to_string()))?;
        let documents = Self::of(Arc::new(bucket), None);
        // Whether this one is there says whether the bucket can be asked at all.
        let asked = documents.has(&gm::sm3(b"")).await;
        match asked {
            Ok(_) => Ok(documents),
            Err(Error::File { source, .. }) => Err(unusable(source.to_string())),
            Err(error) => Err(error),
        }
    }
}

/// The caller's client, as `object_store` calls one.
#[derive(Clone, Debug)]
struct Connector(ureq::Agent);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Connector {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let agent = self.0.clone();
        let asked = tokio::task::spawn_blocking(move || {
            if body.is_empty() && !matches!(head.method.as_str(), "POST" | "PUT") {
                return agent.run(ureq::http::Request::from_parts(head, ()));
            }
            agent.run(ureq::http::Request::from_parts(head, body.as_ref()))
        });
        let asked = asked
            .await
            .map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
        let (head, body) = asked.map_err(failed)?.into_parts();
        Ok(HttpResponse::from_parts(head, streamed(body)))
    }
}

/// The body of an answer, read by a thread of its own as fast as it is taken.
fn streamed(body: ureq::Body) -> HttpResponseBody {
    let (send, mut receive) = mpsc::channel::<Result<Bytes, HttpError>>(PARTS_WAITING_MAX);
    tokio::task::spawn_blocking(move || {
        let mut reader = body.into_reader();
        loop {
            let mut part = vec![0; PART_BYTES];
            let sent = match reader.read(&mut part) {
                Ok(0) => return,
                Ok(got) => {
                    part.truncate(got);
                    send.blocking_send(Ok(part.into()))
                }
                Err(error) => {
                    let _ = send.blocking_send(Err(HttpError::new(HttpErrorKind::Interrupted, error)));
                    return;
                }
            };
            // Nobody reads any more.
            if sent.is_err() {
                return;
            }
        }
    });
    let parts = poll_fn(move |context| receive.poll_recv(context));
    HttpResponseBody::new(StreamBody::new(parts.map_ok(Frame::data)))
}

/// What `object_store` tries again follows from the kind.
fn failed(error: ureq::Error) -> HttpError {
    let kind = match &error {
        ureq::Error::Timeout(_) => HttpErrorKind::Timeout,
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => HttpErrorKind::Connect,
        ureq::Error::Io(_) => HttpErrorKind::Interrupted,
        _ => HttpErrorKind::Unknown,
    };
    HttpError::new(kind, error)
}
