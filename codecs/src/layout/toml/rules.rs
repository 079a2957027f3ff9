//! Rules of fields by their keys: for one field, for fields of another source's layout, or for a whole file.
//!
//! A rule that means nothing for a field's kind is a fault where it is said of that field, and passed over where it is
//! said of all fields. What is passed over changes nothing, so that plain fields stay plain.

use super::text::TextRules;
use super::words;
use crate::date::{NoDates, Sentinel, TimestampForm, Window};
use crate::layout::{Dirty, Field, Kind, NumericMoment, Rules, SignPlace};
use crate::number::Signs;
use crate::number::display::Encoding;
use crate::number::hexfloat::Rounding;
use crate::source::Section;
use std::sync::Arc;

/// Rules that a table has named.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Chosen {
    sign: Option<SignPlace>,
    encoding: Option<Encoding>,
    signs: Option<Signs>,
    unsigned: Option<bool>,
    little_endian: Option<bool>,
    native: Option<bool>,
    hex_float: Option<bool>,
    rounding: Option<Rounding>,
    decimal_comma: Option<bool>,
    scale_up: Option<u8>,
    blank_when_zero: Option<bool>,
    justified: Option<bool>,
    trim_ideographic: Option<bool>,
    picture: Option<String>,
    currency: Option<char>,
    moment: Option<NumericMoment>,
    window: Option<Window>,
    no_date: Option<NoDates>,
    timestamp: Option<TimestampForm>,
    blank: Option<Dirty>,
    dirty: Option<Dirty>,
    /// Whether `dirty` is `reject` in the field's own words; what is said of all fields insists on no reading.
    insist: Option<bool>,
    fixnbr: Option<bool>,
    cut: Option<bool>,
    text: TextRules,
}

/// What a rule is for.
const ZONED: &str = "is for zoned fields";
const SIGNED: &str = "is for packed and zoned fields";
const WHOLE_NUMBERS: &str = "is for packed, zoned and binary fields";
const BINARY: &str = "is for binary fields";
const ENDED: &str = "is for binary and float fields";
const FLOAT: &str = "is for float fields";
const WRITTEN: &str = "is for edited and number-text fields";
const STAMPS: &str = "is for timestamps";
const COUNTED: &str = "is for numbers with digits";
const SHOWN: &str = "is for zoned, edited and number fields";
const TEXT: &str = "is for text";
const EDITED: &str = "is for edited fields";
const DAYS: &str = "is for dates, and for numbers with a moment";
const VALUES: &str = "is for numbers, dates and times";
const NO_ZERO: &str = "is for numbers, dates and times; only numbers have a zero";

impl Chosen {
    /// The rules that every field of a file may have.
    pub(crate) fn defaults(table: &Section<'_>) -> Chosen {
        let (blank, dirty) = policies(table);
        Chosen {
            encoding: table.choice("encoding", words::ENCODINGS),
            signs: table.choice("signs", words::SIGNS),
            little_endian: table.choice("endian", words::ENDS),
            hex_float: table.flag("hex_float"),
            rounding: table.choice("rounding", words::ROUNDINGS),
            decimal_comma: table.flag("decimal_comma"),
            timestamp: table.choice("timestamp_format", words::TIMESTAMPS),
            trim_ideographic: table.flag("trim_ideographic"),
            window: window(table),
            no_date: no_date(table),
            blank,
            dirty,
            fixnbr: table.flag("fixnbr"),
            cut: table.flag("cut"),
            text: TextRules::read(table),
            ..Chosen::default()
        }
    }

    /// All rules of one field.
    pub(crate) fn of_field(table: &Section<'_>) -> Chosen {
        let chosen = Chosen::defaults(table);
        Chosen {
            sign: table.choice("sign", words::SIGN_PLACES),
            unsigned: table.flag("unsigned"),
            native: table.flag("native"),
            scale_up: table.number_in("scale_up", 0..=63).and_then(|n| u8::try_from(n).ok()),
            blank_when_zero: table.flag("blank_when_zero"),
            justified: table.flag("justified"),
            picture: table.text("picture"),
            currency: currency(table),
            moment: table.choice("moment", words::MOMENTS),
            insist: chosen.dirty.map(|policy| policy == Dirty::Reject),
            ..chosen
        }
    }

