//! The event mapping: from a detail row to a trade event, as TOML says (`config/events/`).
//!
//! A mapping is compiled once against a format. For each record it gives the envelope, the canonical business data and
//! its hash, or the first fault in layout order. A row either gives a whole event or none; nothing is guessed.

mod correct;
mod entry;
mod parse;
mod schema;
mod template;

use super::event::{Envelope, Event, Lineage};
use super::fault::TradeFault;
use super::instrument::{Instrument, Instruments};
use super::moment::Offset;
use super::proof::ids::Fold;
use super::schema::Schema;
use entry::{NONE, View};
use fpp_codecs::Code;
use fpp_codecs::format::{Format, Role};
use fpp_codecs::record::Row;
use fpp_codecs::source::{Source, SourceFault};
use parse::{Kind, Parts};

/// A compiled mapping.
#[derive(Clone, Debug)]
pub struct Mapping {
    parts: Parts,
    /// Stands for what the mapping says; comments and blanks say nothing.
    edition: u64,
    source: String,
    offset: Offset,
}

impl Mapping {
    /// Compiles a mapping against the detail record of a format; all faults at once.
    pub fn parse(
        file: &str,
        text: &str,
        format: &Format,
        instruments: &Instruments,
    ) -> Result<Mapping, Vec<SourceFault>> {
        let source = Source::new(file, text);
        let root = source.root();
        let parts = match format.record(Role::Detail) {
            Some(record) => parse::read(&root, record),
            None => {
                root.fault("name", format_args!("the format {} has no detail record", format.name));
                None
            }
        };
        if format.records.iter().filter(|r| r.role == Role::Detail).count() > 1 {
            root.fault("name", format_args!("{} has several detail records; an event mapping serves one", format.name));
        }
        if root.has("instrument") && instruments.is_empty() {
            root.fault("instrument", "the list of instruments is empty");
        }
        drop(root);
        let faults = source.finish();
        match parts {
            Some(parts) if faults.is_empty() => {
                Ok(Mapping { parts, edition: edition(text), source: String::new(), offset: Offset::china() })
            }
            _ => Err(faults),
        }
    }

    /// Sets what the route gives: the CloudEvents source and the offset of local times.
    #[must_use]
    pub fn for_route(mut self, source: &str, offset: Offset) -> Mapping {
        self.source = source.to_owned();
        self.offset = offset;
        self
    }

    /// Name of the mapping.
    pub fn name(&self) -> &str {
        &self.parts.name
    }

    /// CloudEvents `dataschema` of its events.
    pub fn dataschema(&self) -> &str {
        &self.parts.schema
    }

    /// The schema of each of its event types, for the format that it was compiled against.
    pub fn schemas(&self, format: &Format) -> Vec<Schema> {
        schema::of(&self.parts, format)
    }

    /// CloudEvents source of its events.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The first field, in layout order, that ids are made of: the one a repeated id is blamed on.
    pub fn key_field(&self) -> usize {
        self.parts.key.index
    }

    /// Whether a field must not be shown in clear: by the layout, or by this mapping.
    pub fn is_sensitive(&self, field: usize) -> bool {
        self.parts.sensitive.get(field).copied().unwrap_or(false)
    }

    /// The whole event of a row, in clear. Business checks are not made: they belong to the proof.
    pub fn event(
        &self,
        row: &Row,
        cx: &Lineage<'_>,
        instruments: &Instruments,
        out: &mut Event,
    ) -> Result<(), TradeFault> {
        self.write(row, cx, instruments, out, false)
    }

    /// The same with sensitive values masked. Its `datahash` is that of the masked data, so that hidden values cannot be
    /// tried against it.
    pub fn event_masked(
        &self,
        row: &Row,
        cx: &Lineage<'_>,
        instruments: &Instruments,
        out: &mut Event,
    ) -> Result<(), TradeFault> {
        self.write(row, cx, instruments, out, true)
    }

    /// Id, type, subject, time and instrument of a good row, without its JSON.
    pub fn identify(&self, row: &Row, instruments: &Instruments, out: &mut Event) -> Result<(), TradeFault> {
        self.read(row, instruments, out).map(|_| ())
    }

    /// The fields that an id is made of; nothing where it needs more than them: then [`Mapping::identify`] tells it.
    pub fn id_fields(&self) -> Option<Vec<usize>> {
        let mut fields = Vec::new();
        for entry in self.parts.id.entries().filter_map(|index| self.parts.entries.get(index)) {
            if entry.needs_instrument() {
                return None;
            }
            fields.extend(entry.fields().iter().map(|field| field.index));
            fields.extend(entry.required.iter().map(|(when, _)| when.field.index));
        }
        Some(fields)
    }

    /// The id alone of a row that was proven; the row needs no more than [`Mapping::id_fields`].
    pub fn id(&self, row: &Row, out: &mut Event) -> Result<(), TradeFault> {
        out.values.clear();
        out.spans.clear();
        out.spans.resize(self.parts.entries.len(), NONE);
        for index in self.parts.id.entries() {
            let (Some(entry), Some(span)) = (self.parts.entries.get(index), out.spans.get_mut(index)) else { continue };
            *span = entry.value(row, self.view(None), &mut out.values)?;
        }
        self.parts.id.fill(&out.values, &out.spans, &mut out.id);
        Ok(())
    }

