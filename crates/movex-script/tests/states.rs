//! What a state may be, and what becomes of it.
#![allow(clippy::unwrap_used)]

mod app;

use app::{App, Host, Resource, action, action_with, context};
use movex_core::checksum::checksum_v0;
use movex_core::reducer::{Applied, FailureKind, Features, Fold, ReportKind, State};
use movex_script::HostOptions;

/// A host whose reducer returns what an expression over `state`, `action` and `context` gives.
fn giving(expression: &str) -> Host {
    App::reducer(&format!(
        "(state: any = null, action: any, context: any): any => action.type === '_init' ? state : {expression}"
    ))
    .host()
}

/// The state's JSON text after `expression`, and that its checksum is that of the text.
fn given(expression: &str) -> String {
    let host = giving(expression);
    let it = host.it();
    let state = it.next(&it.init(), "go");
    let text = it.0.to_json(&state).unwrap();
    let value: Option<serde_json::Value> = text.as_deref().map(|text| serde_json::from_str(text).unwrap());
    assert_eq!(it.0.checksum_v0(&state).unwrap(), checksum_v0(value.as_ref()), "{expression}");
    text.unwrap_or_else(|| "undefined".into())
}

fn refused(expression: &str) -> movex_core::reducer::Failure {
    let host = giving(expression);
    host.it().fails(&host.it().init(), "go")
}

