//! Stamping and verifying beside their floor: what cannot be saved with the same primitives.
//!
//! The floor of verifying is reading the file, inflating every part, the SM3 of those that a signature protects, and
//! the SM2 verifications of a first visit (signature, seal, three certificates) with the SM3 of what they are over.
//! The floor of stamping is the same reading and hashing, one SM2 signature, and writing the new file.
//! All of it runs in one process and in turns; the table shows medians of the thread's CPU time, since a shared
//! machine makes the time on the wall useless (on two threads: on the wall).
//!
//! `cargo bench -p sealing --bench engine` prints the table of docs/benchmarks.md.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use gm::{Digest, Signature, Signer as _, Sm3, Verifier as _};
use ofd::builder::{DocumentBuilder, Drawing, ImageFormat, PackageBuilder};
use ofd::geometry::Box as MmBox;
use ofd::{Limits, Package, PartPath};
use pki::{Purpose, VerifiedPath};
use sealing::{BlankPages, Conclusion, Mode, PageSelection, Position, SealOrder, Trust, Verifier, seal};
use ses::{ListKind, SealVersion, VerifiedSeal};
use testkit::{SeededRng, TestPki, now};

mod measure;
use measure::{cpu_time, median, peak_mib};

/// Of a signature in DER with its algorithm, about.
const SIGNATURE_BYTES: usize = 85;

