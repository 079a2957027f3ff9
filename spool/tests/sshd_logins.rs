//! Keys, passphrases, an agent and passwords at a real OpenSSH server.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers outside the test functions; a panic is a failed test

#[allow(dead_code)] // each test program uses a part of it
mod sshd_support;

use fpp_spool::*;
use sshd_support::{Options, Sshd, available, output};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn folder(sshd: &Sshd, change: impl FnOnce(&mut SftpSettings)) -> SftpFolder {
    sshd.pool(change).folder(sshd.spool().to_str().unwrap())
}

#[test]
fn keys_and_passphrases() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options::default());
    let at = |name: &str| sshd.dir.path().join(name);
    let key = |path, passphrase: Option<&str>| Auth::KeyFile { path, passphrase_file: passphrase.map(at) };
    let list = |auth| folder(&sshd, |s| s.auth = auth).list(1).map(|_| ());
    list(key(at("user"), None)).unwrap();
    list(key(at("locked"), Some("passphrase"))).unwrap();
    for auth in [
        key(at("other"), None),
        key(at("locked"), Some("password")),
        key(at("none"), None),
        key(at("user"), Some("none")),
        Auth::PasswordFile(at("password")),
    ] {
        let error = list(auth.clone()).unwrap_err();
        assert_eq!((error.kind, error.code()), (ErrorKind::Login, 4002), "{auth:?}: {error}");
    }
    // The agent is found by the environment, so a process of its own asks it.
    let mut agent =
        Command::new("ssh-agent").args(["-D", "-a"]).arg(at("agent")).stdout(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while !at("agent").exists() {
        assert!(Instant::now() < deadline, "ssh-agent makes no socket");
        std::thread::sleep(Duration::from_millis(20));
    }
    output(Command::new("ssh-add").arg(at("user")).env("SSH_AUTH_SOCK", at("agent")));
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "agent_child"])
        .env("SSH_AUTH_SOCK", at("agent"))
        .env("FPP_TEST_PORT", sshd.port.to_string())
        .env("FPP_TEST_HOST_KEY", sshd.fingerprint("host"))
        .status();
    let _ = agent.kill();
    let _ = agent.wait();
    assert!(child.unwrap().success());
}

#[test]
#[ignore = "started by keys_and_passphrases with an agent in its environment"]
fn agent_child() {
    let Ok(port) = std::env::var("FPP_TEST_PORT") else { return };
    let settings = SftpSettings {
        host: "localhost".into(),
        port: port.parse().unwrap(),
        user: sshd_support::user(),
        auth: Auth::Agent,
        host_keys: vec![std::env::var("FPP_TEST_HOST_KEY").unwrap()],
        connect_timeout_ms: 20_000,
        call_timeout_ms: 20_000,
        sessions_max: 1,
        ciphers: Some("aes128-gcm@openssh.com".into()),
        standbys: Vec::new(),
    };
    SftpPool::new(settings).folder("/").list(9).unwrap();
}

#[test]
fn passwords() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options { password: true, ..Options::default() });
    if !sshd.password_works {
        println!("skipped: a password for the test needs root and a mount namespace");
        return;
    }
    let at = |name: &str| sshd.dir.path().join(name);
    folder(&sshd, |s| s.auth = Auth::PasswordFile(at("password"))).list(1).unwrap();
    let wrong = folder(&sshd, |s| s.auth = Auth::PasswordFile(at("passphrase"))).list(1).unwrap_err();
    assert_eq!(wrong.kind, ErrorKind::Login);
}
