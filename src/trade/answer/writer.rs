//! Writing an answer file, record by record.
//!
//! The caller cuts the answered file again and feeds every record; the header goes out first, so its counts and sums must
//! be known. Rejects are read, never judged again (D6).
//!
//! Most rows say that a record is good, and differ in a few fields. Of an answered record only the fields are decoded that
//! its row speaks of, and where the answer's format gives each field its place, the row before is written anew in these
//! fields alone: the same bytes, for a third of the work.

use super::facts::{AnswerFacts, FileFact, RecordFact};
use super::mapping::{AnswerMapping, Slot};
use super::target::Target;
use crate::error::{Error, Result};
use crate::ledger::change::Reject;
use crate::ledger::transfer::Verdict;
use crate::trade::event::Event;
use crate::trade::fields::FieldRef;
use crate::trade::plan::Plan;
use crate::trade::repairs::Repairs;
use fpp_codecs::Code;
use fpp_codecs::format::{RecordFormat, Role};
use fpp_codecs::framing::{Framer, Misframed};
use fpp_codecs::record::{Cell, Row, Scratch};
use std::io::{self, Write};
use std::iter::Peekable;
use std::vec;

/// Writes one answer.
pub struct AnswerWriter<'p, W: Write> {
    plan: &'p Plan,
    answer: &'p AnswerMapping,
    facts: AnswerFacts<'p>,
    rejects: Peekable<vec::IntoIter<Reject>>,
    sequence: Option<FieldRef>,
    processed: String,
    /// Fields of the answered record that rows speak of; nothing for all.
    needed: Option<Vec<usize>>,
    /// The row of the last good record, where the next one can be made of it.
    good: Vec<u8>,
    scratch: Scratch,
    ordinal: u64,
    out: W,
    row: Row,
    reply: Row,
    event: Event,
    bytes: Vec<u8>,
    framer: Framer,
    framed: Vec<u8>,
    repairs: Repairs,
}

/// What is told about one record.
struct Told<'a> {
    status: &'static str,
    code: Code,
    reject: Option<&'a Reject>,
    sequence: String,
}

