//! How often the comparison errs: seals of every kind from numbered seeds, each as a scanner and a camera bring it, and
//! with each forgery.
//!
//! `cargo bench -p impression --bench pairs [-- SEALS FIRST THREADS [measures]]` prints the tables of
//! docs/benchmarks.md, with `measures` also what was measured of each pair, which the limits come from. Seed `n` always
//! makes the same seal, the same images and the same forgeries.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]
#![allow(unreachable_pub, reason = "shared with the tests")]

#[path = "../tests/it/specimens.rs"]
mod specimens;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use impression::{
    Design, Drawing, Font, Impression, NameSeal, OfficialLevel, OvalSeal, RoundSeal, Verdict, compare, draw,
};

use specimens::{
    ALIKE, COMMON, Capture, FORGERIES, Faces, Forgery, Rng, captured, fonts, forged, registered,
};

/// What a pair is, and how its second image was taken.
type Kind = (Option<Forgery>, Capture);

/// What came of the pairs of one kind.
#[derive(Default)]
struct Tally {
    same: u32,
    look: u32,
    different: u32,
    unread: u32,
    similarities: Vec<f64>,
}

#[derive(Default)]
struct Found {
    tallies: BTreeMap<Kind, Tally>,
    millis: Vec<f64>,
    /// Pairs that were judged wrongly, to look at again.
    wrong: Vec<String>,
}

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let (seals, first) = (numbers.next().unwrap_or(200), numbers.next().unwrap_or(1));
    let threads = numbers.next().unwrap_or(2);
    let shows_measures = std::env::args().any(|argument| argument == "measures");
    let faces = Faces {
        serif: face("NotoSerifCJK-Regular.ttc", "Noto Serif CJK SC"),
        others: vec![
            face("NotoSansCJK-Regular.ttc", "Noto Sans CJK SC"),
            face("NotoSerifCJK-Bold.ttc", "Noto Serif CJK SC"),
        ],
    };
    let (next, found) = (AtomicU64::new(first), Mutex::new(Found::default()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + seals {
                        return;
                    }
                    one_seal(seed, &faces, &found, shows_measures);
                }
            });
        }
    });
    print(&found.into_inner().unwrap(), seals, first);
}

/// Where script/setup puts the faces.
fn face(file: &str, family: &str) -> Font {
    let path = std::path::Path::new("/usr/share/fonts/opentype/noto").join(file);
    let bytes = std::fs::read(path).expect("the package fonts-noto-cjk is missing: run script/setup");
    Font::read(bytes, Some(family)).unwrap()
}

/// A name of so many characters, of which the last is one that a forger finds another for.
fn name(rng: &mut Rng, characters: usize) -> String {
    let common: Vec<char> = COMMON.chars().collect();
    let mut name: Vec<char> = (1..characters).map(|_| *rng.pick(&common)).collect();
    name.push(rng.pick(ALIKE).0);
    name.into_iter().collect()
}

/// The seal of a seed: round with a star, round with a purpose, with a code, oval, or a person's.
fn design(rng: &mut Rng) -> Design {
    let characters = 6 + rng.next() as usize % 15;
    match rng.next() % 6 {
        0 | 1 => {
            let level = *rng.pick(&[
                OfficialLevel::Township,
                OfficialLevel::Organisation,
                OfficialLevel::Prefecture,
            ]);
            Design::Round(RoundSeal::official(level, &name(rng, characters), None))
        }
        2 => Design::Round(RoundSeal::special(38.0, &name(rng, characters), "合同专用章")),
        3 => {
            let mut seal = RoundSeal::special(38.0, &name(rng, characters), "财务专用章");
            seal.code = Some(format!("{:013}", rng.next() % 10_000_000_000_000));
            Design::Round(seal)
        }
        4 => Design::Oval(OvalSeal::invoice(
            &name(rng, characters.min(16)),
            "913201000000000000",
        )),
        _ => {
            let characters = 2 + rng.next() as usize % 3;
            Design::Name(NameSeal::square(&name(rng, characters), *rng.pick(&[18.0, 20.0])))
        }
    }
}

fn one_seal(seed: u64, faces: &Faces, found: &Mutex<Found>, shows_measures: bool) {
    let mut rng = Rng(seed);
    let design = design(&mut rng);
    let Ok(drawing) = draw(&design, fonts(&faces.serif)) else {
        return;
    };
    let one = Impression::read(&registered(&drawing), None).unwrap();
    let look = |drawing: &Drawing, stretch: f64, kind: Kind, rng: &mut Rng| {
        let file = captured(drawing, stretch, kind.1, rng);
        let before = cpu_time();
        let comparison = Impression::read(&file, None).map(|other| compare(&one, &other));
        let millis = (cpu_time() - before).as_secs_f64() * 1e3;
        let mut found = found.lock().unwrap();
        found.millis.push(millis);
        let tally = found.tallies.entry(kind).or_default();
        let Ok(comparison) = comparison else {
            tally.unread += 1;
            found.wrong.push(format!("seed {seed} {kind:?}: not read"));
            return;
        };
        if shows_measures {
            let measured = comparison.measures.iter();
            let measured: Vec<_> = measured
                .map(|one| format!("{:?}={:.3}", one.kind, one.value))
                .collect();
            println!("{seed} {kind:?} {:?} {}", comparison.verdict, measured.join(" "));
        }
        tally.similarities.push(comparison.similarity);
        match comparison.verdict {
            Verdict::Same => tally.same += 1,
            Verdict::Look => tally.look += 1,
            Verdict::Different => tally.different += 1,
        }
        let wrong = if kind.0.is_some() {
            Verdict::Same
        } else {
            Verdict::Different
        };
        if comparison.verdict == wrong {
            let worst: Vec<_> = comparison.measures.iter().take(3).collect();
            found
                .wrong
                .push(format!("seed {seed} {kind:?} {design:?}: {worst:?}"));
        }
    };
    for capture in [Capture::Scan, Capture::Photo] {
        look(&drawing, 1.0, (None, capture), &mut rng);
    }
    for forgery in FORGERIES {
        if let Some((drawing, stretch)) = forged(&design, forgery, faces, &mut rng) {
            let capture = *rng.pick(&[Capture::Scan, Capture::Photo]);
            look(&drawing, stretch, (Some(forgery), capture), &mut rng);
        }
    }
}

/// Of this thread.
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn print(found: &Found, seals: u64, first: u64) {
    let pairs: usize = found.millis.len();
    println!(
        "{pairs} pairs of {seals} seals, seeds {first} to {}",
        first + seals - 1
    );
    println!(
        "\n| pair | image | pairs | same | look | different | unread | similarity 1 % | 50 % | 99 % | most |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for ((forgery, capture), tally) in &found.tallies {
        let what = forgery.map_or("genuine".to_owned(), |forgery| format!("{forgery:?}"));
        let at = |part| quantile(&tally.similarities, part);
        println!(
            "| {what} | {capture:?} | {} | {} | {} | {} | {} | {:.3} | {:.3} | {:.3} | {:.3} |",
            tally.same + tally.look + tally.different + tally.unread,
            tally.same,
            tally.look,
            tally.different,
            tally.unread,
            at(0.01),
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
    println!(
        "\nreading and comparing one: {:.0} ms of CPU time in the middle, {:.0} ms at 99 %",
        quantile(&found.millis, 0.5),
        quantile(&found.millis, 0.99)
    );
    for wrong in &found.wrong {
        println!("wrong: {wrong}");
    }
}

fn quantile(values: &[f64], part: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let at = (values.len().saturating_sub(1) as f64 * part) as usize;
    values.get(at).copied().unwrap_or(f64::NAN)
}
