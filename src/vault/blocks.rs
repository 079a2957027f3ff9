//! Blocks: the digest of each 4 MiB of a content, and reading that hands out no byte before its block was checked.
//!
//! The list of digests is a small file of its own: magic, size of the content, the digests, and a SHA-256 over all of
//! it, so damage to the list is told from damage to the content. The digests are BLAKE3, because each block is checked each
//! time it is read; lists of before have SHA-256, which their magic tells. Content of at most one block has no list: the
//! digest of its only block is its name. It proves against damage, not against a forger; the
//! forger's case is the content's own SHA-256, which is its name and stands in the ledger.

use super::faults::{damaged, error_of, failed};
use crate::error::{Error, Result};
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use std::sync::Arc;

/// Bytes of one block.
pub const BLOCK_BYTES: usize = 4 * 1024 * 1024;

const DIGEST_BYTES: usize = 32;

/// What the digests of a list are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sha256,
    Blake3,
}

impl Kind {
    const ALL: [Kind; 2] = [Kind::Sha256, Kind::Blake3];

    fn magic(self) -> &'static [u8; 8] {
        match self {
            Kind::Sha256 => b"FPPBLK1\n",
            Kind::Blake3 => b"FPPBLK2\n",
        }
    }

    fn digest(self, block: &[u8]) -> [u8; DIGEST_BYTES] {
        match self {
            Kind::Sha256 => Sha256::digest(block).into(),
            Kind::Blake3 => blake3::hash(block).into(),
        }
    }
}

/// Size of a content and the digest of each of its blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocks {
    kind: Kind,
    size: u64,
    digests: Vec<[u8; DIGEST_BYTES]>,
}

impl Blocks {
    /// The file's bytes.
    pub fn write(&self) -> Vec<u8> {
        let mut bytes = self.kind.magic().to_vec();
        bytes.extend(self.size.to_be_bytes());
        self.digests.iter().for_each(|digest| bytes.extend(digest));
        bytes.extend(Sha256::digest(&bytes));
        bytes
    }

    /// Reads the file's bytes; says what is wrong with them.
    pub fn read(bytes: &[u8]) -> Result<Blocks, &'static str> {
        let (body, check) = bytes.split_last_chunk::<DIGEST_BYTES>().ok_or("the list of block digests is cut off")?;
        if Sha256::digest(body).as_slice() != check {
            return Err("the list of block digests does not have its own digest");
        }
        let of_kind = |kind: Kind| body.strip_prefix(kind.magic()).map(|body| (kind, body));
        let (kind, body) = Kind::ALL.into_iter().find_map(of_kind).ok_or("the list of block digests begins wrongly")?;
        let (size, body) = body.split_first_chunk::<8>().ok_or("the list of block digests is cut off")?;
        let size = u64::from_be_bytes(*size);
        let (digests, rest) = body.as_chunks::<DIGEST_BYTES>();
        if !rest.is_empty() || digests.len() as u64 != size.div_ceil(BLOCK_BYTES as u64) {
            return Err("the list of block digests does not fit the size");
        }
        Ok(Blocks { kind, size, digests: digests.to_vec() })
    }

    /// Content of at most one block, whose only digest is its name.
    pub fn single(sha256: &str, size: u64) -> Result<Blocks, &'static str> {
        let mut digest = [0; DIGEST_BYTES];
        for (at, byte) in digest.iter_mut().enumerate() {
            let two = sha256.get(at * 2..at * 2 + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
            *byte = two.ok_or("its name is no SHA-256")?;
        }
        if size == 0 && Sha256::digest([]).as_slice() != digest {
            return Err("it is empty");
        }
        Ok(Blocks { kind: Kind::Sha256, size, digests: vec![digest] })
    }

    /// Whether the list must be kept beside the content.
    pub fn need_a_list(&self) -> bool {
        self.size > BLOCK_BYTES as u64
    }

    /// Bytes of the content.
    pub fn size(&self) -> u64 {
        self.size
    }
}

/// Makes [`Blocks`] from bytes as they come.
#[derive(Default)]
pub struct BlockHasher {
    size: u64,
    filled: usize,
    hash: blake3::Hasher,
    digests: Vec<[u8; DIGEST_BYTES]>,
}

impl BlockHasher {
    /// Adds bytes.
    pub fn add(&mut self, mut bytes: &[u8]) {
        self.size += bytes.len() as u64;
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK_BYTES - self.filled));
            self.hash.update(now);
            self.filled += now.len();
            bytes = later;
            if self.filled == BLOCK_BYTES {
                self.digests.push(self.hash.finalize().into());
                self.hash.reset();
                self.filled = 0;
            }
        }
    }

    /// The list.
    pub fn finish(mut self) -> Blocks {
        if self.filled > 0 {
            self.digests.push(self.hash.finalize().into());
        }
        Blocks { kind: Kind::Blake3, size: self.size, digests: self.digests }
    }
}

/// Where an engine keeps the bytes of one content.
pub trait Source: Send + Sync {
    /// Fills `buffer` with the bytes from `offset` on; fewer bytes than asked are an error.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
}

