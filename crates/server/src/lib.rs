//! The service: use cases (`app`), their HTTP interface (`http`), the pages for people (`web`), and the jobs that
//! run by themselves (`jobs`).
//!
//! `app` knows no HTTP, `http` and `web` no rules. Nothing here reads the clock, the environment or the system's
//! randomness: the program hands them over in an [`Outside`], and the configuration as a [`Config`].

mod app;
mod config;
mod http;
mod jobs;
mod keeping;
mod metrics;
mod outside;
mod subnet;
mod web;

pub use app::OpenError;
pub use config::{
    AuditConfig, Config, ConfigError, DatabaseConfig, DocumentsConfig, FilingConfig, HttpConfig, KeysConfig,
    LogConfig, LogFormat, LogLevel, MakingConfig, NetworksConfig, RemindersConfig, S3Settings, SignInConfig,
    TrustConfig, VerifyConfig,
};
pub use http::{Server, ServerError, openapi};
pub use keeping::{KeepError, Kept, back_up, export_log, restore};
pub use outside::{Outside, PageProcess};
pub use subnet::{BadSubnet, Subnet};
