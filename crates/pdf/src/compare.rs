//! What changed between the revision that was signed and the one that is shown.
//!
//! Both are read on their own, from the catalogue down. Everything that is not the same is a [`Change`]; which
//! changes a signature permits is not decided here.

mod form;
mod pages;
mod same;

use std::collections::{HashMap, HashSet};

use self::form::has_no_area;
use self::same::Roles;
use crate::document::Document;
use crate::error::Error;
use crate::field::{Field, fields};
use crate::limits::CHANGES_MAX;
use crate::object::{Dictionary, Object};
use crate::page::{Page, pages};
use crate::signature::{is_signed, signatures_in};

/// Something that is not as it was when the document was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What kind of thing changed.
    pub kind: ChangeKind,
    /// Which one: a field's name, a page's number from 1, a key.
    pub what: String,
}

/// Kinds of changes, the harmless first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// The document security store (certificates, revocation data): it is never shown.
    SecurityStore,
    /// Metadata or the information dictionary: title, producer, times.
    Metadata,
    /// The version or the developers' extensions that the catalogue states.
    Version,
    /// A document timestamp that shows nothing was added.
    TimestampAdded,
    /// A field was signed, or a signed field was added.
    SignatureAdded,
    /// A signature field that is not signed and shows nothing was added.
    SignatureFieldAdded,
    /// The value of a field, or what its widgets show.
    FieldFilled,
    /// An annotation that is no form field was added.
    AnnotationAdded,
    /// An annotation that is no form field was changed or removed.
    AnnotationChanged,
    /// A signature field that is not signed, yet shows something, was added.
    UnsignedFieldShown,
    /// A field was added that is no signature field.
    FieldAdded,
    /// A field was removed, or what it is was changed.
    FieldChanged,
    /// A signature was removed, replaced, or its appearance changed.
    SignatureChanged,
    /// A setting of the form.
    FormChanged,
    /// A page was added, removed or exchanged.
    PagesChanged,
    /// What a page shows or how.
    PageContentChanged,
    /// An entry of the catalogue: actions, attachments, layers, structure.
    CatalogChanged,
    /// The permissions of the document.
    PermissionsChanged,
    /// Something that cannot be read.
    Unreadable,
}

/// The differences from `before` to `after`, a later revision of the same file.
///
/// # Errors
/// When either has no readable catalogue, pages or fields, or passes a limit.
pub fn changes(before: &Document<'_>, after: &Document<'_>) -> Result<Vec<Change>, Error> {
    let old = Side::read(before)?;
    let new = Side::read(after)?;
    let mut comparison = Comparison {
        roles: Roles::of(&old, &new),
        old,
        new,
        changes: Vec::new(),
        signed_now: HashSet::new(),
    };
    comparison.find_signed()?;
    comparison.compare_trailers()?;
    comparison.compare_catalogs()?;
    comparison.compare_form()?;
    comparison.compare_pages()?;
    comparison
        .changes
        .sort_by(|a, b| (a.kind, &a.what).cmp(&(b.kind, &b.what)));
    comparison.changes.dedup();
    Ok(comparison.changes)
}

/// One of the two revisions.
struct Side<'d, 'a> {
    document: &'d Document<'a>,
    catalog: Dictionary,
    pages: Vec<Page>,
    fields: Vec<Field>,
    /// Which field a widget or field object belongs to.
    owners: HashMap<u32, usize>,
}

impl<'d, 'a> Side<'d, 'a> {
    fn read(document: &'d Document<'a>) -> Result<Self, Error> {
        let fields = fields(document)?;
        let mut owners = HashMap::new();
        for (index, field) in fields.iter().enumerate() {
            let ids = field
                .id
                .into_iter()
                .chain(field.widgets.iter().filter_map(|widget| widget.id));
            owners.extend(ids.map(|id| (id.number, index)));
        }
        Ok(Self {
            document,
            catalog: document.catalog()?,
            pages: pages(document)?,
            fields,
            owners,
        })
    }

    /// Which fields have a name. Some files have several of one name.
    fn by_name(&self) -> HashMap<&str, Vec<usize>> {
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, field) in self.fields.iter().enumerate() {
            by_name.entry(field.name.as_str()).or_default().push(index);
        }
        by_name
    }
}

/// Keys of the catalogue that are compared in a way of their own, or that nobody sees.
const CATALOG_APART: [&[u8]; 8] = [
    b"Pages",
    b"AcroForm",
    b"DSS",
    b"Extensions",
    b"Metadata",
    b"Version",
    b"Perms",
    b"PieceInfo",
];

