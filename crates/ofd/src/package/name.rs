//! Entry names: decoded, brought to the form of a part path, or refused.

use std::borrow::Cow;

use crate::finding::{Finding, FindingKind, note};
use crate::path::{self, PartPath};
use crate::zip_records::{EXTRA_UNICODE_PATH, FLAG_UTF8, extra_field, u32_at};
use crate::{Error, Limits};

/// An acceptable entry name.
pub(super) struct Name {
    pub(super) path: PartPath,
    /// The name ends with a slash.
    pub(super) directory: bool,
    /// What readers see that take an unmarked name for GBK, where it can be both.
    pub(super) other_reading: Option<PartPath>,
}

pub(super) fn read(
    raw: &[u8],
    flags: u16,
    extra: &[u8],
    limits: &Limits,
    findings: &mut Vec<Finding>,
) -> Result<Name, Error> {
    let bad = |what| Error::ZipName {
        name: String::from_utf8_lossy(raw).chars().take(200).collect(),
        what,
    };
    if raw.len() > limits.name_bytes_max {
        return Err(bad("it is too long"));
    }
    let text = decode(raw, flags, findings).map_err(bad)?;
    match extra_field(extra, EXTRA_UNICODE_PATH) {
        Err(()) => return Err(bad("it has two Unicode names")),
        Ok(Some(field)) if unicode_path(field, raw).is_some_and(|unicode| unicode != text.as_bytes()) => {
            return Err(bad("its Unicode name is another one"));
        }
        Ok(_) => {}
    }
    if text.chars().any(char::is_control) {
        return Err(bad("it holds a control character"));
    }
    let slashed = path::slashes(&text);
    if slashed.starts_with('/') || path::has_drive_letter(&slashed) {
        return Err(bad("it is an absolute path"));
    }
    if slashed.split('/').any(|segment| segment == "..") {
        return Err(bad("it climbs to a parent folder"));
    }
    let directory = slashed.ends_with('/');
    let path = PartPath::new(&slashed).map_err(|_| bad("it names no file"))?;
    if path.entry_name() != text.strip_suffix('/').unwrap_or(&text) {
        note(
            findings,
            Finding::in_part(FindingKind::ZipNameShape, &path, text.into_owned()),
        );
    }
    let other_reading = gbk_reading(raw, flags).and_then(|text| PartPath::new(&path::slashes(&text)).ok());
    Ok(Name {
        path,
        directory,
        other_reading,
    })
}

/// UTF-8 where it is marked or valid, GBK otherwise.
fn decode<'a>(raw: &'a [u8], flags: u16, findings: &mut Vec<Finding>) -> Result<Cow<'a, str>, &'static str> {
    if raw.is_ascii() {
        // ASCII is UTF-8.
        return std::str::from_utf8(raw)
            .map(Cow::Borrowed)
            .map_err(|_| "it is no text");
    }
    if let Ok(text) = std::str::from_utf8(raw) {
        if flags & FLAG_UTF8 == 0 {
            note(findings, Finding::in_archive(FindingKind::ZipNameUnmarked, text));
        }
        return Ok(Cow::Borrowed(text));
    }
    if flags & FLAG_UTF8 != 0 {
        return Err("it is marked as UTF-8 and is not");
    }
    let text = encoding_rs::GBK
        .decode_without_bom_handling_and_without_replacement(raw)
        .ok_or("it is neither UTF-8 nor GBK")?;
    note(
        findings,
        Finding::in_archive(FindingKind::ZipNameGbk, text.as_ref()),
    );
    Ok(text)
}

/// The name in GBK, when it is not marked as UTF-8 and is text in both.
fn gbk_reading(raw: &[u8], flags: u16) -> Option<Cow<'_, str>> {
    if raw.is_ascii() || flags & FLAG_UTF8 != 0 || std::str::from_utf8(raw).is_err() {
        return None;
    }
    encoding_rs::GBK.decode_without_bom_handling_and_without_replacement(raw)
}

/// The name in an Info-ZIP Unicode Path field that belongs to `raw`.
fn unicode_path<'a>(field: &'a [u8], raw: &[u8]) -> Option<&'a [u8]> {
    let (head, name) = field.split_at_checked(5)?;
    (head[0] == 1 && u32_at(head, 1) == crc32fast::hash(raw)).then_some(name)
}
