//! A small PKI, a picture, and shorthand.

use std::sync::LazyLock;

use gm::{PublicKey, Signer, SigningKey};
use jiff::Timestamp;
use pki::{
    Certificate, CertificateTemplate, Issuer, Name, PathCache, PathQuery, Purpose, TrustStore, VerifiedPath,
    issue, validate,
};
use ses::{
    ListKind, Seal, SealCache, SealContext, SealSignature, SealTemplate, SealVersion, SignatureTemplate,
    VerifiedSeal, check_seal, make_seal, make_signature,
};

/// The header of a PNG of 512 × 512 pixels: enough for everything that does not decode it.
pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\0\0\0\x02\0\x08\x06\0\0\0";

pub(crate) const SEALER_NAME: &str = "C=CN,O=91370100MA3C0000X1测试市数据局,CN=37010000000001";

pub(crate) struct Holder {
    pub(crate) certificate: Certificate,
    pub(crate) key: SigningKey,
}

pub(crate) struct Pki {
    pub(crate) ca: Holder,
    pub(crate) maker: Holder,
    pub(crate) sealer: Holder,
    /// Same subject as the sealer, other key.
    pub(crate) renewed: Holder,
    pub(crate) stranger: Holder,
    pub(crate) tsa: Holder,
    pub(crate) trust: TrustStore,
    pub(crate) intermediates: Vec<Certificate>,
    pub(crate) paths: PathCache,
}

pub(crate) static PKI: LazyLock<Pki> = LazyLock::new(|| {
    let root = holder(
        1,
        "C=CN,O=Test,CN=Test Root",
        None,
        "2020-01-01",
        "2040-01-01",
        CertificateTemplateKind::Ca,
    );
    let ca = holder(
        2,
        "C=CN,O=Test,CN=Test CA",
        Some(&root),
        "2020-01-01",
        "2040-01-01",
        CertificateTemplateKind::Ca,
    );
    let leaf = |n, name, from, to, kind| holder(n, name, Some(&ca), from, to, kind);
    let signer = CertificateTemplateKind::Signer;
    Pki {
        maker: leaf(
            3,
            "C=CN,O=Test,CN=测试制章系统",
            "2023-01-01",
            "2033-01-01",
            signer,
        ),
        sealer: leaf(4, SEALER_NAME, "2024-01-01", "2030-01-01", signer),
        renewed: leaf(5, SEALER_NAME, "2024-01-01", "2030-01-01", signer),
        stranger: leaf(
            6,
            "C=CN,O=另一单位,CN=37010000000002",
            "2024-01-01",
            "2030-01-01",
            signer,
        ),
        tsa: leaf(
            7,
            "C=CN,O=Test,CN=Test TSA",
            "2020-01-01",
            "2040-01-01",
            CertificateTemplateKind::Tsa,
        ),
        trust: TrustStore::new(vec![root.certificate.clone()]),
        intermediates: vec![ca.certificate.clone()],
        paths: PathCache::default(),
        ca,
    }
});

#[derive(Clone, Copy)]
pub(crate) enum CertificateTemplateKind {
    Ca,
    Signer,
    Tsa,
}

pub(crate) fn key(n: u8) -> SigningKey {
    SigningKey::from_bytes(&[n; 32]).unwrap()
}

pub(crate) fn holder(
    n: u8,
    name: &str,
    issuer: Option<&Holder>,
    from: &str,
    to: &str,
    kind: CertificateTemplateKind,
) -> Holder {
    let key = key(n);
    let certificate = certificate(key.public_key(), n, name, issuer, from, to, kind);
    Holder { certificate, key }
}

fn certificate(
    public: &PublicKey,
    n: u8,
    name: &str,
    issuer: Option<&Holder>,
    from: &str,
    to: &str,
    kind: CertificateTemplateKind,
) -> Certificate {
    let validity = (time(from), time(to));
    let name = Name::parse(name).unwrap();
    let template = match kind {
        CertificateTemplateKind::Ca => CertificateTemplate::ca(name, &[n], validity, None),
        CertificateTemplateKind::Signer => CertificateTemplate::signer(name, &[n], validity),
        CertificateTemplateKind::Tsa => CertificateTemplate::timestamping(name, &[n], validity),
    };
    match issuer {
        None => issue(&template, public, Issuer::SelfSigned, &key(n)).unwrap(),
        Some(issuer) => issue(
            &template,
            public,
            Issuer::Certificate(&issuer.certificate),
            &issuer.key,
        )
        .unwrap(),
    }
}

