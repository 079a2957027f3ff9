//! Operators' verbs (D25): one table, verb x state -> what happens, the next state, and what the core sees.
//!
//! Invariant: whatever a verb does to a file, a delivery or a switch stands here and nowhere else. The node goes by these
//! rows, the documentation prints them, and the conformance suite tries every verb on every standing against them.
//! Pure: how an effect becomes changes of the books is said in the rooms that carry it out.

mod files;
mod sent;
mod whole;
mod words;

use super::change::Change;
pub use files::{At, FILES, Judged, Row, of_file};
pub use sent::{COMMANDS, DELIVERIES, DeliveryRow, POSTINGS, SWITCHES, SwitchRow, of_delivery, of_switch};
pub use whole::{PARTNERS, PartnerRow, of_partner};
pub use words::{Effect, Next, Verb};

/// What a verb would do now, before anything is written.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What happens, in one word: what a second person confirms.
    pub effect: &'static str,
    /// The routes that it is about.
    pub routes: Vec<String>,
    /// Written all or none.
    pub changes: Vec<Change>,
    /// What the operator is told.
    pub said: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_verb() {
        for verb in Verb::ALL {
            assert_eq!(Verb::parse(verb.word()), Some(verb));
        }
        assert_eq!(Verb::parse("say"), None);
    }
}
