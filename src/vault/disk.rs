//! The vault in a folder: `ab/cd/<sha256>`, beside it `<sha256>.blocks` (when it is larger than one block) and
//! `<sha256>.<kind>.index`.
//!
//! Invariant: the block digests are durable before the content has its name, so content that is there can be checked.
//! Several nodes may share the folder; equal content from two of them meets under one name.

use super::blocks::{BLOCK_BYTES, BlockHasher, Blocks, Content, Source};
use super::files::{self, Temporary};
use super::{Stored, Vault, check_name, damaged, hex, missing};
use crate::error::{Error, Result};
use fpp_codecs::Code;
use sha2::{Digest, Sha256};
use sm3::Sm3;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const TEMPORARIES: &str = "tmp";
const INDEX_MAGIC: &[u8; 8] = b"FPPIDX1\n";
/// Bytes read from the input at once.
const PIECE_BYTES: usize = 256 * 1024;

/// A vault in a folder.
pub struct DiskVault {
    root: PathBuf,
    temporaries: PathBuf,
}

impl DiskVault {
    /// Opens the vault; creates its folder, and sweeps what dead writers left behind.
    pub fn open(root: &Path) -> Result<DiskVault> {
        let open = || {
            files::make_root(root)?;
            let temporaries = files::make_folder(root, &[TEMPORARIES])?;
            let swept = files::sweep(&temporaries)?;
            if swept > 0 {
                tracing::info!(swept, vault = %root.display(), "removed what an interrupted write left in the vault");
            }
            Ok(DiskVault { root: root.to_owned(), temporaries })
        };
        open().map_err(|e| files::failed(&root.display().to_string(), e))
    }

    fn folders(sha256: &str) -> [&str; 2] {
        [sha256.get(..2).unwrap_or_default(), sha256.get(2..4).unwrap_or_default()]
    }

    fn path(&self, sha256: &str, suffix: &str) -> PathBuf {
        let [first, second] = DiskVault::folders(sha256);
        self.root.join(first).join(second).join(format!("{sha256}{suffix}"))
    }

    fn keep(&self, sha256: &str, suffix: &str, temporary: Temporary) -> Result<()> {
        files::make_folder(&self.root, &DiskVault::folders(sha256))
            .and_then(|_| temporary.keep_as(&self.path(sha256, suffix)))
            .map_err(|e| files::failed(&format!("{sha256}{suffix} in the vault"), e))
    }

    fn keep_bytes(&self, sha256: &str, suffix: &str, bytes: &[u8]) -> Result<()> {
        let write = || {
            let mut temporary = Temporary::create(&self.temporaries)?;
            temporary.write_all(bytes)?;
            Ok(temporary)
        };
        let temporary = write().map_err(|e| files::failed(&format!("{sha256}{suffix} in the vault"), e))?;
        self.keep(sha256, suffix, temporary)
    }

    fn take_in(
        &self,
        input: &mut dyn Read,
        observe: &mut dyn FnMut(&[u8]),
        max_bytes: u64,
    ) -> Result<(Temporary, Stored, Blocks)> {
        let here = |e| files::failed("the vault's folder for temporaries", e);
        let mut temporary = Temporary::create(&self.temporaries).map_err(here)?;
        let (mut sha256, mut sm3, mut blocks) = (Sha256::new(), Sm3::new(), BlockHasher::default());
        let mut piece = vec![0; PIECE_BYTES];
        let mut size = 0u64;
        loop {
            let length = match input.read(&mut piece) {
                Ok(0) => break,
                Ok(length) => length,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(unreadable(e)),
            };
            let bytes = piece.get(..length).unwrap_or_default();
            size += length as u64;
            if size > max_bytes {
                return Err(Error::reject(Code::UNSAFE, format!("the file is larger than {max_bytes} bytes"))
                    .hint("Raise the route's largest size if such files are expected."));
            }
            temporary.write_all(bytes).map_err(here)?;
            sha256.update(bytes);
            sm3.update(bytes);
            blocks.add(bytes);
            observe(bytes);
        }
        let stored = Stored { sha256: hex(&sha256.finalize()), sm3: hex(&sm3.finalize()), size };
        Ok((temporary, stored, blocks.finish()))
    }
}

