//! Makes the engines of the node's outlets: the only place that names them. Nothing is connected here, so a target that is
//! away keeps no node from starting.

use super::books::server;
use super::rooms::WrapOutlet;
use crate::clock::Clock;
use crate::delivery::outlet::{Outlet, Use};
use crate::error::Result;
use crate::outlets::append::Append;
use crate::outlets::database::{DatabaseOutlet, Place};
use crate::outlets::events::View;
use crate::outlets::push::Engine;
use crate::settings::database::Database;
use crate::settings::{OutletPlace, Settings, Target};
use fpp_codecs::Code;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The engine of one outlet; secrets are read here.
pub(crate) fn engine(_settings: &Settings, place: &OutletPlace) -> Result<Arc<dyn Engine>> {
    Ok(match &place.target {
        Target::Append(append) => Arc::new(Append::new(&append.folder)),
        Target::Database(place) => Arc::new(DatabaseOutlet::new(database(place)?, Clock::System)),
    })
}

/// Where the tables of an outlet are; its password is read here.
pub(crate) fn database(place: &Database) -> Result<Place> {
    Ok(match place {
        Database::File(path) => Place::File(path.clone()),
        Database::Server(place) => Place::Server(server(place, "the password of the outlet's database", Code::OUTLET)?),
    })
}

/// All outlets by name, with the routes that use them.
pub(super) fn outlets(settings: &Settings, wrap: Option<WrapOutlet>) -> Result<BTreeMap<String, Arc<Outlet>>> {
    let mut outlets = BTreeMap::new();
    for place in &settings.outlets {
        let made = engine(settings, place).map_err(|e| e.at(format!("outlet `{}`", place.name)))?;
        let uses = settings.routes.iter().filter_map(|route| {
            let (_, masked, filter) = route.pushes_to(&place.name)?;
            let view = if masked { View::Masked } else { View::Clear };
            Some((route.name.clone(), Use { view, filter: filter.clone() }))
        });
        let outlet = Outlet {
            name: place.name.clone(),
            kind: place.kind,
            engine: wrap.as_ref().map_or(made.clone(), |wrap| wrap(&place.name, made)),
            uses: uses.collect(),
            batch_events: place.batch_events,
            batch_bytes: place.batch_bytes,
            routes_at_once: place.routes_at_once,
            probe: Duration::from_millis(place.probe_ms),
            retry_max_ms: place.retry_max_ms,
            breaker: Default::default(),
        };
        outlets.insert(place.name.clone(), Arc::new(outlet));
    }
    Ok(outlets)
}
