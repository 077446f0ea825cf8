//! M8 as non-interference: two runs with the same verdicts that differ in private payloads, in private chance, and in
//! how many refused private attempts lie between, give everybody else the same, to the byte.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping")]

mod support;

use std::rc::Rc;

use movex_core::action::Body;
use movex_core::context::EntropyKey;
use movex_core::master::{Answer, Ask, ConnectionId, Event, Output, Settings, Token};
use movex_core::reducer::Report;
use movex_core::resource::{Limits, Setting};
use proptest::prelude::*;
use support::action;
use support::nasty::Limited;
use support::table::{Table, dispatch};

/// Ann has the secrets; these and the HTTP reader look on.
const OTHERS: [&str; 3] = ["bob", "cyd", "spectator"];

/// What anybody but Ann gets.
#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Event(Vec<ConnectionId>, Event),
    Answer(Token, Answer),
    Printed(Report),
}

fn sit_down(private_key: [u8; 16]) -> (Table, Vec<ConnectionId>) {
    let limits = Limits { phase_entries_max: 15, ..Limits::default() };
    let setting = Setting { entropy_key: EntropyKey::new([1; 16], private_key), ..support::setting(limits) };
    let mut table = Table::new(Rc::new(Limited::new(true)), setting, Settings::default());
    let people: Vec<ConnectionId> = ["ann"].iter().chain(&OTHERS).map(|name| table.connect(name)).collect();
    table.ask(people[1], Ask::Create { state: None });
    for who in &people {
        table.ask(*who, Ask::Subscribe);
    }
    (table, people)
}

/// Ann's requests have tokens of their own: how often she asks is hers.
fn ask_as_ann(table: &mut Table, ann: ConnectionId, anns: &mut Vec<Token>, body: Body) {
    let token = Token(1_000_000 + anns.len() as u64);
    anns.push(token);
    table.ask_as(ann, token, dispatch(body));
}

#[derive(Clone, Debug)]
enum Step {
    /// Ann's secret, in either run, with its placeholder.
    Secret(i64, i64, String),
    AnnPublic(String),
    Other(usize, String),
    Read,
    /// Attempts of Ann's that are refused, so many in either run.
    Refused(usize, usize),
}

