//! A small PKI: root, issuing CA, and below it a seal maker, a sealer and a timestamp authority.

use gm::{Signer as _, SigningKey};
use jiff::Timestamp;
use pki::{Certificate, CertificateTemplate, Crl, CrlTemplate, Issuer, Name, RevokedCertificate, TrustStore};

use crate::{SeededRng, time};

/// A key and its certificate.
#[derive(Clone, Debug)]
pub struct Identity {
    /// What others see.
    pub certificate: Certificate,
    /// What it signs with.
    pub key: SigningKey,
}

/// Root and issuing CA, with three leaves. Certificates are valid from 2025 to 2035.
#[derive(Clone, Debug)]
pub struct TestPki {
    /// The only anchor.
    pub root: Identity,
    /// The CA below the root.
    pub issuing: Identity,
    /// Makes seals.
    pub maker: Identity,
    /// Holds the seal of 测试市大数据局.
    pub sealer: Identity,
    /// Stamps times.
    pub tsa: Identity,
}

impl TestPki {
    /// The PKI of this seed.
    ///
    /// # Panics
    ///
    /// When certificates cannot be issued at all.
    pub fn new(seed: u64) -> Self {
        let mut rng = SeededRng::new(seed);
        let mut key = || SigningKey::generate(&mut rng);
        let template = CertificateTemplate::ca(name("CN=测试根 CA"), &[1], validity(), None);
        let root_key = key();
        let root = Identity::issued(&template, root_key.clone(), None, &root_key);
        let below = |template: &CertificateTemplate, key: SigningKey, issuer: &Identity| {
            Identity::issued(template, key, Some(&issuer.certificate), &issuer.key)
        };
        let template = CertificateTemplate::ca(name("CN=测试签发 CA"), &[2], validity(), Some(0));
        let issuing = below(&template, key(), &root);
        let template = CertificateTemplate::signer(name("CN=测试市电子印章制作系统"), &[3], validity());
        let maker = below(&template, key(), &issuing);
        let template = CertificateTemplate::signer(name("CN=测试市大数据局"), &[4], validity());
        let sealer = below(&template, key(), &issuing);
        let template = CertificateTemplate::timestamping(name("CN=测试时间戳服务器"), &[5], validity());
        let tsa = below(&template, key(), &issuing);
        Self {
            root,
            issuing,
            maker,
            sealer,
            tsa,
        }
    }

    /// The root as the only anchor.
    pub fn trust(&self) -> TrustStore {
        TrustStore::new(vec![self.root.certificate.clone()])
    }

    /// What a verifier needs between the leaves and the anchor.
    pub fn intermediates(&self) -> Vec<Certificate> {
        vec![self.issuing.certificate.clone()]
    }

    /// One more leaf under the issuing CA.
    ///
    /// # Panics
    ///
    /// When the template cannot be issued: a mistake in the test.
    pub fn leaf(&self, template: &CertificateTemplate, seed: u64) -> Identity {
        let key = SigningKey::generate(&mut SeededRng::new(seed));
        Identity::issued(template, key, Some(&self.issuing.certificate), &self.issuing.key)
    }

    /// A revocation list of the issuing CA: what is revoked, when, and for which reason (RFC 5280 §5.3.1).
    ///
    /// # Panics
    ///
    /// When the list cannot be issued.
    pub fn crl(&self, revoked: &[(&Certificate, Timestamp, Option<u8>)], this_update: Timestamp) -> Crl {
        let entry = |(certificate, at, reason): &(&Certificate, Timestamp, Option<u8>)| RevokedCertificate {
            serial: certificate.serial().to_vec(),
            at: *at,
            reason: *reason,
        };
        let template = CrlTemplate {
            this_update,
            next_update: Some(time("2034-12-31T00:00:00Z")),
            number: 1,
            revoked: revoked.iter().map(entry).collect(),
            extensions: Vec::new(),
        };
        pki::issue_crl(&template, &self.issuing.certificate, &self.issuing.key)
            .expect("a CRL that can be issued")
    }
}

impl Identity {
    fn issued(
        template: &CertificateTemplate,
        key: SigningKey,
        issuer: Option<&Certificate>,
        signer: &SigningKey,
    ) -> Self {
        let issuer = issuer.map_or(Issuer::SelfSigned, Issuer::Certificate);
        let issued = pki::issue(template, key.public_key(), issuer, signer);
        Self {
            certificate: issued.expect("a template that can be issued"),
            key,
        }
    }
}

/// A name in the country CN, from text such as "CN=…,O=…".
///
/// # Panics
///
/// When the text is no name.
#[track_caller]
fn name(text: &str) -> Name {
    Name::parse(&format!("C=CN,O=印信测试（仅供测试）,{text}")).expect("a distinguished name")
}

fn validity() -> (Timestamp, Timestamp) {
    (time("2025-01-01T00:00:00Z"), time("2035-01-01T00:00:00Z"))
}
