//! One-time codes of an authenticator (RFC 6238: SHA-1, 30 seconds, 6 digits), each of which serves once.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha1::Sha1;

/// Bytes of a secret (RFC 4226 §4 recommends 160 bits).
pub(crate) const SECRET_BYTES: usize = 20;
/// Seconds of a step.
const STEP_SECONDS: i64 = 30;
/// Steps before and after the present one that are taken, for clocks that differ (RFC 6238 §5.2).
const STEPS_AROUND: i64 = 1;
/// Digits of a code.
const DIGITS: usize = 6;

/// The step whose code this is, if it is one of now and later than the last one used.
pub(crate) fn accepted_step(secret: &[u8], code: &str, now: Timestamp, last_used: i64) -> Option<i64> {
    if code.len() != DIGITS {
        return None;
    }
    let present = now.as_second().div_euclid(STEP_SECONDS);
    let steps = present - STEPS_AROUND..=present + STEPS_AROUND;
    let mut unused = steps.filter(|step| *step > last_used);
    unused.find(|step| code_at(secret, *step) == code)
}

fn code_at(secret: &[u8], step: i64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("HMAC takes any key");
    mac.update(&step.to_be_bytes());
    let digest: [u8; 20] = mac.finalize().into_bytes().into();
    // Dynamic truncation (RFC 4226 §5.3): the low half of the last byte says where the four bytes begin.
    let start = usize::from(digest[19] & 0xf);
    let bytes = [
        digest[start],
        digest[start + 1],
        digest[start + 2],
        digest[start + 3],
    ];
    let number = (u32::from_be_bytes(bytes) & 0x7fff_ffff) % 1_000_000;
    format!("{number:06}")
}

/// What an authenticator reads as a QR code; `account` is of letters, digits, dots, hyphens and underscores.
pub(crate) fn address(secret: &[u8], account: &str) -> String {
    format!(
        "otpauth://totp/Yinxin:{account}?secret={}&issuer=Yinxin",
        base32(secret)
    )
}

/// RFC 4648 §6 without padding, as authenticators want it.
fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    for chunk in bytes.chunks(5) {
        let mut group = [0; 8];
        group[3..3 + chunk.len()].copy_from_slice(chunk);
        let group = u64::from_be_bytes(group);
        let digits = (chunk.len() * 8).div_ceil(5);
        let digit = |place: usize| ALPHABET[(group >> (35 - 5 * place)) as usize & 31];
        text.extend((0..digits).map(|place| char::from(digit(place))));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// RFC 6238 appendix B, the last six of its eight digits.
    #[test]
    fn vectors_of_rfc_6238() {
        let vectors = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (second, code) in vectors {
            assert_eq!(accepted_step(SECRET, code, at(second), 0), Some(second / 30));
        }
    }

    #[test]
    fn neighbours_in_time_are_taken_and_others_not() {
        let code = code_at(SECRET, 100);
        for (second, taken) in [
            (2969, false),
            (2970, true),
            (3029, true),
            (3059, true),
            (3060, false),
        ] {
            assert_eq!(
                accepted_step(SECRET, &code, at(second), 0).is_some(),
                taken,
                "{second}"
            );
        }
    }

    #[test]
    fn a_code_serves_once() {
        let code = code_at(SECRET, 100);
        assert_eq!(accepted_step(SECRET, &code, at(3000), 99), Some(100));
        assert_eq!(accepted_step(SECRET, &code, at(3000), 100), None);
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for code in ["", "28708", "2870822", " 287082", "２８７０８２"] {
            assert_eq!(accepted_step(SECRET, code, at(59), 0), None);
        }
    }

    /// RFC 4648 §10.
    #[test]
    fn base32_vectors() {
        let vectors = [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
        ];
        for (bytes, text) in vectors
            .into_iter()
            .chain([("fooba", "MZXW6YTB"), ("foobar", "MZXW6YTBOI")])
        {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }
}
