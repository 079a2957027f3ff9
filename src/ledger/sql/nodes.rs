//! What nodes say of themselves: one row each, in its newest words.

use super::session::{Session, sql};
use super::{lease, rows};
use crate::error::Result;
use crate::ledger::change::Fence;
use crate::ledger::node::NodeRow;

/// A node that said nothing for so long is forgotten.
const FORGOTTEN_AFTER_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// Writes a node's row under the lease of its name, and forgets those of long ago.
pub(super) async fn report(session: &mut dyn Session, fence: &Fence, node: &NodeRow) -> Result<()> {
    lease::check(&mut *session, fence).await?;
    let about = rows::json_of(node)?;
    let known = session.row(sql("SELECT name FROM nodes WHERE name = ?").bind(&node.name).locking()).await?;
    let is_new = known.is_none();
    let write = sql(match known {
        Some(_) => "UPDATE nodes SET about = ?, heard_ms = ? WHERE name = ?",
        None => "INSERT INTO nodes (about, heard_ms, name) VALUES (?, ?, ?)",
    });
    session.execute(write.bind(about).bind(node.heard_ms).bind(&node.name)).await?;
    // A new one looks after the old: a range that is locked now and then stands in nobody's way.
    if is_new {
        let forget = sql("DELETE FROM nodes WHERE heard_ms < ?");
        session.execute(forget.bind(node.heard_ms - FORGOTTEN_AFTER_MS)).await?;
    }
    Ok(())
}

/// All nodes that are known, by name.
pub(super) async fn nodes(session: &mut dyn Session) -> Result<Vec<NodeRow>> {
    let found = session.rows(sql("SELECT name, about FROM nodes ORDER BY name")).await?;
    found.iter().map(rows::read_node).collect()
}
