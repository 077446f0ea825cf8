//! Time and chance come from the entry alone, and what is said in secret stays secret.
#![allow(clippy::unwrap_used)]

mod app;

use app::{App, Host, TIME, action, context_of};
use movex_core::context::Context;
use movex_core::ids::ClientId;
use movex_core::reducer::{Applied, FailureKind, Fold, Report, ReportKind, State};
use movex_script::HostOptions;

fn giving(expression: &str) -> Host {
    App::reducer(&giving_text(expression)).host()
}

fn giving_text(expression: &str) -> String {
    format!("(state: any = null, action: any): any => action.type === '_init' ? state :\n  {expression}")
}

fn value(host: &Host, context: &Context, fold: Fold<'_>) -> String {
    let it = host.it();
    match it.0.apply(&it.parse("null"), &action("go"), context, fold) {
        Applied::Next(state) => it.json(&state),
        other => panic!("{other:?}"),
    }
}

fn public(expression: &str) -> String {
    value(&giving(expression), &context_of(TIME, 7), Fold::Public)
}

#[test]
fn chance_comes_from_the_entrys_entropy() {
    for expression in [
        "Math.random()",
        "crypto.randomUUID()",
        "Array.from(crypto.getRandomValues(new Uint8Array(8)))",
        "Array.from(crypto.getRandomValues(new Uint32Array(3)))",
    ] {
        let host = giving(expression);
        let of = |entropy| value(&host, &context_of(TIME, entropy), Fold::Public);
        assert_eq!(of(7), of(7), "{expression}");
        assert_ne!(of(7), of(8), "{expression}");
        assert_eq!(of(7), value(&giving(expression), &context_of(TIME + 1, 7), Fold::Revealed));
    }
    let uuid = public("crypto.randomUUID()");
    assert_eq!((uuid.len(), uuid.as_bytes()[15], uuid.as_bytes()[9]), (38, b'4', b'-'), "{uuid}");
    let different = public("new Set(Array.from({ length: 100 }, () => Math.random())).size");
    assert_eq!(different, "100");
}

#[test]
fn m9_reading_chance_marks_the_context_and_a_failure_after_it_says_so() {
    let host = giving("(() => { Math.random(); throw new Error('late') })()");
    let it = host.it();
    let context = context_of(TIME, 7);
    match it.0.apply(&it.init(), &action("go"), &context, Fold::Public) {
        Applied::Failed(failure) => assert!(failure.entropy_was_read && failure.kind == FailureKind::Throw),
        other => panic!("{other:?}"),
    }
    assert!(context.entropy_was_read());
    let host = giving("(() => { Date.now(); throw new Error('early') })()");
    let failure = host.it().fails(&host.it().init(), "go");
    assert!(!failure.entropy_was_read, "time is no chance");
}

#[test]
fn the_clock_is_the_entrys_time() {
    for expression in [
        "Date.now()",
        "new Date().getTime()",
        "+new Date()",
        "performance.now()",
        "new (class extends Date {})().getTime()",
        "Reflect.construct(Date, []).getTime()",
        "Date.parse(Date())",
        "new Date(new Date()).valueOf()",
    ] {
        assert_eq!(public(expression), TIME.to_string(), "{expression}");
    }
}

#[test]
fn dates_are_in_utc_wherever_the_host_is() {
    for (expression, expected) in [
        ("new Date(2020, 0, 2, 3, 4, 5, 6).toISOString()", "2020-01-02T03:04:05.006Z"),
        ("new Date(99, 0).toISOString()", "1999-01-01T00:00:00.000Z"),
        ("new Date('2020-01-02').toISOString()", "2020-01-02T00:00:00.000Z"),
        ("new Date('2020-01-02T03:04').toISOString()", "2020-01-02T03:04:00.000Z"),
        ("new Date('2020-07-02T03:04:05.5').toISOString()", "2020-07-02T03:04:05.500Z"),
        ("new Date('2020-01-02T03:04+02:00').toISOString()", "2020-01-02T01:04:00.000Z"),
        ("new Date('2020-01-02T03:04:00-0130').toISOString()", "2020-01-02T04:34:00.000Z"),
        ("new Date('2020-01-02T03:04Z').toISOString()", "2020-01-02T03:04:00.000Z"),
        ("new Date('Jul 5, 2020 10:00').toISOString()", "2020-07-05T10:00:00.000Z"),
        ("new Date('Sun, 05 Jul 2020 10:00:00 GMT').toISOString()", "2020-07-05T10:00:00.000Z"),
        ("new Date('Sun Jul 05 2020 10:00:00 GMT+0200 (CEST)').toISOString()", "2020-07-05T08:00:00.000Z"),
        ("String(new Date(0))", "Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)"),
        ("new Date(0) + ''", "Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)"),
        ("new Date(0).toDateString()", "Thu Jan 01 1970"),
        ("new Date(0).toTimeString()", "00:00:00 GMT+0000 (Coordinated Universal Time)"),
        ("new Date(1e12).toLocaleString()", "9/9/2001, 1:46:40 AM"),
        ("new Date(1e12).toLocaleDateString()", "9/9/2001"),
        ("new Date(1e12).toLocaleTimeString()", "1:46:40 AM"),
        ("String(new Date(NaN))", "Invalid Date"),
        ("[new Date(0).getHours(), new Date(0).getTimezoneOffset(), new Date(0).getDay()].join()", "0,0,4"),
        (
            "(() => { const d = new Date(0); d.setHours(5); d.setDate(2); return d.toISOString() })()",
            "1970-01-02T05:00:00.000Z",
        ),
        ("new Date(0).constructor === Date && new Date() instanceof Date && Date.name", "Date"),
        ("JSON.stringify({ d: new Date(0) })", r#"{\"d\":\"1970-01-01T00:00:00.000Z\"}"#),
    ] {
        assert_eq!(public(expression), format!("\"{expected}\""), "{expression}");
    }
}

#[test]
fn dates_are_in_utc_on_hosts_of_all_zones() {
    for zone in ["America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"] {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "dates_are_in_utc_wherever_the_host_is"])
            .env("TZ", zone)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout).into_owned();
        assert!(child.status.success() && said.contains("1 passed"), "{zone}: {said}");
    }
}

