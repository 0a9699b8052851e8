//! Pages in their order, with what they inherit, and where things lie on them as a person sees them.

use std::collections::HashSet;

use crate::document::Document;
use crate::error::{Error, limit, structure};
use crate::limits::{PAGES_MAX, TREE_DEPTH_MAX};
use crate::object::{Dictionary, Object, ObjectId};

/// Attributes that pages inherit (ISO 32000-1 table 30).
const INHERITED: [&str; 4] = ["Resources", "MediaBox", "CropBox", "Rotate"];
/// Millimetres of one unit of default user space.
const UNIT_MM: f64 = 25.4 / 72.0;
/// US Letter, what readers take when there is no usable media box, in units.
const LETTER: [f64; 4] = [0.0, 0.0, 612.0, 792.0];
/// Largest coordinate that is believed, in units (ISO 32000-1 annex C has 14 400 for a page).
const COORDINATE_MAX: f64 = 1_000_000.0;

/// One page.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Its object; absent when it stands directly in the page tree.
    pub id: Option<ObjectId>,
    /// Its dictionary, inherited attributes included.
    pub dictionary: Dictionary,
}

/// How a page lies before a person's eyes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// What is shown, in user space: left, lower, right, upper.
    pub visible: [f64; 4],
    /// By how much it is turned clockwise: 0, 90, 180 or 270 degrees.
    pub rotate: u16,
    /// Millimetres of one unit of this page.
    pub unit_mm: f64,
}

/// All pages, in order.
pub fn pages(document: &Document<'_>) -> Result<Vec<Page>, Error> {
    const WHAT: &str = "page tree";
    let catalog = document.catalog()?;
    let Some(root) = catalog.get("Pages") else {
        return structure(WHAT, "/Pages is missing");
    };
    let mut pages = Vec::new();
    let mut seen = HashSet::new();
    let mut open = vec![(root.clone(), Dictionary::default(), 0)];
    while let Some((node, mut inherited, depth)) = open.pop() {
        limit(depth, TREE_DEPTH_MAX, "levels of the page tree")?;
        let id = node.as_reference();
        if id.is_some_and(|id| !seen.insert(id.number)) {
            return structure(WHAT, "a page or a branch stands in it twice");
        }
        let node = document.resolve(&node)?;
        let Object::Dictionary(dictionary) = &*node else {
            return structure(WHAT, "a page is no dictionary");
        };
        for key in INHERITED {
            if let Some(value) = dictionary.get(key) {
                inherited.set(key, value.clone());
            }
        }
        let Some(kids) = document.get(dictionary, "Kids")? else {
            limit(pages.len() + 1, PAGES_MAX, "pages")?;
            let mut whole = dictionary.clone();
            for (key, value) in INHERITED
                .iter()
                .filter_map(|key| Some((*key, inherited.get(key)?.clone())))
            {
                whole.set(key, value);
            }
            pages.push(Page {
                id,
                dictionary: whole,
            });
            continue;
        };
        let Some(kids) = kids.as_array() else {
            return structure(WHAT, "/Kids is no array");
        };
        limit(open.len() + kids.len(), PAGES_MAX, "pages")?;
        open.extend(
            kids.iter()
                .rev()
                .map(|kid| (kid.clone(), inherited.clone(), depth + 1)),
        );
    }
    Ok(pages)
}

impl Page {
    /// How it is shown. Boxes and turns that are not usable are what readers take instead.
    pub fn view(&self, document: &Document<'_>) -> View {
        let number = |key: &str| {
            document
                .get(&self.dictionary, key)
                .ok()
                .flatten()
                .and_then(|n| n.as_number())
        };
        let media = self.rectangle(document, "MediaBox").unwrap_or(LETTER);
        let crop = self.rectangle(document, "CropBox").unwrap_or(media);
        let cut = [
            media[0].max(crop[0]),
            media[1].max(crop[1]),
            media[2].min(crop[2]),
            media[3].min(crop[3]),
        ];
        let visible = if cut[0] < cut[2] && cut[1] < cut[3] {
            cut
        } else {
            media
        };
        let unit = number("UserUnit")
            .filter(|unit| (0.001..=1000.0).contains(unit))
            .unwrap_or(1.0);
        View {
            visible,
            rotate: rotation(number("Rotate").unwrap_or(0.0)),
            unit_mm: UNIT_MM * unit,
        }
    }

    fn rectangle(&self, document: &Document<'_>, key: &str) -> Option<[f64; 4]> {
        let value = document.get(&self.dictionary, key).ok()??;
        rectangle(document, &value)
    }
}

