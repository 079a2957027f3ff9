//! The record formats of one source, with an index of their fields: a hostile source may refer to thousands of them.

use crate::layout::{Field, Layout};
use std::collections::HashMap;

/// Record formats in the order of their source.
#[derive(Debug, Default)]
pub(super) struct Formats {
    pub(super) layouts: Vec<Layout>,
    /// Places of a field by its name.
    fields: HashMap<String, Vec<(usize, usize)>>,
}

impl Formats {
    pub(super) fn of(layouts: Vec<Layout>) -> Formats {
        let mut formats = Formats::default();
        layouts.into_iter().for_each(|layout| formats.push(layout));
        formats
    }

    pub(super) fn push(&mut self, layout: Layout) {
        for (index, field) in layout.fields.iter().enumerate() {
            self.fields.entry(field.name.clone()).or_default().push((self.layouts.len(), index));
        }
        self.layouts.push(layout);
    }

    /// A field by name, of a format or of the first that has it.
    pub(super) fn field(&self, format: Option<&str>, name: &str) -> Option<&Field> {
        let layout = |place: &&(usize, usize)| {
            self.layouts.get(place.0).is_some_and(|layout| format.is_none_or(|format| format == layout.name))
        };
        let (at, field) = self.fields.get(name)?.iter().find(layout)?;
        self.layouts.get(*at)?.fields.get(*field)
    }

    /// The format of a name, else the first.
    pub(super) fn named_or_first(&self, name: &str) -> Option<&Layout> {
        self.layouts.iter().find(|layout| layout.name == name).or(self.layouts.first())
    }
}
