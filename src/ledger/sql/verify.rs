//! `verify`: is the file whole, do the seals hold, does every chain fit and every row equal its journal.
//!
//! Invariants: bounded memory, whatever the ledger's size; short read transactions, so a running node's write-ahead log
//! is not kept from being cut; a difference ends the walk and is named by table, row and what differs. It repairs nothing.

use super::finding::{Stop, broken};
use super::rows::int;
use super::session::{Engine, Row, Session, sql};
use super::{purge_proof, walk};
use crate::error::{Class, Result};
use crate::ledger::chain::SealMac;
use crate::ledger::change::VerifyReport;

/// Walks everything.
pub(super) async fn verify(engine: &dyn Engine, key: Option<&[u8]>) -> Result<VerifyReport> {
    let mut report = VerifyReport { seals_unchecked: key.is_none(), ..VerifyReport::default() };
    match walk_all(engine, key, &mut report).await {
        Ok(()) => {}
        Err(Stop::Broken(what)) => report.broken = Some(what),
        // A row that cannot be read is a finding; a disk that cannot be read now is not.
        Err(Stop::Failed(error)) if error.class == Class::Halt => report.broken = Some(error.to_string()),
        Err(Stop::Failed(error)) => return Err(error),
    }
    Ok(report)
}

async fn walk_all(engine: &dyn Engine, key: Option<&[u8]>, report: &mut VerifyReport) -> Result<(), Stop> {
    let mut session = engine.read().await?;
    if let Some(what) = engine.whole(&mut *session).await? {
        return broken(what);
    }
    seals(&mut *session, key, report).await?;
    walk::chains(engine, report).await?;
    purge_proof::verify(&mut *session).await?;
    rows_without_chain(&mut *session).await?;
    publications(&mut *session).await
}

/// Every publication number that was taken and not purged has its transfer: a whole life that was erased, chain and all,
/// leaves a gap.
async fn publications(session: &mut dyn Session) -> Result<(), Stop> {
    // One statement, so that a file posted meanwhile is in both numbers or in neither.
    let select = sql("SELECT (SELECT value FROM counters WHERE name = 'publication'), \
                      (SELECT value FROM counters WHERE name = 'purged'), \
                      (SELECT COUNT(publication) FROM transfers), \
                      (SELECT COALESCE(MAX(publication), 0) FROM transfers), \
                      (SELECT COALESCE(MIN(publication), 0) FROM transfers)");
    let row = session.one(select).await?;
    let (taken, purged, held): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (newest, oldest): (i64, i64) = (row.get(3)?, row.get(4)?);
    if held == taken - purged && (held == 0 || (newest, oldest) == (taken, purged + 1)) {
        return Ok(());
    }
    broken(format!(
        "transfers: {taken} publications were made, {purged} purged, {held} are there, the newest is {newest}"
    ))
}

