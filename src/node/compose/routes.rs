//! Routes as settings have them become routes that are ready for work.

use super::scans::{content, index, pattern, source_action};
use crate::error::{Error, Result};
use crate::inbound::route::{AnswerTarget, FileOutlet, Publish, Route};
use crate::settings::{self, Settings};
use fpp_spool::{Algorithm, Folder, NameTemplate};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The routes, ready for work, for the node and for whoever walks files without one.
pub fn routes(
    settings: &Settings,
    folders: &BTreeMap<String, Arc<dyn Folder>>,
) -> Result<BTreeMap<String, Arc<Route>>> {
    let timezone = jiff::tz::TimeZone::get(&settings.timezone)
        .map_err(|e| Error::internal(format!("no time zone `{}`", settings.timezone)).caused_by(e))?;
    let mut routes = BTreeMap::new();
    for route in &settings.routes {
        let Some(spool) = settings.spool(&route.spool) else {
            return Err(Error::internal(format!("route `{}` names no known spool", route.name)));
        };
        let bundle = route.bundle(settings)?;
        let page = bundle.compile()?.format.page;
        let ready = Route {
            page,
            name: route.name.clone(),
            spool: route.spool.clone(),
            pattern: pattern(&route.files, spool.fold)?,
            fold: spool.fold,
            index: index(&route.ready, page)?,
            folder: folders.get(&route.spool).cloned(),
            source: source_action(&route.source),
            file_max_bytes: spool.file_max_bytes,
            algorithm: route.digest,
            day: route.day,
            series: route.series.clone(),
            timezone: timezone.clone(),
            bundle: Arc::new(bundle),
            second_person: route.second_person.clone(),
            files: file_outlets(route, settings)?,
            pushed: pushed(route),
            answer: route.answer.as_ref().map(|answer| answer_target(answer, settings)).transpose()?,
        };
        routes.insert(route.name.clone(), Arc::new(ready));
    }
    Ok(routes)
}

fn file_outlets(route: &settings::Route, settings: &Settings) -> Result<Vec<FileOutlet>> {
    let mut files = Vec::new();
    for outlet in &route.outlets {
        if let settings::Outlet::File { spool, form, name, required, masked, checksums, marker, .. } = outlet {
            files.push(FileOutlet {
                spool: spool.clone(),
                form: *form,
                template: NameTemplate::parse(name)?,
                required: *required,
                masked: *masked,
                publish: publish(settings, spool, checksums, marker.as_ref())?,
            });
        }
    }
    Ok(files)
}

fn pushed(route: &settings::Route) -> Vec<(String, bool)> {
    let named = route.outlets.iter().filter_map(|outlet| match outlet {
        settings::Outlet::Pushed { outlet, required, .. } => Some((outlet.clone(), *required)),
        _ => None,
    });
    named.collect()
}

fn answer_target(answer: &settings::Answer, settings: &Settings) -> Result<AnswerTarget> {
    Ok(AnswerTarget {
        spool: answer.spool.clone(),
        template: NameTemplate::parse(&answer.name)?,
        held_after_ms: answer.held_after_ms,
        publish: publish(settings, &answer.spool, &answer.checksums, answer.marker.as_ref())?,
    })
}

fn publish(
    settings: &Settings,
    spool: &str,
    checksums: &[settings::DigestKind],
    marker: Option<&settings::MarkerOut>,
) -> Result<Publish> {
    Ok(Publish {
        checksums: checksums.iter().map(|kind| algorithm(*kind)).collect(),
        marker: marker.map(|m| Ok::<_, Error>((NameTemplate::parse(&m.pattern)?, content(m.content)))).transpose()?,
        name_max: settings.spool(spool).and_then(|spool| spool.name_max),
    })
}

fn algorithm(kind: settings::DigestKind) -> Algorithm {
    match kind {
        settings::DigestKind::Sha256 => Algorithm::Sha256,
        settings::DigestKind::Sm3 => Algorithm::Sm3,
    }
}
