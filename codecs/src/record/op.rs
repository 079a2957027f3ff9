//! Single fields as the short ways take them: where they stand and what becomes of their bytes.
//!
//! Small, `Copy`, and without a choice that does not depend on the field alone. What they are made into is said by
//! [`super::parts`] and [`super::column`].

/// One field; of an array, that of each occurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Op {
    /// Leaves and bytes behind the first of its segment.
    pub(super) leaf: u32,
    pub(super) start: u32,
    pub(super) bytes: u32,
    pub(super) value: Value,
}

/// What becomes of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Text; index in `texts`.
    Text(u16),
    /// Packed, up to 18 digits.
    Packed { digits: u8, decimals: u8, signed: bool },
    /// A digit a byte, up to 18, the sign in the last zone.
    Zoned { decimals: u8 },
    /// A digit a byte, up to 18, perhaps with signs in front.
    Digits { decimals: u8, zone: u8, signs: Option<[u8; 2]> },
    /// A whole number of two, four or eight bytes, the highest first.
    Int,
    /// A date or timestamp; index in `moments`.
    Moment(u16),
    /// An IEEE single.
    Single,
    /// Bytes as hex digits.
    Hex,
    /// By its step.
    Long,
}

impl Value {
    /// Whether it is a number whose cell holds all there is of it.
    #[inline(always)]
    pub(super) const fn is_number(self) -> bool {
        !matches!(self, Value::Text(_) | Value::Moment(_) | Value::Hex | Value::Long)
    }
}

/// By how many leaves and bytes an occurrence is behind the first.
///
/// Tasks have it by reference, as it mostly is a constant: two numbers that were just written and are then read at once
/// would have to wait.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shift {
    pub(super) leaves: usize,
    /// Wraps around below 0: varying arrays in front may have lost bytes.
    pub(super) bytes: usize,
}
