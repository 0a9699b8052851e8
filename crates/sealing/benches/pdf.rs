//! Stamping and verifying PDF files beside their floor and beside pyHanko.
//!
//! The floor of verifying is reading the file, the SM3 of what the signatures cover, each byte once, and the SM2
//! verifications (each signature; once the seal and three certificates). The floor of stamping is reading, SM3, one
//! SM2 signature, and writing the new file. Against pyHanko, which does not know SM2, both sign with ECDSA over P-256
//! (PAdES B-B, a visible field, SHA-256).
//! All of it runs in turns; the tables show medians of processor time, since a shared machine makes the time on the
//! wall useless.
//!
//! `cargo bench -p sealing --bench pdf [-- NAME]` prints the tables of docs/benchmarks.md, or the rows whose name has
//! this in it. pyHanko comes from `script/setup`.

#![expect(clippy::print_stdout, reason = "the tables are what this program is for")]

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use gm::{Digest, Signature, Signer as _, Sm3, Verifier as _};
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use pki::{Certificate, ForeignAlgorithm, ForeignHash, MessageKey, Purpose, VerifiedPath};
use sealing::{
    BlankPages, Conclusion, Mode, PageSelection, PdfForm, PdfLevel, PdfSealOrder, Position, Shown, Trust,
    Verifier, seal_pdf,
};
use ses::{ListKind, SealVersion, VerifiedSeal};
use testkit::{SeededRng, TestPki, now};

mod measure;
use measure::{cpu_time, median, peak_mib};

/// Of a signature in DER with its algorithm, about.
const SIGNATURE_BYTES: usize = 85;

/// Name, pages, bytes of the picture on each page, signatures, rounds.
const DOCUMENTS: [(&str, usize, usize, usize, usize); 4] = [
    ("small: 1 page", 1, 0, 1, 200),
    ("medium: 20 pages", 20, 0, 1, 100),
    ("medium, sealed ten times", 20, 0, 10, 50),
    ("large: 10 pages, 100 MB of JPEG", 10, 10_000_000, 1, 7),
];

fn main() {
    let folder = std::env::temp_dir().join(format!("yinxin-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the documents");
    let named = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let documents = DOCUMENTS.map(|document| {
        named
            .as_ref()
            .is_none_or(|word| document.0.contains(word.as_str()))
            .then_some(document)
    });
    let scene = Scene::new();
    println!(
        "| document | bytes | verify ms | floor ms | ratio | stamp ms | floor ms | ratio | peak MiB |\n|---|---|---|---|---|---|---|---|---|"
    );
    for (name, pages, picture, signatures, rounds) in documents.into_iter().flatten() {
        let plain = folder.join("plain.pdf");
        write_pdf(&plain, pages, picture);
        scene.measure(name, signatures, rounds, &folder);
    }
    println!(
        "\n| document | stamp ms | pyHanko ms | ratio | verify ms | pyHanko ms | ratio |\n|---|---|---|---|---|---|---|"
    );
    let rival = Rival::new(&folder);
    for (name, pages, picture, signatures, rounds) in documents.into_iter().flatten() {
        if signatures == 1 {
            write_pdf(&folder.join("plain.pdf"), pages, picture);
            rival.measure(name, rounds.min(30));
        }
    }
    fs::remove_dir_all(&folder).expect("removing our own files");
}

fn point() -> [Position; 1] {
    [Position::Point {
        pages: PageSelection::Pages(vec![1]),
        x_mm: 120.0,
        y_mm: 200.0,
    }]
}

fn order<'a>(
    shown: Shown<'a>,
    sealer: &'a VerifiedPath,
    positions: &'a [Position],
    form: PdfForm,
    verifier: &'a Verifier,
) -> PdfSealOrder<'a> {
    PdfSealOrder {
        shown,
        sealer,
        positions,
        mode: Mode::Continue,
        blank_pages: BlankPages::Refuse,
        repair: false,
        time: now(),
        form,
        level: PdfLevel::B,
        verifier,
    }
}

/// Seals a file into a file, as the program does.
fn stamp(plain: &Path, order: &PdfSealOrder<'_>, key: MessageKey<'_>, out: &Path) {
    // What is sealed goes into a new file.
    let _ = fs::remove_file(out);
    let mut out = BufWriter::new(File::create(out).expect("a writable disk"));
    let document = fs::read(plain).expect("our own file");
    seal_pdf(document, order, key, None, &mut out).expect("a sealed document");
    out.flush().expect("a writable disk");
}

