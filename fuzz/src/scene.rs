//! One test PKI and everything that is made with it, always the same.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use gm::{Digest, Signer, sm3};
use ofd::builder::{A4, Annotation, AnnotationKind, DocumentBuilder, Drawing, ImageFormat, PackageBuilder};
use ofd::geometry::Box;
use ofd::{Ofd, Package, PartPath, SignatureList, shown_parts};
use pki::asn1::{Reader, SEQUENCE, write};
use pki::{
    Certificate, CertificateTemplate, Crl, Extension, Name, ObjectIdentifier, PathCache, PathQuery, Purpose,
    TrustStore, VerifiedPath, oid, validate,
};
use sealing::{
    BlankPages, Edge, Mode, PageSelection, Position, SealError, SealOrder, Sealed, TimestampSource,
};
use ses::{
    Layout, ListKind, Seal, SealContext, SealTemplate, SealVersion, SignatureTemplate, VerifiedSeal,
    check_seal, make_seal, make_signature,
};
use testkit::{Identity, TestPki, now};

use crate::package;

/// What seal signatures and timestamps are made over.
pub const ORIGINAL: &[u8] = b"<ofd:Signature/>";
/// The policy of the timestamp authority.
pub const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.6.1.9");
/// The header of a PNG of 512 × 512 pixels; nobody decodes it.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\0\0\0\x02\0\x08\x06\0\0\0";
const SVG: &[u8] = br##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><circle cx="20" cy="20" r="19" stroke="#f00"/></svg>"##;

/// The PKI, what is trusted, and what was made with its keys.
pub struct Scene {
    /// Everybody's keys.
    pub pki: TestPki,
    /// The root.
    pub trust: TrustStore,
    /// Nobody.
    pub no_trust: TrustStore,
    /// The issuing CA.
    pub intermediates: Vec<Certificate>,
    /// The issuing CA's list, on which a stranger stands.
    pub crl: Crl,
    /// Seals: version 4 and 5, by certificates and by digests, with pictures of several formats.
    pub seals: Vec<Vec<u8>>,
    /// A seal in the structure of GM/T 0031-2014.
    pub old_seal: Vec<u8>,
}

/// The only one.
pub static SCENE: LazyLock<Scene> = LazyLock::new(Scene::new);

impl Scene {
    fn new() -> Self {
        let pki = TestPki::new(1);
        let stranger = pki.leaf(&signer("CN=陌生人", 77), 77).certificate;
        let crl = pki.crl(&[(&stranger, now(), None), (&pki.tsa.certificate, now(), None)], now());
        let mut scene = Self {
            trust: pki.trust(),
            no_trust: TrustStore::default(),
            intermediates: pki.intermediates(),
            crl,
            seals: Vec::new(),
            old_seal: Vec::new(),
            pki,
        };
        scene.seals = vec![
            scene.seal(SealVersion::V4, ListKind::Certificates, PNG),
            scene.seal(SealVersion::V4, ListKind::Digests, SVG),
            scene.seal(SealVersion::V5, ListKind::Certificates, SVG),
        ];
        scene.old_seal = scene.make_old_seal();
        scene
    }

    /// The proved way from this leaf to the root.
    pub fn path(&self, leaf: &Identity, purpose: Purpose) -> VerifiedPath {
        validate(&self.query(&leaf.certificate, purpose), &PathCache::default())
            .path
            .expect("a sound test PKI")
    }

    /// Asks whether the root vouches for this leaf.
    pub fn query<'a>(&'a self, leaf: &'a Certificate, purpose: Purpose) -> PathQuery<'a> {
        PathQuery {
            leaf,
            purpose,
            at: now(),
            trust: &self.trust,
            intermediates: &self.intermediates,
        }
    }

