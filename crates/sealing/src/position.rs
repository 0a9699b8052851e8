//! From what a person asks for ("across the right edges") to boxes on pages.

use ofd::geometry::{Box as MmBox, NUMBER_MAX};

/// Narrowest slice of a straddle stamp, in mm: narrower ones cannot be read or compared.
pub const SLICE_MM_MIN: f64 = 2.0;

/// Most appearances of one seal in one signature.
pub const PLACEMENTS_MAX: usize = 10_000;

/// Where a seal is to appear. Lengths in mm from the page's top left corner.
#[derive(Clone, Debug, PartialEq)]
pub enum Position {
    /// The upper left corner of the seal at one point of the chosen pages.
    Point {
        /// On which pages.
        pages: PageSelection,
        /// Left edge of the seal.
        x_mm: f64,
        /// Upper edge of the seal.
        y_mm: f64,
    },
    /// Centred on a keyword.
    Keyword {
        /// The words to look for.
        text: String,
        /// Which hit, from 1; every hit when absent.
        nth: Option<usize>,
        /// On which pages to look.
        pages: PageSelection,
    },
    /// 骑缝章: one seal cut over the edges of consecutive pages.
    Straddle {
        /// Which edge of the pages.
        edge: Edge,
        /// Middle of the seal along the edge; the middle of the edge when absent.
        middle_mm: Option<f64>,
        /// At most so many pages share one seal, a single page left over excepted; all pages when absent.
        group: Option<usize>,
    },
    /// 对开章: half a seal on each of two facing pages (1|2, 3|4, …).
    Facing {
        /// How the two pages lie.
        fold: Fold,
        /// Middle of the seal along the fold; the middle of the edge when absent.
        middle_mm: Option<f64>,
    },
}

/// Some pages of a document, numbered from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageSelection {
    /// All of them.
    All,
    /// The last one.
    Last,
    /// These.
    Pages(Vec<usize>),
}

/// An edge of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// 左.
    Left,
    /// 右.
    Right,
    /// 上.
    Top,
    /// 下.
    Bottom,
}

/// How two facing pages lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Side by side.
    LeftRight,
    /// One above the other.
    TopBottom,
}

/// One appearance of a seal.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    /// Index of the page, from 0.
    pub page: usize,
    /// The whole seal, at its own size.
    pub bounds: MmBox,
    /// The part that shows, in the seal's own coordinates; all of it when absent.
    pub clip: Option<MmBox>,
}

/// Why a position cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PositionError {
    /// A page number outside the document.
    #[error("page {page} does not exist: the document has {pages} pages")]
    NoSuchPage {
        /// As asked for.
        page: usize,
        /// As the document has.
        pages: usize,
    },
    /// The keyword does not occur.
    #[error("the keyword \"{text}\" occurs {found} times: hit {wanted} does not exist")]
    KeywordNotFound {
        /// The keyword.
        text: String,
        /// How often it occurs.
        found: usize,
        /// Which hit was asked for.
        wanted: usize,
    },
    /// The seal would lie outside the page.
    #[error("the seal would lie outside page {page}")]
    OutsidePage {
        /// From 1.
        page: usize,
    },
    /// Too few pages.
    #[error("a straddle or facing stamp needs at least two pages; the document has {0}")]
    TooFewPages(usize),
    /// Slices too narrow.
    #[error(
        "{pages} pages share one seal: slices of {slice_mm:.2} mm are narrower than {SLICE_MM_MIN} mm; use smaller groups"
    )]
    SliceTooNarrow {
        /// Pages in a group.
        pages: usize,
        /// Width of a slice.
        slice_mm: f64,
    },
    /// Too many appearances.
    #[error("the seal would appear {0} times; the limit is {PLACEMENTS_MAX}")]
    TooMany(usize),
    /// A number is not usable.
    #[error("{0} is not a usable length or count")]
    BadNumber(f64),
}

/// The pages, in order: width and height in mm.
pub type PageSizes<'a> = &'a [(f64, f64)];

