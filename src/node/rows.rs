//! Rows of an outlet's database for the command line: copied, counted, or taken away, without a running node.

use super::engines;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::outlets::database::{Counted, DatabaseOutlet, Span};
use crate::outlets::push::Engine;
use crate::settings::{Settings, Target};
use fpp_codecs::Code;
use std::path::Path;

/// Copies the rows of a span into a file that is not there yet.
pub(crate) async fn export(settings: &Settings, outlet: &str, span: &Span, file: &Path) -> Result<Vec<Counted>> {
    let outlet = open(settings, outlet)?;
    let copied = outlet.export(&settings.installation, span, file).await;
    outlet.close().await;
    copied
}

/// Takes the rows of a span away; only counts them if they may not go.
pub(crate) async fn purge(settings: &Settings, outlet: &str, span: &Span, may_go: bool) -> Result<Vec<Counted>> {
    let outlet = open(settings, outlet)?;
    let counted = match may_go {
        true => outlet.purge(&settings.installation, span).await,
        false => outlet.would_purge(&settings.installation, span).await,
    };
    outlet.close().await;
    counted
}

fn open(settings: &Settings, name: &str) -> Result<DatabaseOutlet> {
    let place = settings.outlets.iter().find(|place| place.name == name).map(|place| &place.target);
    match place {
        Some(Target::Database(place)) => Ok(DatabaseOutlet::new(engines::database(place)?, Clock::System)),
        Some(_) => Err(Error::reject(Code::OUTLET, format!("outlet `{name}` is not of kind `database`"))),
        None => Err(Error::reject(Code::OUTLET, format!("the node has no outlet `{name}`"))),
    }
}
