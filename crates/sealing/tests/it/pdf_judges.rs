//! Stamps of every form and level on PDF, with keys of every suite, and what others say of them: OpenSSL, pdfsig
//! (poppler), pyHanko, qpdf and an independent checker in Python.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;
use pki::{
    Certificate, ContentToSign, Crl, ForeignAlgorithm, ForeignHash, HashAlgorithm, MessageKey, OcspResponse,
    Purpose, Revocation, SignedData, TimestampRequest, TimestampResponse, UnknownWhy,
};
use sealing::{
    BlankPages, Conclusion, DigestTimestampSource, Mode, PageSelection, PdfForm, PdfLevel, PdfSealError,
    PdfSealOrder, Report, Shown, TimeSource, Trust, Verifier, seal_pdf,
};
use ses::{ListKind, SealVersion};
use testkit::{now, time};

use crate::pdf_round_trip::{document, picture, point};
use crate::scene::{Scene, codes};

/// When everything is verified: certificates are valid until 2045, and OpenSSL stamps the time of the test.
fn later() -> Timestamp {
    time("2040-01-01T00:00:00Z")
}

const KINDS: [(&str, &str, ForeignAlgorithm); 4] = [
    (
        "rsa",
        "RSA -pkeyopt rsa_keygen_bits:2048",
        ForeignAlgorithm::RsaPkcs1(ForeignHash::Sha256),
    ),
    (
        "pss",
        "RSA -pkeyopt rsa_keygen_bits:2048",
        ForeignAlgorithm::RsaPss(ForeignHash::Sha256),
    ),
    (
        "p256",
        "EC -pkeyopt ec_paramgen_curve:P-256",
        ForeignAlgorithm::Ecdsa(ForeignHash::Sha256),
    ),
    (
        "p384",
        "EC -pkeyopt ec_paramgen_curve:P-384",
        ForeignAlgorithm::Ecdsa(ForeignHash::Sha384),
    ),
];

const CONFIGURATION: &str = "
[ca]
default_ca = own
[own]
database = index.txt
serial = serial
crlnumber = serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
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
[stamper]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[responder]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = OCSPSigning
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
default_tsa = stamp
[stamp]
serial = tsa-serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
";

/// A PKI of OpenSSL in a folder: a root, a signer of each kind, a timestamp authority, a revocation list.
pub(crate) struct Foreign(tempfile::TempDir);

impl Foreign {
    /// None, and a loud line, without OpenSSL.
    pub(crate) fn new() -> Option<Self> {
        if !Command::new("openssl")
            .arg("version")
            .output()
            .is_ok_and(|out| out.status.success())
        {
            println!("SKIPPED: no openssl");
            return None;
        }
        let made = Self(tempfile::tempdir().unwrap());
        made.write("config", CONFIGURATION.as_bytes());
        made.write("index.txt", b"");
        made.write("serial", b"1000");
        made.write("tsa-serial", b"01");
        made.run("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out root.key");
        made.run("req -new -key root.key -subj /CN=Root -out root.csr");
        made.issue("root", "authority", "-selfsign");
        made.run("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out tsa.key");
        made.run("req -new -key tsa.key -subj /CN=Stamper -out tsa.csr");
        made.issue("tsa", "stamper", "-cert root.pem");
        made.run("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out later.key");
        made.run("req -new -key later.key -subj /CN=Later -out later.csr");
        made.issue("later", "stamper", "-cert root.pem");
        made.run("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out responder.key");
        made.run("req -new -key responder.key -subj /CN=Responder -out responder.csr");
        made.issue("responder", "responder", "-cert root.pem");
        for (name, options, _) in KINDS {
            made.run(&format!("genpkey -algorithm {options} -out {name}.key"));
            made.run(&format!(
                "req -new -key {name}.key -subj /CN=Signer-{name} -out {name}.csr"
            ));
            made.issue(name, "signer", "-cert root.pem");
        }
        made.run("ca -config config -gencrl -keyfile root.key -cert root.pem -crl_lastupdate 20250102000000Z -crl_nextupdate 20440101000000Z -out root.crl");
        Some(made)
    }

