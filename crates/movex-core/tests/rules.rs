//! Rules of the design, one test each, on one resource.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping")]

mod support;

use std::rc::Rc;

use movex_core::action::Body;
use movex_core::context::TimeMs;
use movex_core::effect::{Effect, EntryFrame, PhaseEndFrame, RefreshCause, Reply, Undecided, Viewers};
use movex_core::ids::{AppVersion, ClientId, ClientSeq, Epoch, RidForm, Seq, SessionId};
use movex_core::item::{ForfeitCause, Item, NoteKind, PhaseEnd, Record};
use movex_core::reducer::{DynReducer, Native, ReportKind};
use movex_core::resource::{Dispatch, Input, Limits, RecoverError, Setting};
use support::nasty::{Limited, Nasty};
use support::{Bench, action, rejection};

const HIDDEN: &str = r#"{"type":"hidden"}"#;

fn nasty() -> Bench {
    Bench::new(Rc::new(Limited::new(true)), Limits::default())
}

fn secret(what: i64) -> String {
    format!(r#"{{"type":"secret","payload":{what}}}"#)
}

fn push(what: i64) -> String {
    format!(r#"{{"type":"push","payload":{what}}}"#)
}

fn entries(effects: &[Effect]) -> Vec<(&Viewers, &EntryFrame)> {
    let found = effects.iter().filter_map(|effect| match effect {
        Effect::Entry { viewers, frame, .. } => Some((viewers, frame)),
        _ => None,
    });
    found.collect()
}

fn phase_ends(effects: &[Effect]) -> Vec<(&Viewers, &PhaseEndFrame)> {
    let found = effects.iter().filter_map(|effect| match effect {
        Effect::PhaseEnd { viewers, frame, .. } => Some((viewers, frame)),
        _ => None,
    });
    found.collect()
}

fn items(bench: &Bench) -> Vec<&Item> {
    let found = bench.log.iter().filter_map(|record| match record {
        Record::Item(item) => Some(item),
        Record::Note(_) => None,
    });
    found.collect()
}

#[test]
fn m2_the_reveal_is_appended_atomically_with_its_cause() {
    let mut bench = nasty();
    for author in ["ann", "bob"] {
        bench.private(author, &secret(6), HIDDEN);
    }
    let effects = bench.private("cyd", &secret(12), HIDDEN);
    let appends: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Append { records, .. } => Some(records),
            _ => None,
        })
        .collect();
    let [records] = appends[..] else { panic!("one append, not {}", appends.len()) };
    let end = Record::Item(Item::PhaseEnd { seq: Seq(4), time: TimeMs(1_000), end: PhaseEnd::Reveal });
    assert_eq!(records.last(), Some(&end));
    // All private actions are in their places: no placeholder is left.
    assert_eq!(
        bench.view(None),
        r#"{"list":[6,6,12],"ready":3,"open":false,"money":{},"owner":{},"deadline":null}"#
    );
}

#[test]
fn m2_a_public_action_may_cause_the_reveal_and_everybody_is_told() {
    let mut bench = nasty();
    bench.private("ann", &secret(6), HIDDEN);
    let effects = bench.public("bob", r#"{"type":"open"}"#);
    let ends = phase_ends(&effects);
    assert_eq!(ends.len(), 2);
    let (Viewers::Public { except }, PhaseEndFrame::Reveal { secrets: told, .. }) = ends[0] else {
        panic!("the public view first")
    };
    assert_eq!(**except, [ClientId::new("ann")]);
    assert_eq!(told[0].private, action(&secret(6)));
    assert_eq!(
        ends[1],
        (
            &Viewers::Author(ClientId::new("ann")),
            &PhaseEndFrame::Reveal { secrets: Vec::new(), without_effect: Vec::new() }
        )
    );
    // The sender's answer is the entry's, not the end's.
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Entry { origin: Some(_), .. })));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::PhaseEnd { origin: Some(_), .. })));
}

