//! The configuration: one TOML file, overlaid by environment variables that the program hands over.
//!
//! `YINXIN__HTTP__LISTEN=0.0.0.0:8443` sets `http.listen`. A variable's value is read as TOML where it is
//! TOML, otherwise as a text. Unknown keys are refused, so that a slip of the pen is no silent default.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use registry::application::MaterialKind;
use serde::Deserialize;
use toml::{Table, Value};

use crate::subnet::Subnet;

/// What environment variables begin with.
const VARIABLE_PREFIX: &str = "YINXIN__";

/// Most of anything that is counted in seconds here: one day.
const SECONDS_MAX: u64 = 86_400;
/// Most of anything that runs or waits at the same time.
const PARALLEL_MAX: u64 = 65_536;
/// Most memory for a PIN or a password, in KiB.
const KDF_MEMORY_KIB_MAX: u64 = 262_144;
/// Most sessions of one account.
const SESSIONS_MAX: u64 = 100;
/// Most failed tries that an account may bear.
const TRIES_MAX: u64 = 20;
/// Most days for which a password may serve: one year.
const DAYS_MAX: u64 = 366;
/// Most former passwords that are compared; each costs as much as a sign-in.
const HISTORY_MAX: u64 = 24;
/// Most days that a seal may be valid: ten years.
const MAKING_DAYS_MAX: u64 = 3660;
/// Largest document that may be configured, in bytes.
const DOCUMENT_BYTES_MAX: u64 = 4 << 30;
/// Most bytes of a batch that a configuration may allow.
const BATCH_BYTES_MAX: u64 = 1 << 40;

/// Everything that an operator decides.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folder for everything that the service keeps; relative paths count from the configuration file.
    pub data: PathBuf,
    /// The log of acts.
    pub audit: AuditConfig,
    /// Keys of the service itself.
    pub keys: KeysConfig,
    /// Where the registry is kept.
    #[serde(default)]
    pub database: DatabaseConfig,
    /// Listening, limits, proxies.
    #[serde(default)]
    pub http: HttpConfig,
    /// Where callers sit.
    #[serde(default)]
    pub networks: NetworksConfig,
    /// Accounts and sessions.
    #[serde(default)]
    pub sign_in: SignInConfig,
    /// Verification of uploaded documents.
    #[serde(default)]
    pub verify: VerifyConfig,
    /// Documents that are sealed.
    #[serde(default)]
    pub documents: DocumentsConfig,
    /// What verification relies on.
    #[serde(default)]
    pub trust: TrustConfig,
    /// Who makes seals; nothing is made without it.
    #[serde(default)]
    pub making: Option<MakingConfig>,
    /// Where filings go.
    #[serde(default)]
    pub filing: FilingConfig,
    /// When reminders are raised.
    #[serde(default)]
    pub reminders: RemindersConfig,
    /// Where registered impressions are fetched.
    #[serde(default)]
    pub impressions: ImpressionsConfig,
    /// The data-sharing platform.
    #[serde(default)]
    pub sharing: SharingConfig,
    /// What is logged, and how.
    #[serde(default)]
    pub log: LogConfig,
}

/// Section `http`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// Address and port. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where everybody reaches the service, such as `https://seals.example.gov.cn`: certificates made here say that
    /// their revocation list is there.
    pub public_address: Option<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub proxies: Vec<Subnet>,
    /// Whether the certificate that a proxy of `proxies` names in `Client-Cert` (RFC 9440), after a TLS handshake in
    /// which its owner proved to have the key, says which business system calls.
    pub client_certificates: bool,
    /// Networks from which `/metrics` may be read.
    pub operations: Vec<Subnet>,
    /// Open connections.
    pub connections_max: u64,
    /// Seconds for the head of a request.
    pub head_seconds_max: u64,
    /// Seconds for a whole request, uploads included.
    pub request_seconds_max: u64,
    /// Seconds that running requests get when the service stops.
    pub stop_seconds_max: u64,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_address: None,
            proxies: Vec::new(),
            client_certificates: false,
            operations: vec!["127.0.0.0/8", "::1"]
                .into_iter()
                .flat_map(str::parse)
                .collect(),
            connections_max: 1024,
            head_seconds_max: 10,
            request_seconds_max: 120,
            stop_seconds_max: 30,
        }
    }
}

