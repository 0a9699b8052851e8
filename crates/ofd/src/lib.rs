//! OFD containers: package, XML parts, pages, signature parts, stamp annotations; bytes in, bytes out, no cryptography.

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
pub use package::{Entry, Package};
pub use path::{BadLoc, Link, LinkOddity, PartPath};
pub use shown::{BrokenLink, PartKind, Shown, ShownPart, shown_parts};
pub use signature_part::{BadCheckValue, Parameter, Provider, Reference, SignaturePart, StampAnnot};
pub use signature_writer::{
    NewListEntry, NewSignaturePart, NewStamp, append_to_signature_list, link_signature_list,
    signature_list_path, signature_part_path, write_signature_part,
};
pub use signatures::{SignatureEntry, SignatureKind, SignatureList};
pub use source::Source;
pub use update::Update;
pub use zip_writer::Method;
