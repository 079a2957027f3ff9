//! Which columns a table has, and which field of a record format stands in which.

use crate::format::Format;
use crate::layout::Field;
use std::collections::HashMap;

/// The column that tells the record format, where a table has several.
pub(super) const TYPE: &str = "type";

/// The columns of one table.
#[derive(Clone, Debug)]
pub struct Columns {
    /// Names, the type column left out.
    pub(super) names: Vec<String>,
    /// Whether there is a type column.
    pub(super) typed: bool,
    /// For each record format of the format, the field of each column; empty for one that is not in this table.
    pub(super) fields: Vec<Vec<Option<usize>>>,
}

/// Which fields become columns.
#[derive(Clone, Copy, Debug, Default)]
struct Wanted<'a> {
    /// Fillers too.
    fillers: bool,
    /// For each record format, fields that are left out.
    hidden: &'a [Vec<bool>],
}

impl Columns {
    /// The columns of some of a format's record formats, by index. Fields of one name share a column.
    pub fn new(format: &Format, records: &[usize], fillers: bool, hidden: &[Vec<bool>]) -> Columns {
        let wanted = Wanted { fillers, hidden };
        let mut names: Vec<String> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for &record in records {
            for (_, field) in shown(format, record, wanted) {
                places.entry(&field.name).or_insert_with(|| {
                    names.push(field.name.clone());
                    names.len() - 1
                });
            }
        }
        let mut fields = vec![Vec::new(); format.records.len()];
        for &record in records {
            let mut row = vec![None; names.len()];
            for (index, field) in shown(format, record, wanted) {
                if let Some(slot) = places.get(field.name.as_str()).and_then(|place| row.get_mut(*place)) {
                    *slot = Some(index);
                }
            }
            if let Some(slot) = fields.get_mut(record) {
                *slot = row;
            }
        }
        Columns { names, typed: records.len() > 1, fields }
    }
}

fn shown<'a>(format: &'a Format, record: usize, wanted: Wanted<'a>) -> impl Iterator<Item = (usize, &'a Field)> {
    let fields = format.records.get(record).map_or(&[][..], |record| &record.layout.fields);
    let hidden = wanted.hidden.get(record).map_or(&[][..], Vec::as_slice);
    fields
        .iter()
        .enumerate()
        .filter(move |(index, field)| (wanted.fillers || !field.is_filler()) && hidden.get(*index) != Some(&true))
}
