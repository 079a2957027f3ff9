//! The folders of the spools that a node reaches, and the sessions of those over SFTP.

use crate::error::{Error, Result};
use crate::node::rooms::{Partners, WrapFolder};
use crate::settings::{self, Settings, SftpAuth, SpoolKind};
use fpp_codecs::Code;
use fpp_spool::{Address, Auth, Folder, LocalFolder, SftpPool, SftpSettings};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Folders by spool name.
pub(super) type Folders = BTreeMap<String, Arc<dyn Folder>>;

/// The folders, and the sessions of those over SFTP. Spools that are reached in the same way in every respect, host keys
/// included, share a pool of sessions, whatever the number of a partner's folders.
pub(super) fn folders(settings: &Settings, wrap: Option<WrapFolder>) -> Result<(Folders, Partners)> {
    let mut folders = Folders::new();
    let mut partners = Partners::new();
    let mut pools: Vec<Arc<SftpPool>> = Vec::new();
    for spool in settings.spools.iter().filter(|spool| settings.reaches(&spool.name)) {
        let folder: Arc<dyn Folder> = match &spool.kind {
            SpoolKind::Local { path } => {
                std::fs::create_dir_all(path).map_err(|e| {
                    Error::halt(Code::FOLDER, format!("spool `{}`: no folder {}", spool.name, path.display()))
                        .caused_by(e)
                })?;
                Arc::new(LocalFolder::open(path).map_err(|e| Error::from(e).at(format!("spool `{}`", spool.name)))?)
            }
            SpoolKind::Sftp(sftp) => {
                let wanted = sftp_settings(sftp);
                let known = pools.iter().find(|pool| *pool.settings() == wanted).cloned();
                let pool = known.unwrap_or_else(|| SftpPool::new(wanted));
                pools.push(pool.clone());
                partners.insert(spool.name.clone(), pool.clone());
                Arc::new(pool.folder(&sftp.path))
            }
        };
        let wrapped = match &wrap {
            Some(wrap) => wrap(&spool.name, folder),
            None => folder,
        };
        folders.insert(spool.name.clone(), wrapped);
    }
    Ok((folders, partners))
}

fn address(standby: &settings::Standby) -> Address {
    Address { host: standby.host.clone(), port: standby.port, host_keys: standby.host_keys.clone() }
}

/// How a partner is reached, as the spool has it.
pub(in crate::node) fn sftp_settings(sftp: &settings::Sftp) -> SftpSettings {
    SftpSettings {
        host: sftp.host.clone(),
        port: sftp.port,
        user: sftp.user.clone(),
        auth: match &sftp.auth {
            SftpAuth::KeyFile { path, passphrase_file } => {
                Auth::KeyFile { path: path.clone(), passphrase_file: passphrase_file.clone() }
            }
            SftpAuth::Agent => Auth::Agent,
            SftpAuth::PasswordFile(path) => Auth::PasswordFile(path.clone()),
        },
        host_keys: sftp.host_keys.clone(),
        connect_timeout_ms: sftp.connect_timeout_ms,
        call_timeout_ms: sftp.call_timeout_ms,
        sessions_max: sftp.sessions_max,
        ciphers: sftp.ciphers.clone(),
        standbys: sftp.standbys.iter().map(address).collect(),
    }
}
