//! Clients of one local master: what an app sees.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping")]

mod support;

use movex::{DispatchError, Error, LocalMaster, Options, Seq, UnknownCause, prelude::*};
use support::{Choices, Duel, DuelAction, Line, LineAction, Numbers, app, numbers};

async fn two() -> (Movex, Movex) {
    let master = LocalMaster::new(app()).unwrap();
    (master.client().await.unwrap(), master.client().await.unwrap())
}

async fn line_of_two() -> (Bound<Line>, Bound<Line>) {
    let (ann, bob) = two().await;
    let rid = ann.resource::<Line>().create(Numbers::default()).await.unwrap();
    let ann = ann.resource::<Line>().bind(&rid).await.unwrap();
    let bob = bob.resource::<Line>().bind(&rid).await.unwrap();
    (ann, bob)
}

#[tokio::test]
async fn m12_a_dispatch_shows_at_once_and_reaches_everybody() {
    let (ann, mut bob) = line_of_two().await;
    let dispatched = ann.dispatch(&LineAction::Push(7));
    assert_eq!(ann.state().numbers, [7]);
    assert_eq!(dispatched.acknowledged().await, Ok(Seq(1)));
    assert_eq!((ann.view().pending, ann.view().seq), (0, Seq(1)));
    let view = bob.wait_for(|view| view.seq == Seq(1)).await.unwrap();
    assert_eq!(numbers(&view), [7]);
}

#[tokio::test]
async fn g2_everybody_ends_with_the_same_order() {
    let (mut ann, mut bob) = line_of_two().await;
    let mut dispatched = Vec::new();
    for number in 0..100 {
        dispatched.push(ann.dispatch(&LineAction::Push(number)));
        dispatched.push(bob.dispatch(&LineAction::Push(1_000 + number)));
    }
    let mut seqs = Vec::new();
    for one in dispatched {
        seqs.push(one.acknowledged().await.unwrap().0);
    }
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=200).collect::<Vec<u64>>(), "G3: each is there once");
    let theirs = ann.wait_for(|view| view.seq == Seq(200)).await.unwrap();
    let ours = bob.wait_for(|view| view.seq == Seq(200)).await.unwrap();
    assert_eq!(numbers(&theirs), numbers(&ours));
}

#[tokio::test]
async fn g7_a_rejection_tells_why_and_takes_the_change_back() {
    let (ann, bob) = line_of_two().await;
    bob.dispatch(&LineAction::Push(5)).acknowledged().await.unwrap();
    let mut ann = ann;
    ann.wait_for(|view| view.seq == Seq(1)).await.unwrap();
    let rejected = ann.dispatch(&LineAction::Push(5)).acknowledged().await.unwrap_err();
    assert_eq!(rejected.code(), "rejected");
    assert!(rejected.to_string().contains("5 is taken"), "{rejected}");
    assert_eq!((ann.state().numbers.as_slice(), ann.view().pending), (&[5][..], 0));
}

#[tokio::test]
async fn g8_a_reducer_that_panics_costs_its_dispatch() {
    let (ann, _bob) = line_of_two().await;
    let failed = ann.dispatch(&LineAction::Panic).acknowledged().await.unwrap_err();
    assert_eq!(failed.code(), "reducer_failed");
    assert_eq!(ann.dispatch(&LineAction::Push(1)).acknowledged().await, Ok(Seq(1)));
}

#[tokio::test]
async fn what_waits_for_the_master_is_not_shown_before() {
    let (mut ann, _bob) = line_of_two().await;
    let dispatched = ann.dispatch_with(&LineAction::Push(7), Options::wait_for_master());
    // Whether or not the word has come by now, it is not shown before it.
    let view = ann.view();
    assert_eq!(numbers(&view).len() as u64, view.seq.0);
    dispatched.acknowledged().await.unwrap();
    let view = ann.wait_for(|view| view.seq == Seq(1)).await.unwrap();
    assert_eq!(numbers(&view), [7]);
}

#[tokio::test]
async fn m8_a_secret_is_its_authors_until_the_reveal() {
    let (ann, bob) = two().await;
    let (ann_id, bob_id) = (ann.id().to_string(), bob.id().to_string());
    let rid = ann.resource::<Duel>().create_default().await.unwrap();
    let mut ann = ann.resource::<Duel>().bind(&rid).await.unwrap();
    let mut bob = bob.resource::<Duel>().bind(&rid).await.unwrap();
    let choose = |what: &str| DuelAction::Choose(what.to_owned());

    let chosen = ann.dispatch_private(&choose("rock"), &DuelAction::Chosen);
    assert_eq!(ann.state().chosen[&ann_id], "rock");
    chosen.acknowledged().await.unwrap();
    let view = bob.wait_for(|view| view.seq == Seq(1)).await.unwrap();
    assert_eq!(view.state.chosen[&ann_id], "");

    let last = bob.dispatch_private(&choose("paper"), &DuelAction::Chosen);
    last.acknowledged().await.unwrap();
    let revealed = Choices { chosen: [(ann_id, "rock".to_owned()), (bob_id, "paper".to_owned())].into() };
    for who in [&mut ann, &mut bob] {
        let view = who.wait_for(|view| view.seq == Seq(3)).await.unwrap();
        assert_eq!(*view.state, revealed, "M2: the reveal is an item of its own");
    }
}

