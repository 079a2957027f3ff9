//! Reading `[controls]`: names of fields become indices, and what cannot be added up is told.
//!
//! A total runs over every detail record that has its field, or over the one that `record` names.

use super::{RecordFormat, Role};
use crate::condition::{Condition, Scope};
use crate::controls::{Addend, Controls, Count, Counted, Hash, Promise, Sum};
use crate::layout::Kind;
use crate::source::Section;
use crate::text::Page;

/// Reads the table; faults are noted in the source.
pub(super) fn read(table: &Section<'_>, records: &[RecordFormat], page: Page) -> Controls {
    let reader = Reader { records, page };
    let list = |key: &str| match table.is_table(key) {
        true => table.section(key).into_iter().collect(),
        false => table.sections(key),
    };
    let controls = Controls {
        sequence: reader.sequence(table),
        count: reader.plain_count(table),
        sums: list("sums").iter().filter_map(|sum| reader.sum(sum)).collect(),
        counts: list("counts").iter().filter_map(|count| reader.count(count)).collect(),
        hashes: list("hash").iter().filter_map(|hash| reader.hash(hash)).collect(),
    };
    table.no_more();
    controls
}

struct Reader<'a> {
    records: &'a [RecordFormat],
    page: Page,
}

impl Reader<'_> {
    fn details(&self) -> impl Iterator<Item = (usize, &RecordFormat)> {
        self.records.iter().enumerate().filter(|(_, record)| record.role == Role::Detail)
    }

    /// The field that numbers the details: the same one in all of them.
    fn sequence(&self, table: &Section<'_>) -> Option<usize> {
        let name = table.text("sequence")?;
        let mut found: Vec<_> = self.details().map(|(_, record)| record.field(&name)).collect();
        found.dedup();
        match found[..] {
            [Some(field)] => Some(field),
            [None] | [] => {
                table.fault("sequence", format_args!("the detail record has no field {name}"));
                None
            }
            _ => {
                table.fault("sequence", format_args!("{name} is not the same field in all detail records"));
                None
            }
        }
    }

    /// A count without condition: the field of the trailer, or a table.
    fn plain_count(&self, table: &Section<'_>) -> Option<Count> {
        if !table.is_table("count") {
            let promise = self.promised(table, "count", Role::Trailer)?;
            return Some(Count { promise, of: Counted::Details });
        }
        let count = table.section("count")?;
        let promise = self.promise(&count);
        let words = [("details", false), ("all", true)];
        let all = count.choice("records", &words).unwrap_or(false);
        count.no_more();
        Some(Count { promise: promise?, of: if all { Counted::Records } else { Counted::Details } })
    }

    /// `trailer` or `header`: the field that promises a total.
    fn promise(&self, table: &Section<'_>) -> Option<Promise> {
        match (table.has("trailer"), table.has("header")) {
            (true, false) => self.promised(table, "trailer", Role::Trailer),
            (false, true) => self.promised(table, "header", Role::Header),
            (true, true) => {
                table.fault("header", "stands in the trailer or in the header, not in both");
                None
            }
            (false, false) => {
                table.text("header");
                table.need_text("trailer");
                None
            }
        }
    }

    fn promised(&self, table: &Section<'_>, key: &str, role: Role) -> Option<Promise> {
        let name = table.text(key)?;
        let part = if role == Role::Header { "header" } else { "trailer" };
        let record = self.records.iter().position(|record| record.role == role);
        let found = record.and_then(|at| self.records.get(at)?.field(&name).map(|field| (at, field)));
        let Some((record, field)) = found else {
            table.fault(key, format_args!("the {part} record has no field {name}"));
            return None;
        };
        self.number(record, field, table, key);
        Some(Promise { name, record, field })
    }

    fn number(&self, record: usize, field: usize, table: &Section<'_>, key: &str) {
        let field = self.records.get(record).and_then(|record| record.layout.fields.get(field));
        let adds_up = field.is_some_and(|field| match field.kind {
            _ if field.rules.moment.is_some() => false,
            Kind::NumberText { .. } => true,
            kind => kind.digits().is_some_and(|(digits, _)| digits + field.rules.scale_up <= 38),
        });
        if !adds_up {
            table.fault(key, "is not a number of 38 digits at most");
        }
    }

    /// The detail records that a total is about.
    fn records(&self, table: &Section<'_>) -> Option<Vec<usize>> {
        let Some(name) = table.text("record") else { return Some(self.details().map(|(index, _)| index).collect()) };
        let found = self.details().find(|(_, record)| record.layout.name.eq_ignore_ascii_case(&name));
        if found.is_none() {
            table.fault("record", format_args!("{name} is no detail record of this format"));
        }
        found.map(|(index, _)| vec![index])
    }

    /// What is added up: the field in every detail record that has it.
    fn addends(&self, table: &Section<'_>, numbers: bool) -> Option<Vec<Addend>> {
        let name = table.need_text("field");
        let records = self.records(table)?;
        let mut addends = Vec::new();
        for record in records {
            let Some(field) = self.records.get(record).and_then(|found| found.field(&name)) else { continue };
            if numbers {
                self.number(record, field, table, "field");
            }
            let condition = self.condition(table, record)?;
            addends.push(Addend { record, field, condition });
        }
        if addends.is_empty() && !name.is_empty() {
            table.fault("field", format_args!("the detail record has no field {name}"));
        }
        Some(addends)
    }

    fn sum(&self, table: &Section<'_>) -> Option<Sum> {
        let (promise, addends) = (self.promise(table), self.addends(table, true));
        let absolute = table.flag("absolute").unwrap_or(false);
        table.no_more();
        Some(Sum { promise: promise?, addends: addends?, absolute })
    }

    fn count(&self, table: &Section<'_>) -> Option<Count> {
        let (promise, records) = (self.promise(table), self.records(table));
        let counted = records.map(|records| {
            let one = |record| self.condition(table, record).map(|condition| (record, condition));
            records.into_iter().filter_map(one).collect()
        });
        table.no_more();
        Some(Count { promise: promise?, of: Counted::Fitting(counted?) })
    }

    fn hash(&self, table: &Section<'_>) -> Option<Hash> {
        let (promise, addends) = (self.promise(table), self.addends(table, false));
        let digits = table.number_in("digits", 1..=37).and_then(|n| u8::try_from(n).ok());
        table.no_more();
        Some(Hash { promise: promise?, addends: addends?, digits: digits.unwrap_or(31) })
    }

    /// `where`, compiled for a record: a condition, or a table with `field` and `equals`. Nothing after a fault.
    #[allow(clippy::option_option)] // a fault, no condition, a condition
    fn condition(&self, table: &Section<'_>, record: usize) -> Option<Option<Condition>> {
        if !table.has("where") {
            return Some(None);
        }
        let record = self.records.get(record)?;
        let scope = Scope { layout: &record.layout, page: self.page, bytes: false, placed: false };
        if !table.is_table("where") {
            let text = table.text("where")?;
            return Condition::parse(&text, &scope).map_err(|fault| table.fault("where", fault)).ok().map(Some);
        }
        let condition = table.section("where")?;
        if !condition.has("field") || !condition.has("equals") {
            condition.fault("field", "a condition needs field and equals");
        }
        let (name, equals) = (condition.text("field"), condition.text("equals"));
        condition.no_more();
        let (name, equals) = (name?, equals?);
        let Some(field) = record.field(&name) else {
            condition.fault("field", format_args!("the detail record has no field {name}"));
            return None;
        };
        let made = Condition::equals(field, &equals, &scope);
        made.map_err(|fault| condition.fault("equals", fault)).ok().map(Some)
    }
}
