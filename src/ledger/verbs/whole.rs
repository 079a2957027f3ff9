//! The table of what is said of everything of one partner.

use super::words::Verb;

/// A row of it.
#[derive(Clone, Copy, Debug)]
pub struct PartnerRow {
    /// The verb.
    pub verb: Verb,
    /// Said with `--lost`.
    pub lost: bool,
    /// Of what.
    pub meant: &'static str,
    /// What happens to each, as the verb does it alone.
    pub said: &'static str,
    /// What is passed over, and counted.
    pub passed: &'static str,
    /// What the partner sees.
    pub partner: &'static str,
    /// It must be said since when.
    pub dated: bool,
}

const LOST: &str = "delivered files whose folder is another one now, and held files of which nobody knows whether they \
                    were collected (FPP4008)";
const NOTHING: &str = "nothing";

/// Whole partners.
pub static PARTNERS: &[PartnerRow] = &[
    PartnerRow {
        verb: Verb::Hold,
        lost: false,
        meant: "files that came from it and are not at their end, and files and commands on their way to it",
        said: "held",
        passed: "commands that were asked for: whether they ran must not be forgotten",
        partner: "nothing more, until each is let go on by its id",
        dated: false,
    },
    PartnerRow {
        verb: Verb::Retry,
        lost: false,
        meant: "held deliveries to it, and held files that came from it",
        said: "tried again",
        passed: "what a person held, and what may be there already (FPP4008, FPP4011)",
        partner: "the files that it has not; nothing is overwritten",
        dated: false,
    },
    PartnerRow {
        verb: Verb::Resend,
        lost: false,
        meant: "what it took since a time",
        said: "sent again",
        passed: "interim answers, and names that another file has",
        partner: "the same bytes under the same names again",
        dated: true,
    },
    PartnerRow {
        verb: Verb::Resend,
        lost: true,
        meant: LOST,
        said: "sent again",
        passed: NOTHING,
        partner: "the same bytes under the same names, perhaps again",
        dated: false,
    },
    PartnerRow {
        verb: Verb::Release,
        lost: false,
        meant: LOST,
        said: "counts as taken",
        passed: NOTHING,
        partner: NOTHING,
        dated: false,
    },
];

/// The row of a verb; none where the verb is not said of partners.
pub fn of_partner(verb: Verb, lost: bool) -> Option<&'static PartnerRow> {
    PARTNERS.iter().find(|row| row.verb == verb && row.lost == lost)
}
