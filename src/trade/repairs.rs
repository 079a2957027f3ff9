//! What policies of a layout let pass, in a file that is read or in an answer: counted by field and kind, so that nobody
//! has to find it out later.

use fpp_codecs::layout::Layout;
use fpp_codecs::record::Repair;
use std::collections::BTreeMap;

/// The counts so far; as many as there are fields with policies, whatever the file's size.
#[derive(Debug, Default)]
pub(crate) struct Repairs {
    counts: BTreeMap<(String, &'static str), u64>,
}

impl Repairs {
    /// Takes those of a record.
    pub(crate) fn add(&mut self, repairs: &[Repair], layout: &Layout) {
        for repair in repairs {
            let name = layout.fields.get(repair.field).map_or("", |field| field.name.as_str());
            // Occurrences of one field are one field to a person.
            let name = name.split('(').next().unwrap_or_default();
            match self.counts.get_mut(&(name.to_owned(), repair.what)) {
                Some(count) => *count += 1,
                None => {
                    self.counts.insert((name.to_owned(), repair.what), 1);
                }
            }
        }
    }

    /// A line each.
    pub(crate) fn told(&self) -> Vec<String> {
        let line = |((name, what), count): (&(String, &str), &u64)| {
            // What concerns a record as a whole has no field.
            let name = if name.is_empty() { "records" } else { name };
            match *count {
                1 => format!("{name}: {what}, once"),
                count => format!("{name}: {what}, {count} times"),
            }
        };
        self.counts.iter().map(line).collect()
    }
}