struct Comparison<'d, 'a, 'o> {
    old: Side<'d, 'a>,
    new: Side<'o, 'a>,
    roles: Roles,
    changes: Vec<Change>,
    /// Names of fields that were signed in between.
    signed_now: HashSet<String>,
}

impl Comparison<'_, '_, '_> {
    fn change(&mut self, kind: ChangeKind, what: impl Into<String>) {
        if self.changes.len() < CHANGES_MAX {
            self.changes.push(Change {
                kind,
                what: what.into(),
            });
        }
    }

    /// Whether two values mean the same in their revisions.
    fn same(&mut self, old: Option<&Object>, new: Option<&Object>) -> Result<bool, Error> {
        let (old, new) = (old.unwrap_or(&Object::Null), new.unwrap_or(&Object::Null));
        self.roles.same(self.old.document, old, self.new.document, new)
    }

    fn find_signed(&mut self) -> Result<(), Error> {
        let mut before = HashSet::new();
        for field in &self.old.fields {
            if is_signed(self.old.document, field)? {
                before.insert(field.name.as_str());
            }
        }
        for signature in signatures_in(self.new.document, |field| !before.contains(field))? {
            let widgets = &signature.widgets;
            let shows = widgets
                .iter()
                .any(|widget| !has_no_area(self.new.document, &widget.dictionary));
            let kind = match signature.is_timestamp && !shows {
                true => ChangeKind::TimestampAdded,
                false => ChangeKind::SignatureAdded,
            };
            self.signed_now.insert(signature.field.clone());
            self.change(kind, signature.field);
        }
        Ok(())
    }

    fn compare_trailers(&mut self) -> Result<(), Error> {
        let (old, new) = (
            self.old.document.trailer().clone(),
            self.new.document.trailer().clone(),
        );
        if !self.same(old.get("Encrypt"), new.get("Encrypt"))? {
            self.change(ChangeKind::Unreadable, "Encrypt");
        }
        if !self.same(old.get("Info"), new.get("Info"))? {
            self.change(ChangeKind::Metadata, "Info");
        }
        Ok(())
    }

    fn compare_catalogs(&mut self) -> Result<(), Error> {
        let (old, new) = (self.old.catalog.clone(), self.new.catalog.clone());
        for key in keys_of(&old, &new) {
            if CATALOG_APART.contains(&key.as_slice()) || self.same(old.value(&key), new.value(&key))? {
                continue;
            }
            self.change(ChangeKind::CatalogChanged, String::from_utf8_lossy(&key));
        }
        let apart = [
            ("DSS", ChangeKind::SecurityStore),
            ("Metadata", ChangeKind::Metadata),
            ("PieceInfo", ChangeKind::Metadata),
            ("Version", ChangeKind::Version),
            ("Extensions", ChangeKind::Version),
        ];
        for (key, kind) in apart {
            if !self.same(old.get(key), new.get(key))? {
                self.change(kind, key);
            }
        }
        self.compare_permissions(&old, &new)
    }

    /// A permission may come with the signature that it belongs to; none may go or be exchanged.
    fn compare_permissions(&mut self, old: &Dictionary, new: &Dictionary) -> Result<(), Error> {
        let read = |document: &Document<'_>, catalog: &Dictionary| -> Result<Dictionary, Error> {
            let found = document.get(catalog, "Perms")?;
            Ok(found
                .and_then(|found| found.as_dictionary().cloned())
                .unwrap_or_default())
        };
        let old = read(self.old.document, old)?;
        let new = read(self.new.document, new)?;
        for key in keys_of(&old, &new) {
            let (before, now) = (old.value(&key), new.value(&key));
            let unchanged = self.same(before, now)?;
            let added = before.is_none() && now.is_some_and(|now| self.is_new_signature(now));
            if !unchanged && !added {
                self.change(ChangeKind::PermissionsChanged, String::from_utf8_lossy(&key));
            }
        }
        Ok(())
    }

    fn is_new_signature(&self, value: &Object) -> bool {
        let mut signed = self
            .new
            .fields
            .iter()
            .filter(|field| self.signed_now.contains(&field.name));
        value.as_reference().is_some_and(|id| {
            signed.any(|field| field.dictionary.get("V").and_then(Object::as_reference) == Some(id))
        })
    }
}

/// The keys of both, each once.
fn keys_of(old: &Dictionary, new: &Dictionary) -> Vec<Vec<u8>> {
    let mut keys: Vec<Vec<u8>> = old
        .iter()
        .chain(new.iter())
        .map(|(key, _)| key.to_vec())
        .collect();
    keys.sort();
    keys.dedup();
    keys
}
