//! The vault of a fleet in a bucket of a real S3 server.

#[path = "../vault_support/bucket.rs"]
#[allow(dead_code, reason = "shared with the tests of the vault, which use the rest")]
mod bucket;

pub(crate) use bucket::{Room, Running, running, running_with_tls};

use crate::fleet_support::Fleet;
use fpp::vault::s3::S3Vault;
use std::os::unix::fs::PermissionsExt;

/// Puts the vault of a node there, reached at an endpoint of its own if there is one.
pub(crate) fn vault_there(fleet: &Fleet, n: usize, room: &Room, endpoint: Option<String>) {
    let conf = fleet.site.root.join("conf");
    let keys = (room.place.keys)().unwrap();
    for (name, text) in [("access", &keys.id), ("secret", &keys.secret)] {
        let path = conf.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let tls = match &room.place.ca_file {
        Some(file) => format!("ca_file = \"{}\"", file.display()),
        None => "tls = \"off\"".to_owned(),
    };
    let there = format!(
        "url = \"s3://{}/{}\"\nendpoint = \"{}\"\naccess_key_file = \"access\"\nsecret_key_file = \"secret\"\n{tls}\n\
         call_timeout_ms = 1000",
        room.place.bucket,
        room.place.prefix,
        endpoint.or(room.place.endpoint.clone()).unwrap(),
    );
    fleet.rewrite(n, "path = \"../vault\"", &there);
}

/// Opened for the checker. S3 is spoken from threads of its own, so it may be made anywhere.
pub(crate) fn open(room: &Room) -> S3Vault {
    S3Vault::open(&room.place).unwrap()
}
