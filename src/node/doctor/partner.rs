//! Each spool: is it reached, is the host the pinned one, does it let us in, and can everything be done there that the
//! routes need.
//!
//! What is written has the hidden name `.fpp-doctor-<ulid>`, which no scanner takes for a file. Where files are only
//! collected and left, nothing is written at all.

use super::finding::{Finding, Level};
use crate::clock::Clock;
use crate::delivery::allowed::Allowed;
use crate::node::compose;
use crate::settings::{Outlet, Settings, Sftp, SourceAction, Spool, SpoolKind};
use fpp_spool::{Error, ErrorKind, Folder, LocalFolder, SftpPool, SftpSettings};
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

/// What a probe writes.
const PROBE: &[u8] = b"fpp doctor looks whether it may write here; this file is removed at once.\n";
/// A partner's clock that differs by more is told: nothing depends on it, but people compare times.
const CLOCK_APART_MS: i64 = 60_000;

/// Looks at one spool.
pub(super) fn look(settings: &Settings, spool: &Spool) -> Vec<Finding> {
    if !(spool.reached_by.is_empty() || spool.reached_by.contains(&settings.node)) {
        let what = format!("belongs to {} (reached_by)", spool.reached_by.join(", "));
        return vec![Finding::new(Level::Note, &format!("partner {}", spool.name), "reach", what)];
    }
    match &spool.kind {
        SpoolKind::Local { path } => {
            let subject = format!("spool {}", spool.name);
            if !path.is_dir() {
                let what = format!("{} is not there yet; the node makes it", path.display());
                return vec![Finding::new(Level::Note, &subject, "folder", what)];
            }
            match LocalFolder::open(path) {
                Ok(folder) => folder_of(settings, spool, &subject, &folder),
                Err(error) => vec![failed(&subject, "folder", &error)],
            }
        }
        SpoolKind::Sftp(sftp) => remote(settings, spool, sftp),
    }
}

/// The first address with everything; the standbys as far as a listing.
fn remote(settings: &Settings, spool: &Spool, sftp: &Sftp) -> Vec<Finding> {
    let wanted = compose::sftp_settings(sftp);
    let first = SftpSettings { standbys: Vec::new(), ..wanted.clone() };
    let (pool, mut found, let_in) = login(&format!("partner {}", spool.name), first.clone(), &sftp.path);
    if let_in {
        let folder = pool.folder(&sftp.path);
        found.extend(folder_of(settings, spool, &format!("partner {}", spool.name), &folder));
        if let Some(fsync) = pool.status().negotiated.and_then(|agreed| agreed.fsync) {
            found.push(durable(&spool.name, fsync));
        }
        found.extend(ccsid(settings, spool, sftp));
        found.extend(commands(settings, spool, sftp));
    }
    for standby in wanted.standbys {
        let subject = format!("partner {} at {}:{}", spool.name, standby.host, standby.port);
        let (host, port, host_keys) = (standby.host, standby.port, standby.host_keys);
        let (_, standby, _) = login(&subject, SftpSettings { host, port, host_keys, ..first.clone() }, &sftp.path);
        found.extend(standby);
    }
    found
}

/// Reaches an address, looks at its key, logs in and lists; whether that went well.
fn login(subject: &str, settings: SftpSettings, path: &str) -> (Arc<SftpPool>, Vec<Finding>, bool) {
    let pool = SftpPool::new(settings);
    let begun = Instant::now();
    let listed = pool.folder(path).list(1);
    let took = begun.elapsed().as_millis();
    let mut found = Vec::new();
    let good = |aspect, what: String| Finding::new(Level::Good, subject, aspect, what);
    match &listed {
        Err(error) if error.kind == ErrorKind::HostKey => {
            found.push(failed(subject, "host key", error));
            return (pool, found, false);
        }
        Err(error) if error.kind == ErrorKind::Login => {
            found.push(good("host key", "the pinned one".to_owned()));
            found.push(failed(subject, "login", error));
            return (pool, found, false);
        }
        Err(error) if pool.status().negotiated.is_none() => {
            found.push(failed(subject, "reach", error));
            return (pool, found, false);
        }
        _ => {}
    }
    let agreed = pool.status().negotiated.unwrap_or_default();
    found.push(good("host key", format!("the pinned one ({})", agreed.host_key)));
    found.push(good("login", format!("{} ({}), in {took} ms", agreed.address, agreed.server)));
    let [macs, _] = &agreed.macs;
    let macs = if macs.is_empty() { "the cipher's own" } else { macs };
    let what = format!("{}, {}, {}, message code {macs}", agreed.exchange, agreed.host_key, agreed.ciphers[0]);
    found.push(good("algorithms", what));
    let let_in = listed.is_ok();
    if let Err(error) = &listed {
        found.push(failed(subject, "list", error));
    }
    (pool, found, let_in)
}

