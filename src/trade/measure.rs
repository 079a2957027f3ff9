//! What a record's price and weight are counted in (D13).
//!
//! The instrument decides both units. A record may state the unit of its weight in a column of its own; then the weight
//! is converted, exactly, to the instrument's unit, so that one instrument always has one unit downstream. Nothing is
//! assumed: an unknown instrument, or a column that is empty or unknown, refuses the record.

use super::fault::TradeFault;
use super::fields::{self, FieldRef};
use super::instrument::{Instrument, Instruments, UNITS, Unit};
use fpp_codecs::Code;
use fpp_codecs::format::RecordFormat;
use fpp_codecs::record::{Decimal, Row};
use fpp_codecs::source::Section;

/// Compiled `[instrument]` of a mapping.
#[derive(Clone, Debug)]
pub struct Measure {
    /// The field that names the instrument.
    pub field: FieldRef,
    /// The column that states the unit of weights, and its values.
    stated: Option<(FieldRef, Vec<(String, Unit)>)>,
}

impl Measure {
    /// Reads `field`, `weight_unit` and `weight_units`.
    pub fn read(section: &Section<'_>, record: &RecordFormat) -> Option<Measure> {
        let field = fields::need(section, "field", record);
        let column = fields::optional(section, "weight_unit", record);
        let mut units = Vec::new();
        if let Some(words) = section.section("weight_units") {
            for value in words.keys() {
                units.extend(words.choice(&value, UNITS).map(|unit| (value.clone(), unit)));
            }
        }
        if section.has("weight_unit") != section.has("weight_units") {
            section.fault("weight_unit", "weight_unit and weight_units belong together");
        }
        section.no_more();
        Some(Measure { field: field?, stated: column.map(|column| (column, units)) })
    }

    /// The row's instrument.
    pub fn instrument<'i>(&self, row: &Row, instruments: &'i Instruments) -> Result<&'i Instrument, TradeFault> {
        let code = self.field.text(row).unwrap_or_default();
        instruments.find(code).ok_or_else(|| self.field.fault(Code::INSTRUMENT, "the instrument is not listed"))
    }

    /// The unit in which the row writes its weights.
    pub fn written_unit(&self, row: &Row, instrument: &Instrument) -> Result<Unit, TradeFault> {
        let Some((column, units)) = &self.stated else {
            return Ok(instrument.quantity_unit);
        };
        let word = column.text(row).unwrap_or_default();
        match units.iter().find(|(value, _)| value == word) {
            Some((_, unit)) => Ok(*unit),
            None if word.is_empty() => Err(column.fault(Code::MANDATORY, "the unit of the weight is not stated")),
            None => Err(column.fault(Code::RANGE, "the unit of the weight is not known")),
        }
    }

    /// A weight of the row in a unit; nothing when the field is empty.
    pub fn weight(
        &self,
        row: &Row,
        field: FieldRef,
        instrument: &Instrument,
        to: Unit,
    ) -> Result<Option<Decimal>, TradeFault> {
        let written = self.written_unit(row, instrument)?;
        let Some(weight) = row.decimal(field.index) else {
            return Ok(None);
        };
        let converted = written.convert(weight, to);
        converted.map(Some).ok_or_else(|| field.fault(Code::RANGE, "the weight is too large to convert"))
    }
}
