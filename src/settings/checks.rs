//! What only shows when everything is read: names used twice, series that overlap.

use super::route::Route;
use fpp_codecs::source::SourceFault;

/// Compares the routes with each other.
pub(super) fn across(routes: &[Route], faults: &mut Vec<SourceFault>, warnings: &mut Vec<SourceFault>) {
    for (i, route) in routes.iter().enumerate() {
        for other in &routes[..i] {
            if other.name == route.name && !route.name.is_empty() {
                faults
                    .push(fault(route, format!("name: `{}` is also the name of {}", route.name, other.file.display())));
            }
            if other.spool == route.spool && other.files == route.files {
                let message = format!("files: route {} takes the same names from spool {}", other.name, route.spool);
                faults.push(fault(route, message));
            }
        }
    }
    let _ = warnings;
}

fn fault(route: &Route, message: String) -> SourceFault {
    SourceFault { file: route.file.display().to_string(), line: 1, column: 1, message }
}