/// Where a seal of this size appears. `hits` answers a keyword: for a page index the boxes of its hits in
/// reading order.
pub fn place<E: From<PositionError>>(
    position: &Position,
    size: (f64, f64),
    pages: PageSizes<'_>,
    mut hits: impl FnMut(usize, &str) -> Result<Vec<MmBox>, E>,
) -> Result<Vec<Placement>, E> {
    let placements = match position {
        Position::Point {
            pages: selection,
            x_mm,
            y_mm,
        } => {
            finite(&[*x_mm, *y_mm])?;
            let bounds = MmBox::new(*x_mm, *y_mm, size.0, size.1);
            let whole = |page| Placement {
                page,
                bounds,
                clip: None,
            };
            selected(selection, pages.len())?.into_iter().map(whole).collect()
        }
        Position::Keyword {
            text,
            nth,
            pages: selection,
        } => {
            let mut found = Vec::new();
            for page in selected(selection, pages.len())? {
                found.extend(hits(page, text)?.into_iter().map(|hit| centred(page, hit, size)));
            }
            choose(found, *nth, text)?
        }
        Position::Straddle {
            edge,
            middle_mm,
            group,
        } => straddle(*edge, *middle_mm, *group, size, pages)?,
        Position::Facing { fold, middle_mm } => facing(*fold, *middle_mm, size, pages)?,
    };
    if placements.len() > PLACEMENTS_MAX {
        return Err(PositionError::TooMany(placements.len()).into());
    }
    for placement in &placements {
        if !shows_on_page(placement, pages[placement.page]) {
            return Err(PositionError::OutsidePage {
                page: placement.page + 1,
            }
            .into());
        }
    }
    Ok(placements)
}

fn selected(selection: &PageSelection, count: usize) -> Result<Vec<usize>, PositionError> {
    let one = |page: usize| match page {
        1.. if page <= count => Ok(page - 1),
        _ => Err(PositionError::NoSuchPage { page, pages: count }),
    };
    match selection {
        PageSelection::All => Ok((0..count).collect()),
        PageSelection::Last => one(count).map(|page| vec![page]),
        PageSelection::Pages(pages) => pages.iter().copied().map(one).collect(),
    }
}

fn centred(page: usize, hit: MmBox, (width, height): (f64, f64)) -> Placement {
    let middle = hit.center();
    let bounds = MmBox::new(middle.x - width / 2.0, middle.y - height / 2.0, width, height);
    Placement {
        page,
        bounds,
        clip: None,
    }
}

fn choose(found: Vec<Placement>, nth: Option<usize>, text: &str) -> Result<Vec<Placement>, PositionError> {
    let wanted = nth.unwrap_or(1);
    let missing = PositionError::KeywordNotFound {
        text: text.into(),
        found: found.len(),
        wanted,
    };
    match nth {
        None if found.is_empty() => Err(missing),
        None => Ok(found),
        Some(nth) => match nth.checked_sub(1).and_then(|index| found.into_iter().nth(index)) {
            Some(hit) => Ok(vec![hit]),
            None => Err(missing),
        },
    }
}

/// Page i of n shows slice i, so that the pages fanned out along the edge show the whole seal.
fn straddle(
    edge: Edge,
    middle_mm: Option<f64>,
    group: Option<usize>,
    size: (f64, f64),
    pages: PageSizes<'_>,
) -> Result<Vec<Placement>, PositionError> {
    finite(&[middle_mm.unwrap_or(0.0)])?;
    let across = if matches!(edge, Edge::Left | Edge::Right) {
        size.0
    } else {
        size.1
    };
    let mut placements = Vec::with_capacity(pages.len());
    for range in groups(pages.len(), group.unwrap_or(pages.len()))? {
        let count = range.len();
        let slice_mm = across / count as f64;
        if slice_mm < SLICE_MM_MIN {
            return Err(PositionError::SliceTooNarrow {
                pages: count,
                slice_mm,
            });
        }
        for (index, page) in range.enumerate() {
            let part = match edge {
                Edge::Right | Edge::Bottom => index,
                Edge::Left | Edge::Top => count - 1 - index,
            };
            let slice = (part as f64 * slice_mm, slice_mm);
            placements.push(at_edge(page, pages[page], edge, middle_mm, size, slice));
        }
    }
    Ok(placements)
}

/// Runs of at most `size` pages; a single page left over joins the run before it.
fn groups(count: usize, size: usize) -> Result<Vec<std::ops::Range<usize>>, PositionError> {
    if count < 2 {
        return Err(PositionError::TooFewPages(count));
    }
    if size < 2 {
        return Err(PositionError::BadNumber(size as f64));
    }
    let mut runs: Vec<_> = (0..count)
        .step_by(size)
        .map(|start| start..count.min(start + size))
        .collect();
    if runs.len() > 1 && runs.last().is_some_and(|run| run.len() == 1) {
        runs.pop();
        if let Some(run) = runs.last_mut() {
            run.end = count;
        }
    }
    Ok(runs)
}

fn facing(
    fold: Fold,
    middle_mm: Option<f64>,
    size: (f64, f64),
    pages: PageSizes<'_>,
) -> Result<Vec<Placement>, PositionError> {
    finite(&[middle_mm.unwrap_or(0.0)])?;
    if pages.len() < 2 {
        return Err(PositionError::TooFewPages(pages.len()));
    }
    let (first, second, across) = match fold {
        Fold::LeftRight => (Edge::Right, Edge::Left, size.0),
        Fold::TopBottom => (Edge::Bottom, Edge::Top, size.1),
    };
    let half = across / 2.0;
    let mut placements = Vec::with_capacity(pages.len());
    for pair in (0..pages.len() - 1).step_by(2) {
        placements.push(at_edge(pair, pages[pair], first, middle_mm, size, (0.0, half)));
        placements.push(at_edge(
            pair + 1,
            pages[pair + 1],
            second,
            middle_mm,
            size,
            (half, half),
        ));
    }
    Ok(placements)
}

