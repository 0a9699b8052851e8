//! Which structure a seal or a signature has, and what its maker signs in it.

/// Which standard's structure a seal or a signature has. Told by the structure, never by the version number:
/// real files declare version 4 in the structure of 2014.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// GM/T 0031-2014: `SESeal` and `SES_Signature` of two elements, no `certListType`.
    V1,
    /// Between the standards (2018, government services): `certListType` together with UTCTime, or with
    /// `SES_SignInfo`, or inside a signature of two elements.
    Government2018,
    /// GB/T 38540-2020.
    V4,
    /// GM/T 0031-2025: as version 4, with an optional timestamp in the seal.
    V5,
}

/// Whether a version number belongs to a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VersionFit {
    Fits,
    /// Met in real files, harmless.
    Tolerated,
    Mismatch,
}

impl Layout {
    /// A stable name: `v1`, `2018`, `v4`, `v5`.
    pub fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::Government2018 => "2018",
            Self::V4 => "v4",
            Self::V5 => "v5",
        }
    }

    /// The standard that describes it.
    pub fn standard(self) -> &'static str {
        match self {
            Self::V1 => "GM/T 0031-2014",
            Self::Government2018 => "C0119-2018",
            Self::V4 => "GB/T 38540-2020",
            Self::V5 => "GM/T 0031-2025",
        }
    }

    pub(crate) fn fit(self, version: i64) -> VersionFit {
        match (self, version) {
            (Self::V1, 1..=3 | 11) | (Self::Government2018, 1..=4) | (Self::V4, 4) | (Self::V5, 5) => {
                VersionFit::Fits
            }
            (Self::V1 | Self::V5, 4) => VersionFit::Tolerated,
            _ => VersionFit::Mismatch,
        }
    }
}

/// The bytes a maker may have signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MakerRange {
    /// The DER of `SES_SealInfo` alone (GB/T 38540-2020, GM/T 0031-2025).
    SealInfo,
    /// `SEQUENCE { SES_SealInfo, cert, signatureAlgorithm }` (GM/T 0031-2014).
    SealInfoCertAlgorithm,
}
