//! SM3 (GB/T 32905-2016).

use std::fmt;
use std::io;

use sm3::Digest as _;

/// An SM3 value: 32 bytes. Prints as lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// The SM3 value of one message.
pub fn sm3(bytes: &[u8]) -> Digest {
    Digest(sm3::Sm3::digest(bytes).into())
}

/// The SM3 values of independent messages, in their order.
///
/// Callers that have several messages at hand pass them together: a machine with vectors hashes 8 or 16 of them
/// side by side.
pub fn sm3_many(messages: &[&[u8]]) -> Vec<Digest> {
    crate::sm3_lanes::hash_all(messages)
}

/// A running SM3 computation. Writing to it never fails.
#[derive(Clone, Default)]
pub struct Sm3(sm3::Sm3);

impl Sm3 {
    /// Begins with no input.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends `bytes` to the message.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The SM3 value of everything appended.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl io::Write for Sm3 {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Sm3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sm3(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// GB/T 32905-2016, annex A.
    #[test]
    fn standard_examples() {
        assert_eq!(
            sm3(b"abc").to_string(),
            "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
        );
        assert_eq!(
            sm3(&b"abcd".repeat(16)).to_string(),
            "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
        );
    }

    #[test]
    fn streaming_equals_one_shot_at_every_split() {
        let message: Vec<u8> = (0..200u8).collect();
        for split in 0..message.len() {
            let mut hasher = Sm3::new();
            hasher.update(&message[..split]);
            hasher.write_all(&message[split..]).unwrap();
            assert_eq!(hasher.finish(), sm3(&message));
        }
    }

    #[test]
    fn many_keeps_the_order() {
        let messages: [&[u8]; 3] = [b"a", b"", b"abc"];
        assert_eq!(sm3_many(&messages), messages.map(sm3));
    }
}
