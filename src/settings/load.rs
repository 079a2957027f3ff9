//! Reads the node's file and its routes.

use super::node::{Http, Seal, Settings, Work};
use super::reading::Reader;
use super::route_file;
use super::spool::{self, Spool};
use super::{LedgerPlace, checks, ledger, notify, outlet, pushed, series, vault, words};
use crate::api::tokens::Tokens;
use crate::trade::calendar::Calendar;
use fpp_codecs::source::{Section, Source, SourceFault};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Zones without summer time, in which every hour of a record's time comes once.
const TIMEZONES: [&str; 2] = ["Asia/Shanghai", "UTC"];

/// Longest path a Unix socket can have.
const SOCKET_PATH_MAX: usize = 107;

impl Settings {
    /// Reads and checks the node's file, every route file and everything these name. All faults come at once.
    pub fn load(path: &Path) -> Result<Settings, Vec<SourceFault>> {
        Settings::load_as(path, true)
    }

    /// The same for who only looks at the books or speaks to a running node, an auditor perhaps: files with secrets need not
    /// be there. Whatever needs one says so when it reads it.
    pub fn load_to_look(path: &Path) -> Result<Settings, Vec<SourceFault>> {
        Settings::load_as(path, false)
    }

    fn load_as(path: &Path, secrets: bool) -> Result<Settings, Vec<SourceFault>> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let message = format!("cannot read it: {error}; name another file with --config");
            vec![SourceFault { file: path.display().to_string(), line: 1, column: 1, message }]
        })?;
        let source = Source::new(path.display().to_string(), text.clone());
        let mut reader = Reader::new(path, &text).needs_secrets(secrets);
        let root = source.root();
        let mut settings = node(path, &root, &mut reader);
        let files = route_files(&root, &reader);
        let outlets = root.section("outlet").map_or_else(Vec::new, |section| section.keys());
        // Also those with faults of their own: what names them is not at fault.
        let spools = root.section("spool").map_or_else(Vec::new, |section| section.keys());
        root.no_more();
        drop(root);
        let mut faults = source.finish();
        faults.append(&mut reader.faults);
        let mut compiled = Vec::new();
        for file in files {
            if let Some(read) = route_file(&file, &spools, &settings.calendars, &mut faults) {
                faults.extend(read.faults);
                settings.warnings.extend(read.warnings);
                settings.routes.extend(read.route);
            }
        }
        for route in settings.routes.iter().filter(|r| r.is_read()) {
            let file = route.file.display().to_string();
            let told = faults.iter().any(|f| f.file == file);
            match route.compile(&settings, told) {
                Ok(warnings) => compiled.extend(warnings),
                Err(more) => faults.extend(more),
            }
        }
        settings.warnings.extend(compiled);
        checks::across(&settings.routes, &mut faults, &mut settings.warnings);
        checks::flags_have_routes(&settings, &mut faults);
        pushed::are_known(&settings, &outlets, &mut faults);
        pushed::views_agree(&settings, &mut faults);
        checks::commands_are_known(&settings.routes, &settings.spools, &mut faults);
        checks::names_fit(&settings.routes, &settings.spools, &mut faults);
        checks::receipts_are_no_files(&settings.routes, &settings.spools, &mut faults);
        checks::names_may_come_again(&settings.routes, &settings.spools, &mut settings.warnings);
        settings.warnings.append(&mut reader.warnings);
        faults.sort();
        faults.dedup();
        if faults.is_empty() { Ok(settings) } else { Err(faults) }
    }
}

fn route_file(
    file: &Path,
    spools: &[String],
    calendars: &[Arc<Calendar>],
    faults: &mut Vec<SourceFault>,
) -> Option<route_file::Read> {
    match std::fs::read_to_string(file) {
        Ok(text) => Some(route_file::read(file, &text, spools, calendars)),
        Err(error) => {
            let message = format!("cannot read it: {error}");
            faults.push(SourceFault { file: file.display().to_string(), line: 1, column: 1, message });
            None
        }
    }
}

/// The files that `routes = "FOLDER/*.toml"` names, by name.
fn route_files(root: &Section<'_>, reader: &Reader) -> Vec<PathBuf> {
    let written = root.need_text("routes");
    if written.is_empty() {
        return Vec::new();
    }
    let pattern = reader.path(&written);
    let (Some(folder), Some(name)) = (pattern.parent(), pattern.file_name()) else {
        return Vec::new();
    };
    let name = name.to_string_lossy();
    let Some((start, end)) = name.split_once('*') else {
        return vec![pattern];
    };
    let fits = |path: &PathBuf| {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
    };
    let mut files: Vec<_> = match std::fs::read_dir(folder) {
        Ok(entries) => entries.filter_map(|e| e.ok().map(|e| e.path())).filter(fits).collect(),
        Err(error) => {
            root.fault("routes", format_args!("cannot list {}: {error}", folder.display()));
            return Vec::new();
        }
    };
    files.sort();
    if files.is_empty() {
        root.fault("routes", format_args!("no file fits {}", pattern.display()));
    }
    files
}

