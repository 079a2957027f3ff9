//! Words that take as long as they take: of a whole partner, and replays. Whoever said one may go, and it goes on.
//!
//! Invariants: each is a task of its own, whose end stands in the log whatever becomes of its caller; the same word is not
//! under way twice at one node; a node that stops waits until each is at a place where it can be left.

use super::said::Said;
use crate::error::{Error, Result};
use fpp_codecs::Code;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// What is under way at this node.
#[derive(Debug, Default)]
pub struct UnderWay {
    words: Mutex<BTreeSet<String>>,
    count: watch::Sender<usize>,
}

/// One of them, until it is dropped.
struct Place {
    of: Arc<UnderWay>,
    word: String,
    /// It came to its end, good or bad.
    ended: bool,
}

impl UnderWay {
    fn begin(self: &Arc<UnderWay>, word: String) -> Result<Place> {
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        if !words.insert(word.clone()) {
            return Err(Error::halt(Code::REFUSED, format!("{word} is under way already"))
                .hint("Wait for its end, which the node's log tells."));
        }
        self.count.send_replace(words.len());
        Ok(Place { of: self.clone(), word, ended: false })
    }

    /// Waits until none is.
    pub async fn ended(&self) {
        // An error would mean that this is gone.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Place {
    fn end(mut self) {
        self.ended = true;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.ended {
            tracing::warn!(word = self.word, "cut off; what it did stands in the journal, the rest is not done");
        }
        let mut words = self.of.words.lock().unwrap_or_else(PoisonError::into_inner);
        words.remove(&self.word);
        self.of.count.send_replace(words.len());
    }
}

/// Carries a word out in a task of its own, and tells how it ended. The word says what must not be under way twice.
pub(super) async fn carry_out<W>(under_way: &Arc<UnderWay>, word: String, by: &str, work: W) -> Result<Said>
where
    W: Future<Output = Result<Said>> + Send + 'static,
{
    let place = under_way.begin(word)?;
    let by = by.to_owned();
    let task = tokio::spawn(async move {
        let ended = work.await;
        match &ended {
            Ok(said) => tracing::info!(word = place.word, by, "{}", said.message),
            Err(error) => tracing::warn!(word = place.word, by, "not done, or not all of it: {error}"),
        }
        place.end();
        ended
    });
    task.await.map_err(|e| Error::internal("a task stopped unexpectedly").caused_by(e))?
}

/// Refused when the node stops: nothing more is begun then.
pub(super) fn go_on(stopped: &watch::Receiver<bool>) -> Result<()> {
    if *stopped.borrow() {
        return Err(Error::retry(Code::UNREACHABLE, "the node stops")
            .hint("What was done stands in the journal. Say it again for the rest, to a node that runs."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORD: &str = "replay of pmtrd into services";

    #[tokio::test]
    async fn a_word_is_under_way_once() {
        let under_way = Arc::new(UnderWay::default());
        let first = under_way.begin(WORD.to_owned()).unwrap();
        let again = carry_out(&under_way, WORD.to_owned(), "li: x", async { Ok(Said::from("done".to_owned())) }).await;
        assert_eq!(again.unwrap_err().code, Code::REFUSED);
        let other = carry_out(&under_way, "retry of partner core-in".to_owned(), "li: x", async {
            Ok(Said::from("done".to_owned()))
        });
        assert_eq!(other.await.unwrap().message, "done");
        drop(first);
        under_way.begin(WORD.to_owned()).unwrap();
    }

    #[tokio::test]
    async fn it_goes_on_when_its_caller_is_gone_and_a_stop_waits_for_its_end() {
        let under_way = Arc::new(UnderWay::default());
        let (end, ends) = tokio::sync::oneshot::channel::<()>();
        let (begun, begins) = tokio::sync::oneshot::channel::<()>();
        let own = under_way.clone();
        let caller = tokio::spawn(async move {
            let work = async move {
                begun.send(()).unwrap();
                ends.await.unwrap();
                Ok(Said::from("done".to_owned()))
            };
            carry_out(&own, WORD.to_owned(), "li: x", work).await
        });
        begins.await.unwrap();
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        assert!(under_way.begin(WORD.to_owned()).is_err(), "it goes on");
        let waits = tokio::spawn({
            let under_way = under_way.clone();
            async move { under_way.ended().await }
        });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished(), "it is under way");
        end.send(()).unwrap();
        waits.await.unwrap();
        under_way.begin(WORD.to_owned()).unwrap();
    }
}
