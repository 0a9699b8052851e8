//! Names of parts, and links to them (`ST_Loc`, GB/T 33190-2016 7.3).
//!
//! A [`PartPath`] begins with "/", has no empty, "." or ".." segment and no backslash: it cannot leave the
//! package. Everything else that real files hold is brought to this form here, or refused.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// Where a part stands in its package: `/Doc_0/Document.xml`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartPath(Arc<str>);

impl PartPath {
    /// The entry point of every package.
    pub fn root() -> Self {
        Self(Arc::from("/OFD.xml"))
    }

    /// A path from the package root; the leading "/" may be missing, white space counts.
    pub fn new(path: &str) -> Result<Self, BadLoc> {
        normalize("/", path)
    }

    /// As it stands: `/Doc_0/Document.xml`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder with its closing slash: `/Doc_0/`.
    pub fn folder(&self) -> &str {
        let end = self.0.rfind('/').map_or(0, |slash| slash + 1);
        &self.0[..end]
    }

    /// What follows the last slash: `Document.xml`.
    pub fn file_name(&self) -> &str {
        &self.0[self.folder().len()..]
    }

    /// The name an archive entry has: `Doc_0/Document.xml`.
    pub fn entry_name(&self) -> &str {
        &self.0[1..] // begins with "/" by construction
    }
}

impl fmt::Display for PartPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PartPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Why a link does not lead to a part of the package.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum BadLoc {
    /// Nothing but white space.
    #[error("the link is empty")]
    Empty,
    /// More ".." than folders.
    #[error("the link climbs out of the package")]
    Escapes,
    /// "http:", "file:", a drive letter.
    #[error("the link leads outside of the package")]
    External,
    /// A control character, NUL among them.
    #[error("the link holds a control character")]
    ControlCharacter,
    /// Longer than any name in a package may be.
    #[error("the link is longer than {max} bytes")]
    TooLong {
        /// [`Limits::name_bytes_max`](crate::Limits::name_bytes_max).
        max: usize,
    },
    /// A sound link, but the package has no such part.
    #[error("the package has no part {0}")]
    Missing(PartPath),
}

/// What was forgiven in a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkOddity {
    /// White space or line ends around it.
    WhiteSpace,
    /// "\" where "/" is meant.
    Backslash,
    /// Two slashes at the start; one vendor writes so.
    DoubleSlash,
    /// The part is found only after percent-decoding.
    PercentEncoded,
    /// The part is found only when upper and lower case count as equal.
    LetterCase,
    /// The part is found from another folder than that of the file which holds the link.
    OtherFolder,
}

/// A link as it stands in XML, and the part it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The text of the link.
    pub loc: String,
    /// The part, which exists in the package; or why there is none.
    pub target: Result<PartPath, BadLoc>,
    /// What was forgiven on the way.
    pub oddities: Vec<LinkOddity>,
}

impl Link {
    /// The part, if there is one.
    pub fn path(&self) -> Option<&PartPath> {
        self.target.as_ref().ok()
    }
}

/// Resolves `loc` from `folder` (which begins and ends with "/"), without asking whether the part exists.
pub(crate) fn join(folder: &str, loc: &str) -> Result<PartPath, BadLoc> {
    normalize(folder, trim(loc))
}

fn normalize(folder: &str, loc: &str) -> Result<PartPath, BadLoc> {
    if loc.is_empty() {
        return Err(BadLoc::Empty);
    }
    if loc.chars().any(char::is_control) {
        return Err(BadLoc::ControlCharacter);
    }
    let loc = slashes(loc);
    if is_external(&loc) {
        return Err(BadLoc::External);
    }
    let mut path = String::with_capacity(folder.len() + loc.len());
    if !loc.starts_with('/') {
        path.push_str(folder.trim_end_matches('/'));
    }
    for segment in loc.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                let end = path.rfind('/').ok_or(BadLoc::Escapes)?;
                path.truncate(end);
            }
            name => {
                path.push('/');
                path.push_str(name);
            }
        }
    }
    if path.is_empty() {
        return Err(BadLoc::Empty); // the package root is no part
    }
    Ok(PartPath(Arc::from(path)))
}

/// Without the white space that XML text may have around it.
pub(crate) fn trim(loc: &str) -> &str {
    loc.trim_matches([' ', '\t', '\r', '\n', '\u{feff}', '\u{3000}', '\u{a0}'])
}

