//! Topics of a real broker of RocketMQ, with access control on and each batch flushed to its disk before it is confirmed.
//!
//! The broker is that of the tests: a small one, in a Java process beside the node.

use crate::broker::{Jars, NAMES, PUBLISHER, apart, is_apart};
use crate::targets::{Stands, Target, secret, target};
use std::collections::BTreeSet;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// Queues of a topic.
const QUEUES: u32 = 4;

/// A card with an address, which nothing is at the other end of: OceanBase's engine starts on no machine without one.
const CARD: &str = "ip link add card type veth peer name nobody && ip addr add 192.0.2.1/24 dev card && \
                    ip link set nobody up && ip link set card up";

/// Name server and broker listen where they like, so this program runs once more where nobody else does.
pub(crate) fn in_a_network_of_its_own() {
    if !is_apart() {
        std::process::exit(apart(std::env::args_os().skip(1)).code().unwrap_or(1));
    }
    let card = Command::new("sh").args(["-c", CARD]).status().expect("a shell");
    assert!(card.success(), "no network card (veth) in a network of its own");
}

/// Starts the broker; what it gives makes an empty topic at each call.
pub(crate) fn made() -> impl Fn() -> Option<Target> {
    let broker = Jars::found().map(|jars| {
        let home = tempfile::tempdir().unwrap();
        // What it stores goes after it.
        Arc::new(Mutex::new((jars.broker(home.path()), home)))
    });
    let made = AtomicU32::new(0);
    move || {
        let broker = broker.clone()?;
        let topic = format!("trades{}", made.fetch_add(1, SeqCst));
        broker.lock().unwrap().0.obey(&format!("topic {topic} {QUEUES}"));
        let folder = tempfile::tempdir().unwrap();
        let secret = secret(&folder, PUBLISHER.1);
        let keys = format!(
            "name_servers = [\"{NAMES}\"]\ntopic = \"{topic}\"\nkey = \"account\"\nqueues = {QUEUES}\nuser = \"{}\"\n\
             secret_file = \"{}\"\nmessage_bytes = 262144\n",
            PUBLISHER.0,
            secret.display()
        );
        // A message may come again, as the same event.
        let ids = move || broker.lock().unwrap().0.keys(&topic).into_iter().collect::<BTreeSet<_>>().len() as u64;
        Some(target("RocketMQ", "rocketmq", "topic", keys, Stands::Asked(Box::new(ids)), folder))
    }
}
