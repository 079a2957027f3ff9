//! An elementary item as a field: what its picture and usage say in bytes. Items of characters are `elementary_text.rs`.
//!
//! Source: Enterprise COBOL for z/OS 6.4 Language Reference, "USAGE clause", and Programming Guide, "Formats for numeric
//! data": binary items of 1-4, 5-9 and 10-18 digits take 2, 4 and 8 bytes; packed ones half a byte a digit and half a
//! byte for the sign; zoned ones a byte a digit, and one for a separate sign; DBCS and national characters two bytes.

use super::item::{Item, Usage};
use super::notes::{Notes, Place};
use super::options::{Dialect, Options};
use super::picture::{Category, Picture};
use crate::layout::{Field, Kind, Rules, SignPlace};
use crate::number::display::Encoding;
use crate::number::{Signs, WIDEST};
use crate::text::Page;

/// The CCSID of national data.
pub(super) const UTF_16: u32 = 1200;

/// A field and the boundary that SYNC would put it on.
pub(super) struct Elementary {
    pub(super) field: Field,
    pub(super) boundary: usize,
}

/// What an item is made with.
pub(super) struct Maker<'a> {
    pub(super) item: &'a Item,
    pub(super) options: &'a Options,
    pub(super) dialect: Dialect,
    /// DECIMAL-POINT IS COMMA.
    pub(super) comma: bool,
    pub(super) notes: &'a mut Notes,
}

/// A kind, its bytes and its boundary.
pub(super) type Shape = (Kind, usize, usize);

/// The field of an item, which goes by `name`. Nothing, and a fault, if it cannot be.
pub(super) fn field(item: &Item, name: String, options: &Options, notes: &mut Notes) -> Option<Elementary> {
    let dialect = options.dialect.unwrap_or_default();
    let comma = item.picture.as_ref().is_some_and(|(picture, _)| picture.comma);
    let mut maker = Maker { item, options, dialect, comma, notes };
    let mut rules = Rules { justified: item.justified, ..Rules::default() };
    let (kind, bytes, boundary) = maker.shape(&mut rules)?;
    if let Err(wrong) = kind.check_scaled() {
        maker.notes.fault(maker.place(), format!("{}: {wrong}", item.shown()));
        return None;
    }
    // Unnamed bytes hold whatever was in storage: they are kept, and judged by nobody.
    let kept = item.name.is_none() && !kind.is_text();
    let (kind, mut rules) = if kept { (Kind::Hex, Rules::default()) } else { (kind, rules) };
    // A rule that means nothing for the kind would take the field off the fast path, and out of TOML's words.
    if !matches!(kind, Kind::Packed { .. } | Kind::Zoned { .. }) {
        rules.signs = Signs::default();
    }
    let page = match kind {
        _ if !kind.has_page() => None,
        Kind::Graphic if maker.is_national() => Page::from_ccsid(UTF_16),
        Kind::Char if maker.usage() == Usage::Utf8 || maker.category() == Some(Category::Utf8) => Some(Page::Utf8),
        _ => Some(options.page),
    };
    let field = Field {
        page,
        rules,
        text: maker.described(),
        conditions: item.conditions.clone(),
        ..Field::new(name, kind, bytes)
    };
    Some(Elementary { field, boundary })
}

