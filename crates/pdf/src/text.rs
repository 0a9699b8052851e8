//! Where words stand on a page (ISO 32000-1 §9): enough of content streams and fonts to find a keyword and its box.
//!
//! No font program is opened: characters come from `/ToUnicode`, from encodings and from the names of the national
//! character maps; places from the widths in the file. Hidden text is found as well, since scanned documents carry
//! their text so. White space is left out before comparing, and full-width forms of ASCII become ASCII.

mod cmap;
mod content;
mod font;

use crate::document::Document;
use crate::error::Error;
use crate::object::Object;
use crate::page::Page;

use self::content::Reader;

/// Two characters belong together when they are at most so far apart, in heights of the first.
const GAP_MAX: f64 = 1.5;

/// Characters that one code shows, and the box around them in user space: left, lower, right, upper.
#[derive(Clone, Debug)]
struct Glyph {
    text: String,
    area: [f64; 4],
}

/// Every place of `words` on a page, in the order in which they are drawn: boxes as seen, left, upper, width, height
/// in mm from the upper left corner.
///
/// # Errors
/// When the page's contents cannot be decoded, or pass a limit.
pub fn find_words(document: &Document<'_>, page: &Page, words: &str) -> Result<Vec<[f64; 4]>, Error> {
    let needle: Vec<char> = words.chars().filter_map(normal).collect();
    let mut reader = Reader::new(document);
    reader.read_page(page)?;
    let view = page.view(document);
    let found = search(&reader.glyphs, &needle);
    Ok(found.into_iter().map(|area| view.to_seen(area)).collect())
}

/// Finds the needle in runs of glyphs that stand together; linear, and hits do not overlap.
fn search(glyphs: &[Glyph], needle: &[char]) -> Vec<[f64; 4]> {
    let mut hits: Vec<[f64; 4]> = Vec::new();
    if needle.is_empty() {
        return hits;
    }
    let mut run: Vec<(char, usize)> = Vec::new();
    let mut last: Option<usize> = None;
    for (index, glyph) in glyphs.iter().enumerate() {
        if last.is_some_and(|last| !are_together(&glyphs[last].area, &glyph.area)) {
            search_run(glyphs, &run, needle, &mut hits);
            run.clear();
        }
        let before = run.len();
        run.extend(
            glyph
                .text
                .chars()
                .filter_map(normal)
                .map(|character| (character, index)),
        );
        // A blank stands between words, but nothing follows from its place.
        if run.len() > before {
            last = Some(index);
        }
    }
    search_run(glyphs, &run, needle, &mut hits);
    hits
}

fn search_run(glyphs: &[Glyph], run: &[(char, usize)], needle: &[char], hits: &mut Vec<[f64; 4]>) {
    // Knuth, Morris, Pratt: a page of one letter and a needle of many must not cost their product.
    let mut fallback = vec![0; needle.len()];
    let mut length = 0;
    for at in 1..needle.len() {
        while length > 0 && needle[at] != needle[length] {
            length = fallback[length - 1];
        }
        length += usize::from(needle[at] == needle[length]);
        fallback[at] = length;
    }
    let mut matched = 0;
    for (end, (character, _)) in run.iter().enumerate() {
        while matched > 0 && needle[matched] != *character {
            matched = fallback[matched - 1];
        }
        matched += usize::from(needle[matched] == *character);
        if matched == needle.len() {
            matched = 0;
            let found = &run[end + 1 - needle.len()..=end];
            let areas = found.iter().map(|(_, glyph)| glyphs[*glyph].area);
            // Some producers embolden by printing twice.
            if let Some(area) = areas.reduce(union)
                && !hits.iter().rev().take(2).any(|hit| is_same_place(hit, &area))
            {
                hits.push(area);
            }
        }
    }
}

fn union(one: [f64; 4], other: [f64; 4]) -> [f64; 4] {
    [
        one[0].min(other[0]),
        one[1].min(other[1]),
        one[2].max(other[2]),
        one[3].max(other[3]),
    ]
}

