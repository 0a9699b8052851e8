//! Known answers, computed anew at the start of every program (GM/T 0028 asks it of cryptographic modules).

use crate::{DEFAULT_ID, Signature, Signer as _, SigningKey, Verifier as _, sm3, sm4};

/// Checks SM3, SM2 and SM4 against known answers; under a millisecond. A program whose self-test fails must
/// not sign and must not judge.
pub fn self_test() -> Result<(), SelfTestFailed> {
    let holds = [
        ("SM3", sm3(b"abc").to_string() == SM3_ABC),
        ("SM2 verification", sm2_verifies()),
        ("SM2 signing", sm2_signs()),
        ("SM4-GCM", sm4_opens()),
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

/// The private key of GB/T 32918.5-2017 annex A.
const EXAMPLE_KEY: [u8; 32] = [
    0x39, 0x45, 0x20, 0x8f, 0x7b, 0x21, 0x44, 0xb1, 0x3f, 0x36, 0xe3, 0x8a, 0xc6, 0xd3, 0x9f, 0x95, 0x88,
    0x93, 0x93, 0x69, 0x28, 0x60, 0xb5, 0x1a, 0x42, 0xfb, 0x81, 0xef, 0x4d, 0xf7, 0xc5, 0xb8,
];

/// The signature of "message digest" under it, r‖s.
const EXAMPLE_SIGNATURE: [u8; 64] = [
    0xf5, 0xa0, 0x3b, 0x06, 0x48, 0xd2, 0xc4, 0x63, 0x0e, 0xea, 0xc5, 0x13, 0xe1, 0xbb, 0x81, 0xa1, 0x59,
    0x44, 0xda, 0x38, 0x27, 0xd5, 0xb7, 0x41, 0x43, 0xac, 0x7e, 0xac, 0xee, 0xe7, 0x20, 0xb3, 0xb1, 0xb6,
    0xaa, 0x29, 0xdf, 0x21, 0x2f, 0xd8, 0x76, 0x31, 0x82, 0xbc, 0x0d, 0x42, 0x1c, 0xa1, 0xbb, 0x90, 0x38,
    0xfd, 0x1f, 0x7f, 0x42, 0xd4, 0x84, 0x0b, 0x69, 0xc4, 0x85, 0xbb, 0xc1, 0xaa,
];

const SM3_ABC: &str = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";

fn sm2_verifies() -> bool {
    let Ok(key) = SigningKey::from_bytes(&EXAMPLE_KEY) else {
        return false;
    };
    let Ok(signature) = Signature::from_raw(&EXAMPLE_SIGNATURE) else {
        return false;
    };
    key.public_key().verify(b"message digest", &signature).is_ok()
        && key.public_key().verify(b"another message", &signature).is_err()
        && key.public_key().z(DEFAULT_ID).0[..4] == [0xb2, 0xe1, 0x4c, 0x5c]
}

fn sm2_signs() -> bool {
    let Ok(key) = SigningKey::from_bytes(&EXAMPLE_KEY) else {
        return false;
    };
    key.sign(b"self-test")
        .is_ok_and(|signature| key.public_key().verify(b"self-test", &signature).is_ok())
}

fn sm4_opens() -> bool {
    let sealed = sm4::seal(&[1; 16], &[2; 12], b"aad", b"self-test");
    let opens = |aad: &[u8]| sm4::open(&[1; 16], &[2; 12], aad, &sealed);
    opens(b"aad").is_ok_and(|plain| *plain == b"self-test") && opens(b"").is_err()
}

#[cfg(test)]
mod tests {
    #[test]
    fn passes() {
        assert_eq!(super::self_test(), Ok(()));
    }
}
