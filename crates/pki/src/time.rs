//! Times as certificates, lists, tokens and seals write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::Error;
use crate::asn1::{GENERALIZED_TIME, UTC_TIME};

/// The zone of a time that names none, in hours east of Greenwich: such times come from Chinese software that
/// writes what its clock shows.
pub const ZONE_WHEN_MISSING_HOURS: i8 = 8;

/// In which way a time is not written as RFC 5280 §4.1.2.5 wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeDeviation {
    /// No seconds: they count as zero.
    MissingSeconds,
    /// No zone: read as +08:00.
    MissingZone,
    /// A zone other than `Z`.
    Offset,
    /// A fraction of a second.
    Fraction,
    /// Four digits of the year under the tag UTCTime, or two under GeneralizedTime.
    WrongTag,
}

impl std::fmt::Display for TimeDeviation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::MissingSeconds => "a time without seconds",
            Self::MissingZone => "a time without zone, read as +08:00",
            Self::Offset => "a time with an offset in place of Z",
            Self::Fraction => "a time with a fraction of a second",
            Self::WrongTag => "a time written in the form of the other time type",
        })
    }
}

/// Reads the contents of a UTCTime or GeneralizedTime element and says what is unusual about them.
///
/// Accepted are `YYMMDDHHMM`, `YYMMDDHHMMSS`, `YYYYMMDDHHMM` and `YYYYMMDDHHMMSS` under either tag, an optional
/// fraction, and `Z`, `±hh`, `±hhmm` or nothing as zone. Two digits of a year mean 1950 to 2049 (RFC 5280
/// §4.1.2.5.1). Twelve digits are `YYMMDDHHMMSS` when that is a time, else `YYYYMMDDHHMM`; the two can only be
/// confused for the years 2001 to 2012.
pub fn read_time(tag: u8, contents: &[u8]) -> Result<(Timestamp, Vec<TimeDeviation>), Error> {
    let what = "time";
    let malformed = |problem| Error::Malformed { what, problem };
    if tag != UTC_TIME && tag != GENERALIZED_TIME {
        return Err(Error::UnexpectedTag {
            what,
            expected: GENERALIZED_TIME,
            found: tag,
        });
    }
    let mut deviations = Vec::new();
    let (digits, rest) = split_digits(contents);
    let (fraction, rest) = match rest {
        [b'.' | b',', rest @ ..] => split_digits(rest),
        _ => (&[][..], rest),
    };
    if fraction.is_empty() && rest.len() + digits.len() != contents.len() {
        return Err(malformed("a decimal point without digits"));
    }
    let (clock, four_digit_year, seconds) =
        read_clock(digits).ok_or(malformed("its digits are no date and time of day"))?;
    let clock = clock.with().subsec_nanosecond(nanoseconds(fraction)).build();
    let clock = clock.map_err(|_| malformed("its fraction is no fraction"))?;
    if four_digit_year != (tag == GENERALIZED_TIME) {
        deviations.push(TimeDeviation::WrongTag);
    }
    if !seconds {
        deviations.push(TimeDeviation::MissingSeconds);
    }
    if !fraction.is_empty() {
        deviations.push(TimeDeviation::Fraction);
    }
    let offset = match rest {
        b"Z" => Offset::UTC,
        b"" => {
            deviations.push(TimeDeviation::MissingZone);
            Offset::constant(ZONE_WHEN_MISSING_HOURS)
        }
        _ => {
            deviations.push(TimeDeviation::Offset);
            read_offset(rest).ok_or(malformed("its zone is neither Z nor an offset"))?
        }
    };
    // 99991231235959Z means "no end" (RFC 5280 §4.1.2.5), but timestamps end some hours earlier.
    let at = offset.to_timestamp(clock).unwrap_or(Timestamp::MAX);
    Ok((at, deviations))
}

/// The digits at the front, and the rest.
fn split_digits(bytes: &[u8]) -> (&[u8], &[u8]) {
    let count = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    bytes.split_at(count)
}

/// The time of day, whether its year has four digits, whether it has seconds.
fn read_clock(digits: &[u8]) -> Option<(DateTime, bool, bool)> {
    let pair = |i: usize| i16::from(digits[i] - b'0') * 10 + i16::from(digits[i + 1] - b'0');
    let short = |year: i16| if year < 50 { 2000 + year } else { 1900 + year };
    let clock = |year: i16, from: usize, second: i16| {
        let [month, day, hour, minute] = [0, 2, 4, 6].map(|i| pair(from + i) as i8);
        DateTime::new(year, month, day, hour, minute, second as i8, 0).ok()
    };
    match digits.len() {
        10 => Some((clock(short(pair(0)), 2, 0)?, false, false)),
        12 => match clock(short(pair(0)), 2, pair(10)) {
            Some(time) => Some((time, false, true)),
            None => Some((clock(pair(0) * 100 + pair(2), 4, 0)?, true, false)),
        },
        14 => Some((clock(pair(0) * 100 + pair(2), 4, pair(12))?, true, true)),
        _ => None,
    }
}

