//! A node that logs in with secrets, posts with one and is asked with one, well and in vain, and says everything it can: no
//! secret is among it. Its memory leaves no dump.

use crate::room::{Reach, Room, drop_file};
use crate::sshd_support::{Options, Sshd, available};
use fpp::api::client;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// What the server lets in is its own; the others are wrong, or this test's.
const PASSPHRASE: &str = "open sesame";
const PASSWORD: &str = "pass word";
const WRONG: &str = "canary-4711-wrong-password";
const SIGNED_WITH: &str = "canary-4712-secret-of-the-webhook";
const TOKEN: &str = "canary-4713-token";
const NO_TOKEN: &str = "canary-4714-token-of-nobody";

fn secret(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// An endpoint that answers the first call with 500, and all others with 200.
fn endpoint() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for (n, mut stream) in listener.incoming().flatten().enumerate() {
            let status = if n == 0 { "500 no" } else { "200 yes" };
            let mut said = std::io::BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                if std::io::BufRead::read_line(&mut said, &mut line).unwrap_or(0) < 3 {
                    break;
                }
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            let _ = std::io::copy(&mut std::io::Read::take(said, length), &mut std::io::sink());
            let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    address
}

/// The partner's spools by passphrase, by password and by a wrong password; an outlet with a secret; tokens.
fn room() -> Room {
    let mut room = Room::at(Sshd::start(Options { password: true, ..Options::default() }), &Reach::default());
    let dir = room.sshd.dir.path().to_owned();
    secret(&dir.join("wrong"), &format!("{WRONG}\n"));
    secret(&dir.join("hook"), SIGNED_WITH);
    let at = |name: &str| dir.join(name).display().to_string();
    let key = fs::read_to_string(dir.join("host.pub")).unwrap();
    let key = key.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    let spool = |name: &str, path: &Path, auth: &str| {
        format!(
            "[spool.{name}]\nkind = \"sftp\"\nhost = \"127.0.0.1\"\nport = {}\nuser = \"{}\"\npath = \"{}\"\n\
             host_keys = [\"{key}\"]\n{auth}\n\n",
            room.sshd.port,
            room.sshd.user,
            path.display()
        )
    };
    let locked = format!("key_file = \"{}\"\npassphrase_file = \"{}\"", at("locked"), at("passphrase"));
    let word = |name: &str| format!("password_file = \"{}\"", at(name));
    let mut text = spool("by-key", &room.inn, &locked);
    text += &spool("in-vain", &room.inn, &word("wrong"));
    let by_word = if room.sshd.password_works { "by-word" } else { "by-key" };
    if room.sshd.password_works {
        text += &spool("by-word", &room.inn, &word("password"));
    }
    let url = format!("url = \"http://{}/hook\"\ntls = \"off\"\nsecret_file = \"{}\"", endpoint(), at("hook"));
    text += &format!("[outlet.hook]\nkind = \"webhook\"\n{url}\n\n");
    // Host, port and user are those of the spools with other logins: each must log in by itself.
    room.local_spool("desk");
    for (route, to) in [("keyed", "by-key"), ("worded", by_word), ("refused", "in-vain")] {
        room.route(route, "desk", to, "source = \"leave\"");
    }
    room.more(&text, "keyed", "[[outlet]]\nkind = \"webhook\"\nname = \"hook\"\n");
    let digest = fpp_spool::Digest::of(fpp_spool::Algorithm::Sha256, TOKEN.as_bytes());
    secret(
        &dir.join("tokens.toml"),
        &format!("[token.risk]\nsha256 = \"{digest}\"\nroutes = [\"*\"]\nview = \"masked\"\n"),
    );
    room.http = format!("token_file = \"{}\"\n", at("tokens.toml"));
    room
}

fn until<T>(what: &str, log: &Path, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: {}", fs::read_to_string(log).unwrap());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_node_says_no_secret_and_leaves_no_dump() {
    if !available() {
        return;
    }
    let room = room();
    room.configure();
    let log = room.sshd.dir.path().join("node.log");
    let mut node = room.spawn_loudly(&log);
    let said = || fs::read_to_string(&log).unwrap();
    let address: SocketAddr = until("it listens", &log, || room.report()?.listen.parse().ok());
    let limits = fs::read_to_string(format!("/proc/{}/limits", node.id())).unwrap();
    let core: Vec<_> =
        limits.lines().find(|l| l.starts_with("Max core file size")).unwrap().split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"], "{limits}");
    let desk = room.desk();
    for route in ["keyed", "worded", "refused"] {
        drop_file(&desk, route, 1, 3);
    }
    let delivered = |route: &str| {
        let name = crate::room::answer_name(route, 1);
        said().lines().any(|l| l.contains("\"delivered\"") && l.contains(&name)).then_some(())
    };
    until("the answer goes by the key", &log, || delivered("keyed"));
    until("the answer goes by the password", &log, || delivered("worded"));
    until("a login is refused", &log, || said().contains("FPP4002").then_some(()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for (token, status) in [(TOKEN, 200), (NO_TOKEN, 401)] {
        let answer = runtime.block_on(client::events(address, "/v1/events", Some(token))).unwrap();
        assert_eq!(answer.status.as_u16(), status);
    }
    kill_process(Pid::from_child(&node), Signal::TERM).unwrap();
    assert_eq!(node.wait().unwrap().code(), Some(0), "{}", said());
    let all = said();
    assert!(all.contains("\"level\":\"TRACE\"") || all.contains("TRACE"), "{all}");
    for canary in [PASSPHRASE, PASSWORD, WRONG, SIGNED_WITH, TOKEN, NO_TOKEN] {
        let line = all.lines().find(|line| line.contains(canary));
        assert!(line.is_none(), "{canary}: {line:?}");
    }
}
