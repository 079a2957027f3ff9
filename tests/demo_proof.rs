//! What the trade room says of the stand-in core's files: good ones are accepted, and each spoil gets the code it names.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

#[path = "support/plans.rs"]
mod plans;

use fpp::demo::generate::{Flaw, Harm, Series, Spec, Spoil, generate};
use fpp::ledger::transfer::Verdict;
use fpp::trade::plan::Plan;
use fpp::trade::proof::header::NameIdentity;
use fpp::trade::proof::outcome::Outcome;
use fpp::trade::proof::repeat::MemorySpill;
use fpp::trade::proof::{Context, Ending, Proof};
use fpp_codecs::Code;
use fpp_codecs::date::Date;
use fpp_codecs::framing::{Cutter, text_mode_damage};
use plans::plan;

const BOTH: [Series; 2] = [Series::Ebcdic, Series::Gbk];

fn prove(plan: &Plan, spec: &Spec) -> Outcome {
    let mut file = Vec::new();
    generate(spec, &mut file).unwrap();
    let name = NameIdentity { date: Some("20250620".into()), batch: Some(1), run: Some(0) };
    let context = Context { name, ..Context::default() };
    let mut proof = Proof::new(plan, context, Box::new(MemorySpill::default()));
    if let Some(reason) = text_mode_damage(&plan.format, &file, file.len() as u64) {
        return proof.finish(Ending::Broken { code: Code::TEXT_MODE, reason }).unwrap();
    }
    let mut cutter = Cutter::new(plan.format.framing.clone(), &file[..]);
    let ending = loop {
        match cutter.next() {
            Ok(Some(cut)) => proof.record(cut.n, cut.offset, cut.bytes).unwrap(),
            Ok(None) => break Ending::Complete,
            Err(error) => break Ending::Broken { code: error.code(), reason: error.to_string() },
        }
    };
    proof.finish(ending).unwrap()
}

fn spec(series: Series, trades: u64, spoil: Option<Spoil>) -> Spec {
    let date = Date::new(2025, 6, 20).unwrap();
    Spec { trades, spoils: spoil.into_iter().collect(), ..Spec::new(series, date, 1) }
}

#[test]
fn a_good_file_is_accepted_whole() {
    for series in BOTH {
        let outcome = prove(&plan(series), &spec(series, 2_000, None));
        assert_eq!((outcome.verdict, outcome.code, outcome.reason.as_str()), (Some(Verdict::Accepted), Code::OK, ""));
        assert_eq!((outcome.records, outcome.accepted), (2_000, 2_000));
    }
}

#[test]
fn every_flaw_is_refused_by_its_code_and_field() {
    for series in BOTH {
        let plan = plan(series);
        for &flaw in Flaw::ALL {
            let outcome = prove(&plan, &spec(series, 50, Some(Spoil::Record { trade: 20, flaw })));
            let file_code = flaw.file_code();
            let verdict = if file_code.is_some() { Verdict::Rejected } else { Verdict::Partly };
            assert_eq!((outcome.verdict, outcome.code), (Some(verdict), file_code.unwrap_or(Code::OK)), "{flaw:?}");
            let found: Vec<_> = outcome.rejects.iter().map(|r| (r.record, r.code(), r.field.as_str())).collect();
            assert_eq!(found, [(21, flaw.code(series), flaw.field())], "{series:?} {flaw:?}");
        }
    }
}

#[test]
fn every_harm_rejects_the_file_by_its_code() {
    for series in BOTH {
        let plan = plan(series);
        // A text file suffers no more from a transfer as text than blanks that are missing at the ends of its lines.
        for &harm in Harm::ALL.iter().filter(|harm| series == Series::Ebcdic || **harm != Harm::TextMode) {
            let outcome = prove(&plan, &spec(series, 50, Some(Spoil::File(harm))));
            let found = (outcome.verdict, outcome.code);
            assert_eq!(found, (Some(Verdict::Rejected), harm.code()), "{series:?} {harm:?}: {}", outcome.reason);
            assert_eq!(outcome.accepted, 0);
        }
    }
}
