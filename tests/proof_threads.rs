//! However many threads prove a file, they say the same as one: totals, rejects in their order, reasons, remarks.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests may panic as tests do")]

#[path = "support/plans.rs"]
mod plans;

use fpp::demo::generate::{Flaw, Series, Spec, Spoil, generate};
use fpp::inbound::examine::examine;
use fpp::trade::plan::Plan;
use fpp::trade::proof::header::NameIdentity;
use fpp::trade::proof::repeat::MemorySpill;
use fpp::trade::proof::{Context, Proof};
use fpp_codecs::date::Date;
use plans::plan;
use proptest::prelude::*;
use std::io::{self, Read};
use std::sync::LazyLock;
use std::time::Instant;

/// Some four batches of records.
const TRADES: u64 = 2_200;

static PLANS: LazyLock<[(Plan, Vec<u8>, usize); 2]> = LazyLock::new(|| {
    [(Series::Ebcdic, 480), (Series::Gbk, 402)].map(|(series, bytes)| (plan(series), file(series, TRADES, &[]), bytes))
});

fn file(series: Series, trades: u64, spoils: &[Spoil]) -> Vec<u8> {
    let date = Date::new(2025, 6, 20).unwrap();
    let spec = Spec { trades, spoils: spoils.to_vec(), ..Spec::new(series, date, 1) };
    let mut file = Vec::new();
    generate(&spec, &mut file).unwrap();
    file
}

/// Everything that a proof says, or the error it ends with.
fn said<R: Read + Send>(plan: &Plan, size: u64, threads: usize, open: impl Fn() -> io::Result<R>) -> String {
    let name = NameIdentity { date: Some("20250620".into()), batch: Some(1), run: Some(0) };
    let proof = Proof::new(plan, Context { name, ..Context::default() }, Box::new(MemorySpill::default()));
    match examine(proof, plan, (size, threads), open) {
        Ok(said) => format!("{said:?}"),
        Err(error) => format!("{:?} {error}", error.kind()),
    }
}

fn proven(plan: &Plan, bytes: &[u8], threads: usize) -> String {
    said(plan, bytes.len() as u64, threads, || Ok(bytes))
}

/// Something that happens to a file.
#[derive(Clone, Debug)]
enum Harm {
    Byte { at: usize, to: u8 },
    Cut { at: usize },
    Doubled { record: usize },
    Exchanged { one: usize, other: usize },
    Inserted { at: usize, bytes: Vec<u8> },
    Lost { record: usize },
}

fn harm() -> impl Strategy<Value = Harm> {
    let (at, record) = (0..usize::MAX, 0..TRADES as usize + 2);
    prop_oneof![
        8 => (at.clone(), any::<u8>()).prop_map(|(at, to)| Harm::Byte { at, to }),
        1 => at.clone().prop_map(|at| Harm::Cut { at }),
        3 => record.clone().prop_map(|record| Harm::Doubled { record }),
        3 => (record.clone(), record.clone()).prop_map(|(one, other)| Harm::Exchanged { one, other }),
        1 => (at, proptest::collection::vec(any::<u8>(), 1..600)).prop_map(|(at, bytes)| Harm::Inserted { at, bytes }),
        1 => record.prop_map(|record| Harm::Lost { record }),
    ]
}

impl Harm {
    fn happen(&self, file: &mut Vec<u8>, record_bytes: usize) {
        let lies = |file: &Vec<u8>, record: usize| {
            let from = (record * record_bytes).min(file.len());
            from..(from + record_bytes).min(file.len())
        };
        let place = |file: &Vec<u8>, at: usize| at % file.len().max(1);
        match self {
            Harm::Byte { at, to } => {
                let at = place(file, *at);
                if let Some(byte) = file.get_mut(at) {
                    *byte = *to;
                }
            }
            Harm::Cut { at } => file.truncate(place(file, *at)),
            Harm::Doubled { record } => {
                let copy = file[lies(file, *record)].to_vec();
                let at = lies(file, *record).end;
                file.splice(at..at, copy);
            }
            Harm::Exchanged { one, other } => {
                let (a, b) = (lies(file, *one), lies(file, *other));
                if a.len() == b.len() {
                    let (first, second) = (file[a.clone()].to_vec(), file[b.clone()].to_vec());
                    file[a].copy_from_slice(&second);
                    file[b].copy_from_slice(&first);
                }
            }
            Harm::Inserted { at, bytes } => {
                let at = place(file, *at);
                file.splice(at..at, bytes.iter().copied());
            }
            Harm::Lost { record } => drop(file.drain(lies(file, *record))),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn many_threads_say_what_one_says(
        gbk in any::<bool>(),
        threads in 2usize..6,
        harms in proptest::collection::vec(harm(), 0..6),
    ) {
        let (plan, file, record_bytes) = &PLANS[usize::from(gbk)];
        let mut file = file.clone();
        harms.iter().for_each(|harm| harm.happen(&mut file, *record_bytes));
        prop_assert_eq!(proven(plan, &file, threads), proven(plan, &file, 1));
    }
}

#[test]
fn every_flaw_is_found_in_its_order_by_many_threads() {
    for (series, at) in [(Series::Ebcdic, 0), (Series::Gbk, 1)] {
        let spoils: Vec<Spoil> = Flaw::ALL
            .iter()
            .filter(|flaw| flaw.file_code().is_none())
            .zip(1..)
            .map(|(&flaw, n)| Spoil::Record { trade: n * 97, flaw })
            .collect();
        let file = file(series, TRADES, &spoils);
        let one = proven(&PLANS[at].0, &file, 1);
        assert_eq!(one.matches("Reject {").count(), spoils.len(), "{one}");
        assert_eq!(proven(&PLANS[at].0, &file, 4), one);
    }
}

/// A file whose bytes cannot be read from some place on.
struct Broken<'f> {
    bytes: &'f [u8],
}

impl Read for Broken<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.bytes.read(buffer)? {
            0 => Err(io::Error::other("the disk is gone")),
            read => Ok(read),
        }
    }
}

#[test]
fn an_error_of_the_disk_is_an_error_and_never_an_outcome() {
    let (plan, file, _) = &PLANS[0];
    for end in [0, 100, 300_000, file.len() - 1, file.len()] {
        for threads in [1, 2, 4] {
            let open = || Ok(Broken { bytes: &file[..end] });
            let said = said(plan, file.len() as u64, threads, open);
            assert!(said.contains("the disk is gone"), "{end} {threads}: {said}");
        }
    }
}

/// User and system time of this process, in which nothing else runs.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let words: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    (words[11].parse::<f64>().unwrap() + words[12].parse::<f64>().unwrap()) / 100.0
}

/// What a second thread brings.
#[test]
#[ignore = "prints figures; run it in a release build"]
fn proofs_of_a_million_records() {
    for series in [Series::Ebcdic, Series::Gbk] {
        let (plan, file) = (plan(series), file(series, 1_000_000, &[]));
        for threads in [1, 2, 4] {
            let (begun, before) = (Instant::now(), processor_seconds());
            assert!(proven(&plan, &file, threads).contains("Accepted"));
            println!(
                "{series:?}, 1,000,000 records, {threads} threads: {:.2} s, {:.2} processor s",
                begun.elapsed().as_secs_f64(),
                processor_seconds() - before
            );
        }
    }
}
