//! Signatures and keys in the manner of Project Wycheproof: each case has one fault, and the comment says which.
//! Origin: our own, computed here from the example of GB/T 32918.5-2017 annex A or from the curve itself.

use elliptic_curve::point::AffineCoordinates as _;
use elliptic_curve::sec1::FromSec1Point as _;
use elliptic_curve::{Group as _, PrimeField as _};
use gm::{
    BadPublicKey, BadSignature, DEFAULT_ID, Digest, PublicKey, Signature, SignatureEncoding, Signer as _,
    SigningKey, Sm3, Verifier as _,
};
use sm2::{AffinePoint, ProjectivePoint, Scalar};

use crate::rng::CountingRng;

const D: &str = "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8";
const R: &str = "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3";
const S: &str = "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA";
const P: &str = "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF";
const N: &str = "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123";
/// The base point of NIST P-256: a point of another curve over another field.
pub(crate) const P256_G: [&str; 2] = [
    "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296",
    "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5",
];
const MESSAGE: &[u8] = b"message digest";

pub(crate) fn hex(text: &str) -> [u8; 32] {
    std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
}

/// `number` + `addend`, where no carry leaves the last eight bytes.
pub(crate) fn plus(number: &str, addend: i64) -> [u8; 32] {
    let mut bytes = hex(number);
    let (_, low) = bytes.split_last_chunk_mut::<8>().unwrap();
    *low = u64::from_be_bytes(*low)
        .checked_add_signed(addend)
        .unwrap()
        .to_be_bytes();
    bytes
}

pub(crate) fn small(number: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[31] = number;
    bytes
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&hex(D)).unwrap()
}

fn integer(content: &[u8]) -> Vec<u8> {
    [&[2, content.len() as u8], content].concat()
}

/// DER of one number.
fn minimal(number: &[u8; 32]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count().min(31);
    let sign: &[u8] = if number[zeros] >= 0x80 { &[0] } else { &[] };
    integer(&[sign, &number[zeros..]].concat())
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    let body = parts.concat();
    [&[0x30, body.len() as u8], &body[..]].concat()
}

/// What a reader of this value says, and what the key of the standard's example says to it.
fn judge(bytes: &[u8]) -> Result<SignatureEncoding, BadSignature> {
    let (signature, encoding) = Signature::read(bytes)?;
    key().public_key().verify(MESSAGE, &signature)?;
    Ok(encoding)
}

#[test]
fn the_example_holds_in_every_encoding_that_is_read() {
    let (r, s) = (hex(R), hex(S));
    let der = sequence(&[minimal(&r), minimal(&s)]);
    assert_eq!(judge(&der), Ok(SignatureEncoding::Der));
    assert_eq!(judge(&[r, s].concat()), Ok(SignatureEncoding::Raw));
    // r and s without the zero in front: read as negative numbers by a strict reader.
    let negative = sequence(&[integer(&r), integer(&s)]);
    assert_eq!(judge(&negative), Ok(SignatureEncoding::NegativeInteger));
    let padded = sequence(&[integer(&[&[0, 0][..], &r].concat()), minimal(&s)]);
    assert_eq!(judge(&padded), Ok(SignatureEncoding::NonMinimalInteger));
    for bytes in [&[r, s].concat()[..], &negative, &padded] {
        assert_eq!(Signature::from_der(bytes), Err(BadSignature::Malformed));
    }
}

#[test]
fn numbers_at_the_borders_are_out_of_range_or_do_not_match() {
    let out_of_range = [small(0), hex(N), plus(N, 1), hex(P), [0xff; 32]];
    let in_range = [small(1), plus(N, -1)];
    for (numbers, expected) in [
        (&out_of_range[..], BadSignature::OutOfRange),
        (&in_range, BadSignature::Mismatch),
    ] {
        for number in numbers {
            for (r, s) in [(*number, hex(S)), (hex(R), *number), (*number, *number)] {
                let der = sequence(&[minimal(&r), minimal(&s)]);
                assert_eq!(judge(&der), Err(expected), "{der:02x?}");
                assert_eq!(judge(&[r, s].concat()), Err(expected), "{der:02x?}");
            }
        }
    }
}