#[test]
fn every_json_type_is_a_state() {
    for (expression, json) in [
        ("5", "5"),
        ("-0", "0"),
        ("1e21", "1e+21"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("2 ** 31", "2147483648"),
        ("1.0", "1"),
        ("'a\"\\n\\u2028é😀'", "\"a\\\"\\n\u{2028}é😀\""),
        ("''", "\"\""),
        ("true", "true"),
        ("false", "false"),
        ("null", "null"),
        ("undefined", "undefined"),
        ("[]", "[]"),
        ("{}", "{}"),
        ("[[], {}, [1, [2]]]", "[[],{},[1,[2]]]"),
        ("Object.assign(Object.create(null), { a: 1 })", r#"{"a":1}"#),
        ("{ b: 1, a: { d: 1, c: [{ f: 1, e: 2 }] } }", r#"{"b":1,"a":{"d":1,"c":[{"f":1,"e":2}]}}"#),
        ("[{ b: 1, a: 2 }]", r#"[{"b":1,"a":2}]"#),
        (
            "{ b: 1, 10: 1, 9: 1, a: 1, '01': 2, 4294967294: 1, 4294967295: 2 }",
            r#"{"9":1,"10":1,"4294967294":1,"b":1,"a":1,"01":2,"4294967295":2}"#,
        ),
        ("{ '\\ufffd': 1, '\\u{1f600}': 2 }", "{\"\u{fffd}\":1,\"\u{1f600}\":2}"),
        ("{ 'quo\"te\\n': 1, '': 2, ['__proto__']: 3 }", r#"{"quo\"te\n":1,"":2,"__proto__":3}"#),
        ("'x'.repeat(10) + 'y'.repeat(5000)", &format!("\"{}{}\"", "x".repeat(10), "y".repeat(5000))),
    ] {
        let expression =
            if expression.starts_with('{') { format!("({expression})") } else { expression.to_owned() };
        assert_eq!(given(&expression), json, "{expression}");
    }
}

#[test]
fn undefined_members_are_dropped_as_json_drops_them() {
    assert_eq!(given("({ a: undefined, b: { c: undefined, d: 1 }, e: undefined })"), r#"{"b":{"d":1}}"#);
}

#[test]
fn what_is_not_plain_becomes_what_json_makes_of_it_with_one_warning() {
    for (expression, json, what) in [
        ("({ at: new Date(0) })", r#"{"at":"1970-01-01T00:00:00.000Z"}"#, "at `at`"),
        ("({ a: [{ m: new Map([[1, 2]]) }] })", r#"{"a":[{"m":{}}]}"#, "at `a[0].m`"),
        ("[1, undefined, 2]", "[1,null,2]", "undefined"),
        ("[1, , 2]", "[1,null,2]", "holes"),
        ("[NaN]", "[null]", "not finite"),
        ("Infinity", "null", "not finite"),
        ("({ f() {}, a: 1 })", r#"{"a":1}"#, "a function"),
        ("({ s: Symbol('x'), a: 1 })", r#"{"a":1}"#, "a symbol"),
        ("({ get a() { return 1 } })", r#"{"a":1}"#, "a getter"),
        ("new (class P { x = 1 })()", r#"{"x":1}"#, "an instance of a class"),
        ("({ toJSON: () => 7 })", "7", "a function"),
        ("new Proxy({ a: 1 }, {})", r#"{"a":1}"#, "no plain one"),
        ("new Uint8Array([1, 2])", r#"{"0":1,"1":2}"#, "no plain one"),
        ("new String('s')", "\"s\"", "no plain one"),
    ] {
        let host = giving(expression);
        let it = host.it();
        let state = it.next(&it.init(), "go");
        assert_eq!(it.json(&state), json, "{expression}");
        let said = host.said();
        assert_eq!(said.len(), 1, "{expression}");
        assert!(said[0].text.contains(what), "{expression}: {}", said[0].text);
        assert_eq!((said[0].kind, &said[0].private_to), (ReportKind::Warn, &None));
        it.next(&it.init(), "go");
        assert!(host.said().is_empty(), "it warns once");
    }
}

#[test]
fn what_has_no_json_is_a_failure() {
    for (expression, word) in [
        ("({ n: 1n })", "at `n`"),
        ("(() => { const a: any = { b: [] }; a.b.push(a); return a })()", "contains itself"),
        ("() => 1", "a function is no state"),
        ("Symbol('x')", "is no state"),
        ("Promise.resolve(1)", "async"),
        ("'\\ud800'", "surrogate"),
        ("({ a: { b: 'x\\udc00' } })", "at `a.b`"),
        ("({ '\\ud800': 1 })", "surrogate"),
        ("(() => { let a: any = []; for (let i = 0; i < 200; i++) a = [a]; return a })()", "deeper than 100"),
    ] {
        let failure = refused(expression);
        assert_eq!(failure.kind, FailureKind::Shape, "{expression}: {failure:?}");
        assert!(failure.message.contains(word), "{expression}: {}", failure.message);
    }
}

#[test]
fn states_are_frozen_all_the_way_down_even_if_the_app_froze_the_top() {
    let host = App::reducer(
        "(state: any = { a: [1, { b: 1 }] }, action: any): any => {
            const deep = (x: any): boolean => typeof x !== 'object' || x === null || (Object.isFrozen(x) && Object.values(x).every(deep));
            if (action.type === 'shallow') return Object.freeze({ inner: { list: [{ x: 1 }] } });
            if (action.type === 'ask') return deep(state) && deep(action);
            return state;
        }",
    )
    .host();
    let it = host.it();
    let ask = action_with("ask", r#"{"deep":[{}]}"#);
    assert_eq!(it.json(&it.next_by(&it.init(), &ask)), "true");
    assert_eq!(it.json(&it.next_by(&it.next(&it.init(), "shallow"), &ask)), "true");
    assert_eq!(it.json(&it.next_by(&it.parse(r#"{"a":{"b":[]}}"#), &ask)), "true");
}

/// Each way to change a state, and what it makes of `{ list: [3, 1, 2], o: { x: 1 } }`.
const MUTATIONS: &[(&str, &str)] = &[
    ("state.o = 1", r#"{"list":[3,1,2],"o":1}"#),
    ("state.o.x++", r#"{"list":[3,1,2],"o":{"x":2}}"#),
    ("state.fresh = 1", r#"{"list":[3,1,2],"o":{"x":1},"fresh":1}"#),
    ("delete state.o.x", r#"{"list":[3,1,2],"o":{}}"#),
    ("state.list.push(4)", r#"{"list":[3,1,2,4],"o":{"x":1}}"#),
    ("state.list.pop()", r#"{"list":[3,1],"o":{"x":1}}"#),
    ("state.list.shift()", r#"{"list":[1,2],"o":{"x":1}}"#),
    ("state.list.unshift(0)", r#"{"list":[0,3,1,2],"o":{"x":1}}"#),
    ("state.list.sort()", r#"{"list":[1,2,3],"o":{"x":1}}"#),
    ("state.list.reverse()", r#"{"list":[2,1,3],"o":{"x":1}}"#),
    ("state.list.splice(1, 1)", r#"{"list":[3,2],"o":{"x":1}}"#),
    ("state.list.fill(0)", r#"{"list":[0,0,0],"o":{"x":1}}"#),
    ("state.list.copyWithin(0, 1)", r#"{"list":[1,2,2],"o":{"x":1}}"#),
    ("state.list.length = 1", r#"{"list":[3],"o":{"x":1}}"#),
    ("state.list[5] = 1, state.list.length = 3", r#"{"list":[3,1,2],"o":{"x":1}}"#),
    ("[state.list[0], state.list[1]] = [state.list[1], state.list[0]]", r#"{"list":[1,3,2],"o":{"x":1}}"#),
    ("Object.assign(state.o, { y: 2 })", r#"{"list":[3,1,2],"o":{"x":1,"y":2}}"#),
    ("Object.defineProperty(state, 'o', { value: 2 })", r#"{"list":[3,1,2],"o":2}"#),
    ("state.o.x = action.payload.n = 5", r#"{"list":[3,1,2],"o":{"x":5}}"#),
];

#[test]
fn a_reducer_that_mutates_works_on_a_copy_and_is_told_once() {
    for (statement, json) in MUTATIONS {
        let host = App::new(&[(
            "src/movex.config.ts",
            &format!(
                "type S = any;\nconst it: any = (state: S = 0, action: any) => {{\n  if (action.type === 'go') {{\n    {statement};\n  }}\n  return state;\n}};\nexport default {{ resources: {{ it }} }};"
            ),
        )])
        .host();
        let it = host.it();
        let before = r#"{"list":[3,1,2],"o":{"x":1}}"#;
        let state = it.parse(before);
        let go = action_with("go", r#"{"n":1}"#);
        let next = it.next_by(&state, &go);
        assert_eq!(it.json(&next), *json, "{statement}");
        assert_eq!(it.json(&state), before, "{statement} changed its neighbour");
        let said = host.said();
        assert_eq!(said.len(), 1, "{statement}: {said:?}");
        assert!(said[0].text.contains("changes the state"), "{}", said[0].text);
        let location = said[0].location.as_ref().unwrap();
        assert_eq!((location.file.as_str(), location.line), ("src/movex.config.ts", 4), "{statement}");
        assert_eq!(it.json(&it.next_by(&state, &go)), *json, "{statement}, again");
        assert_eq!(host.said(), [], "{statement} warns once");
        assert_eq!(go.json(), r#"{"type":"go","payload":{"n":1}}"#);
    }
}

#[test]
fn a_mutation_in_a_package_without_strict_mode_is_noticed_too() {
    let app = App::new(&[
        (
            "src/movex.config.ts",
            "import { bump } from 'sloppy'; const it: any = (state: any = { n: 0 }, a: any) => a.type === 'go' ? bump(state) : state;
             export default { resources: { it } };",
        ),
        ("node_modules/sloppy/index.js", "exports.bump = function (s) { s.n = s.n + 1; return s };"),
    ]);
    let host = app.host();
    let it = host.it();
    let state = it.init();
    assert_eq!(it.json(&it.next(&state, "go")), r#"{"n":1}"#);
    assert_eq!(it.json(&state), r#"{"n":0}"#);
    assert_eq!(host.said().len(), 1);
}

#[test]
fn what_a_mutating_call_printed_and_drew_counts_once() {
    let host = App::reducer(
        "(state: any = {}, action: any): any => { if (action.type === 'go') { console.log('go'); state.r = Math.random() } return state }",
    )
    .host();
    let it = host.it();
    let state = it.init();
    let first = it.json(&it.next(&state, "go"));
    let lines: Vec<_> = host.said().into_iter().filter(|report| report.kind == ReportKind::Log).collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(it.json(&it.next(&state, "go")), first, "the second call, on a copy at once, draws the same");
}

#[test]
fn a_reducer_that_changes_nothing_gives_the_same_state() {
    let host = giving("action.type === 'same' ? state : action.type === 'equal' ? 5 : { a: 1 }");
    let it = host.it();
    let state = it.next(&it.init(), "object");
    assert!(it.next(&state, "same").is_same(&state));
    assert!(!it.next(&state, "object").is_same(&state));
    let five = it.next(&state, "equal");
    assert!(it.next(&five, "equal").is_same(&five));
}

#[test]
fn hooks_are_the_npm_packages_and_more() {
    let host = App::of(
        "const it: any = (state: any = { n: 0 }, action: any, context: any) =>
            action.type === '_init' ? state : action.type === 'context' ? { context, frozen: Object.isFrozen(context) } : { n: state.n + 1 };
         it.$canReconcileState = function (state: any) { return this === it && state.n > 1 ? 'yes' : 0 };
         it.$transformState = (state: any, context: any) => ({ ...state, at: context.requestAt });
         it.$deadline = (state: any) => state.n > 0 ? 1000 * state.n : undefined;
         it.$migrate = (old: any, from: string) => ({ n: old.count, from });
         it.$decide = 'public';
         const plain = (state: any = 1) => state;
         export default { resources: { it, plain } };",
    )
    .host();
    let it = host.it();
    assert_eq!(
        it.0.features(),
        Features {
            can_reconcile: true,
            transform: true,
            deadline: true,
            decide_public: true,
            cheap_checksum_v1: true,
        }
    );
    let plain = Features { cheap_checksum_v1: true, ..Features::default() };
    assert_eq!(host.of("plain").0.features(), plain);
    let zero = it.init();
    let two = it.next(&it.next(&zero, "a"), "a");
    assert_eq!(it.0.can_reconcile(&zero), Ok(false));
    assert_eq!(it.0.can_reconcile(&two), Ok(true));
    let shown = it.0.transform(&two, movex_core::context::TimeMs(5), Fold::Public).unwrap().unwrap();
    assert_eq!(it.json(&shown), r#"{"n":2,"at":5}"#);
    assert_eq!(it.0.deadline(&zero), Ok(None));
    assert_eq!(it.0.deadline(&two), Ok(Some(movex_core::context::TimeMs(2000))));
    let migrated = it.0.migrate(Some(r#"{"count":9}"#), &movex_core::ids::AppVersion::new("v1")).unwrap();
    assert_eq!(it.json(&migrated), r#"{"n":9,"from":"v1"}"#);
    assert_eq!(
        it.json(&it.next(&zero, "context")),
        r#"{"context":{"requestAt":1700000000000,"author":"alice"},"frozen":true}"#
    );
    let plain = host.of("plain");
    let state = plain.init();
    assert!(plain.0.transform(&state, movex_core::context::TimeMs(5), Fold::Public).unwrap().is_none());
    assert_eq!(
        plain.json(&plain.0.migrate(Some("3"), &movex_core::ids::AppVersion::new("v1")).unwrap()),
        "3"
    );
}

#[test]
fn a_state_of_another_engine_is_refused() {
    let (one, two) = (giving("state"), giving("state"));
    assert_eq!(two.it().fails(&one.it().init(), "go").kind, FailureKind::Shape);
    struct Other;
    assert_eq!(two.it().fails(&State::new(Other), "go").kind, FailureKind::Shape);
}

#[test]
fn states_outlive_their_host_and_go_in_any_order() {
    let host = giving("({ a: [state, { b: 1 }] })");
    let it = Resource(host.it().0);
    let one = it.next(&it.init(), "go");
    let two = it.next(&one, "go");
    drop(host);
    drop(one);
    assert_eq!(it.json(&two), r#"{"a":[{"a":[null,{"b":1}]},{"b":1}]}"#);
    drop(it);
    drop(two);
}

#[test]
fn a_state_may_be_dropped_by_who_listens() {
    use std::cell::RefCell;
    use std::rc::Rc;
    let app =
        App::reducer("(state: any = [1], action: any): any => { console.log('x'); return [...state, 1] }");
    let kept: Rc<RefCell<Vec<State>>> = Rc::default();
    let to = kept.clone();
    let host = movex_script::ScriptHost::new(
        &app.build().unwrap(),
        HostOptions::default(),
        Rc::new(move |_| to.borrow_mut().clear()),
    )
    .unwrap();
    let it = Resource(host.reducer("it").unwrap());
    let mut state = it.init();
    for _ in 0..10 {
        kept.borrow_mut().push(state.clone());
        state = it.next(&state, "go");
        assert!(kept.borrow().is_empty());
    }
    assert_eq!(it.json(&state), format!("[{}1]", "1,".repeat(11)));
}

#[test]
fn a_large_state_is_a_limit() {
    let app = App::reducer(
        "(state: any = '', action: any): any => action.type === 'go' ? ['x'.repeat(2000)] : state",
    );
    let host = app.host_with(HostOptions { state_bytes_max: 1000, ..HostOptions::default() });
    let it = host.it();
    assert_eq!(it.fails(&it.init(), "go").kind, FailureKind::Limit);
    let text = format!("\"{}\"", "x".repeat(1000));
    assert_eq!(it.0.parse(Some(&text)).unwrap_err().kind, FailureKind::Limit);
    assert_eq!(it.0.parse(Some("{")).unwrap_err().kind, FailureKind::Shape);
    assert!(it.0.parse(None).is_ok());
}

#[test]
fn shared_parts_are_walked_once() {
    // 2^40 ways lead to the innermost object: a walk that does not know what it has seen never ends.
    let host = giving(
        "(() => { let a: any = { x: 1 }; for (let i = 0; i < 10; i++) a = [a, a]; let b: any = [a]; return b })()",
    );
    let it = host.it();
    let state = it.next(&it.init(), "go");
    assert_eq!(it.json(&state).matches('x').count(), 1024);
    let failure =
        refused("(() => { let a: any = { x: 1 }; for (let i = 0; i < 40; i++) a = [a, a]; return a })()");
    assert_eq!(failure.kind, FailureKind::Limit);
}

#[test]
fn a_failing_reducer_is_a_throw_with_its_place() {
    let app = App::new(&[
        ("src/movex.config.ts", "import { it } from './it';\nexport default { resources: { it } };\n"),
        (
            "src/it.ts",
            "type State = { n: number };\ninterface Unused { a: string }\n\nexport const it = (state: State = { n: 0 }, action: { type: string }): State => {\n  if (action.type === 'throw') throw new Error('not your turn');\n  if (action.type === 'type') return (undefined as any).x;\n  if (action.type === 'text') throw 'just text';\n  return state;\n};\n",
        ),
    ]);
    let host = app.host();
    let it = host.it();
    let failure = it.fails(&it.init(), "throw");
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Throw, "not your turn"));
    assert_eq!(failure.location.unwrap().to_string(), "src/it.ts:5:42");
    assert!(failure.code_frame.unwrap().contains("> 5 |   if (action.type === 'throw')"));
    let failure = it.fails(&it.init(), "type");
    assert!(failure.message.starts_with("TypeError: "), "{}", failure.message);
    assert_eq!(failure.location.unwrap().line, 6);
    assert_eq!(it.fails(&it.init(), "text").message, "just text");
    assert!(matches!(it.apply(&it.init(), &action("fine")), Applied::Next(_)));
    assert!(!context().entropy_was_read());
}
