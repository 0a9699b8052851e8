//! What stands beside an application when it is handed in: other seals, the registered impression.

use serde::{Deserialize, Serialize};

use crate::digest::Digest32;
use crate::event::Subject;
use crate::id::PersonId;
use crate::seal::SealKind;

/// A seal or pending application that holds a place among an owner's seals (R27, R28, Q5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The seal or application.
    pub subject: Subject,
    /// The kind of seal.
    pub kind: SealKind,
    /// The holder of a position or personal seal.
    pub holder: Option<PersonId>,
    /// SM3 over the impression's image, if it is known yet.
    pub impression: Option<Digest32>,
    /// Its code with public security.
    pub code: Option<String>,
    /// Whether an image comparison found it to be the same as the impression asked for; no if none was made.
    pub looks_same: bool,
}

/// Whether the impression could be fetched from public security (R33).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum RegisteredImpression {
    /// It was fetched.
    Fetched {
        /// SM3 over its image.
        digest: Digest32,
        /// Its code.
        code: Option<String>,
    },
    /// Public security has none.
    NoneRegistered,
    /// It could not be asked.
    #[default]
    Unreachable,
}
