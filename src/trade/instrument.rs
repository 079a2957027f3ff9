//! Instruments (合约): what a lot weighs, and what prices and weights are counted in.
//!
//! Read from TOML and frozen with the plan. A code that is not listed is unknown (FPP3001): there is no default unit,
//! because a wrong one is a thousandfold error. Sessions, ticks and limits are not kept here.

use fpp_codecs::record::Decimal;
use fpp_codecs::source::{Section, Source, SourceFault};
use std::collections::HashMap;

/// A unit of weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// GRM.
    Gram,
    /// KGM.
    Kilogram,
}

/// The words for units in configuration.
pub const UNITS: &[(&str, Unit)] = &[("gram", Unit::Gram), ("kilogram", Unit::Kilogram)];

impl Unit {
    /// The code of UN/ECE Recommendation 20.
    pub fn code(self) -> &'static str {
        match self {
            Unit::Gram => "GRM",
            Unit::Kilogram => "KGM",
        }
    }

    /// A weight given in this unit, exactly, in another; nothing on overflow.
    pub fn convert(self, weight: Decimal, to: Unit) -> Option<Decimal> {
        match (self, to) {
            (Unit::Kilogram, Unit::Gram) => weight.checked_mul(Decimal::whole(1000)),
            (Unit::Gram, Unit::Kilogram) => {
                Some(Decimal { unscaled: weight.unscaled, scale: weight.scale.checked_add(3)? })
            }
            _ => Some(weight),
        }
    }
}

/// One instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// Exact code, e.g. `Au(T+D)`.
    pub code: String,
    /// `AU`, `AG`, `PT`, `PD`.
    pub metal: String,
    /// Grams of one lot.
    pub lot_grams: Decimal,
    /// What a price is for.
    pub price_unit: Unit,
    /// What weights are published in.
    pub quantity_unit: Unit,
}

/// All instruments by code.
#[derive(Clone, Debug, Default)]
pub struct Instruments {
    by_code: HashMap<String, Instrument>,
}

impl Instruments {
    /// Reads `[[instrument]]` tables; all faults at once.
    pub fn parse(file: &str, text: &str) -> Result<Instruments, Vec<SourceFault>> {
        let source = Source::new(file, text);
        let mut by_code = HashMap::new();
        let root = source.root();
        for section in root.sections("instrument") {
            if let Some(instrument) = read(&section)
                && by_code.insert(instrument.code.clone(), instrument).is_some()
            {
                section.fault("code", "is listed twice");
            }
        }
        if by_code.is_empty() {
            root.fault("instrument", "no instrument is listed; every trade would be refused");
        }
        root.no_more();
        drop(root);
        let faults = source.finish();
        if faults.is_empty() { Ok(Instruments { by_code }) } else { Err(faults) }
    }

    /// The instrument of an exact code.
    pub fn find(&self, code: &str) -> Option<&Instrument> {
        self.by_code.get(code)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.by_code.len()
    }

    /// None at all.
    pub fn is_empty(&self) -> bool {
        self.by_code.is_empty()
    }
}

fn read(section: &Section<'_>) -> Option<Instrument> {
    let code = section.need_text("code");
    let metal = section.need_text("metal");
    let grams = section.need_text("lot_grams");
    let lot_grams = Decimal::parse(&grams).filter(|d| d.unscaled > 0);
    if lot_grams.is_none() && !grams.is_empty() {
        section.fault("lot_grams", "must be a positive decimal in quotes, e.g. \"1000\"");
    }
    for key in ["price_unit", "quantity_unit"] {
        if !section.has(key) {
            section.fault(key, "is missing; gram or kilogram is needed");
        }
    }
    let price_unit = section.choice("price_unit", UNITS);
    let quantity_unit = section.choice("quantity_unit", UNITS);
    section.no_more();
    Some(Instrument {
        code: Some(code).filter(|c| !c.is_empty())?,
        metal,
        lot_grams: lot_grams?,
        price_unit: price_unit?,
        quantity_unit: quantity_unit?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_list_knows_silver_is_per_kilogram() {
        let all = Instruments::parse("instruments.toml", include_str!("../../config/instruments.toml")).unwrap();
        let silver = all.find("Ag(T+D)").unwrap();
        assert_eq!((silver.price_unit, silver.lot_grams), (Unit::Kilogram, Decimal::whole(1000)));
        assert_eq!(all.find("Au99.99").unwrap().lot_grams, Decimal::whole(10));
        assert!(all.find("au(t+d)").is_none(), "codes are exact");
    }

    #[test]
    fn units_convert_exactly_both_ways() {
        let kilos = Decimal::parse("15.0000").unwrap();
        let grams = Unit::Kilogram.convert(kilos, Unit::Gram).unwrap();
        assert_eq!(grams.to_string(), "15000.0000");
        assert!(Unit::Gram.convert(grams, Unit::Kilogram).unwrap().same_value(kilos));
    }

    #[test]
    fn every_fault_of_the_list_is_told() {
        let text = "[[instrument]]\ncode=\"X\"\nmetal=\"AU\"\nlot_grams=\"0\"\nprice_unit=\"ounce\"\n";
        let faults = Instruments::parse("i.toml", text).unwrap_err();
        assert!(faults.len() >= 3, "{faults:#?}");
    }
}