#[test]
fn m3_a_full_phase_is_forfeited_and_discloses_nothing() {
    let limits = Limits { phase_entries_max: 3, ..Limits::default() };
    let mut bench = Bench::new(Rc::new(Limited::new(true)), limits);
    bench.private("ann", &secret(6), HIDDEN);
    bench.public("bob", &push(1));
    let effects = bench.public("bob", &push(2));
    for (_, frame) in phase_ends(&effects) {
        assert_eq!(frame, &PhaseEndFrame::Forfeit { cause: ForfeitCause::Full, without_effect: Vec::new() });
    }
    assert_eq!(bench.view(Some("ann")), bench.view(None));
    assert!(bench.view(None).contains(r#""list":[-3,1,2]"#));
}

#[test]
fn m3_an_author_beyond_their_share_is_refused() {
    let limits = Limits { phase_entries_max: 10, phase_author_entries_max: 2, ..Limits::default() };
    let mut bench = Bench::new(Rc::new(Limited::new(true)), limits);
    bench.private("ann", &secret(6), HIDDEN);
    bench.public("ann", &push(1));
    assert_eq!(rejection(&bench.public("ann", &push(2))), Some("phase_full"));
    assert_eq!(rejection(&bench.public("bob", &push(2))), None);
}

#[test]
fn m3_an_idle_phase_is_forfeited() {
    let limits = Limits { phase_idle_ms_max: 50, ..Limits::default() };
    let mut bench = Bench::new(Rc::new(Limited::new(true)), limits);
    bench.private("ann", &secret(6), HIDDEN);
    assert_eq!(bench.resource.wake_at(), Some(TimeMs(1_050)));
    bench.now = 1_049;
    assert_eq!(bench.input(Input::Wake), []);
    bench.now = 1_050;
    let effects = bench.input(Input::Wake);
    assert_eq!(
        phase_ends(&effects)[0].1,
        &PhaseEndFrame::Forfeit { cause: ForfeitCause::Idle, without_effect: Vec::new() }
    );
    assert_eq!(bench.resource.wake_at(), None);
}

#[test]
fn m4_a_limit_in_another_fork_is_noted_and_unseen() {
    let mut bench = nasty();
    bench.private("ann", &secret(1), HIDDEN); // ann's list is empty, the public one has a placeholder
    let effects = bench.public("bob", r#"{"type":"burn","payload":0}"#);
    assert_eq!(rejection(&effects), None);
    assert!(bench.view(None).contains("-5"));
    assert!(!bench.view(Some("ann")).contains("-5"));
    let [Record::Note(note)] = &bench.log[2..] else { panic!("one note: {:?}", bench.log) };
    assert_eq!((note.seq, note.kind), (Seq(2), NoteKind::Limit));
    // The note is kept before ann is told of the entry, and after everybody else was.
    let at = |wanted: &dyn Fn(&Effect) -> bool| effects.iter().position(wanted).unwrap();
    let note = at(
        &|effect| matches!(effect, Effect::Append { records, .. } if matches!(records[..], [Record::Note(_)])),
    );
    let public = at(&|effect| matches!(effect, Effect::Entry { viewers: Viewers::Public { .. }, .. }));
    let ann = at(&|effect| matches!(effect, Effect::Entry { viewers: Viewers::Author(_), .. }));
    assert!(public < note && note < ann);
}

#[test]
fn m7_a_failure_in_the_authors_view_or_the_public_one_rejects() {
    for (own, public, code) in [
        (r#"{"type":"panic","payload":0}"#, HIDDEN, "reducer_failed"),
        (r#"{"type":"push","payload":1}"#, r#"{"type":"panic","payload":0}"#, "reducer_failed"),
        (r#"{"type":"burn","payload":0}"#, HIDDEN, "limit_exceeded"),
        (r#"{"type":"push","payload":1}"#, r#"{"type":"pop"}"#, "rejected"),
        (r#"{"type":"nonsense"}"#, HIDDEN, "bad_action"),
    ] {
        let mut bench = nasty();
        let before = bench.view(Some("ann"));
        assert_eq!(rejection(&bench.private("ann", own, public)), Some(code), "{own} {public}");
        assert_eq!((bench.view(Some("ann")), bench.log.len()), (before, 0));
    }
}

#[test]
fn m7_decide_public_discloses_no_verdict_on_the_secret() {
    let reducer = Native::new(Nasty { can_reconcile: true, decide_public: true });
    let mut bench = Bench::new(Rc::new(reducer), Limits::default());
    assert_eq!(rejection(&bench.private("ann", r#"{"type":"pop"}"#, HIDDEN)), None);
    assert_eq!(rejection(&bench.private("ann", HIDDEN, r#"{"type":"tick"}"#)), Some("rejected"));
}

#[test]
fn m9_a_reducer_that_fails_after_it_read_chance_gives_an_entry_without_effect() {
    let mut bench = nasty();
    let mut void = 0;
    for _ in 0..60 {
        let before = bench.view(None);
        let effects = bench.public("ann", r#"{"type":"gamble"}"#);
        assert_eq!(rejection(&effects), None);
        void += usize::from(bench.view(None) == before);
    }
    assert!((5..40).contains(&void), "a third of the draws has no effect, not {void}");
    assert_eq!(bench.resource.head(), Seq(60));
}

#[test]
fn m9_rejected_attempts_move_no_draw() {
    let roll = |attempts: usize| {
        let mut bench = nasty();
        for _ in 0..attempts {
            assert_eq!(rejection(&bench.public("ann", r#"{"type":"pop"}"#)), Some("rejected"));
        }
        bench.public("ann", r#"{"type":"roll"}"#);
        bench.view(None)
    };
    assert_eq!(roll(0), roll(5));
}

#[test]
fn m10_others_get_neither_the_secret_nor_session_and_number() {
    let mut bench = nasty();
    let effects = bench.private("ann", &secret(6), HIDDEN);
    for effect in &effects {
        if let Effect::Entry { viewers, frame, own, .. } = effect {
            assert!(frame.secret);
            assert_eq!(frame.action, action(HIDDEN));
            let is_ann = *viewers == Viewers::Author(ClientId::new("ann"));
            assert_eq!(own.is_some(), is_ann);
        }
    }
    assert_eq!(entries(&effects).len(), 2);
}

#[test]
fn m10_what_a_refused_attempt_prints_is_for_its_author_alone() {
    let mut bench = nasty();
    // The public half panics, so the report comes from the public fold.
    let effects = bench.private("ann", &push(1), r#"{"type":"panic","payload":0}"#);
    let reports: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Report(report) => Some(report),
            _ => None,
        })
        .collect();
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].private_to, Some(ClientId::new("ann")));
}

#[test]
fn m11_a_fork_that_runs_into_its_budget_again_and_again_is_stopped() {
    let limits = Limits { fork_limits_max: 2, ..Limits::default() };
    let mut bench = Bench::new(Rc::new(Limited::new(true)), limits);
    bench.private("ann", &secret(1), HIDDEN);
    // ann's list stays empty while the public one grows: 1, 2 - never 0 modulo 3.
    bench.public("bob", r#"{"type":"burn","payload":0}"#);
    let head = bench.resource.head();
    let ann = ClientId::new("ann");
    let before = bench.resource.state_shown(TimeMs(0), Some(&ann)).unwrap().checksum;
    let effects = bench.public("bob", r#"{"type":"burn","payload":0}"#);
    let refresh = effects.iter().find_map(|effect| match effect {
        Effect::Refresh { viewers, why, .. } => Some((viewers.clone(), *why)),
        _ => None,
    });
    assert_eq!(refresh, Some((Viewers::Author(ClientId::new("ann")), RefreshCause::ViewStopped)));
    assert_eq!(bench.resource.head(), head.next(), "nothing is appended for it");
    // Until the refresh she is at her own view, and its checksum is what the frame tells (M16).
    let own =
        entries(&effects).into_iter().find(|(viewers, _)| **viewers == Viewers::Author(ClientId::new("ann")));
    assert_eq!(own.unwrap().1.checksum.as_ref(), Some(&before));
    assert_eq!(bench.view(Some("ann")), bench.view(None));
    assert_eq!(
        bench.recovered().state_shown(TimeMs(0), Some(&ClientId::new("ann"))).unwrap().json.unwrap().as_ref(),
        bench.view(None)
    );
    // At the reveal her entries are folded like all others.
    let effects = bench.public("bob", r#"{"type":"open"}"#);
    let PhaseEndFrame::Reveal { secrets: told, .. } = phase_ends(&effects)[0].1 else { panic!("a reveal") };
    assert_eq!(told.len(), 1);
}

fn dispatch(bench: &mut Bench, epoch: Option<Epoch>, seen_reveal: Option<Seq>) -> Vec<Effect> {
    let origin = Some(bench.request());
    let body = Body::Public(action(r#"{"type":"push","payload":1}"#)).into();
    let (author, session) = (ClientId::new("ann"), SessionId::new("s"));
    let client_seq = ClientSeq(1);
    bench.input(Input::Dispatch(Dispatch {
        author,
        session,
        client_seq,
        body,
        epoch,
        seen_reveal,
        form: RidForm::Text,
        claim: None,
        origin,
    }))
}

#[test]
fn m22_a_dispatch_that_names_another_log_is_not_decided() {
    let mut bench = nasty();
    let effects = dispatch(&mut bench, Some(Epoch(9)), None);
    let [Effect::Reply { reply: Reply::Undecided(Undecided::EpochChanged(now)), .. }] = effects[..] else {
        panic!("no outcome: {effects:?}")
    };
    assert_eq!((now, bench.log.len()), (Epoch(1), 0));
    assert_eq!(rejection(&dispatch(&mut bench, Some(Epoch(1)), None)), None);
}

#[test]
fn m25_a_dispatch_from_before_the_reveal_is_stale() {
    let mut bench = nasty();
    bench.private("ann", &secret(6), HIDDEN);
    bench.public("bob", r#"{"type":"open"}"#);
    assert_eq!(rejection(&dispatch(&mut bench, None, Some(Seq(0)))), Some("stale_phase"));
    assert_eq!(rejection(&dispatch(&mut bench, None, Some(Seq(3)))), None);
}

#[test]
fn m23_every_append_comes_before_what_depends_on_it() {
    let mut bench = nasty();
    let effects = bench.private("ann", &secret(6), HIDDEN);
    assert!(matches!(effects[0], Effect::Append { .. }));
}

#[test]
fn m26_time_never_runs_back() {
    let mut bench = nasty();
    bench.public("ann", &push(1));
    bench.now = 200;
    bench.public("ann", &push(2));
    assert!(items(&bench).iter().all(|item| item.time() == TimeMs(1_000)));
}

#[test]
fn m26_a_tick_is_tried_once_for_each_deadline_and_head() {
    let mut bench = nasty();
    bench.public("ann", r#"{"type":"arm","payload":50}"#);
    assert_eq!(bench.resource.wake_at(), Some(TimeMs(1_050)));
    bench.now = 1_049;
    assert_eq!(bench.input(Input::Wake), []);
    bench.now = 1_070;
    let effects = bench.input(Input::Wake);
    let (_, frame) = entries(&effects)[0];
    assert!(frame.author.is_master() && frame.time == TimeMs(1_070));
    assert_eq!(bench.resource.wake_at(), None);
    assert_eq!(bench.input(Input::Wake), []);
}

/// A type whose tick never moves its deadline on.
struct Stuck;

impl movex_core::reducer::Reducer for Stuck {
    type State = u32;
    type Action = serde_json::Value;

    fn init(&self, _: &movex_core::context::Context) -> u32 {
        0
    }

    fn validate(
        &self,
        _: &u32,
        action: &serde_json::Value,
        stamp: &movex_core::context::Stamp,
    ) -> Result<(), movex_core::reducer::Rejection> {
        let forged = action["type"] == "tick" && !stamp.author.is_master();
        if forged { Err(movex_core::reducer::Rejection::new("only the master ticks")) } else { Ok(()) }
    }

    fn reduce(&self, state: &u32, _: &serde_json::Value, _: &movex_core::context::Context) -> u32 {
        state + 1
    }

    fn deadline(&self) -> Option<movex_core::reducer::Deadline<u32>> {
        Some(|_| Some(TimeMs(1_500)))
    }
}

#[test]
fn m26_a_deadline_that_stays_past_is_reported_and_not_repeated() {
    let mut bench = Bench::new(Rc::new(Native::new(Stuck)), Limits::default());
    bench.now = 1_600;
    let effects = bench.input(Input::Wake);
    let warned = |effects: &[Effect]| {
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Report(report) if report.kind == ReportKind::Warn))
    };
    assert!(warned(&effects));
    assert_eq!((bench.view(None).as_str(), bench.resource.wake_at()), ("1", None));
    assert_eq!(bench.input(Input::Wake), []);
    // Another entry comes: once more.
    bench.public("ann", r#"{"type":"x"}"#);
    assert_eq!(bench.resource.wake_at(), Some(TimeMs(1_500)));
    bench.input(Input::Wake);
    assert_eq!((bench.view(None).as_str(), bench.resource.wake_at()), ("3", None));
}

fn other_version(bench: &Bench) -> Rc<Setting> {
    Rc::new(Setting { version: AppVersion::new("v2"), ..(*bench.setting).clone() })
}

#[test]
fn m27_a_reload_folds_again_and_keeps_reveals_and_secrets_as_they_were() {
    let mut bench = nasty();
    bench.private("ann", &secret(6), HIDDEN);
    bench.public("bob", r#"{"type":"open"}"#);
    bench.public("bob", r#"{"type":"reset"}"#);
    bench.private("ann", &secret(12), HIDDEN);
    let (ann, all) = (bench.view(Some("ann")), bench.view(None));
    assert_ne!(ann, all);

    let mut effects = Vec::new();
    let next = bench.resource.reloaded(
        Epoch(2),
        Rc::new(Limited::new(true)),
        other_version(&bench),
        &mut |effect| {
            effects.push(effect);
        },
    );
    let next = next.unwrap();
    let show = |viewer: Option<&str>| {
        let viewer = viewer.map(ClientId::new);
        next.state_shown(TimeMs(0), viewer.as_ref()).unwrap().json.unwrap().to_string()
    };
    assert_eq!((show(Some("ann")), show(None)), (ann, all));
    assert_eq!((next.epoch(), next.head()), (Epoch(2), bench.resource.head()));
    let Effect::Begin { records, base, .. } = &effects[0] else { panic!("a log is begun first") };
    assert_eq!((records.len(), base.version.as_str()), (5, "v2"));
    let refreshed: Vec<_> =
        effects[1..].iter().map(|effect| matches!(effect, Effect::Refresh { .. })).collect();
    assert_eq!(refreshed, [true, true], "the public view and ann's");
}

#[test]
fn m27_code_that_fails_on_what_was_accepted_is_not_taken_over() {
    struct Picky;
    impl movex_core::reducer::Reducer for Picky {
        type State = serde_json::Value;
        type Action = serde_json::Value;
        fn init(&self, _: &movex_core::context::Context) -> serde_json::Value {
            serde_json::Value::Null
        }
        fn reduce(
            &self,
            state: &serde_json::Value,
            action: &serde_json::Value,
            _: &movex_core::context::Context,
        ) -> serde_json::Value {
            assert_ne!(action["payload"], 2, "no twos");
            state.clone()
        }
    }
    let mut bench = nasty();
    bench.public("ann", &push(1));
    bench.public("ann", &push(2));
    let error =
        bench.resource.reloaded(Epoch(2), Rc::new(Native::new(Picky)), other_version(&bench), &mut |_| {
            panic!("nobody is told anything")
        });
    let Err(RecoverError::Entry { seq, failure, .. }) = error else { panic!("it is refused") };
    assert_eq!((seq, failure.message.contains("no twos")), (2, true));
}

#[test]
fn m28_a_rejection_tells_the_checksum_of_the_view_as_it_is() {
    let mut bench = nasty();
    bench.private("ann", &secret(6), HIDDEN);
    let effects = bench.public("ann", r#"{"type":"tick"}"#);
    let told = effects.iter().find_map(|effect| match effect {
        Effect::Reply { reply: Reply::Rejected { checksum, .. }, .. } => checksum.clone(),
        _ => None,
    });
    let view = bench.reducer.parse(Some(&bench.view(Some("ann")))).unwrap();
    assert_eq!(told, Some(bench.reducer.checksum_v0(&view).unwrap()));
}

#[test]
fn g9_the_log_is_cut_only_where_nothing_is_outstanding() {
    let limits = Limits { items_kept_max: 8, ..Limits::default() };
    let mut bench = Bench::new(Rc::new(Limited::new(true)), limits);
    let kept = |bench: &Bench| bench.resource.records().len();
    for what in 0..100 {
        bench.public("ann", &push(what));
        assert!(kept(&bench) <= 18, "{}", kept(&bench));
    }
    bench.private("ann", &secret(6), HIDDEN);
    for what in 0..50 {
        bench.public("bob", &push(what));
    }
    assert!(kept(&bench) >= 50, "the phase is whole");
    let truncated = bench.effects.iter().filter(|effect| matches!(effect, Effect::Truncate { .. })).count();
    assert!((5..25).contains(&truncated), "{truncated}");
}

#[test]
fn a_failing_hook_is_no_and_is_reported() {
    let mut bench = nasty();
    bench.private("ann", &secret(6), HIDDEN);
    for what in 0..11 {
        bench.public("bob", &push(what));
    }
    // `can_reconcile` of a list of 13 panics.
    let effects = bench.public("bob", r#"{"type":"open"}"#);
    assert!(phase_ends(&effects).len() == 2, "asked at 12, it says yes");
    let mut bench = nasty();
    bench.private("ann", &secret(6), HIDDEN);
    for what in 0..11 {
        bench.public("bob", &push(what));
    }
    let effects = bench.public("bob", &push(13));
    assert_eq!(rejection(&effects), None);
    let failed = effects
        .iter()
        .any(|effect| matches!(effect, Effect::Report(report) if report.text.contains("can_reconcile")));
    assert!(failed && phase_ends(&effects).is_empty());
}

#[test]
fn every_reducer_is_object_safe() {
    let reducer: Rc<dyn DynReducer> = Rc::new(Limited::new(true));
    assert!(reducer.features().can_reconcile && reducer.features().deadline);
}
