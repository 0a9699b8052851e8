//! For `script/constant-time` only: which values that were computed from secrets become public, and where.
//!
//! The checker marks secrets as undefined memory and reports every branch and address that depends on them. A
//! signature or a public key depends on the private key too, so the checker has to be told where a value may be
//! looked at from now on.

use std::sync::OnceLock;

static ON_PUBLISH: OnceLock<fn(&mut [u64])> = OnceLock::new();

/// Calls `mark` with every value that becomes public from now on; the first call decides.
pub fn on_publish(mark: fn(&mut [u64])) {
    let _ = ON_PUBLISH.set(mark);
}

/// From now on this thread computes as on a processor without vectors and long multiplications.
pub fn use_only_portable() {
    crate::simd::use_only_portable();
}

pub(crate) fn publish(words: &mut [u64]) {
    if let Some(mark) = ON_PUBLISH.get() {
        mark(words);
    }
}
