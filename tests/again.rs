//! An id that comes again in another file with other content: the node itself notices it, with the stream alone.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests may panic as tests do")]

#[path = "outlet_webhook/server.rs"]
#[allow(dead_code, reason = "made for the tests of webhooks")]
mod server;
mod support;

use fpp::api::client;
use fpp::ledger::change::Notice;
use fpp::ledger::transfer::Transfer;
use fpp::node::{Node, Options};
use server::Server;
use std::path::PathBuf;
use support::core::{generated, sent_again};
use support::settled::{looked_at, settled};
use support::site::{Site, route_with_outlets, sample_route};

/// One secret, for the endpoint.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

struct Place {
    site: Site,
    node: Option<Node>,
    files: usize,
}

impl Place {
    async fn open() -> Place {
        Place::at(Site::make(&sample_route("pmtrd"))).await
    }

    async fn at(site: Site) -> Place {
        let mut place = Place { site, node: None, files: 0 };
        place.start().await;
        place
    }

    async fn start(&mut self) {
        self.node = Some(Node::start(self.site.settings(), Options::default()).await.unwrap());
    }

    async fn stop(&mut self) {
        self.node.take().unwrap().stop().await;
    }

    fn node(&self) -> &Node {
        self.node.as_ref().unwrap()
    }

    /// Drops a file, and waits until it was posted and its ids were looked at.
    async fn take(&mut self, (name, bytes): (String, Vec<u8>)) -> Transfer {
        self.files += 1;
        self.site.drop_file(&name, &bytes, Some(""), 1_750_000_000_000);
        let all = settled(self.node(), self.files).await.unwrap();
        let transfer = all.into_iter().find(|transfer| transfer.name == name).unwrap();
        self.looked_at().await;
        transfer
    }

    async fn looked_at(&self) {
        looked_at(self.node(), &self.site.root).await;
    }

    async fn notices(&self) -> Vec<Notice> {
        let all = self.node().ledger.notices(true, 100).await.unwrap();
        let mut again: Vec<Notice> = all.into_iter().filter(|n| n.notice.topic == "again").collect();
        again.reverse();
        again
    }

