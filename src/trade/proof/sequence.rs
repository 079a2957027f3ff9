//! Record numbers of the details: the k-th is k (D5, FPP1013, FPP2012).

use std::collections::BTreeSet;

/// What a record's number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// It is the record's ordinal.
    Right,
    /// It does not decode: that field's fault and nothing more.
    Unreadable,
    /// An earlier record had it: this record is refused.
    Repeated,
    /// Numbers do not run 1..n: the file is refused.
    Broken,
}

/// The numbers so far. Memory grows only with refused records, and the file is refused when there are too many.
#[derive(Clone, Debug, Default)]
pub(super) struct Sequence {
    ordinal: u64,
    /// Ordinals whose record did not use its own number.
    unused: BTreeSet<u64>,
}

impl Sequence {
    /// Takes the number of the next detail; nothing if it did not decode.
    pub(super) fn next(&mut self, number: Option<i128>) -> Number {
        self.ordinal += 1;
        let Some(number) = number else {
            self.unused.insert(self.ordinal);
            return Number::Unreadable;
        };
        let earlier = u64::try_from(number).ok().filter(|n| (1..self.ordinal).contains(n));
        match earlier {
            _ if number == i128::from(self.ordinal) => Number::Right,
            Some(earlier) if !self.unused.contains(&earlier) => {
                self.unused.insert(self.ordinal);
                Number::Repeated
            }
            _ => Number::Broken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Number as N, *};

    fn run(numbers: &[Option<i128>]) -> Vec<Number> {
        let mut sequence = Sequence::default();
        numbers.iter().map(|n| sequence.next(*n)).collect()
    }

    #[test]
    fn a_repeat_is_the_records_fault_and_a_gap_the_files() {
        assert_eq!(run(&[Some(1), Some(1), Some(3)]), [N::Right, N::Repeated, N::Right]);
        assert_eq!(run(&[Some(1), Some(3)]), [N::Right, N::Broken]);
        assert_eq!(run(&[Some(1), None, Some(3)]), [N::Right, N::Unreadable, N::Right]);
        assert_eq!(run(&[None, Some(1)]), [N::Unreadable, N::Broken], "nobody used 1");
        assert_eq!(run(&[Some(1), Some(1), Some(2)])[2], N::Broken, "the second record did not use 2");
        assert_eq!(run(&[Some(0)]), [N::Broken]);
        assert_eq!(run(&[Some(-1)]), [N::Broken]);
    }
}
