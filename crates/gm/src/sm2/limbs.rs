//! 256-bit numbers as four 64-bit limbs, the least significant first; no branch and no index depends on a value.

/// Four limbs, little-endian.
pub(super) type Limbs = [u64; 4];

/// A product of two [`Limbs`].
pub(super) type WideLimbs = [u64; 8];

/// a + b + carry, and the carry out (0 or 1).
#[inline(always)]
pub(super) fn add_carry(a: u64, b: u64, carry: u8) -> (u64, u8) {
    // The compiler makes one chain of carries of the intrinsic, and something a third slower of the portable form.
    #[cfg(target_arch = "x86_64")]
    {
        let mut sum = 0;
        let carry = std::arch::x86_64::_addcarry_u64(carry, a, b, &mut sum);
        (sum, carry)
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let (sum, carry) = a.carrying_add(b, carry != 0);
        (sum, u8::from(carry))
    }
}

/// a − b − borrow, and the borrow out (0 or 1).
#[inline(always)]
pub(super) fn sub_borrow(a: u64, b: u64, borrow: u8) -> (u64, u8) {
    #[cfg(target_arch = "x86_64")]
    {
        let mut difference = 0;
        let borrow = std::arch::x86_64::_subborrow_u64(borrow, a, b, &mut difference);
        (difference, borrow)
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let (difference, borrow) = a.borrowing_sub(b, borrow != 0);
        (difference, u8::from(borrow))
    }
}

/// a·b as (low, high).
#[inline(always)]
pub(super) const fn multiply(a: u64, b: u64) -> (u64, u64) {
    let product = a as u128 * b as u128;
    (product as u64, (product >> 64) as u64)
}

/// a + b, and the carry out.
#[inline(always)]
pub(super) fn add(a: &Limbs, b: &Limbs) -> (Limbs, u8) {
    let (r0, c) = add_carry(a[0], b[0], 0);
    let (r1, c) = add_carry(a[1], b[1], c);
    let (r2, c) = add_carry(a[2], b[2], c);
    let (r3, c) = add_carry(a[3], b[3], c);
    ([r0, r1, r2, r3], c)
}

/// a − b, and the borrow out.
#[inline(always)]
pub(super) fn sub(a: &Limbs, b: &Limbs) -> (Limbs, u8) {
    let (r0, c) = sub_borrow(a[0], b[0], 0);
    let (r1, c) = sub_borrow(a[1], b[1], c);
    let (r2, c) = sub_borrow(a[2], b[2], c);
    let (r3, c) = sub_borrow(a[3], b[3], c);
    ([r0, r1, r2, r3], c)
}

/// The number `top`·2²⁵⁶ + a, which is below 2m, modulo m.
#[inline(always)]
pub(super) fn reduce_once(a: &Limbs, top: u8, m: &Limbs) -> Limbs {
    let (difference, borrow) = sub(a, m);
    let (_, negative) = sub_borrow(top.into(), 0, borrow);
    select(u64::from(negative).wrapping_neg(), a, &difference)
}

/// (a + b) mod m, for a and b below m.
#[inline(always)]
pub(super) fn add_mod(a: &Limbs, b: &Limbs, m: &Limbs) -> Limbs {
    let (sum, carry) = add(a, b);
    reduce_once(&sum, carry, m)
}

/// (a − b) mod m, for a and b below m.
#[inline(always)]
pub(super) fn sub_mod(a: &Limbs, b: &Limbs, m: &Limbs) -> Limbs {
    let (difference, borrow) = sub(a, b);
    let mask = u64::from(borrow).wrapping_neg();
    add(&difference, &[m[0] & mask, m[1] & mask, m[2] & mask, m[3] & mask]).0
}

/// a·b, row by row.
#[inline(always)]
pub(super) fn mul_wide(a: &Limbs, b: &Limbs) -> WideLimbs {
    let (t0, h0) = multiply(a[0], b[0]);
    let (l1, h1) = multiply(a[0], b[1]);
    let (l2, h2) = multiply(a[0], b[2]);
    let (l3, h3) = multiply(a[0], b[3]);
    let (t1, c) = add_carry(h0, l1, 0);
    let (t2, c) = add_carry(h1, l2, c);
    let (t3, c) = add_carry(h2, l3, c);
    let (t4, _) = add_carry(h3, 0, c);
    let (t1, [t2, t3, t4, t5]) = mul_row([t1, t2, t3, t4], a[1], b);
    let (t2, [t3, t4, t5, t6]) = mul_row([t2, t3, t4, t5], a[2], b);
    let (t3, [t4, t5, t6, t7]) = mul_row([t3, t4, t5, t6], a[3], b);
    [t0, t1, t2, t3, t4, t5, t6, t7]
}

/// t + a·b: its lowest limb, and the four others.
#[inline(always)]
fn mul_row(t: Limbs, a: u64, b: &Limbs) -> (u64, Limbs) {
    let (l0, h0) = multiply(a, b[0]);
    let (l1, h1) = multiply(a, b[1]);
    let (l2, h2) = multiply(a, b[2]);
    let (l3, h3) = multiply(a, b[3]);
    let (t0, c) = add_carry(t[0], l0, 0);
    let (t1, c) = add_carry(t[1], l1, c);
    let (t2, c) = add_carry(t[2], l2, c);
    let (t3, top) = add_carry(t[3], l3, c);
    let (t1, c) = add_carry(t1, h0, 0);
    let (t2, c) = add_carry(t2, h1, c);
    let (t3, c) = add_carry(t3, h2, c);
    let (t4, _) = add_carry(h3, top.into(), c);
    (t0, [t1, t2, t3, t4])
}

