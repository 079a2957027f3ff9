//! Transcoding (转码): the records of a file in another layout and code page.
//!
//! Fields go by their names; a record goes to the record of its name, or of its role where there is one alone. Every field
//! of the other layout but FILLER comes from somewhere, and every field of this one goes somewhere, unless it is dropped by
//! name: nothing is lost in silence. Values travel as text, digit by digit, and each record that was written has been read
//! back and compared by the encoder. What does not fit (a character that the page lacks, a number too long) is a fault of
//! its field, never a cut.

use super::fields::FieldRef;
use super::moment::{Day, DayForm};
use fpp_codecs::Code;
use fpp_codecs::date::Date;
use fpp_codecs::format::{Format, RecordFormat};
use fpp_codecs::layout::{Field, Kind};
use fpp_codecs::record::{Cell, Row};
use std::collections::BTreeSet;

/// What the layouts do not say themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rules {
    /// Fields of the other layout that hold the same text in every record.
    #[serde(default)]
    pub set: std::collections::BTreeMap<String, String>,
    /// Fields that are days, written in the form that each layout's field implies (`cyymmdd`, `yyyymmdd`, ISO).
    #[serde(default)]
    pub dates: Vec<String>,
    /// Fields of this layout that go nowhere.
    #[serde(default)]
    pub drop: Vec<String>,
}

/// A compiled transcoding.
#[derive(Clone, Debug)]
pub struct Transcoder {
    to: Format,
    /// By record of the first format: the record of the other one, and where its fields come from.
    records: Vec<(usize, Vec<Source>)>,
}

/// Where a field comes from.
#[derive(Clone, Debug)]
enum Source {
    Blank,
    Set(String),
    Copy(FieldRef),
    Day(FieldRef, DayForm, DayForm),
}

/// Why a record cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The field of the other layout.
    pub field: String,
    /// What is wrong.
    pub code: Code,
    /// In words, without content.
    pub detail: String,
}

impl Transcoder {
    /// Compiles it; everything that is missing at once.
    pub fn compile(from: &Format, to: Format, rules: &Rules) -> Result<Transcoder, Vec<String>> {
        let mut faults = Vec::new();
        let mut used = BTreeSet::new();
        let records = from
            .records
            .iter()
            .filter_map(|record| {
                let Some(index) = partner(record, &to) else {
                    faults.push(format!("{} has no record for {}", to.name, record.layout.name));
                    return None;
                };
                let other = to.records.get(index)?;
                Some((index, sources(record, other, rules, &mut used, &mut faults)))
            })
            .collect();
        let named = rules.set.keys().chain(&rules.dates).chain(&rules.drop);
        faults.extend(named.filter(|name| !used.contains(*name)).map(|name| format!("`{name}` names no field")));
        if faults.is_empty() { Ok(Transcoder { to, records }) } else { Err(faults) }
    }

    /// The other format.
    pub fn format(&self) -> &Format {
        &self.to
    }

    /// Appends a record, which is one of the first format's; `scratch` is used again.
    pub fn write(&self, index: usize, row: &Row, scratch: &mut Row, out: &mut Vec<u8>) -> Result<(), Misfit> {
        let lost = || Misfit { field: String::new(), code: Code::NO_LAYOUT, detail: "no layout for it".to_owned() };
        let (other, sources) = self.records.get(index).ok_or_else(lost)?;
        let record = self.to.records.get(*other).ok_or_else(lost)?;
        scratch.clear();
        for (field, source) in record.layout.fields.iter().zip(sources) {
            put(field, source, row, scratch).map_err(|detail| Misfit {
                field: field.name.clone(),
                code: Code::RANGE,
                detail,
            })?;
        }
        let name = |index: usize| record.layout.fields.get(index).map_or_else(String::new, |field| field.name.clone());
        let written = record.encode(scratch, out);
        written.map(drop).map_err(|fault| Misfit {
            field: name(fault.field),
            code: fault.code,
            detail: fault.detail.to_string(),
        })
    }
}

/// The record of the other format: the one of the same name, or the only one of the same role.
fn partner(record: &RecordFormat, to: &Format) -> Option<usize> {
    let named = to.records.iter().position(|other| other.layout.name == record.layout.name);
    let mut of_role = to.records.iter().enumerate().filter(|(_, other)| other.role == record.role);
    named.or_else(|| of_role.next().filter(|_| of_role.next().is_none()).map(|(index, _)| index))
}

