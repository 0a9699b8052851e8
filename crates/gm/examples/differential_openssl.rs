//! Random operations beside OpenSSL's until told to stop: `differential_openssl OPERATIONS [SEED]`.
//!
//! Compiles `openssl.c` with `cc` and the headers of OpenSSL 3 (Debian: libssl-dev) and asks that program; each
//! compared result counts as one operation. OpenSSL's SM2 takes nearly a millisecond, so most are digests and SM4.

#![expect(clippy::print_stdout, reason = "progress is what this program is for")]

use std::collections::BTreeMap;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use gm::{Ciphertext, DecryptionKey, Digest, Signature, Signer as _, SigningKey, Verifier as _, sm4};
use rand_core::Rng as _;

#[path = "../tests/it/rng.rs"]
mod rng;

use rng::CountingRng;

fn main() {
    let number = |i: usize| {
        std::env::args()
            .nth(i)
            .and_then(|argument| argument.parse::<u64>().ok())
    };
    let wanted = number(1).unwrap_or(1_000);
    let mut rng = CountingRng(number(2).unwrap_or(1) << 32);
    let mut openssl = OpenSsl::start();
    let mut counts = BTreeMap::<&str, u64>::new();
    while counts.values().sum::<u64>() < wanted {
        let mut add = |kind, count: u64| *counts.entry(kind).or_default() += count;
        add("SM2 operations", sm2(&mut openssl, &mut rng));
        for _ in 0..20 {
            let data = bytes(&mut rng, 300);
            openssl.ask(b"h", &[], Some(&data));
            assert_eq!(openssl.take::<32>(), gm::sm3(&data).0, "{data:02x?}");
            modes(&mut openssl, &mut rng, &data);
        }
        add("digests", 20);
        add("SM4 messages", 40);
    }
    for (kind, count) in &counts {
        println!("{count:>9} {kind}");
    }
    println!(
        "{:>9} operations agree; nothing else was found",
        counts.values().sum::<u64>()
    );
    openssl.child.kill().expect("our own process");
}

/// With one key: signatures in both directions, altered ones, messages in both directions, an altered one.
fn sm2(openssl: &mut OpenSsl, rng: &mut CountingRng) -> u64 {
    let d = number(rng);
    let key = SigningKey::from_bytes(&d).expect("a number below n");
    let public = key.public_key();
    let sec1 = public.to_sec1();
    for e in [number(rng), edgy(rng)] {
        let signature = key.sign_digest(&Digest(e)).expect("a key in memory").to_der();
        assert!(
            openssl.verifies(&sec1, &e, &signature),
            "key {d:02x?} digest {e:02x?}"
        );
        let mut other = e;
        other[usize::from(byte(rng) % 32)] ^= byte(rng).max(1);
        assert!(
            !openssl.verifies(&sec1, &other, &signature),
            "key {d:02x?} digest {other:02x?}"
        );
        openssl.ask(b"s", &[&d, &sec1, &e], None);
        let theirs = openssl.take_long();
        let theirs = Signature::from_der(&theirs).expect("DER");
        assert_eq!(
            public.verify_digest(&Digest(e), &theirs),
            Ok(()),
            "key {d:02x?} digest {e:02x?} {theirs:?}"
        );
        assert!(
            public.verify_digest(&Digest(other), &theirs).is_err(),
            "key {d:02x?} {theirs:?}"
        );
    }
    let decrypting = DecryptionKey::from_bytes(&d).expect("a number below n");
    let message = [&[byte(rng)][..], &bytes(rng, 100)].concat();
    let encrypted = public.encrypt(&message, rng).expect("not empty").to_der();
    openssl.ask(b"d", &[&d, &sec1], Some(&encrypted));
    assert_eq!(
        openssl.take_long(),
        message,
        "key {d:02x?} ciphertext {encrypted:02x?}"
    );
    openssl.ask(b"e", &[&sec1], Some(&message));
    let theirs = openssl.take_long();
    let opened = Ciphertext::from_der(&theirs).and_then(|ciphertext| decrypting.decrypt(&ciphertext));
    assert_eq!(
        opened.ok().as_deref(),
        Some(&message),
        "key {d:02x?} ciphertext {theirs:02x?}"
    );
    10
}