#[test]
fn impurity_warns_once_with_its_place() {
    let host = giving("[Math.random(), Math.random(), Date.now(), new Date().getTime()]");
    let context = context_of(TIME, 7);
    value(&host, &context, Fold::Public);
    let said = host.said();
    let texts: Vec<_> =
        said.iter().map(|report| report.text.split(" in a reducer").next().unwrap()).collect();
    assert_eq!(texts, ["Math.random()", "Date.now()", "new Date()"]);
    for report in &said {
        assert_eq!((report.kind, report.resource_type.as_str()), (ReportKind::Warn, "it"));
        let location = report.location.as_ref().unwrap();
        assert_eq!((location.file.as_str(), location.line), ("src/movex.config.ts", 2));
    }
    value(&host, &context, Fold::Public);
    assert_eq!(host.said(), []);
}

#[test]
fn strict_makes_impurity_an_error() {
    for (expression, is_error) in [
        ("Math.random()", true),
        ("Date.now()", true),
        ("new Date()", true),
        ("crypto.randomUUID()", true),
        ("new Date(5).getTime()", false),
    ] {
        let app = App::reducer(&giving_text(expression));
        let host = app.host_with(HostOptions { strict: true, ..HostOptions::default() });
        let it = host.it();
        match it.apply(&it.init(), &action("go")) {
            Applied::Failed(failure) if is_error => {
                assert!(failure.message.contains("is not allowed in a reducer"), "{}", failure.message);
                assert!(!failure.entropy_was_read);
                assert_eq!(failure.location.unwrap().line, 2);
            }
            Applied::Next(_) if !is_error => {}
            other => panic!("{expression}: {other:?}"),
        }
    }
}

#[test]
fn at_load_time_stands_still_and_chance_repeats() {
    let config = "const at = Date.now(); const id = Math.random(); const it: any = (state = [at, id]) => state; export default { resources: { it } };";
    let (one, two) = (App::of(config).host(), App::of(config).host());
    let of = |host: &Host| host.it().json(&host.it().init());
    assert_eq!(of(&one), of(&two));
    assert!(of(&one).starts_with("[0,0."), "{}", of(&one));
    let said = one.said();
    assert_eq!(said.len(), 2);
    assert!(said[0].text.contains("while the app is loaded"), "{}", said[0].text);
}

#[test]
fn text_is_encoded_and_decoded_as_in_node() {
    for (expression, expected) in [
        (
            "Array.from(new TextEncoder().encode('aé€😀\\ud800'))",
            "[97,195,169,226,130,172,240,159,152,128,239,191,189]",
        ),
        ("new TextDecoder().decode(new TextEncoder().encode('aé€😀'))", "\"aé€😀\""),
        ("new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 97]))", "\"a\""),
        // As the encoding standard counts replacement characters.
        (
            "new TextDecoder().decode(new Uint8Array([0xc0, 0x80, 0xe0, 0x80, 0xed, 0xa0, 0x80, 0xf0, 0x9f, 97, 0xff]))",
            "\"\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}a\u{fffd}\"",
        ),
        ("new TextEncoder().encodeInto('é€', new Uint8Array(4))", r#"{"read":1,"written":2}"#),
        (
            "(() => { try { new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([255])) } catch (e: any) { return e.name } })()",
            "\"TypeError\"",
        ),
    ] {
        assert_eq!(public(expression), expected, "{expression}");
    }
}

#[test]
fn what_only_a_page_has_says_so() {
    let host = giving("window.innerWidth");
    let failure = host.it().fails(&host.it().init(), "go");
    assert!(failure.message.contains("without a page and without Node"), "{}", failure.message);
}

#[test]
fn structured_clone_is_there() {
    assert_eq!(
        public(
            "(() => { const a: any = { d: new Date(5), m: new Map([[1, { x: 1 }]]), s: new Set([1]), l: [1, [2]], u: undefined };
                a.self = a; const b = structuredClone(a); b.l[1].push(3);
                return [b !== a, b.self === b, b.d.getTime(), b.m.get(1).x, b.s.has(1), a.l, b.l, 'u' in b] })()"
        ),
        "[true,true,5,1,true,[1,[2]],[1,[2,3]],true]"
    );
}

