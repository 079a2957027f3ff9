//! What a field may let pass that strict reading and writing refuse: named repairs, and lists of exceptions.
//!
//! The default lets nothing pass. Each repair has a name and is told with its place whenever it acts; what a repair is
//! not allowed for stays the fault that it is. The lists name what they allow one by one: private-use characters
//! (自定义字符) by ranges, mappings that go one way by code and character. Nothing here is guessed from data.

use std::ops::RangeInclusive;

/// A repair of damaged text, each allowed by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repair {
    /// `close-run`: a double-byte run that is not closed in its field is closed at the field's end. RPG's MOVEL and
    /// %SUBST, and a text-mode transfer, cut fields so.
    CloseRun,
    /// `open-run`: a field whose first shift is SI begins within a run that was cut before it.
    OpenRun,
    /// `drop-half`: half a character, at the end of a run or of the field, is dropped.
    DropHalf,
    /// `drop-shift`: SO within a run, SI outside one, and shifts where none may stand are dropped.
    DropShift,
    /// `drop-empty-run`: SO and SI with nothing between them are dropped. Reading accepts them in any case; this tells
    /// of them.
    DropEmptyRun,
    /// `drop-control`: a control within a double-byte run is dropped.
    DropControl,
}

impl Repair {
    /// Every repair.
    pub const ALL: [Repair; 6] = [
        Repair::CloseRun,
        Repair::OpenRun,
        Repair::DropHalf,
        Repair::DropShift,
        Repair::DropEmptyRun,
        Repair::DropControl,
    ];

    /// The name in layouts and counts.
    pub fn name(self) -> &'static str {
        match self {
            Repair::CloseRun => "close-run",
            Repair::OpenRun => "open-run",
            Repair::DropHalf => "drop-half",
            Repair::DropShift => "drop-shift",
            Repair::DropEmptyRun => "drop-empty-run",
            Repair::DropControl => "drop-control",
        }
    }

    /// What was done, in words.
    pub fn told(self) -> &'static str {
        match self {
            Repair::CloseRun => "a double-byte run that is not closed: closed at the field's end",
            Repair::OpenRun => "a double-byte run that begins before the field: opened at its start",
            Repair::DropHalf => "half a character: dropped",
            Repair::DropShift => "a stray or doubled shift character: dropped",
            Repair::DropEmptyRun => "a double-byte run with nothing in it: dropped",
            Repair::DropControl => "a control within a double-byte run: dropped",
        }
    }

    /// The repair of this name.
    pub fn parse(name: &str) -> Option<Repair> {
        Repair::ALL.into_iter().find(|repair| repair.name() == name)
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The rules of one field's text, beside its page and form.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Rules {
    repairs: u8,
    private_use: Vec<RangeInclusive<char>>,
    read: Vec<(u16, char)>,
    write: Vec<(char, u16)>,
    refuse_substitutes: bool,
}

impl Rules {
    /// Nothing passes that is not in order; substitute characters pass, for they are characters, and are told.
    pub const STRICT: Rules =
        Rules { repairs: 0, private_use: Vec::new(), read: Vec::new(), write: Vec::new(), refuse_substitutes: false };

    /// Allows a repair.
    #[must_use]
    pub fn repair(mut self, repair: Repair) -> Rules {
        self.repairs |= repair.bit();
        self
    }

    /// Allows private-use characters, both ways; they must be in the page's table.
    #[must_use]
    pub fn private_use(mut self, range: RangeInclusive<char>) -> Rules {
        self.private_use.push(range);
        self
    }

    /// Reads a code of one or two bytes as a character: one that has none in the page, or a private-use one.
    #[must_use]
    pub fn read_as(mut self, code: u16, character: char) -> Rules {
        self.read.push((code, character));
        self
    }

    /// Writes a character as a code of one or two bytes, whatever that code reads back as.
    #[must_use]
    pub fn write_as(mut self, character: char, code: u16) -> Rules {
        self.write.push((character, code));
        self
    }

    /// Refuses substitute characters (FPP2017), which otherwise pass and are told.
    #[must_use]
    pub fn refuse_substitutes(mut self) -> Rules {
        self.refuse_substitutes = true;
        self
    }

    /// Whether substitute characters are refused.
    pub fn refuses_substitutes(&self) -> bool {
        self.refuse_substitutes
    }

    /// Whether these are the rules of a field that has none.
    pub fn is_strict(&self) -> bool {
        *self == Rules::STRICT
    }

    /// Whether a repair is allowed.
    pub fn allows(&self, repair: Repair) -> bool {
        self.repairs & repair.bit() != 0
    }

    /// What is listed: private use, codes and what they are read as, characters and what they are written as.
    #[allow(clippy::type_complexity, reason = "three plain lists, for whoever writes them down")]
    pub(crate) fn lists(&self) -> (&[RangeInclusive<char>], &[(u16, char)], &[(char, u16)]) {
        (&self.private_use, &self.read, &self.write)
    }

    /// Whether any repair is allowed.
    pub(super) fn repairs_anything(&self) -> bool {
        self.repairs != 0
    }

    /// Whether a character is of private use and not listed.
    pub(super) fn refuses(&self, character: char) -> bool {
        is_private_use(character) && !self.private_use.iter().any(|range| range.contains(&character))
    }

    /// The character that a code is to be read as.
    pub(super) fn listed_character(&self, code: u16) -> Option<char> {
        self.read.iter().find(|(listed, _)| *listed == code).map(|(_, character)| *character)
    }

    /// Whether any character is to be written as a code that the table may not have for it.
    pub(super) fn writes_exceptions(&self) -> bool {
        !self.write.is_empty()
    }

    /// The code that a character is to be written as.
    #[inline]
    pub(super) fn listed_code(&self, character: char) -> Option<u16> {
        self.write.iter().find(|(listed, _)| *listed == character).map(|(_, code)| *code)
    }
}

/// Whether Unicode leaves the meaning of a character to private agreement.
pub(super) fn is_private_use(character: char) -> bool {
    matches!(character, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_find_their_repair_and_only_what_is_allowed_is() {
        for repair in Repair::ALL {
            assert_eq!(Repair::parse(repair.name()), Some(repair));
            let rules = Rules::default().repair(repair);
            assert!(!rules.is_strict());
            for other in Repair::ALL {
                assert_eq!(rules.allows(other), other == repair);
            }
        }
        assert_eq!(Repair::parse("repair-everything"), None);
        assert!(Rules::default().is_strict());
    }
}
