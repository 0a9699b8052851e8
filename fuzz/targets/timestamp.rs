//! Signed messages: timestamp tokens, requests and answers, GB/T 35275 messages, certificate requests.
#![no_main]

use std::sync::LazyLock;

use fuzz::scene::{ORIGINAL, POLICY, SCENE};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use pki::{
    CertificateRequest, ContentHasher, ContentToSign, HashAlgorithm, PathCache, SignedData, TimestampRequest,
    TimestampResponse, TimestampToken, answer_request, verify_any_signed_file, verify_signed_file,
    verify_token,
};
use testkit::now;

/// What the authority has signed, whatever else stands in a token.
static KNOWN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let token = TimestampToken::read(&SCENE.token(ORIGINAL)).expect("a token");
    token.signed().content().expect("a content").to_vec()
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    fuzz::der::mutate(data, size, max_size, seed, fuzzer_mutate)
});

fuzz_target!(|data: &[u8]| {
    if let Ok(token) = TimestampToken::read(data) {
        check_token(&token);
    }
    if let Ok(response) = TimestampResponse::read(data) {
        response.token().into_iter().for_each(check_token);
        let _ = response.granted(&TimestampRequest::new(ORIGINAL, Some(7), true));
    }
    if let Ok(request) = TimestampRequest::read(data) {
        answer(&request);
    }
    if let Ok(signed) = SignedData::read(data) {
        check_message(&signed);
    }
    if let Ok(request) = CertificateRequest::read(data) {
        let again = CertificateRequest::read(request.to_pem().as_bytes()).expect("our own PEM");
        assert_eq!(
            (again.der(), again.public_key()),
            (request.der(), request.public_key())
        );
    }
});

fn check_token(token: &TimestampToken) {
    let again = TimestampToken::read(token.signed().der()).expect("read once, readable again");
    assert_eq!(again.gen_time(), token.gen_time());
    let scene = &*SCENE;
    let ask =
        |stamped, trust| verify_token(token, stamped, trust, &scene.intermediates, &PathCache::default());
    let report = ask(ORIGINAL, &scene.trust);
    assert_eq!(report.verified().is_some(), report.faults().is_empty());
    for fault in report.faults() {
        let _ = fault.code();
    }
    if report.verified().is_some() {
        assert_eq!(
            token.signed().content(),
            Some(&KNOWN[..]),
            "a forged timestamp is believed"
        );
    }
    assert!(ask(b"something else", &scene.trust).verified().is_none());
    assert!(ask(ORIGINAL, &scene.no_trust).verified().is_none());
}

/// The authority has an answer to every request that can be read, and a granted one is what was asked for.
fn answer(request: &TimestampRequest) {
    let tsa = &SCENE.pki.tsa;
    let answer = answer_request(
        request.der(),
        &[1],
        now(),
        &POLICY,
        &tsa.certificate,
        &SCENE.intermediates,
        &tsa.key,
    )
    .expect("an answer");
    let response = TimestampResponse::read(&answer).expect("our own answer");
    assert_eq!(
        response.granted(request).is_ok(),
        request.refusal(&POLICY).is_none()
    );
}

/// The sealer's key has signed `ORIGINAL` and nothing else.
fn check_message(signed: &SignedData) {
    let again = SignedData::read(signed.der()).expect("read once, readable again");
    assert_eq!(again.content(), signed.content());
    let sealer = &SCENE.pki.sealer.certificate;
    let others = std::slice::from_ref(sealer);
    for signer in verify_signed_file(signed, ContentToSign::Bytes(b"something else"), others) {
        assert!(
            !(signer.is_intact() && signer.certificate.as_ref() == Some(sealer)),
            "a forged message is believed"
        );
    }
    for signer in verify_signed_file(signed, ContentToSign::Bytes(ORIGINAL), others) {
        let _ = signer.facts.map(|facts| facts.faults());
    }
    // As signatures of PDF files are judged: with keys and digests of every suite.
    let known = [others, signed.certificates()].concat();
    for (file, is_signed) in [(&b"something else"[..], false), (ORIGINAL, true)] {
        let hash = |algorithm: HashAlgorithm, before: &[u8]| algorithm.digest(&[before, file].concat());
        for signer in verify_any_signed_file(signed, ContentHasher(&hash), &known) {
            assert!(
                is_signed || !(signer.is_intact() && signer.certificate.as_ref() == Some(sealer)),
                "a forged message is believed"
            );
            let _ = signer.facts.map(|facts| facts.faults());
        }
    }
}
