//! The frozen plan (D6): everything that decides a file's outcome, as text, with one digest.
//!
//! A [`Bundle`] is what the vault keeps; a [`Plan`] is what steps use. Compiling the same bundle gives the same plan on
//! every node, or fails with FPP9004 when this build decodes differently: then the file is held, never judged anew.

pub mod rules;

use super::answer::mapping::AnswerMapping;
use super::instrument::Instruments;
use super::mapping::Mapping;
use super::moment::Offset;
use super::proof::header::HeaderPlan;
use super::transcode::{self, Transcoder};
use crate::error::Error;
use fpp_codecs::Code;
use fpp_codecs::format::Format;
use fpp_codecs::source::SourceFault;
use fpp_codecs::text::Page;
use rules::{Rules, rules_fault};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Raised by every change that could give another event, verdict or answer for the same bytes.
pub const DECODER: u32 = 1;

/// A text and the name it was read under.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Name, for messages and lineage; no path outside the configuration folder.
    pub file: String,
    /// Content.
    pub text: String,
}

/// A file format with the layouts that it names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormatText {
    /// The format, a layout in TOML, or DDS source.
    pub format: Text,
    /// Layouts by the name that the format uses.
    #[serde(default)]
    pub layouts: BTreeMap<String, String>,
    /// Code page of the route, if it is not the format's own.
    #[serde(default)]
    pub page: Option<String>,
}

/// The answer's side of a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerText {
    /// Format of the answer file.
    pub format: FormatText,
    /// Answer mapping.
    pub mapping: Text,
}

/// A layout that a file goes on in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileText {
    /// Format of the file.
    pub format: FormatText,
    /// What the two layouts do not say.
    #[serde(default)]
    pub rules: transcode::Rules,
}

/// All inputs of a plan, as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// [`DECODER`] of the build that froze it.
    pub decoder: u32,
    /// Format of the file.
    pub format: FormatText,
    /// Event mapping.
    pub mapping: Text,
    /// Instruments.
    pub instruments: Text,
    /// Answer, if the route gives one.
    pub answer: Option<AnswerText>,
    /// Layouts that files go on in, by the spool they go to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, FileText>,
    /// Rules of the route.
    pub rules: Rules,
    /// Edition of every code page table used, by page name. Filled by [`Bundle::freeze`].
    #[serde(default)]
    pub editions: BTreeMap<String, String>,
}

/// A compiled bundle.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Digest of the bundle's canonical bytes, hex.
    pub digest: String,
    /// Format of the file.
    pub format: Format,
    /// Event mapping, with the route's source and offset.
    pub mapping: Mapping,
    /// Instruments.
    pub instruments: Instruments,
    /// Rules of the route.
    pub rules: Rules,
    /// The route's offset.
    pub offset: Offset,
    /// Editions of the code page tables of the file's format, for lineage.
    pub table: String,
    /// Answer, if the route gives one.
    pub answer: Option<AnswerMapping>,
    /// How files go on in other layouts, by the spool they go to.
    pub files: BTreeMap<String, Transcoder>,
    /// What is read from the header.
    pub(super) header: HeaderPlan,
    /// Warnings of the sources: unknown keywords and the like.
    pub warnings: Vec<SourceFault>,
}

/// Why a bundle gives no plan.
#[derive(Debug)]
pub enum PlanError {
    /// This build cannot reproduce it: FPP9004.
    Mismatch(String),
    /// Its sources have faults.
    Faults(Vec<SourceFault>),
}

impl Bundle {
    /// A bundle of this build: `decoder` and `editions` are set from it. Compiles to find the pages used.
    pub fn freeze(mut self) -> Result<(Bundle, Plan), PlanError> {
        self.decoder = DECODER;
        self.editions.clear();
        let plan = self.build()?;
        self.editions = editions(&plan);
        let digest = self.digest();
        Ok((self, Plan { digest, ..plan }))
    }

