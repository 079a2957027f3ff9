//! Spools: folders used as queues, local or over SFTP.

use super::reading::Reader;
use super::route::SourceAction;
use super::{command, names, source};
use crate::delivery::allowed::Allowed;
use fpp_codecs::source::Section;
use std::path::PathBuf;

/// A folder used as a queue by an agreed protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spool {
    /// Name.
    pub name: String,
    /// Where it is.
    pub kind: SpoolKind,
    /// Files above this size are refused unread (FPP1016).
    pub file_max_bytes: u64,
    /// A folder with more entries than this is not listed to its end: the status says so.
    pub list_max: usize,
    /// Names mean the same in upper and lower case.
    pub fold: bool,
    /// The most characters of a name that fpp writes there.
    pub name_max: Option<usize>,
    /// Nodes that reach it (D24); empty when all do.
    pub reached_by: Vec<String>,
    /// Files of the core that open or close business dates.
    pub day_flags: Vec<DayFlag>,
}

/// Files whose names open or close business dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayFlag {
    /// Pattern of their names, with `{date}`.
    pub files: String,
    /// They open; else they close.
    pub open: bool,
    /// The routes that they speak of.
    pub routes: Vec<String>,
    /// What becomes of them.
    pub source: SourceAction,
}

/// Where a spool is.
#[derive(Clone, Debug, PartialEq, Eq)]
// A node has a handful of spools: their size costs nothing.
#[allow(clippy::large_enum_variant)]
pub enum SpoolKind {
    /// A folder of this machine, or mounted on it.
    Local {
        /// The folder.
        path: PathBuf,
    },
    /// A folder of a partner, over SFTP.
    Sftp(Sftp),
}

/// A partner's folder over SFTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sftp {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// User.
    pub user: String,
    /// How the user proves who he is.
    pub auth: SftpAuth,
    /// Accepted host keys: `SHA256:...` fingerprints or `ssh-ed25519 AAAA...` lines; never empty.
    pub host_keys: Vec<String>,
    /// The folder, as the partner names it.
    pub path: String,
    /// Patience for connecting.
    pub connect_timeout_ms: u64,
    /// Patience for one call.
    pub call_timeout_ms: u64,
    /// Sessions held open at once; the oldest partners allow one.
    pub sessions_max: usize,
    /// Ciphers to offer instead of the default list, in order, separated by commas.
    pub ciphers: Option<String>,
    /// Other addresses of the same folders.
    pub standbys: Vec<Standby>,
    /// What may be run there, by name.
    pub commands: Vec<Allowed>,
}

/// Another address of a partner, asked when the first does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standby {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Its accepted host keys.
    pub host_keys: Vec<String>,
}

/// How an SFTP user proves who he is. Only files and agents: a secret never stands in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SftpAuth {
    /// A private key.
    KeyFile {
        /// The key.
        path: PathBuf,
        /// File that holds its passphrase.
        passphrase_file: Option<PathBuf>,
    },
    /// The agent at `SSH_AUTH_SOCK`.
    Agent,
    /// A file that holds the password.
    PasswordFile(PathBuf),
}

/// Reads `[spool.<name>]`.
pub(super) fn read(name: &str, section: &Section<'_>, reader: &mut Reader) -> Option<Spool> {
    reader.check_name(section, "kind", name);
    let kind = match section.choice("kind", &[("local", false), ("sftp", true)]) {
        Some(false) => local(section, reader),
        Some(true) => sftp(section, reader),
        None => {
            if !section.has("kind") {
                section.fault("kind", "is missing; local or sftp is needed");
            }
            return None;
        }
    };
    let file_max_bytes = section.number_in("file_max_bytes", 1..=1 << 50).unwrap_or(16 << 30);
    let list_max = section.number_in("list_max", 1..=10_000_000).unwrap_or(100_000);
    let fold = section.choice("case", &[("exact", false), ("fold", true)]).unwrap_or(false);
    let name_max = section.number_in("name_max", 1..=255).and_then(|max| usize::try_from(max).ok());
    let reached_by = reached_by(section, reader);
    let day_flags = section.sections("day_flag").iter().filter_map(day_flag).collect();
    section.no_more();
    Some(Spool {
        name: name.to_owned(),
        kind: kind?,
        file_max_bytes: file_max_bytes.unsigned_abs(),
        list_max: usize::try_from(list_max).unwrap_or(usize::MAX),
        fold,
        name_max,
        reached_by,
        day_flags,
    })
}

fn day_flag(section: &Section<'_>) -> Option<DayFlag> {
    let files = names::pattern(section, "files");
    if !files.is_empty() && !names::has(&files, "date") {
        section.fault("files", "needs {date}, the business date that it opens or closes");
    }
    let open = section.choice("act", &[("open", true), ("close", false)]);
    if !section.has("act") {
        section.fault("act", "is missing; open or close is needed");
    }
    let routes = section.texts("routes");
    if routes.is_empty() {
        section.fault("routes", "must name the routes whose dates it opens or closes");
    }
    let source = source::action(section);
    section.no_more();
    Some(DayFlag { files, open: open?, routes, source })
}

fn reached_by(section: &Section<'_>, reader: &mut Reader) -> Vec<String> {
    let nodes = section.texts("reached_by");
    for node in &nodes {
        reader.check_name(section, "reached_by", node);
    }
    if section.has("reached_by") && nodes.is_empty() {
        section.fault("reached_by", "names no node; leave it out where all nodes reach the spool");
    }
    nodes
}

fn local(section: &Section<'_>, reader: &mut Reader) -> Option<SpoolKind> {
    let path = reader.path(&section.need_text("path"));
    command::refuse(section);
    if section.has("path") && !path.is_dir() {
        reader.warn(section, "path", format!("there is no folder {} yet", path.display()));
    }
    Some(SpoolKind::Local { path })
}

