//! Known answers, computed anew at the start of every program (GM/T 0028 asks it of cryptographic modules).

use crate::{
    Ciphertext, DEFAULT_ID, DecryptionKey, Digest, Signature, Signer as _, SigningKey, Verifier as _, sm3,
    sm3_many, sm4,
};

/// Checks SM3, SM2 and SM4 against known answers; most of its time builds the table of the base point, which
/// every later signature uses. A program whose self-test fails must not sign and must not judge.
pub fn self_test() -> Result<(), SelfTestFailed> {
    compare(&KNOWN)
}

fn compare(known: &Known) -> Result<(), SelfTestFailed> {
    let holds = [
        ("SM3", sm3_hashes(known)),
        ("SM2 verification", sm2_verifies(known)),
        ("SM2 signing", sm2_signs(known)),
        ("SM2 encryption", sm2_decrypts(known)),
        ("SM4-GCM", sm4_seals_and_opens(known)),
    ];
    match holds.into_iter().find(|(_, holds)| !holds) {
        Some((algorithm, _)) => Err(SelfTestFailed { algorithm }),
        None => Ok(()),
    }
}

/// A known answer was not met: the program or the machine is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the self-test of {algorithm} failed: this program or machine cannot be trusted with cryptography")]
pub struct SelfTestFailed {
    /// Which algorithm gave a wrong answer.
    pub algorithm: &'static str,
}

/// What must come out.
#[derive(Clone, Copy)]
struct Known {
    sm3_of_abc: &'static str,
    example_signature: [u8; 64],
    reference_signature: [u8; 64],
    decrypted: &'static [u8],
    gcm_tag: [u8; 16],
}

const KNOWN: Known = Known {
    sm3_of_abc: "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
    example_signature: EXAMPLE_SIGNATURE,
    reference_signature: REFERENCE_SIGNATURE,
    decrypted: b"encryption standard",
    gcm_tag: *b"\x83\xde\x35\x41\xe4\xc2\xb5\x81\x77\xe0\x65\xa9\xbf\x7b\x62\xec",
};

/// The private key of GB/T 32918.5-2017 annexes A and C.
const EXAMPLE_KEY: [u8; 32] = [
    0x39, 0x45, 0x20, 0x8f, 0x7b, 0x21, 0x44, 0xb1, 0x3f, 0x36, 0xe3, 0x8a, 0xc6, 0xd3, 0x9f, 0x95, 0x88,
    0x93, 0x93, 0x69, 0x28, 0x60, 0xb5, 0x1a, 0x42, 0xfb, 0x81, 0xef, 0x4d, 0xf7, 0xc5, 0xb8,
];

/// The signature of "message digest" under it in annex A, r‖s.
const EXAMPLE_SIGNATURE: [u8; 64] = [
    0xf5, 0xa0, 0x3b, 0x06, 0x48, 0xd2, 0xc4, 0x63, 0x0e, 0xea, 0xc5, 0x13, 0xe1, 0xbb, 0x81, 0xa1, 0x59,
    0x44, 0xda, 0x38, 0x27, 0xd5, 0xb7, 0x41, 0x43, 0xac, 0x7e, 0xac, 0xee, 0xe7, 0x20, 0xb3, 0xb1, 0xb6,
    0xaa, 0x29, 0xdf, 0x21, 0x2f, 0xd8, 0x76, 0x31, 0x82, 0xbc, 0x0d, 0x42, 0x1c, 0xa1, 0xbb, 0x90, 0x38,
    0xfd, 0x1f, 0x7f, 0x42, 0xd4, 0x84, 0x0b, 0x69, 0xc4, 0x85, 0xbb, 0xc1, 0xaa,
];

/// The signature of "self-test" that RustCrypto's `sm2` makes with it.
const REFERENCE_SIGNATURE: [u8; 64] = [
    0x90, 0x47, 0x32, 0x35, 0xd3, 0x56, 0x13, 0xe2, 0x7b, 0x46, 0x5b, 0x1e, 0xdd, 0x87, 0x31, 0xaa, 0x9a,
    0xc5, 0xa0, 0x0d, 0xf1, 0x2e, 0x70, 0x56, 0xcf, 0x90, 0xd8, 0x45, 0x51, 0x9b, 0x65, 0x60, 0x35, 0x51,
    0x83, 0x30, 0x4b, 0xeb, 0x04, 0x6b, 0x2b, 0xd7, 0xf1, 0xbf, 0xc3, 0xde, 0x33, 0x64, 0xd3, 0x83, 0x70,
    0xb5, 0x2f, 0xc8, 0x7a, 0xa5, 0x74, 0xc2, 0xa2, 0xd4, 0x16, 0xbd, 0x36, 0x70,
];