impl<'p, W: Write> AnswerWriter<'p, W> {
    /// Writes the header. `rejects` are those of the ledger, in record order.
    pub fn new(plan: &'p Plan, facts: AnswerFacts<'p>, rejects: Vec<Reject>, out: W) -> Result<AnswerWriter<'p, W>> {
        let Some(answer) = &plan.answer else {
            return Err(Error::internal(format!("route {} has no answer", plan.rules.route)));
        };
        let sequence = plan.format.controls.as_ref().and_then(|c| c.sequence).and_then(|index| {
            let offset = plan.format.record(Role::Detail)?.layout.fields.get(index)?.offset;
            Some(FieldRef { index, offset })
        });
        let mut writer = AnswerWriter {
            plan,
            answer,
            facts,
            rejects: rejects.into_iter().peekable(),
            sequence,
            processed: plan.offset.ibm(facts.processed_ms),
            needed: needed(plan, answer, sequence),
            good: Vec::new(),
            scratch: Scratch::default(),
            ordinal: 0,
            out,
            row: Row::default(),
            reply: Row::default(),
            event: Event::default(),
            bytes: Vec::new(),
            framer: Framer::new(answer.format().framing.clone()),
            framed: Vec::new(),
            repairs: Repairs::default(),
        };
        writer.file_record(Role::Header, &answer.header)?;
        Ok(writer)
    }

    /// Takes the next physical record of the answered file; details get a row, all else does not. Nothing is written
    /// when framing or header failed.
    pub fn record(&mut self, n: u64, bytes: &[u8]) -> Result<()> {
        let format = &self.plan.format;
        let Some(record) = format.select(bytes).and_then(|i| format.records.get(i)) else {
            return Ok(());
        };
        if record.role != Role::Detail || !self.facts.framed {
            return Ok(());
        }
        self.ordinal += 1;
        match &self.needed {
            Some(fields) => record.decode_some(fields, bytes, &mut self.row),
            None => record.decode(bytes, &mut self.row),
        }
        while self.rejects.next_if(|r| r.record < n).is_some() {}
        let reject = self.rejects.next_if(|r| r.record == n);
        let told = self.told(n, reject.as_ref())?;
        let good = told.status == "S";
        if good && !self.good.is_empty() {
            return self.like_the_last(n, &told);
        }
        self.reply.clear();
        let answer = self.answer;
        for (target, slot) in &answer.detail {
            self.fill(target, slot, &told);
        }
        let repaired = self.write(Role::Detail, n)?;
        if good && !repaired && self.answer.format().record(Role::Detail).is_some_and(RecordFormat::has_places) {
            self.good.clone_from(&self.bytes);
        }
        Ok(())
    }

    /// Writes the row of a good record over that of the last one.
    fn like_the_last(&mut self, n: u64, told: &Told<'_>) -> Result<()> {
        let answer = self.answer;
        let Some(record) = answer.format().record(Role::Detail) else { return Ok(()) };
        for (field, (target, slot)) in answer.detail.iter().enumerate().filter(|(_, (_, slot))| varies(slot)) {
            self.reply.clear();
            self.reply.cells.resize(field, Cell::Absent);
            self.fill(target, slot, told);
            let written = record.rewrite(field, &self.reply, &mut self.good, &mut self.scratch);
            written.map_err(|fault| misfit(record, &fault, &of_record(n)))?;
            self.repairs.add(self.scratch.repairs(), &record.layout);
        }
        let framed = self.framer.put(&self.good, &mut self.framed);
        framed.map_err(|fault| unframed(&fault, &of_record(n)))?;
        self.hand_on()
    }

    /// The next field of a row.
    fn fill(&mut self, target: &Target, slot: &Slot<RecordFact>, told: &Told<'_>) {
        let (row, reply) = (&self.row, &mut self.reply);
        match slot {
            Slot::Blank => target.push(reply, ""),
            Slot::Const(text) => target.push(reply, text),
            Slot::Echo(field) => echo(target, *field, row, reply),
            Slot::Fact(RecordFact::EventId) => {
                target.push(reply, if told.status == "S" { &self.event.id } else { "" });
            }
            Slot::Fact(RecordFact::Time) => target.push_time(reply, &self.processed),
            Slot::Fact(RecordFact::Amount) => {
                self.answer.amount().into_iter().for_each(|f| echo(target, f, row, reply));
            }
            Slot::Fact(RecordFact::Key) => {
                self.answer.key.into_iter().for_each(|f| echo(target, f, row, reply));
            }
            Slot::Fact(fact) => target.push(reply, &record_fact(*fact, told)),
        }
    }

    /// Writes the trailer, if the answer has one, and gives the output back, and what policies of the answer's layout did
    /// to its values (a text that was cut): a line each.
    pub fn finish(mut self) -> Result<(W, Vec<String>)> {
        if self.facts.framed && self.ordinal != self.facts.records {
            let what = format!("{} records were answered, {} were proven", self.ordinal, self.facts.records);
            return Err(Error::internal(what));
        }
        let answer = self.answer;
        self.file_record(Role::Trailer, &answer.trailer)?;
        self.framer.finish(&mut self.framed);
        self.hand_on()?;
        self.out.flush().map_err(unwritable)?;
        Ok((self.out, self.repairs.told()))
    }

    /// Where it writes to.
    pub fn output(&mut self) -> &mut W {
        &mut self.out
    }

    fn told<'r>(&mut self, n: u64, reject: Option<&'r Reject>) -> Result<Told<'r>> {
        let (status, code) = match (reject, self.facts.verdict) {
            (Some(reject), _) => ("F", reject.code()),
            (None, Verdict::Rejected) => ("N", self.facts.code),
            (None, _) => ("S", Code::OK),
        };
        if status == "S" {
            let mapping = &self.plan.mapping;
            let read = match &self.needed {
                Some(_) => mapping.id(&self.row, &mut self.event),
                None => mapping.identify(&self.row, &self.plan.instruments, &mut self.event),
            };
            read.map_err(|fault| Error::internal(format!("record {n} was proven, but now: {fault}")))?;
        }
        let repeated = code == Code::SEQUENCE_REPEATED;
        let own = self.sequence.filter(|f| !repeated && !f.is_bad(&self.row) && !f.is_empty(&self.row));
        let sequence = own.map_or_else(|| self.ordinal.to_string(), |f| f.plain(&self.row).into_owned());
        Ok(Told { status, code, reject, sequence })
    }

    fn file_record(&mut self, role: Role, slots: &[(Target, Slot<FileFact>)]) -> Result<()> {
        if slots.is_empty() {
            return Ok(());
        }
        self.reply.clear();
        for (target, slot) in slots {
            match slot {
                Slot::Const(text) => target.push(&mut self.reply, text),
                Slot::Fact(FileFact::Date) => {
                    target.push_day(&mut self.reply, self.facts.identity.map_or("", |i| &i.business_date));
                }
                Slot::Fact(FileFact::Time) => {
                    let time = self.plan.offset.ibm(self.facts.acknowledged_ms);
                    target.push_time(&mut self.reply, &time);
                }
                Slot::Fact(fact) => target.push(&mut self.reply, &file_fact(*fact, &self.facts)),
                Slot::Blank | Slot::Echo(_) => target.push(&mut self.reply, ""),
            }
        }
        self.write(role, 0).map(drop)
    }

    /// Writes the row; of which record it is the answer, for errors. Says whether a policy let something pass.
    fn write(&mut self, role: Role, n: u64) -> Result<bool> {
        let format = self.answer.format();
        let Some(record) = format.record(role) else {
            return Ok(false);
        };
        let place = || match role {
            Role::Header => "answer header".to_owned(),
            Role::Detail => of_record(n),
            Role::Trailer => "answer trailer".to_owned(),
        };
        self.bytes.clear();
        let repairs = record.encode(&self.reply, &mut self.bytes).map_err(|fault| misfit(record, &fault, &place()))?;
        self.repairs.add(&repairs, &record.layout);
        self.framer.put(&self.bytes, &mut self.framed).map_err(|fault| unframed(&fault, &place()))?;
        self.hand_on()?;
        Ok(!repairs.is_empty())
    }

    /// Blocks may gather several records, so there is not always something.
    fn hand_on(&mut self) -> Result<()> {
        self.out.write_all(&self.framed).map_err(unwritable)?;
        self.framed.clear();
        Ok(())
    }
}

