//! The form's fields and their widgets (ISO 32000-1 §12.7).

use std::collections::{HashMap, HashSet};

use crate::document::Document;
use crate::error::{Error, limit};
use crate::limits::{FIELDS_MAX, TREE_DEPTH_MAX};
use crate::object::{Dictionary, Object, ObjectId, text_of};
use crate::page::{View, pages, rectangle as rectangle_of};

/// A field that has no fields below it.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its full name: the names of its ancestors and its own, with dots between.
    pub name: String,
    /// Its object; absent when it stands directly in the tree.
    pub id: Option<ObjectId>,
    /// Its own dictionary, `/FT` and `/V` inherited.
    pub dictionary: Dictionary,
    /// Its appearances on pages. A field with one often is its own widget.
    pub widgets: Vec<Widget>,
}

/// One appearance of a field.
#[derive(Clone, Debug, PartialEq)]
pub struct Widget {
    /// Its object; absent when it stands directly in the field.
    pub id: Option<ObjectId>,
    /// Its dictionary.
    pub dictionary: Dictionary,
}

impl Field {
    /// Whether it is a signature field.
    pub fn is_signature(&self) -> bool {
        self.dictionary.get("FT").and_then(Object::as_name) == Some(b"Sig")
    }
}

/// Where a widget is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Index of the page, from 0; absent when no page has the widget.
    pub page: Option<usize>,
    /// Left, upper, width, height in mm from the upper left corner of the page as seen.
    pub seen: [f64; 4],
}

/// Where widgets are seen; those without an area are left out. None are when the pages cannot be read.
pub fn places(document: &Document<'_>, widgets: &[Widget]) -> Vec<Place> {
    let Ok(pages) = pages(document) else {
        return Vec::new();
    };
    let mut page_of = HashMap::new();
    let mut views = Vec::with_capacity(pages.len());
    for (index, page) in pages.iter().enumerate() {
        views.push(page.view(document));
        let annotations = document.get(&page.dictionary, "Annots").ok().flatten();
        let annotations = annotations
            .as_ref()
            .and_then(|list| list.as_array())
            .unwrap_or_default();
        page_of.extend(
            annotations
                .iter()
                .filter_map(Object::as_reference)
                .map(|id| (id.number, index)),
        );
    }
    let place = |widget: &Widget| {
        let rectangle = document.get(&widget.dictionary, "Rect").ok()??;
        let rectangle = rectangle_of(document, &rectangle)?;
        let page = widget.id.and_then(|id| page_of.get(&id.number).copied());
        // Without a page only the size means something.
        let view = page.map_or(View::upright_letter(), |page| views[page]);
        Some(Place {
            page,
            seen: view.to_seen(rectangle),
        })
    };
    widgets.iter().filter_map(place).collect()
}

/// The form of a document, if it has one.
pub fn form(document: &Document<'_>) -> Result<Option<Dictionary>, Error> {
    let catalog = document.catalog()?;
    let form = document.get(&catalog, "AcroForm")?;
    Ok(form.and_then(|form| form.as_dictionary().cloned()))
}

/// A node of the field tree that is still to be looked at.
struct Open {
    node: Object,
    name: String,
    kind: Option<Object>,
    value: Option<Object>,
    depth: usize,
}

/// All fields, in the order of the tree.
pub fn fields(document: &Document<'_>) -> Result<Vec<Field>, Error> {
    let Some(form) = form(document)? else {
        return Ok(Vec::new());
    };
    let Some(roots) = document.get(&form, "Fields")? else {
        return Ok(Vec::new());
    };
    let mut open: Vec<Open> = Vec::new();
    for root in roots.as_array().unwrap_or_default().iter().rev() {
        open.push(Open {
            node: root.clone(),
            name: String::new(),
            kind: None,
            value: None,
            depth: 0,
        });
    }
    let mut fields = Vec::new();
    let mut seen = HashSet::new();
    while let Some(node) = open.pop() {
        limit(open.len() + fields.len(), FIELDS_MAX, "form fields")?;
        limit(node.depth, TREE_DEPTH_MAX, "levels of the field tree")?;
        if node.node.as_reference().is_some_and(|id| !seen.insert(id.number)) {
            continue;
        }
        fields.extend(visit(document, node, &mut open)?);
    }
    Ok(fields)
}

/// The field that a node is, or its children into `open`.
fn visit(document: &Document<'_>, node: Open, open: &mut Vec<Open>) -> Result<Option<Field>, Error> {
    let id = node.node.as_reference();
    let object = document.resolve(&node.node)?;
    let Some(dictionary) = object.as_dictionary() else {
        return Ok(None);
    };
    let own = document
        .get(dictionary, "T")?
        .and_then(|name| name.as_text().map(|name| text_of(&name.bytes)));
    let name = match own {
        Some(own) if node.name.is_empty() => own,
        Some(own) => format!("{}.{own}", node.name),
        None => node.name,
    };
    let kind = dictionary.get("FT").cloned().or(node.kind);
    let value = dictionary.get("V").cloned().or(node.value);
    let kids = document.get(dictionary, "Kids")?;
    let kids = kids.as_ref().and_then(|kids| kids.as_array()).unwrap_or_default();
    limit(kids.len(), FIELDS_MAX, "form fields")?;
    let mut widgets = Vec::new();
    let mut has_children = false;
    for kid in kids.iter().rev() {
        let found = document.resolve(kid)?;
        let Some(child) = found.as_dictionary() else {
            continue;
        };
        if child.contains("T") {
            has_children = true;
            open.push(Open {
                node: kid.clone(),
                name: name.clone(),
                kind: kind.clone(),
                value: value.clone(),
                depth: node.depth + 1,
            });
        } else {
            widgets.push(Widget {
                id: kid.as_reference(),
                dictionary: child.clone(),
            });
        }
    }
    if has_children {
        return Ok(None);
    }
    widgets.reverse();
    if kids.is_empty() && dictionary.get("Subtype").and_then(Object::as_name) == Some(b"Widget") {
        widgets.push(Widget {
            id,
            dictionary: dictionary.clone(),
        });
    }
    let mut dictionary = dictionary.clone();
    for (key, value) in [("FT", kind), ("V", value)] {
        if let Some(value) = value {
            dictionary.set(key, value);
        }
    }
    Ok(Some(Field {
        name,
        id,
        dictionary,
        widgets,
    }))
}
