//! What each field of header, detail and trailer holds, by the field's name; the layout decides how it is written.
//!
//! So one description serves both series: a field that is packed in one and digits in the other gets the same value.

use super::trade::Trade;
use fpp_codecs::date::Date;
use fpp_codecs::format::RecordFormat;
use fpp_codecs::layout::{Field, Kind};
use fpp_codecs::record::{Cell, Decimal, Row};

/// What the trailer says; money in fen, quantities in ten-thousandths as the layout has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Detail records.
    pub trades: u64,
    /// Sum of AMT.
    pub amount: Decimal,
    /// Sum of QTY, grams and kilograms alike.
    pub quantity: Decimal,
    /// Details that buy.
    pub buys: u64,
    /// Sum of their AMT.
    pub buy_amount: Decimal,
    /// Details that sell.
    pub sells: u64,
    /// Sum of their AMT.
    pub sell_amount: Decimal,
    /// Sum of the numbers made of ACCTNO's digits, its last 31 digits (D5).
    pub hash: i128,
}

/// What the header says.
pub(super) struct Opening {
    pub(super) file_id: &'static str,
    pub(super) date: Date,
    pub(super) batch: u16,
    pub(super) run: u8,
    pub(super) made: String,
    pub(super) length: usize,
    pub(super) ccsid: u16,
    pub(super) version: String,
}

enum Value<'a> {
    Text(&'a str),
    Number(Decimal),
}

const HASH_LIMIT: i128 = 10i128.pow(31);

impl Totals {
    pub(super) fn start() -> Totals {
        let zero = |scale| Decimal { unscaled: 0, scale };
        Totals { amount: zero(2), quantity: zero(4), buy_amount: zero(2), sell_amount: zero(2), ..Totals::default() }
    }

    pub(super) fn add(&mut self, trade: &Trade) {
        self.trades += 1;
        self.amount.unscaled += i128::from(trade.amount_fen);
        self.quantity.unscaled += i128::from(trade.quantity) * 10_000;
        match trade.side {
            "0" => {
                self.buys += 1;
                self.buy_amount.unscaled += i128::from(trade.amount_fen);
            }
            "1" => {
                self.sells += 1;
                self.sell_amount.unscaled += i128::from(trade.amount_fen);
            }
            _ => {}
        }
        let digits = trade.customer.account.bytes().filter(u8::is_ascii_digit);
        let number = digits.fold(0, |number, digit| number * 10 + i128::from(digit - b'0'));
        self.hash = (self.hash + number) % HASH_LIMIT;
    }
}

/// The header's row.
pub(super) fn header(opening: &Opening, format: &RecordFormat, row: &mut Row) {
    fill(format, row, |field| match field.name.as_str() {
        "RECTYP" => Value::Text("H"),
        "FILEID" => Value::Text(opening.file_id),
        "SRCSYS" => Value::Text("CORE"),
        "DSTSYS" => Value::Text("PMTS"),
        "BIZDAT" => whole(opening.date.to_ymd8()),
        "BATNO" => whole(opening.batch),
        "RUNNO" => whole(opening.run),
        "GENTS" => Value::Text(&opening.made),
        "RECLEN" => whole(opening.length as u64),
        "DTACCSID" => whole(opening.ccsid),
        "LAYVER" => Value::Text(&opening.version),
        "SEQNO" => whole(0),
        _ => Value::Text(""),
    });
}