fn failed(subject: &str, aspect: &'static str, error: &Error) -> Finding {
    let what = match &error.source {
        Some(source) if !error.what.contains(&source.to_string()) => format!("{}: {source}", error.what),
        _ => error.what.clone(),
    };
    Finding::new(Level::Fault, subject, aspect, what).next(error.hint.clone())
}

/// What the routes do in a folder.
#[derive(Clone, Copy, Debug, Default)]
struct Needs {
    /// Files are collected from it.
    collect: bool,
    /// Collected files, or flags of a business date, are moved or removed.
    clear: bool,
    /// Something is delivered into it.
    deliver: bool,
}

fn needs(settings: &Settings, spool: &str) -> Needs {
    let mut needs = Needs::default();
    for flag in settings.spool(spool).into_iter().flat_map(|spool| &spool.day_flags) {
        needs.collect = true;
        needs.clear |= flag.source != SourceAction::Leave;
    }
    for route in &settings.routes {
        if route.spool == spool {
            needs.collect = true;
            needs.clear |= route.source != SourceAction::Leave;
        }
        let outlet = |outlet: &Outlet| matches!(outlet, Outlet::File { spool: to, .. } if to == spool);
        needs.deliver |= route.answer.as_ref().is_some_and(|answer| answer.spool == spool);
        needs.deliver |= route.outlets.iter().any(outlet);
    }
    needs
}

fn folder_of(settings: &Settings, spool: &Spool, subject: &str, folder: &dyn Folder) -> Vec<Finding> {
    let mut found = Vec::new();
    let begun = Instant::now();
    let mut names = 0u64;
    let listed = folder.names(&mut |_| {
        names += 1;
        ControlFlow::Continue(())
    });
    match listed {
        Err(error) => return vec![failed(subject, "list", &error)],
        Ok(()) => {
            let what = format!("{names} names in {} ms", begun.elapsed().as_millis());
            found.push(if names > spool.list_max as u64 {
                let what = format!("{what}, more than list_max: where routes want so many, it is looked at in parts");
                Finding::new(Level::Warning, subject, "list", what).next("Clear the folder, or raise list_max.")
            } else {
                Finding::new(Level::Good, subject, "list", what)
            });
        }
    }
    let needs = needs(settings, &spool.name);
    if needs.deliver || needs.clear {
        found.extend(probe(subject, folder));
    } else if needs.collect {
        found.push(Finding::new(Level::Good, subject, "put", "not tried: files are only collected and left"));
    } else {
        found.push(
            Finding::new(Level::Note, subject, "put", "not tried: no route uses this spool")
                .next("Take it out of the configuration, or name it in a route."),
        );
    }
    found
}

/// Writes, reads back, renames and removes; the first thing that fails ends it.
fn probe(subject: &str, folder: &dyn Folder) -> Vec<Finding> {
    let name = format!(".fpp-doctor-{}", ulid::Ulid::generate());
    let other = format!("{name}.ok");
    let mut found = Vec::new();
    let mut there = None;
    let done = steps(subject, folder, &name, &other, &mut found, &mut there);
    if let Err((aspect, error)) = done {
        found.push(failed(subject, aspect, &error));
        if let Some(left) = there
            && let Err(error) = folder.remove(left)
            && error.kind != ErrorKind::Missing
        {
            let next = format!("Remove {left} there by hand.");
            found.push(Finding::new(Level::Warning, subject, "remove", format!("{left} is left behind")).next(next));
        }
    }
    found
}

