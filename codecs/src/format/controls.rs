//! Reading `[controls]`: names of fields become indices, and what cannot be added up is told.

use super::{RecordFormat, Role};
use crate::controls::{Condition, Controls, Count, Hash, Sum};
use crate::layout::Kind;
use crate::source::Section;

/// Reads the table; faults are noted in the source.
pub(super) fn read(table: &Section<'_>, records: &[RecordFormat]) -> Controls {
    let scope = Scope {
        detail: records.iter().find(|r| r.role == Role::Detail),
        trailer: records.iter().find(|r| r.role == Role::Trailer),
    };
    let controls = Controls {
        sequence: scope.detail(table, "sequence"),
        count: scope.trailer(table, "count").map(|(trailer, name)| Count { name, trailer, condition: None }),
        sums: table.sections("sums").iter().filter_map(|sum| scope.sum(sum)).collect(),
        counts: table.sections("counts").iter().filter_map(|count| scope.count(count)).collect(),
        hash: table.section("hash").and_then(|hash| scope.hash(&hash)),
    };
    table.no_more();
    controls
}

struct Scope<'a> {
    detail: Option<&'a RecordFormat>,
    trailer: Option<&'a RecordFormat>,
}

impl Scope<'_> {
    fn find(&self, record: Option<&RecordFormat>, table: &Section<'_>, key: &str, part: &str) -> Option<usize> {
        let name = table.text(key)?;
        let found = record.and_then(|record| record.field(&name));
        if found.is_none() {
            table.fault(key, format_args!("the {part} record has no field {name}"));
        }
        found
    }

    fn detail(&self, table: &Section<'_>, key: &str) -> Option<usize> {
        self.find(self.detail, table, key, "detail")
    }

    /// A field of the trailer: its index and its name.
    fn trailer(&self, table: &Section<'_>, key: &str) -> Option<(usize, String)> {
        let index = self.find(self.trailer, table, key, "trailer")?;
        self.number(self.trailer, index, table, key);
        Some((index, table.text(key)?))
    }

    fn number(&self, record: Option<&RecordFormat>, index: usize, table: &Section<'_>, key: &str) {
        let kind = record.and_then(|r| r.layout.fields.get(index)).map(|f| f.kind);
        let adds_up = match kind {
            Some(Kind::Packed { digits, .. } | Kind::Zoned { digits, .. } | Kind::Number { digits, .. }) => {
                digits <= 38
            }
            Some(Kind::Binary { .. }) => true,
            _ => false,
        };
        if !adds_up {
            table.fault(key, "is not a number of 38 digits at most");
        }
    }

    fn sum(&self, table: &Section<'_>) -> Option<Sum> {
        let trailer = self.needed(table, "trailer");
        let field = self.detail(table, "field");
        if !table.has("field") {
            table.need_text("field");
        }
        if let Some(field) = field {
            self.number(self.detail, field, table, "field");
        }
        let condition = self.condition(table);
        table.no_more();
        let (trailer, name) = trailer?;
        Some(Sum { name, trailer, field: field?, condition })
    }

    fn count(&self, table: &Section<'_>) -> Option<Count> {
        let trailer = self.needed(table, "trailer");
        let condition = self.condition(table);
        table.no_more();
        let (trailer, name) = trailer?;
        Some(Count { name, trailer, condition })
    }

    fn hash(&self, table: &Section<'_>) -> Option<Hash> {
        let trailer = self.needed(table, "trailer");
        if !table.has("field") {
            table.need_text("field");
        }
        let field = self.detail(table, "field");
        let digits = table.number_in("digits", 1..=37);
        table.no_more();
        let (trailer, name) = trailer?;
        Some(Hash { name, trailer, field: field?, digits: digits.map_or(31, |n| n as u8) })
    }

    fn needed(&self, table: &Section<'_>, key: &str) -> Option<(usize, String)> {
        if !table.has(key) {
            table.need_text(key);
        }
        self.trailer(table, key)
    }

    fn condition(&self, table: &Section<'_>) -> Option<Condition> {
        let condition = table.section("where")?;
        if !condition.has("field") || !condition.has("equals") {
            condition.fault("field", "a condition needs field and equals");
        }
        let field = self.detail(&condition, "field");
        let equals = condition.text("equals");
        condition.no_more();
        Some(Condition { field: field?, equals: equals? })
    }
}
