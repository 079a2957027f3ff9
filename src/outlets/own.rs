//! Files of customers' data that outlets make. Who may read one is what the outlet is set up with, whatever the umask of the
//! node; one that is there already keeps the rights that somebody gave it.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// For the node's own user alone.
pub const OWN: u32 = 0o600;

/// Opens a file, or makes it; tells whether it is new.
pub(super) fn open(path: &Path, how: &mut OpenOptions, mode: u32) -> io::Result<(File, bool)> {
    match how.create_new(true).mode(OWN).open(path) {
        Ok(file) => {
            file.set_permissions(Permissions::from_mode(mode))?;
            Ok((file, true))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok((how.create_new(false).open(path)?, false)),
        Err(error) => Err(error),
    }
}