    /// What seals are judged by.
    pub fn context<'a>(&'a self, trust: &'a TrustStore, paths: &'a PathCache) -> SealContext<'a> {
        let (intermediates, crls) = (&self.intermediates[..], std::slice::from_ref(&self.crl));
        SealContext {
            makers: trust,
            tsas: trust,
            intermediates,
            crls,
            responses: &[],
            at: now(),
            paths,
        }
    }

    fn seal(&self, version: SealVersion, list: ListKind, picture: &[u8]) -> Vec<u8> {
        let sealer = &self.pki.sealer.certificate;
        let template = SealTemplate {
            version,
            vendor_id: "YINXIN",
            seal_id: "99000000000001",
            seal_type: 1,
            name: "测试市大数据局",
            list,
            picture,
            width_mm: 40,
            height_mm: 40,
            created: now(),
            valid_start: sealer.not_before(),
            valid_end: sealer.not_after(),
            extensions: vec![Extension {
                oid: POLICY,
                critical: false,
                value: b"extension".to_vec(),
            }],
            name_reason: None,
        };
        let maker = self.path(&self.pki.maker, Purpose::SealMaker);
        let holder = self.path(&self.pki.sealer, Purpose::Signer);
        let made =
            make_seal(&template, &maker, &[holder], &self.pki.maker.key).expect("a seal that may be made");
        let token = (version == SealVersion::V5).then(|| self.token(made.signature_value()));
        made.finish(token.as_deref()).expect("a seal").bytes().to_vec()
    }

    /// GM/T 0031-2014: times are UTCTime, the kind of list is not said, the maker signs certificate and algorithm too.
    fn make_old_seal(&self) -> Vec<u8> {
        let maker = &self.pki.maker;
        let time = write::time(now());
        let end = write::time(self.pki.sealer.certificate.not_after());
        let list = write::sequence(&[&write::octet_string(self.pki.sealer.certificate.der())]);
        let info = write::sequence(&[
            &write::sequence(&[
                &write::ia5_string("ES"),
                &write::unsigned(1),
                &write::ia5_string("YINXIN"),
            ]),
            &write::ia5_string("99000000000002"),
            &write::sequence(&[
                &write::unsigned(1),
                &write::utf8_string("旧印章"),
                &list,
                &time,
                &time,
                &end,
            ]),
            &write::sequence(&[
                &write::ia5_string("PNG"),
                &write::octet_string(PNG),
                &write::unsigned(40),
                &write::unsigned(40),
            ]),
        ]);
        let (cert, algorithm) = (
            write::octet_string(maker.certificate.der()),
            write::oid(&oid::SM2_WITH_SM3),
        );
        let signed = write::sequence(&[&info, &cert, &algorithm]);
        let value = maker.key.sign(&signed).expect("a key that signs").to_der();
        write::sequence(&[
            &info,
            &write::sequence(&[&cert, &algorithm, &write::bit_string(&value)]),
        ])
    }

    /// A seal signature over [`ORIGINAL`] with each seal, and with the one of 2014.
    pub fn signatures(&self) -> Vec<Vec<u8>> {
        let with_token = |index: usize| index == 2;
        let new = self.seals.iter().enumerate();
        let new = new.map(|(index, seal)| {
            self.sign(
                seal,
                ORIGINAL,
                "/Doc_0/Signs/Sign_0/Signature.xml",
                with_token(index),
            )
        });
        new.chain([self.old_signature()]).collect()
    }

    /// A seal signature over `original`.
    pub fn sign(&self, seal: &[u8], original: &[u8], property_info: &str, with_token: bool) -> Vec<u8> {
        let sealer = self.path(&self.pki.sealer, Purpose::Signer);
        let template = SignatureTemplate {
            time: now(),
            data_hash: sm3(original),
            property_info,
            extensions: &[],
        };
        let verified = self.verified(seal);
        let signed = make_signature(&verified, &sealer, &template, &self.pki.sealer.key)
            .expect("a seal that may be used");
        let token = with_token.then(|| self.token(signed.signature_value()));
        signed.finish(token.as_deref())
    }

    fn old_signature(&self) -> Vec<u8> {
        let sealer = &self.pki.sealer;
        let tbs = write::sequence(&[
            &write::unsigned(1),
            &self.old_seal,
            &write::bit_string(&write::generalized_time(now())),
            &write::bit_string(sm3(ORIGINAL).as_bytes()),
            &write::ia5_string("/Doc_0/Signs/Sign_0/Signature.xml"),
            &write::octet_string(sealer.certificate.der()),
            &write::oid(&oid::SM2_WITH_SM3),
        ]);
        let value = sealer.key.sign(&tbs).expect("a key that signs").to_der();
        write::sequence(&[&tbs, &write::bit_string(&value)])
    }

    /// The proof for one of the seals.
    pub fn verified(&self, seal: &[u8]) -> VerifiedSeal {
        let (seal, paths) = (Seal::read(seal).expect("a seal"), PathCache::default());
        check_seal(&seal, &self.context(&self.trust, &paths))
            .verified()
            .expect("a sound seal")
            .clone()
    }

    fn seal_document(&self, document: &[u8], seal: &[u8], position: &Position, mode: Mode) -> Vec<u8> {
        let package = package::open(document).expect("a package");
        self.stamp(&package, seal, position, mode)
            .expect("a document to seal")
            .0
    }

    /// Seals a document; a seal of version 5 gets a timestamp.
    pub fn stamp(
        &self,
        package: &Package,
        seal: &[u8],
        position: &Position,
        mode: Mode,
    ) -> Result<(Vec<u8>, Sealed), SealError> {
        let (verified, sealer) = (self.verified(seal), self.path(&self.pki.sealer, Purpose::Signer));
        let positions = std::slice::from_ref(position);
        let blank_pages = BlankPages::Allow { reason: "a test" };
        let order = SealOrder {
            seal: &verified,
            sealer: &sealer,
            positions,
            mode,
            blank_pages,
            time: now(),
            threads: 1,
        };
        let mut stamp = |value: &[u8]| Ok(self.token(value));
        let timestamp: Option<&mut TimestampSource<'_>> = match verified.seal().layout() {
            Layout::V5 => Some(&mut stamp),
            _ => None,
        };
        let mut out = Vec::new();
        let sealed = sealing::seal(package, &order, &self.pki.sealer.key, timestamp, &mut out)?;
        Ok((out, sealed))
    }

    /// What the timestamp authority answers when it is asked about `stamped`.
    pub fn answer(&self, stamped: &[u8], cert_req: bool) -> Vec<u8> {
        let request = pki::TimestampRequest::new(stamped, Some(7), cert_req);
        let tsa = &self.pki.tsa;
        pki::issue_token(
            &request,
            &[1],
            now(),
            &POLICY,
            &tsa.certificate,
            &self.intermediates,
            &tsa.key,
        )
        .expect("an answer")
    }

    /// The token of such an answer.
    pub fn token(&self, stamped: &[u8]) -> Vec<u8> {
        let answer = self.answer(stamped, true);
        let whole = Reader::new(&answer)
            .expect(SEQUENCE, "answer")
            .expect("an answer");
        let mut fields = whole.children();
        fields.next("status").expect("a status");
        fields.next("token").expect("a token").raw.to_vec()
    }
}

