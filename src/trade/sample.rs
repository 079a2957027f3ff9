//! Sample files for the tests of this room: PMTRD in EBCDIC and its GBK twin, built through the codec's own encoder.

use super::plan::rules::{IdentityFrom, Policy, Rules};
use super::plan::{AnswerText, Bundle, FormatText, Plan, Text};
use super::proof::header::NameIdentity;
use super::proof::outcome::Outcome;
use super::proof::repeat::MemorySpill;
use super::proof::{Context, Ending, Proof};
use fpp_codecs::controls::Tally;
use fpp_codecs::format::{Format, Role};
use fpp_codecs::record::Row;
use std::collections::BTreeMap;

macro_rules! config {
    ($name:literal) => {
        Text {
            file: $name.rsplit('/').next().unwrap().to_owned(),
            text: include_str!(concat!("../../config/", $name)).to_owned(),
        }
    };
}

/// The values of one detail record by field name.
pub(crate) type Trade = BTreeMap<&'static str, String>;

pub(crate) fn bundle(gbk: bool, policy: Policy) -> Bundle {
    let dds = [
        config!("layouts/pmtrdh.dds"),
        config!("layouts/pmtrdd.dds"),
        config!("layouts/pmtrdt.dds"),
        config!("layouts/pmackh.dds"),
        config!("layouts/pmackd.dds"),
    ];
    let layouts: BTreeMap<_, _> = dds.into_iter().map(|t| (t.file, t.text)).collect();
    let (format, answer) = if gbk {
        (config!("layouts/pmtrd-gbk.toml"), config!("layouts/pmack-gbk.toml"))
    } else {
        (config!("layouts/pmtrd.toml"), config!("layouts/pmack.toml"))
    };
    let expected =
        if gbk { [("FILEID", "PMTRD"), ("RECLEN", "400")] } else { [("FILEID", "PMTRD"), ("RECLEN", "480")] };
    let rules = Rules {
        policy,
        identity: IdentityFrom::Header {
            date: "BIZDAT".into(),
            batch: Some("BATNO".into()),
            run: Some("RUNNO".into()),
        },
        header: expected.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
        ..Rules::new("pmtrd", "test")
    };
    Bundle {
        decoder: 0,
        format: FormatText { format, layouts: layouts.clone(), page: None },
        mapping: config!("events/pmtrd.toml"),
        instruments: config!("instruments.toml"),
        answer: Some(AnswerText {
            format: FormatText { format: answer, layouts, page: None },
            mapping: config!("answers/pmack.toml"),
        }),
        rules,
        files: BTreeMap::new(),
        editions: BTreeMap::new(),
    }
}

pub(crate) fn plan(gbk: bool, policy: Policy) -> Plan {
    bundle(gbk, policy).freeze().unwrap().1
}

/// A good gold trade with a number.
pub(crate) fn trade(n: usize) -> Trade {
    let number = format!("T20250620{n:08}");
    let values = [
        ("RECTYP", "D"),
        ("TRDNO", number.as_str()),
        ("MATNO", "M1"),
        ("ORDNO", "O1"),
        ("TRDDAT", "20250620"),
        ("ACTDAT", "20250620"),
        ("TRDTS", "2025-06-19-21.30.15.123456"),
        ("MKTID", "00"),
        ("INSTID", "Au99.99"),
        ("INSTNM", "黄金9999"),
        ("BSFLG", "0"),
        ("OFFFLG", "0"),
        ("LOTS", "10"),
        ("QTY", "100.0000"),
        ("UNIT", "G"),
        ("PRICE", "780.5000"),
        ("AMT", "78050.00"),
        ("FEE", "7.80"),
        ("PNL", "0.00"),
        ("CCY", "CNY"),
        ("CUSTNO", "C0000000012345"),
        ("CUSTNM", "张三丰"),
        ("ACCTNO", "6222020200112233"),
        ("BRNO", "010001"),
        ("CHNL", "MBK"),
        ("CPTY", "1001"),
        ("STAT", "00"),
        ("ORGNO", ""),
        ("VALDAT", "2025-06-20"),
        ("EXRATE", "1"),
        ("FLAGS", "0000"),
    ];
    let mut trade: Trade = values.into_iter().map(|(k, v)| (k, v.to_owned())).collect();
    trade.insert("SEQNO", n.to_string());
    trade
}

