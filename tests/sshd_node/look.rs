//! Looking at a partner's folder without the node.

use crate::sshd_support::output;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

/// Everything that changes when a file or folder is touched: name, inode, size, times of content and of attributes.
pub(crate) type Print = (String, u64, u64, i64, i64, i64, i64);

fn print(name: &str, path: &Path) -> Print {
    let meta = fs::symlink_metadata(path).unwrap();
    let times = (meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec());
    (name.to_owned(), meta.ino(), meta.len(), times.0, times.1, times.2, times.3)
}

/// The folder itself and everything in it.
pub(crate) fn prints(folder: &Path) -> Vec<Print> {
    let inside = names(folder).into_iter().map(|name| print(&name, &folder.join(&name)));
    [print(".", folder)].into_iter().chain(inside).collect()
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// An answer with what belongs to it.
pub(crate) fn with_sides(name: &str) -> [String; 3] {
    ["", ".OK", ".sha256"].map(|end| format!("{name}{end}"))
}

/// The folder holds exactly these answers, whole by the partner's own check.
pub(crate) fn holds_exactly(folder: &Path, answers: &[&str]) {
    let mut due: Vec<_> = answers.iter().flat_map(|name| with_sides(name)).collect();
    due.sort();
    assert_eq!(names(folder), due);
    answers.iter().for_each(|name| check(folder, name));
}

/// `sha256sum -c`, as the partner runs it.
pub(crate) fn check(folder: &Path, name: &str) {
    let said = output(Command::new("sha256sum").arg("-c").arg(format!("{name}.sha256")).current_dir(folder));
    assert_eq!(said, format!("{name}: OK"));
}

pub(crate) fn inode(path: &Path) -> u64 {
    fs::symlink_metadata(path).unwrap().ino()
}
