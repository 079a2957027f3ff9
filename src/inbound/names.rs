//! Names of what a transfer sends out, and the deliveries that carry it.

use super::route::{Publish, Route};
use super::work::Inbound;
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::ledger::delivery::{Delivery, DeliveryId, DeliveryState, Purpose};
use crate::ledger::transfer::Transfer;
use crate::vault::Stored;
use crate::vault::digests::digest;
use fpp_codecs::Code;
use fpp_spool::{Algorithm, Fields, MarkerContent};

/// Answers of one file, or files of its events in one place, before a person is asked or another name is made.
pub const ANSWERS_MAX: u32 = 999;

/// What a name template can say about a transfer: from its identity, and where it has none, from its name.
pub fn fields(route: &Route, transfer: &Transfer) -> Fields {
    // A correction has no name and no identity of its own.
    let correction = transfer.facts.correction.as_ref();
    let name = correction.map_or(&transfer.name, |correction| &correction.file);
    let mut fields = Fields::of_name(name);
    fields.route = route.name.clone();
    if let Some(captures) = route.pattern.matches(name) {
        fields.date = captures.date;
        fields.batch = captures.batch;
        fields.run = captures.run;
    }
    if let Some(identity) = transfer.facts.of_file() {
        fields.date = Some(identity.business_date.replace('-', ""));
        fields.batch = Some(identity.batch);
        fields.run = Some(identity.run);
    }
    fields
}

/// A name with the end of the transfer's id in front of its ending: that of a correction's events, which has the name of the
/// file that it is about, and of a file whose own name another one has.
pub fn unlike_others(transfer: &Transfer, name: &str) -> String {
    let id = &transfer.id.0;
    let end = id.get(id.len().saturating_sub(UNLIKE)..).unwrap_or(id);
    let stem = Fields::of_name(name).stem;
    let ending = name.get(stem.len()..).unwrap_or_default();
    format!("{stem}_{end}{ending}")
}

/// Characters of a ULID's random end: 30 bits, among the transfers with one name.
const UNLIKE: usize = 6;

/// A delivery of vault content, ready to be planned.
#[allow(clippy::too_many_arguments)] // a delivery has that many parts, and every one differs between callers
pub async fn delivery(
    cx: &Inbound,
    transfer: &Transfer,
    purpose: Purpose,
    required: bool,
    spool: &str,
    name: String,
    stored: &Stored,
    publish: &Publish,
) -> Result<Delivery> {
    let marker = match &publish.marker {
        None => None,
        Some((template, content)) => {
            let marker = template
                .try_fill(&Fields::of_name(&name))
                .map_err(|e| Error::halt(Code::FOLDER, format!("the marker of {name}: {e}")))?;
            Some((marker, marker_content(*content, &name, stored).into_bytes()))
        }
    };
    let names = std::iter::once(&name).chain(marker.as_ref().map(|(marker, _)| marker));
    if let Some((max, long)) =
        publish.name_max.and_then(|max| Some((max, names.into_iter().find(|n| n.chars().count() > max)?)))
    {
        let what = format!("{long} has more than the {max} characters that spool `{spool}` allows");
        return Err(
            Error::halt(Code::FOLDER, what).hint("Shorten the name's template in the route, or raise name_max.")
        );
    }
    let sm3 = match publish.checksums.contains(&Algorithm::Sm3) {
        true => {
            let (vault, sha256) = (cx.vault.clone(), stored.sha256.clone());
            Some(blocking(move || digest(&*vault, &sha256, Algorithm::Sm3)).await?)
        }
        false => None,
    };
    let now_ms = cx.clock.now_ms();
    Ok(Delivery {
        id: DeliveryId(ulid::Ulid::generate().to_string()),
        transfer: transfer.id.clone(),
        purpose,
        required,
        spool: spool.to_owned(),
        name,
        size: stored.size,
        sha256: stored.sha256.clone(),
        checksums: publish.checksums.iter().map(|a| a.name().to_owned()).collect(),
        sm3,
        marker,
        state: DeliveryState::Planned,
        attempts: 0,
        next_attempt_ms: 0,
        last_error: String::new(),
        planned_ms: now_ms,
        updated_ms: now_ms,
        delivered_ms: None,
        confirmed: 0,
        round: 0,
        deferred: false,
    })
}

fn marker_content(content: MarkerContent, name: &str, stored: &Stored) -> String {
    match content {
        MarkerContent::Empty => String::new(),
        MarkerContent::Size => format!("{name} {}\n", stored.size),
        MarkerContent::SizeAndDigest => format!("{name} {} {}\n", stored.size, stored.sha256),
    }
}
