//! What policies of the layout let pass in a file: counted by field and kind, so that nobody has to find it out later.

use fpp_codecs::layout::Layout;
use fpp_codecs::record::Row;
use std::collections::BTreeMap;

/// The counts so far; as many as there are fields with policies, whatever the file's size.
#[derive(Debug, Default)]
pub(super) struct Repairs {
    counts: BTreeMap<(String, &'static str), u64>,
}

impl Repairs {
    /// Takes a decoded record.
    pub(super) fn add(&mut self, row: &Row, layout: &Layout) {
        for repair in &row.repairs {
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
    pub(super) fn told(&self) -> Vec<String> {
        let line = |((name, what), count): (&(String, &str), &u64)| match *count {
            1 => format!("{name}: {what}, once"),
            count => format!("{name}: {what}, {count} times"),
        };
        self.counts.iter().map(line).collect()
    }
}