    fn issue(&self, name: &str, extensions: &str, by: &str) {
        self.run(&format!(
            "ca -config config -batch -notext -keyfile root.key {by} -extensions {extensions} -startdate \
             20250101000000Z -enddate 20450101000000Z -in {name}.csr -out {name}.pem"
        ));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    #[track_caller]
    pub(crate) fn run(&self, line: &str) -> Vec<u8> {
        let output = Command::new("openssl")
            .args(line.split_whitespace())
            .current_dir(self.0.path())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "openssl {line}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }

    pub(crate) fn certificate(&self, name: &str) -> Certificate {
        let pem = fs::read(self.path(&format!("{name}.pem"))).unwrap();
        pki::read_certificates(&pem).unwrap().remove(0)
    }

    /// An OCSP response about these certificates, signed by `signer`.
    fn ocsp(&self, signer: &str, certificates: &[&str]) -> OcspResponse {
        let certificates: String = certificates
            .iter()
            .map(|name| format!(" -cert {name}.pem"))
            .collect();
        self.run(&format!(
            "ocsp -issuer root.pem{certificates} -no_nonce -reqout ask"
        ));
        self.run(&format!(
            "ocsp -index index.txt -CA root.pem -rsigner {signer}.pem -rkey {signer}.key -reqin ask -respout answer \
             -ndays 3650"
        ));
        OcspResponse::read(&fs::read(self.path("answer")).unwrap()).unwrap()
    }

    fn crl(&self) -> Crl {
        Crl::read(&fs::read(self.path("root.crl")).unwrap()).unwrap()
    }

    pub(crate) fn verifier(&self, crls: Vec<Crl>) -> Verifier {
        let root = self.certificate("root");
        Verifier::new(Trust::for_all(vec![root]), Vec::new(), crls)
    }

    /// A token of OpenSSL over a digest.
    fn token(&self, hash: HashAlgorithm, digest: &[u8]) -> Result<Vec<u8>, String> {
        self.token_of("tsa", hash, digest)
    }

    fn token_of(&self, authority: &str, hash: HashAlgorithm, digest: &[u8]) -> Result<Vec<u8>, String> {
        let request = TimestampRequest::of_digest(hash, digest.to_vec(), Some(7), true);
        self.write("query", request.der());
        self.run(&format!(
            "ts -reply -config config -queryfile query -signer {authority}.pem -inkey {authority}.key -out reply"
        ));
        let reply = TimestampResponse::read(&fs::read(self.path("reply")).unwrap()).unwrap();
        let token = reply.granted(&request).map_err(|error| error.to_string())?;
        Ok(token.signed().der().to_vec())
    }

    /// Signs a digest with OpenSSL.
    fn sign(&self, name: &str, algorithm: ForeignAlgorithm, digest: &[u8]) -> Result<Vec<u8>, String> {
        self.write("digest", digest);
        let hash = if digest.len() == 48 { "sha384" } else { "sha256" };
        let padding = match algorithm {
            ForeignAlgorithm::RsaPss(_) => "-pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:digest",
            _ => "",
        };
        Ok(self.run(&format!(
            "pkeyutl -sign -inkey {name}.key -in digest -pkeyopt digest:{hash} {padding}"
        )))
    }

    fn stamp(
        &self,
        document: Vec<u8>,
        (name, algorithm): (&str, ForeignAlgorithm),
        level: PdfLevel,
        crls: Vec<Crl>,
    ) -> Result<Vec<u8>, PdfSealError> {
        self.stamp_by(document, (name, algorithm), level, &self.verifier(crls))
    }

    fn stamp_by(
        &self,
        document: Vec<u8>,
        (name, algorithm): (&str, ForeignAlgorithm),
        level: PdfLevel,
        verifier: &Verifier,
    ) -> Result<Vec<u8>, PdfSealError> {
        let mut ask = |hash: HashAlgorithm, digest: &[u8]| self.token(hash, digest);
        self.stamp_asking(document, (name, algorithm), level, verifier, &mut ask)
    }

    fn stamp_asking(
        &self,
        document: Vec<u8>,
        (name, algorithm): (&str, ForeignAlgorithm),
        level: PdfLevel,
        verifier: &Verifier,
        ask: &mut DigestTimestampSource<'_>,
    ) -> Result<Vec<u8>, PdfSealError> {
        let sealer = self
            .verifier(vec![self.crl()])
            .proved_foreign_signer(&self.certificate(name), now())
            .unwrap();
        let picture = picture();
        let order = PdfSealOrder {
            shown: Shown::Picture {
                data: &picture,
                width_mm: 40.0,
                height_mm: 20.0,
            },
            sealer: &sealer,
            positions: &[point(PageSelection::Last)],
            mode: Mode::Continue,
            blank_pages: BlankPages::Refuse,
            repair: false,
            time: now(),
            form: PdfForm::Cades,
            level,
            verifier,
        };
        let sign = |digest: &[u8]| self.sign(name, algorithm, digest);
        let key = MessageKey::Foreign {
            algorithm,
            sign: &sign,
        };
        let mut out = Vec::new();
        let source = (level > PdfLevel::B).then_some(ask);
        seal_pdf(document, &order, key, source, &mut out)?;
        Ok(out)
    }
}

const LEVELS: [PdfLevel; 4] = [PdfLevel::B, PdfLevel::T, PdfLevel::Lt, PdfLevel::Lta];

#[track_caller]
fn passes(report: &Report, level: PdfLevel) {
    assert_eq!(
        report.conclusion,
        Conclusion::Passed,
        "{level} {:?}",
        codes(report)
    );
    let source = report.signatures[0].time_source;
    assert_eq!(source == TimeSource::Timestamp, level > PdfLevel::B, "{level}");
    assert_eq!(
        report.signatures.len(),
        if level == PdfLevel::Lta { 2 } else { 1 }
    );
}

#[test]
fn r54_foreign_keys_sign_every_level() {
    let Some(foreign) = Foreign::new() else { return };
    let judges = Judges::find();
    for (name, _, algorithm) in KINDS {
        for level in LEVELS {
            let document = document(2);
            let bytes = foreign
                .stamp(document.clone(), (name, algorithm), level, vec![foreign.crl()])
                .unwrap();
            assert!(bytes.starts_with(&document));
            // From LT on the file brings its own evidence.
            let crls = if level < PdfLevel::Lt {
                vec![foreign.crl()]
            } else {
                Vec::new()
            };
            let report = foreign
                .verifier(crls)
                .verify(bytes.clone(), "x.pdf", later())
                .unwrap();
            passes(&report, level);
            let path = foreign.path(&format!("{name}-{level}.pdf"));
            fs::write(&path, &bytes).unwrap();
            judges.judge(&foreign, &path, algorithm, level);
        }
    }
}

#[test]
fn evidence_that_is_missing_is_named_and_nothing_is_written() {
    let Some(foreign) = Foreign::new() else { return };
    let (name, _, algorithm) = KINDS[2];
    let refused = foreign.stamp(document(1), (name, algorithm), PdfLevel::Lt, Vec::new());
    assert!(
        matches!(refused, Err(PdfSealError::EvidenceMissing { .. })),
        "{refused:?}"
    );
}

#[test]
fn r58_ocsp_responses_count_when_an_authorised_responder_signed_them() {
    let Some(foreign) = Foreign::new() else { return };
    let (certificate, root) = (foreign.certificate("rsa"), foreign.certificate("root"));
    let ask = |response: &OcspResponse, certificate: &Certificate, at: Timestamp| {
        pki::revocation_by(certificate, &root, &[], std::slice::from_ref(response), at)
    };
    let good = |answer: Revocation| matches!(answer, Revocation::Good { .. });
    for signer in ["responder", "root"] {
        let response = foreign.ocsp(signer, &["rsa"]);
        assert!(good(ask(&response, &certificate, now())), "{signer}");
        // It speaks of one certificate only.
        let other = ask(&response, &foreign.certificate("pss"), now());
        assert_eq!(
            other,
            Revocation::Unknown {
                why: UnknownWhy::NoList
            }
        );
        let stale = ask(&response, &certificate, time("2044-01-01T00:00:00Z"));
        assert!(matches!(
            stale,
            Revocation::Unknown {
                why: UnknownWhy::Stale { .. }
            }
        ));
        let mut changed = response.der().to_vec();
        // The status of the certificate: [0] good becomes [2] unknown, and the other way round nothing else holds.
        let place = changed
            .windows(3)
            .position(|window| window == [0x80, 0x00, 0x18])
            .unwrap();
        changed[place] = 0x82;
        let changed = OcspResponse::read(&changed).unwrap();
        let why = UnknownWhy::ResponderNotAuthorised;
        assert_eq!(ask(&changed, &certificate, now()), Revocation::Unknown { why });
    }
    let self_appointed = foreign.ocsp("p256", &["rsa"]);
    let why = UnknownWhy::ResponderNotAuthorised;
    assert_eq!(
        ask(&self_appointed, &certificate, now()),
        Revocation::Unknown { why }
    );
    foreign
        .run("ca -config config -keyfile root.key -cert root.pem -revoke rsa.pem -crl_reason keyCompromise");
    let response = foreign.ocsp("responder", &["rsa"]);
    let revoked = ask(&response, &certificate, now());
    assert!(
        matches!(revoked, Revocation::Revoked { reason: Some(1), .. }),
        "{revoked:?}"
    );
    // A responder that was revoked itself answers nothing.
    foreign.run("ca -config config -keyfile root.key -cert root.pem -revoke responder.pem");
    let response = foreign.ocsp("responder", &["pss"]);
    let pss = foreign.certificate("pss");
    assert!(good(ask(&response, &pss, now())), "without lists nobody knows");
    // An old list says nothing good any more, but what it revoked stays revoked.
    foreign.run(
        "ca -config config -gencrl -keyfile root.key -cert root.pem -crl_lastupdate 20250102000000Z -crl_nextupdate \
         20250201000000Z -out root.crl",
    );
    let answer = pki::revocation_by(&pss, &root, &[foreign.crl()], &[response], now());
    assert!(matches!(answer, Revocation::Unknown { .. }), "{answer:?}");
}

#[test]
fn ocsp_responses_go_into_the_security_store_and_are_read_from_it() {
    let Some(foreign) = Foreign::new() else { return };
    let response = foreign.ocsp("responder", &["p256", "tsa"]);
    let (name, _, algorithm) = KINDS[2];
    let verifier = foreign.verifier(Vec::new()).with_responses(vec![response]);
    let bytes = foreign
        .stamp_by(document(1), (name, algorithm), PdfLevel::Lta, &verifier)
        .unwrap();
    let store = pdf::security_store(&pdf::Document::open(&bytes).unwrap()).unwrap();
    assert_eq!((store.ocsps.len(), store.crls.len()), (1, 0));
    // OpenSSL's answer is of the day of this test; the tokens are not older.
    let at = time("2030-01-01T00:00:00Z");
    let report = foreign.verifier(Vec::new()).verify(bytes, "x.pdf", at).unwrap();
    passes(&report, PdfLevel::Lta);
}

/// The archive outlives its authorities: each leaves what shows that it was good.
#[test]
fn the_authority_of_the_document_timestamp_leaves_its_evidence_too() {
    let Some(foreign) = Foreign::new() else { return };
    let (name, _, algorithm) = KINDS[2];
    let verifier = foreign.verifier(vec![foreign.crl()]);
    let mut authorities = ["tsa", "later"].into_iter();
    let mut ask = |hash: HashAlgorithm, digest: &[u8]| {
        let authority = authorities.next().expect("two timestamps");
        foreign.token_of(authority, hash, digest)
    };
    let document = document(1);
    let bytes = foreign
        .stamp_asking(document, (name, algorithm), PdfLevel::Lta, &verifier, &mut ask)
        .unwrap();
    let store = pdf::security_store(&pdf::Document::open(&bytes).unwrap()).unwrap();
    for holder in [name, "tsa", "later", "root"] {
        let der = foreign.certificate(holder).der().to_vec();
        assert!(store.certificates.contains(&der), "{holder}");
    }
    let report = foreign
        .verifier(Vec::new())
        .verify(bytes.clone(), "x.pdf", later())
        .unwrap();
    passes(&report, PdfLevel::Lta);
    assert!(
        !codes(&report).contains(&"REVOCATION_UNKNOWN"),
        "{:?}",
        codes(&report)
    );
    let path = foreign.path("later.pdf");
    fs::write(&path, &bytes).unwrap();
    Judges::find().judge(&foreign, &path, algorithm, PdfLevel::Lta);
}

#[test]
fn r58_makers_of_seals_are_asked_by_ocsp_too() {
    let scene = Scene::new();
    let sealed = national(&scene, PdfForm::Seal, PdfLevel::B);
    let (maker, made) = (&scene.pki.maker.certificate, time("2026-06-01T00:00:00Z"));
    let judge = |response: OcspResponse| {
        let lists = vec![scene.pki.crl(&[], made)];
        let trust = Trust::for_all(scene.pki.trust().anchors().to_vec());
        // The list speaks of nobody, but is older than the response.
        let verifier = Verifier::new(trust, scene.pki.intermediates(), lists);
        let verifier = verifier.with_responses(vec![response]);
        let report = verifier
            .verify(sealed.clone(), "x.pdf", later_national())
            .unwrap();
        let seal = scene
            .pki
            .seal(SealVersion::V4, ListKind::Certificates, &picture());
        (report, verifier.proved_seal(&seal, now()).is_ok())
    };
    let (report, usable) = judge(scene.pki.ocsp(maker, None, now()));
    assert_eq!(report.conclusion, Conclusion::Passed, "{:?}", codes(&report));
    assert!(usable);
    let (report, usable) = judge(scene.pki.ocsp(maker, Some(made), now()));
    assert_eq!(report.conclusion, Conclusion::Failed, "{:?}", codes(&report));
    assert!(!usable);
}

#[test]
fn a_further_stamp_leaves_every_level_valid() {
    let Some(foreign) = Foreign::new() else { return };
    let (name, _, algorithm) = KINDS[2];
    let lists = || vec![foreign.crl()];
    let mut bytes = document(1);
    for level in LEVELS {
        bytes = foreign.stamp(bytes, (name, algorithm), level, lists()).unwrap();
    }
    let report = foreign
        .verifier(Vec::new())
        .verify(bytes, "x.pdf", later())
        .unwrap();
    assert_eq!(report.conclusion, Conclusion::Passed, "{:?}", codes(&report));
    assert_eq!(report.signatures.len(), 5);
}

#[test]
fn a_key_of_another_certificate_signs_nothing() {
    let Some(foreign) = Foreign::new() else { return };
    let sealer = foreign
        .verifier(vec![foreign.crl()])
        .proved_foreign_signer(&foreign.certificate("rsa"), now())
        .unwrap();
    for (name, _, algorithm) in KINDS {
        let sign = |digest: &[u8]| foreign.sign(name, algorithm, digest);
        let key = MessageKey::Foreign {
            algorithm,
            sign: &sign,
        };
        let signed = pki::sign_cades(&[0; 32], sealer.leaf(), &[], key);
        assert_eq!(signed.is_ok(), name == "rsa", "{name}");
    }
}

/// The programs that are at hand.
struct Judges {
    pdfsig: bool,
    qpdf: bool,
    pyhanko: Option<PathBuf>,
}

impl Judges {
    fn find() -> Self {
        let runs = |program: &str, argument: &str| {
            let found = Command::new(program).arg(argument).output().is_ok();
            if !found {
                println!("SKIPPED: {program} is not installed");
            }
            found
        };
        // script/setup puts it there.
        let pyhanko = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/pyhanko/bin/pyhanko");
        if !pyhanko.is_file() {
            println!("SKIPPED: pyHanko is not at {} (script/setup)", pyhanko.display());
        }
        Self {
            pdfsig: runs("pdfsig", "-v"),
            qpdf: runs("qpdf", "--version"),
            pyhanko: pyhanko.is_file().then_some(pyhanko),
        }
    }

    #[track_caller]
    fn judge(&self, foreign: &Foreign, path: &Path, algorithm: ForeignAlgorithm, level: PdfLevel) {
        if self.qpdf {
            qpdf_is_content(path);
        }
        if self.pdfsig {
            let output = Command::new("pdfsig").arg("-nocert").arg(path).output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let valid = text.matches("Signature is Valid").count();
            // It shows document timestamps, but does not judge them (poppler 22.12: "unknown").
            assert!(
                valid == 1 && !text.to_lowercase().contains("invalid"),
                "{algorithm:?} {level}\n{text}"
            );
        }
        // It takes seconds to start; the highest level holds all of the others.
        let is_first = matches!(algorithm, ForeignAlgorithm::RsaPkcs1(_));
        if let Some(pyhanko) = self
            .pyhanko
            .as_ref()
            .filter(|_| is_first || level == PdfLevel::Lta)
        {
            let output = Command::new(pyhanko)
                .args(["sign", "validate", "--pretty-print", "--trust-replace", "--trust"])
                .arg(foreign.path("root.pem"))
                .args(["--soft-revocation-check"])
                .arg(path)
                .output()
                .unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            assert!(
                output.status.success() && text.contains("judged VALID") && !text.contains("INVALID"),
                "{algorithm:?} {level}\n{text}"
            );
        }
    }
}

#[track_caller]
fn qpdf_is_content(path: &Path) {
    let output = Command::new("qpdf").arg("--check").arg(path).output().unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !text.contains("WARNING"), "{text}");
}

/// Stamps of the national suite by form and level.
fn national(scene: &Scene, form: PdfForm, level: PdfLevel) -> Vec<u8> {
    let seal = scene
        .pki
        .seal(SealVersion::V4, ListKind::Certificates, &picture());
    let verified = scene.verified(&seal);
    let sealer = scene.path(&scene.pki.sealer, Purpose::Signer);
    let verifier = national_verifier(scene, true);
    let order = PdfSealOrder {
        shown: Shown::Seal(&verified),
        sealer: &sealer,
        positions: &[point(PageSelection::All)],
        mode: Mode::Continue,
        blank_pages: BlankPages::Refuse,
        repair: false,
        time: now(),
        form,
        level,
        verifier: &verifier,
    };
    let mut ask = |hash: HashAlgorithm, digest: &[u8]| {
        assert_eq!(hash, HashAlgorithm::Sm3);
        let request = TimestampRequest::of_digest(hash, digest.to_vec(), Some(7), true);
        let (tsa, chain) = (&scene.pki.tsa, scene.pki.intermediates());
        let policy = pki::ObjectIdentifier::new_unwrap("1.2.156.10197.6.1.4.6");
        let reply = pki::issue_token(&request, &[1], now(), &policy, &tsa.certificate, &chain, &tsa.key);
        let reply = TimestampResponse::read(&reply.unwrap()).unwrap();
        Ok(reply.granted(&request).unwrap().signed().der().to_vec())
    };
    let mut out = Vec::new();
    let source = (level > PdfLevel::B).then_some(&mut ask as _);
    let key = MessageKey::Sm2(&scene.pki.sealer.key);
    seal_pdf(document(2), &order, key, source, &mut out).unwrap();
    out
}

fn national_verifier(scene: &Scene, with_lists: bool) -> Verifier {
    let trust = Trust::for_all(scene.pki.trust().anchors().to_vec());
    let root = pki::CrlTemplate {
        this_update: time("2026-01-01T00:00:00Z"),
        next_update: Some(time("2034-12-31T00:00:00Z")),
        number: 1,
        revoked: Vec::new(),
        extensions: Vec::new(),
    };
    let root = pki::issue_crl(&root, &scene.pki.root.certificate, &scene.pki.root.key).unwrap();
    let lists = vec![scene.pki.crl(&[], time("2026-01-01T00:00:00Z")), root];
    let lists = if with_lists { lists } else { Vec::new() };
    Verifier::new(trust, scene.pki.intermediates(), lists)
}

/// Forms and levels that are written with SM2.
fn national_forms() -> impl Iterator<Item = (PdfForm, PdfLevel)> {
    [PdfForm::Seal, PdfForm::Message, PdfForm::Cades]
        .into_iter()
        .flat_map(|form| LEVELS.map(|level| (form, level)))
        .filter(|(form, level)| *form != PdfForm::Seal || *level < PdfLevel::Lt)
}

#[test]
fn r54_national_forms_have_their_levels() {
    let scene = Scene::new();
    for (form, level) in national_forms() {
        let bytes = national(&scene, form, level);
        let verifier = national_verifier(&scene, level < PdfLevel::Lt);
        let report = verifier.verify(bytes, "x.pdf", later_national()).unwrap();
        passes(&report, level);
    }
}

fn later_national() -> Timestamp {
    time("2026-07-01T00:00:00Z")
}

/// The first signature of a file: its value without padding, and the bytes that it covers.
fn first_signature(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let read = pdf::Document::open(bytes).unwrap();
    let signature = pdf::signatures(&read).unwrap().remove(0);
    let [first, second] = signature.byte_range.unwrap().covered();
    let mut value = signature.contents.unwrap().bytes;
    let length = 4 + usize::from(u16::from_be_bytes([value[2], value[3]]));
    value.truncate(length);
    (value, [&bytes[first], &bytes[second]].concat())
}

#[test]
fn openssl_verifies_what_sm2_signed() {
    let has_sm2 = Command::new("openssl")
        .args(["list", "-public-key-algorithms"])
        .output();
    if !has_sm2.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("SM2")) {
        println!("SKIPPED: no openssl with SM2");
        return;
    }
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    for form in [PdfForm::Message, PdfForm::Cades] {
        let (value, content) = first_signature(&national(&scene, form, PdfLevel::T));
        let signed = SignedData::read(&value).unwrap();
        let signer = &signed.signers()[0];
        let facts = pki::verify_any_signer(
            signer,
            &scene.pki.sealer.certificate,
            ContentToSign::Bytes(&content),
        );
        assert!(facts.is_intact());
        let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        write("cer", scene.pki.sealer.certificate.der());
        // Attributes are signed as a SET (RFC 5652 §5.4).
        write("message", signer.signed_attributes().unwrap().der());
        write("signature", signer.signature());
        let run = |line: &str| {
            let output = Command::new("openssl")
                .args(line.split_whitespace())
                .current_dir(folder.path())
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{line}\n{}",
                String::from_utf8_lossy(&output.stderr)
            );
            output.stdout
        };
        write("key", &run("x509 -inform DER -in cer -noout -pubkey"));
        run("dgst -sm3 -sigopt distid:1234567812345678 -verify key -signature signature message");
    }
}

