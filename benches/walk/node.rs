//! One walk: a fresh node, a file dropped, its journals read, its stream read.

use crate::process::{Meter, Node, free_address, now_ms, peak_kib};
use fpp::api::client;
use fpp::demo::generate::Spec;
use fpp::ledger::Ledger;
use fpp::ledger::delivery::Purpose;
use fpp::ledger::fold::{Entry, What, delivery_subject, transfer_subject};
use fpp::ledger::sqlite::SqliteLedger;
use fpp::ledger::transfer::{FileState, Transfer, TransferQuery};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

/// What is between two entries of the journals.
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) seconds: f64,
    pub(crate) processor_seconds: f64,
}

/// What one walk gave.
pub(crate) struct Walked {
    pub(crate) steps: Vec<Step>,
    pub(crate) read: Step,
    pub(crate) good: u64,
    pub(crate) bad: u64,
    pub(crate) answer_rows: u64,
    pub(crate) events: u64,
    pub(crate) idle_kib: u64,
    pub(crate) walk_kib: u64,
    pub(crate) peak_kib: u64,
}

impl Walked {
    /// From the marker to the end of the walk.
    pub(crate) fn seconds(&self) -> f64 {
        self.steps.iter().map(|step| step.seconds).sum()
    }

    /// The same in the node's processor time.
    pub(crate) fn processor_seconds(&self) -> f64 {
        self.steps.iter().map(|step| step.processor_seconds).sum()
    }
}

const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config");
const PATIENCE: Duration = Duration::from_secs(900);
const LOOK: Duration = Duration::from_millis(10);
/// Looks between two questions to the ledger.
const LOOKS: u32 = 10;
const FILE_OUTLET: &str = "\n[[outlet]]\nkind = \"file\"\nspool = \"services\"\n\
                           name = \"PMTRD_{date}_{batch:4}_{run:2}.jsonl\"\nrequired = true\nsensitive = \"clear\"\n\
                           checksums = [\"sha256\"]\n";

/// Walks the file that `spec` describes and `source` holds.
pub(crate) fn walk(spec: &Spec, source: &Path, file: bool) -> Walked {
    let folder = tempfile::tempdir_in(source.parent().unwrap()).unwrap();
    let root = folder.path();
    let address = configure(root, file);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let node = Node::start(&root.join("conf/fpp.toml"), address).await;
        let pid = node.pid();
        let idle_kib = peak_kib(pid);
        let ledger = SqliteLedger::open_read_only(&root.join("data/ledger.sqlite")).await.unwrap();
        let mut meter = Meter::new(pid);
        meter.look();
        let began = drop_file(root, spec, source);
        let transfer = archived(&ledger, &mut meter).await;
        let walk_kib = peak_kib(pid);
        let steps = steps(&ledger, &transfer, &meter, began).await;
        let (events, read) = read_stream(address, &mut meter).await;
        let facts = &transfer.facts;
        Walked {
            steps,
            read,
            good: facts.accepted.unwrap(),
            bad: facts.rejected.unwrap(),
            answer_rows: answer_rows(root),
            events,
            idle_kib,
            walk_kib,
            peak_kib: peak_kib(pid),
        }
    })
}

/// The sample configuration with an address of its own; gives that address.
fn configure(root: &Path, file: bool) -> SocketAddr {
    let conf = root.join("conf");
    for part in ["conf/routes", "conf/layouts", "conf/events", "conf/answers", "spool/core-out", "spool/core-in"] {
        fs::create_dir_all(root.join(part)).unwrap();
    }
    for part in ["layouts", "events", "answers"] {
        for entry in fs::read_dir(format!("{CONFIG}/{part}")).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), conf.join(part).join(entry.file_name())).unwrap();
        }
    }
    for part in ["instruments.toml", "calendars.toml"] {
        fs::copy(format!("{CONFIG}/{part}"), conf.join(part)).unwrap();
    }
    let address = free_address();
    let node = fs::read_to_string(format!("{CONFIG}/fpp.toml")).unwrap();
    let node = node.replace("127.0.0.1:8650", &address.to_string());
    let services = "\n[spool.services]\nkind = \"local\"\npath = \"../services\"\n";
    fs::write(conf.join("fpp.toml"), node + if file { services } else { "" }).unwrap();
    let route = fs::read_to_string(format!("{CONFIG}/routes/pmtrd.toml")).unwrap();
    fs::write(conf.join("routes/pmtrd.toml"), route + if file { FILE_OUTLET } else { "" }).unwrap();
    address
}

