//! Paging by cursor: a page begins behind the last item of the one before.

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<K> {
    /// The key of the last item seen; none for the first page.
    pub after: Option<K>,
    /// How many items at most; more than [`PAGE_MAX`] are never given.
    pub limit: u32,
}

/// Items on a page at most.
pub const PAGE_MAX: u32 = 500;

impl<K> Page<K> {
    /// The first page.
    pub fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }

    /// The page behind `key`.
    pub fn after(key: K, limit: u32) -> Self {
        Self {
            after: Some(key),
            limit,
        }
    }

    pub(crate) fn limit(&self) -> i64 {
        i64::from(self.limit.clamp(1, PAGE_MAX))
    }
}
