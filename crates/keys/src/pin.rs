//! What a PIN must be.

/// Fewest characters of a PIN.
pub const PIN_CHARS_MIN: usize = 8;
/// Most characters of a PIN.
pub const PIN_CHARS_MAX: usize = 64;

/// What a PIN lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinFault {
    /// Fewer than [`PIN_CHARS_MIN`] characters.
    #[error("it has {chars} characters, at least {PIN_CHARS_MIN} are needed")]
    TooShort {
        /// Its characters.
        chars: usize,
    },
    /// More than [`PIN_CHARS_MAX`] characters.
    #[error("it has {chars} characters, at most {PIN_CHARS_MAX} are allowed")]
    TooLong {
        /// Its characters.
        chars: usize,
    },
    /// A line break, tab or other control character, which mostly comes from a file or a pipe by mistake.
    #[error("it contains a control character such as a line break")]
    ControlCharacter,
    /// One character all along.
    #[error("all its characters are the same")]
    AllTheSame,
    /// `12345678`, `hgfedcba` and the like.
    #[error("its characters simply count up or down")]
    Sequence,
}

/// Judges a new PIN (R45: a protection password that cannot be guessed at once). The store does it itself; this is
/// for callers that hand it something derived from what a person typed.
///
/// # Errors
///
/// What it lacks.
pub fn check(pin: &str) -> Result<(), PinFault> {
    let chars = pin.chars().count();
    if chars < PIN_CHARS_MIN {
        return Err(PinFault::TooShort { chars });
    }
    if chars > PIN_CHARS_MAX {
        return Err(PinFault::TooLong { chars });
    }
    if pin.chars().any(char::is_control) {
        return Err(PinFault::ControlCharacter);
    }
    let all_steps_are = |step: i64| {
        pin.chars()
            .zip(pin.chars().skip(1))
            .all(|(a, b)| i64::from(u32::from(b)) - i64::from(u32::from(a)) == step)
    };
    if all_steps_are(0) {
        return Err(PinFault::AllTheSame);
    }
    if all_steps_are(1) || all_steps_are(-1) || "01234567890".contains(pin) || "09876543210".contains(pin) {
        return Err(PinFault::Sequence);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(pin: &str, fault: PinFault) {
        assert_eq!(check(pin), Err(fault), "{pin:?}");
    }

    #[test]
    fn short_and_long_pins_are_refused_with_their_length() {
        refused("", PinFault::TooShort { chars: 0 });
        refused("7h!kq2z", PinFault::TooShort { chars: 7 });
        refused(&"ab".repeat(33), PinFault::TooLong { chars: 66 });
        // Characters count, not bytes.
        refused("印信电子签章口", PinFault::TooShort { chars: 7 });
        assert_eq!(check("印信电子签章口令"), Ok(()));
        assert_eq!(check(&"ab".repeat(32)), Ok(()));
    }

    #[test]
    fn repeated_and_counting_characters_are_refused() {
        refused("11111111", PinFault::AllTheSame);
        refused("印印印印印印印印", PinFault::AllTheSame);
        for pin in ["12345678", "87654321", "abcdefgh", "1234567890", "0987654321"] {
            refused(pin, PinFault::Sequence);
        }
    }

    #[test]
    fn control_characters_are_refused() {
        refused("correct\n", PinFault::ControlCharacter);
    }

    #[test]
    fn ordinary_pins_pass() {
        for pin in ["13572468", "correct horse", "12345679", "aaaaaaab"] {
            assert_eq!(check(pin), Ok(()), "{pin}");
        }
    }
}
