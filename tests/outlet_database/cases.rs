//! What holds on every engine, beyond what `conformance_outlets` tries.

use crate::events::{batch, golden, posting, trade, trades};
use crate::shop::{Shop, closed};
use fpp::error::Class;
use fpp::outlets::position::Position;
use fpp::outlets::push::{Batch, Engine, Outcome, Posting};
use std::pin::pin;
use std::task::Poll;

pub(crate) async fn every_type_of_event_has_its_typed_columns(shop: &Shop) {
    let outlet = shop.open();
    let told = posting("01TRADES", 1);
    assert_eq!(outlet.cursor(&told).await.unwrap(), Some(0));
    let mut ids = Vec::new();
    for (transfer, case, file) in [
        ("01TRADES", "happy-1388", "events.ndjson"),
        ("01PRODUCTS", "products", "events.ndjson"),
        ("01RECONCILIATION", "reconciliation", "events.ndjson"),
        ("01RESPONSE", "response", "events.ndjson"),
    ] {
        let events = golden(case, file);
        ids.extend(events.events.iter().map(|event| event.id.clone()));
        let outcome = outlet.push(&posting(transfer, 1), &events).await.unwrap();
        assert_eq!(outcome, Outcome::default(), "{case}");
    }
    assert_eq!(outlet.cursor(&told).await.unwrap(), Some(Position::END));
    // Each event is one row of one table.
    let mut found = Vec::new();
    for table in ["trades", "products", "reconciliation", "responses", "files", "events"] {
        let rows = shop.rows(&format!("SELECT id FROM {table}")).await;
        assert!(!rows.is_empty() || table == "events", "{table}");
        found.extend(rows.into_iter().flatten());
    }
    ids.sort();
    found.sort();
    assert_eq!(found, ids);
    assert_eq!(shop.cell("SELECT COUNT(*) FROM files WHERE event_type = 'pm.file.posted.v1'").await, "4");

    let trade = "SELECT trade_id, trade_date, instrument_name, side, CAST(seq AS CHAR), CAST(record AS CHAR), \
                 datahash, extra FROM trades ORDER BY record LIMIT 1";
    let hash = "e4760d800e356816c821d5f5782983acc456a297ed041b9aec11680d061e20c1";
    let row = ["A2506200001000000001", "2025-06-20", "黄金9999", "SELL", "1", "2", hash, "NULL"];
    let selected = match shop {
        Shop::File(_) | Shop::Kept(_) => trade.to_owned(),
        Shop::Server(..) => trade.replace("trade_date", "CAST(trade_date AS CHAR)"),
    };
    assert_eq!(shop.rows(&selected).await, [row]);
    let amounts =
        shop.rows("SELECT CAST(price AS CHAR), CAST(gross_amount AS CHAR) FROM trades ORDER BY record LIMIT 1");
    let exact = match shop {
        Shop::File(_) | Shop::Kept(_) => ["780.1500", "296457.00"],
        Shop::Server(..) => ["780.1500000000", "296457.000000"],
    };
    assert_eq!(amounts.await, [exact]);
    let origin = "SELECT file, CAST(batch AS CHAR), CAST(epoch AS CHAR) FROM postings WHERE transfer = '01TRADES'";
    assert_eq!(shop.rows(origin).await, [["CORE_PMTS_PMTRD_20250620_0001_00.TXT", "1", "1"]]);
    let sums = "SELECT trade_id, item_key, result FROM reconciliation WHERE id = '2025-06-20:10:Ag(T+D):*'";
    assert_eq!(shop.rows(sums).await, [["NULL", "10:Ag(T+D):*", "AMOUNT"]]);
    assert!(outlet.look().await.unwrap().contains("tables of version 1"));
    closed(outlet).await;
}

pub(crate) async fn the_same_events_again_change_nothing(shop: &Shop) {
    let outlet = shop.open();
    let first = trades(1, 600);
    for _ in 0..2 {
        let outcome = outlet.push(&posting("01A", 1), &first).await.unwrap();
        assert_eq!((outcome, outlet.cursor(&posting("01A", 1)).await.unwrap()), (Outcome::default(), Some(600)));
    }
    // Some are there, some are not; and another transfer sends the same trades again.
    let outcome = outlet.push(&posting("01A", 2), &trades(500, 600)).await.unwrap();
    assert_eq!((outcome, shop.count("trades").await), (Outcome::default(), 1_099));
    let outcome = outlet.push(&posting("01B", 1), &trades(1_000, 300)).await.unwrap();
    assert_eq!((outcome, shop.count("trades").await), (Outcome::default(), 1_299));
    // The row stays with the transfer that brought it, and an old batch does not turn the cursor back.
    assert_eq!(shop.cell("SELECT COUNT(*) FROM trades WHERE transfer = '01B'").await, "200");
    outlet.push(&posting("01A", 2), &trades(1, 10)).await.unwrap();
    assert_eq!(outlet.cursor(&posting("01A", 2)).await.unwrap(), Some(1_099));
    assert_eq!(shop.count("conflicts").await, 0);
    closed(outlet).await;
}

