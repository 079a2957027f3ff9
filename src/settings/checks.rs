//! What only shows when everything is read: names used twice, series that overlap.

use super::answer::Outlet;
use super::names;
use super::route::Route;
use super::spool::Spool;
use fpp_codecs::source::{Source, SourceFault};

/// Compares the routes with each other.
pub(super) fn across(routes: &[Route], faults: &mut Vec<SourceFault>, warnings: &mut Vec<SourceFault>) {
    for (i, route) in routes.iter().enumerate() {
        for other in &routes[..i] {
            if other.name == route.name && !route.name.is_empty() {
                let message = format!("`{}` is also the name of the route in {}", route.name, other.file.display());
                faults.extend(at(route, "name", &message));
            }
            if other.spool != route.spool {
                continue;
            }
            if other.files == route.files {
                let message = format!("route {} takes the same names from spool {}", other.name, route.spool);
                faults.extend(at(route, "files", &message));
            } else if let Some(name) = names::taken_by_both(&route.files, &other.files) {
                let message = format!(
                    "a name such as {name} is also taken by route {}; the first route in the list has it",
                    other.name
                );
                warnings.extend(at(route, "files", &message));
            }
        }
    }
}

/// Names that fpp writes have at most as many characters as the partner's names can have.
pub(super) fn names_fit(routes: &[Route], spools: &[Spool], faults: &mut Vec<SourceFault>) {
    for route in routes {
        let answer = route.answer.iter().map(|a| ("answer", &a.spool, &a.name, &a.checksums, &a.marker));
        let files = route.outlets.iter().filter_map(|outlet| match outlet {
            Outlet::File { spool, name, checksums, marker, .. } => Some(("outlet", spool, name, checksums, marker)),
            Outlet::Stream => None,
        });
        for (key, spool, name, checksums, marker) in answer.chain(files) {
            let Some(max) = spools.iter().find(|s| s.name == *spool).and_then(|s| s.name_max) else { continue };
            let Some(example) = names::shortest(name) else { continue };
            let checksum = checksums.iter().map(|kind| format!("{example}.{}", kind.name()));
            let marker = marker.iter().filter_map(|m| names::marker_of(&m.pattern, &example));
            for long in
                std::iter::once(example.clone()).chain(checksum).chain(marker).filter(|n| n.chars().count() > max)
            {
                let message = format!("{long} has more than the {max} characters that spool {spool} allows (name_max)");
                faults.extend(at(route, key, &message));
            }
        }
    }
}

/// A message at a key of a route's file.
pub(super) fn at(route: &Route, key: &str, message: &str) -> Vec<SourceFault> {
    let text = std::fs::read_to_string(&route.file).unwrap_or_default();
    let source = Source::new(route.file.display().to_string(), text);
    let root = source.root();
    root.fault(key, message);
    drop(root);
    source.finish()
}
