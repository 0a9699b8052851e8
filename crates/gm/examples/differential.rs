//! Random operations beside RustCrypto's until told to stop: `differential OPERATIONS [SEED]`.
//!
//! Each compared result counts as one operation, and the end says how many there were of each kind. Numbers are
//! random, or runs of zeros and ones, where carries go far. Stops at the first difference with the inputs that show
//! it. RustCrypto's multiplication is slow, so two kinds walk with its addition: from a number to its neighbours
//! at distances of powers of two, which also carries through every limb.

#![expect(clippy::print_stdout, reason = "progress is what this program is for")]

use std::collections::BTreeMap;

use elliptic_curve::point::AffineCoordinates as _;
use elliptic_curve::{BatchNormalize as _, Group as _, PrimeField as _};
use gm::{DecryptionKey, Digest, PublicKey, Signature, Verifier as _};
use sm2::{AffinePoint, ProjectivePoint, Scalar};

#[path = "../tests/it/oracle.rs"]
mod oracle;
#[path = "../tests/it/rng.rs"]
mod rng;

use oracle::Pair;
use rng::CountingRng;

/// Steps of a walk; step i has the length 16^i.
const STEPS: usize = 64;

/// How many operations of each kind agreed.
type Counts = BTreeMap<&'static str, u64>;

fn main() {
    let number = |i: usize| std::env::args().nth(i).and_then(|argument| argument.parse().ok());
    let wanted: u64 = number(1).unwrap_or(10_000);
    let mut rng = CountingRng(number(2).unwrap_or(1) << 32);
    let steps = steps();
    let (mut counts, mut told) = (Counts::new(), 0);
    loop {
        let done = counts.values().sum::<u64>();
        if done >= wanted {
            break;
        }
        if done - told >= 1_000_000 {
            told = done;
            println!("{done} operations agree");
        }
        round(&steps, &mut rng, &mut counts);
    }
    for (kind, count) in &counts {
        println!("{count:>9} {kind}");
    }
    println!(
        "{:>9} operations agree; nothing else was found",
        counts.values().sum::<u64>()
    );
}

/// 16^i and \[16^i\]G.
fn steps() -> [(Scalar, ProjectivePoint); STEPS] {
    let mut step = Scalar::ONE;
    std::array::from_fn(|_| {
        let this = step;
        step *= Scalar::from(16u64);
        (this, ProjectivePoint::mul_by_generator(&this))
    })
}

fn round(steps: &[(Scalar, ProjectivePoint); STEPS], rng: &mut CountingRng, counts: &mut Counts) {
    let mut add = |kind, count: usize| *counts.entry(kind).or_default() += count as u64;
    add("keys, walking", walk_keys(steps, rng));
    add(
        "signatures that were computed to hold, walking",
        walk_signatures(steps, rng),
    );
    if let Some(pair) = Pair::new(&edgy(rng)) {
        signatures(&pair, rng);
        add("signatures", 8);
        add("verdicts", 1);
        if byte(rng) < 64 {
            pair.messages(&bytes(rng, 1, 100), rng);
            add("encrypted messages", 2);
        }
    }
    add("keys", 1);
    for _ in 0..8 {
        oracle::point(&[&[2 + byte(rng) % 2][..], &edgy(rng)].concat());
        oracle::point(&[&[4][..], &edgy(rng), &edgy(rng)].concat());
    }
    add("points", 16);
    let messages: [Vec<u8>; 50] = std::array::from_fn(|_| bytes(rng, 0, 200));
    oracle::digests(&messages.each_ref().map(Vec::as_slice));
    add("digests", 50);
    for _ in 0..8 {
        sm4(rng);
    }
    add("SM4 messages", 5 * 8);
}

/// Public keys of d, d + 1, d + 1 + 16, …
fn walk_keys(steps: &[(Scalar, ProjectivePoint); STEPS], rng: &mut CountingRng) -> usize {
    let (first, numbers) = (scalar(rng), walk(steps));
    let start = ProjectivePoint::mul_by_generator(&first);
    let expected = ProjectivePoint::batch_normalize(&numbers.map(|(_, point)| start + point));
    let mut compared = 0;
    for ((number, _), expected) in numbers.iter().zip(expected) {
        let d = to_bytes(&(first + number));
        // Zero and n − 1 are no keys.
        if let Ok(key) = DecryptionKey::from_bytes(&d) {
            let [x, y] = coordinates(&expected);
            assert_eq!(key.public_key().to_sec1()[1..], [x, y].concat(), "key {d:02x?}");
            compared += 1;
        }
    }
    compared
}

