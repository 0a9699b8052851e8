//! Nonces of signatures after RFC 6979 over SM3: a function of the key and the digest, and of fresh randomness
//! where there is some (its §3.6), so that neither a bad random generator nor a repeated computation gives
//! away the key.

use std::sync::LazyLock;

use zeroize::{Zeroize as _, Zeroizing};

use super::scalar::{Scalar, SecretScalar};
use crate::Sm3;

/// The sequence of candidates for k (RFC 6979 §3.2).
pub(crate) struct Nonces {
    key: HmacKey,
    v: Zeroizing<[u8; 32]>,
    first: bool,
}

impl Nonces {
    /// For the key d, and e modulo n. `fresh` may be empty: then the same inputs give the same nonces.
    pub(crate) fn new(d: &SecretScalar, e: &Scalar, fresh: &[u8]) -> Self {
        let d = Zeroizing::new(d.to_be());
        let e = e.to_be();
        let mut nonces = Self {
            key: ZERO_KEY.clone(),
            v: Zeroizing::new([1; 32]),
            first: true,
        };
        for step in [0, 1] {
            let key = nonces.key.mac(&[&*nonces.v, &[step], &*d, &e, fresh]);
            nonces.rekey(&key);
        }
        nonces
    }

    /// The next nonce in 1 … n−1. That a candidate was out of range, and is no nonce, becomes public.
    pub(crate) fn next_nonce(&mut self) -> SecretScalar {
        loop {
            if !self.first {
                let key = self.key.mac(&[&*self.v, &[0]]);
                self.rekey(&key);
            }
            self.first = false;
            self.v = self.key.mac(&[&*self.v]);
            if let Some(k) = SecretScalar::from_be(&self.v) {
                return k;
            }
        }
    }

    fn rekey(&mut self, key: &[u8; 32]) {
        self.key = HmacKey::new(key);
        self.v = self.key.mac(&[&*self.v]);
    }
}

/// K of the first step, the same for all.
static ZERO_KEY: LazyLock<HmacKey> = LazyLock::new(|| HmacKey::new(&[0; 32]));

/// HMAC (RFC 2104) with SM3 under one key: the two hashes after their first block.
#[derive(Clone)]
struct HmacKey {
    inner: Sm3,
    outer: Sm3,
}

impl HmacKey {
    fn new(key: &[u8; 32]) -> Self {
        let start = |pad: u8| {
            let mut block = [pad; 64];
            block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
            let mut hasher = Sm3::new();
            hasher.update(&block);
            block.zeroize();
            hasher
        };
        Self {
            inner: start(0x36),
            outer: start(0x5c),
        }
    }

    fn mac(&self, message: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        let mut inner = self.inner.clone();
        message.iter().for_each(|part| inner.update(part));
        let mut outer = self.outer.clone();
        outer.update(&Zeroizing::new(inner.finish().0)[..]);
        Zeroizing::new(outer.finish().0)
    }
}
