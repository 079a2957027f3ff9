//! Compiling the files a route names, and keeping the bytes they were compiled from.

use super::route::Text;
use fpp_codecs::format::Format;
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
}

impl Beside<'_> {
    fn read(&mut self, name: &str) -> Result<String, String> {
        let mut first = None;
        for folder in std::iter::once(self.folder).chain(self.others.iter().map(PathBuf::as_path)) {
            let file = folder.join(name);
            match std::fs::read_to_string(&file) {
                Ok(content) => {
                    if !self.read.iter().any(|text| text.name == name) {
                        self.read.push(Text { name: name.to_owned(), content: content.clone() });
                    }
                    return Ok(content);
                }
                Err(error) => {
                    first.get_or_insert(format!("cannot read {}: {}", file.display(), why(&error)));
                }
            }
        }
        Err(first.unwrap_or_default())
    }
}

/// Why a source cannot be read; sources that were downloaded as they are, or typed on a Chinese PC, are not UTF-8.
fn why(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::InvalidData => {
            "it is not UTF-8; download it as UTF-8 text, or change it, for example with `iconv -f GB18030 -t UTF-8`"
                .to_owned()
        }
        _ => error.to_string(),
    }
}

fn text_of(path: &Path) -> Result<String, Vec<SourceFault>> {
    std::fs::read_to_string(path).map_err(|error| {
        let message = format!("cannot read it: {}", why(&error));
        vec![SourceFault { file: path.display().to_string(), line: 1, column: 1, message }]
    })
}

impl LayoutFile {
    /// Reads all layouts of a source. What it refers to is looked for beside it and in `folders`.
    pub fn read(path: &Path, page: Option<Page>, folders: &[PathBuf]) -> Result<LayoutFile, Vec<SourceFault>> {
        let (file, text) = (path.display().to_string(), text_of(path)?);
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut beside = Beside { folder, others: folders, read: Vec::new() };
        let (layouts, warnings) = Format::layouts(&file, &text, &mut |name| beside.read(name), page)?;
        let format = Format::parse(&file, &text, &mut |name| beside.read(name), page).ok().map(|(format, _)| format);
        Ok(LayoutFile { layouts, format, warnings })
    }
}

impl FormatFile {
    /// Reads and compiles a file format, a lone layout, or a source that is no TOML; what it refers to is looked for
    /// beside it and in `folders`.
    pub fn read(path: &Path, page: Option<Page>, folders: &[PathBuf]) -> Result<FormatFile, Vec<SourceFault>> {
        FormatFile::compile_with(path, text_of(path)?, page, folders)
    }

    /// Compiles a text that was read from a file; layouts are read beside it.
    pub(super) fn compile(path: &Path, text: String, page: Option<Page>) -> Result<FormatFile, Vec<SourceFault>> {
        FormatFile::compile_with(path, text, page, &[])
    }

    fn compile_with(
        path: &Path,
        text: String,
        page: Option<Page>,
        folders: &[PathBuf],
    ) -> Result<FormatFile, Vec<SourceFault>> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut beside = Beside { folder, others: folders, read: Vec::new() };
        let file = path.display().to_string();
        let (format, warnings) = Format::parse(&file, &text, &mut |name| beside.read(name), page)?;
        Ok(FormatFile { format, text, layouts: beside.read, warnings })
    }
}

/// A code page by its name in configuration (D18).
pub fn page(name: &str) -> Result<Page, String> {
    Page::parse(name).ok_or_else(|| Page::unknown(name))
}
