//! How a record format becomes columns.
//!
//! The type of a column follows from the field alone, never from the values of a file, so that files of one layout can be
//! read together. A column is not nullable only where no good record can lack the value. Names are the layout's keys,
//! of which no group has one twice.

use crate::format::{Format, RecordFormat};
use crate::layout::{Array, Field, Kind, Node, NumericMoment};
use arrow_schema::{DataType, Field as ArrowField, Schema, SchemaRef, TimeUnit};
use std::collections::HashMap;
use std::sync::Arc;

/// Digits that fit 128 and 256 bits.
const NARROW: u8 = 38;
const WIDE: u8 = 76;

/// Which fields become columns, and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// Fillers too.
    pub fillers: bool,
    /// Fields that are left out; empty for none.
    pub hidden: &'a [bool],
    /// Fields that are `***`; empty for none.
    pub masked: &'a [bool],
}

/// The columns of one record format.
#[derive(Clone, Debug)]
pub struct Table {
    pub(super) schema: SchemaRef,
    pub(super) parts: Vec<Part>,
}

/// A column, or several in a struct or list.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) field: Arc<ArrowField>,
    pub(super) what: What,
}

/// What a column is made of.
#[derive(Clone, Debug)]
pub(super) enum What {
    Leaf {
        index: usize,
        kind: Type,
    },
    Group {
        /// Leaves of the record, of the first occurrence: without any the struct is null.
        span: (usize, usize),
        parts: Vec<Part>,
    },
    List {
        array: Array,
        item: Box<Part>,
    },
}

/// The type of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Masked,
    Hex,
    Int16,
    Int32,
    Int64,
    /// Up to 38 digits.
    Decimal {
        digits: u8,
        decimals: u8,
    },
    /// Up to 76 digits.
    Wide {
        digits: u8,
        decimals: u8,
    },
    Single,
    Double,
    Date,
    Time,
    Micros,
    Nanos,
}

impl Table {
    /// The columns of a record format; nothing if it has no field to show.
    pub fn new(format: &Format, index: usize, options: Options<'_>) -> Option<Table> {
        let record = format.records.get(index)?;
        let maker = Maker { record, options, whole: record.is_always_whole() };
        let parts = match record.layout.is_flat() {
            true => (0..record.layout.fields.len()).filter_map(|at| maker.leaf("", at, false)).collect(),
            false => maker.nodes(&record.layout.nodes, false),
        };
        let fields: Vec<Arc<ArrowField>> = parts.iter().map(|part| Arc::clone(&part.field)).collect();
        let pages: Vec<String> = format.pages().iter().map(|page| page.name().to_owned()).collect();
        let about = [
            ("fpp.format", format.name.clone()),
            ("fpp.layout", record.layout.name.clone()),
            ("fpp.version", format.version.clone()),
            ("fpp.pages", pages.join(",")),
            ("fpp.sources", format.sources.join(",")),
        ];
        let about: HashMap<String, String> = about.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let schema = Arc::new(Schema::new_with_metadata(fields, about));
        (!parts.is_empty()).then_some(Table { schema, parts })
    }
}

struct Maker<'a> {
    record: &'a RecordFormat,
    options: Options<'a>,
    whole: bool,
}