pub(crate) async fn other_content_of_an_id_is_told_and_never_written(shop: &Shop) {
    let outlet = shop.open();
    outlet.push(&posting("01A", 1), &trades(1, 10)).await.unwrap();
    // Record 4 comes with another price, among trades that are new; record 12 comes twice in one batch.
    let lines = [
        trade(3, "2025-06-20", "780.1500"),
        trade(4, "2025-06-20", "781.0000"),
        trade(11, "2025-06-20", "780.1500"),
        trade(12, "2025-06-20", "780.1500"),
        trade(12, "2025-06-20", "799.0000"),
    ];
    let changed = batch(lines.iter().map(String::as_str));
    let hash = |at: usize| changed.events[at].datahash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    for _ in 0..2 {
        let outcome = outlet.push(&posting("01B", 1), &changed).await.unwrap();
        assert!(outcome.refused.is_empty());
        let told: Vec<_> = outcome.conflicts.iter().map(|conflict| (conflict.record, &*conflict.id)).collect();
        assert_eq!(told, [(4, &*changed.events[1].id), (12, &*changed.events[4].id)]);
        assert!(outcome.conflicts[1].why.contains(&hash(3)), "{:?}", outcome.conflicts[1]);
        assert_eq!(outlet.cursor(&posting("01B", 1)).await.unwrap(), Some(3), "up to the first that was not taken");
    }
    assert_eq!(shop.count("trades").await, 12);
    let kept = "SELECT COUNT(*) FROM trades WHERE transfer = '01A' AND record = 4 AND price = '780.1500'";
    assert_eq!(shop.cell(kept).await, "1");
    let conflicts =
        "SELECT datahash, kept_datahash, transfer, CAST(record AS CHAR), outlet FROM conflicts ORDER BY record";
    let kept = trades(4, 1).events[0].datahash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let wanted = [
        [hash(1), kept, "01B".to_owned(), "4".to_owned(), "books".to_owned()],
        [hash(4), hash(3), "01B".to_owned(), "12".to_owned(), "books".to_owned()],
    ];
    assert_eq!(shop.rows(conflicts).await, wanted);
    // An error behind rows that are written already leaves none of them.
    shop.tamper("ALTER TABLE conflicts RENAME TO put_away").await;
    let lines = [trade(13, "2025-06-20", "780.1500"), trade(4, "2025-06-20", "782.0000")];
    let broken = outlet.push(&posting("01C", 1), &batch(lines.iter().map(String::as_str))).await.unwrap_err().error;
    assert_eq!(broken.class, Class::Halt, "{broken}");
    shop.tamper("ALTER TABLE put_away RENAME TO conflicts").await;
    assert_eq!((shop.count("trades").await, outlet.cursor(&posting("01C", 1)).await.unwrap()), (12, Some(0)));
    closed(outlet).await;
}

/// Case, accents and width make another id, as they do everywhere else. A blank at the end would not on every server, so no
/// engine takes such an id, and none takes it for the one without.
pub(crate) async fn ids_that_differ_in_anything_are_others(shop: &Shop) {
    let outlet = shop.open();
    let ids =
        ["T1:DONE", "t1:DONE", "T1:done", "Té:DONE", "Te\u{301}:DONE", "Te:DONE", "TE:DONE", "Ｔ1:DONE", " T1:DONE"];
    let named = |record: u64, id: &str| {
        trade(record, "2025-06-20", "780.1500").replace(&format!(":A{record:019}:DONE"), &format!(":{id}"))
    };
    let lines: Vec<String> = (1..).zip(ids).map(|(record, id)| named(record, id)).collect();
    for _ in 0..2 {
        let outcome = outlet.push(&posting("01A", 1), &batch(lines.iter().map(String::as_str))).await.unwrap();
        assert_eq!(outcome, Outcome::default());
    }
    let blank = [named(10, "T1:DONE "), named(11, "T1:DONE  ")];
    let optional = Posting { required: false, ..posting("01A", 1) };
    let outcome = outlet.push(&optional, &batch(blank.iter().map(String::as_str))).await.unwrap();
    let told: Vec<_> = outcome.refused.iter().map(|refused| (refused.record, &*refused.why)).collect();
    assert_eq!(told, [(10, "its id or source ends with a blank"), (11, "its id or source ends with a blank")]);
    assert!(outcome.conflicts.is_empty(), "{outcome:?}");
    let found = shop.rows("SELECT id, CAST(record AS CHAR) FROM trades ORDER BY record").await;
    let due: Vec<_> = (1..).zip(ids).map(|(n, id): (u64, _)| vec![format!("2025-06-20:{id}"), n.to_string()]).collect();
    assert_eq!(found, due);
    closed(outlet).await;
}

