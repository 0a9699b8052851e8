//! Dates of PDF (ISO 32000-1 §7.9.4).

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// A date in Beijing time.
pub(crate) fn write_date(time: Timestamp) -> String {
    let local = time.to_zoned(TimeZone::fixed(Offset::constant(8)));
    format!("D:{}+08'00'", local.strftime("%Y%m%d%H%M%S"))
}

/// Reads a date that says at least the day and its zone; without a zone nobody knows the time.
pub(crate) fn read_date(text: &str) -> Option<Timestamp> {
    let text = text
        .strip_prefix("D:")
        .unwrap_or(text)
        .trim_end_matches(['\0', ' ']);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (numbers, zone) = text.split_at(digits);
    let field = |from: usize, to: usize, missing: i8| match numbers.get(from..to) {
        Some(field) => field.parse().ok(),
        None if numbers.len() <= from => Some(missing),
        None => None,
    };
    let year = numbers.get(..4)?.parse().ok()?;
    let day = jiff::civil::Date::new(year, field(4, 6, 1)?, field(6, 8, 1)?).ok()?;
    let time = jiff::civil::Time::new(field(8, 10, 0)?, field(10, 12, 0)?, field(12, 14, 0)?, 0).ok()?;
    let utc = day.to_datetime(time).to_zoned(TimeZone::UTC).ok()?.timestamp();
    let offset = read_zone(zone)?;
    utc.checked_sub(offset).ok()
}

/// `Z`, or `+HH'mm'` with as many apostrophes and minutes as the producer cared for.
fn read_zone(zone: &str) -> Option<SignedDuration> {
    let sign = match zone.as_bytes().first()? {
        b'Z' => return Some(SignedDuration::ZERO),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let mut parts = zone[1..].split('\'').filter(|part| !part.is_empty());
    let number = |part: Option<&str>| part.map_or(Some(0), |part| part.parse::<i64>().ok());
    let (hours, minutes) = (number(parts.next())?, number(parts.next())?);
    ((0..24).contains(&hours) && (0..60).contains(&minutes))
        .then(|| SignedDuration::from_mins(sign * (hours * 60 + minutes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn dates_of_every_length() {
        let noon = date(2026, 6, 15)
            .at(12, 0, 0, 0)
            .to_zoned(TimeZone::UTC)
            .unwrap()
            .timestamp();
        assert_eq!(write_date(noon), "D:20260615200000+08'00'");
        for text in [
            "D:20260615200000+08'00'",
            "D:20260615200000+08'00",
            "20260615120000Z",
            "D:20260615120000Z00'00'",
            "D:20260615083000-03'30'",
            "D:2026061512Z",
        ] {
            assert_eq!(read_date(text), Some(noon), "{text}");
        }
        for text in [
            "",
            "D:",
            "D:2026",
            "D:20260615120000",
            "D:20261315120000Z",
            "D:202606151Z",
            "D:2026é",
            "D:20260615120000+99'00'",
        ] {
            assert_eq!(read_date(text), None, "{text}");
        }
    }
}
