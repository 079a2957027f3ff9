//! Running one command at a partner, over a channel of its own beside SFTP (RFC 4254, 6.5).
//!
//! A command is asked for once in a call and never repeated here: whether it ran is told as far as anybody can know it.
//! `Err` means that nothing was asked; after that there are three ends. What the command said, on both of its streams in
//! their order, is read to its end within the time and kept up to [`SAID_MAX_BYTES`]. An exit code of 0 alone proves
//! nothing: the library reports 0 where the server sent none, and a login that is confined to SFTP takes the request and
//! runs something else. What proves it is for the caller to say.

use super::faults;
use super::lease::Lease;
use super::pool::SftpPool;
use super::session::millis;
use crate::entry::{is_unseen, shown};
use crate::error::{Error, ErrorKind, Result};
use ssh2::{Channel, ExtendedData};
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is kept of what a command says.
pub const SAID_MAX_BYTES: usize = 4 << 10;
const PIECE_BYTES: usize = 16 << 10;

/// How a command ended that was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ran {
    /// The partner runs no commands: nothing was begun.
    Refused(String),
    /// It ended with this exit code, if the partner sent one; else 0.
    Ended {
        /// The exit code.
        code: i32,
        /// What it said.
        said: String,
    },
    /// Nobody knows whether it ran, or ran to its end.
    Unsure {
        /// What happened.
        why: String,
        /// What it said until then.
        said: String,
    },
}

impl SftpPool {
    /// Runs a command. `before` is called when everything is ready and nothing was asked yet; its error ends the call.
    pub fn run(self: &Arc<Self>, line: &str, limit: Duration, before: &mut dyn FnMut() -> Result<()>) -> Result<Ran> {
        let (mut channel, mut lease) = self.channel()?;
        before()?;
        let deadline = Instant::now() + limit;
        let ran = lease.watched_for(limit, |lease| ask(lease, &mut channel, line, deadline));
        match &ran {
            // Closing would wait for a partner that may be frozen, or for a command that does not end.
            Ran::Unsure { .. } => lease.shut(),
            _ => lease.limit_calls(),
        }
        drop(channel);
        Ok(ran)
    }

    /// A channel on a session that lives: opening one changes nothing, so a session that died while idle is replaced.
    fn channel(self: &Arc<Self>) -> Result<(Channel, Lease)> {
        let doing = || format!("opening a channel to {}", self.settings().describe());
        let mut lease = self.lend()?;
        let mut opened = lease.channel();
        if opened.is_err() && lease.was_idle() {
            drop(lease);
            lease = self.lend_new()?;
            opened = lease.channel();
        }
        match opened {
            Ok(channel) => Ok((channel, lease)),
            Err(e) if faults::is_refusal(&e) => {
                let what = format!("{}: {}", doing(), e.message());
                Err(Error::new(ErrorKind::Folder, what).hint("ask the partner to let this user run commands"))
            }
            Err(e) => Err(faults::error(doing(), e)),
        }
    }
}

fn ask(lease: &Lease, channel: &mut Channel, line: &str, deadline: Instant) -> Ran {
    let unsure = |why: String, said: &Said| Ran::Unsure { why, said: said.text() };
    let mut said = Said::default();
    let left = |deadline: Instant| {
        let left = deadline.saturating_duration_since(Instant::now());
        lease.limit_to(millis(left));
        !left.is_zero()
    };
    left(deadline);
    let begun = channel.handle_extended_data(ExtendedData::Merge).and_then(|()| channel.exec(line));
    match begun {
        Err(e) if faults::is_refusal(&e) => return Ran::Refused(e.message().to_owned()),
        Err(e) => return unsure(format!("asking for it: {}", e.message()), &said),
        Ok(()) => {}
    }
    // It gets nothing to read, so that it waits for nobody.
    if let Err(e) = channel.send_eof() {
        return unsure(format!("closing its input: {}", e.message()), &said);
    }
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        if !left(deadline) {
            return unsure("the time is over".to_owned(), &said);
        }
        match channel.read(&mut piece) {
            Ok(0) => break,
            Ok(n) => said.keep(&piece[..n]),
            Err(e) => return unsure(format!("reading what it says: {e}"), &said),
        }
    }
    left(deadline);
    if let Err(e) = channel.close().and_then(|()| channel.wait_close()) {
        return unsure(format!("waiting for its end: {}", e.message()), &said);
    }
    match channel.exit_signal() {
        Ok(ssh2::ExitSignal { exit_signal: Some(signal), .. }) => {
            unsure(format!("it was ended by the signal {}", shown(&signal)), &said)
        }
        _ => match channel.exit_status() {
            Ok(code) => Ran::Ended { code, said: said.text() },
            Err(e) => unsure(format!("its exit code: {}", e.message()), &said),
        },
    }
}

/// What a command says, bounded.
#[derive(Default)]
struct Said {
    bytes: Vec<u8>,
    more: usize,
}

impl Said {
    fn keep(&mut self, bytes: &[u8]) {
        let kept = bytes.len().min(SAID_MAX_BYTES - self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..kept]);
        self.more = self.more.saturating_add(bytes.len() - kept);
    }

    /// In one line, without anything that could confuse a terminal.
    fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes);
        let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
        let text: Vec<_> = lines.map(|line| line.replace(is_unseen, " ")).collect();
        let more = if self.more > 0 { format!(" … and {} bytes more", self.more) } else { String::new() };
        format!("{}{more}", text.join(" / "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_bounded_and_harmless() {
        let mut said = Said::default();
        said.keep(b"CPC1221: Job 1/U/LOAD submitted\r\n\n\x1b[2Jbad\xff\n");
        assert_eq!(said.text(), "CPC1221: Job 1/U/LOAD submitted /  [2Jbad\u{fffd}");
        for _ in 0..3 {
            said.keep(&[b'x'; SAID_MAX_BYTES]);
        }
        assert_eq!(said.bytes.len(), SAID_MAX_BYTES);
        assert!(said.text().ends_with(&format!(" and {} bytes more", 2 * SAID_MAX_BYTES + 43)), "{}", said.more);
    }
}
