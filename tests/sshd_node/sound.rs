//! The checker's word on what the partner's folders, the books and the vault hold at the end (ARCHITECTURE.md, Invariants).

use crate::look::with_sides;
use crate::room::{Running, core_file};
use crate::support::checker::evidence::{Evidence, Places};
use crate::support::checker::{at_any_moment, at_the_end};
use crate::support::core::CoreFile;
use crate::support::told::read_stream_by;
use fpp::vault::disk::DiskVault;
use std::fs;
use std::path::Path;

/// Where the partner keeps what it took, beside its folders.
const TAKEN: &str = "taken";

/// The partner takes an answer with all that belongs to it.
pub(crate) fn take(inn: &Path, answer: &str) {
    let taken = inn.with_file_name(TAKEN);
    fs::create_dir_all(&taken).unwrap();
    with_sides(answer).iter().for_each(|name| fs::rename(inn.join(name), taken.join(name)).unwrap());
}

/// The checker has nothing to say of what must hold at any moment, also of what waits for a partner.
pub(crate) fn is_sound_so_far(node: &Running<'_>, from: &Path, to: &[(&str, &Path)], dropped: &[(&str, u16, u64)]) {
    let (places, dropped) = (places(node, from, to), files(dropped));
    let vault = DiskVault::open_read_only(&node.settings.vault_dir());
    let told = at_any_moment(&node.runtime.block_on(Evidence::of(&places, &*node.ledger, &vault, &dropped)));
    assert!(told.is_empty(), "{}", told.join("\n"));
}

fn files(dropped: &[(&str, u16, u64)]) -> Vec<CoreFile> {
    dropped.iter().map(|(route, batch, trades)| core_file(route, *batch, *trades)).collect()
}

fn places(node: &Running<'_>, from: &Path, to: &[(&str, &Path)]) -> Places {
    Places {
        source: from.to_owned(),
        spools: to.iter().map(|(spool, folder)| ((*spool).to_owned(), (*folder).to_owned())).collect(),
        taken: Some(to[0].1.with_file_name(TAKEN)),
        rooms: vec![node.settings.vault_dir()],
        scratch: vec![node.settings.data_dir.join("scratch")],
        statuses: vec![node.settings.status_file()],
        seal_key: node.settings.seal.key_file.as_ref().map(|file| fs::read(file).unwrap()),
    }
}

/// The checker has nothing to say: these files (route, batch, trades) came through once, from a folder to the folders of
/// spools. A route moves its sources away. The node is at rest.
pub(crate) fn is_sound(node: &Running<'_>, from: &Path, to: &[(&str, &Path)], dropped: &[(&str, u16, u64)]) {
    let (places, dropped) = (places(node, from, to), files(dropped));
    let vault = DiskVault::open_read_only(&node.settings.vault_dir());
    node.until("no temporary is left", || places.temporaries().is_empty().then_some(()));
    let told = node.runtime.block_on(async {
        let evidence = Evidence::whole(&places, &*node.ledger, &vault, &dropped).await;
        // Pages of three, but of very many events.
        let few = dropped.iter().map(|file| file.events).sum::<u64>() < 1_000;
        let received = read_stream_by(node.node.address, if few { 3 } else { 1_000 }).await;
        at_the_end(&evidence.with_received("a service", received))
    });
    assert!(told.is_empty(), "{}", told.join("\n"));
}