    /// The bytes that the vault keeps and the digest covers.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings, numbers and sorted maps only: serialization cannot fail, and always gives the same bytes.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads what [`Bundle::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Bundle, Error> {
        serde_json::from_slice(bytes).map_err(|e| mismatch("the frozen plan cannot be read").caused_by(e))
    }

    /// SHA-256 of the canonical bytes, hex.
    pub fn digest(&self) -> String {
        let mut out = Vec::with_capacity(64);
        super::json::push_hex(&mut out, &Sha256::digest(self.to_bytes()));
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Compiles a frozen bundle; FPP9004 if this build decodes differently.
    pub fn compile(&self) -> Result<Plan, Error> {
        self.reproduce().map_err(|e| match e {
            PlanError::Mismatch(what) => mismatch(&what),
            PlanError::Faults(faults) => {
                let told: Vec<_> = faults.iter().take(5).map(ToString::to_string).collect();
                mismatch(&format!("the frozen plan does not compile any more: {}", told.join("; ")))
            }
        })
    }

    fn reproduce(&self) -> Result<Plan, PlanError> {
        if self.decoder != DECODER {
            let what = format!("the plan was frozen for decoder {}, this build has {DECODER}", self.decoder);
            return Err(PlanError::Mismatch(what));
        }
        let plan = self.build()?;
        let here = editions(&plan);
        if here != self.editions {
            let (page, frozen) = self
                .editions
                .iter()
                .find(|(page, edition)| here.get(*page) != Some(*edition))
                .map_or(("(more pages)", ""), |(p, e)| (p.as_str(), e.as_str()));
            let what = format!("the plan was frozen with another table for code page {page}: {frozen}");
            return Err(PlanError::Mismatch(what));
        }
        Ok(plan)
    }

    fn build(&self) -> Result<Plan, PlanError> {
        let mut faults = Vec::new();
        let mut warnings = Vec::new();
        let format = read_format(&self.format, &mut warnings).map_err(|f| faults.extend(f)).ok();
        let instruments = Instruments::parse(&self.instruments.file, &self.instruments.text);
        let instruments = instruments.map_err(|f| faults.extend(f)).ok();
        let mut answer = None;
        let mut compiled = None;
        let mut files = BTreeMap::new();
        if let (Some(format), Some(instruments)) = (&format, &instruments) {
            let mapping = Mapping::parse(&self.mapping.file, &self.mapping.text, format, instruments);
            let header = HeaderPlan::compile(&self.rules, format);
            compiled = mapping.map_err(|f| faults.extend(f)).ok().zip(header.map_err(|f| faults.extend(f)).ok());
            answer = self
                .answer
                .as_ref()
                .and_then(|text| read_answer(text, format, &mut warnings).map_err(|f| faults.extend(f)).ok());
            for (spool, text) in &self.files {
                let transcoder = read_file(text, format, &mut warnings).map_err(|f| faults.extend(f));
                files.extend(transcoder.ok().map(|transcoder| (spool.clone(), transcoder)));
            }
        }
        let offset = Offset::parse(&self.rules.timezone);
        if offset.is_none() {
            faults.push(rules_fault(format!("timezone: `{}` is not +hh:mm or Asia/Shanghai", self.rules.timezone)));
        }
        match (format, instruments, compiled, offset) {
            (Some(format), Some(instruments), Some((mapping, header)), Some(offset)) if faults.is_empty() => Ok(Plan {
                digest: self.digest(),
                table: table(&format),
                mapping: mapping.for_route(&self.rules.source(), offset.clone()),
                rules: self.rules.clone(),
                format,
                instruments,
                offset,
                answer,
                files,
                header,
                warnings,
            }),
            _ => Err(PlanError::Faults(faults)),
        }
    }
}

fn mismatch(what: &str) -> Error {
    Error::halt(Code::PLAN, what).hint("Let a node with the build that froze the plan finish this file.")
}

