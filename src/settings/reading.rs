//! What every section reader needs: paths relative to their own file, files read once, faults and warnings collected.

use fpp_codecs::source::{Section, Source, SourceFault};
use std::path::{Path, PathBuf};

/// Reads one configuration file's surroundings.
#[derive(Debug)]
pub(super) struct Reader {
    /// Folder of the file: relative paths start there.
    folder: PathBuf,
    /// The file, as faults name it.
    file: String,
    text: String,
    /// Files with secrets must be there.
    secrets: bool,
    /// Odd but legal.
    pub(super) warnings: Vec<SourceFault>,
    /// Faults of other files that were read on the way (layouts, mappings).
    pub(super) faults: Vec<SourceFault>,
}

/// Longest name of a node, installation, spool, route.
const NAME_MAX: usize = 40;

impl Reader {
    pub(super) fn new(file: &Path, text: &str) -> Reader {
        let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Reader {
            folder: folder.to_owned(),
            file: file.display().to_string(),
            text: text.to_owned(),
            secrets: true,
            warnings: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Whether files with secrets must be there.
    pub(super) fn needs_secrets(mut self, secrets: bool) -> Reader {
        self.secrets = secrets;
        self
    }

    /// A path, relative to the file it is written in.
    pub(super) fn path(&self, written: &str) -> PathBuf {
        self.folder.join(written)
    }

    /// Notes what is odd at a key.
    pub(super) fn warn(&mut self, section: &Section<'_>, key: &str, message: String) {
        let place = Source::new(self.file.clone(), self.text.clone());
        place.note(section.span(key), format!("{key}: {message}"));
        self.warnings.extend(place.finish());
    }

    /// Names travel into URNs, temporary file names and lease keys: letters, digits, `-` and `_` only.
    pub(super) fn check_name(&self, section: &Section<'_>, key: &str, name: &str) {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !name.is_empty() && (name.len() > NAME_MAX || !name.chars().all(legal)) {
            section.fault(key, format_args!("`{name}` must be at most {NAME_MAX} letters, digits, `-` and `_`"));
        }
    }

    /// A file named by a key: the path as written and its text. A missing or unreadable file is a fault at the key.
    pub(super) fn read_named(&self, section: &Section<'_>, key: &str) -> Option<(String, String)> {
        let written = section.text(key)?;
        let path = self.path(&written);
        match std::fs::read_to_string(&path) {
            Ok(text) => Some((path.display().to_string(), text)),
            Err(error) => {
                section.fault(key, format_args!("cannot read {}: {error}", path.display()));
                None
            }
        }
    }

    /// A file that holds a secret: it must be there; others who can read it are warned of. It is not read here.
    pub(super) fn secret_file(&mut self, section: &Section<'_>, key: &str) -> Option<PathBuf> {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path(&section.text(key)?);
        match std::fs::metadata(&path) {
            Ok(meta) if meta.is_file() => {
                if meta.permissions().mode() & 0o077 != 0 {
                    let message = format!("others than its owner can use {}: chmod 600", path.display());
                    self.warn(section, key, message);
                }
            }
            Ok(_) => section.fault(key, format_args!("{} is not a file", path.display())),
            Err(_) if !self.secrets => {}
            Err(error) => section.fault(key, format_args!("cannot read {}: {error}", path.display())),
        }
        Some(path)
    }
}