/// For t, s and P, the digest is computed that makes a signature of them: r = t − s, e = r − x1 with x1 of
/// \[s\]G + \[t\]P. It holds, and no longer with the next digest. The key has a table after its eighth verification.
fn walk_signatures(steps: &[(Scalar, ProjectivePoint); STEPS], rng: &mut CountingRng) -> usize {
    let (key, t, first) = (
        ProjectivePoint::mul_by_generator(&scalar(rng)),
        scalar(rng),
        scalar(rng),
    );
    let ours = PublicKey::from_sec1(&[&[4][..], &coordinates(&key.to_affine()).concat()].concat());
    let numbers = walk(steps);
    let start = ProjectivePoint::mul_by_generator(&first) + key * t;
    let sums = ProjectivePoint::batch_normalize(&numbers.map(|(_, point)| start + point));
    let mut compared = 0;
    for (i, ((number, _), sum)) in numbers.iter().zip(sums).enumerate() {
        let s = first + number;
        let r = t - s;
        let raw = [to_bytes(&r), to_bytes(&s)];
        let (Ok(ours), Ok(signature)) = (
            &ours,
            Signature::from_raw(&raw.concat().try_into().expect("64 bytes")),
        ) else {
            continue;
        };
        let [x1, _] = coordinates(&sum);
        let e = r - reduced(&x1);
        let verdict = |e: &Scalar| ours.verify_digest(&Digest(to_bytes(e)), &signature).is_ok();
        // t = 0 is refused whatever else.
        let holds = t != Scalar::ZERO && sum != AffinePoint::IDENTITY;
        assert_eq!(verdict(&e), holds, "{ours:?} e {e:?} signature {raw:02x?}");
        compared += 1;
        if i % 8 == 7 {
            assert!(
                !verdict(&(e + Scalar::ONE)),
                "{ours:?} e {e:?} + 1 signature {raw:02x?}"
            );
            compared += 1;
        }
    }
    compared
}

/// The numbers and points 1, 1 + 16, … times G.
fn walk(steps: &[(Scalar, ProjectivePoint); STEPS]) -> [(Scalar, ProjectivePoint); STEPS] {
    let (mut number, mut point) = (Scalar::ZERO, ProjectivePoint::IDENTITY);
    steps.map(|(step, of_step)| {
        number += step;
        point += of_step;
        (number, point)
    })
}

/// Eight signatures, and one verdict: over an honest signature, an altered one, or any numbers.
fn signatures(pair: &Pair, rng: &mut CountingRng) {
    for i in 0..8 {
        let e = edgy(rng);
        let mut raw = pair.sign(&e);
        if i > 0 {
            continue;
        }
        match byte(rng) % 3 {
            0 => assert!(pair.verdict(&e, &raw)),
            1 => {
                raw[usize::from(byte(rng) % 64)] ^= byte(rng).max(1);
                assert!(!pair.verdict(&e, &raw));
            }
            _ => drop(pair.verdict(&e, &[edgy(rng), edgy(rng)].concat().try_into().expect("64 bytes"))),
        }
    }
}

/// GCM sealed and opened twice, CTR, CBC: five operations.
fn sm4(rng: &mut CountingRng) {
    let (key, iv) = (half(rng), half(rng));
    let (aad, plain) = (bytes(rng, 0, 60), bytes(rng, 0, 400));
    oracle::gcm(
        &key,
        iv.first_chunk().expect("12 of 16"),
        &aad,
        &plain,
        &bytes(rng, 0, 60),
    );
    oracle::ctr(&key, &iv, &plain);
    oracle::cbc(&key, &iv, &plain);
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

fn half(rng: &mut CountingRng) -> [u8; 16] {
    *edgy(rng).first_chunk().expect("16 of 32")
}

/// From `least` bytes on, fewer than `more` more.
fn bytes(rng: &mut CountingRng, least: usize, more: usize) -> Vec<u8> {
    let length = least + usize::from(u16::from_le_bytes([byte(rng), byte(rng)])) % more;
    let mut bytes = vec![0; length];
    rand_core::Rng::fill_bytes(rng, &mut bytes);
    bytes
}

fn byte(rng: &mut CountingRng) -> u8 {
    let mut byte = [0];
    rand_core::Rng::fill_bytes(rng, &mut byte);
    byte[0]
}

fn scalar(rng: &mut CountingRng) -> Scalar {
    reduced(&edgy(rng))
}

/// Modulo n, for any 32 bytes.
fn reduced(bytes: &[u8; 32]) -> Scalar {
    let [high, low] = [&bytes[..16], &bytes[16..]].map(|half| {
        let mut bytes = [0; 32];
        bytes[16..].copy_from_slice(half);
        Scalar::from_repr(bytes.into()).expect("below n")
    });
    // 2¹²⁸ = (2⁶⁴)²
    let shift = Scalar::from(1u64 << 32);
    high * shift * shift * shift * shift + low
}

fn to_bytes(number: &Scalar) -> [u8; 32] {
    number.to_repr().into()
}

/// x and y; zeros for infinity.
fn coordinates(point: &AffinePoint) -> [[u8; 32]; 2] {
    [point.x().into(), point.y().into()]
}
