//! Inputs whose records are bad, or only look as if they were.

use super::book::{Book, made, spec, spoiled};
use super::{Input, one};
use fpp::demo::generate::{Flaw, Series, Spec, Spoil};
use fpp_codecs::date::Date;

pub(crate) fn inputs() -> Vec<Input> {
    [bad(), repeated(), unproven(), good()].concat()
}

/// Every kind of bad field, by twin.
fn bad() -> Vec<Input> {
    vec![
        one("bad-numbers-1388", || {
            let book = Book::ebcdic(8)
                .put(1, "FEE", 1, &[0x3F]) // no digit
                .put(2, "PNL", 7, &[0x00]) // no sign
                .put(3, "TRDDAT", 3, &[0x40]) // no zone
                .put(4, "LOTS", 0, &[0xAB]) // two bad digits
                .put(5, "SEQNO", 8, &[0xC1]); // A where 5 stood: zone C is an overpunched +, so this one is 1
            book.put(6, "PRICE", 5, &[0x00]) // no sign
                .put(7, "EXRATE", 0, &[0x7F, 0xC0, 0x00, 0x00]) // not a number
                .bytes()
        }),
        one("answer-repaired", || {
            // The message to the first is too long for the answer's field, that to the second fits.
            Book::ebcdic(2).put(1, "FEE", 1, &[0x3F]).bytes()
        }),
        one("bad-numbers-gbk", || {
            Book::gbk(8)
                .put(1, "FEE", 3, b"?")
                .put(2, "PNL", 0, b"*")
                .put(3, "TRDDAT", 3, b" ")
                .put(4, "LOTS", 0, b"          ")
                .put(5, "SEQNO", 0, b"ABCDEFGHI")
                .put(6, "PRICE", 0, b"7")
                .put(7, "EXRATE", 1, b"1.0000000")
                .bytes()
        }),
        one("bad-text-1388", || {
            Book::ebcdic(9)
                .put(1, "CUSTNM", 0, &open_run(84))
                .put(2, "CUSTNM", 0, &[0x0E, 0x4A, 0x62, 0x4A, 0x0F, 0x40]) // half a character before SI
                .put(3, "CUSTNM", 0, &[0xC1, 0x0F, 0x40]) // SI without SO
                .put(4, "CUSTNM", 0, &[0x0E, 0x0E, 0x4A, 0x62, 0x0F]) // SO twice
                .put(5, "CUSTNM", 0, &[0x0E, 0xFE, 0xFE, 0x0F]) // no such character
                .put(6, "INSTNM", 0, &[0x0E, 0x76, 0x81, 0x0F]) // private use
                .put(7, "MATNO", 4, &[0x0E, 0x4A, 0x62, 0x0F]) // a run in a field that takes none
                .put(8, "CHNL", 1, &[0x00]) // a control character
                .bytes()
        }),
        one("bad-text-gbk", || {
            Book::gbk(7)
                .put(1, "CUSTNM", 49, &[0xBD]) // half a character at the end
                .put(2, "CUSTNM", 0, &[0x81, 0x30, 0x81, 0x30]) // four bytes of GB 18030
                .put(3, "CUSTNM", 0, &[0xFF, 0xFF])
                .put(4, "CUSTNM", 0, &[0xAA, 0xA1]) // private use
                .put(5, "MATNO", 0, &[0xBD, 0xF0]) // a Chinese character in a field of ASCII
                .put(6, "CHNL", 1, &[0x00])
                .bytes()
        }),
        one("bad-business-1388", || business(Book::ebcdic(10))),
        one("bad-business-gbk", || business(Book::gbk(10))),
        one("bad-strict-1388", || Book::ebcdic(4).put(2, "FEE", 1, &[0x3F]).put(3, "CUSTNM", 0, &open_run(84)).bytes()),
        one("too-many", || {
            let bad = |trade| Spoil::Record { trade, flaw: Flaw::FeeDigit };
            spoiled(Series::Ebcdic, 6, &[bad(1), bad(3), bad(4), bad(6)])
        }),
        one("dbcs-cut", || {
            let full: Vec<u8> = [vec![0x0E], [0x4A, 0x62].repeat(41), vec![0x0F]].concat();
            Book::ebcdic(4)
                .put(1, "CUSTNM", 0, &full) // fills the field to its last byte
                .put(2, "CUSTNM", 0, &full[..83]) // SI is lost: the byte before stays a character
                .put(2, "CUSTNM", 83, &[0x4A])
                .put(3, "CUSTNM", 83, &[0x0E]) // SO as last byte
                .bytes()
        }),
    ]
}

/// A blank, then a run that is never closed.
fn open_run(bytes: usize) -> Vec<u8> {
    [vec![0x40, 0x0E], [0x4A, 0x62].repeat(2), vec![0x40; bytes - 6]].concat()
}

