//! What a reader of a copybook may say about it: the compiler it was made for, and what copybooks leave open.
//!
//! Without a word a copybook is Enterprise COBOL's, and its form is told from its lines.

use super::lines::Form;
use crate::text::Page;

/// How a copybook is read.
#[derive(Clone, Debug)]
pub struct Options {
    /// Page of characters.
    pub page: Page,
    /// Fixed or free form; told from the lines if nothing is said.
    pub form: Option<Form>,
    /// The compiler; [`Dialect::Zos`] if nothing is said.
    pub dialect: Option<Dialect>,
    /// Lines with D in column 7 are read.
    pub debug_lines: bool,
    /// DECIMAL-POINT IS COMMA.
    pub decimal_comma: bool,
    /// Text words to replace in the copybook itself, as COPY REPLACING would.
    pub replacing: Vec<(String, String)>,
    /// The one record that is wanted, where there are several; all, where none is called so.
    pub record: Option<String>,
    /// Where a program has a FILE SECTION, its records alone: those of other sections are in no file.
    pub files_only: bool,
}

impl Options {
    /// Nothing said but the page.
    pub fn new(page: Page) -> Options {
        Options {
            page,
            form: None,
            dialect: None,
            debug_lines: false,
            decimal_comma: false,
            replacing: Vec::new(),
            record: None,
            files_only: false,
        }
    }
}

/// Whose rules decide bytes.
///
/// Sources: Enterprise COBOL for z/OS 6.4 Language Reference, "USAGE clause"; ILE COBOL Language Reference, "USAGE
/// clause" (COMP is COMP-3 there); GnuCOBOL 3.1 `default.conf` (binary-size 1-2-4-8); Micro Focus Visual COBOL Language
/// Reference, "COMPUTATIONAL" (NOIBMCOMP).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Dialect {
    /// Enterprise COBOL for z/OS.
    #[default]
    Zos,
    /// ILE COBOL of IBM i.
    IbmI,
    /// GnuCOBOL as it is configured by default.
    GnuCobol,
    /// Micro Focus COBOL on a PC.
    MicroFocus,
}

impl Dialect {
    /// Names in TOML.
    pub const NAMES: &'static [(&'static str, Dialect)] = &[
        ("z-os", Dialect::Zos),
        ("ibm-i", Dialect::IbmI),
        ("gnucobol", Dialect::GnuCobol),
        ("micro-focus", Dialect::MicroFocus),
    ];

    /// Whether the machine is a PC: ASCII signs, and the lowest byte of a native number first.
    pub(super) fn is_pc(self) -> bool {
        matches!(self, Dialect::GnuCobol | Dialect::MicroFocus)
    }

    /// Bytes of a binary item, and most digits it may have.
    pub(super) fn binary(self, digits: u32, signed: bool) -> Option<usize> {
        let steps: &[u32] = match (self, signed) {
            (Dialect::Zos | Dialect::IbmI, _) => &[0, 4, 0, 9, 0, 0, 0, 18],
            (Dialect::GnuCobol, _) => &[2, 4, 0, 9, 0, 0, 0, 18, 0, 0, 0, 0, 0, 0, 0, 38],
            (Dialect::MicroFocus, true) => &[2, 4, 6, 9, 11, 14, 16, 18],
            (Dialect::MicroFocus, false) => &[2, 4, 7, 9, 12, 14, 16, 18],
        };
        steps.iter().position(|most| digits <= *most).map(|at| at + 1)
    }

    /// Most digits of a binary item.
    pub(super) fn binary_most(self) -> u32 {
        if self == Dialect::GnuCobol { 38 } else { 18 }
    }

    /// Bytes of INDEX, POINTER and PROCEDURE-POINTER.
    pub(super) fn addresses(self) -> [usize; 3] {
        match self {
            Dialect::Zos => [4, 4, 8],
            Dialect::IbmI => [4, 16, 16],
            Dialect::GnuCobol => [4, 8, 8],
            Dialect::MicroFocus => [4, 4, 4],
        }
    }
}
