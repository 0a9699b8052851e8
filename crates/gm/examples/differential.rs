//! Random SM2 operations beside RustCrypto's until told to stop: `differential OPERATIONS [SEED]`.
//!
//! Keys, signatures, verdicts over honest and over altered signatures, decompression, encryption: each compared
//! result counts as one operation. Numbers are random, or runs of zeros and ones, where carries go far. Stops at
//! the first difference with the inputs that show it.

#![expect(clippy::print_stdout, reason = "progress is what this program is for")]

use gm::{Ciphertext, DecryptionKey, Digest, PublicKey, Signature, Signer as _, SigningKey, Verifier as _};
use signature::hazmat::{PrehashSigner as _, PrehashVerifier as _};

#[path = "../tests/it/rng.rs"]
mod rng;

use rng::CountingRng;

fn main() {
    let number = |i: usize| std::env::args().nth(i).and_then(|argument| argument.parse().ok());
    let wanted: u64 = number(1).unwrap_or(10_000);
    let mut rng = CountingRng(number(2).unwrap_or(1) << 32);
    let (mut done, mut told) = (0, 0);
    while done < wanted {
        done += round(&mut rng);
        if done - told >= 100_000 {
            told = done;
            println!("{done} operations agree");
        }
    }
    println!("{done} operations agree; nothing else was found");
}

/// One key, several operations. How many were compared.
fn round(rng: &mut CountingRng) -> u64 {
    let d = edgy(rng);
    let theirs = sm2::dsa::SigningKey::from_slice("", &d);
    let Ok(ours) = SigningKey::from_bytes(&d) else {
        assert!(theirs.is_err(), "key {d:02x?}");
        return 1;
    };
    let theirs = theirs.unwrap_or_else(|_| panic!("key {d:02x?}"));
    let sec1 = ours.public_key().to_sec1();
    assert_eq!(
        sec1[..],
        theirs.verifying_key().to_sec1_bytes()[..],
        "key {d:02x?}"
    );
    let mut compared = 1;
    for _ in 0..10 {
        let e = edgy(rng);
        let signature = ours.sign_digest(&Digest(e)).expect("a key in memory").to_raw();
        let expected: sm2::dsa::Signature = theirs.sign_prehash(&e).expect("a key in memory");
        assert_eq!(
            signature[..],
            expected.to_bytes()[..],
            "key {d:02x?} digest {e:02x?}"
        );
        verdicts_agree(&ours, &theirs, &e, &signature, Some(true));
        let mut altered = signature;
        altered[usize::from(byte(rng) % 64)] ^= byte(rng).max(1);
        verdicts_agree(&ours, &theirs, &e, &altered, Some(false));
        let numbers: [u8; 64] = [edgy(rng), edgy(rng)].concat().try_into().expect("64 bytes");
        verdicts_agree(&ours, &theirs, &e, &numbers, None);
        points_agree(&[&[2 + byte(rng) % 2][..], &edgy(rng)].concat());
        points_agree(&[&[4][..], &edgy(rng), &edgy(rng)].concat());
        compared += 6;
    }
    messages_agree(&d, rng);
    compared + 2
}

fn verdicts_agree(
    ours: &SigningKey,
    theirs: &sm2::dsa::SigningKey,
    e: &[u8; 32],
    raw: &[u8; 64],
    expected: Option<bool>,
) {
    let our_verdict = Signature::from_raw(raw)
        .and_then(|signature| ours.public_key().verify_digest(&Digest(*e), &signature))
        .is_ok();
    let their_verdict = sm2::dsa::Signature::from_slice(raw)
        .and_then(|signature| theirs.verifying_key().verify_prehash(e, &signature))
        .is_ok();
    let key = ours.public_key();
    assert_eq!(
        our_verdict, their_verdict,
        "{key:?} digest {e:02x?} signature {raw:02x?}"
    );
    assert!(
        expected.is_none_or(|expected| expected == our_verdict),
        "{key:?} digest {e:02x?} signature {raw:02x?}"
    );
}

fn points_agree(bytes: &[u8]) {
    let ours = PublicKey::from_sec1(bytes).ok().map(|key| key.to_sec1().to_vec());
    let theirs = sm2::PublicKey::from_sec1_bytes(bytes)
        .ok()
        .map(|key| key.to_sec1_bytes().to_vec());
    assert_eq!(ours, theirs, "point {bytes:02x?}");
}

fn messages_agree(d: &[u8; 32], rng: &mut CountingRng) {
    let ours = DecryptionKey::from_bytes(d).expect("a private key");
    let theirs = sm2::SecretKey::from_slice(d).expect("a private key");
    let message = vec![byte(rng); 1 + usize::from(byte(rng) % 100)];
    let encrypted = ours
        .public_key()
        .encrypt(&message, rng)
        .expect("not empty")
        .to_raw();
    let opened = sm2::pke::DecryptingKey::new(theirs.clone()).decrypt(&encrypted);
    assert_eq!(
        opened.ok().as_ref(),
        Some(&message),
        "key {d:02x?} {encrypted:02x?}"
    );
    let encrypted = sm2::pke::EncryptingKey::new(theirs.public_key()).encrypt(rng, &message);
    let encrypted = encrypted.expect("not empty");
    let opened = Ciphertext::from_raw(&encrypted).and_then(|ciphertext| ours.decrypt(&ciphertext));
    assert_eq!(
        opened.ok().as_deref(),
        Some(&message),
        "key {d:02x?} {encrypted:02x?}"
    );
}

/// 32 random bytes, or words of zeros, ones and single bits among random ones.
fn edgy(rng: &mut CountingRng) -> [u8; 32] {
    let mut bytes = [0; 32];
    rand_core::Rng::fill_bytes(rng, &mut bytes);
    if byte(rng) < 128 {
        return bytes;
    }
    for word in bytes.as_chunks_mut::<4>().0 {
        match byte(rng) % 8 {
            0 | 1 => *word = [0; 4],
            2 | 3 => *word = [0xff; 4],
            4 => *word = [0xff, 0xff, 0xff, 0xfe],
            5 => *word = (1u32 << (byte(rng) % 32)).to_be_bytes(),
            _ => {}
        }
    }
    bytes
}

fn byte(rng: &mut CountingRng) -> u8 {
    let mut byte = [0];
    rand_core::Rng::fill_bytes(rng, &mut byte);
    byte[0]
}
