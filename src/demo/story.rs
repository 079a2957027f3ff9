//! The story of the demo: what the core drops, what the node makes of it, what the core gets back; told and checked.

use super::answer::{self, Answer};
use super::folder::{Folder, SERIES, Series};
use super::generate::{self, Flaw, Harm, Spec, Spoil, Summary};
use crate::error::{Error, Result};
use crate::ledger::transfer::{FileState, Transfer, TransferQuery};
use crate::node::Node;
use fpp_codecs::Code;
use fpp_codecs::date::Date;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long one file may take before the demo gives up.
const PATIENCE: Duration = Duration::from_secs(300);

/// One file of the story.
pub(super) struct Chapter {
    /// Which series.
    pub(super) series: &'static Series,
    /// What is made.
    pub(super) spec: Spec,
    /// What is told about it.
    pub(super) about: &'static str,
    /// FILSTS and FILRC that the answer must have; nothing when the file must be held.
    pub(super) expected: Option<(&'static str, Code)>,
    /// Dropped again, after its answer, byte for byte.
    pub(super) again: bool,
}

/// How a chapter ended.
pub(super) struct Ended {
    /// The file as the books know it.
    pub(super) transfer: Transfer,
    /// The answer, unless it is held.
    pub(super) answer: Option<Answer>,
    /// From the marker to the answer under its final name.
    pub(super) seconds: f64,
}

/// The files of the demo, in the order they are dropped.
pub(super) fn chapters(trades: u64, seed: u64) -> Vec<Chapter> {
    let spec = |series: usize, batch: u16, trades: u64, spoils: Vec<Spoil>| {
        let date = Date { year: 2025, month: 6, day: 20 };
        let form = if SERIES[series].gbk { generate::Series::Gbk } else { generate::Series::Ebcdic };
        Spec { trades, seed, spoils, ..Spec::new(form, date, batch) }
    };
    let bad = |n: u64, flaw: Flaw| Spoil::Record { trade: (trades * n / 100).max(n), flaw };
    let few = || {
        vec![
            bad(11, Flaw::FeeDigit),
            bad(23, Flaw::NameRun),
            bad(42, Flaw::ValueDate),
            bad(67, Flaw::Instrument),
            bad(88, Flaw::PnlSign),
        ]
    };
    let small = (trades / 100).max(100);
    let unreadable = || vec![Spoil::Record { trade: small / 2, flaw: Flaw::AmountDigit }];
    let chapter =
        |series: usize, spec, about, expected| Chapter { series: &SERIES[series], spec, about, expected, again: false };
    let mut again = chapter(0, spec(0, 1, trades, few()), "the first file once more", Some(("D", Code::DUPLICATE)));
    again.again = true;
    vec![
        chapter(0, spec(0, 1, trades, few()), "CCSID 1388, packed, 5 bad records", Some(("P", Code::OK))),
        chapter(1, spec(1, 1, trades, few()), "its twin in GBK lines, 5 bad records", Some(("P", Code::OK))),
        chapter(
            2,
            spec(2, 11, small, unreadable()),
            "one amount unreadable, route rejects",
            Some(("R", Code::UNPROVEN)),
        ),
        chapter(3, spec(3, 12, small, unreadable()), "one amount unreadable, route holds", None),
        chapter(4, spec(4, 13, small, unreadable()), "one amount unreadable, route accepts", Some(("P", Code::OK))),
        chapter(
            0,
            spec(0, 2, small, vec![Spoil::File(Harm::LyingAmount)]),
            "its trailer lies by one fen",
            Some(("R", Code::TOTAL)),
        ),
        again,
    ]
}

impl Chapter {
    /// The name under which it is dropped.
    pub(super) fn name(&self) -> String {
        let own = format!("_{}_", self.spec.series.file_id());
        self.spec.file_name().replacen(&own, &format!("_{}_", self.series.file_id), 1)
    }

