//! JSON as it stands: objects whose names are there once, and values left in their text until their field is known.
//!
//! A number keeps its digits, so that no decimal passes through a float. Only names that somebody asks for are kept, and
//! no more items of a list than there may be: memory is bounded by the layout, whatever the line.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

/// A value whose shape is known.
pub(super) enum Json<'a> {
    Null,
    Boolean,
    Text(Cow<'a, str>),
    /// Its digits.
    Number(&'a str),
    /// Its text.
    Object(&'a str),
    /// Its text.
    List(&'a str),
}

impl<'a> Json<'a> {
    /// The shape of a value. A text may be wrong within: half a surrogate.
    pub(super) fn of(raw: &'a RawValue) -> serde_json::Result<Json<'a>> {
        let text = raw.get();
        Ok(match text.as_bytes().first() {
            Some(b'"') => Json::Text(serde_json::from_str::<Text<'_>>(text)?.0),
            Some(b'{') => Json::Object(text),
            Some(b'[') => Json::List(text),
            Some(b'n') => Json::Null,
            Some(b't' | b'f') => Json::Boolean,
            _ => Json::Number(text),
        })
    }
}

/// A text, borrowed where nothing in it is escaped.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Those members of an object that have a known name.
pub(super) struct Object<'k, 'a> {
    members: HashMap<&'k str, Option<&'a RawValue>>,
    /// The first name that is not known.
    pub(super) unknown: Option<String>,
    /// The first known name that is there twice.
    pub(super) twice: Option<String>,
}

impl<'k, 'a> Object<'k, 'a> {
    /// Reads an object.
    pub(super) fn read(text: &'a str, names: impl IntoIterator<Item = &'k str>) -> serde_json::Result<Object<'k, 'a>> {
        let members = names.into_iter().map(|name| (name, None)).collect();
        let mut object = Object { members, unknown: None, twice: None };
        let mut input = serde_json::Deserializer::from_str(text);
        object.deserialize(&mut input)?;
        input.end()?;
        Ok(object)
    }

    /// The value of a known name.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.members.get(name).copied().flatten()
    }
}

impl<'a> DeserializeSeed<'a> for &mut Object<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for &mut Object<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(name)) = map.next_key()? {
            match self.members.get_mut(name.as_ref()) {
                Some(place) => {
                    if place.replace(map.next_value()?).is_some() {
                        self.twice.get_or_insert_with(|| name.into_owned());
                    }
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                    self.unknown.get_or_insert_with(|| name.into_owned());
                }
            }
        }
        Ok(())
    }
}

/// The first items of a list, and how many it has.
#[derive(Default)]
pub(super) struct List<'a> {
    pub(super) items: Vec<&'a RawValue>,
    pub(super) count: usize,
}

impl<'a> List<'a> {
    /// Reads a list, of which at most so many items are kept.
    pub(super) fn read(text: &'a str, most: usize) -> serde_json::Result<List<'a>> {
        let mut input = serde_json::Deserializer::from_str(text);
        let list = Items { most }.deserialize(&mut input)?;
        input.end()?;
        Ok(list)
    }
}

struct Items {
    most: usize,
}

impl<'a> DeserializeSeed<'a> for Items {
    type Value = List<'a>;

    fn deserialize<D: Deserializer<'a>>(self, input: D) -> Result<List<'a>, D::Error> {
        input.deserialize_seq(self)
    }
}

impl<'a> Visitor<'a> for Items {
    type Value = List<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<List<'a>, A::Error> {
        let mut list = List::default();
        while list.items.len() < self.most
            && let Some(item) = seq.next_element()?
        {
            list.items.push(item);
        }
        list.count = list.items.len();
        while seq.next_element::<IgnoredAny>()?.is_some() {
            list.count += 1;
        }
        Ok(list)
    }
}
