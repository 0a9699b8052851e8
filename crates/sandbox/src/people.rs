//! People of the city: invented identities, accounts, sessions, and the codes of their authenticators.

use std::fs;
use std::path::Path;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha1::Sha1;

use crate::failure::Failure;

/// The password that everybody chooses.
pub(crate) const PASSWORD: &str = "Try-me-out-77";
/// The password with which an account is opened.
pub(crate) const FIRST_PASSWORD: &str = "First-given-1";
/// The file of all accounts, in the folder of the city.
pub(crate) const ACCOUNTS: &str = "accounts.json";
/// Seconds for which a code is shown (RFC 6238).
const CODE_SECONDS: i64 = 30;

/// Somebody with an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) account: String,
    pub(crate) password: String,
    /// The person's identifier.
    pub(crate) id: String,
    /// An invented name.
    pub(crate) name: String,
    /// In Chinese and English, for those who look for somebody to sign in as.
    pub(crate) roles: Vec<String>,
    /// The address for authenticators.
    pub(crate) totp: String,
    /// For which thirty seconds the last code was taken: each serves once.
    pub(crate) last_code: i64,
    /// The `Authorization` of the present session.
    #[serde(skip)]
    pub(crate) session: String,
}

impl Person {
    /// The next code that nobody used yet, and from when on it is good.
    pub(crate) fn next_code(&mut self, now: Timestamp) -> (String, Timestamp) {
        let step = (now.as_second() / CODE_SECONDS).max(self.last_code + 1);
        self.last_code = step;
        let from = Timestamp::from_second(step * CODE_SECONDS).unwrap_or(now);
        (code(&self.totp, step), from)
    }
}

/// All accounts of the city.
pub(crate) fn read_accounts(folder: &Path) -> Result<Vec<Person>, Failure> {
    let path = folder.join(ACCOUNTS);
    let bytes = fs::read(&path).map_err(Failure::file(&path))?;
    serde_json::from_slice(&bytes).map_err(|error| Failure::Untrue(format!("{}: {error}", path.display())))
}

/// Keeps them for `sandbox code`.
pub(crate) fn write_accounts(folder: &Path, people: &[Person]) -> Result<(), Failure> {
    let path = folder.join(ACCOUNTS);
    let text = serde_json::to_string_pretty(people).map_err(|error| Failure::Untrue(error.to_string()))?;
    fs::write(&path, text).map_err(Failure::file(&path))
}

/// An identity number that nobody has: region 990100 does not exist; the check digit is sound (GB 11643).
pub(crate) fn identity_number(serial: usize) -> String {
    const WEIGHTS: [usize; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits = format!("99010019900101{serial:03}");
    let values = digits.bytes().map(|digit| usize::from(digit - b'0'));
    let sum: usize = values.zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
    format!("{digits}{}", char::from(b"10X98765432"[sum % 11]))
}

/// The six digits that an authenticator shows for the address that the service gave (RFC 6238).
fn code(address: &str, step: i64) -> String {
    let secret = address.split("secret=").nth(1).unwrap_or_default();
    let secret = base32(secret.split('&').next().unwrap_or_default());
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(&secret) else {
        return String::new();
    };
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let start = usize::from(digest[19] & 15);
    let number = digest[start..start + 4]
        .iter()
        .fold(0u32, |number, byte| number << 8 | u32::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

/// RFC 4648; other characters are left out.
fn base32(text: &str) -> Vec<u8> {
    let (mut bits, mut count, mut bytes) = (0u32, 0, Vec::new());
    for character in text.bytes() {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'2'..=b'7' => character - b'2' + 26,
            _ => continue,
        };
        bits = bits << 5 | u32::from(value);
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_rfc_6238() {
        // Appendix B, with the last six of its eight digits; the secret is 12345678901234567890.
        let address = "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=x";
        for (second, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(address, second / CODE_SECONDS), expected);
        }
    }

    #[test]
    fn a_code_is_never_shown_twice() {
        let mut person: Person = serde_json::from_str(
            r#"{"account":"a","password":"","id":"","name":"","roles":[],"totp":"secret=AA","last_code":0}"#,
        )
        .unwrap();
        let now = Timestamp::from_second(90).unwrap();
        let (_, first) = person.next_code(now);
        let (_, second) = person.next_code(now);
        assert_eq!((first.as_second(), second.as_second()), (90, 120));
    }
}
