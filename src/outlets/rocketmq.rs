//! Events into a topic of RocketMQ: ordered by a name of their data, at least once.
//!
//! A message is one event: its body is the event's JSON, KEYS its id, TAGS its type, and its CloudEvents attributes stand
//! as properties (`CE_id`, `CE_source`, ...), with the `traceparent` of its transfer. Messages of one key are in one queue of
//! the topic, in record order; the end-of-file event is sent when all others are confirmed, or, where the posting is
//! optional, refused for good. The topic cannot be fenced and remembers no cursor, so after an error or a takeover messages
//! come again, always with the same id.
//!
//! Of a required posting nothing more is sent behind the first message that was refused: it would stand before that one,
//! and come again with it. Which one it was is remembered, and it is tried alone the next time.
//!
//! Deliberately absent: conflicts. A queue keeps what it was sent and cannot be asked; a consumer that drops what it has
//! seen compares `CE_datahash`.

use super::position::Position;
use super::push::{Batch, Broken, Engine, Outcome, Posting, Pushed, Refused};
use super::trace;
use crate::error::{Error, Result};
use async_trait::async_trait;
use fpp_codecs::Code;
use fpp_rocketmq::{Fault, Kind, Message, Refused as Unsendable, Sender, Settings};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// While nobody answers, the broker is asked again so often: it is not made to wait when it is back.
const AGAIN_MS: i64 = 1_000;

/// Attributes that consumers filter and de-duplicate by; data and what only fpp reads stay in the body.
const ATTRIBUTES: [&str; 9] =
    ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "datahash"];

/// A topic.
pub struct Topic {
    sender: Sender,
    /// Names, one within the other, that lead to the key in `data`.
    key: Vec<String>,
    /// Of each route the transfer and record of a required posting that was refused last; one posting of a route is pushed
    /// at a time.
    refused: Mutex<HashMap<String, (String, u64)>>,
}

impl Topic {
    /// Connects at the first push. `key` is a name of the event's data, such as `account` or `instrument`, or
    /// `market.code` for one within another; an event without it is kept in order by its source.
    pub fn new(settings: Settings, key: &str) -> Topic {
        let key = key.split('.').map(str::to_owned).collect();
        Topic { sender: Sender::new(settings), key, refused: Mutex::default() }
    }

    fn message(&self, posting: &Posting, batch: &Batch, event: &Pushed) -> Result<Message> {
        let json = batch.json_of(event);
        let body: Value = serde_json::from_slice(json)
            .map_err(|e| Error::internal(format!("event {} is no JSON object", event.id)).caused_by(e))?;
        let mut properties = Vec::with_capacity(ATTRIBUTES.len() + 3);
        for name in ATTRIBUTES {
            if let Some(Value::String(value)) = body.get(name) {
                properties.push((format!("CE_{name}"), value.clone()));
            }
        }
        properties.push(("CE_contenttype".to_owned(), "application/cloudevents+json".to_owned()));
        properties.push(("traceparent".to_owned(), trace::traceparent(&posting.transfer, &posting.outlet)));
        properties.push(("fpptransfer".to_owned(), posting.transfer.clone()));
        Ok(Message {
            key: self.key_of(&body).unwrap_or_else(|| event.source.clone()),
            id: event.id.clone(),
            tag: event.kind.clone(),
            properties,
            body: json.to_vec(),
        })
    }

    fn key_of(&self, body: &Value) -> Option<String> {
        let found = self.key.iter().try_fold(body.get("data")?, |value, name| value.get(name))?;
        match found {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// What goes together: the one that was refused before goes alone, and so does the end of the file.
    fn pieces<'b>(&self, posting: &Posting, batch: &'b Batch) -> Vec<&'b [Pushed]> {
        let place = |record: u64| batch.events.iter().position(|event| event.record == record);
        let end = place(Position::END).unwrap_or(batch.events.len());
        let (records, end) = batch.events.split_at(end);
        let known = self.refused.lock().unwrap_or_else(PoisonError::into_inner).get(&posting.route).cloned();
        let refused = known.filter(|(transfer, _)| *transfer == posting.transfer).and_then(|(_, record)| place(record));
        match refused.filter(|at| *at < records.len()) {
            Some(at) => {
                let (before, rest) = records.split_at(at);
                let (alone, behind) = rest.split_at(1);
                vec![before, alone, behind, end]
            }
            None => vec![records, end],
        }
    }

