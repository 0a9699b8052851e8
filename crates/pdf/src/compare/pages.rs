//! Pages and the annotations on them.

use std::collections::HashMap;

use super::{ChangeKind, Comparison, keys_of};
use crate::document::Document;
use crate::error::{Error, limit};
use crate::limits::ANNOTATIONS_MAX;
use crate::object::{Dictionary, Object};

/// Keys of a page that are compared elsewhere, or that nobody sees.
const PAGE_APART: [&[u8]; 5] = [b"Annots", b"Parent", b"LastModified", b"PieceInfo", b"Metadata"];

impl Comparison<'_, '_, '_> {
    pub(super) fn compare_pages(&mut self) -> Result<(), Error> {
        let (before, now) = (self.old.pages.len(), self.new.pages.len());
        if before != now {
            self.change(ChangeKind::PagesChanged, format!("{before} → {now}"));
        }
        for index in 0..before.min(now) {
            let old = self.old.pages[index].dictionary.clone();
            let new = self.new.pages[index].dictionary.clone();
            let number = index + 1;
            for key in keys_of(&old, &new) {
                if PAGE_APART.contains(&key.as_slice()) || self.same(old.value(&key), new.value(&key))? {
                    continue;
                }
                let key = String::from_utf8_lossy(&key).into_owned();
                self.change(ChangeKind::PageContentChanged, format!("{number} /{key}"));
            }
            self.compare_annotations(number, &old, &new)?;
        }
        Ok(())
    }

    fn compare_annotations(&mut self, page: usize, old: &Dictionary, new: &Dictionary) -> Result<(), Error> {
        let before = annotations(self.old.document, old)?;
        let now = annotations(self.new.document, new)?;
        let mut places: HashMap<u32, usize> = HashMap::new();
        for (index, annotation) in now.iter().enumerate() {
            places.extend(annotation.as_reference().map(|id| (id.number, index)));
        }
        let mut taken = vec![false; now.len()];
        for (index, old) in before.iter().enumerate() {
            let found = match old.as_reference() {
                Some(id) => places.get(&id.number).copied(),
                // One that stands directly on the page has nothing but its place.
                None => Some(index).filter(|index| *index < now.len()),
            };
            if let Some(found) = found {
                taken[found] = true;
            }
            let new = found.map(|found| now[found].clone());
            let is_widget = old
                .as_reference()
                .is_some_and(|id| self.old.owners.contains_key(&id.number));
            match new {
                // Widgets are compared with their fields.
                Some(_) if is_widget => {}
                Some(new) if self.same(Some(old), Some(&new))? => {}
                _ => self.change(ChangeKind::AnnotationChanged, page.to_string()),
            }
        }
        for (added, _) in now.iter().zip(taken).filter(|(_, taken)| !taken) {
            self.judge_added(page, added);
        }
        Ok(())
    }

    /// An annotation that was not there: a widget of a field, which is judged with it, or something else.
    fn judge_added(&mut self, page: usize, added: &Object) {
        if added
            .as_reference()
            .is_some_and(|id| self.new.owners.contains_key(&id.number))
        {
            return;
        }
        let subtype = match self.new.document.resolve(added) {
            Ok(annotation) => {
                let subtype = annotation.as_dictionary().and_then(|found| found.get("Subtype"));
                String::from_utf8_lossy(subtype.and_then(Object::as_name).unwrap_or(b"?")).into_owned()
            }
            Err(error) => return self.change(ChangeKind::Unreadable, format!("{page} /Annots: {error}")),
        };
        // A widget without a field shows something and belongs to nothing.
        let kind = match subtype.as_str() {
            "Widget" => ChangeKind::FieldAdded,
            _ => ChangeKind::AnnotationAdded,
        };
        self.change(kind, format!("{page} /{subtype}"));
    }
}

fn annotations(document: &Document<'_>, page: &Dictionary) -> Result<Vec<Object>, Error> {
    let Some(list) = document.get(page, "Annots")? else {
        return Ok(Vec::new());
    };
    let list = list.as_array().unwrap_or_default();
    limit(list.len(), ANNOTATIONS_MAX, "annotations of one page")?;
    Ok(list.to_vec())
}
