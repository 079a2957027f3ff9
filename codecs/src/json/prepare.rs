//! A layout to its script.
//!
//! What stands between two values (commas, braces, keys) is collected until the next value, and becomes its key. Blank
//! fillers are left out, so behind them it may be for the record to say whether a comma is due.

use super::script::{DEPTH_MAX, Does, Op, Script};
use crate::layout::{Array, Layout, Node};
use crate::quote;
use crate::record::plain_text::PlainText;
use crate::record::plan::Plan;
use crate::record::way::Way;
use crate::simd::{Block, Form, Level};
use std::sync::Arc;

impl Script {
    /// Prepares it; nothing for a record whose parts vary.
    pub(crate) fn of(layout: &Layout, plan: &Plan) -> Option<Script> {
        let mut script = Script { level: Level::best(), ops: Vec::new(), length: plan.length };
        Preparation::new(&mut script, plan).record(layout)?;
        Some(script)
    }
}

/// A script that is being prepared.
pub(super) struct Preparation<'a> {
    script: &'a mut Script,
    plan: &'a Plan,
    /// Each form and each page's text once.
    forms: Vec<Arc<Form>>,
    texts: Vec<Arc<PlainText>>,
    /// What comes before the next value.
    before: String,
    /// A comma comes before that, unless a brace does.
    comma: bool,
    /// What is known about the comma before the next key.
    due: Due,
    depth: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Due {
    Yes,
    No,
    Perhaps,
}

impl<'a> Preparation<'a> {
    /// For an empty script.
    pub(super) fn new(script: &'a mut Script, plan: &'a Plan) -> Preparation<'a> {
        Preparation {
            script,
            plan,
            forms: Vec::new(),
            texts: Vec::new(),
            before: String::new(),
            comma: false,
            due: Due::No,
            depth: 0,
        }
    }

    /// All ops of a record, from the type to the end of the line.
    pub(super) fn record(mut self, layout: &Layout) -> Option<()> {
        self.before.push_str(",\"type\":");
        push_quoted(&layout.name, &mut self.before);
        self.before.push_str(",\"fields\":{");
        if layout.is_flat() {
            for (index, field) in layout.fields.iter().enumerate() {
                self.field(index, Some(&field.name))?;
            }
        } else {
            self.nodes(&layout.nodes)?;
        }
        self.before.push_str("}}\n");
        self.flush();
        Some(())
    }

    fn nodes(&mut self, nodes: &[Node]) -> Option<()> {
        nodes.iter().try_for_each(|node| self.node(node))
    }

    fn node(&mut self, node: &Node) -> Option<()> {
        match node {
            Node::Leaf { key, field } => self.field(*field, Some(key)),
            Node::Group { key, nodes } if key.is_empty() => self.nodes(nodes),
            Node::Group { key, nodes } => {
                self.key(key);
                self.object(nodes)
            }
            Node::Array(array) => self.array(array),
            Node::Redefines(_) => None,
        }
    }

    fn object(&mut self, nodes: &[Node]) -> Option<()> {
        self.before.push('{');
        self.due = Due::No;
        self.nodes(nodes)?;
        self.before.push('}');
        self.due = Due::Yes;
        Some(())
    }

    fn array(&mut self, array: &Array) -> Option<()> {
        if array.depending.is_some() || self.depth == DEPTH_MAX {
            return None;
        }
        self.key(&array.key);
        self.before.push('[');
        let (count, leaves) = (u32::try_from(array.count).ok()?, u32::try_from(array.leaves).ok()?);
        let (first, _) = array.item.span();
        let start = self.plan.steps.get(first)?.start;
        self.op(start, array.bytes, Does::Open { count, leaves });
        self.depth += 1;
        match &*array.item {
            Node::Leaf { field, .. } => self.field(*field, None)?,
            Node::Group { nodes, .. } => self.object(nodes)?,
            other => self.object(std::slice::from_ref(other))?,
        }
        self.depth -= 1;
        self.op(start, 0, Does::Close);
        self.before.push(']');
        self.due = Due::Yes;
        Some(())
    }

    /// A field by its key, or without one as the item of an array.
    fn field(&mut self, index: usize, key: Option<&str>) -> Option<()> {
        let step = self.plan.steps.get(index)?;
        let cell = Does::Cell(u32::try_from(index).ok()?);
        let does = match Way::of(step, self.plan.nulls) {
            Way::Text => Does::Text { text: self.text(index)?, filler: step.filler && key.is_some() },
            Way::Packed { digits, decimals, signed } => {
                self.form(Form::packed(digits, decimals, signed)).map_or(cell, Does::Packed)
            }
            Way::Zoned { digits, decimals, zone, sign } => {
                self.form(Form::zoned(digits, decimals, zone, sign)).map_or(cell, Does::Zoned)
            }
            Way::Moment(moment) => Does::Moment(Arc::new(moment)),
            Way::Int => Does::Int,
            Way::Single => Does::Single,
            Way::Hex => Does::Hex,
            Way::Long => cell,
        };
        let filler = matches!(does, Does::Text { filler: true, .. });
        if filler {
            // It may be left out, and what comes before it may not.
            self.flush();
        }
        if let Some(key) = key {
            self.key(key);
        }
        if !matches!(does, Does::Int | Does::Single) {
            self.before.push('"');
        }
        self.op(step.start, step.bytes, does);
        self.due = match (filler, self.due) {
            (true, Due::No | Due::Perhaps) => Due::Perhaps,
            _ => Due::Yes,
        };
        Some(())
    }

    /// A comma if one is due, and a key.
    fn key(&mut self, key: &str) {
        match self.due {
            Due::Yes => self.before.push(','),
            Due::No => {}
            Due::Perhaps => {
                self.flush();
                self.comma = true;
            }
        }
        push_quoted(key, &mut self.before);
        self.before.push(':');
    }

    /// What is collected becomes an op of its own.
    fn flush(&mut self) {
        if !self.before.is_empty() {
            self.op(0, 0, Does::Nothing);
        }
    }

    fn op(&mut self, start: usize, bytes: usize, does: Does) {
        let key = Block::new(&self.before);
        // Records have far fewer bytes than 32 bits count.
        let (start, bytes) = (start as u32, bytes as u32);
        self.script.ops.push(Op { key, comma: self.comma, start, bytes, does });
        self.before.clear();
        self.comma = false;
    }

    fn form(&mut self, form: Option<Form>) -> Option<Arc<Form>> {
        let form = form?;
        let known = self.forms.iter().find(|known| ***known == form).cloned();
        Some(known.unwrap_or_else(|| {
            let form = Arc::new(form);
            self.forms.push(form.clone());
            form
        }))
    }

    fn text(&mut self, index: usize) -> Option<Arc<PlainText>> {
        let page = self.plan.steps.get(index)?.page;
        let known = self.texts.iter().find(|text| text.page == page).cloned();
        Some(known.unwrap_or_else(|| {
            let text = Arc::new(PlainText::of(page));
            self.texts.push(text.clone());
            text
        }))
    }
}

fn push_quoted(text: &str, out: &mut String) {
    let mut quoted = Vec::new();
    quote::write_text(text, &mut quoted);
    out.push_str(std::str::from_utf8(&quoted).unwrap_or_default());
}