fn verify(verifier: &Verifier, sealed: &Path) {
    let report = verifier.verify_file(sealed, now()).expect("a readable disk");
    assert_eq!(report.conclusion, Conclusion::Passed, "{:?}", report.reasons);
}

fn timed(times: &mut Vec<Duration>, work: impl FnOnce()) {
    let before = cpu_time();
    work();
    times.push(cpu_time() - before);
}

fn ms(times: &mut [Duration]) -> f64 {
    median(times).as_secs_f64() * 1e3
}

/// A verifier whose caches are empty.
fn verifier_for(pki: &TestPki) -> Verifier {
    let trust = Trust::for_all(pki.trust().anchors().to_vec());
    Verifier::new(trust, pki.intermediates(), Vec::new()).with_threads(1)
}

struct Scene {
    pki: TestPki,
    sealer: VerifiedPath,
    seal: VerifiedSeal,
    /// Remembers the picture of the seal, as a service does.
    warm: Verifier,
    /// As long as what a first visit verifies (signature, seal, sealer, maker, issuing CA), signed by the sealer.
    signed: Vec<(Vec<u8>, Signature)>,
}

impl Scene {
    fn new() -> Self {
        let pki = TestPki::new(1);
        let sealer = pki.path(&pki.sealer, Purpose::Signer);
        let seal = pki.verified(&pki.seal(SealVersion::V4, ListKind::Certificates, &picture()));
        let certificates = [&pki.sealer, &pki.maker, &pki.issuing];
        let lengths = certificates.map(|holder| holder.certificate.der().len() - SIGNATURE_BYTES);
        let seal_bytes = seal.seal().bytes().len();
        let signed = [seal_bytes + 100, seal_bytes]
            .into_iter()
            .chain(lengths)
            .map(|length| {
                let message = vec![7; length];
                let signature = pki.sealer.key.sign(&message).expect("a key in memory");
                (message, signature)
            })
            .collect();
        Self {
            warm: verifier_for(&pki),
            pki,
            sealer,
            seal,
            signed,
        }
    }

    fn stamp(&self, plain: &Path, out: &Path) {
        let (positions, shown) = (point(), Shown::Seal(&self.seal));
        let order = order(shown, &self.sealer, &positions, PdfForm::Seal, &self.warm);
        stamp(plain, &order, MessageKey::Sm2(&self.pki.sealer.key), out);
    }

    fn measure(&self, name: &str, signatures: usize, rounds: usize, folder: &Path) {
        let (plain, sealed, copy) = (
            folder.join("plain.pdf"),
            folder.join("sealed.pdf"),
            folder.join("copy"),
        );
        self.stamp(&plain, &sealed);
        for _ in 1..signatures {
            fs::rename(&sealed, &plain).expect("a writable disk");
            self.stamp(&plain, &sealed);
        }
        let mut times: [Vec<Duration>; 4] = Default::default();
        for _ in 0..rounds {
            let first = verifier_for(&self.pki);
            timed(&mut times[0], || verify(&first, &sealed));
            timed(&mut times[1], || self.verify_floor(&sealed, signatures));
            timed(&mut times[2], || self.stamp(&plain, &copy));
            timed(&mut times[3], || self.stamp_floor(&sealed, &copy));
        }
        let [verify, verify_floor, stamp, stamp_floor] = times.each_mut().map(|times| ms(times));
        println!(
            "| {name} | {} | {verify:.2} | {verify_floor:.2} | {:.2} | {stamp:.2} | {stamp_floor:.2} | {:.2} | {} |",
            fs::metadata(&sealed).expect("our own file").len(),
            verify / verify_floor,
            stamp / stamp_floor,
            peak_mib(),
        );
    }

    fn verify_floor(&self, sealed: &Path, signatures: usize) {
        black_box(hash(sealed));
        let key = self.pki.sealer.key.public_key();
        let again = std::iter::repeat_n(&self.signed[0], signatures - 1);
        for (message, signature) in self.signed.iter().chain(again) {
            black_box(key.verify(message, signature)).expect("our own signature");
        }
    }

    fn stamp_floor(&self, sealed: &Path, copy: &Path) {
        let digest = hash(sealed);
        black_box(self.pki.sealer.key.sign_digest(&digest)).expect("a key in memory");
        let _ = fs::remove_file(copy);
        fs::copy(sealed, copy).expect("a writable disk");
    }
}

