//! From tokens to a compiled condition, by descent: `or` binds least, then `and`, then `not`.

use super::compile::{self, Left, Literal, Scope};
use super::model::{ConditionFault, DEEPEST, Node, Relation};
use super::token::{Token, What, tokens};

const RELATIONS: &[(&str, Relation)] = &[
    ("==", Relation::Equal),
    ("!=", Relation::Unequal),
    ("<", Relation::Less),
    ("<=", Relation::LessOrEqual),
    (">", Relation::Greater),
    (">=", Relation::GreaterOrEqual),
];

/// Words of the language, which no field goes by.
const WORDS: &[&str] = &["and", "or", "not", "in", "is", "null", "length", "record.at"];

pub(super) fn parse(text: &str, scope: &Scope<'_>) -> Result<Node, ConditionFault> {
    let mut parser = Parser { tokens: tokens(text)?, next: 0, end: text.len(), depth: 0, scope };
    let node = parser.any()?;
    match parser.peek() {
        None => Ok(node),
        Some(_) => Err(parser.fault("`and` or `or` is due here, or the end")),
    }
}

struct Parser<'s> {
    tokens: Vec<Token>,
    next: usize,
    end: usize,
    depth: usize,
    scope: &'s Scope<'s>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&What> {
        self.tokens.get(self.next).map(|token| &token.what)
    }

    fn place(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |token| token.at)
    }

    fn fault(&self, message: &str) -> ConditionFault {
        ConditionFault { at: self.place(), message: message.to_owned(), unknown: false }
    }

    fn take(&mut self, wanted: &str) -> bool {
        let found = match self.peek() {
            Some(What::Word(word)) => word == wanted,
            Some(What::Sign(sign)) => *sign == wanted,
            _ => false,
        };
        self.next += usize::from(found);
        found
    }

    fn need(&mut self, wanted: &str) -> Result<(), ConditionFault> {
        if self.take(wanted) { Ok(()) } else { Err(self.fault(&format!("`{wanted}` is due here"))) }
    }

    fn any(&mut self) -> Result<Node, ConditionFault> {
        let mut parts = vec![self.all()?];
        while self.take("or") {
            parts.push(self.all()?);
        }
        Ok(joined(parts, Node::Any))
    }

    fn all(&mut self) -> Result<Node, ConditionFault> {
        let mut parts = vec![self.negated()?];
        while self.take("and") {
            match self.negated()? {
                Node::All(more) => parts.extend(more),
                part => parts.push(part),
            }
        }
        Ok(joined(parts, Node::All))
    }

    fn negated(&mut self) -> Result<Node, ConditionFault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.fault(&format!("more than {DEEPEST} levels")));
        }
        let node = if self.take("not") {
            Node::Not(Box::new(self.negated()?))
        } else if self.take("(") {
            let node = self.any()?;
            self.need(")")?;
            node
        } else {
            self.test()?
        };
        self.depth -= 1;
        Ok(node)
    }

    fn test(&mut self) -> Result<Node, ConditionFault> {
        let at = self.place();
        let left = self.left()?;
        if self.take("is") {
            let negated = self.take("not");
            self.need("null")?;
            let test = compile::null(left, at, self.scope)?;
            return Ok(if negated { Node::Not(Box::new(test)) } else { test });
        }
        let negated = self.take("not");
        if self.take("in") {
            let values = self.list()?;
            let test = compile::test(left, at, Relation::Equal, values, self.scope)?;
            return Ok(if negated { Node::Not(Box::new(test)) } else { test });
        }
        if negated {
            return Err(self.fault("`in` is due here"));
        }
        let relation = RELATIONS.iter().find(|(sign, _)| self.take(sign)).map(|(_, relation)| *relation);
        let relation = relation.ok_or_else(|| self.fault("a comparison is due here: == != < <= > >= in is"))?;
        let value = (self.place(), self.right()?);
        compile::test(left, at, relation, vec![value], self.scope)
    }

    fn list(&mut self) -> Result<Vec<(usize, Literal)>, ConditionFault> {
        self.need("[")?;
        let mut values = vec![(self.place(), self.literal()?)];
        while self.take(",") {
            values.push((self.place(), self.literal()?));
        }
        self.need("]")?;
        Ok(values)
    }

    fn left(&mut self) -> Result<Left, ConditionFault> {
        if self.take("length") {
            return Ok(Left::Length);
        }
        if self.take("record.at") {
            self.need("(")?;
            let from = self.count()?;
            self.need(",")?;
            let length = self.count()?;
            self.need(")")?;
            return Ok(Left::Place { at: from - 1, length });
        }
        self.field().map(Left::Field)
    }

    /// A field by its name, or by its name in capital letters.
    fn field(&mut self) -> Result<usize, ConditionFault> {
        let Some(What::Word(word)) = self.peek() else {
            return Err(self.fault("a field, `length` or `record.at(from, bytes)` is due here"));
        };
        if WORDS.contains(&word.as_str()) {
            return Err(self.fault(&format!("a field is due here, and `{word}` is none")));
        }
        let small = WORDS.contains(&word.to_lowercase().as_str());
        let found = self.scope.find(word).or_else(|| self.scope.find(&word.to_uppercase()));
        match found {
            Some(field) => {
                self.next += 1;
                Ok(field)
            }
            None if small => Err(self.fault(&format!("`{}` is written small", word.to_lowercase()))),
            None => {
                let fault = self.fault(&format!("{} has no field {word}", self.scope.layout.name));
                Err(ConditionFault { unknown: true, ..fault })
            }
        }
    }

    /// A number from 1 that a place or a length can be.
    fn count(&mut self) -> Result<usize, ConditionFault> {
        let number = match self.peek() {
            Some(What::Number(digits)) => digits.parse::<usize>().ok().filter(|n| (1..=1 << 24).contains(n)),
            _ => None,
        };
        let number = number.ok_or_else(|| self.fault("a whole number from 1 is due here"))?;
        self.next += 1;
        Ok(number)
    }

    fn right(&mut self) -> Result<Literal, ConditionFault> {
        match self.peek() {
            Some(What::Word(_)) => self.field().map(Literal::Field),
            _ => self.literal(),
        }
    }

    fn literal(&mut self) -> Result<Literal, ConditionFault> {
        let literal = match self.peek() {
            Some(What::Text(text)) => Literal::Text(text.clone()),
            Some(What::Number(number)) => Literal::Number(number.clone()),
            Some(What::Bytes(bytes)) => Literal::Bytes(bytes.clone()),
            _ => return Err(self.fault("a text, a number or bytes x'..' are due here")),
        };
        self.next += 1;
        Ok(literal)
    }
}

fn joined(mut parts: Vec<Node>, whole: fn(Vec<Node>) -> Node) -> Node {
    match parts.len() {
        1 => parts.remove(0),
        _ => whole(parts),
    }
}
