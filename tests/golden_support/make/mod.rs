//! How every input of a golden case came to be. The bytes are committed; `MAKE_GOLDEN=1` makes them again.

mod book;
mod copybook;
mod products;
mod records;
mod whole;

use super::case;

/// The files of one case, `1.dat` first.
#[derive(Clone)]
pub(crate) struct Input {
    case: &'static str,
    make: fn() -> Vec<Vec<u8>>,
    only: Option<fn() -> Vec<u8>>,
}

fn one(case: &'static str, only: fn() -> Vec<u8>) -> Input {
    Input { case, make: Vec::new, only: Some(only) }
}

fn several(case: &'static str, make: fn() -> Vec<Vec<u8>>) -> Input {
    Input { case, make, only: None }
}

impl Input {
    fn files(&self) -> Vec<Vec<u8>> {
        self.only.map_or_else(|| (self.make)(), |only| vec![only()])
    }
}

fn inputs() -> Vec<Input> {
    [records::inputs(), whole::inputs(), products::inputs(), copybook::inputs()].concat()
}

/// Writes the inputs of all cases.
pub(crate) fn make_all() {
    for input in inputs() {
        let folder = case::all().join(input.case);
        std::fs::create_dir_all(&folder).unwrap();
        for (i, bytes) in input.files().iter().enumerate() {
            std::fs::write(folder.join(format!("{}.dat", i + 1)), bytes).unwrap();
        }
    }
}

/// Whether the maker makes this file.
pub(crate) fn makes(case: &str, file: &str) -> bool {
    let made = inputs().into_iter().find(|input| input.case == case).map_or(0, |input| input.files().len());
    (1..=made).any(|n| file == format!("{n}.dat"))
}