/// The same residue written another way must not be another signature. r + n and s + n have 33 bytes, or are
/// not below n.
#[test]
fn numbers_plus_n_are_out_of_range() {
    let plus_n = |number: &str| {
        let (mut sum, mut carry) = ([0; 33], 0);
        for i in (0..32).rev() {
            let digit = u16::from(hex(number)[i]) + u16::from(hex(N)[i]) + carry;
            sum[i + 1] = digit as u8;
            carry = digit >> 8;
        }
        sum[0] = carry as u8;
        sum
    };
    let (r, s) = (minimal(&hex(R)), minimal(&hex(S)));
    let bad = [
        sequence(&[integer(&plus_n(R)), s]),
        sequence(&[r, integer(&plus_n(S))]),
    ];
    for der in bad {
        assert_eq!(judge(&der), Err(BadSignature::OutOfRange), "{der:02x?}");
    }
}

#[test]
fn broken_der_is_malformed() {
    let (r, s) = (minimal(&hex(R)), minimal(&hex(S)));
    let der = sequence(&[r.clone(), s.clone()]);
    let mut bad = vec![
        sequence(&[]),
        sequence(std::slice::from_ref(&r)),
        sequence(&[r.clone(), s.clone(), r.clone()]),
        sequence(&[r.clone(), integer(&[])]),
        sequence(&[integer(&[]), s.clone()]),
        [&der[..], &[0]].concat(),
        [&[0x31], &der[1..]].concat(),
        [&[0x30, 0x80], &der[2..], &[0, 0]].concat(),
        [&[0x30, 0x82, 0], &der[1..]].concat(),
        [&[0x30, der[1] + 1], &der[2..]].concat(),
        [&[0x30, der[1] - 1], &der[2..]].concat(),
        vec![],
        vec![0x30],
    ];
    // Tags of BIT STRING, ENUMERATED, constructed INTEGER, application INTEGER.
    bad.extend([3, 10, 0x22, 0x42].map(|tag| sequence(&[[&[tag], &r[1..]].concat(), s.clone()])));
    for bytes in bad {
        assert_eq!(judge(&bytes), Err(BadSignature::Malformed), "{bytes:02x?}");
    }
    for length in 0..der.len() {
        // The last byte of s is not zero, so that the form without a trailing zero does not match.
        let expected = if length == der.len() - 1 {
            BadSignature::Mismatch
        } else {
            BadSignature::Malformed
        };
        if length != 64 {
            assert_eq!(judge(&der[..length]), Err(expected), "{length} bytes");
        }
    }
}

#[test]
fn other_numbers_made_of_the_same_ones_do_not_match() {
    let order = Scalar::from_repr(plus(N, -1).into()).unwrap() + Scalar::ONE;
    assert_eq!(order, Scalar::ZERO);
    let scalar = |number: &str| Scalar::from_repr(hex(number).into()).unwrap();
    let (r, s) = (scalar(R), scalar(S));
    let one = Scalar::ONE;
    let cases = [
        (s, r, "exchanged"),
        (-r, s, "n − r"),
        (r, -s, "n − s"),
        (-r, -s, "n − r, n − s"),
        (r + one, s, "r + 1"),
        (r, s + one, "s + 1"),
        (r, -(r + s), "the other s with −t for t"),
        (r, r, "twice r"),
    ];
    for (r, s, comment) in cases {
        let raw = [<[u8; 32]>::from(r.to_repr()), s.to_repr().into()].concat();
        assert_eq!(judge(&raw), Err(BadSignature::Mismatch), "{comment}");
    }
}

/// t = r + s ≡ 0 mod n: the equation would not depend on the key (GB/T 32918.2-2016 §7.1, B5).
#[test]
fn r_plus_s_equal_to_n_never_holds() {
    // s·G alone gives x1, so r = e + x1 would hold for every key if t were not checked: e is chosen for it.
    for s in [
        Scalar::ONE,
        Scalar::from(2u64),
        Scalar::from_repr(hex(S).into()).unwrap(),
    ] {
        let x1: [u8; 32] = ProjectivePoint::mul_by_generator(&s).to_affine().x().into();
        let x1 = Scalar::from_repr(x1.into()).unwrap();
        let r = -s;
        let (e, raw) = (
            r - x1,
            [<[u8; 32]>::from(r.to_repr()), s.to_repr().into()].concat(),
        );
        let signature = Signature::from_raw(&raw.try_into().unwrap()).unwrap();
        let verdict = key()
            .public_key()
            .verify_digest(&Digest(e.to_repr().into()), &signature);
        assert_eq!(verdict, Err(BadSignature::Mismatch));
    }
}

