//! Real servers for the tests: MariaDB, and OceanBase's own engine (seekdb). Each is started once for a test program, on
//! a socket in a temporary folder, and goes away with the program, however that ends.
//!
//! Databases are lent: one that comes back is emptied for the next who asks, because making tables takes seconds.

#![allow(dead_code, reason = "each test program uses a part")]
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)] // test support

use fpp::ledger::mysql::{Server, Tls};
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, MySqlConnection};
use std::fs::File;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    MariaDb,
    SeekDb,
}

/// Kills the server and removes its folder once the test program, which holds the other end of its input, is gone. At a
/// word it kills the server and starts it again.
const KEEPER: &str = r#"folder=$1; shift
while :; do
    "$@" >>"$folder/said" 2>&1 </dev/null & server=$!
    read -r word; kill -KILL $server; wait $server
    [ "$word" = again ] || break
done
rm -rf "$folder""#;

/// How long a server may take to start on a busy machine.
const START_MAX: Duration = Duration::from_secs(120);

/// A running server.
pub(crate) struct Running {
    socket: PathBuf,
    /// Where it listens with TLS, and the certificate that proves who it is.
    pub(crate) tls: Option<(u16, PathBuf)>,
    databases: Mutex<Databases>,
    // Held until the program ends.
    keeper: Mutex<Child>,
    _client: Option<File>,
}

#[derive(Default)]
struct Databases {
    made: u32,
    returned: Vec<String>,
}

/// The server, started when it is first asked for. Without one the tests print that they are skipped, unless the
/// environment promises the real parts.
pub(crate) fn running(kind: Kind) -> Option<&'static Running> {
    static MARIADB: OnceLock<Option<Running>> = OnceLock::new();
    static SEEKDB: OnceLock<Option<Running>> = OnceLock::new();
    match kind {
        Kind::MariaDb => MARIADB.get_or_init(|| Some(mariadb(&mariadbd()?))).as_ref(),
        Kind::SeekDb => SEEKDB.get_or_init(|| Some(seekdb(&seekdb_program()?))).as_ref(),
    }
}

/// A server for the caller alone, which goes with it.
pub(crate) fn own(kind: Kind) -> Option<Running> {
    Some(match kind {
        Kind::MariaDb => mariadb(&mariadbd()?),
        Kind::SeekDb => seekdb(&seekdb_program()?),
    })
}

fn skipped(what: &str) -> Option<PathBuf> {
    assert!(std::env::var_os("FPP_REAL_PARTS").is_none(), "no {what}: `./dev test` installs it");
    println!("skipped: no {what}; `./dev test` installs it");
    None
}

fn mariadbd() -> Option<PathBuf> {
    let folders = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];
    let found = folders.map(|folder| Path::new(folder).join("mariadbd")).into_iter().find(|path| path.exists());
    found.or_else(|| skipped("mariadbd"))
}

fn seekdb_program() -> Option<PathBuf> {
    let named = std::env::var_os("FPP_SEEKDB").map(PathBuf::from).filter(|path| path.exists());
    named.or_else(|| skipped("seekdb (FPP_SEEKDB)"))
}

fn folder() -> PathBuf {
    tempfile::Builder::new().prefix("fpp-db").tempdir().unwrap().keep()
}

fn mariadb(program: &Path) -> Running {
    let folder = folder();
    let data = folder.join("data");
    let mut install = Command::new("mariadb-install-db");
    install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
    install.arg(format!("--datadir={}", data.display()));
    let mut server = vec![program.display().to_string(), "--no-defaults".into()];
    // The folder is this user's.
    if std::fs::metadata(&folder).unwrap().uid() == 0 {
        install.arg("--user=root");
        server.push("--user=root".into());
    }
    let installed = install.output().unwrap();
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
    let socket = folder.join("db.sock");
    server.extend([format!("--datadir={}", data.display()), format!("--socket={}", socket.display())]);
    server.push(format!("--pid-file={}", folder.join("pid").display()));
    let more = ["--skip-log-bin", "--innodb-buffer-pool-size=64M", "--character-set-server=utf8mb4"];
    server.extend(more.map(str::to_owned));
    let (key, certificate) = (folder.join("key.pem"), folder.join("certificate.pem"));
    certify(&key, &certificate);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    server.extend([format!("--port={port}"), "--bind-address=127.0.0.1".into()]);
    server.extend([format!("--ssl-key={}", key.display()), format!("--ssl-cert={}", certificate.display())]);
    Running { tls: Some((port, certificate)), ..start(&folder, socket, &server, None) }
}

