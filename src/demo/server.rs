//! The stand-in core: an SFTP server in this process that serves one folder on the loopback address.
//!
//! Invariants: only the user key that was made for this server is let in, and no name leads out of the served folder.
//! Keys are made at the first start and kept in a folder of their own, so a core that is stopped and started again is
//! the same core to its clients.
//!
//! It keeps its own threads: a slow disk here never holds up the daemon that talks to it, and callers need no async. It
//! offers no shell, no passwords, no other subsystem.

mod jail;
mod keys;
mod sftp;

use jail::Jail;
use keys::Keys;
use russh::keys::PublicKey;
use russh::server::{
    Auth, ChannelOpenHandle, Config, Handler, Msg, PublicKeyOffer, Session, VerifiedPublicKey, run_stream,
};
use russh::{Channel, ChannelId, MethodKind, MethodSet};
use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// The user that the core knows, written as an IBM i user profile.
pub const USER: &str = "FPPUSER";

/// How long sessions may take to end.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// Sessions that may be open at once; more are refused by closing the connection.
const SESSIONS_MAX: usize = 64;

/// A running stand-in core. Dropping it closes every connection and frees the port.
#[derive(Debug)]
pub struct CoreServer {
    address: SocketAddr,
    host_key: PublicKey,
    user_key_file: PathBuf,
    runtime: Option<Runtime>,
}

impl CoreServer {
    /// Serves `root` as `/`. Keys are read from the folder `keys`, or made there when it has none. Port 0 takes any
    /// free port; the port of an earlier server lets a core "come back".
    pub fn start(root: &Path, keys: &Path, port: u16) -> io::Result<CoreServer> {
        let keys = Keys::open(keys)?;
        let jail = Arc::new(Jail::new(root)?);
        let host_key = keys.host.public_key().clone();
        let user_key = Arc::new(keys.user);
        let config = Arc::new(config(keys.host));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("stand-in-core")
            .enable_all()
            .build()?;
        let listener = bind(port)?;
        let address = listener.local_addr()?;
        // Not `block_on`: the caller may be a task of another runtime.
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(listener)?
        };
        runtime.spawn(accept(listener, config, user_key, jail));
        Ok(CoreServer { address, host_key, user_key_file: keys.user_file, runtime: Some(runtime) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The host key as a line of `known_hosts` has it: `ssh-ed25519 AAAA...`.
    pub fn host_key(&self) -> io::Result<String> {
        self.host_key.to_openssh().map_err(io::Error::other)
    }

    /// The host key's fingerprint as OpenSSH shows it: `SHA256:...`.
    pub fn host_key_fingerprint(&self) -> String {
        self.host_key.fingerprint(russh::keys::HashAlg::Sha256).to_string()
    }

    /// The private key that is let in, as an OpenSSH key file without passphrase.
    pub fn user_key_file(&self) -> &Path {
        &self.user_key_file
    }
}

impl Drop for CoreServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // On a thread of its own, because the one that drops may belong to another runtime; and waited for, because
            // a session that still answers is not closed.
            let ended = std::thread::spawn(move || runtime.shutdown_timeout(SHUTDOWN));
            if ended.join().is_err() {
                tracing::error!("the stand-in core did not stop");
            }
        }
    }
}

fn config(host_key: russh::keys::PrivateKey) -> Config {
    Config {
        methods: MethodSet::from(&[MethodKind::PublicKey][..]),
        auth_rejection_time: Duration::from_millis(200),
        auth_rejection_time_initial: Some(Duration::ZERO),
        max_auth_attempts: 4,
        inactivity_timeout: Some(Duration::from_secs(3600)),
        keys: vec![host_key],
        ..Config::default()
    }
}

/// A server that was dropped frees its port in the background: one that comes back waits for that a little.
fn bind(port: u16) -> io::Result<std::net::TcpListener> {
    let deadline = Instant::now() + Duration::from_secs(2);
    let listener = loop {
        match std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(20));
            }
            result => break result?,
        }
    };
    listener.set_nonblocking(true)?;
    Ok(listener)
}

async fn accept(listener: TcpListener, config: Arc<Config>, user_key: Arc<PublicKey>, jail: Arc<Jail>) {
    let places = Arc::new(tokio::sync::Semaphore::new(SESSIONS_MAX));
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file handles, for instance: waiting is all that helps.
                tracing::warn!(%error, "stand-in core: cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let session =
            ClientSession { user_key: Arc::clone(&user_key), jail: Arc::clone(&jail), channels: HashMap::new() };
        let config = Arc::clone(&config);
        tokio::spawn(async move {
            if let Err(error) = serve(stream, config, session).await {
                tracing::debug!(%error, "stand-in core: connection ended");
            }
            drop(place);
        });
    }
}

async fn serve(stream: TcpStream, config: Arc<Config>, session: ClientSession) -> Result<(), russh::Error> {
    stream.set_nodelay(true)?;
    run_stream(config, stream, session).await?.await
}

/// One connection: who may come in, and which channel speaks SFTP.
struct ClientSession {
    user_key: Arc<PublicKey>,
    jail: Arc<Jail>,
    channels: HashMap<ChannelId, Channel<Msg>>,
}

impl ClientSession {
    fn judge(&self, user: &str, key: &PublicKey) -> Auth {
        if user == USER && key.key_data() == self.user_key.key_data() { Auth::Accept } else { Auth::reject() }
    }
}

impl Handler for ClientSession {
    type Error = russh::Error;

    async fn auth_publickey_offered(&mut self, user: &str, key: PublicKeyOffer<'_>) -> Result<Auth, Self::Error> {
        Ok(self.judge(user, key.public_key))
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        Ok(self.judge(user, key.public_key))
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.channels.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn channel_eof(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        session.close(channel)
    }

    async fn channel_close(&mut self, channel: ChannelId, _session: &mut Session) -> Result<(), Self::Error> {
        self.channels.remove(&channel);
        Ok(())
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        session.channel_failure(channel)
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        _data: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(channel)
    }

    async fn subsystem_request(
        &mut self,
        channel_id: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        match self.channels.remove(&channel_id) {
            Some(channel) if name == "sftp" => {
                session.channel_success(channel_id)?;
                russh_sftp::server::run(channel.into_stream(), sftp::Files::new(Arc::clone(&self.jail))).await;
                Ok(())
            }
            _ => session.channel_failure(channel_id),
        }
    }
}