/// s·G + t·P is infinity, which has no x: no digest makes that a signature.
#[test]
fn a_sum_at_infinity_never_holds() {
    let d = Scalar::from_repr(hex(D).into()).unwrap();
    let t = Scalar::from(3u64);
    let s = -(t * d);
    let r = t - s;
    let raw = [<[u8; 32]>::from(r.to_repr()), s.to_repr().into()].concat();
    let signature = Signature::from_raw(&raw.try_into().unwrap()).unwrap();
    // e with r − e = 0, with r − e = 1 (the coordinates that implementations give to infinity), and any other.
    for e in [r, r - Scalar::ONE, Scalar::from(7u64)] {
        let verdict = key()
            .public_key()
            .verify_digest(&Digest(e.to_repr().into()), &signature);
        assert_eq!(verdict, Err(BadSignature::Mismatch));
    }
}

/// The two terms are the same point, so adding them is doubling.
#[test]
fn a_sum_of_equal_points_holds() {
    let d = Scalar::from_repr(hex(D).into()).unwrap();
    for t in [1u64, 2, 31, 32, 1 << 40] {
        let t = Scalar::from(t);
        let s = t * d;
        let x1: [u8; 32] = ProjectivePoint::mul_by_generator(&(s + s)).to_affine().x().into();
        let r = t - s;
        let e = r - Scalar::from_repr(x1.into()).unwrap();
        let raw = [<[u8; 32]>::from(r.to_repr()), s.to_repr().into()].concat();
        let signature = Signature::from_raw(&raw.try_into().unwrap()).unwrap();
        let (e, other) = (Digest(e.to_repr().into()), Digest(r.to_repr().into()));
        // More often than it takes until the key has a table.
        for _ in 0..12 {
            assert_eq!(key().public_key().verify_digest(&e, &signature), Ok(()));
            assert_eq!(
                key().public_key().verify_digest(&other, &signature),
                Err(BadSignature::Mismatch)
            );
        }
    }
}

/// x1 lies between n and p, which happens once in 2¹²⁸ signatures: it counts modulo n. The key is made for it.
#[test]
fn an_x_above_n_counts_modulo_n() {
    let mut found = 0;
    for offset in 1..40 {
        let compressed = [&[2][..], &plus(N, offset)].concat();
        let Ok(sec1) = sm2::Sec1Point::from_bytes(&compressed) else {
            continue;
        };
        let Some(point) = Option::<AffinePoint>::from(AffinePoint::from_sec1_point(&sec1)) else {
            continue;
        };
        found += 1;
        // s·G + t·P is the point for P = t⁻¹·(point − s·G).
        let (s, t) = (Scalar::from(1234u64), Scalar::from(77u64));
        let sum = ProjectivePoint::from(point) - ProjectivePoint::mul_by_generator(&s);
        let public = sm2::PublicKey::from_affine((sum * t.invert().unwrap()).to_affine()).unwrap();
        let public = PublicKey::from_sec1(&public.to_sec1_bytes()).unwrap();
        let r = t - s;
        let raw = [<[u8; 32]>::from(r.to_repr()), s.to_repr().into()].concat();
        let signature = Signature::from_raw(&raw.try_into().unwrap()).unwrap();
        let x1_mod_n = Scalar::from(offset as u64);
        let verdict = |e: Scalar| public.verify_digest(&Digest(e.to_repr().into()), &signature);
        assert_eq!(verdict(r - x1_mod_n), Ok(()));
        assert_eq!(verdict(r - x1_mod_n - Scalar::ONE), Err(BadSignature::Mismatch));
    }
    assert!(found > 5, "about every second number is the x of a point");
}

#[test]
fn another_identity_message_or_key_does_not_match() {
    let signature = Signature::from_raw(&[hex(R), hex(S)].concat().try_into().unwrap()).unwrap();
    let under = |id: &[u8], message: &[u8]| {
        let mut hasher = Sm3::new();
        hasher.update(&key().public_key().z(id).0);
        hasher.update(message);
        key().public_key().verify_digest(&hasher.finish(), &signature)
    };
    assert_eq!(under(DEFAULT_ID, MESSAGE), Ok(()));
    for id in [
        &b""[..],
        b"ALICE123@YAHOO.COM",
        b"123456781234567",
        b"12345678123456780",
    ] {
        assert_eq!(under(id, MESSAGE), Err(BadSignature::Mismatch));
    }
    for message in [&b""[..], b"message digesT", b"message digest\0"] {
        assert_eq!(under(DEFAULT_ID, message), Err(BadSignature::Mismatch));
    }
    // Without Z at all: e = SM3(M).
    let bare = key().public_key().verify_digest(&gm::sm3(MESSAGE), &signature);
    assert_eq!(bare, Err(BadSignature::Mismatch));
    for other in [small(1), small(2), plus(N, -2)] {
        let other = SigningKey::from_bytes(&other).unwrap();
        assert_eq!(
            other.public_key().verify(MESSAGE, &signature),
            Err(BadSignature::Mismatch)
        );
    }
}

