//! Events in batches, as whoever pushes makes them.

use fpp::outlets::position::Position;
use fpp::outlets::push::{Batch, Posting, Pushed};
use sha2::{Digest, Sha256};
use std::path::Path;

/// The posting of a transfer under an epoch.
pub(crate) fn posting(transfer: &str, epoch: u64) -> Posting {
    Posting {
        outlet: "books".into(),
        installation: "bank".into(),
        transfer: transfer.into(),
        route: "pmtrd".into(),
        business_date: Some("2025-06-20".into()),
        epoch,
        required: true,
    }
}

/// The events of a golden case.
pub(crate) fn golden(case: &str, file: &str) -> Batch {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(case).join(file);
    // What differs from run to run has a placeholder there.
    let text = std::fs::read_to_string(&path).unwrap();
    batch(text.replace("<transfer 1>", case).replace("<hash of the data>", &"5e".repeat(32)).lines())
}

/// Events in a batch.
pub(crate) fn batch<'a>(lines: impl IntoIterator<Item = &'a str>) -> Batch {
    let mut batch = Batch::default();
    for line in lines {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        let start = batch.json.len();
        batch.json.extend_from_slice(line.as_bytes());
        let mut datahash = [0; 32];
        for (at, byte) in datahash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text("datahash")[at * 2..at * 2 + 2], 16).unwrap();
        }
        batch.events.push(Pushed {
            record: event["data"]["lineage"]["record"].as_u64().unwrap_or(Position::END),
            id: text("id"),
            source: text("source"),
            kind: text("type"),
            subject: text("subject"),
            time: text("time"),
            datahash,
            json: start..batch.json.len(),
        });
    }
    batch
}

/// A trade: its record, its day and its price tell it from others.
pub(crate) fn trade(record: u64, day: &str, price: &str) -> String {
    let data = format!(
        r#""tradeId":"A{record:019}","matchId":"00050000000001","orderId":"5647334000000001","tradeDate":"{day}","accountingDate":"{day}","settlDate":"{day}","transactTime":"{day}T20:00:00.000000+08:00","market":{{"code":"00","mic":"SGEX"}},"instrument":"Au99.99","instrumentName":"黄金9999","side":"SELL","positionEffect":"OPEN","lots":"38","quantity":{{"value":"380.0000","unit":"GRM"}},"price":{{"value":"{price}","unit":"GRM"}},"grossAmount":"296457.00","fee":"103.76","realizedPnl":"0.00","currency":"CNY","customerId":"C00010016811","customerName":"司徒浩军","account":"6228615376000016811","branch":"310193","channel":"MBK","counterparty":"1073","status":"DONE","origTradeId":null"#
    );
    let hash: String = Sha256::digest(&data).iter().map(|byte| format!("{byte:02x}")).collect();
    let lineage = format!(
        r#""lineage":{{"file":"PMTRD.TXT","digest":"ea65","batch":1,"run":0,"seq":{record},"record":{record},"byteOffset":{},"layoutVersion":"0001","table":"1388"}}"#,
        record * 480
    );
    format!(
        r#"{{"specversion":"1.0","id":"{day}:A{record:019}:DONE","source":"urn:fpp:bank:pmtrd","type":"pm.trade.executed.v1","subject":"A{record:019}","time":"{day}T20:00:00.000000+08:00","dataschema":"urn:fpp:schema:pm.trade.v1","datacontenttype":"application/json","fppsensitive":"customerId,customerName,account","datahash":"{hash}","data":{{{data},{lineage}}}}}"#
    )
}

/// So many trades of one day from a record on.
pub(crate) fn trades(from: u64, count: u64) -> Batch {
    let lines: Vec<String> = (from..from + count).map(|record| trade(record, "2025-06-20", "780.1500")).collect();
    batch(lines.iter().map(String::as_str))
}
