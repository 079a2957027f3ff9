//! What only shows when everything is read: names used twice, series that overlap.

use super::answer::Outlet;
use super::names;
use super::node::Settings;
use super::route::{DayControl, Route};
use super::spool::{Spool, SpoolKind};
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
        let answer = route.answer.iter().map(|a| (false, &a.spool, &a.name, &a.checksums, (&a.marker, &a.receipt)));
        let files = route.outlets.iter().filter_map(|outlet| match outlet {
            Outlet::File { spool, name, checksums, marker, receipt, .. } => {
                Some((true, spool, name, checksums, (marker, receipt)))
            }
            Outlet::Stream | Outlet::Pushed { .. } => None,
        });
        for (is_outlet, spool, name, checksums, (marker, receipt)) in answer.chain(files) {
            let Some(max) = spools.iter().find(|s| s.name == *spool).and_then(|s| s.name_max) else { continue };
            let Some(example) = names::shortest(name) else { continue };
            let checksum = checksums.iter().map(|kind| format!("{example}.{}", kind.name()));
            let beside = marker.iter().map(|m| &m.pattern).chain(receipt).filter_map(|p| names::filled(p, &example));
            for long in
                std::iter::once(example.clone()).chain(checksum).chain(beside).filter(|n| n.chars().count() > max)
            {
                let message = format!("{long} has more than the {max} characters that spool {spool} allows (name_max)");
                faults.extend(match is_outlet {
                    true => at_outlet(route, name, 0, "name", &message),
                    false => at(route, "answer", &message),
                });
            }
        }
    }
}

/// A file that is rejected and comes again, put right, may find its outlet's name standing. Without a number in the template
/// it gets a longer name, and the partner's names may have no room for that.
pub(super) fn names_may_come_again(routes: &[Route], spools: &[Spool], warnings: &mut Vec<SourceFault>) {
    for route in routes {
        for outlet in &route.outlets {
            let Outlet::File { spool, name, .. } = outlet else { continue };
            let max = spools.iter().find(|s| s.name == *spool).and_then(|s| s.name_max);
            let (Some(max), Some(example)) = (max, names::shortest(name)) else { continue };
            if !names::has(name, "answer") && example.chars().count() + LONGER > max {
                let message = format!(
                    "without {{answer}}, a file that is rejected and comes again waits for a person while {example} stands in \
                     spool {spool}: a longer name does not fit there (name_max)"
                );
                warnings.extend(at_outlet(route, name, 0, "name", &message));
            }
        }
    }
}

/// A receipt that a route would take in as a file of its own would be moved away, or be answered; one that is taken for a marker
/// or a flag would make a file ready, or a date open.
pub(super) fn receipts_are_no_files(routes: &[Route], spools: &[Spool], faults: &mut Vec<SourceFault>) {
    for route in routes {
        let answer = route.answer.iter().map(|a| (None, &a.spool, &a.name, &a.receipt));
        let files = route.outlets.iter().filter_map(|outlet| match outlet {
            Outlet::File { spool, name, receipt, .. } => Some((Some(name), spool, name, receipt)),
            Outlet::Stream | Outlet::Pushed { .. } => None,
        });
        for (outlet, spool, name, receipt) in answer.chain(files) {
            let Some(found) = receipt.as_ref().zip(names::shortest(name)).and_then(|(r, name)| names::filled(r, &name))
            else {
                continue;
            };
            let spool = spools.iter().find(|known| known.name == *spool);
            let Some(taken) = spool.and_then(|spool| taken_for(&found, spool, routes)) else { continue };
            let message = format!("receipt {found} would be taken {taken}");
            faults.extend(match outlet {
                Some(name) => at_outlet(route, name, 0, "receipt", &message),
                None => at(route, "answer", &message),
            });
        }
    }
}

/// What a name in a spool is to those who collect there: a marker first, as the look at the folder has it.
fn taken_for(name: &str, spool: &Spool, routes: &[Route]) -> Option<String> {
    let here = || routes.iter().filter(|route| route.spool == spool.name);
    if let Some(route) = here().find(|route| names::marks(&route.ready, name, spool.fold)) {
        return Some(format!("for a marker of route {}", route.name));
    }
    if let Some(flag) = spool.day_flags.iter().find(|flag| names::takes(&flag.files, name, spool.fold)) {
        return Some(format!("for a flag of the business date ({} of spool {})", flag.files, spool.name));
    }
    let route = here().find(|route| names::takes(&route.files, name, spool.fold))?;
    Some(format!("in as a file of route {}", route.name))
}

/// By so much a name grows that another file has.
const LONGER: usize = 7;

/// A flag of the core speaks of routes whose dates are opened and closed.
pub(super) fn flags_have_routes(settings: &Settings, faults: &mut Vec<SourceFault>) {
    for spool in &settings.spools {
        for name in spool.day_flags.iter().flat_map(|flag| &flag.routes) {
            let message = match settings.routes.iter().find(|route| route.name == *name) {
                None => format!("day_flag of spool {}: there is no route `{name}`", spool.name),
                Some(route) if route.day == DayControl::None => {
                    format!("day_flag of spool {}: route `{name}` has no day_control", spool.name)
                }
                Some(_) => continue,
            };
            let text = std::fs::read_to_string(&settings.file).unwrap_or_default();
            let source = Source::new(settings.file.display().to_string(), text);
            let root = source.root();
            root.fault("spool", message);
            drop(root);
            faults.extend(source.finish());
        }
    }
}

/// A route runs only what its partner's allow list has.
pub(super) fn commands_are_known(routes: &[Route], spools: &[Spool], faults: &mut Vec<SourceFault>) {
    let allowed = |spool: &str| -> Vec<&str> {
        match spools.iter().find(|s| s.name == spool).map(|s| &s.kind) {
            Some(SpoolKind::Sftp(sftp)) => sftp.commands.iter().map(|c| c.name.as_str()).collect(),
            _ => Vec::new(),
        }
    };
    for route in routes {
        let answer = route.answer.iter().filter_map(|a| Some((None, &a.spool, a.run_after.as_ref()?)));
        let files = route.outlets.iter().filter_map(|outlet| match outlet {
            Outlet::File { spool, name, run_after, .. } => Some((Some(name), spool, run_after.as_ref()?)),
            Outlet::Stream | Outlet::Pushed { .. } => None,
        });
        for (outlet, spool, command) in answer.chain(files) {
            let known = allowed(spool);
            if !known.contains(&command.as_str()) {
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                let message = format!("run_after: spool {spool} has no command `{command}`; it has: {known}");
                faults.extend(match outlet {
                    Some(name) => at_outlet(route, name, 0, "run_after", &message),
                    None => at(route, "answer", &message),
                });
            }
        }
    }
}

/// A message at a key of an `[[outlet]]` of a route's file: of the first with this name, or of a later one.
pub(super) fn at_outlet(route: &Route, name: &str, nth: usize, key: &str, message: &str) -> Vec<SourceFault> {
    let text = std::fs::read_to_string(&route.file).unwrap_or_default();
    let source = Source::new(route.file.display().to_string(), text);
    let root = source.root();
    let sections = root.sections("outlet");
    match sections.iter().filter(|section| section.text("name").as_deref() == Some(name)).nth(nth) {
        Some(section) => section.fault(key, message),
        None => root.fault("outlet", message),
    }
    drop((sections, root));
    source.finish()
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
