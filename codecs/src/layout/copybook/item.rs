//! Data description entries as they are written, before anything is known of bytes.
//!
//! Items stand in one list in the order of the source; a tree is made of indices, so that a deep copybook costs no stack.

use super::notes::Place;
use super::picture::Picture;

/// One data description entry of level 01-49 or 77.
#[derive(Clone, Debug, PartialEq, Default)]
pub(super) struct Item {
    pub(super) level: u8,
    /// Upper case; nothing for FILLER and for an entry without a name.
    pub(super) name: Option<String>,
    pub(super) place: Place,
    pub(super) redefines: Option<(String, Place)>,
    pub(super) picture: Option<(Picture, Place)>,
    pub(super) usage: Option<(Usage, Place)>,
    pub(super) sign: Option<(Sign, Place)>,
    pub(super) occurs: Option<Occurs>,
    pub(super) sync: Option<Place>,
    pub(super) justified: bool,
    pub(super) blank_when_zero: bool,
    /// BYTE-LENGTH of a UTF-8 item.
    pub(super) byte_length: Option<u32>,
    /// Level 88: names, and their values as they are written.
    pub(super) conditions: Vec<(String, String)>,
    /// A fault of this entry has been told; what follows from it is no second one.
    pub(super) broken: bool,
    /// USAGE is the group's.
    pub(super) inherited: bool,
    /// SIGN is the group's.
    pub(super) sign_inherited: bool,
    pub(super) parent: Option<usize>,
    pub(super) children: Vec<usize>,
    pub(super) section: Section,
}

/// Where a program has an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Section {
    /// Nothing says so: a copybook.
    #[default]
    Unsaid,
    /// The FILE SECTION.
    File,
    /// WORKING-STORAGE, LINKAGE and the like.
    Other,
}

/// Level 66.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rename {
    pub(super) name: String,
    pub(super) place: Place,
    /// Name and qualifiers.
    pub(super) from: Vec<String>,
    pub(super) through: Option<Vec<String>>,
    /// The record it belongs to.
    pub(super) record: usize,
}

/// OCCURS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Occurs {
    pub(super) least: u32,
    /// Nothing for UNBOUNDED: as many as the counter can say.
    pub(super) most: Option<u32>,
    /// DEPENDING ON: the name, and the groups it is qualified with.
    pub(super) depending: Option<(Vec<String>, Place)>,
    pub(super) place: Place,
}

/// SIGN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sign {
    pub(super) leading: bool,
    pub(super) separate: bool,
}

/// USAGE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usage {
    /// The default.
    Display,
    /// DISPLAY-1: DBCS.
    Dbcs,
    /// NATIONAL: UTF-16.
    National,
    /// UTF-8.
    Utf8,
    /// COMP, which compilers read differently.
    Comp,
    /// BINARY and COMP-4.
    Binary,
    /// COMP-5: binary in the machine's own order.
    Native,
    /// COMP-9 of Cobrix: binary, little-endian.
    Little,
    /// COMP-X: as many bytes as the picture has positions, without sign.
    Bytes,
    /// PACKED-DECIMAL and COMP-3.
    Packed,
    /// COMP-6: packed without a sign.
    PackedUnsigned,
    /// COMP-1.
    Float,
    /// COMP-2.
    Double,
    /// FLOAT-SHORT and FLOAT-LONG: IEEE.
    Ieee {
        /// Eight bytes instead of four.
        double: bool,
    },
    /// FLOAT-DECIMAL-16 and -34.
    DecimalFloat {
        /// Sixteen bytes instead of eight.
        wide: bool,
    },
    /// BINARY-CHAR, -SHORT, -LONG, -DOUBLE.
    Sized {
        /// 1, 2, 4 or 8.
        bytes: u8,
        /// SIGNED, or nothing said.
        signed: bool,
    },
    /// INDEX.
    Index,
    /// POINTER, FUNCTION-POINTER, OBJECT REFERENCE.
    Pointer,
    /// POINTER-32.
    Pointer32,
    /// PROCEDURE-POINTER.
    ProcedurePointer,
}

impl Item {
    /// A name for messages.
    pub(super) fn shown(&self) -> &str {
        self.name.as_deref().unwrap_or("FILLER")
    }

    /// Whether items stand under it.
    pub(super) fn is_group(&self) -> bool {
        !self.children.is_empty()
    }
}
