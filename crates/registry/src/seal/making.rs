//! What is shown when a seal is made: the certificate, the comparison of impressions, the names (R29–R38).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::Digest32;

use super::Device;

/// What the maker made: certificate, key and picture in one piece of seal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewEdition {
    /// The seal code (esID) in its data.
    pub seal_code: String,
    /// SM3 over the DER of the seal's data.
    pub seal_data: Digest32,
    /// SM3 over the picture in the seal's data.
    pub picture: Digest32,
    /// SM3 over the DER of the certificate.
    pub certificate: Digest32,
    /// Where the key is.
    pub device: Device,
    /// First instant of the seal.
    pub not_before: Timestamp,
    /// First instant no longer.
    pub not_after: Timestamp,
}

/// How the maker compared the impression with the registered one (R34, Q6): score, picture of the differences and
/// a person's verdict, all kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// SM3 over the registered impression's image.
    pub registered: Digest32,
    /// SM3 over the image that was put into the seal.
    pub submitted: Digest32,
    /// The machine's score of likeness, in thousandths; none if no machine compared.
    pub score_per_mille: Option<u16>,
    /// SM3 over the picture of the differences, if there is one.
    pub evidence: Option<Digest32>,
    /// What the maker concluded.
    pub verdict: Verdict,
}

/// What a person concluded from a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The same impression.
    Same,
    /// Another impression.
    Different,
}

/// Whether the name of the impression and the name in the certificate agree (R35, Q8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "match", rename_all = "snake_case")]
pub enum NameMatch {
    /// Character for character.
    Equal,
    /// After normalising widths, brackets and variants of characters.
    Normalised,
    /// They differ, and the maker says why they mean the same.
    Explained {
        /// Why.
        reason: String,
    },
    /// They differ.
    Different,
}

/// What is known about the certificate that is bound into a seal, at the time of making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// SM3 over its DER.
    pub digest: Digest32,
    /// First instant.
    pub not_before: Timestamp,
    /// First instant no longer.
    pub not_after: Timestamp,
    /// Whether a path to an agency on the trust list was found (R30).
    pub trusted: bool,
    /// Whether that agency is one for e-government (国办发〔2025〕33号 §12).
    pub e_government: bool,
    /// Whether it is known not to be revoked: no means revoked or unknown.
    pub not_revoked: bool,
}
