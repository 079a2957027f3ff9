//! Sends messages, and knows when to begin anew.
//!
//! Queues of the topic are sent to side by side, each in its order: after a lot that was not confirmed nothing more goes
//! into that queue. Any fault but a message that is refused by itself gives the line up, so that the next attempt meets
//! the broker as it then is.
//!
//! A key's queue follows from the number of queues. Where that was not agreed the most that were seen count: while there
//! are fewer nothing is sent, because a broker that is away would move keys to the queues of the others.

use crate::fault::{Fault, Kind};
use crate::line::Line;
use crate::lots::{Message, lots};
use crate::queue::{End, Refused, Settled, Unsent, send_lot, up_to_too_large};
use crate::settings::Settings;
use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// Bytes that go together, at most: what the servers' makers advise for a batch.
const LOT_BYTES: usize = 1024 * 1024;

/// Sends to one topic.
pub struct Sender(Box<dyn Sends>);

impl Sender {
    /// Connects at the first send.
    pub fn new(settings: Settings) -> Sender {
        Sender(Box::new(Direct { settings: Arc::new(settings), line: Mutex::new(None), seen: AtomicUsize::new(0) }))
    }

    /// Sends all of them, each key in its order. `Ok` says that every message was confirmed, or refused for good. With
    /// `stops` that holds up to the first that was refused: behind it nothing more is sent, what was under way to other
    /// queues excepted.
    pub async fn send(&self, messages: Vec<Message>, stops: bool) -> Result<Vec<Refused>, Unsent> {
        self.0.send(messages, stops).await
    }

    /// One line about the topic, after asking the name server.
    pub async fn look(&self) -> Result<String, Fault> {
        self.0.look().await
    }

    /// Lets go of the broker.
    pub async fn close(&self) {
        self.0.close().await;
    }
}

/// Hides the client's types, which go so deep that the compiler would give up on whoever uses them.
#[async_trait]
trait Sends: Send + Sync {
    async fn send(&self, messages: Vec<Message>, stops: bool) -> Result<Vec<Refused>, Unsent>;
    async fn look(&self) -> Result<String, Fault>;
    async fn close(&self);
}

struct Direct {
    settings: Arc<Settings>,
    line: Mutex<Option<Arc<Line>>>,
    /// The most queues that the topic had.
    seen: AtomicUsize,
}

#[async_trait]
impl Sends for Direct {
    async fn send(&self, mut messages: Vec<Message>, stops: bool) -> Result<Vec<Refused>, Unsent> {
        let line = self.line().await?;
        let too_large = if stops { up_to_too_large(&self.settings, &mut messages) } else { None };
        let sent = self.send_over(&line, Arc::new(messages), stops).await;
        match sent {
            Ok(mut refused) => {
                // It is behind all that were sent.
                refused.extend(too_large);
                Ok(refused)
            }
            Err(unsent) => {
                self.give_up(&line).await;
                Err(unsent)
            }
        }
    }

    async fn look(&self) -> Result<String, Fault> {
        let line = Line::open(&self.settings).await?;
        let checked = checked(&self.settings, &self.seen, line.queues.len());
        let mut brokers: Vec<&str> = line.queues.iter().map(|queue| queue.broker_name().as_str()).collect();
        brokers.dedup();
        let told = format!("topic {}: {} queues at {}", self.settings.topic, line.queues.len(), brokers.join(", "));
        line.close().await;
        checked.map(|()| told)
    }

    async fn close(&self) {
        if let Some(line) = self.line.lock().await.take().and_then(Arc::into_inner) {
            line.close().await;
        }
    }
}

