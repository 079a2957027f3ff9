//! Which fields are characters of a page, and which may hold any bytes.

use crate::layout::Kind;
use crate::number::display::Encoding;
use crate::record::plan::Step;
use crate::text::Page;

/// Whether a field's bytes are single characters in a page of the file's family.
pub(super) fn is_shown(step: &Step, page: Page) -> bool {
    let encoding = step.rules.as_ref().map_or(Encoding::Ebcdic, |rules| rules.encoding);
    match step.kind {
        Kind::Zoned { .. } => (encoding == Encoding::Ebcdic) == page.is_ebcdic(),
        _ if holds_any(step) => false,
        _ => step.page.is_ebcdic() == page.is_ebcdic() && !step.page.is_wide(),
    }
}

/// Whether a field may hold any bytes.
pub(super) fn holds_any(step: &Step) -> bool {
    let exact = matches!(step.kind, Kind::Packed { .. } | Kind::Comp6 { .. } | Kind::Binary { .. });
    exact || matches!(step.kind, Kind::Graphic | Kind::Hex | Kind::Float { .. } | Kind::DecFloat { .. })
}
