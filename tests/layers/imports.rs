//! Reads the imports out of Rust source as text: every path through `crate`, `super`, `self`, a child module or one of
//! our crates, wherever it stands. Comments, strings and `#[cfg(test)]` items do not count.
//!
//! It is a reader of tokens, not a compiler: `#[path]`, macros that build paths, and names imported by `*` are not
//! followed. A path leads to the deepest file on its way, so `crate::ledger::change::Change` is `src/ledger/change.rs`.

use std::collections::{BTreeMap, BTreeSet};

/// Source files by path from the top of the project.
pub(crate) type Tree = BTreeMap<String, String>;

/// One import: `file` names something of `target` on `line`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Import {
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) target: String,
}

/// Our crates as code names them, and where their modules stand.
const CRATES: &[(&str, &str)] =
    &[("fpp", "src"), ("fpp_codecs", "codecs/src"), ("fpp_rocketmq", "rocketmq/src"), ("fpp_spool", "spool/src")];

/// All imports between the files of a tree; files of test modules are left out.
pub(crate) fn imports(tree: &Tree) -> Vec<Import> {
    let mut test_files = BTreeSet::new();
    let mut found = BTreeSet::new();
    for (file, text) in tree {
        let Some(mut reader) = Reader::new(tree, file, text) else { continue };
        reader.run();
        test_files.extend(reader.test_files);
        found.extend(reader.found);
    }
    found.into_iter().filter(|import| !test_files.contains(&import.file) && import.file != import.target).collect()
}

#[derive(Clone, Debug, PartialEq)]
struct Token {
    line: usize,
    /// A word, or one sign; `::` is one token. Strings and numbers leave nothing.
    text: String,
}

/// Walks the tokens of one file.
struct Reader<'a> {
    tree: &'a Tree,
    file: &'a str,
    root: &'static str,
    /// Module path of the file, then of the inline modules around the place of reading, each with its brace depth.
    path: Vec<String>,
    inline: Vec<usize>,
    children: BTreeSet<String>,
    tokens: Vec<Token>,
    found: BTreeSet<Import>,
    test_files: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    fn new(tree: &'a Tree, file: &'a str, text: &str) -> Option<Reader<'a>> {
        let (_, root) = CRATES.iter().find(|(_, root)| file.starts_with(&format!("{root}/")))?;
        let inside = file.strip_prefix(root)?.trim_start_matches('/').trim_end_matches(".rs");
        let mut path: Vec<String> = inside.split('/').map(String::from).collect();
        if matches!(path.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            path.pop();
        }
        let tokens = tokens(text);
        let children =
            tokens.windows(3).filter(|w| w[0].text == "mod" && w[2].text == ";").map(|w| w[1].text.clone()).collect();
        let (found, test_files) = Default::default();
        Some(Reader { tree, file, root, path, inline: Vec::new(), children, tokens, found, test_files })
    }

    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text.as_str())
    }

    fn run(&mut self) {
        let (mut at, mut depth) = (0, 0);
        while at < self.tokens.len() {
            if self.is_test_attribute(at) {
                at = self.skip_item(at);
                continue;
            }
            match self.text(at) {
                "mod" if self.text(at + 2) == "{" => {
                    depth += 1;
                    self.path.push(self.text(at + 1).to_owned());
                    self.inline.push(depth);
                    at += 3;
                    continue;
                }
                "{" => depth += 1,
                "}" => {
                    if self.inline.last() == Some(&depth) {
                        self.inline.pop();
                        self.path.pop();
                    }
                    depth = depth.saturating_sub(1);
                }
                _ => {}
            }
            at = match self.start(at) {
                Some((root, path)) => self.follow(at + 1, root, path),
                None => at + 1,
            };
        }
    }

    /// If a path of ours begins here: the crate and module that its first word means.
    fn start(&self, at: usize) -> Option<(&'static str, Vec<String>)> {
        if self.text(at + 1) != "::" || (at > 0 && self.text(at - 1) == "::") {
            return None;
        }
        let visibility = at > 2 && self.text(at - 1) == "in" && self.text(at - 3) == "pub";
        match self.text(at) {
            "crate" if !visibility => Some((self.root, Vec::new())),
            "self" => Some((self.root, self.path.clone())),
            "super" => Some((self.root, self.path[..self.path.len().saturating_sub(1)].to_vec())),
            word if self.inline.is_empty() && self.children.contains(word) => {
                Some((self.root, [&self.path[..], &[word.to_owned()]].concat()))
            }
            word => CRATES.iter().find(|(name, _)| *name == word).map(|(_, root)| (*root, Vec::new())),
        }
    }

    /// Follows `::word`, `::{...}` and `super` from a place, noting where each branch ends; gives the next token.
    fn follow(&mut self, mut at: usize, root: &'static str, mut path: Vec<String>) -> usize {
        let line = self.tokens[at - 1].line;
        while self.text(at) == "::" {
            match self.text(at + 1) {
                "{" => {
                    at += 2;
                    while at < self.tokens.len() && self.text(at) != "}" {
                        at = match self.text(at) {
                            "," => at + 1,
                            "self" => {
                                self.note(root, &path, self.tokens[at].line);
                                at + 1
                            }
                            "as" => at + 2,
                            word => {
                                let branch = [&path[..], &[word.to_owned()]].concat();
                                self.follow(at + 1, root, branch)
                            }
                        };
                    }
                    return at + 1;
                }
                "super" => drop(path.pop()),
                word if word.starts_with(|c: char| c.is_alphabetic() || c == '_') => path.push(word.to_owned()),
                _ => {
                    at += 2;
                    break;
                }
            }
            at += 2;
        }
        self.note(root, &path, line);
        at
    }

    fn note(&mut self, root: &str, path: &[String], line: usize) {
        if let Some(target) = owner(self.tree, root, path) {
            self.found.insert(Import { file: self.file.to_owned(), line, target });
        }
    }

    /// `#[cfg(test)]`, also with more conditions, but not `cfg(not(test))`.
    fn is_test_attribute(&self, at: usize) -> bool {
        if [self.text(at), self.text(at + 1), self.text(at + 2)] != ["#", "[", "cfg"] {
            return false;
        }
        let words = self.tokens[at..].iter().map(|token| token.text.as_str()).take_while(|word| *word != "]");
        let words: Vec<&str> = words.collect();
        words.contains(&"test") && !words.contains(&"not")
    }

    /// Passes over attributes and the item after them; remembers the file of a test module.
    fn skip_item(&mut self, mut at: usize) -> usize {
        let mut depth = 0usize;
        while at < self.tokens.len() {
            if depth == 0 && self.text(at) == "mod" && self.text(at + 2) == ";" {
                let child = [&self.path[..], &[self.text(at + 1).to_owned()]].concat();
                self.test_files.extend(owner(self.tree, self.root, &child));
            }
            match self.text(at) {
                "{" | "(" | "[" => depth += 1,
                ")" | "]" => depth = depth.saturating_sub(1),
                "}" if depth == 0 => return at,
                "}" => {
                    depth -= 1;
                    if depth == 0 {
                        return at + 1;
                    }
                }
                ";" if depth == 0 => return at + 1,
                _ => {}
            }
            at += 1;
        }
        at
    }
}

