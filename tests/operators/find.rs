//! Where a trade is, what came of a day, and what is wrong with the machine.

use crate::support::settled::{settled, transfers};
use crate::support::site::{Site, sample_route};
use crate::{fpp, refused, said, start};
use fpp::node::{Node, Options};

#[tokio::test(flavor = "multi_thread")]
async fn a_trade_is_found_in_the_vault_and_all_files_are_exported() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = start(&site).await;
    let case = |name: &str| std::fs::read(crate::support::site::repository().join("tests/golden").join(name)).unwrap();
    // Records that are refused, and a file that is held because its batch was accepted with other bytes.
    let dropped = [
        ("CORE_PMTS_PMTRD_20250620_0001_00.TXT", "bad-numbers-1388/1.dat"),
        ("CORE_PMTS_PMTRD_20250620_0001_00.TXT", "happy-1388/1.dat"),
    ];
    for (at, (name, file)) in dropped.into_iter().enumerate() {
        site.drop_file(name, &case(file), Some(""), 1_750_000_000_000 + 60_000 * at as i64);
        settled(&node, at + 1).await.unwrap();
    }
    let story = transfers(&*node.ledger).await;
    let rejects = node.ledger.rejects(&story[0].id, 0, 10).await.unwrap();
    assert!(!rejects.is_empty());
    let lines = case("bad-numbers-1388/answer-1.jsonl");
    let rows: Vec<serde_json::Value> =
        String::from_utf8(lines).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut seen = 0;
    for row in rows.iter().filter(|row| row["type"] == "PMACKD" && row["fields"]["TRDNO"] != "") {
        let key = row["fields"]["TRDNO"].as_str().unwrap();
        let (agreed, text) = said(&site, &[], &["find", key, "--date", "2025-06-20", "--json"]).await;
        assert!(agreed, "{text}");
        let found: Vec<serde_json::Value> =
            text.lines().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).unwrap()).collect();
        for found in found.iter().filter(|found| found["transfer"] == story[1].id.0.as_str()) {
            assert_eq!((&found["verdict"], &found["code"]), (&"in a held file".into(), &"FPP1011".into()));
        }
        let found = found.iter().find(|found| found["transfer"] == story[0].id.0.as_str()).unwrap();
        assert_eq!((&found["file"], &found["byte_offset"]), (&dropped[0].0.into(), &row["offset"]), "{text}");
        let good = row["fields"]["RECSTS"] == "S";
        assert_eq!(found["verdict"], if good { "accepted" } else { "refused" });
        if good {
            assert_eq!(found["event_id"], row["fields"]["EVTID"]);
        } else {
            assert_eq!(found["code"], row["fields"]["RTNCD"]);
            assert_eq!(found["bad_field"], row["fields"]["ERRFLD"]);
        }
        seen += 1;
    }
    assert!(seen > 3, "{seen}");
    let text = fpp(&site, &["find", "nobody", "--date", "2025-06-20"]).await;
    assert!(text.contains("0 found in"), "{text}");
    assert!(fpp(&site, &["find", "nobody", "--date", "2025-06-21"]).await.contains("of 0 files"));
    assert!(refused(&site, &["find", "x", "--date", "2025-13-01"]).await.contains("there is no such day"));
    // Content that is damaged is told, and the other files are read all the same.
    let sha256 = story[0].facts.sha256.clone().unwrap();
    let damaged = vault_files(&site).into_iter().find(|path| path.ends_with(&sha256)).unwrap();
    std::fs::remove_file(site.root.join("data/vault").join(damaged)).unwrap();
    let text = refused(&site, &["find", "nobody", "--date", "2025-06-20"]).await;
    assert!(text.contains("FPP9002") && text.contains("1 files could not be read"), "{text}");

    let csv = fpp(&site, &["transfers", "export", "--date", "2025-06-20", "--format", "csv", "--csv", "excel"]).await;
    let lines: Vec<_> = csv.lines().collect();
    assert!(lines[0].starts_with("\u{feff}id,route,"), "{csv}");
    assert_eq!(lines.iter().filter(|line| line.contains(",CORE_PMTS_")).count(), 2, "{csv}");
    assert!(csv.contains("2 transfers"));
    let json = fpp(&site, &["transfers", "export", "--state", "archived"]).await;
    assert_eq!(json.lines().filter(|line| line.starts_with('{')).count(), 1, "{json}");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_what_is_wrong_with_the_machine() {
    let site = Site::make(&sample_route("pmtrd"));
    let text = fpp(&site, &["doctor"]).await;
    for part in [
        "ok       configuration, check:",
        "ledger, reach: ",
        "is not there yet",
        "data_dir, write: written",
        "0 faults",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // The node that ran here believed in another time.
    let now_ms = fpp::clock::Clock::System.now_ms();
    let ahead = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(now_ms + 3_600_000));
    let options = Options { clock: fpp::clock::Clock::Fixed(ahead), ..Options::default() };
    let node = Node::start(site.settings(), options).await.unwrap();
    site.drop_batch(1, 3);
    let all = settled(&node, 1).await.unwrap();
    let text = refused(&site, &["doctor"]).await;
    assert!(text.contains("FAULT    clock, books: the newest file was booked 35"), "{text}");
    for part in
        ["ok       ledger, latency: a read takes", "ok       vault, content:", "ok       spool core-in, rename:"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.contains("golden runs") && text.contains("note     spool services, put: not tried"), "{text}");
    node.stop().await;
    let places = ["core/out", "core/in", "services", "data"];
    assert!(places.iter().all(|place| !site.names(place).iter().any(|name| name.contains("doctor"))));

    let sha256 = all[0].facts.sha256.clone().unwrap();
    let content = vault_files(&site).into_iter().find(|path| path.ends_with(&sha256)).unwrap();
    std::fs::write(content, "other bytes").unwrap();
    let text = refused(&site, &["doctor"]).await;
    assert!(text.contains("FAULT    vault, content:") && text.contains("Restore the vault's content"), "{text}");
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(site.root.join(format!("data/ledger.sqlite{end}")));
    }
    std::fs::write(site.root.join("data/ledger.sqlite"), "no ledger at all").unwrap();
    let (_, text) = said(&site, &[], &["doctor", "--json"]).await;
    let lines: Vec<serde_json::Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let ledger = lines.iter().find(|line| line["subject"] == "ledger").unwrap();
    assert_eq!((&ledger["level"], &ledger["aspect"]), (&"fault".into(), &"reach".into()), "{text}");
    assert_ne!(ledger["next"], "", "{text}");
    // A partner's folder that nobody may write is local here, and a configuration that is refused is told whole.
    std::fs::write(site.settings_file(), "node = \"x\"\n").unwrap();
    let (agreed, text) = said(&site, &[], &["doctor"]).await;
    assert!(!agreed && text.contains("installation"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_knows_flags_of_the_business_date_and_the_machine_s_limits() {
    let mut route = sample_route("pmtrd");
    route.insert("day_control".into(), "ledger".into());
    let site = Site::make(&route);
    let flag = "act = \"open\"\nroutes = [\"pmtrd\"]\nfiles = \"DAY_{date}.OPEN\"\n";
    let mut text = std::fs::read_to_string(site.settings_file()).unwrap();
    for (spool, source) in [("seen", "source = \"leave\""), ("moved", "source = \"move\"\nmove_to = \"flags\"")] {
        text.push_str(&format!("\n[spool.{spool}]\nkind = \"local\"\npath = \"../{spool}\"\n"));
        text.push_str(&format!("[[spool.{spool}.day_flag]]\n{flag}{source}\n"));
        std::fs::create_dir(site.root.join(spool)).unwrap();
    }
    std::fs::write(site.settings_file(), text).unwrap();
    let text = fpp(&site, &["doctor"]).await;
    let limit = |name: &str| {
        let text = std::fs::read_to_string(format!("/proc/sys/fs/inotify/{name}")).unwrap();
        format!("{name} {}", text.trim())
    };
    let limits = ["max_user_watches", "max_user_instances", "max_queued_events"].map(limit).join(", ");
    for part in [
        "ok       spool seen, put: not tried: files are only collected and left",
        "ok       spool moved, put: written",
        "ok       spool moved, rename: ",
        "ok       spool moved, remove: ",
        "note     spool services, put: not tried: no route uses this spool",
        &format!("ok       inotify, limits: {limits}\n"),
        "ok       spool core-out, notifications: told of changes",
        "ok       spool seen, notifications: told of changes",
        "ok       data_dir, file system: ",
        ": a disk of this machine\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(text.matches("no route uses this spool").count(), 1, "{text}");
}

/// Files of the vault, below its folder.
fn vault_files(site: &Site) -> Vec<String> {
    fn walk(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), found);
            } else {
                found.push(entry.path().display().to_string());
            }
        }
    }
    let mut found = Vec::new();
    walk(&site.root.join("data/vault"), &mut found);
    found
}
