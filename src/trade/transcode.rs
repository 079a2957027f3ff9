//! Transcoding (转码): the records of a file in another layout and code page.
//!
//! Fields go by their names; a record goes to the record of its name, or of its role where there is one alone. Every field
//! of the other layout but FILLER comes from somewhere, and every field of this one goes somewhere, unless it is dropped by
//! name: nothing is lost in silence. Elements of arrays and parts of alternatives go to those that stand alike (`shape.rs`):
//! what a record does not have is absent on both sides. Values travel as text, digit by digit, and each record that was written has been read
//! back and compared by the encoder. What does not fit (a character that the page lacks, a number too long) is a fault of
//! its field, never a cut.

mod shape;

use super::fields::FieldRef;
use super::moment::{Day, DayForm};
use fpp_codecs::Code;
use fpp_codecs::date::Date;
use fpp_codecs::format::{Format, RecordFormat};
use fpp_codecs::layout::{Field, Kind};
use fpp_codecs::record::{Cell, Row};
use shape::{Stand, base, stands};
use std::collections::{BTreeSet, HashMap};

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
    records: Vec<(usize, Vec<Origin>)>,
}

/// Where a field comes from, and the field without which it is absent, if it can be.
#[derive(Clone, Debug)]
struct Origin {
    source: Source,
    with: Option<usize>,
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
                let mut pair = Pair::of(record, other, rules);
                let sources = pair.sources();
                used.append(&mut pair.used);
                faults.append(&mut pair.faults);
                Some((index, sources))
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
        let (other, origins) = self.records.get(index).ok_or_else(lost)?;
        let record = self.to.records.get(*other).ok_or_else(lost)?;
        scratch.clear();
        for (field, origin) in record.layout.fields.iter().zip(origins) {
            put(field, origin, row, scratch).map_err(|detail| Misfit {
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

/// Two records of which one becomes the other.
struct Pair<'a> {
    from: &'a RecordFormat,
    to: &'a RecordFormat,
    rules: &'a Rules,
    /// Fields of the first one by name, and where each stands.
    names: HashMap<&'a str, usize>,
    stands: Vec<Stand>,
    /// A field of each occurrence and alternative of the first one.
    present: HashMap<std::rc::Rc<str>, usize>,
    used: BTreeSet<String>,
    faults: Vec<String>,
}

impl<'a> Pair<'a> {
    fn of(from: &'a RecordFormat, to: &'a RecordFormat, rules: &'a Rules) -> Pair<'a> {
        let names = from.layout.fields.iter().enumerate().map(|(index, field)| (field.name.as_str(), index)).collect();
        let (stands, unchosen) = stands(&from.layout);
        let mut present = HashMap::new();
        for (index, stand) in stands.iter().enumerate().filter(|(_, stand)| !stand.place.is_empty()) {
            present.entry(stand.place.clone()).or_insert(index);
        }
        let mut pair = Pair { from, to, rules, names, stands, present, used: BTreeSet::new(), faults: Vec::new() };
        unchosen.iter().for_each(|name| pair.unchosen(&from.layout.name, name));
        pair
    }

    /// Of the elements of an array it is said once.
    fn fault(&mut self, what: String) {
        if !self.faults.contains(&what) {
            self.faults.push(what);
        }
    }

    fn unchosen(&mut self, layout: &str, name: &str) {
        self.fault(format!(
            "{layout}.{name} is redefined, and no `choice` says which reading holds: such parts are not transcoded"
        ));
    }

    /// Where each field of the other record comes from.
    fn sources(&mut self) -> Vec<Origin> {
        let (from, to) = (&self.from.layout, &self.to.layout);
        let (others, unchosen) = stands(to);
        unchosen.iter().for_each(|name| self.unchosen(&to.name, name));
        let origins = to.fields.iter().zip(&others).map(|(field, stand)| self.origin(field, stand)).collect();
        let goes: BTreeSet<&str> = to.fields.iter().map(|field| field.name.as_str()).collect();
        for field in &from.fields {
            if let Some(word) = named(&field.name, |word| self.rules.drop.iter().any(|name| name == word)) {
                self.used.insert(word.to_owned());
            } else if !goes.contains(field.name.as_str()) && !field.is_filler() {
                self.fault(format!("{}.{} goes nowhere; name it in `drop`", from.name, base(&field.name)));
            }
        }
        origins
    }

    fn origin(&mut self, field: &Field, stand: &Stand) -> Origin {
        let source = self.source(field);
        let own = match &source {
            Source::Copy(place) | Source::Day(place, ..) => Some(place.index),
            Source::Blank | Source::Set(_) => None,
        };
        if let Some(other) = own.and_then(|index| self.stands.get(index)).filter(|other| other.shape != stand.shape) {
            let words = |stand: &Stand| match stand.shape.trim_end() {
                "" => "in no array".to_owned(),
                shape => format!("in {shape}"),
            };
            let what = format!(
                "{} stands {} in {} and {} in {}: elements go to elements of the same arrays and alternatives",
                base(&field.name),
                words(other),
                self.from.layout.name,
                words(stand),
                self.to.layout.name
            );
            self.fault(what);
        }
        if stand.place.is_empty() {
            return Origin { source, with: None };
        }
        let with = own.or_else(|| self.present.get(&stand.place).copied());
        if with.is_none() {
            self.fault(format!(
                "{}.{} stands in an occurrence or alternative that {} does not have",
                self.to.layout.name,
                base(&field.name),
                self.from.layout.name
            ));
        }
        Origin { source, with }
    }

    fn source(&mut self, field: &Field) -> Source {
        let rules = self.rules;
        if let Some(word) = named(&field.name, |word| rules.set.contains_key(word)) {
            self.used.insert(word.to_owned());
            return Source::Set(rules.set.get(word).cloned().unwrap_or_default());
        }
        let found = self.names.get(field.name.as_str()).filter(|_| !field.is_filler());
        let Some((index, other)) = found.and_then(|index| Some((*index, self.from.layout.fields.get(*index)?))) else {
            if !field.is_filler() {
                self.fault(format!("{} comes from nowhere; name it in `set`", base(&field.name)));
            }
            return Source::Blank;
        };
        let place = FieldRef { index, offset: other.offset };
        if let Some(word) = named(&field.name, |word| rules.dates.iter().any(|name| name == word)) {
            self.used.insert(word.to_owned());
            return Source::Day(place, DayForm::of(other), DayForm::of(field));
        }
        Source::Copy(place)
    }
}

/// The word that means a field: its own name, or that of all elements of its array.
fn named(field: &str, is: impl Fn(&str) -> bool) -> Option<&str> {
    [field, base(field)].into_iter().find(|word| is(word))
}

fn put(field: &Field, origin: &Origin, row: &Row, out: &mut Row) -> Result<(), String> {
    if origin.with.is_some_and(|index| matches!(row.cells.get(index), None | Some(Cell::Absent))) {
        out.cells.push(Cell::Absent);
        return Ok(());
    }
    match &origin.source {
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
mod array_tests;

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
