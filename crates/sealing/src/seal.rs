//! Puts a seal on an OFD document (电子签章生成流程, GB/T 38540-2020 7.2).

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::io::Write;

use gm::{Digest, Signer, sm3};
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{Offset, TimeZone};
use ofd::geometry::Box as MmBox;
use ofd::page::PageContent;
use ofd::{
    Document, NewListEntry, NewSignaturePart, NewStamp, Ofd, Package, PartPath, Provider, Reference,
    SignatureKind, SignatureList, Update, append_to_signature_list, link_signature_list, signature_list_path,
    signature_part_path, write_signature_part,
};
use pki::VerifiedPath;
use ses::{SignatureTemplate, VerifiedSeal, make_signature};

use crate::document::{DocumentFacts, DocumentKind};
use crate::position::{Placement, Position, PositionError, place};
use crate::verify::{Digests, hash_parts};

/// SM3, as `CheckMethod` (GB/T 33560-2017 annex A).
const SM3_OID: &str = "1.2.156.10197.1.401";
/// SM2 with SM3, as `SignatureMethod`.
const SM2_WITH_SM3_OID: &str = "1.2.156.10197.1.501";

/// What to seal with, where, and how.
pub struct SealOrder<'a> {
    /// The seal, verified for `time`.
    pub seal: &'a VerifiedSeal,
    /// The sealer's certificate, verified for `time`; one of those the seal was made for.
    pub sealer: &'a VerifiedPath,
    /// Where it appears; several appearances belong to one signature.
    pub positions: &'a [Position],
    /// Whether further signatures may follow.
    pub mode: Mode,
    /// What to do about blank pages.
    pub blank_pages: BlankPages<'a>,
    /// The signing time, in whole seconds.
    pub time: Timestamp,
    /// Threads for hashing.
    pub threads: usize,
}

/// Whether the document may be signed again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// 可继续签名: the signature list stays open.
    #[default]
    Continue,
    /// 锁定签名: the signature list is protected too; any later signature breaks this one.
    Lock,
}

/// Sealing blank paper is forbidden (R49); an exception has a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlankPages<'a> {
    /// A blank page takes no stamp.
    Refuse,
    /// It does, for this reason.
    Allow {
        /// Why; not empty.
        reason: &'a str,
    },
}

/// Asks a timestamp authority for a token over a signature value; the text of an error is for people.
pub type TimestampSource<'a> = dyn FnMut(&[u8]) -> Result<Vec<u8>, String> + 'a;

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Sealed {
    /// The new Signature.xml.
    pub part: PartPath,
    /// The signature's ID in the list.
    pub id: String,
    /// Where the seal appears.
    pub placements: Vec<Placement>,
    /// How many parts are protected.
    pub parts_protected: usize,
    /// Size of the new file, in bytes.
    pub bytes: u64,
}

