//! Personal data at rest: sealed with SM4-GCM, found through keyed SM3 digests.

use gm::{Digest, Sm3, sm4};
use rand_core::CryptoRng;
use zeroize::{Zeroize as _, Zeroizing};

use crate::Error;

/// The key over personal data: whoever has the database without it has no names and no numbers, and cannot try
/// them out either.
pub struct PersonalKey {
    sealing: Zeroizing<[u8; 16]>,
    searching: Zeroizing<[u8; 32]>,
    /// Names the key in what it sealed.
    id: [u8; 4],
}

impl PersonalKey {
    /// From the service's master key of 32 random bytes; other uses of it derive their keys under other labels.
    pub fn new(master: &[u8; 32]) -> Self {
        let derive = |label: &str| Zeroizing::new(hmac_sm3(master, &[label.as_bytes()]).0);
        let mut sealing = Zeroizing::new([0; 16]);
        sealing.copy_from_slice(&derive("yinxin personal data: sealing")[..16]);
        let searching = derive("yinxin personal data: searching");
        let mut id = [0; 4];
        id.copy_from_slice(&derive("yinxin personal data: name of the key")[..4]);
        Self {
            sealing,
            searching,
            id,
        }
    }

    /// Seals a text so that it opens only in its own place: `context` says which, such as `person/0193…`.
    pub fn seal(&self, context: &str, text: &[u8], rng: &mut dyn CryptoRng) -> Vec<u8> {
        let mut nonce = [0; 12];
        rng.fill_bytes(&mut nonce);
        let mut sealed = vec![FORM];
        sealed.extend(self.id);
        sealed.extend(nonce);
        sealed.extend(sm4::seal(&self.sealing, &nonce, context.as_bytes(), text));
        sealed
    }

    /// Opens what [`seal`](Self::seal) made under the same key and context.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] when a bit, the key or the context differs.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let damaged = |reason: &str| Error::Damaged {
            what: "personal data",
            reason: reason.to_owned(),
        };
        let Some((&[FORM], rest)) = sealed.split_first_chunk() else {
            return Err(damaged("its form is unknown"));
        };
        let (id, rest) = rest
            .split_first_chunk::<4>()
            .ok_or_else(|| damaged("it is too short"))?;
        if *id != self.id {
            return Err(damaged("it was sealed under another key"));
        }
        let (nonce, text) = rest
            .split_first_chunk::<12>()
            .ok_or_else(|| damaged("it is too short"))?;
        sm4::open(&self.sealing, nonce, context.as_bytes(), text)
            .map_err(|_| damaged("it was changed, or belongs to another place"))
    }

    /// The keyed digest under which a value of some kind is found: `identity`, `name`.
    pub fn digest(&self, kind: &str, value: &str) -> Digest {
        hmac_sm3(&self.searching, &[kind.as_bytes(), &[0], value.as_bytes()])
    }
}

/// The first byte of what is sealed.
const FORM: u8 = 1;

/// Bytes of a block of SM3.
const BLOCK_BYTES: usize = 64;

/// HMAC (RFC 2104, GB/T 15852.2) with SM3, for keys of up to 64 bytes.
fn hmac_sm3(key: &[u8; 32], message: &[&[u8]]) -> Digest {
    let mut inner_key = [0x36; BLOCK_BYTES];
    let mut outer_key = [0x5c; BLOCK_BYTES];
    for (at, byte) in key.iter().enumerate() {
        inner_key[at] ^= byte;
        outer_key[at] ^= byte;
    }
    let mut inner = Sm3::new();
    inner.update(&inner_key);
    message.iter().for_each(|part| inner.update(part));
    let mut outer = Sm3::new();
    outer.update(&outer_key);
    outer.update(inner.finish().as_bytes());
    inner_key.zeroize();
    outer_key.zeroize();
    outer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::SeededRng;

    #[test]
    fn hmac_equals_openssl() {
        // printf 'yinxin' | openssl mac -digest SM3 -macopt hexkey:0001…1f HMAC
        let key = std::array::from_fn(|i| i as u8);
        assert_eq!(hmac_sm3(&key, &[b"yin", b"xin"]).to_string(), OPENSSL);
    }

    const OPENSSL: &str = "a3d81dc59369939bc4a4ff8808d282b5cca965b0ef0dcc36b4d919a78ac87a54";

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let mut rng = SeededRng::new(1);
        let key = PersonalKey::new(&[7; 32]);
        let sealed = key.seal("person/1", "张三".as_bytes(), &mut rng);
        assert_eq!(
            key.open("person/1", &sealed).unwrap().as_slice(),
            "张三".as_bytes()
        );
        assert!(key.open("person/2", &sealed).is_err());
        assert!(PersonalKey::new(&[8; 32]).open("person/1", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open("person/1", &changed).is_err(), "byte {at}");
            assert!(
                key.open("person/1", &sealed[..at]).is_err(),
                "the first {at} bytes"
            );
        }
        let again = key.seal("person/1", "张三".as_bytes(), &mut rng);
        assert_ne!(sealed, again);
    }

    #[test]
    fn digests_differ_by_key_kind_and_value() {
        let (one, other) = (PersonalKey::new(&[7; 32]), PersonalKey::new(&[8; 32]));
        let digest = one.digest("name", "张三");
        assert_eq!(digest, one.digest("name", "张三"));
        assert_ne!(digest, one.digest("identity", "张三"));
        assert_ne!(digest, one.digest("name", "李四"));
        assert_ne!(digest, other.digest("name", "张三"));
    }
}