type Failed = (&'static str, Error);

fn steps<'n>(
    subject: &str,
    folder: &dyn Folder,
    name: &'n str,
    other: &'n str,
    found: &mut Vec<Finding>,
    there: &mut Option<&'n str>,
) -> Result<(), Failed> {
    let mut good = |aspect, what: String| found.push(Finding::new(Level::Good, subject, aspect, what));
    let put = |error| ("put", error);
    let begun = Instant::now();
    let mut sink = folder.create_new(name).map_err(put)?;
    *there = Some(name);
    sink.write_all(PROBE).map_err(|e| put(Error::from_io("writing a probe", e)))?;
    let durable = sink.finish().map_err(put)?;
    let mut back = Vec::new();
    let mut reader = folder.open(name).map_err(put)?;
    reader.by_ref().take(1 << 20).read_to_end(&mut back).map_err(|e| put(Error::from_io("reading it back", e)))?;
    drop(reader);
    if back != PROBE {
        return Err(put(Error::new(ErrorKind::ReadBack, "what was read back differs from what was written")));
    }
    let took = begun.elapsed().as_millis();
    good("put", format!("written{} and read back in {took} ms", if durable { ", made durable" } else { "" }));
    let entry = folder.stat(name).map_err(put)?;
    folder.rename_new(name, other).map_err(|error| ("rename", error))?;
    *there = Some(other);
    good("rename", "to a name that was free".to_owned());
    folder.remove(other).map_err(|error| ("remove", error))?;
    *there = None;
    good("remove", "the probe is gone again".to_owned());
    if let Some(apart_ms) = entry.map(|entry| entry.mtime_ms - Clock::System.now_ms())
        && apart_ms.abs() > CLOCK_APART_MS
    {
        let what = format!("its clock is {} seconds apart from ours", apart_ms / 1000);
        found.push(
            Finding::new(Level::Note, subject, "clock", what)
                .next("fpp trusts no partner's clock; people who compare times must know."),
        );
    }
    Ok(())
}

fn durable(spool: &str, fsync: bool) -> Finding {
    let subject = format!("partner {spool}");
    if fsync {
        return Finding::new(Level::Good, &subject, "fsync", "the server makes files durable (fsync@openssh.com)");
    }
    Finding::new(Level::Warning, &subject, "fsync", "the server cannot be asked to make files durable")
        .next("Nothing, if its disks survive a power cut; else ask for OpenSSH 6.5 or newer.")
}

/// What may be run there. Nothing is: a command would do its work.
fn commands(settings: &Settings, spool: &Spool, sftp: &Sftp) -> Vec<Finding> {
    let finding = |command: &Allowed| {
        let after: Vec<_> = settings.routes.iter().flat_map(|r| r.followed_by(&spool.name, &command.name)).collect();
        let subject = format!("partner {}", spool.name);
        if after.is_empty() {
            let what = format!("`{}` is allowed, and follows nothing", command.name);
            return Finding::new(Level::Note, &subject, "command", what)
                .next(format!("Name it where it is wanted, run_after = \"{}\", or take it out.", command.name));
        }
        let what = format!("`{}` is run after {}: {}", command.name, after.join(", "), command.run);
        Finding::new(Level::Note, &subject, "command", what).next(format!(
            "Not tried here. The user {} must be let in for more than SFTP, and the command must say `{}` when it has \
             done its work.",
            sftp.user, command.expect
        ))
    };
    sftp.commands.iter().map(finding).collect()
}