/// The deepest file on a module path; the crate's own root when no module of it is named.
fn owner(tree: &Tree, root: &str, path: &[String]) -> Option<String> {
    let mut folder = root.to_owned();
    let mut deepest = Some(format!("{root}/lib.rs"));
    for name in path {
        folder = format!("{folder}/{name}");
        let file = [format!("{folder}.rs"), format!("{folder}/mod.rs")].into_iter().find(|f| tree.contains_key(f));
        match file {
            Some(file) => deepest = Some(file),
            None => break,
        }
    }
    deepest.filter(|file| tree.contains_key(file))
}

fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let (mut found, mut at, mut line) = (Vec::new(), 0, 1);
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied().unwrap_or(' ');
        let end = match c {
            '/' if next == '/' => ahead(&chars, at, |c| c != '\n'),
            '/' if next == '*' => block_comment(&chars, at),
            '"' => string(&chars, at + 1),
            '\'' => quote(&chars, at),
            'r' if next == '"' || next == '#' => raw_string(&chars, at),
            'b' | 'c' if next == 'r' && matches!(chars.get(at + 2), Some('"' | '#')) => raw_string(&chars, at + 1),
            ':' if next == ':' => at + 2,
            c if c.is_alphanumeric() || c == '_' => ahead(&chars, at, |c| c.is_alphanumeric() || c == '_'),
            _ => at + 1,
        };
        let piece: String = chars[at..end].iter().collect();
        if !c.is_whitespace() && !piece.starts_with("//") && !piece.starts_with("/*") && !piece.contains(['"', '\'']) {
            found.push(Token { line, text: piece.clone() });
        }
        line += piece.matches('\n').count();
        at = end;
    }
    found
}

fn ahead(chars: &[char], from: usize, while_true: impl Fn(char) -> bool) -> usize {
    chars[from..].iter().position(|&c| !while_true(c)).map_or(chars.len(), |n| from + n)
}

fn block_comment(chars: &[char], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0);
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

fn string(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    chars.len().min(at + 1)
}

/// A character such as `'x'` or `'\n'`; a lifetime is its quote alone.
fn quote(chars: &[char], at: usize) -> usize {
    if chars.get(at + 1) == Some(&'\\') {
        return chars.len().min(ahead(chars, at + 3, |c| c != '\'') + 1);
    }
    if chars.get(at + 2) == Some(&'\'') { at + 3 } else { at + 1 }
}

/// `r"..."`, `r#"..."#`; `r#word` is that word.
fn raw_string(chars: &[char], at: usize) -> usize {
    let open = ahead(chars, at + 1, |c| c == '#');
    if chars.get(open) != Some(&'"') {
        return ahead(chars, open, |c| c.is_alphanumeric() || c == '_');
    }
    let closing: String = std::iter::once('"').chain(std::iter::repeat_n('#', open - at - 1)).collect();
    let closing: Vec<char> = closing.chars().collect();
    let rest = &chars[open + 1..];
    let length = rest.windows(closing.len()).position(|w| w == closing.as_slice());
    length.map_or(chars.len(), |n| open + 1 + n + closing.len())
}