/// Every seal follows the one before, its code is right, and each head it holds is still a row of its chain.
async fn seals(session: &mut dyn Session, key: Option<&[u8]>, report: &mut VerifyReport) -> Result<(), Stop> {
    let mut last = (0, String::new());
    loop {
        let select = sql("SELECT n, at_ms, heads, previous, code FROM seals WHERE n > ? ORDER BY n LIMIT 1");
        let Some(row) = session.row(select.bind(last.0)).await? else { return Ok(()) };
        let (n, at_ms, count): (i64, i64, u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (previous, code): (String, String) = (row.get(3)?, row.get(4)?);
        if n != last.0 + 1 {
            return broken(format!("seals: seal {} is missing", last.0 + 1));
        }
        if previous != last.1 {
            return broken(format!("seals {n}: it does not follow seal {}", last.0));
        }
        let select = sql("SELECT h.subject, h.n, h.hash, j.hash, p.n, p.hash FROM seal_heads h \
                          LEFT JOIN heads c ON c.subject = h.subject \
                          LEFT JOIN journal j ON j.subject = h.subject AND j.n = h.n AND j.book_date = c.book_date \
                          LEFT JOIN purged p ON p.subject = h.subject WHERE h.seal = ? ORDER BY h.subject");
        let heads = session.rows(select.bind(n)).await?;
        if heads.len() as u64 != count {
            return broken(format!("seal_heads of seal {n}: {} heads, the seal says {count}", heads.len()));
        }
        let mut mac = key.map(|key| SealMac::new(key, n.unsigned_abs(), at_ms, count, &previous)).transpose()?;
        for head in &heads {
            let (subject, row): (String, u64) = (head.get(0)?, head.get(1)?);
            let (sealed, stands): (String, Option<String>) = (head.get(2)?, head.get(3)?);
            if let Some(mac) = &mut mac {
                mac.head(&subject, row, &sealed);
            }
            let stands = match stands {
                None if !was_purged(head, row, &sealed)? => anywhere(&mut *session, &subject, row).await?,
                stands => stands,
            };
            match stands {
                Some(stands) if stands == sealed => {}
                // What was purged has only its last head; whether that was purged by rights is looked at below.
                None if was_purged(head, row, &sealed)? => {}
                Some(_) => {
                    return broken(format!("journal {subject} {row}: its hash is not the one that seal {n} holds"));
                }
                None => return broken(format!("journal {subject} {row}: it is missing; seal {n} holds its hash")),
            }
        }
        if mac.is_some_and(|mac| !mac.is(&code)) {
            return broken(format!("seals {n}: its code is wrong: the seal was changed, or the key is another one"));
        }
        report.seals += 1;
        last = (n, code);
    }
}

/// The hash of a journal row whose chain has no head, under whatever date it stands.
async fn anywhere(session: &mut dyn Session, subject: &str, n: u64) -> Result<Option<String>> {
    let select = sql("SELECT hash FROM journal WHERE subject = ? AND n = ?").bind(subject).bind(int(n)?);
    session.row(select).await?.map(|row| row.get(0)).transpose()
}

/// Whether a sealed head belongs to a chain that was purged, and is its last one or came before it.
fn was_purged(head: &Row, n: u64, sealed: &str) -> Result<bool> {
    let (last, hash): (Option<u64>, Option<String>) = (head.get(4)?, head.get(5)?);
    Ok(match last {
        Some(last) if last == n => hash.as_deref() == Some(sealed),
        Some(last) => last > n,
        None => false,
    })
}

/// What no chain speaks of has no right to be there. A head has its journal, which was walked from its first row.
async fn rows_without_chain(session: &mut dyn Session) -> Result<(), Stop> {
    for (table, select) in [
        (
            "transfers",
            "SELECT id FROM transfers t WHERE NOT EXISTS \
             (SELECT 1 FROM heads h WHERE h.subject = 'transfer:' || t.id) ORDER BY id LIMIT 1",
        ),
        (
            "deliveries",
            "SELECT id FROM deliveries d WHERE NOT EXISTS \
             (SELECT 1 FROM heads h WHERE h.subject = 'delivery:' || d.id) ORDER BY id LIMIT 1",
        ),
        (
            "days",
            "SELECT route FROM days d WHERE NOT EXISTS \
             (SELECT 1 FROM heads h WHERE h.subject = 'day:' || d.route) ORDER BY route LIMIT 1",
        ),
        (
            "pauses",
            "SELECT name FROM pauses p WHERE NOT EXISTS \
             (SELECT 1 FROM heads h WHERE h.subject = 'pauses') ORDER BY name LIMIT 1",
        ),
        (
            "asks",
            "SELECT id FROM asks a WHERE NOT EXISTS \
             (SELECT 1 FROM heads h WHERE h.subject = 'ask:' || a.id) ORDER BY id LIMIT 1",
        ),
        (
            "purged",
            "SELECT subject FROM purged p WHERE NOT EXISTS \
             (SELECT 1 FROM journal j WHERE j.subject = 'purges' AND j.n = p.purge_n AND j.book_date = 0) ORDER BY subject LIMIT 1",
        ),
        (
            "heads",
            "SELECT subject FROM heads h WHERE NOT EXISTS \
             (SELECT 1 FROM journal j WHERE j.subject = h.subject AND j.n = h.n AND j.book_date = h.book_date) \
             ORDER BY subject LIMIT 1",
        ),
    ] {
        if let Some(row) = session.row(sql(select)).await? {
            return broken(format!("{table} {}: it has no journal", row.get::<String>(0)?));
        }
    }
    let select = sql("SELECT value, COALESCE((SELECT MAX(publication) FROM transfers), 0) FROM counters \
                      WHERE name = 'publication'");
    let Some(row) = session.row(select).await? else { return broken("counters publication: it is missing") };
    let (counter, highest): (i64, i64) = (row.get(0)?, row.get(1)?);
    if counter < highest {
        return broken(format!("counters publication: it stands at {counter}, but number {highest} was given"));
    }
    Ok(())
}
