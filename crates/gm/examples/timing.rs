//! Whether time tells a fixed secret from random ones: `timing MEASUREMENTS [SEED]`.
//!
//! In the manner of dudect (Reparaz, Balasch, Verbauwhede 2017): each measurement has the fixed secret or a random
//! one, by the toss of a coin, and Welch's t compares the means of the two classes, over all measurements and over
//! those below some percentiles, since what interrupts a measurement only adds noise. A |t| above 4.5 says that the
//! classes differ; a smaller one says that so many measurements on this machine do not show it. Two controls frame
//! the answers: one leaks and must be found, one has random secrets in both classes and must not.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::hint::black_box;

use gm::{Ciphertext, DecryptionKey, Digest, Signer as _, SigningKey, sm4};
use rand_core::Rng as _;

#[path = "../tests/it/rng.rs"]
mod rng;

use rng::CountingRng;

/// Measurements that are prepared at once, so that preparing is not measured.
const BATCH: usize = 500;

/// Parts of the measurements that are looked at, the quickest first.
const PARTS: [f64; 6] = [0.5, 0.75, 0.9, 0.99, 0.999, 1.0];

const T_MAX: f64 = 4.5;

fn main() {
    let number = |i: usize| {
        std::env::args()
            .nth(i)
            .and_then(|argument| argument.parse::<u64>().ok())
    };
    let count = number(1).unwrap_or(20_000) as usize;
    let mut rng = CountingRng(number(2).unwrap_or(1) << 32);
    let rng = &mut rng;
    println!("| secret | fixed, random | mean ns | largest absolute t | of the quickest | t of all |");
    println!("|---|---|---|---|---|---|");
    let random = |rng: &mut CountingRng, _| bytes::<32>(rng);
    let fixed_or_random = |rng: &mut CountingRng, fixed: bool| match (fixed, bytes::<32>(rng)) {
        (true, _) => FIXED,
        (false, random) => random,
    };
    tell(
        "control: as many steps as bits are set",
        measure(count, rng, fixed_or_random, count_bits),
    );
    tell(
        "control: random in both classes",
        measure(count, rng, random, count_bits),
    );
    tell(
        "SM2 signing: key and digest, and so the nonce",
        measure(
            count,
            rng,
            |rng, fixed| signing_key(&fixed_or_random(rng, fixed)),
            |(key, e)| {
                let _ = black_box(key.sign_digest(e));
            },
        ),
    );
    tell(
        "SM2 public key of a private one",
        measure(count, rng, fixed_or_random, |d| {
            drop(black_box(SigningKey::from_bytes(d)))
        }),
    );
    tell(
        "SM2 decryption: key",
        measure(
            count,
            rng,
            |rng, fixed| ciphertext(&fixed_or_random(rng, fixed)),
            decrypt,
        ),
    );
    tell(
        "SM4-GCM, 64 bytes, four times: key and plaintext",
        measure(count, rng, fixed_or_random, gcm),
    );
    tell(
        "SM4-CBC, 64 bytes: key and plaintext",
        measure(count, rng, fixed_or_random, |secret| {
            let (key, _) = halves(secret);
            drop(black_box(sm4::cbc_encrypt(key, &[2; 16], &[*secret; 2].concat())));
        }),
    );
}

/// Any number below n: that of GB/T 32918.5-2017 annex A.
const FIXED: [u8; 32] = *b"\x39\x45\x20\x8f\x7b\x21\x44\xb1\x3f\x36\xe3\x8a\xc6\xd3\x9f\x95\
\x88\x93\x93\x69\x28\x60\xb5\x1a\x42\xfb\x81\xef\x4d\xf7\xc5\xb8";

