//! The machine: disks, file systems, notifications, clock.

use super::finding::{Finding, Level};
use crate::settings::{LedgerPlace, Settings, SpoolKind};
use fpp_spool::{Watch, is_network_fs};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

/// Less free space than this is told; ten times less is a fault.
const FREE_BYTES_MIN: u64 = 10 << 30;
/// A sync that takes longer slows every file down: each has some ten of them.
const SYNC_SLOW: Duration = Duration::from_millis(100);
/// What a probe writes.
const PROBE_BYTES: usize = 4096;
/// No clock that is right says less: 2025-01-01.
const EPOCH_SECONDS_MIN: u64 = 1_735_689_600;

/// Looks at the machine.
pub(super) fn look(settings: &Settings) -> Vec<Finding> {
    let mut found = disk("data_dir", &settings.data_dir);
    let vault = settings.vault_dir();
    if !vault.starts_with(&settings.data_dir) {
        found.extend(disk("vault", &vault));
    }
    if settings.ledger == LedgerPlace::File
        && let Ok(Some(kind)) = is_network_fs(existing(&settings.data_dir))
    {
        let what = format!("the ledger's file is on {kind}, where its locks and its log do not hold");
        found.push(
            Finding::new(Level::Fault, "data_dir", "file system", what)
                .next("Put data_dir on a disk of this machine, or the ledger on a server ([ledger] url)."),
        );
    }
    found.extend(notifications(settings));
    found.extend(clock());
    found
}

/// The folder, or the nearest one above it that is there.
fn existing(path: &Path) -> &Path {
    path.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("."))
}

fn disk(subject: &str, path: &Path) -> Vec<Finding> {
    let mut found = Vec::new();
    let place = existing(path);
    if place != path {
        let what = format!("{} is not there yet; the node makes it", path.display());
        found.push(Finding::new(Level::Note, subject, "folder", what));
    }
    found.push(free(subject, place));
    match is_network_fs(place) {
        Ok(kind) => {
            let what = format!("{}: {}", place.display(), kind.unwrap_or("a disk of this machine"));
            found.push(Finding::new(Level::Good, subject, "file system", what));
        }
        Err(error) => found.push(Finding::new(Level::Fault, subject, "file system", error.to_string())),
    }
    found.push(written(subject, place));
    found
}

fn free(subject: &str, path: &Path) -> Finding {
    let stat = match rustix::fs::statvfs(path) {
        Ok(stat) => stat,
        Err(error) => {
            let what = format!("{}: the free space cannot be asked: {error}", path.display());
            return Finding::new(Level::Fault, subject, "free", what).next("Look at the disk.");
        }
    };
    let (free, all) = (stat.f_bavail.saturating_mul(stat.f_frsize), stat.f_blocks.saturating_mul(stat.f_frsize));
    let percent = free.saturating_mul(100) / all.max(1);
    // Some file systems do not count them.
    let inodes = stat.f_favail.saturating_mul(100).checked_div(stat.f_files).unwrap_or(100);
    let what = format!("{} MiB free of {} MiB ({percent}%), {inodes}% of the inodes", free >> 20, all >> 20);
    let next = "Make room, or put it on a larger disk; a full disk stops intake (FPP4007, FPP9001).";
    match free {
        _ if free < FREE_BYTES_MIN / 10 || inodes < 1 => Finding::new(Level::Fault, subject, "free", what).next(next),
        _ if free < FREE_BYTES_MIN || percent < 5 || inodes < 5 => {
            Finding::new(Level::Warning, subject, "free", what).next(next)
        }
        _ => Finding::new(Level::Good, subject, "free", what),
    }
}

