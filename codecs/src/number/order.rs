//! Which end of a number stands first: binary integers and floats.

/// Which end stands first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Order {
    /// The high bytes: all IBM systems of this kind.
    #[default]
    Big,
    /// The low bytes.
    Little,
}