fn public_move() -> impl Strategy<Value = String> {
    let with = |name: &'static str, range: std::ops::Range<i64>| {
        range.prop_map(move |payload| format!(r#"{{"type":"{name}","payload":{payload}}}"#))
    };
    let bare = |name: &'static str| Just(format!(r#"{{"type":"{name}"}}"#));
    prop_oneof![
        with("push", 0..40),
        bare("pop"),
        bare("swap"),
        with("claim", 0..4),
        with("earn", 0..5),
        with("pay", 1..4),
        bare("even"),
        bare("roll"),
        bare("gamble"),
        with("arm", 0..60),
        with("panic", 0..3),
        with("burn", 0..3),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    // Wide apart in length, so that a length would show.
    let secret = prop_oneof![0..40i64, 1_000_000_000_000..1_000_000_000_040i64];
    let placeholder = prop_oneof![
        6 => Just(r#"{"type":"push","payload":-3}"#.to_owned()),
        1 => Just(r#"{"type":"hidden"}"#.to_owned()),
        2 => public_move(),
    ];
    prop_oneof![
        4 => (secret.clone(), secret, placeholder).prop_map(|(a, b, all)| Step::Secret(a, b, all)),
        2 => public_move().prop_map(Step::AnnPublic),
        5 => (1..4usize, public_move()).prop_map(|(who, action)| Step::Other(who, action)),
        1 => Just(Step::Read),
        1 => (0..3usize, 0..3usize).prop_map(|(a, b)| Step::Refused(a, b)),
    ]
}

fn run(steps: &[Step], second: bool) -> (Vec<Seen>, Vec<bool>) {
    let (mut table, people) = sit_down(if second { [9; 16] } else { [8; 16] });
    let ann = people[0];
    let (mut anns, mut attempts) = (Vec::new(), Vec::new());
    for step in steps {
        match step {
            Step::Secret(a, b, placeholder) => {
                let private = format!(r#"{{"type":"secret","payload":{}}}"#, if second { b } else { a });
                let body = Body::Private { private: action(&private), public: action(placeholder) };
                ask_as_ann(&mut table, ann, &mut anns, body);
            }
            Step::AnnPublic(json) => ask_as_ann(&mut table, ann, &mut anns, Body::Public(action(json))),
            Step::Other(who, json) => drop(table.dispatch(people[*who], Body::Public(action(json)))),
            Step::Read => drop(table.read_public()),
            Step::Refused(a, b) => {
                for at in 0..(if second { *b } else { *a }) {
                    // By her own view, or by the public one after a fold that fails on its way.
                    let (private, public) = if at % 2 == 0 {
                        (r#"{"type":"tick"}"#, r#"{"type":"push","payload":1}"#)
                    } else {
                        (r#"{"type":"push","payload":1}"#, r#"{"type":"nonsense"}"#)
                    };
                    let body = Body::Private { private: action(private), public: action(public) };
                    ask_as_ann(&mut table, ann, &mut anns, body);
                    attempts.extend(anns.last().copied());
                }
            }
        }
    }
    for attempt in &attempts {
        assert!(
            matches!(table.answer(*attempt), Some(Answer::Rejected { .. })),
            "an attempt that is refused"
        );
    }
    let decided = anns.iter().filter(|token| !attempts.contains(token));
    let verdicts =
        decided.map(|token| !matches!(table.answer(*token), Some(Answer::Rejected { .. }))).collect();
    (until_reveal(seen_by_others(table, ann, &anns)), verdicts)
}

fn seen_by_others(table: Table, ann: ConnectionId, anns: &[Token]) -> Vec<Seen> {
    let seen = table.said.into_iter().filter_map(|output| match output {
        Output::Send { mut to, event } => {
            to.retain(|connection| *connection != ann);
            (!to.is_empty()).then_some(Seen::Event(to, event))
        }
        Output::Answer { token, answer } => (!anns.contains(&token)).then_some(Seen::Answer(token, answer)),
        // What has a secret in it is printed on the developer's own terminal alone.
        Output::Report(report) => report.private_to.is_none().then_some(Seen::Printed(report)),
        _ => None,
    });
    seen.collect()
}

/// Up to the first reveal, which tells what was secret.
fn until_reveal(mut seen: Vec<Seen>) -> Vec<Seen> {
    let reveals = |seen: &Seen| {
        matches!(
            seen,
            Seen::Event(_, Event::PhaseEnd { frame: movex_core::effect::PhaseEndFrame::Reveal { .. }, .. })
        )
    };
    if let Some(at) = seen.iter().position(reveals) {
        seen.truncate(at);
    }
    seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn m8_what_others_get_is_a_function_of_the_accepted_public_parts(steps in prop::collection::vec(step(), 1..30)) {
        let (one, verdicts_one) = run(&steps, false);
        let (two, verdicts_two) = run(&steps, true);
        // Ann's own verdicts may differ: that is what a dispatch discloses, and no fault (M7).
        prop_assume!(verdicts_one == verdicts_two);
        prop_assert_eq!(one, two);
    }
}

/// The test above would prove nothing if runs with secrets were all thrown away, or the secrets changed nothing.
#[test]
fn m8_the_runs_differ_for_ann() {
    let steps = [
        Step::Secret(6, 1_000_000_000_002, r#"{"type":"push","payload":-3}"#.into()),
        Step::Other(1, r#"{"type":"push","payload":1}"#.into()),
    ];
    let view = |second| {
        let (mut table, people) = sit_down([3; 16]);
        let Step::Secret(a, b, all) = &steps[0] else { panic!("a secret") };
        let private = format!(r#"{{"type":"secret","payload":{}}}"#, if second { b } else { a });
        table.dispatch(people[0], Body::Private { private: action(&private), public: action(all) });
        let token = table.ask(people[0], Ask::Resource);
        match table.answer(token) {
            Some(Answer::Resource { state, .. }) => state.json.clone(),
            other => panic!("a resource, not {other:?}"),
        }
    };
    assert_ne!(view(false), view(true));
    assert_eq!(run(&steps, false), run(&steps, true));
}