    /// The core makes the file and drops it: data first, then its marker.
    pub(super) fn drop_file(&self, folder: &Folder) -> Result<Summary> {
        let path = folder.out().join(self.name());
        let cannot = |e: std::io::Error| {
            Error::halt(Code::NO_SPACE, format!("the core cannot write {}", path.display())).caused_by(e)
        };
        let mut out = BufWriter::new(File::create(&path).map_err(cannot)?);
        let summary = generate::generate(&self.spec, &mut out).map_err(cannot)?;
        out.flush().map_err(cannot)?;
        File::create(folder.out().join(format!("{}.OK", self.name()))).map_err(cannot)?;
        Ok(summary)
    }

    /// Waits until the node is done with it, reads the answer, and checks it against what was made.
    pub(super) async fn end(&self, folder: &Folder, node: &Node, summary: &Summary, from: Instant) -> Result<Ended> {
        let transfer = self.settled(node).await?;
        let seconds = from.elapsed().as_secs_f64();
        let Some((status, code)) = self.expected else {
            return Ok(Ended { transfer, answer: None, seconds });
        };
        let path = answer_file(folder, self.series, &self.spec, self.again);
        let answer = answer::read(&path, self.series.gbk)?;
        self.check(&answer, status, code, summary)?;
        take(&path)?;
        Ok(Ended { transfer, answer: Some(answer), seconds })
    }

    async fn settled(&self, node: &Node) -> Result<Transfer> {
        let until = Instant::now() + PATIENCE;
        let mut listener = node.bell.listen();
        let query = TransferQuery { route: Some(self.series.route.into()), limit: 10, ..TransferQuery::default() };
        let nth = if self.again { 2 } else { 1 };
        loop {
            let of_name: Vec<_> =
                node.ledger.transfers(&query).await?.into_iter().filter(|t| t.name == self.name()).collect();
            let done = of_name
                .first()
                .filter(|t| of_name.len() == nth && (t.state == FileState::Archived || t.state == FileState::Held));
            if let Some(done) = done {
                return Ok(done.clone());
            }
            if Instant::now() > until {
                return Err(Error::internal(format!("{} did not settle within {PATIENCE:?}", self.name())));
            }
            listener.wait(Duration::from_millis(200)).await;
        }
    }

    fn check(&self, answer: &Answer, status: &str, code: Code, summary: &Summary) -> Result<()> {
        let differs = |what: String| Err(Error::internal(format!("the answer to {}: {what}", self.name())));
        if (answer.status.as_str(), answer.code.as_str()) != (status, code.to_string().as_str()) {
            return differs(format!("{} {}, {status} {code} was due", answer.status, answer.code));
        }
        let trades = self.spec.trades;
        if answer.rows.values().sum::<u64>() != trades || answer.counts.0 != trades {
            return differs(format!("{:?} rows and TOTCNT {}, {trades} were due", answer.rows, answer.counts.0));
        }
        let due: Vec<_> =
            summary.flaws.iter().map(|(record, flaw)| (record - 1, flaw.code(self.spec.series).to_string())).collect();
        let told: Vec<_> = answer.refused.iter().map(|(seq, code)| (*seq, code.clone())).collect();
        if told != due {
            return differs(format!("refused {told:?}, due were {due:?}"));
        }
        let accepted = if status == "R" { 0 } else { trades - due.len() as u64 };
        if answer.counts != (trades, accepted, trades - accepted) {
            return differs(format!("counts {:?}", answer.counts));
        }
        Ok(())
    }
}

fn answer_file(folder: &Folder, series: &Series, spec: &Spec, again: bool) -> PathBuf {
    let number = if again { 2 } else { 1 };
    folder.answers().join(format!(
        "PMTS_CORE_{}_{:08}_{:04}_{:02}_{number:02}.ACK",
        series.file_id,
        spec.date.to_ymd8(),
        spec.batch,
        spec.run
    ))
}

/// The core takes the answer: file, checksum and marker leave its folder.
fn take(path: &Path) -> Result<()> {
    let name = answer::name(path);
    let taken = path.with_file_name("taken");
    let moved = std::fs::create_dir_all(&taken).and_then(|()| {
        for end in ["", ".sha256", ".OK"] {
            std::fs::rename(path.with_file_name(format!("{name}{end}")), taken.join(format!("{name}{end}")))?;
        }
        Ok(())
    });
    moved.map_err(|e| Error::internal(format!("the core cannot take {name}")).caused_by(e))
}