/// A key, and a certificate of `localhost` that it signs itself.
pub(crate) fn certify(key: &Path, certificate: &Path) {
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]);
    openssl.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"]).arg(key).arg("-out").arg(certificate);
    let made = openssl.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// It ends by itself when nobody holds a shared lock on the file of its clients, and it calls home unless it is told not to.
fn seekdb(program: &Path) -> Running {
    let folder = folder();
    std::fs::create_dir(folder.join("run")).unwrap();
    let client = File::create(folder.join("run/seekdb.clients")).unwrap();
    client.lock_shared().unwrap();
    let libraries = format!("LD_LIBRARY_PATH={}", program.parent().unwrap().display());
    let mut server = vec!["env".into(), "TELEMETRY_ENABLED=false".into(), libraries, program.display().to_string()];
    server.extend(["--nodaemon", "--embedded"].map(str::to_owned));
    server.push(format!("--base-dir={}", folder.display()));
    let more = ["--parameter", "memory_budget=1G", "--parameter", "log_disk_size=2G"];
    server.extend(more.map(str::to_owned));
    start(&folder, folder.join("run/sql.sock"), &server, Some(client))
}

fn start(folder: &Path, socket: PathBuf, server: &[String], client: Option<File>) -> Running {
    let mut keeper = Command::new("sh");
    keeper.args(["-c", KEEPER, "keeper"]).arg(folder).args(server).stdin(Stdio::piped()).stderr(Stdio::null());
    let mut keeper = keeper.spawn().unwrap();
    let deadline = Instant::now() + START_MAX;
    // In a runtime of its own, because the caller stands in one already.
    let answers = || {
        let options = MySqlConnectOptions::new().socket(&socket).username("root");
        std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                match options.connect().await {
                    Ok(mut connection) => connection.ping().await.is_ok(),
                    Err(_) => false,
                }
            })
        })
        .join()
        .unwrap()
    };
    while !answers() {
        let said = std::fs::read_to_string(folder.join("said")).unwrap_or_default();
        assert!(Instant::now() < deadline && keeper.try_wait().unwrap().is_none(), "{server:?} did not start: {said}");
        std::thread::sleep(Duration::from_millis(100));
    }
    Running { socket, tls: None, databases: Mutex::default(), keeper: Mutex::new(keeper), _client: client }
}

/// Makes empty tables with many rows what they were at schema 6, without partitions.
pub(crate) const SCHEMA_6: &[&str] = &[
    "DROP TABLE journal",
    "DROP TABLE rejects",
    "DROP TABLE heads",
    "CREATE TABLE rejects (transfer VARCHAR(26) NOT NULL, record BIGINT NOT NULL, ordinal BIGINT NOT NULL, \
     byte_offset BIGINT NOT NULL, field TEXT NOT NULL, field_at BIGINT NOT NULL, code BIGINT NOT NULL, \
     detail MEDIUMTEXT NOT NULL, hex MEDIUMTEXT NOT NULL, PRIMARY KEY (transfer, record)) \
     DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    "CREATE TABLE journal (subject VARCHAR(100) NOT NULL, n BIGINT NOT NULL, at_ms BIGINT NOT NULL, \
     entry MEDIUMTEXT NOT NULL, previous VARCHAR(64) NOT NULL, hash VARCHAR(64) NOT NULL, PRIMARY KEY (subject, n)) \
     DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    "CREATE TABLE heads (subject VARCHAR(100) NOT NULL, n BIGINT NOT NULL, hash VARCHAR(64) NOT NULL, \
     unsealed BIGINT NOT NULL, PRIMARY KEY (subject), KEY heads_unsealed (unsealed, subject)) \
     DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    "DROP TABLE dead_letters",
    "DROP TABLE consumers",
    "ALTER TABLE deliveries DROP KEY deliveries_postings, DROP KEY deliveries_deferred",
    "ALTER TABLE deliveries DROP COLUMN confirmed, DROP COLUMN round, DROP COLUMN deferred",
    "UPDATE schema_version SET value = CASE name WHEN 'ledger' THEN 6 ELSE 2 END",
];

