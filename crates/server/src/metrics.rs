//! Figures for Prometheus. Labels are names from tables in the code, never anything that somebody sent.

use std::fmt;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use sealing::Conclusion;

/// Upper bounds of the histogram of durations, in seconds.
const DURATION_SECONDS: [f64; 12] = [
    0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];

/// All figures.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<OperationLabels, Histogram, fn() -> Histogram>,
    running: Gauge,
    verifications: Family<ConclusionLabels, Counter>,
    stampings: Family<OutcomeLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    operation: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    operation: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConclusionLabels {
    conclusion: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

/// Counts a request as running until it is dropped.
pub(crate) struct Running(Gauge);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("yinxin");
        let histogram: fn() -> Histogram = || Histogram::new(DURATION_SECONDS);
        let (requests, durations) = (Family::default(), Family::new_with_constructor(histogram));
        let (running, verifications) = (Gauge::default(), Family::default());
        registry.register("http_requests", "Answered requests", Family::clone(&requests));
        registry.register(
            "http_request_seconds",
            "Time to the answer",
            Family::clone(&durations),
        );
        registry.register(
            "http_requests_running",
            "Requests being answered",
            running.clone(),
        );
        registry.register(
            "verifications",
            "Verified documents",
            Family::clone(&verifications),
        );
        let stampings = Family::default();
        registry.register("stampings", "Uses of seals by outcome", Family::clone(&stampings));
        Self {
            stampings,
            registry,
            requests,
            durations,
            running,
            verifications,
        }
    }

    /// A request begins.
    pub(crate) fn begin(&self) -> Running {
        self.running.inc();
        Running(self.running.clone())
    }

    /// A request was answered.
    pub(crate) fn answered(&self, operation: &'static str, status: u16, seconds: f64) {
        self.requests
            .get_or_create(&RequestLabels { operation, status })
            .inc();
        self.durations
            .get_or_create(&OperationLabels { operation })
            .observe(seconds);
    }

    /// A document was verified.
    pub(crate) fn verified(&self, conclusion: Conclusion) {
        let conclusion = match conclusion {
            Conclusion::Passed => "passed",
            Conclusion::Failed => "failed",
            Conclusion::Indeterminate => "indeterminate",
            Conclusion::Unsigned => "unsigned",
        };
        self.verifications
            .get_or_create(&ConclusionLabels { conclusion })
            .inc();
    }

    /// A key was going to be used: `stamped` or `failed`.
    pub(crate) fn stamped(&self, outcome: &'static str) {
        self.stampings.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// All of them in the OpenMetrics text format.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics(..)")
    }
}