const INDEPENDENT: &str = r#"
import json, re, sys
sys.path.insert(0, sys.argv[1])
import ses
data = open(sys.argv[2], "rb").read()
found = re.search(rb"/ByteRange\[(\d+) (\d+) (\d+) (\d+)\]", data)
zero, start, end, length = map(int, found.groups())
hole = data[start:end]
assert zero == 0 and hole[:1] == b"<" and hole[-1:] == b">", "the hole is the value"
value = bytes.fromhex(hole[1:-1].decode())
value = value[:4 + int.from_bytes(value[2:4], "big")]
content = data[:start] + data[end:end + length]
kind = ses.ses_report if b"GM.sm2seal" in data else ses.cms_report
print(json.dumps(kind(value, content), default=str))
"#;

#[test]
fn the_independent_checker_agrees_on_national_forms() {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/tools");
    if !tools.join("ses.py").is_file() || Command::new("python3").arg("-V").output().is_err() {
        println!(
            "SKIPPED: no Python, or no independent checker at {}",
            tools.display()
        );
        return;
    }
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    for (form, level) in national_forms() {
        let path = folder.path().join("x.pdf");
        fs::write(&path, national(&scene, form, level)).unwrap();
        qpdf_is_content(&path);
        let output = Command::new("python3")
            .args(["-c", INDEPENDENT])
            .arg(&tools)
            .arg(&path)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let said: serde_json::Value = serde_json::from_str(&text).unwrap();
        if form == PdfForm::Seal {
            let checks = &said["checks"];
            for check in ["b_datahash", "c_signature", "d_seal_signature", "e_cert_in_list"] {
                assert_eq!(checks[check], true, "{form:?} {level} {check}: {text}");
            }
        } else {
            assert_eq!(said["signers"][0]["ok"], true, "{form:?} {level}: {text}");
            assert_eq!(said["gm"], form == PdfForm::Message);
        }
    }
}

