//! The tables and their columns: where each value comes from, and of which type it is.
//!
//! One list serves everything: the statements that make the tables, the rows that are written, and the page of the
//! documentation. A column is only ever added, together with the version that brings it, so programs of the version
//! before go on writing; none changes its type or its meaning.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text of at most so many characters.
    Text(u16),
    /// Text without such a limit.
    Long,
    /// A decimal: all digits, and those behind the point.
    Exact(u8, u8),
    /// A day.
    Date,
    /// A whole number.
    Int,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    Installation,
    Source,
    Id,
    /// The day under which the row stands.
    RowDate,
    Datahash,
    Type,
    Subject,
    Time,
    Dataschema,
    /// The id of the event that this one takes back or puts right.
    Corrects,
    Transfer,
    Record,
    /// Members of the event's data; the first one that is there.
    Data(&'static [&'static str]),
    /// All members that have no column, as one object.
    Extra,
    /// The whole data.
    Whole,
    /// Who writes the table gives it.
    Own,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) from: From,
    pub(super) is_needed: bool,
    /// The version that brought it.
    pub(super) since: i64,
}

/// A table of events.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// Beginnings of the types of events that stand in it.
    types: &'static [&'static str],
    /// A row stands under the day that its id begins with, and on servers in a partition by that day.
    pub(super) is_dated: bool,
    /// Rows hold until others take their place, however old they are: no span of days takes them away.
    pub(super) is_lasting: bool,
    own: &'static [Column],
}

const fn of(name: &'static str, kind: Kind, from: From) -> Column {
    Column { name, kind, from, is_needed: false, since: 1 }
}

const fn needed(name: &'static str, kind: Kind, from: From) -> Column {
    Column { is_needed: true, ..of(name, kind, from) }
}