impl Maker<'_> {
    fn nodes(&self, nodes: &[Node], perhaps: bool) -> Vec<Part> {
        nodes.iter().flat_map(|node| self.node(node, perhaps)).collect()
    }

    fn node(&self, node: &Node, perhaps: bool) -> Vec<Part> {
        match node {
            Node::Leaf { key, field } => self.leaf(key, *field, perhaps).into_iter().collect(),
            Node::Group { key, nodes } if key.is_empty() => self.nodes(nodes, perhaps),
            Node::Group { key, nodes } => self.group(key, nodes, node.span(), perhaps).into_iter().collect(),
            Node::Array(array) => {
                let span = array.item.span();
                let item = match &*array.item {
                    Node::Leaf { field, .. } => self.leaf("item", *field, perhaps),
                    Node::Group { nodes, .. } => self.group("item", nodes, span, perhaps),
                    other => self.group("item", std::slice::from_ref(other), span, perhaps),
                };
                let list = item.map(|item| Part {
                    field: Arc::new(ArrowField::new(&array.key, DataType::List(Arc::clone(&item.field)), perhaps)),
                    what: What::List { array: array.clone(), item: Box::new(item) },
                });
                list.into_iter().collect()
            }
            Node::Redefines(part) => self.nodes(&part.alternatives, true),
        }
    }

    fn group(&self, key: &str, nodes: &[Node], span: (usize, usize), perhaps: bool) -> Option<Part> {
        let parts = self.nodes(nodes, perhaps);
        let fields: Vec<Arc<ArrowField>> = parts.iter().map(|part| Arc::clone(&part.field)).collect();
        let field = Arc::new(ArrowField::new(key, DataType::Struct(fields.into()), perhaps));
        (!parts.is_empty()).then_some(Part { field, what: What::Group { span, parts } })
    }

    fn leaf(&self, key: &str, index: usize, perhaps: bool) -> Option<Part> {
        let field = self.record.layout.fields.get(index)?;
        let flag = |flags: &[bool]| flags.get(index) == Some(&true);
        if flag(self.options.hidden) || (field.is_filler() && !self.options.fillers) {
            return None;
        }
        let kind = if flag(self.options.masked) { Type::Masked } else { Type::of(field) };
        let nullable = perhaps || !self.whole || field.nullable || field.rules.gives_null();
        let name = if key.is_empty() { field.name.as_str() } else { key };
        let field = Arc::new(ArrowField::new(name, kind.arrow(), nullable));
        Some(Part { field, what: What::Leaf { index, kind } })
    }
}

impl Type {
    fn of(field: &Field) -> Type {
        let rules = &field.rules;
        match (rules.moment, field.kind) {
            (Some(NumericMoment::Date(_)), _) | (None, Kind::Date(_)) => Type::Date,
            (Some(_), _) | (None, Kind::Time(_)) => Type::Time,
            (None, Kind::Timestamp { fraction: 0..=6 }) => Type::Micros,
            (None, Kind::Timestamp { fraction: 7..=9 }) => Type::Nanos,
            (None, Kind::Hex) => Type::Hex,
            // Exact text: 56 bits of fraction do not fit a double.
            (None, Kind::Float { double: true }) if rules.hex_float => Type::Text,
            (None, Kind::Float { double: true }) => Type::Double,
            (None, Kind::Float { double: false }) if rules.hex_float => Type::Double,
            (None, Kind::Float { double: false }) => Type::Single,
            (None, Kind::NumberText { decimals }) => Type::Wide { digits: WIDE, decimals },
            (None, Kind::Binary { digits, decimals }) => {
                match (field.bytes, rules.unsigned, decimals, rules.scale_up) {
                    (1..=2, false, 0, 0) => Type::Int16,
                    (1..=2, true, 0, 0) | (3..=4, false, 0, 0) => Type::Int32,
                    (3..=4, true, 0, 0) | (5..=8, false, 0, 0) => Type::Int64,
                    // What the bytes hold may have more digits than the picture.
                    (bytes, ..) => Type::decimal(
                        digits
                            .max((bytes.saturating_mul(5) / 2).min(usize::from(WIDE)) as u8)
                            .saturating_add(rules.scale_up),
                        decimals,
                    ),
                }
            }
            (None, kind) => match kind.digits() {
                Some((digits, decimals)) => Type::decimal(digits.saturating_add(rules.scale_up), decimals),
                None => Type::Text,
            },
        }
    }

    /// Digits are those before and after the point, at least as many as after it.
    fn decimal(digits: u8, decimals: u8) -> Type {
        let digits = digits.max(decimals).max(1);
        match digits {
            0..=NARROW => Type::Decimal { digits, decimals },
            _ => Type::Wide { digits: digits.min(WIDE), decimals },
        }
    }

    pub(super) fn arrow(self) -> DataType {
        match self {
            Type::Text | Type::Masked => DataType::Utf8,
            Type::Hex => DataType::Binary,
            Type::Int16 => DataType::Int16,
            Type::Int32 => DataType::Int32,
            Type::Int64 => DataType::Int64,
            Type::Decimal { digits, decimals } => DataType::Decimal128(digits, decimals as i8),
            Type::Wide { digits, decimals } => DataType::Decimal256(digits, decimals as i8),
            Type::Single => DataType::Float32,
            Type::Double => DataType::Float64,
            Type::Date => DataType::Date32,
            Type::Time => DataType::Time32(TimeUnit::Millisecond),
            Type::Micros => DataType::Timestamp(TimeUnit::Microsecond, None),
            Type::Nanos => DataType::Timestamp(TimeUnit::Nanosecond, None),
        }
    }
}
