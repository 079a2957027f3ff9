//! What to do next about a fault of a record: the code's own words, or better ones where its record format says more.

use fpp_codecs::Code;
use fpp_codecs::fault::Fault;
use fpp_codecs::format::RecordFormat;
use fpp_codecs::format::readings::Readings;
use fpp_codecs::layout::Kind;
use fpp_codecs::record::Row;
use std::borrow::Cow;

/// What to look at where fields stand between delimiters.
pub(super) const DELIMITED: &str = "Count the fields between the delimiters: the record has more or fewer of them than its layout \
                         (`fpp layout show`). Perhaps the field delimiter, the string delimiter or what escapes it is \
                         another one, or a string holds a line end and is not in string delimiters.";
const EDITED: &str = "Compare the bytes with the picture of the field (`fpp layout show`): digits, blanks, signs and points \
                      must stand where an edited picture has them. Damage that is known may pass by `dirty`.";

/// What to do next about a fault of a record that decoded to a row.
pub(super) fn next(format: &RecordFormat, row: &Row, fault: &Fault) -> Cow<'static, str> {
    let own = own(format, fault);
    match format.readings(fault.field, row) {
        None => Cow::Borrowed(own),
        Some(Readings { shown: true, .. }) => Cow::Owned(format!(
            "{own} Another reading of these bytes (REDEFINES) can be read; this one is asked for by name, or its layout \
             says dirty = \"reject\" (docs/layouts.md)."
        )),
        Some(Readings { count, .. }) => Cow::Owned(format!(
            "None of the {count} readings of these bytes (REDEFINES) fits; the fault of the first one is told. A format can \
             say by `choice` which reading holds, or have a record of its own for each segment (docs/layouts.md)."
        )),
    }
}

/// What the code says, or the field's kind.
fn own(format: &RecordFormat, fault: &Fault) -> &'static str {
    let is_edited =
        format.layout.fields.get(fault.field).is_some_and(|field| matches!(field.kind, Kind::Edited { .. }));
    match fault.code {
        Code::LENGTH if format.is_delimited() => DELIMITED,
        Code::ZONE if is_edited => EDITED,
        code => code.hint(),
    }
}
