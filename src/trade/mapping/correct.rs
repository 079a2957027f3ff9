//! Corrections (更正): an event that refers to one that stands, which is never edited.
//!
//! It has the data that counts from now on, with the same members as the first event's, and `correction`, which says what
//! it is about and why. A pure function of the record as it was, the record as it should have been, and what the operator
//! said, so that it can be made again at any time. Type and `dataschema` are the first event's with a word of their own:
//! who takes `pm.trade.*` gets `pm.trade.voided.v1` too.

use super::Mapping;
use crate::ledger::transfer::Act;
use crate::trade::event::{Corrected, Envelope, Event, Lineage, correction_schema, correction_type};
use crate::trade::fault::TradeFault;
use crate::trade::instrument::Instruments;
use crate::trade::json;
use fpp_codecs::record::Row;

impl Mapping {
    /// The event of a record that another mapping told first, by an id of its own: `transfer` tells it again. Type, data and
    /// `dataschema` are this mapping's, so it reads like an event of a file that comes today.
    pub fn anew(
        &self,
        row: &Row,
        (lineage, transfer): (&Lineage<'_>, &str),
        instruments: &Instruments,
        masked: bool,
        out: &mut Event,
    ) -> Result<(), TradeFault> {
        self.fill(row, instruments, out, masked)?;
        let first = std::mem::take(&mut out.id);
        out.id = format!("{first}:{}:{transfer}", Act::Remapped.word());
        Envelope { corrects: Some(&first), ..self.envelope() }.seal(out, Some(lineage));
        Ok(())
    }

    /// The event of a correction: `first` is the record as it was published, `now` as it should have been (the same where
    /// the event is taken back).
    pub fn correction(
        &self,
        (first, now): (&Row, &Row),
        (lineage, said): (&Lineage<'_>, &Corrected<'_>),
        instruments: &Instruments,
        masked: bool,
        out: &mut Event,
    ) -> Result<(), TradeFault> {
        self.write(first, lineage, instruments, out, masked)?;
        let (id, was, datahash) = (out.id.clone(), out.kind.clone(), out.datahash);
        self.fill(now, instruments, out, masked)?;
        let at = self.offset.rfc3339(said.at_ms);
        let data = &mut out.data;
        data.pop();
        json::push_key(data, "correction");
        data.push(b'{');
        json::push_text(data, "act", said.act.word());
        json::push_text(data, "of", &id);
        json::push_text(data, "type", &was);
        json::push_key(data, "datahash");
        data.push(b'"');
        json::push_hex(data, &datahash);
        data.push(b'"');
        json::push_text(data, "by", said.by);
        // Words of a person may say anything, so a masked view has none.
        if masked {
            json::push_key(data, "reason");
            data.extend_from_slice(b"null");
        } else {
            json::push_text(data, "reason", said.reason);
        }
        data.extend_from_slice(b"}}");
        // One event is taken back once, and put right as often as it takes.
        out.id = match said.act {
            Act::Voided => format!("{id}:voided"),
            Act::Corrected | Act::Remapped => format!("{id}:{}:{}", said.act.word(), said.transfer),
        };
        out.kind = correction_type(&was, said.act);
        out.time = at;
        let schema = correction_schema(&self.parts.schema);
        Envelope { schema: &schema, corrects: Some(&id), ..self.envelope() }.seal(out, Some(lineage));
        Ok(())
    }
}