/// The slice (start, length) of the seal lies just inside this edge of the page.
fn at_edge(
    page: usize,
    (page_width, page_height): (f64, f64),
    edge: Edge,
    middle_mm: Option<f64>,
    (width, height): (f64, f64),
    (start, length): (f64, f64),
) -> Placement {
    let y = middle_mm.unwrap_or(page_height / 2.0) - height / 2.0;
    let x = middle_mm.unwrap_or(page_width / 2.0) - width / 2.0;
    let (x, y, clip) = match edge {
        Edge::Right => (
            page_width - start - length,
            y,
            MmBox::new(start, 0.0, length, height),
        ),
        Edge::Left => (-start, y, MmBox::new(start, 0.0, length, height)),
        Edge::Bottom => (
            x,
            page_height - start - length,
            MmBox::new(0.0, start, width, length),
        ),
        Edge::Top => (x, -start, MmBox::new(0.0, start, width, length)),
    };
    Placement {
        page,
        bounds: MmBox::new(x, y, width, height),
        clip: Some(clip),
    }
}

/// A stamp that no one sees is not placed: some of what shows must lie on the page.
fn shows_on_page(placement: &Placement, (width, height): (f64, f64)) -> bool {
    let bounds = placement.bounds;
    let shown = match placement.clip {
        Some(clip) => MmBox::new(bounds.x + clip.x, bounds.y + clip.y, clip.width, clip.height),
        None => bounds,
    };
    shown.intersects(&MmBox::new(0.0, 0.0, width, height))
}

