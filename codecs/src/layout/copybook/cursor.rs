//! A place among tokens, and what a parser asks of it.
//!
//! A period may be missing: a level number that begins a line and is followed by a name begins an entry even so.

use super::notes::Place;
use super::token::{Token, What};

/// Reads tokens one after the other.
pub(super) struct Cursor {
    tokens: Vec<Token>,
    at: usize,
    last: Place,
}

impl Cursor {
    /// At the first token.
    pub(super) fn new(tokens: Vec<Token>) -> Cursor {
        Cursor { tokens, at: 0, last: Place { line: 1, column: 1, ..Place::default() } }
    }

    /// The next token.
    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    /// Takes a token.
    pub(super) fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at)?.clone();
        self.last = token.place;
        self.at += 1;
        Some(token)
    }

    /// Takes a certain word, if it is next.
    pub(super) fn eat(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is(word));
        if found {
            self.take();
        }
        found
    }

    /// Takes one of some words.
    pub(super) fn eat_one(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.eat(word))
    }

    /// Whether the token after the next is one of some words.
    pub(super) fn follows(&self, words: &[&str]) -> bool {
        self.tokens.get(self.at + 1).is_some_and(|token| words.iter().any(|word| token.is(word)))
    }

    /// Whether any token is a certain word.
    pub(super) fn has(&self, word: &str) -> bool {
        self.tokens.iter().any(|token| token.is(word))
    }

    /// Takes a whole number.
    pub(super) fn number(&mut self) -> Option<u32> {
        let number = self.peek()?.number()?;
        self.take();
        Some(number)
    }

    /// Takes a word that is no number and ends no entry.
    pub(super) fn word(&mut self) -> Option<(String, Place)> {
        let token = self.peek()?;
        let word = token.what.word().filter(|_| token.number().is_none())?.to_uppercase();
        let place = token.place;
        self.take();
        Some((word, place))
    }

    /// The place of the next token, or of the last one at the end.
    pub(super) fn place(&self) -> Place {
        self.peek().map_or(self.last, |token| token.place)
    }

    /// Whether the entry ends here: by a period, by the end, or because the next begins.
    pub(super) fn ends(&self) -> bool {
        self.peek().is_none_or(|token| token.what == What::Period) || self.begins_entry()
    }

    /// Whether a level number begins the line and a name or clause follows it.
    pub(super) fn begins_entry(&self) -> bool {
        let level = self.peek().filter(|token| token.first).and_then(Token::number);
        let next = self.tokens.get(self.at + 1);
        let goes_on = |next: &Token| ["THRU", "THROUGH", "WHEN", "TIMES", "TO"].iter().any(|word| next.is(word));
        let named = next.is_some_and(|next| next.what.word().is_some() && next.number().is_none() && !goes_on(next));
        named && level.is_some_and(is_level)
    }

    /// Goes to the end of the entry.
    pub(super) fn skip_entry(&mut self) {
        while !self.ends() {
            self.take();
        }
    }

    /// Goes behind the next period.
    pub(super) fn skip_sentence(&mut self) {
        while self.take().is_some_and(|token| token.what != What::Period) {}
    }
}

/// Whether a number can be a level.
pub(super) fn is_level(level: u32) -> bool {
    matches!(level, 1..=49 | 66 | 77 | 78 | 88)
}
