//! One event becomes the cells of one row.
//!
//! Invariants: a value is written exactly or the event is refused with the name of the value and the type of its column,
//! never with its content; nothing of the data is left out, for what has no column goes into `extra`. Masked values are
//! texts like any other.

use super::cell::{Cell, hex, record};
use super::fit::{day_of, fit};
use super::json::{Broken, Reader, Value};
use super::tables::{Column, From, TABLES, Table};
use crate::outlets::push::{Posting, Pushed};
use crate::trade::json::{push_key, push_string};
use std::borrow::Cow;

/// Levels of objects whose members are looked at one by one.
const DEPTH_MAX: usize = 8;

/// What all events of a file have in common; kept once, with the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin<'b> {
    pub(super) file: Option<Cow<'b, str>>,
    pub(super) digest: Option<Cow<'b, str>>,
    pub(super) batch: Option<i64>,
    pub(super) run: Option<i64>,
    pub(super) layout_version: Option<Cow<'b, str>>,
    pub(super) code_table: Option<Cow<'b, str>>,
}

/// How events of one table are read.
pub(super) struct Form {
    pub(super) table: &'static Table,
    columns: Vec<&'static Column>,
    /// Members of the data and their columns, in the order of the columns.
    members: Vec<(&'static str, usize)>,
    extra: Option<usize>,
    whole: Option<usize>,
}

/// One for each table, in the order of [`TABLES`].
pub(super) fn forms() -> Vec<Form> {
    TABLES.iter().map(Form::new).collect()
}

/// What is found while an event is read.
struct Found<'b, 'r> {
    cells: &'r mut [Cell<'b>],
    origin: &'r mut Origin<'b>,
    extra: Vec<u8>,
    /// Where the next member is looked for first: events name them in one order.
    next: usize,
}

impl Form {
    fn new(table: &'static Table) -> Form {
        let columns: Vec<&'static Column> = table.columns().collect();
        let mut members = Vec::new();
        for (at, column) in columns.iter().enumerate() {
            if let From::Data(names) = column.from {
                members.extend(names.iter().map(|name| (*name, at)));
            }
        }
        let place = |from| columns.iter().position(|column| column.from == from);
        Form { table, extra: place(From::Extra), whole: place(From::Whole), members, columns }
    }