impl Maker<'_> {
    pub(super) fn usage(&self) -> Usage {
        self.item.usage.map_or(Usage::Display, |(usage, _)| usage)
    }

    fn category(&self) -> Option<Category> {
        self.item.picture.as_ref().map(|(picture, _)| picture.category)
    }

    fn is_national(&self) -> bool {
        let national = matches!(self.category(), Some(Category::National | Category::NationalEdited));
        self.usage() != Usage::Dbcs && (national || self.usage() == Usage::National)
    }

    pub(super) fn place(&self) -> Place {
        self.item.picture.as_ref().map_or(self.item.place, |(_, place)| *place)
    }

    pub(super) fn fault(&mut self, what: String) -> Option<Shape> {
        self.notes.fault(self.place(), what);
        None
    }

    /// `S9(7)V99 COMP-3`, for people.
    pub(super) fn described(&self) -> String {
        let picture = self.item.picture.as_ref().map_or(String::new(), |(picture, _)| format!("PIC {}", picture.text));
        let usage = match self.usage() {
            Usage::Display => "",
            Usage::Dbcs => "DISPLAY-1",
            Usage::National => "NATIONAL",
            Usage::Utf8 => "UTF-8",
            Usage::Comp => "COMP",
            Usage::Binary => "BINARY",
            Usage::Native => "COMP-5",
            Usage::Little => "COMP-9",
            Usage::Bytes => "COMP-X",
            Usage::Packed => "COMP-3",
            Usage::PackedUnsigned => "COMP-6",
            Usage::Float => "COMP-1",
            Usage::Double => "COMP-2",
            Usage::Ieee { double } => {
                if double {
                    "FLOAT-LONG"
                } else {
                    "FLOAT-SHORT"
                }
            }
            Usage::DecimalFloat { wide } => {
                if wide {
                    "FLOAT-DECIMAL-34"
                } else {
                    "FLOAT-DECIMAL-16"
                }
            }
            Usage::Sized { bytes, .. } => match bytes {
                1 => "BINARY-CHAR",
                2 => "BINARY-SHORT",
                4 => "BINARY-LONG",
                _ => "BINARY-DOUBLE",
            },
            Usage::Index => "INDEX",
            Usage::Pointer | Usage::Pointer32 => "POINTER",
            Usage::ProcedurePointer => "PROCEDURE-POINTER",
        };
        [picture.as_str(), usage].join(" ").trim().to_owned()
    }

    fn shape(&mut self, rules: &mut Rules) -> Option<Shape> {
        if let Some(shape) = self.unpictured(rules) {
            if self.item.picture.is_some() {
                self.notes.warn(self.place(), format!("{} takes no PIC; its usage decides", self.item.shown()));
            }
            return Some(shape);
        }
        let (picture, _) = self.item.picture.as_ref()?;
        let picture = picture.clone();
        if picture.category == Category::Numeric {
            return self.numeric(&picture, rules);
        }
        self.text(&picture, rules)
    }

    /// Usages that decide their bytes.
    fn unpictured(&mut self, rules: &mut Rules) -> Option<Shape> {
        let [index, pointer, procedure] = self.dialect.addresses();
        let word = self.dialect == Dialect::Zos;
        let address = |bytes: usize| Some((Kind::Hex, bytes, if word { 4 } else { bytes }));
        match self.usage() {
            Usage::Float | Usage::Double => {
                let double = self.usage() == Usage::Double;
                self.unsure();
                rules.hex_float = self.dialect == Dialect::Zos;
                rules.little_endian = self.dialect.is_pc();
                let bytes = if double { 8 } else { 4 };
                Some((Kind::Float { double }, bytes, bytes))
            }
            Usage::Ieee { double } => {
                rules.little_endian = self.dialect.is_pc();
                let bytes = if double { 8 } else { 4 };
                Some((Kind::Float { double }, bytes, bytes))
            }
            Usage::DecimalFloat { wide } => {
                rules.little_endian = self.dialect.is_pc();
                let (digits, bytes) = if wide { (34, 16) } else { (16, 8) };
                Some((Kind::DecFloat { digits }, bytes, bytes))
            }
            Usage::Sized { bytes, signed } => {
                *rules =
                    Rules { native: true, unsigned: !signed, little_endian: self.dialect.is_pc(), ..Rules::default() };
                Some((Kind::Binary { digits: widest(bytes.into()), decimals: 0 }, bytes.into(), bytes.into()))
            }
            Usage::Index => address(index),
            Usage::Pointer => address(pointer),
            Usage::Pointer32 => address(4),
            Usage::ProcedurePointer => address(procedure),
            _ => None,
        }
    }

    /// COMP and floats differ between compilers.
    fn unsure(&mut self) {
        if self.options.dialect.is_none() {
            let place = self.item.usage.map_or(self.item.place, |(_, place)| place);
            let what = "COMP, COMP-1 and COMP-2 are read as Enterprise COBOL of z/OS has them (binary, hexadecimal \
                        floating point); for a file of IBM i, where COMP is packed, say dialect = \"ibm-i\" \
                        (--copybook ibm-i, or [copybook] in a format)";
            self.notes.warn_once(place, what);
        }
    }

    fn numeric(&mut self, picture: &Picture, rules: &mut Rules) -> Option<Shape> {
        let shown = self.item.shown().to_owned();
        let (digits, signed) = (picture.digits, picture.signed);
        if digits > WIDEST.into() {
            return self
                .fault(format!("PIC {} has {digits} digits; {WIDEST} are the most that are read", picture.text));
        }
        let small = u8::try_from(digits).ok()?;
        let decimals = u8::try_from(picture.scale.max(0)).ok().filter(|d| *d <= WIDEST);
        let up = u8::try_from((-picture.scale).max(0)).ok().filter(|up| *up <= WIDEST);
        let (Some(decimals), Some(up)) = (decimals, up) else {
            return self.fault(format!("PIC {} has more than {WIDEST} scaling positions", picture.text));
        };
        rules.scale_up = up;
        rules.unsigned = !signed;
        rules.blank_when_zero = self.item.blank_when_zero;
        if self.dialect == Dialect::Zos {
            rules.signs = Signs::Zos;
        }
        let usage = match self.usage() {
            Usage::Comp if self.dialect == Dialect::IbmI => Usage::Packed,
            Usage::Comp => {
                self.unsure();
                Usage::Binary
            }
            other => other,
        };
        if let (Some((sign, place)), false, false) = (self.item.sign, signed, self.item.sign_inherited) {
            let what = format!("SIGN of {shown} needs S in its picture: without S no byte and no bit is a sign");
            match sign.separate {
                true => self.notes.fault(place, format!("{what}; write S{}", picture.text)),
                false => self.notes.warn(place, what),
            }
        }
        match usage {
            Usage::Display => Some(self.zoned(small, decimals, signed, rules)),
            Usage::Packed => Some((Kind::Packed { digits: small, decimals }, usize::from(small) / 2 + 1, 1)),
            Usage::PackedUnsigned => Some((Kind::Comp6 { digits: small, decimals }, usize::from(small).div_ceil(2), 1)),
            Usage::Binary | Usage::Native | Usage::Little | Usage::Bytes => {
                self.binary(usage, small, decimals, picture, rules)
            }
            Usage::National => self.national_digits(picture, rules),
            Usage::Dbcs | Usage::Utf8 => {
                self.fault(format!("{shown}: PIC {} has digits, which this usage cannot hold", picture.text))
            }
            _ => None,
        }
    }

    fn zoned(&mut self, digits: u8, decimals: u8, signed: bool, rules: &mut Rules) -> Shape {
        let sign = self.item.sign.map(|(sign, _)| sign).filter(|_| signed);
        rules.sign = match sign {
            Some(sign) if sign.separate && sign.leading => SignPlace::LeadingSeparate,
            Some(sign) if sign.separate => SignPlace::TrailingSeparate,
            Some(sign) if sign.leading => SignPlace::Leading,
            _ => SignPlace::Trailing,
        };
        if !self.options.page.is_ebcdic() {
            rules.encoding = if self.dialect.is_pc() { Encoding::Ascii } else { Encoding::Translated };
        }
        let separate = sign.is_some_and(|sign| sign.separate);
        (Kind::Zoned { digits, decimals }, usize::from(digits) + usize::from(separate), 1)
    }

    fn binary(
        &mut self,
        usage: Usage,
        digits: u8,
        decimals: u8,
        picture: &Picture,
        rules: &mut Rules,
    ) -> Option<Shape> {
        let dialect = if usage == Usage::Bytes { Dialect::MicroFocus } else { self.dialect };
        let Some(bytes) = dialect.binary(digits.into(), picture.signed) else {
            let word = self.described();
            return self.fault(format!(
                "{word} is more than {} digits, the most a binary item has; a field of TOML may have 38",
                dialect.binary_most()
            ));
        };
        rules.native = matches!(usage, Usage::Native | Usage::Bytes);
        rules.little_endian = usage == Usage::Little || (usage == Usage::Native && self.dialect.is_pc());
        let boundary = match (bytes, self.dialect) {
            (8, Dialect::Zos | Dialect::IbmI) => 4,
            (1 | 2 | 4 | 8, _) => bytes,
            _ => 1,
        };
        Some((Kind::Binary { digits, decimals }, bytes, boundary))
    }

    /// COMP-X of PIC X: as many bytes as positions.
    pub(super) fn unsigned_bytes(&mut self, bytes: usize, rules: &mut Rules) -> Option<Shape> {
        if !(1..=8).contains(&bytes) {
            return self.fault(format!("{}: COMP-X has 1 to 8 bytes, not {bytes}", self.item.shown()));
        }
        rules.native = true;
        rules.unsigned = true;
        Some((Kind::Binary { digits: widest(bytes), decimals: 0 }, bytes, 1))
    }
}

/// Digits that so many bytes can hold.
fn widest(bytes: usize) -> u8 {
    match bytes {
        0 | 1 => 3,
        2 => 5,
        3 => 8,
        4 => 10,
        5 => 13,
        6 => 15,
        7 => 17,
        _ => 20,
    }
}
