//! Clients of the real server, over real connections.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use movex::{Backoff, DispatchError, Seq, Status, UnknownCause, prelude::*};
use movex_core::ids::AppVersion;
use movex_core::reducer::ReportSink;
use movex_server::{LoadError, Loaded, Server, Settings};
use support::{Choices, Duel, DuelAction, Line, LineAction, app, numbers};

fn load(_: ReportSink) -> Result<Loaded, LoadError> {
    Ok(Loaded { reducers: app().reducers(), version: AppVersion::new("1") })
}

/// On that port, or on any free one.
async fn serve(port: u16) -> Server {
    let settings = Settings { port, engines: 1, ..Settings::default() };
    Server::start(Arc::new(load), settings).await.unwrap()
}

async fn client(server: &Server) -> Movex {
    let backoff = Backoff { first: Duration::from_millis(2), longest: Duration::from_millis(10) };
    let url = format!("ws://{}", server.address());
    Movex::builder().backoff(backoff).connect(&url).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g2_two_clients_of_a_server_end_with_the_same_order() {
    let server = serve(0).await;
    let (ann, bob) = (client(&server).await, client(&server).await);
    let rid = ann.resource::<Line>().create_default().await.unwrap();
    let mut at_ann = ann.resource::<Line>().bind(&rid).await.unwrap();
    let mut at_bob = bob.resource::<Line>().bind(&rid).await.unwrap();
    let mut notices = (at_ann.notices(), at_bob.notices());
    let mut outcomes = Vec::new();
    for number in 0..100 {
        outcomes.push(at_ann.dispatch(&LineAction::Push(number)));
        outcomes.push(at_bob.dispatch(&LineAction::Push(1_000 + number)));
    }
    for outcome in outcomes {
        outcome.acknowledged().await.unwrap();
    }
    let ann_sees = at_ann.wait_for(|view| view.seq == Seq(200)).await.unwrap();
    let bob_sees = at_bob.wait_for(|view| view.seq == Seq(200)).await.unwrap();
    assert_eq!(numbers(&ann_sees), numbers(&bob_sees));
    let taken = at_ann.dispatch(&LineAction::Push(5)).acknowledged().await.unwrap_err();
    assert!(taken.to_string().contains("5 is taken"), "{taken}");
    drop((at_ann, at_bob));
    ann.close().await;
    bob.close().await;
    assert_eq!((notices.0.next().await, notices.1.next().await), (None, None), "M16: nothing diverged");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m8_a_secret_crosses_a_server_at_the_reveal() {
    let server = serve(0).await;
    let (ann, bob) = (client(&server).await, client(&server).await);
    let rid = ann.resource::<Duel>().create_default().await.unwrap();
    let at_ann = ann.resource::<Duel>().bind(&rid).await.unwrap();
    let mut at_bob = bob.resource::<Duel>().bind(&rid).await.unwrap();
    let choose = |what: &str| DuelAction::Choose(what.to_owned());
    let chosen = at_ann.dispatch_private(&choose("rock"), &DuelAction::Chosen);
    chosen.acknowledged().await.unwrap();
    let view = at_bob.wait_for(|view| view.seq == Seq(1)).await.unwrap();
    assert_eq!(view.state.chosen[ann.id().as_str()], "");
    let chosen = at_bob.dispatch_private(&choose("paper"), &DuelAction::Chosen);
    chosen.acknowledged().await.unwrap();
    let view = at_bob.wait_for(|view| view.seq == Seq(3)).await.unwrap();
    let revealed = Choices {
        chosen: [(ann.id().to_string(), "rock".to_owned()), (bob.id().to_string(), "paper".to_owned())]
            .into(),
    };
    assert_eq!(*view.state, revealed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m22_a_server_that_starts_anew_without_its_log_ends_what_is_pending() {
    let server = serve(0).await;
    let (port, movex) = (server.address().port(), client(&server).await);
    let lines = movex.resource::<Line>();
    let line = lines.bind(&lines.create_default().await.unwrap()).await.unwrap();
    line.dispatch(&LineAction::Push(1)).acknowledged().await.unwrap();
    let mut status = movex.status();
    server.end(Duration::from_secs(1)).await;
    status.wait_for(|status| *status != Status::Connected).await.unwrap();
    let pending = line.dispatch(&LineAction::Push(2));
    let server = serve(port).await;
    let end = pending.acknowledged().await;
    assert!(matches!(
        end,
        Err(DispatchError::Unknown(UnknownCause::IdentityChanged | UnknownCause::EpochChanged))
    ));
    status.wait_for(|status| *status == Status::Connected).await.unwrap();
    let line = lines.bind(&lines.create_default().await.unwrap()).await.unwrap();
    assert_eq!(line.dispatch(&LineAction::Push(3)).acknowledged().await, Ok(Seq(1)));
    server.end(Duration::from_secs(1)).await;
}