    /// The file of a content in the vault.
    fn in_vault(&self, sha256: &str) -> PathBuf {
        self.site.root.join("data/vault").join(&sha256[..2]).join(&sha256[2..4]).join(sha256)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_id_with_other_content_is_told_once_also_after_a_restart() {
    let mut place = Place::open().await;
    let first = place.take(generated(1, 6)).await;
    place.take(sent_again(2, 6, &[], 0)).await;
    assert_eq!(place.notices().await, [], "the same content again is no trouble");

    let third = place.take(sent_again(3, 6, &[3, 6], 0xC1)).await;
    let told = place.notices().await;
    let notice = &told[0].notice;
    assert_eq!((told.len(), told[0].count, &notice.subject, notice.code), (1, 1, &third.id.0, 3007), "{told:?}");
    let second = third.publication.unwrap() - 1;
    let second = place.node().ledger.publications(second - 1, 1).await.unwrap().remove(0);
    for part in [
        "2 events have ids of an earlier file",
        ":A2506200001000000002:DONE (position 3-3) was record 3 of CORE_PMTS_PMTRD_20250620_0002_00.TXT",
        ":A2506200001000000005:DONE (position 3-6) was record 6 of",
        &format!("transfer {}", second.id),
        &format!("Transfer {}.", third.id),
    ] {
        assert!(notice.text.contains(part), "{part}: {}", notice.text);
    }
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_fpp"));
    command.arg("--config").arg(place.site.settings_file()).args(["transfers", "show", &third.id.0]);
    let story = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap().stdout;
    let story = String::from_utf8(story).unwrap();
    assert!(story.contains("\nNotices\n") && story.contains(&notice.text), "{story}");

    let page = client::events(place.node().address, "/v1/events?limit=1000", None).await.unwrap();
    let events = page.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
    assert_eq!(events, 3 * 7, "nothing is held back");

    // Another life compares with what the one before it saw; without its tables it makes them again, and says nothing twice.
    place.stop().await;
    place.start().await;
    place.take(sent_again(4, 6, &[3], 0xC1)).await;
    let told = place.notices().await;
    assert_eq!(told.len(), 2, "record 6 is as it was at first: {told:?}");
    assert!(
        told[1].notice.text.contains("event has an id") && told[1].notice.text.contains("position 4-6"),
        "{told:?}"
    );
    place.stop().await;
    // Or were made of another ledger, whose publications had the same numbers.
    let file = place.site.root.join("data/ids/tables.json");
    let mut tables: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert!(tables["last"].as_str().is_some_and(|last| !last.is_empty()), "{tables}");
    (tables["last"], tables["tables"]) = ("01ANOTHER".into(), serde_json::json!([]));
    std::fs::write(&file, tables.to_string()).unwrap();
    place.start().await;
    place.looked_at().await;
    assert_eq!(place.notices().await, told, "as before");
    place.take(sent_again(5, 6, &[3, 4], 0xC1)).await;
    let told = place.notices().await;
    assert!(told.len() == 3 && told[2].notice.text.contains("position 5-4"), "{told:?}");

    // What the vault keeps no longer is nobody's trouble.
    for sha256 in [&first, &third].map(|transfer| transfer.facts.sha256.clone().unwrap()) {
        std::fs::remove_file(place.in_vault(&sha256)).unwrap();
    }
    place.take(generated(6, 6)).await;
    place.stop().await;
    std::fs::remove_dir_all(place.site.root.join("data/ids")).unwrap();
    place.start().await;
    place.looked_at().await;
    assert_eq!(place.notices().await.len(), 3);
    place.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_file_keeps_the_list_of_its_ids_which_can_be_made_again() {
    let mut place = Place::open().await;
    let first = place.take(generated(1, 300)).await;
    let list = first.facts.ids.expect("a list in the vault");
    let kept = std::fs::read(place.in_vault(&list)).unwrap();
    assert_eq!(kept.len(), 16 + 300 * 24);
    place.stop().await;
    std::fs::remove_dir_all(place.site.root.join("data/ids")).unwrap();
    // What stands there is no list: no trouble of a disk, and no reason not to go on.
    let no_list = place.in_vault(&list);
    for name in std::fs::read_dir(no_list.parent().unwrap()).unwrap().map(|file| file.unwrap().path()) {
        std::fs::remove_file(name).unwrap();
    }
    std::fs::write(&no_list, "no list").unwrap();
    place.start().await;
    let changed: Vec<usize> = (2..=301).collect();
    let second = place.take(sent_again(2, 300, &changed, 0xC1)).await;
    assert_ne!(second.facts.ids, Some(list), "other content");
    let told = place.notices().await;
    assert_eq!(told.len(), 1, "{told:?}");
    let text = &told[0].notice.text;
    assert!(
        text.contains("100 events have ids") && text.contains("position 2-6)") && text.contains("; and others"),
        "{text}"
    );
    assert!(text.contains("; up to 200 more look different. Both went out"), "{text}");

    // A plan that cannot be read keeps nobody from the files behind it. What comes has another one, by a comment.
    place.stop().await;
    let plan = place.in_vault(second.facts.plan.as_deref().unwrap());
    std::fs::write(&plan, vec![b' '; std::fs::metadata(&plan).unwrap().len() as usize]).unwrap();
    let events = place.site.root.join("conf/events");
    std::fs::remove_file(&events).unwrap();
    std::fs::create_dir(&events).unwrap();
    for file in std::fs::read_dir(support::site::repository().join("config/events")).unwrap().map(Result::unwrap) {
        let text = std::fs::read_to_string(file.path()).unwrap();
        std::fs::write(events.join(file.file_name()), format!("# It says what it said.\n{text}")).unwrap();
    }
    place.start().await;
    let third = place.take(sent_again(3, 300, &[], 0)).await;
    assert_ne!(third.facts.plan, second.facts.plan);
    place.take(sent_again(4, 300, &[2], 0xC1)).await;
    let told = place.notices().await;
    assert!(told.len() == 2 && told[1].notice.text.contains("event has an id"), "{told:?}");
    assert!(told[1].notice.text.contains("position 4-2"), "{told:?}");
    place.stop().await;
}

/// Outlets that cannot know what they got before: lines appended to a file, an endpoint, files of events. The node knows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_outlets_there_are_the_node_tells_other_content_and_holds_nothing_back() {
    let server = Server::start(|_| (200, Vec::new()));
    let mut route = route_with_outlets("lines");
    let hook = "kind = \"webhook\"\nname = \"risk\"\nsensitive = \"clear\"".parse().unwrap();
    route["outlet"].as_array_mut().unwrap().push(toml::Value::Table(hook));
    let site = Site::make(&route);
    std::fs::write(site.root.join("conf/secret"), SECRET).unwrap();
    site.configure(&format!(
        "[outlet.lines]\nkind = \"append\"\npath = \"../lines\"\n\
         [outlet.risk]\nkind = \"webhook\"\nurl = \"http://{}/hook\"\nsecret_file = \"secret\"\n",
        server.address
    ));
    let mut place = Place::at(site).await;
    place.take(generated(1, 6)).await;
    let second = place.take(sent_again(2, 6, &[3], 0xC1)).await;
    let told = place.notices().await;
    assert_eq!((told.len(), &told[0].notice.subject), (1, &second.id.0), "{told:?}");
    assert!(told[0].notice.text.contains("position 2-3"), "{told:?}");
    // Each outlet has both events of that id, with what tells them apart.
    let lines = |bytes: Vec<u8>| -> Vec<serde_json::Value> {
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    };
    let files = place.site.names("services").into_iter().filter(|name| name.ends_with(".jsonl"));
    let posted = server.calls().into_iter().flat_map(|call| match serde_json::from_str(&call.body).unwrap() {
        serde_json::Value::Array(events) => events,
        one => vec![one],
    });
    let outlets = [
        lines(place.site.read("lines/pmtrd-2025-06-20.jsonl")),
        files.flat_map(|name| lines(place.site.read(&format!("services/{name}")))).collect(),
        posted.collect(),
    ];
    for events in outlets {
        assert_eq!(events.len(), 2 * 7, "{events:#?}");
        let of = |n: u32| {
            let id = format!(":A25062000010000000{n:02}:DONE");
            let of = events.iter().filter(|event| event["id"].as_str().unwrap().ends_with(&id));
            of.map(|event| event["datahash"].as_str().unwrap()).collect::<Vec<_>>()
        };
        let (changed, same) = (of(2), of(3));
        assert!(changed.len() == 2 && changed[0] != changed[1], "{changed:?}");
        assert!(same.len() == 2 && same[0] == same[1], "{same:?}");
    }
    place.stop().await;
}