    /// Remembers which event a required posting waits for, or forgets it when the batch is `done`.
    fn remember(&self, posting: &Posting, refused: Option<&Refused>, done: bool) {
        if !posting.required {
            return;
        }
        let mut known = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        match refused {
            Some(refused) => {
                known.insert(posting.route.clone(), (posting.transfer.clone(), refused.record));
            }
            None if done => {
                known.remove(&posting.route);
            }
            None => {}
        }
    }

    async fn send(&self, posting: &Posting, batch: &Batch, events: &[Pushed]) -> Result<Vec<Refused>, Broken> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let messages: Result<Vec<Message>> = events.iter().map(|event| self.message(posting, batch, event)).collect();
        match self.sender.send(messages?, posting.required).await {
            Ok(refused) => Ok(named(events, refused)),
            Err(unsent) => {
                let up_to = unsent.settled.checked_sub(1).and_then(|last| events.get(last)).map(|event| event.record);
                let outcome = Outcome { refused: named(events, unsent.refused), ..Outcome::default() };
                Err(Broken { error: told(posting, unsent.fault), up_to, outcome })
            }
        }
    }
}

#[async_trait]
impl Engine for Topic {
    async fn cursor(&self, _: &Posting) -> Result<Option<u64>> {
        Ok(None)
    }

    async fn push(&self, posting: &Posting, batch: &Batch) -> Result<Outcome, Broken> {
        let (mut refused, mut up_to) = (Vec::new(), None);
        for events in self.pieces(posting, batch) {
            match self.send(posting, batch, events).await {
                Ok(more) => refused.extend(more),
                Err(broken) => {
                    refused.extend(broken.outcome.refused);
                    self.remember(posting, refused.first(), false);
                    let outcome = Outcome { refused, ..Outcome::default() };
                    return Err(Broken { error: broken.error, up_to: broken.up_to.or(up_to), outcome });
                }
            }
            if posting.required && !refused.is_empty() {
                break;
            }
            up_to = events.last().map(|event| event.record).or(up_to);
        }
        self.remember(posting, refused.first(), true);
        Ok(Outcome { refused, ..Outcome::default() })
    }

    async fn look(&self) -> Result<String> {
        self.sender.look().await.map_err(fault)
    }

    async fn close(&self) {
        self.sender.close().await;
    }
}

fn named(events: &[Pushed], refused: Vec<Unsendable>) -> Vec<Refused> {
    let event = |one: Unsendable| {
        let event = events.get(one.place)?;
        Some(Refused { record: event.record, id: event.id.clone(), why: one.why })
    };
    refused.into_iter().filter_map(event).collect()
}

fn told(posting: &Posting, from: Fault) -> Error {
    fault(from).at(format!("outlet {}", posting.outlet))
}

/// Everything is tried again: what a broker refuses today it takes when it is mended.
fn fault(from: Fault) -> Error {
    let code = match from.kind {
        Kind::Unreachable => Code::UNREACHABLE,
        Kind::Login => Code::LOGIN,
        Kind::Full => Code::NO_SPACE,
        Kind::NoTopic | Kind::Queues | Kind::Busy | Kind::Unsafe | Kind::Illegal | Kind::Other => Code::OUTLET,
    };
    let built = Error::retry(code, from.what).hint(from.hint);
    let soon = matches!(from.kind, Kind::Unreachable | Kind::NoTopic | Kind::Busy);
    Error { retry_after_ms: soon.then_some(AGAIN_MS), ..built }
}

#[cfg(test)]
mod tests {
    use super::{Batch, Position, Posting, Pushed, Refused, Settings, Topic};
    use std::time::Duration;

