//! What the walk knows of a route: its folders, its rules as they would be frozen now, where events and answers go.

use crate::error::{Error, Result};
use crate::ledger::transfer::{Transfer, Verdict};
use crate::ledger::verbs::Verb;
use crate::trade::plan::Bundle;
use crate::trade::series::{DayControl, Series};
use fpp_codecs::Code;
use fpp_codecs::csv::Dialect;
use fpp_codecs::text::Page;
use fpp_spool::{Algorithm, Folder, MarkerContent, MarkerRule, NamePattern, NameTemplate, SourceAction};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A route, ready for work.
#[derive(Clone)]
pub struct Route {
    /// Name.
    pub name: String,
    /// Name of the spool it reads.
    pub spool: String,
    /// Its file names.
    pub pattern: NamePattern,
    /// Names mean the same in upper and lower case at this partner.
    pub fold: bool,
    /// How the index that speaks of its files is read, where there is one.
    pub index: Option<MarkerRule>,
    /// The spool itself, where this node reaches it (D24).
    pub folder: Option<Arc<dyn Folder>>,
    /// Code page of its files: what markers are written in, when they are not ASCII (D16).
    pub page: Page,
    /// What becomes of the source after the answer.
    pub source: SourceAction,
    /// Largest file taken.
    pub file_max_bytes: u64,
    /// The digest that markers and answers of this route speak of.
    pub algorithm: Algorithm,
    /// Who says which business dates are open (D4).
    pub day: DayControl,
    /// Its business days, and the order of its batches.
    pub series: Series,
    /// IANA zone of the route (D26).
    pub timezone: jiff::tz::TimeZone,
    /// Everything that decides an outcome, as it would be frozen now (D6).
    pub bundle: Arc<Bundle>,
    /// Verbs that a second person must confirm.
    pub second_person: BTreeSet<Verb>,
    /// `file` outlets, in order. The stream needs no work.
    pub files: Vec<FileOutlet>,
    /// Outlets of the node that its events are pushed to, and whether each is required.
    pub pushed: Vec<(String, bool)>,
    /// How the answer is sent; nothing when the core wants none.
    pub answer: Option<AnswerTarget>,
}

impl Route {
    /// The spool itself; the error of a node that does not reach it leaves the work to those that do.
    pub fn folder(&self) -> Result<&Arc<dyn Folder>> {
        self.folder.as_ref().ok_or_else(|| {
            Error::retry(Code::FOLDER, format!("this node does not reach spool `{}`", self.spool))
                .hint("Start a node that reaches it: `reached_by` in the spool's configuration names them.")
        })
    }
}

/// A file of a route's events or records, published in a spool.
#[derive(Clone, Debug)]
pub struct FileOutlet {
    /// Spool it goes to.
    pub spool: String,
    /// What it holds.
    pub form: FileForm,
    /// File name.
    pub template: NameTemplate,
    /// Gates the answer.
    pub required: bool,
    /// Sensitive fields are masked.
    pub masked: bool,
    /// Side files.
    pub publish: Publish,
}

/// What a file of an outlet holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileForm {
    /// Events, a JSON object a line.
    Events,
    /// The file as it came.
    Unchanged,
    /// Its records in the layout that the plan has for the spool.
    Records,
    /// Its good detail records, as a table.
    Table(Dialect),
}

impl FileForm {
    /// Whether a publication gives such a file: of a rejected file and of a correction there are only events.
    pub fn holds(self, transfer: &Transfer) -> bool {
        let is_file = transfer.verdict != Some(Verdict::Rejected) && transfer.facts.correction.is_none();
        self == FileForm::Events || is_file
    }
}

/// Where the answer goes.
#[derive(Clone, Debug)]
pub struct AnswerTarget {
    /// Spool it goes to.
    pub spool: String,
    /// File name, ending in the answer number (D14).
    pub template: NameTemplate,
    /// A file that is held for longer gets an interim answer.
    pub held_after_ms: Option<i64>,
    /// Side files.
    pub publish: Publish,
}

/// Side files of a publication.
#[derive(Clone, Debug, Default)]
pub struct Publish {
    /// Checksum files.
    pub checksums: Vec<Algorithm>,
    /// Marker: its name, and what it says.
    pub marker: Option<(NameTemplate, MarkerContent)>,
    /// The most characters of a name at that partner.
    pub name_max: Option<usize>,
}
