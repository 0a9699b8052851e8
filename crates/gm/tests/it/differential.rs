//! Keys, signatures and verdicts against RustCrypto's `sm2`, an implementation with other formulas and other field
//! arithmetic.

use gm::{Digest, PublicKey, Signature, Signer as _, SigningKey, Verifier as _};
use proptest::prelude::*;
use signature::hazmat::{PrehashSigner as _, PrehashVerifier as _};

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

    /// The nonces of both follow RFC 6979, so even the bytes are the same.
    #[test]
    fn keys_and_signatures_are_the_same(d in number(), e in number()) {
        let theirs = sm2::dsa::SigningKey::from_slice("", &d);
        let Ok(ours) = SigningKey::from_bytes(&d) else {
            prop_assert!(theirs.is_err());
            return Ok(());
        };
        let theirs = theirs.unwrap();
        prop_assert_eq!(&ours.public_key().to_sec1()[..], &theirs.verifying_key().to_sec1_bytes()[..]);
        let signature = ours.sign_digest(&Digest(e)).unwrap();
        let expected: sm2::dsa::Signature = theirs.sign_prehash(&e).unwrap();
        prop_assert_eq!(&signature.to_raw()[..], &expected.to_bytes()[..]);
        ours.public_key().verify_digest(&Digest(e), &signature).unwrap();
    }

    /// Any two numbers under any key: the verdicts are the same, whether the key is new or known.
    #[test]
    fn verdicts_are_the_same(d in number(), e in number(), r in number(), s in number(), honest in any::<bool>()) {
        let Ok(key) = SigningKey::from_bytes(&d) else {
            return Ok(());
        };
        let raw: [u8; 64] = [r, s].concat().try_into().unwrap();
        let ours = match honest {
            true => Ok(key.sign_digest(&Digest(r)).unwrap()),
            false => Signature::from_raw(&raw),
        };
        let raw = ours.as_ref().map_or(raw, Signature::to_raw);
        let theirs = sm2::dsa::Signature::from_slice(&raw);
        prop_assert_eq!(ours.is_ok(), theirs.is_ok());
        let (Ok(ours), Ok(theirs)) = (ours, theirs) else {
            return Ok(());
        };
        let public = key.public_key();
        let their_key = sm2::dsa::VerifyingKey::from_sec1_bytes("", &public.to_sec1()).unwrap();
        for e in [e, r] {
            let expected = their_key.verify_prehash(&e, &theirs).is_ok();
            for _ in 0..2 {
                prop_assert_eq!(public.verify_digest(&Digest(e), &ours).is_ok(), expected);
            }
        }
    }

    /// Any bytes as a public key, in every form: both refuse them, or read the same point.
    #[test]
    fn the_same_points_are_read(tag in 0..8u8, x in number(), y in number(), length in 0..70usize) {
        let bytes = [&[tag][..], &x, &y].concat();
        for bytes in [&bytes[..length.min(65)], &bytes[..33], &bytes] {
            // RustCrypto also reads the compact form (tag 5), which GB/T 32918.1 does not have.
            if tag != 5 {
                let theirs = sm2::PublicKey::from_sec1_bytes(bytes).ok().map(|key| key.to_sec1_bytes());
                let ours = PublicKey::from_sec1(bytes).ok().map(|key| key.to_sec1());
                prop_assert_eq!(ours.as_ref().map(|key| &key[..]), theirs.as_deref());
            }
        }
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
