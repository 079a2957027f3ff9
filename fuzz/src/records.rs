//! Records of random layouts.

use crate::bytes::Bytes;
use crate::layouts::random_layout;
use fpp_codecs::format::Format;
use fpp_codecs::framing::Framing;
use fpp_codecs::json;
use fpp_codecs::layout::Node;
use fpp_codecs::record::{Nulls, Row};
use fpp_codecs::text::Page;

/// Decodes; what is good goes through JSON and comes back as a record that decodes to the same line.
pub fn records(data: &[u8]) {
    let mut bytes = Bytes(data);
    let Some(record) = random_layout(&mut bytes) else { return };
    let format = Format {
        name: "R".into(),
        text: String::new(),
        framing: Framing::Fixed { length: record.layout.length },
        page: Page::Cp1388,
        records: vec![record],
        order: None,
        controls: None,
        version: String::new(),
        nulls: Nulls::None,
        sources: Vec::new(),
    };
    let line_of = |bytes: &[u8], row: &mut Row| {
        let mut line = Vec::new();
        format.records[0].decode(bytes, row);
        json::write(&format.records[0], 1, 0, row, &mut line);
        String::from_utf8(line).expect("a line of JSON is UTF-8")
    };
    let mut row = Row::default();
    let line = line_of(bytes.0, &mut row);
    if !row.faults.is_empty() || !row.repairs.is_empty() {
        return;
    }
    let mut back = Row::default();
    json::read(&format, line.trim_end(), &mut back).unwrap_or_else(|e| panic!("{e}: {line}"));
    let mut again = Vec::new();
    // Of alternatives only those that decode are shown: bytes that none of them covers do not come back.
    let whole = !shows_alternatives(&format.records[0].layout.nodes);
    if format.records[0].encode(&back, &mut again).is_ok() && whole {
        assert_eq!(line_of(&again, &mut row), line);
    }
}

fn shows_alternatives(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| match node {
        Node::Leaf { .. } => false,
        Node::Group { nodes, .. } => shows_alternatives(nodes),
        Node::Array(array) => shows_alternatives(std::slice::from_ref(&array.item)),
        Node::Redefines(_) => true,
    })
}
