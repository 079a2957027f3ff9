//! Which events a reader wants, by type and by instrument.
//!
//! A filter never changes an event, and never a position: what is passed over still has its place in the stream. The end
//! of a file concerns every instrument, so only a list of types leaves it out.

/// Lists of what is wanted; an empty one wants all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// CloudEvents types; one that ends in `*` means all that begin so.
    pub types: Vec<String>,
    /// Codes of instruments (合约).
    pub instruments: Vec<String>,
}

impl Filter {
    /// Whether every event is wanted.
    pub fn is_all(&self) -> bool {
        self.types.is_empty() && self.instruments.is_empty()
    }

    /// Whether an event is wanted; `instrument` is nothing where it has none.
    pub fn takes(&self, kind: &str, instrument: Option<&str>) -> bool {
        let of_type = |wanted: &String| match wanted.strip_suffix('*') {
            Some(beginning) => kind.starts_with(beginning),
            None => wanted == kind,
        };
        let types = self.types.is_empty() || self.types.iter().any(of_type);
        let instruments = self.instruments.is_empty()
            || instrument.is_none_or(|code| self.instruments.iter().any(|wanted| wanted == code));
        types && instruments
    }
}

#[cfg(test)]
mod tests {
    use super::Filter;

    #[test]
    fn lists_narrow_and_empty_ones_do_not() {
        let filter = |types: &[&str], instruments: &[&str]| {
            let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
            Filter { types: own(types), instruments: own(instruments) }
        };
        let done = "pm.trade.executed.v1";
        assert!(filter(&[], &[]).is_all() && filter(&[], &[]).takes(done, None));
        assert!(filter(&[done], &[]).takes(done, Some("Au99.99")));
        assert!(!filter(&["pm.trade.executed.v2"], &[]).takes(done, None));
        assert!(filter(&["pm.file.*", "pm.trade.*"], &["Au99.99"]).takes(done, Some("Au99.99")));
        assert!(!filter(&["pm.trade.*"], &["Au99.99"]).takes(done, Some("Ag(T+D)")));
        assert!(filter(&[], &["Au99.99"]).takes("pm.file.posted.v1", None), "a file ends for everybody");
        assert!(!filter(&["pm.trade.*"], &[]).takes("pm.file.posted.v1", None));
    }
}
