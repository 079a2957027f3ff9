//! Which queue a message goes into, and how many go together.
//!
//! A key's queue is the one that the official Java client's `SelectMessageQueueByHash` takes, so that producers of both
//! kinds agree. It holds as long as the topic keeps its number of queues.

/// What a message costs beside its texts, at most: the fixed part of a message in a batch.
const FRAME_BYTES: usize = 64;

/// One message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// What it is kept in order by.
    pub key: String,
    /// What it is found by, `KEYS`; it has no blanks.
    pub id: String,
    /// What consumers filter by, `TAGS`.
    pub tag: String,
    /// Names and values beside it.
    pub properties: Vec<(String, String)>,
    /// Content.
    pub body: Vec<u8>,
}

impl Message {
    /// Bytes that it takes in a batch, rather too many than too few.
    pub fn size(&self) -> usize {
        let properties: usize = self.properties.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
        // The client adds its own id, and the names of key, id and tag.
        FRAME_BYTES + 128 + self.body.len() + self.key.len() + self.id.len() + self.tag.len() + properties
    }
}

/// Messages that go to one queue together.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Lot {
    /// Places in the list they came in.
    pub places: Vec<usize>,
    /// Together.
    pub bytes: usize,
}

/// The queue, from 0, of a key in a topic with so many.
pub fn queue_of(key: &str, queues: usize) -> usize {
    // `String.hashCode` of Java, over UTF-16.
    let hash = key.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    usize::try_from((i64::from(hash) % i64::try_from(queues.max(1)).unwrap_or(i64::MAX)).unsigned_abs()).unwrap_or(0)
}

/// The lots of each queue, in the order they must go; none of more than `bytes` unless it is one message.
pub fn lots(messages: &[Message], queues: usize, bytes: usize) -> Vec<Vec<Lot>> {
    let mut all: Vec<Vec<Lot>> = (0..queues).map(|_| Vec::new()).collect();
    for (place, message) in messages.iter().enumerate() {
        let Some(queue) = all.get_mut(queue_of(&message.key, queues)) else { continue };
        let size = message.size();
        match queue.last_mut().filter(|lot| lot.bytes + size <= bytes) {
            Some(lot) => {
                lot.places.push(place);
                lot.bytes += size;
            }
            None => queue.push(Lot { places: vec![place], bytes: size }),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{Message, lots, queue_of};

    /// `Math.abs("..".hashCode() % n)`, from a JDK.
    #[test]
    fn a_key_has_the_queue_that_the_official_client_gives_it() {
        assert_eq!(queue_of("user_12345", 3), 2);
        assert_eq!(queue_of("order-123", 4), 1);
        assert_eq!(queue_of("rocketmq", 10), 4);
        assert_eq!(queue_of("中文key", 1024), 805);
        assert_eq!(queue_of("anything", 0), 0);
        // Its hash is the smallest integer there is, which has no positive twin.
        assert_eq!(queue_of("polygenelubricants", 7), 2);
    }

    #[test]
    fn each_key_keeps_its_order_and_no_lot_is_too_large() {
        let messages: Vec<Message> = (0..200)
            .map(|n| Message { key: format!("account {}", n % 7), body: vec![b'x'; n * 3], ..Message::default() })
            .collect();
        let all = lots(&messages, 4, 2_000);
        let mut seen = Vec::new();
        for (queue, lots) in all.iter().enumerate() {
            let places: Vec<usize> = lots.iter().flat_map(|lot| lot.places.clone()).collect();
            assert!(places.is_sorted(), "{places:?}");
            for lot in lots {
                let bytes: usize = lot.places.iter().map(|at| messages[*at].size()).sum();
                assert!(bytes == lot.bytes && bytes <= 2_000, "{lot:?}");
                assert!(lot.places.iter().all(|at| queue_of(&messages[*at].key, 4) == queue));
            }
            seen.extend(places);
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..200).collect::<Vec<_>>());
    }

    #[test]
    fn one_message_larger_than_a_lot_goes_by_itself() {
        let large = |bytes| Message { key: "a".into(), body: vec![0; bytes], ..Message::default() };
        let all = lots(&[large(1), large(5_000), large(1)], 1, 1_000);
        let places: Vec<Vec<usize>> = all[0].iter().map(|lot| lot.places.clone()).collect();
        assert_eq!(places, [[0], [1], [2]]);
    }
}
