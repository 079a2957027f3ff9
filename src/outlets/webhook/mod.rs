//! Events to an HTTP endpoint, by the CloudEvents HTTP binding: one event in structured mode, several in batch mode, each
//! call signed (see [`sign`]), with the [`trace`] of its transfer.
//!
//! An answer of 2xx, read to its end, confirms every event of the call; nothing else does. What the endpoint cannot do now
//! is tried again; what it will not take is looked for by halves, so that one bad event does not take its neighbours with
//! it. Calls of one endpoint go through one [`gate`], which keeps its rate and leaves it alone while it is down.
//!
//! Deliberately absent: redirects (the endpoint is the one that was configured), proxies of the environment, and any
//! reading of what an answer says: it may repeat an event, and stands nowhere.

mod answer;
mod endpoint;
mod gate;
mod line;
mod sign;

pub use endpoint::Endpoint;
pub use sign::Secret;

use super::position::Position;
use super::push::{Batch, Broken, Engine, Outcome, Posting, Pushed, Refused};
use super::trace;
use crate::clock::Clock;
use crate::error::{Error, Result};
use answer::Verdict;
use async_trait::async_trait;
use fpp_codecs::Code;
use gate::Gate;
use line::Line;
use std::time::Duration;

/// One event as it is.
const ONE: &str = "application/cloudevents+json; charset=utf-8";
/// A JSON array of them.
const SEVERAL: &str = "application/cloudevents-batch+json; charset=utf-8";

/// What calls have settled of a batch.
#[derive(Default)]
struct Settled {
    up_to: Option<u64>,
    outcome: Outcome,
}

/// The engine.
pub struct Webhook {
    endpoint: Endpoint,
    line: Line,
    gate: Gate,
    clock: Clock,
}

impl Webhook {
    /// Reads the authorities; connects at the first push.
    pub fn new(endpoint: Endpoint, clock: Clock) -> Result<Webhook> {
        let line = Line::new(&endpoint)?;
        Ok(Webhook { gate: Gate::new(endpoint.calls_per_second), line, endpoint, clock })
    }

