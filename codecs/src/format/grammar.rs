//! Which records may follow which: a small grammar over their names, compiled to an automaton.
//!
//! ```text
//! H (C P*)* T        a header, any number of customers each with its payments, a trailer
//! H? (A | B){1,99}   `?` `*` `+` `{n}` `{n,}` `{n,m}`, choice by `|`, parentheses
//! ```
//!
//! Every mention of a name becomes one position; which positions may come first, last and after each other is worked out
//! once (Glushkov's construction), so that a record costs one look at the positions the file can be at. A repetition is
//! written out, and a grammar has at most 512 positions: neither a hostile grammar nor a hostile file
//! makes it slow or large.

use std::collections::HashMap;

/// Most positions, repetitions written out.
const POSITIONS_MAX: usize = 512;
/// Most bytes of a grammar.
const LONGEST: usize = 4096;
/// Most levels of parentheses.
const DEEPEST: usize = 32;

/// A set of positions.
type Set = [u64; POSITIONS_MAX / 64];

const NONE: Set = [0; POSITIONS_MAX / 64];

/// A compiled grammar over record formats by their index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grammar {
    text: String,
    /// The record format of each position.
    records: Vec<usize>,
    first: Set,
    last: Set,
    /// A file without records is one.
    empty: bool,
    follow: Vec<Set>,
}

/// Where a file can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Start,
    At(Set),
}

/// A part of a grammar while it is put together.
struct Part {
    first: Set,
    last: Set,
    empty: bool,
}

impl Grammar {
    /// Compiles a text; `names` gives the index of each record format. Gives the byte and what is wrong there.
    pub(super) fn parse(text: &str, names: &HashMap<String, usize>) -> Result<Grammar, (usize, String)> {
        if text.len() > LONGEST {
            return Err((LONGEST, format!("the order is longer than {LONGEST} bytes")));
        }
        let tree = tree(text, names)?;
        let mut grammar = Grammar {
            text: text.to_owned(),
            records: Vec::new(),
            first: NONE,
            last: NONE,
            empty: false,
            follow: Vec::new(),
        };
        let whole = grammar
            .place(&tree)
            .ok_or((0, format!("the order has more than {POSITIONS_MAX} places, its repetitions written out")))?;
        Ok(Grammar { first: whole.first, last: whole.last, empty: whole.empty, ..grammar })
    }

    /// As it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Takes a record; nothing if it may not come here.
    pub(super) fn step(&self, state: &State, record: usize) -> Option<State> {
        let mut next = self.due(state);
        let mut any = false;
        each(&next.clone(), |position| match self.records.get(position) {
            Some(found) if *found == record => any = true,
            _ => remove(&mut next, position),
        });
        any.then_some(State::At(next))
    }

    /// Whether a file may end here.
    pub(super) fn may_end(&self, state: &State) -> bool {
        match state {
            State::Start => self.empty,
            State::At(positions) => positions.iter().zip(&self.last).any(|(a, b)| a & b != 0),
        }
    }

