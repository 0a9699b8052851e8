//! As much of X.509 as keeping certificates beside their key needs: names and public key. Whether a
//! certificate is good is for `pki` to judge.

use crate::Error;
use crate::asn1::{self, Fields};
use base64::Engine as _;
use der::Tag;

/// Biggest certificate kept, in bytes.
pub const CERTIFICATE_BYTES_MAX: usize = 64 * 1024;
/// Most certificates kept with a key.
pub const CHAIN_CERTIFICATES_MAX: usize = 16;

/// What a certificate says about whose it is.
pub(crate) struct Subject<'a> {
    /// The issuer's name, DER.
    pub(crate) issuer: &'a [u8],
    /// The holder's name, DER.
    pub(crate) subject: &'a [u8],
    /// The holder's public key: SEC 1, on whatever curve; or an RSAPublicKey.
    point: &'a [u8],
}

impl Subject<'_> {
    /// Whether the certificate is for the key of these bits, on whatever curve or of RSA.
    pub(crate) fn holds_bits(&self, bits: &[u8]) -> bool {
        let as_sm2 = || gm::PublicKey::from_sec1(bits).is_ok_and(|key| self.holds(&key));
        self.point == bits || as_sm2()
    }

    /// Whether the certificate is for this key. A point of the SM2 curve is a key of it whatever its
    /// algorithm is called.
    pub(crate) fn holds(&self, key: &gm::PublicKey) -> bool {
        const COMPRESSED_BYTES: usize = 33;
        self.point == key.to_sec1()
            || self.point.len() == COMPRESSED_BYTES
                && gm::PublicKey::from_sec1(self.point).as_ref() == Ok(key)
    }
}

/// ```text
/// TBSCertificate ::= SEQUENCE { version [0] EXPLICIT Version DEFAULT v1, serialNumber, signature, issuer Name,
///     validity, subject Name, subjectPublicKeyInfo SubjectPublicKeyInfo, … }
/// SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING }
/// ```
/// (RFC 5280 §4.1)
pub(crate) fn subject(der: &[u8]) -> Result<Subject<'_>, Error> {
    let mut tbs = Fields::of(der)?.sequence()?;
    tbs.explicit(0)?;
    tbs.tagged(Tag::Integer)?;
    tbs.sequence()?;
    let issuer = tbs.encoded()?;
    tbs.sequence()?;
    let subject = tbs.encoded()?;
    let mut spki = tbs.sequence()?;
    spki.sequence()?;
    // The first content byte of a BIT STRING counts its unused bits.
    let point = spki
        .tagged(Tag::BitString)?
        .strip_prefix(&[0])
        .unwrap_or_default();
    Ok(Subject {
        issuer,
        subject,
        point,
    })
}

/// Refuses a chain that does not start with the certificate of `key`, or is no chain.
pub(crate) fn check_chain(chain: &[Vec<u8>], key: &gm::PublicKey) -> Result<(), Error> {
    if chain.is_empty()
        || chain.len() > CHAIN_CERTIFICATES_MAX
        || chain
            .iter()
            .any(|certificate| certificate.len() > CERTIFICATE_BYTES_MAX)
    {
        return Err(Error::BadChain);
    }
    for (index, certificate) in chain.iter().enumerate() {
        let subject = subject(certificate).map_err(|_| Error::BadCertificate { index })?;
        if index == 0 && !subject.holds(key) {
            return Err(Error::CertificateOfAnotherKey);
        }
    }
    Ok(())
}

/// The certificates in path order: the leaf first, each issuer after what it issued, then what does not link
/// up.
pub(crate) fn in_path_order(leaf: Vec<u8>, mut others: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut chain = vec![leaf];
    while let Some(last) = chain.last().and_then(|der| subject(der).ok()) {
        let issued_by = |der: &Vec<u8>| subject(der).is_ok_and(|other| other.subject == last.issuer);
        let Some(index) = others.iter().position(issued_by) else {
            break;
        };
        let issuer = others.remove(index);
        chain.push(issuer);
    }
    chain.append(&mut others);
    chain
}

/// The chain as PEM (RFC 7468).
pub(crate) fn to_pem(chain: &[Vec<u8>]) -> String {
    let mut text = String::new();
    for certificate in chain {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        let packed = base64::engine::general_purpose::STANDARD.encode(certificate);
        for (index, character) in packed.chars().enumerate() {
            if index > 0 && index % 64 == 0 {
                text.push('\n');
            }
            text.push(character);
        }
        text.push_str("\n-----END CERTIFICATE-----\n");
    }
    text
}

/// The certificates of a PEM file, in its order.
pub(crate) fn from_pem(text: &str) -> Result<Vec<Vec<u8>>, Error> {
    asn1::pem_blocks(text)
        .filter(|(label, _)| *label == "CERTIFICATE")
        .map(|(_, body)| asn1::pem_body(body).map(|der| der.to_vec()))
        .collect()
}