#[tokio::test]
async fn presence_comes_shows_and_goes() {
    let master = LocalMaster::new(app()).unwrap();
    let named = Movex::builder().info(&serde_json::json!({"name": "Ann"})).unwrap();
    let ann = master.client_with(named).await.unwrap();
    let bob = master.client().await.unwrap();
    let rid = ann.resource::<Line>().create_default().await.unwrap();
    let mut at_ann = ann.resource::<Line>().bind(&rid).await.unwrap();
    let mut at_bob = bob.resource::<Line>().bind(&rid).await.unwrap();

    let view = at_ann.wait_for(|view| view.subscribers.len() == 2).await.unwrap();
    assert_eq!(view.subscribers[1].id, bob.id());
    let view = at_bob.wait_for(|view| view.subscribers.len() == 2).await.unwrap();
    let info: serde_json::Value = view.subscribers[0].info().unwrap();
    assert_eq!(info["name"], "Ann");

    at_bob.show(&(3, 4)).unwrap();
    let shows = |view: &View<Line>| view.subscribers[1].shows::<(i32, i32)>().unwrap();
    let view = at_ann.wait_for(|view| shows(view).is_some()).await.unwrap();
    assert_eq!(shows(&view), Some((3, 4)));
    at_bob.wait_for(|view| shows(view) == Some((3, 4))).await.unwrap();
    at_bob.show(&()).unwrap();
    at_ann.wait_for(|view| shows(view).is_none()).await.unwrap();

    drop(at_bob);
    let view = at_ann.wait_for(|view| view.subscribers.len() == 1).await.unwrap();
    assert_eq!(view.subscribers[0].id, ann.id());
}

#[tokio::test]
async fn who_looks_away_still_gets_the_outcome_and_may_come_back() {
    let (ann, _) = two().await;
    let lines = ann.resource::<Line>();
    let rid = lines.create_default().await.unwrap();
    let mut expected = Vec::new();
    for round in 0..5 {
        let bound = lines.bind(&rid).await.unwrap();
        let again = lines.bind(&rid).await.unwrap();
        let first = bound.dispatch(&LineAction::Push(2 * round));
        drop(bound);
        let second = again.dispatch(&LineAction::Push(2 * round + 1));
        drop(again);
        expected.extend([2 * round, 2 * round + 1]);
        // M20: no number is used twice, or this would be the outcome of an earlier one.
        assert_eq!(first.acknowledged().await, Ok(Seq(2 * round + 1)));
        assert_eq!(second.acknowledged().await, Ok(Seq(2 * round + 2)));
    }
    assert_eq!(lines.bind(&rid).await.unwrap().state().numbers, expected);
}

#[tokio::test]
async fn what_is_not_there_says_so() {
    let (ann, _) = two().await;
    let lines = ann.resource::<Line>();
    let nowhere = lines.rid("nowhere").unwrap();
    assert_eq!(lines.bind(&nowhere).await.unwrap_err().code(), "unknown_resource");
    let duel = ann.resource::<Duel>().create_default().await.unwrap();
    assert_eq!(lines.bind(&duel).await.unwrap_err().code(), "wrong_type");
    assert_eq!(lines.rid("").unwrap_err().code(), "bad_rid");
    lines.create_as("here", Numbers::default()).await.unwrap();
    let twice = lines.create_as("here", Numbers::default()).await;
    assert_eq!(twice.unwrap_err().code(), "resource_exists");
}

#[tokio::test]
async fn a_client_that_is_closed_ends_everything() {
    let (ann, _) = two().await;
    let lines = ann.resource::<Line>();
    let rid = lines.create_default().await.unwrap();
    let mut line = lines.bind(&rid).await.unwrap();
    let under_way = line.dispatch(&LineAction::Push(1));
    let mut status = ann.status();
    ann.clone().close().await;
    assert_eq!(under_way.acknowledged().await, Ok(Seq(1)), "it was waited for");
    while line.changed().await.is_some() {}
    assert_eq!(line.why_ended(), Some(Error::Closed));
    assert_eq!(line.state().numbers, [1]);
    let late = line.dispatch(&LineAction::Push(2)).acknowledged().await;
    assert_eq!(late, Err(DispatchError::Unknown(UnknownCause::Closed)));
    assert_eq!(lines.bind(&rid).await.unwrap_err(), Error::Closed);
    status.wait_for(|status| matches!(status, movex::Status::Closed { why: None })).await.unwrap();
}

#[tokio::test]
async fn one_player_needs_no_more_than_an_app() {
    let movex = Movex::local(app()).await.unwrap();
    let lines = movex.resource::<Line>();
    let line = lines.bind(&lines.create_default().await.unwrap()).await.unwrap();
    drop((movex, lines));
    assert_eq!(line.dispatch(&LineAction::Push(1)).acknowledged().await, Ok(Seq(1)));
    line.dispatch(&LineAction::Double).acknowledged().await.unwrap();
    assert_eq!(line.state().numbers, [2]);
}

#[tokio::test]
async fn a_callback_is_called_at_each_change_and_may_dispatch() {
    let (ann, mut bob) = line_of_two().await;
    let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let dispatching = ann.clone();
    let callback = ann.on_change(move |view| {
        if view.seq == Seq(1) && view.pending == 0 {
            dispatching.dispatch(&LineAction::Push(2));
        }
        // The test may be over.
        let _ = sender.send(view.state.numbers.clone());
    });
    let callback = callback.unwrap();
    assert_eq!(seen.recv().await, Some(vec![]), "what there is comes first");
    bob.dispatch(&LineAction::Push(1)).acknowledged().await.unwrap();
    let view = bob.wait_for(|view| view.seq == Seq(2)).await.unwrap();
    assert_eq!(numbers(&view), [1, 2]);
    while seen.recv().await != Some(vec![1, 2]) {}
    drop(callback);
    bob.dispatch(&LineAction::Push(3)).acknowledged().await.unwrap();
    // The thread ends, and with it the sender.
    while let Some(numbers) = seen.recv().await {
        assert_ne!(numbers, [1, 2, 3]);
    }
}
