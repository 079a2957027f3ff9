//! Files of the stand-in core, read back by the codecs that the daemon uses.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use fpp::demo::generate::{Flaw, Harm, Series, Spec, Spoil, Summary, generate};
use fpp::trade::instrument::{Instruments, Unit};
use fpp_codecs::controls::Tally;
use fpp_codecs::date::Date;
use fpp_codecs::format::{Format, Role};
use fpp_codecs::framing::{CutError, Cutter, TextMode, text_mode, text_mode_damage};
use fpp_codecs::record::{Decimal, Row};
use std::collections::{BTreeMap, BTreeSet};

const BOTH: [Series; 2] = [Series::Ebcdic, Series::Gbk];

fn spec(series: Series, trades: u64, spoils: &[Spoil]) -> Spec {
    let date = Date::new(2025, 6, 20).unwrap();
    Spec { trades, spoils: spoils.to_vec(), ..Spec::new(series, date, 1) }
}

fn make(spec: &Spec) -> (Vec<u8>, Summary) {
    let mut file = Vec::new();
    let summary = generate(spec, &mut file).unwrap();
    assert_eq!(summary.bytes, file.len() as u64);
    (file, summary)
}

/// Every record that can be cut, with its role and its decoded row.
fn rows(format: &Format, file: &[u8]) -> Result<Vec<(Role, Row)>, CutError> {
    let mut cutter = Cutter::new(format.framing.clone(), file);
    let mut rows = Vec::new();
    while let Some(cut) = cutter.next()? {
        let record = &format.records[format.select(cut.bytes).unwrap()];
        let mut row = Row::default();
        record.decode(cut.bytes, &mut row);
        rows.push((record.role, row));
    }
    Ok(rows)
}

/// Fields of the detail rows by name.
struct Details<'a> {
    format: &'a Format,
    rows: Vec<&'a Row>,
}

impl<'a> Details<'a> {
    fn new(format: &'a Format, rows: &'a [(Role, Row)]) -> Details<'a> {
        Details { format, rows: rows.iter().filter(|(role, _)| *role == Role::Detail).map(|(_, row)| row).collect() }
    }

    fn index(&self, field: &str) -> usize {
        self.format.record(Role::Detail).unwrap().field(field).unwrap()
    }

    fn text(&self, n: usize, field: &str) -> &str {
        self.rows[n].str(self.index(field)).unwrap()
    }

    fn number(&self, n: usize, field: &str) -> Decimal {
        self.rows[n].decimal(self.index(field)).unwrap()
    }
}

/// Totals of the trailer that do not agree with the details.
fn disagreeing(format: &Format, rows: &[(Role, Row)]) -> Vec<String> {
    let mut tally = Tally::new(format.controls.as_ref().unwrap());
    let index = |role: Role| format.records.iter().position(|record| record.role == role).unwrap();
    rows.iter().filter(|(role, _)| *role == Role::Detail).for_each(|(_, row)| tally.add(index(Role::Detail), row));
    let (role, trailer) = rows.last().unwrap();
    assert_eq!(*role, Role::Trailer);
    tally.promise(index(Role::Trailer), trailer);
    let totals = tally.totals();
    assert_eq!(totals.len(), 8, "{totals:?}");
    totals.into_iter().filter(|total| !total.agrees).map(|total| total.name).collect()
}

#[test]
fn a_good_file_decodes_and_adds_up() {
    for series in BOTH {
        let format = series.format().unwrap();
        let (file, summary) = make(&spec(series, 3_000, &[]));
        let per_record = format.framing.length() + format.framing.ending().len();
        assert_eq!((summary.records, summary.bytes), (3_002, 3_002 * per_record as u64));
        let rows = rows(&format, &file).unwrap();
        assert_eq!((rows.len(), rows[0].0), (3_002, Role::Header));
        for (n, (_, row)) in rows.iter().enumerate() {
            assert!(row.faults.is_empty(), "{series:?} record {}: {:?}", n + 1, row.faults);
        }
        assert_eq!(disagreeing(&format, &rows), [""; 0]);
        assert_eq!(summary.totals.buys + summary.totals.sells, 3_000);
        let header = format.record(Role::Header).unwrap();
        let field = |name| header.field(name).unwrap();
        assert_eq!(rows[0].1.str(field("FILEID")).unwrap(), series.file_id());
        assert_eq!(rows[0].1.decimal(field("BIZDAT")).unwrap().unscaled, 20_250_620);
        assert_eq!(rows[0].1.decimal(field("RECLEN")).unwrap().unscaled, format.framing.length() as i128);
    }
}