/// With "/" for "\".
pub(crate) fn slashes(loc: &str) -> Cow<'_, str> {
    if loc.contains('\\') {
        Cow::Owned(loc.replace('\\', "/"))
    } else {
        Cow::Borrowed(loc)
    }
}

/// With %XX decoded; `None` when nothing is encoded or the result is no UTF-8.
pub(crate) fn percent_decode(loc: &str) -> Option<String> {
    if !loc.contains('%') {
        return None;
    }
    let mut bytes = Vec::with_capacity(loc.len());
    let mut rest = loc.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        match (byte, after) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0) as u8; // checked above
                bytes.push(digit(*high) << 4 | digit(*low));
                rest = after;
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// With upper and lower case made equal, so that twins meet.
pub(crate) fn fold(path: &str) -> Cow<'_, str> {
    if path.is_ascii() {
        if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(path.to_ascii_lowercase())
        } else {
            Cow::Borrowed(path)
        }
    } else {
        Cow::Owned(path.to_lowercase())
    }
}

/// A scheme or a drive letter. Two slashes at the start are no network share here, but a slip for one.
fn is_external(loc: &str) -> bool {
    let first = loc.split('/').next().unwrap_or_default();
    first.ends_with(':') || has_drive_letter(loc)
}

/// "C:": a colon after one letter at the start.
pub(crate) fn has_drive_letter(path: &str) -> bool {
    matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(folder: &str, loc: &str, expected: Result<&str, BadLoc>) {
        assert_eq!(
            join(folder, loc).as_ref().map(PartPath::as_str),
            expected.as_ref().copied(),
            "{loc:?}"
        );
    }

    #[test]
    fn links_resolve_from_root_and_folder() {
        check("/Doc_0/", "/OFD.xml", Ok("/OFD.xml"));
        check(
            "/Doc_0/",
            "Pages/Page_0/Content.xml",
            Ok("/Doc_0/Pages/Page_0/Content.xml"),
        );
        check("/Doc_0/Signs/", "../Document.xml", Ok("/Doc_0/Document.xml"));
        check("/Doc_0/", "./a/./b//c/../d", Ok("/Doc_0/a/b/d"));
        check("/", "Doc_0/Document.xml", Ok("/Doc_0/Document.xml"));
        check("/Doc_0/", "\n  Document.xml\r\n", Ok("/Doc_0/Document.xml"));
        check(
            "/Doc_0/",
            "Pages\\Page_0\\Content.xml",
            Ok("/Doc_0/Pages/Page_0/Content.xml"),
        );
    }

    #[test]
    fn links_never_leave_the_package() {
        check("/Doc_0/", "../../etc/passwd", Err(BadLoc::Escapes));
        check("/", "/../OFD.xml", Err(BadLoc::Escapes));
        check("/Doc_0/", "..\\..\\x", Err(BadLoc::Escapes));
        check("/", "http://example.com/a", Err(BadLoc::External));
        check("/", "file:/etc/passwd", Err(BadLoc::External));
        check("/", "C:\\a", Err(BadLoc::External));
        check("/", "a\0b", Err(BadLoc::ControlCharacter));
        check("/", " \n", Err(BadLoc::Empty));
        check("/Doc_0/", "..", Err(BadLoc::Empty));
    }

    #[test]
    fn percent_escapes() {
        assert_eq!(
            percent_decode("Images%26Fonts/%E5%8D%B0.png").as_deref(),
            Some("Images&Fonts/印.png")
        );
        assert_eq!(percent_decode("100%"), Some("100%".to_owned()));
        assert_eq!(percent_decode("%FF"), None);
        assert_eq!(percent_decode("plain"), None);
    }

    proptest! {
        #[test]
        fn every_path_is_normal(folder in "(/[a-z]{1,3}){0,3}/", loc in "[a-z./\\\\ %:\n\0]{0,24}") {
            if let Ok(path) = join(&folder, &loc) {
                prop_assert!(path.as_str().starts_with('/') && path.as_str().len() > 1);
                for segment in path.as_str()[1..].split('/') {
                    prop_assert!(!matches!(segment, "" | "." | ".."), "{path}");
                }
                prop_assert_eq!(PartPath::new(path.as_str()).unwrap(), path);
            }
        }

        #[test]
        fn any_text_is_resolved_without_panic(loc in ".*") {
            let _ = join("/Doc_0/", &loc);
            let _ = percent_decode(&loc);
        }
    }
}
