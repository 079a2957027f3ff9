//! A node that lives on while one call after the other fails below it: for each call a file of its own, which must come out
//! as any other does. Places are the vault's disk, each of the folders, and the ledger, whose commits are refused, or their
//! answers lost.
//!
//! What a fault may do is told by its class alone: what is tried again goes on by itself, what halts is held with its code
//! and goes on when somebody says `fpp retry`. In the end the power fails, another life begins, and the checker is asked.

use super::crash_support::bench::NOW_MS;
use super::crash_support::invariants::{broken, places};
use super::crash_support::mortal::{Death, Life, Mortal};
use super::faults_support::{Fault, FaultyFolder, How, tell};
use super::support::checker::at_any_moment;
use super::support::checker::evidence::Evidence;
use super::support::core::{CoreFile, Dropped, core_file};
use super::support::settled::{PATIENCE, transfers};
use super::support::site::{Site, route_with_an_outlet_of_files};
use super::support::told::read_stream;
use super::vault_support::FaultyIo;
use fpp::clock::Clock;
use fpp::ledger::Ledger;
use fpp::ledger::delivery::{Delivery, DeliveryState};
use fpp::ledger::transfer::{FileState, Transfer};
use fpp::node::{Node, Options};
use fpp::settings::Settings;
use fpp::vault::Vault;
use fpp::vault::disk::DiskVault;
use fpp_codecs::Code;
use fpp_spool::Folder;
use rustix::io::Errno;
use std::process::Command;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Where calls fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Vault,
    /// The folder of a spool.
    Spool(&'static str),
    Books,
}

/// A node with seams below it, and what the core dropped so far.
struct Bed {
    site: Site,
    settings: Settings,
    place: Place,
    io: FaultyIo,
    folder: Arc<Mutex<Option<FaultyFolder>>>,
    life: Arc<Life>,
    now_ms: Arc<AtomicI64>,
    runtime: Runtime,
    node: Option<Node>,
    dropped: Vec<CoreFile>,
    held: u64,
}

/// What fails, and whether everything after it fails too, for a while.
pub(crate) type Manner = (How, bool);

/// So long nothing works at a place where everything fails after one call.
const OUTAGE: Duration = Duration::from_millis(300);

/// Files for one life: with more the looks at all of them would take most of the time.
const FILES: usize = 24;

/// A file for each call, or for one of so many from one on, until one passes untouched; the manners of failing take turns.
/// Gives how many faults there were, and how often something was held.
pub(crate) fn at_each_call(place: Place, manners: &[Manner], (from, of): (usize, usize)) -> (u64, u64) {
    let (mut bed, mut held, mut faults) = (Bed::new(place), 0, vec![0; manners.len()]);
    for at in (from..).step_by(of) {
        assert!(at < 500, "it never ends");
        if bed.dropped.len() == FILES {
            held += std::mem::replace(&mut bed, Bed::new(place)).end();
        }
        let turn = at % manners.len();
        let (how, dead) = manners[turn];
        if !bed.one_file(Fault { at: at as u64, how, dead }) {
            break;
        }
        faults[turn] += 1;
    }
    for ((how, dead), faults) in manners.iter().zip(&faults) {
        tell(*faults, *how, *dead);
    }
    (faults.iter().sum(), held + bed.end())
}

impl Bed {
    fn new(place: Place) -> Bed {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let site = Site::make_in_memory(&route_with_an_outlet_of_files());
        let mut bed = Bed {
            settings: site.settings(),
            site,
            place,
            io: FaultyIo::sound(),
            folder: Arc::default(),
            life: Life::new(Death::Never),
            now_ms: Arc::new(AtomicI64::new(NOW_MS)),
            runtime,
            node: None,
            dropped: Vec::new(),
            held: 0,
        };
        bed.start();
        bed
    }

