//! Inverses modulo p and n in constant time, by Bernstein and Yang's division steps ("Fast constant-time gcd
//! computation and modular inversion", 2019), 59 of them at once on the lowest bits.
//!
//! Numbers are five limbs of 62 bits, of which the highest has the sign. Nothing here branches on a number or takes
//! an index from one; `script/constant-time` sees that the compiler keeps it so.

use super::limbs::{Limbs, opaque};

/// Σ limbs[i]·2⁶²ⁱ.
type Signed = [i64; 5];

/// A modulus in the form that inversion wants.
pub(super) struct Modulus {
    limbs: Signed,
    /// m⁻¹ mod 2⁶².
    inverse: u64,
}

/// Batches of 59 steps: 590 are enough for any numbers of 256 bits, when they begin with δ = 1/2.
const BATCHES: usize = 10;

const LOW_62: u64 = u64::MAX >> 2;

impl Modulus {
    /// For an odd m, when the program is compiled.
    pub(super) const fn new(m: &Limbs) -> Self {
        // Newton's iteration doubles the number of right bits: 3, 6, 12, 24, 48, 96.
        let mut inverse = m[0];
        let mut i = 0;
        while i < 5 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(m[0].wrapping_mul(inverse)));
            i += 1;
        }
        Self {
            limbs: to_signed(m),
            inverse: inverse & LOW_62,
        }
    }

    /// a⁻¹ mod m, for a below m; zero for zero.
    pub(super) fn invert(&self, a: &Limbs) -> Limbs {
        let (mut f, mut g) = (self.limbs, to_signed(a));
        // All the time f ≡ d·a and g ≡ e·a modulo m, but for the powers of two that `divide` removes.
        let (mut d, mut e) = ([0; 5], [1, 0, 0, 0, 0]);
        // ζ = −(δ + 1/2)
        let mut zeta = -1;
        for _ in 0..BATCHES {
            let (next, matrix) = steps(zeta, f[0] as u64, g[0] as u64);
            zeta = next;
            self.divide_modulo(&mut d, &mut e, &matrix);
            divide(&mut f, &mut g, &matrix);
        }
        // g is 0 and f is ±gcd(a, m) = ±1, so d = ±a⁻¹.
        self.normal(d, negative(&f))
    }

    /// (d, e) := (u·d + v·e, q·d + r·e)/2⁶² modulo m; both stay in −2m … m.
    #[inline(always)]
    fn divide_modulo(&self, d: &mut Signed, e: &mut Signed, [u, v, q, r]: &[i64; 4]) {
        let m = &self.limbs;
        let (negative_d, negative_e) = (negative(d), negative(e));
        let mut cd = product(*u, d[0]) + product(*v, e[0]);
        let mut ce = product(*q, d[0]) + product(*r, e[0]);
        // How often m is added: once for each negative number, and so that the lowest 62 bits become zero.
        let times = |base: i64, low: i128| {
            let wanted = self.inverse.wrapping_mul(low as u64).wrapping_add(base as u64);
            base - (wanted & LOW_62) as i64
        };
        let md = times((u & negative_d) + (v & negative_e), cd);
        let me = times((q & negative_d) + (r & negative_e), ce);
        cd = (cd + product(m[0], md)) >> 62;
        ce = (ce + product(m[0], me)) >> 62;
        for i in 1..5 {
            cd += product(*u, d[i]) + product(*v, e[i]) + product(m[i], md);
            ce += product(*q, d[i]) + product(*r, e[i]) + product(m[i], me);
            d[i - 1] = (cd as u64 & LOW_62) as i64;
            e[i - 1] = (ce as u64 & LOW_62) as i64;
            cd >>= 62;
            ce >>= 62;
        }
        d[4] = cd as i64;
        e[4] = ce as i64;
    }

    /// ±d modulo m in 0 … m − 1, for d in −2m … m; `minus` is all ones for the minus.
    fn normal(&self, d: Signed, minus: i64) -> Limbs {
        let below_zero = negative(&d);
        let mut r = d;
        for (r, m) in r.iter_mut().zip(self.limbs) {
            *r += m & below_zero;
            *r = (*r ^ minus) - minus;
        }
        carry(&mut r);
        let below_zero = negative(&r);
        for (r, m) in r.iter_mut().zip(self.limbs) {
            *r += m & below_zero;
        }
        carry(&mut r);
        let [r0, r1, r2, r3, r4] = r.map(|limb| limb as u64);
        [
            r0 | r1 << 62,
            r1 >> 2 | r2 << 60,
            r2 >> 4 | r3 << 58,
            r3 >> 6 | r4 << 56,
        ]
    }
}

