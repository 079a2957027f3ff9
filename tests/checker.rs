//! The checker finds what it is there to find: a real walk leaves nothing to say, and for each invariant something is
//! changed afterwards so that exactly that one does not hold.
#![cfg(feature = "demo")]
// A test that cannot go on says so by panicking, in helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use fpp::clock::Clock;
use fpp::ledger::delivery::{Delivery, DeliveryState, Purpose};
use fpp::ledger::transfer::FileState;
use fpp::node::{Node, Options};
use fpp::vault::disk::DiskVault;
use std::fs;
use std::time::{Duration, Instant};
use support::checker::evidence::{Evidence, Places, Taken};
use support::checker::{at_any_moment, at_the_end, nothing_was_undone};
use support::core::{Dropped, core_file};
use support::settled::{PATIENCE, settled};
use support::site::{Site, route_with_outlets};
use support::told::read_stream;

/// 2025-06-20, 16:10 in Shanghai.
const NOW_MS: i64 = 1_750_407_000_000;

/// What a node leaves that walked three files, and that passes over a fourth name.
async fn sound() -> Evidence {
    let site = Site::make(&route_with_outlets("queue"));
    site.configure("[outlet.queue]\nkind = \"append\"\npath = \"../queue\"\n");
    let kinds = [Dropped::Good, Dropped::Partly, Dropped::Refused];
    let files: Vec<_> = (1..).zip(kinds).map(|(batch, kind)| core_file(batch, 10, kind)).collect();
    for file in &files {
        site.drop_file(&file.name, &file.bytes, Some(""), NOW_MS);
    }
    fs::write(site.root.join("core/out/README"), "for people").unwrap();
    let options = Options { clock: Clock::fixed(NOW_MS), ..Options::default() };
    let node = Node::start(site.settings(), options).await.unwrap();
    settled(&node, files.len()).await.unwrap();
    let at = |path: &str| site.root.join(path);
    let places = Places {
        rooms: vec![at("data/vault")],
        scratch: vec![at("data/scratch")],
        statuses: vec![at("data/status.json")],
        ..Places::below(&site.root)
    };
    let vault = DiskVault::open_read_only(&at("data/vault"));
    let until = Instant::now() + PATIENCE;
    loop {
        let received = read_stream(node.address).await;
        let evidence = Evidence::whole(&places, &*node.ledger, &vault, &files).await;
        let evidence = Evidence { outlets: 1, memory: vec![("n0".into(), 60 << 20)], ..evidence };
        // The status is written a little later than the books.
        if evidence.ignored.contains("README") {
            node.stop().await;
            let took = pushed(&site, &evidence);
            let evidence = evidence.with_target("queue", took);
            return evidence.with_received("one service", received.clone()).with_received("another", received);
        }
        assert!(Instant::now() < until, "no status names README");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What stands in the outlet that events are pushed to; a line says of which file it is.
fn pushed(site: &Site, evidence: &Evidence) -> Vec<(String, String)> {
    let files = fs::read_dir(site.root.join("queue")).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = files.filter(|path| path.is_file()).collect();
    paths.sort();
    let text: String = paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let transfer = |line: &str| {
        let of = evidence.transfers.iter().find(|t| line.contains(&t.name));
        of.unwrap_or_else(|| panic!("of no file: {line}")).id.0.clone()
    };
    text.lines().map(|line| (transfer(line), line.to_owned())).collect()
}

fn pushed_of_the_answered(evidence: &mut Evidence) -> &mut Vec<(String, String)> {
    let of = answer(evidence).transfer.clone();
    let took = evidence.targets.get_mut("queue").unwrap();
    assert!(took.iter().any(|(transfer, _)| *transfer == of.0));
    took
}

type Harm = fn(&mut Evidence);

fn answer(evidence: &mut Evidence) -> &mut Delivery {
    evidence.deliveries.iter_mut().find(|d| d.purpose == Purpose::Answer).unwrap()
}

fn bytes_of_the_answer(evidence: &mut Evidence) -> &mut Vec<u8> {
    let name = answer(evidence).name.clone();
    evidence.spools.get_mut("core-in").unwrap().get_mut(&name).unwrap()
}

/// What is done to sound evidence, and what the checker must say of it.
const HARMS: &[(&str, &str, Harm)] = &[
    ("I1", "a file is two transfers", |e| {
        let twice = e.transfers[0].clone();
        e.transfers.push(twice);
    }),
    ("I1", "a file is no transfer", |e| _ = e.transfers.pop()),
    ("I1", "another verdict", |e| e.transfers[0].verdict = e.transfers[2].verdict),
    ("I1", "a second answer", |e| {
        let more = Delivery { name: "MORE".into(), ..answer(e).clone() };
        e.deliveries.push(more);
    }),
    ("I2", "an event is lost", |e| _ = e.received[0].1.pop()),
    ("I2", "an event comes twice", |e| {
        let line = e.received[0].1[0].clone();
        e.received[0].1.push(line);
    }),
    ("I2", "an event has other data in another stream", |e| {
        let line = &mut e.received[1].1[0];
        *line = line.replace("\"datahash\":\"", "\"datahash\":\"0");
    }),
    ("I2", "a publication number is left out", |e| e.publication += 1),
    ("I3", "an answer before its stream", |e| {
        let of = answer(e).transfer.clone();
        e.transfers.iter_mut().find(|t| t.id == of).unwrap().publication = None;
    }),
    ("I3", "an answer before its file of events", |e| {
        let of = answer(e).transfer.clone();
        let events = |d: &&mut Delivery| d.transfer == of && d.purpose == Purpose::Events;
        e.deliveries.iter_mut().find(events).unwrap().delivered_ms = None;
    }),
    ("I3", "an answer before its outlet has everything", |e| {
        let of = answer(e).transfer.0.clone();
        let took = pushed_of_the_answered(e);
        let last = took.iter().rposition(|(transfer, _)| *transfer == of).unwrap();
        took.remove(last);
    }),
    ("I2", "an outlet never gets what was deferred", |e| {
        e.deliveries.iter_mut().for_each(|d| d.deferred = true);
        pushed_of_the_answered(e).pop();
    }),
    ("I2", "an outlet has events in another order", |e| pushed_of_the_answered(e).reverse()),
    ("I2", "an outlet has other data of an event", |e| {
        let (transfer, line) = pushed_of_the_answered(e)[0].clone();
        pushed_of_the_answered(e).push((transfer, line.replace("\"datahash\":\"", "\"datahash\":\"0")));
    }),
    ("I2", "an outlet has events that nobody sent", |e| {
        pushed_of_the_answered(e).push(("01NOBODY".into(), "{}".into()));
    }),
    ("I4", "half an answer", |e| bytes_of_the_answer(e).truncate(100)),
    ("I4", "a final name before the proof", |e| answer(e).state = DeliveryState::Planned),
    ("I4", "an answer is nowhere", |e| {
        let name = answer(e).name.clone();
        e.spools.get_mut("core-in").unwrap().remove(&name);
    }),
    ("I4", "an answer is taken, and there again", |e| {
        let (name, bytes) = (answer(e).name.clone(), bytes_of_the_answer(e).clone());
        let checksum = answer(e).sha256.clone();
        e.taken.push(Taken::new(&name, bytes, &checksum));
    }),
    ("I4", "a marker beside a checksum that does not agree", |e| {
        let name = answer(e).name.clone();
        let bytes = e.spools.get_mut("core-in").unwrap().remove(&name).unwrap();
        e.taken.push(Taken::new(&name, bytes, "0123"));
    }),
    ("I4", "a file that no book knows", |e| {
        e.spools.get_mut("services").unwrap().insert("STRANGE".into(), Vec::new());
    }),
    ("I5", "a write under an epoch that is over", |e| {
        let rows = e.journals.iter_mut().find(|(subject, _)| subject.starts_with("transfer:")).unwrap().1;
        rows[1].entry = rows[1].entry.replace("\"epoch\":1", "\"epoch\":9");
    }),
    ("I5", "an epoch that the lease never had", |e| e.epochs.values_mut().for_each(|epoch| *epoch = 0)),
    ("I5", "two holders of one epoch", |e| {
        let rows = e.journals.iter_mut().find(|(subject, _)| subject.starts_with("transfer:")).unwrap().1;
        let last = rows.last_mut().unwrap();
        last.entry = last.entry.replace("\"holder\":\"golden/", "\"holder\":\"other/");
    }),
    ("I6", "a record is neither accepted nor rejected", |e| e.transfers[1].facts.records = Some(11)),
    ("I6", "a reject is not kept", |e| e.rejects.values_mut().for_each(|n| *n = 0)),
    ("I6", "a total that is not the sum", |e| {
        e.transfers[0].facts.totals.as_mut().unwrap()[0].promised = "1".into();
    }),
    ("I7", "a chain that does not hold", |e| e.broken = Some("transfer:x, row 2".into())),
    ("I8", "a source that is gone too early", |e| e.transfers[0].state = FileState::Posted),
    ("I8", "a source that is gone, and not in the vault", |e| {
        let sha256 = e.transfers[0].facts.sha256.clone().unwrap();
        e.vault.insert(sha256, Some("it is not there".into()));
    }),
    ("I8", "a source that is not put away", |e| {
        let name = e.dropped[0].name.clone();
        e.done.remove(&name);
    }),
    ("I8", "a source that is put away with other bytes", |e| e.done.values_mut().next().unwrap().push(0)),
    ("I8", "damage in the vault", |e| *e.vault.values_mut().next().unwrap() = Some("a block".into())),
    ("I9", "a temporary file is left", |e| e.temporaries.push("/core/in/.X.n1.1.part".into())),
    ("I10", "a process needs all memory", |e| e.memory[0].1 = 4 << 30),
    ("I11", "a transfer is still under way", |e| e.transfers[0].state = FileState::Acknowledged),
    ("I11", "a delivery is still under way", |e| answer(e).state = DeliveryState::Proven),
    ("I11", "nobody saw that it was taken", |e| e.partners_take = true),
    ("I12", "a name is passed over in silence", |e| {
        e.ignored.clear();
        e.ignored_count = 0;
    }),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_violated_invariant_is_named_and_a_sound_walk_has_none() {
    let sound = sound().await;
    assert_eq!(at_the_end(&sound), [""; 0]);
    assert_eq!(at_any_moment(&sound), [""; 0]);
    assert_eq!(nothing_was_undone(&sound, &sound), [""; 0]);
    for (invariant, what, harm) in HARMS {
        let mut harmed = sound.clone();
        harm(&mut harmed);
        let told = at_the_end(&harmed);
        assert!(told.iter().any(|line| line.starts_with(&format!("{invariant} violated: "))), "{what}: {told:?}");
    }
    for n in 1..=12 {
        assert!(HARMS.iter().any(|(invariant, ..)| *invariant == format!("I{n}")), "nothing is done to I{n}");
    }
    let mut named = sound.clone();
    named.temporaries.push("/core/in/.X.n1.1.part".into());
    named.named.insert(".X.n1.1.part".into());
    assert_eq!(at_the_end(&named), [""; 0], "a temporary file that a status names is no secret");
    let mut again = sound.clone();
    let took = pushed_of_the_answered(&mut again);
    took.extend_from_within(..3);
    assert_eq!(at_the_end(&again), [""; 0], "an outlet may get events twice");
    let mut undone = sound.clone();
    undone.journals.values_mut().next().unwrap().pop();
    let told = nothing_was_undone(&sound, &undone);
    assert!(told.len() == 1 && told[0].starts_with("I7 violated: "), "{told:?}");
}
