//! e = SM3(Z‖TBS_Sign), with what repeats from signature to signature hashed once.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use gm::{DEFAULT_ID, Digest, PublicKey, Sm3, sm3_update_many};
use pki::Certificate;

use crate::fields::{first_element, range_in};
use crate::seal::Seal;

/// The hash up to the end of the seal, which makes up nearly the whole of `TBS_Sign` and comes before everything
/// that differs from document to document. One for each seal: for the sealer that was met last.
#[derive(Default)]
pub(crate) struct HashedSeal {
    sealer: Mutex<Option<State>>,
    /// e = SM3(Z‖M) over what the maker signs by the standard: a function of the seal alone.
    maker: OnceLock<Digest>,
}

impl HashedSeal {
    /// Whatever happened to a thread that held the lock, a state is put there whole.
    fn sealer(&self) -> MutexGuard<'_, Option<State>> {
        self.sealer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct State {
    /// Z, and what stands before the seal: the header of `TBS_Sign`, which tells its length, and the version.
    head: Vec<u8>,
    hasher: Sm3,
}

/// e = SM3(Z‖TBS_Sign) under the default identity (GB/T 38540-2020 7.2 b 4), where `tbs` holds `seal`.
pub(crate) fn tbs_digest(key: &PublicKey, tbs: &[u8], seal: &Seal) -> Digest {
    let Some((head, inside, tail)) = split(key, tbs, seal) else {
        return key.message_digest(tbs);
    };
    let mut known = seal.hashed().sealer();
    let mut hasher = match &*known {
        Some(state) if state.head == head => state.hasher.clone(),
        _ => {
            let mut hasher = Sm3::new();
            hasher.update(&head);
            hasher.update(inside);
            *known = Some(State {
                head,
                hasher: hasher.clone(),
            });
            hasher
        }
    };
    drop(known);
    hasher.update(tail);
    hasher.finish()
}

/// e over what the maker signs by the standard.
pub(crate) fn maker_digest(key: &PublicKey, seal: &Seal) -> Digest {
    *seal
        .hashed()
        .maker
        .get_or_init(|| key.message_digest(&seal.maker_bytes(seal.maker_ranges()[0])))
}

/// Hashes what the sealer and the maker signed side by side, where neither was hashed before: on a first visit each
/// takes as long as hashing the picture.
pub(crate) fn hash_together(sealer: &PublicKey, tbs: &[u8], seal: &Seal) {
    let hashed = seal.hashed();
    if hashed.maker.get().is_some() || hashed.sealer().is_some() {
        return;
    }
    let maker = seal.maker().map(Certificate::public_key);
    let (Ok(Ok(maker)), Some((head, inside, _))) = (maker, split(sealer, tbs, seal)) else {
        return;
    };
    let (mut of_sealer, mut of_maker) = (Sm3::new(), Sm3::new());
    of_sealer.update(&head);
    of_maker.update(&maker.z(DEFAULT_ID).0);
    let signed = seal.maker_bytes(seal.maker_ranges()[0]);
    sm3_update_many(&mut [(&mut of_sealer, inside), (&mut of_maker, &signed)]);
    let _ = hashed.maker.set(of_maker.finish());
    *hashed.sealer() = Some(State {
        head,
        hasher: of_sealer,
    });
}

/// What stands before the seal, with Z in front; the seal, when it is this one; what stands behind it.
fn split<'a>(key: &PublicKey, tbs: &'a [u8], seal: &Seal) -> Option<(Vec<u8>, &'a [u8], &'a [u8])> {
    let inside = seal_in(tbs).filter(|inside| *inside == seal.bytes())?;
    let range = range_in(tbs, inside);
    let head = [&key.z(DEFAULT_ID).0[..], &tbs[..range.start]].concat();
    Some((head, inside, &tbs[range.end..]))
}

/// `SESeal`, the second element of `TBS_Sign`, as received.
pub(crate) fn seal_in(tbs: &[u8]) -> Option<&[u8]> {
    let (_, content) = first_element(tbs)?;
    let (version, _) = first_element(content)?;
    Some(first_element(&content[version.len()..])?.0)
}
