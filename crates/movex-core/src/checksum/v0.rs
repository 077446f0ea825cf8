//! The checksum of npm `movex` 0.1.6: MD5 of the canonical text.
//!
//! An object is written with the keys of every nested object sorted, objects inside arrays too; a top-level array
//! with the keys inside in insertion order; a string, number, boolean or null as `String(s)`, strings unquoted.

use std::fmt::Write as _;

use md5::{Digest as _, Md5};
use serde_json::Value;

use crate::json::{KeyOrder, write_js};

/// Lower-case hex of an MD5; the empty text for `undefined`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChecksumV0(pub String);

impl ChecksumV0 {
    /// The text that goes to the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text whose MD5 is the checksum. `None` is `undefined`, which has none.
pub fn canonical_v0(state: Option<&Value>) -> Option<String> {
    let mut text = String::new();
    match state? {
        Value::String(string) => text.push_str(string),
        array @ Value::Array(_) => write_js(array, KeyOrder::Insertion, &mut text),
        other => write_js(other, KeyOrder::Sorted, &mut text),
    }
    Some(text)
}

/// The checksum of a canonical text that the caller has made already.
pub fn checksum_v0_of_text(canonical: &str) -> ChecksumV0 {
    let mut hex = String::with_capacity(32);
    for byte in Md5::digest(canonical.as_bytes()) {
        write!(hex, "{byte:02x}").expect("a String takes all");
    }
    ChecksumV0(hex)
}

/// The checksum of a state; `None` is `undefined`.
pub fn checksum_v0(state: Option<&Value>) -> ChecksumV0 {
    canonical_v0(state).map_or_else(|| ChecksumV0(String::new()), |text| checksum_v0_of_text(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> String {
        checksum_v0(Some(&serde_json::from_str(json).unwrap())).0
    }

    #[test]
    fn the_recorded_vectors() {
        for (json, checksum) in [
            (r#"{"value":2}"#, "5d872de403edb944a7b10450eda2f46a"),
            (r#"{"value":0}"#, "b136fbef4c0f8b7ee6c001d941382b40"),
            (r#"{"value":13.5}"#, "9aa2e73be8f2cccb209e82ca4986071a"),
            ("{}", "99914b932bd37a50b983c5e7c90ae93b"),
            ("[]", "d751713988987e9331980363e24189ce"),
            ("5", "e4da3b7fbbce2345d7772b0674a318d5"),
            ("null", "37a6259cc0c1dae299a7866489dff0bd"),
            (r#""abc""#, "900150983cd24fb0d6963f7d28e17f72"),
            (r#"{"v":1e21}"#, "2dc09efde35e937a9bbc8d71d8f206e7"),
            (r#"{"b":1,"10":1,"9":1,"a":1,"01":2}"#, "c17835b850e44d9633db21617cbb8700"),
        ] {
            assert_eq!(of(json), checksum, "{json}");
        }
        assert_eq!(checksum_v0(None).0, "");
    }

    #[test]
    fn negative_zero_is_zero() {
        assert_eq!(of(r#"{"v":-0.0}"#), of(r#"{"v":0}"#));
    }

    #[test]
    fn a_top_level_array_keeps_the_order_of_keys_and_an_object_does_not() {
        assert_ne!(of(r#"[{"b":1,"a":2}]"#), of(r#"[{"a":2,"b":1}]"#));
        assert_eq!(of(r#"{"l":[{"b":1,"a":2}]}"#), of(r#"{"l":[{"a":2,"b":1}]}"#));
    }

    #[test]
    fn keys_are_sorted_by_utf16_code_unit() {
        // U+FFFD sorts before an emoji in UTF-8 and after it in UTF-16, where the emoji begins with 0xD83D.
        let text = canonical_v0(Some(&serde_json::json!({"\u{fffd}": 1, "\u{1f600}": 2}))).unwrap();
        assert_eq!(text, "{\"\u{1f600}\":2,\"\u{fffd}\":1}");
    }
}
