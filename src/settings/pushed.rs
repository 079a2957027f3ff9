//! `[[outlet]]` of a route that names one of the node's outlets.

use super::answer::Outlet;
use super::checks;
use super::node::Settings;
use super::route::Route;
use crate::outlets::filter::Filter;
use fpp_codecs::source::{Section, SourceFault};

/// An `[[outlet]]` of a route that names an outlet of the node, of the kind that it says.
pub(super) fn of_route(section: &Section<'_>, kind: &'static str) -> Outlet {
    let outlet = section.need_text("name");
    let required = section.flag("required").unwrap_or(true);
    let masked = section.choice("sensitive", &[("clear", false), ("masked", true)]).unwrap_or(true);
    let filter = Filter { types: section.texts("types"), instruments: section.texts("instruments") };
    Outlet::Pushed { outlet, kind, required, masked, filter }
}

/// An outlet that a route names is there, is of the kind that it says, and is named by it once.
pub(super) fn are_known(settings: &Settings, faults: &mut Vec<SourceFault>) {
    for route in &settings.routes {
        let mut met: Vec<&String> = Vec::new();
        for named in &route.outlets {
            let Outlet::Pushed { outlet, kind, .. } = named else { continue };
            if outlet.is_empty() {
                continue;
            }
            let fault = match settings.outlets.iter().find(|place| place.name == *outlet) {
                None => {
                    let names: Vec<&str> = settings.outlets.iter().map(|place| place.name.as_str()).collect();
                    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                    format!("the node has no outlet `{outlet}`; it has: {names}")
                }
                Some(place) if place.kind != *kind => {
                    format!("outlet `{outlet}` is of kind {}, not {kind}", place.kind)
                }
                Some(_) if met.contains(&outlet) => format!("outlet `{outlet}` stands there twice"),
                Some(_) => {
                    met.push(outlet);
                    continue;
                }
            };
            faults.extend(checks::at(route, "outlet", &fault));
        }
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
