//! Hidden names of sources that are set aside ([`crate::source`]), and putting back what is left under one.
//!
//! A hidden name, `.<name>.<time>-<size>.taken`, says which file it is for, not who holds the work: the next holder must find
//! it without reading the folder, and a holder that was replaced and wakes late means that file and no newer one by it.
//!
//! Something may be left there: a rename whose answer was lost is carried out late and takes the file that the partner put
//! there next, or a holder dies and what it did is known as done. Whatever it is, it gets its name again after a while, and
//! is an arrival, or known, like any other. Nothing is removed here, and a name that is taken waits.

use crate::entry::{Entry, NAME_MAX_BYTES};
use crate::error::{ErrorKind, Result};
use crate::folder::Folder;
use std::collections::HashMap;
use std::time::{Duration, Instant};

const SUFFIX: &str = ".taken";

/// The hidden name under which a file, or what belongs to it, is set aside for a source.
pub(crate) fn name(of: &str, source: &Entry) -> String {
    let tag = format!("{}-{}", source.mtime_ms, source.size);
    fit(of, 2 + SUFFIX.len() + tag.len(), |of| format!(".{of}.{tag}{SUFFIX}"))
}

/// Shortens a very long name so that what is added still fits.
pub(crate) fn fit(name: &str, added: usize, make: impl Fn(&str) -> String) -> String {
    make(&name[..name.floor_char_boundary(NAME_MAX_BYTES - added)])
}

/// The name that a file had before it was set aside; nothing where this is no hidden name of ours, or may have been shortened.
pub fn name_before(aside: &str) -> Option<&str> {
    let (name, tag) = aside.strip_prefix('.')?.strip_suffix(SUFFIX)?.rsplit_once('.')?;
    let (time, size) = tag.rsplit_once('-')?;
    let is_ours = time.parse::<i64>().is_ok() && size.parse::<u64>().is_ok() && !name.is_empty();
    let is_whole = aside.len() + char::MAX.len_utf8() <= NAME_MAX_BYTES;
    (is_ours && is_whole).then_some(name)
}

/// Remembers since when something stands under each hidden name.
#[derive(Debug, Default)]
pub struct Asides(HashMap<String, Instant>);

impl Asides {
    /// Gives the names of a listing that stood there for `after` their own names again; returns these. One that cannot have it
    /// is tried again after as long. `now` must not go back.
    pub fn put_back(
        &mut self,
        folder: &dyn Folder,
        seen: &[String],
        now: Instant,
        after: Duration,
    ) -> Result<Vec<String>> {
        let since = std::mem::take(&mut self.0);
        self.0 = seen.iter().map(|aside| (aside.clone(), since.get(aside).copied().unwrap_or(now))).collect();
        let mut back = Vec::new();
        for aside in seen {
            let stood = self.0.get(aside).is_some_and(|since| now.saturating_duration_since(*since) >= after);
            let Some(name) = name_before(aside).filter(|_| stood) else { continue };
            self.0.insert(aside.clone(), now);
            match folder.rename_new(aside, name) {
                Ok(()) => back.push(name.to_owned()),
                // Somebody came for it.
                Err(e) if e.kind == ErrorKind::Missing => {}
                Err(e) if e.kind == ErrorKind::TargetExists => {
                    tracing::warn!(aside, name, "stays under its hidden name: another file has its own");
                }
                Err(e) => return Err(e),
            }
        }
        Ok(back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::LocalFolder;

    #[test]
    fn a_hidden_name_tells_the_name_before() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("A.TXT"), "one").unwrap();
        let entry = LocalFolder::open(dir.path()).unwrap().stat("A.TXT").unwrap().unwrap();
        let early = Entry { mtime_ms: -5, ..entry.clone() };
        for source in [&entry, &early] {
            assert_eq!(name_before(&name("A.TXT", source)), Some("A.TXT"));
        }
        let long = Entry { name: "é".repeat(127), size: u64::MAX, ..entry };
        let cut = name(&long.name, &long);
        assert!(cut.len() <= NAME_MAX_BYTES);
        for other in [".A.taken", ".A.TXT.x-1.taken", "A.5-1.taken", "..5-1.taken", ".A.5-1.part", &cut] {
            assert_eq!(name_before(other), None, "{other}");
        }
    }

    #[test]
    fn what_stands_there_too_long_gets_its_name_again_unless_it_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let folder = LocalFolder::open(dir.path()).unwrap();
        let at = |name: &str| dir.path().join(name);
        let seen = [".A.5-1.taken", ".B.5-1.taken", ".C.5-1.taken"].map(String::from);
        let (start, long) = (Instant::now(), Duration::from_secs(9));
        std::fs::write(at(&seen[0]), "a").unwrap();
        std::fs::write(at(&seen[1]), "b").unwrap();
        std::fs::write(at("B"), "another").unwrap();
        let mut asides = Asides::default();
        assert!(asides.put_back(&folder, &seen, start, long).unwrap().is_empty());
        assert!(asides.put_back(&folder, &seen, start + long - Duration::from_millis(1), long).unwrap().is_empty());
        assert_eq!(asides.put_back(&folder, &seen, start + long, long).unwrap(), ["A"]);
        assert_eq!(std::fs::read(at("A")).unwrap(), b"a");
        assert_eq!(std::fs::read(at("B")).unwrap(), b"another");
        // What was gone for one look begins anew.
        asides.put_back(&folder, &[], start + long, long).unwrap();
        std::fs::remove_file(at("B")).unwrap();
        assert!(asides.put_back(&folder, &seen[1..2], start + long, long).unwrap().is_empty());
        assert_eq!(asides.put_back(&folder, &seen[1..2], start + long * 2, long).unwrap(), ["B"]);
    }
}
