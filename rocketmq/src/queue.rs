//! One queue's part of a send: its lots one after the other, and what of them was settled.
//!
//! Invariants: behind a lot that was not confirmed nothing more goes into the queue; where sending stops at a message that
//! is refused nothing is begun behind it, in any queue.

use crate::fault::{Fault, Kind};
use crate::line::Line;
use crate::lots::{Lot, Message};
use crate::settings::Settings;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

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

/// Where sending ends, for all queues: behind the first message that was refused, if it stops there.
pub(crate) struct End {
    stops: bool,
    first: AtomicUsize,
}

impl End {
    /// Of a send that stops there, or does not.
    pub(crate) fn new(stops: bool) -> End {
        End { stops, first: AtomicUsize::new(usize::MAX) }
    }

    fn is_before(&self, place: usize) -> bool {
        self.first.load(SeqCst) < place
    }

    fn refused(&self, place: usize) {
        if self.stops {
            self.first.fetch_min(place, SeqCst);
        }
    }
}

/// What one queue settled.
#[derive(Default)]
pub(crate) struct Settled {
    pub(crate) confirmed: Vec<usize>,
    pub(crate) refused: Vec<Refused>,
}

impl Settled {
    /// What of it is a beginning of the messages.
    pub(crate) fn up_to_a_gap(self, fault: Fault) -> Unsent {
        let mut places: Vec<usize> = self.confirmed;
        places.extend(self.refused.iter().map(|refused| refused.place));
        places.sort_unstable();
        let settled = places.iter().enumerate().take_while(|(at, place)| at == *place).count();
        let refused = self.refused.into_iter().filter(|refused| refused.place < settled).collect();
        Unsent { fault, settled, refused }
    }
}

/// What of the messages is sent when sending stops at a refused one: those before the first that is too large, which is
/// known beforehand.
pub(crate) fn up_to_too_large(settings: &Settings, messages: &mut Vec<Message>) -> Option<Refused> {
    let place = messages.iter().position(|message| !settings.takes(message))?;
    let refused = settings.too_large(place, messages.get(place)?);
    messages.truncate(place);
    Some(refused)
}

impl Settings {
    fn takes(&self, message: &Message) -> bool {
        message.size() <= self.max_message_bytes
    }

    fn too_large(&self, place: usize, message: &Message) -> Refused {
        let (bytes, most) = (message.size(), self.max_message_bytes);
        Refused { place, why: format!("{bytes} bytes with its properties, and the topic takes {most}") }
    }
}

/// A lot that the broker does not allow is sent one by one, so that only the message at fault is refused. So is one that it
/// cannot take for a reason that it does not name: it says of messages that are too large together that it is broken.
pub(crate) async fn send_lot(
    line: &Line,
    settings: &Settings,
    queue: usize,
    messages: &[Message],
    lot: Lot,
    end: &End,
    settled: &mut Settled,
) -> Result<(), Fault> {
    let mut fitting = Vec::with_capacity(lot.places.len());
    for place in lot.places {
        match messages.get(place) {
            Some(message) if settings.takes(message) => fitting.push((place, message)),
            Some(message) => settled.refused.push(settings.too_large(place, message)),
            None => {}
        }
    }
    if fitting.first().is_none_or(|(place, _)| end.is_before(*place)) {
        return Ok(());
    }
    let together: Vec<&Message> = fitting.iter().map(|(_, message)| *message).collect();
    match line.send(settings, queue, &together).await {
        Err(fault) if fault.kind == Kind::Illegal => {}
        Err(fault) if fault.kind == Kind::Other && together.len() > 1 => {}
        sent => {
            sent?;
            settled.confirmed.extend(fitting.iter().map(|(place, _)| *place));
            return Ok(());
        }
    }
    for (place, message) in fitting {
        if end.is_before(place) {
            return Ok(());
        }
        match line.send(settings, queue, &[message]).await {
            Err(fault) if fault.kind == Kind::Illegal => {
                end.refused(place);
                settled.refused.push(Refused { place, why: fault.what });
            }
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
    use super::{Message, Refused, Settings, Settled, up_to_too_large};
    use crate::fault::{Fault, Kind};
    use std::time::Duration;

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

    #[test]
    fn what_is_too_large_is_found_before_anything_is_sent() {
        let settings = Settings {
            name_servers: String::new(),
            group: String::new(),
            topic: String::new(),
            user: None,
            timeout: Duration::from_secs(1),
            queues: None,
            max_message_bytes: 1_024,
        };
        let of = |sizes: &[usize]| -> Vec<Message> {
            sizes.iter().map(|bytes| Message { body: vec![b'x'; *bytes], ..Message::default() }).collect()
        };
        let mut messages = of(&[1, 500, 2_000, 1, 3_000]);
        let refused = up_to_too_large(&settings, &mut messages).map(|refused| refused.place);
        assert_eq!((refused, messages), (Some(2), of(&[1, 500])));
        let mut messages = of(&[1, 1]);
        assert_eq!((up_to_too_large(&settings, &mut messages), messages.len()), (None, 2));
    }
}