    /// Appends the cells of an event's row; nothing is appended when it does not fit.
    pub(super) fn read<'b>(
        &self,
        posting: &'b Posting,
        event: &'b Pushed,
        json: &'b [u8],
        cells: &mut Vec<Cell<'b>>,
        origin: &mut Origin<'b>,
    ) -> Result<(), String> {
        let start = cells.len();
        let read = self.envelope(posting, event, cells).and_then(|()| {
            let json = std::str::from_utf8(json).map_err(|_| "its JSON is no UTF-8".to_owned())?;
            self.body(json, &mut cells[start..], origin)
        });
        if read.is_err() {
            cells.truncate(start);
        }
        read
    }

    /// The cells that the envelope fills; the others are empty.
    fn envelope<'b>(&self, posting: &'b Posting, event: &'b Pushed, cells: &mut Vec<Cell<'b>>) -> Result<(), String> {
        for column in &self.columns {
            cells.push(match column.from {
                From::Installation => bounded(column, "the installation", &posting.installation)?,
                From::Source => bounded(column, "source", &event.source)?,
                From::Id => bounded(column, "id", &event.id)?,
                From::RowDate => Cell::text(self.row_date(event)),
                From::Datahash => Cell::Text(Cow::Owned(hex(&event.datahash))),
                From::Type => bounded(column, "type", &event.kind)?,
                From::Subject => bounded(column, "subject", &event.subject)?,
                From::Time => bounded(column, "time", &event.time)?,
                From::Transfer => bounded(column, "the transfer", &posting.transfer)?,
                From::Record => record(event.record),
                From::Dataschema | From::Corrects | From::Data(_) | From::Extra | From::Whole | From::Own => Cell::Null,
            });
        }
        // Servers take it for the same as the one without.
        match event.id.ends_with(' ') || event.source.ends_with(' ') {
            true => Err("its id or source ends with a blank".to_owned()),
            false => Ok(()),
        }
    }

    /// The day under which an event's row stands.
    pub(super) fn row_date<'b>(&self, event: &'b Pushed) -> &'b str {
        day_of(if self.table.is_dated { &event.id } else { &event.time })
    }

    fn body<'b>(&self, json: &'b str, cells: &mut [Cell<'b>], origin: &mut Origin<'b>) -> Result<(), String> {
        let mut reader = Reader::new(json);
        if !reader.enter() {
            return Err("its JSON is no object".to_owned());
        }
        let mut found = Found { cells, origin, extra: Vec::new(), next: 0 };
        while let Some(name) = reader.member().map_err(unreadable)? {
            match &*name {
                "data" => {
                    let start = reader.place();
                    self.members(&mut reader, &mut String::new(), 0, &mut found)?;
                    if let Some(whole) = self.whole {
                        found.cells[whole] = Cell::text(reader.since(start));
                    }
                }
                "dataschema" | "fppcorrects" => {
                    let value = reader.value().map_err(unreadable)?;
                    let from = if name == "dataschema" { From::Dataschema } else { From::Corrects };
                    if let Some(at) = self.columns.iter().position(|column| column.from == from) {
                        found.cells[at] = fit(self.columns[at], &name, value)?;
                    }
                }
                _ => drop(reader.value().map_err(unreadable)?),
            }
        }
        if let (Some(extra), false) = (self.extra, found.extra.is_empty()) {
            found.extra.push(b'}');
            let text = String::from_utf8(found.extra).map_err(|_| "its JSON is no UTF-8".to_owned())?;
            found.cells[extra] = Cell::Text(Cow::Owned(text));
        }
        Ok(())
    }

    /// The members of the object that stands here; anything else is the value of its own name.
    fn members<'b>(
        &self,
        reader: &mut Reader<'b>,
        path: &mut String,
        depth: usize,
        found: &mut Found<'b, '_>,
    ) -> Result<(), String> {
        if depth >= DEPTH_MAX || !reader.enter() {
            let value = reader.value().map_err(unreadable)?;
            return self.put(path, value, found);
        }
        let length = path.len();
        while let Some(name) = reader.member().map_err(unreadable)? {
            if length > 0 {
                path.push('.');
            }
            path.push_str(&name);
            self.members(reader, path, depth + 1, found)?;
            path.truncate(length);
        }
        Ok(())
    }

    fn put<'b>(&self, path: &str, value: Value<'b>, found: &mut Found<'b, '_>) -> Result<(), String> {
        let Some(at) = self.find(path, found.next) else {
            if let Some(member) = path.strip_prefix("lineage.") {
                found.origin.put(member, value);
            } else if self.extra.is_some() {
                found.keep(path, &value);
            }
            return Ok(());
        };
        found.next = at + 1;
        let column = self.members[at].1;
        if found.cells[column] == Cell::Null {
            found.cells[column] = fit(self.columns[column], path, value)?;
        }
        Ok(())
    }

    fn find(&self, path: &str, next: usize) -> Option<usize> {
        let behind = (next..self.members.len()).find(|at| self.members[*at].0 == path);
        behind.or_else(|| (0..next.min(self.members.len())).find(|at| self.members[*at].0 == path))
    }
}

impl Found<'_, '_> {
    /// Keeps a value that has no column.
    fn keep(&mut self, path: &str, value: &Value<'_>) {
        if self.extra.is_empty() {
            self.extra.push(b'{');
        }
        push_key(&mut self.extra, path);
        match value {
            Value::Null => self.extra.extend_from_slice(b"null"),
            Value::Plain(raw) | Value::Nested(raw) => self.extra.extend_from_slice(raw.as_bytes()),
            Value::Text(text) => push_string(&mut self.extra, text),
        }
    }
}

impl<'b> Origin<'b> {
    fn put(&mut self, member: &str, value: Value<'b>) {
        let text = match &value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        };
        let number = match &value {
            Value::Plain(raw) => raw.parse().ok(),
            _ => None,
        };
        match member {
            "file" => self.file = text,
            "digest" => self.digest = text,
            "batch" => self.batch = number,
            "run" => self.run = number,
            "layoutVersion" => self.layout_version = text,
            "table" => self.code_table = text,
            _ => {}
        }
    }
}

fn unreadable(broken: Broken) -> String {
    format!("its JSON cannot be read at byte {}", broken.0)
}

