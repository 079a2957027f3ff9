//! A real S3 server for the tests: versitygw on a folder, started once for a test program, on a port of this machine; it
//! goes away with the program, however that ends.

use fpp::clock::Clock;
use fpp::vault::s3::{Keys, Place, ReadKeys};
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// Kills the server and removes its folder once the test program, which holds the other end of its input, is gone.
const KEEPER: &str = r#"folder=$1; shift
"$@" >>"$folder/said" 2>&1 </dev/null & server=$!
read -r word; kill -KILL $server; wait $server
rm -rf "$folder""#;

const BUCKET: &str = "fpp-vault";
const KEY: &str = "fpp-tests";
const SECRET: &str = "not-a-secret";

/// How long a server may take to start on a busy machine.
const START_MAX: Duration = Duration::from_secs(60);

pub(crate) struct Running {
    pub(crate) port: u16,
    /// The certificate that proves who it is, where it speaks TLS.
    certificate: Option<PathBuf>,
    root: PathBuf,
    // Held until the program ends.
    _keeper: Mutex<Child>,
}

/// The server. Without one the tests print that they are skipped, unless the environment promises the real parts.
pub(crate) fn running() -> Option<&'static Running> {
    static RUNNING: OnceLock<Option<Running>> = OnceLock::new();
    RUNNING.get_or_init(|| start(false)).as_ref()
}

/// One that speaks TLS alone, with a certificate of its own.
pub(crate) fn running_with_tls() -> Option<&'static Running> {
    static RUNNING: OnceLock<Option<Running>> = OnceLock::new();
    RUNNING.get_or_init(|| start(true)).as_ref()
}

/// A key, and a certificate of `localhost` that it signs itself.
fn certify(key: &Path, certificate: &Path) {
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]);
    openssl.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"]).arg(key).arg("-out").arg(certificate);
    let made = openssl.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn start(tls: bool) -> Option<Running> {
    let Some(program) = std::env::var_os("FPP_VERSITYGW").map(PathBuf::from).filter(|path| path.exists()) else {
        assert!(std::env::var_os("FPP_REAL_PARTS").is_none(), "no versitygw (FPP_VERSITYGW): `./dev test` installs it");
        println!("skipped: no versitygw (FPP_VERSITYGW); `./dev test` installs it");
        return None;
    };
    let folder = tempfile::Builder::new().prefix("fpp-s3").tempdir().unwrap().keep();
    let root = folder.join("root");
    fs::create_dir_all(root.join(BUCKET)).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut keeper = Command::new("sh");
    keeper.args(["-c", KEEPER, "keeper"]).arg(&folder).arg(program);
    keeper.args(["-q", "--port", &format!("127.0.0.1:{port}"), "--health", "/health"]);
    let (key, certificate) = (folder.join("key.pem"), folder.join("certificate.pem"));
    if tls {
        certify(&key, &certificate);
        keeper.arg("--cert").arg(&certificate).arg("--key").arg(&key);
    }
    keeper.arg("posix").arg(&root);
    keeper.env("ROOT_ACCESS_KEY", KEY).env("ROOT_SECRET_KEY", SECRET);
    let keeper = keeper.stdin(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while !(if tls { TcpStream::connect(("127.0.0.1", port)).is_ok() } else { healthy(port) }) {
        let said = fs::read_to_string(folder.join("said")).unwrap_or_default();
        assert!(begun.elapsed() < START_MAX, "versitygw does not answer: {said}");
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(Running { port, certificate: tls.then_some(certificate), root, _keeper: Mutex::new(keeper) })
}

fn healthy(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut answer = String::new();
    stream.write_all(b"GET /health HTTP/1.0\r\nHost: x\r\n\r\n").is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.contains(" 200 ")
}

/// The keys of the server, or wrong ones.
pub(crate) fn keys(right: bool) -> ReadKeys {
    let secret = if right { SECRET } else { "wrong-secret-of-the-test" };
    Arc::new(move || Ok(Keys { id: KEY.to_owned(), secret: secret.to_owned(), token: None }))
}

/// A vault of its own on the server.
pub(crate) struct Room {
    pub(crate) place: Place,
    /// What the server keeps of it.
    pub(crate) folder: PathBuf,
}

impl Room {
    pub(crate) fn new(running: &Running) -> Room {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let prefix = format!("core/{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = running.root.join(BUCKET).join(&prefix);
        let place = Place {
            bucket: BUCKET.to_owned(),
            prefix,
            endpoint: Some(match running.certificate {
                Some(_) => format!("https://localhost:{}", running.port),
                None => format!("http://127.0.0.1:{}", running.port),
            }),
            region: "us-east-1".to_owned(),
            path_style: true,
            tls: running.certificate.is_some(),
            ca_file: running.certificate.clone(),
            call_timeout: Duration::from_secs(30),
            keys: keys(true),
            scratch: std::env::temp_dir(),
            clock: Clock::System,
        };
        Room { place, folder }
    }

    /// The only copy's file of a content.
    pub(crate) fn path(&self, sha256: &str, suffix: &str) -> PathBuf {
        let is_day = |path: &PathBuf| path.file_name().is_some_and(|name| name.len() == 8);
        let mut days: Vec<_> = self.names(&self.folder.join(sha256)).into_iter().filter(is_day).collect();
        days.sort();
        let mut name = days.pop().unwrap().into_os_string();
        name.push(suffix);
        name.into()
    }

    fn names(&self, folder: &Path) -> Vec<PathBuf> {
        fs::read_dir(folder).map(|found| found.map(|entry| entry.unwrap().path()).collect()).unwrap_or_default()
    }
}
