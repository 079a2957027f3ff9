//! Sends messages, and knows when to begin anew.
//!
//! Queues of the topic are sent to side by side, each in its order: after a lot that was not confirmed nothing more goes
//! into that queue. Any fault but a message that is refused by itself gives the line up, so that the next attempt meets
//! the broker as it then is.

use crate::fault::{Fault, Kind};
use crate::line::Line;
use crate::lots::{Lot, Message, lots};
use crate::settings::Settings;
use async_trait::async_trait;
use std::sync::Arc;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// Bytes that go together, at most: what the servers' makers advise for a batch.
const LOT_BYTES: usize = 1024 * 1024;

/// A message that the broker will never take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its place among those given.
    pub place: usize,
    /// Why.
    pub why: String,
}

/// Messages of which some were not confirmed; those behind the settled ones may be there or not.
#[derive(Clone, Debug)]
pub struct Unsent {
    /// Why.
    pub fault: Fault,
    /// So many, from the first on, were confirmed or refused for good.
    pub settled: usize,
    /// Those of them that were refused.
    pub refused: Vec<Refused>,
}

impl From<Fault> for Unsent {
    fn from(fault: Fault) -> Unsent {
        Unsent { fault, settled: 0, refused: Vec::new() }
    }
}

/// Sends to one topic.
pub struct Sender(Box<dyn Sends>);

impl Sender {
    /// Connects at the first send.
    pub fn new(settings: Settings) -> Sender {
        Sender(Box::new(Direct { settings: Arc::new(settings), line: Mutex::new(None) }))
    }

    /// Sends all of them, each key in its order. `Ok` says that every message was confirmed, or refused for good.
    pub async fn send(&self, messages: Vec<Message>) -> Result<Vec<Refused>, Unsent> {
        self.0.send(messages).await
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
    async fn send(&self, messages: Vec<Message>) -> Result<Vec<Refused>, Unsent>;
    async fn look(&self) -> Result<String, Fault>;
    async fn close(&self);
}

struct Direct {
    settings: Arc<Settings>,
    line: Mutex<Option<Arc<Line>>>,
}

#[async_trait]
impl Sends for Direct {
    async fn send(&self, messages: Vec<Message>) -> Result<Vec<Refused>, Unsent> {
        let line = self.line().await?;
        let sent = self.send_over(&line, Arc::new(messages)).await;
        if sent.is_err() {
            self.give_up(&line).await;
        }
        sent
    }

    async fn look(&self) -> Result<String, Fault> {
        let line = Line::open(&self.settings).await?;
        let checked = checked(&self.settings, &line);
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

/// What one queue settled.
#[derive(Default)]
struct Settled {
    confirmed: Vec<usize>,
    refused: Vec<Refused>,
}

impl Direct {
    async fn send_over(&self, line: &Arc<Line>, messages: Arc<Vec<Message>>) -> Result<Vec<Refused>, Unsent> {
        let mut queues = JoinSet::new();
        let lot_bytes = LOT_BYTES.min(self.settings.max_message_bytes);
        for (queue, lots) in lots(&messages, line.queues.len(), lot_bytes).into_iter().enumerate() {
            if lots.is_empty() {
                continue;
            }
            let (line, settings, messages) = (line.clone(), self.settings.clone(), messages.clone());
            queues.spawn(async move {
                let mut settled = Settled::default();
                for lot in lots {
                    if let Err(fault) = send_lot(&line, &settings, queue, &messages, lot, &mut settled).await {
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
        if let Err(fault) = checked(&self.settings, &line) {
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

impl Settled {
    /// What of it is a beginning of the messages.
    fn up_to_a_gap(self, fault: Fault) -> Unsent {
        let mut places: Vec<usize> = self.confirmed;
        places.extend(self.refused.iter().map(|refused| refused.place));
        places.sort_unstable();
        let settled = places.iter().enumerate().take_while(|(at, place)| at == *place).count();
        let refused = self.refused.into_iter().filter(|refused| refused.place < settled).collect();
        Unsent { fault, settled, refused }
    }
}

fn checked(settings: &Settings, line: &Line) -> Result<(), Fault> {
    let found = line.queues.len();
    if found == 0 {
        return Err(Fault::new(Kind::NoTopic, format!("topic {} has no queue to write to", settings.topic)));
    }
    match settings.queues {
        Some(agreed) if agreed != found => {
            let what = format!("topic {} has {found} queues to write to, not {agreed}", settings.topic);
            Err(Fault::new(Kind::Queues, what))
        }
        _ => Ok(()),
    }
}

/// A lot that the broker does not allow is sent one by one, so that only the message at fault is refused.
async fn send_lot(
    line: &Line,
    settings: &Settings,
    queue: usize,
    messages: &[Message],
    lot: Lot,
    settled: &mut Settled,
) -> Result<(), Fault> {
    let at = |place: &usize| messages.get(*place);
    let fits = |place: &usize| at(place).is_some_and(|message| message.size() <= settings.max_message_bytes);
    let (fitting, too_large): (Vec<usize>, Vec<usize>) = lot.places.iter().partition(|place| fits(place));
    settled.refused.extend(too_large.into_iter().map(|place| {
        let bytes = at(&place).map_or(0, Message::size);
        let most = settings.max_message_bytes;
        Refused { place, why: format!("{bytes} bytes with its properties, and the topic takes {most}") }
    }));
    let together: Vec<&Message> = fitting.iter().filter_map(at).collect();
    if together.is_empty() {
        return Ok(());
    }
    match line.send(settings, queue, &together).await {
        Err(fault) if fault.kind == Kind::Illegal => {}
        sent => {
            sent?;
            settled.confirmed.extend(fitting);
            return Ok(());
        }
    }
    for place in fitting {
        let Some(message) = at(&place) else { continue };
        match line.send(settings, queue, &[message]).await {
            Err(fault) if fault.kind == Kind::Illegal => settled.refused.push(Refused { place, why: fault.what }),
            sent => {
                sent?;
                settled.confirmed.push(place);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Refused, Settled};
    use crate::fault::{Fault, Kind};

    #[test]
    fn settled_is_what_has_no_gap_before_it() {
        let unsent = |confirmed: &[usize], refused: &[usize]| {
            let refused = refused.iter().map(|place| Refused { place: *place, why: "too large".to_owned() }).collect();
            let settled = Settled { confirmed: confirmed.to_vec(), refused };
            let unsent = settled.up_to_a_gap(Fault::new(Kind::Busy, "busy"));
            (unsent.settled, unsent.refused.iter().map(|refused| refused.place).collect::<Vec<_>>())
        };
        assert_eq!(unsent(&[], &[]), (0, vec![]));
        assert_eq!(unsent(&[1, 2, 3], &[]), (0, vec![]));
        // Queues end in any order.
        assert_eq!(unsent(&[4, 0, 2, 6], &[1, 7]), (3, vec![1]));
        assert_eq!(unsent(&[2, 1], &[0]), (3, vec![0]));
    }
}
