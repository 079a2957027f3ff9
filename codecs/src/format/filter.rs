//! A condition over the records of a file, whatever their types: what a reader asks for, not what the format says.
//!
//! A record type that lacks a field the condition names has no record that fits. A record where the condition cannot be
//! decided, because what it asks about is unreadable, is told apart: it must not vanish among those that do not fit.

use super::{Format, RecordFormat};
use crate::condition::{Condition, ConditionFault, Scope, Source};
use crate::record::Row;

/// A condition, compiled for every record format that has its fields.
#[derive(Clone, Debug)]
pub struct Filter {
    conditions: Vec<Option<Condition>>,
}

impl Format {
    /// Compiles a condition; a fault if no record format can answer it.
    pub fn filter(&self, text: &str) -> Result<Filter, ConditionFault> {
        let (mut conditions, mut unknown, mut first) = (Vec::new(), 0, None);
        for record in &self.records {
            let placed = has_places(record);
            let scope = Scope { layout: &record.layout, page: self.page, bytes: placed, placed };
            match Condition::parse(text, &scope) {
                Ok(condition) => conditions.push(Some(condition)),
                Err(fault) => {
                    unknown += usize::from(fault.is_unknown_field());
                    if !fault.is_unknown_field() {
                        return Err(fault);
                    }
                    first.get_or_insert(fault);
                    conditions.push(None);
                }
            }
        }
        match first {
            Some(fault) if unknown == self.records.len() => Err(fault),
            _ => Ok(Filter { conditions }),
        }
    }
}

impl Filter {
    /// Makes a format, and what is projected from it afterwards, insist on what the condition names: a reading that is lost
    /// must not look like a field without value.
    pub fn insist(&self, format: &mut Format) {
        for (condition, record) in self.conditions.iter().zip(&mut format.records) {
            if let Some(condition) = condition {
                record.insist(condition.fields());
            }
        }
    }

    /// Whether a record of a record format fits; nothing if that depends on what cannot be read.
    pub fn fits(&self, format: &Format, index: usize, record: &[u8]) -> Option<bool> {
        let (Some(Some(condition)), Some(layout)) = (self.conditions.get(index), format.records.get(index)) else {
            return Some(false);
        };
        if has_places(layout) {
            return condition.holds(&Source::Bytes(&layout.plan, record));
        }
        let mut row = Row::default();
        layout.decode(record, &mut row);
        condition.holds(&Source::Row(&row))
    }
}

/// Whether every field has one place in every record.
fn has_places(record: &RecordFormat) -> bool {
    record.layout.is_flat() && record.delimited.is_none()
}