/// IBM i tags stream files by the server's job and not by their content; the tag must be said there.
fn ccsid(settings: &Settings, spool: &Spool, sftp: &Sftp) -> Vec<Finding> {
    let mut found = Vec::new();
    for route in &settings.routes {
        let Some(answer) = route.answer.as_ref().filter(|answer| answer.spool == spool.name) else { continue };
        let Ok(plan) = route.bundle(settings).and_then(|bundle| bundle.compile()) else { continue };
        let Some(format) = plan.answer.as_ref().map(|answer| answer.format()) else { continue };
        // Without it a packed field that holds a line end would end its record.
        let fixed = if format.framing.name().starts_with("fixed") { " ENDLINFMT(*FIXED)" } else { "" };
        let page = format.page.name();
        let digits: String = page.chars().take_while(char::is_ascii_digit).collect();
        let folder = sftp.path.trim_end_matches('/');
        let next = if digits.is_empty() {
            format!(
                "On IBM i, before a program opens them as text: setccsid 1208 {folder}/FILE for UTF-8, 1386 for GBK."
            )
        } else {
            format!(
                "On IBM i: setccsid {digits} {folder}/FILE (QShell), or CPYFRMSTMF FROMSTMF('{folder}/FILE') \
                 TOMBR('/QSYS.LIB/LIB.LIB/FILE.FILE/MBR.MBR') MBROPT(*REPLACE) CVTDTA(*NONE){fixed}."
            )
        };
        let what = format!("answers {} are in {page}; SFTP tags them otherwise", answer.name);
        found.push(Finding::new(Level::Note, &format!("partner {}", spool.name), "CCSID tag", what).next(next));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use fpp_spool::{Entry, Look, Result, Sink};

    /// A folder in which one thing fails, as at a partner who has no right to it.
    struct Faulty {
        inner: LocalFolder,
        fails: &'static str,
    }

    impl Faulty {
        fn check(&self, doing: &'static str) -> Result<()> {
            match self.fails == doing {
                true => Err(Error::new(ErrorKind::Folder, format!("{doing} is denied"))),
                false => Ok(()),
            }
        }
    }

    impl Folder for Faulty {
        fn describe(&self) -> String {
            self.inner.describe()
        }
        fn walk(&self, look: &mut dyn Look) -> Result<()> {
            self.inner.walk(look)
        }
        fn stat(&self, name: &str) -> Result<Option<Entry>> {
            self.inner.stat(name)
        }
        fn open_at(&self, name: &str, offset: u64) -> Result<Box<dyn Read + Send>> {
            match self.fails {
                "back" => Ok(Box::new(&b"other bytes"[..])),
                _ => self.inner.open_at(name, offset),
            }
        }
        fn create_new(&self, name: &str) -> Result<Box<dyn Sink>> {
            self.check("put").and_then(|()| self.inner.create_new(name))
        }
        fn rename_new(&self, from: &str, to: &str) -> Result<()> {
            self.check("rename").and_then(|()| self.inner.rename_new(from, to))
        }
        fn move_new(&self, from: &str, subfolder: &str, to: &str) -> Result<()> {
            self.inner.move_new(from, subfolder, to)
        }
        fn remove(&self, name: &str) -> Result<()> {
            self.check("remove").and_then(|()| self.inner.remove(name))
        }
        fn make_folder(&self, path: &str) -> Result<()> {
            self.inner.make_folder(path)
        }
        fn subfolder(&self, path: &str) -> Result<Box<dyn Folder>> {
            self.inner.subfolder(path)
        }
        fn sync(&self, name: &str) -> Result<bool> {
            self.inner.sync(name)
        }
        fn read_small(&self, name: &str, max: usize) -> Result<Option<Vec<u8>>> {
            self.inner.read_small(name, max)
        }
    }

    #[test]
    fn each_right_that_is_missing_is_named_and_nothing_is_left_unnamed() {
        for (fails, aspect) in
            [("none", ""), ("put", "put"), ("back", "put"), ("rename", "rename"), ("remove", "remove")]
        {
            let place = tempfile::tempdir().unwrap();
            let folder = Faulty { inner: LocalFolder::open(place.path()).unwrap(), fails };
            let found = probe("partner x", &folder);
            let faults: Vec<_> = found.iter().filter(|f| f.level == Level::Fault).collect();
            assert_eq!(faults.iter().map(|f| f.aspect).collect::<String>(), aspect, "{found:?}");
            assert!(faults.iter().all(|f| !f.next.is_empty()), "{found:?}");
            let left: Vec<_> = std::fs::read_dir(place.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
            match left.first() {
                None => {}
                Some(name) => {
                    assert_eq!(fails, "remove");
                    let name = name.to_str().unwrap();
                    assert!(name.starts_with('.'), "no scanner takes it: {name}");
                    assert!(found.iter().any(|f| f.next.contains(name)), "{found:?}");
                }
            }
        }
    }
}
