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
use crate::vault::digests::digest;
use crate::vault::made::Made;
use crate::vault::{Stored, error_of};
use fpp_codecs::Code;
use fpp_codecs::framing::Cutter;
use fpp_codecs::record::Decimal;
use fpp_spool::Algorithm;

/// Everything an answer is made of, read from the books.
pub struct Answered {
    /// The file that is answered.
    transfer: Transfer,
    /// The file whose rows are told: for a duplicate the first one, otherwise the same.
    first: Transfer,
    /// Its rejects, in record order.
    rejects: Vec<Reject>,
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
    Ok(Answered { transfer: transfer.clone(), first, rejects })
}

/// Makes the answer's bytes and puts them into the vault, record by record. Gives also what policies of the answer's
/// layout did to its values, a line each.
pub fn render(books: &Books, of: &Answered) -> Result<(Stored, Vec<String>)> {
    let digest = of
        .first
        .facts
        .plan
        .as_deref()
        .ok_or_else(|| Error::internal(format!("transfer {} is judged without a plan", of.first.id)))?;
    let plan = books.plans.frozen(&*books.vault, digest)?;
    let told = told_digest(books, &of.transfer, &plan)?;
    let facts = facts(of, &told)?;
    let mut records = None;
    if facts.framed {
        let content = books.vault.open(of.first.facts.sha256.as_deref().unwrap_or_default())?;
        records = Some(Cutter::of(&plan.format, content.reader_at(0)));
    }
    let mut writer = Some(AnswerWriter::new(&plan, facts, of.rejects.clone(), Vec::new())?);
    let mut repairs = Vec::new();
    let mut answer = Made::new(|piece| {
        let cut = match &mut records {
            Some(cutter) => cutter.next().map_err(|e| unreadable(of, e))?,
            None => None,
        };
        match (cut, &mut writer) {
            (Some(cut), Some(writer)) => {
                writer.record(cut.n, cut.bytes)?;
                piece.append(writer.output());
                Ok(true)
            }
            _ => {
                if let Some(writer) = writer.take() {
                    let (mut rest, told) = writer.finish()?;
                    piece.append(&mut rest);
                    repairs = told;
                }
                Ok(false)
            }
        }
    });
    let stored = books.vault.put(&mut answer, &mut |_| {}, u64::MAX)?;
    drop(answer);
    Ok((stored, repairs))
}

/// Makes the interim answer of a held file: its header alone, with the code of its hold. Nothing is counted, for nothing
/// is decided; its time is that of the hold.
pub fn render_held(books: &Books, transfer: &Transfer, plan: &Plan) -> Result<Stored> {
    let facts = &transfer.facts;
    let digest = told_digest(books, transfer, plan)?;
    let told = AnswerFacts {
        file: &transfer.name,
        digest: &digest,
        identity: facts.identity.as_ref(),
        verdict: Verdict::Rejected,
        duplicate: false,
        held: true,
        code: facts.hold(transfer.verdict).0.map_or(Code::STOPPED, Code),
        framed: false,
        records: 0,
        accepted: 0,
        amounts: Amounts { ok: Decimal::default(), bad: Decimal::default() },
        acknowledged_ms: transfer.updated_ms,
        processed_ms: transfer.updated_ms,
    };
    let (bytes, _) = AnswerWriter::new(plan, told, Vec::new(), Vec::new())?.finish()?;
    books.vault.put_bytes(&bytes)
}

fn unreadable(of: &Answered, error: fpp_codecs::framing::CutError) -> Error {
    match error {
        fpp_codecs::framing::CutError::Io(e) => error_of(e),
        error => Error::halt(Code::VAULT, format!("{} was framed and is not any more: {error}", of.first.name)),
    }
}

/// The digest that the answer tells. A file may have been staged before its route spoke of SM3.
fn told_digest(books: &Books, transfer: &Transfer, plan: &Plan) -> Result<String> {
    let facts = &transfer.facts;
    match (plan.rules.answer_digest, &facts.sha256, &facts.sm3) {
        (AnswerDigest::Sha256, Some(sha256), _) => Ok(sha256.clone()),
        (AnswerDigest::Sm3, _, Some(sm3)) => Ok(sm3.clone()),
        (AnswerDigest::Sm3, Some(sha256), None) => digest(&*books.vault, sha256, Algorithm::Sm3),
        (_, None, _) => Ok(String::new()),
    }
}

fn facts<'a>(of: &'a Answered, digest: &'a str) -> Result<AnswerFacts<'a>> {
    let (own, first) = (&of.transfer.facts, &of.first.facts);
    Ok(AnswerFacts {
        file: &of.transfer.name,
        digest,
        identity: own.identity.as_ref(),
        verdict: of.first.verdict.ok_or_else(|| Error::internal("an answer without verdict"))?,
        duplicate: of.transfer.verdict == Some(Verdict::Duplicate),
        held: false,
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