/// d = 1, 2, n−2: P is G, 2G, −2G, which collide with the base point's multiples.
#[test]
fn keys_at_the_borders_sign_and_verify() {
    for d in [small(1), small(2), small(3), plus(N, -2), plus(N, -3)] {
        let key = SigningKey::from_bytes(&d).unwrap();
        for i in 0..12u8 {
            let signature = key.sign(&[i]).unwrap();
            assert_eq!(key.public_key().verify(&[i], &signature), Ok(()));
            assert_eq!(
                key.public_key().verify(&[i + 1], &signature),
                Err(BadSignature::Mismatch)
            );
        }
    }
}

#[test]
fn points_that_are_none_are_refused() {
    let sec1 = key().public_key().to_sec1();
    let (x, y): ([u8; 32], [u8; 32]) = (sec1[1..33].try_into().unwrap(), sec1[33..].try_into().unwrap());
    let point = |tag: u8, x: &[u8; 32], y: &[u8; 32]| [&[tag][..], x, y].concat();
    let [p256_x, p256_y] = P256_G.map(hex);
    let mut y_off = y;
    y_off[31] ^= 1;
    let cases = [
        (vec![0], "infinity"),
        (point(4, &[0; 32], &[0; 32]), "zeros, as some write infinity"),
        (point(4, &x, &y_off), "off the curve"),
        (point(4, &y, &x), "coordinates exchanged"),
        (point(4, &p256_x, &p256_y), "another curve"),
        (point(6, &x, &y), "hybrid form"),
        (point(7, &x, &y), "hybrid form"),
        (point(3, &x, &y), "compressed tag on both coordinates"),
        (point(0, &x, &y), "tag of infinity on a point"),
        (point(4, &x, &hex(P)), "y = p"),
        (point(4, &hex(P), &y), "x = p"),
        (point(4, &[0xff; 32], &y), "x above p"),
        ([&sec1[..], &[0]].concat(), "a byte too many"),
        (sec1[..64].to_vec(), "a byte too few"),
        (sec1[1..].to_vec(), "no tag"),
        ([&[5][..], &x].concat(), "compact form"),
        ([&[2][..], &hex(P)].concat(), "compressed, x = p"),
        ([&[4][..], &x].concat(), "uncompressed tag on x alone"),
        (vec![], "nothing"),
    ];
    for (bytes, comment) in cases {
        assert_eq!(PublicKey::from_sec1(&bytes), Err(BadPublicKey), "{comment}");
    }
}

/// A coordinate plus p, where that fits into 32 bytes, is the same residue, and still refused.
#[test]
fn coordinates_are_not_reduced() {
    let mut found = 0;
    for offset in 0..40u8 {
        let Ok(key) = PublicKey::from_sec1(&[&[2][..], &small(offset)].concat()) else {
            continue;
        };
        found += 1;
        let y: [u8; 32] = key.to_sec1()[33..].try_into().unwrap();
        assert_eq!(
            PublicKey::from_sec1(&[&[4][..], &small(offset), &y].concat()),
            Ok(key)
        );
        // p ends in eight bytes of ones, so the carry is written by hand.
        if offset > 0 {
            let mut above = hex("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF000000010000000000000000");
            above[31] = offset - 1;
            assert_eq!(
                PublicKey::from_sec1(&[&[4][..], &above, &y].concat()),
                Err(BadPublicKey)
            );
            assert_eq!(
                PublicKey::from_sec1(&[&[2][..], &above].concat()),
                Err(BadPublicKey)
            );
        }
    }
    assert!(found > 5, "small x are on the curve about every second time");
}

#[test]
fn hedged_keys_sign_the_same_twice_in_two_ways() {
    let hedged = key().hedged(&mut CountingRng(1));
    let signatures = [
        hedged.sign(MESSAGE),
        hedged.sign(MESSAGE),
        hedged.clone().sign(MESSAGE),
        key().sign(MESSAGE),
    ];
    let signatures = signatures.map(Result::unwrap);
    for (i, signature) in signatures.iter().enumerate() {
        assert_eq!(key().public_key().verify(MESSAGE, signature), Ok(()));
        assert!(signatures[..i].iter().all(|before| before != signature));
    }
    assert_eq!(key().sign(MESSAGE).unwrap(), signatures[3]);
}
