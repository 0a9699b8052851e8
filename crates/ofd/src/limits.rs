//! How much of anything a package may hold. Limits are met before memory is.

/// One mebibyte in bytes.
const MIB: u64 = 1 << 20;

/// Bounds on what is read; [`Limits::default`] fits documents of some thousand pages.
///
/// A value at the limit is accepted, one above it is [`Error::TooMuch`](crate::Error::TooMuch).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Entries of a package, directories included.
    pub entries_max: u64,
    /// Bytes of the central directory.
    pub directory_bytes_max: u64,
    /// Bytes of an entry name, and of a link in XML.
    pub name_bytes_max: usize,
    /// Bytes of one entry after inflating.
    pub entry_bytes_max: u64,
    /// Bytes of all entries together after inflating.
    pub package_bytes_max: u64,
    /// Inflated bytes for each deflated byte, for entries above [`Limits::ratio_free_bytes`].
    pub ratio_max: u64,
    /// Bytes of an entry up to which its ratio does not matter.
    pub ratio_free_bytes: u64,
    /// Bytes that may follow the end record of the archive and its comment.
    pub tail_bytes_max: u64,
    /// Bytes of one XML part.
    pub xml_bytes_max: u64,
    /// Bytes of all XML parts read for one document together.
    pub xml_total_bytes_max: u64,
    /// Elements and attributes of one XML part.
    pub xml_nodes_max: u32,
    /// Elements within each other in an XML part.
    pub xml_depth_max: u32,
    /// Attributes of one XML element.
    pub xml_attributes_max: u32,
    /// Namespace declarations in force at one place of an XML part.
    pub xml_namespaces_max: u32,
    /// `DocBody` elements of OFD.xml, and `Version` elements of one body.
    pub bodies_max: usize,
    /// Pages of one document, and template pages of one document.
    pub pages_max: usize,
    /// Links to other parts in all XML parts of a package together.
    pub links_max: usize,
    /// Signatures of one signature list.
    pub signatures_max: usize,
    /// References of one signature; more than the package has entries plus
    /// [`Limits::references_slack`] is refused as well.
    pub references_max: usize,
    /// References of one signature beyond the number of entries: what may be missing or listed twice.
    pub references_slack: usize,
    /// Stamp annotations of one signature.
    pub stamps_max: usize,
    /// Bytes of inflated parts that are kept, so that no part is inflated twice.
    pub cache_bytes_max: u64,
    /// Bytes of the largest part that is kept.
    pub cache_entry_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries_max: 32_768,
            directory_bytes_max: 8 * MIB,
            name_bytes_max: 1024,
            entry_bytes_max: 512 * MIB,
            package_bytes_max: 4096 * MIB,
            ratio_max: 200,
            ratio_free_bytes: 16 * MIB,
            tail_bytes_max: 4096,
            xml_bytes_max: 64 * MIB,
            xml_total_bytes_max: 512 * MIB,
            xml_nodes_max: 262_144,
            xml_depth_max: 256,
            xml_attributes_max: 256,
            xml_namespaces_max: 64,
            bodies_max: 64,
            pages_max: 16_384,
            links_max: 262_144,
            signatures_max: 1024,
            references_max: 32_768,
            references_slack: 1024,
            stamps_max: 16_384,
            cache_bytes_max: 8 * MIB,
            cache_entry_bytes_max: MIB,
        }
    }
}
