//! What every vault engine must do, run against each engine that there is. A new engine adds one `conformance!` line.

// A test that cannot go on says so by panicking, in helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../vault_support/breaking.rs"]
mod breaking;
#[cfg(feature = "s3")]
#[path = "../vault_support/bucket.rs"]
#[allow(dead_code, clippy::print_stdout)] // each test program uses a part; a skipped test says so
mod bucket;
mod cases;

use cases::bytes;
use fpp::vault::Vault;
use fpp::vault::blocks::BLOCK_BYTES;
use fpp::vault::disk::DiskVault;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A place where a vault is kept.
trait Place {
    fn open(&self) -> Box<dyn Vault>;
    /// Changes one stored object behind the vault's back: `suffix` is empty, `.blocks` or `.<kind>.index`.
    fn tamper(&self, sha256: &str, suffix: &str, how: &dyn Fn(&mut Vec<u8>));
    /// Makes a content ten days older than it is.
    fn age(&self, sha256: &str);
    /// Stored objects of all kinds, temporaries too.
    fn objects(&self) -> Vec<PathBuf>;
}

struct Disk(tempfile::TempDir);

impl Disk {
    fn new() -> Disk {
        Disk(tempfile::tempdir().unwrap())
    }

    fn path(&self, sha256: &str, suffix: &str) -> PathBuf {
        self.0.path().join(&sha256[..2]).join(&sha256[2..4]).join(format!("{sha256}{suffix}"))
    }
}

impl Place for Disk {
    fn open(&self) -> Box<dyn Vault> {
        Box::new(DiskVault::open(self.0.path(), "n1.A").unwrap())
    }

    fn tamper(&self, sha256: &str, suffix: &str, how: &dyn Fn(&mut Vec<u8>)) {
        let path = self.path(sha256, suffix);
        let mut bytes = fs::read(&path).unwrap();
        how(&mut bytes);
        fs::write(path, bytes).unwrap();
    }

    fn age(&self, sha256: &str) {
        let file = fs::File::options().write(true).open(self.path(sha256, "")).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(10 * 86_400)).unwrap();
    }

    fn objects(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(self.0.path(), &mut found);
        found
    }
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if !path.ends_with("lock") {
            found.push(path);
        }
    }
}

#[cfg(feature = "s3")]
struct InBucket(bucket::Room);

#[cfg(feature = "s3")]
impl Place for InBucket {
    fn open(&self) -> Box<dyn Vault> {
        Box::new(fpp::vault::s3::S3Vault::open(&self.0.place).unwrap())
    }

    fn tamper(&self, sha256: &str, suffix: &str, how: &dyn Fn(&mut Vec<u8>)) {
        let path = self.0.path(sha256, suffix);
        let mut bytes = fs::read(&path).unwrap();
        how(&mut bytes);
        fs::write(path, bytes).unwrap();
    }

    fn age(&self, sha256: &str) {
        let ten_days_ago = jiff::Timestamp::now() - Duration::from_secs(10 * 86_400);
        let day = ten_days_ago.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y%m%d").to_string();
        for suffix in [".blocks", ".lines.index"] {
            let from = self.0.path(sha256, suffix);
            if from.exists() {
                fs::rename(&from, from.with_file_name(format!("{day}{suffix}"))).unwrap();
            }
        }
        let content = self.0.path(sha256, "");
        fs::rename(&content, content.with_file_name(day)).unwrap();
    }

    fn objects(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(&self.0.folder, &mut found);
        found
    }
}

macro_rules! conformance {
    ($engine:ident, $place:expr) => {
        conformance!($engine, $place;
            content_comes_back_as_it_came, the_same_content_is_kept_once, any_piece_can_be_read, damage_is_never_handed_out,
            small_content_cannot_shrink_unseen, a_damaged_copy_is_mended_by_sound_bytes, too_much_is_refused_and_leaves_nothing, an_error_of_the_source_comes_out,
            an_index_is_kept_beside_its_content, names_cannot_lead_out, many_writers_of_one_content_agree,
            a_walk_shows_every_content_once, a_removal_takes_all_of_what_is_old_and_nothing_that_was_put_since,
            what_is_renewed_stays, an_input_that_breaks_off_comes_in_whole_at_last,
        );
    };
    ($engine:ident, $place:expr; $($case:ident),* $(,)?) => {
        mod $engine {
            $(#[test]
            fn $case() {
                if let Some(place) = $place {
                    crate::cases::$case(&place);
                }
            })*
        }
    };
}

conformance!(on_disk, Some(crate::Disk::new()));
#[cfg(feature = "s3")]
conformance!(on_s3, crate::bucket::running().map(|running| crate::InBucket(crate::bucket::Room::new(running))));

#[test]
fn what_a_dead_writer_left_is_swept_when_the_vault_opens() {
    let place = Disk::new();
    place.open();
    let leftover = place.0.path().join("tmp").join("n1.A.0.part");
    fs::write(&leftover, b"half").unwrap();
    place.open();
    assert!(!leftover.exists());
}

#[test]
fn nobody_else_may_read_the_vault() {
    use std::os::unix::fs::PermissionsExt;
    let place = Disk::new();
    let sha256 = place.open().put_bytes(&bytes(BLOCK_BYTES + 1)).unwrap().sha256;
    for suffix in ["", ".blocks"] {
        let mode = fs::metadata(place.path(&sha256, suffix)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{suffix}");
    }
}