/// The first element inside the outermost one, in DER: what is signed in certificates, lists and seal signatures.
pub fn signed_part(bytes: &[u8]) -> Vec<u8> {
    let bytes = definite(bytes);
    let outer = Reader::new(&bytes).next("outer").expect("DER");
    outer.children().next("inner").expect("DER").raw.to_vec()
}

/// The same with every length stated in front: what was signed so may arrive otherwise.
pub fn definite(bytes: &[u8]) -> Vec<u8> {
    pki::asn1::definite(bytes, "signed part")
        .expect("BER")
        .into_owned()
}

/// A template for somebody who signs.
pub fn signer(common_name: &str, serial: u8) -> CertificateTemplate {
    let name = Name::parse(&format!("C=CN,O=印信测试,{common_name}")).expect("a name");
    let validity = (
        testkit::time("2025-01-01T00:00:00Z"),
        testkit::time("2035-01-01T00:00:00Z"),
    );
    CertificateTemplate::signer(name, &[serial], validity)
}

/// A document with everything that the builder can make, seals excepted.
pub fn rich_document() -> DocumentBuilder {
    let mut document = DocumentBuilder::new("0123456789abcdef0123456789abcdef");
    document
        .title("测试公文")
        .author("某人")
        .creator("yinxin")
        .creation_date("2026-06-15");
    document.custom_data("文号", "测〔2026〕1号");
    let font = document.font("宋体");
    document.embedded_font("黑体", "ttf", b"no font".to_vec());
    let image = document.image(ImageFormat::Png, PNG.to_vec());
    let paper = document.template(
        A4,
        Drawing::new().rectangle(Box::new(5.0, 5.0, 200.0, 287.0), Some([255, 0, 0]), None),
    );
    let drawing = Drawing::new()
        .text(font, 5.6444, 20.0, 30.0, "关于测试的通知，请在此处盖章。")
        .image(image, Box::new(20.0, 40.0, 20.0, 20.0))
        .path(
            Box::new(20.0, 70.0, 100.0, 1.0),
            "M 0 0 L 100 0",
            Some([0, 0, 0]),
            None,
        );
    let page = document.page_on(A4, &[paper], drawing);
    document.page(A4, Drawing::new().text(font, 4.0, 20.0, 30.0, "第二页"));
    document.annotation(
        page,
        Annotation {
            kind: AnnotationKind::Highlight,
            creator: "某人".into(),
            last_mod_date: "2026-06-15".into(),
            boundary: Box::new(20.0, 30.0, 50.0, 8.0),
            remark: Some("批注".into()),
            parameters: vec![("参数".into(), "值".into())],
            appearance: Drawing::new().text(font, 3.0, 0.0, 3.0, "批注"),
        },
    );
    document.attachment("附件", "txt", b"attached".to_vec());
    document.custom_tag("http://example.org/tag", b"<tag>text</tag>".to_vec());
    document
}

