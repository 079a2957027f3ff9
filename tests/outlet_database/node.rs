//! A node with two of these outlets: a file that gates the answer and shows values clear, a server that gates nothing and
//! hides them.

use crate::databases::Kind;
use crate::shop::Shop;
use crate::support::core::{Dropped, core_file};
use crate::support::settled::settled;
use crate::support::site::{Site, overlay, sample_route};
use fpp::clock::Clock;
use fpp::node::{Node, Options};
use fpp::outlets::database::Place;

/// 2025-06-20, 16:10 in Shanghai.
const NOW_MS: i64 = 1_750_407_000_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_writes_every_event_once_and_then_answers() {
    let server = Shop::server(Kind::MariaDb).await;
    let mut named = vec![("books", "required = true\nsensitive = \"clear\"", "path = \"../books.sqlite\"".to_owned())];
    if let Some(Place::Server(place)) = server.as_ref().map(Shop::place) {
        let socket = place.socket.unwrap();
        let url = format!("mysql://root@localhost/{}?socket={}", place.database, socket.display());
        named.push(("shared", "required = false", format!("url = \"{url}\"")));
    }
    let mut route = sample_route("pmtrd");
    let outlets: String = named
        .iter()
        .map(|(name, keys, _)| format!("[[outlet]]\nkind = \"database\"\nname = \"{name}\"\n{keys}\n"))
        .collect();
    overlay(&mut route, &outlets.parse().unwrap());
    let site = Site::make(&route);
    let file = site.settings_file();
    let mut settings = std::fs::read_to_string(&file).unwrap();
    for (name, _, place) in &named {
        settings.push_str(&format!("\n[outlet.{name}]\nkind = \"database\"\nbatch_events = 7\n{place}\n"));
    }
    std::fs::write(&file, settings).unwrap();

    let node = Node::start(site.settings(), Options { clock: Clock::System, ..Options::default() }).await.unwrap();
    let mut events = 0;
    for (batch, dropped) in [(1, Dropped::Partly), (2, Dropped::Good), (3, Dropped::Refused)] {
        let file = core_file(batch, 40, dropped);
        site.drop_file(&file.name, &file.bytes, Some(""), NOW_MS);
        events += file.events;
        settled(&node, usize::from(batch)).await.unwrap();
    }
    assert_eq!(node.ledger.verify(None).await.unwrap().broken, None);
    node.stop().await;

    let file = site.settings_file();
    let settings = file.to_str().unwrap();
    let copy = file.with_file_name("copy.sqlite");
    let to = copy.to_str().unwrap();
    let span = ["--from", "2025-06-01", "--before", "2025-07-01", "--config", settings];
    let exported = fpp(&[&["outlets", "export", to, "--outlet", "books"][..], &span[..]].concat());
    assert!(exported.contains(&format!("trades          {:>12} rows", events - 3)), "{exported}");
    assert_eq!(Shop::at(copy).count("trades").await, events - 3);
    let purge = ["outlets", "purge", "--json", "--outlet"];
    for (name, ..) in &named {
        let counted = fpp(&[&purge[..], &[*name], &span[..]].concat());
        assert!(counted.starts_with(&format!("{{\"table\":\"trades\",\"rows\":{}}}", events - 3)), "{counted}");
    }

    let books = Shop::at(site.settings_file().parent().unwrap().join("../books.sqlite"));
    let mut names = Vec::new();
    for shop in [Some(books), server].into_iter().flatten() {
        assert_eq!((shop.count("trades").await + shop.count("files").await, shop.count("files").await), (events, 3));
        assert_eq!((shop.count("events").await, shop.count("conflicts").await), (0, 0));
        let kinds = shop.rows("SELECT event_type FROM files ORDER BY transfer").await.concat();
        assert_eq!(kinds, ["pm.file.posted.v1", "pm.file.posted.v1", "pm.file.rejected.v1"]);
        let ends = "SELECT COUNT(*) FROM postings WHERE up_to_record = 9223372036854775807";
        assert_eq!(shop.cell(ends).await, "3");
        names.push(shop.rows("SELECT customer_name FROM trades ORDER BY transfer, record").await.concat());
    }
    assert!(names[0].iter().all(|name| !name.contains('*')), "{:?}", names[0]);
    // Taken away is nothing without a reason, nor without a node that writes it down.
    let away = [&purge[..], &["books", "--yes", "--reason", "kept on tape, ticket 4711"], &span[..]].concat();
    for words in [[&purge[..], &["books", "--yes"], &span[..]].concat(), away.clone()] {
        assert!(!run(&words).status.success(), "{words:?}");
    }
    assert_eq!(Shop::at(file.parent().unwrap().join("../books.sqlite")).count("trades").await, events - 3);
    let node = Node::start(site.settings(), Options { clock: Clock::System, ..Options::default() }).await.unwrap();
    let gone = fpp(&away);
    assert!(gone.contains(&format!("{{\"table\":\"trades\",\"rows\":{}}}", events - 3)), "{gone}");
    let journal = node.ledger.journal("outlet:books").await.unwrap();
    assert_eq!(journal.len(), 2, "before they go, and what went: {journal:?}");
    assert!(journal.iter().all(|row| row.entry.contains("kept on tape, ticket 4711")), "{journal:?}");
    let went = format!("\"trades\":{}", events - 3);
    assert!(journal[1].entry.contains(&went) && journal[1].entry.contains("2025-07-01"), "{journal:?}");
    assert_eq!(node.ledger.verify(None).await.unwrap().broken, None);
    node.stop().await;
    assert_eq!(Shop::at(file.parent().unwrap().join("../books.sqlite")).count("trades").await, 0);
    if let Some(masked) = names.get(1) {
        assert_eq!(masked.len(), names[0].len());
        assert!(masked.iter().all(|name| name.contains('*')), "{masked:?}");
    }
}

/// Runs the program; what it prints.
fn fpp(words: &[&str]) -> String {
    let done = run(words);
    assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

fn run(words: &[&str]) -> std::process::Output {
    std::process::Command::new(env!("CARGO_BIN_EXE_fpp")).args(words).output().unwrap()
}
