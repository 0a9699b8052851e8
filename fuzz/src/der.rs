//! Changes one element somewhere in DER and writes the lengths of everything around it anew, so that the readers
//! get beyond the outermost element.

use pki::asn1::{BIT_STRING, OCTET_STRING, Reader, write};

use crate::Flat;
use crate::dice::Dice;

/// How far down elements are looked for, and how many in one place.
const DEPTH_MAX: usize = 40;
const SIBLINGS_MAX: usize = 4096;
/// What one element may grow by.
const GROWTH_BYTES_MAX: usize = 64;

/// The bit of an identifier octet that says that elements stand inside.
const CONSTRUCTED: u8 = 0x20;

/// For `fuzz_mutator!`: the used size after the change.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32, flat: Flat) -> usize {
    let mut dice = Dice::new(seed);
    if !dice.one_in(4)
        && let Some(changed) = change(&data[..size], &mut dice, DEPTH_MAX, flat)
        && changed.len() <= max_size
    {
        data[..changed.len()].copy_from_slice(&changed);
        return changed.len();
    }
    flat(data, size, max_size)
}

/// The elements that stand one after the other in `bytes`, with one of them changed; none if that is no DER.
pub(crate) fn change(bytes: &[u8], dice: &mut Dice, depth: usize, flat: Flat) -> Option<Vec<u8>> {
    let mut elements = split(bytes)?;
    let index = dice.below(elements.len());
    if dice.one_in(8) {
        rearrange(&mut elements, index, dice);
        return Some(elements.concat());
    }
    let element = Reader::new(&elements[index]).next("element").ok()?;
    let value = match inside(element.tag, element.value) {
        Some((head, inner)) if depth > 0 && !dice.one_in(8) => match change(inner, dice, depth - 1, flat) {
            Some(changed) => [head, &changed].concat(),
            None => scramble(element.value, flat),
        },
        _ => scramble(element.value, flat),
    };
    elements[index] = write::tlv(element.tag, &value);
    Some(elements.concat())
}

/// One constructed element in BER: its length, and those of what stands directly in it, indefinite.
pub fn indefinite(der: &[u8]) -> Vec<u8> {
    let open_ended = |tag: u8, value: &[u8]| [&[tag, 0x80], value, &[0, 0]].concat();
    let whole = Reader::new(der).next("element").expect("DER");
    let mut inside = Vec::new();
    let mut elements = whole.children();
    while !elements.is_empty() {
        let element = elements.next("element").expect("DER");
        match element.tag & CONSTRUCTED {
            0 => inside.extend_from_slice(element.raw),
            _ => inside.extend(open_ended(element.tag, element.value)),
        }
    }
    open_ended(whole.tag, &inside)
}

fn split(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut reader = Reader::new(bytes);
    let mut elements = Vec::new();
    while !reader.is_empty() {
        if elements.len() == SIBLINGS_MAX {
            return None;
        }
        elements.push(reader.next("element").ok()?.raw.to_vec());
    }
    (!elements.is_empty()).then_some(elements)
}

/// Where elements may stand within a value: after the octet for unused bits in a BIT STRING.
fn inside(tag: u8, value: &[u8]) -> Option<(&[u8], &[u8])> {
    match tag {
        BIT_STRING => value.split_at_checked(1),
        OCTET_STRING => Some((&[], value)),
        _ if tag & CONSTRUCTED != 0 => Some((&[], value)),
        _ => None,
    }
}

fn rearrange(elements: &mut Vec<Vec<u8>>, index: usize, dice: &mut Dice) {
    let other = dice.below(elements.len());
    match dice.below(5) {
        0 => drop(elements.remove(index)),
        1 => elements.insert(other, elements[index].clone()),
        2 => elements.swap(index, other),
        3 => elements[index] = elements[other].clone(),
        _ => {
            if let Some(tag) = elements[index].first_mut() {
                *tag ^= 1 << dice.below(8);
            }
        }
    }
}

fn scramble(value: &[u8], flat: Flat) -> Vec<u8> {
    let size = value.len();
    let mut buffer = value.to_vec();
    buffer.resize(size + GROWTH_BYTES_MAX, 0);
    let room = buffer.len();
    let size = flat(&mut buffer, size, room);
    buffer.truncate(size);
    buffer
}