/// a², with each mixed product computed once and doubled.
#[inline(always)]
pub(super) fn square_wide(a: &Limbs) -> WideLimbs {
    let (l01, h01) = multiply(a[0], a[1]);
    let (l02, h02) = multiply(a[0], a[2]);
    let (l03, h03) = multiply(a[0], a[3]);
    let (l12, h12) = multiply(a[1], a[2]);
    let (l13, h13) = multiply(a[1], a[3]);
    let (l23, h23) = multiply(a[2], a[3]);
    let (t2, c) = add_carry(h01, l02, 0);
    let (t3, c) = add_carry(h02, l03, c);
    let (t4, c) = add_carry(h03, l13, c);
    let (t5, c) = add_carry(h13, l23, c);
    let (t6, _) = add_carry(h23, 0, c);
    let (t3, c) = add_carry(t3, l12, 0);
    let (t4, c) = add_carry(t4, h12, c);
    let (t5, c) = add_carry(t5, 0, c);
    let (t6, _) = add_carry(t6, 0, c);
    let (t1, c) = add_carry(l01, l01, 0);
    let (t2, c) = add_carry(t2, t2, c);
    let (t3, c) = add_carry(t3, t3, c);
    let (t4, c) = add_carry(t4, t4, c);
    let (t5, c) = add_carry(t5, t5, c);
    let (t6, t7) = add_carry(t6, t6, c);
    let t7 = u64::from(t7);
    let (l0, h0) = multiply(a[0], a[0]);
    let (l1, h1) = multiply(a[1], a[1]);
    let (l2, h2) = multiply(a[2], a[2]);
    let (l3, h3) = multiply(a[3], a[3]);
    let (t1, c) = add_carry(t1, h0, 0);
    let (t2, c) = add_carry(t2, l1, c);
    let (t3, c) = add_carry(t3, h1, c);
    let (t4, c) = add_carry(t4, l2, c);
    let (t5, c) = add_carry(t5, h2, c);
    let (t6, c) = add_carry(t6, l3, c);
    let (t7, _) = add_carry(t7, h3, c);
    [l0, t1, t2, t3, t4, t5, t6, t7]
}

/// a where `mask` is all ones, b where it is zero.
#[inline(always)]
pub(super) fn select(mask: u64, a: &Limbs, b: &Limbs) -> Limbs {
    [
        b[0] ^ (mask & (a[0] ^ b[0])),
        b[1] ^ (mask & (a[1] ^ b[1])),
        b[2] ^ (mask & (a[2] ^ b[2])),
        b[3] ^ (mask & (a[3] ^ b[3])),
    ]
}

/// All ones when a is zero, else zero.
#[inline(always)]
pub(super) fn zero_mask(a: &Limbs) -> u64 {
    word_zero_mask(a[0] | a[1] | a[2] | a[3])
}

/// All ones when `word` is zero, else zero.
#[inline(always)]
pub(super) fn word_zero_mask(word: u64) -> u64 {
    opaque(((word | word.wrapping_neg()) >> 63).wrapping_sub(1))
}

/// A mask of which the compiler does not see where it comes from. Without this it has made branches of masks:
/// script/constant-time found one in the choice of a table's entry.
#[inline(always)]
pub(super) fn opaque(mask: u64) -> u64 {
    std::hint::black_box(mask)
}

/// From 32 bytes, big-endian.
pub(super) const fn from_be(bytes: &[u8; 32]) -> Limbs {
    let mut limbs = [0; 4];
    let mut i = 0;
    while i < 32 {
        limbs[3 - i / 8] = limbs[3 - i / 8] << 8 | bytes[i] as u64;
        i += 1;
    }
    limbs
}

/// 32 bytes, big-endian.
pub(super) fn to_be(limbs: &Limbs) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (chunk, limb) in bytes.chunks_exact_mut(8).zip(limbs.iter().rev()) {
        chunk.copy_from_slice(&limb.to_be_bytes());
    }
    bytes
}

/// a·2^`bits` mod m by doublings, for a below m: makes constants when the program is compiled, and nothing else.
pub(super) const fn shifted(a: &Limbs, bits: u32, m: &Limbs) -> Limbs {
    let mut r = *a;
    let mut bit = 0;
    while bit < bits {
        let top = r[3] >> 63;
        r = [
            r[0] << 1,
            r[1] << 1 | r[0] >> 63,
            r[2] << 1 | r[1] >> 63,
            r[3] << 1 | r[2] >> 63,
        ];
        let mut difference = [0; 4];
        let mut borrow = false;
        let mut i = 0;
        while i < 4 {
            let (d, b1) = r[i].overflowing_sub(m[i]);
            let (d, b2) = d.overflowing_sub(borrow as u64);
            difference[i] = d;
            borrow = b1 | b2;
            i += 1;
        }
        if top == 1 || !borrow {
            r = difference;
        }
        bit += 1;
    }
    r
}