/// 59 division steps on the lowest bits of f and g: ζ after them, and the matrix (u, v, q, r) by which f and g are to
/// be multiplied, times 2⁶².
#[inline(always)]
fn steps(mut zeta: i64, mut f: u64, mut g: u64) -> (i64, [i64; 4]) {
    // Already times 2³, so that the quotient is by 2⁶² although there are 59 steps.
    let (mut u, mut v, mut q, mut r) = (8u64, 0u64, 0u64, 8u64);
    for _ in 0..59 {
        // g := g ± f where g is odd, minus where ζ < 0; the rows of the matrix likewise.
        let negative = (zeta >> 63) as u64;
        let odd = (g & 1).wrapping_neg();
        let signed = |x: u64| (x ^ negative).wrapping_sub(negative) & odd;
        g = g.wrapping_add(signed(f));
        q = q.wrapping_add(signed(u));
        r = r.wrapping_add(signed(v));
        // Where both, f becomes the old g, which is (g − f) + f.
        let swapped = negative & odd;
        zeta = (zeta ^ swapped as i64) - 1;
        f = f.wrapping_add(g & swapped);
        u = u.wrapping_add(q & swapped);
        v = v.wrapping_add(r & swapped);
        g >>= 1;
        u <<= 1;
        v <<= 1;
    }
    (zeta, [u as i64, v as i64, q as i64, r as i64])
}

/// (f, g) := (u·f + v·g, q·f + r·g)/2⁶², which divides them without rest.
#[inline(always)]
fn divide(f: &mut Signed, g: &mut Signed, [u, v, q, r]: &[i64; 4]) {
    let mut cf = (product(*u, f[0]) + product(*v, g[0])) >> 62;
    let mut cg = (product(*q, f[0]) + product(*r, g[0])) >> 62;
    for i in 1..5 {
        cf += product(*u, f[i]) + product(*v, g[i]);
        cg += product(*q, f[i]) + product(*r, g[i]);
        f[i - 1] = (cf as u64 & LOW_62) as i64;
        g[i - 1] = (cg as u64 & LOW_62) as i64;
        cf >>= 62;
        cg >>= 62;
    }
    f[4] = cf as i64;
    g[4] = cg as i64;
}

#[inline(always)]
fn product(a: i64, b: i64) -> i128 {
    i128::from(a) * i128::from(b)
}

/// All ones when a is negative, else zero.
#[inline(always)]
fn negative(a: &Signed) -> i64 {
    opaque((a[4] >> 63) as u64) as i64
}

/// Brings all limbs but the highest into 0 … 2⁶² − 1.
fn carry(r: &mut Signed) {
    for i in 0..4 {
        r[i + 1] += r[i] >> 62;
        r[i] &= LOW_62 as i64;
    }
}

const fn to_signed(a: &Limbs) -> Signed {
    [
        (a[0] & LOW_62) as i64,
        ((a[0] >> 62 | a[1] << 2) & LOW_62) as i64,
        ((a[1] >> 60 | a[2] << 4) & LOW_62) as i64,
        ((a[2] >> 58 | a[3] << 6) & LOW_62) as i64,
        (a[3] >> 56) as i64,
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::comb::tests::edges;
    use super::super::field::P;
    use super::super::limbs;
    use super::super::scalar::N;
    use super::super::test_support::{Modulus as Bignum, below, uint};
    use super::*;

    #[track_caller]
    fn check(m: &Limbs, a: &Limbs) {
        assert_eq!(
            uint(&Modulus::new(m).invert(a)),
            Bignum::new(m).invert(&uint(a)),
            "{a:x?}"
        );
    }

    #[test]
    fn small_large_and_lonely_bits() {
        for m in [P, N] {
            for a in edges() {
                check(&m, &limbs::reduce_once(&a, 0, &m));
            }
            for small in 1..70 {
                check(&m, &limbs::sub(&m, &[small, 0, 0, 0]).0);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn inverses_agree_with_a_bignum(a in below(P), b in below(N)) {
            check(&P, &a);
            check(&N, &b);
        }
    }

    /// As in `field.rs`: from one inverse to the next.
    #[test]
    #[ignore = "a minute and more; run once after a change of the arithmetic, with --release"]
    fn a_million_inverses_times_their_numbers_are_one() {
        for m in [P, N] {
            let (modulus, bignum) = (Modulus::new(&m), Bignum::new(&m));
            let mut a = [3, 0, 0, 0];
            for round in 0..1_000_000u64 {
                let inverse = modulus.invert(&a);
                let one = bignum.mul(&uint(&a), &uint(&inverse));
                assert_eq!(one, crypto_bigint::U256::ONE, "round {round}: {a:x?}");
                a = limbs::add_mod(&inverse, &[round, 0, 0, 0], &m);
                // Runs of ones and zeros now and then.
                a[round as usize % 4] |= if round % 3 == 0 { u64::MAX } else { 0 };
                a[(round / 4) as usize % 4] &= if round % 5 == 0 { 0 } else { u64::MAX };
                a[0] |= 1;
                a = limbs::reduce_once(&a, 0, &m);
                if a == [0; 4] {
                    a = [7, 0, 0, 0];
                }
            }
        }
    }
}
