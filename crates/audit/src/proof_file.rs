//! The proof that one entry stands in the log, as a file that needs nothing else.
//!
//! ```text
//! yinxin-audit-proof/1
//! entry {"act":"use.outcome",…}
//! index 4711
//! HASH in base64
//! …
//!
//! <signed checkpoint>
//! ```
//!
//! The hashes are the siblings from the leaf to the root (RFC 6962 §2.1.1); behind a blank line follows the
//! checkpoint whose root they lead to, as it was signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gm::Digest;

use crate::{
    CHECKPOINT_BYTES_MAX, Checkpoint, ENTRY_BYTES_MAX, Entry, Error, LogKey, PROOF_HASHES_MAX,
    SignedCheckpoint, leaf_digest, verify_inclusion,
};

/// Bytes of a proof file at most.
pub const PROOF_FILE_BYTES_MAX: usize = ENTRY_BYTES_MAX + 64 * PROOF_HASHES_MAX + CHECKPOINT_BYTES_MAX;

/// An entry, its place, and the way to a signed root. Whether it holds is for [`verify`](Self::verify) to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofFile {
    /// The entry's canonical form.
    pub entry: Vec<u8>,
    /// Its place in the log, from 0.
    pub index: u64,
    /// What [`inclusion_proof`](crate::inclusion_proof) gave for the checkpoint's size.
    pub hashes: Vec<Digest>,
    /// The checkpoint.
    pub checkpoint: SignedCheckpoint,
}

impl ProofFile {
    /// The text form.
    pub fn to_text(&self) -> String {
        let entry = String::from_utf8_lossy(&self.entry);
        let hashes: String = self
            .hashes
            .iter()
            .map(|hash| STANDARD.encode(hash.0) + "\n")
            .collect();
        let checkpoint = self.checkpoint.to_text();
        format!(
            "{FIRST_LINE}\nentry {entry}\nindex {}\n{hashes}\n{checkpoint}",
            self.index
        )
    }

    /// Reads the text form, of at most [`PROOF_FILE_BYTES_MAX`] bytes, strictly. Nothing is verified.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let malformed = |why| Error::ProofMalformed { why };
        if text.len() > PROOF_FILE_BYTES_MAX {
            return Err(malformed("it is too long"));
        }
        let (head, checkpoint) = text.split_once("\n\n").ok_or(malformed("it has no blank line"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(malformed("its first line is not yinxin-audit-proof/1"));
        }
        let mut named = |name| lines.next()?.strip_prefix(name);
        let entry = named("entry ").ok_or(malformed("its second line is no entry"))?;
        let index = named("index ").and_then(|index| index.parse().ok());
        let index = index.ok_or(malformed("its third line is no index"))?;
        let hash = |line| Some(Digest(STANDARD.decode(line).ok()?.try_into().ok()?));
        let hashes: Option<Vec<Digest>> = lines.map(hash).collect();
        let proof = Self {
            entry: entry.as_bytes().to_vec(),
            index,
            hashes: hashes.ok_or(malformed("a line before the blank one is no hash"))?,
            checkpoint: SignedCheckpoint::parse(checkpoint)?,
        };
        if proof.to_text() != text {
            return Err(malformed("its lines are not in their one form"));
        }
        Ok(proof)
    }

    /// The entry and the checkpoint, if the checkpoint is signed by one of `keys`, and the entry, in its canonical
    /// form, stands at `index` under its root.
    pub fn verify(&self, keys: &[LogKey]) -> Result<(Entry, &Checkpoint), Error> {
        let checkpoint = self.checkpoint.verify(keys)?;
        let leaf = leaf_digest(&self.entry);
        verify_inclusion(self.index, checkpoint.size, &leaf, &self.hashes, &checkpoint.root)?;
        Ok((Entry::from_bytes(&self.entry)?, checkpoint))
    }
}

const FIRST_LINE: &str = "yinxin-audit-proof/1";

#[cfg(test)]
mod tests {
    use gm::{Signer as _, SigningKey};
    use proptest::prelude::*;
    use testkit::SeededRng;

    use super::*;
    use crate::{Frontier, Node, inclusion_proof};