impl Direct {
    async fn send_over(
        &self,
        line: &Arc<Line>,
        messages: Arc<Vec<Message>>,
        stops: bool,
    ) -> Result<Vec<Refused>, Unsent> {
        let mut queues = JoinSet::new();
        let end = Arc::new(End::new(stops));
        let lot_bytes = LOT_BYTES.min(self.settings.max_message_bytes);
        for (queue, lots) in lots(&messages, line.queues.len(), lot_bytes).into_iter().enumerate() {
            if lots.is_empty() {
                continue;
            }
            let (line, settings) = (line.clone(), self.settings.clone());
            let (messages, end) = (messages.clone(), end.clone());
            queues.spawn(async move {
                let mut settled = Settled::default();
                for lot in lots {
                    if let Err(fault) = send_lot(&line, &settings, queue, &messages, lot, &end, &mut settled).await {
                        return (settled, Some(fault));
                    }
                }
                (settled, None)
            });
        }
        let mut all = Settled::default();
        let mut first = None;
        // All are waited for: what is under way when the caller sends again could overtake.
        while let Some(ended) = queues.join_next().await {
            match ended {
                Ok((settled, fault)) => {
                    all.confirmed.extend(settled.confirmed);
                    all.refused.extend(settled.refused);
                    first = first.or(fault);
                }
                Err(broken) => first = first.or(Some(Fault::new(Kind::Other, format!("sending ended: {broken}")))),
            }
        }
        all.refused.sort_by_key(|refused| refused.place);
        match first {
            None => Ok(all.refused),
            Some(fault) => Err(all.up_to_a_gap(fault)),
        }
    }

    async fn line(&self) -> Result<Arc<Line>, Fault> {
        let mut held = self.line.lock().await;
        if let Some(line) = &*held {
            return Ok(line.clone());
        }
        let line = Line::open(&self.settings).await?;
        if let Err(fault) = checked(&self.settings, &self.seen, line.queues.len()) {
            line.close().await;
            return Err(fault);
        }
        let line = Arc::new(line);
        *held = Some(line.clone());
        Ok(line)
    }

    /// The next send begins with a line of its own; whoever still uses this one meets its end.
    async fn give_up(&self, line: &Arc<Line>) {
        let mut held = self.line.lock().await;
        if held.as_ref().is_some_and(|current| Arc::ptr_eq(current, line)) {
            *held = None;
        }
    }
}

fn checked(settings: &Settings, seen: &AtomicUsize, found: usize) -> Result<(), Fault> {
    let topic = &settings.topic;
    if found == 0 {
        return Err(Fault::new(Kind::NoTopic, format!("topic {topic} has no queue to write to")));
    }
    let before = seen.fetch_max(found, SeqCst);
    let what = match settings.queues {
        Some(agreed) if agreed != found => format!("topic {topic} has {found} queues to write to, not {agreed}"),
        None if found < before => format!("topic {topic} has {found} queues to write to, and had {before} before"),
        _ => return Ok(()),
    };
    Err(Fault::new(Kind::Queues, what))
}

#[cfg(test)]
mod tests {
    use super::checked;
    use crate::fault::Kind;
    use crate::settings::Settings;
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    #[test]
    fn a_topic_that_has_fewer_queues_than_before_is_waited_for() {
        let settings = |queues| Settings {
            name_servers: "127.0.0.1:1".to_owned(),
            group: "g".to_owned(),
            topic: "t".to_owned(),
            user: None,
            timeout: Duration::from_secs(1),
            queues,
            max_message_bytes: 1_024,
        };
        let fault = |settings: &Settings, seen: &AtomicUsize, found| checked(settings, seen, found).err();
        let (open, seen) = (settings(None), AtomicUsize::new(0));
        assert!(fault(&open, &seen, 4).is_none());
        let fewer = fault(&open, &seen, 2).expect("one of two brokers is away");
        assert_eq!((fewer.kind, &*fewer.what), (Kind::Queues, "topic t has 2 queues to write to, and had 4 before"));
        assert!(fault(&open, &seen, 4).is_none(), "it is back");
        assert!(fault(&open, &seen, 8).is_none(), "more were made");
        assert_eq!(fault(&open, &seen, 4).map(|fault| fault.kind), Some(Kind::Queues));
        assert_eq!(fault(&open, &seen, 0).map(|fault| fault.kind), Some(Kind::NoTopic));
        let (agreed, seen) = (settings(Some(4)), AtomicUsize::new(0));
        for (found, is_good) in [(8, false), (4, true), (2, false), (4, true)] {
            assert_eq!(fault(&agreed, &seen, found).is_none(), is_good, "{found}");
        }
    }
}
