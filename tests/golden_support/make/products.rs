//! Files of other kinds than trades: products (产品文件), reconciliation (对账文件), the core's own answer (回盘).

use super::{Input, one};
use fpp_codecs::format::Format;
use fpp_codecs::record::{Cell, Row};

pub(crate) fn inputs() -> Vec<Input> {
    vec![one("products", products), one("reconciliation", reconciliation), one("response", response)]
}

/// Code, name, metal, market, grams a lot, unit, tick, least and most lots, fineness, status, from, to, remark.
const PRODUCTS: &[[&str; 14]] = &[
    ["Au99.99", "黄金9999", "AU", "00", "10", "G", "0.01", "1", "5000", "999.900", "1", "2014-01-02", "", "一手十克"],
    ["Ag(T+D)", "白银延期", "AG", "10", "1000", "KG", "1", "1", "9999", "999.000", "1", "2006-10-30", "", ""],
    [
        "Au50g",
        "50克金条",
        "AU",
        "00",
        "50",
        "G",
        "0.01",
        "1",
        "500",
        "999.900",
        "4",
        "2008-01-09",
        "2019-12-31",
        "已停止 STOPPED",
    ],
];

/// Kind, number, date, market, instrument, side, trade, count, lots, weight, amount, fee, status, result.
const SUMS: &[[&str; 14]] = &[
    ["S", "1", "20250620", "00", "Au99.99", "0", "", "2", "20", "200", "156100.00", "15.60", "", "0"],
    ["S", "2", "20250620", "10", "Ag(T+D)", "", "", "1", "15", "15", "130500.00", "13.05", "", "3"],
    ["D", "3", "20250620", "10", "Ag(T+D)", "1", "T2025062000000009", "1", "15", "15", "130500.01", "13.05", "00", "3"],
    ["D", "4", "20250620", "00", "Au99.99", "0", "", "1", "10", "100", "78050.00", "7.80", "00", "1"],
    ["D", "5", "20250620", "00", "Au99.99", "0", "T2025062000000001", "2", "10", "100", "78050.00", "7.80", "02", "4"],
];

fn products() -> Vec<u8> {
    file("pmprd.toml", PRODUCTS)
}

fn reconciliation() -> Vec<u8> {
    file("pmrec.toml", SUMS)
}

/// The answer that stands in another case, as if the core had given it.
fn response() -> Vec<u8> {
    let path = super::case::all().join("bad-business-1388/answer-1.dat");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn file(name: &str, records: &[[&str; 14]]) -> Vec<u8> {
    let folder = crate::support::site::repository().join("config/layouts");
    let mut read = |name: &str| std::fs::read_to_string(folder.join(name)).map_err(|e| e.to_string());
    let text = read(name).unwrap();
    let format = Format::parse(name, &text, &mut read, None).unwrap_or_else(|f| panic!("{f:?}")).0;
    let (mut bytes, mut row) = (Vec::new(), Row::default());
    for record in records {
        row.clear();
        let values = record.iter().chain(std::iter::repeat(&""));
        for (field, value) in format.records[0].layout.fields.iter().zip(values) {
            if field.name == "ENDDAT" && value.is_empty() { row.cells.push(Cell::Null) } else { row.push_text(value) }
        }
        format.records[0].encode(&row, &mut bytes).unwrap_or_else(|fault| panic!("{fault:?}"));
    }
    bytes
}
