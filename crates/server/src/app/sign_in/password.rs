//! Passwords: what one must look like, how it is kept (Argon2id, RFC 9106), and which former ones are refused.

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Fewest characters of a password.
pub(crate) const PASSWORD_CHARS_MIN: usize = 10;
/// Most bytes of a password: more is nobody's, and costs time.
pub(crate) const PASSWORD_BYTES_MAX: usize = 256;
/// Kinds of characters (lower case, upper case, digits, others) that a password must have.
const KINDS_MIN: usize = 3;
/// Characters in a row of the account's name that a password may not contain.
const NAME_CHARS: usize = 4;

/// What checking a password costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cost {
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
}

/// A password as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PasswordHash {
    #[serde(flatten)]
    cost: Cost,
    #[serde(with = "hex::serde")]
    salt: [u8; 16],
    #[serde(with = "hex::serde")]
    hash: [u8; 32],
}

/// Why a password cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordFault {
    /// Fewer than [`PASSWORD_CHARS_MIN`] characters, or more than [`PASSWORD_BYTES_MAX`] bytes.
    Length,
    /// Fewer than three of lower-case letters, upper-case letters, digits and others.
    TooPlain,
    /// It contains four characters in a row of the account's name.
    ContainsName,
    /// It is one of the last ones.
    UsedBefore,
}

impl PasswordHash {
    /// Hashes a password; takes the time and memory of `cost`.
    pub(crate) fn new(password: &str, cost: Cost, salt: [u8; 16]) -> Option<Self> {
        let hash = derive(password, cost, &salt)?;
        Some(Self {
            cost,
            salt,
            hash: *hash,
        })
    }

    /// Is it this password?
    pub(crate) fn matches(&self, password: &str) -> bool {
        password.len() <= PASSWORD_BYTES_MAX
            && derive(password, self.cost, &self.salt).is_some_and(|hash| hash.ct_eq(&self.hash).into())
    }
}

/// Whether an account of this name may have this password, the former ones being `history`.
pub(crate) fn check(password: &str, name: &str, history: &[PasswordHash]) -> Result<(), PasswordFault> {
    if password.len() > PASSWORD_BYTES_MAX || password.chars().count() < PASSWORD_CHARS_MIN {
        return Err(PasswordFault::Length);
    }
    let kinds: [fn(char) -> bool; 4] = [
        |c| c.is_lowercase(),
        |c| c.is_uppercase(),
        |c| c.is_numeric(),
        |c| !c.is_lowercase() && !c.is_uppercase() && !c.is_numeric(),
    ];
    if kinds
        .into_iter()
        .filter(|kind| password.chars().any(kind))
        .count()
        < KINDS_MIN
    {
        return Err(PasswordFault::TooPlain);
    }
    let folded = password.to_lowercase();
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let mut runs = name.windows(NAME_CHARS);
    if runs.any(|run| folded.contains(&run.iter().collect::<String>())) {
        return Err(PasswordFault::ContainsName);
    }
    if history.iter().any(|former| former.matches(password)) {
        return Err(PasswordFault::UsedBefore);
    }
    Ok(())
}

fn derive(password: &str, cost: Cost, salt: &[u8; 16]) -> Option<Zeroizing<[u8; 32]>> {
    let mut hash = Zeroizing::new([0; 32]);
    let params = Params::new(cost.memory_kib, cost.passes, 1, Some(hash.len())).ok()?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2
        .hash_password_into(password.as_bytes(), salt, &mut *hash)
        .ok()?;
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost {
        memory_kib: 8,
        passes: 1,
    };

    #[track_caller]
    fn check_fault(password: &str, expected: Option<PasswordFault>) {
        assert_eq!(check(password, "zhangsan", &[]).err(), expected, "{password}");
    }

    #[test]
    fn r45_passwords_are_long_and_mixed() {
        check_fault("Abcdef-123", None);
        check_fault("正确的马电池订书钉Ab1", None);
        check_fault("Abcdef-12", Some(PasswordFault::Length));
        check_fault(&"Aa1-".repeat(65), Some(PasswordFault::Length));
        check_fault("abcdefghij1", Some(PasswordFault::TooPlain));
        check_fault("Abcdefghij", Some(PasswordFault::TooPlain));
        check_fault("My-ZHANGsan-1", Some(PasswordFault::ContainsName));
        check_fault("My-angs-12345", Some(PasswordFault::ContainsName));
    }

    #[test]
    fn r45_former_passwords_are_refused() {
        let history = [PasswordHash::new("Abcdef-123", CHEAP, [1; 16]).unwrap()];
        assert_eq!(check("Abcdef-123", "x", &history), Err(PasswordFault::UsedBefore));
        assert_eq!(check("Abcdef-124", "x", &history), Ok(()));
    }

    #[test]
    fn only_the_password_matches() {
        let kept = PasswordHash::new("Abcdef-123", CHEAP, [7; 16]).unwrap();
        assert!(kept.matches("Abcdef-123"));
        for wrong in ["", "Abcdef-12", "abcdef-123", "Abcdef-123 "] {
            assert!(!kept.matches(wrong), "{wrong}");
        }
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<PasswordHash>(&text).unwrap(), kept);
        assert!(!text.contains("Abcdef"));
    }
}
