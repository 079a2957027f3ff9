//! The answer mapping: which fact stands in which field, as TOML says (`config/answers/`).
//!
//! Compiled against the answer's own format and the format that is answered. Every message of the code list is tried
//! against the message fields here, so that no answer fails over a text that never fitted.

use super::facts::{FILE_WORDS, FileFact, RECORD_WORDS, RecordFact};
use super::fit;
use super::target::Target;
use crate::trade::fields::{self, FieldRef};
use fpp_codecs::code::{Code, LIST};
use fpp_codecs::format::{Format, RecordFormat, Role};
use fpp_codecs::source::{Section, Source, SourceFault};

/// A compiled answer mapping with its format.
#[derive(Clone, Debug)]
pub struct AnswerMapping {
    format: Format,
    pub(super) header: Vec<(Target, Slot<FileFact>)>,
    pub(super) detail: Vec<(Target, Slot<RecordFact>)>,
    pub(super) trailer: Vec<(Target, Slot<FileFact>)>,
    pub(super) key: Option<FieldRef>,
    amount: Option<FieldRef>,
}

/// What stands in a field.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Slot<F> {
    /// Blanks or zeros.
    Blank,
    Const(String),
    Fact(F),
    /// A field of the answered record.
    Echo(FieldRef),
}

/// What slots of one kind of record may hold.
struct Words<'a, F: 'static> {
    facts: &'static [(&'static str, F)],
    messages: [F; 2],
    /// Records may echo fields, files may not.
    request: Option<&'a RecordFormat>,
}

impl AnswerMapping {
    /// Compiles a mapping; all faults at once.
    pub fn parse(file: &str, text: &str, answer: Format, request: &Format) -> Result<AnswerMapping, Vec<SourceFault>> {
        let source = Source::new(file, text);
        let root = source.root();
        let detail = request.record(Role::Detail);
        let mut key = None;
        let mut amount = None;
        root.need_text("name");
        if let Some(detail) = detail {
            key = fields::optional(&root, "key", detail);
            amount = fields::optional(&root, "amount", detail);
        } else {
            root.fault("name", "the answered format has no detail record");
        }
        let file_words =
            || Words { facts: FILE_WORDS, messages: [FileFact::Message, FileFact::English], request: None };
        let header = read(&root, "header", &answer, Role::Header, &file_words());
        let trailer = read(&root, "trailer", &answer, Role::Trailer, &file_words());
        let record_words =
            Words { facts: RECORD_WORDS, messages: [RecordFact::Message, RecordFact::English], request: detail };
        let rows = read(&root, "detail", &answer, Role::Detail, &record_words);
        let uses = |fact| rows.iter().any(|(_, slot)| *slot == Slot::Fact(fact));
        let sums = header.iter().chain(&trailer);
        let needs_amount = uses(RecordFact::Amount)
            || sums.clone().any(|(_, s)| matches!(s, Slot::Fact(FileFact::OkAmount | FileFact::BadAmount)));
        if needs_amount && !root.has("amount") {
            root.fault("amount", "is missing; the name of the answered record's amount is needed");
        }
        if uses(RecordFact::Key) && !root.has("key") {
            root.fault("key", "is missing; the name of the answered record's key field is needed");
        }
        let mapping = AnswerMapping { format: answer, header, detail: rows, trailer, key, amount };
        if let Some(detail) = detail {
            mapping.misfits(detail).iter().for_each(|why| root.fault("detail", why));
        }
        root.no_more();
        drop(root);
        let faults = source.finish();
        if faults.is_empty() { Ok(mapping) } else { Err(faults) }
    }

    /// Format of the answer file.
    pub fn format(&self) -> &Format {
        &self.format
    }

    /// The answered record's amount field.
    pub fn amount_field(&self) -> Option<usize> {
        self.amount.map(|f| f.index)
    }

    /// Whether an event id fits where the answer tells it.
    pub fn holds_event_id(&self, id: &str) -> bool {
        self.holds(Role::Detail, &self.detail, RecordFact::EventId, id)
    }

    /// Whether a file name fits where the answer tells it (D15): a file with a longer one is held.
    pub fn holds_file_name(&self, name: &str) -> bool {
        self.holds(Role::Header, &self.header, FileFact::Name, name)
            && self.holds(Role::Trailer, &self.trailer, FileFact::Name, name)
    }

