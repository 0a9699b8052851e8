//! The form: its fields, their values and their widgets.

use super::{ChangeKind, Comparison, keys_of};
use crate::document::Document;
use crate::error::Error;
use crate::field::{Field, Widget, form};
use crate::object::{Dictionary, Object};

/// Keys that signing a field may set in it and in its widget.
const SET_BY_SIGNING: [&[u8]; 9] = [b"V", b"AP", b"AS", b"MK", b"DA", b"F", b"M", b"P", b"NM"];
/// Keys that filling a field may set.
const SET_BY_FILLING: [&[u8]; 7] = [b"V", b"AP", b"AS", b"MK", b"DA", b"I", b"M"];
/// Keys that lead elsewhere in the tree, where they are compared.
const TREE: [&[u8]; 2] = [b"Kids", b"Parent"];
/// Keys of the form that are compared in a way of their own.
const FORM_APART: [&[u8]; 4] = [b"Fields", b"SigFlags", b"DR", b"NeedAppearances"];

/// How the differences of one field count.
struct Rule {
    /// Keys that may differ.
    allowed: &'static [&'static [u8]],
    /// What a difference in one of them is.
    kind: ChangeKind,
    /// What every other difference is.
    worse: ChangeKind,
}

impl Comparison<'_, '_, '_> {
    pub(super) fn compare_form(&mut self) -> Result<(), Error> {
        self.compare_form_settings()?;
        for (old, new) in self.field_pairs() {
            match (old, new) {
                (Some(old), Some(new)) => self.compare_field(&old, &new)?,
                (Some(old), None) if is_signed(self.old.document, &old)? => {
                    self.change(ChangeKind::SignatureChanged, old.name);
                }
                (Some(old), None) => self.change(ChangeKind::FieldChanged, old.name),
                (None, Some(new)) => self.judge_added_field(new)?,
                (None, None) => {}
            }
        }
        Ok(())
    }

    /// Old and new fields by their names; of several with one name, the same objects belong together. Every field of
    /// both stands in exactly one pair.
    fn field_pairs(&self) -> Vec<(Option<Field>, Option<Field>)> {
        let mut open = self.new.by_name();
        let mut pairs = Vec::with_capacity(self.new.fields.len());
        let take = |candidates: &mut Vec<usize>, id| {
            let place = candidates
                .iter()
                .position(|index| self.new.fields[*index].id == id);
            let place = place.or_else(|| (!candidates.is_empty()).then_some(0));
            place.map(|place| candidates.remove(place))
        };
        for old in &self.old.fields {
            let new = open
                .get_mut(old.name.as_str())
                .and_then(|candidates| take(candidates, old.id));
            pairs.push((Some(old.clone()), new.map(|index| self.new.fields[index].clone())));
        }
        let mut added: Vec<usize> = open.into_values().flatten().collect();
        added.sort_unstable();
        pairs.extend(
            added
                .into_iter()
                .map(|index| (None, Some(self.new.fields[index].clone()))),
        );
        pairs
    }

    fn compare_form_settings(&mut self) -> Result<(), Error> {
        let old = form(self.old.document)?;
        let old = old.unwrap_or_default();
        let had_texts = self.old.fields.iter().any(|field| !field.is_signature());
        let new = form(self.new.document)?.unwrap_or_default();
        for key in keys_of(&old, &new) {
            if FORM_APART.contains(&key.as_slice()) || self.same(old.value(&key), new.value(&key))? {
                continue;
            }
            // Defaults for texts apply to nothing where there are none.
            if !had_texts && matches!(key.as_slice(), b"DA" | b"Q") {
                continue;
            }
            self.change(ChangeKind::FormChanged, String::from_utf8_lossy(&key));
        }
        // Readers that make appearances anew show values in place of what was seen at signing.
        let asks = |form: &Dictionary| form.get("NeedAppearances") == Some(&Object::Boolean(true));
        if asks(&new) && !asks(&old) {
            self.change(ChangeKind::FormChanged, "NeedAppearances");
        }
        self.compare_resources(&old, &new)
    }

    /// Default resources may gain fonts and the like; none may change.
    fn compare_resources(&mut self, old: &Dictionary, new: &Dictionary) -> Result<(), Error> {
        let read = |document: &Document<'_>, form: &Dictionary| -> Result<Dictionary, Error> {
            let found = document.get(form, "DR")?;
            Ok(found
                .and_then(|found| found.as_dictionary().cloned())
                .unwrap_or_default())
        };
        let (old, new) = (read(self.old.document, old)?, read(self.new.document, new)?);
        for (category, before) in old.iter() {
            let before = self.old.document.resolve(before)?.clone();
            let now = match new.value(category) {
                Some(now) => self.new.document.resolve(now)?.clone(),
                None => Object::Null,
            };
            let mut same = true;
            match (before.as_dictionary(), now.as_dictionary()) {
                (Some(before), Some(now)) => {
                    for (name, value) in before.iter() {
                        same &= self.same(Some(value), now.value(name))?;
                    }
                }
                _ => same = self.same(Some(&before), Some(&now))?,
            }
            if !same {
                self.change(
                    ChangeKind::FormChanged,
                    format!("DR /{}", String::from_utf8_lossy(category)),
                );
            }
        }
        Ok(())
    }

    fn compare_field(&mut self, old: &Field, new: &Field) -> Result<(), Error> {
        let signed_now = self.signed_now.contains(&old.name);
        let rule = rule_for(old, is_signed(self.old.document, old)?, signed_now);
        if old.id != new.id {
            self.change(rule.worse, old.name.clone());
        }
        self.compare_dictionaries(&old.name, &old.dictionary, &new.dictionary, &rule)?;
        let own = |field: &Field, widget: &Widget| widget.id.is_some() && widget.id == field.id;
        for before in old.widgets.iter().filter(|widget| !own(old, widget)) {
            let now = new
                .widgets
                .iter()
                .find(|now| now.id == before.id && now.id.is_some());
            match now {
                Some(now) => {
                    self.compare_dictionaries(&old.name, &before.dictionary, &now.dictionary, &rule)?;
                }
                None => self.change(rule.worse, old.name.clone()),
            }
        }
        let known = |widget: &Widget| old.widgets.iter().any(|before| before.id == widget.id);
        if new.widgets.iter().any(|widget| !known(widget)) && rule.kind != ChangeKind::SignatureAdded {
            self.change(rule.worse, old.name.clone());
        }
        if rule.kind == ChangeKind::SignatureAdded && !acts(old) && acts(new) {
            self.change(ChangeKind::FieldChanged, new.name.clone());
        }
        Ok(())
    }

    fn compare_dictionaries(
        &mut self,
        name: &str,
        old: &Dictionary,
        new: &Dictionary,
        rule: &Rule,
    ) -> Result<(), Error> {
        for key in keys_of(old, new) {
            if TREE.contains(&key.as_slice()) || self.same(old.value(&key), new.value(&key))? {
                continue;
            }
            let kind = if rule.allowed.contains(&key.as_slice()) {
                rule.kind
            } else {
                rule.worse
            };
            self.change(kind, name);
        }
        Ok(())
    }

    fn judge_added_field(&mut self, field: Field) -> Result<(), Error> {
        // A signature field does nothing when it is opened or clicked.
        if !field.is_signature() || acts(&field) {
            self.change(ChangeKind::FieldAdded, field.name);
            return Ok(());
        }
        if self.signed_now.contains(&field.name) {
            return Ok(());
        }
        let mut shown = false;
        for widget in &field.widgets {
            let appearance = self.new.document.get(&widget.dictionary, "AP")?;
            shown |= appearance.is_some() && !has_no_area(self.new.document, &widget.dictionary);
        }
        let kind = match shown {
            true => ChangeKind::UnsignedFieldShown,
            false => ChangeKind::SignatureFieldAdded,
        };
        self.change(kind, field.name);
        Ok(())
    }
}