fn finite(numbers: &[f64]) -> Result<(), PositionError> {
    match numbers
        .iter()
        .find(|number| !number.is_finite() || number.abs() > NUMBER_MAX)
    {
        Some(bad) => Err(PositionError::BadNumber(*bad)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A4: (f64, f64) = (210.0, 297.0);
    const SEAL: (f64, f64) = (40.0, 40.0);

    fn no_hits(_: usize, _: &str) -> Result<Vec<MmBox>, PositionError> {
        Ok(Vec::new())
    }

    #[track_caller]
    fn check(position: Position, pages: usize, expected: Result<&[(usize, &str, &str)], PositionError>) {
        let found = place(&position, SEAL, &vec![A4; pages], no_hits);
        let shown = found.map(|placements| {
            let text = |bounds: &MmBox| bounds.to_string();
            placements
                .iter()
                .map(|p| {
                    (
                        p.page,
                        text(&p.bounds),
                        p.clip.as_ref().map(text).unwrap_or_default(),
                    )
                })
                .collect::<Vec<_>>()
        });
        let owned = expected.map(|list| {
            list.iter()
                .map(|(page, bounds, clip)| (*page, bounds.to_string(), clip.to_string()))
                .collect()
        });
        assert_eq!(shown, owned);
    }

    fn straddle_on(edge: Edge, group: Option<usize>) -> Position {
        Position::Straddle {
            edge,
            middle_mm: None,
            group,
        }
    }

    #[test]
    fn point_on_chosen_pages() {
        let on = |pages| Position::Point {
            pages,
            x_mm: 150.0,
            y_mm: 200.0,
        };
        let expected = [(0, "150 200 40 40", ""), (2, "150 200 40 40", "")];
        check(on(PageSelection::Pages(vec![1, 3])), 3, Ok(&expected));
        check(on(PageSelection::Last), 3, Ok(&[(2, "150 200 40 40", "")]));
        let missing = PositionError::NoSuchPage { page: 4, pages: 3 };
        check(on(PageSelection::Pages(vec![4])), 3, Err(missing));
        check(
            on(PageSelection::Last),
            0,
            Err(PositionError::NoSuchPage { page: 0, pages: 0 }),
        );
    }

    /// The sample of a real five-page straddle stamp: "202 40 40 40" with clip "0 0 8 40" on the first page.
    #[test]
    fn straddle_right_matches_real_documents() {
        let position = Position::Straddle {
            edge: Edge::Right,
            middle_mm: Some(60.0),
            group: None,
        };
        let expected = [
            (0, "202 40 40 40", "0 0 8 40"),
            (1, "194 40 40 40", "8 0 8 40"),
            (2, "186 40 40 40", "16 0 8 40"),
            (3, "178 40 40 40", "24 0 8 40"),
            (4, "170 40 40 40", "32 0 8 40"),
        ];
        check(position, 5, Ok(&expected));
    }

    #[test]
    fn straddle_on_the_other_edges() {
        let left = [
            (0, "-20 128.5 40 40", "20 0 20 40"),
            (1, "0 128.5 40 40", "0 0 20 40"),
        ];
        check(straddle_on(Edge::Left, None), 2, Ok(&left));
        let top = [(0, "85 -20 40 40", "0 20 40 20"), (1, "85 0 40 40", "0 0 40 20")];
        check(straddle_on(Edge::Top, None), 2, Ok(&top));
        let bottom = [
            (0, "85 277 40 40", "0 0 40 20"),
            (1, "85 257 40 40", "0 20 40 20"),
        ];
        check(straddle_on(Edge::Bottom, None), 2, Ok(&bottom));
    }

    #[test]
    fn straddle_in_groups_keeps_no_single_page() {
        assert_eq!(groups(7, 3), Ok(vec![0..3, 3..7]));
        assert_eq!(groups(8, 3), Ok(vec![0..3, 3..6, 6..8]));
        assert_eq!(groups(2, 5).map(|runs| runs[0].clone()), Ok(0..2));
        assert_eq!(groups(1, 5), Err(PositionError::TooFewPages(1)));
        assert_eq!(groups(5, 1), Err(PositionError::BadNumber(1.0)));
    }

    #[test]
    fn straddle_over_too_many_pages_is_refused() {
        let narrow = PositionError::SliceTooNarrow {
            pages: 21,
            slice_mm: 40.0 / 21.0,
        };
        check(straddle_on(Edge::Right, None), 21, Err(narrow));
    }

    #[test]
    fn facing_pairs_leave_an_odd_last_page_alone() {
        let position = Position::Facing {
            fold: Fold::LeftRight,
            middle_mm: Some(100.0),
        };
        let expected = [
            (0, "190 80 40 40", "0 0 20 40"),
            (1, "-20 80 40 40", "20 0 20 40"),
        ];
        check(position, 3, Ok(&expected));
    }

    #[test]
    fn keyword_hits_are_centred_and_counted() {
        let hit = MmBox::new(100.0, 100.0, 20.0, 5.0);
        let at = |nth| Position::Keyword {
            text: "盖章".into(),
            nth,
            pages: PageSelection::All,
        };
        let find = |page: usize, _: &str| Ok::<_, PositionError>(vec![hit; page]);
        let found = place(&at(Some(3)), SEAL, &[A4; 3], find).unwrap();
        assert_eq!(
            found,
            [Placement {
                page: 2,
                bounds: MmBox::new(90.0, 82.5, 40.0, 40.0),
                clip: None
            }]
        );
        assert_eq!(place(&at(None), SEAL, &[A4; 3], find).unwrap().len(), 3);
        let missing = PositionError::KeywordNotFound {
            text: "盖章".into(),
            found: 3,
            wanted: 4,
        };
        assert_eq!(place(&at(Some(4)), SEAL, &[A4; 3], find), Err(missing));
    }

    #[test]
    fn a_seal_outside_the_page_is_refused() {
        let outside = Position::Point {
            pages: PageSelection::All,
            x_mm: 210.0,
            y_mm: 0.0,
        };
        check(outside, 1, Err(PositionError::OutsidePage { page: 1 }));
        let nan = Position::Point {
            pages: PageSelection::All,
            x_mm: f64::INFINITY,
            y_mm: 0.0,
        };
        check(nan, 1, Err(PositionError::BadNumber(f64::INFINITY)));
    }

    proptest! {
        /// The slices of one group are disjoint, lie at the edge and add up to the seal.
        #[test]
        fn slices_add_up_to_the_seal(pages in 2usize..20, edge in 0usize..4) {
            let edge = [Edge::Left, Edge::Right, Edge::Top, Edge::Bottom][edge];
            let placed = place(&straddle_on(edge, None), SEAL, &vec![A4; pages], no_hits).unwrap();
            prop_assert_eq!(placed.len(), pages);
            let area: f64 = placed.iter().filter_map(|p| p.clip).map(|c| c.width * c.height).sum();
            prop_assert!((area - 1600.0).abs() < 1e-6);
            for p in &placed {
                let clip = p.clip.unwrap();
                let (x, y) = (p.bounds.x + clip.x, p.bounds.y + clip.y);
                let touches = match edge {
                    Edge::Left => x.abs() < 1e-9,
                    Edge::Right => (x + clip.width - A4.0).abs() < 1e-9,
                    Edge::Top => y.abs() < 1e-9,
                    Edge::Bottom => (y + clip.height - A4.1).abs() < 1e-9,
                };
                prop_assert!(touches);
            }
        }
    }
}
