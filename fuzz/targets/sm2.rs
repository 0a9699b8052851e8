//! SM2 beside RustCrypto: keys, signatures, verdicts, points, ciphertexts. Both say the same of any numbers.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/gm/tests/it/oracle.rs"]
#[allow(dead_code, reason = "the other target uses the rest")]
mod oracle;
#[path = "../../crates/gm/tests/it/rng.rs"]
mod rng;

/// Private key, digest, r and s, then what is asked of these and of the rest.
fn numbers(data: &[u8]) -> Option<(&[[u8; 32]; 4], u8, &[u8])> {
    let (numbers, rest) = data.split_at_checked(128)?;
    let (what, rest) = rest.split_first()?;
    Some((numbers.as_chunks().0.try_into().ok()?, *what, rest))
}

fuzz_target!(|data: &[u8]| {
    oracle::point(data);
    let _ = (gm::Signature::read(data), gm::Ciphertext::from_der(data));
    let Some(([d, e, r, s], what, rest)) = numbers(data) else {
        return;
    };
    oracle::point(&[&[what % 8][..], r, s].concat());
    oracle::point(&[&[2 + what % 2][..], r].concat());
    let Some(pair) = oracle::Pair::new(d) else { return };
    let raw: [u8; 64] = [*r, *s].as_flattened().try_into().expect("64 bytes");
    match what % 4 {
        0 => {
            let signature = pair.sign(e);
            assert!(pair.verdict(e, &signature));
            assert_eq!(pair.verdict(r, &signature), e == r);
        }
        1 => drop(pair.verdict(e, &raw)),
        2 => {
            // One byte of an honest signature differs.
            let mut altered = pair.sign(e);
            altered[usize::from(r[0] % 64)] ^= r[1].max(1);
            assert!(!pair.verdict(e, &altered));
        }
        _ if rest.is_empty() => {}
        _ => {
            pair.decrypt(rest);
            pair.messages(&rest[..rest.len().min(200)], &mut rng::CountingRng(u64::from(what)));
        }
    }
});
