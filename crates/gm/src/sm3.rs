//! SM3 (GB/T 32905-2016).

mod lanes;
mod rounds;
#[cfg(target_arch = "x86_64")]
pub(crate) mod x86;

use std::fmt;
use std::io;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::simd;

pub(crate) use lanes::State;

use lanes::Job;

/// An SM3 value: 32 bytes. Prints as lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Digest {
    fn from_words(words: &[u32; 8]) -> Self {
        let mut bytes = [0; 32];
        for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
            *bytes = word.to_be_bytes();
        }
        Self(bytes)
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
    let mut v = IV;
    let (whole, rest) = bytes.as_chunks();
    simd::sm3_update(&mut v, whole);
    let (last, count) = last_blocks(rest, bytes.len() as u64);
    simd::sm3_update(&mut v, &last[2 - count..]);
    Digest::from_words(&v)
}

/// The SM3 values of independent messages, in their order; their lengths may differ.
///
/// Callers that have several messages at hand pass them together: a machine with vectors hashes 8 or 16 of them
/// side by side.
pub fn sm3_many<'a>(messages: &[&'a [u8]]) -> Vec<Digest> {
    let job = |message: &&'a [u8]| {
        let (whole, rest) = message.as_chunks();
        Job::new(IV, whole, last_blocks(rest, message.len() as u64))
    };
    let mut jobs: Vec<Job<'a>> = messages.iter().map(job).collect();
    lanes::run(&mut jobs);
    jobs.iter().map(|job| Digest::from_words(&job.v)).collect()
}

/// Appends to each running computation its bytes, side by side as [`sm3_many`] does: for messages that come in
/// pieces. Pieces of one length keep all lanes busy.
pub fn sm3_update_many(messages: &mut [(&mut Sm3, &[u8])]) {
    let mut jobs = Vec::with_capacity(messages.len());
    for (hasher, bytes) in messages.iter_mut() {
        let waiting = (hasher.bytes % 64) as usize;
        let (head, aligned) = bytes.split_at(bytes.len().min((64 - waiting) % 64));
        hasher.update(head);
        *bytes = aligned;
        jobs.push(Job::new(hasher.v, aligned.as_chunks().0, ([[0; 64]; 2], 0)));
    }
    lanes::run(&mut jobs);
    let states: Vec<[u32; 8]> = jobs.into_iter().map(|job| job.v).collect();
    for ((hasher, aligned), v) in messages.iter_mut().zip(states) {
        let (whole, rest) = aligned.as_chunks::<64>();
        hasher.v = v;
        hasher.bytes = hasher.bytes.wrapping_add(64 * whole.len() as u64);
        hasher.update(rest);
    }
}

/// A running SM3 computation, wiped when dropped. Writing to it never fails.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Sm3 {
    /// V(i), after all whole blocks.
    v: [u32; 8],
    /// What does not fill a block: `bytes` modulo 64 of these.
    rest: [u8; 64],
    bytes: u64,
}

impl Sm3 {
    /// Begins with no input.
    pub fn new() -> Self {
        Self {
            v: IV,
            rest: [0; 64],
            bytes: 0,
        }
    }

    /// Appends `bytes` to the message.
    pub fn update(&mut self, bytes: &[u8]) {
        let at = (self.bytes % 64) as usize;
        // Modulo 2⁶⁴ bits (§5.2), which nobody lives to hash.
        self.bytes = self.bytes.wrapping_add(bytes.len() as u64);
        let free = &mut self.rest[at..];
        let Some((first, bytes)) = bytes.split_at_checked(free.len()) else {
            free[..bytes.len()].copy_from_slice(bytes);
            return;
        };
        free.copy_from_slice(first);
        simd::sm3_update(&mut self.v, &[self.rest]);
        let (whole, rest) = bytes.as_chunks();
        simd::sm3_update(&mut self.v, whole);
        self.rest[..rest.len()].copy_from_slice(rest);
    }

    /// The SM3 value of everything appended.
    pub fn finish(mut self) -> Digest {
        let (mut last, count) = last_blocks(&self.rest[..(self.bytes % 64) as usize], self.bytes);
        simd::sm3_update(&mut self.v, &last[2 - count..]);
        last.zeroize();
        Digest::from_words(&self.v)
    }
}

impl Default for Sm3 {
    fn default() -> Self {
        Self::new()
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

/// On any processor.
pub(crate) mod portable {
    use super::rounds::{compression, rounds, scalar};

    scalar!();
}

/// V(0) (GB/T 32905-2016 §4.1).
const IV: [u32; 8] = [
    0x7380_166f,
    0x4914_b2b9,
    0x1724_42d7,
    0xda8a_0600,
    0xa96f_30bc,
    0x1631_38aa,
    0xe38d_ee4d,
    0xb0fb_0e4e,
];

/// What does not fill a block, with the padding of a message of `bytes` bytes (§5.2): one block or two, the
/// last of the array.
fn last_blocks(rest: &[u8], bytes: u64) -> ([[u8; 64]; 2], usize) {
    let mut blocks = [[0; 64]; 2];
    let count = if rest.len() < 56 { 1 } else { 2 };
    let padded = &mut blocks.as_flattened_mut()[64 * (2 - count)..];
    padded[..rest.len()].copy_from_slice(rest);
    padded[rest.len()] = 0x80;
    blocks[1][56..].copy_from_slice(&bytes.wrapping_mul(8).to_be_bytes());
    (blocks, count)
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

    /// Every length around the blocks, by another implementation.
    #[test]
    fn agrees_with_rustcrypto() {
        let message: Vec<u8> = (0..1000u32).map(|i| (i * 7 + i / 13) as u8).collect();
        for length in (0..300).chain([999, 1000]) {
            let expected: [u8; 32] = <::sm3::Sm3 as ::sm3::Digest>::digest(&message[..length]).into();
            assert_eq!(sm3(&message[..length]).0, expected, "{length}");
            let mut v = IV;
            let (whole, rest) = message[..length].as_chunks();
            portable::update(&mut v, whole);
            let (last, count) = last_blocks(rest, length as u64);
            portable::update(&mut v, &last[2 - count..]);
            assert_eq!(Digest::from_words(&v).0, expected, "portable, {length}");
        }
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

    /// Pieces of unequal length, also such that do not end with a block.
    #[test]
    fn pieces_side_by_side_make_the_same() {
        let message: Vec<u8> = (0..5000u32).map(|i| (i * 7 + i / 13) as u8).collect();
        let mut hashers = vec![Sm3::new(); 20];
        let mut ends = vec![0; hashers.len()];
        for turn in 0..9 {
            let piece = |(i, end): (usize, &mut usize)| {
                let start = *end;
                *end += (i * 97 + turn * 31) % 530 * usize::from((i + turn) % 4 != 0);
                &message[start..*end]
            };
            let pieces: Vec<&[u8]> = ends.iter_mut().enumerate().map(piece).collect();
            sm3_update_many(&mut hashers.iter_mut().zip(pieces).collect::<Vec<_>>());
        }
        for (hasher, end) in hashers.into_iter().zip(ends) {
            assert_eq!(hasher.finish(), sm3(&message[..end]), "{end}");
        }
        sm3_update_many(&mut []);
    }

    #[test]
    fn many_keeps_the_order() {
        let messages: [&[u8]; 3] = [b"a", b"", b"abc"];
        assert_eq!(sm3_many(&messages), messages.map(sm3));
    }
}
