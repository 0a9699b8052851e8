//! OFD containers: package, XML parts, pages, signature parts, stamp annotations; bytes in, bytes out, no cryptography.
//!
//! Reading goes from the archive inwards, and each step keeps what it forgave: [`Package::open`] (one archive, one
//! meaning), [`Ofd::read`] (documents and pages), [`SignatureList::read`] (signatures and what they refer to),
//! [`shown_parts`] (what a signature has to cover). Bytes to hash come from [`Package::stream`].
//! Writing goes through [`Update`], which copies what it does not change.
//!
//! ```
//! use ofd::{Limits, Ofd, Package, shown_parts};
//! # use ofd::builder::{A4, DocumentBuilder, Drawing};
//! # let mut document = DocumentBuilder::new("9b0b8d3ac6e34b0c8a5a5f0e7d1c2b3a");
//! # document.page(A4, Drawing::new());
//! # let bytes = document.build()?;
//!
//! let package = Package::open(bytes, Limits::default())?;
//! let ofd = Ofd::read(&package)?;
//! let shown = shown_parts(&package, &ofd, &[])?;
//! for part in &shown.parts {
//!     let mut count = 0;
//!     package.stream(&part.path, &mut |bytes| count += bytes.len())?;
//! }
//! assert!(shown.broken.is_empty() && shown.stray.is_empty());
//! # Ok::<(), ofd::Error>(())
//! ```

pub mod builder;
mod document;
mod error;
mod finding;
pub mod geometry;
mod limits;
mod ofd_xml;
mod package;
pub mod page;
mod page_head;
mod path;
mod reading;
mod shown;
mod signature_part;
mod signature_writer;
mod signatures;
mod source;
pub mod text;
mod tree;
mod update;
mod walk;
mod xml;
mod xml_writer;
mod zip_records;
mod zip_writer;

pub use document::{Document, Page, Permissions, TemplatePage};
pub use error::{Error, SchemaFault};
pub use finding::{Finding, FindingKind};
pub use limits::Limits;
pub use ofd_xml::{DocBody, DocInfo, DocVersion, Ofd};
pub use package::{Entry, Package, PartReader};
pub use path::{BadLoc, Link, LinkOddity, PartPath};
pub use shown::{BrokenLink, PartKind, Shown, ShownPart, shown_parts};
pub use signature_part::{BadCheckValue, Parameter, Provider, Reference, SignaturePart, StampAnnot};
pub use signature_writer::{
    NewListEntry, NewSignaturePart, NewStamp, append_to_signature_list, link_signature_list,
    signature_list_path, signature_part_path, write_signature_part,
};
pub use signatures::{SignatureEntry, SignatureKind, SignatureList};
pub use source::Source;
pub use tree::Element;
pub use update::Update;
pub use zip_writer::Method;