/// The rich document, sealed in every way: one seal, two, locked, with a timestamp, over the edges of pages.
pub fn sealed_documents() -> Vec<Vec<u8>> {
    let scene = &*SCENE;
    let [v4, digests, v5] = &scene.seals[..] else {
        panic!("three seals")
    };
    let document = rich_document().build().expect("a document");
    let point = Position::Point {
        pages: PageSelection::All,
        x_mm: 120.0,
        y_mm: 200.0,
    };
    let keyword = Position::Keyword {
        text: "盖章".into(),
        nth: None,
        pages: PageSelection::All,
    };
    let straddle = Position::Straddle {
        edge: Edge::Right,
        middle_mm: None,
        group: None,
    };
    let once = scene.seal_document(&document, v4, &keyword, Mode::Continue);
    let twice = scene.seal_document(&once, digests, &straddle, Mode::Lock);
    vec![
        once,
        twice,
        scene.seal_document(&document, v5, &point, Mode::Lock),
    ]
}

/// The rich document, its parts stored as they are, sealed.
pub fn stored_sealed_document() -> Vec<u8> {
    let stored = PackageBuilder::new(rich_document())
        .store("")
        .build()
        .expect("a package");
    let point = Position::Point {
        pages: PageSelection::Last,
        x_mm: 120.0,
        y_mm: 200.0,
    };
    SCENE.seal_document(&stored, &SCENE.seals[0], &point, Mode::Continue)
}

/// The same as a package, and a plain one whose entries are stored.
pub fn documents() -> Vec<Vec<u8>> {
    let mut plain = DocumentBuilder::new("00000000000000000000000000000002");
    let font = plain.font("宋体");
    plain.page(A4, Drawing::new().text(font, 5.0, 20.0, 30.0, "盖章"));
    let stored = PackageBuilder::new(plain.clone())
        .store("")
        .document(plain)
        .entry("stray/说明.txt", b"stray".to_vec());
    vec![
        rich_document().build().expect("a document"),
        stored.build().expect("a package"),
    ]
}

/// Digests of everything that is shown, by path.
pub fn shown_digests(package: &Package) -> Option<HashMap<PartPath, Digest>> {
    let ofd = Ofd::read(package).ok()?;
    let links = ofd
        .bodies
        .iter()
        .filter_map(|body| body.signatures.as_ref()?.path());
    let lists: Vec<_> = links
        .filter_map(|path| SignatureList::read(package, path).ok())
        .collect();
    let shown = shown_parts(package, &ofd, &lists).ok()?;
    let digests = shown
        .parts
        .iter()
        .map(|part| Some((part.path.clone(), sm3(&package.read(&part.path).ok()?))));
    digests.collect()
}

/// What sealed documents of our own may show, by part and digest.
pub fn known_shown<'a>(sealed: impl IntoIterator<Item = &'a Vec<u8>>) -> HashSet<(PartPath, Digest)> {
    let packages = sealed
        .into_iter()
        .map(|bytes| package::open(bytes).expect("a package"));
    packages
        .flat_map(|package| shown_digests(&package).expect("a sound document"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sealing::{Conclusion, Trust, Verifier};

    /// Otherwise the targets would look for forgeries where nothing can be believed at all.
    #[test]
    fn everything_sealed_or_signed_is_believed() {
        SCENE.verified(&SCENE.old_seal);
        let trust = Trust::for_all(SCENE.trust.anchors().to_vec());
        let verifier = Verifier::new(trust, SCENE.intermediates.clone(), vec![SCENE.crl.clone()]);
        for document in sealed_documents() {
            let report = verifier.verify(document, "seed", now()).unwrap();
            assert_eq!(report.conclusion, Conclusion::Passed, "{report:#?}");
        }
        let paths = PathCache::default();
        for bytes in SCENE.signatures() {
            let signature = ses::SealSignature::read(&bytes, &ses::SealCache::default()).unwrap();
            let context = SCENE.context(&SCENE.trust, &paths);
            let facts = ses::check_signature(&signature, Some(ses::Original::of(ORIGINAL)), &context);
            assert!(facts.faults().is_empty() && facts.seal.verified().is_some());
        }
        let token = pki::TimestampToken::read(&SCENE.token(ORIGINAL)).unwrap();
        let report = pki::verify_token(&token, ORIGINAL, &SCENE.trust, &SCENE.intermediates, &paths);
        assert!(report.verified().is_some());
    }
}