/// Makes empty tables what they were at schema 8, the version before this one.
pub(crate) const SCHEMA_8: &[&str] = &[
    "DROP TABLE dead_letters",
    "DROP TABLE consumers",
    "ALTER TABLE deliveries DROP KEY deliveries_postings, DROP KEY deliveries_deferred",
    "ALTER TABLE deliveries DROP COLUMN confirmed, DROP COLUMN round, DROP COLUMN deferred",
    "UPDATE schema_version SET value = CASE name WHEN 'ledger' THEN 8 ELSE 2 END",
];

/// Tables of a ledger that are emptied before it is lent again.
const TABLES: [&str; 19] = [
    "transfers",
    "identities",
    "rejects",
    "deliveries",
    "dead_letters",
    "consumers",
    "journal",
    "heads",
    "seals",
    "seal_heads",
    "leases",
    "notices",
    "told",
    "days",
    "pauses",
    "asks",
    "purged",
    "purged_arrivals",
    "nodes",
];

impl Running {
    /// An empty database: one that was emptied, else a new one. OceanBase's engine was seen to answer a DELETE with a bare
    /// system error (4015); such a database is left alone.
    pub(crate) async fn lend(&self) -> String {
        let returned = self.databases.lock().unwrap().returned.pop();
        if let Some(name) = returned {
            match self.empty(&name).await {
                Ok(()) => return name,
                Err(e) => println!("{name} cannot be emptied, another one is made: {e}"),
            }
        }
        let name = {
            let mut databases = self.databases.lock().unwrap();
            databases.made += 1;
            format!("books{}", databases.made)
        };
        let mut root = self.root("").await;
        let make = format!("CREATE DATABASE {name} DEFAULT CHARACTER SET utf8mb4");
        sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut root).await.unwrap();
        name
    }

    async fn empty(&self, name: &str) -> sqlx::Result<()> {
        let mut root = self.root(name).await;
        for table in TABLES {
            sqlx::raw_sql(AssertSqlSafe(format!("DELETE FROM {table}"))).execute(&mut root).await?;
        }
        sqlx::raw_sql("UPDATE counters SET value = 0").execute(&mut root).await.map(drop)
    }

    /// Kills the server, as a power cut would, and starts it again. Returns before it answers.
    pub(crate) fn kill_and_start_again(&self) {
        let mut keeper = self.keeper.lock().unwrap();
        keeper.stdin.as_mut().unwrap().write_all(b"again\n").unwrap();
    }

    /// Takes a database back.
    pub(crate) fn give_back(&self, name: String) {
        self.databases.lock().unwrap().returned.push(name);
    }

    /// A session of the server's own master.
    pub(crate) async fn root(&self, database: &str) -> MySqlConnection {
        // Sockets need no TLS, which says goodbye to servers that have gone already.
        let options = MySqlConnectOptions::new().socket(&self.socket).username("root").ssl_mode(MySqlSslMode::Disabled);
        let options = if database.is_empty() { options } else { options.database(database) };
        options.connect().await.unwrap()
    }

    /// What a ledger is told.
    pub(crate) fn server(&self, database: &str) -> Server {
        Server {
            host: "localhost".into(),
            port: 3306,
            socket: Some(self.socket.clone()),
            user: "root".into(),
            password: None,
            database: database.to_owned(),
            tls: Tls::Off,
            connections_max: 8,
            call_timeout: Duration::from_secs(60),
        }
    }
}