#[test]
fn nothing_comes_from_outside() {
    for name in ["setTimeout", "setInterval", "fetch", "setImmediate"] {
        let host = giving(&format!("({name} as any)(() => 1, 5)"));
        let failure = host.it().fails(&host.it().init(), "go");
        assert!(
            failure.message.contains(&format!("{name}() is not there in a reducer")),
            "{}",
            failure.message
        );
        assert_eq!(failure.location.unwrap().line, 2);
    }
    for name in
        ["WeakRef", "FinalizationRegistry", "XMLHttpRequest", "WebSocket", "window", "document", "std", "os"]
    {
        assert_eq!(public(&format!("typeof (globalThis as any).{name}")), "\"undefined\"", "{name}");
    }
}

#[test]
fn what_is_printed_goes_to_the_sink() {
    let host = giving(
        "(console.log('a', 1, { b: [2] }, undefined, null), console.info('i'), console.warn('w'), console.error(new Error('e')), console.debug(Symbol('s'), 1n, '\\ud800'), 1)",
    );
    value(&host, &context_of(TIME, 7), Fold::Public);
    let said = host.said();
    let kinds: Vec<_> = said.iter().map(|report| report.kind).collect();
    use ReportKind::{Error, Info, Log, Warn};
    assert_eq!(kinds, [Log, Info, Warn, Error, Log]);
    assert_eq!(said[0].text, r#"a 1 {"b":[2]} undefined null"#);
    assert!(said[3].text.starts_with("Error: e"), "{}", said[3].text);
    assert_eq!(said[4].text, "Symbol(s) 1 \u{fffd}");
    assert_eq!(said[0].location.as_ref().unwrap().line, 2);
    let host =
        giving("(() => { for (let i = 0; i < 1000; i++) console.log('x'.repeat(20000)); return 1 })()");
    value(&host, &context_of(TIME, 7), Fold::Public);
    let said = host.said();
    assert!(said.len() <= 200 && said.iter().all(|report| report.text.len() < 9000));
}

fn private_of(report: &Report) -> Option<&str> {
    report.private_to.as_ref().map(ClientId::as_str)
}

#[test]
fn m10_what_a_private_fold_says_is_marked() {
    let host = giving("(console.log('x'), Math.random(), 1)");
    let alice = ClientId::new("alice");
    value(&host, &context_of(TIME, 7), Fold::Private(&alice));
    let said = host.said();
    assert_eq!(said.len(), 2);
    assert!(said.iter().all(|report| private_of(report) == Some("alice")));
    value(&host, &context_of(TIME, 7), Fold::Revealed);
    let said = host.said();
    assert_eq!(said.len(), 2, "a reveal is public, and warns of its own");
    assert!(said.iter().all(|report| private_of(report).is_none()));
}

#[test]
fn m10_private_folds_change_nothing_that_is_said_or_done_publicly() {
    let text = "(state: any = { n: 0 }, action: any): any => {
        if (action.type === '_init') return state;
        console.log('n', Math.random(), Date.now());
        state.n += 1;
        return { n: state.n, at: new Date(), list: [undefined] };
    }";
    let bob = ClientId::new("bob");
    let run = |private_folds: usize| {
        let host = App::reducer(text).host();
        let it = host.it();
        let mut state: State = it.init();
        let mut states = Vec::new();
        let mut said = host.said();
        for _ in 0..3 {
            for _ in 0..private_folds {
                let secret = it.0.apply(&state, &action("go"), &context_of(TIME, 99), Fold::Private(&bob));
                assert!(matches!(secret, Applied::Next(_)));
            }
            state = it.next(&state, "go");
            states.push(it.json(&state));
            said.extend(host.said().into_iter().filter(|report| report.private_to.is_none()));
        }
        (states, said)
    };
    let without = run(0);
    assert_eq!(without, run(1));
    assert_eq!(without, run(5));
    assert!(without.1.len() > 3, "{:?}", without.1);
}
