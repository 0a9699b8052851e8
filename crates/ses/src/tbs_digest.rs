//! e = SM3(Z‖TBS_Sign), with what repeats from signature to signature hashed once.

use std::sync::{Mutex, PoisonError};

use gm::{DEFAULT_ID, Digest, PublicKey, Sm3};

use crate::fields::{first_element, range_in};
use crate::seal::Seal;

/// The hash up to the end of the seal, which makes up nearly the whole of `TBS_Sign` and comes before everything
/// that differs from document to document. One for each seal: for the sealer that was met last.
#[derive(Default)]
pub(crate) struct HashedSeal(Mutex<Option<State>>);

struct State {
    /// Z, and what stands before the seal: the header of `TBS_Sign`, which tells its length, and the version.
    head: Vec<u8>,
    hasher: Sm3,
}

/// e = SM3(Z‖TBS_Sign) under the default identity (GB/T 38540-2020 7.2 b 4), where `tbs` holds `seal`.
pub(crate) fn tbs_digest(key: &PublicKey, tbs: &[u8], seal: &Seal) -> Digest {
    let found = seal_in(tbs).filter(|inside| *inside == seal.bytes());
    let Some(inside) = found.map(|inside| range_in(tbs, inside)) else {
        return key.message_digest(tbs);
    };
    let head = [&key.z(DEFAULT_ID).0[..], &tbs[..inside.start]].concat();
    // Whatever happened to a thread that held the lock, a state is put there whole.
    let mut known = seal.hashed().0.lock().unwrap_or_else(PoisonError::into_inner);
    let mut hasher = match &*known {
        Some(state) if state.head == head => state.hasher.clone(),
        _ => {
            let mut hasher = Sm3::new();
            hasher.update(&head);
            hasher.update(&tbs[inside.clone()]);
            *known = Some(State {
                head,
                hasher: hasher.clone(),
            });
            hasher
        }
    };
    drop(known);
    hasher.update(&tbs[inside.end..]);
    hasher.finish()
}

/// `SESeal`, the second element of `TBS_Sign`, as received.
pub(crate) fn seal_in(tbs: &[u8]) -> Option<&[u8]> {
    let (_, content) = first_element(tbs)?;
    let (version, _) = first_element(content)?;
    Some(first_element(&content[version.len()..])?.0)
}
