//! SM4 and SM3 beside RustCrypto: GCM, CTR, CBC and digests of one and many messages give the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/gm/tests/it/oracle.rs"]
#[allow(dead_code, reason = "the other target uses the rest")]
mod oracle;

/// Key, nonce or counter, where the rest is cut, and the rest.
fn fields(data: &[u8]) -> Option<(&[u8; 16], &[u8; 16], u16, &[u8])> {
    let (key, rest) = data.split_first_chunk()?;
    let (iv, rest) = rest.split_first_chunk()?;
    let (cut, rest) = rest.split_first_chunk()?;
    Some((key, iv, u16::from_le_bytes(*cut), rest))
}

fuzz_target!(|data: &[u8]| {
    let Some((key, iv, cut, rest)) = fields(data) else {
        return;
    };
    let (aad, plain) = rest.split_at(usize::from(cut) % (rest.len() + 1));
    let nonce = iv.first_chunk().expect("12 of 16 bytes");
    oracle::gcm(key, nonce, aad, plain, rest);
    oracle::ctr(key, iv, plain);
    oracle::cbc(key, iv, plain);
    let bytes = usize::from(cut >> 8) + 1;
    let messages: Vec<&[u8]> = rest.chunks(bytes.max(rest.len() / 40)).collect();
    oracle::digests(&messages);
});
