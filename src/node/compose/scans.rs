//! What the scanner of a spool goes by: names, markers and flags of the settings, as the spool crate has them.

use crate::error::Result;
use crate::inbound::flag::DayFlag;
use crate::node::rooms::Rooms;
use crate::settings::{self, Spool};
use fpp_codecs::text::Page;
use fpp_spool::{Control, MarkerRule, NamePattern, Readiness, ScanRules};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A flag counts when it has stood unchanged for so long.
const FLAG_QUIET_MS: u64 = 500;

/// What the scanner calls the files of a spool's flag, in the place of a route; no route can be called so.
fn flag_name(n: usize) -> String {
    format!("day_flag {n}")
}

/// The flags of a spool, by what the scanner calls them.
pub(in crate::node) fn day_flags(spool: &Spool) -> Result<BTreeMap<String, DayFlag>> {
    let flags = spool.day_flags.iter().enumerate().map(|(n, flag)| {
        let (pattern, source) = (pattern(&flag.files, spool.fold)?, source_action(&flag.source));
        Ok((flag_name(n), DayFlag { pattern, open: flag.open, routes: flag.routes.clone(), source }))
    });
    flags.collect()
}

/// What the scanner of a spool goes by; nothing when no route reads the spool.
pub(in crate::node) fn scan_rules(rooms: &Rooms, spool: &Spool) -> Result<Option<ScanRules>> {
    let (settings, routes) = (&rooms.settings, &rooms.inbound.routes);
    let mut patterns = Vec::new();
    // A flag is a flag, even if a route's pattern takes its name as well.
    for (n, flag) in spool.day_flags.iter().enumerate() {
        let readiness = Readiness::Quiet { quiet_ms: FLAG_QUIET_MS };
        patterns.push((flag_name(n), pattern(&flag.files, spool.fold)?, readiness));
    }
    for route in settings.routes.iter().filter(|r| r.spool == spool.name) {
        let readiness = match &route.ready {
            settings::Ready::Quiet { quiet_ms } => Readiness::Quiet { quiet_ms: *quiet_ms },
            settings::Ready::Marker { pattern, content: holds, control } => {
                let page = routes.get(&route.name).map(|r| r.page).unwrap_or(Page::Utf8);
                let rule = marker_rule(pattern, *holds, control.as_ref(), page)?.stating(route.digest);
                Readiness::Marker(if spool.fold { rule.folded() } else { rule })
            }
        };
        patterns.push((route.name.clone(), pattern(&route.files, spool.fold)?, readiness));
    }
    if patterns.is_empty() {
        return Ok(None);
    }
    let (max_bytes, listing_limit) = (spool.file_max_bytes, spool.list_max);
    Ok(Some(ScanRules { patterns, max_bytes, listing_limit, fold: spool.fold }))
}

pub(super) fn pattern(text: &str, fold: bool) -> Result<NamePattern> {
    let pattern = NamePattern::parse(text)?;
    Ok(if fold { pattern.folded() } else { pattern })
}

fn marker_rule(
    name: &str,
    holds: settings::MarkerContent,
    control: Option<&Control>,
    page: Page,
) -> Result<MarkerRule> {
    let rule = match control {
        Some(control) => MarkerRule::controlled(name, control.clone())?,
        None => MarkerRule::new(name, content(holds))?,
    };
    Ok(rule.decoded_by(Arc::new(move |bytes| marker_text(page, bytes))))
}

/// The rule of the index that speaks of a route's files, where there is one.
pub(super) fn index(ready: &settings::Ready, page: Page) -> Result<Option<MarkerRule>> {
    match ready {
        settings::Ready::Marker { pattern, content, control: Some(control) } if control.index => {
            marker_rule(pattern, *content, Some(control), page).map(Some)
        }
        _ => Ok(None),
    }
}

pub(super) fn content(content: settings::MarkerContent) -> fpp_spool::MarkerContent {
    match content {
        settings::MarkerContent::Empty => fpp_spool::MarkerContent::Empty,
        settings::MarkerContent::Size => fpp_spool::MarkerContent::Size,
        settings::MarkerContent::SizeAndDigest => fpp_spool::MarkerContent::SizeAndDigest,
    }
}

pub(super) fn source_action(action: &settings::SourceAction) -> fpp_spool::SourceAction {
    match action {
        settings::SourceAction::Leave => fpp_spool::SourceAction::Leave,
        settings::SourceAction::Delete => fpp_spool::SourceAction::Delete,
        settings::SourceAction::Move { subfolder } => fpp_spool::SourceAction::Move(subfolder.clone()),
    }
}

/// A marker's content is ASCII or the route's code page (D16). ASCII digits are no text in EBCDIC, so trying ASCII first
/// mistakes nothing.
fn marker_text(page: Page, bytes: &[u8]) -> Option<String> {
    if bytes.iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()) {
        return String::from_utf8(bytes.to_vec()).ok();
    }
    let mut text = String::new();
    fpp_codecs::text::decode(page, bytes, &mut text).ok().map(|()| text)
}