/// One content, open for reading from any place by any number of readers.
#[derive(Clone)]
pub struct Content {
    sha256: Arc<str>,
    blocks: Arc<Blocks>,
    source: Arc<dyn Source>,
}

impl Content {
    /// A content over an engine's bytes.
    pub fn new(sha256: &str, blocks: Blocks, source: impl Source + 'static) -> Content {
        Content { sha256: sha256.into(), blocks: Arc::new(blocks), source: Arc::new(source) }
    }

    /// Its SHA-256, hex.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.blocks.size
    }

    /// Reads from a place on; beyond the end there is nothing. A damaged block is an I/O error that carries FPP9002
    /// ([`crate::vault::error_of`] takes it out), before any byte of that block is handed out.
    pub fn reader_at(&self, offset: u64) -> Reader {
        Reader { content: self.clone(), at: offset, loaded: None, block: Vec::new() }
    }

    /// Reads everything and checks it; nothing is handed out.
    pub fn check(&self) -> Result<()> {
        let mut reader = self.reader_at(0);
        while reader.at < self.size() {
            reader.load(reader.at / BLOCK_BYTES as u64).map_err(error_of)?;
            reader.at += reader.block.len() as u64;
        }
        Ok(())
    }
}

/// Reads a [`Content`] block by block; holds one block.
pub struct Reader {
    content: Content,
    at: u64,
    loaded: Option<u64>,
    block: Vec<u8>,
}

impl Reader {
    /// Where the next byte comes from.
    pub fn position(&self) -> u64 {
        self.at
    }

    fn load(&mut self, number: u64) -> io::Result<()> {
        if self.loaded == Some(number) {
            return Ok(());
        }
        self.loaded = None;
        let start = number * BLOCK_BYTES as u64;
        let length = (self.content.size() - start).min(BLOCK_BYTES as u64);
        // Both are at most one block.
        self.block.resize(length as usize, 0);
        let Content { sha256, blocks, source } = &self.content;
        let damage = |what: String| io::Error::other(damaged(sha256, what));
        match source.read_exact_at(&mut self.block, start) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(damage(format!("it ends within the block that begins at byte {start}")));
            }
            Err(e) => {
                let carried = e.downcast::<Error>();
                let error = carried.unwrap_or_else(|e| failed(&format!("{sha256} in the vault"), e));
                return Err(io::Error::other(error));
            }
        }
        let digest = usize::try_from(number).ok().and_then(|number| blocks.digests.get(number));
        if digest.is_none_or(|digest| blocks.kind.digest(&self.block) != *digest) {
            return Err(damage(format!("the block of {length} bytes that begins at byte {start} was changed")));
        }
        self.loaded = Some(number);
        Ok(())
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.at >= self.content.size() {
            return Ok(0);
        }
        self.load(self.at / BLOCK_BYTES as u64)?;
        let within = (self.at % BLOCK_BYTES as u64) as usize;
        let here = self.block.get(within..).unwrap_or_default();
        let length = here.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), here.get(..length)) {
            to.copy_from_slice(from);
        }
        self.at += length as u64;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_reads_back_and_shows_every_flipped_bit() {
        let mut hasher = BlockHasher::default();
        let bytes = vec![7u8; BLOCK_BYTES + 3];
        bytes.chunks(1_000_003).for_each(|piece| hasher.add(piece));
        let blocks = hasher.finish();
        assert_eq!((blocks.size(), blocks.digests.len()), (BLOCK_BYTES as u64 + 3, 2));
        let written = blocks.write();
        assert_eq!(Blocks::read(&written), Ok(blocks));
        for at in 0..written.len() {
            let mut changed = written.clone();
            changed[at] ^= 1;
            assert!(Blocks::read(&changed).is_err(), "byte {at}");
            assert!(Blocks::read(&written[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_list_of_before_is_read() {
        let content = vec![7u8; BLOCK_BYTES + 3];
        let digests: Vec<_> = content.chunks(BLOCK_BYTES).map(|block| Kind::Sha256.digest(block)).collect();
        let blocks = Blocks { kind: Kind::Sha256, size: content.len() as u64, digests };
        let written = blocks.write();
        assert!(written.starts_with(b"FPPBLK1\n"));
        assert_eq!(Blocks::read(&written), Ok(blocks.clone()));
        let mut read = Vec::new();
        Content::new("x", blocks, Memory(content.clone())).reader_at(0).read_to_end(&mut read).unwrap();
        assert!(read == content);
    }

    struct Memory(Vec<u8>);

    impl Source for Memory {
        fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
            let from = offset as usize;
            buffer.copy_from_slice(&self.0[from..from + buffer.len()]);
            Ok(())
        }
    }

    #[test]
    fn whole_blocks_leave_no_empty_one_behind() {
        let mut hasher = BlockHasher::default();
        hasher.add(&vec![0; 2 * BLOCK_BYTES]);
        assert_eq!(hasher.finish().digests.len(), 2);
        assert_eq!(BlockHasher::default().finish().digests.len(), 0);
    }
}
