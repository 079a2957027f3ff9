//! The stand-in core, as libssh2 sees it: the client that the daemon itself uses.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use fpp::demo::server::{CoreServer, USER};
use ssh2::{ErrorCode, FileStat, OpenFlags, OpenType, Session, Sftp};
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

struct Core {
    folder: TempDir,
    server: CoreServer,
}

impl Core {
    fn start() -> Core {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("root/in")).unwrap();
        let server = serve(folder.path(), 0);
        Core { folder, server }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn session(&self) -> Session {
        let session = connect(&self.server);
        session.userauth_pubkey_file(USER, None, self.server.user_key_file(), None).unwrap();
        session
    }

    fn sftp(&self) -> Sftp {
        self.session().sftp().unwrap()
    }
}

fn serve(folder: &Path, port: u16) -> CoreServer {
    CoreServer::start(&folder.join("root"), &folder.join("keys"), port).unwrap()
}

fn connect(server: &CoreServer) -> Session {
    let mut session = Session::new().unwrap();
    session.set_timeout(10_000);
    session.set_tcp_stream(TcpStream::connect(server.address()).unwrap());
    session.handshake().unwrap();
    session
}

const NEW: OpenFlags = OpenFlags::WRITE.union(OpenFlags::CREATE).union(OpenFlags::EXCLUSIVE);

fn put(sftp: &Sftp, name: &str, content: &[u8]) -> Result<(), ssh2::Error> {
    let mut file = sftp.open_mode(Path::new(name), NEW, 0o600, OpenType::File)?;
    file.write_all(content).unwrap();
    file.fsync()?;
    file.close()
}

fn get(sftp: &Sftp, name: &str) -> Result<Vec<u8>, ssh2::Error> {
    let mut content = Vec::new();
    sftp.open(Path::new(name))?.read_to_end(&mut content).unwrap();
    Ok(content)
}

fn status<T>(result: Result<T, ssh2::Error>) -> i32 {
    match result.err().unwrap().code() {
        ErrorCode::SFTP(status) => status,
        other => panic!("{other:?} is not an answer of the server"),
    }
}

const NO_SUCH_FILE: i32 = 2;
const PERMISSION_DENIED: i32 = 3;
const FAILURE: i32 = 4;

#[test]
fn a_file_is_written_proven_renamed_read_and_removed() {
    let core = Core::start();
    let sftp = core.sftp();
    let content: Vec<u8> = (0..1_000_003u32).flat_map(u32::to_be_bytes).collect();
    put(&sftp, "/in/.A.TXT.part", &content).unwrap();
    assert_eq!(status(put(&sftp, "/in/.A.TXT.part", b"again")), FAILURE);

    let (old, new) = (Path::new("/in/.A.TXT.part"), Path::new("in/A.TXT"));
    sftp.rename(old, new, None).unwrap();
    assert_eq!(status(sftp.stat(old)), NO_SUCH_FILE);
    assert_eq!(sftp.stat(new).unwrap().size, Some(content.len() as u64));
    assert_eq!(fs::read(core.path("root/in/A.TXT")).unwrap(), content);
    assert!(get(&sftp, "in/A.TXT").unwrap() == content);

    sftp.unlink(new).unwrap();
    assert_eq!(status(sftp.unlink(new)), NO_SUCH_FILE);
}

#[test]
fn a_rename_never_replaces() {
    let core = Core::start();
    let sftp = core.sftp();
    put(&sftp, "/in/new", b"new").unwrap();
    put(&sftp, "/in/old", b"old").unwrap();
    assert_eq!(status(sftp.rename(Path::new("/in/new"), Path::new("/in/old"), None)), FAILURE);
    assert_eq!(get(&sftp, "/in/old").unwrap(), b"old");
    assert_eq!(get(&sftp, "/in/new").unwrap(), b"new");
}

