//! An outlet of kind `database`: rows of typed tables, in a SQLite file or in a database of a server.

use super::super::ledger::{self, LedgerServer};
use super::super::reading::Reader;
use super::mode;
use fpp_codecs::source::Section;
use std::path::PathBuf;

/// Where the tables are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// A SQLite file; it is made when the first event comes.
    File {
        /// The file.
        path: PathBuf,
        /// The mode that it is made with.
        mode: u32,
    },
    /// A database of a server that speaks MySQL's protocol: MySQL, MariaDB, OceanBase.
    Server(LedgerServer),
}

/// Reads its keys: those of `[ledger]` for a server, `path` for a file.
pub(super) fn read(section: &Section<'_>, reader: &mut Reader) -> Option<Database> {
    let path = section.text("path");
    if section.has("url") == path.is_some() {
        section.fault("url", "needed is one of the two: `url` of a server's database, or `path` of a SQLite file");
    }
    if path.is_none() && section.has("mode") {
        section.fault("mode", "belongs to the file of `path`, and there is none");
    }
    let mode = mode::read(section);
    let Some(written) = path else { return ledger::server(section, reader).map(Database::Server) };
    let file = reader.path(&written);
    if file.parent().is_some_and(|folder| !folder.is_dir()) {
        reader.warn(section, "path", format!("the folder of {} is not there yet", file.display()));
    }
    Some(Database::File { path: file, mode })
}
