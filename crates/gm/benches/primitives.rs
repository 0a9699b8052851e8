//! Our SM2, SM3 and SM4 beside RustCrypto's, libgcrypt's and OpenSSL's, in turns of one run, with the ratios.
//! The libraries in C are asked by `rivals.c`, where `cc`, libgcrypt20-dev and libssl-dev are installed.
//!
//! `cargo bench -p gm --bench primitives` prints the table of docs/benchmarks.md. Medians of the thread's CPU
//! time: a shared machine makes the time on the wall useless. Only the ratios are comparable between runs.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::collections::HashMap;
use std::fs;
use std::hint::black_box;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use aes_gcm::KeyInit as _;
use aes_gcm::aead::Aead as _;
use gm::{Digest, PublicKey, Signature, Signer as _, SigningKey, Verifier as _};
use signature::hazmat::{PrehashSigner as _, PrehashVerifier as _};
use sm4::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _};

/// Rounds over all rows, each in about a millisecond of its own.
const ROUNDS: usize = 30;

/// More keys than the process remembers, so that each is new whenever it comes.
const FRESH_KEYS: usize = 600;

const E: Digest = Digest([7; 32]);

type Work = Box<dyn FnMut()>;

struct Row {
    name: &'static str,
    ours: Work,
    theirs: Work,
    times: [Vec<Duration>; 2],
}

fn main() {
    let mut rows = vec![
        sign(),
        verify_known(),
        verify_fresh(),
        generate(),
        sm3_single(),
        sm3_side_by_side(),
        sm4_gcm(1 << 20, "SM4-GCM, 1 MiB"),
        sm4_gcm(64, "SM4-GCM, 64 bytes"),
        sm4_ctr(),
        sm4_cbc_decrypt(),
    ];
    let mut rivals = Rivals::compile();
    for round in 0..ROUNDS {
        for row in &mut rows {
            let [ours, theirs] = &mut row.times;
            ours.push(time(&mut row.ours));
            theirs.push(time(&mut row.theirs));
        }
        if round % 10 == 5 {
            rivals.iter_mut().for_each(Rivals::run);
        }
    }
    println!("| operation | ours | RustCrypto | ratio | libgcrypt | ratio | OpenSSL | ratio |");
    println!("|---|---|---|---|---|---|---|---|");
    for row in &mut rows {
        let [ours, theirs] = row.times.each_mut().map(|times| median(times));
        let mut line = format!("| {} | {:.1} µs |", row.name, micros(ours));
        let of_c = |library| rivals.as_mut().and_then(|rivals| rivals.time(library, row.name));
        for time in [Some(theirs)]
            .into_iter()
            .chain(["libgcrypt", "OpenSSL"].map(of_c))
        {
            line += &time.map_or(" – | – |".into(), |time| {
                format!(" {:.1} µs | {:.2} × |", micros(time), micros(time) / micros(ours))
            });
        }
        println!("{line}");
    }
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e3
}

/// What the program `rivals.c` said: the name of a library and a row, and its times.
struct Rivals {
    program: PathBuf,
    times: HashMap<String, Vec<Duration>>,
}

impl Rivals {
    fn compile() -> Option<Self> {
        let program = std::env::temp_dir().join(format!("yinxin-rivals-{}", std::process::id()));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/rivals.c");
        let mut compiler = Command::new("cc");
        compiler
            .args(["-O2", "-o"])
            .arg(&program)
            .args([source, "-lgcrypt", "-lcrypto"]);
        let compiled = compiler.stderr(Stdio::null()).status();
        if !compiled.is_ok_and(|status| status.success()) {
            println!("SKIPPED: libgcrypt and OpenSSL; needs cc, libgcrypt20-dev and libssl-dev\n");
            return None;
        }
        let times = HashMap::new();
        Some(Self { program, times })
    }

    fn run(&mut self) {
        let output = Command::new(&self.program)
            .output()
            .expect("the program just made");
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let (name, nanoseconds) = line.rsplit_once(' ').expect("a name and a number");
            let time = Duration::from_nanos(nanoseconds.parse().expect("a number"));
            self.times.entry(name.to_owned()).or_default().push(time);
        }
    }

    fn time(&mut self, library: &str, row: &str) -> Option<Duration> {
        self.times
            .get_mut(&format!("{library}/{row}"))
            .map(|times| median(times))
    }
}

impl Drop for Rivals {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.program);
    }
}

fn row(name: &'static str, ours: impl FnMut() + 'static, theirs: impl FnMut() + 'static) -> Row {
    Row {
        name,
        ours: Box::new(ours),
        theirs: Box::new(theirs),
        times: Default::default(),
    }
}

fn key(seed: usize) -> SigningKey {
    SigningKey::from_bytes(&gm::sm3(&seed.to_be_bytes()).0).expect("a number below n")
}

fn their_key(key: &SigningKey) -> sm2::dsa::SigningKey {
    sm2::dsa::SigningKey::from_slice("", &key.to_bytes()[..]).expect("the same number")
}

fn sign() -> Row {
    let ours = key(1);
    let theirs = their_key(&ours);
    row(
        "SM2 sign",
        move || {
            let _ = black_box(ours.sign_digest(black_box(&E)));
        },
        move || drop(black_box(theirs.sign_prehash(black_box(&E.0)))),
    )
}

