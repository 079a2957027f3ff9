//! The byte-exact description of one record, from DDS source, a COBOL copybook, or TOML.

pub mod build;
pub mod check;
pub mod convert;
pub mod copybook;
pub mod dds;
pub mod diff;
pub mod dspffd;
mod kind;
mod names;
mod node;
mod rules;
pub mod toml;

pub use crate::date::{DateForm, TimeForm};
pub use kind::Kind;
pub use node::{Array, Choice, Depending, Node, Redefines};
pub use rules::{Dirty, NumericMoment, Rules, SignPlace};

use crate::text::Page;

/// One record format.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Record format name, e.g. `PMTRDD`.
    pub name: String,
    /// Description.
    pub text: String,
    /// Bytes of a record, of the longest one where their number varies.
    pub length: usize,
    /// Bytes of the shortest record: less only with OCCURS DEPENDING ON.
    pub least: usize,
    /// Fields in record order. Those of a flat record cover it without gap or overlap; with a tree, arrays are written
    /// out and alternatives lie over each other.
    pub fields: Vec<Field>,
    /// The tree over the fields; empty for a flat record.
    pub nodes: Vec<Node>,
    /// Key fields, as the source names them.
    pub keys: Vec<String>,
    /// What the source says besides and a reader should know: renamings, select and omit.
    pub notes: Vec<String>,
}

/// One field.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Name, upper case, unique in its layout: with its occurrences (`QTY(2,1)`), and with its groups where the name
    /// alone would not do (`SHIP.CITY`).
    pub name: String,
    /// What the bytes mean.
    pub kind: Kind,
    /// First byte within the record, from 0.
    pub offset: usize,
    /// Bytes in the record, the two length bytes of VARLEN included.
    pub bytes: usize,
    /// Code page of character data; nothing for packed, binary, float, hex.
    pub page: Option<Page>,
    /// Two big-endian length bytes stand in front.
    pub varlen: bool,
    /// May be null (ALWNULL); how a null is written is a matter of the file format.
    pub nullable: bool,
    /// Never shown in clear in logs, rejects and masked views.
    pub sensitive: bool,
    /// Description (TEXT).
    pub text: String,
    /// Column heading (COLHDG), lines joined by a blank.
    pub heading: String,
    /// How values are read and written beside the kind.
    pub rules: Rules,
    /// Names for values (level 88): name, and its values as the source writes them.
    pub conditions: Vec<(String, String)>,
}

impl Layout {
    /// A flat record of fields that have their places.
    pub fn flat(name: String, fields: Vec<Field>) -> Layout {
        let length = fields.last().map_or(0, |field| field.offset + field.bytes);
        let (text, nodes, keys, notes) = (String::new(), Vec::new(), Vec::new(), Vec::new());
        Layout { name, text, length, least: length, fields, nodes, keys, notes }
    }

    /// The names each field stands under, the groups and arrays around it first; of all occurrences alike.
    pub fn paths(&self) -> Vec<Vec<&str>> {
        let mut paths: Vec<Vec<&str>> = self.fields.iter().map(|field| vec![field.name.as_str()]).collect();
        self.nodes.iter().for_each(|node| node.paths(0, &mut Vec::new(), &mut paths));
        paths
    }

    /// Which fields hold a byte of those that are meant, themselves among them: alternatives (REDEFINES) are readings of
    /// the same bytes.
    pub fn sharing(&self, meant: impl Fn(&Field) -> bool) -> Vec<bool> {
        if self.is_flat() {
            return self.fields.iter().map(meant).collect();
        }
        let meant = self.fields.iter().filter(|field| meant(field));
        let mut ranges: Vec<(usize, usize)> = meant.map(|field| (field.offset, field.offset + field.bytes)).collect();
        ranges.sort_unstable();
        ranges.dedup_by(|next, last| {
            let joins = next.0 <= last.1;
            last.1 = if joins { last.1.max(next.1) } else { last.1 };
            joins
        });
        let shares = |field: &Field| {
            let after = ranges.partition_point(|(_, to)| *to <= field.offset);
            ranges.get(after).is_some_and(|(from, _)| *from < field.offset + field.bytes)
        };
        self.fields.iter().map(shares).collect()
    }

    /// Forgets where insisting on a reading means nothing: the field's bytes have no other.
    pub(crate) fn insist_where_shared(&mut self) {
        let alone = |nodes: &[Node]| nodes.iter().all(|node| !node.has_alternatives());
        if alone(&self.nodes) || !self.fields.iter().any(|field| field.rules.insist) {
            return self.fields.iter_mut().for_each(|field| field.rules.insist = false);
        }
        let mut shared = vec![false; self.fields.len()];
        self.nodes.iter().for_each(|node| node.sharing(0, &mut shared));
        self.fields.iter_mut().zip(shared).for_each(|(field, shared)| field.rules.insist &= shared);
    }

    /// Whether the record is a plain row of fields.
    pub fn is_flat(&self) -> bool {
        self.nodes.is_empty()
    }
}

impl Field {
    /// A field of a name and a kind, placed nowhere yet, everything else as it is without a word.
    pub fn new(name: String, kind: Kind, bytes: usize) -> Field {
        Field {
            name,
            kind,
            offset: 0,
            bytes,
            page: None,
            varlen: false,
            nullable: false,
            sensitive: false,
            text: String::new(),
            heading: String::new(),
            rules: Rules::default(),
            conditions: Vec::new(),
        }
    }

    /// Reserved bytes: the name is FILLER, alone or with a number. Blank fillers stay out of JSON and may be missing.
    pub fn is_filler(&self) -> bool {
        let own = self.name.rsplit('.').next().unwrap_or_default();
        own.strip_prefix("FILLER").is_some_and(|rest| rest.bytes().all(|b| b"0123456789(,)".contains(&b)))
    }
}
