//! The shelf against a plain map: files in any order and size, with crashes between commits.

use super::*;
use proptest::prelude::*;
use std::collections::HashMap;

const SOURCE: u64 = 5;

/// A list of ids as a proof writes it.
fn list(source: u64, lines: &[(u64, u64)]) -> Vec<u8> {
    let mut bytes = b"FPPIDS1\n".to_vec();
    bytes.extend(source.to_be_bytes());
    let mut lines: Vec<(u64, u64, u64)> =
        lines.iter().enumerate().map(|(n, (id, content))| (spread(*id), *content, n as u64 + 1)).collect();
    lines.sort_unstable();
    for (key, content, record) in lines {
        [key, content, record].iter().for_each(|number| bytes.extend(number.to_be_bytes()));
    }
    bytes
}

fn spread(id: u64) -> u64 {
    crate::trade::proof::ids::source_key(&id.to_string())
}

fn take(shelf: &mut Shelf, publication: u64, bytes: &[u8]) -> Found {
    let mut reader = Reader::begin(bytes, bytes.len() as u64).unwrap();
    let found = shelf.take(publication, publication as i64, &mut reader).unwrap();
    shelf.pass(publication, "01T");
    found
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, ..ProptestConfig::default() })]
    #[test]
    fn it_finds_what_a_map_would(
        files in proptest::collection::vec(
            (proptest::collection::btree_map(0u64..60, 0u64..3, 0..40), any::<bool>(), any::<bool>(), 0u64..2), 1..25),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut shelf = Shelf::open(folder.path()).unwrap();
        let lists: Vec<_> = files.iter().map(|(lines, _, _, source)| {
            let lines: Vec<(u64, u64)> = lines.iter().map(|(id, content)| (*id, *content)).collect();
            (*source, lines)
        }).collect();
        let expected = |until: usize| {
            let mut known: HashMap<(u64, u64), (u64, u64, u64)> = HashMap::new();
            let mut last = Vec::new();
            for (n, (source, lines)) in lists.iter().take(until).enumerate() {
                last.clear();
                for (at, (id, content)) in lines.iter().enumerate() {
                    let record = at as u64 + 1;
                    let before = known.insert((*source, *id), (*content, n as u64 + 1, record));
                    if let Some((_, publication, of_record)) = before.filter(|before| before.0 != *content) {
                        last.push(Pair { record, publication, of_record });
                    }
                }
            }
            last
        };
        let mut at = 0;
        while at < files.len() {
            let (source, lines) = &lists[at];
            let found = take(&mut shelf, at as u64 + 1, &list(*source, lines));
            let wanted = expected(at + 1);
            prop_assert_eq!(found.count, wanted.len() as u64);
            prop_assert_eq!(found.pairs, wanted);
            at += 1;
            let (_, commits, crashes, _) = &files[at - 1];
            if *commits {
                shelf.commit(0).unwrap();
            }
            if *crashes && *commits {
                shelf = Shelf::open(folder.path()).unwrap();
                prop_assert_eq!(shelf.position(), at as u64);
            }
        }
        // A crash before a commit: what came after the last one is taken again, and finds the same.
        let mut shelf = Shelf::open(folder.path()).unwrap();
        for again in shelf.position()..files.len() as u64 {
            let (source, lines) = &lists[again as usize];
            prop_assert_eq!(take(&mut shelf, again + 1, &list(*source, lines)).pairs, expected(again as usize + 1));
        }
    }
}

#[test]
fn a_large_file_is_compared_as_a_small_one_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut shelf = Shelf::open(folder.path()).unwrap();
    let many = FRESH_MAX as u64 + 10_000;
    let first: Vec<(u64, u64)> = (0..many).map(|id| (id, 1)).collect();
    assert_eq!(take(&mut shelf, 1, &list(SOURCE, &first[..10])).count, 0);
    assert_eq!(take(&mut shelf, 2, &list(SOURCE, &first)).count, 0, "the same content");
    shelf.commit(0).unwrap();
    let second: Vec<(u64, u64)> = (0..2 * many).map(|id| (id, if id % 100 == 7 { 2 } else { 1 })).collect();
    let found = take(&mut shelf, 3, &list(SOURCE, &second));
    assert_eq!(found.count, many / 100 + 1, "those that differ, and none that is new");
    assert_eq!(found.pairs.len() as u64, found.count);
    assert_eq!(found.pairs[1], Pair { record: 108, publication: 2, of_record: 108 });
    assert_eq!(take(&mut shelf, 4, &list(SOURCE + 1, &second)).count, 0, "another source");
    shelf.commit(0).unwrap();
    assert_eq!(take(&mut shelf, 5, &list(SOURCE, &[(7, 1), (8, 1)])).pairs[0].publication, 3, "the newest counts");
    shelf.commit(0).unwrap();
    assert!(files(folder.path()) <= 4, "the list, and merged tables: {}", files(folder.path()));
}

