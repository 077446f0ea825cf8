//! M8 as non-interference: two runs with the same verdicts that differ in private payloads, in private chance, and in
//! how many refused private attempts lie between, give everybody else the same, to the byte.

mod support;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use movex_core::action::{Body, Draft};
use movex_core::context::{EntropyKey, TimeMs};
use movex_core::ids::{AppId, AppVersion, ClientId, Rid, SessionId};
use movex_core::master::{
    Answer, Ask, ConnectionId, Event, Hello, Master, Output, Request, RidForm, Settings, Token,
};
use movex_core::reducer::{DynReducer, Report};
use movex_core::resource::{Limits, Reports, Setting};
use movex_core::worker::Worker;
use proptest::prelude::*;
use support::action;
use support::nasty::Limited;

/// Ann has the secrets; the others, a spectator and the HTTP reader look on.
const ANN: u64 = 0;
const OTHERS: [&str; 3] = ["bob", "cyd", "spectator"];

/// What anybody but Ann gets.
#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Event(Vec<ConnectionId>, Event),
    Answer(Token, Answer),
    Printed(Report),
}

struct Table {
    master: Master,
    worker: Worker,
    seen: Vec<Seen>,
    ann: Vec<Answer>,
    rid: Rid,
    tokens: u64,
    anns_tokens: Vec<Token>,
}

impl Table {
    fn new(private_key: [u8; 16]) -> Self {
        let reducer: Rc<dyn DynReducer> = Rc::new(Limited::new(true));
        let setting = Setting {
            entropy_key: EntropyKey::new([1; 16], private_key),
            version: AppVersion::new("v1"),
            limits: Limits {
                phase_entries_max: 15,
                ..Limits::default()
            },
            reports: Reports::default(),
        };
        let mut table = Self {
            master: Master::new(AppId::new("app"), Settings::default()),
            worker: Worker::new(BTreeMap::from([("nasty".to_owned(), reducer)]), setting),
            seen: Vec::new(),
            ann: Vec::new(),
            rid: Rid::parse("nasty:1").unwrap(),
            tokens: 0,
            anns_tokens: Vec::new(),
        };
        for (at, name) in ["ann"].iter().chain(&OTHERS).enumerate() {
            table.master.connected(
                TimeMs(1_000),
                Hello {
                    connection: ConnectionId(at as u64),
                    named: Some(ClientId::new(*name)),
                    fresh: ClientId::new("fresh"),
                    info: "{}".into(),
                    session: SessionId::new(format!("session of {name}")),
                },
            );
        }
        table.ask(1, Ask::Create { state: None });
        for who in 0..4 {
            table.ask(who, Ask::Subscribe);
        }
        table
    }

    fn ask(&mut self, who: u64, ask: Ask) {
        // Ann's tokens are counted apart: how often she asks is hers.
        let token = if who == ANN {
            let token = Token(1_000_000 + self.anns_tokens.len() as u64);
            self.anns_tokens.push(token);
            token
        } else {
            self.tokens += 1;
            Token(self.tokens)
        };
        let (rid, form) = (self.rid.clone(), RidForm::Text);
        self.master.request(
            TimeMs(1_000),
            ConnectionId(who),
            Request {
                token,
                rid,
                form,
                ask,
            },
        );
        self.settle();
    }

    fn dispatch(&mut self, who: u64, body: Body) {
        let body: Draft = body.into();
        self.ask(
            who,
            Ask::Dispatch {
                body,
                epoch: None,
                seen_reveal: None,
            },
        );
    }

    /// What HTTP shows.
    fn read_public(&mut self) {
        self.tokens += 1;
        self.master
            .read_public(TimeMs(1_000), Token(self.tokens), self.rid.clone());
        self.settle();
    }

    fn settle(&mut self) {
        loop {
            let outputs = self.master.take_outputs();
            if outputs.is_empty() {
                return;
            }
            for output in outputs {
                self.carry_out(output);
            }
        }
    }