    fn holds<F: Copy + PartialEq>(&self, role: Role, slots: &[(Target, Slot<F>)], fact: F, value: &str) -> bool {
        let fields = self.format.record(role).map_or(&[][..], |r| &r.layout.fields);
        let mut told = slots.iter().zip(fields).filter(|((_, slot), _)| *slot == Slot::Fact(fact));
        told.all(|(_, field)| fit::fits(field, &self.format, value))
    }

    /// Fields of a row that cannot take all that the answered record may hold.
    fn misfits(&self, request: &RecordFormat) -> Vec<String> {
        let fields = self.format.record(Role::Detail).map_or(&[][..], |r| &r.layout.fields);
        let longest = request.layout.fields.iter().map(|f| f.name.as_str()).max_by_key(|name| name.len());
        let mut found = Vec::new();
        for ((_, slot), field) in self.detail.iter().zip(fields) {
            let source = match slot {
                Slot::Echo(source) => Some(*source),
                Slot::Fact(RecordFact::Key) => self.key,
                Slot::Fact(RecordFact::Amount) => self.amount,
                Slot::Fact(RecordFact::ErrorField) => {
                    let name = longest.filter(|name| !fit::fits(field, &self.format, name));
                    found.extend(name.map(|name| format!("the field name {name} does not fit {}", field.name)));
                    None
                }
                _ => None,
            };
            let source = source.and_then(|s| request.layout.fields.get(s.index));
            found.extend(source.and_then(|source| fit::misfit(source, field)));
        }
        found
    }

    pub(super) fn amount(&self) -> Option<FieldRef> {
        self.amount
    }
}

/// A slot for each field of the record format with a role, in layout order; none if the answer has no such record.
fn read<F: Copy + PartialEq>(
    root: &Section<'_>,
    key: &str,
    answer: &Format,
    role: Role,
    words: &Words<'_, F>,
) -> Vec<(Target, Slot<F>)> {
    let sections = root.sections(key);
    let Some(record) = answer.record(role) else {
        if !sections.is_empty() {
            root.fault(key, format_args!("the format {} has no such record", answer.name));
        }
        return Vec::new();
    };
    if sections.is_empty() {
        root.fault(key, format_args!("is missing; the fields of {} are needed", record.layout.name));
    }
    let mut slots: Vec<(Target, Slot<F>)> =
        record.layout.fields.iter().map(|f| (Target::new(f), Slot::Blank)).collect();
    for section in &sections {
        let field = fields::need(section, "field", record);
        let slot = read_slot(section, words);
        section.no_more();
        let (Some(field), Some(slot)) = (field, slot) else {
            continue;
        };
        check_messages(section, record, field, answer, &slot, words);
        match slots.get_mut(field.index) {
            Some((_, old)) if *old == Slot::Blank => *old = slot,
            _ => section.fault("field", "is listed twice"),
        }
    }
    slots
}

fn read_slot<F: Copy + PartialEq>(section: &Section<'_>, words: &Words<'_, F>) -> Option<Slot<F>> {
    let given = ["from", "const", "echo"].into_iter().filter(|k| section.has(k)).count();
    if given != 1 {
        section.fault("from", "exactly one of `from`, `const` and `echo` is needed");
        return None;
    }
    if section.has("const") {
        return section.text("const").map(Slot::Const);
    }
    if section.has("echo") {
        let Some(request) = words.request else {
            section.fault("echo", "only rows can echo a field of the answered record");
            return None;
        };
        return fields::need(section, "echo", request).map(Slot::Echo);
    }
    section.choice("from", words.facts).map(Slot::Fact)
}

/// Every text of the code list must fit a message field.
fn check_messages<F: Copy + PartialEq>(
    section: &Section<'_>,
    record: &RecordFormat,
    field: FieldRef,
    answer: &Format,
    slot: &Slot<F>,
    words: &Words<'_, F>,
) {
    let Slot::Fact(fact) = slot else { return };
    let Some(at) = words.messages.iter().position(|m| m == fact) else { return };
    let Some(layout) = record.layout.fields.get(field.index) else { return };
    let codes = LIST.lines().filter_map(|line| Code::parse(line.get(..7)?));
    let text = |code: Code| if at == 0 { code.chinese() } else { code.english() };
    if let Some(code) = codes.into_iter().find(|c| !fit::takes(layout, answer, text(*c))) {
        section.fault("field", format_args!("the message of {code} does not fit {}", layout.name));
    }
}