#[test]
fn of_very_many_that_differ_the_first_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut shelf = Shelf::open(folder.path()).unwrap();
    let of = |content: u64| (0..3_000).map(|id| (id, content)).collect::<Vec<(u64, u64)>>();
    take(&mut shelf, 1, &list(SOURCE, &of(1)));
    let found = take(&mut shelf, 2, &list(SOURCE, &of(2)));
    assert_eq!((found.count, found.pairs.len(), found.pairs[999].record), (3_000, NAMED_MAX, 1_000));
}

#[test]
fn many_small_files_are_few_tables_and_what_is_over_goes() {
    let folder = tempfile::tempdir().unwrap();
    let mut shelf = Shelf::open(folder.path()).unwrap();
    for file in 1..=200 {
        take(&mut shelf, file, &list(SOURCE, &[(file, 1), (file + 1_000, 1)]));
        shelf.commit(0).unwrap();
    }
    assert!(files(folder.path()) < 12, "{}", files(folder.path()));
    assert_eq!(take(&mut shelf, 201, &list(SOURCE, &[(3, 2)])).count, 1);
    shelf.commit(202).unwrap();
    assert_eq!(files(folder.path()), 1, "older than the vault keeps");
    assert_eq!(take(&mut shelf, 202, &list(SOURCE, &[(3, 1)])).count, 0);
}

#[test]
fn what_is_damaged_or_another_ledgers_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut shelf = Shelf::open(folder.path()).unwrap();
    take(&mut shelf, 1, &list(SOURCE, &[(1, 1)]));
    shelf.commit(0).unwrap();
    let table = fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().path()).find(|p| p.ends_with("0.table"));
    File::options().write(true).open(table.unwrap()).unwrap().set_len(80).unwrap();
    let mut shelf = Shelf::open(folder.path()).unwrap();
    assert_eq!((shelf.position(), files(folder.path())), (0, 0));
    take(&mut shelf, 1, &list(SOURCE, &[(1, 1)]));
    shelf.clear().unwrap();
    assert_eq!((shelf.position(), files(folder.path())), (0, 1));
    assert_eq!(take(&mut shelf, 1, &list(SOURCE, &[(1, 2)])).count, 0);
}

/// Processor seconds of this process.
fn seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
}

#[test]
#[ignore = "prints figures; run it in a release build"]
#[allow(clippy::print_stdout, reason = "a measurement prints")]
fn a_million_ids_a_file_for_forty_files() {
    const MANY: u64 = 1_000_000;
    let (values, spans) = (vec![b'7'; 400], vec![7u64; 16]);
    let begun = seconds();
    let hashes = (0..MANY).map(|seed| {
        let mut fold = crate::trade::proof::ids::Fold::new(seed);
        fold.add(std::hint::black_box(&values));
        spans.iter().for_each(|span| fold.pair(*span, *span));
        fold.end()
    });
    let sum = hashes.fold(0, |sum, hash| sum ^ hash);
    println!("values hashed: {:.2} s a million ({sum:x})", seconds() - begun);
    let folder = tempfile::tempdir().unwrap();
    let mut shelf = Shelf::open(folder.path()).unwrap();
    let (mut taken, mut committed) = (0.0, 0.0);
    for file in 0..40 {
        let lines: Vec<(u64, u64)> = (0..MANY).map(|n| (file * MANY + n, 1)).collect();
        let bytes = list(SOURCE, &lines);
        let begun = seconds();
        assert_eq!(take(&mut shelf, file + 1, &bytes).count, 0);
        taken += seconds() - begun;
        let begun = seconds();
        shelf.commit(0).unwrap();
        committed += seconds() - begun;
    }
    let bytes: u64 = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum();
    println!("looked up and written: {:.2} s a million; merged: {:.2} s", taken / 40.0, committed / 40.0);
    println!("{} bytes an id, {} files", bytes / (40 * MANY), files(folder.path()));
}
