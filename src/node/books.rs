//! Opens the ledger that the settings name: the only place that names its engines.

use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::ledger::change::VerifyReport;
use crate::ledger::mysql::{MysqlLedger, Server, Tls};
use crate::ledger::sql::SqlLedger;
use crate::ledger::sql::session::Engine;
use crate::ledger::sqlite::SqliteLedger;
use crate::settings::{LedgerPlace, LedgerServer, Settings};
use fpp_codecs::Code;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// For a node: makes or updates the tables.
pub(crate) async fn open(settings: &Settings) -> Result<Arc<dyn Ledger>> {
    Ok(match &settings.ledger {
        LedgerPlace::File => Arc::new(SqliteLedger::open(&settings.ledger_file()).await?),
        LedgerPlace::Server(place) => Arc::new(MysqlLedger::open(ledger(place)?).await?),
    })
}

/// For a command that only reads, also while nodes write.
pub(crate) async fn open_read_only(settings: &Settings) -> Result<Arc<dyn Ledger>> {
    Ok(match &settings.ledger {
        LedgerPlace::File => Arc::new(SqliteLedger::open_read_only(&settings.ledger_file()).await?),
        LedgerPlace::Server(place) => Arc::new(MysqlLedger::open_read_only(ledger(place)?).await?),
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
        LedgerPlace::Server(place) => Ok(Some(MysqlLedger::look(ledger(place)?).await?)),
    }
}

/// Copies the books, as they stand now, into a file that is not there yet; what `verify` found in the copy.
pub(crate) async fn backup(settings: &Settings, file: &Path, key: Option<&[u8]>) -> Result<VerifyReport> {
    let copied = match &settings.ledger {
        LedgerPlace::File => {
            let books = SqliteLedger::open_read_only(&settings.ledger_file()).await?;
            into_file(&books, file, key, OTHER_FILE).await
        }
        LedgerPlace::Server(place) => {
            into_file(&MysqlLedger::open_read_only(ledger(place)?).await?, file, key, OTHER_FILE).await
        }
    };
    copied.map_err(|e| if e.what.starts_with(&file.display().to_string()) { e } else { e.at(file.display()) })
}

/// Fills the ledger that the settings name, which must be empty, from a backup. No node runs here meanwhile.
pub(crate) async fn restore(settings: &Settings, backup: &Path, key: Option<&[u8]>) -> Result<VerifyReport> {
    let _lock = super::lock::DataLock::take(&settings.data_dir)?;
    let from = SqliteLedger::open_read_only(backup).await?;
    let place = self::place(settings);
    match &settings.ledger {
        LedgerPlace::File => into_file(&from, &settings.ledger_file(), key, OLD_LEDGER).await,
        LedgerPlace::Server(place) => {
            let to = MysqlLedger::open(ledger(place)?).await?;
            from.copy_into(&to, key).await
        }
    }
    .map_err(|e| if e.what.starts_with(&place) { e } else { e.at(&place) })
}

/// What to do about a file that is there already: a backup has another name, a restored ledger has one place.
const OTHER_FILE: &str = "Nothing was written. Name another file, or put that one away first.";
const OLD_LEDGER: &str = "Nothing was written. A restore fills an empty place: move the ledger that stands there away first, \
                          with its -wal and -shm files, and keep it until the restored one verifies.";

/// Copies into a file, which has its name only when it is whole.
async fn into_file<E: Engine>(
    from: &SqlLedger<E>,
    file: &Path,
    key: Option<&[u8]>,
    hint: &str,
) -> Result<VerifyReport> {
    let there = |file: &Path| Error::halt(Code::LEDGER, format!("{} is there already", file.display())).hint(hint);
    if file.exists() {
        return Err(there(file));
    }
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    if part.exists() {
        return Err(there(&part));
    }
    let to = SqliteLedger::open(&part).await?;
    // Customers' data, wherever the backup lies: it is for its own user.
    let own = std::fs::set_permissions(&part, std::fs::Permissions::from_mode(0o600));
    own.map_err(|e| Error::halt(Code::LEDGER, "the copy cannot be kept from others").caused_by(e))?;
    let copied = from.copy_into(&to, key).await;
    to.close().await;
    let named = match &copied {
        Ok(report) if report.broken.is_none() => name(&part, file),
        _ => Ok(()),
    };
    let removed = std::fs::remove_file(&part);
    named.and(removed).map_err(|e| Error::halt(Code::LEDGER, "the copy cannot be named").caused_by(e))?;
    copied
}

/// Gives a closed copy its name, durably. By a link and not by a rename, so that a file that came meanwhile stays.
fn name(part: &Path, file: &Path) -> std::io::Result<()> {
    let mut log = part.as_os_str().to_owned();
    log.push("-wal");
    if Path::new(&log).exists() {
        return Err(std::io::Error::other("it is still in use"));
    }
    std::fs::hard_link(part, file)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}

/// A server's database as the settings name it, with the password that they name.
pub(super) fn server(place: &LedgerServer, whose: &str, code: Code) -> Result<Server> {
    let password = place.password.as_ref().map(|secret| super::secret::read(secret, whose, code)).transpose()?;
    Ok(named(place, password))
}

/// The ledger's server.
fn ledger(place: &LedgerServer) -> Result<Server> {
    server(place, "the ledger's password", Code::LEDGER)
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
        call_timeout: Duration::from_millis(place.call_timeout_ms),
    }
}