fn bytes<const N: usize>(rng: &mut CountingRng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

fn count_bits(secret: &[u8; 32]) {
    for byte in secret {
        let mut rest = *byte;
        while black_box(rest) != 0 {
            rest &= rest - 1;
        }
    }
}

fn signing_key(secret: &[u8; 32]) -> (SigningKey, Digest) {
    let key = SigningKey::from_bytes(&below_n(secret)).expect("a number below n");
    (key, gm::sm3(secret))
}

/// The randomness of encrypting is always the same, and so is the point of the ciphertext, which is public.
fn ciphertext(secret: &[u8; 32]) -> (DecryptionKey, Ciphertext) {
    let key = DecryptionKey::from_bytes(&below_n(secret)).expect("a number below n");
    let ciphertext = key
        .public_key()
        .encrypt(&[7; 40], &mut CountingRng(1))
        .expect("not empty");
    (key, ciphertext)
}

fn decrypt((key, ciphertext): &(DecryptionKey, Ciphertext)) {
    drop(black_box(key.decrypt(ciphertext)));
}

fn gcm(secret: &[u8; 32]) {
    let (key, half) = halves(secret);
    for _ in 0..4 {
        drop(black_box(sm4::seal(
            key,
            &[2; 12],
            b"",
            [*half; 4].as_flattened(),
        )));
    }
}

fn halves(secret: &[u8; 32]) -> (&[u8; 16], &[u8; 16]) {
    let [key, half] = secret.as_chunks().0 else {
        unreachable!("32 bytes are twice 16")
    };
    (key, half)
}

fn below_n(secret: &[u8; 32]) -> [u8; 32] {
    let mut number = *secret;
    number[0] &= 0x7f;
    number
}

/// Nanoseconds with the fixed secret, and with random ones.
fn measure<T>(
    count: usize,
    rng: &mut CountingRng,
    mut prepare: impl FnMut(&mut CountingRng, bool) -> T,
    work: impl Fn(&T),
) -> [Vec<f64>; 2] {
    let mut times = [vec![], vec![]];
    while times[0].len() + times[1].len() < count {
        let inputs: Vec<(bool, T)> = (0..BATCH)
            .map(|_| {
                let fixed = bytes::<1>(rng)[0] & 1 == 0;
                (fixed, prepare(rng, fixed))
            })
            .collect();
        // The first ones of a batch find cold caches.
        inputs[..10].iter().for_each(|(_, input)| work(input));
        for (fixed, input) in &inputs[10..] {
            let begin = now();
            work(black_box(input));
            times[usize::from(!fixed)].push(now() - begin);
        }
    }
    times
}

fn now() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

fn tell(name: &str, times: [Vec<f64>; 2]) {
    let mut all: Vec<f64> = times.concat();
    all.sort_by(f64::total_cmp);
    let t_of = |part: f64| {
        let longest = all[((all.len() as f64 * part) as usize).clamp(1, all.len()) - 1];
        let [fixed, random] = times
            .each_ref()
            .map(|times| statistics(times.iter().copied().filter(|time| *time <= longest)));
        (
            part,
            (fixed.mean - random.mean) / (fixed.error + random.error).sqrt(),
        )
    };
    let values = PARTS.map(t_of);
    let (part, largest) = values
        .into_iter()
        .max_by(|(_, a), (_, b)| a.abs().total_cmp(&b.abs()))
        .expect("six parts");
    let counts = times.each_ref().map(Vec::len);
    println!(
        "| {name} | {}, {} | {:.0} | {:.2}{} | {:.1} % | {:.2} |",
        counts[0],
        counts[1],
        statistics(all.iter().copied()).mean,
        largest.abs(),
        if largest.abs() > T_MAX { " (differs)" } else { "" },
        part * 100.0,
        values[PARTS.len() - 1].1,
    );
}

struct Statistics {
    mean: f64,
    /// The variance of the mean.
    error: f64,
}

fn statistics(times: impl Iterator<Item = f64>) -> Statistics {
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for time in times {
        count += 1.0;
        let distance = time - mean;
        mean += distance / count;
        squares += distance * (time - mean);
    }
    Statistics {
        mean,
        error: squares / (count - 1.0) / count,
    }
}