/// Writes a small file, makes it durable, and removes it.
fn written(subject: &str, path: &Path) -> Finding {
    let begun = Instant::now();
    let wrote = tempfile::Builder::new().prefix(".fpp-doctor-").tempfile_in(path).and_then(|mut file| {
        file.write_all(&[0x40; PROBE_BYTES])?;
        file.as_file().sync_all()?;
        file.close()
    });
    let took = begun.elapsed();
    match wrote {
        Err(error) => Finding::new(Level::Fault, subject, "write", format!("{}: {error}", path.display()))
            .next("Give it to the user who runs the node, mounted for writing: `ls -ld`, `mount`."),
        Ok(()) if took > SYNC_SLOW => {
            let what = format!("written and synced, but in {} ms", took.as_millis());
            Finding::new(Level::Warning, subject, "write", what)
                .next("Each file waits for some ten syncs: look at the disk.")
        }
        Ok(()) => {
            let what = format!("written, synced and removed in {:.1} ms", took.as_secs_f64() * 1000.0);
            Finding::new(Level::Good, subject, "write", what)
        }
    }
}

fn notifications(settings: &Settings) -> Vec<Finding> {
    let locals: Vec<_> = settings
        .spools
        .iter()
        .filter(|spool| !spool.day_flags.is_empty() || settings.routes.iter().any(|route| route.spool == spool.name))
        .filter_map(|spool| match &spool.kind {
            SpoolKind::Local { path } => Some((spool, path)),
            SpoolKind::Sftp(_) => None,
        })
        .collect();
    if locals.is_empty() {
        return Vec::new();
    }
    let limit = |name: &str| {
        let text = std::fs::read_to_string(format!("/proc/sys/fs/inotify/{name}")).unwrap_or_default();
        format!("{name} {}", text.trim())
    };
    let limits = ["max_user_watches", "max_user_instances", "max_queued_events"].map(limit).join(", ");
    let mut found = vec![Finding::new(Level::Good, "inotify", "limits", limits)];
    for (spool, path) in locals {
        let subject = format!("spool {}", spool.name);
        match is_network_fs(existing(path)) {
            Ok(Some(kind)) => {
                let what = format!("on {kind}, where other machines' files are not told of");
                let next = format!("Nothing: it is listed every {} ms (work.rescan_ms).", settings.work.rescan_ms);
                found.push(Finding::new(Level::Note, &subject, "notifications", what).next(next));
            }
            _ if !path.is_dir() => {}
            _ => match Watch::start(path, || {}) {
                Ok(_) => found.push(Finding::new(Level::Good, &subject, "notifications", "told of changes")),
                Err(error) => found
                    .push(Finding::new(Level::Warning, &subject, "notifications", error.to_string()).next(
                    "Raise fs.inotify.max_user_watches or max_user_instances (sysctl); until then it is only listed.",
                )),
            },
        }
    }
    found
}

fn clock() -> Vec<Finding> {
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs());
    if seconds < EPOCH_SECONDS_MIN {
        let what = format!("{seconds} seconds since 1970: that is long ago");
        return vec![
            Finding::new(Level::Fault, "clock", "time", what).next("Set it, and keep it set: chrony, timesyncd."),
        ];
    }
    let told =
        Path::new("/run/systemd/timesync/synchronized").exists() || Path::new("/run/chrony/chronyd.pid").exists();
    vec![if told {
        Finding::new(Level::Good, "clock", "time", "a service keeps it")
    } else {
        Finding::new(Level::Note, "clock", "time", "no service is seen that keeps it (chrony, systemd-timesyncd)")
            .next("See that the machine's time is kept, here or by its host; compare it with the partners' below.")
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_written_is_a_fault() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(written("x", folder.path()).level, Level::Good);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the probe is removed");
        // Nobody can write there, root neither.
        let fault = written("x", Path::new("/proc"));
        assert_eq!(fault.level, Level::Fault);
        assert!(!fault.next.is_empty());
        let full = free("x", Path::new("/proc"));
        assert_eq!(full.level, Level::Fault, "{full:?}");
        assert_eq!(existing(&folder.path().join("a/b")), folder.path());
    }
}
