//! Stage: the bytes go into the vault, hashed on the way, with block digests and a sparse offset index (D11).

use super::arrival::entry_of;
use super::intake::Room;
use super::route::Route;
use super::work::{Inbound, Next};
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::ledger::change::{Change, Fence};
use crate::ledger::transfer::{Facts, FileEvent, Transfer};
use crate::outlets::place::INDEX_EVERY;
use crate::trade::plan::Plan;
use crate::trade::plan::rules::AnswerDigest;
use crate::vault::digests::digest;
use crate::vault::{Resumable, Stored, Vault};
use fpp_codecs::Code;
use fpp_codecs::framing::Indexer;
use fpp_spool::{Algorithm, Entry, Folder, PatientReader};
use std::io::{self, Read};

/// For so long a file waits that does not fit beside those that are being taken in.
const LATER_MS: i64 = 1_000;

/// Moves a claimed file to `Staged`.
pub async fn stage(cx: &Inbound, transfer: &Transfer, fence: &Fence) -> Result<Next> {
    let route = cx.route(transfer)?;
    if let Some(sha256) = transfer.facts.sha256.clone() {
        let vault = cx.vault.clone();
        if blocking(move || vault.holds(&sha256)).await? {
            return cx.advance(fence, transfer, FileEvent::Stage, Facts::default()).await;
        }
    }
    let plan = cx.plans.current(&route.bundle)?;
    let source = transfer.facts.source.as_ref().map(entry_of).ok_or_else(|| {
        Error::halt(Code::VAULT, format!("the bytes of {} are no longer in the vault", transfer.name))
            .hint("Have the file sent again.")
    })?;
    let (vault, name) = (cx.vault.clone(), transfer.id.0.clone());
    let look = blocking(move || Ok((vault.free_bytes()?, vault.kept_of(&name)?)));
    let Some(room) = cx.intake.room(&source, cx.keep_free_bytes, look).await? else {
        let (id, until_ms) = (transfer.id.clone(), cx.clock.now_ms() + LATER_MS);
        let waiting_for = "room beside files that are being taken in".to_owned();
        cx.apply(fence, vec![Change::Park { id, until_ms, waiting_for, failed: false }]).await?;
        return Ok(Next::Parked);
    };
    let (vault, from, name) = (cx.vault.clone(), route.clone(), transfer.id.0.clone());
    let stated = transfer.facts.promised.as_ref().and_then(|p| p.digest.clone());
    let taken_in = blocking(move || copy(&*vault, &from, &plan, (&source, &room), (&name, stated.as_deref())));
    let (stored, sm3) = taken_in.await?;
    let facts = Facts { size: Some(stored.size), sha256: Some(stored.sha256.clone()), sm3, ..Facts::default() };
    cx.advance(fence, transfer, FileEvent::Stage, facts).await
}

/// Copies the source into the vault. It must be the file that was ready, before the first byte and after the last, and so must
/// the one that is opened in between: another one under its name for a moment is read again from the beginning.
/// Gives also its SM3, where the route speaks of that.
fn copy(
    vault: &dyn Vault,
    route: &Route,
    plan: &Plan,
    (source, room): (&Entry, &Room),
    (name, stated): (&str, Option<&str>),
) -> Result<(Stored, Option<String>)> {
    still_there(route, source)?;
    // What the vault does not know itself proves nothing while it is read.
    let proves = stated.is_some() && matches!(route.algorithm, Algorithm::Sha256 | Algorithm::Sm3);
    let (mut stored, mut index, resumed) = read(vault, route, plan, (source, room), proves.then_some(name))?;
    if let Some(stated) = stated.filter(|_| resumed && proves)
        && !digest(vault, &stored.sha256, route.algorithm)?.eq_ignore_ascii_case(stated)
    {
        // Reading went on after a broken line because this digest would tell; now all of it is read from the beginning.
        tracing::warn!(file = source.name, "not the digest that its marker states: it is read again in one piece");
        room.once_more(source.size);
        (stored, index, _) = read(vault, route, plan, (source, room), None)?;
    }
    still_there(route, source)?;
    if stored.size != source.size {
        return Err(changed(source, &format!("{} bytes were read", stored.size)));
    }
    vault.put_index(&stored.sha256, &plan.format.framing.name(), &index)?;
    let wanted = route.algorithm == Algorithm::Sm3 || plan.rules.answer_digest == AnswerDigest::Sm3;
    let sm3 = wanted.then(|| digest(vault, &stored.sha256, Algorithm::Sm3)).transpose()?;
    Ok((stored, sm3))
}