    const ORIGIN: &str = "yinxin.example.gov.cn/audit";

    fn key() -> SigningKey {
        SigningKey::generate(&mut SeededRng::new(1))
    }

    fn log_key() -> LogKey {
        LogKey::new(ORIGIN, key().public_key().clone()).unwrap()
    }

    fn entry(number: u64) -> Vec<u8> {
        let entry = format!(
            "{{\"act\":\"test.done\",\"actor\":{{\"id\":\"a\",\"kind\":\"system\"}},\"commitments\":{{}},\
             \"details\":{{\"number\":{number}}},\"subject\":{{\"id\":\"s\",\"kind\":\"thing\"}},\
             \"time\":\"2026-11-22T02:00:00.000000Z\",\"v\":1}}"
        );
        entry.into_bytes()
    }

    fn proof(index: u64, size: u64) -> ProofFile {
        let mut frontier = Frontier::new();
        let mut nodes = std::collections::BTreeMap::new();
        for number in 0..size {
            frontier.append_with(leaf_digest(&entry(number)), |node: Node, digest| {
                nodes.insert(node, digest);
            });
        }
        let checkpoint = Checkpoint {
            origin: ORIGIN.into(),
            size,
            root: frontier.root(),
            time: testkit::now(),
        };
        ProofFile {
            entry: entry(index),
            index,
            hashes: inclusion_proof(index, size, |node| nodes.get(&node).copied()).unwrap(),
            checkpoint: checkpoint.sign(ORIGIN, &key()).unwrap(),
        }
    }

    #[test]
    fn a_proof_comes_back_from_its_text_and_holds() {
        for (index, size) in [(0, 1), (0, 2), (5, 11), (10, 11)] {
            let proof = proof(index, size);
            let read = ProofFile::parse(&proof.to_text()).unwrap();
            assert_eq!(read, proof);
            let (entry, checkpoint) = read.verify(&[log_key()]).unwrap();
            assert_eq!(entry.details["number"], index);
            assert_eq!(checkpoint.size, size);
        }
    }

    #[test]
    fn a_proof_for_other_things_does_not_hold() {
        let honest = proof(5, 11);
        let mut other = honest.clone();
        other.entry = entry(6);
        assert_eq!(other.verify(&[log_key()]).unwrap_err(), Error::ProofMismatch);
        let mut other = honest.clone();
        other.index = 11;
        assert!(matches!(
            other.verify(&[log_key()]),
            Err(Error::OutOfRange { .. })
        ));
        let mut other = honest.clone();
        other.hashes.pop();
        assert_eq!(
            other.verify(&[log_key()]).unwrap_err(),
            Error::ProofLength { found: 3 }
        );
        assert!(matches!(honest.verify(&[]), Err(Error::CheckpointSigner { .. })));
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let text = proof(5, 11).to_text();
        for (at, old) in text.char_indices() {
            let new = if old == 'A' { 'B' } else { 'A' };
            let changed = format!("{}{new}{}", &text[..at], &text[at + old.len_utf8()..]);
            let held = ProofFile::parse(&changed).is_ok_and(|proof| proof.verify(&[log_key()]).is_ok());
            assert!(!held, "{at}: {old:?}");
        }
    }

    #[test]
    fn other_forms_are_refused() {
        let text = proof(5, 11).to_text();
        for (from, to) in [
            ("/1\n", "/2\n"),
            ("index 5", "index 05"),
            ("entry ", ""),
            ("\n\n", "\n\n\n"),
        ] {
            assert!(ProofFile::parse(&text.replacen(from, to, 1)).is_err(), "{to:?}");
        }
        let long = "x".repeat(PROOF_FILE_BYTES_MAX + 1);
        assert_eq!(
            ProofFile::parse(&long),
            Err(Error::ProofMalformed {
                why: "it is too long"
            })
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,80}", lines in "(entry|index)? ?[0-9A=]{0,9}\n{0,2}") {
            let behind = format!("{FIRST_LINE}\n{text}{lines}");
            prop_assert!(ProofFile::parse(&text).is_err() && ProofFile::parse(&behind).is_err());
        }
    }
}