/// Data first, then the marker; gives the time of the marker.
fn drop_file(root: &Path, spec: &Spec, source: &Path) -> i64 {
    let target = root.join("spool/core-out").join(spec.file_name());
    // Not a link: a file that has other names is not taken.
    fs::copy(source, &target).unwrap();
    let began = now_ms();
    fs::write(target.with_file_name(format!("{}.OK", spec.file_name())), "").unwrap();
    began
}

async fn archived(ledger: &SqliteLedger, meter: &mut Meter) -> Transfer {
    let until = Instant::now() + PATIENCE;
    let query = TransferQuery { limit: 1, ..TransferQuery::default() };
    loop {
        for _ in 0..LOOKS {
            meter.look();
            tokio::time::sleep(LOOK).await;
        }
        let transfer = ledger.transfers(&query).await.unwrap().pop();
        match transfer.map(|found| (found.state, found)) {
            Some((FileState::Archived, found)) => return found,
            Some((FileState::Held, found)) => panic!("held: {:?}", found.facts.reason),
            _ => assert!(Instant::now() < until, "the file does not come to its end"),
        }
    }
}

/// The journals of the transfer and its deliveries as one row of steps.
async fn steps(ledger: &SqliteLedger, transfer: &Transfer, meter: &Meter, began: i64) -> Vec<Step> {
    let mut subjects = vec![(transfer_subject(&transfer.id), None)];
    for delivery in ledger.deliveries(Some(&transfer.id), 100).await.unwrap() {
        let what = if delivery.purpose == Purpose::Answer { "the answer" } else { "the events' file" };
        subjects.push((delivery_subject(&delivery.id), Some(what)));
    }
    let mut marks = Vec::new();
    for (subject, delivery) in subjects {
        for row in ledger.journal(&subject).await.unwrap() {
            let name = match (Entry::read(&row.entry).unwrap().what, delivery) {
                (What::Arrive { .. }, _) => "marker dropped -> arrival booked".to_owned(),
                (What::Move { event, .. }, _) => format!("-> {event:?}"),
                (What::Plan { .. }, Some(what)) => format!("-> {what} is made and in the vault"),
                (What::Deliver { event, .. }, Some(what)) => format!("-> {what}: {event:?}"),
                _ => continue,
            };
            marks.push((row.at_ms, name));
        }
    }
    marks.sort_by_key(|mark| mark.0);
    let mut from = began;
    let mut steps = Vec::new();
    for (at_ms, name) in marks {
        steps.push(step(name, from, at_ms, meter));
        from = at_ms;
    }
    steps
}

fn step(name: String, from: i64, to: i64, meter: &Meter) -> Step {
    let processor_seconds = meter.until(to) - meter.until(from);
    Step { name, seconds: (to - from) as f64 / 1e3, processor_seconds }
}

/// Reads the whole stream as a service would; counts its lines.
async fn read_stream(address: SocketAddr, meter: &mut Meter) -> (u64, Step) {
    meter.look();
    let began = now_ms();
    let (mut events, mut after) = (0, String::new());
    loop {
        let page = client::events(address, &format!("/v1/events?limit=10000&after={after}"), None).await.unwrap();
        assert!(page.status.is_success(), "the stream answered {}", page.status);
        let more = page.body.iter().filter(|byte| **byte == b'\n').count() as u64;
        meter.look();
        if more == 0 {
            return (events, step("read".into(), began, now_ms(), meter));
        }
        events += more;
        after = page.position;
    }
}

/// Rows of the answer by its size; PMACK records are as long as the layout says, header first.
fn answer_rows(root: &Path) -> u64 {
    let format = fs::read_to_string(format!("{CONFIG}/layouts/pmack.toml")).unwrap();
    let length: toml::Value = toml::from_str(&format).unwrap();
    let length = length["length"].as_integer().unwrap() as u64;
    let answer = fs::read_dir(root.join("spool/core-in")).unwrap().map(|entry| entry.unwrap());
    let answer = answer.max_by_key(|entry| entry.metadata().unwrap().len()).unwrap();
    answer.metadata().unwrap().len() / length - 1
}
