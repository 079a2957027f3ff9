//! Temporary files: their names, and removing those that nobody continues.
//!
//! A temporary is called `.<final>.<node>.<epoch>.part` and lies in the folder of its final name. The tag says who made
//! it. This module never decides who is dead.

use crate::entry::{EntryKind, NAME_MAX_BYTES};
use crate::error::{Error, ErrorKind, Result};
use crate::folder::{Folder, LISTING_LIMIT};

const SUFFIX: &str = ".part";

/// A temporary file of ours, read from its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Temporary {
    /// The name it has.
    pub name: String,
    /// The name it was to get.
    pub final_name: String,
    /// Who made it: `<node>.<epoch>`.
    pub tag: String,
}

impl Temporary {
    /// The temporary of a final name. The tag is `<node>.<epoch>`: a node name without dots, and a number.
    pub fn new(final_name: &str, tag: &str) -> Result<Temporary> {
        let name = format!(".{final_name}.{tag}{SUFFIX}");
        let read = Temporary::parse(&name).filter(|t| t.final_name == final_name && t.tag == tag);
        match read {
            Some(temporary) if name.len() <= NAME_MAX_BYTES => Ok(temporary),
            Some(_) => Err(Error::new(ErrorKind::Unsafe, format!("{name:?}: the temporary name exceeds 255 bytes"))),
            None => Err(Error::new(ErrorKind::Unsafe, format!("the tag {tag:?} is not `<node>.<epoch>`"))
                .hint("a node's name has letters, digits, `-` and `_`")),
        }
    }

    /// Reads a name, if it is one of ours.
    pub fn parse(name: &str) -> Option<Temporary> {
        let inside = name.strip_prefix('.')?.strip_suffix(SUFFIX)?;
        let (rest, epoch) = inside.rsplit_once('.')?;
        let (final_name, node) = rest.rsplit_once('.')?;
        let node_ok = !node.is_empty() && node.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let epoch_ok = !epoch.is_empty() && epoch.bytes().all(|b| b.is_ascii_digit());
        (node_ok && epoch_ok && !final_name.is_empty()).then(|| Temporary {
            name: name.to_owned(),
            final_name: final_name.to_owned(),
            tag: format!("{node}.{epoch}"),
        })
    }
}

/// Removes temporaries whose tag is dead; gives the names removed.
///
/// A tag is dead only when none of its deliveries is unfinished: a proven temporary that disappears looks like a file
/// that was collected (see [`crate::publish()`]). [`sweep_temporaries_where`] shows the final name as well.
pub fn sweep_temporaries(folder: &dyn Folder, is_dead: &dyn Fn(&str) -> bool) -> Result<Vec<String>> {
    sweep_temporaries_where(folder, &|temporary| is_dead(&temporary.tag))
}

/// Removes the temporaries for which `is_dead` says so; gives the names removed.
pub fn sweep_temporaries_where(folder: &dyn Folder, is_dead: &dyn Fn(&Temporary) -> bool) -> Result<Vec<String>> {
    let mut removed = Vec::new();
    for entry in folder.find(LISTING_LIMIT, &|name| Temporary::parse(name).is_some())? {
        let Some(temporary) = Temporary::parse(&entry.name) else { continue };
        if entry.kind != EntryKind::File || !is_dead(&temporary) {
            continue;
        }
        match folder.remove(&entry.name) {
            Ok(()) => removed.push(entry.name),
            Err(e) if e.kind == ErrorKind::Missing => {}
            Err(e) => return Err(e),
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::LocalFolder;

    #[test]
    fn names_read_back() {
        let temporary = Temporary::new("PMACK.A.TXT", "node-1.42").unwrap();
        assert_eq!(temporary.name, ".PMACK.A.TXT.node-1.42.part");
        assert_eq!(Temporary::parse(&temporary.name), Some(temporary));
        for other in [".part", ".a.part", ".a.b.part", "PMACK.n.1.part", ".PMACK.n.x.part", ".PMACK..1.part"] {
            assert_eq!(Temporary::parse(other), None, "{other}");
        }
        assert!(Temporary::new("a", "node").is_err());
        assert!(Temporary::new("a", "no.de.1").is_err());
        assert!(Temporary::new(&"x".repeat(250), "n.1").is_err());
    }

    #[test]
    fn sweeps_only_the_dead() {
        let dir = tempfile::tempdir().unwrap();
        for name in [".A.n1.1.part", ".A.n2.7.part", "A.n1.1.part", ".other.part"] {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        let folder = LocalFolder::open(dir.path()).unwrap();
        assert_eq!(sweep_temporaries(&folder, &|tag| tag == "n1.1").unwrap(), [".A.n1.1.part"]);
        assert_eq!(folder.list(10).unwrap().len(), 3);
    }
}
