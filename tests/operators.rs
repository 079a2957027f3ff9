//! The night shift: what operators say to a running node with the program itself, and what it then does.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests may panic as tests do")]

mod support;

use fpp::demo::generate::{self, Series, Spec};
use fpp::ledger::delivery::DeliveryState;
use fpp::ledger::transfer::{FileState, Transfer};
use fpp::node::{Node, Options};
use fpp_codecs::date::Date;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};
use support::settled::{PATIENCE, settled, transfers};
use support::site::{Site, overlay, sample_route};

fn drop_batch(site: &Site, batch: u16) {
    let date = Date { year: 2025, month: 6, day: 20 };
    let spec = Spec { trades: 3, ..Spec::new(Series::Ebcdic, date, batch) };
    let mut bytes = Vec::new();
    generate::generate(&spec, &mut bytes).unwrap();
    site.drop_file(&spec.file_name(), &bytes, Some(""), 1_750_000_000_000);
}

async fn start(site: &Site) -> Node {
    Node::start(site.settings(), Options::default()).await.unwrap()
}

/// Runs the program beside the node; what it says, and whether it agrees.
async fn said(site: &Site, before: &[&str], arguments: &[&str]) -> (bool, String) {
    let mut words: Vec<String> = before.iter().map(ToString::to_string).collect();
    words.push(env!("CARGO_BIN_EXE_fpp").to_owned());
    words.extend(["--config".to_owned(), site.settings_file().display().to_string()]);
    words.extend(arguments.iter().map(ToString::to_string));
    let run = move || Command::new(&words[0]).args(&words[1..]).env_remove("SUDO_USER").output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

async fn fpp(site: &Site, arguments: &[&str]) -> String {
    let (agreed, text) = said(site, &[], arguments).await;
    assert!(agreed, "fpp {arguments:?}: {text}");
    text
}

async fn refused(site: &Site, arguments: &[&str]) -> String {
    let (agreed, text) = said(site, &[], arguments).await;
    assert!(!agreed, "fpp {arguments:?}: {text}");
    text
}

/// Waits until the books say so.
async fn until(node: &Node, what: &str, is: impl AsyncFn(&Node) -> bool) {
    let end = Instant::now() + PATIENCE;
    let mut bell = node.bell.listen();
    while !is(node).await {
        assert!(Instant::now() < end, "{what}");
        bell.wait(Duration::from_millis(50)).await;
    }
}

async fn first(node: &Node) -> Option<Transfer> {
    transfers(&*node.ledger).await.into_iter().next()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_route_waits_through_a_restart_and_goes_on() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = start(&site).await;
    let text = refused(&site, &["pause", "route", "pmtrt", "--reason", "x"]).await;
    assert!(text.contains("there is no route pmtrt") && text.contains("pmtrd"), "{text}");
    fpp(&site, &["pause", "route", "pmtrd", "--reason", "wrong code list, ticket 4711"]).await;
    let text = refused(&site, &["pause", "route", "pmtrd", "--reason", "x"]).await;
    assert!(text.contains("is paused already"), "{text}");
    drop_batch(&site, 1);
    until(&node, "it is booked", async |node| first(node).await.is_some()).await;
    node.stop().await;
    let node = start(&site).await;
    let text = fpp(&site, &["status"]).await;
    assert!(text.contains("PAUSED route pmtrd since") && text.contains("wrong code list, ticket 4711"), "{text}");
    // Another file is booked after it, so the node had its time.
    drop_batch(&site, 2);
    until(&node, "both are booked", async |node| transfers(&*node.ledger).await.len() == 2).await;
    assert!(transfers(&*node.ledger).await.iter().all(|t| t.state == FileState::Arrived));
    fpp(&site, &["resume", "route", "pmtrd", "--reason", "mended"]).await;
    let all = settled(&node, 2).await.unwrap();
    assert!(all.iter().all(|t| t.state == FileState::Archived));
    assert!(!fpp(&site, &["status"]).await.contains("PAUSED"));
    node.stop().await;
    assert!(fpp(&site, &["ledger", "verify"]).await.contains("all fit"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_partner_gets_nothing_and_gives_nothing() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = start(&site).await;
    fpp(&site, &["pause", "partner", "core-in", "--reason", "core is down"]).await;
    drop_batch(&site, 1);
    until(&node, "it waits for its answer", async |node| {
        first(node).await.is_some_and(|t| t.state == FileState::Posted && !t.waiting_for.is_empty())
    })
    .await;
    assert_eq!(site.names("core/in"), Vec::<String>::new());
    fpp(&site, &["pause", "partner", "core-out", "--reason", "core is down"]).await;
    fpp(&site, &["resume", "partner", "core-in", "--reason", "core is up"]).await;
    until(&node, "its answer is out", async |node| {
        first(node).await.is_some_and(|t| t.state == FileState::Acknowledged)
    })
    .await;
    drop_batch(&site, 2);
    fpp(&site, &["resume", "partner", "core-out", "--reason", "core is up"]).await;
    assert_eq!(settled(&node, 2).await.unwrap().len(), 2);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_stays_and_what_was_taken_is_sent_again() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = start(&site).await;
    fpp(&site, &["pause", "partner", "core-in", "--reason", "to stop it in time"]).await;
    drop_batch(&site, 1);
    until(&node, "it waits for its answer", async |node| {
        first(node).await.is_some_and(|t| t.state == FileState::Posted && !t.waiting_for.is_empty())
    })
    .await;
    let id = first(&node).await.unwrap().id.0;
    fpp(&site, &["hold", &id, "--reason", "core asks to wait"]).await;
    fpp(&site, &["resume", "partner", "core-in", "--reason", "x"]).await;
    let story = fpp(&site, &["transfers", "show", &id]).await;
    assert!(story.contains("FPP1030") && story.contains("core asks to wait"), "{story}");
    let text = refused(&site, &["reject", &id, "--reason", "x"]).await;
    assert!(text.contains("nothing is rejected after that"), "{text}");
    let text = refused(&site, &["resend", &id, "--reason", "x"]).await;
    assert!(text.contains("it is held"), "{text}");
    assert_eq!(site.names("core/in"), Vec::<String>::new());
    fpp(&site, &["retry", &id, "--reason", "core agrees"]).await;
    settled(&node, 1).await.unwrap();
    let names = site.names("core/in");
    let answer = names.iter().find(|name| name.ends_with(".TXT")).unwrap().clone();
    let bytes = site.read(&format!("core/in/{answer}"));
    let text = refused(&site, &["resend", &id, "--reason", "core lost it"]).await;
    assert!(text.contains("nothing of") && text.contains("was taken"), "{text}");
    for (round, arguments) in [
        vec!["resend", id.as_str(), "--reason", "core lost it"],
        vec!["resend", "--partner", "core-in", "--since", "2020-01-01", "--reason", "core restored"],
    ]
    .iter()
    .enumerate()
    {
        for name in site.names("core/in") {
            std::fs::remove_file(site.root.join("core/in").join(name)).unwrap();
        }
        until(&node, "it is seen taken", async |node| {
            node.ledger.deliveries(None, 10).await.unwrap().iter().all(|d| d.state == DeliveryState::Taken)
        })
        .await;
        let text = fpp(&site, arguments).await;
        assert!(text.contains("sent again"), "{text}");
        until(&node, "it is out again", async |node| {
            node.ledger.deliveries(None, 10).await.unwrap().iter().all(|d| d.state == DeliveryState::Delivered)
        })
        .await;
        assert_eq!(site.names("core/in"), names, "round {round}: markers and checksums too");
        assert_eq!(site.read(&format!("core/in/{answer}")), bytes);
    }
    let text = fpp(&site, &["resend", "--partner", "core-in", "--since", "2020-01-01", "--reason", "x"]).await;
    assert!(text.starts_with("0 files"), "they stand there: {text}");
    node.stop().await;
    assert!(fpp(&site, &["ledger", "verify"]).await.contains("all fit"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trade_is_found_in_the_vault_and_all_files_are_exported() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = start(&site).await;
    let case = |name: &str| std::fs::read(support::site::repository().join("tests/golden").join(name)).unwrap();
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
    drop_batch(&site, 1);
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

/// Another user of this machine, who is a member of the operators' group.
const OTHER: [&str; 4] = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

#[tokio::test(flavor = "multi_thread")]
async fn four_eyes_are_two_persons() {
    let root = own_user() == Some(0) && Command::new("setpriv").arg("--version").output().is_ok();
    let mut route = sample_route("pmtrd");
    let changes = "second_person = [\"retry\"]\n".parse().unwrap();
    overlay(&mut route, &changes);
    let group = if root { "control_group = \"nogroup\"\ncontrol_socket = \"../control/fpp.sock\"\n" } else { "" };
    let site = Site::make_with(&route, &format!("second_person = [\"hold\", \"release\", \"pause\"]\n{group}"));
    std::fs::create_dir(site.root.join("control")).unwrap();
    std::fs::set_permissions(&site.root, std::fs::Permissions::from_mode(0o755)).unwrap();
    let node = start(&site).await;
    let text = fpp(&site, &["pause", "route", "pmtrd", "--reason", "ticket 4711"]).await;
    let ask = text.split("fpp confirm ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    assert!(fpp(&site, &["requests"]).await.contains("ticket 4711"));
    assert!(fpp(&site, &["status"]).await.contains("1 requests wait for a second person"));
    let text = refused(&site, &["confirm", &ask, "--reason", "me too"]).await;
    assert!(text.contains("another person must confirm it"), "{text}");
    assert!(node.ledger.pauses().await.unwrap().is_empty(), "asked is not done");
    if !root {
        println!("not root, or no setpriv: no second person here");
        fpp(&site, &["decline", &ask, "--reason", "alone"]).await;
        return node.stop().await;
    }
    let (agreed, text) = said(&site, &OTHER, &["confirm", &ask, "--reason", "looked at it"]).await;
    assert!(agreed, "{text}");
    let pauses = node.ledger.pauses().await.unwrap();
    assert!(pauses[0].by.contains("ticket 4711; confirmed by") && pauses[0].by.contains("looked at it"), "{pauses:?}");
    let text = refused(&site, &["confirm", &ask, "--reason", "again"]).await;
    assert!(text.contains("Confirmed already"), "{text}");
    // Nobody needs two persons to go on with it here.
    drop_batch(&site, 1);
    until(&node, "it is booked", async |node| first(node).await.is_some()).await;
    let id = first(&node).await.unwrap().id.0;
    // A route may ask for two persons where the node does not; a request of a state that is gone is not confirmed.
    let text = fpp(&site, &["retry", &id, "--reason", "now"]).await;
    let ask = text.split("fpp confirm ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    fpp(&site, &["resume", "route", "pmtrd", "--reason", "mended"]).await;
    settled(&node, 1).await.unwrap();
    let (agreed, text) = said(&site, &OTHER, &["confirm", &ask, "--reason", "ok"]).await;
    assert!(!agreed && text.contains("it is finished"), "{text}");
    let (agreed, text) = said(&site, &OTHER, &["decline", &ask, "--reason", "too late"]).await;
    assert!(agreed, "{text}");
    assert!(fpp(&site, &["requests", "--all"]).await.contains("too late"));
    node.stop().await;
    assert!(fpp(&site, &["ledger", "verify"]).await.contains("all fit"));
}

/// The user of this process.
fn own_user() -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").ok().map(|m| m.uid())
}

/// One request over HTTP; status and what is said.
async fn asked(node: &Node, token: &str, path: &str, body: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let method = if body.is_empty() { "GET" } else { "POST" };
    let token = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{token}");
    let length = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let mut stream = tokio::net::TcpStream::connect(node.address).await.unwrap();
    stream.write_all(format!("{head}{length}").as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let status = text.split(' ').nth(1).unwrap().parse().unwrap();
    (status, text)
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_a_token_says_its_verbs_on_its_routes_and_nobody_else_any() {
    let mut route = sample_route("pmtrd");
    overlay(&mut route, &"second_person = [\"release\"]\nday_control = \"ledger\"".parse().unwrap());
    let site = Site::make(&route);
    let token = |name: &str, more: &str| {
        let digest = fpp_spool::Digest::of(fpp_spool::Algorithm::Sha256, name.as_bytes());
        format!("[token.{name}]\nsha256 = \"{digest}\"\n{more}\n")
    };
    let me = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    let tokens = [
        token("reader", "routes = [\"*\"]"),
        token("other", "routes = [\"gold\"]\nverbs = [\"hold\", \"pause\", \"day\"]"),
        token("wang", "routes = [\"pmtrd\"]\nverbs = [\"hold\", \"release\", \"pause\", \"day\"]"),
        token("li", "routes = [\"pmtrd\"]\nverbs = [\"release\"]"),
        token("mine", &format!("routes = [\"pmtrd\"]\nverbs = [\"release\"]\nperson = \"{}\"", me.trim())),
    ];
    let node = start(&site).await;
    let (status, _) = asked(&node, "wang", "/v1/operate/pause", "{\"reason\": \"x\"}").await;
    assert_eq!(status, 401, "without a token file nobody says a verb over HTTP");
    node.stop().await;
    let file = site.root.join("conf/tokens.toml");
    std::fs::write(&file, tokens.concat()).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let settings = std::fs::read_to_string(site.settings_file()).unwrap();
    let settings = settings.replace("[http]\n", "[http]\ntoken_file = \"tokens.toml\"\n");
    std::fs::write(site.settings_file(), settings).unwrap();
    let node = start(&site).await;

    let day = "{\"route\": \"pmtrd\", \"business_date\": \"2025-06-20\", \"open\": true, \"reason\": \"core says so\"}";
    for (token, due) in [("", 401), ("nobody", 401), ("reader", 403), ("other", 403), ("li", 403), ("wang", 200)] {
        assert_eq!(asked(&node, token, "/v1/days", day).await.0, due, "{token}");
    }
    let journal = node.ledger.journal("day:pmtrd").await.unwrap();
    assert!(journal.len() == 1 && journal[0].entry.contains("wang by token: core says so"), "{journal:?}");

    fpp(&site, &["pause", "route", "pmtrd", "--reason", "wait"]).await;
    drop_batch(&site, 1);
    until(&node, "it is booked", async |node| first(node).await.is_some()).await;
    let id = first(&node).await.unwrap().id.0;
    let body = |reason: &str| format!("{{\"id\": \"{id}\", \"reason\": \"{reason}\", \"by\": \"root\"}}");
    for (token, due) in [("reader", 403), ("other", 403), ("li", 403)] {
        let (status, text) = asked(&node, token, "/v1/operate/hold", &body("x")).await;
        assert!(status == due && !text.contains("CORE_"), "nothing is said of other routes' files: {text}");
    }
    let partner = "{\"switch\": {\"kind\": \"partner\", \"name\": \"core-in\"}, \"reason\": \"x\"}";
    assert_eq!(asked(&node, "wang", "/v1/operate/pause", partner).await.0, 403, "a partner is more than one route's");
    assert_eq!(asked(&node, "wang", "/v1/operate/hold", &body("")).await.0, 409, "a reason is needed");
    assert_eq!(asked(&node, "wang", "/v1/operate/purge", &body("x")).await.0, 404);
    let (status, text) = asked(&node, "wang", "/v1/operate/hold", &body("totals are wrong")).await;
    assert_eq!(status, 200, "{text}");
    let held = first(&node).await.unwrap();
    let said = held.facts.hold(held.verdict).1;
    assert!(held.state == FileState::Held && said.contains("wang by token: totals are wrong"), "{held:?}");

    // Four eyes, by whatever way: the person who asked confirms nothing, with a token or without.
    let (status, text) = asked(&node, "wang", "/v1/operate/release", &body("it is good")).await;
    assert!(status == 200 && text.contains("asked, not done"), "{text}");
    let ask = node.ledger.asks(false, 10).await.unwrap().remove(0);
    let confirm = format!("/v1/requests/{}/confirm", ask.id);
    let reason = "{\"reason\": \"looked at it\"}";
    assert_eq!(
        (asked(&node, "wang", &confirm, reason).await.0, asked(&node, "other", &confirm, reason).await.0),
        (409, 403)
    );
    let (_, open) = asked(&node, "li", "/v1/requests", "").await;
    assert!(open.contains(&ask.id.0) && open.contains("it is good"), "{open}");
    assert!(!asked(&node, "other", "/v1/requests", "").await.1.contains(&ask.id.0));
    let (status, text) = asked(&node, "li", &confirm, reason).await;
    assert_eq!(status, 200, "{text}");
    assert_eq!(first(&node).await.unwrap().state, FileState::Arrived);

    // Who asks here, and has a token besides, is one person.
    fpp(&site, &["hold", &id, "--reason", "once more"]).await;
    fpp(&site, &["release", &id, "--reason", "now"]).await;
    let ask = node.ledger.asks(false, 10).await.unwrap().remove(0);
    let (status, text) = asked(&node, "mine", &format!("/v1/requests/{}/confirm", ask.id), reason).await;
    assert!(status == 409 && text.contains("another person must confirm it"), "{text}");
    node.stop().await;
    assert!(fpp(&site, &["ledger", "verify"]).await.contains("all fit"));
}
