//! Layouts from the sources a format names, and from those that these refer to.
//!
//! Each source is read once, whatever refers to it. A file that DDS refers to (`LIB/FILE`) is looked for under the names
//! its source can have, in the folders of the search path and there in one named after its library; only the last two
//! parts of a name are ever used, so that a source reaches no other folder. A source that refers to itself is a fault.

use super::copybook;
use crate::layout::copybook::Options;
use crate::layout::dds::FileName;
use crate::layout::toml::{Blanks, Chosen, Scope};
use crate::layout::{self, Layout, dds, dspffd, toml};
use crate::source::SourceFault;
use crate::text::Page;
use std::collections::BTreeMap;

/// Reads a source by the name another source uses.
pub(super) type Read<'a> = dyn FnMut(&str) -> Result<String, String> + 'a;

type Layouts = Result<Vec<Layout>, Vec<SourceFault>>;

/// How many sources may stand behind each other through references.
const DEPTH_MAX: usize = 8;

/// Endings of the sources of physical and logical files, and of the outfile of DSPFFD, in the order they are tried.
const ENDINGS: &[&str] = &["dds", "pf", "lf", "csv"];

/// Lines that are looked at for what a text without a known ending is.
const LINES_LOOKED_AT: usize = 200;

/// Reads sources, each once.
pub(super) struct Loader<'a, 'b> {
    read: &'a mut Read<'b>,
    /// Page of character fields that name none.
    pub(super) page: Page,
    /// Rules of all fields that do not say otherwise.
    pub(super) defaults: Chosen,
    /// What blanks are in the records.
    pub(super) blanks: Blanks,
    /// How copybooks are read where a record does not say otherwise.
    pub(super) copybook: Options,
    /// Folders in which referenced files are looked for after the source's own, with `/` at their end.
    pub(super) path: Vec<String>,
    /// Layouts by source name, or why there are none.
    cache: BTreeMap<String, Result<Vec<Layout>, String>>,
    /// Sources that are being read, by the names they would be referred to.
    open: Vec<String>,
    /// What is odd but legal.
    pub(super) warnings: Vec<SourceFault>,
    /// Names of all sources read.
    pub(super) sources: Vec<String>,
}

pub(super) fn fault(file: &str, message: String) -> Vec<SourceFault> {
    vec![SourceFault { file: file.to_owned(), line: 1, column: 1, message }]
}

/// One layout of those a source holds, by name if there are several.
pub(super) fn one(file: &str, layouts: Vec<Layout>, name: Option<&str>) -> Result<Layout, Vec<SourceFault>> {
    let known: Vec<_> = layouts.iter().map(|l| l.name.clone()).collect();
    let mut fitting = layouts.into_iter().filter(|l| name.is_none_or(|name| name.eq_ignore_ascii_case(&l.name)));
    match (fitting.next(), fitting.next()) {
        (Some(layout), None) => Ok(layout),
        (Some(_), Some(_)) => Err(fault(file, format!("holds several formats: say which of {}", known.join(", ")))),
        (None, _) => Err(fault(file, format!("holds {}, not the format asked for", known.join(", ")))),
    }
}

/// What to tell of a text that is no TOML because it is a copybook or DDS under a name without a known ending.
pub(super) fn unnamed(file: &str, text: &str, faults: &[SourceFault]) -> Option<SourceFault> {
    if !faults.iter().any(SourceFault::is_no_toml) {
        return None;
    }
    let is_level = |word: &str| word.parse().is_ok_and(|level: u8| level <= 88);
    let is_cobol = |line: &str| {
        let mut words = line.get(6..).unwrap_or(line).split_whitespace().chain(line.split_whitespace());
        words.any(is_level) && (line.contains(" PIC ") || line.trim_end().ends_with('.'))
    };
    let is_dds = |line: &str| {
        let form: Vec<char> = line.chars().take(19).collect();
        matches!(form.get(5), Some('A' | 'a')) && matches!(form.get(16), Some(' ' | 'R' | 'K' | 'J' | 'r'))
    };
    let (mut cobol, mut dds) = (false, false);
    for line in text.lines().take(LINES_LOOKED_AT) {
        (cobol, dds) = (cobol || is_cobol(line), dds || is_dds(line));
    }
    let words = match (dds, cobol) {
        (true, _) => "looks like DDS: give its name the ending .dds, .pf or .lf",
        (_, true) => "looks like a copybook: give its name the ending .cpy, .cbl or .cob",
        _ => return None,
    };
    Some(SourceFault { file: file.to_owned(), line: 1, column: 1, message: words.to_owned() })
}

fn ending(file: &str) -> String {
    file.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default()
}

impl<'a, 'b> Loader<'a, 'b> {
    pub(super) fn new(file: &str, read: &'a mut Read<'b>, page: Page) -> Loader<'a, 'b> {
        let sources = vec![file.to_owned()];
        let (defaults, cache) = (Chosen::default(), BTreeMap::new());
        let copybook = Options::new(page);
        let open = vec![file.rsplit(['/', '\\']).next().unwrap_or(file).to_owned()];
        Loader {
            read,
            page,
            defaults,
            blanks: Blanks::default(),
            copybook,
            path: Vec::new(),
            cache,
            open,
            warnings: Vec::new(),
            sources,
        }
    }

