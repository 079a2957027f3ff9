//! The two listeners and how they close: no new connection, answers under way are finished.

use super::connections::{self, Bounds};
use super::under_way::UnderWay;
use super::{Doors, consumers, control, events, extract, health, operate, person, schemas};
use crate::error::{Error, Result};
use axum::Router;
use axum::routing::get;
use fpp_codecs::Code;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch as signal;
use tokio::task::JoinSet;

/// Binds both listeners and starts serving; returns the address that HTTP got.
pub async fn start(
    services: &mut JoinSet<Result<()>>,
    doors: Doors,
    stopped: signal::Receiver<bool>,
) -> Result<SocketAddr> {
    let cannot = |e: std::io::Error| {
        Error::halt(Code::INTERNAL, format!("HTTP cannot listen on {}", doors.listen))
            .caused_by(e)
            .hint("Choose another address in [http], or stop whoever has it: ss -ltnp.")
    };
    let tcp = TcpListener::bind(doors.listen).await.map_err(cannot)?;
    let address = tcp.local_addr().map_err(cannot)?;
    let unix = bind_socket(&doors.socket, doors.group.as_deref())?;
    let doors = Arc::new(doors);
    services.spawn(finish(doors.under_way.clone(), stopped.clone()));
    let open = Router::new()
        .route("/v1/events", get(events::read))
        .route("/v1/schemas", get(schemas::list))
        .route("/v1/schemas/{name}", get(schemas::read))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .merge(operate::router())
        .merge(consumers::router())
        .fallback(extract::nowhere)
        .method_not_allowed_fallback(extract::no_method)
        .with_state(doors.clone());
    let operators = control::router(doors);
    services.spawn(connections::serve(tcp, open, Bounds::default(), stopped.clone()));
    services.spawn(serve_unix(unix, operators, stopped));
    Ok(address)
}

/// A socket that only the node's own user can open, and the members of the operators' group where there is one. One left by a killed node is replaced: the lock on the data folder
/// proves that its owner is gone.
fn bind_socket(path: &Path, group: Option<&str>) -> Result<UnixListener> {
    let cannot = |e: std::io::Error| {
        Error::halt(Code::INTERNAL, format!("the control socket {} cannot be made", path.display())).caused_by(e)
    };
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(cannot(e)),
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(cannot)?;
    // The group first: nobody else has the socket open meanwhile, for it is made without any rights for others.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(cannot)?;
    if let Some(name) = group {
        let gid = person::group_id(name).ok_or_else(|| {
            Error::halt(Code::INTERNAL, format!("this machine has no group `{name}`"))
                .hint("Make it, or name another one: control_group.")
        })?;
        std::os::unix::fs::chown(path, None, Some(gid)).map_err(cannot)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660)).map_err(cannot)?;
    }
    Ok(listener)
}

async fn serve_unix(listener: UnixListener, router: Router, stopped: signal::Receiver<bool>) -> Result<()> {
    let router = router.into_make_service_with_connect_info::<person::Peer>();
    axum::serve(listener, router).with_graceful_shutdown(until(stopped)).await.map_err(broken)
}

async fn until(mut stopped: signal::Receiver<bool>) {
    // An error means that the node is gone, which is a stop as well.
    let _ = stopped.wait_for(|s| *s).await;
}

/// The node stops when what is under way came to a place where it can be left.
async fn finish(under_way: Arc<UnderWay>, stopped: signal::Receiver<bool>) -> Result<()> {
    until(stopped).await;
    under_way.ended().await;
    Ok(())
}

fn broken(e: std::io::Error) -> Error {
    Error::halt(Code::INTERNAL, "HTTP stopped").caused_by(e)
}