pub(crate) async fn what_does_not_fit_is_refused_and_an_optional_outlet_gets_the_rest(shop: &Shop) {
    let outlet = shop.open();
    let posting = |transfer: &str, epoch| Posting { required: false, ..posting(transfer, epoch) };
    let good = trade(1, "2025-06-20", "780.1500");
    let lines = [
        good.clone(),
        trade(2, "2025-06-20", "780.15000000001"),
        trade(3, "2025-06-20", "780.1500").replace("SELL", &"S".repeat(17)),
        trade(4, "2025-06-20", "-999999999999999999.0000000001"),
        trade(5, "2025-06-20", "780.1500").replace("\"branch\":\"310193\"", "\"desk\":{\"floor\":7}"),
    ];
    let outcome = outlet.push(&posting("01A", 1), &batch(lines.iter().map(String::as_str))).await.unwrap();
    let told: Vec<_> = outcome.refused.iter().map(|refused| (refused.record, &*refused.why)).collect();
    let too_fine = "price.value is no decimal with so few digits; column price is DECIMAL(28,10)";
    assert_eq!(told, [(2, too_fine), (3, "side is too long; column side is VARCHAR(16)")]);
    // Whoever pushes has to say first what becomes of record 2: it comes again until the next batch does.
    assert_eq!(outlet.cursor(&posting("01A", 1)).await.unwrap(), Some(1));
    outlet.push(&posting("01A", 1), &trades(6, 1)).await.unwrap();
    assert_eq!(outlet.cursor(&posting("01A", 1)).await.unwrap(), Some(6));
    assert_eq!(shop.count("trades").await, 4);
    let widest = shop.cell("SELECT CAST(price AS CHAR) FROM trades WHERE record = 4").await;
    assert_eq!(widest, "-999999999999999999.0000000001");
    assert_eq!(shop.cell("SELECT extra FROM trades WHERE record = 5").await, r#"{"desk.floor":7}"#);
    // Types of which nobody knows go into `events`, whole.
    let note = good.replace("pm.trade.executed.v1", "com.example.note");
    outlet.push(&posting("01N", 1), &batch([note.as_str()])).await.unwrap();
    let data = shop.cell("SELECT data FROM events WHERE event_type = 'com.example.note'").await;
    let event: serde_json::Value = serde_json::from_str(&note).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&data).unwrap(), event["data"]);
    closed(outlet).await;
}

pub(crate) async fn a_required_outlet_has_the_row_of_a_file_when_it_has_all_of_its_trades(shop: &Shop) {
    let outlet = shop.open();
    let end = golden("happy-1388", "events.ndjson");
    let file = |price: &str| {
        let one = |record| trade(record, "2025-06-20", if record == 400 { price } else { "780.1500" });
        let mut lines: Vec<String> = (1..=600).map(one).collect();
        lines.push(String::from_utf8(end.json_of(end.events.last().unwrap()).to_vec()).unwrap());
        batch(lines.iter().map(String::as_str))
    };
    let told = posting("01A", 1);
    // As often as it is tried.
    for _ in 0..2 {
        let outcome = outlet.push(&told, &file("780.15000000001")).await.unwrap();
        assert_eq!(outcome.refused.iter().map(|refused| refused.record).collect::<Vec<_>>(), [400]);
        assert_eq!((shop.count("trades").await, shop.count("files").await), (399, 0));
        assert_eq!(outlet.cursor(&told).await.unwrap(), Some(399));
    }
    assert_eq!(outlet.push(&told, &file("780.1500")).await.unwrap(), Outcome::default());
    assert_eq!((shop.count("trades").await, shop.count("files").await), (600, 1));
    assert_eq!(outlet.cursor(&told).await.unwrap(), Some(Position::END));
    closed(outlet).await;
}

