//! Numbers for the comparison with RustCrypto.

use gm::{DecryptionKey, PublicKey, Signer as _, SigningKey};
use proptest::prelude::*;

use crate::oracle::{self, Pair};
use crate::rng::CountingRng;

/// Bytes as they come, and bytes of zeros, ones and carries.
fn number() -> impl Strategy<Value = [u8; 32]> {
    let chunk = prop_oneof![
        Just([0; 4]),
        Just([0xff; 4]),
        Just([0xff, 0xff, 0xff, 0xfe]),
        Just([0, 0, 0, 1]),
        Just([0x80, 0, 0, 0]),
        any::<[u8; 4]>(),
    ];
    prop_oneof![
        any::<[u8; 32]>(),
        prop::array::uniform8(chunk).prop_map(|chunks| chunks.concat().try_into().unwrap()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn keys_and_signatures_are_the_same(d in number(), e in number()) {
        if let Some(pair) = Pair::new(&d) {
            let signature = pair.sign(&e);
            prop_assert!(pair.verdict(&e, &signature));
        }
    }

    /// Whether the key is new or known.
    #[test]
    fn verdicts_are_the_same(d in number(), e in number(), r in number(), s in number(), honest in any::<bool>()) {
        let Some(pair) = Pair::new(&d) else {
            return Ok(());
        };
        let raw = match honest {
            true => pair.sign(&r),
            false => [r, s].concat().try_into().unwrap(),
        };
        for e in [e, r, e, r] {
            pair.verdict(&e, &raw);
        }
    }

    #[test]
    fn the_same_points_are_read(tag in 0..8u8, x in number(), y in number(), length in 0..70usize) {
        let bytes = [&[tag][..], &x, &y].concat();
        for bytes in [&bytes[..length.min(65)], &bytes[..33], &bytes] {
            oracle::point(bytes);
        }
    }

    #[test]
    fn messages_are_read_by_both(
        d in number(), message in prop::collection::vec(any::<u8>(), 1..200), at: usize, bits in 1..=255u8, seed: u64,
    ) {
        let Some(pair) = Pair::new(&d) else {
            return Ok(());
        };
        pair.messages(&message, &mut CountingRng(seed >> 8));
        let ours = DecryptionKey::from_bytes(&d).unwrap();
        let mut altered = ours.public_key().encrypt(&message, &mut CountingRng(seed >> 8)).unwrap().to_raw();
        let at = at % altered.len();
        altered[at] ^= bits;
        prop_assert_eq!(pair.decrypt(&altered), None);
    }

    #[test]
    fn sm3_and_sm4_are_the_same(
        key: [u8; 16], iv: [u8; 16], aad in prop::collection::vec(any::<u8>(), 0..60),
        plain in prop::collection::vec(any::<u8>(), 0..1500), parts in 1..40usize,
    ) {
        oracle::gcm(&key, iv.first_chunk().unwrap(), &aad, &plain, &aad);
        oracle::ctr(&key, &iv, &plain);
        oracle::cbc(&key, &iv, &plain);
        let messages: Vec<&[u8]> = plain.chunks(plain.len() / parts + 1).collect();
        oracle::digests(&messages);
    }

    #[test]
    fn points_have_two_forms(d in number()) {
        let Ok(key) = SigningKey::from_bytes(&d) else {
            return Ok(());
        };
        let sec1 = key.public_key().to_sec1();
        prop_assert_eq!(&PublicKey::from_sec1(&sec1).unwrap(), key.public_key());
        let compressed = [&[2 + (sec1[64] & 1)][..], &sec1[1..33]].concat();
        prop_assert_eq!(&PublicKey::from_sec1(&compressed).unwrap(), key.public_key());
        let opposite = [&[3 - (sec1[64] & 1)][..], &sec1[1..33]].concat();
        prop_assert_ne!(&PublicKey::from_sec1(&opposite).unwrap(), key.public_key());
    }
}
