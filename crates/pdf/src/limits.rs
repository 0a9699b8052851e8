//! How much a file may ask of us. Every limit is met before memory is.

/// Largest file that is read, in bytes.
pub const PDF_BYTES_MAX: usize = 1 << 30;
/// Arrays and dictionaries inside each other.
pub const NESTING_MAX: usize = 64;
/// Objects of one file, by their numbers (ISO 32000-1 annex C allows 8 388 607).
pub const OBJECT_NUMBER_MAX: u32 = 8_388_607;
/// Cross-reference entries that are read for one revision, over all its sections.
pub const XREF_ENTRIES_MAX: usize = 2_000_000;
/// Cross-reference sections that are followed for one revision.
pub const XREF_SECTIONS_MAX: usize = 1024;
/// Bytes that all decoded streams of one revision may have together.
pub const DECODED_BYTES_MAX: usize = 256 << 20;
/// Filters on one stream.
pub const FILTERS_MAX: usize = 8;
/// Objects in one object stream.
pub const OBJECT_STREAM_ENTRIES_MAX: usize = 1_000_000;
/// References to references that are followed.
pub const REFERENCE_CHAIN_MAX: usize = 16;
/// Pages of one document.
pub const PAGES_MAX: usize = 100_000;
/// Levels of the page tree and of the field tree.
pub const TREE_DEPTH_MAX: usize = 64;
/// Form fields and widgets of one document.
pub const FIELDS_MAX: usize = 20_000;
/// Annotations of one page.
pub const ANNOTATIONS_MAX: usize = 100_000;
/// Signatures of one document.
pub const SIGNATURES_MAX: usize = 100;
/// Largest /Contents of a signature, in bytes once decoded.
pub const CONTENTS_BYTES_MAX: usize = 16 << 20;
/// Values that are compared between two revisions.
pub const COMPARED_VALUES_MAX: usize = 20_000_000;
/// Changes that are listed; more only say that there are more.
pub const CHANGES_MAX: usize = 1000;
/// How far before the end of a file `startxref` is looked for, in bytes.
pub const TAIL_BYTES: usize = 1024;
/// Bytes that are decoded for one file, over all its revisions.
pub const DECODED_BYTES_TOTAL_MAX: usize = 1 << 30;
/// Certificates, lists or responses in the document security store, each.
pub const SECURITY_STORE_ENTRIES_MAX: usize = 500;
/// Bytes of the contents of one page that are searched for words, its forms included.
pub const CONTENT_BYTES_MAX: usize = 64 << 20;
/// Characters of one page that are searched.
pub const CONTENT_GLYPHS_MAX: usize = 1_000_000;
/// Forms that are drawn on one page, each counted as often as it is drawn.
pub const CONTENT_FORMS_MAX: usize = 2000;