    /// Proves one row: decoding, mapping and business checks; the first bad field in layout order. Fills id, type,
    /// subject, time and `content` of `out`, but writes no JSON.
    pub fn judge(&self, row: &Row, instruments: &Instruments, out: &mut Event) -> Result<(), TradeFault> {
        let failed = match self.read(row, instruments, out) {
            Ok(instrument) => {
                out.content = self.content(instrument, out);
                self.check(row, instrument).is_some()
            }
            Err(_) => true,
        };
        if failed && let Some(fault) = self.first_fault(row, instruments) {
            return Err(fault);
        }
        Ok(())
    }

    /// Stands for the business data of the values that were read: another value, another unit or another mapping gives
    /// another number.
    fn content(&self, instrument: Option<&Instrument>, read: &Event) -> u64 {
        let mut fold = Fold::new(self.edition);
        fold.add(&read.values);
        let number = |span: Option<&(u32, u32)>| span.map_or(0, |(from, to)| u64::from(*from) << 32 | u64::from(*to));
        for spans in read.spans.chunks(2) {
            fold.pair(number(spans.first()), number(spans.get(1)));
        }
        if let Some(instrument) = instrument {
            fold.pair(instrument.price_unit as u64, instrument.quantity_unit as u64);
        }
        fold.end()
    }

    fn write(
        &self,
        row: &Row,
        cx: &Lineage<'_>,
        instruments: &Instruments,
        out: &mut Event,
        masked: bool,
    ) -> Result<(), TradeFault> {
        self.fill(row, instruments, out, masked)?;
        self.envelope().seal(out, Some(cx));
        Ok(())
    }

    fn envelope(&self) -> Envelope<'_> {
        Envelope { source: &self.source, schema: &self.parts.schema, sensitive: &self.parts.marked, corrects: None }
    }

    /// Envelope and business data of a row, not sealed yet.
    fn fill(&self, row: &Row, instruments: &Instruments, out: &mut Event, masked: bool) -> Result<(), TradeFault> {
        let read = self.read(row, instruments, out);
        let instrument = read.map_err(|fault| self.first_fault(row, instruments).unwrap_or(fault))?;
        out.data.clear();
        out.data.push(b'{');
        for (index, entry) in self.parts.entries.iter().enumerate() {
            let span = out.spans.get(index).copied().unwrap_or(NONE);
            entry.push(span, instrument, masked, out);
        }
        out.data.push(b'}');
        Ok(())
    }

    /// Reads all values and fills the envelope.
    fn read<'i>(
        &self,
        row: &Row,
        instruments: &'i Instruments,
        out: &mut Event,
    ) -> Result<Option<&'i Instrument>, TradeFault> {
        if let Some(fault) = decoding_fault(row) {
            return Err(fault);
        }
        let instrument = self.instrument(row, instruments)?;
        let view = self.view(instrument);
        out.values.clear();
        out.spans.clear();
        for entry in &self.parts.entries {
            let span = entry.value(row, view, &mut out.values)?;
            out.spans.push(span);
        }
        let kind = self.kind(row)?;
        out.kind.clear();
        out.kind.push_str(kind);
        self.parts.id.fill(&out.values, &out.spans, &mut out.id);
        self.parts.subject.fill(&out.values, &out.spans, &mut out.subject);
        self.parts.time.fill(&out.values, &out.spans, &mut out.time);
        out.instrument.clear();
        out.instrument.push_str(instrument.map_or("", |instrument| &instrument.code));
        Ok(instrument)
    }

    fn view<'a>(&'a self, instrument: Option<&'a Instrument>) -> View<'a> {
        View { measure: self.parts.measure.as_ref(), instrument, offset: &self.offset }
    }

    fn instrument<'i>(&self, row: &Row, all: &'i Instruments) -> Result<Option<&'i Instrument>, TradeFault> {
        self.parts.measure.as_ref().map(|m| m.instrument(row, all)).transpose()
    }

    fn kind(&self, row: &Row) -> Result<&str, TradeFault> {
        match &self.parts.kind {
            Kind::Const(kind) => Ok(kind),
            Kind::Map(field, words) => {
                let value = field.plain(row);
                let word = words.iter().find(|(code, _)| *code == value);
                word.map(|(_, kind)| kind.as_str())
                    .ok_or_else(|| field.fault(Code::RANGE, "the code is not in the list"))
            }
        }
    }

    fn check(&self, row: &Row, instrument: Option<&Instrument>) -> Option<TradeFault> {
        self.parts.checks.evaluate(row, self.parts.measure.as_ref().zip(instrument))
    }

    /// All faults of a row, decoding first, and of them the first in layout order (D14).
    fn first_fault(&self, row: &Row, instruments: &Instruments) -> Option<TradeFault> {
        let instrument = self.instrument(row, instruments);
        let found = instrument.as_ref().ok().copied().flatten();
        let view = self.view(found);
        let mut scratch = Vec::new();
        let entries = self.parts.entries.iter().filter_map(|e| e.value(row, view, &mut scratch).err());
        decoding_fault(row)
            .into_iter()
            .chain(entries)
            .chain(instrument.err())
            .chain(self.kind(row).err())
            .chain(self.check(row, found))
            .min_by_key(|fault| fault.field)
    }
}

/// Keys stand in the order of their names, so only another meaning gives another number.
fn edition(text: &str) -> u64 {
    let said = text.parse::<toml::Table>().map_or_else(|_| text.to_owned(), |table| table.to_string());
    let mut edition = Fold::new(0);
    edition.add(said.as_bytes());
    edition.end()
}

fn decoding_fault(row: &Row) -> Option<TradeFault> {
    let fault = row.faults.iter().min_by_key(|f| f.field)?;
    Some(TradeFault { code: fault.code, field: fault.field, at: fault.offset, detail: fault.detail.into() })
}

#[cfg(test)]
mod tests;
