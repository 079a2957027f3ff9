//! Which sign codes are written: the one thing in which IBM's platforms differ.
//!
//! All of them read A C E F as plus and B D as minus. IBM i prefers F and D (ILE RPG Reference, "Packed-Decimal
//! Format"), z/OS C and D (z/Architecture Principles of Operation, "Decimal Codes"); a field without a sign has F on
//! both (Enterprise COBOL Language Reference, USAGE).

/// The profile of whoever will read what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Signs {
    /// F and D.
    #[default]
    Ibmi,
    /// C and D.
    Zos,
}

impl Signs {
    /// The nibble to write.
    pub const fn nibble(self, negative: bool) -> u8 {
        match self {
            _ if negative => 0x0D,
            Signs::Ibmi => 0x0F,
            Signs::Zos => 0x0C,
        }
    }
}

/// Whether a sign nibble says minus; nothing if it is none.
#[inline]
pub(super) const fn is_minus(nibble: u8) -> Option<bool> {
    match nibble {
        0x0B | 0x0D => Some(true),
        0x0A..=0x0F => Some(false),
        _ => None,
    }
}