/// From `2025-06-01` or `2025-06-01T12:00:00Z`.
pub(crate) fn time(text: &str) -> Timestamp {
    let full = if text.contains('T') {
        text.to_owned()
    } else {
        format!("{text}T00:00:00Z")
    };
    full.parse().unwrap()
}

/// When everything is valid.
pub(crate) fn now() -> Timestamp {
    time("2025-06-01")
}

pub(crate) fn context(at: Timestamp) -> SealContext<'static> {
    let pki = &*PKI;
    SealContext {
        makers: &pki.trust,
        tsas: &pki.trust,
        intermediates: &pki.intermediates,
        crls: &[],
        responses: &[],
        at,
        paths: &pki.paths,
    }
}

pub(crate) fn path(holder: &Holder, purpose: Purpose, at: Timestamp) -> VerifiedPath {
    let pki = &*PKI;
    let query = PathQuery {
        leaf: &holder.certificate,
        purpose,
        at,
        trust: &pki.trust,
        intermediates: &pki.intermediates,
    };
    validate(&query, &pki.paths).path.expect("a verified path")
}

pub(crate) fn template() -> SealTemplate<'static> {
    SealTemplate {
        version: SealVersion::V4,
        vendor_id: "YINXIN",
        seal_id: "37010000000001",
        seal_type: 1,
        name: "测试市数据局",
        list: ListKind::Certificates,
        picture: PNG,
        width_mm: 40,
        height_mm: 40,
        created: time("2024-02-01"),
        valid_start: time("2024-02-01"),
        valid_end: time("2030-01-01"),
        extensions: Vec::new(),
        name_reason: None,
    }
}

pub(crate) fn make(template: &SealTemplate<'_>) -> Result<ses::SignedSeal, ses::Refusal> {
    let maker = path(&PKI.maker, Purpose::SealMaker, template.created);
    let holder = path(&PKI.sealer, Purpose::Signer, template.created);
    make_seal(template, &maker, &[holder], &PKI.maker.key)
}

pub(crate) fn seal(template: &SealTemplate<'_>) -> Seal {
    make(template).unwrap().finish(None).unwrap()
}

pub(crate) fn verified(seal: &Seal, at: Timestamp) -> VerifiedSeal {
    let facts = check_seal(seal, &context(at));
    let faults: Vec<String> = facts.faults().iter().map(ToString::to_string).collect();
    facts.verified().unwrap_or_else(|| panic!("{faults:?}")).clone()
}

pub(crate) const ORIGINAL: &[u8] = b"<ofd:Signature/>";

pub(crate) fn signature_template(at: Timestamp) -> SignatureTemplate<'static> {
    SignatureTemplate {
        time: at,
        data_hash: gm::sm3(ORIGINAL),
        property_info: "/Doc_0/Signs/Sign_0/Signature.xml",
        extensions: &[],
    }
}

pub(crate) fn signature_bytes(seal: &Seal) -> Vec<u8> {
    let (at, sealer) = (now(), &PKI.sealer);
    let signed = make_signature(
        &verified(seal, at),
        &path(sealer, Purpose::Signer, at),
        &signature_template(at),
        &sealer.key,
    );
    signed.unwrap().finish(None)
}

pub(crate) fn read_signature(bytes: &[u8]) -> SealSignature {
    SealSignature::read(bytes, &SealCache::default()).unwrap()
}

/// A timestamp token over `stamped`.
pub(crate) fn token(stamped: &[u8], at: Timestamp) -> Vec<u8> {
    let request = pki::TimestampRequest::new(stamped, Some(7), true);
    let policy = pki::ObjectIdentifier::new_unwrap("1.2.3.4");
    let (tsa, chain) = (&PKI.tsa, &PKI.intermediates);
    let answer = pki::issue_token(&request, &[1], at, &policy, &tsa.certificate, chain, &tsa.key).unwrap();
    let response = pki::asn1::read_single(&answer, pki::asn1::SEQUENCE, "response").unwrap();
    let mut fields = response.children();
    fields.next("status").unwrap();
    fields.next("token").unwrap().raw.to_vec()
}

pub(crate) fn fault_codes(faults: &[impl Code]) -> Vec<&'static str> {
    faults.iter().map(Code::code).collect()
}

pub(crate) trait Code {
    fn code(&self) -> &'static str;
}

impl Code for ses::SealFault {
    fn code(&self) -> &'static str {
        self.code()
    }
}

impl Code for ses::SignatureFault {
    fn code(&self) -> &'static str {
        self.code()
    }
}

impl Code for ses::Deviation {
    fn code(&self) -> &'static str {
        self.code()
    }
}
