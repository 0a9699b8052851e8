//! Where a stamp goes, as people and programs say it, and its one text to which approvals are bound (R51).

use registry::usage::Placement;
use schemars::JsonSchema;
use sealing::{Edge, Fold, Mode, PageSelection, Position};
use serde::{Deserialize, Serialize};

/// Appearances that one order lists at most; each may be on many pages.
const POSITIONS_MAX: usize = 64;

/// Where the seal appears, and whether it locks the document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StampPlace {
    /// At least one, at most 64; all of them belong to one signature.
    positions: Vec<Place>,
    /// Whether the seal locks the document: nothing can be signed after it.
    #[serde(default)]
    lock: bool,
}

/// One way to say where a seal appears. Lengths in mm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Place {
    /// The seal's upper left corner at a point, counted from the page's upper left corner.
    Point {
        /// On which pages.
        pages: Pages,
        /// Left edge of the seal.
        x_mm: f64,
        /// Upper edge of the seal.
        y_mm: f64,
    },
    /// Centred on words of an OFD document.
    Keyword {
        /// The words.
        text: String,
        /// Which hit, from 1; all of them if not given.
        nth: Option<usize>,
        /// On which pages to look.
        pages: Pages,
    },
    /// 骑缝章: cut over the edges of consecutive pages.
    Straddle {
        /// Which edge.
        edge: EdgeName,
        /// Middle of the seal along the edge; the middle of the edge if not given.
        middle_mm: Option<f64>,
        /// So many pages share a seal at most; all if not given.
        group: Option<usize>,
    },
    /// 对开章: half a seal on each of two facing pages.
    Facing {
        /// How the two pages lie.
        fold: FoldName,
        /// Middle of the seal along the fold; the middle of the edge if not given.
        middle_mm: Option<f64>,
    },
}

/// Page numbers from 1, or `"all"` or `"last"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Pages {
    Named(PagesName),
    Numbers(Vec<usize>),
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum PagesName {
    All,
    Last,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum EdgeName {
    Left,
    Right,
    Top,
    Bottom,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum FoldName {
    LeftRight,
    TopBottom,
}

impl StampPlace {
    /// The one text of this place; nothing when it is none or too long.
    pub(crate) fn canonical(&self) -> Option<Placement> {
        if !(1..=POSITIONS_MAX).contains(&self.positions.len()) {
            return None;
        }
        serde_json::to_string(self).ok()?.try_into().ok()
    }

    /// What [`canonical`](Self::canonical) wrote.
    pub(crate) fn read(placement: &Placement) -> Option<Self> {
        serde_json::from_str(placement.as_str()).ok()
    }

    pub(crate) fn positions(&self) -> Vec<Position> {
        self.positions.iter().map(position).collect()
    }

    pub(crate) fn mode(&self) -> Mode {
        if self.lock { Mode::Lock } else { Mode::Continue }
    }
}

fn position(place: &Place) -> Position {
    match place {
        Place::Point { pages, x_mm, y_mm } => Position::Point {
            pages: selection(pages),
            x_mm: *x_mm,
            y_mm: *y_mm,
        },
        Place::Keyword { text, nth, pages } => Position::Keyword {
            text: text.clone(),
            nth: *nth,
            pages: selection(pages),
        },
        Place::Straddle {
            edge,
            middle_mm,
            group,
        } => Position::Straddle {
            edge: match edge {
                EdgeName::Left => Edge::Left,
                EdgeName::Right => Edge::Right,
                EdgeName::Top => Edge::Top,
                EdgeName::Bottom => Edge::Bottom,
            },
            middle_mm: *middle_mm,
            group: *group,
        },
        Place::Facing { fold, middle_mm } => Position::Facing {
            fold: match fold {
                FoldName::LeftRight => Fold::LeftRight,
                FoldName::TopBottom => Fold::TopBottom,
            },
            middle_mm: *middle_mm,
        },
    }
}

fn selection(pages: &Pages) -> PageSelection {
    match pages {
        Pages::Named(PagesName::All) => PageSelection::All,
        Pages::Named(PagesName::Last) => PageSelection::Last,
        Pages::Numbers(numbers) => PageSelection::Pages(numbers.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: Option<&str>) {
        let place: Result<StampPlace, _> = serde_json::from_str(json);
        let canonical = place.ok().and_then(|place| place.canonical());
        assert_eq!(canonical.as_ref().map(Placement::as_str), expected);
        if let Some(canonical) = canonical {
            assert_eq!(StampPlace::read(&canonical).unwrap().canonical(), Some(canonical));
        }
    }

    #[test]
    fn r51_one_place_has_one_text() {
        let text = r#"{"positions":[{"kind":"point","pages":[1],"x_mm":50.0,"y_mm":1.5}],"lock":false}"#;
        check(text, Some(text));
        let other = r#"{ "lock": false, "positions": [ {"y_mm": 15e-1, "x_mm": 50, "pages": [1], "kind": "point"} ] }"#;
        check(other, Some(text));
        let all = r#"{"positions":[{"kind":"straddle","edge":"right","middle_mm":null,"group":4},{"kind":"keyword","text":"盖章","nth":null,"pages":"last"},{"kind":"facing","fold":"top_bottom","middle_mm":9.0}],"lock":true}"#;
        check(all, Some(all));
    }

    #[test]
    fn what_says_nothing_or_too_much_is_no_place() {
        check(r#"{"positions":[]}"#, None);
        check(
            r#"{"positions":[{"kind":"point","pages":"some","x_mm":1,"y_mm":1}]}"#,
            None,
        );
        check(
            r#"{"positions":[{"kind":"point","pages":"all","x_mm":1,"y_mm":1,"z":1}]}"#,
            None,
        );
        let one = r#"{"kind":"point","pages":"all","x_mm":1,"y_mm":1}"#;
        check(&format!("{{\"positions\":[{}]}}", [one; 65].join(",")), None);
        let long = format!(
            r#"{{"positions":[{{"kind":"keyword","text":"{}","pages":"all"}}]}}"#,
            "x".repeat(4096)
        );
        check(&long, None);
    }
}
