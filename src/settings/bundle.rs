//! The plan of a route as it would be frozen now (D6), made of the very texts that were checked.

use super::answer::Answer;
use super::node::Settings;
use super::route::{Binding, Empty, IdentityRule, Route, Text, UnprovenTotal};
use super::words::DigestKind;
use crate::error::Error;
use crate::trade::plan::rules::{self, AnswerDigest, IdentityFrom, Rules, Unproven};
use crate::trade::plan::{AnswerText, Bundle, FormatText, PlanError};
use fpp_codecs::Code;
use fpp_codecs::source::SourceFault;
use std::collections::BTreeMap;

impl Route {
    /// The frozen plan's inputs. Everything was checked when the settings were loaded, so a fault here is one of fpp.
    pub fn bundle(&self, settings: &Settings) -> Result<Bundle, Error> {
        self.freeze(settings).map_err(|error| {
            let what = match error {
                PlanError::Mismatch(what) => what,
                PlanError::Faults(faults) => {
                    faults.iter().take(5).map(ToString::to_string).collect::<Vec<_>>().join("; ")
                }
            };
            Error::halt(Code::PLAN, format!("route `{}` gives no plan: {what}", self.name)).hint("Run `fpp check`.")
        })
    }

    /// Faults that only show when all parts of the route are put together.
    pub fn plan_faults(&self, settings: &Settings) -> Vec<SourceFault> {
        match self.freeze(settings) {
            Ok(_) => Vec::new(),
            Err(PlanError::Mismatch(message)) => {
                vec![SourceFault { file: self.file.display().to_string(), line: 1, column: 1, message }]
            }
            Err(PlanError::Faults(faults)) => faults,
        }
    }

    fn freeze(&self, settings: &Settings) -> Result<Bundle, PlanError> {
        let texts = &self.texts;
        let bundle = Bundle {
            decoder: 0,
            format: format_text(&texts.format, &texts.layouts, self.ccsid.as_deref()),
            mapping: text(&texts.mapping),
            instruments: text(&texts.instruments),
            answer: self.answer.as_ref().map(|answer| self.answer_text(answer)),
            rules: self.rules(settings),
            editions: BTreeMap::new(),
        };
        bundle.freeze().map(|(bundle, _)| bundle)
    }

    fn answer_text(&self, answer: &Answer) -> AnswerText {
        let texts = &self.texts;
        AnswerText {
            format: format_text(
                &texts.answer_format.clone().unwrap_or_default(),
                &texts.answer_layouts,
                answer.ccsid.as_deref(),
            ),
            mapping: texts.answer_mapping.as_ref().map(text).unwrap_or_default(),
        }
    }

    fn rules(&self, settings: &Settings) -> Rules {
        let mut rules = Rules::new(&self.name, &settings.installation);
        rules.policy = if self.policy.partial { rules::Policy::Partial } else { rules::Policy::Strict };
        rules.unproven_total = match self.policy.unproven_total {
            UnprovenTotal::Reject => Unproven::Reject,
            UnprovenTotal::Hold => Unproven::Hold,
            UnprovenTotal::Accept => Unproven::Accept,
        };
        rules.reject_max = self.policy.reject_max;
        rules.empty = match self.policy.empty {
            Empty::Reject => rules::Empty::Reject,
            Empty::Accept => rules::Empty::Accept,
        };
        rules.identity = identity(&self.identity);
        rules.timezone = settings.timezone.clone();
        rules.answer_digest = match self.answer.as_ref().map(|a| a.orgdig) {
            Some(DigestKind::Sm3) => AnswerDigest::Sm3,
            _ => AnswerDigest::Sha256,
        };
        rules
    }
}

fn identity(rule: &IdentityRule) -> IdentityFrom {
    let field = |binding: &Option<Binding>| match binding {
        Some(Binding::Header(field)) => Some(field.clone()),
        _ => None,
    };
    match &rule.business_date {
        None => IdentityFrom::None,
        Some(Binding::Name) => IdentityFrom::Name,
        Some(Binding::Header(date)) => {
            IdentityFrom::Header { date: date.clone(), batch: field(&rule.batch), run: field(&rule.run) }
        }
    }
}

fn format_text(format: &Text, layouts: &[Text], page: Option<&str>) -> FormatText {
    FormatText {
        format: text(format),
        layouts: layouts.iter().map(|l| (l.name.clone(), l.content.clone())).collect(),
        page: page.map(str::to_owned),
    }
}

fn text(text: &Text) -> crate::trade::plan::Text {
    crate::trade::plan::Text { file: text.name.clone(), text: text.content.clone() }
}