fn sources(
    from: &RecordFormat,
    to: &RecordFormat,
    rules: &Rules,
    used: &mut BTreeSet<String>,
    faults: &mut Vec<String>,
) -> Vec<Source> {
    if !from.layout.is_flat() || !to.layout.is_flat() {
        faults.push(format!("{}: groups and arrays are not transcoded", to.layout.name));
    }
    let sources: Vec<Source> = to.layout.fields.iter().map(|field| source(from, field, rules, used, faults)).collect();
    for field in &from.layout.fields {
        let goes = to.layout.fields.iter().any(|other| other.name == field.name);
        if rules.drop.contains(&field.name) {
            used.insert(field.name.clone());
        } else if !goes && !field.is_filler() {
            faults.push(format!("{}.{} goes nowhere; name it in `drop`", from.layout.name, field.name));
        }
    }
    sources
}

fn source(
    from: &RecordFormat,
    field: &Field,
    rules: &Rules,
    used: &mut BTreeSet<String>,
    faults: &mut Vec<String>,
) -> Source {
    if let Some(text) = rules.set.get(&field.name) {
        used.insert(field.name.clone());
        return Source::Set(text.clone());
    }
    let found = from.layout.fields.iter().enumerate().find(|(_, other)| other.name == field.name);
    let Some((index, other)) = found.filter(|_| !field.is_filler()) else {
        if !field.is_filler() {
            faults.push(format!("{} comes from nowhere; name it in `set`", field.name));
        }
        return Source::Blank;
    };
    let place = FieldRef { index, offset: other.offset };
    if rules.dates.contains(&field.name) {
        used.insert(field.name.clone());
        return Source::Day(place, DayForm::of(other), DayForm::of(field));
    }
    Source::Copy(place)
}

fn put(field: &Field, source: &Source, row: &Row, out: &mut Row) -> Result<(), String> {
    match source {
        Source::Blank if field.kind.is_text() => out.push_text(""),
        Source::Blank if field.kind == Kind::Hex => out.push_hex(&"0".repeat(field.bytes * 2)),
        Source::Blank => out.push_text("0"),
        Source::Set(text) if field.kind == Kind::Hex => out.push_hex(text),
        Source::Set(text) => out.push_text(text),
        Source::Day(from, form, to) => out.push_text(&day(*from, *form, *to, row)?),
        Source::Copy(from) => match row.cells.get(from.index) {
            None | Some(Cell::Null | Cell::Absent) if field.kind.is_text() => out.push_text(""),
            None | Some(Cell::Null | Cell::Absent) => out.cells.push(Cell::Null),
            Some(Cell::Bad | Cell::Raw(..)) => return Err("holds bytes that are no value".to_owned()),
            Some(Cell::Hex(..)) if field.kind == Kind::Hex => out.push_hex(row.str(from.index).unwrap_or_default()),
            Some(_) => out.push_text(&from.plain(row)),
        },
    }
    Ok(())
}