pub(crate) async fn installations_share_the_tables(shop: &Shop) {
    let outlet = shop.open();
    let mut other = posting("01A", 9);
    other.installation = "branch".into();
    outlet.push(&posting("01A", 1), &trades(1, 5)).await.unwrap();
    // The same source, ids and transfer, and an epoch of its own.
    let outcome = outlet.push(&other, &trades(1, 3)).await.unwrap();
    assert_eq!(outcome, Outcome::default());
    let counts =
        shop.rows("SELECT installation, CAST(COUNT(*) AS CHAR) FROM trades GROUP BY installation ORDER BY 1").await;
    assert_eq!(counts, [["bank", "5"], ["branch", "3"]]);
    assert_eq!(outlet.cursor(&posting("01A", 1)).await.unwrap(), Some(5));
    assert_eq!(outlet.cursor(&other).await.unwrap(), Some(3));
    closed(outlet).await;
}

pub(crate) async fn a_push_that_is_dropped_anywhere_is_all_or_nothing(shop: &Shop) {
    let outlet = shop.open();
    outlet.push(&posting("01A", 1), &trades(1, 1)).await.unwrap();
    let (mut from, mut finished) = (2, false);
    for polls in 1.. {
        let events = trades(from, 30);
        finished = dropped_after(&outlet, &events, polls).await;
        // It stands whole or not at all; the cursor says which.
        let (cursor, rows) = seen_at_once(&outlet, shop).await;
        assert_eq!(rows, cursor, "after {polls} polls");
        assert!(cursor == from - 1 || cursor == from + 29, "{cursor}");
        assert!(!finished || cursor == from + 29);
        let outcome = outlet.push(&posting("01A", 1), &events).await.unwrap();
        assert_eq!((outcome, shop.count("trades").await), (Outcome::default(), from + 29));
        from += 30;
        if finished {
            break;
        }
    }
    assert!(finished);
    closed(outlet).await;
}

/// Cursor and rows as they stand together: a commit that was on its way when its push was dropped may arrive between two
/// questions.
async fn seen_at_once(outlet: &dyn Engine, shop: &Shop) -> (u64, u64) {
    let told = posting("01A", 1);
    let mut before = outlet.cursor(&told).await.unwrap().unwrap();
    loop {
        let rows = shop.count("trades").await;
        let after = outlet.cursor(&told).await.unwrap().unwrap();
        if before == after {
            return (before, rows);
        }
        before = after;
    }
}

/// Pushes, and drops the push after it was polled so often; whether it came to its end before.
async fn dropped_after(outlet: &dyn Engine, events: &Batch, polls: usize) -> bool {
    let told = posting("01A", 1);
    let mut push = pin!(outlet.push(&told, events));
    let mut count = 0;
    std::future::poll_fn(|context| {
        count += 1;
        match push.as_mut().poll(context) {
            Poll::Ready(outcome) => Poll::Ready({
                outcome.unwrap();
                true
            }),
            Poll::Pending if count >= polls => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

pub(crate) async fn nodes_write_at_once(shop: &Shop) {
    let first = shop.open();
    first.push(&posting("01A", 1), &trades(1, 1)).await.unwrap();
    let mut work = tokio::task::JoinSet::new();
    for node in 0..3_u64 {
        let outlet = shop.open();
        work.spawn(async move {
            let transfer = format!("01N{node}");
            for round in 0..4_u64 {
                // Half of what each node brings, the next one brings as well.
                let events = trades(10_000 + node * 100 + round * 50, 100);
                push_until_it_stands(&outlet, &transfer, &events).await;
            }
            outlet.close().await;
        });
    }
    while let Some(done) = work.join_next().await {
        done.unwrap();
    }
    // Records 10_000 to 10_449.
    assert_eq!((shop.count("trades").await, shop.count("conflicts").await), (451, 0));
    closed(first).await;
}

/// As whoever pushes does it: an error of class *retry* is tried again.
async fn push_until_it_stands(outlet: &dyn Engine, transfer: &str, events: &Batch) {
    for _ in 0..50 {
        match outlet.push(&posting(transfer, 1), events).await {
            Ok(outcome) => {
                assert_eq!(outcome, Outcome::default());
                return;
            }
            Err(broken) => assert_eq!(broken.error.class, Class::Retry, "{broken:?}"),
        }
    }
    panic!("it never stood");
}
