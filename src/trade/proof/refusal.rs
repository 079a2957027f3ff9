//! Findings of a proof as the ledger books them: rejects and totals.
//!
//! A reject shows the bytes of its field, because they are what an operator needs; those of a sensitive field are masked
//! in hex too (D21).

use crate::ledger::change::Reject;
use crate::ledger::transfer::Total;
use crate::trade::fault::TradeFault;
use crate::trade::json;
use crate::trade::plan::Plan;
use fpp_codecs::Code;
use fpp_codecs::controls;
use fpp_codecs::format::Role;
use fpp_codecs::layout::Layout;

/// Where a refused record stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Physical number.
    pub(super) record: u64,
    /// Ordinal among the details.
    pub(super) ordinal: u64,
    /// First byte in the file.
    pub(super) offset: u64,
}

/// Keeps one more reject, unless there are too many already.
pub(super) fn keep(rejects: &mut Vec<Reject>, max: u64, make: impl FnOnce() -> Reject) {
    if (rejects.len() as u64) < max {
        rejects.push(make());
    }
}

/// A record with a bad field.
pub(super) fn of_fault(fault: TradeFault, layout: &Layout, place: Place, bytes: &[u8], sensitive: bool) -> Reject {
    let field = layout.fields.get(fault.field);
    let content = field.and_then(|f| bytes.get(f.offset..f.offset + f.bytes)).unwrap_or_default();
    Reject {
        record: place.record,
        ordinal: place.ordinal,
        offset: place.offset,
        field: field.map(|f| f.name.clone()).unwrap_or_default(),
        at: fault.at as u32 + 1,
        code: fault.code.0,
        detail: fault.detail.into_owned(),
        hex: hex(content, sensitive),
    }
}

/// A record that repeats the event of an earlier one; its bytes are not at hand any more.
pub(super) fn of_repeat(plan: &Plan, place: Place, first: u64) -> Reject {
    let detail = plan.format.record(Role::Detail);
    let field = detail.and_then(|r| r.layout.fields.get(plan.mapping.key_field()));
    Reject {
        record: place.record,
        ordinal: place.ordinal,
        offset: place.offset,
        field: field.map(|f| f.name.clone()).unwrap_or_default(),
        at: field.map_or(0, |f| f.offset as u32 + 1),
        code: Code::TRADE_REPEATED.0,
        detail: format!("the same event as detail {first}"),
        hex: String::new(),
    }
}

/// A control total for the ledger.
pub(super) fn booked(total: controls::Total) -> Total {
    Total { name: total.name, promised: total.promised, found: total.found, unreadable: total.unreadable }
}

fn hex(bytes: &[u8], sensitive: bool) -> String {
    if sensitive {
        return "**".repeat(bytes.len());
    }
    let mut out = Vec::with_capacity(bytes.len() * 2);
    json::push_hex(&mut out, bytes);
    String::from_utf8_lossy(&out).into_owned()
}