    /// These rules, and those of the file around where nothing is said.
    pub(crate) fn or(self, around: &Chosen) -> Chosen {
        Chosen {
            encoding: self.encoding.or(around.encoding),
            signs: self.signs.or(around.signs),
            little_endian: self.little_endian.or(around.little_endian),
            hex_float: self.hex_float.or(around.hex_float),
            rounding: self.rounding.or(around.rounding),
            decimal_comma: self.decimal_comma.or(around.decimal_comma),
            timestamp: self.timestamp.or(around.timestamp),
            trim_ideographic: self.trim_ideographic.or(around.trim_ideographic),
            window: self.window.or(around.window),
            no_date: self.no_date.or(around.no_date),
            blank: self.blank.or(around.blank),
            dirty: self.dirty.or(around.dirty),
            fixnbr: self.fixnbr.or(around.fixnbr),
            cut: self.cut.or(around.cut),
            text: self.text.or(&around.text),
            ..self
        }
    }

    /// Makes a number the date that it means, if it is none yet, with the rules of dates that `defaults` have: they meant
    /// nothing for a mere number.
    pub(crate) fn date(&self, field: &mut Field, defaults: &Chosen) {
        if self.moment.is_none() || field.rules.moment.is_some() {
            return;
        }
        Setter { misfit: &mut |_, _| {} }.moment(self.moment, field.kind, &mut field.rules);
        let Chosen { window, no_date, .. } = *defaults;
        Chosen { window, no_date, ..Chosen::default() }.apply(field, &mut |_, _| {});
    }

    /// Whether `blank` is said.
    pub(super) fn says_blank(&self) -> bool {
        self.blank.is_some()
    }