    /// Record formats that may come next, in the order of the format.
    pub(super) fn expected(&self, state: &State) -> Vec<usize> {
        let mut found = Vec::new();
        each(&self.due(state), |position| found.extend(self.records.get(position)));
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether a record format stands in it at all.
    pub(super) fn mentions(&self, record: usize) -> bool {
        self.records.contains(&record)
    }

    /// Whether every file has this record first, and nowhere else.
    pub(super) fn only_first(&self, record: usize) -> bool {
        let after = self.follow.iter().any(|set| self.holds(set, |found| found == record));
        !self.empty && !after && !self.holds(&self.first, |found| found != record)
    }

    /// Whether every file has this record last, and nowhere else.
    pub(super) fn only_last(&self, record: usize) -> bool {
        let places = self.records.iter().zip(&self.follow).filter(|(found, _)| **found == record);
        !self.empty
            && places.into_iter().all(|(_, follow)| *follow == NONE)
            && !self.holds(&self.last, |found| found != record)
    }

    fn holds(&self, set: &Set, fits: impl Fn(usize) -> bool) -> bool {
        let mut found = false;
        each(set, |position| found |= self.records.get(position).is_some_and(|record| fits(*record)));
        found
    }

    /// Positions that may come next.
    fn due(&self, state: &State) -> Set {
        match state {
            State::Start => self.first,
            State::At(positions) => {
                let mut due = NONE;
                each(positions, |position| {
                    if let Some(follow) = self.follow.get(position) {
                        join(&mut due, follow);
                    }
                });
                due
            }
        }
    }

    /// Gives positions to a tree; nothing if there are too many.
    fn place(&mut self, tree: &Tree) -> Option<Part> {
        match tree {
            Tree::Record(record) => {
                let position = self.records.len();
                if position >= POSITIONS_MAX {
                    return None;
                }
                self.records.push(*record);
                self.follow.push(NONE);
                let mut only = NONE;
                only[position / 64] |= 1 << (position % 64);
                Some(Part { first: only, last: only, empty: false })
            }
            Tree::Row(parts) => {
                let mut whole = Part { first: NONE, last: NONE, empty: true };
                for part in parts {
                    let next = self.place(part)?;
                    whole = self.after(&whole, &next);
                }
                Some(whole)
            }
            Tree::Choice(parts) => {
                let mut whole = Part { first: NONE, last: NONE, empty: false };
                for part in parts {
                    let next = self.place(part)?;
                    join(&mut whole.first, &next.first);
                    join(&mut whole.last, &next.last);
                    whole.empty |= next.empty;
                }
                Some(whole)
            }
            Tree::Repeat { part, least, most } => self.repeat(part, *least, *most),
        }
    }

    fn repeat(&mut self, part: &Tree, least: usize, most: Option<usize>) -> Option<Part> {
        let mut whole = Part { first: NONE, last: NONE, empty: true };
        for n in 0..most.unwrap_or(least.max(1)) {
            let mut next = self.place(part)?;
            if most.is_none() && n + 1 >= least {
                // The last one written out comes again and again.
                let (first, last) = (next.first, next.last);
                self.link(&last, &first);
            }
            next.empty |= n >= least;
            whole = self.after(&whole, &next);
        }
        Some(whole)
    }

    /// One part after another.
    fn after(&mut self, a: &Part, b: &Part) -> Part {
        self.link(&a.last, &b.first);
        let (mut first, mut last) = (a.first, b.last);
        if a.empty {
            join(&mut first, &b.first);
        }
        if b.empty {
            join(&mut last, &a.last);
        }
        Part { first, last, empty: a.empty && b.empty }
    }

    fn link(&mut self, from: &Set, to: &Set) {
        each(from, |position| {
            if let Some(follow) = self.follow.get_mut(position) {
                join(follow, to);
            }
        });
    }
}

fn join(set: &mut Set, more: &Set) {
    set.iter_mut().zip(more).for_each(|(word, more)| *word |= more);
}

fn remove(set: &mut Set, position: usize) {
    set[position / 64] &= !(1 << (position % 64));
}

/// Calls for every position of a set.
fn each(set: &Set, mut found: impl FnMut(usize)) {
    for (index, word) in set.iter().enumerate() {
        let mut rest = *word;
        while rest != 0 {
            found(index * 64 + rest.trailing_zeros() as usize);
            rest &= rest - 1;
        }
    }
}

/// A grammar as it is written. No part is empty, so that repetitions run out of positions and not of time.
enum Tree {
    Record(usize),
    Row(Vec<Tree>),
    Choice(Vec<Tree>),
    Repeat { part: Box<Tree>, least: usize, most: Option<usize> },
}

fn tree(text: &str, names: &HashMap<String, usize>) -> Result<Tree, (usize, String)> {
    let mut reader = Reader { text, at: 0, names };
    let tree = reader.choice(0)?;
    match reader.peek() {
        None => Ok(tree),
        Some(_) => Err(reader.fault("this closes nothing")),
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    names: &'t HashMap<String, usize>,
}

impl Reader<'_> {
    fn fault(&self, message: &str) -> (usize, String) {
        (self.at, message.to_owned())
    }

    fn peek(&mut self) -> Option<char> {
        let rest = self.text[self.at..].trim_start();
        self.at = self.text.len() - rest.len();
        rest.chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += if found { wanted.len_utf8() } else { 0 };
        found
    }

    fn choice(&mut self, depth: usize) -> Result<Tree, (usize, String)> {
        if depth > DEEPEST {
            return Err(self.fault("more levels of parentheses than 32"));
        }
        let mut parts = vec![self.row(depth)?];
        while self.take('|') {
            parts.push(self.row(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Tree::Choice(parts) })
    }

    fn row(&mut self, depth: usize) -> Result<Tree, (usize, String)> {
        let mut parts = Vec::new();
        while self.peek().is_some_and(|c| !matches!(c, ')' | '|')) {
            let part = self.part(depth)?;
            parts.push(self.repeated(part)?);
        }
        match parts.len() {
            0 => Err(self.fault("a record's name is due here")),
            1 => Ok(parts.remove(0)),
            _ => Ok(Tree::Row(parts)),
        }
    }

    fn part(&mut self, depth: usize) -> Result<Tree, (usize, String)> {
        if self.take('(') {
            let inner = self.choice(depth + 1)?;
            return if self.take(')') { Ok(inner) } else { Err(self.fault("`)` is due here")) };
        }
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| c.is_whitespace() || "()|*+?{},".contains(c)).unwrap_or(rest.len());
        let name = rest[..end].to_uppercase();
        match self.names.get(&name) {
            Some(record) => {
                self.at += end;
                Ok(Tree::Record(*record))
            }
            None if end == 0 => Err(self.fault("a record's name is due here")),
            None => {
                let mut known: Vec<_> = self.names.keys().map(String::as_str).collect();
                known.sort_unstable();
                Err(self.fault(&format!("{name} is no record of this format; there are {}", known.join(", "))))
            }
        }
    }

    /// A part with the repetition behind it, one at most.
    fn repeated(&mut self, part: Tree) -> Result<Tree, (usize, String)> {
        let (least, most) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => return self.counted(part),
            _ => return Ok(part),
        };
        self.at += 1;
        self.single()?;
        Ok(Tree::Repeat { part: Box::new(part), least, most })
    }