fn hash(path: &Path) -> Digest {
    let mut hasher = Sm3::new();
    hasher.update(&fs::read(path).expect("our own file"));
    hasher.finish()
}

const CONFIGURATION: &str = "
[ca]
default_ca = own
[own]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
[any]
commonName = supplied
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[signer]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,nonRepudiation
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
";

/// A key of P-256 with a certificate of OpenSSL, for pyHanko and for us.
struct Rival {
    folder: PathBuf,
    key: SigningKey,
    sealer: VerifiedPath,
    picture: Vec<u8>,
    warm: Verifier,
}

impl Rival {
    fn new(folder: &Path) -> Self {
        let run = |line: &str| {
            let mut command = Command::new("openssl");
            let status = command.args(line.split_whitespace()).current_dir(folder).output();
            assert!(
                status.is_ok_and(|output| output.status.success()),
                "openssl {line}"
            );
        };
        for (name, text) in [("config", CONFIGURATION), ("index.txt", ""), ("serial", "01")] {
            fs::write(folder.join(name), text).expect("a writable disk");
        }
        for (name, section, by) in [
            ("root", "authority", "-selfsign"),
            ("p256", "signer", "-cert root.pem"),
        ] {
            run(&format!(
                "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}"
            ));
            run(&format!(
                "ca -config config -batch -notext -keyfile root.key {by} -extensions {section} \
                 -startdate 20250101000000Z -enddate 20450101000000Z -in {name}.csr -out {name}.pem"
            ));
        }
        run("pkey -in p256.key -outform DER -out p256.der");
        let der = fs::read(folder.join("p256.der")).expect("what OpenSSL wrote");
        // ECPrivateKey of RFC 5915: version 1, an OCTET STRING of 32 bytes.
        let start = der
            .windows(5)
            .position(|bytes| bytes == [2, 1, 1, 4, 32])
            .expect("a key of P-256")
            + 5;
        let sealer = verifier_of(folder).proved_foreign_signer(&certificate(folder, "p256"), now());
        Self {
            folder: folder.to_owned(),
            key: SigningKey::from_slice(&der[start..start + 32]).expect("a key of P-256"),
            sealer: sealer.expect("a path to our own root"),
            picture: picture(),
            warm: verifier_of(folder),
        }
    }

    fn stamp(&self, plain: &Path, out: &Path) {
        let positions = point();
        let shown = Shown::Picture {
            data: &self.picture,
            width_mm: 40.0,
            height_mm: 20.0,
        };
        let sign = |digest: &[u8]| {
            let signature: Result<p256::ecdsa::Signature, _> = self.key.sign_prehash(digest);
            signature
                .map(|signature| signature.to_der().as_bytes().to_vec())
                .map_err(|error| error.to_string())
        };
        let key = MessageKey::Foreign {
            algorithm: ForeignAlgorithm::Ecdsa(ForeignHash::Sha256),
            sign: &sign,
        };
        let order = order(shown, &self.sealer, &positions, PdfForm::Cades, &self.warm);
        stamp(plain, &order, key, out);
    }

    fn measure(&self, name: &str, rounds: usize) {
        let (plain, sealed) = (self.folder.join("plain.pdf"), self.folder.join("sealed.pdf"));
        let mut times: [Vec<Duration>; 2] = Default::default();
        for _ in 0..rounds {
            timed(&mut times[0], || self.stamp(&plain, &sealed));
            let first = verifier_of(&self.folder);
            timed(&mut times[1], || verify(&first, &sealed));
        }
        let [stamp, verify] = times.each_mut().map(|times| ms(times));
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/pyhanko/bin/python");
        let output = Command::new(python)
            .args(["-c", include_str!("pyhanko.py")])
            .arg(&self.folder)
            .arg(rounds.to_string())
            .output();
        let theirs = match output {
            Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
            Ok(output) => panic!("pyHanko: {}", String::from_utf8_lossy(&output.stderr)),
            Err(error) => return println!("SKIPPED: pyHanko: {error}; run script/setup"),
        };
        let theirs: Vec<f64> = theirs.lines().filter_map(|line| line.parse().ok()).collect();
        let [their_stamp, their_verify] = theirs[..] else {
            panic!("pyHanko: two times")
        };
        println!(
            "| {name} | {stamp:.2} | {their_stamp:.2} | {:.1} | {verify:.2} | {their_verify:.2} | {:.1} |",
            their_stamp / stamp,
            their_verify / verify
        );
    }
}