fn is_same_place(one: &[f64; 4], other: &[f64; 4]) -> bool {
    let near = (one[3] - one[1]).abs().max(0.1) * 0.2;
    one.iter().zip(other).all(|(a, b)| (a - b).abs() <= near)
}

/// Whether two boxes touch or nearly do: the gap between them, across and along, is small.
fn are_together(one: &[f64; 4], other: &[f64; 4]) -> bool {
    let across = (other[0] - one[2]).max(one[0] - other[2]).max(0.0);
    let along = (other[1] - one[3]).max(one[1] - other[3]).max(0.0);
    let size = (one[3] - one[1])
        .min(one[2] - one[0])
        .max((one[3] - one[1]) / 2.0);
    across <= size * GAP_MAX && along <= size * GAP_MAX / 3.0
        || across == 0.0 && along <= size * GAP_MAX / 2.0
}

/// A character as it is compared; none for those that are left out.
fn normal(character: char) -> Option<char> {
    match character {
        '\u{200B}'..='\u{200F}' | '\u{FEFF}' => None,
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - 0xFEE0),
        white if white.is_whitespace() || white.is_control() => None,
        other => Some(other),
    }
}

/// The parts of a page's contents, which are read as one with blanks between them (ISO 32000-1 §7.8.2).
fn contents(document: &Document<'_>, page: &Page) -> Result<Vec<u8>, Error> {
    let Some(contents) = document.get(&page.dictionary, "Contents")? else {
        return Ok(Vec::new());
    };
    let parts = match &*contents {
        Object::Array(parts) => parts.clone(),
        other => vec![other.clone()],
    };
    let mut bytes = Vec::new();
    for part in &parts {
        if let Object::Stream(stream) = &*document.resolve(part)? {
            bytes.extend(document.decoded(stream)?);
            bytes.push(b'\n');
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glyphs(text: &str, x: f64, y: f64) -> Vec<Glyph> {
        text.chars()
            .enumerate()
            .map(|(index, character)| {
                let x = x + index as f64 * 10.0;
                Glyph {
                    text: character.into(),
                    area: [x, y, x + 10.0, y + 10.0],
                }
            })
            .collect()
    }

    fn find(glyphs: &[Glyph], words: &str) -> Vec<[f64; 4]> {
        search(glyphs, &words.chars().filter_map(normal).collect::<Vec<_>>())
    }

    #[test]
    fn words_are_found_across_blanks_and_objects() {
        let mut page = glyphs("请在 盖章", 0.0, 0.0);
        page.extend(glyphs("处ＡＢ", 50.0, 0.0));
        assert_eq!(find(&page, "盖章处"), [[30.0, 0.0, 60.0, 10.0]]);
        assert_eq!(find(&page, "处AB"), [[50.0, 0.0, 80.0, 10.0]]);
        assert_eq!(find(&page, " "), [] as [[f64; 4]; 0]);
    }

    #[test]
    fn words_of_distant_lines_are_none() {
        let mut page = glyphs("盖章", 0.0, 100.0);
        page.extend(glyphs("处", 0.0, 0.0));
        assert!(find(&page, "盖章处").is_empty());
        let mut page = glyphs("盖章", 0.0, 0.0);
        page.extend(glyphs("处", 200.0, 0.0));
        assert!(find(&page, "盖章处").is_empty());
    }

    #[test]
    fn twice_on_one_spot_is_once_and_hits_do_not_overlap() {
        let mut page = glyphs("盖章", 0.0, 0.0);
        page.extend(glyphs("盖章", 0.3, 0.0));
        assert_eq!(find(&page, "盖章").len(), 1);
        assert_eq!(find(&glyphs("aaaaa", 0.0, 0.0), "aa").len(), 2);
        let many = glyphs(&"a".repeat(20_000), 0.0, 0.0);
        assert!(find(&many, &("a".repeat(10_000) + "b")).is_empty());
    }
}