/// Section `audit`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditConfig {
    /// Name of the log in checkpoints, for ever: `yinxin.example.gov.cn/audit`.
    pub origin: String,
    /// Seconds between checkpoints.
    #[serde(default = "checkpoint_seconds")]
    pub checkpoint_seconds: u64,
}

fn checkpoint_seconds() -> u64 {
    60
}

/// Section `keys`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysConfig {
    /// File whose first line is the PIN of the keys in `keys` below the data folder.
    pub pin_file: PathBuf,
    /// Memory in KiB that checking a PIN or a password costs, for those that are set from now on.
    #[serde(default = "kdf_memory_kib")]
    pub kdf_memory_kib: u32,
}

fn kdf_memory_kib() -> u32 {
    65_536
}

/// Section `networks`: where callers sit (R7).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworksConfig {
    /// The government extranet.
    pub government: Vec<Subnet>,
    /// Office networks.
    pub office: Vec<Subnet>,
    /// Computers that are set aside for seals.
    pub dedicated: Vec<Subnet>,
}

/// Section `sign_in`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignInConfig {
    /// Seconds after which an unused session ends.
    pub idle_seconds_max: u64,
    /// Seconds after which any session ends.
    pub session_seconds_max: u64,
    /// Sessions of one account; a further one ends the oldest.
    pub sessions_max: u32,
    /// Failed tries in a row that lock an account.
    pub tries_max: u32,
    /// Seconds for which it is locked.
    pub lock_seconds: u64,
    /// Days after which a password must be changed.
    pub password_days_max: u32,
    /// Former passwords that may not come again.
    pub password_history: u32,
}

impl Default for SignInConfig {
    fn default() -> Self {
        Self {
            idle_seconds_max: 900,
            session_seconds_max: 28_800,
            sessions_max: 2,
            tries_max: 5,
            lock_seconds: 900,
            password_days_max: 90,
            password_history: 5,
        }
    }
}

/// Section `database`.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseConfig {
    /// A `postgres://` address, or the path of a SQLite file.
    pub url: String,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self {
            url: "yinxin.db".into(),
        }
    }
}

/// The address may hold a password, so it is not shown.
impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseConfig(..)")
    }
}

/// Section `verify`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VerifyConfig {
    /// Bytes of an uploaded document.
    pub document_bytes_max: u64,
    /// Documents that are received or wait at the same time; more are told to come later.
    pub uploads_max: u64,
    /// Documents that are verified at the same time.
    pub concurrent_max: u64,
}

impl Default for VerifyConfig {
    fn default() -> Self {
        Self {
            document_bytes_max: 256 << 20,
            uploads_max: 32,
            concurrent_max: 2,
        }
    }
}

/// Section `documents`: those that are to be sealed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DocumentsConfig {
    /// Bytes of a document.
    pub bytes_max: u64,
    /// Documents that are received or sealed at the same time; more are told to come later.
    pub places_max: u64,
    /// Documents that are read or sealed by a processor at the same time.
    pub concurrent_max: u64,
    /// Seconds between two looks at uses that were left open, at approvals that were not used in time, and at keys
    /// of grants that are over.
    pub settle_seconds: u64,
    /// Bytes of all documents of a batch.
    pub batch_bytes_max: u64,
    /// A bucket where documents and materials stand, instead of the folder in `data`.
    pub s3: Option<S3Settings>,
}

/// Section `documents.s3`: a bucket in a service that speaks S3.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3Settings {
    /// The service's address, `https://…`; `http://…` only where the network between is nobody else's.
    pub endpoint: String,
    /// The bucket, which exists.
    pub bucket: String,
    /// The region that requests are signed for.
    #[serde(default = "default_region")]
    pub region: String,
    /// Whether the bucket stands in the path of addresses, as most services of one's own have it.
    #[serde(default = "yes")]
    pub path_style: bool,
    /// File with the access key's identifier on its first line and its secret on the second.
    #[serde(default)]
    pub credentials_file: Option<PathBuf>,
    /// The access key's identifier, where no file is named: for `YINXIN__DOCUMENTS__S3__ACCESS_KEY_ID`.
    #[serde(default)]
    pub access_key_id: String,
    /// Its secret: for `YINXIN__DOCUMENTS__S3__SECRET_ACCESS_KEY`.
    #[serde(default)]
    pub secret_access_key: String,
}

fn default_region() -> String {
    "us-east-1".to_owned()
}