    fn topic(key: &str) -> Topic {
        let settings = Settings {
            name_servers: "127.0.0.1:1".into(),
            group: "g".into(),
            topic: "t".into(),
            user: None,
            timeout: Duration::from_secs(1),
            queues: None,
            max_message_bytes: 1024,
        };
        Topic::new(settings, key)
    }

    fn posting() -> Posting {
        Posting {
            outlet: "mq".into(),
            installation: "bank".into(),
            transfer: "01T".into(),
            route: "r".into(),
            business_date: None,
            epoch: 1,
            required: true,
        }
    }

    fn one(json: &str) -> Batch {
        let event = Pushed {
            record: 2,
            id: "i".into(),
            source: "urn:fpp:bank:r".into(),
            kind: "pm.trade.executed.v1".into(),
            subject: String::new(),
            time: String::new(),
            datahash: [0; 32],
            json: 0..json.len(),
        };
        Batch { json: json.as_bytes().to_vec(), events: vec![event] }
    }

    #[test]
    fn a_message_says_what_the_event_says() {
        let batch = one(r#"{"specversion":"1.0","id":"i","datahash":"ab","data":{"account":"7"}}"#);
        let message = topic("account").message(&posting(), &batch, &batch.events[0]).unwrap();
        assert_eq!((message.key.as_str(), message.id.as_str()), ("7", "i"));
        assert_eq!(message.tag, "pm.trade.executed.v1");
        assert_eq!(message.body, batch.json);
        let value = |name: &str| message.properties.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        assert_eq!(value("CE_specversion"), Some("1.0"));
        assert_eq!(value("CE_datahash"), Some("ab"));
        assert_eq!(value("traceparent"), Some(super::trace::traceparent("01T", "mq").as_str()));
        assert_eq!(value("CE_subject"), None);
    }

    #[test]
    fn the_key_may_stand_within_another_name_and_the_source_takes_its_place() {
        let key = |key: &str, json: &str| {
            let batch = one(json);
            topic(key).message(&posting(), &batch, &batch.events[0]).unwrap().key
        };
        assert_eq!(key("market.code", r#"{"data":{"market":{"code":"00"}}}"#), "00");
        assert_eq!(key("seq", r#"{"data":{"seq":12}}"#), "12");
        for without in [r#"{"data":{"account":null}}"#, r#"{"data":{"account":""}}"#, r#"{"data":{}}"#, "{}"] {
            assert_eq!(key("account", without), "urn:fpp:bank:r", "{without}");
        }
    }

    #[test]
    fn what_was_refused_goes_alone_the_next_time() {
        let topic = topic("account");
        let mut batch = Batch::default();
        for record in [2, 3, 4, 5, Position::END] {
            batch.events.push(Pushed { record, ..one("{}").events.remove(0) });
        }
        let pieces = |posting: &Posting| -> Vec<Vec<u64>> {
            let records = |events: &[Pushed]| events.iter().map(|event| event.record).collect();
            topic.pieces(posting, &batch).into_iter().map(records).collect()
        };
        let whole = vec![vec![2, 3, 4, 5], vec![Position::END]];
        assert_eq!(pieces(&posting()), whole);
        let refused = Refused { record: 4, id: "i".into(), why: "too large".into() };
        topic.remember(&Posting { required: false, ..posting() }, Some(&refused), true);
        assert_eq!(pieces(&posting()), whole, "an optional one goes on behind it");
        topic.remember(&posting(), Some(&refused), true);
        assert_eq!(pieces(&posting()), [vec![2, 3], vec![4], vec![5], vec![Position::END]]);
        assert_eq!(pieces(&Posting { transfer: "01U".into(), ..posting() }), whole);
        topic.remember(&posting(), None, false);
        assert_eq!(pieces(&posting()).len(), 4, "the broker was away: nothing is known");
        topic.remember(&posting(), None, true);
        assert_eq!(pieces(&posting()), whole, "it was taken");
    }
}