/// Reads the source once, across broken lines; says whether there were any. Where somebody proves the whole, what has come is
/// kept under a name when reading ends before its time, and the rest alone is read by whoever comes next.
fn read(
    vault: &dyn Vault,
    route: &Route,
    plan: &Plan,
    (source, room): (&Entry, &Room),
    kept_as: Option<&str>,
) -> Result<(Stored, Vec<u64>, bool)> {
    // An open file keeps its session: it is closed before anybody looks at the folder again.
    let mut listed = AsListed::new(&**route.folder()?, source, kept_as.is_some());
    let mut indexer = Indexer::of(&plan.format, INDEX_EVERY);
    let mut observe = |chunk: &[u8]| {
        room.filled(chunk.len() as u64);
        indexer.feed(chunk);
    };
    let stored = match kept_as {
        Some(name) => vault.put_on(name, &mut listed, &mut observe, route.file_max_bytes)?,
        None => vault.put(&mut listed, &mut observe, route.file_max_bytes)?,
    };
    let resumed = listed.input.is_some_and(|input| input.resumed() > 0);
    Ok((stored, indexer.finish(), resumed))
}

/// A source that ends where its listing says, or is another file: one that goes on and on fills no disk.
struct AsListed<'a> {
    folder: &'a dyn Folder,
    source: &'a Entry,
    whole_is_proven: bool,
    /// Opened when it is first read.
    input: Option<PatientReader<'a>>,
    left: u64,
}

impl<'a> AsListed<'a> {
    fn new(folder: &'a dyn Folder, source: &'a Entry, whole_is_proven: bool) -> AsListed<'a> {
        AsListed { folder, source, whole_is_proven, input: None, left: source.size }
    }
}

impl Resumable for AsListed<'_> {
    fn go_on(&mut self, at: u64, last: &[u8]) -> Result<bool> {
        let Some(left) = self.source.size.checked_sub(at) else { return Ok(false) };
        self.input = PatientReader::open_behind(self.folder, self.source, at, last)?;
        if self.input.is_some() {
            tracing::info!(file = self.source.name, at, "an earlier attempt came so far; reading goes on");
            self.left = left;
        }
        Ok(self.input.is_some())
    }
}

impl Read for AsListed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let input = match &mut self.input {
            Some(input) => input,
            none => {
                let opened = PatientReader::open(self.folder, self.source, self.whole_is_proven);
                none.insert(opened.map_err(|e| io::Error::other(Error::from(e)))?)
            }
        };
        let length = input.read(buffer)?;
        match self.left.checked_sub(length as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other(changed(self.source, "it has more bytes"))),
        }
        Ok(length)
    }
}

fn still_there(route: &Route, source: &Entry) -> Result<()> {
    match route.folder()?.stat(&source.name)? {
        Some(now) if now.same_file(source) => Ok(()),
        Some(now) => Err(changed(source, &format!("{} bytes now", now.size))),
        None => Err(changed(source, "gone now")),
    }
}

fn changed(source: &Entry, now: &str) -> Error {
    let what = format!("{} was ready with {} bytes and has changed since: {now}", source.name, source.size);
    Error::halt(Code::NOT_READY, what).hint(
        "The sender replaced or withdrew it after its marker. New bytes arrive as a file of their own; close this one \
         with `fpp reject`.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Class;
    use fpp_spool::LocalFolder;
    use std::io::Write;

    #[test]
    fn a_source_that_does_not_end_where_its_listing_says_is_not_copied_on() {
        let dir = tempfile::tempdir().unwrap();
        let folder = LocalFolder::open(dir.path()).unwrap();
        for more in [0, 1, 4 << 20] {
            std::fs::write(dir.path().join("A"), vec![7; 3 << 20]).unwrap();
            let listed = folder.stat("A").unwrap().unwrap();
            let mut source = AsListed::new(&folder, &listed, false);
            let mut copied = vec![0; 1];
            source.read_exact(&mut copied).unwrap();
            // It grows while it is read.
            let mut sender = std::fs::File::options().append(true).open(dir.path().join("A")).unwrap();
            sender.write_all(&vec![7; more]).unwrap();
            let read = source.read_to_end(&mut copied);
            assert_eq!(read.is_ok(), more == 0, "{more}");
            assert!(copied.len() as u64 <= listed.size);
            if let Err(error) = read {
                let error = error.downcast::<Error>().unwrap();
                assert_eq!((error.code, error.class), (Code::NOT_READY, Class::Halt), "as any file that has changed");
            }
        }
    }
}
