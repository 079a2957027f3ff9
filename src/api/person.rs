//! Who asks. Over the control socket the operating system says it, not the program at the other end (D25); over HTTP the
//! token does.
//!
//! The person is the one who logged in (`/proc/PID/loginuid`, which survives `sudo` and which nobody can take another
//! value for), else the user of the process. Two requests of one person are one person's, whatever account is used.

use super::tokens::Reader;
use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::net::UnixListener;

/// What the system says about the other end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    uid: Option<u32>,
    login: Option<u32>,
}

/// Somebody who asks, whatever the way.
#[derive(Clone, Debug)]
pub enum Caller {
    /// Over the control socket: its file's permissions say who may.
    Here(Peer),
    /// Over HTTP: only what its token allows.
    Token(Reader),
}

impl Caller {
    /// The person. A token's is called as the login of that person is, so that one person is one by both ways.
    pub fn person(&self) -> String {
        match self {
            Caller::Here(peer) => peer.person(),
            Caller::Token(token) => token.person.clone(),
        }
    }

    /// For the books.
    pub fn named(&self, told: &str) -> String {
        match self {
            Caller::Here(peer) => peer.named(told),
            Caller::Token(token) if token.person == token.name => format!("{} by token", token.person),
            Caller::Token(token) => format!("{} by token {}", token.person, token.name),
        }
    }

    /// Whether a word may be said of a route, or of something that is no route's.
    pub fn may(&self, word: &str, route: Option<&str>) -> bool {
        let Caller::Token(token) = self else { return true };
        token.verbs.contains(word) && (token.routes.is_none() || route.is_some_and(|route| token.sees(route)))
    }
}

impl Connected<IncomingStream<'_, UnixListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Peer {
        let Ok(cred) = stream.io().peer_cred() else { return Peer::default() };
        Peer { uid: Some(cred.uid()), login: cred.pid().and_then(login_of) }
    }
}

/// The user who logged in, from whom a process descends; none where nobody did, as in a container.
fn login_of(pid: i32) -> Option<u32> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/loginuid")).ok()?;
    text.trim().parse().ok().filter(|uid| *uid != u32::MAX)
}

impl Peer {
    /// The person.
    pub fn person(&self) -> String {
        self.login.or(self.uid).map_or_else(|| "unknown".to_owned(), user)
    }

    /// For the books: the person, and the account where it is another one's. Only where nobody logged in does it count
    /// what the program says of itself, and only where it does not contradict the system.
    pub fn named(&self, told: &str) -> String {
        let person = self.person();
        let account = self.uid.map(user).unwrap_or_default();
        if self.login.is_some() {
            return if account.is_empty() || account == person { person } else { format!("{person} as {account}") };
        }
        let fits = told == person || told.ends_with(&format!(" as {account}"));
        if fits && !told.is_empty() { told.to_owned() } else { person }
    }
}

fn user(uid: u32) -> String {
    user_name(uid).unwrap_or_else(|| format!("uid {uid}"))
}

/// The name of a user of this machine.
pub fn user_name(uid: u32) -> Option<String> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        (parts.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// The number of a group of this machine.
pub fn group_id(name: &str) -> Option<u32> {
    let groups = std::fs::read_to_string("/etc/group").ok()?;
    groups.lines().find_map(|line| {
        let mut parts = line.split(':');
        (parts.next()? == name).then(|| parts.nth(1)?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_logged_in_is_the_person_whatever_account_he_uses() {
        let wang = Peer { uid: Some(0), login: Some(4_000_001) };
        let li = Peer { uid: Some(0), login: Some(4_000_002) };
        assert_ne!(wang.person(), li.person());
        assert_eq!(wang.named("li as root"), "uid 4000001 as root", "the system knows who it is, whoever is blamed");
        assert_eq!(wang.named(""), "uid 4000001 as root");
        let own = Peer { uid: Some(4_000_002), login: Some(4_000_002) };
        assert_eq!(own.named("wang as uid 4000002"), "uid 4000002");
        let shared = Peer { uid: Some(0), login: None };
        assert_eq!(shared.person(), "root");
        assert_eq!(shared.named("wang as root"), "wang as root", "sudo says more, but proves nothing");
        assert_eq!(shared.person(), shared.clone().person());
        assert_eq!(shared.named("li"), "root", "nobody is another user by saying so");
        assert_eq!(shared.named(""), "root");
    }
}
