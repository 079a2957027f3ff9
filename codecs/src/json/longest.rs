//! How long a line can be that holds a record of a format: what reads lines need not take longer ones.
//!
//! Sixteen bytes for each byte of a field are more than its value takes with every character escaped (`\u0000`) and its
//! bytes in hex beside it; a name is counted as often as its part occurs, twice and escaped, too. Room for blanks between
//! them is in what each part has besides. What is no part of the record, such as `faults`, has the least length to itself.

use crate::format::Format;
use crate::layout::{Layout, Node};

/// Every format may have lines of so many bytes.
const LEAST: usize = 1 << 20;
/// No format has longer ones.
const MOST: usize = 64 << 20;
/// Bytes of a line for each byte of a field.
const VALUE: usize = 16;
/// Bytes of a line for each byte of a name.
const NAME: usize = 12;
/// Bytes of a line for each part besides: quotes, brackets, a date that is longer than its field.
const PART: usize = 128;

/// Most bytes of a line of JSON that a record of this format can need: from 1 to 64 MiB.
pub fn longest(format: &Format) -> usize {
    let most = format.records.iter().map(|record| LEAST.saturating_add(of(&record.layout))).max();
    most.unwrap_or(LEAST).min(MOST)
}

fn of(layout: &Layout) -> usize {
    match layout.is_flat() {
        true => layout.fields.iter().map(|field| part(&field.name) + VALUE * field.bytes).sum(),
        false => layout.nodes.iter().map(|node| node_of(layout, node)).fold(0, usize::saturating_add),
    }
}

fn node_of(layout: &Layout, node: &Node) -> usize {
    let all = |nodes: &[Node]| nodes.iter().map(|node| node_of(layout, node)).fold(0, usize::saturating_add);
    match node {
        Node::Leaf { key, field } => part(key) + layout.fields.get(*field).map_or(0, |field| VALUE * field.bytes),
        Node::Group { key, nodes } => part(key).saturating_add(all(nodes)),
        Node::Array(array) => part(&array.key).saturating_add(node_of(layout, &array.item).saturating_mul(array.count)),
        Node::Redefines(redefines) => all(&redefines.alternatives),
    }
}

fn part(name: &str) -> usize {
    PART + NAME * name.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(fields: &str) -> Format {
        let text = format!("name = \"R\"\nccsid = \"37\"\n{fields}");
        Format::parse("r.toml", &text, &mut |name| Err(name.to_owned()), None).unwrap().0
    }

    #[test]
    fn a_line_is_as_long_as_its_layout_can_make_it() {
        let one = format("field = [{ name = \"A\", type = \"char\", length = 10 }]\n");
        assert_eq!(longest(&one), LEAST + 128 + 12 + 160);
        let array = format("field = [{ name = \"A\", type = \"char\", length = 10, occurs = 1000 }]\n");
        assert_eq!(longest(&array), LEAST + 128 + 12 + 1000 * (128 + 160));
        let rows = "field = [{ name = \"B\", type = \"group\", occurs = 200, field = [{ name = \"C\", type = \"char\", length = 5000 }] }]\n";
        assert_eq!(longest(&format(rows)), LEAST + 140 + 200 * (128 + 140 + 80_000));
        let wide = format("field = [{ name = \"A\", type = \"char\", length = 16, occurs = 65536 }]\n");
        assert_eq!(longest(&wide), LEAST + 140 + 65_536 * (128 + 256));
    }

    /// The longest lines that `decode` writes: every byte is a control character, shown with its bytes.
    #[test]
    fn every_line_that_is_written_is_shorter() {
        use crate::json;
        use crate::record::Row;
        let format = format("field = [{ name = \"A\", type = \"char\", length = 32000 }]\n");
        let record = vec![0x01; 32_000];
        let (mut row, mut line) = (Row::default(), Vec::new());
        format.records[0].decode(&record, &mut row);
        let style = json::Style { raw: true, ..json::Style::default() };
        json::write_styled(&format.records[0], &style, (1, 0), &record, &row, &mut line);
        assert!(line.len() > 32_000 * 8 && LEAST + line.len() < longest(&format), "{}", line.len());
    }
}