    /// Sets the rules of a field; those that mean nothing for its kind are told.
    pub(crate) fn apply(&self, field: &mut Field, misfit: &mut dyn FnMut(&'static str, String)) {
        let kind = field.kind;
        let rules = &mut field.rules;
        let mut set = Setter { misfit };
        self.numbers(kind, rules, &mut set);
        set.one("justified", self.justified, kind.is_text(), TEXT, &mut rules.justified);
        set.one("trim_ideographic", self.trim_ideographic, kind.is_text(), TEXT, &mut rules.trim_ideographic);
        set.one("cut", self.cut, kind.is_text(), TEXT, &mut rules.cut);
        if let Some(key) = self.text.key() {
            set.one(key, Some(self.text.rules()), kind.is_text(), TEXT, &mut rules.text);
        }
        set.moment(self.moment, kind, rules);
        let day = matches!(kind, Kind::Date(_) | Kind::Timestamp { .. }) || rules.moment.is_some();
        set.one("window", self.window, day, DAYS, &mut rules.window);
        set.one("no_date", self.no_date, day, DAYS, &mut rules.no_date);
        let stamp = matches!(kind, Kind::Timestamp { .. });
        set.one("timestamp_format", self.timestamp, stamp, STAMPS, &mut rules.timestamp);
        let value = !kind.is_text() && kind != Kind::Hex;
        let zero = value && !day && !matches!(kind, Kind::Time(_));
        for (key, policy) in [("blank", self.blank), ("dirty", self.dirty)] {
            let (fits, what) = match policy {
                Some(Dirty::Zero) => (zero, NO_ZERO),
                _ => (value, VALUES),
            };
            match key {
                "blank" => set.one(key, policy.map(Some), fits, what, &mut rules.blank),
                _ => set.one(key, policy, fits, what, &mut rules.dirty),
            }
        }
        if value {
            rules.insist = self.insist.unwrap_or(rules.insist);
        }
    }

    fn numbers(&self, kind: Kind, rules: &mut Rules, set: &mut Setter<'_>) {
        let (zoned, binary) = (matches!(kind, Kind::Zoned { .. }), matches!(kind, Kind::Binary { .. }));
        let (float, counted) = (matches!(kind, Kind::Float { .. }), kind.digits().is_some());
        let (edited, text) = (matches!(kind, Kind::Edited { .. }), matches!(kind, Kind::NumberText { .. }));
        let signed = zoned || matches!(kind, Kind::Packed { .. });
        let shown = zoned || edited || matches!(kind, Kind::Number { .. });
        let picture = self.picture.as_deref().map(|picture| Some(Arc::from(picture)));
        set.one("sign", self.sign, zoned, ZONED, &mut rules.sign);
        set.one("encoding", self.encoding, zoned, ZONED, &mut rules.encoding);
        set.one("signs", self.signs, signed, SIGNED, &mut rules.signs);
        set.one("unsigned", self.unsigned, signed || binary, WHOLE_NUMBERS, &mut rules.unsigned);
        set.one("endian", self.little_endian, binary || float, ENDED, &mut rules.little_endian);
        set.one("native", self.native, binary, BINARY, &mut rules.native);
        set.one("hex_float", self.hex_float, float, FLOAT, &mut rules.hex_float);
        set.one("rounding", self.rounding, float, FLOAT, &mut rules.rounding);
        set.one("decimal_comma", self.decimal_comma, edited || text, WRITTEN, &mut rules.decimal_comma);
        set.one("scale_up", self.scale_up, counted && !edited, COUNTED, &mut rules.scale_up);
        set.one("blank_when_zero", self.blank_when_zero, shown, SHOWN, &mut rules.blank_when_zero);
        set.one("picture", picture, edited, EDITED, &mut rules.picture);
        set.one("currency", self.currency.map(Some), edited, EDITED, &mut rules.currency);
        set.one("fixnbr", self.fixnbr, signed, SIGNED, &mut rules.fixnbr);
    }

    /// Whether the rules change how many bytes a field with these has.
    pub(crate) fn moves(&self, rules: &Rules) -> bool {
        let sign = self.sign.is_some_and(|sign| is_separate(sign) != is_separate(rules.sign));
        let stamp = self.timestamp.is_some_and(|form| form != rules.timestamp);
        self.picture.is_some() || self.scale_up.is_some() || sign || stamp
    }
}

/// Whether the sign has a byte of its own.
pub(crate) fn is_separate(sign: SignPlace) -> bool {
    matches!(sign, SignPlace::TrailingSeparate | SignPlace::LeadingSeparate)
}

fn policies(table: &Section<'_>) -> (Option<Dirty>, Option<Dirty>) {
    (table.choice("blank", words::POLICIES), table.choice("dirty", words::POLICIES))
}

fn window(table: &Section<'_>) -> Option<Window> {
    // The hundred years must not go beyond 9999.
    table.number_in("window", 1..=9900).and_then(|year| Window::from(u16::try_from(year).ok()?))
}

fn currency(table: &Section<'_>) -> Option<char> {
    let text = table.text("currency")?;
    let mut characters = text.chars();
    let one = characters.next().filter(|_| characters.next().is_none());
    if one.is_none() {
        table.fault("currency", "must be one character");
    }
    one
}

/// `no_date` and `refused_dates`.
fn no_date(table: &Section<'_>) -> Option<NoDates> {
    let mut set = NoDates::STRICT;
    for (key, null) in [("no_date", true), ("refused_dates", false)] {
        for word in table.texts(key) {
            match words::sentinel(set, &word, null) {
                Some(more) => set = more,
                None => {
                    let known = words::sentinels(Sentinel::NAMES.into_iter().map(|(_, sentinel)| sentinel));
                    table.fault(key, format_args!("`{word}` is not one of: {}", known.join(", ")));
                }
            }
        }
    }
    (table.has("no_date") || table.has("refused_dates")).then_some(set)
}

struct Setter<'a> {
    misfit: &'a mut dyn FnMut(&'static str, String),
}

impl Setter<'_> {
    fn one<T>(&mut self, key: &'static str, value: Option<T>, fits: bool, what: &str, slot: &mut T) {
        match value {
            Some(value) if fits => *slot = value,
            Some(_) => (self.misfit)(key, what.to_owned()),
            None => {}
        }
    }

    fn moment(&mut self, moment: Option<NumericMoment>, kind: Kind, rules: &mut Rules) {
        let Some(moment) = moment else { return };
        let wanted = words::moment_digits(moment);
        match kind {
            Kind::Packed { digits, decimals: 0 }
            | Kind::Comp6 { digits, decimals: 0 }
            | Kind::Zoned { digits, decimals: 0 }
            | Kind::Binary { digits, decimals: 0 }
            | Kind::Number { digits, decimals: 0, .. }
                if digits >= wanted =>
            {
                rules.moment = Some(moment);
            }
            _ => (self.misfit)("moment", format!("is for whole numbers of at least {wanted} digits")),
        }
    }
}
