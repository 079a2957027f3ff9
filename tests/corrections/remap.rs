//! A file whose events are published anew, by another mapping.

use crate::support::settled::settled;
use crate::support::site::{Site, repository, route_with_an_outlet_of_files};
use crate::{drop_batch, said, start, stream};
use fpp::api::client;
use fpp::ledger::transfer::FileState;

/// The mapping of trades as it is meant from now on: `change` makes it of the sample's.
fn map_by(site: &Site, change: impl Fn(String) -> String) {
    let events = site.root.join("conf/events");
    if events.is_symlink() {
        std::fs::remove_file(&events).unwrap();
        std::fs::create_dir(&events).unwrap();
    }
    let sample = std::fs::read_to_string(repository().join("config/events/pmtrd.toml")).unwrap();
    std::fs::write(events.join("pmtrd.toml"), change(sample)).unwrap();
}

/// A file is told by the mapping that it was posted with, until an operator has it told again under another `dataschema`.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_mapped_anew_on_purpose_only() {
    let site = Site::make(&route_with_an_outlet_of_files());
    let node = start(&site).await;
    drop_batch(&site, 1);
    let posted = settled(&node, 1).await.unwrap().remove(0);
    let before = stream(&node, None).await;
    let void = ["events", "void", before[1]["fppposition"].as_str().unwrap(), "--reason", "booked twice"];
    assert!(said(&site, &void).await.0);
    let correction = settled(&node, 2).await.unwrap().remove(1);
    node.stop().await;

    let id = posted.id.to_string();
    let remap = ["remap", id.as_str(), "--reason", "ticket 4711"];
    let source = "[[data]]\nname = \"desk\"\nconst = \"metals\"\n";
    let second = |text: String| text.replace("pm.trade.v1", "pm.trade.v2") + source;
    for (change, why) in [
        (
            &(|text: String| text + source) as &dyn Fn(String) -> String,
            "have the `dataschema` urn:fpp:schema:pm.trade.v1",
        ),
        (&|text| second(text).replace("{tradeDate}:{tradeId}:{status}", "{tradeId}"), "the event of record 2 would be"),
        (&|text| second(text).replace("\"00\" = ", "\"07\" = "), "gives no event now"),
    ] {
        map_by(&site, change);
        let node = start(&site).await;
        let (agreed, text) = said(&site, &remap).await;
        assert!(!agreed && text.contains(why), "{why}: {text}");
        assert_eq!(stream(&node, None).await.len(), before.len() + 2, "nothing is published");
        node.stop().await;
    }
    map_by(&site, second);
    let node = start(&site).await;
    let (agreed, text) = said(&site, &remap).await;
    assert!(agreed && text.contains(": 2 events, by transfer") && text.contains("; 1 that were taken back"), "{text}");
    let remapped = settled(&node, 3).await.unwrap().remove(2);
    assert_eq!((remapped.state, remapped.publication), (FileState::Archived, Some(3)));
    let after = stream(&node, None).await;
    assert_eq!(after[..before.len()], before[..], "what stands is told as it was");
    let told: Vec<_> = after.iter().filter(|e| e["dataschema"] == "urn:fpp:schema:pm.trade.v2").collect();
    let firsts = [&before[0], &before[2]];
    assert_eq!(told.len(), firsts.len());
    for (told, first) in told.iter().zip(firsts) {
        let (mut data, lineage) = (told["data"].clone(), &told["data"]["lineage"]);
        assert_eq!(
            (&told["type"], &told["subject"], lineage),
            (&first["type"], &first["subject"], &first["data"]["lineage"])
        );
        assert_eq!(told["fppcorrects"], first["id"]);
        assert_eq!(told["id"], format!("{}:remapped:{}", first["id"].as_str().unwrap(), remapped.id));
        assert_eq!(data.as_object_mut().unwrap().remove("desk").unwrap(), "metals");
        assert_eq!(data, first["data"]);
    }
    let end = after.last().unwrap();
    assert_eq!((&end["data"]["records"], &end["data"]["accepted"]), (&2.into(), &2.into()));
    assert_eq!(site.names("core/in").len(), 3, "the core is answered once");
    assert_eq!(site.names("services").iter().filter(|name| name.ends_with(".jsonl")).count(), 3);

    for (of, why) in [(&id, "was mapped so already"), (&correction.id.to_string(), "is no file of its own")] {
        let (agreed, text) = said(&site, &["remap", of, "--reason", "again"]).await;
        assert!(!agreed && text.contains(why), "{text}");
    }
    let bytes = client::events(node.address, "/v1/events?limit=1000", None).await.unwrap().body;
    node.stop().await;
    let node = start(&site).await;
    assert_eq!(client::events(node.address, "/v1/events?limit=1000", None).await.unwrap().body, bytes);
    node.stop().await;
    assert!(said(&site, &["ledger", "verify"]).await.1.contains("all fit"));
}
