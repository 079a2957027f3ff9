//! Reading a format from TOML, or from a lone layout.

use super::asked::Asked;
use super::copybook;
use super::load::{self, Loader, Read, fault, one};
use super::{Format, RecordFormat, Role, Selector, readings, rules, select};
use crate::condition::Scope;
use crate::framing::kind::Framing;
use crate::layout::check::SOURCE_MAX;
use crate::layout::copybook::Options;
use crate::layout::toml::Blanks;
use crate::layout::{Kind, Layout, toml};
use crate::number::display::Encoding;
use crate::record::{Nulls, Short};
use crate::source::{Section, Source, SourceFault};
use crate::text::Page;
use std::collections::HashSet;

type Parsed = Result<(Format, Vec<SourceFault>), Vec<SourceFault>>;

/// The page of a lone layout that names none.
const PAGE: Page = Page::Cp1388;

impl Format {
    /// Reads a file format in TOML, a single layout in TOML, or a source made elsewhere (`.dds`, `.pf`, `.lf`, `.csv`
    /// of DSPFFD, a copybook); all but the first give one detail record and fixed framing. `read` gives the text of a layout by the
    /// name the source uses. Gives warnings beside the format.
    pub fn parse(file: &str, text: &str, read: &mut Read<'_>, asked: impl Into<Asked>) -> Parsed {
        Format::parse_asked(file, text, read, asked.into())
    }

    /// Whether a source is a copybook, or a program, by its name.
    pub fn is_copybook(file: &str) -> bool {
        Loader::is_copybook(file)
    }

    fn parse_asked(file: &str, text: &str, read: &mut Read<'_>, asked: Asked) -> Parsed {
        if text.len() > SOURCE_MAX {
            return Err(fault(file, format!("the source has more than {SOURCE_MAX} bytes")));
        }
        let mut loader = Loader::new(file, read, PAGE);
        let format = if Loader::is_copybook(file) {
            lone_copybook(file, &mut loader, text, &asked.lone(PAGE))?
        } else if Loader::is_native(file) {
            let mut layout = one(file, loader.native(file, text)?, None)?;
            convert_zoned(&mut layout, asked.page);
            lone(layout, None, asked.page)
        } else {
            let source = Source::new(file, text);
            let root = source.root();
            if root.has("record") || !root.has("field") {
                let format = loader.format(&root, &asked);
                root.no_more();
                drop(root);
                loader.warnings.extend(source.warnings());
                let faults = source.finish();
                let faults = load::unnamed(file, text, &faults).map_or(faults, |told| vec![told]);
                format.filter(|_| faults.is_empty()).ok_or(faults)?
            } else {
                let own = toml::page(&root, "ccsid");
                let version = root.text("version").unwrap_or_default();
                loader.page = own.unwrap_or(PAGE);
                let (layout, warnings) = toml::parse_within(file, text, &loader.scope())?;
                loader.warnings.extend(warnings);
                Format { version, ..lone(layout, own, asked.page) }
            }
        };
        let uncountable = |record: &RecordFormat| rules::uncountable(&record.layout, format.page).collect::<Vec<_>>();
        let faults: Vec<_> = format.records.iter().flat_map(uncountable).flat_map(|what| fault(file, what)).collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        let Loader { sources, mut warnings, .. } = loader;
        warnings.extend(format.records.iter().filter_map(|record| readings::unchosen(file, &record.layout)));
        // A copybook of several records is read for each of them.
        let mut told = HashSet::new();
        warnings.retain(|warning| told.insert(warning.clone()));
        Ok((Format { sources, ..format }, warnings))
    }

