//! Words on a page: where a keyword stands, and the text as a person would read it.
//!
//! No font is opened, so places follow from the numbers in the file alone (see
//! [`TextObject::glyphs`](crate::page::TextObject::glyphs)).
//! A word is found where its characters follow each other
//! - in one text object, across its text codes and line breaks, or
//! - on one line, or in one column of single characters, across objects that stand close to each other.
//!
//! Before comparing, white space and zero-width signs are left out, full-width forms of ASCII become ASCII, and
//! radicals of the Kangxi block, which converters write by mistake, become the characters they look like.
//! Case counts. Hidden and transparent text is found as well, since scanned documents carry their text so; a
//! [`Hit`] says whether it is visible.

mod lines;

use lines::{Line, Scene};

use crate::geometry::Box;
use crate::page::{PageContent, leaves_ink};

/// A place where a keyword stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The smallest box around its characters, in mm of the page.
    pub bounds: Box,
    /// ID of the text object of its first character.
    pub text_object_id: Option<u32>,
    /// Which of the templates it stands in; `None` for the page itself.
    pub template: Option<usize>,
    /// All its characters are painted, if perhaps in white.
    pub visible: bool,
}

/// Every place of `keyword` on the page and its templates, in reading order: by rows from the top, in a row from
/// the left. Hits do not overlap within one object or line; one that is printed twice on the same spot, as some
/// producers embolden, counts once.
pub fn find(page: &PageContent, templates: &[&PageContent], keyword: &str) -> Vec<Hit> {
    let needle: String = keyword.chars().filter_map(normal).collect();
    if needle.is_empty() {
        return Vec::new();
    }
    let scene = Scene::new(page, templates);
    let mut search = Search {
        scene: &scene,
        needle: &needle,
        text: String::new(),
        places: Vec::new(),
        hits: Vec::new(),
    };
    for object in 0..scene.objects.len() {
        search.within_object(object);
    }
    let rows = scene.rows();
    for line in rows.iter().chain(&scene.columns(&rows)) {
        search.across_objects(line);
    }
    without_double_prints(in_reading_order(search.hits, |hit| hit.bounds))
}

/// A piece of text that stands in one row.
#[derive(Clone, Debug, PartialEq)]
pub struct TextLine {
    /// The smallest box around its characters, in mm of the page.
    pub bounds: Box,
    /// Its characters; wide gaps are spaces.
    pub text: String,
}

/// The text of the page and its templates: rows from the top, the pieces of a row from the left. Nothing is empty.
pub fn rows(page: &PageContent, templates: &[&PageContent]) -> Vec<Vec<TextLine>> {
    let scene = Scene::new(page, templates);
    let rows = scene.rows();
    let lines = rows.iter().map(|line| TextLine {
        bounds: scene.bounds(line),
        text: scene.text(line),
    });
    let lines = lines.filter(|line| !line.text.is_empty()).collect();
    in_reading_order(lines, |line| line.bounds)
}

/// The text of the page and its templates, row by row from the top, pieces of a row separated by a space.
pub fn plain_text(page: &PageContent, templates: &[&PageContent]) -> String {
    let rows = rows(page, templates).into_iter().map(|row| {
        let texts: Vec<_> = row.into_iter().map(|line| line.text).collect();
        texts.join(" ")
    });
    rows.collect::<Vec<_>>().join("\n")
}

struct Search<'a> {
    scene: &'a Scene<'a>,
    needle: &'a str,
    hits: Vec<Hit>,
    /// The normalised text that is being searched; kept to save allocations.
    text: String,
    /// Where in `text` which glyph of the scene begins.
    places: Vec<(usize, usize)>,
}

