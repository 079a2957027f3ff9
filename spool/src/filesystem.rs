//! What kind of file system a folder is on.
//!
//! The kernel tells of changes that this machine makes. On a network file system other machines change files too, and
//! nobody is told, so such a folder has to be listed at intervals. FUSE is counted as network: one cannot see from
//! outside what stands behind it.

use crate::error::{Error, Result};
use std::path::Path;

/// File system types by the number that statfs gives.
const NETWORK: [(u64, &str); 16] = [
    (0x6969, "nfs"),
    (0xff53_4d42, "cifs"),
    (0xfe53_4d42, "smb2"),
    (0x517b, "smb"),
    (0x6573_5546, "fuse"),
    (0x00c3_6400, "ceph"),
    (0x5346_414f, "afs"),
    (0x6b41_4653, "kafs"),
    (0x0102_1997, "9p"),
    (0x0bd0_0bd0, "lustre"),
    (0x4750_4653, "gpfs"),
    (0x7461_636f, "ocfs2"),
    (0x0116_1970, "gfs2"),
    (0x7375_7245, "coda"),
    (0x564c, "ncp"),
    (0x786f_4256, "vboxsf"),
];

/// The name of the network file system that the path is on, or nothing when changes there are told by the kernel.
pub fn is_network_fs(path: &Path) -> Result<Option<&'static str>> {
    let stat = rustix::fs::statfs(path)
        .map_err(|e| Error::from_io(format_args!("asking the file system of {}", path.display()), e.into()))?;
    Ok(name_of(stat.f_type as u64))
}

fn name_of(number: u64) -> Option<&'static str> {
    // Where the kernel's number is a signed 32-bit one, it arrives with its upper half filled.
    NETWORK.iter().find(|(known, _)| *known == number & 0xffff_ffff).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_local_from_network() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(is_network_fs(dir.path()).unwrap(), None);
        assert!(is_network_fs(&dir.path().join("none")).is_err());
        assert_eq!(name_of(0x6969), Some("nfs"));
        assert_eq!(name_of(0xffff_ffff_ff53_4d42), Some("cifs"));
        assert_eq!(name_of(0xef53), None);
    }
}
