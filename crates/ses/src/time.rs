//! Times as seals and signatures write them: ASN.1, or plain text.

use std::fmt;

use jiff::Timestamp;
use pki::TimeDeviation;
use pki::asn1::{GENERALIZED_TIME, UTC_TIME};

use crate::error::DeviationKind;
use crate::fields::Notes;

/// A time: as it was written, and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Time {
    text: String,
    timestamp: Option<Timestamp>,
}

impl Time {
    /// The characters as received; unreadable octets are replaced.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The moment, `None` when the characters name none.
    ///
    /// Without a zone, China Standard Time is meant: so do the vendors that leave it out.
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.timestamp
    }

    /// Reads the content of a UTCTime, of a GeneralizedTime, or of anything else, which then is text.
    pub(crate) fn read(tag: u8, content: &[u8], part: &'static str, notes: &mut Notes) -> Self {
        let trimmed = content
            .trim_ascii()
            .strip_suffix(&[0])
            .unwrap_or(content.trim_ascii());
        let is_asn1 = tag == UTC_TIME || tag == GENERALIZED_TIME;
        let found = if is_asn1 {
            let read = pki::read_time(tag, trimmed).ok();
            read.map(|(timestamp, deviations)| (timestamp, deviations.iter().map(kind).collect()))
        } else {
            std::str::from_utf8(trimmed).ok().and_then(read_text)
        };
        let timestamp = found.as_ref().map(|(timestamp, _)| *timestamp);
        for kind in found.map_or(vec![DeviationKind::TimeUnreadable], |(_, kinds)| kinds) {
            notes.add(part, kind);
        }
        Self {
            text: String::from_utf8_lossy(content).into_owned(),
            timestamp,
        }
    }

    pub(crate) fn of(timestamp: Timestamp) -> Self {
        Self {
            text: timestamp.to_string(),
            timestamp: Some(timestamp),
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.timestamp {
            Some(timestamp) => timestamp.fmt(f),
            None => write!(f, "unreadable time {:?}", self.text),
        }
    }
}

/// Longest text that is looked at, in characters: `2020-01-25T07:31:56.377000000+08:00` and some room.
const TEXT_CHARS_MAX: usize = 40;

fn kind(deviation: &TimeDeviation) -> DeviationKind {
    match deviation {
        TimeDeviation::MissingZone => DeviationKind::TimeWithoutZone,
        _ => DeviationKind::TimeForm,
    }
}

/// What stands in the BIT STRING `timeInfo` of GM/T 0031-2014: the digits of an ASN.1 time, ISO 8601 with its
/// variations, or seconds since 1970.
fn read_text(text: &str) -> Option<(Timestamp, Vec<DeviationKind>)> {
    if text.len() > TEXT_CHARS_MAX || !text.is_ascii() {
        return None;
    }
    if let Some(timestamp) = read_epoch(text) {
        return Some((timestamp, vec![DeviationKind::TimeEpoch]));
    }
    if let Some((timestamp, has_zone)) = read_iso(text) {
        let mut kinds = vec![DeviationKind::TimeText];
        kinds.extend((!has_zone).then_some(DeviationKind::TimeWithoutZone));
        return Some((timestamp, kinds));
    }
    let (timestamp, deviations) = pki::read_time(GENERALIZED_TIME, text.as_bytes()).ok()?;
    let mut kinds = vec![DeviationKind::TimeText];
    kinds.extend(
        deviations
            .iter()
            .map(kind)
            .filter(|kind| *kind == DeviationKind::TimeWithoutZone),
    );
    Some((timestamp, kinds))
}

/// Seconds or milliseconds since 1970, for the years 2001 to 2286.
fn read_epoch(text: &str) -> Option<Timestamp> {
    let number = text
        .parse()
        .ok()
        .filter(|_| text.bytes().all(|c| c.is_ascii_digit()))?;
    match text.len() {
        10 => Timestamp::from_second(number).ok(),
        13 => Timestamp::from_millisecond(number).ok(),
        _ => None,
    }
}

/// `YYYY-MM-DD HH:MM:SS`, with `/` for `-`, `T` for the space, one-digit numbers, fraction and zone as they come.
/// Says whether there is a zone.
fn read_iso(text: &str) -> Option<(Timestamp, bool)> {
    let (date, time) = text.split_once(['T', ' '])?;
    let end = time
        .find(|c: char| !c.is_ascii_digit() && c != ':')
        .unwrap_or(time.len());
    let (clock, rest) = time.split_at(end);
    let [year, month, day] = numbers(date, ['-', '/'])?;
    let [hour, minute, second] = numbers(clock, [':', ':'])?;
    let zone = rest
        .strip_prefix(['.', ','])
        .map_or(rest, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    let fraction = &rest[..rest.len() - zone.len()];
    // The rest is what ASN.1 times have too: let their reader do it.
    let digits = format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}");
    let zone = zone.trim().replace(':', "");
    let (timestamp, _) =
        pki::read_time(GENERALIZED_TIME, format!("{digits}{fraction}{zone}").as_bytes()).ok()?;
    Some((timestamp, !zone.is_empty()))
}

