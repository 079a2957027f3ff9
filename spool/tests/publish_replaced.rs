//! An attempt that is replaced while it stands still, between the answer of the books and the name it gives: whatever it
//! does when it goes on, the partner is shown nothing a second time.
#![allow(clippy::unwrap_used)] // helpers outside the test functions; a panic is a failed test

mod attempt_support;

use attempt_support::{Attempt, FINAL};
use fpp_spool::*;
use std::cell::Cell;

fn attempt(folder: &dyn Folder, tag: &str, proven: &Cell<bool>, guard: &dyn Fn() -> Result<()>) -> Result<Published> {
    let attempt = Attempt {
        tag,
        proven_before: proven.get(),
        proven_tag: proven.get().then(|| "n1.1".into()),
        proven_in: folder.identity()?,
        guard: Some(guard),
        marker: Some(b""),
    };
    attempt.publish(folder, &mut || {
        proven.set(true);
        guard()
    })
}

#[test]
fn who_was_replaced_shows_the_partner_nothing_again() {
    // The books are asked before the name of the data (by its proof), of its checksum and of the marker.
    for frozen_at in 1..=3 {
        let dir = tempfile::tempdir().unwrap();
        let folder = LocalFolder::open(dir.path()).unwrap();
        let (proven, asked, taken) = (Cell::new(false), Cell::new(0), Cell::new(0));
        let replaced = || {
            asked.set(asked.get() + 1);
            if asked.get() == frozen_at {
                // It was the holder when it asked. Then it stood still, another one finished, and the partner came.
                attempt(&folder, "n2.2", &proven, &|| Ok(())).unwrap();
                for end in ["", ".sha256", ".OK"] {
                    std::fs::remove_file(dir.path().join(format!("{FINAL}{end}"))).unwrap();
                    taken.set(taken.get() + 1);
                }
            }
            if asked.get() > frozen_at {
                return Err(Error::new(ErrorKind::Changed, "taken over"));
            }
            Ok(())
        };
        // How it ends is not what counts; its next word to the books is refused.
        let _ = attempt(&folder, "n1.1", &proven, &replaced);
        assert_eq!((asked.get() >= frozen_at, taken.get()), (true, 3));
        let names: Vec<_> = folder.list(9).unwrap().into_iter().map(|e| e.name).collect();
        let shown: Vec<_> = names.iter().filter(|name| !name.starts_with('.')).collect();
        assert!(shown.is_empty(), "frozen at name {frozen_at}: {shown:?}");
    }
}