#[test]
fn every_trade_is_right_in_the_units_of_its_listed_instrument() {
    let listed = include_str!("../config/instruments.toml");
    let instruments = Instruments::parse("instruments.toml", listed).unwrap();
    for series in BOTH {
        let format = series.format().unwrap();
        let (file, _) = make(&spec(series, 2_000, &[]));
        let rows = rows(&format, &file).unwrap();
        let trades = Details::new(&format, &rows);
        let mut metals = BTreeSet::new();
        for n in 0..trades.rows.len() {
            let instrument = instruments.find(trades.text(n, "INSTID")).unwrap();
            let kilograms = instrument.price_unit == Unit::Kilogram;
            assert_eq!(trades.text(n, "UNIT"), if kilograms { "KG" } else { "G" });
            let quantity = trades.number(n, "QTY");
            let product = trades.number(n, "PRICE").checked_mul(quantity).unwrap();
            let amount = trades.number(n, "AMT");
            let unsigned = Decimal { unscaled: amount.unscaled.abs(), ..amount };
            assert!(unsigned.same_value(product), "{amount} is not {product}");
            let grams = quantity.checked_mul(Decimal::whole(if kilograms { 1000 } else { 1 })).unwrap();
            assert!(trades.number(n, "LOTS").checked_mul(instrument.lot_grams).unwrap().same_value(grams));
            metals.insert(instrument.metal.clone());
        }
        assert_eq!(metals.into_iter().collect::<Vec<_>>(), ["AG", "AU", "PT"]);
    }
}

#[test]
fn reversals_name_an_earlier_trade_and_turn_its_money_around() {
    let format = Series::Ebcdic.format().unwrap();
    let (file, _) = make(&spec(Series::Ebcdic, 2_000, &[]));
    let rows = rows(&format, &file).unwrap();
    let trades = Details::new(&format, &rows);
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut undone = BTreeSet::new();
    let mut statuses: BTreeMap<&str, u32> = BTreeMap::new();
    for n in 0..trades.rows.len() {
        let status = trades.text(n, "STAT");
        *statuses.entry(status).or_default() += 1;
        if status != "00" {
            let original = seen[trades.text(n, "ORGNO")];
            assert_eq!(trades.text(original, "STAT"), "00");
            assert!(undone.insert(original), "trade {original} is undone twice");
            let (amount, before) = (trades.number(n, "AMT").unscaled, trades.number(original, "AMT").unscaled);
            assert_eq!(amount, if status == "02" { -before } else { before });
            assert_eq!(trades.text(n, "INSTID"), trades.text(original, "INSTID"));
        }
        assert!(seen.insert(trades.text(n, "TRDNO"), n).is_none());
    }
    assert!(statuses["01"] >= 5 && statuses["02"] >= 15, "{statuses:?}");
}

#[test]
fn names_are_of_every_kind() {
    for series in BOTH {
        let format = series.format().unwrap();
        let (file, _) = make(&spec(series, 2_000, &[]));
        let rows = rows(&format, &file).unwrap();
        let trades = Details::new(&format, &rows);
        let names: String = (0..trades.rows.len()).map(|n| trades.text(n, "CUSTNM")).collect();
        for wanted in ["喆", "堃", "镕", "·", "AG贵金属(中国)有限公司", "JOHN SMITH"] {
            assert!(names.contains(wanted), "{series:?}: nobody is called {wanted}");
        }
    }
}

#[test]
fn the_same_spec_gives_the_same_bytes_and_a_resend_the_same_trades() {
    for series in BOTH {
        let first = spec(series, 300, &[]);
        let (file, _) = make(&first);
        assert!(make(&first).0 == file);
        let (resent, _) = make(&Spec { run: 1, ..first.clone() });
        let skip = file.len() / 302;
        assert!(resent[..skip] != file[..skip] && resent[skip..] == file[skip..]);
        let (other, _) = make(&Spec { batch: 2, ..first.clone() });
        assert!(other[skip..2 * skip] != file[skip..2 * skip]);
        assert!(make(&Spec { seed: 1, ..first.clone() }).0 != file);
        assert_eq!(first.file_name(), format!("CORE_PMTS_{}_20250620_0001_00.TXT", series.file_id()));
    }
}

#[test]
fn an_empty_batch_has_header_and_trailer() {
    for series in BOTH {
        let format = series.format().unwrap();
        let (file, summary) = make(&spec(series, 0, &[]));
        let rows = rows(&format, &file).unwrap();
        assert_eq!((rows.len(), summary.records, summary.totals.trades), (2, 2, 0));
        assert_eq!(disagreeing(&format, &rows), [""; 0]);
    }
}