fn bounded<'b>(column: &Column, name: &str, text: &'b str) -> Result<Cell<'b>, String> {
    fit(column, name, Value::Text(Cow::Borrowed(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posting() -> Posting {
        Posting {
            outlet: "books".into(),
            installation: "bank".into(),
            transfer: "01T".into(),
            route: "pmtrd".into(),
            business_date: Some("2025-06-20".into()),
            epoch: 1,
            required: true,
        }
    }

    fn event(kind: &str) -> Pushed {
        Pushed {
            record: 2,
            id: "2025-06-20:A1:DONE".into(),
            source: "urn:fpp:bank:pmtrd".into(),
            kind: kind.into(),
            subject: "A1".into(),
            time: "2025-06-19T20:00:00+08:00".into(),
            datahash: [0xab; 32],
            json: 0..0,
        }
    }

    fn read(kind: &str, data: &str) -> Result<Vec<(&'static str, String)>, String> {
        let json = format!(r#"{{"id":"x","dataschema":"urn:s","fppcorrects":"y","data":{data}}}"#);
        let form = Form::new(&TABLES[Table::of_type(kind)]);
        let (posting, event) = (posting(), event(kind));
        let (mut cells, mut origin) = (Vec::new(), Origin::default());
        form.read(&posting, &event, json.as_bytes(), &mut cells, &mut origin)?;
        let told = |cell: &Cell<'_>| match cell {
            Cell::Null => None,
            Cell::Int(number) => Some(number.to_string()),
            Cell::Text(text) => Some(text.to_string()),
        };
        let names = form.columns.iter().map(|column| column.name);
        Ok(names.zip(&cells).filter_map(|(name, cell)| Some((name, told(cell)?))).collect())
    }

    fn value(row: &[(&'static str, String)], name: &str) -> Option<String> {
        row.iter().find(|(column, _)| *column == name).map(|(_, value)| value.clone())
    }

    #[test]
    fn data_finds_its_columns_and_nothing_is_left_out() {
        let data = r#"{"price":{"value":"780.1500","unit":"GRM"},"tradeId":"A1","tradeDate":"2025-06-20",
            "desk":{"name":"北京","rooms":[1,2]},"fee":null,"lineage":{"seq":1,"byteOffset":480,"file":"F"}}"#;
        let row = read("pm.trade.executed.v1", data).unwrap();
        for (column, wanted) in [
            ("row_date", "2025-06-20"),
            ("dataschema", "urn:s"),
            ("corrects", "y"),
            ("price", "780.1500"),
            ("price_unit", "GRM"),
            ("trade_id", "A1"),
            ("seq", "1"),
            ("record", "2"),
            ("extra", r#"{"desk.name":"北京","desk.rooms":[1,2]}"#),
        ] {
            assert_eq!(value(&row, column).as_deref(), Some(wanted), "{column}");
        }
        assert_eq!(value(&row, "fee"), None);
        let row = read("com.example.note", r#"{"a":{"b":1.0}}"#).unwrap();
        assert_eq!(value(&row, "data").as_deref(), Some(r#"{"a":{"b":1.0}}"#));
        assert_eq!(value(&row, "row_date").as_deref(), Some("2025-06-19"));
    }

    #[test]
    fn what_would_be_cut_or_rounded_is_refused_without_its_content() {
        for (data, why) in [
            (r#"{"fee":"1.2345678"}"#, "fee is no decimal with so few digits; column fee is DECIMAL(28,6)"),
            (r#"{"fee":"1e5"}"#, "fee is no decimal"),
            (r#"{"fee":""}"#, "fee is no decimal"),
            (r#"{"tradeDate":"2025-02-30"}"#, "tradeDate is no day"),
            (r#"{"tradeDate":"0999-02-01"}"#, "tradeDate is no day"),
            (r#"{"tradeId":{"a":1}}"#, ""),
            (r#"{"tradeId":[1]}"#, "tradeId is not one value"),
            (r#"{"lineage":{"seq":"99999999999999999999"}}"#, "lineage.seq is no whole number"),
            (r#"{"fee":"#, "its JSON cannot be read at byte"),
        ] {
            match read("pm.trade.executed.v1", data) {
                Err(fault) => assert!(fault.starts_with(why) && !why.is_empty(), "{data}: {fault}"),
                Ok(_) => assert!(why.is_empty(), "{data}"),
            }
        }
        let long = format!(r#"{{"side":"{}"}}"#, "买".repeat(17));
        assert!(read("pm.trade.executed.v1", &long).unwrap_err().starts_with("side is too long"));
        assert!(read("pm.trade.executed.v1", &format!(r#"{{"side":"{}"}}"#, "买".repeat(16))).is_ok());
    }
}
