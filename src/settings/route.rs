//! Routes: what to do with the files of one series.

use super::answer::{Answer, Outlet};
use super::words::MarkerContent;
use crate::ledger::verbs::Verb;
use crate::trade::plan::rules::Rules;
pub use crate::trade::series::DayControl;
use crate::trade::series::Series;
use fpp_codecs::text::Page;
use fpp_spool::{Algorithm, Control, Fact, Shape};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// From which spool, when a file is ready, which layout, which checks, which outlets, which answer.
#[derive(Clone, Debug)]
pub struct Route {
    /// Name; part of every event's `source`.
    pub name: String,
    /// The file it is written in.
    pub file: PathBuf,
    /// Name of the spool its files arrive in.
    pub spool: String,
    /// Pattern of file names: `{date}`, `{batch}`, `{run}`, `*`, `?`.
    pub files: String,
    /// When a file is complete.
    pub ready: Ready,
    /// A person hears of a file that waits for longer, and of a marker without its data.
    pub warn_after_ms: u64,
    /// Layouts and framing.
    pub format_file: PathBuf,
    /// Code page instead of the one the format names.
    pub ccsid: Option<String>,
    /// Code page of its files: of markers that are not ASCII, too (D16).
    pub page: Page,
    /// How events are made from records.
    pub mapping_file: PathBuf,
    /// Known instruments and their units.
    pub instruments_file: PathBuf,
    /// What the files hold, as read and checked.
    pub texts: Texts,
    /// What decides about a file: policy, identity, header; installation and time zone are the node's own.
    pub rules: Rules,
    /// What happens to the source file in the end.
    pub source: SourceAction,
    /// Digest that the partner's markers carry.
    pub digest: Algorithm,
    /// Who says which business dates are open (D4).
    pub day: DayControl,
    /// Verbs that a second person must confirm on this route, beside those of the node.
    pub second_person: BTreeSet<Verb>,
    /// Its business days, and what is expected of them.
    pub series: Series,
    /// Where events go.
    pub outlets: Vec<Outlet>,
    /// The answer file (回盘), if the route sends one.
    pub answer: Option<Answer>,
}

/// When a file in the spool is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ready {
    /// A marker file stands beside it.
    Marker {
        /// Its name: `{name}.OK`, `{stem}.FLG`.
        pattern: String,
        /// What it must hold.
        content: MarkerContent,
        /// Its form, where it is a control file or an index.
        control: Option<Control>,
    },
    /// Size and time unchanged for this long by our own clock: the last resort.
    Quiet {
        /// How long.
        quiet_ms: u64,
    },
}

/// What happens to the source file once everything is durable (I8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceAction {
    /// It stays.
    Leave,
    /// It is removed.
    Delete,
    /// It is moved to a folder below the spool.
    Move {
        /// The folder's name.
        subfolder: String,
    },
}

/// What was read while checking; the frozen plan is made of these bytes and no others (D6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// File format.
    pub format: Text,
    /// Layouts that the format includes, by the name it calls them.
    pub layouts: Vec<Text>,
    /// Event mapping.
    pub mapping: Text,
    /// Instruments.
    pub instruments: Text,
    /// The answer's format.
    pub answer_format: Option<Text>,
    /// Layouts that the answer's format includes.
    pub answer_layouts: Vec<Text>,
    /// The answer's mapping.
    pub answer_mapping: Option<Text>,
    /// Layouts that files go on in.
    pub files: Vec<FileTexts>,
}

/// A layout that files go on in, to one spool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileTexts {
    /// The spool.
    pub spool: String,
    /// Where the format stands.
    pub path: PathBuf,
    /// The format.
    pub format: Text,
    /// Layouts that it includes.
    pub layouts: Vec<Text>,
    /// Code page instead of the one the format names.
    pub ccsid: Option<String>,
    /// What the two layouts do not say.
    pub rules: crate::trade::transcode::Rules,
}

/// One file's name and text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// Name with its last folder, so that it is the same on every machine.
    pub name: String,
    /// Content.
    pub content: String,
}

impl Route {
    /// The sender states the sum of the amounts beside the file.
    pub fn states_amount(&self) -> bool {
        let Ready::Marker { control: Some(control), .. } = &self.ready else { return false };
        match &control.shape {
            Shape::Lines(keys) => keys.iter().any(|(fact, _)| *fact == Fact::Amount),
            Shape::Columns(_, columns) => columns.contains(&Some(Fact::Amount)),
        }
    }

    /// What is followed by a command of a spool's allow list: the template of its name.
    pub fn followed_by(&self, spool: &str, command: &str) -> Vec<&str> {
        let fits = |to: &str, run: &Option<String>| to == spool && run.as_deref() == Some(command);
        let answer = self.answer.iter().filter(|a| fits(&a.spool, &a.run_after)).map(|a| a.name.as_str());
        let files = self.outlets.iter().filter_map(|outlet| match outlet {
            Outlet::File { spool, name, run_after, .. } if fits(spool, run_after) => Some(name.as_str()),
            _ => None,
        });
        answer.chain(files).collect()
    }

    /// Code page of markers that are not ASCII (D16).
    pub fn marker_page(&self) -> Page {
        self.page
    }
}
