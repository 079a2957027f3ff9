//! One connection: name, socket, key exchange, host key, login, SFTP.
//!
//! Dropping it shuts the socket first. The library would otherwise say goodbye to the partner and wait for the answer,
//! twice, for as long as the deadline is.

use super::settings::SftpSettings;
use super::watchdog::Watchdog;
use super::{cipher, hostkey, login};
use crate::entry::is_unseen;
use crate::error::{Error, ErrorKind, Result};
use ssh2::{MethodType, Session, Sftp};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How far the watchdog lets a call run over the library's own deadline.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// What a partner and we agreed on, and what it turned out to offer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Negotiated {
    /// The address that let us in.
    pub address: String,
    /// What the server calls itself.
    pub server: String,
    /// Key exchange.
    pub exchange: String,
    /// Kind of host key.
    pub host_key: String,
    /// Cipher, to the partner and from it.
    pub ciphers: [String; 2],
    /// Message code, to the partner and from it; empty where the cipher has its own.
    pub macs: [String; 2],
    /// Whether files can be made durable there (fsync@openssh.com); not known before the first was written.
    pub fsync: Option<bool>,
}

impl Negotiated {
    fn of(session: &Session, settings: &SftpSettings) -> Negotiated {
        let method = |kind| session.methods(kind).unwrap_or_default().to_owned();
        // The banner is the partner's text: nothing in it may reach a terminal as it is.
        let banner = session.banner().unwrap_or_default();
        Negotiated {
            address: settings.describe(),
            server: banner.chars().take(80).filter(|c| !is_unseen(*c)).collect(),
            exchange: method(MethodType::Kex),
            host_key: method(MethodType::HostKey),
            ciphers: [method(MethodType::CryptCs), method(MethodType::CryptSc)],
            macs: [method(MethodType::MacCs), method(MethodType::MacSc)],
            fsync: None,
        }
    }
}

/// An open connection.
pub(super) struct Conn {
    // The order matters: fields are dropped from top to bottom.
    sftp: Sftp,
    session: Session,
    socket: Arc<TcpStream>,
    /// When it was last used; for the pool.
    pub(super) used: Instant,
    /// It missed a deadline or lost its line: not to be used again.
    pub(super) broken: bool,
    limit: Duration,
    rename_refuses: bool,
    /// What was agreed on.
    pub(super) negotiated: Box<Negotiated>,
}

impl Conn {
    /// Connects and logs in. The host key is checked before the login.
    pub(super) fn open(settings: &SftpSettings, watchdog: &Watchdog) -> Result<Conn> {
        let deadline = Instant::now() + settings.connect_timeout();
        let socket = Arc::new(connect(settings, deadline)?);
        let _watched = watchdog.watch(&socket, settings.connect_timeout() + settings.call_timeout() * 3 + GRACE);
        let closing = ShutOnError(Some(Arc::clone(&socket)));
        let line = |doing: &str, e: ssh2::Error| {
            Error::new(ErrorKind::Unreachable, format!("{doing} {}: {}", settings.describe(), e.message())).caused_by(e)
        };
        let clone = socket.try_clone().map_err(|e| Error::from_io("copying the socket", e))?;
        let mut session = Session::new().map_err(|e| line("preparing", e))?;
        session.set_tcp_stream(clone);
        session.set_timeout(millis(deadline.saturating_duration_since(Instant::now())));
        cipher::prefer(&session, settings)?;
        hostkey::prefer(&session, settings)?;
        session.handshake().map_err(|e| line("greeting", e))?;
        hostkey::check(&session, settings)?;
        session.set_timeout(millis(settings.call_timeout()));
        login::login(&session, settings)?;
        let sftp = session.sftp().map_err(|e| line("starting SFTP at", e))?;
        let negotiated = Box::new(Negotiated::of(&session, settings));
        closing.keep();
        // OpenSSH makes a link and removes the old name; other servers are known to replace the target in silence.
        let rename_refuses = session.banner().is_some_and(|banner| banner.contains("OpenSSH"));
        let limit = settings.call_timeout() + GRACE;
        let (used, broken) = (Instant::now(), false);
        Ok(Conn { sftp, session, socket, used, broken, limit, rename_refuses, negotiated })
    }

    /// The SFTP channel; every use of it goes through the lease, which watches the time.
    pub(super) fn sftp(&self) -> &Sftp {
        &self.sftp
    }

    /// The session itself, for what is no SFTP. It is watched by whoever uses it.
    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// How long a single call may take.
    pub(super) fn call_limit(&self) -> Duration {
        self.limit.saturating_sub(GRACE)
    }

    pub(super) fn socket(&self) -> &Arc<TcpStream> {
        &self.socket
    }

    /// After this long the watchdog ends a call.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// True when the partner's rename is known to refuse an existing target.
    pub(super) fn rename_refuses(&self) -> bool {
        self.rename_refuses
    }

    /// Ends everything at once; what is still running fails.
    pub(super) fn shut(&mut self) {
        self.broken = true;
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    /// True when the partner has closed an idle connection, or said something that nobody asked for.
    pub(super) fn stirred(&self) -> bool {
        // The library has made the socket non-blocking, so this does not wait.
        !matches!(self.socket.peek(&mut [0]), Err(e) if e.kind() == std::io::ErrorKind::WouldBlock)
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        self.shut();
    }
}

/// Shuts the socket when opening stops halfway, so that dropping the session does not wait for a goodbye.
struct ShutOnError(Option<Arc<TcpStream>>);

impl ShutOnError {
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for ShutOnError {
    fn drop(&mut self) {
        if let Some(socket) = &self.0 {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

fn connect(settings: &SftpSettings, deadline: Instant) -> Result<TcpStream> {
    let mut last = None;
    for address in resolve(settings, deadline)? {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(socket) => {
                // Without this every 30 KB packet of the library may wait for an acknowledgement of the last.
                socket.set_nodelay(true).map_err(|e| Error::from_io("setting TCP_NODELAY", e))?;
                return Ok(socket);
            }
            Err(e) => last = Some(e),
        }
    }
    let why = last.map_or_else(|| "no address answered in time".to_owned(), |e| e.to_string());
    Err(Error::new(ErrorKind::Unreachable, format!("connecting to {}: {why}", settings.describe())))
}

/// Looks the name up on a thread of its own, because the system's resolver knows no deadline.
fn resolve(settings: &SftpSettings, deadline: Instant) -> Result<Vec<SocketAddr>> {
    let (sender, receiver) = mpsc::channel();
    let target = (settings.host.clone(), settings.port);
    let spawned = std::thread::Builder::new().name("resolve".into()).spawn(move || {
        let _ = sender.send(target.to_socket_addrs().map(Iterator::collect::<Vec<_>>));
    });
    spawned.map_err(|e| Error::from_io("starting a thread", e))?;
    let failed = |why: String| {
        Error::new(ErrorKind::Unreachable, format!("looking up {}: {why}", settings.host))
            .hint("check the name service")
    };
    match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
        Ok(Ok(_)) => Err(failed("it has no address".into())),
        Ok(Err(e)) => Err(failed(e.to_string())),
        Err(_) => Err(failed("no answer in time".into())),
    }
}

/// Zero would mean "for ever" to the library.
pub(super) fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX).max(1)
}
