//! Seals: the heads of all chains that moved since the last seal, under a code that only the key's holder can make (D22).
//!
//! A chain can be rewritten from one row to its end by whoever writes the file; a seal outside his reach cannot.
//!
//! Invariant: a seal holds heads up the chain as they stood when it was made. A head that moves meanwhile stays unsealed
//! and comes into the next one, so writers need not wait for a seal. Two seals with one number clash on it.

use super::session::{Row, Session, Statement, Value, sql};
use super::{lease, rows};
use crate::error::Result;
use crate::ledger::chain::SealMac;
use crate::ledger::change::{Fence, Seal};

/// A seal holds at most so many heads, which bounds the memory of making and checking one.
pub(super) const HEADS_PER_SEAL: u64 = 1000;
/// Rows in one INSERT.
const HEADS_PER_INSERT: usize = 250;

/// Writes one seal over heads that moved; returns how many, 0 when none did.
pub(super) async fn seal(session: &mut dyn Session, fence: Option<&Fence>, now_ms: i64, key: &[u8]) -> Result<u64> {
    if let Some(fence) = fence {
        lease::check(&mut *session, fence).await?;
    }
    let unsealed = sql("SELECT subject, n, hash FROM heads WHERE unsealed = 1 ORDER BY subject LIMIT ?");
    let rows = session.rows(unsealed.bind(rows::int(HEADS_PER_SEAL)?)).await?;
    let head = |row: &Row| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let heads: Vec<(String, u64, String)> = rows.iter().map(head).collect::<Result<_>>()?;
    if heads.is_empty() {
        return Ok(0);
    }
    let last = session.row(sql("SELECT n, code FROM seals ORDER BY n DESC LIMIT 1")).await?;
    let (last, previous): (u64, String) = match last {
        Some(row) => (row.get(0)?, row.get(1)?),
        None => (0, String::new()),
    };
    let (number, count) = (last + 1, heads.len() as u64);
    let mut mac = SealMac::new(key, number, now_ms, count, &previous)?;
    for (subject, n, hash) in &heads {
        mac.head(subject, *n, hash);
    }
    let seal = rows::int(number)?;
    let write = sql("INSERT INTO seals (n, at_ms, heads, previous, code) VALUES (?, ?, ?, ?, ?)");
    session.execute(write.bind(seal).bind(now_ms).bind(rows::int(count)?).bind(previous).bind(mac.finish())).await?;
    for some in heads.chunks(HEADS_PER_INSERT) {
        let mut text = "INSERT INTO seal_heads (seal, subject, n, hash) VALUES (?, ?, ?, ?)".to_owned();
        text.push_str(&", (?, ?, ?, ?)".repeat(some.len() - 1));
        let mut insert = Statement::built(text);
        for (subject, n, hash) in some {
            insert.values.extend([seal.into(), Value::from(subject), rows::int(*n)?.into(), Value::from(hash)]);
        }
        session.execute(insert).await?;
    }
    // The heads were read in order of their subject, so this range holds no other; of these, those that still stand.
    let (first, last) = (heads.first().map(|head| &head.0), heads.last().map(|head| &head.0));
    let sealed = sql("UPDATE heads SET unsealed = 0 WHERE unsealed = 1 AND subject >= ? AND subject <= ? AND EXISTS \
                      (SELECT 1 FROM seal_heads s WHERE s.seal = ? AND s.subject = heads.subject AND s.n = heads.n)");
    session.execute(sealed.bind(first).bind(last).bind(seal)).await?;
    Ok(count)
}

pub(super) async fn seals(session: &mut dyn Session, after: u64, limit: u32) -> Result<Vec<Seal>> {
    let select = sql("SELECT n, at_ms, heads, previous, code FROM seals WHERE n > ? ORDER BY n LIMIT ?");
    let rows = session.rows(select.bind(rows::int(after)?).bind(limit)).await?;
    let seal = |row: &Row| {
        Ok(Seal { n: row.get(0)?, at_ms: row.get(1)?, heads: row.get(2)?, previous: row.get(3)?, code: row.get(4)? })
    };
    rows.iter().map(seal).collect()
}
