//! From the text of an expression to typed steps. The crate `cel` reads the text; everything it knows and we do not
//! compute exactly, or not in bounded time, is refused here with what to write instead.

use super::model::{Arithmetic, Compiled, Function, LONGEST, NODES, Node, Relation, Type, Value};
use crate::trade::fields::{self, FieldRef};
use cel::common::ast::{CallExpr, Expr, LiteralValue, operators as ops};
use cel::parser::{Expression as Read, Parser};
use fpp_codecs::format::RecordFormat;
use fpp_codecs::layout::Kind;
use fpp_codecs::record::Decimal;

/// Deepest nesting of an expression.
const DEEPEST: u16 = 32;
/// Most digits after the point that a function gives.
const DIGITS: i64 = 18;

type Result<T> = std::result::Result<T, String>;

pub(super) fn compile(text: &str, record: &RecordFormat) -> Result<Compiled> {
    if text.len() > LONGEST {
        return Err(format!("the expression is longer than {LONGEST} bytes"));
    }
    let brackets = text.bytes().filter(|byte| b"([{".contains(byte)).count();
    if brackets > usize::from(DEEPEST) * 2 {
        return Err(format!("the expression has more than {} brackets", DEEPEST * 2));
    }
    let read = Parser::new().max_recursion_depth(DEEPEST).error_recovery_limit(0).parse(text).map_err(|faults| {
        let first = faults.errors.first();
        first.map_or_else(
            || "cannot be read".to_owned(),
            |fault| format!("cannot be read at character {}: {}", fault.pos.1.max(0), fault.msg),
        )
    })?;
    let mut compiler = Compiler { record, fields: Vec::new(), nodes: 0 };
    let (node, kind) = compiler.step(&read, 0)?;
    let mut fields = compiler.fields;
    if fields.is_empty() {
        return Err("names no field of the record; write `const` for what is always the same".to_owned());
    }
    fields.sort_by_key(|field| field.index);
    fields.dedup();
    Ok(Compiled { node, kind, fields })
}

struct Compiler<'a> {
    record: &'a RecordFormat,
    fields: Vec<FieldRef>,
    nodes: usize,
}