/// Flaws that decoding finds by itself, without any business rule.
const OF_BYTES: &[Flaw] = &[Flaw::FeeDigit, Flaw::AmountDigit, Flaw::PnlSign, Flaw::NameRun, Flaw::ValueDate];

#[test]
fn every_flaw_of_bytes_is_found_in_its_field_with_its_code() {
    for series in BOTH {
        let format = series.format().unwrap();
        let spoils: Vec<_> =
            (OF_BYTES.iter().zip(10..)).map(|(flaw, trade)| Spoil::Record { trade, flaw: *flaw }).collect();
        let (file, summary) = make(&spec(series, 100, &spoils));
        let rows = rows(&format, &file).unwrap();
        let detail = format.record(Role::Detail).unwrap();
        let mut found = BTreeMap::new();
        for (number, (_, row)) in (1..).zip(&rows) {
            for fault in &row.faults {
                let flaw = summary.flaws[&number];
                let field = &detail.layout.fields[fault.field].name;
                assert_eq!((field.as_str(), fault.code), (flaw.field(), flaw.code(series)), "{series:?}");
                assert!(found.insert(number, flaw).is_none());
            }
        }
        assert_eq!(found, summary.flaws);
        // The details still hold what the trailer promises, but for the amount that cannot be read.
        let wrong = disagreeing(&format, &rows);
        assert!(wrong.iter().all(|name| name.ends_with("AMT")) && wrong.len() == 2, "{wrong:?}");
    }
}

#[test]
fn flaws_of_values_are_in_the_record_and_the_totals_agree() {
    for series in BOTH {
        let format = series.format().unwrap();
        let values = Flaw::ALL.iter().filter(|flaw| !OF_BYTES.contains(flaw));
        let spoils: Vec<_> =
            values.zip((10..).step_by(10)).map(|(flaw, trade)| Spoil::Record { trade, flaw: *flaw }).collect();
        let (file, summary) = make(&spec(series, 100, &spoils));
        let (good, _) = make(&spec(series, 100, &[]));
        let (rows, good) = (rows(&format, &file).unwrap(), rows(&format, &good).unwrap());
        assert_eq!(disagreeing(&format, &rows), [""; 0]);
        let detail = format.record(Role::Detail).unwrap();
        for (n, ((role, row), (_, right))) in rows.iter().zip(&good).enumerate() {
            assert!(row.faults.is_empty());
            let names =
                (0..row.cells.len()).filter(|f| row.str(*f) != right.str(*f) || row.decimal(*f) != right.decimal(*f));
            let changed: Vec<_> = names.map(|field| detail.layout.fields[field].name.as_str()).collect();
            match summary.flaws.get(&(n as u64 + 1)) {
                Some(flaw) => assert_eq!(changed, [flaw.field()], "{flaw:?}"),
                None if *role == Role::Detail => assert_eq!(changed, [""; 0]),
                None => {}
            }
        }
    }
}

#[test]
fn every_harm_shows() {
    for series in BOTH {
        let format = series.format().unwrap();
        let harmed = |harm| make(&spec(series, 50, &[Spoil::File(harm)])).0;
        let names = |harm| disagreeing(&format, &rows(&format, &harmed(harm)).unwrap());
        assert_eq!(names(Harm::LyingCount), ["TOTCNT"]);
        assert_eq!(names(Harm::LyingAmount), ["TOTAMT"]);
        assert_eq!(names(Harm::LyingHash), ["HASHTOT"]);
        let roles = |harm| rows(&format, &harmed(harm)).unwrap().iter().map(|(role, _)| *role).collect::<Vec<_>>();
        assert_eq!((roles(Harm::NoHeader)[0], roles(Harm::NoHeader).len()), (Role::Detail, 51));
        assert_eq!((roles(Harm::NoTrailer)[50], roles(Harm::NoTrailer).len()), (Role::Detail, 51));
        assert!(rows(&format, &harmed(Harm::CutLastRecord)).is_err());
        let other = rows(&format, &harmed(Harm::OtherDate)).unwrap();
        let date = format.record(Role::Header).unwrap().field("BIZDAT").unwrap();
        assert_eq!(other[0].1.decimal(date).unwrap().unscaled, 20_250_623);
    }
    let format = Series::Ebcdic.format().unwrap();
    let damaged = make(&spec(Series::Ebcdic, 50, &[Spoil::File(Harm::TextMode)])).0;
    assert!(text_mode_damage(&format, &damaged, damaged.len() as u64).is_some());
    for series in BOTH {
        let good = make(&spec(series, 500, &[])).0;
        assert_eq!(text_mode(&series.format().unwrap(), &good, good.len() as u64), TextMode::Untouched);
    }
}
