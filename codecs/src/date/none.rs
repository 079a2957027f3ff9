//! "No date": the values that stand for a missing one, and what a field's policy makes of each.
//!
//! Zero, all nines and blanks are no days; unless the policy makes them null they are refused as any other. The first
//! and the last day exist (they are *LOVAL and *HIVAL of RPG, and the defaults of Db2 for i); unless the policy says
//! otherwise they are read as the days they are.

use super::day::Date;

/// A value that stands for "none".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sentinel {
    /// 0, or digits 0.
    Zero,
    /// 99999999, 9999999, 999999: as many as the field has digits.
    Nines,
    /// 0001-01-01.
    FirstDay,
    /// 9999-12-31.
    LastDay,
    /// Blanks only.
    Blanks,
    /// Bytes 00 only.
    LowValues,
    /// Bytes FF only.
    HighValues,
}

/// What a value means in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Read it; what is no day is a flaw.
    Value,
    /// There is no date.
    Null,
    /// A flaw, although it may be a day.
    Refused,
}

/// A field's policy: what each sentinel means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct NoDates {
    null: u8,
    refused: u8,
    /// The sentinels that mean null in the order in which they were named, the first in the lowest four bits: its place
    /// in [`Sentinel::NAMES`] and one. The first that fits a field is what is written.
    order: u32,
}

impl Sentinel {
    /// All of them with the names that layouts use.
    pub const NAMES: [(&'static str, Sentinel); 7] = [
        ("zero", Sentinel::Zero),
        ("nines", Sentinel::Nines),
        ("0001-01-01", Sentinel::FirstDay),
        ("9999-12-31", Sentinel::LastDay),
        ("blanks", Sentinel::Blanks),
        ("low-values", Sentinel::LowValues),
        ("high-values", Sentinel::HighValues),
    ];

    /// The sentinel of a numeric date of so many digits.
    pub fn of_number(number: i128, digits: u8) -> Option<Sentinel> {
        let nines = 10i128.checked_pow(digits.into()).map(|n| n - 1);
        match number {
            0 => Some(Sentinel::Zero),
            _ if Some(number) == nines => Some(Sentinel::Nines),
            _ => None,
        }
    }

    /// The sentinel that bytes of characters are: blanks, 00, FF, zeros or nines, separators not counted.
    pub fn of_bytes(field: &[u8], ebcdic: bool) -> Option<Sentinel> {
        let (blank, zone) = if ebcdic { (0x40, 0xF0u8) } else { (b' ', b'0') };
        let all = |byte: u8| !field.is_empty() && field.iter().all(|b| *b == byte);
        let digit = |b: u8| b ^ zone < 10;
        let digits_are = |value: u8| {
            let digits = field.iter().filter(|b| digit(**b));
            digits.clone().count() >= 4 && digits.clone().all(|b| b ^ zone == value)
        };
        match () {
            () if all(blank) => Some(Sentinel::Blanks),
            () if all(0) => Some(Sentinel::LowValues),
            () if all(0xFF) => Some(Sentinel::HighValues),
            () if digits_are(0) => Some(Sentinel::Zero),
            () if digits_are(9) => Some(Sentinel::Nines),
            () => None,
        }
    }

    /// The sentinel that a day is.
    pub fn of_date(date: Date) -> Option<Sentinel> {
        match date {
            Date { year: 1, month: 1, day: 1 } => Some(Sentinel::FirstDay),
            Date { year: 9999, month: 12, day: 31 } => Some(Sentinel::LastDay),
            _ => None,
        }
    }
}

impl NoDates {
    /// Nothing stands for "none": what is no day is refused.
    pub const STRICT: NoDates = NoDates { null: 0, refused: 0, order: 0 };

    /// This sentinel means null, after those that were named before.
    pub const fn null(self, sentinel: Sentinel) -> NoDates {
        let bit = 1 << sentinel as u8;
        if self.null & bit != 0 {
            return self;
        }
        let order = self.order | (sentinel as u32 + 1) << (4 * self.null.count_ones());
        NoDates { null: self.null | bit, refused: self.refused & !bit, order }
    }

    /// This sentinel is a flaw.
    pub fn refused(self, sentinel: Sentinel) -> NoDates {
        let bit = 1 << sentinel as u8;
        let kept = self.nulls().filter(|null| *null != sentinel).fold(NoDates::STRICT, NoDates::null);
        NoDates { refused: self.refused | bit, ..kept }
    }

    /// The same policy, with the days that exist before what is no day: a field of a database holds nothing else.
    pub fn days_first(self) -> NoDates {
        let is_day = |sentinel: &Sentinel| matches!(sentinel, Sentinel::FirstDay | Sentinel::LastDay);
        let sorted = self.nulls().filter(is_day).chain(self.nulls().filter(|sentinel| !is_day(sentinel)));
        NoDates { refused: self.refused, ..sorted.fold(NoDates::STRICT, NoDates::null) }
    }

    /// The sentinels that mean null, in the order in which they were named.
    pub fn nulls(self) -> impl Iterator<Item = Sentinel> {
        let named =
            (0..8).map(move |place| (self.order >> (4 * place) & 0xF) as usize).take_while(|number| *number > 0);
        named.filter_map(|number| Sentinel::NAMES.get(number - 1)).map(|(_, sentinel)| *sentinel)
    }

    /// The sentinels that are flaws, in the order of [`Sentinel::NAMES`].
    pub fn refusals(self) -> impl Iterator<Item = Sentinel> {
        let all = Sentinel::NAMES.into_iter().map(|(_, sentinel)| sentinel);
        all.filter(move |sentinel| self.refused & (1 << *sentinel as u8) != 0)
    }

    /// What a value means.
    pub fn judge(self, found: Option<Sentinel>) -> Meaning {
        let bit = found.map_or(0, |sentinel| 1u8 << sentinel as u8);
        match bit {
            _ if self.null & bit != 0 => Meaning::Null,
            _ if self.refused & bit != 0 => Meaning::Refused,
            _ => Meaning::Value,
        }
    }
}
