//! Business checks of one record: do its numbers agree with each other?
//!
//! Exact decimals, absolute values, a tolerance for what the core rounded. A check whose fields are empty says nothing;
//! that is what `mandatory` is for. Code lists stand with the fields of the mapping.

use super::expression::{Expression, Type, Value};
use super::fault::TradeFault;
use super::fields::{self, Condition, FieldRef};
use super::instrument::{Instrument, Unit};
use super::measure::Measure;
use fpp_codecs::Code;
use fpp_codecs::format::RecordFormat;
use fpp_codecs::record::{Decimal, Row};
use fpp_codecs::source::Section;

/// Compiled `[[check]]` tables of a mapping, in the order of the source.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    checks: Vec<Check>,
}

#[derive(Clone, Debug)]
struct Check {
    rule: Rule,
    tolerance: Decimal,
    when: Option<Condition>,
}

#[derive(Clone, Debug)]
enum Rule {
    /// amount = price x weight, the weight in what the price is for.
    Amount { amount: FieldRef, price: FieldRef, weight: FieldRef },
    /// lots x weight of a lot = weight.
    Lots { lots: FieldRef, weight: FieldRef },
    /// A condition that must hold.
    Holds { holds: Box<Expression>, blamed: FieldRef, code: Code },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Amount,
    Lots,
    Cel,
}

impl Checks {
    /// Reads `[[check]]`: `rule = "amount"` with `amount`, `price`, `weight`; `rule = "lots"` with `lots`, `weight`;
    /// each with `tolerance` and `when`; `rule = "cel"` with `holds`, `field`, `code` and `when`.
    pub fn read(root: &Section<'_>, record: &RecordFormat) -> Checks {
        Checks { checks: root.sections("check").iter().filter_map(|s| Check::read(s, record)).collect() }
    }

    /// Whether any check compares weights or amounts; they need an instrument.
    pub fn need_instrument(&self) -> bool {
        self.checks.iter().any(|check| !matches!(check.rule, Rule::Holds { .. }))
    }

    /// The first check that fails, in layout order of the fields they blame. Without a measure, because the instrument is
    /// not known, only conditions are looked at.
    pub fn evaluate(&self, row: &Row, measured: Option<(&Measure, &Instrument)>) -> Option<TradeFault> {
        self.checks.iter().filter_map(|c| c.evaluate(row, measured)).min_by_key(|f| f.field)
    }
}

impl Check {
    fn read(section: &Section<'_>, record: &RecordFormat) -> Option<Check> {
        if !section.has("rule") {
            section.fault("rule", "is missing; amount, lots or cel is needed");
        }
        let word = section.choice("rule", &[("amount", Word::Amount), ("lots", Word::Lots), ("cel", Word::Cel)])?;
        let weight = if word == Word::Cel { None } else { fields::need(section, "weight", record) };
        let rule = match word {
            Word::Cel => holds(section, record)?,
            Word::Amount => {
                let (amount, price) = (fields::need(section, "amount", record), fields::need(section, "price", record));
                Rule::Amount { amount: amount?, price: price?, weight: weight? }
            }
            Word::Lots => Rule::Lots { lots: fields::need(section, "lots", record)?, weight: weight? },
        };
        let text = section.text("tolerance").unwrap_or_else(|| "0".to_owned());
        let tolerance = Decimal::parse(&text).filter(|d| d.unscaled >= 0);
        if tolerance.is_none() {
            section.fault("tolerance", "must be a decimal in quotes, not below zero, e.g. \"0.01\"");
        }
        let when = section.section("when").and_then(|s| Condition::read(&s, record));
        section.no_more();
        Some(Check { rule, tolerance: tolerance?, when })
    }

    fn evaluate(&self, row: &Row, measured: Option<(&Measure, &Instrument)>) -> Option<TradeFault> {
        if self.when.as_ref().is_some_and(|w| !w.holds(row)) {
            return None;
        }
        let (blamed, code, detail) = match &self.rule {
            Rule::Amount { amount, .. } => {
                (amount, Code::AMOUNT, "the amount is not price times weight in the instrument's units")
            }
            Rule::Lots { lots, .. } => (lots, Code::LOTS, "lots times the weight of a lot is not the weight"),
            Rule::Holds { holds, blamed, code } => {
                return match holds.evaluate(row) {
                    Ok(Value::Bool(true)) => None,
                    Ok(_) => Some(blamed.fault(*code, "a condition of the mapping does not hold")),
                    Err(fault) => Some(fault),
                };
            }
        };
        let (measure, instrument) = measured?;
        match self.sides(row, measure, instrument) {
            Err(fault) => Some(fault),
            Ok(None) => None,
            Ok(Some((Some(left), Some(right)))) if within(left, right, self.tolerance) => None,
            Ok(Some(_)) => Some(blamed.fault(code, detail)),
        }
    }

    /// Both sides of the equation. Nothing outside when a field is empty, nothing inside when a product is too large.
    #[allow(clippy::type_complexity)] // a side may be missing or too large, and both must be told apart here only
    fn sides(
        &self,
        row: &Row,
        measure: &Measure,
        instrument: &Instrument,
    ) -> Result<Option<(Option<Decimal>, Option<Decimal>)>, TradeFault> {
        let (left, one, other) = match self.rule {
            Rule::Amount { amount, price, weight } => (
                row.decimal(amount.index),
                row.decimal(price.index),
                measure.weight(row, weight, instrument, instrument.price_unit)?,
            ),
            Rule::Lots { lots, weight } => (
                measure.weight(row, weight, instrument, Unit::Gram)?,
                row.decimal(lots.index),
                Some(instrument.lot_grams),
            ),
            Rule::Holds { .. } => return Ok(None),
        };
        let (Some(left), Some(one), Some(other)) = (left, one, other) else {
            return Ok(None);
        };
        Ok(Some((absolute(left), one.checked_mul(other).and_then(absolute))))
    }
}

/// `holds = "MINLOT <= MAXLOT"`, `field = "MAXLOT"`, and a code if FPP2013 is not meant.
fn holds(section: &Section<'_>, record: &RecordFormat) -> Option<Rule> {
    let read = Expression::parse(&section.need_text("holds"), record);
    let blamed = fields::need(section, "field", record);
    let code = fields::code(section, Code::RANGE);
    match read {
        Ok(expression) if expression.kind() == Type::Bool => {
            Some(Rule::Holds { holds: Box::new(expression), blamed: blamed?, code: code? })
        }
        Ok(_) => {
            section.fault("holds", "is no condition; compare something");
            None
        }
        Err(why) => {
            section.fault("holds", why);
            None
        }
    }
}

fn absolute(value: Decimal) -> Option<Decimal> {
    Some(Decimal { unscaled: value.unscaled.checked_abs()?, scale: value.scale })
}

fn within(left: Decimal, right: Decimal, tolerance: Decimal) -> bool {
    let negated = Decimal { unscaled: -right.unscaled, scale: right.scale };
    let difference = left.checked_add(negated).and_then(absolute);
    let room = difference.and_then(|d| tolerance.checked_add(Decimal { unscaled: -d.unscaled, scale: d.scale }));
    room.is_some_and(|r| r.unscaled >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tolerance_is_a_closed_bound_at_any_scale() {
        let d = |t| Decimal::parse(t).unwrap();
        assert!(within(d("100.01"), d("100.0000"), d("0.01")));
        assert!(!within(d("100.0101"), d("100"), d("0.01")));
        assert!(within(d("99.99"), d("100.00000000"), d("0.01")));
        assert!(!within(d("100000.00"), d("100.00"), d("0.01")));
    }
}
