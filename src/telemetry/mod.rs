//! What the node says about itself: log lines, and the report that `fpp status` reads.
//!
//! Text for a person at a terminal, one JSON object a line otherwise; both on stderr, so that stdout stays a verb's
//! result. `FPP_LOG` filters (`FPP_LOG=debug`, `FPP_LOG=fpp::delivery=trace,info`). Field content is never logged:
//! lines name files, records, fields and codes.

pub mod figures;
pub mod report;

use crate::error::Error;
use fpp_codecs::Code;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Variable that filters log lines.
pub const FILTER_VARIABLE: &str = "FPP_LOG";

/// Starts logging; `level` holds where `FPP_LOG` says nothing. Call it once.
pub fn start(level: &str) -> Result<(), Error> {
    let filter = match std::env::var(FILTER_VARIABLE) {
        Ok(text) if !text.is_empty() => EnvFilter::try_new(&text).map_err(|error| {
            Error::halt(Code::RANGE, format!("{FILTER_VARIABLE} is `{text}`: {error}"))
                .hint("Set it to error, warn, info, debug or trace, or to fpp::ROOM=LEVEL, or unset it.")
        })?,
        _ => EnvFilter::new(level),
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if std::io::stderr().is_terminal() {
        lines.with_target(false).try_init()
    } else {
        lines.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
    };
    started.map_err(|error| Error::internal(format!("logging cannot start: {error}")))
}
