//! The master between connections, worker and store.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping")]

mod support;

use std::rc::Rc;

use movex_core::action::Body;
use movex_core::context::TimeMs;
use movex_core::error::Code;
use movex_core::master::{
    Answer, Ask, CloseCause, ConnectionId, Event, Output, Refresh, Settings, Takeover, store_error,
};
use movex_core::resource::Limits;
use support::nasty::Limited;
use support::table::{Keeping, Table};
use support::{action, setting};

const SECRET: &str = r#"{"type":"secret","payload":6}"#;
const HIDDEN: &str = r#"{"type":"hidden"}"#;

fn table_with(settings: Settings) -> Table {
    Table::new(Rc::new(Limited::new(true)), setting(Limits::default()), settings)
}

/// A table with a resource to which two people are subscribed.
fn two_people() -> (Table, ConnectionId, ConnectionId) {
    let mut table = table_with(Settings::default());
    let (ann, bob) = (table.connect("ann"), table.connect("bob"));
    table.ask(ann, Ask::Create { state: None });
    table.ask(ann, Ask::Subscribe);
    table.ask(bob, Ask::Subscribe);
    table.said.clear();
    (table, ann, bob)
}

fn push(what: i64) -> Body {
    Body::Public(action(&format!(r#"{{"type":"push","payload":{what}}}"#)))
}

fn secret() -> Body {
    Body::Private { private: action(SECRET), public: action(HIDDEN) }
}

fn failure(answer: Option<&Answer>) -> Option<Code> {
    match answer {
        Some(Answer::Failed(error) | Answer::Rejected { error, .. }) => Some(error.code),
        _ => None,
    }
}

#[test]
fn a_forward_leaves_before_its_acknowledgement() {
    let (mut table, ann, bob) = two_people();
    let token = table.dispatch(ann, push(1));
    let [Output::Send { to, event: Event::Entry { frame, .. } }, Output::Answer { token: answered, answer }] =
        &table.said[..]
    else {
        panic!("a forward, then an acknowledgement: {:?}", table.said)
    };
    assert_eq!((&to[..], *answered), (&[bob][..], token));
    let Answer::Acknowledged { frame: own, .. } = answer else { panic!("an acknowledgement") };
    assert_eq!(frame, own);
}

#[test]
fn m23_nothing_leaves_before_it_is_kept() {
    let (mut table, ann, _) = two_people();
    table.keeping = Keeping::Later;
    let token = table.dispatch(ann, push(1));
    let read = table.ask(ann, Ask::Resource);
    assert!(table.said.is_empty());
    table.keep();
    assert!(matches!(table.answer(token), Some(Answer::Acknowledged { .. })));
    assert!(matches!(table.answer(read), Some(Answer::Resource { .. })));
}

#[test]
fn m23_appends_reach_the_store_while_others_are_under_way() {
    let (mut table, ann, bob) = two_people();
    table.keeping = Keeping::Later;
    for what in 0..5 {
        table.dispatch(ann, push(what));
    }
    assert_eq!(table.appends_waiting(), 5);
    for kept in 1..=5 {
        table.keep();
        assert_eq!(table.events(bob).len(), kept);
    }
    assert!(table.master.is_idle());
}

#[test]
fn m23_what_the_store_lost_has_no_effect() {
    let (mut table, ann, bob) = two_people();
    table.dispatch(ann, push(1));
    table.said.clear();
    table.keeping = Keeping::Later;
    let lost = [table.dispatch(ann, push(2)), table.dispatch(bob, push(3)), table.ask(ann, Ask::Resource)];
    table.lose(store_error("the disk is full"));
    for token in lost {
        assert_eq!(failure(table.answer(token)), Some(Code::StoreUnavailable));
    }
    assert!(table.events(bob).is_empty() && table.events(ann).is_empty());

    table.keeping = Keeping::Now;
    let token = table.ask(ann, Ask::Resource);
    let Some(Answer::Resource { state, .. }) = table.answer(token) else { panic!("it goes on") };
    assert!(state.json.as_ref().unwrap().contains(r#""list":[1]"#));
    let token = table.dispatch(bob, push(4));
    assert!(matches!(table.answer(token), Some(Answer::Acknowledged { .. })));
}

#[test]
fn a_private_dispatch_that_ends_the_phase_is_answered_by_the_end() {
    let (mut table, ann, bob) = two_people();
    let cyd = table.connect("cyd");
    table.ask(cyd, Ask::Subscribe);
    for who in [ann, bob] {
        table.dispatch(who, secret());
    }
    let token = table.dispatch(cyd, secret());
    let Some(Answer::PhaseEnded { checksum, .. }) = table.answer(token) else { panic!("the end") };
    for who in [ann, bob] {
        let events = table.events(who);
        let Some(Event::PhaseEnd { checksum: told, .. }) = events.last() else {
            panic!("the end: {events:?}")
        };
        assert_eq!(told, checksum);
    }
    assert!(table.master.is_idle());
}

#[test]
fn a_reveal_reaches_spectators_and_works_when_an_author_has_left() {
    let (mut table, ann, bob) = two_people();
    let gone = table.hello(None);
    table.ask(gone, Ask::Subscribe);
    table.dispatch(gone, secret());
    table.disconnect(gone);
    table.dispatch(ann, Body::Public(action(r#"{"type":"open"}"#)));
    for who in [ann, bob] {
        assert!(matches!(table.events(who).last(), Some(Event::PhaseEnd { .. })));
    }
}

#[test]
fn a_subscriber_begins_at_the_place_of_the_state_that_they_got() {
    let (mut table, ann, _) = two_people();
    let cyd = table.connect("cyd");
    table.keeping = Keeping::Later;
    table.dispatch(ann, push(1));
    let token = table.ask(cyd, Ask::Subscribe);
    table.dispatch(ann, push(2));
    table.keep();
    let Some(Answer::Resource { state, subscribers, .. }) = table.answer(token) else { panic!("subscribed") };
    assert!(state.json.as_ref().unwrap().contains(r#""list":[1]"#));
    assert_eq!(subscribers.len(), 3);
    assert!(table.events(cyd).is_empty());
    table.keep();
    let [Event::Entry { frame, .. }] = table.events(cyd)[..] else { panic!("just the second one") };
    assert_eq!(frame.seq.0, 2);
}

#[test]
fn subscribing_twice_tells_nobody_twice() {
    let (mut table, ann, bob) = two_people();
    table.ask(bob, Ask::Subscribe);
    assert!(table.events(ann).is_empty());
    let cyd = table.connect("cyd");
    table.ask(cyd, Ask::Subscribe);
    assert!(matches!(table.events(ann)[..], [Event::SubscriberAdded { .. }]));
    assert!(table.events(cyd).is_empty());
}

#[test]
fn an_id_that_is_taken_over_closes_the_older_connection() {
    let (mut table, ann, bob) = two_people();
    let again = table.connect("ann");
    let closed = |output: &Output| matches!(output, Output::Close { connection, cause: CloseCause::TakenOver } if *connection == ann);
    assert!(table.said.iter().any(closed));
    // She goes on where she was, and is told to take the state anew.
    assert!(matches!(table.events(again)[..], [Event::Refresh { why: Refresh::Returned, .. }]));
    table.dispatch(bob, push(1));
    assert_eq!((table.events(again).len(), table.events(ann).len()), (2, 0));
    // The end of the older one changes nothing.
    table.disconnect(ann);
    table.dispatch(bob, push(2));
    assert_eq!(table.events(again).len(), 3);
}

#[test]
fn m28_a_takeover_can_be_denied() {
    let mut table = table_with(Settings { takeover: Takeover::Deny, ..Settings::default() });
    table.connect("ann");
    let second = table.connect("ann");
    let refused = |output: &Output| matches!(output, Output::Close { connection, cause: CloseCause::Refused(_) } if *connection == second);
    assert!(table.said.iter().any(refused));
}

#[test]
fn an_id_that_was_made_up_for_somebody_cannot_be_named() {
    let mut table = table_with(Settings::default());
    table.hello(None);
    let thief = table.connect("fresh1");
    let refused =
        |output: &Output| matches!(output, Output::Close { connection, .. } if *connection == thief);
    assert!(table.said.iter().any(refused));
}

#[test]
fn a_client_that_named_its_id_may_come_back_for_a_while() {
    let (mut table, ann, bob) = two_people();
    table.disconnect(bob);
    assert!(table.events(ann).is_empty(), "nobody is told yet");
    table.now = TimeMs(60_999);
    table.timeout();
    let bob = table.connect("bob");
    table.dispatch(ann, push(1));
    assert!(matches!(table.events(bob)[..], [Event::Refresh { .. }, Event::Entry { .. }]));

    table.said.clear();
    table.disconnect(bob);
    table.now = TimeMs(120_999);
    assert!(table.master.next_timeout() <= table.now);
    table.timeout();
    assert!(matches!(table.events(ann)[..], [Event::SubscriberRemoved { .. }]));
    table.dispatch(ann, push(2));
    assert_eq!(table.master.connections().len(), 1);
}

#[test]
fn a_client_without_a_name_is_gone_at_once() {
    let (mut table, ann, _) = two_people();
    let cyd = table.hello(None);
    table.ask(cyd, Ask::Subscribe);
    table.said.clear();
    table.disconnect(cyd);
    assert!(matches!(table.events(ann)[..], [Event::SubscriberRemoved { .. }]));
}

#[test]
fn leaving_a_resource_ends_its_events() {
    let (mut table, ann, bob) = two_people();
    let token = table.ask(bob, Ask::Unsubscribe);
    assert_eq!(table.answer(token), Some(&Answer::Done));
    table.dispatch(ann, push(1));
    assert!(table.events(bob).is_empty());
    assert!(matches!(table.events(ann)[..], [Event::SubscriberRemoved { .. }]));
}

#[test]
fn an_id_that_exists_is_not_created_again() {
    let (mut table, ann, bob) = two_people();
    table.dispatch(ann, push(1));
    let token = table.ask(bob, Ask::Create { state: None });
    assert_eq!(failure(table.answer(token)), Some(Code::ResourceExists));
    let token = table.ask(bob, Ask::Resource);
    let Some(Answer::Resource { state, subscribers, .. }) = table.answer(token) else {
        panic!("it is there")
    };
    assert!(state.json.as_ref().unwrap().contains(r#""list":[1]"#));
    assert_eq!(subscribers.len(), 2);
}

#[test]
fn a_state_that_does_not_fit_creates_nothing() {
    let mut table = table_with(Settings::default());
    let ann = table.connect("ann");
    let token = table.ask(ann, Ask::Create { state: Some("5".into()) });
    assert_eq!(failure(table.answer(token)), Some(Code::BadState));
    for ask in [Ask::Subscribe, Ask::Resource, Ask::Subscribers] {
        let token = table.ask(ann, ask);
        assert_eq!(failure(table.answer(token)), Some(Code::UnknownResource));
    }
}

#[test]
fn an_unknown_type_is_said_with_those_that_there_are() {
    let mut table = table_with(Settings::default());
    let ann = table.connect("ann");
    for name in ["chat:1", "constructor:1", "__proto__:1"] {
        table.rid = movex_core::ids::Rid::parse(name).unwrap();
        let token = table.ask(ann, Ask::Subscribe);
        let Some(Answer::Failed(error)) = table.answer(token) else { panic!("an error") };
        assert_eq!(error.code, Code::UnknownResourceType);
        assert!(error.message.contains("it has nasty"));
    }
}

#[test]
fn g9_requests_subscriptions_resources_and_connections_are_bounded() {
    let mut table = table_with(Settings {
        connections_max: 2,
        resources_max: 1,
        subscriptions_max: 1,
        requests_max: 2,
        ..Settings::default()
    });
    let ann = table.connect("ann");
    table.ask(ann, Ask::Create { state: None });
    table.ask(ann, Ask::Subscribe);
    let mine = table.rid.clone();
    table.rid = movex_core::ids::Rid::parse("nasty:2").unwrap();
    for ask in [Ask::Create { state: None }, Ask::Subscribe] {
        let token = table.ask(ann, ask);
        assert_eq!(failure(table.answer(token)), Some(Code::Overloaded));
    }
    table.rid = mine;
    table.keeping = Keeping::Later;
    let asked: Vec<_> = (0..3).map(|what| table.dispatch(ann, push(what))).collect();
    assert_eq!(failure(table.answer(asked[2])), Some(Code::Overloaded));
    table.keep();
    table.keep();
    let token = table.ask(ann, Ask::Resource);
    assert!(matches!(table.answer(token), Some(Answer::Resource { .. })));
    table.connect("bob");
    table.said.clear();
    table.connect("cyd");
    assert!(matches!(table.said[..], [Output::Close { cause: CloseCause::Refused(_), .. }]));
}

#[test]
fn g9_a_resource_that_nobody_uses_is_deleted() {
    let mut table = table_with(Settings { resource_idle_ms_max: 5_000, ..Settings::default() });
    let ann = table.hello(None);
    table.ask(ann, Ask::Create { state: None });
    table.ask(ann, Ask::Subscribe);
    table.now = TimeMs(20_000);
    table.timeout();
    assert_eq!(table.worker.len(), 1, "somebody looks at it");
    table.disconnect(ann);
    table.now = TimeMs(40_000);
    table.timeout();
    assert_eq!((table.worker.len(), table.master.counts().1), (0, 0));
    assert!(matches!(table.said.last(), Some(Output::Forget { .. })));
}

#[test]
fn who_comes_while_the_server_ends_is_told_so() {
    let (mut table, ann, _) = two_people();
    table.master.begin_ending();
    let token = table.dispatch(ann, push(1));
    assert_eq!(failure(table.answer(token)), Some(Code::ShuttingDown));
    table.said.clear();
    table.connect("cyd");
    assert!(matches!(table.said[..], [Output::Close { cause: CloseCause::Refused(_), .. }]));
}

#[test]
fn g9_reading_it_from_outside_keeps_no_resource_alive() {
    let mut table = table_with(Settings { resource_idle_ms_max: 5_000, ..Settings::default() });
    let ann = table.hello(None);
    table.ask(ann, Ask::Create { state: None });
    table.disconnect(ann);
    table.now = TimeMs(3_000);
    table.timeout();
    table.now = TimeMs(6_500);
    table.read_public();
    table.timeout();
    assert_eq!(table.worker.len(), 0);
}

/// The entry is kept, and the note of what it did to Ann's fork is lost: her frame of it never comes.
#[test]
fn m24_who_missed_an_entry_because_its_note_was_lost_takes_the_view_anew() {
    let setting = support::setting(Limits::default());
    let mut table = Table::new(Rc::new(Limited::new(true)), setting, Settings::default());
    let (ann, bob) = (table.connect("ann"), table.connect("bob"));
    table.ask(bob, Ask::Create { state: None });
    for who in [ann, bob] {
        table.ask(who, Ask::Subscribe);
    }
    let secret = Body::Private {
        private: action(r#"{"type":"secret","payload":1}"#),
        public: action(r#"{"type":"hidden"}"#),
    };
    table.dispatch(ann, secret);
    table.keeping = Keeping::Later;
    table.dispatch(bob, Body::Public(action(r#"{"type":"burn","payload":0}"#)));
    table.keep();
    assert!(!table.events(ann).iter().any(|event| matches!(event, Event::Entry { .. })));
    table.lose(store_error("no space left"));
    let refreshed = |of| {
        let events = table.events(of);
        events.iter().any(|event| matches!(event, Event::Refresh { .. }))
    };
    assert!(refreshed(ann));
    assert!(!refreshed(bob), "he has it");
}