fn verify_known() -> Row {
    let key = key(1);
    let signature = key.sign_digest(&E).expect("a key in memory");
    let theirs = their_key(&key).verifying_key().clone();
    let their_signature = sm2::dsa::Signature::from_slice(&signature.to_raw()).expect("a signature");
    row(
        "SM2 verify, known key",
        move || key.public_key().verify_digest(&E, &signature).expect("it holds"),
        move || theirs.verify_prehash(&E.0, &their_signature).expect("it holds"),
    )
}

fn verify_fresh() -> Row {
    let cases: Vec<([u8; 65], Signature)> = (2..2 + FRESH_KEYS)
        .map(|seed| {
            let key = key(seed);
            (
                key.public_key().to_sec1(),
                key.sign_digest(&E).expect("a key in memory"),
            )
        })
        .collect();
    let (mut next, theirs) = (0, cases.clone());
    let mut their_next = 0;
    row(
        "SM2 verify, fresh key from 65 bytes",
        move || {
            next = (next + 1) % cases.len();
            let (key, signature) = &cases[next];
            let key = PublicKey::from_sec1(key).expect("a point");
            key.verify_digest(&E, signature).expect("it holds");
        },
        move || {
            their_next = (their_next + 1) % theirs.len();
            let (key, signature) = &theirs[their_next];
            let key = sm2::dsa::VerifyingKey::from_sec1_bytes("1234567812345678", key).expect("a point");
            let signature = sm2::dsa::Signature::from_slice(&signature.to_raw()).expect("a signature");
            key.verify_prehash(&E.0, &signature).expect("it holds");
        },
    )
}

fn generate() -> Row {
    let bytes = gm::sm3(b"a private key").0;
    row(
        "SM2 key from 32 bytes",
        move || drop(black_box(SigningKey::from_bytes(black_box(&bytes)))),
        move || {
            drop(black_box(sm2::dsa::SigningKey::from_slice(
                "1234567812345678",
                black_box(&bytes),
            )))
        },
    )
}

fn sm3_single() -> Row {
    let message = vec![7; 64 << 10];
    let theirs = message.clone();
    row(
        "SM3, one message of 64 KiB",
        move || {
            black_box(gm::sm3(black_box(&message)));
        },
        move || {
            black_box(<sm3::Sm3 as sm3::Digest>::digest(black_box(&theirs)));
        },
    )
}

fn sm3_side_by_side() -> Row {
    let messages = vec![vec![7; 64 << 10]; 16];
    let theirs = messages.clone();
    row(
        "SM3, 16 messages of 64 KiB",
        move || {
            let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
            black_box(gm::sm3_many(black_box(&messages)));
        },
        move || {
            for message in &theirs {
                black_box(<sm3::Sm3 as sm3::Digest>::digest(black_box(message)));
            }
        },
    )
}

fn sm4_gcm(bytes: usize, name: &'static str) -> Row {
    let message = vec![7; bytes];
    let theirs = message.clone();
    row(
        name,
        move || {
            drop(black_box(gm::sm4::seal(
                &[1; 16],
                &[2; 12],
                b"",
                black_box(&message),
            )))
        },
        move || {
            let cipher = aes_gcm::AesGcm::<sm4::Sm4, sm4::cipher::consts::U12>::new(&[1; 16].into());
            drop(black_box(cipher.encrypt(&[2; 12].into(), black_box(&theirs[..]))));
        },
    )
}

fn sm4_ctr() -> Row {
    let mut message = vec![7; 1 << 20];
    let mut theirs = message.clone();
    row(
        "SM4-CTR, 1 MiB",
        move || gm::sm4::ctr(&[1; 16], &[2; 16], black_box(&mut message)),
        move || {
            let cipher = sm4::Sm4::new(&[1; 16].into());
            for (counter, chunk) in (1u128..).zip(black_box(&mut theirs).as_chunks_mut::<16>().0) {
                let mut mask = counter.to_be_bytes().into();
                cipher.encrypt_block(&mut mask);
                chunk.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
            }
        },
    )
}

fn sm4_cbc_decrypt() -> Row {
    let encrypted = gm::sm4::cbc_encrypt(&[1; 16], &[2; 16], &vec![7; 1 << 20]);
    let theirs = encrypted.clone();
    row(
        "SM4-CBC decryption, 1 MiB",
        move || {
            drop(black_box(gm::sm4::cbc_decrypt(
                &[1; 16],
                &[2; 16],
                black_box(&encrypted),
            )))
        },
        move || {
            let cipher = sm4::Sm4::new(&[1; 16].into());
            let mut plain = black_box(&theirs).clone();
            let mut previous = [2; 16];
            for block in plain.as_chunks_mut::<16>().0 {
                let encrypted = *block;
                let mut state = encrypted.into();
                cipher.decrypt_block(&mut state);
                *block = std::array::from_fn(|i| state[i] ^ previous[i]);
                previous = encrypted;
            }
            black_box(plain);
        },
    )
}

/// For one call, measured over about a millisecond.
fn time(work: &mut Work) -> Duration {
    let mut calls = 1;
    loop {
        let begin = cpu_time();
        (0..calls).for_each(|_| work());
        let elapsed = cpu_time() - begin;
        if elapsed > Duration::from_micros(800) {
            return elapsed / calls;
        }
        calls *= 2;
    }
}

fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}
