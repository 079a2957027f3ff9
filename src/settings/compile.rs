//! Compiling the files a route names, and keeping the bytes they were compiled from.

use super::route::Text;
use fpp_codecs::format::Format;
use fpp_codecs::source::SourceFault;
use fpp_codecs::text::Page;
use std::path::Path;

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

impl FormatFile {
    /// Reads and compiles a file format, a lone layout, or a `.dds` source.
    pub fn read(path: &Path, page: Option<Page>) -> Result<FormatFile, Vec<SourceFault>> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let message = format!("cannot read it: {error}");
            vec![SourceFault { file: path.display().to_string(), line: 1, column: 1, message }]
        })?;
        FormatFile::compile(path, text, page)
    }

    /// Compiles a text that was read from a file; layouts are read beside it.
    pub(super) fn compile(path: &Path, text: String, page: Option<Page>) -> Result<FormatFile, Vec<SourceFault>> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut layouts: Vec<Text> = Vec::new();
        let mut read = |name: &str| {
            let file = folder.join(name);
            let content = std::fs::read_to_string(&file).map_err(|e| format!("cannot read {}: {e}", file.display()))?;
            if !layouts.iter().any(|l| l.name == name) {
                layouts.push(Text { name: name.to_owned(), content: content.clone() });
            }
            Ok(content)
        };
        let (format, warnings) = Format::parse(&path.display().to_string(), &text, &mut read, page)?;
        Ok(FormatFile { format, text, layouts, warnings })
    }
}

/// A code page by its name in configuration (D18).
pub fn page(name: &str) -> Result<Page, String> {
    Page::parse(name).ok_or_else(|| Page::unknown(name))
}
