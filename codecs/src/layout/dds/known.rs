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

/// Keywords that only display, printer and ICF files have: their formats are screens and pages, and no records of a file.
const SHOWN: &[&str] = &[
    "BEEP",
    "CLRL",
    "COLOR",
    "CSRLOC",
    "DSPATR",
    "DSPSIZ",
    "ERRMSG",
    "ERRSFL",
    "ERASE",
    "FONT",
    "HELP",
    "INDARA",
    "INVITE",
    "KEEP",
    "OVERLAY",
    "PAGNBR",
    "PAGEDOWN",
    "PAGEUP",
    "PRINT",
    "PUTOVR",
    "ROLLDOWN",
    "ROLLUP",
    "SFL",
    "SFLCLR",
    "SFLCTL",
    "SFLDSP",
    "SFLDSPCTL",
    "SFLEND",
    "SFLPAG",
    "SFLSIZ",
    "SKIPA",
    "SKIPB",
    "SPACEA",
    "SPACEB",
    "VLDCMDKEY",
    "WINDOW",
];

/// Validity checking, kept as a field's conditions.
pub(super) const CHECKS: &[&str] = &["CMP", "COMP", "RANGE", "VALUES"];

/// Whether a keyword makes its source one of a display, printer or ICF file: a function key (CA03, CF12), too.
pub(super) fn is_shown(name: &str) -> bool {
    let key = name.strip_prefix("CA").or(name.strip_prefix("CF"));
    let is_key = |digits: &str| digits.len() == 2 && digits.parse().is_ok_and(|key: u8| (1..=24).contains(&key));
    SHOWN.contains(&name) || key.is_some_and(is_key)
}

/// Whether a keyword has a meaning in a physical or logical file.
pub(super) fn is_known(name: &str) -> bool {
    DECIDING.contains(&name) || OTHERS.contains(&name)
}