/// Three numbers of one to four digits.
fn numbers(text: &str, separators: [char; 2]) -> Option<[i16; 3]> {
    let mut numbers = text.split(separators).map(|number| {
        let is_number = (1..=4).contains(&number.len()) && number.bytes().all(|c| c.is_ascii_digit());
        number.parse::<i16>().ok().filter(|_| is_number)
    });
    let three = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(three)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Deviation;
    use pki::asn1::BIT_STRING;

    #[track_caller]
    fn check(tag: u8, text: &str, expected: Option<&str>, codes: &[&str]) {
        let mut notes = Notes::default();
        let time = Time::read(tag, text.as_bytes(), "time", &mut notes);
        assert_eq!(time.text(), text);
        assert_eq!(
            time.timestamp().map(|t| t.to_string()).as_deref(),
            expected,
            "{text}"
        );
        assert_eq!(
            notes.0.iter().map(Deviation::code).collect::<Vec<_>>(),
            codes,
            "{text}"
        );
    }

    #[test]
    fn times_of_asn1() {
        check(
            GENERALIZED_TIME,
            "20200526074003Z",
            Some("2020-05-26T07:40:03Z"),
            &[],
        );
        check(UTC_TIME, "200422021807Z", Some("2020-04-22T02:18:07Z"), &[]);
        check(
            GENERALIZED_TIME,
            "20220221162328",
            Some("2022-02-21T08:23:28Z"),
            &["TIME_WITHOUT_ZONE"],
        );
        check(
            GENERALIZED_TIME,
            "220221162328Z",
            Some("2022-02-21T16:23:28Z"),
            &["TIME_FORM"],
        );
        check(
            UTC_TIME,
            "201704251530Z",
            Some("2017-04-25T15:30:00Z"),
            &["TIME_FORM"],
        );
    }

    #[test]
    fn texts_of_real_vendors() {
        check(
            BIT_STRING,
            "180807153843Z",
            Some("2018-08-07T15:38:43Z"),
            &["TIME_TEXT"],
        );
        let zone = &["TIME_TEXT", "TIME_WITHOUT_ZONE"];
        check(
            BIT_STRING,
            "2018-09-28 10:33:33",
            Some("2018-09-28T02:33:33Z"),
            zone,
        );
        check(
            BIT_STRING,
            "2018/9/28 10:33:33",
            Some("2018-09-28T02:33:33Z"),
            zone,
        );
        check(
            BIT_STRING,
            "2020-01-25T07:31:56.377Z",
            Some("2020-01-25T07:31:56.377Z"),
            &["TIME_TEXT"],
        );
        check(
            BIT_STRING,
            "2020-01-25T07:31:56+08:00",
            Some("2020-01-24T23:31:56Z"),
            &["TIME_TEXT"],
        );
        check(BIT_STRING, "20200125073156", Some("2020-01-24T23:31:56Z"), zone);
        check(
            BIT_STRING,
            "1539310549",
            Some("2018-10-12T02:15:49Z"),
            &["TIME_EPOCH"],
        );
        check(
            BIT_STRING,
            "1539310549123",
            Some("2018-10-12T02:15:49.123Z"),
            &["TIME_EPOCH"],
        );
        check(
            BIT_STRING,
            "20250601000000Z\0",
            Some("2025-06-01T00:00:00Z"),
            &["TIME_TEXT"],
        );
    }

    #[test]
    fn what_names_no_moment() {
        let long = "9".repeat(1000);
        for text in [
            "",
            "20259999999999Z",
            "20250229000000Z",
            "20250601000060Z",
            "２０２５",
            &long,
        ] {
            check(GENERALIZED_TIME, text, None, &["TIME_UNREADABLE"]);
            check(BIT_STRING, text, None, &["TIME_UNREADABLE"]);
        }
        for text in [
            "2025-13-01 00:00:00",
            "2025-06 00:00:00",
            "-1-1-1 1:1:1",
            "2025-06-01 1:2:3:4",
            "2025-0+6-01 1:2:3",
            "2025-06-01 1:2:3.",
            "2025-300-01 1:2:3",
            "- :",
            "T",
        ] {
            check(BIT_STRING, text, None, &["TIME_UNREADABLE"]);
        }
    }
}
