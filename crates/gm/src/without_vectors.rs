//! The comparison with RustCrypto once more, on a thread that computes as on a processor of which nothing is known.

#[path = "../tests/it/oracle.rs"]
mod oracle;
#[path = "../tests/it/rng.rs"]
mod rng;

use rand_core::Rng as _;
use rng::CountingRng;

use crate::simd;
use crate::sm4;

fn bytes<const N: usize>(rng: &mut CountingRng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

#[test]
fn everything_is_the_same_as_with_them() {
    let rng = &mut CountingRng(7 << 32);
    let (key, message) = (bytes::<16>(rng), bytes::<3000>(rng));
    let with = sm4::seal(&key, &[1; 12], b"", &message);
    simd::use_only_portable();
    assert!(simd::Sm4Vectors::detect().next().is_none());
    assert!(simd::sm3_update_8().is_none() && simd::sm3_update_8_at_once().is_none());
    assert!(simd::sm3_update_16().is_none());
    assert!(simd::sm2_select(&[[1; 8]], 1).is_none());
    assert_eq!(sm4::seal(&key, &[1; 12], b"", &message), with);
    assert_eq!(crate::self_test(), Ok(()));
    for round in 0..20 {
        let pair = oracle::Pair::new(&bytes(rng)).expect("a number below n");
        let e = bytes(rng);
        let mut signature = pair.sign(&e);
        // More often than it takes until the key has a table.
        assert!((0..10).all(|_| pair.verdict(&e, &signature)));
        signature[round] ^= 1;
        assert!(!pair.verdict(&e, &signature));
        pair.messages(&bytes::<77>(rng), rng);
        oracle::point(&[&[2][..], &bytes::<32>(rng)].concat());
        let data = &message[..17 * round];
        oracle::gcm(&key, &bytes(rng), &bytes::<21>(rng), data, data);
        oracle::ctr(&key, &bytes(rng), data);
        oracle::cbc(&key, &bytes(rng), data);
        let messages: Vec<&[u8]> = message.chunks(100 + round).collect();
        oracle::digests(&messages);
    }
}
