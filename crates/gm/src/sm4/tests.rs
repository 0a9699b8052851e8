use ::sm4::Sm4;
use ::sm4::cipher::consts::U12;
use ::sm4::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _};
use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{AesGcm, KeyInit as _};
use proptest::prelude::*;

use super::*;

const KEY: [u8; 16] = *b"\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10";

/// GB/T 32907-2016 annex A.1, and its decryption.
#[test]
fn block_example_of_the_standard() {
    let expected = *b"\x68\x1e\xdf\x34\xd2\x06\x96\x5e\x86\xb3\xe9\x4f\x53\x6e\x42\x46";
    for engine in Engine::all() {
        let cipher = Cipher::new(engine, &KEY);
        let mut blocks = [KEY; 70];
        cipher.encrypt_blocks(&mut blocks);
        assert_eq!(blocks, [expected; 70], "{engine:?}");
        cipher.decrypt_blocks(&mut blocks);
        assert_eq!(blocks, [KEY; 70], "{engine:?}");
    }
}

/// GB/T 32907-2016 annex A.2: a million times.
#[test]
fn million_fold_example_of_the_standard() {
    let cipher = Cipher::new(Engine::best(), &KEY);
    let mut block = [KEY];
    (0..1_000_000).for_each(|_| cipher.encrypt_blocks(&mut block));
    assert_eq!(
        block[0],
        *b"\x59\x52\x98\xc7\xc6\xfd\x27\x1f\x04\x02\xf8\x04\xc3\x3d\x3f\x66"
    );
}

/// RFC 8998 appendix A.1.
#[test]
fn gcm_vector_of_rfc_8998() {
    let nonce = *b"\x00\x00\x12\x34\x56\x78\x00\x00\x00\x00\xab\xcd";
    let aad = b"\xfe\xed\xfa\xce\xde\xad\xbe\xef\xfe\xed\xfa\xce\xde\xad\xbe\xef\xab\xad\xda\xd2";
    let plain: Vec<u8> = [0xaau8, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0xee, 0xaa]
        .iter()
        .flat_map(|b| [*b; 8])
        .collect();
    let expected = b"\
\x17\xf3\x99\xf0\x8c\x67\xd5\xee\x19\xd0\xdc\x99\x69\xc4\xbb\x7d\x5f\xd4\x6f\xd3\x75\x64\x89\x06\x91\x57\xb2\x82\xbb\x20\x07\x35\
\xd8\x27\x10\xca\x5c\x22\xf0\xcc\xfa\x7c\xbf\x93\xd4\x96\xac\x15\xa5\x68\x34\xcb\xcf\x98\xc3\x97\xb4\x02\x4a\x26\x91\x23\x3b\x8d\
\x83\xde\x35\x41\xe4\xc2\xb5\x81\x77\xe0\x65\xa9\xbf\x7b\x62\xec";
    for engine in Engine::all() {
        let sealed = seal_with(engine, &KEY, &nonce, aad, &plain);
        assert_eq!(sealed, expected, "{engine:?}");
        let open = |aad: &[u8], sealed: &[u8]| open_with(engine, &KEY, &nonce, aad, sealed);
        assert_eq!(*open(aad, &sealed).unwrap(), plain);
        for bit in 0..8 * sealed.len() {
            let mut altered = sealed.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(aad, &altered).err(), Some(BadCiphertext), "bit {bit}");
        }
        for shorter in 0..sealed.len() {
            assert_eq!(open(aad, &sealed[..shorter]).err(), Some(BadCiphertext));
        }
        assert_eq!(open(b"", &sealed).err(), Some(BadCiphertext));
        assert_eq!(open(&aad[..19], &sealed).err(), Some(BadCiphertext));
    }
}

#[test]
fn gcm_ends_before_its_counter_does() {
    // Block 1 masks the tag, so a message has the blocks 2 … 2³² − 1.
    assert_eq!(GCM_BYTES_MAX, ((1 << 32) - 2) * 16);
    assert!(is_gcm_length(GCM_BYTES_MAX as usize));
    assert!(!is_gcm_length(GCM_BYTES_MAX as usize + 1));
    let gcm = Gcm::new(Engine::best(), &KEY, &[7; 12]);
    let pieces = (GCM_BYTES_MAX - FIRST_BYTES as u64).div_ceil(PIECE_BYTES as u64);
    let last = gcm.counters().nth(pieces as usize - 1).unwrap();
    let blocks_before = (pieces - 1) * (PIECE_BYTES as u64 / 16);
    assert_eq!(
        last,
        gcm.counter_block(FIRST_BLOCKS as u32 + blocks_before as u32)
    );
    assert_eq!(gcm.counters().count() as u64, pieces);
}

/// The block example of GB/T 32907-2016 annex A, as one CBC block under a zero IV, with padding behind it.
#[test]
fn cbc_decrypts_and_checks_the_padding() {
    let block = *b"\x68\x1e\xdf\x34\xd2\x06\x96\x5e\x86\xb3\xe9\x4f\x53\x6e\x42\x46";
    // The standard's plaintext equals the key and does not end in valid padding.
    assert_eq!(cbc_decrypt(&KEY, &[0; 16], &block).err(), Some(BadCiphertext));
    // An IV chosen so that the same block decrypts to a full block of padding.
    let iv: [u8; 16] = std::array::from_fn(|i| KEY[i] ^ 16);
    assert_eq!(cbc_decrypt(&KEY, &iv, &block).unwrap().len(), 0);
    let iv: [u8; 16] = std::array::from_fn(|i| KEY[i] ^ if i == 15 { 1 } else { b'a' });
    assert_eq!(*cbc_decrypt(&KEY, &iv, &block).unwrap(), b"aaaaaaaaaaaaaaa");
    assert_eq!(cbc_decrypt(&KEY, &iv, &block[..15]).err(), Some(BadCiphertext));
    assert_eq!(cbc_decrypt(&KEY, &iv, b"").err(), Some(BadCiphertext));
}

