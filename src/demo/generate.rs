//! Trade files of the stand-in core: any number of made-up trades, right or spoiled in a named way, the same on every
//! machine for the same [`Spec`].
//!
//! Invariants: memory does not grow with the file; without a spoil every control total and every business check holds;
//! a higher run of a batch has the same trades under the same numbers, as a resend (重发) has. It knows no public
//! holidays, and the people and companies in it do not exist.

mod customer;
mod market;
mod random;
mod series;
mod spoil;
mod trade;
mod values;

pub use series::Series;
pub use spoil::{Flaw, Harm, Spoil};
pub use values::Totals;

use fpp_codecs::date::Date;
use fpp_codecs::fault::Fault;
use fpp_codecs::format::{Format, RecordFormat, Role};
use fpp_codecs::record::Row;
use fpp_codecs::text::{self, Page};
use market::Day;
use std::collections::BTreeMap;
use std::io::{self, Write};
use trade::Batch;
use values::Opening;

/// What file to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Its form.
    pub series: Series,
    /// Business date (业务日).
    pub date: Date,
    /// Batch of the day (批次), from 1.
    pub batch: u16,
    /// 0, and one more for each resend of the batch.
    pub run: u8,
    /// Detail records.
    pub trades: u64,
    /// Other seeds give other customers, prices and lots.
    pub seed: u64,
    /// What is wrong with it, if anything.
    pub spoils: Vec<Spoil>,
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Bytes written.
    pub bytes: u64,
    /// Physical records, header and trailer included.
    pub records: u64,
    /// What the trades really add up to, also when the trailer lies.
    pub totals: Totals,
    /// Spoiled records by physical record number, which is SEQNO + 1.
    pub flaws: BTreeMap<u64, Flaw>,
}

impl Spec {
    /// 100,000 trades without a flaw.
    pub fn new(series: Series, date: Date, batch: u16) -> Spec {
        Spec { series, date, batch, run: 0, trades: 100_000, seed: 20_250_620, spoils: Vec::new() }
    }

    /// The file's name: `CORE_PMTS_PMTRD_20250620_0001_00.TXT`.
    pub fn file_name(&self) -> String {
        let (id, date, batch, run) = (self.series.file_id(), self.date.to_ymd8(), self.batch, self.run);
        format!("CORE_PMTS_{id}_{date:08}_{batch:04}_{run:02}.TXT")
    }

    fn has(&self, harm: Harm) -> bool {
        self.spoils.contains(&Spoil::File(harm))
    }

    fn flaws(&self) -> BTreeMap<u64, Flaw> {
        let of = |spoil: &Spoil| match spoil {
            Spoil::Record { trade, flaw } => Some((*trade, *flaw)),
            Spoil::File(_) => None,
        };
        self.spoils.iter().filter_map(of).collect()
    }

    fn batch(&self) -> io::Result<Batch> {
        let day =
            Day::of(self.date).ok_or_else(|| io::Error::other("the business date has no day before or after it"))?;
        let (letter, date, batch) = (self.series.letter(), self.date.to_ymd8() % 1_000_000, self.batch);
        let seed = [self.seed, u64::from(batch), self.date.to_ymd8() as u64];
        let seed = random::Random::of(&seed).next();
        Ok(Batch { seed, day, prefix: format!("{letter}{date:06}{batch:04}"), trades: self.trades })
    }

    fn opening(&self, format: &Format) -> Opening {
        let text = Day::of(self.date).map(|day| day.next()).unwrap_or_default();
        let other = Date::parse(&text).unwrap_or(self.date);
        Opening {
            file_id: self.series.file_id(),
            date: if self.has(Harm::OtherDate) { other } else { self.date },
            batch: self.batch,
            run: self.run,
            made: format!("{}-16.05.00.000000", self.date),
            length: format.framing.length(),
            ccsid: format.page.ccsid(),
            version: format.version.clone(),
        }
    }
}

