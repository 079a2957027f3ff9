//! Values of one column, and how a cell becomes one.

use super::schema::Type;
use crate::code::Code;
use crate::date::{Date, Time};
use crate::fault::Flaw;
use crate::record::{Cell, Decimal, Row};
use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{ArrayRef, BinaryArray, PrimitiveArray, StringArray};
use arrow_array::{Date32Array, Decimal128Array, Decimal256Array, Float32Array, Float64Array, Int16Array, Int32Array};
use arrow_array::{Int64Array, Time32MillisecondArray, TimestampMicrosecondArray, TimestampNanosecondArray};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer, i256};
use arrow_schema::{ArrowError, DataType};
use std::sync::Arc;

const HOLDS_NOT: Flaw = Flaw::new(Code::RANGE, 0, "the column's type cannot hold this value");
const DAY_SECONDS: i64 = 86_400;

/// A value, ready to be stored.
pub(super) enum Value<'a> {
    Null,
    Bytes(&'a [u8]),
    Hex(&'a str),
    I16(i16),
    I32(i32),
    I64(i64),
    I128(i128),
    I256(i256),
    F32(f32),
    F64(f64),
}

/// The cell as a value of a type.
pub(super) fn value(kind: Type, row: &Row, index: usize) -> Result<Value<'_>, Flaw> {
    let cell = row.cells.get(index).copied().unwrap_or(Cell::Absent);
    match cell {
        Cell::Bad | Cell::Absent => return Ok(Value::Null),
        // Whether it is null is as secret as the value.
        _ if kind == Type::Masked => return Ok(Value::Bytes(b"***")),
        Cell::Null => return Ok(Value::Null),
        _ => {}
    }
    let text = row.str(index).unwrap_or_default();
    let found = match (kind, cell) {
        (_, Cell::Raw(..)) => None,
        (Type::Text, Cell::Text(..) | Cell::Wide(..)) => Some(Value::Bytes(text.as_bytes())),
        // Numbers that are text are only ever zero when they are none: a policy put it there.
        (Type::Text, Cell::Double(0.0)) => Some(Value::Bytes(b"0")),
        (Type::Text, Cell::Decimal { unscaled, .. }) if unscaled.get() == 0 => Some(Value::Bytes(b"0")),
        (Type::Hex, Cell::Hex(..)) => Some(Value::Hex(text)),
        (Type::Int16, Cell::Int(n)) => i16::try_from(n).ok().map(Value::I16),
        (Type::Int32, Cell::Int(n)) => i32::try_from(n).ok().map(Value::I32),
        (Type::Int64, Cell::Int(n)) => Some(Value::I64(n)),
        (Type::Decimal { digits, decimals }, _) => narrow(row, index, digits, decimals).map(Value::I128),
        (Type::Wide { digits, decimals }, _) => wide(row, index, digits, decimals).map(Value::I256),
        (Type::Single, Cell::Single(n)) => Some(Value::F32(n)),
        (Type::Double, Cell::Double(n)) => Some(Value::F64(n)),
        (Type::Double, Cell::Single(n)) => Some(Value::F64(n.into())),
        (Type::Date, Cell::Text(..)) => Date::parse(text).map(|date| Value::I32(days(date))),
        (Type::Time, Cell::Text(..)) => time(text).map(Value::I32),
        (Type::Micros, Cell::Text(..)) => timestamp(text, 6).map(Value::I64),
        (Type::Nanos, Cell::Text(..)) => timestamp(text, 9).map(Value::I64),
        _ => None,
    };
    found.ok_or(HOLDS_NOT)
}

fn narrow(row: &Row, index: usize, digits: u8, decimals: u8) -> Option<i128> {
    let value = row.decimal(index).or_else(|| Decimal::parse(row.str(index)?))?.rescale(decimals)?;
    let most = 10i128.checked_pow(u32::from(digits))?;
    (value.unscaled.unsigned_abs() < most.unsigned_abs()).then_some(value.unscaled)
}

fn wide(row: &Row, index: usize, digits: u8, decimals: u8) -> Option<i256> {
    let shown = match row.decimal(index) {
        Some(value) => value.to_string(),
        None => row.str(index)?.to_owned(),
    };
    let (sign, number) = shown.strip_prefix('-').map_or(("", shown.as_str()), |rest| ("-", rest));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let zeros = usize::from(decimals).checked_sub(fraction.len())?;
    let all = format!("{whole}{fraction}{}", "0".repeat(zeros));
    let all = all.trim_start_matches('0');
    let is_number = all.len() <= usize::from(digits) && all.bytes().all(|c| c.is_ascii_digit());
    match all {
        "" => Some(i256::ZERO),
        _ => is_number.then(|| i256::from_string(&format!("{sign}{all}"))).flatten(),
    }
}

