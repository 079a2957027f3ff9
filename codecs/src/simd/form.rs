//! How the digits of one number field become text: prepared once, so that the kernels neither branch on digits nor
//! divide.
//!
//! The text of a number is a choice from its digits and four fixed characters. `control` names the choice for the
//! longest text, `12345.67"`; a number with leading zeros is the same choice begun later. Numbers whose longest text is
//! over 32 bytes have no form: they go another way.

/// Where a number's sign is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// There is none.
    None,
    /// In the zone (or, packed, the nibble) of the last digit: B and D are minus, A C E F plus.
    Last,
    /// A character in front: plus, minus.
    Front(u8, u8),
}

/// One number field's form.
#[derive(Clone, Debug, PartialEq)]
#[repr(align(64))]
pub(crate) struct Form {
    /// Which of the 32 digits (0 to 31) or fixed characters (from 32 on) comes where.
    pub(super) control: [u8; 64],
    /// Bytes of the field.
    pub(super) bytes: u8,
    /// Bytes of the longest text, closing quote included.
    pub(super) length: u8,
    /// The first digit's place.
    pub(super) first: u8,
    /// Zone of every digit but a last one with the sign.
    pub(super) zone: u8,
    /// The sign's place.
    pub(super) sign: Sign,
    /// Bits of all digits.
    pub(super) digits: u32,
    /// Bits of the digits that may be leading zeros.
    pub(super) leading: u32,
    /// The bit behind those: where leading zeros end at the latest.
    pub(super) stop: u32,
    /// Bits that must be 0: the pad nibble of a packed field.
    pub(super) pad: u32,
    /// Bit of the sign: packed, its nibble; zoned, the last byte.
    pub(super) signed: u32,
}

/// The fixed characters behind the digits: 32 is `.`, 33 is `"`, 34 is `0`.
pub(super) const FIXED: [u8; 32] = {
    let mut fixed = [b'"'; 32];
    fixed[0] = b'.';
    fixed[2] = b'0';
    fixed
};

/// Most bytes of a number's text, closing quote included.
const TEXT_MAX: usize = 32;

impl Form {
    /// Of a packed field, whose numbers may be below zero if it is `signed`; nothing if its text may be too long.
    pub(crate) fn packed(digits: u8, decimals: u8, signed: bool) -> Option<Form> {
        let even = digits.is_multiple_of(2);
        let mut form = Form::of(digits, decimals, usize::from(even))?;
        form.bytes = digits / 2 + 1;
        form.sign = if signed { Sign::Last } else { Sign::None };
        form.pad = u32::from(even);
        form.signed = 1u32.checked_shl(u32::from(digits) + u32::from(even))?;
        Some(form)
    }

    /// Of a zoned field or a number in text; nothing if its text may be too long.
    pub(crate) fn zoned(digits: u8, decimals: u8, zone: u8, sign: Sign) -> Option<Form> {
        let front = matches!(sign, Sign::Front(..));
        let mut form = Form::of(digits, decimals, usize::from(front))?;
        form.bytes = digits + u8::from(front);
        (form.sign, form.zone) = (sign, zone);
        form.signed = if sign == Sign::Last { 1 << (digits - 1) } else { 0 };
        Some(form)
    }

    fn of(digits: u8, decimals: u8, first: usize) -> Option<Form> {
        let (digits, decimals) = (usize::from(digits), usize::from(decimals));
        let whole = digits.checked_sub(decimals)?;
        if digits == 0 || first + digits > 32 {
            return None;
        }
        let mut text = Vec::new();
        text.extend((first..first + whole).map(|place| place as u8));
        if whole == 0 {
            text.push(34);
        }
        if decimals > 0 {
            text.push(32);
            text.extend((first + whole..first + digits).map(|place| place as u8));
        }
        text.push(33);
        let mut control = [33; 64];
        control.get_mut(..text.len()).filter(|text| text.len() <= TEXT_MAX)?.copy_from_slice(&text);
        let bits = |from: usize, to: usize| (((1u64 << to) - 1) & !((1u64 << from) - 1)) as u32;
        let last_whole = first + whole.saturating_sub(1);
        Some(Form {
            control,
            bytes: 0,
            length: text.len() as u8,
            first: first as u8,
            zone: 0,
            sign: Sign::None,
            digits: bits(first, first + digits),
            leading: bits(first, last_whole),
            stop: 1 << last_whole,
            pad: 0,
            signed: 0,
        })
    }

    /// Bytes of the field.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.into()
    }

    /// How many leading zeros the text leaves off, when `nonzero` has a bit for each digit that is not 0.
    #[inline(always)]
    pub(super) fn zeros(&self, nonzero: u32) -> usize {
        (((nonzero & self.leading) | self.stop).trailing_zeros() - u32::from(self.first)) as usize
    }
    /// Whether the last byte of a packed field, whose sign nibble is one, says minus; nothing if it must not.
    #[inline(always)]
    pub(super) fn packed_sign(&self, last: u8) -> Option<bool> {
        // B and D.
        let minus = 0x2800u32 >> (last & 15) & 1 == 1;
        (!minus || self.sign == Sign::Last).then_some(minus)
    }

    /// Whether the sign of a zoned or text field is minus; nothing if it is no sign. The last digit of a field with its
    /// sign there is checked with it.
    #[inline(always)]
    pub(super) fn zoned_sign(&self, field: &[u8]) -> Option<bool> {
        match (self.sign, field) {
            (Sign::None, _) => Some(false),
            (Sign::Last, [.., last]) => (*last >= 0xA0 && last & 15 <= 9).then_some(matches!(last >> 4, 0x0B | 0x0D)),
            (Sign::Front(plus, minus), [sign, ..]) => (*sign == plus || *sign == minus).then_some(*sign == minus),
            _ => None,
        }
    }
}
