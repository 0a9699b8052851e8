//! Drawing pages, warm: the fonts are open and the glyphs known, as in a service after its first page.
//!
//! `cargo bench -p render --bench page [FILE.ofd…]` prints the table of docs/benchmarks.md: medians of the thread's
//! CPU time, since a shared machine makes the time on the wall useless. The page is our own; files may be added.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::hint::black_box;
use std::time::Duration;

use ofd::builder::{A4, DocumentBuilder, Drawing};
use ofd::{Limits, Ofd, Package};
use render::{Document, FontLibrary, View};
use rustix::time::{ClockId, clock_gettime};

const DPI: f64 = 150.0;
const ROUNDS: usize = 40;
/// Lines of the page, and characters of each: a full page of an official document (GB/T 9704: 22 lines of 28).
const LINES: (usize, usize) = (22, 28);

fn main() {
    let fonts = FontLibrary::from_folders(&["/usr/share/fonts"]);
    println!(
        "| page | shapes | parse and lay out ms | pixels at {DPI} dpi ms | PNG ms | SVG ms | SVG KiB | peak MiB |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    measure("22 lines of 28 characters", text_page(), &fonts);
    for (index, path) in std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .enumerate()
    {
        let bytes = std::fs::read(path).expect("a file that can be read");
        measure(&format!("file {}", index + 1), bytes, &fonts);
    }
}

/// Characters that follow each other in Unicode, so that many different ones stand on the page.
fn text_page() -> Vec<u8> {
    let mut document = DocumentBuilder::new("9b0b8d3ac6e34b0c8a5a5f0e7d1c2b3a");
    let song = document.font("宋体");
    let mut page = Drawing::new();
    let mut characters = (0x4E00u32..).filter_map(char::from_u32);
    for line in 0..LINES.0 {
        let text: String = characters.by_ref().take(LINES.1).collect();
        page = page.text(song, 5.6444, 28.0, 45.0 + 10.3 * line as f64, &text);
    }
    document.page(A4, page);
    document.build().expect("a document")
}

fn measure(name: &str, bytes: Vec<u8>, fonts: &FontLibrary) {
    let package = Package::open(bytes, Limits::default()).expect("a package");
    let ofd = Ofd::read(&package).expect("a document");
    let document = ofd.bodies[0].document.as_ref().expect("a document");
    let pages = Document::new(&package, document, fonts, render::Limits::default());
    let lay_out = || pages.scene(1, &View::default()).expect("a page");
    let scene = lay_out();
    let pixels = scene.to_pixels(DPI).expect("a picture");
    let svg = scene.to_svg().expect("an SVG");
    let shapes = scene.len();
    let times = [
        median(|| drop(black_box(lay_out()))),
        median(|| drop(black_box(scene.to_pixels(DPI)))),
        median(|| drop(black_box(pixels.to_png()))),
        median(|| drop(black_box(scene.to_svg()))),
    ];
    let [lay_out, draw, png, write] = times.map(|time| format!("{:.1}", time.as_secs_f64() * 1000.0));
    let (kib, peak) = (svg.len() / 1024, peak_mib());
    println!("| {name} | {shapes} | {lay_out} | {draw} | {png} | {write} | {kib} | {peak} |");
}

fn median(run: impl Fn()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = cpu_time();
            run();
            cpu_time() - start
        })
        .collect();
    times.sort();
    times[ROUNDS / 2]
}

/// Of this thread.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Largest resident set of this process so far, in MiB.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}
