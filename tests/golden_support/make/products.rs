//! The product file (产品文件): no header, no trailer, a null and a field of varying length.

use super::{Input, one};
use fpp_codecs::format::Format;
use fpp_codecs::record::{Cell, Row};

pub(crate) fn inputs() -> Vec<Input> {
    vec![one("products", products)]
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

fn products() -> Vec<u8> {
    let folder = crate::support::site::repository().join("config/layouts");
    let mut read = |name: &str| std::fs::read_to_string(folder.join(name)).map_err(|e| e.to_string());
    let text = read("pmprd.toml").unwrap();
    let format = Format::parse("pmprd.toml", &text, &mut read, None).unwrap_or_else(|f| panic!("{f:?}")).0;
    let (mut bytes, mut row) = (Vec::new(), Row::default());
    for product in PRODUCTS {
        row.clear();
        for (field, value) in format.records[0].layout.fields.iter().zip(product) {
            if field.name == "ENDDAT" && value.is_empty() { row.cells.push(Cell::Null) } else { row.push_text(value) }
        }
        format.records[0].encode(&row, &mut bytes).unwrap_or_else(|fault| panic!("{fault:?}"));
    }
    bytes
}
