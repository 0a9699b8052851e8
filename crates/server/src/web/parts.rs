//! Small pieces that pages are made of.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use maud::{Markup, html};
use sealing::{Language, beijing_time};

use super::form::Form;
use super::visit::Face;
use crate::http::problem::Problem;

/// The marks that every form carries; they stand before everything else in it.
pub(crate) fn hidden(face: &Face) -> Markup {
    html! {
        input type="hidden" name="token" value=(face.token);
        input type="hidden" name="once" value=(face.once);
    }
}

/// A time: to the minute, the exact one when pointed at. A script puts it into the reader's zone.
pub(crate) fn time(time: Timestamp, l: Language) -> Markup {
    let shown = time.to_zoned(TimeZone::fixed(Offset::constant(8)));
    html! {
        time datetime=(time) title=(beijing_time(time, l)) { (shown.strftime("%Y-%m-%d %H:%M").to_string()) }
    }
}

/// Fen in a yuan.
const FEN: u64 = 100;

/// An amount in yuan, with two decimals at most, in fen.
pub(crate) fn fen(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > 2 || !digits(whole) || !digits(part) {
        return None;
    }
    let part: u64 = format!("{part:0<2}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(FEN)?.checked_add(part)
}

/// The other way round.
pub(crate) fn yuan(fen: u64) -> String {
    match fen % FEN {
        0 => (fen / FEN).to_string(),
        part => format!("{}.{part:02}", fen / FEN),
    }
}

/// What went wrong and what to do; scripts and readers of screens announce it.
pub(crate) fn problem_box(problem: &Problem, l: Language) -> Markup {
    let (what, advice) = problem.words(l);
    html! {
        div.notice.bad role="alert" {
            p { strong { (what) } }
            p { (advice) }
            @if let Some((rule, article)) = problem.rests_on() {
                p.muted { (l.pick("依据：", "Rests on: ")) span lang="zh-CN" { (article) } " · " (rule) }
            }
            p.muted.code { (problem.code()) }
        }
    }
}

/// A field with its label; the hint says what is wanted.
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    pub(crate) label: &'a str,
    pub(crate) hint: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) value: &'a str,
    pub(crate) needed: bool,
}

impl Field<'_> {
    pub(crate) fn markup(&self) -> Markup {
        let hint = format!("{}-hint", self.name);
        let complete = match self.name {
            "account" => Some("username"),
            "password" => Some("current-password"),
            "new_password" | "new_password_again" => Some("new-password"),
            "code" => Some("one-time-code"),
            _ => None,
        };
        html! {
            div.field {
                label for=(self.name) { (self.label) }
                @if !self.hint.is_empty() { p.hint id=(hint) { (self.hint) } }
                @if self.kind == "textarea" {
                    textarea id=(self.name) name=(self.name) rows="3" required[self.needed]
                        aria-describedby=[(!self.hint.is_empty()).then_some(&hint)] { (self.value) }
                } @else {
                    input id=(self.name) name=(self.name) type=(self.kind) value=(self.value)
                        required[self.needed] autocomplete=[complete]
                        inputmode=[(self.name == "code").then_some("numeric")]
                        step=[(self.kind == "number").then_some("any")]
                        aria-describedby=[(!self.hint.is_empty()).then_some(&hint)];
                }
            }
        }
    }
}

/// A choice from a list.
pub(crate) fn select(name: &str, label: &str, options: &[(String, String)], chosen: &str) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            select id=(name) name=(name) {
                @for (value, text) in options {
                    option value=(value) selected[value == chosen] { (text) }
                }
            }
        }
    }
}

/// The head of a table.
pub(crate) fn heads(names: &[&str]) -> Markup {
    html! { thead { tr { @for name in names { th scope="col" { (name) } } } } }
}

/// A table whose rows become cards on narrow screens. Each cell says its heading there, and the roles stay for
/// assistive technology, which `display: block` would take from it.
pub(crate) fn stack(names: &[&str], rows: impl IntoIterator<Item = Vec<Markup>>) -> Markup {
    html! {
        div.scroll { table.stack role="table" {
            thead role="rowgroup" { tr role="row" {
                @for name in names { th scope="col" role="columnheader" { (name) } }
            } }
            tbody role="rowgroup" { @for row in rows { tr role="row" {
                @for (cell, name) in row.into_iter().zip(names) { td role="cell" data-label=(name) { (cell) } }
            } } }
        } }
    }
}

/// How something stands, in words beside the colour.
pub(crate) fn badge(tone: &str, text: &str) -> Markup {
    html! { span class={ "badge " (tone) } { (text) } }
}

/// Nothing is there, and what to do about it.
pub(crate) fn empty(text: &str) -> Markup {
    html! { p.empty { (text) } }
}

/// A few numbers that say how things stand.
pub(crate) fn figures(list: &[(&str, u64)]) -> Markup {
    html! {
        dl.figures { @for (name, count) in list { div { dt { (name) } dd { (count) } } } }
    }
}

/// Views of one page, of which one is shown.
pub(crate) fn tabs(views: &[(&str, &str)], here: usize, label: &str) -> Markup {
    html! {
        nav.tabs aria-label=(label) { ul { @for (at, (place, name)) in views.iter().enumerate() {
            li { a href=(place) aria-current=[(at == here).then_some("page")] { (name) } }
        } } }
    }
}

/// Several choices from a list; those stay chosen that were sent.
pub(crate) fn checks(name: &str, options: &[(String, String)], sent: Option<&Form>) -> Markup {
    let chosen: Option<Vec<_>> = sent.map(|form| form.all(name).map(str::to_owned).collect());
    checks_of(name, options, &chosen.unwrap_or_default())
}

/// The same, of which those are chosen.
pub(crate) fn checks_of(name: &str, options: &[(String, String)], chosen: &[String]) -> Markup {
    html! {
        div.checks { @for (value, text) in options {
            label.check { input type="checkbox" name=(name) value=(value) checked[chosen.contains(value)]; (text) }
        } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_to_the_fen_and_written_back() {
        for (text, read) in [
            ("0", 0),
            ("12", 1200),
            ("12.3", 1230),
            ("12.05", 1205),
            ("12.", 1200),
        ] {
            assert_eq!(fen(text), Some(read), "{text}");
        }
        for text in [
            "",
            ".5",
            "1,000",
            "-1",
            "1.234",
            "1e3",
            "184467440737095517",
            "+1",
        ] {
            assert_eq!(fen(text), None, "{text}");
        }
        assert_eq!([1200, 1205, 1230].map(yuan), ["12", "12.05", "12.30"]);
    }
}
