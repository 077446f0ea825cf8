//! M6: text that JavaScript and Rust could read differently is refused.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::error::{Code, Error};

/// How deep arrays and objects may nest. serde_json stops at 128; that must never be where a text first fails.
pub const DEPTH_MAX: usize = 100;

/// Checks that a text is JSON which every reader reads alike: no key twice in an object, no lone surrogates, no
/// number that a 64-bit float cannot hold, not too deep.
///
/// # Errors
/// `bad_message` when it is no JSON or too deep, `ambiguous_json` otherwise.
pub fn check(text: &str) -> Result<(), Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let mut fault = None;
    let walked = Value { depth: 0, fault: &mut fault }.deserialize(&mut reader).and_then(|()| reader.end());
    walked.map_err(|error| fault.unwrap_or_else(|| malformed(&error)))
}

fn malformed(error: &serde_json::Error) -> Error {
    let said = error.to_string();
    if said.contains("surrogate") || said.contains("hex escape") {
        return Error::ambiguous("the text has half of a surrogate pair: send whole characters");
    }
    if said.contains("number out of range") {
        return Error::ambiguous("a number is out of the range of a 64-bit float: send it as a string");
    }
    if said.contains("recursion limit") {
        return too_deep();
    }
    Error::new(Code::BadMessage, format!("this is no JSON: {said}"))
}

fn too_deep() -> Error {
    Error::new(
        Code::BadMessage,
        format!("it nests deeper than {DEPTH_MAX} arrays and objects: make it flatter"),
    )
}

struct Value<'f> {
    depth: usize,
    fault: &'f mut Option<Error>,
}

impl Value<'_> {
    fn refuse<E: serde::de::Error>(self, error: Error) -> E {
        *self.fault = Some(error);
        E::custom("refused")
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth > DEPTH_MAX {
            return Err(self.refuse(too_deep()));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<(), E> {
        if exact(number) { Ok(()) } else { Err(self.refuse(inexact(number))) }
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<(), E> {
        if exact(number.unsigned_abs()) { Ok(()) } else { Err(self.refuse(inexact(number))) }
    }

    // serde_json gives a float for a fraction, an exponent, and an integer beyond 64 bits; it refuses what overflows.
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Value { depth, fault } = self;
        while items.next_element_seed(Value { depth: depth + 1, fault: &mut *fault })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Value { depth, fault } = self;
        let mut keys = Keys::default();
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if !keys.insert(&key) {
                *fault = Some(Error::ambiguous(format!(
                    "the key {key:?} stands twice in one object: send it once"
                )));
                return Err(serde::de::Error::custom("refused"));
            }
            map.next_value_seed(Value { depth: depth + 1, fault: &mut *fault })?;
        }
        Ok(())
    }
}

/// The keys seen in one object; most are few, so a hash set is made only when it pays.
#[derive(Default)]
struct Keys {
    few: Vec<String>,
    many: HashSet<String>,
}

impl Keys {
    fn insert(&mut self, key: &str) -> bool {
        if !self.many.is_empty() {
            return self.many.insert(key.to_owned());
        }
        if self.few.iter().any(|known| known == key) {
            return false;
        }
        self.few.push(key.to_owned());
        if self.few.len() > 16 {
            self.many = self.few.drain(..).collect();
        }
        true
    }
}

/// Whether a 64-bit float holds the integer exactly, or JavaScript writes that float so.
fn exact(number: u64) -> bool {
    let float = number as f64;
    // 2^64 itself would saturate back to u64::MAX.
    let is_held = float < 18_446_744_073_709_551_616.0 && float as u64 == number;
    is_held || {
        // Beyond 2^53 JavaScript writes the shortest digits that name the float, and zeros behind them.
        let mut text = String::new();
        super::write_js_number(float, &mut text);
        text == number.to_string()
    }
}

fn inexact(number: impl fmt::Display) -> Error {
    Error::ambiguous(format!("{number} is not exact as a 64-bit float: send it as a string"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<Code> {
        check(text).err().map(|error| error.code)
    }

    #[test]
    fn m6_what_reads_alike_passes() {
        for text in [
            r#"{"type":"a","payload":[1,2.5,-3,"x",null,true,{"a":{"a":1}}]}"#,
            "9007199254740992",
            "14115352416411042000",
            "0.1",
            "1e21",
            "-0",
            r#""\ud83d\ude00""#,
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn m6_what_could_be_read_differently_is_refused() {
        for text in [
            r#"{"a":1,"a":2}"#,
            r#"[{"x":{"a":1,"\u0061":2}}]"#,
            "9007199254740993",
            "-9007199254740993",
            "18446744073709551615",
            r#"{"a":"\ud800"}"#,
            r#"{"\udc00":1}"#,
            "1e999",
        ] {
            assert_eq!(code(text), Some(Code::AmbiguousJson), "{text}");
        }
        let mut many: Vec<String> = (0..40).map(|at| format!("\"k{at}\":1")).collect();
        many.push("\"k39\":2".into());
        assert_eq!(code(&format!("{{{}}}", many.join(","))), Some(Code::AmbiguousJson));
    }

    #[test]
    fn g9_depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(check(&nested(DEPTH_MAX)), Ok(()));
        for depth in [DEPTH_MAX + 2, 127, 128, 10_000, 400_000] {
            assert_eq!(code(&nested(depth)), Some(Code::BadMessage), "{depth}");
        }
    }

    #[test]
    fn malformed_text_is_refused() {
        for text in ["", "{", "nul", "{\"a\":1}x"] {
            assert_eq!(code(text), Some(Code::BadMessage), "{text}");
        }
    }
}