/// Why a document is not sealed. Nothing was written, unless the disk failed while writing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The document cannot be read.
    #[error("the document cannot be sealed as it is: {0}")]
    Document(#[source] ofd::Error),
    /// `Permissions/Signature` is false.
    #[error("the document's permissions forbid signing (GB/T 33190-2016 7.5, Permissions/Signature)")]
    NotPermitted,
    /// Outside `Permissions/ValidPeriod`.
    #[error("the document may only be used from {from} to {to} (GB/T 33190-2016 7.5, ValidPeriod)")]
    OutsideValidPeriod {
        /// As the document says; "…" for open.
        from: String,
        /// As the document says; "…" for open.
        to: String,
    },
    /// A signature in the document forbids further ones.
    #[error("signature {id} locks the document: a further seal would break it")]
    Locked {
        /// The signature's ID.
        id: String,
    },
    /// A signature in the document does not hold.
    #[error(
        "signature {id} in the document is already broken ({detail}): the document was changed after sealing"
    )]
    ExistingBroken {
        /// The signature's ID.
        id: String,
        /// What does not hold.
        detail: String,
    },
    /// A blank page would be sealed.
    #[error(
        "page {page} is blank: sealing blank pages is forbidden (R49); state a reason to make an exception"
    )]
    BlankPage {
        /// From 1.
        page: usize,
    },
    /// An exception without a reason.
    #[error("sealing blank pages needs a reason (R49)")]
    NoReason,
    /// A page that cannot carry a stamp.
    #[error("page {page} has no ID or no size: a stamp cannot refer to it")]
    PageUnusable {
        /// From 1.
        page: usize,
    },
    /// No position was given.
    #[error("no position was given for the seal")]
    NoPosition,
    /// A position that cannot be used.
    #[error(transparent)]
    Position(#[from] PositionError),
    /// The seal or its use is refused.
    #[error("{0} (rule {rule})", rule = .0.rule())]
    Refused(#[source] ses::Refusal),
    /// The timestamp could not be had.
    #[error("the timestamp could not be obtained: {0}")]
    Timestamp(String),
}

impl From<ofd::Error> for SealError {
    fn from(error: ofd::Error) -> Self {
        Self::Document(error)
    }
}

/// Seals `package` into `out`.
///
/// Everything in the package is protected: every part as it stands, the new seal file, and in lock mode the
/// signature list. Untouched entries are copied as they are.
pub fn seal(
    package: &Package,
    order: &SealOrder<'_>,
    signer: &dyn Signer,
    timestamp: Option<&mut TimestampSource<'_>>,
    out: &mut dyn Write,
) -> Result<Sealed, SealError> {
    let ofd = Ofd::read(package)?;
    let body = ofd.bodies.first().ok_or(SealError::Document(no_document()))?;
    let document = body.document.as_deref().map_err(Clone::clone)?;
    check_permissions(document, order.time)?;
    let list = match &body.signatures {
        Some(link) => link
            .path()
            .map(|path| SignatureList::read(package, path))
            .transpose()?,
        None => None,
    };
    check_not_locked(list.as_ref())?;
    let placements = place_all(package, document, order)?;
    let stamps = stamps(document, &placements)?;
    let mut work = Work::new(package, document, list)?;
    work.hash(order.threads)?;
    work.check_existing()?;
    let id = work.add_lists(&ofd, order)?;
    let (part, xml, parts_protected) = work.describe(order, &stamps);
    let template = SignatureTemplate {
        time: order.time,
        data_hash: sm3(&xml),
        property_info: part.as_str(),
        extensions: &[],
    };
    let signed = make_signature(order.seal, order.sealer, &template, signer).map_err(SealError::Refused)?;
    let token = match timestamp {
        Some(ask) => Some(ask(signed.signature_value()).map_err(SealError::Timestamp)?),
        None => None,
    };
    let value = signed.finish(token.as_deref());
    work.update.add(part.clone(), xml)?;
    work.update.add(work.signed_value.clone(), value)?;
    let bytes = work.update.write(out)?;
    Ok(Sealed {
        part,
        id,
        placements,
        parts_protected,
        bytes,
    })
}

/// One sealing in progress: the package, and what is added to it.
struct Work<'p> {
    package: &'p Package,
    update: Update<'p>,
    list: Option<SignatureList>,
    list_path: PartPath,
    signature: PartPath,
    seal: PartPath,
    signed_value: PartPath,
    digests: Digests,
}

impl<'p> Work<'p> {
    fn new(
        package: &'p Package,
        document: &Document,
        list: Option<SignatureList>,
    ) -> Result<Self, SealError> {
        let list_path = match &list {
            Some(list) => list.path.clone(),
            None => signature_list_path(&document.path),
        };
        let part = |name| signature_part_path(package, &list_path, name);
        Ok(Self {
            package,
            update: Update::new(package),
            signature: part("Signature.xml"),
            seal: part("Seal.esl"),
            signed_value: part("SignedValue.dat"),
            list,
            list_path,
            digests: Digests::new(),
        })
    }