/// The ciphertext of "encryption standard" for it in annex C, C1‖C3‖C2.
const EXAMPLE_CIPHERTEXT: [u8; 116] = *b"\x04\
\x04\xeb\xfc\x71\x8e\x8d\x17\x98\x62\x04\x32\x26\x8e\x77\xfe\xb6\x41\x5e\x2e\xde\x0e\x07\x3c\x0f\x4f\x64\x0e\xcd\x2e\x14\x9a\x73\
\xe8\x58\xf9\xd8\x1e\x54\x30\xa5\x7b\x36\xda\xab\x8f\x95\x0a\x3c\x64\xe6\xee\x6a\x63\x09\x4d\x99\x28\x3a\xff\x76\x7e\x12\x4d\xf0\
\x59\x98\x3c\x18\xf8\x09\xe2\x62\x92\x3c\x53\xae\xc2\x95\xd3\x03\x83\xb5\x4e\x39\xd6\x09\xd1\x60\xaf\xcb\x19\x08\xd0\xbd\x87\x66\
\x21\x88\x6c\xa9\x89\xca\x9c\x7d\x58\x08\x73\x07\xca\x93\x09\x2d\x65\x1e\xfa";

/// One message, and as many side by side as there may be lanes.
fn sm3_hashes(known: &Known) -> bool {
    let hashes = |digest: &Digest| digest.to_string() == known.sm3_of_abc;
    hashes(&sm3(b"abc")) && sm3_many(&[&b"abc"[..]; 16]).iter().all(hashes)
}

fn sm2_verifies(known: &Known) -> bool {
    let Ok(key) = SigningKey::from_bytes(&EXAMPLE_KEY) else {
        return false;
    };
    let Ok(signature) = Signature::from_raw(&known.example_signature) else {
        return false;
    };
    key.public_key().verify(b"message digest", &signature).is_ok()
        && key.public_key().verify(b"another message", &signature).is_err()
        && key.public_key().z(DEFAULT_ID).0[..4] == [0xb2, 0xe1, 0x4c, 0x5c]
}

/// The bytes that RustCrypto's implementation gave for the same key, digest and RFC 6979.
fn sm2_signs(known: &Known) -> bool {
    let Ok(key) = SigningKey::from_bytes(&EXAMPLE_KEY) else {
        return false;
    };
    key.sign(b"self-test")
        .is_ok_and(|signature| signature.to_raw() == known.reference_signature)
}

fn sm2_decrypts(known: &Known) -> bool {
    let Ok(key) = DecryptionKey::from_bytes(&EXAMPLE_KEY) else {
        return false;
    };
    Ciphertext::from_raw(&EXAMPLE_CIPHERTEXT)
        .and_then(|ciphertext| key.decrypt(&ciphertext))
        .is_ok_and(|message| *message == known.decrypted)
}

/// RFC 8998 appendix A.1, what it refuses, and the fastest way beside the portable one.
fn sm4_seals_and_opens(known: &Known) -> bool {
    let key = *b"\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10";
    let nonce = *b"\x00\x00\x12\x34\x56\x78\x00\x00\x00\x00\xab\xcd";
    let aad = *b"\xfe\xed\xfa\xce\xde\xad\xbe\xef\xfe\xed\xfa\xce\xde\xad\xbe\xef\xab\xad\xda\xd2";
    let mut plaintext = [0; 64];
    let bytes = [0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0xee, 0xaa];
    for (eight, byte) in plaintext.as_chunks_mut::<8>().0.iter_mut().zip(bytes) {
        *eight = [byte; 8];
    }
    let mut sealed = sm4::seal(&key, &nonce, &aad, &plaintext);
    let opens = sm4::open(&key, &nonce, &aad, &sealed).is_ok_and(|opened| *opened == plaintext);
    let tag = sealed.ends_with(&known.gcm_tag);
    sealed[0] ^= 1;
    tag && opens && sm4::open(&key, &nonce, &aad, &sealed).is_err() && sm4::ways_agree()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes() {
        assert_eq!(self_test(), Ok(()));
    }

    #[test]
    fn every_wrong_answer_is_noticed() {
        let mut wrong = [KNOWN; 5];
        wrong[0].sm3_of_abc = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e1";
        wrong[1].example_signature[63] ^= 1;
        wrong[2].reference_signature[0] ^= 1;
        wrong[3].decrypted = b"encryption standart";
        wrong[4].gcm_tag[15] ^= 0x80;
        let algorithms = [
            "SM3",
            "SM2 verification",
            "SM2 signing",
            "SM2 encryption",
            "SM4-GCM",
        ];
        for (algorithm, wrong) in algorithms.into_iter().zip(wrong) {
            assert_eq!(compare(&wrong), Err(SelfTestFailed { algorithm }));
        }
    }

    #[test]
    fn the_reference_signature_is_the_reference() {
        use signature::hazmat::PrehashSigner as _;
        let key = SigningKey::from_bytes(&EXAMPLE_KEY).unwrap();
        let theirs = sm2::dsa::SigningKey::from_slice("", &EXAMPLE_KEY).unwrap();
        let e = key.public_key().message_digest(b"self-test");
        let signature: sm2::dsa::Signature = theirs.sign_prehash(&e.0).unwrap();
        assert_eq!(signature.to_bytes()[..], REFERENCE_SIGNATURE);
    }
}