fn modes(openssl: &mut OpenSsl, rng: &mut CountingRng, data: &[u8]) {
    let (key, iv) = (half(rng), half(rng));
    openssl.ask(b"c", &[&key, &iv], Some(data));
    let mut masked = data.to_vec();
    sm4::ctr(&key, &iv, &mut masked);
    assert_eq!(
        openssl.take_long(),
        masked,
        "CTR, key {key:02x?} counter {iv:02x?} data {data:02x?}"
    );
    openssl.ask(b"b", &[&key, &iv], Some(data));
    let encrypted = sm4::cbc_encrypt(&key, &iv, data);
    assert_eq!(
        openssl.take_long(),
        encrypted,
        "CBC, key {key:02x?} IV {iv:02x?} data {data:02x?}"
    );
}

struct OpenSsl {
    child: Child,
    requests: BufWriter<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl OpenSsl {
    fn start() -> Self {
        let program = std::env::temp_dir().join(format!("yinxin-openssl-{}", std::process::id()));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/openssl.c");
        let compiled = Command::new("cc")
            .args(["-O2", "-o"])
            .arg(&program)
            .args([source, "-lcrypto"])
            .status();
        assert!(
            compiled.is_ok_and(|status| status.success()),
            "needs cc and libssl-dev"
        );
        let mut child = Command::new(&program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program just made");
        std::fs::remove_file(&program).expect("our own file");
        let requests = BufWriter::new(child.stdin.take().expect("it is piped"));
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        Self {
            child,
            requests,
            answers,
        }
    }

    fn ask(&mut self, what: &[u8; 1], fields: &[&[u8]], last: Option<&[u8]>) {
        let length = last.map_or(vec![], |last| (last.len() as u16).to_be_bytes().to_vec());
        let request = [&what[..], &fields.concat(), &length, last.unwrap_or_default()].concat();
        self.requests
            .write_all(&request)
            .expect("OpenSSL's program reads");
        self.requests.flush().expect("OpenSSL's program reads");
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.answers
            .read_exact(&mut bytes)
            .expect("OpenSSL's program answers");
        bytes
    }

    fn take_long(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; usize::from(u16::from_be_bytes(self.take()))];
        self.answers
            .read_exact(&mut bytes)
            .expect("OpenSSL's program answers");
        bytes
    }

    fn verifies(&mut self, public: &[u8; 65], e: &[u8; 32], signature: &[u8]) -> bool {
        self.ask(b"v", &[public, e], Some(signature));
        self.take() == [1]
    }
}

/// 32 bytes with words of zeros and ones among random ones.
fn edgy(rng: &mut CountingRng) -> [u8; 32] {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    for word in bytes.as_chunks_mut::<4>().0 {
        match byte(rng) % 4 {
            0 => *word = [0; 4],
            1 => *word = [0xff; 4],
            _ => {}
        }
    }
    bytes
}

/// As `edgy`, below n and not zero.
fn number(rng: &mut CountingRng) -> [u8; 32] {
    let mut number = edgy(rng);
    number[0] &= 0x7f;
    number[31] |= 1;
    number
}

fn half(rng: &mut CountingRng) -> [u8; 16] {
    *edgy(rng).first_chunk().expect("16 of 32")
}

fn bytes(rng: &mut CountingRng, more: usize) -> Vec<u8> {
    let mut bytes = vec![0; usize::from(u16::from_le_bytes([byte(rng), byte(rng)])) % more];
    rng.fill_bytes(&mut bytes);
    bytes
}

fn byte(rng: &mut CountingRng) -> u8 {
    let mut byte = [0];
    rng.fill_bytes(&mut byte);
    byte[0]
}