fn yes() -> bool {
    true
}

/// The secret is not shown.
impl fmt::Debug for S3Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = (&self.endpoint, &self.bucket);
        f.debug_tuple("S3Settings").field(&shown).finish_non_exhaustive()
    }
}

impl S3Settings {
    fn check(&self) -> Result<(), ConfigError> {
        let wrong = |key: &str, message: &str| {
            Err(ConfigError::Value {
                key: format!("documents.s3.{key}"),
                message: message.to_owned(),
            })
        };
        if !["https://", "http://"]
            .iter()
            .any(|scheme| self.endpoint.starts_with(scheme))
        {
            return wrong("endpoint", "an address begins with https:// or http://");
        }
        if self.bucket.is_empty() {
            return wrong("bucket", "the bucket has no name");
        }
        let given = !self.access_key_id.is_empty() && !self.secret_access_key.is_empty();
        if self.credentials_file.is_none() && !given {
            return wrong(
                "credentials_file",
                "neither a file with the access key is named nor are access_key_id and secret_access_key set",
            );
        }
        Ok(())
    }
}

impl Default for DocumentsConfig {
    fn default() -> Self {
        Self {
            bytes_max: 256 << 20,
            places_max: 64,
            concurrent_max: 2,
            settle_seconds: 60,
            batch_bytes_max: 4 << 30,
            s3: None,
        }
    }
}

/// Section `trust`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrustConfig {
    /// Folder of anchors, as `yinxin verify --trust` takes it.
    pub anchors: Option<PathBuf>,
    /// Further certificates to build paths with, files or folders.
    pub certificates: Vec<PathBuf>,
    /// Revocation lists, files or folders.
    pub crls: Vec<PathBuf>,
}

/// Section `making`: a sandbox maker, whose certificates say that they are for tests only.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MakingConfig {
    /// Folder of keys (`yinxin key`) with the maker's key and the issuing one.
    pub keys: PathBuf,
    /// File whose first line is the PIN of both.
    pub pin_file: PathBuf,
    /// Label of the maker's key.
    pub maker: String,
    /// The maker's certificate.
    pub maker_certificate: PathBuf,
    /// Label of the key that issues the certificates of seals.
    pub issuer: String,
    /// The issuer's certificate.
    pub issuer_certificate: PathBuf,
    /// Days that seals and their certificates are valid; never beyond the issuer's own certificate.
    #[serde(default = "making_days")]
    pub days: u32,
    /// Whether the issuer counts as an agency for e-government (国办发〔2025〕33号 §12).
    #[serde(default)]
    pub e_government: bool,
}

fn making_days() -> u32 {
    1095
}

/// Section `filing`: where filings are sent, as `http://` or `https://` addresses.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FilingConfig {
    /// Of public security.
    pub public_security: Option<String>,
    /// Of the competent department.
    pub competent_department: Option<String>,
    /// Seconds between two looks at what is to be sent.
    pub poll_seconds: u64,
    /// Seconds that a body may take to answer.
    pub timeout_seconds: u64,
}

impl Default for FilingConfig {
    fn default() -> Self {
        Self {
            public_security: None,
            competent_department: None,
            poll_seconds: 5,
            timeout_seconds: 20,
        }
    }
}

/// Section `reminders`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RemindersConfig {
    /// Seconds between two looks at what is going to be too late.
    pub poll_seconds: u64,
}

impl Default for RemindersConfig {
    fn default() -> Self {
        Self { poll_seconds: 3600 }
    }
}

/// Section `impressions`: where the impression is fetched that public security filed (R33).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImpressionsConfig {
    /// Address of its system of the seal-engraving trade; without it, the applicant's impression counts.
    pub public_security: Option<String>,
    /// Seconds that it may take to answer.
    pub timeout_seconds: u64,
}

impl Default for ImpressionsConfig {
    fn default() -> Self {
        Self {
            public_security: None,
            timeout_seconds: 5,
        }
    }
}

/// Section `sharing`: evidence that the data-sharing platform has is not asked of the applicant again (R23).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SharingConfig {
    /// Its address.
    pub platform: Option<String>,
    /// What is asked of it.
    pub kinds: Vec<MaterialKind>,
    /// Seconds that it may take to answer.
    pub timeout_seconds: u64,
}