fn sftp(section: &Section<'_>, reader: &mut Reader) -> Option<SpoolKind> {
    let host = section.need_text("host");
    let user = section.need_text("user");
    let path = section.need_text("path");
    stream_files(section, &path);
    let port = section.number_in("port", 1..=65_535).unwrap_or(22);
    let auth = auth(section, reader);
    let host_keys = host_keys(section, reader, &host, port);
    let connect_timeout_ms = section.number_in("connect_timeout_ms", 100..=600_000).unwrap_or(10_000);
    let call_timeout_ms = section.number_in("call_timeout_ms", 100..=600_000).unwrap_or(30_000);
    let sessions_max = section.number_in("sessions_max", 1..=64).unwrap_or(2);
    let ciphers = section.text("ciphers");
    let commands = command::read(section, reader);
    let standbys = section.sections("standby").iter().filter_map(|s| standby(s, reader)).collect();
    Some(SpoolKind::Sftp(Sftp {
        host,
        port: u16::try_from(port).unwrap_or(22),
        user,
        auth: auth?,
        host_keys: host_keys?,
        path,
        connect_timeout_ms: connect_timeout_ms.unsigned_abs(),
        call_timeout_ms: call_timeout_ms.unsigned_abs(),
        sessions_max: usize::try_from(sessions_max).unwrap_or(1),
        ciphers,
        standbys,
        commands,
    }))
}

fn standby(section: &Section<'_>, reader: &mut Reader) -> Option<Standby> {
    let host = section.need_text("host");
    let port = section.number_in("port", 1..=65_535).unwrap_or(22);
    let host_keys = host_keys(section, reader, &host, port);
    section.no_more();
    Some(Standby { host, port: u16::try_from(port).unwrap_or(22), host_keys: host_keys? })
}

/// Members of database files are refused: nothing can be published there so that its name means that it is complete.
fn stream_files(section: &Section<'_>, path: &str) {
    let in_library = path.split('/').any(|step| step.eq_ignore_ascii_case("QSYS.LIB"));
    if in_library {
        section.fault(
            "path",
            "is in /QSYS.LIB: a database member cannot be written under a temporary name and renamed, has a name of 10 \
             characters and records of one length; use a folder of stream files such as /home/USER/in, and CPYFRMSTMF \
             or CPYTOSTMF between the two",
        );
    }
}

fn auth(section: &Section<'_>, reader: &mut Reader) -> Option<SftpAuth> {
    for key in ["password", "passphrase", "key", "private_key", "secret"] {
        if section.has(key) {
            section.text(key);
            section.fault(key, "a secret never stands here; write it to a file and name that: password_file, key_file");
        }
    }
    let key = reader.secret_file(section, "key_file");
    let passphrase_file = reader.secret_file(section, "passphrase_file");
    let password = reader.secret_file(section, "password_file");
    let agent = section.flag("agent").unwrap_or(false);
    let given = usize::from(key.is_some()) + usize::from(password.is_some()) + usize::from(agent);
    if given != 1 {
        section.fault("user", "needs exactly one of: key_file, password_file, agent = true");
        return None;
    }
    if passphrase_file.is_some() && key.is_none() {
        section.fault("passphrase_file", "belongs to a key_file, and there is none");
    }
    Some(match (key, password) {
        (Some(path), _) => SftpAuth::KeyFile { path, passphrase_file },
        (None, Some(path)) => SftpAuth::PasswordFile(path),
        (None, None) => SftpAuth::Agent,
    })
}

/// Host keys from the section itself and from a known_hosts file. None at all is refused: a partner is pinned or not
/// spoken to.
fn host_keys(section: &Section<'_>, reader: &mut Reader, host: &str, port: i64) -> Option<Vec<String>> {
    let mut keys = section.texts("host_keys");
    for key in &keys {
        if !key.starts_with("SHA256:") && !key.contains(' ') {
            section.fault("host_keys", format_args!("`{key}` is neither SHA256:... nor `<type> <base64>`"));
        }
    }
    if let Some((_, text)) = reader.read_named(section, "known_hosts") {
        let found = known_hosts(&text, host, port);
        if found.is_empty() {
            section.fault("known_hosts", format_args!("names no plain key for {host} port {port}"));
        }
        keys.extend(found);
    } else if section.has("known_hosts") {
        return None;
    }
    if keys.is_empty() {
        section.fault(
            "host",
            "needs a pinned host key: host_keys = [\"SHA256:...\"] or known_hosts = \"FILE\" (get it by \
             `ssh-keyscan HOST | ssh-keygen -lf -` and compare it with the partner by another way)",
        );
        return None;
    }
    Some(keys)
}

fn known_hosts(text: &str, host: &str, port: i64) -> Vec<String> {
    let with_port = format!("[{host}]:{port}");
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with(['#', '@', '|']))
        .filter_map(|line| line.split_once(char::is_whitespace))
        .filter(|(hosts, _)| hosts.split(',').any(|h| h == with_port || (port == 22 && h == host)))
        .map(|(_, key)| key.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::known_hosts;

    #[test]
    fn known_hosts_gives_the_keys_of_one_host_and_port() {
        let text = "# c\ncore,10.0.0.1 ssh-ed25519 AAAA me\n[core]:2022 ssh-rsa BBBB\n|1|hashed ssh-rsa CCCC\n";
        assert_eq!(known_hosts(text, "core", 22), ["ssh-ed25519 AAAA"]);
        assert_eq!(known_hosts(text, "10.0.0.1", 22), ["ssh-ed25519 AAAA"]);
        assert_eq!(known_hosts(text, "core", 2022), ["ssh-rsa BBBB"]);
    }
}