fn certificate(folder: &Path, name: &str) -> Certificate {
    let pem = fs::read(folder.join(format!("{name}.pem"))).expect("what OpenSSL wrote");
    pki::read_certificates(&pem).expect("a certificate").remove(0)
}

fn verifier_of(folder: &Path) -> Verifier {
    let trust = Trust::for_all(vec![certificate(folder, "root")]);
    Verifier::new(trust, Vec::new(), Vec::new()).with_threads(1)
}

/// A red ring of 600 by 600 pixels, as seals have it.
fn picture() -> Vec<u8> {
    let pixels = image::RgbaImage::from_fn(600, 600, |x, y| {
        let (dx, dy) = (f64::from(x) - 300.0, f64::from(y) - 300.0);
        let is_ring = (270.0..295.0).contains(&dx.hypot(dy));
        image::Rgba([200, 0, 0, if is_ring { 255 } else { 0 }])
    });
    let mut bytes = Vec::new();
    let mut out = std::io::Cursor::new(&mut bytes);
    pixels
        .write_to(&mut out, image::ImageFormat::Png)
        .expect("a PNG in memory");
    bytes
}

/// Pages of words, each with a picture of so many bytes if there is one.
fn write_pdf(path: &Path, pages: usize, picture_bytes: usize) {
    let mut out = Pdf {
        out: BufWriter::new(File::create(path).expect("a writable disk")),
        at: 0,
        offsets: Vec::new(),
    };
    out.put(b"%PDF-1.7\n");
    let kids: Vec<String> = (0..pages).map(|page| format!("{} 0 R", 4 + 3 * page)).collect();
    out.object(b"<</Type/Catalog/Pages 2 0 R>>", None);
    let kids = kids.join(" ");
    let tree = format!("<</Type/Pages/Kids[{kids}]/Count {pages}/MediaBox[0 0 595.276 841.89]>>");
    out.object(tree.as_bytes(), None);
    out.object(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>", None);
    for page in 0..pages {
        let (content, image) = (5 + 3 * page, 6 + 3 * page);
        let resources = format!("<</Font<</F 3 0 R>>/XObject<</I {image} 0 R>>>>");
        let head = format!("<</Type/Page/Parent 2 0 R/Resources{resources}/Contents {content} 0 R>>");
        out.object(head.as_bytes(), None);
        let line = "Seals are applied only after approval, and every use is recorded.";
        let lines: String = (0..40)
            .map(|line_number| format!("BT /F 10 Tf 60 {} Td ({line}) Tj ET\n", 780 - 15 * line_number))
            .collect();
        out.object(
            b"",
            Some(format!("{lines}q 400 0 0 100 60 60 cm /I Do Q").as_bytes()),
        );
        let mut jpeg = vec![0; picture_bytes.max(16)];
        rand_core::Rng::fill_bytes(&mut SeededRng::new(page as u64), &mut jpeg);
        let image = b"/Type/XObject/Subtype/Image/Width 800/Height 200/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/DCTDecode";
        out.object(image, Some(&jpeg));
    }
    out.finish();
}

struct Pdf {
    out: BufWriter<File>,
    at: usize,
    offsets: Vec<usize>,
}

impl Pdf {
    fn put(&mut self, bytes: &[u8]) {
        self.out.write_all(bytes).expect("a writable disk");
        self.at += bytes.len();
    }

    /// The next object: a dictionary as it stands, or the entries of a stream's.
    fn object(&mut self, dictionary: &[u8], stream: Option<&[u8]>) {
        self.offsets.push(self.at);
        self.put(format!("{} 0 obj\n", self.offsets.len()).as_bytes());
        match stream {
            None => self.put(dictionary),
            Some(data) => {
                let head = [
                    b"<<",
                    dictionary,
                    format!("/Length {}>>stream\n", data.len()).as_bytes(),
                ]
                .concat();
                self.put(&head);
                self.put(data);
                self.put(b"\nendstream");
            }
        }
        self.put(b"\nendobj\n");
    }

    fn finish(mut self) {
        let (start, size) = (self.at, self.offsets.len() + 1);
        let mut table = format!("xref\n0 {size}\n0000000000 65535 f \n");
        for offset in &self.offsets {
            table.push_str(&format!("{offset:010} 00000 n \n"));
        }
        table.push_str(&format!(
            "trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
        ));
        self.put(table.as_bytes());
        self.out.flush().expect("a writable disk");
    }
}
