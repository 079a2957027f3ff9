//! Where the ledger is: a file of the data folder, or a database of a server.
//!
//! Invariant: the password stands in a file or in the environment, never here; what is shown or logged of this has none.

use super::reading::Reader;
use fpp_codecs::source::Section;
use std::path::PathBuf;

/// The port of MySQL; OceanBase listens on 2881, its proxy on 2883.
const PORT: u16 = 3306;
/// How long a call may take.
const CALL_TIMEOUT_MS: std::ops::RangeInclusive<i64> = 1_000..=600_000;
const SCHEME: &str = "mysql://";
const SHAPE: &str = "mysql://USER@HOST:PORT/DATABASE, or mysql://USER@localhost/DATABASE?socket=PATH";

/// Where the ledger is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerPlace {
    /// `ledger.sqlite` in the data folder.
    File,
    /// A database of a server that speaks MySQL's protocol.
    Server(LedgerServer),
}

/// A database of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerServer {
    /// Host.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Unix socket, instead of host and port.
    pub socket: Option<PathBuf>,
    /// User.
    pub user: String,
    /// Database.
    pub database: String,
    /// Where its password is.
    pub password: Option<Secret>,
    /// Encrypted, and the server proves who it is.
    pub tls: bool,
    /// Authorities that sign the server's certificate; those of the system without it.
    pub ca_file: Option<PathBuf>,
    /// Most connections that write at once.
    pub connections_max: u32,
    /// When a server that does not answer is given up.
    pub call_timeout_ms: u64,
}

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// In a file; the end of its last line is no part of it.
    File(PathBuf),
    /// In a variable of the environment.
    Env(String),
}

/// Reads `[ledger]`.
pub(super) fn read(root: &Section<'_>, reader: &mut Reader) -> LedgerPlace {
    let Some(section) = root.section("ledger") else { return LedgerPlace::File };
    if !section.has("url") {
        section.fault("url", format_args!("needed: {SHAPE}; without [ledger] it is a file in data_dir"));
    }
    let server = server(&section, reader);
    section.no_more();
    server.map_or(LedgerPlace::File, LedgerPlace::Server)
}

/// Reads the keys of a database of a server; nothing without a `url` that can be read.
pub(super) fn server(section: &Section<'_>, reader: &mut Reader) -> Option<LedgerServer> {
    let parsed = section.text("url").and_then(|url| parse(&url).map_err(|fault| section.fault("url", fault)).ok());
    let password = secret(section, reader, "password");
    let tls = match section.text("tls").as_deref() {
        None | Some("verify") => true,
        Some("off") => false,
        Some(other) => {
            section.fault("tls", format_args!("`{other}` is neither `verify` nor `off`"));
            true
        }
    };
    let ca_file = section.has("ca_file").then(|| {
        reader.read_named(section, "ca_file");
        reader.path(&section.text("ca_file").unwrap_or_default())
    });
    if ca_file.is_some() && !tls {
        section.fault("ca_file", "nothing is checked with `tls = \"off\"`");
    }
    let connections_max = section.number_in("connections_max", 1..=200).and_then(|n| u32::try_from(n).ok());
    let call_timeout_ms = section.number_in("call_timeout_ms", CALL_TIMEOUT_MS).map(i64::unsigned_abs);
    let server = parsed?;
    if server.socket.is_some() && section.has("tls") && tls {
        section.fault("tls", "a socket leaves no machine, so nothing is encrypted on it");
    }
    Some(LedgerServer {
        password,
        tls: tls && server.socket.is_none(),
        ca_file,
        connections_max: connections_max.unwrap_or(server.connections_max),
        call_timeout_ms: call_timeout_ms.unwrap_or(server.call_timeout_ms),
        ..server
    })
}

