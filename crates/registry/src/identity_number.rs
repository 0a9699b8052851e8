//! Citizen identity numbers (公民身份号码) after GB 11643-1999.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

/// Weights of the first 17 places: 2^(17−i) modulo 11 (GB 11643-1999 §4, ISO 7064 MOD 11-2).
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/// Check characters by the remainder modulo 11.
const CHECK: &[u8; 11] = b"10X98765432";

/// A number whose form, date of birth and check character are right.
///
/// It is personal data: it is printed masked only, and is never part of an event or a state.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityNumber(String);

/// Why a text is no citizen identity number. Never holds the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityNumberFault {
    /// Too short or too long.
    #[error(
        "an identity number has 18 characters, this one has {characters}; copy it from the identity card"
    )]
    Length {
        /// How many it has.
        characters: usize,
    },
    /// Not a digit (in the last place: nor X).
    #[error("character {place} of the identity number is no digit; only the last one may be X")]
    Character {
        /// Which, from 1.
        place: usize,
    },
    /// Regions begin with 1 to 9.
    #[error("an identity number begins with the code of a region, which never begins with 0")]
    Region,
    /// Places 7 to 14 are no date.
    #[error("characters 7 to 14 of the identity number are no date of birth")]
    Birth,
    /// The check character is another one.
    #[error("the check character of the identity number does not fit; a digit was probably mistyped")]
    Check,
}

impl IdentityNumber {
    /// The 18 characters: personal data, to be encrypted.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// For people who have to recognise it: the first three and the last two characters.
    pub fn masked(&self) -> String {
        format!("{}*************{}", &self.0[..3], &self.0[16..]) // 18 ASCII characters
    }
}

impl fmt::Debug for IdentityNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityNumber({})", self.masked())
    }
}

impl FromStr for IdentityNumber {
    type Err = IdentityNumberFault;

    fn from_str(text: &str) -> Result<IdentityNumber, IdentityNumberFault> {
        let characters = text.chars().count();
        if characters != 18 {
            return Err(IdentityNumberFault::Length { characters });
        }
        let mut digits = [0; 17];
        for (place, character) in text.chars().take(17).enumerate() {
            let digit = character.to_digit(10);
            digits[place] = digit.ok_or(IdentityNumberFault::Character { place: place + 1 })?;
        }
        let last = text.chars().last().map(|last| last.to_ascii_uppercase());
        let last = last.filter(|last| last.is_ascii_digit() || *last == 'X');
        let last = last.ok_or(IdentityNumberFault::Character { place: 18 })?;
        if digits[0] == 0 {
            return Err(IdentityNumberFault::Region);
        }
        if date_of(&digits[6..14]).is_none() {
            return Err(IdentityNumberFault::Birth);
        }
        let sum: u32 = digits
            .iter()
            .zip(WEIGHTS)
            .map(|(digit, weight)| digit * weight)
            .sum();
        if char::from(CHECK[(sum % 11) as usize]) != last {
            return Err(IdentityNumberFault::Check);
        }
        Ok(IdentityNumber(text.to_ascii_uppercase()))
    }
}

/// Eight digits as a date of the years 1800 to 2199.
fn date_of(digits: &[u32]) -> Option<Date> {
    let number = |range: std::ops::Range<usize>| {
        digits[range]
            .iter()
            .fold(0, |sum, digit| sum * 10 + *digit as i16)
    };
    let year = number(0..4);
    if !(1800..2200).contains(&year) {
        return None;
    }
    // Two digits are below 100.
    Date::new(year, number(4..6) as i8, number(6..8) as i8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The examples of GB 11643-1999 itself (appendix A).
    const EXAMPLES: [&str; 2] = ["11010519491231002X", "440524188001010014"];

    #[test]
    fn examples_of_the_standard() {
        for number in EXAMPLES {
            assert_eq!(number.parse::<IdentityNumber>().unwrap().expose(), number);
        }
        let small = EXAMPLES[0].to_lowercase();
        assert_eq!(small.parse::<IdentityNumber>().unwrap().expose(), EXAMPLES[0]);
    }

    #[test]
    fn it_is_printed_masked_only() {
        let number: IdentityNumber = EXAMPLES[0].parse().unwrap();
        assert_eq!(format!("{number:?}"), "IdentityNumber(110*************2X)");
    }

    #[test]
    fn a_mistyped_digit_never_passes() {
        for number in EXAMPLES {
            for place in 0..17 {
                for digit in b"0123456789" {
                    let mut typed = number.as_bytes().to_vec();
                    typed[place] = *digit;
                    let typed = String::from_utf8(typed).unwrap();
                    assert_eq!(
                        typed.parse::<IdentityNumber>().is_ok(),
                        typed == number,
                        "{typed}"
                    );
                }
            }
        }
    }

    #[test]
    fn faults_are_told_apart() {
        let fault = |text: &str| text.parse::<IdentityNumber>().unwrap_err();
        assert_eq!(
            fault("110105491231002"),
            IdentityNumberFault::Length { characters: 15 }
        );
        assert_eq!(
            fault("1101051949123100AX"),
            IdentityNumberFault::Character { place: 17 }
        );
        assert_eq!(
            fault("11010519491231002Y"),
            IdentityNumberFault::Character { place: 18 }
        );
        assert_eq!(fault("01010519491231002X"), IdentityNumberFault::Region);
        assert_eq!(fault("11010519490229002X"), IdentityNumberFault::Birth);
        assert_eq!(fault("110105194912310021"), IdentityNumberFault::Check);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,24}") {
            let _ = text.parse::<IdentityNumber>();
        }

        #[test]
        fn digits_of_any_script_are_no_identity_number(text in "\\p{Nd}{18}") {
            if let Ok(number) = text.parse::<IdentityNumber>() {
                prop_assert!(number.expose().is_ascii());
            }
        }
    }
}