    fn start(&mut self) {
        let (io, dir) = (self.io.clone(), self.settings.vault_dir());
        let vault = move |_: Arc<dyn Vault>| -> Arc<dyn Vault> {
            Arc::new(DiskVault::open_on(Arc::new(io), &dir, "golden.B").unwrap())
        };
        let (place, kept) = (self.place, self.folder.clone());
        let folder = move |spool: &str, inner: Arc<dyn Folder>| -> Arc<dyn Folder> {
            if place
                != Place::Spool(match spool {
                    "core-out" => "core-out",
                    "core-in" => "core-in",
                    _ => "services",
                })
            {
                return inner;
            }
            let faulty = FaultyFolder::sound(inner);
            *kept.lock().unwrap() = Some(faulty.clone());
            Arc::new(faulty)
        };
        let life = self.life.clone();
        let ledger = move |inner: Arc<dyn Ledger>| -> Arc<dyn Ledger> { Arc::new(Mortal { inner, life }) };
        let options = Options {
            clock: Clock::Fixed(self.now_ms.clone()),
            wrap_ledger: Some(Box::new(ledger)),
            wrap_vault: Some(Box::new(vault)),
            wrap_folder: Some(Box::new(folder)),
            wrap_outlet: None,
        };
        self.node = Some(self.runtime.block_on(Node::start(self.settings.clone(), options)).unwrap());
    }

    /// The call of this number fails from now on.
    fn arm(&self, fault: Fault) {
        match self.place {
            Place::Vault => self.io.arm(fault),
            Place::Spool(_) => self.folder.lock().unwrap().as_ref().unwrap().arm(fault),
            Place::Books if fault.at == u64::MAX => self.life.meets(Death::Never),
            Place::Books if fault.how == How::AnswerLost => self.life.meets(Death::LostReply(fault.at + 1)),
            Place::Books => self.life.meets(Death::Refused(fault.at + 1)),
        }
    }

    fn met(&self) -> bool {
        match self.place {
            Place::Vault => self.io.met(),
            Place::Spool(_) => self.folder.lock().unwrap().as_ref().unwrap().met(),
            Place::Books => self.life.missed_one(),
        }
    }

    /// The core drops a file, and one call on its way fails. Gives whether that call was made.
    fn one_file(&mut self, fault: Fault) -> bool {
        self.arm(fault);
        let file = core_file(u16::try_from(self.dropped.len() + 1).unwrap(), 3, Dropped::Partly);
        self.site.drop_file(&file.name, &file.bytes, Some(""), NOW_MS);
        self.dropped.push(file);
        let place = self.place;
        let came = self.runtime.block_on(self.comes_out(fault));
        let (held, met) = came.unwrap_or_else(|why| panic!("{place:?}, {fault:?}: {why}"));
        self.held += held;
        self.arm(Fault::default());
        if let Some(folder) = &*self.folder.lock().unwrap() {
            let lost: Vec<_> = folder.volatile().into_iter().filter(|name| !name.starts_with('.')).collect();
            assert!(lost.is_empty(), "{place:?}, {fault:?}: a power failure would take {lost:?}");
        }
        let evidence = self.runtime.block_on(self.look());
        let told = at_any_moment(&evidence);
        assert!(told.is_empty(), "{place:?}, {fault:?}:\n  {}", told.join("\n  "));
        met
    }

    /// Until everything is at its end; how often something was held on the way, and whether the fault was met.
    async fn comes_out(&self, fault: Fault) -> Result<(u64, bool), String> {
        let node = self.node.as_ref().unwrap();
        let (until, mut held, mut met) = (Instant::now() + PATIENCE, 0, None);
        let mut bell = node.bell.listen();
        loop {
            let all = transfers(&*node.ledger).await;
            let sent = node.ledger.deliveries(None, 1_000).await.map_err(|e| e.to_string())?;
            let is_done = |t: &Transfer| t.state == FileState::Archived;
            if met.is_none() && self.met() {
                met = Some(Instant::now());
            }
            if all.len() == self.dropped.len() && all.iter().all(is_done) && sent.iter().all(Delivery::is_there) {
                return Ok((held, met.is_some()));
            }
            if fault.dead && met.is_some_and(|since| since.elapsed() > OUTAGE) {
                self.arm(Fault::default());
            }
            for id in self.what_is_held(fault.how, &all, &sent)? {
                held += 1;
                self.retry(&id).await?;
            }
            if self.pass_the_time(&all, &sent) {
                node.bell.ring();
            }
            if Instant::now() > until {
                let files: Vec<_> = all.iter().filter(|t| !is_done(t)).map(|t| (&t.state, &t.waiting_for)).collect();
                let sent: Vec<_> = sent.iter().filter(|d| !d.is_there()).map(|d| (d.state, &d.last_error)).collect();
                return Err(format!("it does not come out: {files:?} {sent:?}"));
            }
            bell.wait(Duration::from_millis(20)).await;
        }
    }