#[test]
fn padding_is_exact() {
    for padding in 0..=255u8 {
        for wrong_at in 0..16 {
            let mut block: [u8; 16] = std::array::from_fn(|i| {
                if i + usize::from(padding) < 16 {
                    0xee
                } else {
                    padding
                }
            });
            block[15] = padding;
            block[wrong_at] ^= 0x80;
            let padding = block[15];
            let covered = &block[16 - usize::from(padding).min(16)..];
            let holds = (1..=16).contains(&padding) && covered.iter().all(|byte| *byte == padding);
            let expected = holds.then(|| 16 - usize::from(padding));
            assert_eq!(unpadded(&block).ok(), expected, "{block:?}");
            block[wrong_at] ^= 0x80;
            let padding = block[15];
            assert_eq!(unpadded(&block).is_ok(), (1..=16).contains(&padding), "{block:?}");
        }
    }
}

#[test]
fn counters_carry_over_their_last_word() {
    for engine in Engine::all() {
        for first in [
            u128::from(u32::MAX),
            (1 << 64) - 3,
            u128::MAX - 1,
            u128::MAX,
            (1 << 32) - 40,
        ] {
            let mut data = vec![0x55; 16 * 100 + 3];
            ctr_with(engine, &KEY, &first.to_be_bytes(), &mut data);
            assert_eq!(
                data,
                reference_ctr(&KEY, first, &[0x55; 16 * 100 + 3]),
                "{engine:?} {first:x}"
            );
        }
    }
}

fn reference_ctr(key: &[u8; 16], first: u128, data: &[u8]) -> Vec<u8> {
    let cipher = Sm4::new(key.into());
    let mut counter = first;
    let mut masked = data.to_vec();
    for chunk in masked.chunks_mut(16) {
        let mut block = counter.to_be_bytes().into();
        cipher.encrypt_block(&mut block);
        chunk.iter_mut().zip(block).for_each(|(byte, mask)| *byte ^= mask);
        counter = counter.wrapping_add(1);
    }
    masked
}

fn reference_cbc_encrypt(key: &[u8; 16], iv: &[u8; 16], plain: &[u8]) -> Vec<u8> {
    let cipher = Sm4::new(key.into());
    let padding = 16 - plain.len() % 16;
    let mut state: ::sm4::cipher::Array<u8, _> = (*iv).into();
    let mut encrypted = vec![];
    for block in [plain, &vec![padding as u8; padding]].concat().chunks(16) {
        state
            .iter_mut()
            .zip(block)
            .for_each(|(byte, other)| *byte ^= other);
        cipher.encrypt_block(&mut state);
        encrypted.extend(state);
    }
    encrypted
}

/// Lengths up to beyond what any engine has on its way at once, and around its limits.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![
        0..70usize,
        200..300usize,
        500..530usize,
        1000..1100usize,
        8100..8300usize
    ];
    (length, any::<u64>()).prop_map(|(length, seed)| {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        };
        (0..length).map(|_| next()).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn every_engine_has_the_same_round_keys(key in any::<[u8; 16]>()) {
        for engine in Engine::all() {
            prop_assert_eq!(engine.round_keys(&key), Engine::Portable.round_keys(&key), "{:?}", engine);
        }
    }

    #[test]
    fn every_engine_agrees_with_rustcrypto(
        key in any::<[u8; 16]>(), block in any::<[u8; 16]>(), aad in bytes(), plain in bytes(),
    ) {
        let nonce: [u8; 12] = *block.first_chunk().unwrap();
        let theirs = AesGcm::<Sm4, U12>::new(&key.into());
        let expected = theirs.encrypt(&nonce.into(), Payload { msg: &plain, aad: &aad }).unwrap();
        let their_blocks = {
            let mut blocks = plain.clone();
            blocks.truncate(plain.len() / 16 * 16);
            let cipher = Sm4::new(&key.into());
            for block in blocks.as_chunks_mut::<16>().0 {
                let mut state = (*block).into();
                cipher.decrypt_block(&mut state);
                *block = state.into();
            }
            blocks
        };
        let cbc = reference_cbc_encrypt(&key, &block, &plain);
        let ctr = reference_ctr(&key, u128::from_be_bytes(block), &plain);
        for engine in Engine::all() {
            let sealed = seal_with(engine, &key, &nonce, &aad, &plain);
            prop_assert!(sealed == expected, "{:?}", engine);
            prop_assert!(*open_with(engine, &key, &nonce, &aad, &sealed).unwrap() == plain, "{:?}", engine);
            let mut altered = sealed;
            let at = usize::from(block[15]) * altered.len() / 256;
            altered[at] ^= block[14].max(1);
            prop_assert!(open_with(engine, &key, &nonce, &aad, &altered).is_err(), "{:?}", engine);
            let mut masked = plain.clone();
            ctr_with(engine, &key, &block, &mut masked);
            prop_assert!(masked == ctr, "{:?}", engine);
            prop_assert!(cbc_encrypt_with(engine, &key, &block, &plain) == cbc, "{:?}", engine);
            prop_assert!(*cbc_decrypt_with(engine, &key, &block, &cbc).unwrap() == plain, "{:?}", engine);
            let mut blocks = plain[..plain.len() / 16 * 16].to_vec();
            Cipher::new(engine, &key).decrypt_blocks(blocks.as_chunks_mut().0);
            prop_assert!(blocks == their_blocks, "{:?}", engine);
        }
    }
}
