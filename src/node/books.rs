//! Opens the ledger that the settings name: the only place that names its engines.

use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::ledger::mysql::{MysqlLedger, Server, Tls};
use crate::ledger::sqlite::SqliteLedger;
use crate::settings::{LedgerPlace, LedgerServer, Secret, Settings};
use fpp_codecs::Code;
use std::sync::Arc;

/// For a node: makes or updates the tables.
pub(crate) async fn open(settings: &Settings) -> Result<Arc<dyn Ledger>> {
    Ok(match &settings.ledger {
        LedgerPlace::File => Arc::new(SqliteLedger::open(&settings.ledger_file()).await?),
        LedgerPlace::Server(place) => Arc::new(MysqlLedger::open(server(place)?).await?),
    })
}

/// For a command that only reads, also while nodes write.
pub(crate) async fn open_read_only(settings: &Settings) -> Result<Arc<dyn Ledger>> {
    Ok(match &settings.ledger {
        LedgerPlace::File => Arc::new(SqliteLedger::open_read_only(&settings.ledger_file()).await?),
        LedgerPlace::Server(place) => Arc::new(MysqlLedger::open_read_only(server(place)?).await?),
    })
}

/// Whether there can be books: a file that is not there yet has none. A server is asked when they are opened.
pub(crate) fn may_exist(settings: &Settings) -> bool {
    settings.ledger != LedgerPlace::File || settings.ledger_file().exists()
}

/// Where the books are, without any secret.
pub(crate) fn place(settings: &Settings) -> String {
    match &settings.ledger {
        LedgerPlace::File => settings.ledger_file().display().to_string(),
        LedgerPlace::Server(place) => named(place, None).to_string(),
    }
}

/// Asks the ledger's server for the version of the tables, changing nothing: 0 when there are none yet. A file is not
/// looked at: it is made when a node starts.
pub(crate) async fn look(settings: &Settings) -> Result<Option<i64>> {
    match &settings.ledger {
        LedgerPlace::File => Ok(None),
        LedgerPlace::Server(place) => Ok(Some(MysqlLedger::look(server(place)?).await?)),
    }
}

fn server(place: &LedgerServer) -> Result<Server> {
    Ok(named(place, place.password.as_ref().map(password).transpose()?))
}

fn named(place: &LedgerServer, password: Option<String>) -> Server {
    Server {
        host: place.host.clone(),
        port: place.port,
        socket: place.socket.clone(),
        user: place.user.clone(),
        password,
        database: place.database.clone(),
        tls: if place.tls { Tls::Verified(place.ca_file.clone()) } else { Tls::Off },
        connections_max: place.connections_max,
    }
}

fn password(secret: &Secret) -> Result<String> {
    match secret {
        Secret::File(file) => {
            let text = std::fs::read_to_string(file).map_err(|e| {
                Error::halt(Code::LEDGER, format!("the ledger's password cannot be read from {}", file.display()))
                    .caused_by(e)
            })?;
            Ok(text.strip_suffix('\n').map_or(text.as_str(), |line| line.trim_end_matches('\r')).to_owned())
        }
        Secret::Env(variable) => std::env::var(variable).map_err(|_| {
            Error::halt(Code::LEDGER, format!("the environment has no {variable}, which is the ledger's password"))
                .hint("Set it for this command, or name a file: ledger.password_file.")
        }),
    }
}
