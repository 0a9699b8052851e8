//! Computes with marked secrets, so that valgrind reports every branch and every address that depends on one.
//!
//! `ct WHAT` runs one operation; `ct` alone lists them. Secrets are marked as undefined memory; gm says which
//! values become public (its feature `constant-time-check`). The operations named `control-…` leak on purpose:
//! a checker that does not report them checks nothing.

#![expect(clippy::print_stdout, reason = "a list for the script")]

use std::convert::Infallible;
use std::hint::black_box;
use std::process::ExitCode;

use gm::{Ciphertext, DecryptionKey, Digest, Signer as _, SigningKey, sm4};
use rand_core::{TryCryptoRng, TryRng};

const OPERATIONS: [(&str, fn()); 14] = [
    ("sm2-key", sm2_key),
    ("sm2-generate", sm2_generate),
    ("sm2-sign", sm2_sign),
    ("sm2-sign-hedged", sm2_sign_hedged),
    ("sm2-encrypt", sm2_encrypt),
    ("sm2-decrypt", sm2_decrypt),
    ("sm2-sign-portable", || portable(sm2_sign)),
    ("sm2-decrypt-portable", || portable(sm2_decrypt)),
    ("sm4-gcm", sm4_gcm),
    ("sm4-gcm-portable", || portable(sm4_gcm)),
    ("sm4-modes", sm4_modes),
    ("sm4-modes-portable", || portable(sm4_modes)),
    ("control-branch", control_branch),
    ("control-index", control_index),
];

fn main() -> ExitCode {
    let Some(wanted) = std::env::args().nth(1) else {
        OPERATIONS.iter().for_each(|(name, _)| println!("{name}"));
        return ExitCode::SUCCESS;
    };
    let Some((_, operation)) = OPERATIONS.iter().find(|(name, _)| *name == wanted) else {
        eprintln!("ct: error: there is no operation {wanted}");
        return ExitCode::from(2);
    };
    if request(RUNNING_ON_VALGRIND, 0, 0) == 0 {
        eprintln!("ct: error: this checks nothing outside of valgrind\nhint: script/constant-time");
        return ExitCode::from(2);
    }
    gm::constant_time::on_publish(|words| {
        request(MAKE_MEM_DEFINED, words.as_ptr() as usize, size_of_val(words));
    });
    operation();
    ExitCode::SUCCESS
}

/// The private key of GB/T 32918.5-2017 annex A.
const KEY: [u8; 32] = *b"\x39\x45\x20\x8f\x7b\x21\x44\xb1\x3f\x36\xe3\x8a\xc6\xd3\x9f\x95\
\x88\x93\x93\x69\x28\x60\xb5\x1a\x42\xfb\x81\xef\x4d\xf7\xc5\xb8";

fn sm2_key() {
    black_box(SigningKey::from_bytes(&secret(KEY)).is_ok());
}

fn sm2_generate() {
    black_box(SigningKey::generate(&mut SecretRng(1)));
}

fn sm2_sign() {
    let key = SigningKey::from_bytes(&secret(KEY)).expect("a private key");
    for message in 0..3u8 {
        let e = Digest([message; 32]);
        let _ = black_box(key.sign_digest(&e).map(|signature| signature.to_der()));
    }
}

fn sm2_sign_hedged() {
    let key = SigningKey::from_bytes(&secret(KEY)).expect("a private key");
    let key = key.hedged(&mut SecretRng(1));
    let _ = black_box(
        key.sign_digest(&Digest([7; 32]))
            .map(|signature| signature.to_der()),
    );
}

fn sm2_encrypt() {
    let key = SigningKey::from_bytes(&KEY).expect("a private key");
    let message = secret([7; 40]);
    let _ = black_box(key.public_key().encrypt(&message[..], &mut SecretRng(1)));
}

fn sm2_decrypt() {
    let public = DecryptionKey::from_bytes(&KEY).expect("a private key");
    let ciphertext = public
        .public_key()
        .encrypt(&[7; 40], &mut SecretRng(1))
        .expect("not empty")
        .to_raw();
    let ciphertext = Ciphertext::from_raw(&defined(ciphertext)).expect("just made");
    let key = DecryptionKey::from_bytes(&secret(KEY)).expect("a private key");
    black_box(key.decrypt(&ciphertext).is_ok());
}

/// 1700 bytes are more than any way has on its way at once; 30 are less.
fn sm4_gcm() {
    let key = secret([7; 16]);
    for bytes in [30, 1700] {
        let plaintext = secret([5; 1700]);
        let sealed = sm4::seal(&key, &[1; 12], b"additional", &plaintext[..bytes]);
        // The tag's comparison tells only whether it is right.
        black_box(sm4::open(&key, &[1; 12], b"additional", &defined(sealed)).is_ok());
    }
}

fn sm4_modes() {
    let key = secret([7; 16]);
    for bytes in [30, 1700] {
        let mut data = secret([5; 1700]);
        sm4::ctr(&key, &[1; 16], &mut data[..bytes]);
        let encrypted = sm4::cbc_encrypt(&key, &[1; 16], &data[..bytes]);
        black_box(sm4::cbc_decrypt(&key, &[1; 16], &defined(encrypted)).is_ok());
    }
}

fn portable(operation: fn()) {
    gm::constant_time::use_only_portable();
    operation();
}

fn control_branch() {
    if black_box(secret([1]))[0] == 1 {
        black_box(0);
    }
}

fn control_index() {
    let table: [u8; 256] = std::array::from_fn(|i| i as u8);
    black_box(black_box(table)[usize::from(black_box(secret([1]))[0])]);
}

/// The same bytes, marked as secret.
fn secret<const N: usize>(bytes: [u8; N]) -> Box<[u8; N]> {
    let bytes = black_box(Box::new(bytes));
    request(MAKE_MEM_UNDEFINED, bytes.as_ptr() as usize, N);
    bytes
}

/// The same bytes, marked as public.
fn defined(bytes: Vec<u8>) -> Vec<u8> {
    let bytes = black_box(bytes);
    request(MAKE_MEM_DEFINED, bytes.as_ptr() as usize, bytes.len());
    bytes
}

/// Secret randomness.
struct SecretRng(u8);

impl TryRng for SecretRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|word| word as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes.iter_mut() {
            self.0 = self.0.wrapping_mul(5).wrapping_add(1);
            *byte = self.0;
        }
        request(MAKE_MEM_UNDEFINED, bytes.as_ptr() as usize, bytes.len());
        Ok(())
    }
}

impl TryCryptoRng for SecretRng {}

/// Client requests of valgrind.h and memcheck.h.
const RUNNING_ON_VALGRIND: usize = 0x1001;
const MAKE_MEM_UNDEFINED: usize = 0x4d43_0001;
const MAKE_MEM_DEFINED: usize = 0x4d43_0002;

/// Asks valgrind to do something with memory; outside of it, returns zero and does nothing.
fn request(code: usize, address: usize, bytes: usize) -> usize {
    let arguments = [code, address, bytes, 0, 0, 0];
    let mut result = 0usize;
    // SAFETY: the sequence rotates rdi by 128 bits in all and exchanges rbx with itself, which changes nothing;
    // valgrind recognises it, reads the six words at rax and writes rdx. Marking changes no value.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx",
            inout("rdx") result, in("rax") &arguments, options(nostack),
        );
    }
    result
}