    /// A part that cannot be read cannot be protected: then nothing is sealed.
    fn hash(&mut self, threads: usize) -> Result<(), SealError> {
        let parts = self.package.parts().map(|entry| entry.path().clone());
        self.digests = hash_parts(self.package, parts, Some(threads));
        match self.digests.values().find_map(|digest| digest.as_ref().err()) {
            Some(error) => Err(SealError::Document(error.clone())),
            None => Ok(()),
        }
    }

    /// A seal over a document that was tampered with would lend it credit.
    fn check_existing(&self) -> Result<(), SealError> {
        for entry in self.list.iter().flat_map(|list| &list.entries) {
            let broken = |detail: String| SealError::ExistingBroken {
                id: entry.id.clone(),
                detail,
            };
            let part = entry.part.as_ref().map_err(|error| broken(error.to_string()))?;
            // Vendors hash in ways of their own; only what is comparable is compared.
            let method = part.check_method.as_deref().unwrap_or_default().trim();
            if !(method == SM3_OID || method.eq_ignore_ascii_case("sm3")) {
                continue;
            }
            if let Some(changed) = part
                .references
                .iter()
                .find(|reference| !self.is_unchanged(reference))
            {
                return Err(broken(changed.file_ref.loc.trim().to_owned()));
            }
        }
        Ok(())
    }

    /// A check value that is no SM3 value says nothing.
    fn is_unchanged(&self, reference: &Reference) -> bool {
        let digest = reference.file_ref.path().and_then(|path| self.digests.get(path));
        match (digest, &reference.check_value) {
            (_, Ok(value)) if value.len() != 32 => true,
            (Some(Ok(digest)), Ok(value)) => value[..] == digest.0,
            _ => false,
        }
    }

    /// The signature list with its new line, the link to it, and the seal file.
    fn add_lists(&mut self, ofd: &Ofd, order: &SealOrder<'_>) -> Result<String, SealError> {
        let limits = self.package.limits();
        let entry = NewListEntry {
            kind: SignatureKind::Seal,
            base_loc: &self.signature,
            relative: None,
        };
        let existing = match self.package.contains(&self.list_path) {
            true => Some(self.package.read(&self.list_path)?),
            false => None,
        };
        let (list, id) = append_to_signature_list(existing.as_deref(), &entry, limits)?;
        self.update.put(self.list_path.clone(), list)?;
        let linked = ofd
            .bodies
            .first()
            .and_then(|body| body.signatures.as_ref())
            .is_some_and(|link| link.path().is_some());
        if !linked {
            let root = PartPath::root();
            let xml = link_signature_list(&self.package.read(&root)?, 0, &self.list_path, limits)?;
            self.update.replace(&root, xml)?;
        }
        self.update.add(self.seal.clone(), order.seal.seal().bytes())?;
        Ok(id)
    }

    /// Signature.xml: its path, its bytes, and how many parts it protects.
    fn describe(&self, order: &SealOrder<'_>, stamps: &[NewStamp]) -> (PartPath, Vec<u8>, usize) {
        let protected = self
            .update
            .parts()
            .filter(|part| order.mode == Mode::Lock || **part != self.list_path);
        let digests: Vec<(PartPath, Digest)> = protected
            .filter_map(|part| {
                let digest = match self.update.bytes(part) {
                    Some(_) if *part == self.seal => order.seal.seal().digest(),
                    Some(bytes) => sm3(bytes),
                    None => *self.digests.get(part)?.as_ref().ok()?,
                };
                Some((part.clone(), digest))
            })
            .collect();
        let references: Vec<(PartPath, &[u8])> = digests
            .iter()
            .map(|(part, digest)| (part.clone(), &digest.0[..]))
            .collect();
        let xml = write_signature_part(&NewSignaturePart {
            provider: &provider(),
            method: SM2_WITH_SM3_OID,
            date_time: &order.time.strftime("%Y%m%d%H%M%SZ").to_string(),
            check_method: SM3_OID,
            references: &references,
            stamps,
            seal: Some(&self.seal),
            signed_value: &self.signed_value,
        });
        (self.signature.clone(), xml, references.len())
    }
}

