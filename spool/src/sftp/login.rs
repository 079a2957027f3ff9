//! Logging in: key file, agent, or a password from a file.

use super::settings::{Auth, SftpSettings};
use crate::error::{Error, ErrorKind, Result};
use ssh2::{ErrorCode, KeyboardInteractivePrompt, Prompt, Session};
use std::path::Path;

/// The login was refused, or key and passphrase do not fit; anything else is the line.
const REFUSALS: [i32; 7] = [-15, -16, -18, -19, -33, -42, -48];

/// How the library begins when no answer came. Its code is then that of a key that was refused.
const NO_ANSWER: &str = "Waiting for ";

/// Whether the partner said no, and not the line.
fn is_refusal(error: &ssh2::Error) -> bool {
    REFUSALS.iter().any(|code| error.code() == ErrorCode::Session(*code)) && !error.message().starts_with(NO_ANSWER)
}

pub(super) fn login(session: &Session, settings: &SftpSettings) -> Result<()> {
    match &settings.auth {
        Auth::KeyFile { path, passphrase_file } => {
            let passphrase = passphrase_file.as_deref().map(secret).transpose()?;
            readable(path)?;
            let done = session.userauth_pubkey_file(&settings.user, None, path, passphrase.as_deref());
            done.map_err(|e| refused(settings, &format!("with the key {}", path.display()), e))
        }
        Auth::Agent => by_agent(session, settings),
        Auth::PasswordFile(path) => by_password(session, settings, &secret(path)?),
    }
}

fn by_agent(session: &Session, settings: &SftpSettings) -> Result<()> {
    let no_agent = |e: ssh2::Error| {
        Error::new(ErrorKind::Login, format!("the agent cannot be used: {e}"))
            .hint("start ssh-agent, set SSH_AUTH_SOCK, add the key")
            .caused_by(e)
    };
    let mut agent = session.agent().map_err(no_agent)?;
    agent.connect().map_err(no_agent)?;
    agent.list_identities().map_err(no_agent)?;
    let mut last = None;
    for identity in agent.identities().map_err(no_agent)? {
        match agent.userauth(&settings.user, &identity) {
            Ok(()) => return Ok(()),
            Err(e) => last = Some(e),
        }
    }
    Err(match last {
        Some(e) => refused(settings, "with the agent's keys", e),
        None => Error::new(ErrorKind::Login, "the agent holds no keys").hint("add the key with ssh-add"),
    })
}

fn by_password(session: &Session, settings: &SftpSettings, password: &str) -> Result<()> {
    let how = "with the password";
    let Err(error) = session.userauth_password(&settings.user, password) else { return Ok(()) };
    // Some servers ask for the same password in a dialogue only.
    let asks = session.auth_methods(&settings.user).unwrap_or("").contains("keyboard-interactive");
    if !is_refusal(&error) || !asks {
        return Err(refused(settings, how, error));
    }
    let mut answer = Answer(password);
    session.userauth_keyboard_interactive(&settings.user, &mut answer).map_err(|e| refused(settings, how, e))
}

struct Answer<'a>(&'a str);

impl KeyboardInteractivePrompt for Answer<'_> {
    fn prompt<'a>(&mut self, _user: &str, _instructions: &str, prompts: &[Prompt<'a>]) -> Vec<String> {
        // What is echoed is no password: it gets no answer.
        prompts.iter().map(|prompt| if prompt.echo { String::new() } else { self.0.to_owned() }).collect()
    }
}

fn refused(settings: &SftpSettings, how: &str, error: ssh2::Error) -> Error {
    let kind = if is_refusal(&error) { ErrorKind::Login } else { ErrorKind::Unreachable };
    Error::new(kind, format!("logging in to {} {how}: {}", settings.describe(), error.message())).caused_by(error)
}

fn readable(path: &Path) -> Result<()> {
    std::fs::File::open(path).map(|_| ()).map_err(|e| unreadable(path, e))
}

/// The content of a secret's file, without the line end that editors add.
fn secret(path: &Path) -> Result<String> {
    let text = std::fs::read_to_string(path).map_err(|e| unreadable(path, e))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Login, format!("{} cannot be read: {error}", path.display()))
        .hint("it must belong to the user that runs this program, mode 600")
        .caused_by(error)
}
