//! One entry of the canonical data: which field it comes from, and how its value is written.
//!
//! An entry first gives its plain value, which ids and the time are made of, and then its JSON; a sensitive one may be
//! masked on the way. Nothing here knows the name of a field.

use crate::trade::event::Event;
use crate::trade::expression::{Expression, Value};
use crate::trade::fault::TradeFault;
use crate::trade::fields::{Condition, FieldRef};
use crate::trade::instrument::{Instrument, Unit};
use crate::trade::json;
use crate::trade::measure::Measure;
use crate::trade::moment::{self, Day, DayForm, Offset};
use fpp_codecs::Code;
use fpp_codecs::record::Row;

/// A compiled `[[data]]` table.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Name in the data, e.g. `price` or `market.mic`.
    pub(super) name: String,
    /// JSON before the value: comma, key, opened object.
    pub(super) open: Vec<u8>,
    /// JSON after it: closed object.
    pub(super) close: &'static [u8],
    pub(super) rule: Rule,
    pub(super) field: Option<FieldRef>,
    pub(super) mandatory: bool,
    pub(super) required: Option<(Condition, Code)>,
    pub(super) mask: Option<Mask>,
}

#[derive(Clone, Debug)]
pub(super) enum Rule {
    /// The field's own text or number; one of the codes, if there are any.
    Plain(Vec<String>),
    /// Another word for each code.
    Map(Vec<(String, String)>),
    Day(DayForm),
    Time,
    Const(String),
    /// A value with the unit of the instrument.
    Price,
    /// The same, converted to it.
    Weight,
    /// What an expression gives; the entry's field is the first that it looks at.
    Cel(Box<Expression>),
}

/// What a masked view leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mask {
    /// The last four characters.
    Last4,
    /// The first character.
    First,
}

/// What entries look at beside the row.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) measure: Option<&'a Measure>,
    /// Known once the instrument was found.
    pub(super) instrument: Option<&'a Instrument>,
    pub(super) offset: &'a Offset,
}

/// A span that stands for "no value".
pub(super) const NONE: (u32, u32) = (u32::MAX, 0);

impl Entry {
    /// Appends the plain value to `out` and gives its span, or [`NONE`].
    pub(super) fn value(&self, row: &Row, view: View<'_>, out: &mut Vec<u8>) -> Result<(u32, u32), TradeFault> {
        let start = out.len();
        let Some(field) = self.field else {
            if let Rule::Const(text) = &self.rule {
                out.extend_from_slice(text.as_bytes());
            }
            return Ok(span(start, out));
        };
        // An expression says itself what an empty field means.
        let computed = matches!(self.rule, Rule::Cel(_));
        let present = (computed || !field.is_empty(row)) && self.write(field, row, view, out)?;
        if present {
            return Ok(span(start, out));
        }
        // An expression gave nothing: most likely for the first empty field that it looks at.
        let empty = || self.fields().iter().find(|f| f.is_empty(row)).copied().unwrap_or(field);
        if self.mandatory {
            return Err(empty().fault(Code::MANDATORY, "the field is empty"));
        }
        match &self.required {
            Some((when, code)) if when.holds(row) => {
                Err(empty().fault(*code, "the field is empty, and this kind of record needs it"))
            }
            _ => Ok(NONE),
        }
    }