    /// `{n}`, `{n,}`, `{n,m}`
    fn counted(&mut self, part: Tree) -> Result<Tree, (usize, String)> {
        let begin = self.at;
        self.at += 1;
        let least = self.number()?;
        let most = match self.take(',') {
            false => Some(least),
            true if self.peek() == Some('}') => None,
            true => Some(self.number()?),
        };
        if !self.take('}') {
            return Err(self.fault("`}` is due here"));
        }
        if most.is_some_and(|most| most == 0 || most < least) {
            return Err((begin, "comes never, or the most are fewer than the least".to_owned()));
        }
        self.single()?;
        Ok(Tree::Repeat { part: Box::new(part), least, most })
    }

    fn single(&mut self) -> Result<(), (usize, String)> {
        match self.peek() {
            Some('*' | '+' | '?' | '{') => Err(self.fault("one repetition is enough; parentheses make more of it")),
            _ => Ok(()),
        }
    }

    fn number(&mut self) -> Result<usize, (usize, String)> {
        self.peek();
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number = rest[..end].parse::<usize>().ok().filter(|n| *n <= POSITIONS_MAX);
        let number = number.ok_or_else(|| self.fault(&format!("a number up to {POSITIONS_MAX} is due here")))?;
        self.at += end;
        Ok(number)
    }
}