impl Compiler<'_> {
    fn step(&mut self, read: &Read, depth: u16) -> Result<(Node, Type)> {
        self.nodes += 1;
        if self.nodes > NODES || depth > DEEPEST {
            return Err(format!("the expression has more than {NODES} steps, or nests deeper than {DEEPEST}"));
        }
        match &read.expr {
            Expr::Literal(literal) => self::literal(literal),
            Expr::Ident(name) => self.field(name),
            Expr::Call(call) => self.call(call, depth + 1),
            Expr::Comprehension(_) => Err("loops (all, exists, map, filter) are not taken".to_owned()),
            Expr::List(_) => Err("a list may only stand behind `in`".to_owned()),
            Expr::Select(select) => {
                Err(format!("`.{}` is not known: a field is named by its name alone", select.field))
            }
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => Err("maps and messages are not taken".to_owned()),
        }
    }

    fn field(&mut self, name: &str) -> Result<(Node, Type)> {
        let field = fields::find(self.record, name);
        let field = field.ok_or_else(|| format!("`{name}` is no field of {}", self.record.layout.name))?;
        let layout = self.record.layout.fields.get(field.index);
        let kind = layout.map(|layout| layout.kind).ok_or_else(|| format!("`{name}` is no field"))?;
        self.fields.push(field);
        match (kind.digits(), kind) {
            (Some((digits, _)), _) if digits > 38 => {
                Err(format!("`{name}` has {digits} digits; at most 38 are computed"))
            }
            (Some(_), _) => Ok((Node::Number(field), Type::Number)),
            (None, Kind::Float { .. } | Kind::DecFloat { .. } | Kind::NumberText { .. }) => {
                Err(format!("`{name}` is a number of no fixed digits, which is not computed with"))
            }
            (None, _) => Ok((Node::Text(field), Type::Text)),
        }
    }

    fn call(&mut self, call: &CallExpr, depth: u16) -> Result<(Node, Type)> {
        let args: Vec<&Read> = call.target.as_deref().into_iter().chain(&call.args).collect();
        match (call.func_name.as_str(), &args[..]) {
            (ops::CONDITIONAL, [condition, yes, no]) => self.choose(condition, yes, no, depth),
            (ops::IN, [one, list]) => self.within(one, list, depth),
            (name @ (ops::LOGICAL_AND | ops::LOGICAL_OR), [left, right]) => {
                let both = Box::new([self.of(left, Type::Bool, depth)?, self.of(right, Type::Bool, depth)?]);
                Ok((if name == ops::LOGICAL_AND { Node::And(both) } else { Node::Or(both) }, Type::Bool))
            }
            (ops::LOGICAL_NOT, [one]) => Ok((Node::Not(Box::new(self.of(one, Type::Bool, depth)?)), Type::Bool)),
            (ops::NEGATE, [one]) => Ok((Node::Negate(Box::new(self.of(one, Type::Number, depth)?)), Type::Number)),
            (name, [left, right]) if relation(name).is_some() => self.compare(name, left, right, depth),
            (ops::ADD, [left, right]) => self.add(left, right, depth),
            (ops::SUBSTRACT, [left, right]) => self.compute(Arithmetic::Subtract, left, right, depth),
            (ops::MULTIPLY, [left, right]) => self.compute(Arithmetic::Multiply, left, right, depth),
            (ops::DIVIDE | ops::MODULO, _) => {
                Err("a quotient has no exact value: write divide(a, b, digits), which rounds half up".to_owned())
            }
            (name, args) => self.function(name, args, depth),
        }
    }

    /// A step that must give a type, or nothing at all.
    fn of(&mut self, read: &Read, wanted: Type, depth: u16) -> Result<Node> {
        let (node, kind) = self.step(read, depth)?;
        if kind != wanted {
            return Err(format!("{} is needed and {} is given", wanted.word(), kind.word()));
        }
        Ok(node)
    }

    fn choose(&mut self, condition: &Read, yes: &Read, no: &Read, depth: u16) -> Result<(Node, Type)> {
        let condition = self.of(condition, Type::Bool, depth)?;
        let ((yes, first), (no, second)) = (self.step(yes, depth)?, self.step(no, depth)?);
        let kind = alike(first, second)?;
        Ok((Node::Choose(Box::new([condition, yes, no])), kind))
    }

    fn within(&mut self, one: &Read, list: &Read, depth: u16) -> Result<(Node, Type)> {
        let (one, kind) = self.step(one, depth)?;
        let Expr::List(list) = &list.expr else {
            return Err("a list in brackets is needed behind `in`".to_owned());
        };
        let mut others = Vec::with_capacity(list.elements.len());
        for element in &list.elements {
            let (node, other) = self.step(element, depth)?;
            alike(kind, other)?;
            others.push(node);
        }
        Ok((Node::In(Box::new(one), others), Type::Bool))
    }

    fn compare(&mut self, name: &str, left: &Read, right: &Read, depth: u16) -> Result<(Node, Type)> {
        let ((left, first), (right, second)) = (self.step(left, depth)?, self.step(right, depth)?);
        let kind = alike(first, second)?;
        let relation = relation(name).ok_or_else(|| format!("{name} is not known"))?;
        let is_order = !matches!(relation, Relation::Equal | Relation::NotEqual);
        if is_order && !(first == second && matches!(kind, Type::Number | Type::Text)) {
            return Err("only two numbers, or two texts, are the one greater than the other".to_owned());
        }
        Ok((Node::Compare(relation, Box::new([left, right])), Type::Bool))
    }

    /// `+` adds numbers and joins texts.
    fn add(&mut self, left: &Read, right: &Read, depth: u16) -> Result<(Node, Type)> {
        let ((left, first), (right, second)) = (self.step(left, depth)?, self.step(right, depth)?);
        let both = Box::new([left, right]);
        match (first, second) {
            (Type::Number, Type::Number) => Ok((Node::Compute(Arithmetic::Add, both), Type::Number)),
            (Type::Text, Type::Text) => Ok((Node::Join(both), Type::Text)),
            _ => Err(format!(
                "`+` adds two numbers or joins two texts, not {} and {}; string(n) makes a number a text",
                first.word(),
                second.word()
            )),
        }
    }

    fn compute(&mut self, how: Arithmetic, left: &Read, right: &Read, depth: u16) -> Result<(Node, Type)> {
        let both = Box::new([self.of(left, Type::Number, depth)?, self.of(right, Type::Number, depth)?]);
        Ok((Node::Compute(how, both), Type::Number))
    }

    fn function(&mut self, name: &str, args: &[&Read], depth: u16) -> Result<(Node, Type)> {
        use Type::{Bool, Number, Text};
        let digits = || args.last().map_or_else(|| Err(String::new()), |last| digits(name, last));
        let (function, takes, gives): (Function, &[Type], Type) = match (name, args.len()) {
            ("abs", 1) => (Function::Abs, &[Number], Number),
            ("round", 2) => (Function::Round(digits()?), &[Number], Number),
            ("truncate", 2) => (Function::Truncate(digits()?), &[Number], Number),
            ("divide", 3) => (Function::Divide(digits()?), &[Number, Number], Number),
            ("number", 1) => (Function::Number, &[Text], Number),
            ("string", 1) => (Function::String, &[Number], Text),
            ("size", 1) => (Function::Size, &[Text], Number),
            ("contains", 2) => (Function::Contains, &[Text, Text], Bool),
            ("startsWith", 2) => (Function::StartsWith, &[Text, Text], Bool),
            ("endsWith", 2) => (Function::EndsWith, &[Text, Text], Bool),
            ("substring", 2) => (Function::Substring, &[Text, Number], Text),
            ("substring", 3) => (Function::Substring, &[Text, Number, Number], Text),
            ("replace", 3) => (Function::Replace, &[Text, Text, Text], Text),
            ("trim", 1) => (Function::Trim, &[Text], Text),
            ("upperAscii", 1) => (Function::Upper, &[Text], Text),
            ("lowerAscii", 1) => (Function::Lower, &[Text], Text),
            _ => {
                return Err(format!(
                    "there is no {name} of {} values; known: abs, round, truncate, divide, number, string, size, \
                     contains, startsWith, endsWith, substring, replace, trim, upperAscii, lowerAscii",
                    args.len()
                ));
            }
        };
        let mut arguments = Vec::with_capacity(takes.len());
        for (read, wanted) in args.iter().zip(takes) {
            arguments.push(self.of(read, *wanted, depth).map_err(|why| format!("{name}: {why}"))?);
        }
        Ok((Node::Call(function, arguments), gives))
    }
}

