//! What the bytes of a field mean, from whatever source: IBM i types, COBOL usages, text.

use crate::date::{DateForm, TimeForm};
use crate::text::Form;

/// What the bytes of a field mean. What varies without changing the type (signs, byte order, policies) is in
/// [`super::Rules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A, `PIC X`: single-byte or mixed text.
    Char,
    /// O: text that may hold double-byte runs.
    Open,
    /// J: one double-byte run.
    Only,
    /// E: all single-byte or one double-byte run.
    Either,
    /// G, `PIC G`, `PIC N`: double bytes without shift characters.
    Graphic,
    /// H, CCSID 65535: hex, never converted.
    Hex,
    /// P, `COMP-3`: two digits a byte, the sign in the last nibble.
    Packed {
        /// All digits.
        digits: u8,
        /// Digits after the implied point.
        decimals: u8,
    },
    /// `COMP-6`: two digits a byte, no sign.
    Comp6 {
        /// All digits.
        digits: u8,
        /// Digits after the implied point.
        decimals: u8,
    },
    /// S, `PIC S9 DISPLAY`: a digit a byte; [`super::Rules::sign`] says where the sign stands.
    Zoned {
        /// All digits.
        digits: u8,
        /// Digits after the implied point.
        decimals: u8,
    },
    /// B, `COMP`, `COMP-4`, `COMP-5`: as many bytes as the field has.
    Binary {
        /// All digits.
        digits: u8,
        /// Digits after the implied point.
        decimals: u8,
    },
    /// F, `COMP-1`, `COMP-2`: IEEE, or hexadecimal by [`super::Rules::hex_float`].
    Float {
        /// Eight bytes instead of four.
        double: bool,
    },
    /// DECFLOAT: IEEE 754 decimal, densely packed.
    DecFloat {
        /// 16 or 34.
        digits: u8,
    },
    /// A number written with a picture (`ZZ,ZZ9.99-`); [`super::Rules::picture`] has it.
    Edited {
        /// All digits.
        digits: u8,
        /// Digits after the point.
        decimals: u8,
    },
    /// A number written with sign, point and exponent of its own, blanks around it.
    NumberText {
        /// Digits after the point that are shown; more in the file are a fault.
        decimals: u8,
    },
    /// L.
    Date(DateForm),
    /// T.
    Time(TimeForm),
    /// Z.
    Timestamp {
        /// Fraction digits, 0 to 12.
        fraction: u8,
    },
    /// A number written as characters of the field's page, its point implied.
    Number {
        /// All digits.
        digits: u8,
        /// Digits after the implied point.
        decimals: u8,
        /// A `+` or `-` stands in front.
        signed: bool,
    },
}

impl Kind {
    /// Digits and decimals of a number with a fixed number of them.
    pub fn digits(self) -> Option<(u8, u8)> {
        match self {
            Kind::Packed { digits, decimals }
            | Kind::Comp6 { digits, decimals }
            | Kind::Zoned { digits, decimals }
            | Kind::Binary { digits, decimals }
            | Kind::Edited { digits, decimals }
            | Kind::Number { digits, decimals, .. } => Some((digits, decimals)),
            _ => None,
        }
    }

    /// How text stands in it, as far as it is text.
    pub fn text_form(self) -> Form {
        match self {
            Kind::Only => Form::Only,
            Kind::Either => Form::Either,
            Kind::Graphic => Form::Graphic,
            _ => Form::Text,
        }
    }

    /// Whether its values are characters.
    pub fn is_text(self) -> bool {
        matches!(self, Kind::Char | Kind::Open | Kind::Only | Kind::Either | Kind::Graphic)
    }
}