    /// Whether a source is by its name one that holds layouts and is no TOML.
    pub(super) fn is_native(file: &str) -> bool {
        ENDINGS.contains(&ending(file).as_str())
    }

    /// Whether a source is a copybook.
    pub(super) fn is_copybook(file: &str) -> bool {
        copybook::is_copybook(&ending(file))
    }

    /// All layouts of a source that is no TOML.
    pub(super) fn native(&mut self, file: &str, text: &str) -> Layouts {
        self.parse(file, text, 0)
    }

    /// The layout of a source; `name` says which, where it holds several.
    pub(super) fn layout(
        &mut self,
        file: &str,
        name: Option<&str>,
        copybook: &Options,
    ) -> Result<Layout, Vec<SourceFault>> {
        let text = self.text(file).map_err(|why| fault(file, format!("cannot be read: {why}")))?;
        if Loader::is_native(file) || Loader::is_copybook(file) {
            let layouts = match Loader::is_copybook(file) {
                true => self.copybook(file, &text, copybook)?,
                false => self.native(file, &text)?,
            };
            let mut layout = one(file, layouts, name)?;
            toml::default_rules(&mut layout, &self.defaults);
            Ok(layout)
        } else {
            let (layout, warnings) = toml::parse_within(file, &text, &self.scope())?;
            self.warnings.extend(warnings);
            Ok(layout)
        }
    }

    /// What holds for fields that do not say otherwise.
    pub(super) fn scope(&self) -> Scope {
        Scope { page: self.page, defaults: self.defaults.clone(), blanks: self.blanks }
    }

    fn parse(&mut self, file: &str, text: &str, depth: usize) -> Layouts {
        let page = self.page;
        let (layouts, warnings) = match ending(file).as_str() {
            "csv" => dspffd::parse(file, text, page)?,
            _ => dds::parse(file, text, &mut |name| self.referenced(name, depth + 1), page)?,
        };
        self.warnings.extend(warnings);
        Ok(layouts)
    }

    /// All records of a copybook.
    pub(super) fn copybook(&mut self, file: &str, text: &str, options: &Options) -> Layouts {
        let path = self.path.clone();
        let mut read = |member: &str| {
            let places = copybook::places(file, member, &path);
            places.iter().find_map(|place| self.text(place).ok()).ok_or_else(|| "no such text".to_owned())
        };
        let (layouts, warnings) = layout::copybook::parse(file, text, &mut read, options)?;
        self.warnings.extend(warnings);
        Ok(layouts)
    }

    fn text(&mut self, name: &str) -> Result<String, String> {
        let text = (self.read)(name)?;
        if !self.sources.iter().any(|known| known == name) {
            self.sources.push(name.to_owned());
        }
        Ok(text)
    }

    /// The layouts behind a REF, REFFLD, PFILE, JFILE or FORMAT.
    fn referenced(&mut self, name: &FileName, depth: usize) -> Result<Vec<Layout>, String> {
        if depth > DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} sources refer to each other in a row"));
        }
        let names = self.candidates(name);
        let mut circle = None;
        for file in &names {
            if let Some(known) = self.cache.get(file) {
                return known.clone();
            }
            // A logical file may have the name of its physical one, in another library.
            if self.open.contains(file) {
                circle = Some(file);
                continue;
            }
            let Ok(text) = self.text(file) else { continue };
            self.open.push(file.clone());
            let layouts = self.parse(file, &text, depth).map_err(|faults| match faults.first() {
                Some(fault) => format!("its source has faults, first {fault}"),
                None => "its source has faults".to_owned(),
            });
            self.open.pop();
            self.cache.insert(file.clone(), layouts.clone());
            return layouts;
        }
        if let Some(file) = circle {
            return Err(format!("{file} refers to itself, and no other source of it was found"));
        }
        let tried = names.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
        Err(format!(
            "no source of it was found; {tried} and so on were tried. If it is in another folder, name that with --refs, \
             or as one of `references` in a format"
        ))
    }

    /// Names of sources that a file can have: `file.dds`, `FILE.PF` ..., beside the source, in the folder of its library,
    /// in the folders of the search path.
    fn candidates(&self, name: &FileName) -> Vec<String> {
        let both = |word: &str| [word.to_ascii_lowercase(), word.to_ascii_uppercase()];
        let mut folders = vec![String::new()];
        folders.extend(self.path.iter().cloned());
        let own: Vec<String> = folders.clone();
        if let Some(library) = &name.library {
            for (folder, library) in own.iter().flat_map(|folder| both(library).map(|library| (folder, library))) {
                folders.push(format!("{folder}{library}/"));
            }
        }
        let mut names = Vec::new();
        for folder in &folders {
            for (file, ending) in ENDINGS.iter().flat_map(|ending| both(&name.file).map(|file| (file, *ending))) {
                both(ending).into_iter().for_each(|ending| names.push(format!("{folder}{file}.{ending}")));
            }
        }
        names
    }
}
