//! Keywords of physical and logical files.

/// Keywords that change bytes, or what fields a record has: one that cannot be read is a fault.
pub(super) const DECIDING: &[&str] = &[
    "ALWNULL", "CCSID", "CONCAT", "DATFMT", "DATSEP", "FLTPCN", "FORMAT", "JFILE", "JREF", "PFILE", "REF", "REFFLD",
    "RENAME", "SST", "TIMFMT", "TIMSEP", "VARLEN",
];

/// Keywords that say how a field is shown, checked or ordered, and change no byte.
const OTHERS: &[&str] = &[
    "ABSVAL",
    "ALIAS",
    "ALL",
    "ALTSEQ",
    "CHECK",
    "CHKMSGID",
    "CMP",
    "COLHDG",
    "COMP",
    "DESCEND",
    "DFT",
    "DIGIT",
    "DYNSLT",
    "EDTCDE",
    "EDTWRD",
    "FCFO",
    "FIFO",
    "JDFTVAL",
    "JDUPSEQ",
    "JFLD",
    "JOIN",
    "LIFO",
    "NOALTSEQ",
    "RANGE",
    "REFACCPTH",
    "REFSHIFT",
    "SIGNED",
    "TEXT",
    "TRNTBL",
    "UNIQUE",
    "UNSIGNED",
    "VALUES",
    "ZONE",
];

/// Validity checking, kept as a field's conditions.
pub(super) const CHECKS: &[&str] = &["CMP", "COMP", "RANGE", "VALUES"];

/// Whether a keyword has a meaning in a physical or logical file.
pub(super) fn is_known(name: &str) -> bool {
    DECIDING.contains(&name) || OTHERS.contains(&name)
}
