//! Questions to other systems over HTTP: a client with limits of time and size, and answers that are bytes.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

/// Longest reason of a failure that is kept, in characters.
const REASON_CHARS_MAX: usize = 300;
/// Longest answer that says that there is nothing, in bytes.
const NOTHING_BYTES_MAX: u64 = 4096;
/// Longest code of an impression, in characters.
const CODE_CHARS_MAX: usize = 64;
/// The header that names the code of the impression in the body.
const CODE_HEADER: &str = "impression-code";

/// What another system answered.
#[derive(Debug)]
pub(crate) enum Pulled {
    /// The bytes asked for, and the code that it knows them by, if it says so.
    Found { bytes: Vec<u8>, code: Option<String> },
    /// It says that it has nothing.
    Nothing,
    /// No answer that could be used.
    Failed { reason: String },
}

/// The body of a 404 that is an answer, and not a wrong address.
#[derive(Deserialize)]
struct Nothing {
    found: bool,
}

/// A client that waits no longer than `limit`, follows nobody elsewhere, and trusts the system's roots.
pub(crate) fn agent(limit: Duration) -> ureq::Agent {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = rustls_native_certs::load_native_certs().certs;
    let roots = roots
        .iter()
        .map(|root| ureq::tls::Certificate::from_der(root).to_owned());
    let tls = ureq::tls::TlsConfig::builder()
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(ureq::tls::RootCerts::from(roots))
        .build();
    ureq::Agent::config_builder()
        .timeout_global(Some(limit))
        .max_redirects(0)
        .http_status_as_error(false)
        .proxy(None)
        .tls_config(tls)
        .user_agent(concat!("yinxin/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

/// Asks for bytes: `GET address?question`. 200 brings them; 404 with `{ "found": false }` says that there are none.
pub(crate) fn pull(
    address: &str,
    question: &[(&str, String)],
    (bytes_max, limit): (u64, Duration),
) -> Pulled {
    let failed = |error: ureq::Error| Pulled::Failed {
        reason: short(&error.to_string()),
    };
    let mut get = agent(limit).get(address);
    for (name, value) in question {
        get = get.query(*name, value);
    }
    let mut response = match get.call() {
        Ok(response) => response,
        Err(error) => return failed(error),
    };
    let status = response.status().as_u16();
    let code = response.headers().get(CODE_HEADER);
    let code = code.and_then(|code| code.to_str().ok()).map(str::to_owned);
    let bytes_max = if status == 200 {
        bytes_max
    } else {
        NOTHING_BYTES_MAX
    };
    let bytes = match response.body_mut().with_config().limit(bytes_max).read_to_vec() {
        Ok(bytes) => bytes,
        Err(error) => return failed(error),
    };
    let nothing = |bytes: &[u8]| serde_json::from_slice(bytes).is_ok_and(|nothing: Nothing| !nothing.found);
    match status {
        200 if bytes.is_empty() => Pulled::Failed {
            reason: "the answer is empty".to_owned(),
        },
        200 if code
            .as_ref()
            .is_some_and(|code| code.chars().count() > CODE_CHARS_MAX) =>
        {
            Pulled::Failed {
                reason: "the code in the answer is too long".to_owned(),
            }
        }
        200 => Pulled::Found { bytes, code },
        404 if nothing(&bytes) => Pulled::Nothing,
        status => Pulled::Failed {
            reason: format!("it answered with HTTP status {status} and nothing that can be used"),
        },
    }
}

/// What another system says, fit to be kept and shown.
pub(crate) fn short(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(REASON_CHARS_MAX)
        .collect()
}
