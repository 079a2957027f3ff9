//! What consumers received: every event, once, the same for all of them (I2, D9, D11).

use super::evidence::Evidence;
use super::violated;
use fpp::ledger::delivery::Purpose;
use serde_json::Value;
use std::collections::BTreeMap;

/// Events with their hashes, each as often as it came.
type Seen = BTreeMap<String, Vec<String>>;

fn seen<'l>(lines: impl IntoIterator<Item = &'l str>) -> Seen {
    let mut seen = Seen::new();
    for line in lines {
        let event: Value = serde_json::from_str(line).unwrap_or_default();
        let hash = event["datahash"].as_str().unwrap_or("no hash").to_owned();
        seen.entry(format!("{} {}", event["source"], event["id"])).or_default().push(hash);
    }
    seen
}

/// Each event that is due came once to each consumer of the stream, and once in the files of events.
pub(super) fn events(evidence: &Evidence, told: &mut Vec<String>) {
    let due: u64 = evidence.dropped.iter().map(|file| file.events).sum();
    let mut all: Vec<(String, Seen)> = Vec::new();
    for (who, lines) in &evidence.received {
        all.push((who.clone(), seen(lines.iter().map(String::as_str))));
    }
    if evidence.outlets == 1 {
        let files = evidence.deliveries.iter().filter(|d| d.purpose == Purpose::Events);
        let texts: Vec<_> = files.flat_map(|d| evidence.bytes_of(d)).map(String::from_utf8_lossy).collect();
        all.push(("the files of events".to_owned(), seen(texts.iter().flat_map(|text| text.lines()))));
    }
    for (who, seen) in &all {
        if seen.len() as u64 != due {
            told.push(violated("I2", format_args!("{who} has {} events, {due} are due", seen.len())));
        }
        for (event, hashes) in seen.iter().filter(|(_, hashes)| hashes.len() != 1) {
            told.push(violated("I2", format_args!("{who} has {event} {} times: {hashes:?}", hashes.len())));
        }
    }
    for pair in evidence.received.windows(2) {
        if pair[0].1 != pair[1].1 {
            told.push(violated("I2", format_args!("{} and {} have not the same stream", pair[0].0, pair[1].0)));
        }
    }
    for pair in all.windows(2) {
        let differ =
            pair[0].1.iter().find(|(event, hashes)| pair[1].1.get(*event).is_some_and(|other| other != *hashes));
        if let Some((event, _)) = differ {
            told.push(violated("I2", format_args!("{event} is not the same at {} and {}", pair[0].0, pair[1].0)));
        }
    }
}