    /// All record layouts of a source, as [`Format::parse`] reads it; a source that is no TOML may have several without
    /// saying which record is which. Gives warnings beside them.
    pub fn layouts(
        file: &str,
        text: &str,
        read: &mut Read<'_>,
        asked: impl Into<Asked>,
    ) -> Result<(Vec<Layout>, Vec<SourceFault>), Vec<SourceFault>> {
        let asked = asked.into();
        let mut loader = Loader::new(file, read, PAGE);
        let mut layouts = if Loader::is_copybook(file) {
            loader.copybook(file, text, &asked.options(PAGE))?
        } else if Loader::is_native(file) {
            let mut layouts = loader.native(file, text)?;
            layouts.iter_mut().for_each(|layout| convert_zoned(layout, asked.page));
            layouts
        } else {
            let (format, warnings) = Format::parse(file, text, read, asked)?;
            return Ok((format.records.into_iter().map(|record| record.layout).collect(), warnings));
        };
        layouts.iter_mut().for_each(|layout| replace_page(layout, None, asked.page));
        let page = asked.page.unwrap_or(PAGE);
        let uncountable = layouts.iter().flat_map(|layout| rules::uncountable(layout, page));
        let faults: Vec<_> = uncountable.flat_map(|what| fault(file, what)).collect();
        let mut warnings = loader.warnings;
        warnings.extend(layouts.iter().filter_map(|layout| readings::unchosen(file, layout)));
        if faults.is_empty() { Ok((layouts, warnings)) } else { Err(faults) }
    }
}

/// The one record of a copybook; several are told what must be said about them.
fn lone_copybook(
    file: &str,
    loader: &mut Loader<'_, '_>,
    text: &str,
    options: &Options,
) -> Result<Format, Vec<SourceFault>> {
    let layouts = loader.copybook(file, text, options)?;
    if layouts.len() > 1 {
        return Err(copybook::several(file, &layouts, options.page));
    }
    let layout = one(file, layouts, None)?;
    let uncounted = copybook::uncounted(&layout);
    if !uncounted.is_empty() {
        return Err(uncounted.into_iter().map(|one| one.fault(file, text)).collect());
    }
    let format = lone(layout, Some(options.page), None);
    loader.warnings.extend(format.records.first().and_then(|record| copybook::varying(file, &record.layout)));
    Ok(format)
}

fn lone(mut layout: Layout, own: Option<Page>, asked: Option<Page>) -> Format {
    replace_page(&mut layout, own, asked);
    let page = asked.or(own).unwrap_or(PAGE);
    let length = Some(layout.length);
    Format {
        name: layout.name.clone(),
        text: layout.text.clone(),
        framing: Framing::Fixed { length: layout.length },
        page,
        records: vec![
            RecordFormat::new(layout, Role::Detail, Selector::default(), Nulls::None, page).with_filling(length),
        ],
        order: None,
        controls: None,
        version: String::new(),
        nulls: Nulls::None,
        sources: Vec::new(),
    }
}

/// What converted a file's text converted the zoned numbers of DDS with it: to ASCII digits, and to the letters that
/// EBCDIC's signs show.
fn convert_zoned(layout: &mut Layout, asked: Option<Page>) {
    if asked.is_none_or(Page::is_ebcdic) {
        return;
    }
    for field in layout.fields.iter_mut().filter(|field| matches!(field.kind, Kind::Zoned { .. })) {
        field.rules.encoding = Encoding::Translated;
    }
}

/// Replaces the page `own` by the one asked for, and every EBCDIC page where the source has none of its own.
fn replace_page(layout: &mut Layout, own: Option<Page>, asked: Option<Page>) {
    let Some(asked) = asked else { return };
    let follows = |page: Page| own.map_or(page.is_ebcdic(), |own| page == own);
    for field in layout.fields.iter_mut().filter(|field| field.page.is_some_and(follows)) {
        field.page = Some(asked);
    }
}

