//! What the file of a `file` outlet holds: `form`, and the keys that belong to one form alone.

use crate::inbound::route::FileForm;
use crate::trade::plan::rules::{Policy, Rules};
use crate::trade::transcode;
use fpp_codecs::csv::{Dialect, Encoding};
use fpp_codecs::source::Section;

/// Words of `form`.
const FORMS: [(&str, FileForm); 4] = [
    ("events", FileForm::Events),
    ("unchanged", FileForm::Unchanged),
    ("records", FileForm::Records),
    (
        "csv",
        FileForm::Table(Dialect {
            delimiter: b',',
            encoding: Encoding::Utf8,
            guard: true,
            long_digits: fpp_codecs::csv::LongDigits::Plain,
        }),
    ),
];

/// Reads `form`; of a table also how it differs.
pub(super) fn read(section: &Section<'_>, masked: bool) -> FileForm {
    let form = section.choice("form", &FORMS).unwrap_or(FileForm::Events);
    if matches!(form, FileForm::Unchanged | FileForm::Records) && masked {
        section.fault("form", "hides nothing: say sensitive = \"clear\" on purpose");
    }
    match form {
        FileForm::Table(_) => FileForm::Table(dialect(section)),
        other => other,
    }
}

fn dialect(section: &Section<'_>) -> Dialect {
    let mut dialect = Dialect::default();
    for word in section.texts("csv") {
        if !dialect.take(&word) {
            let words = Dialect::WORDS.join(", ");
            section.fault("csv", format_args!("there is no word `{word}`; {words} are"));
        }
    }
    if !dialect.is_possible() {
        section.fault("csv", Dialect::IMPOSSIBLE);
    }
    dialect
}

/// What the layouts of a transcoding do not say: `set`, `dates`, `drop`.
pub(super) fn rules(section: &Section<'_>) -> transcode::Rules {
    let set = section.section("set").map(|set| set.text_map().into_iter().collect()).unwrap_or_default();
    transcode::Rules { set, dates: section.texts("dates"), drop: section.texts("drop") }
}

/// What goes on as a file is the whole file that was proven, and there is one for each spool.
pub(super) fn whole_files_only(root: &Section<'_>, rules: &Rules) {
    let sections = root.sections("outlet");
    let files = || sections.iter().filter(|section| section.text("kind").as_deref() == Some("file"));
    let whole = |form: &str| matches!(form, "unchanged" | "records");
    for section in files().filter(|section| section.text("form").as_deref().is_some_and(whole)) {
        if rules.policy != Policy::Strict {
            let fault = "unchanged and records go with [policy] records = \"strict\": whole files or nothing";
            section.fault("form", fault);
        }
    }
    let mut met = Vec::new();
    for section in files() {
        let Some(spool) = section.text("spool") else { continue };
        if met.contains(&spool) {
            let fault = format_args!("two files go to the spool `{spool}`; give the second a spool of its own");
            section.fault("spool", fault);
        }
        met.push(spool);
    }
}
