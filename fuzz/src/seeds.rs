//! Seeds: inputs from which the fuzzer starts, by target.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use gm::Signer as _;
use ofd::PartPath;
use pki::{CertificateRequest, SignedDataShape, TimestampRequest, write_pem, write_signed_data};
use testkit::now;

use crate::scene::{ORIGINAL, SCENE, documents, sealed_documents, signer};
use crate::{der, package};

/// Bigger inputs are left out: they are slow, and the tests over real files read them.
const SEED_BYTES_MAX: usize = 16 * 1024;

/// Inputs by target.
#[derive(Default)]
pub struct Seeds(BTreeMap<&'static str, Vec<Vec<u8>>>);

impl Seeds {
    /// What our own code makes.
    pub fn own() -> Self {
        let mut seeds = Self::default();
        seeds.add_pki();
        seeds.add_messages();
        let scene = &*SCENE;
        for seal in scene.seals.iter().chain([&scene.old_seal]) {
            seeds.add_der("seal", seal.clone());
            seeds.add("verify", seal.clone());
        }
        for signature in scene.signatures() {
            seeds.add_der("signature", signature.clone());
            seeds.add("verify", signature);
        }
        for document in documents().into_iter().chain(sealed_documents()) {
            seeds.add_document(document);
        }
        seeds.add_keys();
        seeds.add_contents();
        seeds.add_arithmetic();
        seeds
    }

    /// Whatever is found below a folder, by the endings of names: documents with their parts, seals, certificates.
    pub fn add_folder(&mut self, folder: &Path) -> std::io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                self.add_folder(&path)?;
                continue;
            }
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("ofd") => self.add_document(fs::read(&path)?),
                Some("esl") => self.add("seal", fs::read(&path)?),
                Some("crt" | "cer" | "pem") => self.add("certificate", fs::read(&path)?),
                Some("crl") => self.add("crl", fs::read(&path)?),
                Some("dat") => self.add_signed_value(fs::read(&path)?),
                Some("pdf") => self.add_pdf(fs::read(&path)?),
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes one folder per target, and says how many files each got.
    pub fn write(&self, corpus: &Path) -> std::io::Result<Vec<(&'static str, usize)>> {
        let mut counts = Vec::new();
        for (target, inputs) in &self.0 {
            let folder = corpus.join(target);
            fs::create_dir_all(&folder)?;
            for input in inputs {
                fs::write(
                    folder.join(format!("seed-{}", &gm::sm3(input).to_string()[..16])),
                    input,
                )?;
            }
            counts.push((*target, inputs.len()));
        }
        Ok(counts)
    }

    /// Contents of a page, a character map and a font, each behind the byte 255.
    fn add_contents(&mut self) {
        let contents = [
            "BT /G 10 Tf 20 200 Td <0001> Tj [(a) 100 <0002>] TJ T* (a) ' ET q 2 0 0 2 0 0 cm /X Do Q",
            "1 begincodespacerange <0000> <FFFF> endcodespacerange 1 beginbfrange <0001> <0003> [<76D6> <7AE0> <0061>] \
             endbfrange 1 begincidrange <0001> <00FF> 1 endcidrange",
            "/FirstChar 65/Widths[600 600]/DW 1000/W[1[500 600]7 9 700]/Encoding<</Differences[65/a/uni76D6]>>",
        ];
        let input = contents.map(str::as_bytes).join(&0xFF);
        self.add("pdf_contents", input);
    }

    /// Private key, digest, r, s, what is asked, a ciphertext; and key, counter, cut, data.
    fn add_arithmetic(&mut self) {
        let (d, e) = (gm::sm3(b"d").0, gm::sm3(b"e").0);
        let key = gm::DecryptionKey::from_bytes(&d).expect("a number below n");
        let ciphertext = key.public_key().encrypt(b"message", &mut testkit::SeededRng::new(1)).expect("not empty");
        let signer = gm::SigningKey::from_bytes(&d).expect("a number below n");
        let signature = signer.sign_digest(&gm::Digest(e)).expect("a key in memory").to_raw();
        for (what, numbers) in (0u8..4).flat_map(|what| [(what, signature), (what, [0xff; 64]), (what, [0; 64])]) {
            self.add("sm2", [&d[..], &e, &numbers, &[what], &ciphertext.to_raw()].concat());
        }
        self.add("sm2", signer.public_key().to_sec1().to_vec());
        self.add("sm2", signature.to_vec());
        self.add("sm2", ciphertext.to_der());
        for length in [0, 16, 63, 260, 1100, 9000] {
            let head = [&d[..16], &[0xff; 16], &[40, 1]].concat();
            self.add("sm4", [head, vec![7; length]].concat());
        }
    }

    /// The file, and the OCSP responses that it carries.
    fn add_pdf(&mut self, file: Vec<u8>) {
        let store = pdf::Document::open(&file).and_then(|document| pdf::security_store(&document));
        for response in store.unwrap_or_default().ocsps {
            self.add_der("ocsp", response);
        }
        self.add("verify", file.clone());
        self.add("pdf", file);
    }

    fn add(&mut self, target: &'static str, input: Vec<u8>) {
        if input.len() <= SEED_BYTES_MAX {
            self.0.entry(target).or_default().push(input);
        }
    }

    /// As it is, and with lengths that are not stated before but marked at the end, as old programs write.
    fn add_der(&mut self, target: &'static str, input: Vec<u8>) {
        self.add(target, der::indefinite(&input));
        self.add(target, input);
    }

    fn add_pki(&mut self) {
        let pki = &SCENE.pki;
        let everybody = [&pki.root, &pki.issuing, &pki.maker, &pki.sealer, &pki.tsa];
        let mut bundle = String::new();
        for certificate in everybody.map(|identity| &identity.certificate) {
            self.add_der("certificate", certificate.der().to_vec());
            self.add("certificate", certificate.subject().der().to_vec());
            self.add("certificate", certificate.subject().to_string().into_bytes());
            bundle += &write_pem("CERTIFICATE", certificate.der());
        }
        self.add("certificate", bundle.into_bytes());
        let mut template = signer("CN=有吊销列表地址的人", 9);
        template.crl_addresses = vec!["http://example.org/ca.crl".into()];
        self.add("certificate", pki.leaf(&template, 9).certificate.der().to_vec());
        self.add_der("crl", SCENE.crl.der().to_vec());
        self.add("crl", write_pem("X509 CRL", SCENE.crl.der()).into_bytes());
        self.add("crl", pki.crl(&[], now()).der().to_vec());
    }

    fn add_messages(&mut self) {
        let (sealer, chain) = (&SCENE.pki.sealer, &SCENE.intermediates[..]);
        let attributes = SignedDataShape::Attributes {
            content_digest: gm::sm3(ORIGINAL),
            signing_time: now(),
        };
        for shape in [SignedDataShape::Content(&gm::sm3(ORIGINAL).0), attributes] {
            let message =
                write_signed_data(shape, &sealer.certificate, chain, &sealer.key).expect("a message");
            self.add_signed_value(message);
        }
        for cert_req in [true, false] {
            self.add("timestamp", SCENE.answer(ORIGINAL, cert_req));
            self.add(
                "timestamp",
                TimestampRequest::new(ORIGINAL, Some(7), cert_req).der().to_vec(),
            );
        }
        self.add_der("timestamp", SCENE.token(ORIGINAL));
        let refusal = pki::reject(pki::FailureInfo::BadAlg, "only SM3 is stamped");
        self.add("timestamp", refusal);
        let request = CertificateRequest::sign(sealer.certificate.subject(), &sealer.key).expect("a request");
        self.add("timestamp", request.der().to_vec());
    }

    fn add_signed_value(&mut self, value: Vec<u8>) {
        for target in ["signature", "timestamp", "verify"] {
            self.add(target, value.clone());
        }
    }

    /// The document, and its parts for the targets that read such parts.
    fn add_document(&mut self, document: Vec<u8>) {
        if let Ok(package) = package::open(&document) {
            let parts: Vec<PartPath> = package.parts().map(|entry| entry.path().clone()).collect();
            for part in &parts {
                let Ok(bytes) = package.read(part) else { continue };
                match part.file_name().rsplit_once('.').map(|(_, extension)| extension) {
                    Some("xml") => {
                        self.add("xml_parts", package::xml_input(part, &bytes));
                        self.add("render", package::xml_input(part, &bytes));
                    }
                    Some("esl") => self.add("seal", bytes.to_vec()),
                    Some("dat") => self.add_signed_value(bytes.to_vec()),
                    _ => {}
                }
            }
        }
        for target in ["package", "render", "stamp", "verify"] {
            self.add(target, document.clone());
        }
    }

    fn add_keys(&mut self) {
        for input in crate::keys::seeds() {
            self.add("keys", input);
        }
    }
}
