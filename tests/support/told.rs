//! Everything that the outside sees of a node that is at rest: events, answers, outlet files, and the books in short.

use super::answers;
use super::names::Names;
use super::settled::transfers;
use super::site::{FOLDERS, Site};
use fpp::api::client;
use fpp::ledger::Ledger;
use fpp::ledger::delivery::{Delivery, Purpose};
use fpp::ledger::transfer::Transfer;
use fpp::settings::Settings;
use fpp_codecs::Code;
use fpp_spool::{Algorithm, Digest};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Files by name: `events.ndjson`, `answer-1.dat`, `answer-1.jsonl`, `outlet-<name>`, `outcome.json`.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Gathers it, and checks what must hold in every case.
pub(crate) async fn told(site: &Site, settings: &Settings, ledger: &dyn Ledger, address: SocketAddr) -> Files {
    let all = transfers(ledger).await;
    let mut sent = ledger.deliveries(None, 1_000).await.unwrap();
    sent.reverse();
    let names = Names::new(&all, &sent, &site.root);
    let mut files = Files::new();
    files.insert("events.ndjson".into(), hide_events(&read_stream(address).await.join("\n"), &names).into_bytes());
    let format = settings.routes[0].answer.as_ref().map(answers::format);
    let mut number = 0;
    for delivery in &sent {
        let bytes = delivered(site, settings, delivery);
        match (delivery.purpose, &format) {
            (Purpose::Answer | Purpose::Interim, Some(format)) => {
                number += 1;
                let text = answers::decode(format, &bytes);
                files.insert(format!("answer-{number}.jsonl"), text.into_bytes());
                files.insert(format!("answer-{number}.dat"), bytes);
            }
            // A file that goes on is bytes.
            _ if !delivery.name.ends_with(".jsonl") => {
                files.insert(format!("outlet-{}", delivery.name), bytes);
            }
            _ => {
                let text = hide_events(&String::from_utf8(bytes).unwrap(), &names);
                files.insert(format!("outlet-{}", delivery.name), text.into_bytes());
            }
        }
    }
    let outcome = outcome(site, ledger, &all, &sent).await;
    let text = names.hide(&serde_json::to_string_pretty(&outcome).unwrap());
    files.insert("outcome.json".into(), format!("{text}\n").into_bytes());
    let report = ledger.verify(None).await.unwrap();
    assert_eq!(report.broken, None, "the ledger does not verify");
    files
}

/// A delivered file under its final name: the ledger's digest, and the checksum file's, are its own (I4).
fn delivered(site: &Site, settings: &Settings, delivery: &Delivery) -> Vec<u8> {
    let folder = if delivery.spool == "services" { "services" } else { "core/in" };
    // What a partner has taken is where it put it.
    let there = site.root.join(folder).join(&delivery.name).exists();
    let folder = if there { folder } else { "taken" };
    let bytes = site.read(&format!("{folder}/{}", delivery.name));
    let digest = Digest::of(Algorithm::Sha256, &bytes).to_string();
    assert_eq!((bytes.len() as u64, &digest), (delivery.size, &delivery.sha256), "{}", delivery.name);
    for kind in &delivery.checksums {
        let line = String::from_utf8(site.read(&format!("{folder}/{}.{kind}", delivery.name))).unwrap();
        let of = if kind == "sm3" { Algorithm::Sm3 } else { Algorithm::Sha256 };
        assert_eq!(line.split_whitespace().next(), Some(Digest::of(of, &bytes).to_string().as_str()));
    }
    assert!(settings.spool(&delivery.spool).is_some());
    bytes
}

/// The whole stream as a service reads it, in pages of three, so that every page has to go on where the last one ended.
pub(crate) async fn read_stream(address: SocketAddr) -> Vec<String> {
    read_stream_by(address, 3).await
}

