//! Canonical text and checksums against Node's own `JSON.stringify` and `crypto`, over thousands of random states.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use movex_core::checksum::{canonical_v0, checksum_v0};
use movex_core::json::{KeyOrder, write_js};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

const STATES: usize = 5_000;

/// Reads one JSON text a line, and answers each with its checksum, as npm movex takes it, and its text.
const NODE: &str = r"
const { createHash } = require('crypto');
const md5 = (text) => createHash('md5').update(text, 'utf8').digest('hex');
const sorted = (value) => {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const next = {};
  // A plain assignment of `__proto__` would set the prototype.
  for (const key of Object.keys(value).sort()) {
    Object.defineProperty(next, key, { value: sorted(value[key]), enumerable: true });
  }
  return next;
};
const canonical = (state) => {
  if (Array.isArray(state)) return JSON.stringify(state);
  return state !== null && typeof state === 'object' ? JSON.stringify(sorted(state)) : String(state);
};
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const state = JSON.parse(line);
  process.stdout.write(JSON.stringify([md5(canonical(state)), canonical(state), JSON.stringify(state)]) + '\n');
});
";

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]{0,2}",
        "[0-9]{1,3}",
        "0[0-9]",
        "-[0-9]",
        Just("4294967294".to_owned()),
        Just("4294967295".to_owned()),
        Just("__proto__".to_owned()),
        Just("\u{fffd}\u{2028}".to_owned()),
        Just("\u{1f600}\u{e000}".to_owned()),
        any::<String>(),
    ]
}

fn numbers() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i32>().prop_map(Value::from),
        (-9_007_199_254_740_992_i64..=9_007_199_254_740_992).prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no others", |number| number.is_finite()).prop_map(Value::from),
        (-400_i32..400, -1e4..1e4_f64).prop_map(|(power, of)| {
            let number = of * 10_f64.powi(power);
            if number.is_finite() { Value::from(number) } else { json!(0) }
        }),
        Just(json!(-0.0)),
        Just(json!(1e21)),
        Just(json!(1e-7)),
        Just(json!(5e-324)),
    ]
}

fn states() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        numbers(),
        texts().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((texts(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

#[test]
fn node_writes_and_sums_alike() {
    let mut node = Command::new("node")
        .args(["-e", NODE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test compares with Node: install it, version 20 or later");
    let mut to_node = node.stdin.take().unwrap();
    let mut from_node = BufReader::new(node.stdout.take().unwrap()).lines();
    // A fixed seed: what fails once fails again.
    let mut runner = TestRunner::deterministic();
    let strategy = states();
    for _ in 0..STATES {
        let text = strategy.new_tree(&mut runner).unwrap().current().to_string();
        writeln!(to_node, "{text}").unwrap();
        let answer = from_node.next().expect("node answers each line").unwrap();
        let [checksum, canonical, stringified]: [String; 3] = serde_json::from_str(&answer).unwrap();
        let state: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(canonical_v0(Some(&state)), Some(canonical), "{text}");
        assert_eq!(checksum_v0(Some(&state)).as_str(), checksum, "{text}");
        let mut written = String::new();
        write_js(&state, KeyOrder::Insertion, &mut written);
        assert_eq!(written, stringified, "{text}");
    }
    drop(to_node);
    assert!(node.wait().unwrap().success());
}
