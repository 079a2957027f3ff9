//! Compiling the files a route names, and keeping the bytes they were compiled from.

use super::route::Text;
use super::source_text;
use fpp_codecs::format::{Asked, Format};
use fpp_codecs::layout::Layout;
use fpp_codecs::source::SourceFault;
use fpp_codecs::text::Page;
use std::path::{Path, PathBuf};

/// A file format, compiled, with everything it was made of.
#[derive(Clone, Debug)]
pub struct FormatFile {
    /// The format.
    pub format: Format,
    /// Its own text.
    pub text: String,
    /// Layouts it includes, by the names it calls them.
    pub layouts: Vec<Text>,
    /// What is odd but legal.
    pub warnings: Vec<SourceFault>,
}

/// Every record layout of a source, for verbs that look at layouts alone.
#[derive(Clone, Debug)]
pub struct LayoutFile {
    /// The layouts, in the order of the source.
    pub layouts: Vec<Layout>,
    /// The file format, unless the source has several layouts without saying which record is which.
    pub format: Option<Format>,
    /// What is odd but legal.
    pub warnings: Vec<SourceFault>,
}

/// Where sources are read that another source names: the folder of that one, then others in their order.
struct Beside<'a> {
    folder: &'a Path,
    others: &'a [PathBuf],
    read: Vec<Text>,
    /// What is there and cannot be read: found by its name, it is no source that is missing.
    unreadable: Vec<SourceFault>,
}

impl<'a> Beside<'a> {
    fn of(path: &'a Path, others: &'a [PathBuf]) -> Beside<'a> {
        let folder = path.parent().unwrap_or(Path::new(""));
        Beside { folder, others, read: Vec::new(), unreadable: Vec::new() }
    }

    fn read(&mut self, name: &str) -> Result<String, String> {
        let mut first = None;
        for folder in std::iter::once(self.folder).chain(self.others.iter().map(PathBuf::as_path)) {
            let file = folder.join(name);
            match source_text::read(&file) {
                Ok(content) => {
                    if !self.read.iter().any(|text| text.name == name) {
                        self.read.push(Text { name: name.to_owned(), content: content.clone() });
                    }
                    return Ok(content);
                }
                Err(unread) => {
                    first.get_or_insert(format!("{}: {}", file.display(), unread.fault.message));
                    if unread.is_there && !self.unreadable.contains(&unread.fault) {
                        self.unreadable.push(unread.fault);
                    }
                }
            }
        }
        Err(first.unwrap_or_default())
    }

    /// What came of reading, unless a source that it asked for is there and cannot be read: then whatever else is wrong
    /// may come of that alone.
    fn checked<T>(&mut self, result: Result<T, Vec<SourceFault>>) -> Result<T, Vec<SourceFault>> {
        if self.unreadable.is_empty() { result } else { Err(std::mem::take(&mut self.unreadable)) }
    }
}

fn text_of(path: &Path) -> Result<String, Vec<SourceFault>> {
    source_text::read(path).map_err(|unread| vec![unread.fault])
}

impl LayoutFile {
    /// Reads all layouts of a source. What it refers to is looked for beside it and in `folders`.
    pub fn read(path: &Path, asked: impl Into<Asked>, folders: &[PathBuf]) -> Result<LayoutFile, Vec<SourceFault>> {
        let asked = asked.into();
        let (file, text) = (path.display().to_string(), text_of(path)?);
        let mut beside = Beside::of(path, folders);
        let layouts = Format::layouts(&file, &text, &mut |name| beside.read(name), asked.clone());
        let (layouts, warnings) = beside.checked(layouts)?;
        let format = Format::parse(&file, &text, &mut |name| beside.read(name), asked).ok().map(|(format, _)| format);
        Ok(LayoutFile { layouts, format, warnings })
    }
}

impl FormatFile {
    /// Reads and compiles a file format, a lone layout, or a source that is no TOML; what it refers to is looked for
    /// beside it and in `folders`.
    pub fn read(path: &Path, asked: impl Into<Asked>, folders: &[PathBuf]) -> Result<FormatFile, Vec<SourceFault>> {
        FormatFile::compile_with(path, text_of(path)?, asked.into(), folders)
    }

    /// Compiles a text that was read from a file; layouts are read beside it.
    pub(super) fn compile(path: &Path, text: String, page: Option<Page>) -> Result<FormatFile, Vec<SourceFault>> {
        FormatFile::compile_with(path, text, page.into(), &[])
    }

    fn compile_with(
        path: &Path,
        text: String,
        asked: Asked,
        folders: &[PathBuf],
    ) -> Result<FormatFile, Vec<SourceFault>> {
        let mut beside = Beside::of(path, folders);
        let file = path.display().to_string();
        let parsed = Format::parse(&file, &text, &mut |name| beside.read(name), asked);
        let (format, warnings) = beside.checked(parsed)?;
        Ok(FormatFile { format, text, layouts: beside.read, warnings })
    }
}

/// A code page by its name in configuration (D18).
pub fn page(name: &str) -> Result<Page, String> {
    Page::parse(name).ok_or_else(|| Page::unknown(name))
}