    /// Ids of what waits for a person, who may only be asked where the fault is one that halts.
    fn what_is_held(&self, how: How, all: &[Transfer], sent: &[Delivery]) -> Result<Vec<String>, String> {
        // What the vault refuses is told as the vault's, also where a delivery meets it.
        let misled = |d: &&Delivery| self.place == Place::Vault && !d.last_error.is_empty();
        if let Some(told) = sent.iter().filter(misled).find(|d| !d.last_error.contains("the vault")) {
            return Err(format!("{} is told to wait for something else: {}", told.name, told.last_error));
        }
        let halts = self.place == Place::Vault && how == How::Refused(Errno::ACCESS);
        let mut ids = Vec::new();
        for transfer in all.iter().filter(|t| t.state == FileState::Held) {
            let (code, why, _) = transfer.facts.hold(transfer.verdict);
            if !halts || code != Some(Code::VAULT.0) {
                return Err(format!("{} is held for {code:?}: {why}", transfer.name));
            }
            ids.push(transfer.id.0.clone());
        }
        for delivery in sent.iter().filter(|d| d.state == DeliveryState::Held) {
            if !halts || !delivery.last_error.contains(&Code::VAULT.to_string()) {
                return Err(format!("{} is held: {}", delivery.name, delivery.last_error));
            }
            ids.push(delivery.id.0.clone());
        }
        Ok(ids)
    }

    async fn retry(&self, id: &str) -> Result<(), String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fpp"));
        command.args(["retry", id, "--reason", "the right is given"]).arg("--config").arg(self.site.settings_file());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        if output.status.success() { Ok(()) } else { Err(said) }
    }

    /// Nobody waits for the pause between two attempts: the clock goes to its end.
    fn pass_the_time(&self, all: &[Transfer], sent: &[Delivery]) -> bool {
        let now_ms = self.now_ms.load(SeqCst);
        let files = all.iter().map(|t| t.next_attempt_ms).filter(|ms| *ms < i64::MAX);
        let open = sent.iter().filter(|d| matches!(d.state, DeliveryState::Planned | DeliveryState::Proven));
        let next = files.chain(open.map(|d| d.next_attempt_ms)).filter(|ms| *ms > now_ms).min();
        if let Some(next) = next {
            self.now_ms.store(next, SeqCst);
        }
        next.is_some()
    }

    async fn look(&self) -> Evidence {
        let (node, dir) = (self.node.as_ref().unwrap(), self.settings.vault_dir());
        let vault = DiskVault::open_read_only(&dir);
        let evidence = Evidence::of(&places(&self.site), &*node.ledger, &vault, &self.dropped).await;
        Evidence { outlets: 1, ..evidence }
    }

    /// The power fails, another life begins, and all is judged.
    fn end(mut self) -> u64 {
        let node = self.node.take().unwrap();
        self.runtime.block_on(node.stop());
        self.io.heal().power_fails();
        *self.folder.lock().unwrap() = None;
        self.start();
        self.runtime.block_on(async {
            self.comes_out(Fault::default()).await.unwrap();
            let node = self.node.as_ref().unwrap();
            let until = Instant::now() + PATIENCE;
            while let left @ [_, ..] = &places(&self.site).temporaries()[..] {
                assert!(Instant::now() < until, "{:?}: {left:?}", self.place);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let vault = DiskVault::open_read_only(&self.settings.vault_dir());
            let evidence = Evidence::whole(&places(&self.site), &*node.ledger, &vault, &self.dropped).await;
            let evidence = Evidence { outlets: 1, ..evidence };
            let told = broken(None, &evidence.with_received("a consumer", read_stream(node.address).await));
            assert!(told.is_empty(), "{:?}:\n  {}", self.place, told.join("\n  "));
        });
        self.runtime.block_on(self.node.take().unwrap().stop());
        self.held
    }
}