impl Default for SharingConfig {
    fn default() -> Self {
        Self {
            platform: None,
            kinds: vec![MaterialKind::UnitIdentity],
            timeout_seconds: 5,
        }
    }
}

/// Section `log`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// The least grave that is logged.
    pub level: LogLevel,
    /// One JSON object a line, or text.
    pub format: LogFormat,
}

/// How grave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Something that somebody has to mend.
    Error,
    /// Something that may become one.
    Warn,
    /// Requests and jobs.
    #[default]
    Info,
    /// For searching faults.
    Debug,
}

/// How a line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// Text for a terminal.
    Text,
}

impl Config {
    /// Reads the file's text and lays the variables over it; paths count from `folder`, where the file is.
    /// Variables with another prefix are somebody else's.
    pub fn read(
        text: &str,
        folder: &Path,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut table: Table = text
            .parse()
            .map_err(|error: toml::de::Error| ConfigError::Syntax {
                line: line_of(text, error.span().map_or(0, |span| span.start)),
                message: error.message().to_owned(),
            })?;
        for (name, value) in variables {
            if let Some(path) = name.strip_prefix(VARIABLE_PREFIX) {
                lay_over(&mut table, &name, path, &value)?;
            }
        }
        let mut config: Self =
            serde_path_to_error::deserialize(Value::Table(table)).map_err(|error| ConfigError::Value {
                key: error.path().to_string(),
                message: error.inner().message().to_owned(),
            })?;
        config.check()?;
        config.documents.s3.as_ref().map_or(Ok(()), S3Settings::check)?;
        config.resolve(folder);
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let (http, verify, sign_in) = (&self.http, &self.verify, &self.sign_in);
        let documents = &self.documents;
        let bounds = [
            (
                "keys.kdf_memory_kib",
                self.keys.kdf_memory_kib.into(),
                KDF_MEMORY_KIB_MAX,
            ),
            ("sign_in.idle_seconds_max", sign_in.idle_seconds_max, SECONDS_MAX),
            (
                "sign_in.session_seconds_max",
                sign_in.session_seconds_max,
                SECONDS_MAX,
            ),
            ("sign_in.sessions_max", sign_in.sessions_max.into(), SESSIONS_MAX),
            ("sign_in.tries_max", sign_in.tries_max.into(), TRIES_MAX),
            ("sign_in.lock_seconds", sign_in.lock_seconds, SECONDS_MAX),
            (
                "sign_in.password_days_max",
                sign_in.password_days_max.into(),
                DAYS_MAX,
            ),
            (
                "sign_in.password_history",
                sign_in.password_history.into(),
                HISTORY_MAX,
            ),
            ("http.connections_max", http.connections_max, PARALLEL_MAX),
            ("http.head_seconds_max", http.head_seconds_max, SECONDS_MAX),
            ("http.request_seconds_max", http.request_seconds_max, SECONDS_MAX),
            ("http.stop_seconds_max", http.stop_seconds_max, SECONDS_MAX),
            (
                "verify.document_bytes_max",
                verify.document_bytes_max,
                DOCUMENT_BYTES_MAX,
            ),
            ("verify.uploads_max", verify.uploads_max, PARALLEL_MAX),
            ("verify.concurrent_max", verify.concurrent_max, PARALLEL_MAX),
            ("documents.bytes_max", documents.bytes_max, DOCUMENT_BYTES_MAX),
            (
                "documents.batch_bytes_max",
                documents.batch_bytes_max,
                BATCH_BYTES_MAX,
            ),
            ("documents.places_max", documents.places_max, PARALLEL_MAX),
            ("documents.concurrent_max", documents.concurrent_max, PARALLEL_MAX),
            ("documents.settle_seconds", documents.settle_seconds, SECONDS_MAX),
        ];
        match bounds
            .into_iter()
            .chain(self.bounds_of_jobs())
            .find(|(_, value, max)| *value == 0 || value > max)
        {
            Some((key, value, max)) => Err(ConfigError::Value {
                key: key.into(),
                message: format!("{value} is not between 1 and {max}"),
            }),
            None => Ok(()),
        }
    }

