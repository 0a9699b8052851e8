//! Whether two values mean the same, each in its own revision, however far references lead.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use super::Side;
use crate::document::Document;
use crate::error::{Error, limit};
use crate::limits::COMPARED_VALUES_MAX;
use crate::object::{Dictionary, Object, Stream};

/// Objects that are compared elsewhere, so that a reference to them only says which one is meant.
pub(super) struct Roles {
    old_pages: HashMap<u32, usize>,
    new_pages: HashMap<u32, usize>,
    /// The catalogues. Signatures refer to them as what they certify.
    roots: (Option<u32>, Option<u32>),
    /// Fields and widgets of the old form.
    old_form: HashSet<u32>,
    /// Pairs of objects that were found to mean the same.
    equal: HashSet<(u32, u32)>,
    compared: Cell<usize>,
}

/// A pair of values still to be compared.
type Pair = (Object, Object);

impl Roles {
    pub(super) fn of(old: &Side<'_, '_>, new: &Side<'_, '_>) -> Self {
        let numbers = |side: &Side<'_, '_>| -> HashMap<u32, usize> {
            let pages = side.pages.iter().enumerate();
            pages
                .filter_map(|(index, page)| Some((page.id?.number, index)))
                .collect()
        };
        let root = |side: &Side<'_, '_>| {
            let root = side.document.trailer().get("Root").and_then(Object::as_reference);
            root.map(|id| id.number)
        };
        Self {
            roots: (root(old), root(new)),
            old_pages: numbers(old),
            new_pages: numbers(new),
            old_form: old.owners.keys().copied().collect(),
            equal: HashSet::new(),
            compared: Cell::new(0),
        }
    }

    pub(super) fn same(
        &mut self,
        old_document: &Document<'_>,
        old: &Object,
        new_document: &Document<'_>,
        new: &Object,
    ) -> Result<bool, Error> {
        let mut assumed = HashSet::new();
        let mut open: Vec<Pair> = vec![(old.clone(), new.clone())];
        while let Some((old, new)) = open.pop() {
            if let (Object::Reference(before), Object::Reference(now)) = (&old, &new) {
                let pair = (before.number, now.number);
                if let Some(known) = self.known(pair) {
                    if known {
                        continue;
                    }
                    return Ok(false);
                }
                let seen = self.equal.contains(&pair) || !assumed.insert(pair);
                if seen || same_unreadable(old_document, new_document, pair) {
                    continue;
                }
            }
            let (Ok(before), Ok(now)) = (old_document.resolve(&old), new_document.resolve(&new)) else {
                return Ok(false);
            };
            self.count()?;
            if !step(old_document, &before, new_document, &now, &mut open) {
                return Ok(false);
            }
        }
        self.equal.extend(assumed);
        Ok(true)
    }

    /// The catalogue, pages, fields and widgets are the same when they are the same one.
    fn known(&self, (old, new): (u32, u32)) -> Option<bool> {
        let (is_old_root, is_new_root) = (self.roots.0 == Some(old), self.roots.1 == Some(new));
        if is_old_root || is_new_root {
            return Some(is_old_root && is_new_root);
        }
        match (self.old_pages.get(&old), self.new_pages.get(&new)) {
            (None, None) => {}
            (before, now) => return Some(before == now),
        }
        self.old_form.contains(&old).then_some(old == new)
    }

    fn count(&self) -> Result<(), Error> {
        self.compared.set(self.compared.get() + 1);
        limit(
            self.compared.get(),
            COMPARED_VALUES_MAX,
            "values compared between revisions",
        )
    }
}

/// Compares two values without following references; what is inside of them goes to `open`.
fn step(
    old_document: &Document<'_>,
    old: &Object,
    new_document: &Document<'_>,
    new: &Object,
    open: &mut Vec<Pair>,
) -> bool {
    match (old, new) {
        (Object::Integer(a), Object::Real(b)) | (Object::Real(b), Object::Integer(a)) => *a as f64 == *b,
        (Object::Text(a), Object::Text(b)) => a.bytes == b.bytes,
        (Object::Array(a), Object::Array(b)) => {
            open.extend(a.iter().cloned().zip(b.iter().cloned()));
            a.len() == b.len()
        }
        (Object::Dictionary(a), Object::Dictionary(b)) => {
            push_entries(a, b, open);
            true
        }
        (Object::Stream(a), Object::Stream(b)) => {
            push_entries(&a.dictionary, &b.dictionary, open);
            same_data(old_document, a, new_document, b)
        }
        (old, new) => old == new,
    }
}

/// An object that neither revision can read, at the same place, was not changed.
fn same_unreadable(old: &Document<'_>, new: &Document<'_>, (before, now): (u32, u32)) -> bool {
    before == now
        && old.place(before) == new.place(now)
        && old.object(before).is_err()
        && new.object(now).is_err()
}

/// The values of both under every key. A key with null is as good as none.
fn push_entries(old: &Dictionary, new: &Dictionary, open: &mut Vec<Pair>) {
    for key in super::keys_of(old, new) {
        let value = |dictionary: &Dictionary| dictionary.value(&key).cloned().unwrap_or(Object::Null);
        open.push((value(old), value(new)));
    }
}

fn same_data(old_document: &Document<'_>, old: &Stream, new_document: &Document<'_>, new: &Stream) -> bool {
    let (Ok(before), Ok(now)) = (old_document.raw(old), new_document.raw(new)) else {
        return old.start == new.start;
    };
    // The same bytes of the file need no look.
    if old.start == new.start && before.len() == now.len() {
        return true;
    }
    if old_document.opened().is_none() && new_document.opened().is_none() {
        return before == now;
    }
    // Other objects have other keys.
    matches!((old_document.plain(old), new_document.plain(new)), (Ok(before), Ok(now)) if before == now)
}