fn day(field: FieldRef, from: DayForm, to: DayForm, row: &Row) -> Result<String, String> {
    let date: Date = match from.read(row, field) {
        Day::On(date) => date,
        Day::None => return Ok(if to == DayForm::Iso { "0001-01-01" } else { "0" }.to_owned()),
        Day::Impossible => return Err("there is no such day".to_owned()),
    };
    match to {
        DayForm::Ymd8 => Ok(date.to_ymd8().to_string()),
        DayForm::Cyymmdd => date.to_cyymmdd().map(|day| day.to_string()).ok_or_else(|| "no such day there".to_owned()),
        DayForm::Iso => Ok(String::from_utf8_lossy(&date.to_iso()).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trade::plan::Plan;
    use crate::trade::plan::rules::Policy;
    use crate::trade::sample::{self, Trade, silver, trade, with};
    use fpp_codecs::format::Role;
    use proptest::prelude::*;

    fn rules(to: [&str; 2]) -> Rules {
        let set = [("RECLEN", to[0]), ("DTACCSID", to[1])].map(|(name, value)| (name.to_owned(), value.to_owned()));
        Rules { set: set.into_iter().collect(), dates: vec!["ACTDAT".to_owned()], drop: Vec::new() }
    }

    fn both() -> (Plan, Plan, Transcoder, Transcoder) {
        let (ebcdic, gbk) = (sample::plan(false, Policy::Strict), sample::plan(true, Policy::Strict));
        let there = Transcoder::compile(&ebcdic.format, gbk.format.clone(), &rules(["400", "936"])).unwrap();
        let back = Transcoder::compile(&gbk.format, ebcdic.format.clone(), &rules(["480", "0"])).unwrap();
        (ebcdic, gbk, there, back)
    }

    fn over(with: &Transcoder, from: &Format, records: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, Misfit> {
        let (mut row, mut scratch) = (Row::default(), Row::default());
        let one = |bytes: &Vec<u8>| {
            let index = from.select(bytes).unwrap();
            from.records[index].decode(bytes, &mut row);
            let mut out = Vec::new();
            with.write(index, &row, &mut scratch, &mut out).map(|()| out)
        };
        records.iter().map(one).collect()
    }

    fn names(plan: &Plan, record: &[u8]) -> String {
        let mut row = Row::default();
        plan.format.record(Role::Detail).unwrap().decode(record, &mut row);
        row.str(plan.format.record(Role::Detail).unwrap().field("CUSTNM").unwrap()).unwrap().to_owned()
    }

    #[test]
    fn a_file_goes_to_its_twin_and_back_byte_for_byte() {
        let (ebcdic, gbk, there, back) = both();
        let trades: Vec<Trade> = vec![
            trade(1),
            with(silver(2), &[("PNL", "-250.50"), ("VALDAT", "0001-01-01")]),
            with(trade(3), &[("ACTDAT", "0"), ("CUSTNM", "司徒·浩军 ABC"), ("ORGNO", "")]),
        ];
        let file = sample::file(&ebcdic, &trades);
        let twin = over(&there, &ebcdic.format, &file).unwrap();
        assert_eq!(twin[1].len(), 400);
        assert_eq!(names(&gbk, &twin[3]), "司徒·浩军 ABC");
        assert_eq!(over(&back, &gbk.format, &twin).unwrap(), file);
    }

    #[test]
    fn what_does_not_fit_is_a_fault_of_its_field() {
        let (ebcdic, _, there, _) = both();
        // In EBCDIC, and not in GBK.
        let file = sample::file(&ebcdic, &[with(trade(1), &[("CUSTNM", "㐂")])]);
        let misfit = over(&there, &ebcdic.format, &file).unwrap_err();
        assert_eq!((misfit.field.as_str(), misfit.code), ("CUSTNM", Code::UNMAPPED));
    }

    #[test]
    fn nothing_is_lost_or_made_up_in_silence() {
        let (ebcdic, gbk) = (sample::plan(false, Policy::Strict), sample::plan(true, Policy::Strict));
        let mut other = gbk.format.clone();
        other.records[1].layout.fields[3].name = "OTHER".to_owned();
        let rules = Rules { drop: vec!["NOPE".to_owned()], ..Rules::default() };
        let faults = Transcoder::compile(&ebcdic.format, other, &rules).unwrap_err();
        for part in ["OTHER comes from nowhere", "MATNO goes nowhere", "`NOPE` names no field"] {
            assert!(faults.iter().any(|fault| fault.contains(part)), "{part} in {faults:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn any_good_trade_comes_back(
            cents in -10i128.pow(14)..10i128.pow(14),
            weight in -10i128.pow(12)..10i128.pow(12),
            name in "[A-Za-z0-9 金银铂黄白张王李]{0,16}",
            day in 0u32..28,
        ) {
            let (ebcdic, gbk, there, back) = both();
            let decimal = |value: i128, scale: u8| fpp_codecs::record::Decimal { unscaled: value, scale }.to_string();
            let (amount, quantity) = (decimal(cents, 2), decimal(weight, 4));
            let date = format!("202506{:02}", day + 1);
            let changes = [("AMT", amount.as_str()), ("QTY", &quantity), ("CUSTNM", name.trim_end()), ("ACTDAT", &date)];
            let file = vec![sample::encode(&ebcdic.format, Role::Detail, &with(trade(1), &changes))];
            let twin = over(&there, &ebcdic.format, &file).unwrap();
            prop_assert_eq!(over(&back, &gbk.format, &twin).unwrap(), file);
        }
    }
}
