//! Writing JSON as `JSON.stringify` does.

use std::cmp::Ordering;

use serde_json::{Map, Value};

/// In which order an object's keys are written. Keys that are array indexes come first in both, as in JavaScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOrder {
    /// As they were put in.
    Insertion,
    /// By UTF-16 code unit, as `Object.keys(o).sort()` leaves them once they are put into a new object.
    Sorted,
}

/// Writes a value as `JSON.stringify` does.
pub fn write_js(value: &Value, order: KeyOrder, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_js_number(number.as_f64().unwrap_or(f64::NAN), out),
        Value::String(string) => write_js_string(string, out),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_js(item, order, out);
            }
            out.push(']');
        }
        Value::Object(map) => write_object(map, order, out),
    }
}

fn write_object(map: &Map<String, Value>, order: KeyOrder, out: &mut String) {
    let mut entries: Vec<(Option<u32>, &String, &Value)> =
        map.iter().map(|(key, value)| (array_index(key), key, value)).collect();
    // The sort is stable: with insertion order kept, keys that are no index stay where they are.
    entries.sort_by(|(a_index, a, _), (b_index, b, _)| match (a_index, b_index) {
        (Some(a), Some(b)) => a.cmp(b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) if order == KeyOrder::Sorted => a.encode_utf16().cmp(b.encode_utf16()),
        (None, None) => Ordering::Equal,
    });
    out.push('{');
    for (at, (_, key, value)) in entries.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_js_string(key, out);
        out.push(':');
        write_js(value, order, out);
    }
    out.push('}');
}

/// The array index that a key is: a canonical decimal below 2^32 - 1 (ECMA-262, "array index").
pub fn array_index(key: &str) -> Option<u32> {
    let bytes = key.as_bytes();
    let canonical = match bytes {
        [b'0'] => true,
        [b'1'..=b'9', rest @ ..] => rest.len() < 10 && rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if !canonical {
        return None;
    }
    key.parse::<u32>().ok().filter(|index| *index != u32::MAX)
}

/// Writes a number as JavaScript's `String` does; what is not finite as `null`, as `JSON.stringify` does.
pub fn write_js_number(number: f64, out: &mut String) {
    if number.is_finite() {
        out.push_str(ryu_js::Buffer::new().format_finite(number));
    } else {
        out.push_str("null");
    }
}

/// Writes a string in quotes as `JSON.stringify` does. (serde_json escapes the same characters in the same way.)
pub fn write_js_string(string: &str, out: &mut String) {
    out.push('"');
    let mut written = 0;
    for (at, byte) in string.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0..0x20 => {
                out.push_str(&string[written..at]);
                out.push_str("\\u00");
                for nibble in [byte >> 4, byte & 15] {
                    out.push(char::from_digit(nibble.into(), 16).expect("a nibble is a hex digit"));
                }
                written = at + 1;
                continue;
            }
            _ => continue,
        };
        out.push_str(&string[written..at]);
        out.push_str(escape);
        written = at + 1;
    }
    out.push_str(&string[written..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str, order: KeyOrder) -> String {
        let mut out = String::new();
        write_js(&serde_json::from_str(json).unwrap(), order, &mut out);
        out
    }

    #[test]
    fn array_indexes_come_first_in_ascending_order() {
        let json = r#"{"b":1,"10":2,"9":3,"01":4,"4294967294":5,"4294967295":6,"a":7}"#;
        assert_eq!(
            text(json, KeyOrder::Insertion),
            r#"{"9":3,"10":2,"4294967294":5,"b":1,"01":4,"4294967295":6,"a":7}"#
        );
        assert_eq!(
            text(json, KeyOrder::Sorted),
            r#"{"9":3,"10":2,"4294967294":5,"01":4,"4294967295":6,"a":7,"b":1}"#
        );
    }

    #[test]
    fn numbers_are_written_as_javascript_writes_them() {
        for (json, js) in [
            ("1.0", "1"),
            ("-0.0", "0"),
            ("1e21", "1e+21"),
            ("123456789012345680000", "123456789012345680000"),
            ("1e-7", "1e-7"),
            ("0.000001", "0.000001"),
            ("9007199254740993", "9007199254740992"),
        ] {
            assert_eq!(text(json, KeyOrder::Insertion), js);
        }
    }

    #[test]
    fn strings_are_escaped_as_javascript_escapes_them() {
        let mut out = String::new();
        write_js_string("a\"\\\n\r\t\u{8}\u{c}\u{1}\u{1f}\u{7f}\u{2028}é😀", &mut out);
        assert_eq!(out, "\"a\\\"\\\\\\n\\r\\t\\b\\f\\u0001\\u001f\u{7f}\u{2028}é😀\"");
    }
}