    /// False when the field holds a value that means "none".
    fn write(&self, field: FieldRef, row: &Row, view: View<'_>, out: &mut Vec<u8>) -> Result<bool, TradeFault> {
        match &self.rule {
            Rule::Plain(codes) => {
                let start = out.len();
                field.push(row, out);
                if !codes.is_empty() && !codes.iter().any(|c| c.as_bytes() == &out[start..]) {
                    return Err(field.fault(Code::RANGE, "the code is not in the list"));
                }
            }
            Rule::Map(words) => {
                let value = field.plain(row);
                let Some((_, word)) = words.iter().find(|(code, _)| *code == value) else {
                    return Err(field.fault(Code::RANGE, "the code is not in the list"));
                };
                out.extend_from_slice(word.as_bytes());
            }
            Rule::Day(form) => match form.read(row, field) {
                Day::On(date) => moment::push_date(out, date),
                Day::None => return Ok(false),
                Day::Impossible => return Err(field.fault(Code::DATE, "there is no such day")),
            },
            Rule::Time => {
                let text = field.text(row).unwrap_or_default();
                if text.starts_with("0001-01-01") {
                    return Ok(false);
                }
                if !moment::push_timestamp(out, text, view.offset) {
                    return Err(field.fault(Code::DATE, "there is no such time"));
                }
            }
            Rule::Weight => return self.weight(field, row, view, out),
            Rule::Cel(expression) => match expression.evaluate(row)? {
                Value::Number(number) => json::push_decimal(out, number),
                Value::Text(text) if !text.is_empty() => out.extend_from_slice(text.as_bytes()),
                // Conditions are refused when the mapping is compiled.
                Value::Null | Value::Text(_) | Value::Bool(_) => return Ok(false),
            },
            Rule::Price | Rule::Const(_) => field.push(row, out),
        }
        Ok(true)
    }

    fn weight(&self, field: FieldRef, row: &Row, view: View<'_>, out: &mut Vec<u8>) -> Result<bool, TradeFault> {
        // Without an instrument the record is refused for that alone.
        let (Some(measure), Some(instrument)) = (view.measure, view.instrument) else {
            return Ok(true);
        };
        let weight = measure.weight(row, field, instrument, instrument.quantity_unit)?;
        if let Some(weight) = weight {
            json::push_decimal(out, weight);
        }
        Ok(weight.is_some())
    }

    /// The fields it looks at.
    pub(super) fn fields(&self) -> &[FieldRef] {
        match &self.rule {
            Rule::Cel(expression) => expression.fields(),
            _ => self.field.as_slice(),
        }
    }

    /// Whether its value cannot be told without the instrument.
    pub(super) fn needs_instrument(&self) -> bool {
        matches!(self.rule, Rule::Weight)
    }

    /// The unit that stands beside the value.
    pub(super) fn unit(&self, instrument: Option<&Instrument>) -> Option<Unit> {
        match self.rule {
            Rule::Price => instrument.map(|i| i.price_unit),
            Rule::Weight => instrument.map(|i| i.quantity_unit),
            _ => None,
        }
    }

    /// Appends the JSON of the value at `span` of the event's values to its data.
    pub(super) fn push(&self, span: (u32, u32), instrument: Option<&Instrument>, masked: bool, out: &mut Event) {
        let Event { data, values, .. } = out;
        data.extend_from_slice(&self.open);
        match values.get(span.0 as usize..span.1 as usize) {
            Some(value) if span != NONE => {
                data.push(b'"');
                match self.mask.filter(|_| masked) {
                    Some(mask) => push_masked(data, value, mask),
                    None => json::push_escaped(data, value),
                }
                data.push(b'"');
            }
            _ => data.extend_from_slice(b"null"),
        }
        if let Some(unit) = self.unit(instrument) {
            json::push_text(data, "unit", unit.code());
        }
        data.extend_from_slice(self.close);
    }
}

fn span(start: usize, out: &[u8]) -> (u32, u32) {
    (start as u32, out.len() as u32)
}

/// A value of four characters (or one, for [`Mask::First`]) or fewer is hidden whole.
fn push_masked(out: &mut Vec<u8>, value: &[u8], mask: Mask) {
    let text = String::from_utf8_lossy(value);
    let all = text.chars().count();
    let shown = |at: usize| match mask {
        Mask::Last4 => all > 4 && at + 4 >= all,
        Mask::First => all > 1 && at == 0,
    };
    for (at, c) in text.chars().enumerate() {
        let mut buffer = [0; 4];
        let c = if shown(at) { c } else { '*' };
        json::push_escaped(out, c.encode_utf8(&mut buffer).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_leave_four_characters_or_one() {
        let show = |text: &str, mask| {
            let mut out = Vec::new();
            push_masked(&mut out, text.as_bytes(), mask);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(show("6222020200112233", Mask::Last4), "************2233");
        assert_eq!(show("1234", Mask::Last4), "****");
        assert_eq!(show("张三丰", Mask::First), "张**");
        assert_eq!(show("张", Mask::First), "*");
    }
}