/// The first nine digits of a fraction.
fn nanoseconds(fraction: &[u8]) -> i32 {
    let digits = fraction.iter().map(|digit| i32::from(digit - b'0'));
    digits
        .chain(std::iter::repeat(0))
        .take(9)
        .fold(0, |number, digit| number * 10 + digit)
}

/// `±hh` or `±hhmm`.
fn read_offset(text: &[u8]) -> Option<Offset> {
    let (sign, digits) = match text {
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let pair = |i: usize| i32::from(digits[i] - b'0') * 10 + i32::from(digits[i + 1] - b'0');
    let (hours, minutes) = match digits.len() {
        2 => (pair(0), 0),
        4 => (pair(0), pair(2)),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then(|| Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok())?
}

#[cfg(test)]
mod tests {
    use super::TimeDeviation::*;
    use super::*;

    #[track_caller]
    fn check(tag: u8, text: &str, expected: &str, deviations: &[TimeDeviation]) {
        let (at, found) = read_time(tag, text.as_bytes()).unwrap();
        assert_eq!(at, expected.parse().unwrap());
        assert_eq!(found, deviations);
    }

    #[test]
    fn times_as_the_standard_wants_them() {
        check(UTC_TIME, "491231235959Z", "2049-12-31T23:59:59Z", &[]);
        check(UTC_TIME, "500101000000Z", "1950-01-01T00:00:00Z", &[]);
        check(GENERALIZED_TIME, "20500101000000Z", "2050-01-01T00:00:00Z", &[]);
        assert_eq!(
            read_time(GENERALIZED_TIME, b"99991231235959Z").unwrap().0,
            Timestamp::MAX
        );
    }

    #[test]
    fn deviations_met_in_real_files() {
        check(UTC_TIME, "2009150830Z", "2020-09-15T08:30:00Z", &[MissingSeconds]);
        check(
            UTC_TIME,
            "201709151030Z",
            "2017-09-15T10:30:00Z",
            &[WrongTag, MissingSeconds],
        );
        check(UTC_TIME, "20200915103000Z", "2020-09-15T10:30:00Z", &[WrongTag]);
        check(
            GENERALIZED_TIME,
            "200915103059Z",
            "2020-09-15T10:30:59Z",
            &[WrongTag],
        );
        check(
            GENERALIZED_TIME,
            "20200915103000",
            "2020-09-15T10:30:00+08:00",
            &[MissingZone],
        );
        check(
            GENERALIZED_TIME,
            "20200915103000.25Z",
            "2020-09-15T10:30:00.25Z",
            &[Fraction],
        );
        check(
            GENERALIZED_TIME,
            "20200915103000,5+0800",
            "2020-09-15T10:30:00.5+08:00",
            &[Fraction, Offset],
        );
        check(
            UTC_TIME,
            "200915103000-0330",
            "2020-09-15T10:30:00-03:30",
            &[Offset],
        );
        check(
            UTC_TIME,
            "200915103000+08",
            "2020-09-15T10:30:00+08:00",
            &[Offset],
        );
    }

    #[test]
    fn garbage_is_refused() {
        for text in [
            "",
            "Z",
            "20",
            "20200230000000Z",
            "20201301000000Z",
            "20200101240000Z",
            "20200101006000Z",
            "20200101000000.Z",
            "20200101000000z",
            "20200101000000ZZ",
            "20200101000000+8",
            "20200101000000+2400",
            "2020-01-01",
            "202001010000001Z",
            "20200101000000+08:00",
            "2020010100000\u{661}Z",
        ] {
            assert!(read_time(GENERALIZED_TIME, text.as_bytes()).is_err(), "{text}");
        }
        assert!(read_time(2, b"20200101000000Z").is_err());
    }

    #[test]
    fn extremes_of_the_calendar_do_not_panic() {
        check(GENERALIZED_TIME, "00000101000000Z", "0000-01-01T00:00:00Z", &[]);
        assert_eq!(
            read_time(GENERALIZED_TIME, b"99991231235959-2359").unwrap().0,
            Timestamp::MAX
        );
        check(
            GENERALIZED_TIME,
            "00000101000000+2359",
            "-000001-12-31T00:01:00Z",
            &[Offset],
        );
    }
}
