//! Certificates and certificate requests, in the order of GB/T 20518 and GM/T 0092.

use pki::asn1::{self, BIT_STRING, INTEGER, SEQUENCE, constructed, primitive};
use pki::{Algorithm, Certificate, CertificateRequest, CmsAttribute, ObjectIdentifier, oid};
use sealing::beijing_time;

use crate::outline::{Outline, hex};
use crate::show::{extension, object_id};

/// A certificate.
pub(super) fn show(outline: &mut Outline, certificate: &Certificate) {
    outline.structure("证书", "Certificate", |outline| {
        show_fields(outline, certificate)
    });
}

/// Its fields, where the heading says whose it is.
pub(super) fn show_fields(outline: &mut Outline, certificate: &Certificate) {
    let rest = Rest::of(certificate.der());
    let language = outline.language();
    outline.named("版本", "version", format_args!("v{}", rest.version + 1));
    outline.named("序列号", "serialNumber", certificate.serial_hex());
    outline.named(
        "签名算法",
        "signature",
        algorithm(certificate.signature_algorithm()),
    );
    outline.named("签发者", "issuer", certificate.issuer());
    outline.named(
        "生效时间",
        "notBefore",
        beijing_time(certificate.not_before(), language),
    );
    outline.named(
        "失效时间",
        "notAfter",
        beijing_time(certificate.not_after(), language),
    );
    outline.named("主体", "subject", certificate.subject());
    match certificate.public_key() {
        Ok(key) => outline.named(
            "公钥",
            "subjectPublicKeyInfo",
            format_args!("SM2 {}", hex(&key.to_sec1())),
        ),
        Err(fault) => outline.named("公钥", "subjectPublicKeyInfo", fault),
    }
    outline.maybe(
        "签发者唯一标识",
        "issuerUniqueID",
        rest.issuer_unique_id.as_deref().map(hex),
    );
    outline.maybe(
        "主体唯一标识",
        "subjectUniqueID",
        rest.subject_unique_id.as_deref().map(hex),
    );
    extension::show_all(outline, "扩展", "extensions", certificate.extensions());
    outline.maybe(
        "签名算法",
        "signatureAlgorithm",
        outer_algorithm(certificate.der()),
    );
    outline.named(
        "签名值",
        "signatureValue",
        hex(&signature_value(certificate.der())),
    );
    outline.field(
        "证书的 SM3 杂凑值",
        "SM3 of the certificate",
        certificate.digest(),
    );
    for deviation in certificate.deviations() {
        outline.field("偏差", "deviation", deviation);
    }
}

/// A request. That it could be read says that its signature holds.
pub(super) fn show_request(outline: &mut Outline, request: &CertificateRequest) {
    outline.structure("证书请求", "CertificationRequest", |outline| {
        outline.named("版本", "version", "v1");
        outline.named("主体", "subject", request.subject());
        let key = hex(&request.public_key().to_sec1());
        outline.named("公钥", "subjectPKInfo", format_args!("SM2 {key}"));
        for attribute in request.attributes() {
            show_attribute(outline, attribute);
        }
        outline.named(
            "签名算法",
            "signatureAlgorithm",
            object_id::text(&oid::SM2_WITH_SM3),
        );
        outline.named("签名值", "signature", hex(&signature_value(request.der())));
        let holds = outline.pick("成立（请求者持有私钥）", "holds (the sender has the private key)");
        outline.field("签名", "its signature", holds);
        for deviation in request.deviations() {
            outline.field("偏差", "deviation", deviation);
        }
    });
}

fn show_attribute(outline: &mut Outline, attribute: &CmsAttribute) {
    for value in &attribute.values {
        match extension::read_list(value).filter(|_| attribute.oid == oid::EXTENSION_REQUEST) {
            Some(extensions) => extension::show_all(outline, "请求的扩展", "extensionRequest", &extensions),
            None => outline.named(
                "属性",
                "attribute",
                format_args!("{} {}", object_id::text(&attribute.oid), hex(value)),
            ),
        }
    }
}

/// The algorithm with its name.
pub(super) fn algorithm(algorithm: Algorithm) -> String {
    object_id::text(&match algorithm {
        Algorithm::Sm2Sm3 => oid::SM2_WITH_SM3,
        Algorithm::Other(oid) => oid,
    })
}

/// The algorithm that stands beside what is signed: the second element of a signed structure.
pub(super) fn outer_algorithm(der: &[u8]) -> Option<String> {
    const WHAT: &str = "signatureAlgorithm";
    let der = asn1::definite(der, WHAT).ok()?;
    let mut parts = asn1::read_single(&der, SEQUENCE, WHAT).ok()?.children();
    parts.next(WHAT).ok()?;
    let oid = parts
        .next(WHAT)
        .ok()?
        .children()
        .next(WHAT)
        .ok()?
        .oid(WHAT)
        .ok()?;
    Some(object_id::text(&oid))
}

/// The last element of a signed structure: a BIT STRING, without its count of unused bits.
pub(super) fn signature_value(der: &[u8]) -> Vec<u8> {
    const WHAT: &str = "signature";
    let Ok(der) = asn1::definite(der, WHAT) else {
        return Vec::new();
    };
    let Ok(outer) = asn1::read_single(&der, SEQUENCE, WHAT) else {
        return Vec::new();
    };
    let mut parts = outer.children();
    let mut last = None;
    while let Ok(part) = parts.next(WHAT) {
        last = Some(part);
    }
    let last = last.filter(|last| last.tag == BIT_STRING);
    last.and_then(|last| Some(last.value.get(1..)?.to_vec()))
        .unwrap_or_default()
}

/// What the reader of certificates has no use for.
#[derive(Default)]
struct Rest {
    version: u32,
    issuer_unique_id: Option<Vec<u8>>,
    subject_unique_id: Option<Vec<u8>>,
}

impl Rest {
    fn of(der: &[u8]) -> Self {
        let mut rest = Self::default();
        // It was read before: nothing is missing, and whatever fails here is shown as absent.
        let _ = rest.read(der);
        rest
    }

    fn read(&mut self, der: &[u8]) -> Result<(), pki::Error> {
        const WHAT: &str = "certificate";
        let der = asn1::definite(der, WHAT)?;
        let mut fields = asn1::read_single(&der, SEQUENCE, WHAT)?
            .children()
            .expect(SEQUENCE, WHAT)?
            .children();
        if let Some(version) = fields.optional(constructed(0), WHAT)? {
            self.version = version.children().expect(INTEGER, WHAT)?.unsigned(WHAT)?;
        }
        while !fields.is_empty() {
            let field = fields.next(WHAT)?;
            match field.tag {
                tag if tag == primitive(1) => {
                    self.issuer_unique_id = field.value.get(1..).map(<[u8]>::to_vec)
                }
                tag if tag == primitive(2) => {
                    self.subject_unique_id = field.value.get(1..).map(<[u8]>::to_vec)
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// A list of purposes or policies.
pub(super) fn oids(list: &[ObjectIdentifier]) -> String {
    list.iter().map(object_id::text).collect::<Vec<_>>().join(", ")
}
