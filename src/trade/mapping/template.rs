//! Texts made of entries: `{tradeDate}:{tradeId}:{status}`.

/// A compiled text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Entry(usize),
}

impl Template {
    /// Compiles a text; `find` gives the index of an entry by name. Gives the bad name, or the text itself when a brace
    /// is not closed.
    pub(super) fn parse(text: &str, find: impl Fn(&str) -> Option<usize>) -> Result<Template, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}').ok_or_else(|| text.to_owned())?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::Entry(find(name).ok_or_else(|| name.to_owned())?));
            rest = behind;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Template { pieces })
    }

    /// The entries it is made of.
    pub(super) fn entries(&self) -> impl Iterator<Item = usize> {
        self.pieces.iter().filter_map(|p| if let Piece::Entry(index) = p { Some(*index) } else { None })
    }

    /// Writes the text anew.
    pub(super) fn fill(&self, values: &[u8], spans: &[(u32, u32)], out: &mut String) {
        out.clear();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Entry(index) => {
                    let (from, to) = spans.get(*index).copied().unwrap_or_default();
                    let bytes = values.get(from as usize..to as usize).unwrap_or_default();
                    out.push_str(std::str::from_utf8(bytes).unwrap_or_default());
                }
            }
        }
    }
}
