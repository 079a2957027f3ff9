//! Whole numbers of up to 2,048 bits: just enough arithmetic for hexadecimal floats to be exact.
//!
//! Never more than 32 words, no allocation; a caller keeps its numbers within that (see [`super::hexfloat`] for why they
//! are), and what would leave the last word is lost.

use std::cmp::Ordering;

const WORDS: usize = 32;

/// A number, its lowest word first.
#[derive(Clone, Copy)]
pub(super) struct Big {
    words: [u64; WORDS],
    /// Words in use; those behind are 0.
    used: usize,
}

impl Big {
    pub(super) fn of(value: u64) -> Big {
        let mut big = Big { words: [0; WORDS], used: usize::from(value != 0) };
        big.words[0] = value;
        big
    }

    pub(super) fn is_zero(&self) -> bool {
        self.used == 0
    }

    /// Times `factor` plus `more`.
    pub(super) fn scale(&mut self, factor: u64, more: u64) {
        let mut carry = u128::from(more);
        for word in &mut self.words[..self.used] {
            let product = u128::from(*word) * u128::from(factor) + carry;
            *word = product as u64;
            carry = product >> 64;
        }
        if let Some(word) = self.words.get_mut(self.used).filter(|_| carry != 0) {
            *word = carry as u64;
            self.used += 1;
        }
    }

    /// Times ten to a power.
    pub(super) fn tens(&mut self, mut power: u32) {
        while power > 0 {
            let step = power.min(19);
            self.scale(10u64.pow(step), 0);
            power -= step;
        }
    }

    /// Times two to a power.
    pub(super) fn shift(&mut self, bits: u32) {
        let (words, bits) = ((bits / 64) as usize, bits % 64);
        self.scale(1 << bits, 0);
        if words > 0 && self.used > 0 {
            let used = self.used.min(WORDS.saturating_sub(words));
            self.words.copy_within(..used, words.min(WORDS - used));
            self.words[..words.min(WORDS)].fill(0);
            self.used = (used + words).min(WORDS);
        }
    }

    /// Divided by two.
    pub(super) fn halve(&mut self) {
        let mut carry = 0;
        for word in self.words[..self.used].iter_mut().rev() {
            let low = *word & 1;
            *word = *word >> 1 | carry << 63;
            carry = low;
        }
        self.trim();
    }

    /// Bits from the highest that is set.
    pub(super) fn bits(&self) -> i32 {
        match self.words[..self.used].last() {
            Some(word) => (64 * self.used) as i32 - word.leading_zeros() as i32,
            None => 0,
        }
    }

    pub(super) fn plus(&self, other: &Big) -> Big {
        let mut sum = *self;
        let mut carry = false;
        let used = self.used.max(other.used);
        for (word, more) in sum.words[..used].iter_mut().zip(other.words) {
            let (value, first) = word.overflowing_add(more);
            let (value, second) = value.overflowing_add(u64::from(carry));
            (*word, carry) = (value, first || second);
        }
        sum.used = used;
        if let Some(word) = sum.words.get_mut(used).filter(|_| carry) {
            *word = 1;
            sum.used += 1;
        }
        sum
    }

    /// Takes off a number that is not larger.
    pub(super) fn subtract(&mut self, other: &Big) {
        let mut borrow = false;
        for (word, less) in self.words[..self.used].iter_mut().zip(other.words) {
            let (value, first) = word.overflowing_sub(less);
            let (value, second) = value.overflowing_sub(u64::from(borrow));
            (*word, borrow) = (value, first || second);
        }
        self.trim();
    }

    pub(super) fn order(&self, other: &Big) -> Ordering {
        self.used.cmp(&other.used).then_with(|| {
            let pairs = self.words[..self.used].iter().rev().zip(other.words[..other.used].iter().rev());
            pairs.map(|(a, b)| a.cmp(b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        })
    }

    fn trim(&mut self) {
        while self.used > 0 && self.words[self.used - 1] == 0 {
            self.used -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_wide_integers() {
        let mut seed = 0x9E37_79B9_7F4A_7C15u64;
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            seed >> 8
        };
        let value = |big: &Big| u128::from(big.words[1]) << 64 | u128::from(big.words[0]);
        for _ in 0..2000 {
            let (a, b, bits) = (next(), next(), (next() % 60) as u32);
            let (mut x, y) = (Big::of(a), Big::of(b));
            x.scale(b, 7);
            assert_eq!(value(&x), u128::from(a) * u128::from(b) + 7);
            assert_eq!(value(&x.plus(&y)), u128::from(a) * u128::from(b) + 7 + u128::from(b));
            let mut z = x.plus(&y);
            z.subtract(&x);
            assert!(z.order(&y).is_eq() && x.plus(&y).order(&x).is_gt());
            let mut s = y;
            s.shift(bits);
            assert_eq!(value(&s), u128::from(b) << bits);
            assert_eq!(s.bits(), 128 - (u128::from(b) << bits).leading_zeros() as i32);
            s.halve();
            assert_eq!(value(&s), (u128::from(b) << bits) / 2);
        }
        let mut large = Big::of(1);
        large.shift(64 * 20 + 3);
        assert_eq!(large.bits(), 64 * 20 + 4);
        let mut ten = Big::of(1);
        ten.tens(25);
        assert_eq!(value(&ten), 10u128.pow(25));
        assert!(Big::of(0).is_zero() && !ten.is_zero());
    }
}
