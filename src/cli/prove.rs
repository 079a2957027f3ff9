//! `fpp prove`: what the node would say about a file, without keeping or sending anything.
//!
//! Judged by the same proof as in the node. What only the books know is left out: duplicates, the order of batches, open
//! business dates.

use super::exit::{Exit, Failure};
use super::global::Global;
use super::output::{Align, Output, Table, note};
use super::show::grouped;
use super::story::{rejects_table, totals_table};
use super::streams::Target;
use crate::error::Error;
use crate::inbound::examine::{examine, threads, worth};
use crate::inbound::prove::hint;
use crate::inbound::spill::Files;
use crate::ledger::transfer::{Identity, Verdict};
use crate::settings::Route;
use crate::trade::answer::facts::AnswerFacts;
use crate::trade::answer::writer::AnswerWriter;
use crate::trade::plan::Plan;
use crate::trade::plan::rules::AnswerDigest;
use crate::trade::proof::header::NameIdentity;
use crate::trade::proof::outcome::Outcome;
use crate::trade::proof::{Context, Proof};
use clap::Args;
use fpp_codecs::framing::Cutter;
use fpp_spool::{Fields, Hasher, NamePattern, NameTemplate};
use serde_json::json;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Rejects told.
const REJECTS_TOLD: usize = 20;

/// Judge a file as the node would, and keep nothing: verdict, totals, rejects, the answer it would give.
///
/// Duplicates, the order of batches and open business dates are known to the books alone and are not judged here.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp prove pmtrd CORE_PMTS_PMTRD_20250620_0001_00.TXT\n  \
                        fpp prove pmtrd PMTRD.TXT --name CORE_PMTS_PMTRD_20250620_0001_00.TXT --answer answer.dat")]
pub(super) struct Prove {
    /// Route
    route: String,
    /// File, or - for stdin, which needs --name
    file: PathBuf,
    /// Judge it under this file name
    #[arg(long)]
    name: Option<String>,
    /// Write the answer there
    #[arg(long, value_name = "OUT")]
    answer: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What was found out about the file as bytes.
struct Bytes {
    size: u64,
    sha256: String,
    sm3: String,
}

/// The answer it would give.
struct Reply {
    name: String,
    /// It lies in a file without a name, so that a large answer takes no memory and leaves nothing behind.
    file: File,
    size: u64,
}

impl Reply {
    fn save(&self, path: &Path) -> Result<(), Failure> {
        let mut file = &self.file;
        file.rewind().map_err(|e| no_room(&e))?;
        let mut target = Target::file(path)?;
        let mut block = vec![0; 1 << 18];
        loop {
            let n = file.read(&mut block).map_err(|e| no_room(&e))?;
            if n == 0 {
                return target.finish();
            }
            target.write(&block[..n])?;
        }
    }
}

fn no_room(error: &dyn Display) -> Failure {
    Failure::internal(format!("no room for temporary files: {error}"))
}

impl Prove {
    pub(super) fn run(mut self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        if self.answer.as_deref().is_some_and(|path| path == Path::new("-")) {
            return Err(Failure::usage("the verdict goes to stdout: name a file for the answer"));
        }
        let settings = global.settings()?;
        let Some(route) = settings.route(&self.route) else {
            let known: Vec<_> = settings.routes.iter().map(|r| r.name.as_str()).collect();
            return Err(Failure::usage(format!("there is no route `{}`; known: {}", self.route, known.join(", "))));
        };
        let plan = route.bundle(&settings)?.compile()?;
        let own = self.file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let name = self.name.clone().unwrap_or(own);
        let Some(named) = name_identity(route, &name) else {
            return Err(Failure::usage(format!("`{name}` does not fit {}; say --name", route.files)));
        };
        let kept = self.keep_stdin()?;
        let bytes = self.digests()?;
        let (outcome, remarks) = self.judge(&plan, named.clone())?;
        let reply = self.reply(route, &plan, &outcome, &bytes, &name)?;
        if let (Some(path), Some(reply)) = (&self.answer, &reply) {
            reply.save(path)?;
        }
        for remark in remarks {
            note(format_args!("note: {remark}"));
        }
        drop(kept);
        if self.json {
            self.tell_json(&name, &outcome, &bytes, reply.as_ref(), out)?;
        } else {
            self.tell(&name, &outcome, &bytes, reply.as_ref(), out)?;
        }
        Ok(match outcome.verdict {
            Some(Verdict::Accepted) => Exit::Good,
            Some(Verdict::Partly) => Exit::RecordsRefused,
            _ => Exit::FileRefused,
        })
    }

