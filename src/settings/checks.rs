//! What only shows when everything is read: names used twice, series that overlap.

use super::names;
use super::route::Route;
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

/// A message at a key of a route's file.
pub(super) fn at(route: &Route, key: &str, message: &str) -> Vec<SourceFault> {
    let text = std::fs::read_to_string(&route.file).unwrap_or_default();
    let source = Source::new(route.file.display().to_string(), text);
    let root = source.root();
    root.fault(key, message);
    drop(root);
    source.finish()
}
