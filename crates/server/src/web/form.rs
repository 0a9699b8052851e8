//! What a form sent: texts, and files that are written to files without a name while they arrive.

use axum::body::Body;
use axum::http::{HeaderMap, header};
use futures_util::TryStreamExt as _;
use gm::Sm3;
use http_body_util::{BodyExt as _, Limited};
use multer::Multipart;
use std::str::FromStr;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::app::{Error, Service, Spooled};
use crate::http::problem::Problem;

/// Fields of one form: the longest policy of use has some 4000.
const FIELDS_MAX: usize = 8192;
/// Bytes of all files of one form, where it has several.
const FILES_BYTES_MAX: u64 = 1 << 30;
/// Bytes of all texts of one form.
const TEXT_BYTES_MAX: usize = 256 * 1024;
/// Fields on which nothing that is kept may depend.
const SECRETS: [&str; 11] = [
    "token",
    "once",
    "password",
    "new_password",
    "new_password_again",
    "code",
    "pin",
    "pin_again",
    "new_pin",
    "new_pin_again",
    "old_pin",
];

/// What was sent.
pub(crate) struct Form {
    fields: Vec<(String, Zeroizing<String>)>,
    files: Vec<SentFile>,
}

/// A file that was sent.
pub(crate) struct SentFile {
    /// As the sender's computer calls it.
    pub(crate) name: String,
    pub(crate) spooled: Spooled,
}

impl Form {
    /// Reads a form of either media type. `wanted` is the session's mark, without which nothing is kept.
    pub(crate) async fn read(
        headers: &HeaderMap,
        body: Body,
        wanted: Option<&str>,
        (service, file_bytes_max, files_max): (&Service, u64, usize),
    ) -> Result<Self, Problem> {
        let media_type = headers.get(header::CONTENT_TYPE);
        let media_type = media_type
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let form = match multer::parse_boundary(media_type) {
            Ok(boundary) => {
                let parts = Multipart::new(body.into_data_stream(), boundary);
                Self::read_parts(parts, wanted, (service, file_bytes_max, files_max)).await?
            }
            Err(_) => Self::read_urlencoded(body).await?,
        };
        form.check_token(wanted)?;
        Ok(form)
    }

    async fn read_urlencoded(body: Body) -> Result<Self, Problem> {
        let bytes = Limited::new(body, TEXT_BYTES_MAX).collect().await;
        let bytes = bytes
            .map_err(|_| Problem::too_large(TEXT_BYTES_MAX as u64))?
            .to_bytes();
        let fields: Vec<(String, String)> =
            serde_urlencoded::from_bytes(&bytes).map_err(|_| Problem::bad_body("form"))?;
        if fields.len() > FIELDS_MAX {
            return Err(Problem::bad_body("too many fields"));
        }
        let fields = fields
            .into_iter()
            .map(|(name, value)| (name, Zeroizing::new(value)));
        Ok(Self {
            fields: fields.collect(),
            files: Vec::new(),
        })
    }

    async fn read_parts(
        mut parts: Multipart<'_>,
        wanted: Option<&str>,
        (service, file_bytes_max, files_max): (&Service, u64, usize),
    ) -> Result<Self, Problem> {
        let mut form = Self {
            fields: Vec::new(),
            files: Vec::new(),
        };
        let broken = |_| Problem::interrupted();
        let mut left = TEXT_BYTES_MAX;
        let mut room = file_bytes_max.max(FILES_BYTES_MAX);
        while let Some(mut part) = parts.next_field().await.map_err(broken)? {
            let name = part.name().unwrap_or_default().to_owned();
            if let Some(file_name) = part.file_name() {
                let file_name = file_name.to_owned();
                if form.files.len() == files_max {
                    return Err(Problem::bad_field(
                        &format!("文件太多：一次最多 {files_max} 份"),
                        &format!("Too many files: at most {files_max} at a time"),
                    ));
                }
                // The mark stands before the file, so that nothing large is received without it.
                form.check_token(wanted)?;
                let bytes = part.map_err(|_| Error::Interrupted);
                let spooled = service.spool(bytes, file_bytes_max.min(room)).await?;
                room = room.saturating_sub(spooled.bytes);
                if spooled.bytes > 0 {
                    form.files.push(SentFile {
                        name: file_name,
                        spooled,
                    });
                }
                continue;
            }
            let mut text = Vec::new();
            while let Some(bytes) = part.chunk().await.map_err(broken)? {
                left = left
                    .checked_sub(bytes.len())
                    .ok_or_else(|| Problem::too_large(TEXT_BYTES_MAX as u64))?;
                text.extend_from_slice(&bytes);
            }
            let text = String::from_utf8(text).map_err(|_| Problem::bad_body("form"))?;
            if form.fields.len() == FIELDS_MAX {
                return Err(Problem::bad_body("too many fields"));
            }
            form.fields.push((name, Zeroizing::new(text)));
        }
        Ok(form)
    }

    fn check_token(&self, wanted: Option<&str>) -> Result<(), Problem> {
        match wanted {
            Some(wanted) if !bool::from(self.text("token").as_bytes().ct_eq(wanted.as_bytes())) => {
                Err(Problem::foreign_form())
            }
            _ => Ok(()),
        }
    }

    /// A text; empty if it was not sent.
    pub(crate) fn text(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// Every text of this name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let found = self.fields.iter().filter(move |(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A text as something else; the label names it to the person when it is not that.
    pub(crate) fn parse<T: FromStr>(&self, name: &str, (zh, en): (&str, &str)) -> Result<T, Problem> {
        self.text(name).trim().parse().map_err(|_| {
            Problem::bad_field(
                &format!("“{zh}”未填写或无法识别"),
                &format!("“{en}” is missing or cannot be read"),
            )
        })
    }

    /// The file, which must be there.
    pub(crate) fn take_file(&mut self) -> Result<SentFile, Problem> {
        let missing = || Problem::bad_field("没有选择文件，或文件为空", "No file was chosen, or it is empty");
        self.take_files().into_iter().next().ok_or_else(missing)
    }

    /// All files, in order.
    pub(crate) fn take_files(&mut self) -> Vec<SentFile> {
        std::mem::take(&mut self.files)
    }

    /// What was sent, without what is secret.
    pub(crate) fn digest_into(&self, digest: &mut Sm3) {
        let open = self
            .fields
            .iter()
            .filter(|(name, _)| !SECRETS.contains(&name.as_str()));
        for (name, value) in open {
            for text in [name.as_str(), value.as_str()] {
                digest.update(&(text.len() as u64).to_be_bytes());
                digest.update(text.as_bytes());
            }
        }
        for file in &self.files {
            digest.update(&file.spooled.digest.0);
        }
    }
}