impl Loader<'_, '_> {
    fn format(&mut self, root: &Section<'_>, asked: &Asked) -> Option<Format> {
        let name = root.need_text("name");
        let own = toml::page(root, "ccsid");
        if !root.has("ccsid") {
            root.fault("ccsid", "is missing; the page of character fields without CCSID is needed");
        }
        self.page = own.unwrap_or(PAGE);
        self.defaults = toml::defaults(root);
        let page = asked.page.unwrap_or(self.page);
        let frames = super::framing::read(root, page);
        let nulls = nulls(root);
        // Everything is asked for before anything can fail, so that no key is called unknown for another one's fault.
        let (text, version) = (root.text("text").unwrap_or_default(), root.need_text("version"));
        let controls = root.section("controls");
        self.copybook = copybook::options(root, &asked.options(page));
        self.path = root.texts("references").into_iter().map(|folder| folder + "/").collect();
        let order = root.text("order");
        let placed = frames.as_ref().is_none_or(|frames| frames.framing.delimited().is_none());
        self.blanks = match (nulls, frames.as_ref().map(|frames| frames.short)) {
            (_, Some(Short::Pad)) => Blanks::None,
            _ if !placed => Blanks::None,
            (Nulls::Blank, _) => Blanks::Null,
            _ => Blanks::Bytes,
        };
        let mut records = Vec::new();
        let mut parents = Vec::new();
        let mut fields = 0;
        for table in root.sections("record") {
            parents.push(table.text("parent"));
            let record = self.record(&table, nulls, asked.page, placed);
            fields += record.as_ref().map_or(0, |record| record.layout.fields.len());
            if record.is_some() {
                table.no_more();
            }
            records.push(record);
            if !rules::within(records.len(), fields, &table) {
                return None;
            }
        }
        let records: Vec<_> = records.into_iter().collect::<Option<_>>()?;
        let mut frames = frames?;
        rules::check(root, &records, &frames.framing);
        let records = rules::with_parents(root, records, &parents);
        let order = order.and_then(|order| rules::order(root, &order, &records));
        frames.check(&records, nulls).into_iter().for_each(|(key, words)| root.fault(key, words));
        let mut records = frames.apply(records);
        let framing = frames.framing;
        let controls = controls.map(|table| super::controls::read(&table, &records, page));
        // A total must not pass over a number of which only text is left; where it takes some records only, the tally sees.
        for (index, record) in records.iter_mut().enumerate() {
            record.insist(controls.iter().flat_map(|controls| controls.fields(index)));
        }
        let sources = Vec::new();
        Some(Format { name, text, framing, page, records, order, controls, version, nulls, sources })
    }

    fn record(&mut self, table: &Section<'_>, nulls: Nulls, asked: Option<Page>, placed: bool) -> Option<RecordFormat> {
        let roles = [("header", Role::Header), ("detail", Role::Detail), ("trailer", Role::Trailer)];
        if !table.has("role") {
            table.need_text("role");
        }
        let role = table.choice("role", &roles);
        let name = table.text("name");
        let own = copybook::options(table, &self.copybook);
        let mut layout = match table.text("layout") {
            Some(file) => match self.layout(&file, name.as_deref(), &own) {
                Ok(layout) => layout,
                Err(faults) => {
                    faults.iter().for_each(|f| table.fault("layout", f));
                    return None;
                }
            },
            None => toml::layout(table, table.need_text("name").to_uppercase(), &self.scope())?,
        };
        replace_page(&mut layout, Some(self.page), asked);
        sensitive(table, &mut layout);
        if let Some(fields) = table.section("fields") {
            toml::adjust(&mut layout, &fields, &self.scope());
        }
        copybook::uncounted(&layout).into_iter().for_each(|one| table.fault("layout", one.message));
        let page = asked.unwrap_or(self.page);
        // Fields that stand apart for null flags are selected by where they stand.
        let mut record = RecordFormat::new(layout, role?, Selector::default(), nulls, page);
        let scope = Scope { layout: &record.layout, page, bytes: true, placed };
        record.selector = select::read(table, &scope)?;
        Some(record)
    }
}

/// `sensitive`: names of fields that are never shown in clear, with all their occurrences.
fn sensitive(table: &Section<'_>, layout: &mut Layout) {
    for name in table.texts("sensitive") {
        let mut found = false;
        for field in layout.fields.iter_mut().filter(|field| toml::is_named(field, &name)) {
            field.sensitive = true;
            found = true;
        }
        if !found {
            table.fault("sensitive", format_args!("{} has no field {name}", layout.name));
        }
    }
}

fn nulls(root: &Section<'_>) -> Nulls {
    let words = [("none", Nulls::None), ("blank", Nulls::Blank), ("map", Nulls::Map), ("flag", Nulls::Flag)];
    root.choice("nulls", &words).unwrap_or_default()
}
