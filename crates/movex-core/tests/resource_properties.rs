//! Random histories of one resource, held against the meaning of its log.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping")]

mod support;

use std::rc::Rc;

use movex_core::effect::{Effect, PhaseEndFrame, Viewers};
use movex_core::ids::ClientId;
use movex_core::item::{Item, PhaseEnd, Record};
use movex_core::reducer::{DynReducer, Native, State};
use movex_core::resource::{Input, Limits};
use proptest::prelude::*;
use support::nasty::{Limited, Nasty};
use support::{Bench, reference, rejection};

const PEOPLE: [&str; 4] = ["ann", "bob", "cyd", "dan"];

#[derive(Clone, Debug)]
enum Step {
    Public(usize, String),
    Private(usize, String, String),
    Wait(u64),
    Forfeit,
}

fn public_move() -> impl Strategy<Value = String> {
    let with = |name: &'static str, range: std::ops::Range<i64>| {
        range.prop_map(move |payload| format!(r#"{{"type":"{name}","payload":{payload}}}"#))
    };
    let bare = |name: &'static str| Just(format!(r#"{{"type":"{name}"}}"#));
    prop_oneof![
        4 => with("push", 0..40),
        2 => bare("pop"),
        2 => bare("swap"),
        2 => with("claim", 0..4),
        2 => with("earn", 0..5),
        2 => with("pay", 1..4),
        1 => bare("even"),
        2 => bare("roll"),
        2 => bare("gamble"),
        1 => with("arm", 0..60),
        1 => bare("open"),
        2 => bare("reset"),
        1 => bare("tick"),
        2 => with("panic", 0..3),
        2 => with("burn", 0..3),
    ]
}

fn secret_move() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => (0..42i64).prop_map(|what| format!(r#"{{"type":"secret","payload":{what}}}"#)),
        1 => (0..3i64).prop_map(|rest| format!(r#"{{"type":"panic","payload":{rest}}}"#)),
        1 => (0..3i64).prop_map(|rest| format!(r#"{{"type":"burn","payload":{rest}}}"#)),
        1 => Just(r#"{"type":"gamble"}"#.to_owned()),
    ]
}

fn placeholder() -> impl Strategy<Value = String> {
    prop_oneof![5 => Just(r#"{"type":"hidden"}"#.to_owned()), 1 => public_move()]
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..PEOPLE.len();
    prop_oneof![
        6 => (who.clone(), public_move()).prop_map(|(who, action)| Step::Public(who, action)),
        4 => (who, secret_move(), placeholder()).prop_map(|(who, own, all)| Step::Private(who, own, all)),
        1 => (0..80u64).prop_map(Step::Wait),
        1 => Just(Step::Forfeit),
    ]
}

fn limits() -> Limits {
    Limits { phase_entries_max: 12, phase_author_entries_max: 6, items_kept_max: 10_000, ..Limits::default() }
}

/// Refolds know no limits: what a limit decided they have from the notes alone (M4).
fn bench(can_reconcile: bool) -> Bench {
    let mut bench = Bench::new(Rc::new(Limited::new(can_reconcile)), limits());
    bench.replayer = Rc::new(Native::new(Nasty { can_reconcile, decide_public: false }));
    bench
}

fn viewers() -> impl Iterator<Item = Option<ClientId>> {
    PEOPLE.iter().map(|name| Some(ClientId::new(*name))).chain([None])
}

fn take(bench: &mut Bench, step: Step) -> Vec<Effect> {
    match step {
        Step::Public(who, action) => bench.public(PEOPLE[who], &action),
        Step::Private(who, own, all) => bench.private(PEOPLE[who], &own, &all),
        Step::Wait(ms) => {
            bench.now += ms;
            bench.input(Input::Wake)
        }
        Step::Forfeit => bench.input(Input::Forfeit { request: None }),
    }
}

fn base_state(bench: &Bench) -> State {
    bench.reducer.parse(bench.base.public.as_deref()).unwrap()
}

/// The text of a viewer's state by the reference, after the log as it is or a beginning of it.
fn by_reference(bench: &Bench, log: &[Record], viewer: Option<&ClientId>) -> State {
    reference::fold(&*bench.replayer, base_state(bench), log, viewer)
}

fn text(reducer: &dyn DynReducer, state: &State) -> String {
    reducer.to_json(state).unwrap().unwrap()
}

/// Every checksum that was told is that of the viewer's state at that place.
fn checksums_hold(bench: &Bench, before: &[Record], effects: &[Effect]) -> Result<(), TestCaseError> {
    let mut log = before.to_vec();
    for effect in effects {
        if let Effect::Append { records, .. } = effect {
            log.extend(records.iter().cloned());
        }
        let (viewers, seq, checksum) = match effect {
            Effect::Entry { viewers, frame, .. } => (viewers, frame.seq, &frame.checksum),
            Effect::PhaseEnd { viewers, seq, checksum, .. } => (viewers, *seq, checksum),
            _ => continue,
        };
        let Some(checksum) = checksum else { continue };
        // Notes of the entry's own folds may stand behind the item; those of later items do not.
        let until: Vec<Record> = log
            .iter()
            .filter(|record| match record {
                Record::Item(item) => item.seq() <= seq,
                Record::Note(note) => note.seq <= seq,
            })
            .cloned()
            .collect();
        let viewer = match viewers {
            Viewers::Public { .. } => None,
            Viewers::Author(author) => Some(author),
        };
        let expected = by_reference(bench, &until, viewer);
        prop_assert_eq!(
            checksum,
            &bench.reducer.checksum_v0(&expected).unwrap(),
            "at {} for {:?}",
            seq,
            viewer
        );
    }
    Ok(())
}

/// M10: the public view is told first, then the author, then the other forks.
fn order_holds(effects: &[Effect]) -> Result<(), TestCaseError> {
    let mut told: Vec<(u64, u8)> = Vec::new();
    for effect in effects {
        if let Effect::Entry { viewers, frame, .. } = effect {
            let rank = match viewers {
                Viewers::Public { .. } => 0,
                Viewers::Author(author) if *author == frame.author => 1,
                Viewers::Author(_) => 2,
            };
            told.push((frame.seq.0, rank));
        }
    }
    let mut sorted = told.clone();
    sorted.sort_unstable();
    prop_assert_eq!(told, sorted);
    Ok(())
}

fn play(can_reconcile: bool, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut bench = bench(can_reconcile);
    for step in steps {
        let before_log = bench.log.clone();
        let before: Vec<String> =
            viewers().map(|viewer| bench.view(viewer.as_ref().map(ClientId::as_str))).collect();
        let head = bench.resource.head();
        let wake_only = matches!(step, Step::Wait(_));
        let effects = take(&mut bench, step);

        // A rejected action changes nothing.
        if rejection(&effects).is_some() {
            prop_assert_eq!(bench.resource.head(), head);
            prop_assert_eq!(&bench.log, &before_log);
            let after: Vec<String> =
                viewers().map(|viewer| bench.view(viewer.as_ref().map(ClientId::as_str))).collect();
            prop_assert_eq!(after, before);
        } else if !wake_only {
            order_holds(&effects)?;
        }
        checksums_hold(&bench, &before_log, &effects)?;

        // Forks kept step by step equal a refold of the whole log, for every viewer.
        let recovered = bench.recovered();
        for viewer in viewers() {
            let expected = text(&*bench.reducer, &by_reference(&bench, &bench.log, viewer.as_ref()));
            prop_assert_eq!(&bench.view(viewer.as_ref().map(ClientId::as_str)), &expected, "{:?}", viewer);
            let shown =
                recovered.state_shown(movex_core::context::TimeMs(bench.now), viewer.as_ref()).unwrap();
            prop_assert_eq!(&*shown.json.unwrap(), expected.as_str(), "recovered, {:?}", viewer);
        }
        prop_assert_eq!(recovered.head(), bench.resource.head());
        prop_assert_eq!(recovered.wake_at().is_some(), bench.resource.wake_at().is_some());

        // After a reveal or forfeit, everybody has the same state.
        if let Some(Record::Item(Item::PhaseEnd { end, .. })) =
            bench.log.iter().rev().find(|record| matches!(record, Record::Item(_)))
        {
            let views: Vec<String> =
                viewers().map(|viewer| bench.view(viewer.as_ref().map(ClientId::as_str))).collect();
            prop_assert!(views.iter().all(|view| *view == views[4]), "after {:?}", end);
            prop_assert!(!bench.resource.has_outstanding());
        }
    }
    seqs_are_whole(&bench)?;
    reveals_tell_all(&bench)
}

/// G1: 1, 2, 3 ... and time never runs back (M26).
fn seqs_are_whole(bench: &Bench) -> Result<(), TestCaseError> {
    let items: Vec<&Item> = bench
        .log
        .iter()
        .filter_map(|record| match record {
            Record::Item(item) => Some(item),
            Record::Note(_) => None,
        })
        .collect();
    for (at, item) in items.iter().enumerate() {
        prop_assert_eq!(item.seq().0, at as u64 + 1);
    }
    prop_assert!(items.windows(2).all(|pair| pair[0].time() <= pair[1].time()));
    Ok(())
}

/// M18: a reveal tells each viewer every outstanding private entry of the others; a forfeit tells nothing (M3).
fn reveals_tell_all(bench: &Bench) -> Result<(), TestCaseError> {
    for effect in &bench.effects {
        let Effect::PhaseEnd { viewers, seq, frame, .. } = effect else {
            continue;
        };
        let items: Vec<&Item> = bench
            .log
            .iter()
            .filter_map(|record| match record {
                Record::Item(item) if item.seq() < *seq => Some(item),
                _ => None,
            })
            .collect();
        let begun =
            items.iter().rposition(|item| matches!(item, Item::PhaseEnd { .. })).map_or(0, |at| at + 1);
        let secrets: Vec<_> = items[begun..]
            .iter()
            .filter_map(|item| match item {
                Item::Entry(entry) if entry.body.is_private() => Some(entry),
                _ => None,
            })
            .filter(|entry| *viewers != Viewers::Author(entry.author.clone()))
            .collect();
        match frame {
            PhaseEndFrame::Forfeit { .. } => {}
            PhaseEndFrame::Reveal { secrets: told, .. } => {
                prop_assert_eq!(told.len(), secrets.len());
                for (told, entry) in told.iter().zip(secrets) {
                    prop_assert_eq!(told.seq, entry.seq);
                    prop_assert_eq!(&told.private, entry.body.own());
                    prop_assert_eq!(Some(told.entropy), entry.private_entropy);
                }
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn m1_to_m5_views_are_the_fold_of_the_log(steps in prop::collection::vec(step(), 1..60)) {
        play(true, steps)?;
    }

    #[test]
    fn m5_a_type_without_reveal_keeps_its_forks(steps in prop::collection::vec(step(), 1..60)) {
        play(false, steps)?;
    }
}

/// The histories above are worth something only if everything occurs in them.
#[test]
fn the_histories_hold_reveals_forfeits_notes_and_rejections() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, TestRunner};

    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let (mut reveals, mut forfeits, mut notes, mut rejected, mut ticks, mut stopped) = (0, 0, 0, 0, 0, 0);
    for _ in 0..200 {
        let steps = prop::collection::vec(step(), 1..60).new_tree(&mut runner).unwrap().current();
        let mut bench = bench(true);
        for step in steps {
            rejected += usize::from(rejection(&take(&mut bench, step)).is_some());
        }
        for record in &bench.log {
            match record {
                Record::Item(Item::PhaseEnd { end: PhaseEnd::Reveal, .. }) => reveals += 1,
                Record::Item(Item::PhaseEnd { .. }) => forfeits += 1,
                Record::Item(Item::Entry(entry)) => ticks += usize::from(entry.author.is_master()),
                Record::Note(note) => {
                    notes += 1;
                    stopped += usize::from(note.kind == movex_core::item::NoteKind::Stopped);
                }
            }
        }
    }
    let counts = [reveals, forfeits, notes, rejected, ticks];
    assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
    assert!(stopped < notes);
}
