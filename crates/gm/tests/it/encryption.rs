//! SM2 encryption: the standard's example, RustCrypto, and ciphertexts of which each has one fault.

use gm::{BadEncryption, Ciphertext, DecryptionKey, PublicKey};

use crate::rng::CountingRng;
use crate::vectors::{P256_G, hex, plus, small};

/// GB/T 32918.5-2017 annex C: the key, its ciphertext of "encryption standard" in the order C1‖C3‖C2.
const D: &str = "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8";
const C1: [&str; 2] = [
    "04EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73",
    "E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0",
];
const C3: &str = "59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766";
const C2: [u8; 19] = *b"\x21\x88\x6c\xa9\x89\xca\x9c\x7d\x58\x08\x73\x07\xca\x93\x09\x2d\x65\x1e\xfa";

fn example() -> Vec<u8> {
    [&[4][..], &hex(C1[0]), &hex(C1[1]), &hex(C3), &C2].concat()
}

fn key() -> DecryptionKey {
    DecryptionKey::from_bytes(&hex(D)).unwrap()
}

fn decrypt(raw: &[u8]) -> Result<Vec<u8>, BadEncryption> {
    key()
        .decrypt(&Ciphertext::from_raw(raw)?)
        .map(|message| message.to_vec())
}

#[test]
fn standard_example() {
    assert_eq!(decrypt(&example()).unwrap(), b"encryption standard");
    // The nonce of the example, which the randomness gives.
    let k = hex("59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21");
    let encrypted = key()
        .public_key()
        .encrypt(b"encryption standard", &mut Fixed(k))
        .unwrap();
    assert_eq!(encrypted.to_raw(), example());
}

#[test]
fn both_encodings_come_back() {
    for length in [1, 31, 32, 33, 64, 127, 128, 300, 70_000] {
        let message = vec![7; length];
        let ciphertext = key()
            .public_key()
            .encrypt(&message, &mut CountingRng(length as u64))
            .unwrap();
        assert_eq!(Ciphertext::from_raw(&ciphertext.to_raw()).unwrap(), ciphertext);
        assert_eq!(Ciphertext::from_der(&ciphertext.to_der()).unwrap(), ciphertext);
        assert_eq!(*key().decrypt(&ciphertext).unwrap(), message);
        let other = DecryptionKey::generate(&mut CountingRng(1));
        assert_eq!(other.decrypt(&ciphertext).err(), Some(BadEncryption::Mismatch));
    }
}

#[test]
fn every_changed_bit_is_noticed() {
    for bit in 0..example().len() * 8 {
        let mut altered = example();
        altered[bit / 8] ^= 1 << (bit % 8);
        let error = decrypt(&altered).unwrap_err();
        match bit / 8 {
            0 => assert_eq!(error, BadEncryption::Malformed),
            1..=64 => assert_eq!(error, BadEncryption::NotOnCurve),
            _ => assert_eq!(error, BadEncryption::Mismatch),
        }
    }
}

#[test]
fn points_that_are_none_are_refused() {
    let p = "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF";
    let cases = [
        (small(0), small(0), "infinity as zeros"),
        (hex(p), hex(C1[1]), "x = p"),
        (hex(C1[0]), hex(p), "y = p"),
        (hex(C1[1]), hex(C1[0]), "coordinates exchanged"),
        (hex(C1[0]), plus(C1[1], 1), "off the curve"),
        (hex(P256_G[0]), hex(P256_G[1]), "the base point of another curve"),
    ];
    for (x, y, comment) in cases {
        let raw = [&[4][..], &x, &y, &hex(C3), &C2].concat();
        assert_eq!(decrypt(&raw).err(), Some(BadEncryption::NotOnCurve), "{comment}");
    }
}

/// Small x are read as any other, and the same residue plus p is refused: a point that fits twice into 32 bytes.
#[test]
fn points_with_a_small_x_are_read_in_one_way() {
    let mut found = 0;
    for x in 1..40u8 {
        let Ok(point) = PublicKey::from_sec1(&[&[2][..], &small(x)].concat()) else {
            continue;
        };
        found += 1;
        let y: [u8; 32] = point.to_sec1()[33..].try_into().unwrap();
        let raw = |x: &[u8; 32]| [&[4][..], x, &y, &hex(C3), &C2].concat();
        assert_eq!(decrypt(&raw(&small(x))).err(), Some(BadEncryption::Mismatch));
        // x + p: the last eight bytes of p are ones.
        let mut above = hex("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF000000010000000000000000");
        above[31] = x - 1;
        assert_eq!(decrypt(&raw(&above)).err(), Some(BadEncryption::NotOnCurve));
    }
    assert!(found > 5, "about every second number is the x of a point");
}

#[test]
fn malformed_ciphertexts_are_refused() {
    for length in 0..98 {
        assert_eq!(
            decrypt(&example()[..length]).err(),
            Some(BadEncryption::Malformed),
            "{length} bytes"
        );
    }
    // The order of the 2010 standard, C1‖C2‖C3, is not guessed.
    let old = [&example()[..65], &C2, &hex(C3)].concat();
    assert_eq!(decrypt(&old).err(), Some(BadEncryption::Mismatch));
    let der = Ciphertext::from_raw(&example()).unwrap().to_der();
    let malformed =
        |bytes: &[u8]| assert_eq!(Ciphertext::from_der(bytes).err(), Some(BadEncryption::Malformed));
    (0..der.len()).for_each(|length| malformed(&der[..length]));
    malformed(&[&der[..], &[0]].concat());
    // A superfluous zero before X, and Y that reads as a negative number.
    let (x, y) = (hex(C1[0]), hex(C1[1]));
    let tail = [&[4, 32][..], &hex(C3), &[4, 19], &C2].concat();
    let der_of = |x: &[u8], y: &[u8]| {
        let body = [&[2, x.len() as u8][..], x, &[2, y.len() as u8], y, &tail].concat();
        [&[0x30, body.len() as u8][..], &body].concat()
    };
    let (x_long, y_right) = ([&[0][..], &x].concat(), [&[0][..], &y].concat());
    assert_eq!(der_of(&x, &y_right), der);
    malformed(&der_of(&x_long, &y_right));
    malformed(&der_of(&x, &y));
    assert_eq!(
        key().public_key().encrypt(b"", &mut CountingRng(1)).err(),
        Some(BadEncryption::EmptyMessage)
    );
}

/// Randomness that is known beforehand.
struct Fixed([u8; 32]);

impl rand_core::TryRng for Fixed {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        unreachable!("only bytes are drawn")
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        unreachable!("only bytes are drawn")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        bytes.copy_from_slice(&self.0);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Fixed {}