/// The same in pages of so many events.
pub(crate) async fn read_stream_by(address: SocketAddr, limit: usize) -> Vec<String> {
    let (mut lines, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/events?limit={limit}&after={after}");
        let page = client::events(address, &path, None).await.unwrap();
        assert!(page.status.is_success(), "{}: {:?}", page.status, page.body);
        if page.body.is_empty() {
            return lines;
        }
        lines.extend(std::str::from_utf8(&page.body).unwrap().lines().map(str::to_owned));
        after = page.position;
    }
}

/// Events without ids. The hash of an end-of-file event covers its transfer's id: it is checked, and left out.
fn hide_events(text: &str, names: &Names) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let mut data = event["data"].clone();
        data.as_object_mut().unwrap().shift_remove("lineage");
        let hash = Digest::of(Algorithm::Sha256, serde_json::to_string(&data).unwrap().as_bytes()).to_string();
        assert_eq!(event["datahash"], hash.as_str(), "the hash is not that of the data: {line}");
        let of_file = event["type"].as_str().unwrap().starts_with("pm.file.");
        let line = names.hide(line);
        out.push_str(&if of_file { line.replace(&hash, "<hash of the data>") } else { line });
        out.push('\n');
    }
    out
}

async fn outcome(site: &Site, ledger: &dyn Ledger, all: &[Transfer], sent: &[Delivery]) -> Value {
    let mut told = Vec::new();
    for transfer in all {
        told.push(transfer_told(ledger, transfer, sent).await);
    }
    let mut notices = ledger.notices(true, 1_000).await.unwrap();
    notices.reverse();
    let notices: Vec<_> = notices
        .iter()
        .map(|n| {
            json!({ "severity": n.notice.severity, "topic": n.notice.topic, "subject": n.notice.subject,
            "code": Code(n.notice.code).to_string(), "text": n.notice.text, "count": n.count })
        })
        .collect();
    let folders: Map<_, _> = FOLDERS.iter().map(|f| ((*f).to_owned(), json!(site.names(f)))).collect();
    json!({ "transfers": told, "notices": notices, "folders": folders })
}

async fn transfer_told(ledger: &dyn Ledger, transfer: &Transfer, sent: &[Delivery]) -> Value {
    let facts = &transfer.facts;
    let mut rejects = Vec::new();
    for r in ledger.rejects(&transfer.id, 0, 1_000).await.unwrap() {
        rejects.push(json!({ "record": r.record, "ordinal": r.ordinal, "offset": r.offset, "field": r.field,
            "at": r.at, "code": r.code().to_string(), "detail": r.detail, "hex": r.hex }));
    }
    let deliveries: Vec<_> = sent
        .iter()
        .filter(|d| d.transfer == transfer.id)
        .map(|d| json!({ "purpose": d.purpose, "spool": d.spool, "name": d.name, "state": d.state, "size": d.size }))
        .collect();
    let journal = ledger.journal(&format!("transfer:{}", transfer.id)).await.unwrap();
    let steps: Vec<_> = journal.iter().map(|row| step(&row.entry)).collect();
    let mut told = json!({
        "name": transfer.name,
        "state": transfer.state,
        "verdict": transfer.verdict,
        "closed": transfer.closed,
        "code": facts.code().map(|c| c.to_string()),
        "reason": facts.reason,
        "hint": facts.hint,
        "identity": facts.identity,
        "size": facts.size,
        "sha256": facts.sha256,
        "records": facts.records,
        "accepted": facts.accepted,
        "rejected": facts.rejected,
        "ok_amount": facts.ok_amount,
        "ng_amount": facts.ng_amount,
        "totals": facts.totals,
        "framed": facts.framed,
        "remarks": facts.remarks,
        "difference": facts.difference,
        "duplicate_of": facts.duplicate_of,
        "publication": transfer.publication,
        "journal": steps,
        "rejects": rejects,
        "deliveries": deliveries,
    });
    if let Some(map) = told.as_object_mut() {
        map.retain(|_, value| !value.is_null() && *value != json!([]) && *value != json!(false));
    }
    told
}

/// The word of a journal entry.
fn step(entry: &str) -> Value {
    let entry: Value = serde_json::from_str(entry).unwrap();
    entry.get("event").or_else(|| entry.get("kind")).cloned().unwrap_or(entry)
}
