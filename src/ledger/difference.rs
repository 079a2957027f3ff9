//! Where a row differs from the fold of its journal: what `verify` tells when a row was changed by hand (I7).

use super::delivery::Delivery;
use super::transfer::Transfer;

/// Returns from a function with the first of the fields in which two values differ.
macro_rules! compare {
    ($row:ident, $fold:ident, $($field:ident),*) => { $(if $row.$field != $fold.$field {
        return Some(format!("{} is {}, its journal says {}", stringify!($field), words(&$row.$field), words(&$fold.$field)));
    })* };
}

/// A value as people write it: not the marks of what is optional.
fn words(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    match text.strip_prefix("Some(").and_then(|text| text.strip_suffix(')')) {
        Some(inner) => inner.to_owned(),
        None if text == "None" => "none".to_owned(),
        None => text,
    }
}

/// Names the first field in which a row differs from what its journal says; nothing when it agrees.
pub fn transfer_difference(row: &Transfer, fold: &Transfer) -> Option<String> {
    compare!(
        row,
        fold,
        id,
        route,
        spool,
        name,
        arrival_key,
        state,
        verdict,
        held_from,
        closed,
        arrived_ms,
        updated_ms,
        publication
    );
    // Facts may name accounts in their reason or difference: the report says that they differ, not what they are.
    (row.facts != fold.facts).then(|| "its facts differ from its journal".to_owned())
}

/// Names the first field in which a row differs from what its journal says; nothing when it agrees.
pub fn delivery_difference(row: &Delivery, fold: &Delivery) -> Option<String> {
    compare!(
        row,
        fold,
        id,
        transfer,
        purpose,
        required,
        spool,
        name,
        size,
        sha256,
        checksums,
        sm3,
        marker,
        state,
        planned_ms,
        updated_ms,
        delivered_ms,
        round,
        deferred
    );
    None
}

#[cfg(test)]
mod tests {
    use super::words;
    use crate::ledger::transfer::Verdict;

    #[test]
    fn a_difference_is_told_in_words() {
        assert_eq!(words(&Some(Verdict::Accepted)), "Accepted");
        assert_eq!((words(&None::<Verdict>), words(&7)), ("none".to_owned(), "7".to_owned()));
    }
}
