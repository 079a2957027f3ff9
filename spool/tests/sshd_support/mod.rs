//! A real OpenSSH server of its own for each test: own keys, own configuration, loopback, a free port.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)] // test support

use fpp_spool::{Auth, SftpPool, SftpSettings};
use std::collections::HashMap;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const SSHD: &str = "/usr/sbin/sshd";
/// Exists wherever sshd does.
const PLAIN_USER: &str = "nobody";

/// A running server and everything that belongs to it.
pub(crate) struct Sshd {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) password_works: bool,
    pub(crate) small_spool: bool,
    child: Mutex<Child>,
}

/// What differs from a plain server.
#[derive(Clone, Copy, Default)]
pub(crate) struct Options {
    /// Refuses everything that writes.
    pub(crate) read_only: bool,
    /// Lets the user in with the password `pass word` (root only, in a mount namespace of its own).
    pub(crate) password: bool,
    /// Lets `nobody` in where the test runs as root, so that the permissions of folders mean something.
    pub(crate) plain_user: bool,
    /// A disk of its own for the spool folder, of 1 MiB, which only the server sees (root only).
    pub(crate) small_spool: bool,
    /// Runs what it is asked to run, and not SFTP alone.
    pub(crate) shell: bool,
    /// Knows none of OpenSSH's extensions: no fsync, no posix-rename, no statvfs, no hard links.
    pub(crate) plain_protocol: bool,
}

/// True when a server can be started. Without one the tests print that they are skipped, unless the environment
/// promises the real parts.
pub(crate) fn available() -> bool {
    if Path::new(SSHD).exists() {
        return true;
    }
    assert!(std::env::var_os("FPP_REAL_PARTS").is_none(), "no {SSHD}: `./dev test` installs openssh-server");
    println!("skipped: no {SSHD}; `./dev test` installs openssh-server");
    false
}

pub(crate) fn user() -> String {
    output(Command::new("id").arg("-un"))
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")) == "0"
}

