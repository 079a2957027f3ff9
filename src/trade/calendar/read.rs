//! Reads a file of calendars: `[calendar.NAME]` for each. Every fault is told at once, with its place.

use super::days::{Calendar, Sessions, WEEKDAYS};
use super::span::Window;
use fpp_codecs::source::{Section, Source, SourceFault};
use jiff::civil::Date;

/// Longest name.
const NAME_MAX: usize = 40;

/// The calendars of a file.
pub fn read(file: &str, text: &str) -> Result<Vec<Calendar>, Vec<SourceFault>> {
    let source = Source::new(file, text);
    let root = source.root();
    let mut calendars = Vec::new();
    if let Some(section) = root.need_section("calendar") {
        for (name, child) in section.children() {
            let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if name.len() > NAME_MAX || !name.chars().all(legal) {
                section.fault(&name, format_args!("`{name}` must be at most {NAME_MAX} letters, digits, `-` and `_`"));
            }
            calendars.extend(calendar(name, &child));
        }
    }
    root.no_more();
    drop(root);
    let faults = source.finish();
    if faults.is_empty() { Ok(calendars) } else { Err(faults) }
}

fn calendar(name: String, section: &Section<'_>) -> Option<Calendar> {
    let (from, until) = (date(section, "from"), date(section, "until"));
    let closed = spans(section, "closed");
    let open: Vec<Date> = spans(section, "open").into_iter().flat_map(|(first, last)| every_day(first, last)).collect();
    let weekdays = weekdays(section);
    let mut sessions: Vec<Sessions> = section.sections("sessions").iter().filter_map(in_force).collect();
    sessions.sort_by_key(|sessions| sessions.from);
    if sessions.windows(2).any(|pair| matches!(pair, [a, b] if a.from == b.from)) {
        section.fault("sessions", "two of them begin on the same date");
    }
    section.no_more();
    let (from, until) = (from?, until?);
    if from > until {
        section.fault("until", "ends before it begins");
    }
    if let Some(day) = open.iter().find(|day| closed.iter().any(|(first, last)| first <= *day && *day <= last)) {
        section.fault("open", format_args!("{day} is also closed"));
    }
    Some(Calendar { name, from, until, weekdays, closed, open, sessions })
}

fn weekdays(section: &Section<'_>) -> [bool; 7] {
    if !section.has("weekdays") {
        return [true, true, true, true, true, false, false];
    }
    let words = section.texts("weekdays");
    let known = WEEKDAYS.map(|(word, _)| word);
    if let Some(word) = words.iter().find(|word| !known.contains(&word.as_str())) {
        section.fault("weekdays", format_args!("`{word}` is none of: {}", known.join(", ")));
    }
    known.map(|day| words.iter().any(|word| word == day))
}

fn in_force(section: &Section<'_>) -> Option<Sessions> {
    let from = date(section, "from");
    let window = |key: &str, text: &str| Window::parse(text).map_err(|fault| section.fault(key, fault)).ok();
    let evening = section.text("evening").and_then(|text| window("evening", &text));
    let day: Vec<Window> = section.texts("day").iter().filter_map(|text| window("day", text)).collect();
    if day.windows(2).any(|pair| matches!(pair, [a, b] if b.begins < a.ends)) {
        section.fault("day", "its windows overlap, or are not in their order");
    }
    section.no_more();
    Some(Sessions { from: from?, evening, day })
}

fn date(section: &Section<'_>, key: &str) -> Option<Date> {
    let text = section.need_text(key);
    if text.is_empty() {
        return None;
    }
    text.parse().map_err(|_| section.fault(key, format_args!("`{text}` is no date; write yyyy-mm-dd"))).ok()
}

/// `2025-10-01` or `2025-10-01..2025-10-08`.
fn spans(section: &Section<'_>, key: &str) -> Vec<(Date, Date)> {
    let mut spans = Vec::new();
    for text in section.texts(key) {
        let (first, last) = text.split_once("..").unwrap_or((&text, &text));
        match (first.parse::<Date>(), last.parse::<Date>()) {
            (Ok(first), Ok(last)) if first <= last => spans.push((first, last)),
            _ => section.fault(key, format_args!("`{text}` is no date and no span such as 2025-10-01..2025-10-08")),
        }
    }
    spans
}

/// At most a year of days.
fn every_day(first: Date, last: Date) -> Vec<Date> {
    let next = |day: &Date| day.tomorrow().ok().filter(|day| *day <= last);
    std::iter::successors(Some(first), next).take(366).collect()
}
