//! `[[outlet]]` of a route that names one of the node's outlets.

use super::answer::Outlet;
use super::checks;
use super::database::Database;
use super::node::Settings;
use super::outlet::Target;
use super::route::Route;
use crate::outlets::filter::Filter;
use crate::trade::plan::Plan;
use crate::trade::schema::of_files;
use fpp_codecs::source::{Section, Source, SourceFault};

/// An `[[outlet]]` of a route that names an outlet of the node, of the kind that it says.
pub(super) fn of_route(section: &Section<'_>, kind: &'static str) -> Outlet {
    let outlet = section.need_text("name");
    let required = section.flag("required").unwrap_or(true);
    let masked = section.choice("sensitive", &[("clear", false), ("masked", true)]).unwrap_or(true);
    let filter = Filter { types: section.texts("types"), instruments: section.texts("instruments") };
    Outlet::Pushed { outlet, kind, required, masked, filter }
}

/// An outlet that a route names is there, is of the kind that it says, and is named by it once.
/// `written` are those of the node that have faults of their own, too.
pub(super) fn are_known(settings: &Settings, written: &[String], faults: &mut Vec<SourceFault>) {
    for route in &settings.routes {
        let mut met: Vec<&String> = Vec::new();
        for named in &route.outlets {
            let Outlet::Pushed { outlet, kind, .. } = named else { continue };
            if outlet.is_empty() {
                continue;
            }
            let before = met.iter().filter(|name| **name == outlet).count();
            met.push(outlet);
            let fault = match settings.outlets.iter().find(|place| place.name == *outlet) {
                None if written.contains(outlet) => continue,
                None => {
                    let names = if written.is_empty() { "none".to_owned() } else { written.join(", ") };
                    Some(("name", format!("the node has no outlet `{outlet}`; it has: {names}")))
                }
                Some(place) if place.kind != *kind => {
                    Some(("kind", format!("outlet `{outlet}` is of kind {}, not {kind}", place.kind)))
                }
                Some(_) => (before > 0).then(|| ("name", format!("outlet `{outlet}` stands there twice"))),
            };
            if let Some((key, fault)) = fault {
                faults.extend(checks::at_outlet(route, outlet, before, key, &fault));
            }
        }
    }
}

/// Clear and masked events of a trade differ, so that of one file they cannot stand in the same tables (D9).
pub(super) fn views_agree(settings: &Settings, faults: &mut Vec<SourceFault>) {
    let tables = |name: &str| match settings.outlets.iter().find(|place| place.name == name).map(|place| &place.target)
    {
        Some(Target::Database(Database::Server(s))) => Some((&s.host, s.port, &s.socket, &s.database)),
        _ => None,
    };
    for route in &settings.routes {
        let mut met = Vec::new();
        for named in &route.outlets {
            let Outlet::Pushed { outlet, masked, .. } = named else { continue };
            let Some(place) = tables(outlet) else { continue };
            if let Some((_, _, other)) = met.iter().find(|(there, view, _)| *there == place && *view != *masked) {
                let fault = format!(
                    "`{outlet}` and `{other}` are one database, and one of them is masked; each view needs one of its own"
                );
                faults.extend(checks::at_outlet(route, outlet, 0, "name", &fault));
            }
            met.push((place, *masked, outlet));
        }
    }
}

/// A filter that takes no event is odd: a required outlet would get nothing, and the answer would go out.
pub(super) fn filters_take(route: &Route, plan: &Plan) -> Vec<SourceFault> {
    let kinds: Vec<String> =
        plan.mapping.schemas(&plan.format).into_iter().chain(of_files()).map(|schema| schema.name).collect();
    let mut warnings = Vec::new();
    for named in &route.outlets {
        let Outlet::Pushed { outlet, filter, .. } = named else { continue };
        let mut warn = |key: &str, message: String| {
            warnings.extend(checks::at_outlet(route, outlet, 0, key, &message));
        };
        for wanted in &filter.types {
            let one = Filter { types: vec![wanted.clone()], ..Filter::default() };
            if !kinds.iter().any(|kind| one.takes(kind, None)) {
                warn("types", format!("no event of the route is of type `{wanted}`; it has: {}", kinds.join(", ")));
            }
        }
        for code in filter.instruments.iter().filter(|code| plan.instruments.find(code).is_none()) {
            warn("instruments", format!("the route's list has no instrument `{code}`"));
        }
    }
    warnings
}

impl Settings {
    /// A fault of one of the node's outlets, where it is configured.
    pub fn at_outlet(&self, name: &str, message: &str) -> Vec<SourceFault> {
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
        let source = Source::new(self.file.display().to_string(), text);
        let root = source.root();
        let section = root.section("outlet").and_then(|outlets| outlets.section(name));
        source.note(section.as_ref().unwrap_or(&root).span(""), format!("outlet `{name}`: {message}"));
        drop((section, root));
        source.finish()
    }
}

impl Route {
    /// How it uses an outlet of the node, if it does: whether required, whether masked, and which events.
    pub fn pushes_to(&self, name: &str) -> Option<(bool, bool, &Filter)> {
        self.outlets.iter().find_map(|outlet| match outlet {
            Outlet::Pushed { outlet, required, masked, filter, .. } if outlet == name => {
                Some((*required, *masked, filter))
            }
            _ => None,
        })
    }
}