fn read_format(text: &FormatText, warnings: &mut Vec<SourceFault>) -> Result<Format, Vec<SourceFault>> {
    let page = match text.page.as_deref().map(|name| (name, Page::parse(name))) {
        None => None,
        Some((_, Some(page))) => Some(page),
        Some((name, None)) => return Err(vec![rules_fault(format!("ccsid: `{name}` is no known code page"))]),
    };
    let mut read = |name: &str| {
        text.layouts.get(name).cloned().ok_or_else(|| format!("the layout {name} is not part of the plan"))
    };
    let (format, told) = Format::parse(&text.format.file, &text.format.text, &mut read, page)?;
    warnings.extend(told);
    Ok(format)
}

fn read_answer(
    text: &AnswerText,
    format: &Format,
    warnings: &mut Vec<SourceFault>,
) -> Result<AnswerMapping, Vec<SourceFault>> {
    let answer = read_format(&text.format, warnings)?;
    AnswerMapping::parse(&text.mapping.file, &text.mapping.text, answer, format)
}

fn read_file(
    text: &FileText,
    format: &Format,
    warnings: &mut Vec<SourceFault>,
) -> Result<Transcoder, Vec<SourceFault>> {
    let other = read_format(&text.format, warnings)?;
    let placed = |message| SourceFault { file: text.format.format.file.clone(), line: 1, column: 1, message };
    Transcoder::compile(format, other, &text.rules).map_err(|faults| faults.into_iter().map(placed).collect())
}

fn editions(plan: &Plan) -> BTreeMap<String, String> {
    let answer = plan.answer.iter().flat_map(|a| a.format().pages());
    let files = plan.files.values().flat_map(|file| file.format().pages());
    let pages = plan.format.pages().into_iter().chain(answer).chain(files);
    pages.map(|page| (page.name().to_owned(), page.edition().to_owned())).collect()
}

fn table(format: &Format) -> String {
    let editions: Vec<_> = format.pages().into_iter().map(Page::edition).collect();
    editions.join(", ")
}

#[cfg(test)]
mod tests {
    use super::rules::{IdentityFrom, Policy};
    use super::*;
    use crate::trade::sample;

    #[test]
    fn a_frozen_bundle_compiles_to_the_same_plan_anywhere() {
        let (bundle, plan) = sample::bundle(false, Policy::Strict).freeze().unwrap();
        let kept = Bundle::from_bytes(&bundle.to_bytes()).unwrap();
        assert_eq!(kept, bundle);
        assert_eq!(kept.compile().unwrap().digest, plan.digest);
        assert_eq!(plan.digest.len(), 64);
        let other = sample::bundle(false, Policy::Partial).freeze().unwrap().1;
        assert_ne!(other.digest, plan.digest, "rules are part of the digest");
        assert!(plan.table.contains("1388"), "{}", plan.table);
    }

    #[test]
    fn another_decoder_or_table_edition_halts() {
        let (bundle, _) = sample::bundle(true, Policy::Strict).freeze().unwrap();
        let mut older = bundle.clone();
        older.decoder += 1;
        let mut tables = bundle;
        tables.editions.values_mut().for_each(|edition| edition.push('x'));
        for changed in [older, tables] {
            let error = changed.compile().err().unwrap();
            assert_eq!((error.code, error.class), (Code::PLAN, crate::error::Class::Halt));
        }
    }

    #[test]
    fn rules_that_name_no_field_are_faults() {
        let mut bundle = sample::bundle(false, Policy::Strict);
        bundle.rules.identity = IdentityFrom::Header { date: "NOPE".into(), batch: None, run: None };
        bundle.rules.header.insert("ALSO".into(), "1".into());
        bundle.rules.timezone = "Mars".into();
        let Err(PlanError::Faults(faults)) = bundle.freeze() else { panic!("faults are due") };
        let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
        for part in ["NOPE", "ALSO", "Mars"] {
            assert!(told.iter().any(|t| t.contains(part)), "{part} in {told:#?}");
        }
    }
}