/// An error of the input: the one it carries, or the source's folder is at fault.
fn unreadable(error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(carried) => carried,
        Err(error) => Error::retry(Code::FOLDER, "the source cannot be read").caused_by(error),
    }
}

impl Vault for DiskVault {
    fn put(&self, input: &mut dyn Read, observe: &mut dyn FnMut(&[u8]), max_bytes: u64) -> Result<Stored> {
        let (temporary, stored, blocks) = self.take_in(input, observe, max_bytes)?;
        let sound = self.open(&stored.sha256).and_then(|content| content.check());
        if sound.is_ok() {
            return Ok(stored);
        }
        if let Err(error) = sound
            && self.holds(&stored.sha256)
        {
            tracing::warn!(%error, "the same content came in again and replaces the damaged one");
        }
        if blocks.need_a_list() {
            self.keep_bytes(&stored.sha256, ".blocks", &blocks.write())?;
        }
        self.keep(&stored.sha256, "", temporary)?;
        Ok(stored)
    }

    fn put_index(&self, sha256: &str, kind: &str, offsets: &[u64]) -> Result<()> {
        let suffix = index_suffix(sha256, kind)?;
        if !self.holds(sha256) {
            return Err(missing(sha256));
        }
        let mut bytes = INDEX_MAGIC.to_vec();
        offsets.iter().for_each(|offset| bytes.extend(offset.to_be_bytes()));
        bytes.extend(Sha256::digest(&bytes));
        self.keep_bytes(sha256, &suffix, &bytes)
    }

    fn index(&self, sha256: &str, kind: &str) -> Result<Option<Vec<u64>>> {
        let suffix = index_suffix(sha256, kind)?;
        let bytes = match fs::read(self.path(sha256, &suffix)) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(files::failed(&format!("{sha256}{suffix} in the vault"), e)),
        };
        let offsets = bytes
            .split_last_chunk::<32>()
            .filter(|(body, check)| Sha256::digest(body).as_slice() == *check)
            .and_then(|(body, _)| body.strip_prefix(INDEX_MAGIC))
            .map(|body| body.as_chunks::<8>().0.iter().map(|offset| u64::from_be_bytes(*offset)).collect());
        match offsets {
            Some(offsets) => Ok(Some(offsets)),
            None => Err(damaged(sha256, format!("its index {kind} does not have its own digest"))),
        }
    }

    fn open(&self, sha256: &str) -> Result<Content> {
        check_name(sha256)?;
        let failed = |e: io::Error| match e.kind() {
            io::ErrorKind::NotFound => missing(sha256),
            _ => files::failed(&format!("{sha256} in the vault"), e),
        };
        let file = File::open(self.path(sha256, "")).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let list = match fs::read(self.path(sha256, ".blocks")) {
            Ok(bytes) => Some(bytes),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(failed(e)),
        };
        let blocks = match list {
            Some(bytes) => Blocks::read(&bytes),
            None if length <= BLOCK_BYTES as u64 => Blocks::single(sha256, length),
            None => Err("its list of block digests is missing"),
        };
        let blocks = blocks.map_err(|what| damaged(sha256, what))?;
        if length != blocks.size() {
            return Err(damaged(sha256, format!("it has {length} bytes, {} came in", blocks.size())));
        }
        Ok(Content::new(sha256, blocks, DiskSource(file)))
    }

    fn holds(&self, sha256: &str) -> bool {
        check_name(sha256).is_ok() && self.path(sha256, "").is_file()
    }
}

fn index_suffix(sha256: &str, kind: &str) -> Result<String> {
    check_name(sha256)?;
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    if kind.is_empty() || kind == "blocks" || !kind.bytes().all(fits) {
        return Err(Error::internal(format!("{kind:?} cannot name an index")));
    }
    Ok(format!(".{kind}.index"))
}

struct DiskSource(File);

impl Source for DiskSource {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        FileExt::read_exact_at(&self.0, buffer, offset)
    }
}
