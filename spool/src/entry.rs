//! What a listing says about one name.
//!
//! An entry is an observation, not a handle: it never promises that the file is still there. Two entries are the same
//! file when size, modification time and file id are equal. Over SFTP version 3 times are whole seconds and there is no
//! file id (0), which is why content is always confirmed by its digest.

use crate::error::{Error, ErrorKind, Result};

/// The longest name that is handled, in bytes.
pub const NAME_MAX_BYTES: usize = 255;

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link; never followed.
    Link,
    /// A device, socket or pipe.
    Other,
    /// The name is not UTF-8: the entry shows it escaped, and it cannot be opened by that name.
    NotUtf8,
}

/// One observation of one name in a folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The name within the folder.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// Modification time, milliseconds since 1970 UTC, as the folder's own clock says.
    pub mtime_ms: i64,
    /// What tells two files of the same name apart (the inode), or 0 where the folder has no such thing.
    pub file_id: u64,
    /// What the name stands for.
    pub kind: EntryKind,
    /// How many names the file has (hard links), or 0 where the folder does not tell.
    pub links: u64,
}

impl Entry {
    /// True when both observations show the same file in the same state. How many names it has is not its state: whoever renames
    /// by a link and a removal, as this crate does where it must, makes a second one for a moment.
    pub fn same_file(&self, other: &Entry) -> bool {
        self.kind == other.kind
            && self.size == other.size
            && self.mtime_ms == other.mtime_ms
            && self.file_id == other.file_id
    }
}

/// Shows a name that is not UTF-8: bad bytes as `\xNN`. The backslash makes it unsafe as a name, on purpose.
pub fn escaped(name: &[u8]) -> String {
    let mut out = String::with_capacity(name.len() + 8);
    for chunk in name.utf8_chunks() {
        out.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|b| out.push_str(&format!("\\x{b:02x}")));
    }
    out
}

/// Whether a character is one that nobody sees, and that changes what a terminal or a log shows, or makes a second name that
/// looks like the first: a control character, a line end of Unicode, and what Unicode calls default ignorable (marks of the
/// direction of writing, joiners and blanks without width, variation selectors, tags, the byte order mark).
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Why a name is refused, or nothing when it is safe.
pub fn unsafe_reason(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("the name is empty")
    } else if name == "." || name == ".." {
        Some("the name is a folder reference")
    } else if name.len() > NAME_MAX_BYTES {
        Some("the name is longer than 255 bytes")
    } else if name.contains(['/', '\\']) {
        Some("the name contains a path separator")
    } else if name.chars().any(is_unseen) {
        Some("the name contains a character that nobody sees")
    } else {
        None
    }
}

/// Refuses a name that could leave its folder or confuse a terminal, a log or a shell.
pub fn check_name(name: &str) -> Result<()> {
    match unsafe_reason(name) {
        None => Ok(()),
        Some(reason) => Err(Error::new(ErrorKind::Unsafe, format!("{:?}: {reason}", shortened(name)))),
    }
}

/// Checks a relative path of one or more safe names, separated by `/`.
pub fn check_path(path: &str) -> Result<()> {
    path.split('/').try_for_each(check_name)
}

/// A name from outside for a message: shortened, and without anything that could confuse a terminal.
pub(crate) fn shown(name: &str) -> String {
    visible(shortened(name))
}

/// The same in its full length; what nobody sees is written as its number.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unseen(c) && !c.is_control() { out.extend(c.escape_unicode()) } else { out.extend(c.escape_debug()) }
    }
    out
}

fn shortened(name: &str) -> &str {
    &name[..name.floor_char_boundary(80)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_could_leave_the_folder() {
        for bad in ["", ".", "..", "a/b", "a\\b", "a\nb", "a\u{7f}", "a\u{85}b", &"x".repeat(256)] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
        // U+202E shows "PM\u{202e}TXT.exe" as "PMexe.TXT".
        for unseen in [
            '\u{ad}',
            '\u{61c}',
            '\u{180e}',
            '\u{206a}',
            '\u{fe0f}',
            '\u{fff9}',
            '\u{e0100}',
            '\u{200b}',
            '\u{200d}',
            '\u{200e}',
            '\u{200f}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202e}',
            '\u{2060}',
            '\u{2064}',
            '\u{2066}',
            '\u{2069}',
            '\u{feff}',
            '\u{e0000}',
            '\u{e0041}',
            '\u{e007f}',
        ] {
            let name = format!("PM{unseen}TXT.exe");
            assert_eq!(unsafe_reason(&name), Some("the name contains a character that nobody sees"), "{unseen:?}");
            assert!(shown(&name).is_ascii(), "{}", shown(&name));
        }
        // A no-break blank and a hyphen are seen.
        for good in
            ["PMTRD.TXT", ".hidden", "回盘.TXT", "a b", "a\u{a0}b", "a\u{2010}b", "a\u{2027}b", &"x".repeat(255)]
        {
            assert!(check_name(good).is_ok(), "{good:?}");
        }
        assert!(check_path("done/2026").is_ok());
        assert!(check_path("/done").is_err());
        assert!(check_path("done/../..").is_err());
    }

    #[test]
    fn shows_bad_bytes() {
        assert_eq!(escaped(b"PM\xffTRD"), "PM\\xffTRD");
        assert!(check_name(&escaped(b"PM\xff")).is_err());
    }
}
