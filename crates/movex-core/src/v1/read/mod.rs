//! JSON text to frames. What a reader does not know is ignored; what it needs and does not find is an error.

mod client;
mod server;

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::action::Action;
use crate::checksum::ChecksumV1;
use crate::context::Entropy;
use crate::error::{Code, Error};
use crate::ids::Rid;

/// Why a text is no frame that is known here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A frame of a later version: it is ignored.
    #[error("a frame that is not known here: {0}")]
    Unknown(String),
    /// It is no frame, or lacks what it needs.
    #[error("{0}")]
    Malformed(Error),
}

impl From<Error> for Unreadable {
    fn from(error: Error) -> Self {
        Self::Malformed(error)
    }
}

type Read<T> = Result<T, Unreadable>;

/// The frame's name and its fields' text.
fn open(text: &str) -> Read<(String, &RawValue)> {
    struct One<'t>(String, &'t RawValue);
    struct Visitor;
    impl<'de> serde::de::Visitor<'de> for Visitor {
        type Value = One<'de>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object with one member")
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<One<'de>, A::Error> {
            let first = map.next_entry::<Cow<'de, str>, &'de RawValue>()?;
            let (name, fields) = first.ok_or_else(|| serde::de::Error::custom("the object is empty"))?;
            while map.next_entry::<serde::de::IgnoredAny, serde::de::IgnoredAny>()?.is_some() {}
            Ok(One(name.into_owned(), fields))
        }
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = serde::Deserializer::deserialize_map(&mut reader, Visitor);
    let One(name, fields) =
        read.and_then(|one| reader.end().map(|()| one)).map_err(|error| malformed("a frame", &error))?;
    Ok((name, fields))
}

fn malformed(what: &str, error: &serde_json::Error) -> Unreadable {
    Unreadable::Malformed(Error::new(Code::BadMessage, format!("this is not {what}: {error}")))
}

fn fields<'t, T: Deserialize<'t>>(name: &str, fields: &'t RawValue) -> Read<T> {
    serde_json::from_str(fields.get()).map_err(|error| malformed(&format!("the frame `{name}`"), &error))
}

fn rid(text: &str) -> Read<Rid> {
    Rid::parse(text).map_err(|error| Error::new(Code::BadRid, error.to_string()).into())
}

fn raw(value: Option<Cow<'_, RawValue>>) -> Option<Arc<str>> {
    value.map(|value| Arc::from(value.get()))
}

fn action(value: &RawValue) -> Read<Action> {
    Ok(Action::from_json(value.get())?)
}

fn entropy(hex: &str) -> Read<Entropy> {
    number_of_hex(hex).map(Entropy)
}

fn checksum(hex: Option<Cow<'_, str>>) -> Read<Option<ChecksumV1>> {
    hex.map(|hex| number_of_hex(&hex).map(ChecksumV1)).transpose()
}

fn number_of_hex(hex: &str) -> Read<u64> {
    let number = u64::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 16);
    number.ok_or_else(|| Error::new(Code::BadMessage, format!("{hex:?} is not 16 hex digits")).into())
}

/// Takes a state or value in: text that every reader reads alike (M6).
fn checked(value: Option<Cow<'_, RawValue>>) -> Read<Option<Arc<str>>> {
    let text = raw(value);
    if let Some(text) = &text {
        crate::json::check(text)?;
    }
    Ok(text)
}

#[derive(Deserialize)]
struct OnlyRid {
    rid: String,
}

#[derive(Deserialize)]
struct Show<'t> {
    rid: String,
    client: Option<String>,
    #[serde(borrow)]
    value: Option<Cow<'t, RawValue>>,
}

#[derive(Deserialize)]
struct Stamp {
    stamp: u64,
}
