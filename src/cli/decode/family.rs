//! Segments and their parents: whose child each record is, and lines that hold the lines of their children.
//!
//! Records must come in file order, all of them, also those that nobody asked for. Nested lines are written as they
//! come, a child into the line of its parent, so that nothing is held back but the brackets that are open: one for each
//! level. A child whose parent is not written (it is bad, or was not asked for) has a line of its own.

use super::job::Job;
use fpp_codecs::format::parents::Parents;

/// What is known of one file so far.
#[derive(Clone, Debug)]
pub(super) struct Family {
    parents: Parents,
    nested: bool,
    /// Lines that are open: number of the record, and whether a child stands in it.
    open: Vec<(u64, bool)>,
}

/// Where a record belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Belongs {
    /// Its type has no parent.
    Nowhere,
    /// Under a record.
    To(u64),
    /// Its parent should have come before it and has not.
    Orphan,
}

impl Family {
    /// Of a job's file, if any record format has a parent.
    pub(super) fn of(job: &Job) -> Option<Family> {
        let parents = Parents::new(&job.whole);
        parents.any().then(|| Family { parents, nested: job.nested, open: Vec::new() })
    }

    /// Takes the next record of the file.
    pub(super) fn feed(&mut self, index: usize, n: u64) -> Belongs {
        match self.parents.feed(index, n) {
            Ok(None) => Belongs::Nowhere,
            Ok(Some(parent)) => Belongs::To(parent),
            Err(_) => Belongs::Orphan,
        }
    }

    /// Puts the line that was written from `start` on where it belongs.
    pub(super) fn place(&mut self, n: u64, belongs: Belongs, start: usize, out: &mut Vec<u8>) {
        let level = match belongs {
            Belongs::To(parent) if self.nested => self.open.iter().position(|(open, _)| *open == parent),
            _ => None,
        };
        if level.is_none() {
            name_parent(belongs, start, out);
        }
        if !self.nested {
            return;
        }
        let mut before = Vec::new();
        self.close(level.map_or(0, |level| level + 1), &mut before);
        if let Some((_, has_child)) = self.open.last_mut() {
            before.extend_from_slice(if *has_child { b"," } else { b",\"children\":[" });
            *has_child = true;
        }
        // The line stays open: its closing bracket and line end come after its children.
        out.truncate(out.len() - b"}\n".len());
        out.splice(start..start, before);
        self.open.push((n, false));
    }

    /// Closes what is open at the end of the file.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        self.close(0, out);
    }

    fn close(&mut self, kept: usize, out: &mut Vec<u8>) {
        while self.open.len() > kept {
            if let Some((_, true)) = self.open.pop() {
                out.push(b']');
            }
            out.extend_from_slice(if self.open.is_empty() { b"}\n" } else { b"}" });
        }
    }
}

/// Writes the parent's number behind the offset; an orphan's is null.
fn name_parent(belongs: Belongs, start: usize, out: &mut Vec<u8>) {
    let parent = match belongs {
        Belongs::Nowhere => return,
        Belongs::To(parent) => parent.to_string(),
        Belongs::Orphan => "null".to_owned(),
    };
    let key = b",\"type\":";
    let line = out.get(start..).unwrap_or_default();
    if let Some(at) = line.windows(key.len()).position(|window| window == key) {
        out.splice(start + at..start + at, format!(",\"parent\":{parent}").into_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(lines: &[(u64, Belongs)]) -> String {
        let mut family = Family { parents: Parents::default(), nested: true, open: Vec::new() };
        let mut out = Vec::new();
        for (n, belongs) in lines {
            let start = out.len();
            out.extend(format!("{{\"n\":{n},\"offset\":0,\"type\":\"R\"}}\n").bytes());
            family.place(*n, *belongs, start, &mut out);
        }
        family.finish(&mut out);
        String::from_utf8(out).unwrap().replace(",\"offset\":0", "").replace(",\"type\":\"R\"", "")
    }

    #[test]
    fn children_stand_in_the_lines_of_their_parents() {
        let lines = [
            (1, Belongs::Nowhere),
            (2, Belongs::To(1)),
            (3, Belongs::To(2)),
            (4, Belongs::To(1)),
            (5, Belongs::Nowhere),
            (6, Belongs::To(4)),
            (7, Belongs::Orphan),
        ];
        let told = nested(&lines);
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines[0], r#"{"n":1,"children":[{"n":2,"children":[{"n":3}]},{"n":4}]}"#);
        assert_eq!(&lines[1..], [r#"{"n":5}"#, r#"{"n":6,"parent":4}"#, r#"{"n":7,"parent":null}"#]);
    }
}
