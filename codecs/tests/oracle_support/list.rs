//! The list of differences that are right, `data/differences.tsv`.

use super::Differences;
use fpp_codecs::text::Page;

const LIST: &str = include_str!("../data/differences.tsv");

/// One row of the list: differences from `first` to `last`, and how many there are.
struct Listed {
    line: String,
    keys: [u64; 2],
    direction: char,
    ours: String,
    theirs: String,
    count: usize,
    seen: usize,
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
            seen: 0,
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

/// What is wrong: differences that no row has, and rows that do not have as many as they say.
pub(crate) fn check(page: Page, oracle: &str, found: &Differences) -> Vec<String> {
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
            Some(row) => row.seen += 1,
            None => {
                wrong.push(format!("not listed: {}\t{oracle}\t{direction}\t{key:04X}\t{ours}\t{theirs}", page.name()))
            }
        }
    }
    let gone = rows.iter().filter(|row| row.seen != row.count);
    wrong.extend(gone.map(|row| format!("listed {} times, seen {}: {}", row.count, row.seen, row.line)));
    wrong
}

/// Every row names a page and an oracle that are compared, and has a reason.
pub(crate) fn strays(compared: impl Fn(&str, &str) -> bool) -> Vec<&'static str> {
    let rows = LIST.lines().filter(|l| !l.starts_with('#')).skip(1);
    rows.filter(|line| {
        let row: Vec<_> = line.split('\t').collect();
        row.len() != 9 || row[8].is_empty() || !compared(row[0], row[1])
    })
    .collect()
}
