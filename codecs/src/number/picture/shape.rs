//! What a picture is: its positions, one by one, and what follows from them.

/// Most characters of an edited number.
pub const LONGEST: usize = 160;

/// How a picture's text is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The currency symbol in the picture.
    pub currency: char,
    /// DECIMAL-POINT IS COMMA.
    pub decimal_comma: bool,
    /// BLANK WHEN ZERO.
    pub blank_when_zero: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { currency: '$', decimal_comma: false, blank_when_zero: false }
    }
}

/// What is wrong with a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureFault {
    /// Byte of the picture, from 0.
    pub at: usize,
    /// In words.
    pub detail: &'static str,
}

/// A picture, ready for use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub(super) items: Vec<Item>,
    pub(super) float: Option<Float>,
    pub(super) digits: u8,
    pub(super) decimals: u8,
    pub(super) scale_up: u8,
    pub(super) bytes: usize,
    pub(super) blank_when_zero: bool,
}

/// One position of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// `9`
    Digit,
    /// `Z` or `*`, with the character that stands for a suppressed zero.
    Suppress(u8),
    /// The first of a floating string, which is no digit.
    FloatStart,
    /// The others.
    Float,
    /// `B`, `0`, `/` and the comma.
    Insert(u8),
    /// The decimal point.
    Point(u8),
    /// `V`: no character.
    Implied,
    /// A fixed sign; whether plus is shown.
    Sign(bool),
    /// `CR` or `DB`.
    Credit([u8; 2]),
    /// A fixed currency sign.
    Currency,
}

/// What floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Float {
    Plus,
    Minus,
    Currency,
}

impl Picture {
    /// Digits of the number, its decimals counted.
    pub fn digits(&self) -> u8 {
        self.digits
    }

    /// Digits behind the point; more than the digits where the picture begins with P.
    pub fn decimals(&self) -> u8 {
        self.decimals
    }

    /// Zeros behind the last digit that the picture does not show: P at its end.
    pub fn scale_up(&self) -> u8 {
        self.scale_up
    }

    /// Characters, and so bytes, of the field.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether a number below zero can be told.
    pub fn is_signed(&self) -> bool {
        let shows = |item: &Item| matches!(item, Item::Sign(_) | Item::Credit(_));
        matches!(self.float, Some(Float::Plus | Float::Minus)) || self.items.iter().any(shows)
    }

    /// Whether it is no more than digits, so that it is no edited picture at all.
    pub fn is_plain(&self) -> bool {
        !self.blank_when_zero && self.items.iter().all(|item| matches!(item, Item::Digit | Item::Implied))
    }
}