fn business(book: Book) -> Vec<u8> {
    let blank = " ".repeat(20);
    let book = book
        .set(1, "TRDNO", &blank) // mandatory
        .set(2, "MKTID", "77") // not in the list
        .set(3, "BSFLG", "7") // neither buy nor sell
        .set(4, "INSTID", "Au88.88") // unknown
        .set(6, "LOTS", "4711") // lots against weight
        .set(7, "CCY", "USD")
        .set(8, "STAT", "02"); // a reversal that names no original
    let amount = "1.00"; // amount against price
    book.set(5, "AMT", amount).summed().thirtieth(9).bytes()
}

impl Book {
    /// VALDAT is the 30th of February: no encoder writes that.
    fn thirtieth(self, n: usize) -> Book {
        let ebcdic = self.header[0] == 0xC8;
        let digits: Vec<u8> = b"0230".iter().map(|d| if ebcdic { d + 0xC0 } else { *d }).collect();
        self.put(n, "VALDAT", 5, &digits[..2]).put(n, "VALDAT", 8, &digits[2..])
    }
}

/// Numbers and trades that come again.
fn repeated() -> Vec<Input> {
    vec![
        one("repeated-sequence", || Book::ebcdic(5).set(3, "SEQNO", "2").bytes()),
        one("broken-sequence", || Book::ebcdic(5).set(3, "SEQNO", "7").bytes()),
        one("repeated-trade", || {
            let first = Book::ebcdic(6);
            let again = first.details[1].clone();
            let mut book = first;
            book.details[4] = again;
            book.set(5, "SEQNO", "5").summed().bytes()
        }),
    ]
}

fn unproven() -> Vec<Input> {
    let file = || spoiled(Series::Ebcdic, 5, &[Spoil::Record { trade: 3, flaw: Flaw::AmountDigit }]);
    let unreadable = ["unproven-reject", "unproven-hold", "unproven-accept", "unproven-released", "held-interim"];
    let mut inputs: Vec<_> = unreadable.into_iter().map(|case| one(case, file)).collect();
    // The sum that can be proven does not agree: the doubt about the other one does not save the file.
    inputs
        .push(one("unproven-and-wrong", || Book::ebcdic(5).tail("TOTQTY", "1.0000").put(3, "AMT", 1, &[0x3F]).bytes()));
    inputs
}

/// Right, in ways that break careless bridges.
fn good() -> Vec<Input> {
    vec![
        one("happy-1388", || Book::ebcdic(8).bytes()),
        one("happy-gbk", || Book::gbk(8).bytes()),
        one("night-session", || {
            // A Monday: its night began on Friday evening.
            let date = Date { year: 2025, month: 6, day: 23 };
            made(&Spec { date, ..spec(Series::Ebcdic, 10) })
        }),
        one("reversal", || {
            let book = Book::ebcdic(3);
            let mut reversed = book.clone();
            reversed.details[2] = book.details[0].clone();
            let mut reversed =
                reversed.set(3, "SEQNO", "3").set(3, "TRDNO", "A2506200001000000003").set(3, "STAT", "02");
            reversed = reversed.set(3, "ORGNO", "A2506200001000000001");
            for field in ["AMT", "FEE", "PNL"] {
                let value = reversed.value(1, field);
                reversed = reversed.set(3, field, &format!("-{value}"));
            }
            reversed.summed().bytes()
        }),
        one("silver", || {
            // One lot is one kilogram at 8,812 yuan; the same in grams; then the error of a thousand.
            let trade = |book: Book, n: usize, quantity: &str, unit: &str, amount: &str| {
                book.set(n, "INSTID", "Ag(T+D)")
                    .set(n, "INSTNM", "白银延期")
                    .set(n, "MKTID", "10")
                    .set(n, "LOTS", "3")
                    .set(n, "PRICE", "8812.0000")
                    .set(n, "QTY", quantity)
                    .set(n, "UNIT", unit)
                    .set(n, "AMT", amount)
            };
            let book = trade(Book::ebcdic(3), 1, "3.0000", "KG", "26436.00");
            let book = trade(book, 2, "3000.0000", "G", "26436.00");
            trade(book, 3, "3000.0000", "G", "26436000.00").summed().bytes()
        }),
        one("ccsid-935", || Book::ebcdic(3).head("DTACCSID", "935").bytes()),
        one("trailing-1a", || [Book::gbk(3).bytes(), vec![0x1A, 0x1A, 0x1A]].concat()),
        one("no-last-line-end", || {
            let mut bytes = Book::gbk(3).bytes();
            bytes.truncate(bytes.len() - 2);
            bytes
        }),
    ]
}

impl Book {
    /// A number of trade `n` as text.
    fn value(&self, n: usize, field: &str) -> String {
        let format = Series::Ebcdic.format().unwrap();
        let record = format.record(fpp_codecs::format::Role::Detail).unwrap();
        let mut row = fpp_codecs::record::Row::default();
        record.decode(&self.details[n - 1], &mut row);
        row.decimal(record.field(field).unwrap()).unwrap().to_string()
    }
}