fn rule_for(field: &Field, was_signed: bool, signed_now: bool) -> Rule {
    let (allowed, kind, worse): (&[&[u8]], _, _) = match (field.is_signature(), was_signed, signed_now) {
        (true, true, _) => (&[], ChangeKind::SignatureChanged, ChangeKind::SignatureChanged),
        (true, false, true) => (
            &SET_BY_SIGNING,
            ChangeKind::SignatureAdded,
            ChangeKind::FieldChanged,
        ),
        (true, false, false) => (&[], ChangeKind::FieldChanged, ChangeKind::FieldChanged),
        (false, ..) => (&SET_BY_FILLING, ChangeKind::FieldFilled, ChangeKind::FieldChanged),
    };
    Rule { allowed, kind, worse }
}

fn acts(field: &Field) -> bool {
    let mut dictionaries = field
        .widgets
        .iter()
        .map(|widget| &widget.dictionary)
        .chain([&field.dictionary]);
    dictionaries.any(|dictionary| dictionary.contains("A") || dictionary.contains("AA"))
}

fn is_signed(document: &Document<'_>, field: &Field) -> Result<bool, Error> {
    Ok(field.is_signature() && document.get(&field.dictionary, "V")?.is_some())
}

pub(super) fn has_no_area(document: &Document<'_>, widget: &Dictionary) -> bool {
    let rectangle = document.get(widget, "Rect").ok().flatten();
    rectangle.is_none_or(|rectangle| crate::page::rectangle(document, &rectangle).is_none())
}