    fn carry_out(&mut self, output: Output) {
        let now = TimeMs(1_000);
        match output {
            Output::Command { rid, command, .. } => {
                let effects = RefCell::new(Vec::new());
                self.worker.handle(now, &rid, command, &mut |_, effect| {
                    effects.borrow_mut().push(effect)
                });
                for effect in effects.into_inner() {
                    self.master.effect(now, &rid, effect);
                }
            }
            Output::Append { id, rid, .. } => self.master.kept(now, &rid, id, Ok(())),
            Output::Send { mut to, event } => {
                to.retain(|connection| connection.0 != ANN);
                if !to.is_empty() {
                    self.seen.push(Seen::Event(to, event));
                }
            }
            Output::Answer { token, answer } if self.anns_tokens.contains(&token) => self.ann.push(answer),
            Output::Answer { token, answer } => self.seen.push(Seen::Answer(token, answer)),
            // What has a secret in it is printed on the developer's own terminal alone.
            Output::Report(report) if report.private_to.is_some() => {}
            Output::Report(report) => self.seen.push(Seen::Printed(report)),
            Output::Welcome { .. }
            | Output::Close { .. }
            | Output::Truncate { .. }
            | Output::Recover { .. }
            | Output::Forget { .. } => {}
        }
    }

    /// The verdicts on what Ann did, without what only she may know.
    fn verdicts(&self) -> Vec<bool> {
        let verdict = |answer: &Answer| !matches!(answer, Answer::Rejected { .. });
        self.ann.iter().map(verdict).collect()
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// Ann's secret, in either run, with its placeholder.
    Secret(i64, i64, String),
    AnnPublic(String),
    Other(u64, String),
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
        5 => (1..4u64, public_move()).prop_map(|(who, action)| Step::Other(who, action)),
        1 => Just(Step::Read),
        1 => (0..3usize, 0..3usize).prop_map(|(a, b)| Step::Refused(a, b)),
    ]
}

fn run(steps: &[Step], second: bool) -> (Vec<Seen>, Vec<bool>) {
    let mut table = Table::new(if second { [9; 16] } else { [8; 16] });
    let mut refused = 0;
    for step in steps {
        match step {
            Step::Secret(a, b, placeholder) => {
                let private = format!(r#"{{"type":"secret","payload":{}}}"#, if second { b } else { a });
                let body = Body::Private {
                    private: action(&private),
                    public: action(placeholder),
                };
                table.dispatch(ANN, body);
            }
            Step::AnnPublic(json) => table.dispatch(ANN, Body::Public(action(json))),
            Step::Other(who, json) => table.dispatch(*who, Body::Public(action(json))),
            Step::Read => table.read_public(),
            Step::Refused(a, b) => {
                let times = if second { *b } else { *a };
                for at in 0..times {
                    // By her own view, or by the public one with a reducer that prints on its way.
                    let (private, public) = if at % 2 == 0 {
                        (r#"{"type":"tick"}"#, r#"{"type":"push","payload":1}"#)
                    } else {
                        (r#"{"type":"push","payload":1}"#, r#"{"type":"nonsense"}"#)
                    };
                    table.dispatch(
                        ANN,
                        Body::Private {
                            private: action(private),
                            public: action(public),
                        },
                    );
                    refused += 1;
                    let last = table.ann.pop();
                    assert!(
                        matches!(last, Some(Answer::Rejected { .. })),
                        "an attempt that is refused: {last:?}"
                    );
                }
            }
        }
    }
    let _ = refused;
    let verdicts = table.verdicts();
    (until_reveal(table.seen), verdicts)
}

/// Up to the first reveal, which tells what was secret.
fn until_reveal(mut seen: Vec<Seen>) -> Vec<Seen> {
    let reveals = |seen: &Seen| {
        matches!(
            seen,
            Seen::Event(
                _,
                Event::PhaseEnd {
                    frame: movex_core::effect::PhaseEndFrame::Reveal(_),
                    ..
                }
            )
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
        let mut table = Table::new([3; 16]);
        let Step::Secret(a, b, all) = &steps[0] else {
            panic!("a secret")
        };
        let private = format!(r#"{{"type":"secret","payload":{}}}"#, if second { b } else { a });
        table.dispatch(
            ANN,
            Body::Private {
                private: action(&private),
                public: action(all),
            },
        );
        table.ask(ANN, Ask::Resource);
        match table.ann.pop() {
            Some(Answer::Resource { state, .. }) => state.json,
            other => panic!("a resource, not {other:?}"),
        }
    };
    assert_ne!(view(false), view(true));
    assert_eq!(run(&steps, false), run(&steps, true));
}
