//! What a partner finds in its folder after each word on a delivery is what the table of verbs says of it (`partner`): a real
//! vault and a real folder, and the books in a file, because what is seen does not depend on their engine.

use crate::Books;
use crate::shapes::*;
use crate::sqlite::SqliteBooks;
use fpp::clock::Clock;
use fpp::delivery::allowed::Commands;
use fpp::delivery::{Deliveries, publish, verbs};
use fpp::ledger::Ledger;
use fpp::ledger::change::{Change, Fence};
use fpp::ledger::delivery::{Delivery, DeliveryEvent as D, DeliveryState as S, Purpose};
use fpp::ledger::lease::LeaseKey;
use fpp::ledger::transfer::{FileEvent as E, Verdict};
use fpp::ledger::verbs::{Verb, of_delivery};
use fpp::vault::Vault;
use fpp::vault::disk::DiskVault;
use fpp_spool::{Folder, LocalFolder};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// So long an attempt is put off before a person speaks.
const PUT_OFF_MS: i64 = 300_000;

/// Names and contents.
type Seen = BTreeMap<String, Vec<u8>>;

struct Place {
    _dir: tempfile::TempDir,
    ledger: Arc<dyn Ledger>,
    vault: Arc<dyn Vault>,
    spool: PathBuf,
    folder: Arc<dyn Folder>,
}

impl Place {
    async fn make(books: &dyn Books) -> Place {
        let dir = tempfile::tempdir().unwrap();
        let spool = dir.path().join("spool");
        fs::create_dir(&spool).unwrap();
        let ledger: Arc<dyn Ledger> = books.open().await.into();
        walk(&*ledger, [1], &[E::Claim, E::Judge(Verdict::Rejected)]).await;
        let vault = Arc::new(DiskVault::open(&dir.path().join("vault"), "node").unwrap());
        let folder = Arc::new(LocalFolder::open(&spool).unwrap());
        Place { _dir: dir, ledger, vault, spool, folder }
    }

    /// The node makes an attempt, if one is due at this time.
    async fn attempt(&self, n: u32, at_ms: i64) {
        let cx = Deliveries {
            ledger: self.ledger.clone(),
            vault: self.vault.clone(),
            folders: [("core-in".to_owned(), self.folder.clone())].into(),
            commands: Commands::default(),
            receipts: Default::default(),
            clock: Clock::fixed(at_ms),
            replaceable: true,
            node: "node".into(),
            reached: Default::default(),
        };
        let fence = self.fence(n).await;
        publish::carry_out(&cx, &delivery_id(n), &fence).await.unwrap();
    }

    /// The lease that attempts are made under, from the first on.
    async fn fence(&self, n: u32) -> Fence {
        let key = LeaseKey(format!("delivery:{}", delivery_id(n)));
        let seen = self.ledger.lease(&key).await.unwrap();
        let lease = self.ledger.take_lease(&key, "node/1", seen.as_ref()).await.unwrap().unwrap();
        Fence { key, epoch: lease.epoch, holder: lease.holder }
    }

    /// A delivery of its own content, brought to a state as a node, a partner and a person bring it there.
    async fn brought(&self, n: u32, purpose: Purpose, state: S) -> Vec<u8> {
        let bytes = format!("content {n}").into_bytes();
        let stored = self.vault.put_bytes(&bytes).unwrap();
        let (ledger, named) = (&*self.ledger, delivery(n, 1));
        let marker = Some((format!("{}.OK", named.name), Vec::new()));
        let (size, sha256, checksums) = (stored.size, stored.sha256, vec!["sha256".to_owned()]);
        let name = named.name.clone();
        // What is deferred must be required.
        let planned = Delivery { purpose, required: true, size, sha256, checksums, sm3: None, marker, ..named };
        apply(ledger, 0, &[Change::Plan(Box::new(planned))]).await;
        match state {
            S::Planned => {}
            S::Proven => {
                // As an attempt leaves it that ends between the two: read back and equal, and not renamed.
                let fence = self.fence(n).await;
                let temporary = format!(".{name}.node.{}.part", fence.epoch);
                fs::write(self.spool.join(temporary), &bytes).unwrap();
                let prove = Change::Prove { id: delivery_id(n), folder: self.folder.identity().unwrap() };
                ledger.apply(Some(&fence), T0, &[prove]).await.unwrap();
            }
            S::Delivered => self.attempt(n, T0).await,
            S::Taken => {
                self.attempt(n, T0).await;
                self.seen(n).keys().for_each(|name| fs::remove_file(self.spool.join(name)).unwrap());
                let delivered_ms = ledger.delivery(&delivery_id(n)).await.unwrap().unwrap().delivered_ms;
                apply(ledger, 0, &[Change::Take { id: delivery_id(n), delivered_ms }]).await;
            }
            S::Held => _ = apply(ledger, 0, &[deliver(n, D::Hold)]).await,
        }
        assert_eq!(ledger.delivery(&delivery_id(n)).await.unwrap().unwrap().state, state);
        bytes
    }

