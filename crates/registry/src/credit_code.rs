//! Unified social credit codes (统一社会信用代码) after GB 32100-2015.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The characters of the code in the order of their values; I, O, S, V and Z are not used (GB 32100-2015 §4).
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Weights of the first 17 places: powers of 3 modulo 31 (GB 32100-2015 §5).
const WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// A code whose form and check character are right. Whether it was ever given to anybody is another question.
///
/// The organisation code in places 9 to 17 has a check character of its own (GB 11714); it is not asked to hold,
/// because registries have given out codes in which it does not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CreditCode(String);

/// Why a text is no unified social credit code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreditCodeFault {
    /// Too short or too long.
    #[error(
        "a unified social credit code has 18 characters, this one has {characters}; copy it from the certificate"
    )]
    Length {
        /// How many it has.
        characters: usize,
    },
    /// A character that the standard does not use.
    #[error(
        "character {place} of the unified social credit code is not used in such codes; I, O, S, V and Z never are"
    )]
    Character {
        /// Which, from 1.
        place: usize,
    },
    /// Places 3 to 8 are not digits.
    #[error("characters 3 to 8 of a unified social credit code are the digits of a region; these are not")]
    Region,
    /// The check character is another one.
    #[error(
        "the check character of the unified social credit code does not fit; a character was probably mistyped"
    )]
    Check,
}

impl CreditCode {
    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The six digits of the region in which it was given out.
    pub fn region(&self) -> &str {
        &self.0[2..8] // 18 ASCII characters, or it would not exist
    }
}

impl FromStr for CreditCode {
    type Err = CreditCodeFault;

    fn from_str(text: &str) -> Result<CreditCode, CreditCodeFault> {
        let characters = text.chars().count();
        if characters != 18 {
            return Err(CreditCodeFault::Length { characters });
        }
        let mut values = [0; 18];
        for (place, character) in text.chars().enumerate() {
            let found = ALPHABET.iter().position(|known| char::from(*known) == character);
            values[place] = found.ok_or(CreditCodeFault::Character { place: place + 1 })? as u32;
        }
        if values[2..8].iter().any(|value| *value > 9) {
            return Err(CreditCodeFault::Region);
        }
        let sum: u32 = values
            .iter()
            .zip(WEIGHTS)
            .map(|(value, weight)| value * weight)
            .sum();
        if (31 - sum % 31) % 31 != values[17] {
            return Err(CreditCodeFault::Check);
        }
        Ok(CreditCode(text.to_owned()))
    }
}

impl TryFrom<String> for CreditCode {
    type Error = CreditCodeFault;

    fn try_from(text: String) -> Result<CreditCode, CreditCodeFault> {
        text.parse()
    }
}

impl From<CreditCode> for String {
    fn from(code: CreditCode) -> String {
        code.0
    }
}

impl fmt::Display for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Codes that their owners publish.
    const REAL: [&str; 4] = [
        "91440300708461136T", // 腾讯科技（深圳）有限公司
        "914403001922038216", // 华为技术有限公司
        "91110000802100433B", // 百度在线网络技术（北京）有限公司
        "12100000400002259P", // a public institution (事业单位)
    ];

    #[test]
    fn published_codes() {
        for code in REAL {
            assert_eq!(
                code.parse::<CreditCode>().map(|code| code.to_string()),
                Ok(code.to_owned())
            );
        }
        assert_eq!(REAL[0].parse::<CreditCode>().unwrap().region(), "440300");
    }

    #[test]
    fn a_mistyped_character_never_passes() {
        for code in REAL {
            for place in 0..18 {
                for other in ALPHABET {
                    let mut typed = code.as_bytes().to_vec();
                    typed[place] = *other;
                    let typed = String::from_utf8(typed).unwrap();
                    assert_eq!(typed.parse::<CreditCode>().is_ok(), typed == code, "{typed}");
                }
            }
        }
    }

    #[test]
    fn neighbours_exchanged_never_pass() {
        for code in REAL {
            for place in 0..17 {
                let mut typed = code.as_bytes().to_vec();
                typed.swap(place, place + 1);
                let typed = String::from_utf8(typed).unwrap();
                assert_eq!(typed.parse::<CreditCode>().is_ok(), typed == code, "{typed}");
            }
        }
    }

    #[test]
    fn faults_are_told_apart() {
        let fault = |text: &str| text.parse::<CreditCode>().unwrap_err();
        assert_eq!(
            fault("9144030070846113"),
            CreditCodeFault::Length { characters: 16 }
        );
        assert_eq!(
            fault("91440300708461136I"),
            CreditCodeFault::Character { place: 18 }
        );
        assert_eq!(
            fault("91440300708461136t"),
            CreditCodeFault::Character { place: 18 }
        );
        assert_eq!(
            fault("9144O300708461136T"),
            CreditCodeFault::Character { place: 5 }
        );
        assert_eq!(fault("91A40300708461136T"), CreditCodeFault::Region);
        assert_eq!(fault("91440300708461136U"), CreditCodeFault::Check);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,24}") {
            let _ = text.parse::<CreditCode>();
        }
    }
}
