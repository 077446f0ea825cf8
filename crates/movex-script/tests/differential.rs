//! The mirror against the plain way: for random states and random changes, its texts are those of `JSON.stringify`
//! and its checksums those of the whole text, whatever it remembers.
#![allow(clippy::unwrap_used)]

mod app;

use app::{App, Host, Resource, action_with};
use movex_core::action::Action;
use movex_core::checksum::{checksum_v0, checksum_v1};
use movex_core::reducer::State;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

/// Puts a value at a path, or takes away what is there, without changing its argument.
const EDITOR: &str = "(state: any = null, action: any): any => {
    const put = (old: any, path: any[], value: any): any => {
        if (path.length === 0) return value;
        const [head, ...rest] = path;
        if (Array.isArray(old)) {
            if (old.length === 0) return old;
            const at = head.n % old.length;
            if (value === undefined && rest.length === 0) return old.filter((_: any, i: number) => i !== at);
            return old.map((item: any, i: number) => i === at ? put(item, rest, value) : item);
        }
        if (old !== null && typeof old === 'object') {
            const keys = Object.keys(old);
            const key = keys.length > 0 && head.n % 4 !== 0 ? keys[head.n % keys.length] : head.k;
            return { ...old, [key]: put(old[key] ?? null, rest, value) };
        }
        return rest.length === 0 ? value : old;
    };
    switch (action.type) {
        case 'put': return put(state, action.payload.path, action.payload.value);
        case 'take': return put(state, action.payload.path, undefined);
        case 'wrap': return [state, state, { again: state }];
        case 'mutate': {
            const all: any[] = [];
            const visit = (x: any) => { if (x !== null && typeof x === 'object') { all.push(x); Object.values(x).forEach(visit) } };
            visit(state);
            if (all.length === 0) return state;
            const it = all[action.payload % all.length];
            if (Array.isArray(it)) it.push(1); else it['m' + action.payload] = [2];
            return state;
        }
        case 'text': return JSON.stringify(state) ?? 'undefined';
        default: return state;
    }
}";

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]{0,2}",
        "[0-9]{1,2}",
        Just("10".to_owned()),
        Just("01".to_owned()),
        Just("4294967294".to_owned()),
        Just("4294967295".to_owned()),
        Just("__proto__".to_owned()),
        Just("toJSON".to_owned()),
        Just("constructor".to_owned()),
        Just("\u{fffd}".to_owned()),
        Just("\u{1f600}\u{e000}".to_owned()),
        any::<String>(),
    ]
}

fn numbers() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i32>().prop_map(Value::from),
        (-9_007_199_254_740_992_i64..=9_007_199_254_740_992).prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no others", |number| number.is_finite()).prop_map(Value::from),
        Just(json!(-0.0)),
        Just(json!(1e21)),
        Just(json!(5e-324)),
    ]
}

fn states() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        numbers(),
        texts().prop_map(Value::from),
        // Texts beyond what the mirror keeps whole.
        (0_usize..4000).prop_map(|length| Value::from("é".repeat(length))),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((texts(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

#[derive(Clone, Debug)]
enum Edit {
    Put(Vec<(u8, String)>, Value),
    Take(Vec<(u8, String)>),
    Wrap,
    Mutate(u8),
    Back(usize),
}

fn edits() -> impl Strategy<Value = Edit> {
    let path = || prop::collection::vec((any::<u8>(), texts()), 0..5);
    prop_oneof![
        6 => (path(), states()).prop_map(|(path, value)| Edit::Put(path, value)),
        2 => path().prop_map(Edit::Take),
        1 => Just(Edit::Wrap),
        1 => any::<u8>().prop_map(Edit::Mutate),
        1 => (0_usize..8).prop_map(Edit::Back),
    ]
}

fn path_json(path: &[(u8, String)]) -> Value {
    path.iter().map(|(n, k)| json!({ "n": n, "k": k })).collect()
}

fn agrees(it: &Resource, state: &State) {
    let text = it.0.to_json(state).unwrap();
    let value: Option<Value> = text.as_deref().map(|text| serde_json::from_str(text).unwrap());
    assert_eq!(it.0.checksum_v0(state).unwrap(), checksum_v0(value.as_ref()));
    assert_eq!(it.0.checksum_v1(state).unwrap(), checksum_v1(value.as_ref()));
    // A reducer that is called with `undefined` sees its default argument instead.
    let Some(text) = text else { return };
    let stringified = it.json(&it.next(state, "text"));
    let stringified: String = serde_json::from_str(&stringified).unwrap();
    assert_eq!(text, stringified);
}

fn host() -> Host {
    App::reducer(EDITOR).host()
}

/// Runs a property many times on one engine, so that it also meets what earlier cases have left behind.
fn check<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>, property: impl Fn(&Resource, T)) {
    let host = host();
    let it = host.it();
    let config = ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new(config);
    let result = runner.run(&strategy, |input| {
        property(&it, input);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn texts_and_checksums_are_those_of_the_plain_way() {
    check((states(), prop::collection::vec(edits(), 0..12)), |it, (start, edits)| {
        let mut kept: Vec<(State, String)> = Vec::new();
        let mut state = it.parse(&start.to_string());
        agrees(it, &state);
        for edit in edits {
            let text = it.json(&state);
            kept.push((state.clone(), text.clone()));
            if text.len() > 200_000 {
                break;
            }
            state = match edit {
                Edit::Put(path, value) => {
                    let payload = json!({ "path": path_json(&path), "value": value });
                    // Numbers that are not exact are refused at the door (M6).
                    let put = Action::from_json(json!({ "type": "put", "payload": payload }).to_string());
                    let Ok(put) = put else { continue };
                    it.next_by(&state, &put)
                }
                Edit::Take(path) => {
                    let payload = json!({ "path": path_json(&path) }).to_string();
                    it.next_by(&state, &action_with("take", &payload))
                }
                Edit::Wrap => it.next(&state, "wrap"),
                Edit::Mutate(at) => it.next_by(&state, &action_with("mutate", &at.to_string())),
                Edit::Back(at) => kept[at % kept.len()].0.clone(),
            };
            agrees(it, &state);
        }
        // None of the changes reached a state that was there before.
        for (state, text) in kept {
            assert_eq!(it.json(&state), text);
        }
    });
}

#[test]
fn what_is_written_is_read_back() {
    check(states(), |it, start| {
        let state = it.parse(&start.to_string());
        let text = it.json(&state);
        let again = it.parse(&text);
        assert_eq!(it.json(&again), text);
        assert_eq!(it.0.checksum_v0(&again).unwrap(), it.0.checksum_v0(&state).unwrap());
        assert!(it.next(&again, "none").is_same(&again));
    });
}
