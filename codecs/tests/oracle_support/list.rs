//! The list of differences that are right, `data/differences.tsv`.
//!
//! A row of several differences carries the digest of all of them, so that no other ones, as many, pass in their place.

use super::Differences;
use fpp_codecs::text::Page;
use sha2::{Digest, Sha256};

const LIST: &str = include_str!("../data/differences.tsv");

/// One row of the list: differences from `first` to `last`, how many there are, and the digest of them all.
struct Listed {
    line: String,
    keys: [u64; 2],
    direction: char,
    ours: String,
    theirs: String,
    count: usize,
    digest: String,
    seen: usize,
    hash: Sha256,
}

impl Listed {
    /// Whether the row itself says what its one difference is.
    fn is_exact(&self) -> bool {
        let wild = |value: &str| value.ends_with(['*', '+']);
        self.keys[0] == self.keys[1] && !wild(&self.ours) && !wild(&self.theirs)
    }

    fn note(&mut self, key: u64, ours: &str, theirs: &str) {
        self.seen += 1;
        self.hash.update(format!("{key:04X}\t{ours}\t{theirs}\n"));
    }

    /// The first 16 digits of the SHA-256 of what was found, a line for each; nothing where the row says it itself.
    fn found(&self) -> String {
        if self.is_exact() {
            return "-".to_owned();
        }
        self.hash.clone().finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The version of a program that the list is for.
pub(crate) fn version(program: &str) -> &'static str {
    LIST.lines().find_map(|line| line.strip_prefix(&format!("# {program} "))).unwrap()
}

/// The rows for one page and program. For ours or theirs `-` stands for refused, `*` for any value, `+` for any but
/// refused, and a value that ends in `*` for those that begin like it.
fn listed(page: Page, oracle: &str) -> Vec<Listed> {
    let rows = LIST.lines().filter(|l| !l.starts_with('#')).skip(1).map(|l| (l, l.split('\t').collect::<Vec<_>>()));
    rows.filter(|(_, row)| row[0] == page.name() && row[1] == oracle)
        .map(|(line, row)| Listed {
            line: line.to_string(),
            keys: [3, 4].map(|column| u64::from_str_radix(row[column], 16).unwrap()),
            direction: row[2].chars().next().unwrap(),
            ours: row[5].to_string(),
            theirs: row[6].to_string(),
            count: row[7].parse().unwrap(),
            digest: row[8].to_string(),
            seen: 0,
            hash: Sha256::new(),
        })
        .collect()
}

fn fits(listed: &str, value: &str) -> bool {
    match listed {
        "-" => value.is_empty(),
        "+" => !value.is_empty(),
        _ => listed.strip_suffix('*').map_or(listed == value, |start| value.starts_with(start)),
    }
}

/// What is wrong: differences that no row has, and rows that do not have those that they say, or not as many.
pub(crate) fn check(page: Page, oracle: &str, found: &Differences) -> Vec<String> {
    let (rows, mut wrong) = sorted(page, oracle, found);
    for row in rows {
        let digest = row.found();
        if row.seen != row.count {
            wrong.push(format!("listed {} times, seen {}: {}", row.count, row.seen, row.line));
        } else if row.digest != digest {
            wrong.push(format!("as many, but others ({digest}): {}", row.line));
        }
    }
    wrong
}

/// The rows with the digests of what was found, for writing the list anew.
pub(crate) fn digests(page: Page, oracle: &str, found: &Differences) -> Vec<String> {
    sorted(page, oracle, found).0.iter().map(|row| format!("{}\t{}", row.found(), row.line)).collect()
}

/// The differences at their rows, and those that no row has.
fn sorted(page: Page, oracle: &str, found: &Differences) -> (Vec<Listed>, Vec<String>) {
    let mut rows = listed(page, oracle);
    let mut wrong = Vec::new();
    for (&(direction, key), (ours, theirs)) in found {
        let row = rows.iter_mut().find(|row| {
            let [first, last] = row.keys;
            row.direction == direction
                && (first..=last).contains(&key)
                && fits(&row.ours, ours)
                && fits(&row.theirs, theirs)
        });
        match row {
            Some(row) => row.note(key, ours, theirs),
            None => {
                wrong.push(format!("not listed: {}\t{oracle}\t{direction}\t{key:04X}\t{ours}\t{theirs}", page.name()))
            }
        }
    }
    (rows, wrong)
}

/// Every row names a page and an oracle that are compared, and has a reason.
pub(crate) fn strays(compared: impl Fn(&str, &str) -> bool) -> Vec<&'static str> {
    let rows = LIST.lines().filter(|l| !l.starts_with('#')).skip(1);
    rows.filter(|line| {
        let row: Vec<_> = line.split('\t').collect();
        row.len() != 10 || row[9].is_empty() || !compared(row[0], row[1])
    })
    .collect()
}
