//! Which records: `7`, `10..20`, `..20`, `10..`, several with commas. Both ends count.

use std::str::FromStr;

/// Ranges of record numbers, in order and apart from each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// The first record of all.
    pub(super) fn first(&self) -> u64 {
        self.0.first().map_or(1, |range| range.0)
    }

    /// The last record of all.
    pub(super) fn last(&self) -> u64 {
        self.0.last().map_or(u64::MAX, |range| range.1)
    }

    /// Whether a record is meant.
    pub(super) fn has(&self, n: u64) -> bool {
        let at = self.0.partition_point(|range| range.1 < n);
        self.0.get(at).is_some_and(|range| range.0 <= n)
    }
}

impl Default for Ranges {
    /// All records.
    fn default() -> Ranges {
        Ranges(vec![(1, u64::MAX)])
    }
}

impl FromStr for Ranges {
    type Err = String;

    fn from_str(text: &str) -> Result<Ranges, String> {
        let number = |text: &str, otherwise: u64| match text.trim() {
            "" => Ok(otherwise),
            text => text.parse::<u64>().ok().filter(|n| *n > 0).ok_or(format!("`{text}` is no record number from 1")),
        };
        let mut ranges = Vec::new();
        for part in text.split(',') {
            let (from, to) = match part.split_once("..") {
                Some((from, to)) => (number(from, 1)?, number(to.trim_start_matches('='), u64::MAX)?),
                None if part.trim().is_empty() => return Err("a record number is missing".to_owned()),
                None => (number(part, 1)?, number(part, 1)?),
            };
            if from > to {
                return Err(format!("`{part}` has no records"));
            }
            ranges.push((from, to));
        }
        ranges.sort_unstable();
        let mut apart: Vec<(u64, u64)> = Vec::new();
        for (from, to) in ranges {
            match apart.last_mut() {
                Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
                _ => apart.push((from, to)),
            }
        }
        Ok(Ranges(apart))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_both_ends() {
        let ranges: Ranges = "20..,3,5..7,6..8".parse().unwrap();
        let has: Vec<u64> = (1..25).filter(|n| ranges.has(*n)).collect();
        assert_eq!(has, [3, 5, 6, 7, 8, 20, 21, 22, 23, 24]);
        assert_eq!((ranges.first(), ranges.last()), (3, u64::MAX));
        assert_eq!("..4".parse(), Ok(Ranges(vec![(1, 4)])));
        assert_eq!(Ranges::default(), "..".parse().unwrap());
        for bad in ["", "0", "x", "5..3", "1,,2", "-1"] {
            assert!(bad.parse::<Ranges>().is_err(), "{bad}");
        }
    }
}
