//! Commands at a partner, against a real OpenSSH server: what is known of their end.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // tests

#[allow(dead_code, reason = "shared with other tests, which use the rest")]
mod sshd_support;

use fpp_spool::{ErrorKind, Folder, Ran, SftpPool};
use sshd_support::{Options, Sshd, available};
use std::sync::Arc;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(20);

fn run(pool: &Arc<SftpPool>, line: &str) -> Ran {
    pool.run(line, LIMIT, &mut || Ok(())).unwrap()
}

#[test]
fn what_a_command_says_and_how_it_ends_comes_back_bounded() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options { shell: true, ..Options::default() });
    let pool = sshd.pool(|s| s.sessions_max = 1);
    let ended = |code, said: &str| Ran::Ended { code, said: said.into() };
    assert_eq!(run(&pool, "echo CPC1221 out; echo on the other >&2"), ended(0, "CPC1221 out / on the other"));
    assert_eq!(run(&pool, "echo CPF9801 >&2; exit 7"), ended(7, "CPF9801"));
    // Its input is closed, so nothing waits for us.
    assert_eq!(run(&pool, "cat; echo end"), ended(0, "end"));
    // More than a channel's window on each stream would stand still if only one of them were read.
    let Ran::Ended { code: 0, said } = run(&pool, "head -c 6000000 /dev/zero | tr '\\0' e >&2; echo far") else {
        panic!("it ended")
    };
    assert!(said.len() < 4_200 && said.contains("bytes more"), "{}", said.len());
    // The only session is whole afterwards, for SFTP as for commands.
    pool.folder(&sshd.spool().display().to_string()).list(10).unwrap();
    assert_eq!((pool.status().connected, pool.status().broken), (1, 0));
}

#[test]
fn an_end_that_nobody_saw_is_told_so_and_nothing_is_asked_where_nothing_was_recorded() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options { shell: true, ..Options::default() });
    let pool = sshd.pool(|s| s.sessions_max = 1);
    let made = sshd.spool().join("made");
    let touch = format!("touch {}", made.display());
    let not_recorded = fpp_spool::Error::new(ErrorKind::NotRecorded, "no ledger");
    let mut not_recorded = Some(not_recorded);
    let error = pool.run(&touch, LIMIT, &mut || Err(not_recorded.take().unwrap())).unwrap_err();
    assert_eq!((error.kind, made.exists()), (ErrorKind::NotRecorded, false));

    let begun = Instant::now();
    let ran = pool.run("echo begun; exec sleep 60", Duration::from_secs(4), &mut || Ok(())).unwrap();
    assert!(matches!(&ran, Ran::Unsure { said, .. } if said == "begun"), "{ran:?}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());

    let ran = std::thread::scope(|scope| {
        let script = format!("{touch}; exec sleep 60");
        let pool = &pool;
        let running = scope.spawn(move || run(pool, &script));
        let deadline = Instant::now() + LIMIT;
        while !made.exists() {
            assert!(Instant::now() < deadline);
            std::thread::sleep(Duration::from_millis(10));
        }
        sshd.kill_sessions();
        running.join().unwrap()
    });
    assert!(matches!(ran, Ran::Unsure { .. }), "{ran:?}");
    assert!(matches!(run(&pool, "kill -TERM $$"), Ran::Unsure { .. }), "a signal is no end of its own");
    assert_eq!(run(&pool, "true"), Ran::Ended { code: 0, said: String::new() }, "the next session works");
}

#[test]
fn a_login_for_sftp_alone_takes_the_request_and_says_nothing() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options::default());
    let made = sshd.spool().join("made");
    let ran = run(&sshd.pool(|_| ()), &format!("touch {}; echo done", made.display()));
    assert!(!made.exists());
    match ran {
        Ran::Ended { said, .. } | Ran::Unsure { said, .. } => assert!(!said.contains("done"), "{said}"),
        Ran::Refused(_) => {}
    }
}