    /// Of what runs by itself, asks others, or makes.
    fn bounds_of_jobs(&self) -> [(&'static str, u64, u64); 6] {
        let (filing, impressions, sharing) = (&self.filing, &self.impressions, &self.sharing);
        let making_days = self.making.as_ref().map_or(1, |making| making.days.into());
        [
            ("filing.poll_seconds", filing.poll_seconds, SECONDS_MAX),
            ("filing.timeout_seconds", filing.timeout_seconds, SECONDS_MAX),
            ("reminders.poll_seconds", self.reminders.poll_seconds, SECONDS_MAX),
            (
                "impressions.timeout_seconds",
                impressions.timeout_seconds,
                SECONDS_MAX,
            ),
            ("sharing.timeout_seconds", sharing.timeout_seconds, SECONDS_MAX),
            ("making.days", making_days, MAKING_DAYS_MAX),
        ]
    }

    fn resolve(&mut self, folder: &Path) {
        let trust = &mut self.trust;
        let lists = trust.certificates.iter_mut().chain(&mut trust.crls);
        let own = [&mut self.data, &mut self.keys.pin_file];
        let making = self.making.iter_mut().flat_map(|making| {
            [
                &mut making.keys,
                &mut making.pin_file,
                &mut making.maker_certificate,
                &mut making.issuer_certificate,
            ]
        });
        let bucket = self
            .documents
            .s3
            .iter_mut()
            .flat_map(|s3| &mut s3.credentials_file);
        for path in lists
            .chain(&mut trust.anchors)
            .chain(own)
            .chain(making)
            .chain(bucket)
        {
            *path = folder.join(&*path);
        }
        let url = &mut self.database.url;
        if !url.contains("://") {
            // A file of SQLite belongs to what the service keeps.
            *url = self.data.join(&*url).display().to_string();
        }
    }
}

impl HttpConfig {
    /// How long a whole request may take.
    pub(crate) fn request_time(&self) -> Duration {
        Duration::from_secs(self.request_seconds_max)
    }
}

/// Sets the value at a path such as `HTTP__LISTEN`.
fn lay_over(table: &mut Table, name: &str, path: &str, value: &str) -> Result<(), ConfigError> {
    let keys: Vec<_> = path.split("__").map(str::to_lowercase).collect();
    let Some((last, parents)) = keys.split_last() else {
        return Ok(());
    };
    let mut section = table;
    for key in parents {
        let inner = section
            .entry(key.clone())
            .or_insert_with(|| Value::Table(Table::new()));
        section = inner.as_table_mut().ok_or_else(|| ConfigError::Variable {
            name: name.to_owned(),
            key: key.clone(),
        })?;
    }
    section.insert(last.clone(), value_of(value));
    Ok(())
}

/// The variable's text as TOML, or as it is.
fn value_of(text: &str) -> Value {
    let wrapped = format!("value = {text}").parse::<Table>();
    match wrapped.ok().filter(|table| table.len() == 1) {
        Some(mut table) => table
            .remove("value")
            .unwrap_or_else(|| Value::String(text.into())),
        None => Value::String(text.into()),
    }
}

/// The line of a place in a text, from 1.
fn line_of(text: &str, place: usize) -> usize {
    let before = text.as_bytes().get(..place).unwrap_or_default();
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

/// Why the configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file is no TOML.
    #[error("line {line}: {message}; correct the line (https://toml.io)")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// What the reader of TOML says.
        message: String,
    },
    /// A value is missing, unknown or out of range.
    #[error("{key}: {message}; docs/operating/serve.md lists the keys with their values")]
    Value {
        /// The key's path.
        key: String,
        /// What is wrong with it.
        message: String,
    },
    /// A variable names a section that is a value.
    #[error("{name}: {key:?} is a value, not a section; correct the variable's name")]
    Variable {
        /// The variable.
        name: String,
        /// The part of its path that is no section.
        key: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDED: &str = "[audit]\norigin = \"test/audit\"\n[keys]\npin_file = \"pin\"\n";

    fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let text = format!("{text}\n{NEEDED}");
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()));
        Config::read(&text, Path::new("/etc/yinxin"), variables)
    }

    #[track_caller]
    fn check_error(text: &str, variables: &[(&str, &str)], expected: &str) {
        let message = read(text, variables).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }

    #[test]
    fn paths_count_from_the_file() {
        let config = read(
            "data = \"data\"\n[trust]\nanchors = \"/anchors\"\ncrls = [\"crl\"]",
            &[],
        )
        .unwrap();
        assert_eq!(config.data, Path::new("/etc/yinxin/data"));
        assert_eq!(config.trust.anchors, Some("/anchors".into()));
        assert_eq!(config.trust.crls, [Path::new("/etc/yinxin/crl")]);
        assert_eq!(config.keys.pin_file, Path::new("/etc/yinxin/pin"));
        assert_eq!(config.database.url, "/etc/yinxin/data/yinxin.db");
        assert_eq!(config.http, HttpConfig::default());
        assert_eq!(config.http.operations.len(), 2);
    }

    #[test]
    fn variables_lie_over_the_file() {
        let variables = [
            ("YINXIN__HTTP__LISTEN", "0.0.0.0:9000"),
            ("YINXIN__HTTP__CONNECTIONS_MAX", "7"),
            ("YINXIN__HTTP__PROXIES", "[\"10.0.0.1\"]"),
            ("YINXIN__LOG__LEVEL", "debug"),
            ("YINXIN_PIN", "another matter"),
        ];
        let config = read("data = \"d\"\n[http]\nconnections_max = 9", &variables).unwrap();
        assert_eq!(config.http.listen.port(), 9000);
        assert_eq!(config.http.connections_max, 7);
        assert_eq!(config.http.proxies, ["10.0.0.1".parse().unwrap()]);
        assert_eq!(config.log.level, LogLevel::Debug);
    }

    #[test]
    fn the_secret_of_a_bucket_comes_from_the_environment_and_is_not_shown() {
        let variables = [
            ("YINXIN__DOCUMENTS__S3__ACCESS_KEY_ID", "who"),
            ("YINXIN__DOCUMENTS__S3__SECRET_ACCESS_KEY", "very secret"),
        ];
        let text = "data = \"d\"\n[documents.s3]\nendpoint = \"https://s3\"\nbucket = \"b\"";
        let config = read(text, &variables).unwrap();
        let s3 = config.documents.s3.as_ref().unwrap();
        assert_eq!(
            (s3.secret_access_key.as_str(), s3.path_style),
            ("very secret", true)
        );
        assert!(!format!("{config:?}").contains("very secret"));
        let text = format!("{text}\ncredentials_file = \"s3\"");
        let s3 = read(&text, &[]).unwrap().documents.s3.unwrap();
        assert_eq!(s3.credentials_file, Some("/etc/yinxin/s3".into()));
    }

    #[test]
    fn a_variable_cannot_smuggle_in_a_second_key() {
        let config = read("data = \"d\"", &[("YINXIN__DATA", "1\nlog = 2")]).unwrap();
        assert_eq!(config.data, Path::new("/etc/yinxin/1\nlog = 2"));
    }

    #[test]
    fn errors_name_the_key() {
        check_error("data = \"d\"\n[http", &[], "line 2: ");
        check_error(
            "[http]",
            &[],
            "missing field `data`".replace("missing", ".: missing").as_str(),
        );
        check_error("data = \"d\"\nport = 1", &[], "port: unknown field `port`");
        check_error(
            "data = \"d\"\n[http]\nport = 1",
            &[],
            "http.port: unknown field `port`",
        );
        check_error("data = \"d\"\n[http]\nlisten = \"here\"", &[], "http.listen: ");
        check_error(
            "data = \"d\"\n[http]\nproxies = [\"10/8\"]",
            &[],
            "http.proxies[0]: \"10/8\" is no subnet",
        );
        check_error(
            "data = \"d\"\n[log]\nlevel = \"loud\"",
            &[],
            "log.level: unknown variant `loud`",
        );
        check_error(
            "data = \"d\"\n[verify]\nuploads_max = 0",
            &[],
            "verify.uploads_max: 0 is not between 1",
        );
        check_error(
            "data = \"d\"\n[verify]\nuploads_max = -1",
            &[],
            "verify.uploads_max: ",
        );
        let s3 = |line: &str| {
            format!("data = \"d\"\n[documents.s3]\nendpoint = \"https://s3\"\nbucket = \"b\"\n{line}")
        };
        check_error(&s3(""), &[], "documents.s3.credentials_file: neither a file");
        check_error(&s3("secret = \"x\""), &[], "documents.s3.secret: unknown field");
        check_error(
            &s3("credentials_file = \"f\"").replace("https://", ""),
            &[],
            "documents.s3.endpoint: an address begins with https://",
        );
        check_error(
            "data = \"d\"",
            &[("YINXIN__DATA__X", "1")],
            "YINXIN__DATA__X: \"data\" is a value",
        );
    }
}
