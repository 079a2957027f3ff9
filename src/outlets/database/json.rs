//! Reads an event's JSON member by member, exactly: a number stays the digits that stand there.
//!
//! A general reader would turn numbers into floats or allocate for each value; this one lends what stands in the text,
//! and copies only strings with escapes. It reads what any writer of JSON may write, but it is no judge: what has no
//! meaning here (a stray comma, a number with two points) is found by who uses the value, or not at all.

use std::borrow::Cow;

/// Levels of nesting that are followed.
const DEPTH_MAX: usize = 64;

/// A value; what it lends is the text itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Null,
    /// `true` or `false`, or a number, as it stands there.
    Plain(&'a str),
    Text(Cow<'a, str>),
    /// An object or a list, as it stands there.
    Nested(&'a str),
}

/// Where the text is no JSON: bytes before the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken(pub(super) usize);

/// Stands in a text.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Reader<'a> {
        Reader { text, at: 0 }
    }

    /// What stands between a place from before and this one.
    pub(super) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Where the next value begins.
    pub(super) fn place(&mut self) -> usize {
        self.blanks();
        self.at
    }

    /// Goes into an object, if one stands here.
    pub(super) fn enter(&mut self) -> bool {
        self.blanks();
        self.take(b'{')
    }

    /// The name of the next member, whose value stands behind it; nothing at the end of the object, which is left.
    pub(super) fn member(&mut self) -> Result<Option<Cow<'a, str>>, Broken> {
        self.blanks();
        self.take(b',');
        self.blanks();
        if self.take(b'}') {
            return Ok(None);
        }
        let name = self.string()?;
        self.blanks();
        if self.take(b':') { Ok(Some(name)) } else { Err(self.broken()) }
    }

    /// The value that stands here.
    pub(super) fn value(&mut self) -> Result<Value<'a>, Broken> {
        let start = self.place();
        match self.next() {
            Some(b'"') => self.string().map(Value::Text),
            Some(b'{' | b'[') => {
                self.nested()?;
                Ok(Value::Nested(self.since(start)))
            }
            Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                let plain = |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'E');
                self.at += self.rest().iter().take_while(|byte| plain(byte)).count();
                match self.since(start) {
                    "null" => Ok(Value::Null),
                    word => Ok(Value::Plain(word)),
                }
            }
            _ => Err(self.broken()),
        }
    }

    /// Passes an object or a list.
    fn nested(&mut self) -> Result<(), Broken> {
        // One bit a level: whether it is a list.
        let (mut depth, mut lists) = (0_usize, 0_u64);
        loop {
            let byte = self.next().ok_or(self.broken())?;
            match byte {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => {
                    depth += 1;
                    lists = lists << 1 | u64::from(byte == b'[');
                }
                b'}' | b']' if lists & 1 == u64::from(byte == b']') => {
                    depth = depth.saturating_sub(1);
                    lists >>= 1;
                }
                b'}' | b']' => return Err(self.broken()),
                _ => {}
            }
            self.at += 1;
            match depth {
                0 => return Ok(()),
                1..=DEPTH_MAX => {}
                _ => return Err(self.broken()),
            }
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Broken> {
        if !self.take(b'"') {
            return Err(self.broken());
        }
        let start = self.at;
        let special = |byte: &u8| *byte == b'"' || *byte == b'\\';
        self.at += self.rest().iter().position(special).unwrap_or(self.rest().len());
        if self.next() == Some(b'"') {
            let plain = self.since(start);
            self.at += 1;
            return Ok(Cow::Borrowed(plain));
        }
        let mut text = self.since(start).to_owned();
        loop {
            let start = self.at;
            self.at += self.rest().iter().position(special).ok_or(self.broken())?;
            text.push_str(self.since(start));
            if self.take(b'"') {
                return Ok(Cow::Owned(text));
            }
            self.at += 1;
            text.push(self.escape()?);
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Result<char, Broken> {
        let letter = self.next().ok_or(self.broken())?;
        self.at += 1;
        Ok(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.unit()?;
                let code = match first {
                    0xD800..=0xDBFF if self.take(b'\\') && self.take(b'u') => {
                        let second = self.unit()?;
                        let low = second.checked_sub(0xDC00).filter(|low| *low < 0x400).ok_or(self.broken())?;
                        0x10000 + ((first - 0xD800) << 10) + low
                    }
                    _ => first,
                };
                char::from_u32(code).ok_or(self.broken())?
            }
            _ => return Err(self.broken()),
        })
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Result<u32, Broken> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| !digits.starts_with('+'));
        let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or(self.broken())?;
        self.at += 4;
        Ok(unit)
    }

    fn blanks(&mut self) {
        while matches!(self.next(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, wanted: u8) -> bool {
        let is_there = self.next() == Some(wanted);
        self.at += usize::from(is_there);
        is_there
    }

    fn broken(&self) -> Broken {
        Broken(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every member of an object, read as serde reads it.
    fn read(text: &str) -> Result<serde_json::Value, Broken> {
        let mut reader = Reader::new(text);
        let mut object = serde_json::Map::new();
        assert!(reader.enter());
        while let Some(name) = reader.member()? {
            let value = match reader.value()? {
                Value::Null => serde_json::Value::Null,
                Value::Text(text) => text.into_owned().into(),
                Value::Plain(raw) | Value::Nested(raw) => serde_json::from_str(raw).unwrap(),
            };
            object.insert(name.into_owned(), value);
        }
        Ok(object.into())
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::hash_map(any::<String>(), inner, 0..4)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn reads_what_any_writer_wrote(
            members in prop::collection::hash_map(any::<String>(), any_json(), 0..6),
            is_pretty: bool,
        ) {
            let value = serde_json::Value::Object(members.into_iter().collect());
            let written = if is_pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            prop_assert_eq!(read(&written.unwrap()), Ok(value));
        }

        #[test]
        fn ends_on_any_text(text in any::<String>()) {
            let mut reader = Reader::new(&text);
            let _ = reader.value();
            let mut reader = Reader::new(&text);
            reader.enter();
            while let Ok(Some(_)) = reader.member() {
                if reader.value().is_err() {
                    break;
                }
            }
        }
    }

    #[test]
    fn numbers_stay_what_they_are_and_escapes_are_read() {
        let mut reader = Reader::new(r#"{"a": 1.10, "b":"\u9ec4\ud842\udfb7\n", "c":[{"}":"]"}], "d":null}"#);
        assert!(reader.enter());
        let mut values = Vec::new();
        while let Some(name) = reader.member().unwrap() {
            values.push((name.into_owned(), reader.value().unwrap()));
        }
        assert_eq!(values[0].1, Value::Plain("1.10"));
        assert_eq!(values[1].1, Value::Text("黄𠮷\n".into()));
        assert_eq!(values[2].1, Value::Nested(r#"[{"}":"]"}]"#));
        assert_eq!(values[3].1, Value::Null);
        for broken in [r#"{"a" 1}"#, r#"{"a":"\ud842"}"#, r#"{"a":"\u+12a"}"#, r#"{"a":[}"#, r#"{"a":"#] {
            let mut reader = Reader::new(broken);
            reader.enter();
            let value = reader.member().and_then(|_| reader.value());
            assert!(value.is_err(), "{broken}: {value:?}");
        }
    }
}