fn days(date: Date) -> i32 {
    // Howard Hinnant's days from civil, years 1 to 9999.
    let (year, month, day) = (i32::from(date.year), i32::from(date.month), i32::from(date.day));
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Milliseconds of the day, because Parquet knows no seconds; hour 24 is no time of any day.
fn time(text: &str) -> Option<i32> {
    let time = Time::parse(text).filter(|time| time.hour < 24)?;
    Some((i32::from(time.hour) * 3_600 + i32::from(time.minute) * 60 + i32::from(time.second)) * 1_000)
}

/// IBM's text of a timestamp as a number of the smallest units; hour 24 is the next day's first.
fn timestamp(text: &str, digits: usize) -> Option<i64> {
    let date = Date::parse(text.get(..10)?)?;
    let time = Time::parse(&text.get(11..19)?.replace('.', ":"))?;
    let fraction = text.get(20..).unwrap_or_default();
    let seconds = i64::from(time.hour) * 3_600 + i64::from(time.minute) * 60 + i64::from(time.second);
    let unit = 10i64.pow(digits as u32);
    let fraction: i64 = match fraction.len() {
        0 => 0,
        length => fraction.parse::<i64>().ok()?.checked_mul(10i64.checked_pow(digits.checked_sub(length)? as u32)?)?,
    };
    (i64::from(days(date)) * DAY_SECONDS + seconds).checked_mul(unit)?.checked_add(fraction)
}

/// Values of one column.
#[derive(Debug)]
pub(super) enum Store {
    Bytes { offsets: Vec<i32>, bytes: Vec<u8> },
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    I128(Vec<i128>),
    I256(Vec<i256>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl Store {
    pub(super) fn new(kind: Type) -> Store {
        match kind {
            Type::Text | Type::Masked | Type::Hex => Store::Bytes { offsets: vec![0], bytes: Vec::new() },
            Type::Int16 => Store::I16(Vec::new()),
            Type::Int32 | Type::Date | Type::Time => Store::I32(Vec::new()),
            Type::Int64 | Type::Micros | Type::Nanos => Store::I64(Vec::new()),
            Type::Decimal { .. } => Store::I128(Vec::new()),
            Type::Wide { .. } => Store::I256(Vec::new()),
            Type::Single => Store::F32(Vec::new()),
            Type::Double => Store::F64(Vec::new()),
        }
    }

    /// Stores a value of the column's type; a null has a place, too.
    pub(super) fn push(&mut self, value: &Value<'_>) {
        match (self, value) {
            (Store::Bytes { offsets, bytes }, value) => {
                match value {
                    Value::Bytes(text) => bytes.extend_from_slice(text),
                    Value::Hex(text) => bytes.extend(text.as_bytes().chunks_exact(2).map(|pair| {
                        let nibble = |c: u8| char::from(c).to_digit(16).unwrap_or_default() as u8;
                        nibble(pair[0]) << 4 | nibble(pair[1])
                    })),
                    _ => {}
                }
                offsets.push(bytes.len() as i32);
            }
            (Store::I16(values), Value::I16(n)) => values.push(*n),
            (Store::I32(values), Value::I32(n)) => values.push(*n),
            (Store::I64(values), Value::I64(n)) => values.push(*n),
            (Store::I128(values), Value::I128(n)) => values.push(*n),
            (Store::I256(values), Value::I256(n)) => values.push(*n),
            (Store::F32(values), Value::F32(n)) => values.push(*n),
            (Store::F64(values), Value::F64(n)) => values.push(*n),
            (Store::I16(values), _) => values.push(0),
            (Store::I32(values), _) => values.push(0),
            (Store::I64(values), _) => values.push(0),
            (Store::I128(values), _) => values.push(0),
            (Store::I256(values), _) => values.push(i256::ZERO),
            (Store::F32(values), _) => values.push(0.0),
            (Store::F64(values), _) => values.push(0.0),
        }
    }

    /// The column, and room for the next.
    pub(super) fn take(&mut self, kind: Type, nulls: Option<NullBuffer>) -> Result<ArrayRef, ArrowError> {
        Ok(match (self, kind) {
            (Store::Bytes { offsets, bytes }, kind) => {
                let offsets = OffsetBuffer::new(ScalarBuffer::from(std::mem::replace(offsets, vec![0])));
                let bytes = Buffer::from_vec(std::mem::take(bytes));
                match kind.arrow() {
                    DataType::Binary => Arc::new(BinaryArray::try_new(offsets, bytes, nulls)?),
                    _ => Arc::new(StringArray::try_new(offsets, bytes, nulls)?),
                }
            }
            (Store::I16(values), _) => Arc::new(numbers::<_>(values, nulls, Int16Array::try_new)?),
            (Store::I32(values), Type::Date) => Arc::new(numbers(values, nulls, Date32Array::try_new)?),
            (Store::I32(values), Type::Time) => Arc::new(numbers(values, nulls, Time32MillisecondArray::try_new)?),
            (Store::I32(values), _) => Arc::new(numbers(values, nulls, Int32Array::try_new)?),
            (Store::I64(values), Type::Micros) => Arc::new(numbers(values, nulls, TimestampMicrosecondArray::try_new)?),
            (Store::I64(values), Type::Nanos) => Arc::new(numbers(values, nulls, TimestampNanosecondArray::try_new)?),
            (Store::I64(values), _) => Arc::new(numbers(values, nulls, Int64Array::try_new)?),
            (Store::I128(values), kind) => {
                Arc::new(numbers(values, nulls, Decimal128Array::try_new)?.with_data_type(kind.arrow()))
            }
            (Store::I256(values), kind) => {
                Arc::new(numbers(values, nulls, Decimal256Array::try_new)?.with_data_type(kind.arrow()))
            }
            (Store::F32(values), _) => Arc::new(numbers(values, nulls, Float32Array::try_new)?),
            (Store::F64(values), _) => Arc::new(numbers(values, nulls, Float64Array::try_new)?),
        })
    }
}

type Make<T> =
    fn(ScalarBuffer<<T as ArrowPrimitiveType>::Native>, Option<NullBuffer>) -> Result<PrimitiveArray<T>, ArrowError>;

fn numbers<T: ArrowPrimitiveType>(
    values: &mut Vec<T::Native>,
    nulls: Option<NullBuffer>,
    make: Make<T>,
) -> Result<PrimitiveArray<T>, ArrowError> {
    make(ScalarBuffer::from(std::mem::take(values)), nulls)
}