/// Four numbers as left, lower, right, upper; none when they enclose nothing.
pub(crate) fn rectangle(document: &Document<'_>, value: &Object) -> Option<[f64; 4]> {
    let corners: Option<Vec<f64>> = value
        .as_array()?
        .iter()
        .map(|number| document.resolve(number).ok()?.as_number())
        .collect();
    let &[a, b, c, d] = corners?.as_slice() else {
        return None;
    };
    let sorted = [a.min(c), b.min(d), a.max(c), b.max(d)];
    let usable = sorted.iter().all(|number| number.abs() <= COORDINATE_MAX);
    (usable && sorted[0] < sorted[2] && sorted[1] < sorted[3]).then_some(sorted)
}

/// A multiple of 90, made one of 0, 90, 180 and 270.
fn rotation(degrees: f64) -> u16 {
    if degrees.abs() > 36_000.0 || degrees % 90.0 != 0.0 {
        return 0;
    }
    degrees.rem_euclid(360.0) as u16
}

impl View {
    /// A page of US Letter that is not turned.
    pub(crate) fn upright_letter() -> Self {
        Self {
            visible: LETTER,
            rotate: 0,
            unit_mm: UNIT_MM,
        }
    }

    /// Width and height as seen, in mm.
    pub fn size_mm(&self) -> (f64, f64) {
        let width = (self.visible[2] - self.visible[0]) * self.unit_mm;
        let height = (self.visible[3] - self.visible[1]) * self.unit_mm;
        if self.rotate.is_multiple_of(180) {
            (width, height)
        } else {
            (height, width)
        }
    }

    /// A box as seen (left, upper, width, height in mm from the upper left corner) as a rectangle of user space.
    pub fn to_user_space(&self, seen: [f64; 4]) -> [f64; 4] {
        let [x, y, width, height] = seen.map(|mm| mm / self.unit_mm);
        let [left, lower, right, upper] = self.visible;
        match self.rotate {
            90 => [left + y, lower + x, left + y + height, lower + x + width],
            180 => [right - x - width, lower + y, right - x, lower + y + height],
            270 => [right - y - height, upper - x - width, right - y, upper - x],
            _ => [left + x, upper - y - height, left + x + width, upper - y],
        }
    }

    /// A rectangle of user space as a box as seen, in mm from the upper left corner.
    pub fn to_seen(&self, user: [f64; 4]) -> [f64; 4] {
        let [left, lower, right, upper] = self.visible;
        let (width, height) = (user[2] - user[0], user[3] - user[1]);
        let seen = match self.rotate {
            90 => [user[1] - lower, user[0] - left, height, width],
            180 => [right - user[2], user[1] - lower, width, height],
            270 => [upper - user[3], right - user[2], height, width],
            _ => [user[0] - left, upper - user[3], width, height],
        };
        seen.map(|units| units * self.unit_mm)
    }

    /// The matrix that lets an appearance stand upright on a page that is turned (ISO 32000-1 §12.5.5).
    pub fn upright(&self) -> [f64; 6] {
        match self.rotate {
            90 => [0.0, 1.0, -1.0, 0.0, 0.0, 0.0],
            180 => [-1.0, 0.0, 0.0, -1.0, 0.0, 0.0],
            270 => [0.0, -1.0, 1.0, 0.0, 0.0, 0.0],
            _ => [1.0, 0.0, 0.0, 1.0, 0.0, 0.0],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_survive_every_rotation() {
        for rotate in [0, 90, 180, 270] {
            let view = View {
                visible: [10.0, 20.0, 210.0, 320.0],
                rotate,
                unit_mm: UNIT_MM,
            };
            let seen = [5.0, 7.0, 42.0, 30.0];
            let user = view.to_user_space(seen);
            let back = view.to_seen(user);
            assert!(
                back.iter().zip(seen).all(|(a, b)| (a - b).abs() < 1e-9),
                "{rotate}: {back:?}"
            );
            assert!(
                user[0] >= 10.0 && user[1] >= 20.0 && user[2] <= 210.0 && user[3] <= 320.0,
                "{rotate}"
            );
        }
    }

    #[test]
    fn the_upper_left_corner_of_a_turned_page() {
        let view = View {
            visible: [0.0, 0.0, 100.0, 200.0],
            rotate: 90,
            unit_mm: 1.0,
        };
        // Turned clockwise, the lower left corner of user space is the upper left one as seen.
        assert_eq!(view.to_user_space([0.0, 0.0, 10.0, 5.0]), [0.0, 0.0, 5.0, 10.0]);
        assert_eq!(view.size_mm(), (200.0, 100.0));
    }

    #[test]
    fn odd_rotations_are_none() {
        assert_eq!(rotation(-90.0), 270);
        assert_eq!(rotation(450.0), 90);
        assert_eq!(rotation(45.0), 0);
        assert_eq!(rotation(f64::MAX), 0);
    }
}