/// Writes the file that `spec` describes. Writes are small: hand in a buffered writer.
pub fn generate(spec: &Spec, out: &mut dyn Write) -> io::Result<Summary> {
    let format = spec.series.format()?;
    let batch = spec.batch()?;
    let mut file = Output::new(spec, &format, out);
    let mut row = Row::default();
    let mut totals = Totals::start();

    if !spec.has(Harm::NoHeader) {
        let header = part(&format, Role::Header)?;
        values::header(&spec.opening(&format), header, &mut row);
        file.put(header, &row, None)?;
    }
    let detail = part(&format, Role::Detail)?;
    let flaws = spec.flaws();
    for n in 1..=spec.trades {
        let flaw = flaws.get(&n).copied();
        let mut trade = batch.trade(n);
        if let Some(flaw) = flaw {
            flaw.change(&mut trade, &batch);
        }
        totals.add(&trade);
        values::detail(&trade, spec.date, detail, &mut row);
        file.put(detail, &row, flaw)?;
    }
    if !spec.has(Harm::NoTrailer) {
        let trailer = part(&format, Role::Trailer)?;
        values::trailer(&promised(spec, totals), trailer, &mut row);
        file.put_last(trailer, &row)?;
    }
    file.out.flush()?;
    let flaws = flaws.into_iter().filter(|(n, _)| (1..=spec.trades).contains(n)).map(|(n, flaw)| (n + 1, flaw));
    Ok(Summary { bytes: file.bytes, records: file.records, totals, flaws: flaws.collect() })
}

fn part(format: &Format, role: Role) -> io::Result<&RecordFormat> {
    format.record(role).ok_or_else(|| io::Error::other(format!("{} has no {role:?} record", format.name)))
}

fn promised(spec: &Spec, mut totals: Totals) -> Totals {
    totals.trades += u64::from(spec.has(Harm::LyingCount));
    totals.amount.unscaled += i128::from(spec.has(Harm::LyingAmount));
    totals.hash += i128::from(spec.has(Harm::LyingHash));
    totals
}

/// Records on their way out.
struct Output<'a> {
    series: Series,
    ending: &'static [u8],
    /// For a transfer in text mode: what each byte becomes.
    damage: Option<[u8; 256]>,
    cut_last: bool,
    out: &'a mut dyn Write,
    record: Vec<u8>,
    bytes: u64,
    records: u64,
}

impl<'a> Output<'a> {
    fn new(spec: &Spec, format: &Format, out: &'a mut dyn Write) -> Output<'a> {
        Output {
            series: spec.series,
            ending: format.framing.ending(),
            damage: spec.has(Harm::TextMode).then(|| as_text(format.page)),
            cut_last: spec.has(Harm::CutLastRecord),
            out,
            record: Vec::new(),
            bytes: 0,
            records: 0,
        }
    }

    fn put(&mut self, format: &RecordFormat, row: &Row, flaw: Option<Flaw>) -> io::Result<()> {
        self.encode(format, row)?;
        if let Some(flaw) = flaw {
            flaw.damage(&mut self.record, &format.layout, self.series);
        }
        self.write()
    }

    fn put_last(&mut self, format: &RecordFormat, row: &Row) -> io::Result<()> {
        self.encode(format, row)?;
        if self.cut_last {
            self.record.truncate(self.record.len() / 2);
            self.ending = b"";
        }
        self.write()
    }

    fn encode(&mut self, format: &RecordFormat, row: &Row) -> io::Result<()> {
        self.record.clear();
        let told = |fault: Fault| io::Error::other(format!("{}: {fault:?}", format.layout.name));
        format.encode(row, &mut self.record).map(|_| ()).map_err(told)
    }

    fn write(&mut self) -> io::Result<()> {
        if let Some(damage) = &self.damage {
            self.record.iter_mut().for_each(|byte| *byte = damage[usize::from(*byte)]);
            let kept = self.record.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
            self.record.truncate(kept);
            self.ending = b"\r\n";
        }
        self.record.extend_from_slice(self.ending);
        self.out.write_all(&self.record)?;
        self.bytes += self.record.len() as u64;
        self.records += 1;
        Ok(())
    }
}

/// What a transfer in text mode makes of each byte: EBCDIC to ASCII, 3F where there is none.
fn as_text(page: Page) -> [u8; 256] {
    let mut table = [0x3F; 256];
    let mut character = String::new();
    for (byte, becomes) in table.iter_mut().enumerate() {
        character.clear();
        let known =
            if page.is_ebcdic() { text::decode(Page::Cp37, &[byte as u8], &mut character).is_ok() } else { false };
        *becomes = match character.bytes().next() {
            Some(ascii) if known && character.len() == 1 => ascii,
            _ if page.is_ebcdic() => 0x3F,
            _ => byte as u8,
        };
    }
    table
}