/// The same in silver: 15 lots of a kilogram, quoted per kilogram.
pub(crate) fn silver(n: usize) -> Trade {
    let mut trade = trade(n);
    let values = [
        ("MKTID", "10"),
        ("INSTID", "Ag(T+D)"),
        ("INSTNM", "白银延期"),
        ("BSFLG", "1"),
        ("OFFFLG", "1"),
        ("LOTS", "15"),
        ("QTY", "15.0000"),
        ("UNIT", "KG"),
        ("PRICE", "8700.0000"),
        ("AMT", "130500.00"),
        ("PNL", "-250.50"),
    ];
    trade.extend(values.map(|(k, v)| (k, v.to_owned())));
    trade
}

/// The trade with some fields changed.
pub(crate) fn with(mut trade: Trade, changes: &[(&'static str, &str)]) -> Trade {
    trade.extend(changes.iter().map(|(k, v)| (*k, (*v).to_owned())));
    trade
}

/// One record in bytes; fields that are not given hold blanks, zeros or no date.
pub(crate) fn encode(format: &Format, role: Role, values: &Trade) -> Vec<u8> {
    use fpp_codecs::layout::Kind;
    let record = format.record(role).unwrap();
    let mut row = Row::default();
    for field in &record.layout.fields {
        let given = values.get(field.name.as_str()).map_or("", String::as_str);
        match field.kind {
            Kind::Hex => row.push_hex(if given.is_empty() { "0000" } else { given }),
            Kind::Packed { digits: 7, .. } if given.len() == 8 => row.push_text(&format!("1{}", &given[2..])),
            Kind::Timestamp { .. } if given.is_empty() => row.push_text("2025-06-20-16.00.00.000000"),
            Kind::Date(_) if given.is_empty() => row.push_text("0001-01-01"),
            Kind::Char | Kind::Open => row.push_text(given),
            _ => row.push_text(if given.is_empty() { "0" } else { given }),
        }
    }
    let mut out = Vec::new();
    record.encode(&row, &mut out).unwrap_or_else(|f| panic!("{}: {f}", record.layout.fields[f.field].name));
    out
}

/// Position and length of a detail field.
pub(crate) fn place(plan: &Plan, name: &str) -> std::ops::Range<usize> {
    let record = plan.format.record(Role::Detail).unwrap();
    let field = &record.layout.fields[record.field(name).unwrap()];
    field.offset..field.offset + field.bytes
}

/// Header, details and a trailer whose totals are right.
pub(crate) fn file(plan: &Plan, trades: &[Trade]) -> Vec<Vec<u8>> {
    let details: Vec<_> = trades.iter().map(|t| encode(&plan.format, Role::Detail, t)).collect();
    close(plan, details)
}

/// Puts a header before records and a trailer that agrees with them behind.
pub(crate) fn close(plan: &Plan, details: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let length = plan.format.framing.length().to_string();
    let header = [
        ("RECTYP", "H"),
        ("FILEID", "PMTRD"),
        ("BIZDAT", "20250620"),
        ("BATNO", "3"),
        ("RUNNO", "1"),
        ("RECLEN", length.as_str()),
    ];
    let mut out = vec![encode(&plan.format, Role::Header, &with(Trade::new(), &header))];
    let mut tally = Tally::new(plan.format.controls.as_ref().unwrap());
    let mut row = Row::default();
    for detail in &details {
        let index = plan.format.select(detail).unwrap();
        plan.format.records[index].decode(detail, &mut row);
        tally.add(index, &row);
    }
    out.extend(details);
    let start = with(Trade::new(), &[("RECTYP", "T"), ("SEQNO", "999999999")]);
    let empty = encode(&plan.format, Role::Trailer, &start);
    let index = plan.format.select(&empty).unwrap();
    plan.format.records[index].decode(&empty, &mut row);
    tally.promise(index, &row);
    let totals = tally.totals();
    let mut trailer = start;
    for total in totals {
        trailer.insert(Box::leak(total.name.into_boxed_str()), total.found);
    }
    out.push(encode(&plan.format, Role::Trailer, &trailer));
    out
}

/// What the name of the sample file says.
pub(crate) fn context() -> Context {
    let name = NameIdentity { date: Some("20250620".into()), batch: Some(3), run: Some(1) };
    Context { name, ..Context::default() }
}

/// Proves records as a file.
pub(crate) fn prove(plan: &Plan, records: &[Vec<u8>]) -> Outcome {
    let mut proof = Proof::new(plan, context(), Box::new(MemorySpill::default()));
    let mut offset = 0;
    for (at, record) in records.iter().enumerate() {
        proof.record(at as u64 + 1, offset, record).unwrap();
        offset += record.len() as u64 + plan.format.framing.ending().len() as u64;
    }
    proof.finish(Ending::Complete).unwrap()
}
