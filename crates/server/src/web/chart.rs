//! Charts as SVG that is made here; beside each stands the table with the same numbers.

use maud::{Markup, html};
use sealing::Language;

/// Width of a chart in its own units.
const WIDTH: u64 = 420;
/// Where bars begin: names stand before them.
const BEGIN: u64 = 130;
/// Height of a row.
const ROW: u64 = 34;

/// One number of a chart.
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) count: u64,
}

/// Bars that lie, with the table that says the same; `names` is the head of its first column.
pub(crate) fn bars(id: &str, title: &str, bars: &[Bar], (names, l): (&str, Language)) -> Markup {
    let counts = l.pick("数量", "Count");
    let as_table = l.pick("看数字（表格）", "The numbers as a table");
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or(0).max(1);
    let height = ROW * bars.len() as u64 + 8;
    let room = WIDTH - BEGIN - 60;
    let label = format!("{id}-title");
    html! {
        section.card aria-labelledby=(label) {
            h2 id=(label) { (title) }
            svg.chart viewBox={ "0 0 " (WIDTH) " " (height) } role="img" aria-label=(title) {
                @for (row, bar) in (0_u64..).zip(bars) {
                    @let top = row * ROW + 4;
                    @let width = (bar.count * room / most).max(u64::from(bar.count > 0) * 2);
                    text x=(BEGIN - 10) y=(top + 19) text-anchor="end" { (bar.name) }
                    rect x=(BEGIN) y=(top + 3) width=(width) height=(ROW - 12) rx="3" {}
                    text x=(BEGIN + width + 8) y=(top + 19) { (bar.count) }
                }
            }
            details {
                summary { (as_table) }
                table {
                    caption { (title) }
                    thead { tr { th scope="col" { (names) } th.number scope="col" { (counts) } } }
                    tbody { @for bar in bars { tr { th scope="row" { (bar.name) } td.number { (bar.count) } } } }
                }
            }
        }
    }
}
