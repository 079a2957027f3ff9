//! The node's outlets: each with its engine, and what of which route goes there.

use super::engines::engine;
use super::faulty::Faulty;
use super::rooms::WrapOutlet;
use crate::clock::Clock;
use crate::delivery::outlet::{Outlet, Use};
use crate::outlets::events::View;
use crate::outlets::push::Engine;
use crate::settings::{OutletPlace, Settings};
use fpp_codecs::source::SourceFault;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Outlets whose secrets or certificates are not usable, each where it is configured.
pub(crate) fn faults(settings: &Settings) -> Vec<SourceFault> {
    let told = |place: &OutletPlace| Some(settings.at_outlet(&place.name, &engine(place).err()?.to_string()));
    settings.outlets.iter().filter_map(told).flatten().collect()
}

/// All outlets by name. One that cannot be made is down from the beginning.
pub(super) fn outlets(settings: &Settings, clock: &Clock, wrap: Option<WrapOutlet>) -> BTreeMap<String, Arc<Outlet>> {
    let outlets = settings.outlets.iter().map(|place| {
        let outlet = outlet(settings, place, clock, wrap.as_ref());
        (place.name.clone(), Arc::new(outlet))
    });
    outlets.collect()
}

fn outlet(settings: &Settings, place: &OutletPlace, clock: &Clock, wrap: Option<&WrapOutlet>) -> Outlet {
    let uses = settings.routes.iter().filter_map(|route| {
        let (_, masked, filter) = route.pushes_to(&place.name)?;
        let view = if masked { View::Masked } else { View::Clear };
        Some((route.name.clone(), Use { view, filter: filter.clone() }))
    });
    let (made, fault): (Arc<dyn Engine>, _) = match engine(place) {
        Ok(made) => (made, None),
        Err(fault) => (Arc::new(Faulty::new(place)), Some(fault)),
    };
    let outlet = Outlet {
        name: place.name.clone(),
        kind: place.kind,
        engine: wrap.map_or(made.clone(), |wrap| wrap(&place.name, made)),
        uses: uses.collect(),
        batch_events: place.batch_events,
        batch_bytes: place.batch_bytes,
        routes_at_once: place.routes_at_once,
        probe: Duration::from_millis(place.probe_ms),
        retry_max_ms: place.retry_max_ms,
        redrives: Default::default(),
        breaker: Default::default(),
    };
    if let Some(fault) = fault {
        tracing::error!(outlet = place.name, "it cannot be used as it is configured: {fault}");
        outlet.breaker.open(fault.to_string(), clock.now_ms(), outlet.probe);
    }
    outlet
}
