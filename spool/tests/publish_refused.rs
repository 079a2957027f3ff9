//! What a missing file may be taken for: a rename that was refused was no rename, and another folder in the place of the
//! first says nothing. Whatever becomes of the temporary then, the file is delivered, or a person is asked.
#![allow(clippy::unwrap_used)] // helpers outside the test functions; a panic is a failed test

mod attempt_support;
#[allow(dead_code)] // each test program uses a part of it
mod faults_support;

use attempt_support::{CONTENT, FINAL, alone, beside};
use faults_support::{Fault, FaultyFolder, How, at_every_call};
use fpp_spool::*;
use rustix::io::Errno;
use std::io::{self, Cursor, Read};
use std::path::Path;

/// What the caller's book knows of it.
#[derive(Default)]
struct Book {
    attempts: u32,
    /// Attempt and folder of the proof.
    proof: Option<(u32, Option<String>)>,
    refused: Option<Refused>,
}

impl Book {
    fn attempt(&mut self, folder: &dyn Folder, meanwhile: &dyn Fn()) -> Result<Published> {
        self.attempts += 1;
        let open = || Ok::<_, io::Error>(Box::new(Cursor::new(CONTENT)) as Box<dyn Read + Send>);
        let tag = format!("n1.{}", self.attempts);
        let publication = Publication {
            proven_before: self.proof.is_some(),
            proven_tag: self.proof.as_ref().map(|(attempt, _)| format!("n1.{attempt}")),
            proven_in: self.proof.as_ref().and_then(|(_, folder)| folder.clone()),
            refused: self.refused.clone(),
            ..beside(alone(FINAL, &tag, CONTENT, &open), true, Some(b"ready\n"))
        };
        let (here, proof, now) = (folder.identity()?, &mut self.proof, self.attempts);
        let published = publish(folder, &publication, &mut || {
            *proof = Some((now, here.clone()));
            meanwhile();
            Ok(())
        });
        if published.as_ref().is_err_and(|e| e.refused) {
            let (proved, _) = self.proof.take().unwrap();
            self.refused = Some(Refused { tag: format!("n1.{proved}"), doubtful: proved != now });
        }
        published
    }
}

fn names(folder: &dyn Folder) -> Vec<String> {
    folder.list(99).unwrap().into_iter().map(|e| e.name).collect()
}

fn delivered() -> [String; 3] {
    ["", ".OK", ".sha256"].map(|end| format!("{FINAL}{end}"))
}

fn empty(path: &Path) {
    for file in std::fs::read_dir(path).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
}

/// Another folder in the place of this one: what a mount that is gone shows.
fn exchange(path: &Path) {
    let aside = (0..).map(|n| path.with_extension(n.to_string())).find(|aside| !aside.exists()).unwrap();
    std::fs::rename(path, aside).unwrap();
    std::fs::create_dir(path).unwrap();
}

fn room() -> (tempfile::TempDir, LocalFolder) {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    std::fs::create_dir(dir.path().join("in")).unwrap();
    let folder = LocalFolder::open(dir.path().join("in")).unwrap();
    (dir, folder)
}

#[test]
fn what_was_never_renamed_is_never_taken_for_collected() {
    for vanish in [empty, exchange] {
        let mut refused = 0;
        at_every_call(How::Refused(Errno::ACCESS), false, |fault: Fault| {
            let (_dir, folder) = room();
            let faulty = FaultyFolder::over(folder.clone(), fault);
            let mut book = Book::default();
            let first = book.attempt(&faulty, &|| {});
            let stood = folder.stat(FINAL).unwrap().is_some();
            vanish(&folder.path());
            if first.is_err() && !stood {
                assert_eq!(book.proof, None, "{fault:?}: {first:?}");
                refused += u32::from(book.refused.is_some());
                assert!(!book.attempt(&folder, &|| {}).unwrap().collected, "{fault:?}");
                assert_eq!(names(&folder), delivered(), "{fault:?}");
            } else if first.is_err() {
                // It had its name: in this folder it was collected, of another one nothing is known.
                let second = book.attempt(&folder, &|| {});
                match second {
                    Ok(published) => assert!(published.collected && std::ptr::fn_addr_eq(vanish, empty as fn(&Path))),
                    Err(error) => assert_eq!(error.kind, ErrorKind::Unsure, "{fault:?}"),
                }
            }
            faulty.met()
        });
        assert_eq!(refused, 1);
    }
}

#[test]
fn a_temporary_that_vanishes_before_its_rename_is_sent_again() {
    for vanish in [empty, exchange] {
        let (_dir, folder) = room();
        let mut book = Book::default();
        let error = book.attempt(&folder, &|| vanish(&folder.path())).unwrap_err();
        assert!(error.refused && error.kind == ErrorKind::Missing, "{error:?}");
        assert!(!book.attempt(&folder, &|| {}).unwrap().collected);
        assert_eq!(names(&folder), delivered());
    }
}

#[test]
fn in_another_folder_nobody_concludes_that_a_file_was_collected() {
    // Killed between the rename and the books.
    let (_dir, folder) = room();
    let mut book = Book::default();
    book.attempt(&folder, &|| {}).unwrap();
    exchange(&folder.path());
    let error = book.attempt(&folder, &|| {}).unwrap_err();
    assert_eq!((error.kind, error.refused), (ErrorKind::Unsure, false), "{error}");
    assert!(names(&folder).is_empty());
    // The same, and the partner took it out of the folder that it was put in.
    let (_dir, folder) = room();
    let mut book = Book::default();
    book.attempt(&folder, &|| {}).unwrap();
    empty(&folder.path());
    assert!(book.attempt(&folder, &|| {}).unwrap().collected);
    assert!(names(&folder).is_empty());
}

/// An attempt whose line breaks at its rename, and one whose rename is refused.
fn doubtful() -> (tempfile::TempDir, LocalFolder, Book) {
    for at in 0.. {
        let (dir, folder) = room();
        let mut book = Book::default();
        let cut = FaultyFolder::over(folder.clone(), Fault { at, how: How::Cut, dead: true });
        book.attempt(&cut, &|| {}).unwrap_err();
        if book.proof.is_none() {
            continue;
        }
        for at in 0.. {
            let refuses =
                FaultyFolder::over(folder.clone(), Fault { at, how: How::Refused(Errno::ACCESS), dead: false });
            if book.attempt(&refuses, &|| {}).unwrap_err().refused {
                return (dir, folder, book);
            }
        }
    }
    unreachable!("a rename comes")
}

#[test]
fn a_refusal_after_a_rename_of_unknown_outcome_leaves_a_doubt() {
    let (_dir, folder, mut book) = doubtful();
    assert!(book.refused.as_ref().unwrap().doubtful);
    assert!(!book.attempt(&folder, &|| {}).unwrap().collected);
    assert_eq!(names(&folder), delivered(), "the old temporary is gone, so nothing comes late");
    // The first rename took effect late, and the partner was quick.
    let (_dir, folder, mut book) = doubtful();
    empty(&folder.path());
    assert_eq!(book.attempt(&folder, &|| {}).unwrap_err().kind, ErrorKind::Unsure);
    assert!(names(&folder).is_empty(), "nothing is shown a second time");
    // It took effect late, and stands there.
    let (_dir, folder, mut book) = doubtful();
    folder.rename_new(&names(&folder)[0], FINAL).unwrap();
    assert!(!book.attempt(&folder, &|| {}).unwrap().collected);
    assert_eq!(names(&folder), delivered());
}