/// Where a secret is: `NAME_file` or `NAME_env`; that it stands in the settings themselves is a fault.
pub(super) fn secret(section: &Section<'_>, reader: &mut Reader, name: &str) -> Option<Secret> {
    let (in_file, in_environment) = (format!("{name}_file"), format!("{name}_env"));
    let file = section.has(&in_file).then(|| reader.secret_file(section, &in_file)).flatten();
    let variable = section.text(&in_environment);
    if file.is_some() && variable.is_some() {
        section.fault(&in_environment, "a secret stands in a file or in the environment, not in both");
    }
    if section.has(name) {
        section.text(name);
        section.fault(name, format_args!("a secret never stands here; write it to a file and name that: {in_file}"));
    }
    match (file, variable) {
        (Some(file), _) => Some(Secret::File(file)),
        (None, Some(variable)) => {
            if std::env::var_os(&variable).is_none() {
                reader.warn(section, &in_environment, format!("the environment has no {variable} here"));
            }
            Some(Secret::Env(variable))
        }
        (None, None) => None,
    }
}

/// Reads the place out of a URL. What is wrong is told without the URL, which may have a password in it.
fn parse(url: &str) -> Result<LedgerServer, String> {
    let rest = url.strip_prefix(SCHEME).ok_or_else(|| format!("must look like {SHAPE}"))?;
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let (authority, database) = rest.split_once('/').ok_or_else(|| format!("names no database: {SHAPE}"))?;
    // The last one, because users of OceanBase have one of their own: USER@TENANT@HOST.
    let (user, host) = authority.rsplit_once('@').ok_or_else(|| format!("names no user: {SHAPE}"))?;
    if user.contains(':') {
        return Err("a password never stands here; write it to a file and name that: password_file".to_owned());
    }
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => {
            (host, port.parse().map_err(|_| "its port is no number from 1 to 65535".to_owned())?)
        }
        _ => (host, PORT),
    };
    let (user, database) = (decoded(user)?, decoded(database)?);
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    if user.is_empty() || host.is_empty() || database.is_empty() || database.contains('/') {
        return Err(format!("must look like {SHAPE}"));
    }
    let socket = match query.map(|query| query.split_once('=')) {
        None => None,
        Some(Some(("socket", path))) if path.starts_with('/') => Some(PathBuf::from(decoded(path)?)),
        Some(_) => return Err("after `?` only socket=/PATH is known; TLS has keys of its own".to_owned()),
    };
    let (password, ca_file) = (None, None);
    let (connections_max, call_timeout_ms) = (8, 60_000);
    let tls = true;
    Ok(LedgerServer { host, port, socket, user, database, password, tls, ca_file, connections_max, call_timeout_ms })
}

/// Undoes `%40` and the like.
fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let pair = rest.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        bytes.push(byte.ok_or("a `%` must be followed by two hexadecimal digits")?);
        rest = rest.get(2..).unwrap_or_default();
    }
    String::from_utf8(bytes).map_err(|_| "it is no UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_place_is_read_out_of_its_url() {
        let server = parse("mysql://fpp@bank%23c1@db.bank.example:2883/fpp").unwrap();
        assert_eq!((server.user.as_str(), server.host.as_str()), ("fpp@bank#c1", "db.bank.example"));
        assert_eq!((server.port, server.database.as_str(), server.socket), (2883, "fpp", None));
        let server = parse("mysql://root@localhost/books?socket=/run/db.sock").unwrap();
        assert_eq!((server.port, server.socket), (3306, Some("/run/db.sock".into())));
        assert_eq!(parse("mysql://fpp@[::1]:3307/fpp").unwrap().host, "::1");
        assert_eq!(parse("mysql://fpp@[::1]/fpp").unwrap().port, 3306);
    }

    #[test]
    fn a_wrong_url_is_told_without_what_may_be_secret() {
        for (url, part) in [
            ("postgres://a@b/c", "must look like"),
            ("mysql://a@b", "names no database"),
            ("mysql://b/c", "names no user"),
            ("mysql://a@b/", "must look like"),
            ("mysql://a@b:x/c", "port"),
            ("mysql://a@b/c?ssl-mode=disabled", "only socket"),
            ("mysql://a%4@b/c", "hexadecimal"),
            ("mysql://a:s3cret@b/c", "password_file"),
        ] {
            let fault = parse(url).unwrap_err();
            assert!(fault.contains(part) && !fault.contains("s3cret"), "{url}: {fault}");
        }
    }
}