fn provider() -> Provider {
    Provider {
        name: Some("Yinxin".into()),
        version: Some(env!("CARGO_PKG_VERSION").into()),
        company: Some("Yinxin".into()),
        protocol_version: None,
    }
}

fn no_document() -> ofd::Error {
    ofd::Error::Schema(ofd::SchemaFault::MissingElement {
        parent: "OFD",
        name: "DocBody",
    })
}

fn check_permissions(document: &Document, time: Timestamp) -> Result<(), SealError> {
    let permissions = &document.permissions;
    if !permissions.sign {
        return Err(SealError::NotPermitted);
    }
    let now = time.to_zoned(TimeZone::fixed(Offset::constant(8))).datetime();
    let early = permissions
        .valid_from
        .as_deref()
        .and_then(|text| local_time(text, false))
        .is_some_and(|from| now < from);
    let late = permissions
        .valid_to
        .as_deref()
        .and_then(|text| local_time(text, true))
        .is_some_and(|to| now > to);
    if early || late {
        let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "…".into());
        return Err(SealError::OutsideValidPeriod {
            from: shown(&permissions.valid_from),
            to: shown(&permissions.valid_to),
        });
    }
    Ok(())
}

/// `xs:dateTime` or `xs:date` in Beijing time; the last moment of a day when it is an end.
fn local_time(text: &str, end: bool) -> Option<civil::DateTime> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant.to_zoned(TimeZone::fixed(Offset::constant(8))).datetime());
    }
    if let Ok(date) = text.parse::<civil::Date>()
        && text.len() <= 10
    {
        return Some(if end {
            date.at(23, 59, 59, 999_999_999)
        } else {
            date.at(0, 0, 0, 0)
        });
    }
    text.parse().ok()
}

fn check_not_locked(list: Option<&SignatureList>) -> Result<(), SealError> {
    let Some(list) = list else { return Ok(()) };
    let locks = list.entries.iter().find(|entry| {
        let references = entry.part.iter().flat_map(|part| &part.references);
        references
            .into_iter()
            .any(|reference| reference.file_ref.path() == Some(&list.path))
    });
    match locks {
        Some(entry) => Err(SealError::Locked { id: entry.id.clone() }),
        None => Ok(()),
    }
}

/// The contents of pages that were looked at, each read once.
struct Pages<'a> {
    package: &'a Package,
    document: &'a Document,
    contents: HashMap<PartPath, PageContent>,
}

impl Pages<'_> {
    /// The content of a page and of every template that it draws, directly or through another.
    fn content(&mut self, index: usize) -> Result<(&PageContent, Vec<&PageContent>), SealError> {
        let page = &self.document.pages[index];
        let path = page
            .loc
            .path()
            .ok_or(SealError::PageUnusable { page: index + 1 })?;
        self.read(path)?;
        let mut wanted: Vec<u32> = page
            .templates
            .iter()
            .map(|template| template.template_id)
            .collect();
        let mut used = Vec::new();
        while let Some(id) = wanted.pop() {
            let templates = self
                .document
                .templates
                .iter()
                .filter(|template| template.id == Some(id));
            for template in templates {
                if let Some(path) = template.loc.path()
                    && !used.contains(path)
                {
                    self.read(path)?;
                    used.push(path.clone());
                    wanted.extend(template.templates.iter().map(|template| template.template_id));
                }
            }
        }
        let templates = used.iter().map(|path| &self.contents[path]).collect();
        Ok((&self.contents[path], templates))
    }

    fn place(&mut self, positions: &[Position], size: (f64, f64)) -> Result<Vec<Placement>, SealError> {
        if positions.is_empty() {
            return Err(SealError::NoPosition);
        }
        let sizes = sizes(self.document)?;
        let mut placements = Vec::new();
        for position in positions {
            let hits = |page: usize, text: &str| -> Result<Vec<MmBox>, SealError> {
                let (content, templates) = self.content(page)?;
                let hits = ofd::text::find(content, &templates, text);
                Ok(hits.into_iter().map(|hit| hit.bounds).collect())
            };
            placements.extend(place(position, size, &sizes, hits)?);
        }
        Ok(placements)
    }

    fn read(&mut self, path: &PartPath) -> Result<(), SealError> {
        if !self.contents.contains_key(path) {
            let xml = self.package.read(path)?;
            let content =
                PageContent::read(&xml, self.package.limits()).map_err(|error| error.in_part(path))?;
            self.contents.insert(path.clone(), content);
        }
        Ok(())
    }
}

