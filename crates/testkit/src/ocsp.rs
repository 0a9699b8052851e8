//! OCSP responses (RFC 6960) of the test PKI: OpenSSL answers with SM2 in none of the versions that tests meet.

use jiff::Timestamp;
use pki::{Certificate, HashAlgorithm, OcspResponse};

use crate::{Identity, TestPki};

/// id-pkix-ocsp-basic.
const BASIC: &[u8] = &[0x2B, 6, 1, 5, 5, 7, 0x30, 1, 1];
/// SM3: 1.2.156.10197.1.401.
const SM3: &[u8] = &[0x2A, 0x81, 0x1C, 0xCF, 0x55, 1, 0x83, 0x11];
/// SM2 with SM3: 1.2.156.10197.1.501.
const SM2_WITH_SM3: &[u8] = &[0x2A, 0x81, 0x1C, 0xCF, 0x55, 1, 0x83, 0x75];

impl TestPki {
    /// The issuing CA's own response about one of its certificates: good, or revoked at a time; fresh until 2034.
    ///
    /// # Panics
    ///
    /// When the response cannot be signed.
    pub fn ocsp(
        &self,
        certificate: &Certificate,
        revoked: Option<Timestamp>,
        this_update: Timestamp,
    ) -> OcspResponse {
        let Identity {
            certificate: issuer,
            key,
        } = &self.issuing;
        let hash = |bytes: &[u8]| element(4, &[&HashAlgorithm::Sm3.digest(bytes)]);
        let bits = issuer.public_key().expect("an SM2 key").to_sec1();
        let algorithm = |oid: &[u8]| element(0x30, &[&element(6, &[oid])]);
        let about = element(
            0x30,
            &[
                &algorithm(SM3),
                &hash(issuer.subject().der()),
                &hash(&bits),
                &element(2, &[certificate.serial()]),
            ],
        );
        let status = match revoked {
            Some(at) => element(0xA1, &[&moment(at)]),
            None => element(0x80, &[]),
        };
        let until = element(0xA0, &[&moment(crate::time("2034-12-31T00:00:00Z"))]);
        let answer = element(0x30, &[&about, &status, &moment(this_update), &until]);
        let responder = element(0xA1, &[issuer.subject().der()]);
        let data = element(
            0x30,
            &[&responder, &moment(this_update), &element(0x30, &[&answer])],
        );
        let signature = gm::Signer::sign(key, &data).expect("a key that signs").to_der();
        let signature = element(3, &[&[0], &signature]);
        let basic = element(0x30, &[&data, &algorithm(SM2_WITH_SM3), &signature]);
        let bytes = element(0x30, &[&element(6, &[BASIC]), &element(4, &[&basic])]);
        let response = element(0x30, &[&element(10, &[&[0]]), &element(0xA0, &[&bytes])]);
        OcspResponse::read(&response).expect("a response that can be read")
    }
}

fn moment(time: Timestamp) -> Vec<u8> {
    element(0x18, &[time.strftime("%Y%m%d%H%M%SZ").to_string().as_bytes()])
}

/// A DER element below 64 KiB.
fn element(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    let contents = contents.concat();
    let [high, low] = u16::try_from(contents.len())
        .expect("a short element")
        .to_be_bytes();
    let length: &[u8] = match (high, low) {
        (0, ..0x80) => &[low],
        (0, _) => &[0x81, low],
        _ => &[0x82, high, low],
    };
    [&[tag], length, &contents].concat()
}