fn node(path: &Path, root: &Section<'_>, reader: &mut Reader) -> Settings {
    let name = root.need_text("node");
    let installation = root.need_text("installation");
    reader.check_name(root, "node", &name);
    reader.check_name(root, "installation", &installation);
    let nodes = root.number_in("nodes", 1..=1_000).and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
    let data_dir = reader.path(&root.need_text("data_dir"));
    let timezone = root.text("timezone").unwrap_or_else(|| "Asia/Shanghai".to_owned());
    if !TIMEZONES.contains(&timezone.as_str()) {
        let known = TIMEZONES.join(" or ");
        root.fault("timezone", format_args!("`{timezone}` is not {known}: records are read with a fixed offset"));
    }
    let control_socket = match root.text("control_socket") {
        Some(written) => reader.path(&written),
        None => data_dir.join("fpp.sock"),
    };
    if control_socket.as_os_str().len() > SOCKET_PATH_MAX {
        let message = format!("{} is longer than {SOCKET_PATH_MAX} bytes; set it", control_socket.display());
        root.fault("control_socket", message);
    }
    let (ledger, (vault, keeping)) = (ledger::read(root, reader), vault::read(root, reader));
    if nodes > 1 && (ledger == LedgerPlace::File || !vault.is_shared()) {
        root.fault(
            "nodes",
            "several nodes need a ledger on a server and a vault that all of them reach: [ledger] url, [vault] path or url",
        );
    }
    let spools = spools(root, reader);
    let names: Vec<_> = spools.iter().map(|spool| spool.name.clone()).collect();
    let outlets = outlet::read(root, reader, &names);
    let control_group = root.text("control_group");
    if control_group.is_some() && control_socket.starts_with(&data_dir) {
        root.fault("control_group", "needs a control_socket outside data_dir, which nobody but the node may enter");
    }
    Settings {
        file: path.to_owned(),
        node: name,
        installation,
        nodes,
        data_dir,
        timezone,
        http: http(root, reader),
        control_socket,
        control_group,
        second_person: words::second_person(root),
        ledger,
        vault,
        keeping,
        seal: seal(root, reader),
        work: work(root),
        notify: notify::read(root, reader),
        calendars: series::calendars(root, reader),
        spools,
        outlets,
        routes: Vec::new(),
        warnings: Vec::new(),
    }
}

fn http(root: &Section<'_>, reader: &mut Reader) -> Http {
    let mut http = Http { listen: SocketAddr::from(([127, 0, 0, 1], 8650)), token_file: None };
    let Some(section) = root.section("http") else {
        return http;
    };
    if let Some(written) = section.text("listen") {
        match written.parse() {
            Ok(address) => http.listen = address,
            Err(_) => section.fault("listen", format_args!("`{written}` is no ADDRESS:PORT, such as 127.0.0.1:8650")),
        }
    }
    http.token_file = reader.secret_file(&section, "token_file");
    if let Some(file) = &http.token_file
        && let Ok(text) = std::fs::read_to_string(file)
        && let Err(faults) = Tokens::parse(&file.display().to_string(), &text)
    {
        reader.faults.extend(faults);
    }
    if !http.listen.ip().is_loopback() && http.token_file.is_none() {
        section.fault("listen", "an address that others can reach needs a token_file; or listen on 127.0.0.1");
    }
    if section.has("token") {
        section.text("token");
        section.fault("token", "a secret never stands here; write it to a file and name that: token_file");
    }
    section.no_more();
    http
}

fn seal(root: &Section<'_>, reader: &mut Reader) -> Seal {
    let mut seal = Seal { key_file: None, every_ms: 60_000 };
    if let Some(section) = root.section("seal") {
        seal.key_file = reader.secret_file(&section, "key_file");
        seal.every_ms = milliseconds(&section, "every_ms", 1_000..=3_600_000, seal.every_ms);
        section.no_more();
    }
    seal
}

fn work(root: &Section<'_>) -> Work {
    let mut work =
        Work { workers: 2, prove_threads: None, lease_ms: 30_000, rescan_ms: 5_000, poll_ms: 500, drain_ms: 10_000 };
    let Some(section) = root.section("work") else {
        return work;
    };
    if let Some(workers) = section.number_in("workers", 1..=256) {
        work.workers = usize::try_from(workers).unwrap_or(work.workers);
    }
    work.prove_threads = section.number_in("prove_threads", 1..=64).and_then(|threads| usize::try_from(threads).ok());
    work.lease_ms = milliseconds(&section, "lease_ms", 500..=600_000, work.lease_ms);
    work.rescan_ms = milliseconds(&section, "rescan_ms", 50..=600_000, work.rescan_ms);
    work.poll_ms = milliseconds(&section, "poll_ms", 10..=60_000, work.poll_ms);
    work.drain_ms = milliseconds(&section, "drain_ms", 0..=600_000, work.drain_ms);
    section.no_more();
    work
}

fn spools(root: &Section<'_>, reader: &mut Reader) -> Vec<Spool> {
    let Some(section) = root.need_section("spool") else {
        return Vec::new();
    };
    section.children().iter().filter_map(|(name, child)| spool::read(name, child, reader)).collect()
}

fn milliseconds(section: &Section<'_>, key: &str, range: std::ops::RangeInclusive<i64>, default: u64) -> u64 {
    section.number_in(key, range).map_or(default, i64::unsigned_abs)
}