/// A detail's row.
pub(super) fn detail(trade: &Trade, date: Date, format: &RecordFormat, row: &mut Row) {
    let customer = &trade.customer;
    fill(format, row, |field| match field.name.as_str() {
        "RECTYP" => Value::Text("D"),
        "SEQNO" => whole(trade.sequence),
        "TRDNO" => Value::Text(&trade.number),
        "MATNO" => Value::Text(&trade.match_number),
        "ORDNO" => Value::Text(&trade.order_number),
        "TRDDAT" => whole(date.to_ymd8()),
        "ACTDAT" => whole(accounting_date(date, field)),
        "TRDTS" => Value::Text(&trade.moment.text),
        "MKTID" => Value::Text(trade.market),
        "INSTID" => Value::Text(trade.instrument),
        "INSTNM" => Value::Text(trade.instrument_name),
        "BSFLG" => Value::Text(trade.side),
        "OFFFLG" => Value::Text(trade.offset),
        "LOTS" => whole(trade.lots),
        "QTY" => Value::Number(Decimal { unscaled: i128::from(trade.quantity) * 10_000, scale: 4 }),
        "UNIT" => Value::Text(trade.unit),
        "PRICE" => Value::Number(Decimal { unscaled: i128::from(trade.price_fen) * 100, scale: 4 }),
        "AMT" => money(trade.amount_fen),
        "FEE" => money(trade.fee_fen),
        "PNL" => money(trade.pnl_fen),
        "CCY" => Value::Text("CNY"),
        "CUSTNO" => Value::Text(&customer.number),
        "CUSTNM" => Value::Text(&customer.name),
        "ACCTNO" => Value::Text(&customer.account),
        "BRNO" => Value::Text(&customer.branch),
        "CHNL" => Value::Text(trade.channel),
        "CPTY" => Value::Text(&trade.counterparty),
        "STAT" => Value::Text(trade.status),
        "ORGNO" => Value::Text(&trade.original),
        "VALDAT" => Value::Text(&trade.value_date),
        "EXRATE" => Value::Number(Decimal { unscaled: 1_000_000, scale: 6 }),
        "FLAGS" => Value::Text(trade.flags),
        _ => Value::Text(""),
    });
}

/// The trailer's row.
pub(super) fn trailer(totals: &Totals, format: &RecordFormat, row: &mut Row) {
    fill(format, row, |field| match field.name.as_str() {
        "RECTYP" => Value::Text("T"),
        "SEQNO" => whole(999_999_999),
        "TOTCNT" => whole(totals.trades),
        "TOTAMT" => Value::Number(totals.amount),
        "TOTQTY" => Value::Number(totals.quantity),
        "BUYCNT" => whole(totals.buys),
        "BUYAMT" => Value::Number(totals.buy_amount),
        "SELCNT" => whole(totals.sells),
        "SELAMT" => Value::Number(totals.sell_amount),
        "HASHTOT" => whole(totals.hash),
        _ => Value::Text(""),
    });
}

fn fill<'a>(format: &RecordFormat, row: &mut Row, mut value: impl FnMut(&Field) -> Value<'a>) {
    row.clear();
    for field in &format.layout.fields {
        match (value(field), field.kind) {
            (Value::Text(text), Kind::Hex) => row.push_hex(text),
            (Value::Text(text), _) => row.push_text(text),
            (Value::Number(number), Kind::Float { .. }) => row.cells.push(Cell::Single(single(number))),
            (Value::Number(number), Kind::Binary { decimals: 0, .. }) => {
                row.cells.push(Cell::Int(number.unscaled as i64));
            }
            (Value::Number(number), _) => row.cells.push(number.into()),
        }
    }
}

/// Seven digits are CYYMMDD, eight are YYYYMMDD.
fn accounting_date(date: Date, field: &Field) -> i128 {
    match field.kind {
        Kind::Packed { digits: 7, .. } => date.to_cyymmdd().unwrap_or(0),
        _ => date.to_ymd8(),
    }
}

fn single(number: Decimal) -> f32 {
    number.unscaled as f32 / 10f32.powi(i32::from(number.scale))
}

fn whole(number: impl Into<i128>) -> Value<'static> {
    Value::Number(Decimal::whole(number.into()))
}

fn money(fen: i64) -> Value<'static> {
    Value::Number(Decimal { unscaled: fen.into(), scale: 2 })
}