    /// A file is read more than once: what comes from stdin lies in a temporary one meanwhile.
    fn keep_stdin(&mut self) -> Result<Option<NamedTempFile>, Failure> {
        if self.file != Path::new("-") {
            return Ok(None);
        }
        let mut kept = NamedTempFile::new().map_err(|e| no_room(&e))?;
        io::copy(&mut io::stdin().lock(), &mut kept).map_err(|e| Failure::file("read", "stdin", &e))?;
        kept.path().clone_into(&mut self.file);
        Ok(Some(kept))
    }

    fn open(&self) -> Result<File, Failure> {
        File::open(&self.file).map_err(|e| self.unreadable(&e))
    }

    fn unreadable(&self, error: &io::Error) -> Failure {
        Failure::file("read", self.file.display(), error)
    }

    fn digests(&self) -> Result<Bytes, Failure> {
        let (mut file, mut hasher) = (self.open()?, Hasher::new());
        let mut block = vec![0; 1 << 18];
        loop {
            let n = file.read(&mut block).map_err(|e| self.unreadable(&e))?;
            if n == 0 {
                break;
            }
            hasher.update(&block[..n]);
        }
        let size = hasher.size();
        let (sha256, sm3) = hasher.finish();
        let text = |digest: Option<fpp_spool::Digest>| digest.map(|d| d.to_string()).unwrap_or_default();
        Ok(Bytes { size, sha256: text(sha256), sm3: text(sm3) })
    }

    /// The node's own proof, over the file as it lies there.
    fn judge(&self, plan: &Plan, name: NameIdentity) -> Result<(Outcome, Vec<String>), Failure> {
        // The file, or the runs of a large one.
        let fault = |e: io::Error| match e.downcast::<Error>() {
            Ok(told) => told.source.as_ref().map_or_else(|| no_room(&told), |cause| no_room(cause)),
            Err(e) => self.unreadable(&e),
        };
        let scratch = tempfile::tempdir().map_err(|e| no_room(&e))?;
        let spill = Box::new(Files::new(scratch.path(), "prove"));
        let proof = Proof::new(plan, Context { name, ..Context::default() }, spill);
        let size = self.open()?.metadata().map_err(fault)?.len();
        examine(proof, plan, (size, worth(size, threads())), || File::open(&self.file)).map_err(fault)
    }

    /// The answer, with the present moment as its time. None for a route without answers or a file that is held.
    fn reply(
        &self,
        route: &Route,
        plan: &Plan,
        outcome: &Outcome,
        bytes: &Bytes,
        name: &str,
    ) -> Result<Option<Reply>, Failure> {
        let (Some(answer), Some(verdict)) = (&route.answer, outcome.verdict) else { return Ok(None) };
        let identity = identity(&route.name, outcome);
        let now_ms = crate::clock::Clock::System.now_ms();
        let facts = AnswerFacts {
            file: name,
            digest: if plan.rules.answer_digest == AnswerDigest::Sm3 { &bytes.sm3 } else { &bytes.sha256 },
            identity: identity.as_ref(),
            verdict,
            duplicate: false,
            held: false,
            code: outcome.code,
            framed: outcome.framed,
            records: outcome.records,
            accepted: outcome.accepted,
            amounts: outcome.amounts,
            acknowledged_ms: now_ms,
            processed_ms: now_ms,
        };
        let file = tempfile::tempfile().map_err(|e| no_room(&e))?;
        let mut writer = AnswerWriter::new(plan, facts, outcome.rejects.clone(), BufWriter::new(file))?;
        if outcome.framed {
            let mut cutter = Cutter::of(&plan.format, self.open()?);
            while let Ok(Some(cut)) = cutter.next() {
                writer.record(cut.n, cut.bytes)?;
            }
        }
        let (file, repairs) = writer.finish()?;
        let file = file.into_inner().map_err(|e| no_room(e.error()))?;
        for repair in repairs {
            note(format_args!("note: the answer: {repair}"));
        }
        let size = file.metadata().map_err(|e| no_room(&e))?.len();
        Ok(Some(Reply { name: answer_name(route, &answer.name, name, identity.as_ref())?, file, size }))
    }

