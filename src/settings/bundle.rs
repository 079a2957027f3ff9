//! From a route's texts to the plan that transfers freeze (D6).

use super::checks;
use super::node::Settings;
use super::pushed;
use super::route::{Route, Text};
use crate::error::{Error, Result};
use crate::trade::plan::rules::Rules;
use crate::trade::plan::{self, AnswerText, Bundle, FileText, FormatText, PlanError};
use fpp_codecs::Code;
use fpp_codecs::source::SourceFault;
use std::path::Path;

impl Route {
    /// Everything that decides the outcome of its files, frozen by this build.
    pub fn bundle(&self, settings: &Settings) -> Result<Bundle> {
        match self.texts_bundle(settings).freeze() {
            Ok((bundle, _)) => Ok(bundle),
            Err(error) => {
                let what = match error {
                    PlanError::Mismatch(what) => what,
                    PlanError::Faults(faults) => faults.first().map(ToString::to_string).unwrap_or_default(),
                };
                Err(Error::halt(Code::PLAN, format!("route {}: {what}", self.name)).hint("See `fpp check`."))
            }
        }
    }

    /// Whether every file it names was read; only then it can be compiled.
    pub(super) fn is_read(&self) -> bool {
        let texts = &self.texts;
        let answer = texts.answer_format.iter().chain(&texts.answer_mapping);
        let files = texts.files.iter().map(|file| &file.format);
        let own = [&texts.format, &texts.mapping, &texts.instruments];
        own.into_iter().chain(answer).chain(files).all(|t| !t.name.is_empty())
    }

    /// Compiles everything together: faults, or warnings. Faults of header fields are left out when they were `told`
    /// where they are written.
    pub(super) fn compile(
        &self,
        settings: &Settings,
        told: bool,
    ) -> std::result::Result<Vec<SourceFault>, Vec<SourceFault>> {
        match self.texts_bundle(settings).freeze() {
            Ok((_, plan))
                if self.states_amount() && plan.answer.as_ref().is_none_or(|a| a.amount_field().is_none()) =>
            {
                Err(checks::at(
                    self,
                    "ready",
                    "an amount is compared with the sum of the answer's `amount`: name it there",
                ))
            }
            Ok((_, plan)) => {
                let filters = pushed::filters_take(self, &plan);
                Ok(self.placed(plan.warnings, settings).into_iter().chain(filters).collect())
            }
            Err(PlanError::Faults(mut faults)) => {
                if told {
                    faults.retain(|f| f.file != "route" || f.message.starts_with("timezone"));
                }
                Err(self.placed(faults, settings))
            }
            Err(PlanError::Mismatch(message)) => {
                Err(vec![SourceFault { file: self.file.display().to_string(), line: 1, column: 1, message }])
            }
        }
    }

    fn texts_bundle(&self, settings: &Settings) -> Bundle {
        let texts = &self.texts;
        let rules = Rules {
            installation: settings.installation.clone(),
            timezone: settings.timezone.clone(),
            ..self.rules.clone()
        };
        let answer = self.answer.as_ref().zip(texts.answer_format.as_ref()).map(|(answer, text)| AnswerText {
            format: format(text, &texts.answer_layouts, answer.ccsid.as_deref()),
            mapping: texts.answer_mapping.as_ref().map(named).unwrap_or_default(),
        });
        let files = texts.files.iter().map(|file| {
            let text = format(&file.format, &file.layouts, file.ccsid.as_deref());
            (file.spool.clone(), FileText { format: text, rules: file.rules.clone() })
        });
        Bundle {
            files: files.collect(),
            decoder: 0,
            format: format(&texts.format, &texts.layouts, self.ccsid.as_deref()),
            mapping: named(&texts.mapping),
            instruments: named(&texts.instruments),
            answer,
            rules,
            editions: std::collections::BTreeMap::new(),
        }
    }

    /// Faults name files as the plan does; a person needs them where they are on this machine.
    fn placed(&self, mut faults: Vec<SourceFault>, settings: &Settings) -> Vec<SourceFault> {
        for fault in &mut faults {
            if let Some(place) = self.place(fault, settings) {
                fault.file = place.display().to_string();
            }
        }
        faults
    }

    fn place<'a>(&'a self, fault: &SourceFault, settings: &'a Settings) -> Option<std::borrow::Cow<'a, Path>> {
        let texts = &self.texts;
        let is = |text: &Text| text.name == fault.file;
        let held = |text: &Option<Text>| text.as_ref().is_some_and(is);
        let beside = |format: &'a Path| Some(format.parent()?.join(&fault.file).into());
        match self.answer.as_ref() {
            _ if is(&texts.format) => Some(self.format_file.as_path().into()),
            _ if is(&texts.mapping) => Some(self.mapping_file.as_path().into()),
            _ if is(&texts.instruments) => Some(self.instruments_file.as_path().into()),
            _ if texts.layouts.iter().any(is) => beside(&self.format_file),
            _ if texts.files.iter().any(|file| is(&file.format)) => {
                texts.files.iter().find(|file| is(&file.format)).map(|file| file.path.as_path().into())
            }
            _ if fault.file != "route" => match self.answer.as_ref() {
                Some(answer) if held(&texts.answer_format) => Some(answer.format_file.as_path().into()),
                Some(answer) if held(&texts.answer_mapping) => Some(answer.mapping_file.as_path().into()),
                Some(answer) if texts.answer_layouts.iter().any(is) => beside(&answer.format_file),
                _ => None,
            },
            _ if fault.message.starts_with("timezone") => Some(settings.file.as_path().into()),
            _ => Some(self.file.as_path().into()),
        }
    }
}

fn named(text: &Text) -> plan::Text {
    plan::Text { file: text.name.clone(), text: text.content.clone() }
}

fn format(text: &Text, layouts: &[Text], page: Option<&str>) -> FormatText {
    FormatText {
        format: named(text),
        layouts: layouts.iter().map(|l| (l.name.clone(), l.content.clone())).collect(),
        page: page.map(str::to_owned),
    }
}