pub(crate) fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn keygen(path: &Path, passphrase: &str) {
    output(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", passphrase, "-f"]).arg(path));
}

impl Sshd {
    pub(crate) fn start(options: Options) -> Sshd {
        // The protocol is tested, not the disk: memory makes thousands of syncs and names cheap.
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        for (key, passphrase) in [("host", ""), ("other", ""), ("user", ""), ("locked", "open sesame")] {
            keygen(&dir.path().join(key), passphrase);
        }
        let keys = ["user.pub", "locked.pub"].map(|k| fs::read_to_string(dir.path().join(k)).unwrap());
        fs::write(dir.path().join("authorized"), keys.concat()).unwrap();
        fs::write(dir.path().join("passphrase"), "open sesame\n").unwrap();
        fs::write(dir.path().join("password"), "pass word\n").unwrap();
        let user = if options.plain_user && is_root() { PLAIN_USER.to_owned() } else { user() };
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        if is_root() {
            fs::create_dir_all("/run/sshd").unwrap();
        }
        make_folder(&dir.path().join("spool"), &user);
        let password_works = options.password && is_root() && shadow(dir.path());
        let small_spool = options.small_spool && is_root() && namespaces();
        let private = Private { shadow: password_works, disk: small_spool };
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            configure(dir.path(), port, options);
            let mut child = spawn(dir.path(), private);
            if ready(&mut child, port) {
                return Sshd { dir, port, user, password_works, small_spool, child: Mutex::new(child) };
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("sshd did not start: {}", fs::read_to_string(dir.path().join("log")).unwrap_or_default());
    }

    /// Starts again after [`Sshd::kill`], with the same keys on the same port.
    pub(crate) fn restart(&self) {
        let private = Private { shadow: self.password_works, disk: self.small_spool };
        let mut child = spawn(self.dir.path(), private);
        let ready = ready(&mut child, self.port);
        *self.child.lock().unwrap() = child;
        assert!(ready, "{}", self.log());
    }

    /// Starts again with another host key, as after the machine was set up anew; a second time brings the first one back.
    #[allow(dead_code, reason = "for the tests of the whole node, which share this file")]
    pub(crate) fn change_host_key(&self) {
        self.kill();
        for name in ["host", "host.pub"] {
            let other = name.replace("host", "other");
            let at = |name: &str| self.dir.path().join(name);
            fs::rename(at(name), at("aside")).unwrap();
            fs::rename(at(&other), at(name)).unwrap();
            fs::rename(at("aside"), at(&other)).unwrap();
        }
        self.restart();
    }

    pub(crate) fn spool(&self) -> PathBuf {
        self.dir.path().join("spool")
    }

    /// A folder in the spool folder, belonging to the user who logs in.
    #[allow(dead_code, reason = "for the tests of the whole node, which share this file")]
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let path = self.spool().join(name);
        make_folder(&path, &self.user);
        path
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    pub(crate) fn settings(&self) -> SftpSettings {
        SftpSettings {
            host: "127.0.0.1".into(),
            port: self.port,
            user: self.user.clone(),
            auth: Auth::KeyFile { path: self.dir.path().join("user"), passphrase_file: None },
            host_keys: vec![fs::read_to_string(self.dir.path().join("host.pub")).unwrap()],
            connect_timeout_ms: 20_000,
            call_timeout_ms: 20_000,
            sessions_max: 2,
            ciphers: None,
            standbys: Vec::new(),
        }
    }

    pub(crate) fn pool(&self, change: impl FnOnce(&mut SftpSettings)) -> Arc<SftpPool> {
        let mut settings = self.settings();
        change(&mut settings);
        SftpPool::new(settings)
    }

    pub(crate) fn fingerprint(&self, key: &str) -> String {
        let shown = output(Command::new("ssh-keygen").arg("-lf").arg(self.dir.path().join(format!("{key}.pub"))));
        shown.split(' ').nth(1).unwrap().to_owned()
    }

    /// The processes that serve sessions, not the one that listens.
    pub(crate) fn sessions(&self) -> Vec<u32> {
        descendants(self.id())
    }

    pub(crate) fn freeze(&self) -> Frozen {
        let all: Vec<u32> = self.sessions().into_iter().chain([self.id()]).collect();
        all.iter().for_each(|pid| signal("STOP", *pid));
        Frozen(all)
    }

    pub(crate) fn kill_sessions(&self) {
        self.sessions().into_iter().for_each(|pid| signal("KILL", pid));
    }

    /// SIGKILL to the server and all its sessions.
    pub(crate) fn kill(&self) {
        let sessions = self.sessions();
        let mut child = self.child.lock().unwrap();
        let _ = child.kill();
        sessions.into_iter().for_each(|pid| signal("KILL", pid));
        let _ = child.wait();
    }

    fn id(&self) -> u32 {
        self.child.lock().unwrap().id()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Stopped processes; they go on when this is dropped.
pub(crate) struct Frozen(Vec<u32>);

impl Drop for Frozen {
    fn drop(&mut self) {
        self.0.iter().for_each(|pid| signal("CONT", *pid));
    }
}

fn signal(name: &str, pid: u32) {
    // It may be gone already.
    let _ = Command::new("kill").args([format!("-{name}"), pid.to_string()]).stderr(Stdio::null()).status();
}

fn descendants(root: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse().ok()) else { continue };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // pid (name) state ppid ...
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split(' ').nth(2)?.parse().ok());
        children.entry(parent.unwrap_or(0)).or_default().push(pid);
    }
    let mut found = vec![root];
    let mut at = 0;
    while at < found.len() {
        found.extend(children.get(&found[at]).cloned().unwrap_or_default());
        at += 1;
    }
    found.split_off(1)
}

fn make_folder(path: &Path, user: &str) {
    fs::create_dir_all(path).unwrap();
    if is_root() {
        let id = |what| output(Command::new("id").args([what, user])).parse().ok();
        std::os::unix::fs::chown(path, id("-u"), id("-g")).unwrap();
    }
}

fn configure(dir: &Path, port: u16, options: Options) {
    let at = |name: &str| dir.join(name).display().to_string();
    let mut flags = if options.read_only { " -R" } else { "" }.to_owned();
    if options.plain_protocol {
        flags.push_str(" -P fsync,posix-rename,statvfs,fstatvfs,hardlink,lsetstat,limits,expand-path,copy-data");
    }
    let password = if options.password { "yes" } else { "no" };
    let force = if options.shell { String::new() } else { format!("ForceCommand internal-sftp{flags}\n") };
    let text = format!(
        "ListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nPidFile {}\nAuthorizedKeysFile {}\nStrictModes no\n\
         UsePAM no\nPermitRootLogin yes\nPasswordAuthentication {password}\nLogLevel VERBOSE\n\
         Subsystem sftp internal-sftp{flags}\n{force}",
        at("host"),
        at("pid"),
        at("authorized"),
    );
    fs::write(dir.join("conf"), text).unwrap();
}

/// A copy of the password file in which the user has the test's password.
fn shadow(dir: &Path) -> bool {
    let Ok(shadow) = fs::read_to_string("/etc/shadow") else { return false };
    let Ok(made) = Command::new("openssl").args(["passwd", "-6", "pass word"]).output() else { return false };
    let (user, hash) = (user(), String::from_utf8(made.stdout).unwrap());
    let lines: Vec<String> = shadow
        .lines()
        .map(|line| match line.split_once(':') {
            Some((name, rest)) if name == user => {
                format!("{name}:{}:{}", hash.trim(), rest.split_once(':').unwrap().1)
            }
            _ => line.to_owned(),
        })
        .collect();
    fs::write(dir.join("shadow"), lines.join("\n") + "\n").unwrap();
    namespaces()
}

fn namespaces() -> bool {
    let script = "d=$(mktemp -d) && mount -t tmpfs -o size=64k tmpfs $d && umount $d && rmdir $d";
    Command::new("unshare").args(["-m", "sh", "-c", script]).status().is_ok_and(|s| s.success())
}

/// What a server has for itself, in a mount namespace of its own.
#[derive(Clone, Copy)]
struct Private {
    shadow: bool,
    disk: bool,
}

fn spawn(dir: &Path, private: Private) -> Child {
    let log = fs::OpenOptions::new().create(true).append(true).open(dir.join("log")).unwrap();
    let (conf, shadow) = (dir.join("conf"), dir.join("shadow"));
    let mut command = if private.shadow || private.disk {
        let shadow_script = "mount --bind \"$1\" /etc/shadow && exec \"$2\" -D -e -f \"$3\"";
        let disk_script = "mount -t tmpfs -o size=1m tmpfs \"$4\" && exec \"$2\" -D -e -f \"$3\"";
        let script = if private.shadow { shadow_script } else { disk_script };
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", script, "sh"]).arg(shadow).arg(SSHD).arg(conf).arg(dir.join("spool"));
        command
    } else {
        let mut command = Command::new(SSHD);
        command.args(["-D", "-e", "-f"]).arg(conf);
        command
    };
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

fn ready(child: &mut Child, port: u16) -> bool {
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}
