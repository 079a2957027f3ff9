//! The folder that a route reads goes away under a living node and comes back, or becomes another one: what is dropped there
//! then is seen soon, however seldom the node looks by itself.

use crate::apart::Apart;
use crate::support::core::{CoreFile, Dropped, core_file};
use crate::support::settled::{PATIENCE, settled};
use crate::support::site::{Site, sample_route};
use fpp::node::{Node, Options};
use fpp::telemetry::report::{NodeReport, SpoolReport};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

/// A node that looks by itself every ten minutes.
fn site() -> Site {
    let site = Site::make(&sample_route("pmtrd"));
    let text = fs::read_to_string(site.settings_file()).unwrap();
    let seldom = text.replace("rescan_ms = 100", "rescan_ms = 600000");
    assert_ne!(text, seldom);
    fs::write(site.settings_file(), seldom).unwrap();
    site
}

/// The core drops a file into a folder, its marker last.
fn drop_into(folder: &Path, file: &CoreFile) {
    fs::write(folder.join(&file.name), &*file.bytes).unwrap();
    fs::write(folder.join(format!("{}.OK", file.name)), "").unwrap();
}

fn spool(status: &Path) -> Option<SpoolReport> {
    NodeReport::read(status)?.spools.remove("core-out")
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "{what} was not reached");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_renamed_away_and_back_or_exchanged_is_heard_of_again() {
    let site = site();
    let (out, aside) = (site.root.join("core/out"), site.root.join("core/aside"));
    let status = site.settings().status_file();
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    let drops = |batch: u16| drop_into(&out, &core_file(batch, 3, Dropped::Good));
    drops(1);
    settled(&node, 1).await.unwrap();
    // Away for so long that the node sees it.
    fs::rename(&out, &aside).unwrap();
    until("the folder is missed", || spool(&status).is_some_and(|spool| !spool.error.is_empty())).await;
    fs::rename(&aside, &out).unwrap();
    until("the folder is there again", || spool(&status).is_some_and(|spool| spool.error.is_empty())).await;
    drops(2);
    settled(&node, 2).await.unwrap();
    let hearing = spool(&status).and_then(|spool| spool.hearing).unwrap();
    assert_eq!(hearing.deaf, "", "it is heard of again");
    // Away for a moment.
    fs::rename(&out, &aside).unwrap();
    fs::rename(&aside, &out).unwrap();
    drops(3);
    settled(&node, 3).await.unwrap();
    // Another folder stands there, and the first one, which the system told of, does not know that.
    fs::rename(&out, &aside).unwrap();
    symlink(&aside, &out).unwrap();
    drops(4);
    settled(&node, 4).await.unwrap();
    let (other, link) = (site.root.join("core/other"), site.root.join("core/link"));
    fs::create_dir(&other).unwrap();
    symlink(&other, &link).unwrap();
    fs::rename(&link, &out).unwrap();
    drops(5);
    settled(&node, 5).await.unwrap();
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_unmounted_and_mounted_anew_is_heard_of_again() {
    const OUT: &str = "core/out";
    let Some(mut apart) = Apart::start(site(), OUT, "4m") else { return };
    let came = |apart: &Apart, batch: u16| {
        let name = core_file(batch, 3, Dropped::Good).name;
        apart.seen(OUT).join("done").join(format!("{name}.OK")).exists()
    };
    let drops = |apart: &Apart, batch: u16| drop_into(&apart.seen(OUT), &core_file(batch, 3, Dropped::Good));
    let status = apart.site.settings().status_file();
    apart.until("a first look", async |_| spool(&status).is_some_and(|spool| spool.scanned_ms > 0)).await;
    drops(&apart, 1);
    apart.until("the first file", async |apart| came(apart, 1)).await;
    // While a look is under way it is busy.
    apart.until("it is unmounted", async |apart| apart.inside(&["umount"], OUT)).await;
    drops(&apart, 2);
    apart.until("what was dropped beside the mount", async |apart| came(apart, 2)).await;
    assert!(apart.inside(&["mount", "-t", "tmpfs", "tmpfs"], OUT));
    drops(&apart, 3);
    apart.until("what was dropped into the new one", async |apart| came(apart, 3)).await;
    // So soon that nobody can have seen it away.
    apart
        .until("it is mounted anew", async |apart| {
            apart.inside(&["sh", "-c", "umount \"$0\" && mount -t tmpfs tmpfs \"$0\""], OUT)
        })
        .await;
    drops(&apart, 4);
    apart.until("what was dropped then", async |apart| came(apart, 4)).await;
    let hearing = spool(&status).and_then(|spool| spool.hearing).unwrap();
    assert!(hearing.deaf.is_empty() && hearing.rescans == 0, "{hearing:?}");
}

/// The kernel grants no watches at all: the node looks at its intervals, says so, and nothing is left lying.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_may_watch_nothing_looks_at_intervals_and_says_so() {
    let site = Site::make(&sample_route("pmtrd"));
    site.configure("[vault]\npause_below_free_bytes = 0\n");
    let none = "echo 0 > /proc/sys/user/max_inotify_watches";
    let Some(mut node) = Apart::start_after(none, site, "data", "64m") else { return };
    let status = node.seen("data/status.json");
    let is_deaf = |spool: &SpoolReport| spool.hearing.as_ref().is_some_and(|hearing| hearing.deaf.contains("FPP4006"));
    node.until("it says that it hears nothing", async |_| spool(&status).as_ref().is_some_and(is_deaf)).await;
    for batch in 1..=3 {
        drop_into(&node.site.root.join("core/out"), &core_file(batch, 3, Dropped::Good));
        let both = 2 * usize::from(batch);
        node.until("the file is put away", async |node| node.site.names("core/out/done").len() == both).await;
    }
}
