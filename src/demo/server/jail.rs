//! Names of the SFTP client to paths under the served folder, and never outside it.
//!
//! `..` stops at the top, as in a chroot. A symbolic link may be listed and removed; it is followed only to a place
//! inside. What it does not do: hold out against someone who swaps folders for links while a call runs. The folder
//! belongs to the user who runs the demonstration.

use std::io;
use std::path::{Path, PathBuf};

/// The served folder.
pub(super) struct Jail {
    root: PathBuf,
}

impl Jail {
    /// A folder that exists.
    pub(super) fn new(root: &Path) -> io::Result<Jail> {
        let root = root.canonicalize()?;
        if !root.is_dir() {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, format!("{} is not a folder", root.display())));
        }
        Ok(Jail { root })
    }

    /// The absolute name of a client's name, without `.`, `..` and doubled slashes; the top is `/`.
    pub(super) fn clean(name: &str) -> String {
        let mut parts: Vec<&str> = Vec::new();
        for part in name.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        format!("/{}", parts.join("/"))
    }

    /// The path of a name whose folder exists; a link at the end is not followed.
    pub(super) fn entry(&self, name: &str) -> io::Result<PathBuf> {
        let clean = Jail::clean(name);
        match clean.rsplit_once('/') {
            Some((folder, last)) if !last.is_empty() => Ok(self.inside(&self.under(folder))?.join(last)),
            _ => Ok(self.root.clone()),
        }
    }

    /// The path of something that exists; links are followed, but not outside.
    pub(super) fn target(&self, name: &str) -> io::Result<PathBuf> {
        self.inside(&self.under(&Jail::clean(name)))
    }

    fn under(&self, clean: &str) -> PathBuf {
        self.root.join(clean.trim_start_matches('/'))
    }

    fn inside(&self, path: &Path) -> io::Result<PathBuf> {
        let real = path.canonicalize()?;
        if real.starts_with(&self.root) { Ok(real) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir_all(root.join("in")).unwrap();
        std::fs::write(folder.path().join("secret"), "x").unwrap();
        std::os::unix::fs::symlink("../../secret", root.join("in/link")).unwrap();
        std::os::unix::fs::symlink("..", root.join("up")).unwrap();
        let jail = Jail::new(&root).unwrap();
        let root = root.canonicalize().unwrap();

        assert_eq!(Jail::clean("in//./x/../../../.."), "/");
        assert_eq!(jail.entry("../../in/a").unwrap(), root.join("in/a"));
        assert_eq!(jail.target("/in/../in").unwrap(), root.join("in"));
        assert_eq!(jail.entry("in/link").unwrap(), root.join("in/link"));
        let denied = |result: io::Result<PathBuf>| result.unwrap_err().kind() == io::ErrorKind::PermissionDenied;
        assert!(denied(jail.target("in/link")));
        assert!(denied(jail.target("up")) && denied(jail.entry("up/secret")));
        assert_eq!(jail.entry("none/x").unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