    /// What the partner sees of it: no hidden names.
    fn seen(&self, n: u32) -> Seen {
        let of = delivery(n, 1).name;
        let names = fs::read_dir(&self.spool).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with(&of)).map(|name| (name.clone(), read(&self.spool, &name))).collect()
    }
}

fn read(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_partner_sees_after_a_word_is_what_the_table_says() {
    let books = SqliteBooks::new();
    let place = Place::make(&books).await;
    let ledger = &*place.ledger;
    let mut n = 0;
    for purpose in [Purpose::Answer, Purpose::Events] {
        for state in [S::Planned, S::Proven, S::Delivered, S::Taken, S::Held] {
            for verb in Verb::ALL {
                n += 1;
                let bytes = place.brought(n, purpose, state).await;
                let row = of_delivery(verb, purpose, state).unwrap();
                let what = format!("{purpose:?} {state:?}: {row:?}");
                // Nothing is due now by itself, and nobody knows whether the partner has what is held.
                let (error, until_ms) = ("FPP4008 nobody knows".to_owned(), T0 + PUT_OFF_MS);
                let park = Change::ParkDelivery { id: delivery_id(n), until_ms, error, failed: true };
                apply(ledger, 0, &[park]).await;
                place.attempt(n, T0 + 1).await;
                let before = place.seen(n);
                assert_eq!(!before.is_empty(), state == S::Delivered, "{what}");
                if let Ok(planned) = verbs::plan(ledger, T0 + 1, verb, &delivery_id(n), "wang: ticket 4711").await {
                    apply(ledger, 1, &planned.unwrap().changes).await;
                }
                assert_eq!(place.seen(n), before, "a word alone moves no file: {what}");
                place.attempt(n, T0 + 2).await;
                let (now, whole) = (place.seen(n), whole(n, &bytes));
                let silent = ["nothing", "the same, later"].iter().any(|words| row.partner.starts_with(words));
                assert_eq!(now, if silent { before } else { whole.clone() }, "{what}");
                // Some minutes later what was put off is due, unless somebody stopped it.
                place.attempt(n, T0 + PUT_OFF_MS).await;
                let goes = matches!(row.next.unwrap_or(state), S::Planned | S::Proven);
                let stands = goes || state == S::Delivered;
                assert_eq!(place.seen(n), if stands { whole } else { Seen::new() }, "{what}");
            }
        }
    }
}

/// Data, checksum and empty marker.
fn whole(n: u32, bytes: &[u8]) -> Seen {
    let name = delivery(n, 1).name;
    let digest = fpp_spool::Digest::of(fpp_spool::Algorithm::Sha256, bytes);
    let sum = format!("{digest}  {name}\n").into_bytes();
    [(format!("{name}.sha256"), sum), (format!("{name}.OK"), Vec::new()), (name, bytes.to_vec())].into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_file_that_is_tried_again_overwrites_nothing() {
    let books = SqliteBooks::new();
    let place = Place::make(&books).await;
    let row = of_delivery(Verb::Retry, Purpose::Answer, S::Held).unwrap();
    assert_eq!(row.partner, "the file, if it has it not; nothing is overwritten");
    for (n, stands) in [(1, "another one's"), (2, "content 2")] {
        let bytes = place.brought(n, Purpose::Answer, S::Held).await;
        let name = delivery(n, 1).name;
        fs::write(place.spool.join(&name), stands).unwrap();
        let planned = verbs::plan(&*place.ledger, T0 + 1, Verb::Retry, &delivery_id(n), "wang: x").await.unwrap();
        apply(&*place.ledger, 1, &planned.unwrap().changes).await;
        place.attempt(n, T0 + 2).await;
        let state = place.ledger.delivery(&delivery_id(n)).await.unwrap().unwrap().state;
        match stands.as_bytes() == bytes {
            true => assert_eq!((place.seen(n), state), (whole(n, &bytes), S::Delivered), "it has it already"),
            false => assert_eq!((place.seen(n), state), ([(name, stands.into())].into(), S::Held)),
        }
    }
}