/// Where a seal of this size, in mm, would appear in the first document of a package.
pub(crate) fn ofd_placements(
    package: &Package,
    positions: &[Position],
    size: (f64, f64),
) -> Result<Vec<Placement>, SealError> {
    let ofd = Ofd::read(package)?;
    let body = ofd.bodies.first().ok_or(SealError::Document(no_document()))?;
    let document = body.document.as_deref().map_err(Clone::clone)?;
    let mut pages = Pages {
        package,
        document,
        contents: HashMap::new(),
    };
    pages.place(positions, size)
}

fn place_all(
    package: &Package,
    document: &Document,
    order: &SealOrder<'_>,
) -> Result<Vec<Placement>, SealError> {
    if let BlankPages::Allow { reason } = order.blank_pages
        && reason.trim().is_empty()
    {
        return Err(SealError::NoReason);
    }
    let mut pages = Pages {
        package,
        document,
        contents: HashMap::new(),
    };
    let picture = order.seal.seal().picture();
    let size = (picture.width_mm as f64, picture.height_mm as f64);
    let placements = pages.place(order.positions, size)?;
    if order.blank_pages == BlankPages::Refuse {
        let stamped: BTreeSet<usize> = placements.iter().map(|placement| placement.page).collect();
        for index in stamped {
            let (content, templates) = pages.content(index)?;
            if content.is_blank(document.pages[index].physical_box.as_ref(), &templates) {
                return Err(SealError::BlankPage { page: index + 1 });
            }
        }
    }
    Ok(placements)
}

/// What the first document of a package is. Pages are looked at until something is found on one.
pub(crate) fn ofd_facts(package: &Package) -> Result<DocumentFacts, SealError> {
    let ofd = Ofd::read(package)?;
    let body = ofd.bodies.first().ok_or(SealError::Document(no_document()))?;
    let document = body.document.as_deref().map_err(Clone::clone)?;
    let mut pages = Pages {
        package,
        document,
        contents: HashMap::new(),
    };
    let mut blank = true;
    for (index, page) in document.pages.iter().enumerate() {
        let (content, templates) = pages.content(index)?;
        if !content.is_blank(page.physical_box.as_ref(), &templates) {
            blank = false;
            break;
        }
    }
    Ok(DocumentFacts {
        kind: DocumentKind::Ofd,
        pages: document.pages.len(),
        blank,
    })
}

fn sizes(document: &Document) -> Result<Vec<(f64, f64)>, SealError> {
    let size = |(index, page): (usize, &ofd::Page)| match page.physical_box {
        Some(sheet) if sheet.has_area() => Ok((sheet.width, sheet.height)),
        _ => Err(SealError::PageUnusable { page: index + 1 }),
    };
    document.pages.iter().enumerate().map(size).collect()
}

fn stamps(document: &Document, placements: &[Placement]) -> Result<Vec<NewStamp>, SealError> {
    let stamp = |placement: &Placement| {
        let page = document.pages[placement.page].id;
        let page_ref = page.ok_or(SealError::PageUnusable {
            page: placement.page + 1,
        })?;
        Ok(NewStamp {
            page_ref,
            boundary: placement.bounds,
            clip: placement.clip,
        })
    };
    placements.iter().map(stamp).collect()
}

impl fmt::Debug for SealOrder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let positions = (&self.positions, self.mode, self.time);
        f.debug_tuple("SealOrder").field(&positions).finish()
    }
}