const fn text(name: &'static str, most: u16, data: &'static [&'static str]) -> Column {
    of(name, Kind::Text(most), From::Data(data))
}

const fn exact(name: &'static str, digits: u8, scale: u8, data: &'static [&'static str]) -> Column {
    of(name, Kind::Exact(digits, scale), From::Data(data))
}

const fn day(name: &'static str, data: &'static [&'static str]) -> Column {
    of(name, Kind::Date, From::Data(data))
}

const fn int(name: &'static str, data: &'static [&'static str]) -> Column {
    of(name, Kind::Int, From::Data(data))
}

/// What every row has; the first three are its key.
const COMMON: &[Column] = &[
    needed("installation", Kind::Text(64), From::Installation),
    needed("source", Kind::Text(190), From::Source),
    needed("id", Kind::Text(190), From::Id),
    needed("row_date", Kind::Date, From::RowDate),
    needed("datahash", Kind::Text(64), From::Datahash),
    needed("event_type", Kind::Text(64), From::Type),
    of("subject", Kind::Text(190), From::Subject),
    of("event_time", Kind::Text(40), From::Time),
    of("dataschema", Kind::Text(190), From::Dataschema),
    of("corrects", Kind::Text(190), From::Corrects),
    needed("transfer", Kind::Text(64), From::Transfer),
    of("record", Kind::Int, From::Record),
    int("seq", &["lineage.seq"]),
    int("byte_offset", &["lineage.byteOffset"]),
];

const TRADES: &[Column] = &[
    text("trade_id", 64, &["tradeId"]),
    text("match_id", 64, &["matchId"]),
    text("order_id", 64, &["orderId"]),
    day("trade_date", &["tradeDate"]),
    day("accounting_date", &["accountingDate"]),
    day("settl_date", &["settlDate"]),
    text("transact_time", 40, &["transactTime"]),
    text("market_code", 16, &["market.code", "market"]),
    text("market_mic", 16, &["market.mic"]),
    text("instrument", 64, &["instrument"]),
    text("instrument_name", 190, &["instrumentName"]),
    text("side", 16, &["side"]),
    text("position_effect", 16, &["positionEffect"]),
    exact("lots", 20, 4, &["lots"]),
    exact("quantity", 28, 10, &["quantity.value", "quantity"]),
    text("quantity_unit", 16, &["quantity.unit"]),
    exact("price", 28, 10, &["price.value", "price"]),
    text("price_unit", 16, &["price.unit"]),
    exact("gross_amount", 28, 6, &["grossAmount"]),
    exact("fee", 28, 6, &["fee"]),
    exact("realized_pnl", 28, 6, &["realizedPnl"]),
    text("currency", 16, &["currency"]),
    text("customer_id", 64, &["customerId"]),
    text("customer_name", 255, &["customerName"]),
    text("account", 64, &["account"]),
    text("branch", 64, &["branch"]),
    text("channel", 64, &["channel"]),
    text("counterparty", 64, &["counterparty"]),
    text("status", 32, &["status"]),
    text("orig_trade_id", 64, &["origTradeId"]),
    of("extra", Kind::Long, From::Extra),
];

const PRODUCTS: &[Column] = &[
    text("instrument", 64, &["instrument"]),
    text("instrument_name", 190, &["instrumentName"]),
    text("metal", 16, &["metal"]),
    text("market_code", 16, &["market.code", "market"]),
    text("market_mic", 16, &["market.mic"]),
    exact("lot_grams", 28, 10, &["lotGrams"]),
    text("price_unit", 16, &["priceUnit"]),
    exact("tick", 28, 10, &["tick"]),
    exact("tick_value", 28, 10, &["tickValue"]),
    exact("min_lots", 20, 4, &["minLots"]),
    exact("max_lots", 20, 4, &["maxLots"]),
    exact("fineness", 20, 6, &["fineness"]),
    text("status", 32, &["status"]),
    day("valid_from", &["validFrom"]),
    day("valid_to", &["validTo"]),
    text("remark", 255, &["remark"]),
    of("extra", Kind::Long, From::Extra),
];

const RECONCILIATION: &[Column] = &[
    day("business_date", &["businessDate"]),
    text("item_key", 190, &["key"]),
    int("seq_no", &["seq"]),
    text("market_code", 16, &["market.code", "market"]),
    text("market_mic", 16, &["market.mic"]),
    text("instrument", 64, &["instrument"]),
    text("side", 16, &["side"]),
    text("trade_id", 64, &["tradeId"]),
    int("trade_count", &["count"]),
    exact("lots", 20, 4, &["lots"]),
    exact("quantity", 28, 10, &["quantity.value", "quantity"]),
    text("quantity_unit", 16, &["quantity.unit"]),
    exact("gross_amount", 28, 6, &["grossAmount"]),
    exact("fee", 28, 6, &["fee"]),
    text("status", 32, &["status"]),
    text("result", 32, &["result"]),
    of("extra", Kind::Long, From::Extra),
];

const RESPONSES: &[Column] = &[
    text("trade_id", 64, &["tradeId"]),
    int("seq_no", &["seq"]),
    text("status", 32, &["status"]),
    text("code", 16, &["code"]),
    text("message", 255, &["message"]),
    text("error_field", 64, &["error.field"]),
    int("error_offset", &["error.offset"]),
    text("event_id", 190, &["eventId"]),
    text("transact_time", 40, &["transactTime"]),
    exact("gross_amount", 28, 6, &["grossAmount"]),
    of("extra", Kind::Long, From::Extra),
];

const FILES: &[Column] = &[
    text("route", 64, &["route"]),
    text("file", 255, &["file"]),
    text("digest", 64, &["digest"]),
    day("business_date", &["businessDate"]),
    int("batch", &["batch"]),
    int("run", &["run"]),
    text("verdict", 32, &["verdict"]),
    int("records", &["records"]),
    int("accepted", &["accepted"]),
    int("rejected", &["rejected"]),
    of("totals", Kind::Long, From::Data(&["totals"])),
    text("code", 16, &["code"]),
    text("message", 190, &["message"]),
    of("reason", Kind::Long, From::Data(&["reason"])),
    of("extra", Kind::Long, From::Extra),
];

const EVENTS: &[Column] = &[of("data", Kind::Long, From::Whole)];

/// All tables of events. The last one takes what none before it takes.
pub(super) static TABLES: [Table; 6] = [
    Table { name: "trades", types: &["pm.trade."], is_dated: true, is_lasting: false, own: TRADES },
    Table { name: "products", types: &["pm.product."], is_dated: false, is_lasting: true, own: PRODUCTS },
    Table {
        name: "reconciliation",
        types: &["pm.reconciliation."],
        is_dated: true,
        is_lasting: false,
        own: RECONCILIATION,
    },
    Table { name: "responses", types: &["pm.response."], is_dated: false, is_lasting: false, own: RESPONSES },
    Table { name: "files", types: &["pm.file."], is_dated: false, is_lasting: false, own: FILES },
    Table { name: "events", types: &[""], is_dated: false, is_lasting: false, own: EVENTS },
];

/// Columns of the table of conflicts: the second content of an id, which was not written.
pub(super) const CONFLICTS: &[Column] = &[
    needed("installation", Kind::Text(64), From::Own),
    needed("source", Kind::Text(190), From::Own),
    needed("id", Kind::Text(190), From::Own),
    needed("datahash", Kind::Text(64), From::Own),
    needed("kept_datahash", Kind::Text(64), From::Own),
    needed("event_type", Kind::Text(64), From::Own),
    needed("outlet", Kind::Text(64), From::Own),
    needed("transfer", Kind::Text(64), From::Own),
    of("record", Kind::Int, From::Own),
    needed("at_ms", Kind::Int, From::Own),
];

/// Columns of the table of postings: how far each transfer came, under which epoch, and where its events come from.
pub(super) const POSTINGS: &[Column] = &[
    needed("installation", Kind::Text(64), From::Own),
    needed("outlet", Kind::Text(64), From::Own),
    needed("transfer", Kind::Text(64), From::Own),
    needed("route", Kind::Text(64), From::Own),
    of("business_date", Kind::Date, From::Own),
    needed("up_to_record", Kind::Int, From::Own),
    needed("epoch", Kind::Int, From::Own),
    of("file", Kind::Text(255), From::Own),
    of("digest", Kind::Text(64), From::Own),
    of("batch", Kind::Int, From::Own),
    of("run", Kind::Int, From::Own),
    of("layout_version", Kind::Long, From::Own),
    of("code_table", Kind::Long, From::Own),
    needed("updated_ms", Kind::Int, From::Own),
];

impl Table {
    /// All its columns, in their order.
    pub(super) fn columns(&self) -> impl Iterator<Item = &'static Column> + use<> {
        COMMON.iter().chain(self.own)
    }

    /// How many.
    pub(super) fn width(&self) -> usize {
        COMMON.len() + self.own.len()
    }

    /// The day of its own that a row without a day in its id has.
    pub(super) fn own_day(&self) -> Option<&'static str> {
        self.own.iter().find(|column| column.kind == Kind::Date).map(|column| column.name)
    }

    /// Its place in [`TABLES`].
    pub(super) fn of_type(kind: &str) -> usize {
        let takes = |table: &Table| table.types.iter().any(|beginning| kind.starts_with(beginning));
        TABLES.iter().position(takes).unwrap_or(TABLES.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn lines(columns: &[Column]) -> String {
        let mut lines = String::from("| column | type | holds |\n|---|---|---|\n");
        for column in columns {
            let needed = if column.is_needed { ", never empty" } else { "" };
            let holds = match column.from {
                From::Data(names) => format!("`data.{}`", names[0]),
                From::Extra => "members of `data` that have no column, as one JSON object".to_owned(),
                From::Whole => "`data`, as JSON".to_owned(),
                From::Installation => "installation".to_owned(),
                From::RowDate => "the day under which it stands".to_owned(),
                From::Transfer => "transfer that brought it".to_owned(),
                From::Record => "record of the file; empty for the end of the file".to_owned(),
                From::Type => "`type`".to_owned(),
                From::Time => "`time`".to_owned(),
                From::Source | From::Id | From::Datahash | From::Subject | From::Dataschema => {
                    format!("`{}`", column.name)
                }
                From::Corrects => "`fppcorrects`: id of the event that this one takes back or puts right".to_owned(),
                From::Own => String::new(),
            };
            lines.push_str(&format!("| `{}` | {}{needed} | {holds} |\n", column.name, column.kind));
        }
        lines
    }

    #[test]
    fn the_docs_tell_every_column() {
        let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/outlets.md");
        let docs = std::fs::read_to_string(docs).unwrap();
        let own = TABLES.iter().map(|table| (table.name, table.own));
        for (table, columns) in [("every table", COMMON)].into_iter().chain(own) {
            let told = lines(columns);
            assert!(docs.contains(&told), "docs/outlets.md, {table}:\n{told}");
        }
        for (table, columns) in [("conflicts", CONFLICTS), ("postings", POSTINGS)] {
            for column in columns {
                let told = format!("| `{}` | {}", column.name, column.kind);
                assert!(docs.contains(&told), "docs/outlets.md, {table}: {told}");
            }
        }
    }

    #[test]
    fn every_event_has_a_table_and_every_table_a_key() {
        assert_eq!(TABLES[Table::of_type("pm.trade.reversed.v1")].name, "trades");
        assert_eq!(TABLES[Table::of_type("pm.file.posted.v1")].name, "files");
        assert_eq!(TABLES[Table::of_type("com.example.note")].name, "events");
        for table in &TABLES {
            let names: Vec<_> = table.columns().map(|column| column.name).collect();
            assert_eq!(names[..4], ["installation", "source", "id", "row_date"]);
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{}", table.name);
            assert_eq!(names.len(), table.width());
        }
    }
}