    fn tell(
        &self,
        name: &str,
        outcome: &Outcome,
        bytes: &Bytes,
        reply: Option<&Reply>,
        out: &mut Output,
    ) -> Result<(), Failure> {
        let verdict = outcome.verdict.map_or_else(|| "held".to_owned(), |v| format!("{v:?}").to_lowercase());
        let mut head = Table::new(&[("route", Align::Left), (self.route.as_str(), Align::Left)]);
        let mut line = |name: &str, value: String| head.row(vec![name.to_owned(), value]);
        line("file", name.to_owned());
        line("verdict", verdict);
        if outcome.code.0 != 0 {
            line("why", format!("{} {} {}", outcome.code, outcome.code.english(), outcome.code.chinese()));
        }
        if !outcome.reason.is_empty() {
            line("", outcome.reason.clone());
        }
        if !hint(outcome.code).is_empty() {
            line("next", hint(outcome.code).to_owned());
        }
        if let Some(found) = &outcome.identity {
            line("identity", format!("{} batch {} run {}", found.date, found.batch, found.run));
        }
        line("bytes", grouped(bytes.size));
        line("sha256", bytes.sha256.clone());
        line("sm3", bytes.sm3.clone());
        let (records, accepted, refused) = (outcome.records, outcome.accepted, outcome.rejected);
        line(
            "records",
            format!("{} read, {} accepted, {} refused", grouped(records), grouped(accepted), grouped(refused)),
        );
        line("answer", reply.map_or_else(|| "none".to_owned(), |r| format!("{}, {} bytes", r.name, grouped(r.size))));
        out.line(head)?;
        if !outcome.totals.is_empty() {
            out.line(format_args!("\nTotals\n{}", totals_table(&outcome.totals)))?;
        }
        if !outcome.rejects.is_empty() {
            let told = &outcome.rejects[..outcome.rejects.len().min(REJECTS_TOLD)];
            let all = outcome.rejects.len() as u64;
            out.line(format_args!("\nRejects ({} of {})\n{}", told.len(), grouped(all), rejects_table(told)))?;
        }
        Ok(())
    }

    fn tell_json(
        &self,
        name: &str,
        outcome: &Outcome,
        bytes: &Bytes,
        reply: Option<&Reply>,
        out: &mut Output,
    ) -> Result<(), Failure> {
        let told = &outcome.rejects[..outcome.rejects.len().min(REJECTS_TOLD)];
        out.json(&json!({
            "route": self.route,
            "file": name,
            "verdict": outcome.verdict,
            "code": outcome.code.to_string(),
            "reason": outcome.reason,
            "identity": identity(&self.route, outcome),
            "size": bytes.size,
            "sha256": bytes.sha256,
            "sm3": bytes.sm3,
            "records": outcome.records,
            "accepted": outcome.accepted,
            "refused": outcome.rejected,
            "totals": outcome.totals,
            "rejects": told,
            "answer": reply.map(|r| json!({"name": r.name, "size": r.size})),
        }))?;
        Ok(())
    }
}

/// What the name says; nothing when the route would not take such a name.
fn name_identity(route: &Route, name: &str) -> Option<NameIdentity> {
    let captures = NamePattern::parse(&route.files).ok()?.matches(name)?;
    Some(NameIdentity { date: captures.date, batch: captures.batch, run: captures.run })
}

fn identity(route: &str, outcome: &Outcome) -> Option<Identity> {
    let found = outcome.identity.as_ref()?;
    let business_date = found.date.clone();
    Some(Identity { route: route.to_owned(), business_date, batch: found.batch, run: found.run })
}

fn answer_name(route: &Route, template: &str, name: &str, identity: Option<&Identity>) -> Result<String, Failure> {
    let mut fields = Fields::of_name(name);
    fields.route = route.name.clone();
    fields.answer = Some(1);
    if let Some(named) = name_identity(route, name) {
        (fields.date, fields.batch, fields.run) = (named.date, named.batch, named.run);
    }
    if let Some(identity) = identity {
        fields.date = Some(identity.business_date.replace('-', ""));
        fields.batch = Some(identity.batch);
        fields.run = Some(identity.run);
    }
    let named = NameTemplate::parse(template).and_then(|t| t.try_fill(&fields));
    named.map_err(|e| Failure::from(Error::from(e).at("the answer's name")))
}