#[test]
fn folders_list_every_entry_once() {
    let core = Core::start();
    let sftp = core.sftp();
    sftp.mkdir(Path::new("/many"), 0o755).unwrap();
    let expected: BTreeSet<String> = (0..200).map(|n| format!("file-{n:03}.TXT")).collect();
    for name in &expected {
        fs::write(core.path("root/many").join(name), name).unwrap();
    }
    let listed = sftp.readdir(Path::new("/many")).unwrap();
    assert_eq!(listed.len(), expected.len());
    let names = listed.iter().map(|(path, _)| path.file_name().unwrap().to_string_lossy().into_owned());
    assert_eq!(names.collect::<BTreeSet<_>>(), expected);
    assert!(listed.iter().all(|(_, stat)| stat.is_file() && stat.size == Some(12) && stat.mtime.unwrap() > 0));

    let top = sftp.readdir(Path::new("/")).unwrap();
    assert!(top.iter().all(|(_, stat)| stat.is_dir()));
    assert_eq!(sftp.realpath(Path::new("many/../in/.")).unwrap(), Path::new("/in"));
    assert_eq!(status(sftp.mkdir(Path::new("/many"), 0o755)), FAILURE);
    assert_eq!(status(sftp.readdir(Path::new("/none"))), NO_SUCH_FILE);
}

#[test]
fn attributes_are_set() {
    let core = Core::start();
    let sftp = core.sftp();
    put(&sftp, "/in/a", b"12345").unwrap();
    let stat = FileStat { size: Some(3), uid: None, gid: None, perm: Some(0o640), atime: Some(7), mtime: Some(86_400) };
    sftp.setstat(Path::new("/in/a"), stat).unwrap();
    let found = sftp.open(Path::new("/in/a")).unwrap().stat().unwrap();
    assert_eq!((found.size, found.mtime, found.perm.unwrap() & 0o777), (Some(3), Some(86_400), 0o640));
}

#[test]
fn nothing_outside_the_folder_is_reached() {
    let core = Core::start();
    fs::write(core.path("secret"), "x").unwrap();
    std::os::unix::fs::symlink("../../secret", core.path("root/in/link")).unwrap();
    let sftp = core.sftp();
    assert_eq!(status(get(&sftp, "../../secret")), NO_SUCH_FILE);
    assert_eq!(status(get(&sftp, "/in/link")), PERMISSION_DENIED);
    let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
    assert_eq!(status(sftp.open_mode(Path::new("/in/link"), flags, 0o600, OpenType::File)), PERMISSION_DENIED);
    assert!(sftp.lstat(Path::new("/in/link")).unwrap().file_type().is_symlink());
    put(&sftp, "../../written", b"y").unwrap();
    assert!(core.path("root/written").exists() && !core.path("written").exists());
    assert_eq!(fs::read_to_string(core.path("secret")).unwrap(), "x");
}

#[test]
fn only_its_own_key_and_user_come_in() {
    let core = Core::start();
    let stranger = Core::start();
    let refused = |user: &str, key: &Path| connect(&core.server).userauth_pubkey_file(user, None, key, None).is_err();
    assert!(refused(USER, stranger.server.user_key_file()));
    assert!(refused("QSECOFR", core.server.user_key_file()));
    assert!(connect(&core.server).userauth_password(USER, "").is_err());
    let session = core.session();
    assert!(session.authenticated());
    assert!(session.channel_session().unwrap().exec("id").is_err());
}

#[test]
fn the_host_key_is_the_one_it_names_and_survives_a_restart() {
    let Core { folder, server } = Core::start();
    let (port, line, fingerprint) = (server.port(), server.host_key().unwrap(), server.host_key_fingerprint());
    let session = connect(&server);
    let (key, _) = session.host_key().unwrap();
    assert_eq!(russh::keys::PublicKey::from_openssh(&line).unwrap().to_bytes().unwrap(), key);
    assert!(fingerprint.starts_with("SHA256:"));

    drop(server);
    assert!(session.userauth_pubkey_file(USER, None, &folder.path().join("keys/core_user_ed25519"), None).is_err());
    let again = serve(folder.path(), port);
    assert_eq!((again.port(), again.host_key().unwrap()), (port, line));
    connect(&again).userauth_pubkey_file(USER, None, again.user_key_file(), None).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(again.user_key_file()).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn it_starts_and_stops_inside_another_runtime() {
    let core = Core::start();
    assert!(TcpStream::connect(core.server.address()).is_ok());
}

#[test]
fn sessions_work_side_by_side() {
    let core = Core::start();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let core = &core;
            scope.spawn(move || {
                let sftp = core.sftp();
                let content = vec![n as u8; 300_000];
                put(&sftp, &format!("/in/{n}"), &content).unwrap();
                assert!(get(&sftp, &format!("/in/{n}")).unwrap() == content);
            });
        }
    });
}