/// Name and rounds.
const DOCUMENTS: [(&str, usize); 3] = [
    ("small: 1 page", 200),
    ("medium: 21 pages", 100),
    ("large: 10 pages, 56 MB of JPEG", 9),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, command, index, path] = &arguments[..]
        && command == "--build"
    {
        return build(index, Path::new(path));
    }
    let folder = std::env::temp_dir().join(format!("yinxin-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the documents");
    println!(
        "| document | bytes | verify ms | floor ms | ratio | again ms | on 2 threads | stamp ms | floor ms | ratio | peak MiB |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    let scene = Scene::new();
    for (index, (name, rounds)) in DOCUMENTS.into_iter().enumerate() {
        let plain = folder.join("plain.ofd");
        // In a process of its own, so that the peak memory is that of sealing and verifying.
        let program = std::env::current_exe().expect("the path of this program");
        let built = Command::new(program)
            .arg("--build")
            .arg(index.to_string())
            .arg(&plain)
            .status();
        assert!(built.expect("this program runs").success());
        scene.measure(
            name,
            rounds,
            &plain,
            &folder.join("sealed.ofd"),
            &folder.join("copy"),
        );
    }
    fs::remove_dir_all(&folder).expect("removing our own files");
}

fn build(index: &str, path: &Path) {
    match index {
        "0" => write(path, pages(1)),
        "1" => write(path, pages(21)),
        _ => large(path),
    }
}

struct Scene {
    pki: TestPki,
    sealer: VerifiedPath,
    seal: VerifiedSeal,
    /// As long as what a first visit verifies (signature, seal, sealer, maker, issuing CA), signed by the sealer.
    signed: Vec<(Vec<u8>, Signature)>,
}

impl Scene {
    fn new() -> Self {
        let pki = TestPki::new(1);
        let sealer = pki.path(&pki.sealer, Purpose::Signer);
        // A picture of the size that real seals have: a JPEG's header with noise behind it.
        let mut noise = vec![0; 24_000];
        rand_core::Rng::fill_bytes(&mut SeededRng::new(7), &mut noise);
        let header = b"\xff\xd8\xff\xc0\x00\x11\x08\x01\x00\x01\x00\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01";
        let picture = [&header[..], &noise, b"\xff\xd9"].concat();
        let seal = pki.verified(&pki.seal(SealVersion::V4, ListKind::Certificates, &picture));
        let certificates = [&pki.sealer, &pki.maker, &pki.issuing];
        let lengths = certificates.map(|holder| holder.certificate.der().len() - SIGNATURE_BYTES);
        let seal_bytes = seal.seal().bytes().len();
        // TBS_Sign holds the seal, a time, a digest and a path; SES_SealInfo is the seal without maker and signature.
        let signed = [seal_bytes + 100, seal_bytes - lengths[1] - 2 * SIGNATURE_BYTES]
            .into_iter()
            .chain(lengths)
            .map(|length| {
                let message = vec![7; length];
                let signature = pki.sealer.key.sign(&message).expect("a key in memory");
                (message, signature)
            })
            .collect();
        Self {
            pki,
            sealer,
            seal,
            signed,
        }
    }

    fn measure(&self, name: &str, rounds: usize, plain: &Path, sealed: &Path, copy: &Path) {
        self.stamp(plain, sealed);
        let bytes = fs::metadata(sealed).expect("the sealed document").len();
        let warm = self.verifier(1);
        self.verify(&warm, sealed);
        let mut times: [Vec<Duration>; 6] = Default::default();
        for _ in 0..rounds {
            // Empty caches; whoever verifies makes one verifier, not one for every document.
            let (first, first_on_two) = (self.verifier(1), self.verifier(2));
            let mut take = |slot: usize, work: &dyn Fn()| {
                // What is sealed goes into a new file, as the program writes it.
                let _ = fs::remove_file(copy);
                let (wall, cpu) = (Instant::now(), cpu_time());
                work();
                // Other threads work too in slot 3: only there the clock on the wall says something.
                times[slot].push(if slot == 3 {
                    wall.elapsed()
                } else {
                    cpu_time() - cpu
                });
            };
            take(0, &|| self.verify(&first, sealed));
            take(1, &|| self.verify_floor(sealed));
            take(2, &|| self.verify(&warm, sealed));
            take(3, &|| self.verify(&first_on_two, sealed));
            take(4, &|| self.stamp(plain, copy));
            take(5, &|| self.stamp_floor(sealed, copy));
        }
        let ms: Vec<f64> = times
            .iter_mut()
            .map(|times| median(times).as_secs_f64() * 1e3)
            .collect();
        println!(
            "| {name} | {bytes} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {} |",
            ms[0],
            ms[1],
            ms[0] / ms[1],
            ms[2],
            ms[3],
            ms[4],
            ms[5],
            ms[4] / ms[5],
            peak_mib(),
        );
    }

    fn verifier(&self, threads: usize) -> Verifier {
        let trust = Trust::for_all(self.pki.trust().anchors().to_vec());
        Verifier::new(trust, self.pki.intermediates(), Vec::new()).with_threads(threads)
    }

    fn verify(&self, verifier: &Verifier, sealed: &Path) {
        let report = verifier.verify_file(sealed, now()).expect("a readable disk");
        assert_eq!(report.conclusion, Conclusion::Passed);
    }

    fn verify_floor(&self, sealed: &Path) {
        black_box(hash_all(sealed, |part| part.file_name() != "SignedValue.dat"));
        let key = self.pki.sealer.key.public_key();
        for (message, signature) in &self.signed {
            black_box(key.verify(message, signature)).expect("our own signature");
        }
    }

    fn stamp(&self, plain: &Path, out: &Path) {
        let package = open(plain);
        let position = [Position::Point {
            pages: PageSelection::Pages(vec![1]),
            x_mm: 120.0,
            y_mm: 200.0,
        }];
        let order = SealOrder {
            seal: &self.seal,
            sealer: &self.sealer,
            positions: &position,
            mode: Mode::Continue,
            blank_pages: BlankPages::Refuse,
            time: now(),
            threads: 1,
        };
        let mut out = BufWriter::new(File::create(out).expect("a writable disk"));
        seal(&package, &order, &self.pki.sealer.key, None, &mut out).expect("a sealed document");
        out.flush().expect("a writable disk");
    }

    fn stamp_floor(&self, sealed: &Path, copy: &Path) {
        // What the new parts hold has to be hashed as well: the seal, and the data that are signed.
        let digest = hash_all(sealed, |_| true);
        black_box(self.pki.sealer.key.sign_digest(&digest)).expect("a key in memory");
        fs::copy(sealed, copy).expect("a writable disk");
    }
}

/// Reads and inflates every part, and hashes those that are protected.
fn hash_all(path: &Path, is_protected: impl Fn(&PartPath) -> bool) -> Digest {
    let package = open(path);
    let mut last = Digest([0; 32]);
    for entry in package.parts() {
        let mut hasher = Sm3::new();
        let protected = is_protected(entry.path());
        let mut take = |bytes: &[u8]| {
            if protected {
                hasher.update(bytes);
            }
        };
        package.stream(entry.path(), &mut take).expect("our own document");
        last = hasher.finish();
    }
    last
}

fn open(path: &Path) -> Package {
    Package::open(File::open(path).expect("our own file"), Limits::default()).expect("our own document")
}

fn pages(count: usize) -> DocumentBuilder {
    let mut document = DocumentBuilder::new("0123456789abcdef0123456789abcdef");
    let font = document.font("宋体");
    for page in 1..=count {
        let mut drawing = Drawing::new();
        for line in 0..40u32 {
            let text = format!(
                "第 {page} 页第 {line} 行：关于加强电子印章统一管理有关事项的通知，请各有关单位遵照执行。"
            );
            drawing = drawing.text(font, 4.0, 25.0, 30.0 + 6.0 * f64::from(line), &text);
        }
        document.page((210.0, 297.0), drawing);
    }
    document
}

/// Ten pages with a picture of 5.6 MB each, which do not compress.
fn large(path: &Path) {
    let mut document = pages(0);
    let font = document.font("宋体");
    for page in 0..10u64 {
        let mut jpeg = vec![0; 5_600_000];
        rand_core::Rng::fill_bytes(&mut SeededRng::new(page), &mut jpeg);
        jpeg[..3].copy_from_slice(b"\xff\xd8\xff");
        let image = document.image(ImageFormat::Jpeg, jpeg);
        let drawing = Drawing::new().text(font, 4.0, 25.0, 30.0, "扫描件");
        document.page(
            (210.0, 297.0),
            drawing.image(image, MmBox::new(20.0, 40.0, 170.0, 240.0)),
        );
    }
    write(path, document);
}

fn write(path: &Path, document: DocumentBuilder) {
    let mut out = BufWriter::new(File::create(path).expect("a writable disk"));
    PackageBuilder::new(document).write(&mut out).expect("a document");
    out.flush().expect("a writable disk");
}
