//! Pages of the documents that are made from the sources, so that neither can be without the other.

mod limits;
pub(crate) mod reasons;

use crate::tree::Tree;

/// A page: where it stands, and how it is made.
pub(crate) struct Page {
    pub(crate) path: &'static str,
    pub(crate) make: fn(&Tree) -> Result<String, String>,
}

/// All of them.
pub(crate) const PAGES: &[Page] = &[
    Page {
        path: "docs/guide/reasons.md",
        make: reasons::page,
    },
    Page {
        path: "docs/operating/limits.md",
        make: limits::page,
    },
];
