//! SM4 against OpenSSL's program, where it is installed.

use std::io::Write as _;
use std::process::{Command, Stdio};

use gm::sm4;

/// Runs `openssl enc`; `None` when there is no program that knows SM4, which is said.
fn enc(mode: &str, key: &[u8; 16], iv: &[u8; 16], input: &[u8]) -> Option<Vec<u8>> {
    let hex = |bytes: &[u8; 16]| bytes.map(|byte| format!("{byte:02x}")).concat();
    let mut command = Command::new("openssl");
    command.args(["enc", mode, "-K", &hex(key), "-iv", &hex(iv)]);
    let started = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let output = started.and_then(|mut child| {
        child.stdin.take().unwrap().write_all(input)?;
        child.wait_with_output()
    });
    match output {
        Ok(output) if output.status.success() => Some(output.stdout),
        _ => {
            eprintln!("SKIPPED: no openssl that knows {mode}");
            None
        }
    }
}

#[test]
fn ctr_and_cbc_are_those_of_openssl() {
    for length in [0, 1, 15, 16, 17, 255, 1023, 1024, 1025, 5000] {
        let block = |part: u8| *gm::sm3(&[length as u8, part]).0.first_chunk().unwrap();
        let (key, iv): ([u8; 16], [u8; 16]) = (block(1), block(2));
        let plain: Vec<u8> = (0..length as u32).map(|i| (i * i + 3 * i) as u8).collect();
        let mut masked = plain.clone();
        sm4::ctr(&key, &iv, &mut masked);
        let Some(theirs) = enc("-sm4-ctr", &key, &iv, &plain) else {
            return;
        };
        assert_eq!(masked, theirs, "CTR of {length} bytes");
        let Some(theirs) = enc("-sm4-cbc", &key, &iv, &plain) else {
            return;
        };
        assert_eq!(
            sm4::cbc_encrypt(&key, &iv, &plain),
            theirs,
            "CBC of {length} bytes"
        );
        assert_eq!(*sm4::cbc_decrypt(&key, &iv, &theirs).unwrap(), plain);
    }
}
