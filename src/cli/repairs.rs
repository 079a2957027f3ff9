//! Repairs by their words: counted while a verb works, told in its last line.

use super::show::grouped;

/// What was repaired, and how often.
#[derive(Clone, Debug, Default)]
pub(super) struct Repairs(Vec<(&'static str, u64)>);

impl Repairs {
    /// So many of one kind.
    pub(super) fn add(&mut self, what: &'static str, times: u64) {
        match self.0.iter_mut().find(|(known, _)| *known == what) {
            Some((_, count)) => *count += times,
            None => self.0.push((what, times)),
        }
    }

    /// What was counted elsewhere.
    pub(super) fn add_all(&mut self, other: &Repairs) {
        other.0.iter().for_each(|(what, times)| self.add(what, *times));
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// `3 repairs (kind: 2; other kind: 1)`, if there are any.
    pub(super) fn told(&self) -> Option<String> {
        let all: u64 = self.0.iter().map(|(_, times)| times).sum();
        let kinds: Vec<String> = self.0.iter().map(|(what, times)| format!("{what}: {}", grouped(*times))).collect();
        (all > 0).then(|| format!("{} repairs ({})", grouped(all), kinds.join("; ")))
    }
}
