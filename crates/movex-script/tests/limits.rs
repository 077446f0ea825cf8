//! A call that eats time, memory or stack costs its call (G8), whatever it caught.
#![allow(clippy::unwrap_used)]

mod app;

use app::{App, Host, TIME, action_with};
use movex_core::reducer::{Applied, FailureKind};
use movex_script::HostOptions;

fn options() -> HostOptions {
    HostOptions { memory_bytes_max: 32 << 20, ticks_max: 200, load_ticks_max: 200, ..HostOptions::default() }
}

fn doing(statement: &str) -> Host {
    App::reducer(&format!(
        "(state: any = {{ n: 0 }}, action: any): any => {{\n  if (action.type === 'go') {{ {statement} }}\n  return {{ n: state.n + 1 }};\n}}"
    ))
    .host_with(options())
}

/// Does it, and sees that the engine goes on afterwards.
fn costs_its_call(statement: &str, word: &str) {
    let host = doing(statement);
    let it = host.it();
    let mut state = it.init();
    for _ in 0..3 {
        let failure = it.fails(&state, "go");
        assert_eq!(failure.kind, FailureKind::Limit, "{statement}: {failure:?}");
        assert!(failure.message.contains(word), "{statement}: {}", failure.message);
        state = it.next(&state, "other");
    }
    assert_eq!(it.json(&state), r#"{"n":4}"#);
}

#[test]
fn g8_a_loop_without_end() {
    costs_its_call("while (true) {}", "too long");
    costs_its_call("try { while (true) {} } catch { return 1 } finally { return 2 }", "too long");
    costs_its_call("const f = (): any => { for (;;) {} }; [1].map(f);", "too long");
    costs_its_call("/(a+)+$/.test('a'.repeat(60) + 'b');", "too long");
    costs_its_call("const it = { get x() { for (;;) {} } }; return JSON.stringify(it);", "too long");
    costs_its_call("const forever = async () => { for (;;) await 0 }; void forever();", "too long");
}

#[test]
fn g8_too_much_memory_also_if_caught() {
    costs_its_call("const a: any[] = []; for (;;) a.push(new Array(1000).fill(1));", "memory");
    costs_its_call(
        "try { const a: any[] = []; for (;;) a.push(new Array(1000).fill(1)); } catch { return 1 }",
        "memory",
    );
    costs_its_call("return 'x'.repeat(1e9);", "memory");
    costs_its_call("try { 'x'.repeat(1e8) + 'y' } catch {} return { fine: true };", "memory");
}

#[test]
fn g8_a_recursion_without_end_also_if_caught() {
    costs_its_call("const f = (): any => f() + 1; f();", "too deep");
    costs_its_call(
        "const f = (): any => { try { return f() + 1 } catch { return 1 } }; return { f: f() };",
        "too deep",
    );
    costs_its_call("const f = (): any => f() + 1; try { f() } catch {} return { fine: true };", "too deep");
    costs_its_call(
        "const f = (): any => { [1].forEach(f) }; try { f() } catch {} return { fine: true };",
        "too deep",
    );
    costs_its_call(
        "let s = '['.repeat(20000); s += ']'.repeat(20000); try { JSON.parse(s) } catch {}; const f = (): any => f() + 1; f();",
        "too deep",
    );
}

#[test]
fn g8_a_caught_overflow_is_noticed_however_short_its_trace_would_be() {
    let app = App::new(&[(
        "movex.config.js",
        "Error.stackTraceLimit = 0; Error.prepareStackTrace = () => 1;
         const f = () => f() + 1;
         const it = (s = 0, a) => { if (a.type === 'go') { try { f() } catch {} return 1 } return a.type === 'limit' ? Error.stackTraceLimit : s };
         export default { resources: { it } };",
    )]);
    let bundle =
        movex_script::Bundle::build(&app.folder().join("movex.config.js"), Default::default()).unwrap();
    let host = movex_script::ScriptHost::new(&bundle, options(), std::rc::Rc::new(|_| {})).unwrap();
    let it = app::Resource(host.reducer("it").unwrap());
    let state = it.init();
    for _ in 0..300 {
        assert_eq!(it.fails(&state, "go").kind, FailureKind::Limit);
    }
    assert_eq!(it.json(&it.next(&state, "limit")), "64");
}

#[test]
fn g8_a_recursion_that_ends_is_fine() {
    let host = doing("const f = (n: number): number => n === 0 ? 0 : 1 + f(n - 1); return { n: f(500) };");
    let it = host.it();
    assert_eq!(it.json(&it.next(&it.init(), "go")), r#"{"n":500}"#);
}

#[test]
fn the_budget_is_counted_and_not_timed() {
    let host = App::reducer(
        "(state: any = 0, action: any): any => { let n = 0; if (action.type === 'go') for (let i = 0; i < 700_000; i++) n += i % 3; return n }",
    )
    .host_with(options());
    let it = host.it();
    for _ in 0..5 {
        assert_eq!(it.json(&it.next(&it.init(), "go")), "699999");
    }
}

#[test]
fn m8_the_budget_does_not_see_what_ran_before() {
    let host = App::reducer(
        "(state: any = 0, action: any): any => { if (action.payload) for (let i = 0; i < action.payload; i++); return 1 }",
    )
    .host_with(HostOptions {
        ticks_max: 3,
        ..options()
    });
    let it = host.it();
    let state = it.init();
    let turns =
        |count: u32| matches!(it.apply(&state, &action_with("go", &count.to_string())), Applied::Next(_));
    // Finds where the budget ends, and asks again and again after calls of all lengths.
    let (mut fits, mut is_over) = (0, 100_000);
    while is_over - fits > 1 {
        let middle = (fits + is_over) / 2;
        if turns(middle) { fits = middle } else { is_over = middle }
    }
    for before in (0..20_000).step_by(397) {
        turns(before);
        assert!(turns(fits), "{fits} turns after {before}");
        turns(before);
        assert!(!turns(is_over), "{is_over} turns after {before}");
    }
}

#[test]
fn m8_the_memory_of_a_call_does_not_see_what_others_keep() {
    let host = App::reducer(
        "(state: any = '', action: any): any => action.type === 'go' ? ['x'.repeat(2 ** 20)] : { size: 'x'.repeat(7 * 2 ** 20).length }",
    )
    .host_with(HostOptions {
        memory_bytes_max: 128 << 20,
        call_memory_bytes_max: 8 << 20,
        ..HostOptions::default()
    });
    let it = host.it();
    let start = it.parse("null");
    let mut kept = Vec::new();
    for _ in 0..40 {
        kept.push(it.next(&start, "go"));
        it.next(&start, "seven");
    }
    assert_eq!(kept.len(), 40);
}

#[test]
fn a_limit_has_a_place_where_that_is_known() {
    let host = doing("\n    while (true) {\n      state.n + 1;\n    }\n");
    let failure = host.it().fails(&host.it().init(), "go");
    // The engine knows the last place before the jump at which it was stopped.
    let line = failure.location.map(|location| location.line);
    assert!(line.is_some_and(|line| (2..=4).contains(&line)), "{line:?}");
}

#[test]
fn limits_hold_at_load() {
    for (head, word) in [
        ("while (true) {}", "too long"),
        ("const f = (): any => f() + 1; try { f() } catch {}", "too deep"),
        ("try { 'x'.repeat(1e9) } catch {}", "memory"),
    ] {
        let app = App::of(&format!("{head}\nexport default {{ resources: {{ it: (s = 0) => s }} }};"));
        let Err(error) = app.try_host(options()) else {
            panic!("{head} loaded");
        };
        assert_eq!(error.0.kind, FailureKind::Limit, "{error}");
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn limits_hold_in_hooks() {
    let host = App::of(
        "const it: any = (state = 0) => state; it.$canReconcileState = () => { while (true) {} };
         it.$transformState = () => { while (true) {} }; it.$deadline = () => { while (true) {} };
         export default { resources: { it } };",
    )
    .host_with(options());
    let it = host.it();
    let state = it.init();
    let time = movex_core::context::TimeMs(TIME);
    assert_eq!(it.0.can_reconcile(&state).unwrap_err().kind, FailureKind::Limit);
    assert_eq!(it.0.deadline(&state).unwrap_err().kind, FailureKind::Limit);
    let shown = it.0.transform(&state, time, movex_core::reducer::Fold::Public);
    assert_eq!(shown.unwrap_err().kind, FailureKind::Limit);
}

#[test]
fn garbage_in_cycles_is_collected() {
    let host = App::reducer(
        "(state: any = 0, action: any): any => { for (let i = 0; i < 1000; i++) { const a: any = { list: new Array(100).fill(i) }; a.self = a } return state + 1 }",
    )
    .host_with(options());
    let it = host.it();
    let mut state = it.init();
    for _ in 0..200 {
        state = it.next(&state, "go");
    }
    host.host.collect_garbage();
    assert_eq!(it.json(&state), "201");
}

#[test]
fn g9_an_engine_that_is_full_says_so_and_goes_on_when_states_go() {
    let host = App::reducer(
        "(state: any = [], action: any): any => Array.from({ length: 2000 }, (_, i) => ({ i }))",
    )
    .host_with(options());
    let it = host.it();
    let mut kept = vec![it.init()];
    let failure = loop {
        match it.apply(&kept[0], &action_with("go", "1")) {
            Applied::Next(next) => kept.push(next),
            Applied::Failed(failure) => break failure,
            Applied::Rejected(rejection) => panic!("{rejection:?}"),
        }
        assert!(kept.len() < 1000, "it is never full");
    };
    assert_eq!(failure.kind, FailureKind::Limit);
    assert!(failure.message.contains("is full"), "{}", failure.message);
    assert!(kept.len() > 5, "{} states", kept.len());
    kept.truncate(2);
    for _ in 0..5 {
        kept.push(it.next(&kept[0], "go"));
    }
}

#[test]
fn states_that_are_dropped_are_freed() {
    let host = App::reducer(
        "(state: any = [], action: any): any => Array.from({ length: 20000 }, (_, i) => ({ i }))",
    )
    .host_with(HostOptions { ticks_max: 2000, ..options() });
    let it = host.it();
    let mut state = it.init();
    // Each takes some megabytes, and the engine has 32.
    for _ in 0..15 {
        state = it.next(&state, "go");
    }
    assert!(it.json(&state).ends_with(r#"{"i":19999}]"#));
}

#[test]
fn the_stack_is_measured_from_where_the_call_begins() {
    let host = doing("const f = (n: number): number => n === 0 ? 0 : 1 + f(n - 1); return { n: f(500) };");
    let it = host.it();
    let state = it.init();
    fn deeper(depth: usize, call: &mut dyn FnMut()) {
        let room = std::hint::black_box([0_u8; 1024]);
        if depth == 0 {
            call();
        } else {
            deeper(depth - 1, call);
        }
        std::hint::black_box(room);
    }
    deeper(150, &mut || assert_eq!(it.json(&it.next(&state, "go")), r#"{"n":500}"#));
}
