//! Hearing of changes in a local folder.
//!
//! A wake-up says "look again", never what changed: events may be lost (the kernel's queue overflows, watches run out,
//! another machine writes to a network file system). So an overflow and every error wake as well, and the caller lists
//! the folder at intervals anyway. Our own reading does not wake.
//!
//! A watch hears of the folder that stood under the path when it began. That this is another one now (a folder above it was
//! renamed, something was mounted over it, or mounted anew) is told by nobody: [`Place`] shows it to who asks.

use crate::error::{Error, ErrorKind, Result};
use crate::filesystem::is_network_fs;
use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use rustix::fs::{AtFlags, CWD, StatxFlags};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Watches one local folder for as long as it lives.
pub struct Watch {
    lost: Arc<AtomicU64>,
    ended: Arc<AtomicBool>,
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Calls `wake` when something in the folder may have changed, from a thread of its own. `wake` must be quick.
    pub fn start(path: &Path, wake: impl Fn() + Send + 'static) -> Result<Watch> {
        let lost = Arc::new(AtomicU64::new(0));
        let ended = Arc::new(AtomicBool::new(false));
        let (counter, over, folder) = (Arc::clone(&lost), Arc::clone(&ended), path.to_owned());
        let failed = |e: notify::Error| {
            Error::new(ErrorKind::Folder, format!("watching {}: {e}", path.display()))
                .hint("the folder is still listed at intervals; see fs.inotify.max_user_watches")
                .caused_by(e)
        };
        let handler = move |event: notify::Result<Event>| match heard(&event, &folder) {
            Heard::Nothing => {}
            Heard::Change => wake(),
            Heard::Lost => {
                counter.fetch_add(1, Ordering::Relaxed);
                wake();
            }
            Heard::End => {
                over.store(true, Ordering::Relaxed);
                wake();
            }
        };
        let mut watcher = notify::recommended_watcher(handler).map_err(failed)?;
        watcher.watch(path, RecursiveMode::NonRecursive).map_err(failed)?;
        Ok(Watch { lost, ended, _watcher: watcher })
    }

    /// How often events were lost, by an overflow or an error. A number for the metrics.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// True when the folder itself was removed or renamed: nothing more will be heard, start a new watch.
    pub fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}

/// The number of a mount that no later mount has (Linux 6.8); older kernels give one that a later mount may have.
const UNIQUE_MOUNT: StatxFlags = StatxFlags::from_bits_retain(0x4000);

/// Which folder stands under a path. Another one is not equal to it, nor is the same one once it was mounted anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    mount: u64,
    device: (u32, u32),
    /// None on a network file system, where numbers may change with every look.
    inode: Option<u64>,
}

impl Place {
    /// Nothing where no folder can be reached, or where the system does not tell.
    pub fn of(path: &Path) -> Option<Place> {
        let wanted = StatxFlags::INO | StatxFlags::MNT_ID | UNIQUE_MOUNT;
        let stat = rustix::fs::statx(CWD, path, AtFlags::empty(), wanted).ok()?;
        let is_far = is_network_fs(path).ok()?.is_some();
        let (device, inode) = ((stat.stx_dev_major, stat.stx_dev_minor), (!is_far).then_some(stat.stx_ino));
        Some(Place { mount: stat.stx_mnt_id, device, inode })
    }
}

#[derive(PartialEq, Debug)]
enum Heard {
    Nothing,
    Change,
    Lost,
    End,
}

fn heard(event: &notify::Result<Event>, folder: &Path) -> Heard {
    match event {
        Err(_) => Heard::Lost,
        Ok(event) if event.need_rescan() => Heard::Lost,
        Ok(Event { kind: EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)), paths, .. })
            if paths.iter().any(|path| path == folder) =>
        {
            Heard::End
        }
        // Closing after writing is the best moment to look; opening and reading is what we do ourselves.
        Ok(Event { kind: EventKind::Access(AccessKind::Close(AccessMode::Write)), .. }) => Heard::Change,
        Ok(Event { kind: EventKind::Access(_), .. }) => Heard::Nothing,
        Ok(_) => Heard::Change,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::Flag;
    use std::sync::mpsc;
    use std::time::Duration;

    #[test]
    fn wakes_for_a_new_file() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("in");
        std::fs::create_dir(&folder).unwrap();
        let (sender, receiver) = mpsc::channel();
        let watch = Watch::start(&folder, move || {
            let _ = sender.send(());
        })
        .unwrap();
        std::fs::write(folder.join("PMTRD.TXT"), "x").unwrap();
        receiver.recv_timeout(Duration::from_secs(20)).unwrap();
        assert_eq!((watch.lost(), watch.ended()), (0, false));
        std::fs::remove_dir_all(&folder).unwrap();
        while !watch.ended() {
            receiver.recv_timeout(Duration::from_secs(20)).unwrap();
        }
        assert!(Watch::start(&dir.path().join("none"), || {}).is_err());
    }

    #[test]
    fn another_folder_is_another_place() {
        let dir = tempfile::tempdir().unwrap();
        let (upper, folder) = (dir.path().join("core"), dir.path().join("core/out"));
        std::fs::create_dir_all(&folder).unwrap();
        let place = Place::of(&folder);
        assert!(place.is_some());
        std::fs::write(folder.join("PMTRD.TXT"), "x").unwrap();
        assert_eq!(Place::of(&folder), place, "what is in it does not matter");
        std::fs::rename(&upper, dir.path().join("aside")).unwrap();
        assert_eq!(Place::of(&folder), None);
        std::fs::create_dir_all(&folder).unwrap();
        let other = Place::of(&folder);
        assert!(other.is_some() && other != place);
        std::fs::remove_dir_all(&upper).unwrap();
        std::fs::rename(dir.path().join("aside"), &upper).unwrap();
        assert_eq!(Place::of(&folder), place);
    }

    #[test]
    fn overflow_and_errors_wake_and_reading_does_not() {
        let here = Path::new("/in");
        assert_eq!(heard(&Ok(Event::new(EventKind::Other).set_flag(Flag::Rescan)), here), Heard::Lost);
        assert_eq!(heard(&Err(notify::Error::generic("x")), here), Heard::Lost);
        let opened = EventKind::Access(AccessKind::Open(AccessMode::Read));
        assert_eq!(heard(&Ok(Event::new(opened)), here), Heard::Nothing);
        assert_eq!(heard(&Ok(Event::new(EventKind::Any)), here), Heard::Change);
    }
}
