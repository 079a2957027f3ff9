//! Makes the answer file of a transfer, into the vault.

use super::work::Inbound;
use crate::error::{Error, Result};
use crate::ledger::change::Reject;
use crate::ledger::transfer::{Transfer, Verdict};
use crate::outlets::Books;
use crate::trade::answer::facts::AnswerFacts;
use crate::trade::answer::writer::AnswerWriter;
use crate::trade::plan::Plan;
use crate::trade::plan::rules::AnswerDigest;
use crate::trade::proof::outcome::Amounts;
use crate::vault::{Stored, error_of};
use fpp_codecs::Code;
use fpp_codecs::framing::Cutter;
use fpp_codecs::record::Decimal;
use std::io::{BufWriter, Seek, Write};
use std::path::PathBuf;

/// Everything an answer is made of, read from the books.
pub struct Answered {
    /// The file that is answered.
    transfer: Transfer,
    /// The file whose rows are told: for a duplicate the first one, otherwise the same.
    first: Transfer,
    /// Its rejects, in record order.
    rejects: Vec<Reject>,
    scratch: PathBuf,
}

/// Reads the books.
pub async fn gather(cx: &Inbound, transfer: &Transfer) -> Result<Answered> {
    let first = match &transfer.facts.duplicate_of {
        None => transfer.clone(),
        Some(id) => cx.ledger.transfer(id).await?.ok_or_else(|| {
            Error::halt(Code::LEDGER, format!("transfer {id}, which {} repeats, is not in the books", transfer.id))
        })?,
    };
    let rejects = cx.books().rejects(&first).await?;
    Ok(Answered { transfer: transfer.clone(), first, rejects, scratch: cx.scratch.clone() })
}

/// Makes the answer's bytes and puts them into the vault.
pub fn render(books: &Books, of: &Answered) -> Result<Stored> {
    let digest = of
        .first
        .facts
        .plan
        .as_deref()
        .ok_or_else(|| Error::internal(format!("transfer {} is judged without a plan", of.first.id)))?;
    let plan = books.plans.frozen(&*books.vault, digest)?;
    let no_space = |e: std::io::Error| Error::retry(Code::NO_SPACE, "the answer cannot be written").caused_by(e);
    let mut file = tempfile::tempfile_in(&of.scratch).map_err(no_space)?;
    write_answer(books, of, &plan, &mut file)?;
    file.rewind().map_err(no_space)?;
    books.vault.put(&mut file, &mut |_| {}, u64::MAX)
}

/// Writes the answer anywhere: `prove` shows it without keeping it.
pub fn write_answer(books: &Books, of: &Answered, plan: &Plan, out: &mut dyn Write) -> Result<()> {
    let facts = facts(of, plan)?;
    let framed = facts.framed;
    let mut writer = AnswerWriter::new(plan, facts, of.rejects.clone(), BufWriter::new(out))?;
    if framed {
        let content = books.vault.open(of.first.facts.sha256.as_deref().unwrap_or_default())?;
        let mut cutter = Cutter::new(plan.format.framing, content.reader_at(0));
        while let Some(cut) = cutter.next().map_err(|e| unreadable(of, e))? {
            writer.record(cut.n, cut.bytes)?;
        }
    }
    writer.finish().map(|_| ())
}

fn unreadable(of: &Answered, error: fpp_codecs::framing::CutError) -> Error {
    match error {
        fpp_codecs::framing::CutError::Io(e) => error_of(e),
        error => Error::halt(Code::VAULT, format!("{} was framed and is not any more: {error}", of.first.name)),
    }
}

fn facts<'a>(of: &'a Answered, plan: &Plan) -> Result<AnswerFacts<'a>> {
    let (own, first) = (&of.transfer.facts, &of.first.facts);
    let digest = match plan.rules.answer_digest {
        AnswerDigest::Sha256 => own.sha256.as_deref(),
        AnswerDigest::Sm3 => own.sm3.as_deref(),
    };
    Ok(AnswerFacts {
        file: &of.transfer.name,
        digest: digest.unwrap_or_default(),
        identity: own.identity.as_ref(),
        verdict: of.first.verdict.ok_or_else(|| Error::internal("an answer without verdict"))?,
        duplicate: of.transfer.verdict == Some(Verdict::Duplicate),
        code: first.code().unwrap_or(Code::OK),
        framed: first.framed.unwrap_or(false),
        records: first.records.unwrap_or_default(),
        accepted: first.accepted.unwrap_or_default(),
        amounts: Amounts { ok: amount(first.ok_amount.as_deref()), bad: amount(first.ng_amount.as_deref()) },
        acknowledged_ms: own.decided_ms.unwrap_or_default(),
        processed_ms: first.decided_ms.unwrap_or_default(),
    })
}

fn amount(text: Option<&str>) -> Decimal {
    text.and_then(Decimal::parse).unwrap_or_default()
}