impl Search<'_> {
    fn within_object(&mut self, object: usize) {
        self.clear();
        self.push(self.scene.objects[object].glyphs.clone());
        self.matches(|_| true);
    }

    fn across_objects(&mut self, line: &Line) {
        if line.runs.len() < 2 {
            return;
        }
        self.clear();
        for run in &line.runs {
            self.push(run.glyphs.clone());
        }
        let scene = self.scene;
        self.matches(|glyphs| {
            // What lies in one object has been found there.
            let object = scene.object_of(glyphs[0].1);
            glyphs
                .iter()
                .any(|(_, glyph)| !scene.objects[object].glyphs.contains(glyph))
        });
    }

    fn clear(&mut self) {
        self.text.clear();
        self.places.clear();
    }

    fn push(&mut self, glyphs: std::ops::Range<usize>) {
        for glyph in glyphs {
            if let Some(character) = normal(self.scene.glyphs[glyph].character) {
                self.places.push((self.text.len(), glyph));
                self.text.push(character);
            }
        }
    }

    fn matches(&mut self, wanted: impl Fn(&[(usize, usize)]) -> bool) {
        for (start, found) in self.text.match_indices(self.needle) {
            let first = self.places.partition_point(|(place, _)| *place < start);
            let end = self
                .places
                .partition_point(|(place, _)| *place < start + found.len());
            let glyphs = &self.places[first..end];
            if wanted(glyphs) {
                self.hits
                    .push(self.scene.hit(glyphs.iter().map(|(_, glyph)| *glyph)));
            }
        }
    }
}

/// What is compared: `None` for what leaves no ink.
fn normal(character: char) -> Option<char> {
    match character {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(character as u32 - 0xFEE0),
        '\u{2F00}'..='\u{2FD5}' => KANGXI.chars().nth(character as usize - 0x2F00),
        _ => leaves_ink(character).then_some(character),
    }
}

/// Unified characters for the radicals U+2F00 to U+2FD5, as Unicode's compatibility mappings say.
const KANGXI: &str = "\
    一丨丶丿乙亅二亠人儿入八冂冖冫几凵刀力勹匕匚匸十卜卩厂厶又口囗土士夂夊夕大女子宀寸小尢尸屮山巛工己巾干幺广廴\
    廾弋弓彐彡彳心戈戶手支攴文斗斤方无日曰月木欠止歹殳毋比毛氏气水火爪父爻爿片牙牛犬玄玉瓜瓦甘生用田疋疒癶白皮皿\
    目矛矢石示禸禾穴立竹米糸缶网羊羽老而耒耳聿肉臣自至臼舌舛舟艮色艸虍虫血行衣襾見角言谷豆豕豸貝赤走足身車辛辰辵\
    邑酉釆里金長門阜隶隹雨靑非面革韋韭音頁風飛食首香馬骨高髟鬥鬯鬲鬼魚鳥鹵鹿麥麻黃黍黑黹黽鼎鼓鼠鼻齊齒龍龜龠";

/// Rows from the top, each from the left. Items share a row when their middles differ by less than half of the
/// lesser height.
fn in_reading_order<T>(mut items: Vec<T>, bounds: impl Fn(&T) -> Box) -> Vec<Vec<T>> {
    let middle = |item: &T| bounds(item).center().y;
    items.sort_by(|one, other| middle(one).total_cmp(&middle(other)));
    let mut rows: Vec<Vec<T>> = Vec::new();
    for item in items {
        let shares = |first: &T| {
            let height = bounds(first).height.min(bounds(&item).height);
            middle(&item) - middle(first) < height / 2.0
        };
        match rows.last_mut() {
            Some(row) if row.first().is_some_and(shares) => row.push(item),
            _ => rows.push(vec![item]),
        }
    }
    for row in &mut rows {
        row.sort_by(|one, other| bounds(one).x.total_cmp(&bounds(other).x));
    }
    rows
}

fn without_double_prints(rows: Vec<Vec<Hit>>) -> Vec<Hit> {
    let mut kept: Vec<Hit> = Vec::new();
    for hit in rows.into_iter().flatten() {
        let tolerance = 0.25 * hit.bounds.height.min(hit.bounds.width);
        let same = |other: &Hit| {
            (other.bounds.x - hit.bounds.x).abs() <= tolerance
                && (other.bounds.y - hit.bounds.y).abs() <= tolerance
        };
        if !kept.last().is_some_and(same) {
            kept.push(hit);
        }
    }
    kept
}

#[cfg(test)]
mod tests;
