//! Why messages were not confirmed, in words for an operator.
//!
//! The client tells a missing topic, a broker that is not registered and a name server that does not answer by one and the
//! same error, and drops what the broker wrote; so only the broker's code and a connection of our own decide here. Every
//! kind may pass by itself: none of them is a reason to give a message up.

use rocketmq_client_rust::ClientError;
use std::fmt;

/// What the caller does about it is the same, what a person does is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No name server or no broker answers.
    Unreachable,
    /// No broker has the topic.
    NoTopic,
    /// The topic has another number of queues than was agreed.
    Queues,
    /// The broker takes nothing at the moment: its disk is full, or it shuts down.
    Full,
    /// The broker has too much to do.
    Busy,
    /// User, secret or permission.
    Login,
    /// Taken, but not as safely as the broker is told to keep it.
    Unsafe,
    /// This message, and no other, is refused for good.
    Illegal,
    /// Anything else that the broker answered.
    Other,
}

/// What stood in the way.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Its kind.
    pub kind: Kind,
    /// What happened, with names of servers, without content.
    pub what: String,
    /// What to do.
    pub hint: &'static str,
}

impl Fault {
    pub(crate) fn new(kind: Kind, what: impl Into<String>) -> Fault {
        let hint = match kind {
            Kind::Unreachable => "Look at name servers and brokers, and at the way to them. Goes on by itself.",
            Kind::NoTopic => {
                "Create the topic, or start the broker that has it: producers create none. Goes on by itself."
            }
            Kind::Queues => {
                "A key's order holds only while the topic keeps its queues: bring the missing broker back. If the topic \
                 was changed on purpose: when every consumer has read what was sent before, set `queues` and restart fpp."
            }
            Kind::Full => "Free space at the broker, or lower what it keeps. Goes on by itself.",
            Kind::Busy => "The broker is overloaded. Goes on by itself.",
            Kind::Login => "Let the user publish in the topic, and compare its secret. Goes on by itself.",
            Kind::Unsafe => "Look at the broker's disk and at its replicas. Sent again until it is kept safely.",
            Kind::Illegal => "Compare the size of the message with the broker's `maxMessageSize`.",
            Kind::Other => "Look at the broker's log. Goes on by itself.",
        };
        Fault { kind, what: what.into(), hint }
    }

    /// What a client's error means; a lost line where nobody answered.
    pub(crate) fn of(error: &ClientError, doing: &str) -> Fault {
        let Some(code) = error.broker_response_code() else {
            return Fault::new(Kind::Unreachable, format!("{doing}: {}", words(error)));
        };
        let (kind, meaning) = match code {
            2 | 210 | 215 => (Kind::Busy, "busy"),
            10 => (Kind::Unsafe, "its disk did not follow in time"),
            11 | 12 => (Kind::Unsafe, "its replica did not follow"),
            13 => (Kind::Illegal, "the message is not allowed"),
            14 => (Kind::Full, "takes nothing: its disk is full, or it is not the one that writes"),
            17 => (Kind::NoTopic, "it does not have the topic"),
            16 => (Kind::Login, "no permission"),
            _ => (Kind::Other, "an error"),
        };
        let broker = error.broker_addr().unwrap_or("the broker");
        Fault::new(kind, format!("{doing}: {broker} answered {meaning} (code {code})"))
    }
}

/// The client's error and what is below it, which says more.
fn words(error: &ClientError) -> String {
    let mut text = error.to_string();
    let mut below = std::error::Error::source(error);
    while let Some(cause) = below {
        let more = cause.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        below = cause.source();
    }
    text
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::{ClientError, Fault, Kind};

    /// What a broker's code of an answer means, as RocketMQ 5 has them, in words that a person knows a broker by.
    #[test]
    fn a_code_of_the_broker_says_what_stands_in_the_way() {
        for (code, kind, words) in [
            (1, Kind::Other, "an error"),
            (2, Kind::Busy, "busy"),
            (10, Kind::Unsafe, "its disk did not follow"),
            (11, Kind::Unsafe, "its replica did not follow"),
            (12, Kind::Unsafe, "its replica did not follow"),
            (13, Kind::Illegal, "not allowed"),
            (14, Kind::Full, "its disk is full"),
            (16, Kind::Login, "no permission"),
            (17, Kind::NoTopic, "does not have the topic"),
            (210, Kind::Busy, "busy"),
            (215, Kind::Busy, "busy"),
            (4_242, Kind::Other, "an error"),
        ] {
            let error = ClientError::broker_operation_failed_at("SEND", code, "its own words", Some("10.1.2.3:10911"));
            let fault = Fault::of(&error, "topic t, a queue 3");
            assert_eq!(fault.kind, kind, "{code}");
            for part in ["topic t, a queue 3: 10.1.2.3:10911 answered", words, &format!("(code {code})")] {
                assert!(fault.what.contains(part), "{code}: {fault}");
            }
            assert!(!fault.hint.is_empty(), "{code}");
        }
        let unknown = Fault::of(&ClientError::broker_operation_failed("SEND", 2, ""), "topic t");
        assert!(unknown.what.contains("the broker answered busy"), "{unknown}");
    }

    #[test]
    fn without_an_answer_nobody_was_reached() {
        for error in [
            ClientError::timeout("SEND", 3_000),
            ClientError::route_not_found("t"),
            ClientError::broker_not_found("a"),
            ClientError::not_started(),
        ] {
            let fault = Fault::of(&error, "topic t");
            assert_eq!(fault.kind, Kind::Unreachable, "{fault}");
            assert!(fault.what.starts_with("topic t: "), "{fault}");
        }
    }
}