/// The fields of an answered record that good rows speak of, where its id is made of fields alone.
fn needed(plan: &Plan, answer: &AnswerMapping, sequence: Option<FieldRef>) -> Option<Vec<usize>> {
    let mut fields = plan.mapping.id_fields()?;
    let echoed = answer.detail.iter().filter_map(|(_, slot)| match slot {
        Slot::Echo(field) => Some(*field),
        _ => None,
    });
    let named = sequence.into_iter().chain(answer.key).chain(answer.amount()).chain(echoed);
    fields.extend(named.map(|field| field.index));
    fields.sort_unstable();
    fields.dedup();
    Some(fields)
}

/// Whether a field may differ from one good record to the next.
fn varies(slot: &Slot<RecordFact>) -> bool {
    match slot {
        Slot::Blank | Slot::Const(_) => false,
        Slot::Echo(_) => true,
        Slot::Fact(fact) => match fact {
            RecordFact::Sequence | RecordFact::EventId | RecordFact::Amount | RecordFact::Key => true,
            RecordFact::Status | RecordFact::Code | RecordFact::Message | RecordFact::English => false,
            RecordFact::ErrorField | RecordFact::ErrorAt | RecordFact::Time => false,
        },
    }
}

fn of_record(n: u64) -> String {
    format!("answer to record {n}")
}

fn unframed(fault: &Misframed, place: &str) -> Error {
    Error::halt(fault.code, format!("{place}: {fault}")).hint("Change the framing of the answer's layout.")
}

fn misfit(record: &RecordFormat, fault: &fpp_codecs::fault::Fault, place: &str) -> Error {
    let field = record.layout.fields.get(fault.field).map_or("?", |f| f.name.as_str());
    Error::halt(fault.code, format!("{place}: a value does not fit field {field}: {}", fault.detail))
        .hint("Make the field of the answer's layout wide enough, or map another fact to it.")
}

fn unwritable(cause: io::Error) -> Error {
    Error::retry(Code::INTERNAL, "the answer cannot be written").caused_by(cause)
}

/// A field of the answered record; an unreadable one is blank or zero.
fn echo(target: &Target, field: FieldRef, row: &Row, reply: &mut Row) {
    if field.is_bad(row) { target.push(reply, "") } else { target.push(reply, &field.plain(row)) }
}

fn record_fact(fact: RecordFact, told: &Told<'_>) -> String {
    match fact {
        RecordFact::Sequence => told.sequence.clone(),
        RecordFact::Status => told.status.to_owned(),
        RecordFact::Code => told.code.to_string(),
        RecordFact::Message => told.code.chinese().to_owned(),
        RecordFact::English => told.code.english().to_owned(),
        RecordFact::ErrorField => told.reject.map(|r| r.field.clone()).unwrap_or_default(),
        RecordFact::ErrorAt => told.reject.map(|r| r.at.to_string()).unwrap_or_default(),
        RecordFact::EventId | RecordFact::Time | RecordFact::Amount | RecordFact::Key => String::new(),
    }
}

fn file_fact(fact: FileFact, facts: &AnswerFacts<'_>) -> String {
    let bad = facts.records.saturating_sub(facts.accepted);
    match fact {
        FileFact::Name => facts.file.to_owned(),
        FileFact::Digest => facts.digest.to_owned(),
        FileFact::Status => facts.status().to_owned(),
        FileFact::Code => facts.told().to_string(),
        FileFact::Message => facts.told().chinese().to_owned(),
        FileFact::English => facts.told().english().to_owned(),
        FileFact::Batch => facts.identity.map(|i| i.batch.to_string()).unwrap_or_default(),
        FileFact::Run => facts.identity.map(|i| i.run.to_string()).unwrap_or_default(),
        FileFact::Total => facts.records.to_string(),
        FileFact::Ok => facts.accepted.to_string(),
        FileFact::Bad => bad.to_string(),
        FileFact::OkAmount => facts.amounts.ok.to_string(),
        FileFact::BadAmount => facts.amounts.bad.to_string(),
        FileFact::Date | FileFact::Time => String::new(),
    }
}
