//! Good records, collected column by column.

use super::schema::{Part, Table, Type, What};
use super::store::{Store, Value, value};
use crate::fault::Fault;
use crate::format::RecordFormat;
use crate::layout::Array;
use crate::record::{Around, Row};
use arrow_array::{ArrayRef, ListArray, RecordBatch, RecordBatchOptions, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, SchemaRef};
use std::sync::Arc;

/// Records that wait to be written.
#[derive(Debug)]
pub struct Rows {
    schema: SchemaRef,
    columns: Vec<Column>,
    count: usize,
}

/// Rows that were collected.
#[derive(Clone, Debug)]
pub struct Chunk(pub(super) RecordBatch);

#[derive(Debug)]
struct Column {
    field: Arc<Field>,
    valid: Vec<bool>,
    what: Parts,
}

#[derive(Debug)]
enum Parts {
    Leaf { index: usize, kind: Type, store: Store },
    Group { span: (usize, usize), columns: Vec<Column> },
    List { array: Array, offsets: Vec<i32>, item: Box<Column> },
}

impl Rows {
    /// No rows yet.
    pub fn new(table: &Table) -> Rows {
        let columns = table.parts.iter().map(Column::new).collect();
        Rows { schema: Arc::clone(&table.schema), columns, count: 0 }
    }

    /// Adds a record without faults. A value that its column cannot hold is a fault, and nothing is added.
    pub fn push(&mut self, record: &RecordFormat, row: &Row) -> Result<(), Fault> {
        let around = &mut Around::default();
        self.columns.iter().try_for_each(|column| column.check(record, row, 0, around))?;
        self.columns.iter_mut().for_each(|column| column.push(row, 0, around));
        self.count += 1;
        Ok(())
    }

    /// Takes what was collected; nothing if that is nothing.
    pub fn take(&mut self) -> Result<Option<Chunk>, String> {
        let count = std::mem::take(&mut self.count);
        if count == 0 {
            return Ok(None);
        }
        let arrays: Result<Vec<ArrayRef>, ArrowError> = self.columns.iter_mut().map(Column::take).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        let batch =
            arrays.and_then(|arrays| RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options));
        batch.map(|batch| Some(Chunk(batch))).map_err(|e| e.to_string())
    }
}

impl Column {
    fn new(part: &Part) -> Column {
        let what = match &part.what {
            What::Leaf { index, kind } => Parts::Leaf { index: *index, kind: *kind, store: Store::new(*kind) },
            What::Group { span, parts } => {
                Parts::Group { span: *span, columns: parts.iter().map(Column::new).collect() }
            }
            What::List { array, item } => {
                Parts::List { array: array.clone(), offsets: vec![0], item: Box::new(Column::new(item)) }
            }
        };
        Column { field: Arc::clone(&part.field), valid: Vec::new(), what }
    }

    /// Whether every value fits.
    fn check(&self, record: &RecordFormat, row: &Row, shift: usize, around: &mut Around) -> Result<(), Fault> {
        match &self.what {
            Parts::Leaf { index, kind, .. } => {
                let index = index + shift;
                let place = || record.layout.fields.get(index).map_or(0, |field| field.offset);
                value(*kind, row, index).map(|_| ()).map_err(|flaw| flaw.within(index, place()))
            }
            Parts::Group { columns, .. } => {
                columns.iter().try_for_each(|column| column.check(record, row, shift, around))
            }
            Parts::List { array, item, .. } => (0..row.occurrences(array, shift, around)).try_for_each(|n| {
                around.enter(array.item.span().0, array.leaves, n);
                let fits = item.check(record, row, shift + n * array.leaves, around);
                around.leave();
                fits
            }),
        }
    }

    fn push(&mut self, row: &Row, shift: usize, around: &mut Around) {
        match &mut self.what {
            Parts::Leaf { index, kind, store } => {
                let value = value(*kind, row, *index + shift).unwrap_or(Value::Null);
                self.valid.push(!matches!(value, Value::Null));
                store.push(&value);
            }
            Parts::Group { span, columns } => {
                self.valid.push(!self.field.is_nullable() || row.has(*span, shift));
                columns.iter_mut().for_each(|column| column.push(row, shift, around));
            }
            Parts::List { array, offsets, item } => {
                let mut last = offsets.last().copied().unwrap_or_default();
                for n in 0..row.occurrences(array, shift, around) {
                    around.enter(array.item.span().0, array.leaves, n);
                    item.push(row, shift + n * array.leaves, around);
                    around.leave();
                    last += 1;
                }
                offsets.push(last);
                self.valid.push(true);
            }
        }
    }

    fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        let valid = std::mem::take(&mut self.valid);
        let nulls = valid.contains(&false).then(|| NullBuffer::from(valid));
        match &mut self.what {
            Parts::Leaf { kind, store, .. } => store.take(*kind, nulls),
            Parts::Group { columns, .. } => {
                let arrays: Result<Vec<ArrayRef>, ArrowError> = columns.iter_mut().map(Column::take).collect();
                match self.field.data_type() {
                    DataType::Struct(fields) => Ok(Arc::new(StructArray::try_new(fields.clone(), arrays?, nulls)?)),
                    other => Err(ArrowError::SchemaError(format!("{other} is no struct"))),
                }
            }
            Parts::List { offsets, item, .. } => {
                let offsets = OffsetBuffer::new(ScalarBuffer::from(std::mem::replace(offsets, vec![0])));
                let list = ListArray::try_new(Arc::clone(&item.field), offsets, item.take()?, nulls)?;
                Ok(Arc::new(list))
            }
        }
    }
}