#[test]
fn orders_that_contradict_themselves_are_refused() {
    let scene = Scene::new();
    let seal = scene
        .pki
        .seal(SealVersion::V4, ListKind::Certificates, &picture());
    let verified = scene.verified(&seal);
    let sealer = scene.path(&scene.pki.sealer, Purpose::Signer);
    let other = scene.path(&scene.pki.maker, Purpose::Signer);
    let data = picture();
    let shown = Shown::Picture {
        data: &data,
        width_mm: 10.0,
        height_mm: 10.0,
    };
    let check = |shown, sealer, form, level| {
        let order = PdfSealOrder {
            shown,
            sealer,
            positions: &[point(PageSelection::All)],
            mode: Mode::Continue,
            blank_pages: BlankPages::Refuse,
            repair: false,
            time: now(),
            form,
            level,
            verifier: &scene.verifier(),
        };
        let mut out = Vec::new();
        let key = MessageKey::Sm2(&scene.pki.sealer.key);
        let refused = seal_pdf(document(1), &order, key, None, &mut out).unwrap_err();
        assert!(out.is_empty());
        refused
    };
    let seal = Shown::Seal(&verified);
    for form in [PdfForm::Seal, PdfForm::Message, PdfForm::Cades] {
        let refused = check(seal, &other, form, PdfLevel::B);
        assert!(
            matches!(refused, PdfSealError::Refused(_)),
            "not listed: {refused:?}"
        );
        let refused = check(seal, &sealer, form, PdfLevel::T);
        assert!(
            matches!(refused, PdfSealError::TimestampLevel { .. }),
            "{refused:?}"
        );
    }
    for form in [PdfForm::Seal, PdfForm::Message] {
        let refused = check(shown, &sealer, form, PdfLevel::B);
        assert!(matches!(refused, PdfSealError::FormNeeds { .. }), "{refused:?}");
    }
    let refused = check(seal, &sealer, PdfForm::Seal, PdfLevel::Lta);
    assert!(matches!(refused, PdfSealError::LevelForm { .. }), "{refused:?}");
}
