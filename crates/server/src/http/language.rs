//! Which language and which form an answer takes.

use axum::http::{HeaderMap, header};
use sealing::Language;

/// For those who do not say.
pub(crate) const DEFAULT: Language = Language::Zh;

/// Ranges of a header that are looked at; real ones have a handful.
const RANGES_MAX: usize = 32;

/// The language of `Accept-Language` (RFC 9110 12.5.4), Chinese when it prefers neither.
pub(crate) fn asked(headers: &HeaderMap) -> Language {
    let value = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    let Some(value) = value else { return DEFAULT };
    let wish = |language| quality_of(value, |range| speaks(range, language)).unwrap_or(0);
    if wish("en") > wish("zh") {
        Language::En
    } else {
        DEFAULT
    }
}

/// The weight that an `Accept` header gives to a media type, in thousandths; its most specific range counts.
pub(crate) fn quality(accept: &str, media: &str) -> u16 {
    let of_type = media.split_once('/').map_or(media, |(kind, _)| kind);
    let exact = quality_of(accept, |range| u8::from(range.eq_ignore_ascii_case(media)) * 3);
    let kind = quality_of(accept, |range| {
        u8::from(range.strip_suffix("/*") == Some(of_type)) * 2
    });
    exact
        .or(kind)
        .or(quality_of(accept, |range| u8::from(range == "*/*")))
        .unwrap_or(0)
}

/// How closely a language range names a language.
fn speaks(range: &str, language: &str) -> u8 {
    match range.split('-').next() {
        Some(first) if first.eq_ignore_ascii_case(language) => 2,
        Some("*") => 1,
        _ => 0,
    }
}

/// The highest weight among the ranges that match most closely; nothing when none does.
fn quality_of(header: &str, closeness: impl Fn(&str) -> u8) -> Option<u16> {
    let ranges = header.split(',').take(RANGES_MAX).map(|item| {
        let mut parts = item.split(';').map(str::trim);
        let range = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        let weight = weight
            .map_or(Some(1.0), |text| text.parse::<f32>().ok())
            .unwrap_or(0.0);
        (closeness(range), (weight.clamp(0.0, 1.0) * 1000.0) as u16)
    });
    ranges
        .filter(|(close, _)| *close > 0)
        .max()
        .map(|(_, weight)| weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language_of(value: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, value.parse().unwrap());
        asked(&headers)
    }

    #[test]
    fn chinese_unless_english_is_preferred() {
        assert_eq!(asked(&HeaderMap::new()), Language::Zh);
        for zh in [
            "",
            "zh",
            "zh-CN,zh;q=0.9,en;q=0.8",
            "*",
            "fr",
            "en;q=0.5, zh",
            "en;q=x",
            ";;,,",
        ] {
            assert_eq!(language_of(zh), Language::Zh, "{zh}");
        }
        for en in [
            "en",
            "EN-GB",
            "en-US,en;q=0.9,zh;q=0.1",
            "fr, en;q=0.2",
            "en, *;q=0.5",
        ] {
            assert_eq!(language_of(en), Language::En, "{en}");
        }
    }

    #[test]
    fn media_types_by_weight_and_closeness() {
        assert_eq!(quality("", "text/plain"), 0);
        assert_eq!(quality("*/*", "text/plain"), 1000);
        assert_eq!(quality("text/*;q=0.5, */*;q=0.1", "text/plain"), 500);
        assert_eq!(quality("text/plain;q=0, */*", "text/plain"), 0);
        assert_eq!(quality("application/json", "text/plain"), 0);
    }
}