    /// Events that go together, in their order; the end-of-file event comes after all others were confirmed.
    fn calls<'b>(&self, batch: &'b Batch) -> Vec<&'b [Pushed]> {
        let mut calls = Vec::new();
        let mut rest = batch.events.as_slice();
        while let Some(first) = rest.first() {
            let mut bytes = batch.json_of(first).len();
            let mut events = 1;
            for event in rest.iter().skip(1).take(self.endpoint.events_max.saturating_sub(1)) {
                bytes += batch.json_of(event).len() + 1;
                if bytes > self.endpoint.bytes_max || event.record == Position::END {
                    break;
                }
                events += 1;
            }
            let (call, others) = rest.split_at(events);
            calls.push(call);
            rest = others;
        }
        calls
    }

    /// Posts some events, and finds those that are refused by halves. Each half is confirmed before the next one goes, so
    /// whatever comes, what is settled is a beginning of the batch. Where the posting is required the first refused event is
    /// the last one that is looked for: it comes again, and its neighbours behind it would too.
    async fn post(&self, posting: &Posting, batch: &Batch, events: &[Pushed], settled: &mut Settled) -> Result<()> {
        let mut waiting = vec![events];
        while let Some(events) = waiting.pop() {
            match (self.call(posting, batch, events).await?, events) {
                (None, events) => settled.up_to = events.last().map(|event| event.record),
                (Some(status), [one]) => {
                    let why = format!("the endpoint answered {status}");
                    settled.outcome.refused.push(Refused { record: one.record, id: one.id.clone(), why });
                    settled.up_to = Some(one.record);
                    if posting.required {
                        return Ok(());
                    }
                }
                (Some(_), events) => {
                    let (first, second) = events.split_at(events.len() / 2);
                    waiting.push(second);
                    waiting.push(first);
                }
            }
        }
        Ok(())
    }

    /// One call: nothing when its events were confirmed, the status when they were refused.
    async fn call(&self, posting: &Posting, batch: &Batch, events: &[Pushed]) -> Result<Option<u16>> {
        let entered = self.gate.enter(self.endpoint.timeout).await;
        let turn = entered.map_err(|pause| self.alone(pause).at(format!("outlet {}", posting.outlet)))?;
        let (content_type, body) = match events {
            [one] => (ONE, batch.json_of(one).to_vec()),
            _ => (SEVERAL, array(batch, events)),
        };
        let id = call_id(posting, events);
        let mut headers = sign::headers(&self.endpoint.secrets, &id, self.clock.now_ms() / 1_000, &body).to_vec();
        headers.push(("traceparent", trace::traceparent(&posting.transfer, &posting.outlet)));
        let answered = self.line.post(content_type, &headers, body).await;
        let verdict = match answered {
            Ok(answer) => answer::judge(&answer, self.clock.now_ms()),
            Err(error) => {
                self.gate.failed(turn, None);
                return Err(error.at(format!("outlet {}", posting.outlet)));
            }
        };
        match verdict {
            Verdict::Taken => {
                self.gate.worked(turn);
                Ok(None)
            }
            Verdict::Refused(status) => {
                self.gate.worked(turn);
                Ok(Some(status))
            }
            Verdict::Later(error, pause) => {
                self.gate.failed(turn, pause);
                let retry_after_ms = pause.map(millis);
                Err(Error { retry_after_ms, ..error.at(format!("outlet {}: {}", posting.outlet, self.line.place())) })
            }
            Verdict::Gone(error) => {
                self.gate.worked(turn);
                Err(error.at(format!("outlet {}: {}", posting.outlet, self.line.place())))
            }
        }
    }

    fn alone(&self, pause: Duration) -> Error {
        let what = format!("{} failed or asked for a pause: it is left alone for {pause:?}", self.line.place());
        let error = Error::retry(Code::OUTLET, what).hint("Look at the endpoint. Goes on by itself.");
        Error { retry_after_ms: Some(millis(pause)), ..error }
    }
}

#[async_trait]
impl Engine for Webhook {
    async fn cursor(&self, _: &Posting) -> Result<Option<u64>> {
        Ok(None)
    }

    async fn push(&self, posting: &Posting, batch: &Batch) -> Result<Outcome, Broken> {
        let mut settled = Settled::default();
        for events in self.calls(batch) {
            if let Err(error) = self.post(posting, batch, events, &mut settled).await {
                return Err(Broken { error, up_to: settled.up_to, outcome: settled.outcome });
            }
            if posting.required && !settled.outcome.refused.is_empty() {
                break;
            }
        }
        Ok(settled.outcome)
    }

    /// Whether it takes connections; one that is left alone is not asked.
    async fn look(&self) -> Result<String> {
        match self.gate.closed_for() {
            Some(pause) => Err(self.alone(pause)),
            None => self.line.look().await,
        }
    }

    async fn close(&self) {
        self.line.close();
    }
}

/// The same events have the same id in every attempt, so that an endpoint may drop a call that it knows.
fn call_id(posting: &Posting, events: &[Pushed]) -> String {
    let record = |event: Option<&Pushed>| match event.map(|event| event.record) {
        Some(Position::END) => "end".to_owned(),
        Some(record) => record.to_string(),
        None => String::new(),
    };
    match events {
        [one] => format!("{}-{}", posting.transfer, record(Some(one))),
        _ => format!("{}-{}-{}", posting.transfer, record(events.first()), record(events.last())),
    }
}

fn array(batch: &Batch, events: &[Pushed]) -> Vec<u8> {
    let bytes: usize = events.iter().map(|event| batch.json_of(event).len() + 1).sum();
    let mut body = Vec::with_capacity(bytes + 1);
    for event in events {
        body.push(if body.is_empty() { b'[' } else { b',' });
        body.extend_from_slice(batch.json_of(event));
    }
    body.push(b']');
    body
}

fn millis(pause: Duration) -> i64 {
    i64::try_from(pause.as_millis()).unwrap_or(i64::MAX)
}
