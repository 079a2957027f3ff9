//! Tells a person of what waits too long in a spool: data without its marker, a marker without its data, a marker that
//! contradicts its data, a file that an index lists and that does not come.
//!
//! One notice for each route and spool, with how many and a few of them, raised again only when something new is late: a
//! folder full of late files is one thing to hear. How long a name waits is counted from when this node first saw it.

use super::rooms::Rooms;
use crate::error::Result;
use crate::inbound::listed::{Listed, unbooked};
use crate::ledger::change::{Change, Fence, NewNotice};
use crate::settings::{Route, Spool};
use fpp_codecs::Code;
use fpp_spool::{Orphan, Scan, Scanner};
use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

/// Late files that a notice names.
const NAMED_MAX: usize = 5;

const TOPIC: &str = "waiting";
/// How much longer than a route is patient a node looks before it says that nothing of a former life is late any more.
const KNOWS_AFTER: Duration = Duration::from_secs(5);

/// What was told of one spool: late names by route.
pub(super) struct Told {
    began: Instant,
    late: BTreeMap<String, HashSet<String>>,
    /// What is late in the parts of a folder that were looked at so far, and why, by route.
    gathered: BTreeMap<String, BTreeMap<String, String>>,
    /// Routes whose notice is this life's own, or none.
    looked: HashSet<String>,
}

impl Default for Told {
    fn default() -> Told {
        Told { began: Instant::now(), late: BTreeMap::new(), gathered: BTreeMap::new(), looked: HashSet::new() }
    }
}

impl Told {
    /// Raises a notice where something is late that was not told yet, once the whole folder has been looked at.
    pub(super) async fn tell(
        &mut self,
        rooms: &Rooms,
        (spool, fence): (&Spool, Option<&Fence>),
        scan: &Scan,
        scanner: &mut Scanner,
    ) -> Result<()> {
        for route in rooms.settings.routes.iter().filter(|route| route.spool == spool.name) {
            let told = self.late.entry(route.name.clone()).or_default();
            let gathered = self.gathered.entry(route.name.clone()).or_default();
            let known = |name: &str| told.contains(name) || gathered.contains_key(name);
            // No more is asked than is remembered, or the rest would be asked at each look.
            let room = spool.list_max.saturating_sub(told.len().max(gathered.len()));
            let late = late(rooms, route, spool, scan, scanner, (&known, room)).await?;
            gathered.extend(late);
            // What waits in other parts than one look takes is not remembered without end.
            while gathered.len() > spool.list_max {
                gathered.pop_last();
            }
            if !scan.round_ends() {
                continue;
            }
            let late: Vec<_> = std::mem::take(gathered).into_iter().collect();
            let new = late.iter().any(|(name, _)| !told.contains(name));
            // Told by a former life of the node: only after a while does this one know what is still late.
            let knows = self.began.elapsed() > Duration::from_millis(route.warn_after_ms) + KNOWS_AFTER;
            let former = knows && !self.looked.contains(&route.name);
            if new || former {
                self.looked.insert(route.name.clone());
            }
            if late.is_empty() && (!told.is_empty() || former) {
                let (topic, subject) = (TOPIC.to_owned(), subject(route));
                let by = "fpp: nothing waits so long any more".to_owned();
                let closed = Change::CloseNotice { topic, subject, by };
                rooms.ledger.apply(fence, rooms.clock.now_ms(), &[closed]).await?;
            }
            if new {
                let notice = Change::Raise(notice(route, &late));
                rooms.ledger.apply(fence, rooms.clock.now_ms(), &[notice]).await?;
            }
            *told = late.into_iter().map(|(name, _)| name).collect();
        }
        Ok(())
    }
}

/// Late names of a route, each with what is missing.
async fn late(
    rooms: &Rooms,
    route: &Route,
    spool: &Spool,
    scan: &Scan,
    scanner: &mut Scanner,
    (known, room): (&(dyn Fn(&str) -> bool + Sync), usize),
) -> Result<Vec<(String, String)>> {
    let patience = Duration::from_millis(route.warn_after_ms);
    let waiting = scan.waiting.iter().filter(|(_, w)| w.route == route.name && w.waited >= patience);
    let mut late: Vec<_> = waiting.map(|(name, w)| (name.clone(), w.why.clone())).collect();
    let mut orphans: Vec<&Orphan> =
        scan.orphans.iter().filter(|o| o.route == route.name && o.waited >= patience).collect();
    let mut room = room;
    orphans.retain(|orphan| {
        let is_new = orphan.index.is_some() && !known(&orphan.name);
        let fits = !is_new || room > 0;
        room -= usize::from(is_new && fits);
        fits
    });
    // One that is known to be late was not in the books then, and is seen by the scanner when it comes.
    let new = orphans.iter().filter(|orphan| !known(&orphan.name));
    let asked: Vec<Listed> = new.filter_map(|orphan| listed(orphan)).collect();
    if !asked.is_empty() {
        let unbooked = unbooked(&*rooms.ledger, &spool.name, spool.fold, asked.clone()).await?;
        // What was taken before this node started is not missed; the scanner is told, so that it is asked once.
        let taken: Vec<_> = asked.into_iter().filter(|file| !unbooked.contains(file)).collect();
        taken.iter().for_each(|file| scanner.meet(&file.index, &file.name, &file.stated));
        orphans.retain(|orphan| listed(orphan).is_none_or(|file| !taken.contains(&file)));
    }
    late.extend(orphans.into_iter().map(|orphan| (orphan.name.clone(), orphan.why.clone())));
    Ok(late)
}

fn listed(orphan: &Orphan) -> Option<Listed> {
    let (index, stated) = orphan.index.clone()?;
    Some(Listed { index, name: orphan.name.clone(), stated })
}

fn subject(route: &Route) -> String {
    format!("{}/{}", route.spool, route.name)
}

fn notice(route: &Route, late: &[(String, String)]) -> NewNotice {
    let named: Vec<_> = late.iter().take(NAMED_MAX).map(|(name, why)| format!("{name}: {why}")).collect();
    let more = if late.len() > NAMED_MAX { format!("; and {} more", late.len() - NAMED_MAX) } else { String::new() };
    let (count, seconds) = (late.len(), route.warn_after_ms / 1_000);
    let things = if count == 1 { "1 file waits".to_owned() } else { format!("{count} files wait") };
    NewNotice {
        severity: "warn".into(),
        topic: TOPIC.into(),
        subject: subject(route),
        code: Code::NOT_READY.0,
        text: format!(
            "spool {}, route {}: {things} for more than {seconds} s: {}{more}. Ask the sender.",
            route.spool,
            route.name,
            named.join("; ")
        ),
    }
}