/// How many digits a function gives: written, so that the number of digits never depends on a record.
fn digits(name: &str, read: &Read) -> Result<u8> {
    let told = || format!("{name}: the last value says how many digits, 0 to {DIGITS}, and is written as such");
    match &read.expr {
        Expr::Literal(LiteralValue::Int(digits)) if (0..=DIGITS).contains(digits.inner()) => {
            u8::try_from(*digits.inner()).map_err(|_| told())
        }
        _ => Err(told()),
    }
}

fn literal(literal: &LiteralValue) -> Result<(Node, Type)> {
    let (value, kind) = match literal {
        LiteralValue::Null => (Value::Null, Type::Null),
        LiteralValue::Boolean(truth) => (Value::Bool(*truth.inner()), Type::Bool),
        LiteralValue::Int(whole) => (Value::Number(Decimal::whole(i128::from(*whole.inner()))), Type::Number),
        LiteralValue::String(text) => (Value::Text(text.inner().to_owned().into()), Type::Text),
        LiteralValue::Double(_) => {
            return Err("a number with a point is written number('1.5'), so that it stays exact".to_owned());
        }
        LiteralValue::UInt(_) | LiteralValue::Bytes(_) => {
            return Err("write text in quotes or a whole number".to_owned());
        }
    };
    Ok((Node::Literal(value), kind))
}

/// The type of two values that stand for each other; nothing at all goes with everything.
fn alike(first: Type, second: Type) -> Result<Type> {
    match (first, second) {
        (Type::Null, other) | (other, Type::Null) => Ok(other),
        _ if first == second => Ok(first),
        _ => Err(format!("{} and {} do not go together", first.word(), second.word())),
    }
}

fn relation(name: &str) -> Option<Relation> {
    Some(match name {
        ops::EQUALS => Relation::Equal,
        ops::NOT_EQUALS => Relation::NotEqual,
        ops::LESS => Relation::Less,
        ops::LESS_EQUALS => Relation::LessOrEqual,
        ops::GREATER => Relation::Greater,
        ops::GREATER_EQUALS => Relation::GreaterOrEqual,
        _ => return None,
    })
}
