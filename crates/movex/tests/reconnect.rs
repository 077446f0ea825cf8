//! A network that blinks: each dispatch ends once, and the state is the master's again.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping")]

mod support;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use movex::io::memory::{Memory, Scissors};
use movex::io::{Connect, Connecting, IoError, MovexIo};
use movex::{Backoff, DispatchError, Error, LocalMaster, Seq, Status, UnknownCause, prelude::*};
use support::{Line, LineAction, app, numbers};

/// A network to a local master that a test cuts, and mends.
#[derive(Clone)]
struct Network {
    state: Arc<Mutex<State>>,
}

struct State {
    master: LocalMaster,
    is_down: bool,
    scissors: Vec<Scissors>,
    /// After so many messages from the client, everything that the master says is lost, then the connection.
    deaf_after: Option<usize>,
    connections: usize,
}

impl Network {
    fn to(master: LocalMaster) -> Self {
        let state = State { master, is_down: false, scissors: Vec::new(), deaf_after: None, connections: 0 };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    async fn client(&self) -> Movex {
        let backoff = Backoff { first: Duration::from_millis(1), longest: Duration::from_millis(5) };
        Movex::builder().backoff(backoff).connect_over(self.clone()).await.unwrap()
    }

    /// Cuts every connection; new ones are refused.
    fn down(&self) {
        let mut state = self.state.lock().unwrap();
        state.is_down = true;
        state.scissors.drain(..).for_each(|scissors| scissors.cut());
    }

    fn up(&self) {
        self.state.lock().unwrap().is_down = false;
    }

    /// Cuts every connection; new ones are made at once.
    fn blink(&self) {
        self.down();
        self.up();
    }
}

/// A connection that goes deaf and then dies, if it is told to.
struct Lossy {
    io: Memory,
    left: Option<usize>,
}

impl MovexIo for Lossy {
    fn poll_send(
        &mut self,
        context: &mut Context<'_>,
        outbox: &mut VecDeque<String>,
    ) -> Poll<Result<(), IoError>> {
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(outbox.len());
        }
        self.io.poll_send(context, outbox)
    }

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Result<String, IoError>> {
        if self.left == Some(0) {
            // The master has heard, and its answer is lost.
            return match self.io.poll_receive(context) {
                Poll::Ready(_) => Poll::Ready(Err(IoError::Closed("cut by the test".to_owned()))),
                Poll::Pending => Poll::Pending,
            };
        }
        self.io.poll_receive(context)
    }
}

impl Connect for Network {
    fn connect(&self) -> Connecting {
        let mut state = self.state.lock().unwrap();
        if state.is_down {
            return Box::pin(async { Err(IoError::NotConnected("cut by the test".to_owned())) });
        }
        let io = state.master.door().unwrap();
        state.connections += 1;
        state.scissors.push(io.scissors());
        let left = state.deaf_after;
        Box::pin(async move { Ok(Box::new(Lossy { io, left }) as Box<dyn MovexIo>) })
    }
}

async fn until_waiting(movex: &Movex) {
    let mut status = movex.status();
    status.wait_for(|status| matches!(status, Status::Waiting { .. })).await.unwrap();
}

#[tokio::test]
async fn g3_what_is_dispatched_without_a_network_waits_and_ends_once() {
    let network = Network::to(LocalMaster::new(app()).unwrap());
    let movex = network.client().await;
    let me = movex.id();
    let lines = movex.resource::<Line>();
    let mut line = lines.bind(&lines.create_default().await.unwrap()).await.unwrap();
    line.dispatch(&LineAction::Push(0)).acknowledged().await.unwrap();

    network.down();
    until_waiting(&movex).await;
    let waiting: Vec<_> = (1..=20).map(|number| line.dispatch(&LineAction::Push(number))).collect();
    assert_eq!((line.state().numbers.len(), line.view().pending), (21, 20), "M12: all is shown");
    network.up();
    for (at, dispatched) in waiting.into_iter().enumerate() {
        assert_eq!(dispatched.acknowledged().await, Ok(Seq(at as u64 + 2)));
    }
    let view = line.wait_for(|view| view.pending == 0).await.unwrap();
    assert_eq!(numbers(&view), (0..=20).collect::<Vec<u64>>());
    assert_eq!(movex.id(), me, "the token made it the same client");
}

#[tokio::test]
async fn g3_a_blinking_network_loses_nothing_and_doubles_nothing() {
    let master = LocalMaster::new(app()).unwrap();
    let network = Network::to(master.clone());
    let (ann, bob) = (network.client().await, network.client().await);
    let lines = ann.resource::<Line>();
    let rid = lines.create_default().await.unwrap();
    let mut at_ann = lines.bind(&rid).await.unwrap();
    let mut at_bob = bob.resource::<Line>().bind(&rid).await.unwrap();
    let mut dispatched = Vec::new();
    for number in 0..300 {
        dispatched.push(at_ann.dispatch(&LineAction::Push(number)));
        dispatched.push(at_bob.dispatch(&LineAction::Push(1_000 + number)));
        if number % 20 == 7 {
            network.blink();
        }
    }
    assert!(network.state.lock().unwrap().connections > 2, "the network blinked");
    let mut seqs = Vec::new();
    for one in dispatched {
        seqs.push(one.acknowledged().await.unwrap().0);
    }
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=600).collect::<Vec<u64>>());
    let ann_sees = at_ann.wait_for(|view| view.seq == Seq(600)).await.unwrap();
    let bob_sees = at_bob.wait_for(|view| view.seq == Seq(600)).await.unwrap();
    assert_eq!(numbers(&ann_sees), numbers(&bob_sees), "G2");
    // Each sees its own in the order of dispatch.
    for who in [0, 1_000] {
        let own = numbers(&ann_sees).into_iter().filter(|number| number / 1_000 == who / 1_000);
        assert!(own.eq(who..who + 300));
    }
}

#[tokio::test]
async fn m20_an_outcome_that_was_lost_is_told_after_the_cut() {
    let network = Network::to(LocalMaster::new(app()).unwrap());
    // Hello, subscribe and create get their answers; that to the first dispatch is lost.
    let movex = network.client().await;
    let lines = movex.resource::<Line>();
    let rid = lines.create_default().await.unwrap();
    network.state.lock().unwrap().deaf_after = Some(3);
    network.blink();
    let line = lines.bind(&rid).await.unwrap();
    let good = line.dispatch(&LineAction::Push(1));
    let bad = line.dispatch(&LineAction::Push(1));
    let before = {
        let mut state = network.state.lock().unwrap();
        state.deaf_after = None;
        state.connections
    };
    assert_eq!(good.acknowledged().await, Ok(Seq(1)));
    assert_eq!(bad.acknowledged().await.unwrap_err().code(), "rejected");
    assert_eq!(line.state().numbers, [1]);
    assert!(network.state.lock().unwrap().connections > before, "the answer was lost");
}

#[tokio::test]
async fn a_create_that_was_cut_off_makes_one_resource() {
    let network = Network::to(LocalMaster::new(app()).unwrap());
    network.state.lock().unwrap().deaf_after = Some(2);
    // Its welcome comes before the second message, so it is let in; the answer to the create is lost.
    let movex = network.client().await;
    network.state.lock().unwrap().deaf_after = None;
    let lines = movex.resource::<Line>();
    let rid = lines.create_default().await.unwrap();
    assert!(network.state.lock().unwrap().connections > 1, "it was cut");
    lines.bind(&rid).await.unwrap();
}

#[tokio::test]
async fn presence_is_shown_again_after_a_cut() {
    let network = Network::to(LocalMaster::new(app()).unwrap());
    let (ann, bob) = (network.client().await, network.client().await);
    let rid = ann.resource::<Line>().create_default().await.unwrap();
    let at_ann = ann.resource::<Line>().bind(&rid).await.unwrap();
    network.down();
    until_waiting(&ann).await;
    at_ann.show(&"here").unwrap();
    network.up();
    let mut at_bob = bob.resource::<Line>().bind(&rid).await.unwrap();
    let shows = |view: &View<Line>| {
        let mut shown = view.subscribers.iter().filter_map(|one| one.shows::<String>().unwrap());
        shown.next()
    };
    let view = at_bob.wait_for(|view| shows(view).is_some()).await.unwrap();
    assert_eq!(shows(&view).as_deref(), Some("here"));
}

#[tokio::test]
async fn m15_m22_another_master_ends_what_is_pending_and_tells_why() {
    let network = Network::to(LocalMaster::new(app()).unwrap());
    let movex = network.client().await;
    let me = movex.id();
    let lines = movex.resource::<Line>();
    let mut line = lines.bind(&lines.create_default().await.unwrap()).await.unwrap();
    network.down();
    until_waiting(&movex).await;
    let pending = line.dispatch(&LineAction::Push(1));
    // It knows neither this client nor its resource.
    network.state.lock().unwrap().master = LocalMaster::new(app()).unwrap();
    network.up();
    let end = pending.acknowledged().await;
    assert_eq!(end, Err(DispatchError::Unknown(UnknownCause::IdentityChanged)));
    while line.changed().await.is_some() {}
    assert_eq!(line.why_ended().unwrap().code(), "unknown_resource");
    assert_ne!(movex.id(), me);
    // The client goes on.
    lines.bind(&lines.create_default().await.unwrap()).await.unwrap();
}

#[tokio::test]
async fn the_token_makes_one_the_same_client_and_nothing_else_does() {
    let master = LocalMaster::new(app()).unwrap();
    let ann = master.client().await.unwrap();
    let identity = ann.identity();
    assert!(!format!("{identity:?}").contains(&identity.token), "a token is never printed");
    let tab = master.client_with(Movex::builder().token(&identity.token)).await.unwrap();
    assert_eq!(tab.id(), ann.id(), "M19: two sessions of one client");
    let thief = master.client_with(Movex::builder().token(identity.client.as_str())).await.unwrap();
    assert_ne!(thief.id(), ann.id(), "G7: knowing an id is not being it");

    let lines = ann.resource::<Line>();
    let rid = lines.create_default().await.unwrap();
    let (here, mut there) =
        (lines.bind(&rid).await.unwrap(), tab.resource::<Line>().bind(&rid).await.unwrap());
    let mut outcomes = Vec::new();
    for number in 0..10 {
        outcomes.push(here.dispatch(&LineAction::Push(number)));
        outcomes.push(there.dispatch(&LineAction::Push(100 + number)));
    }
    for outcome in outcomes {
        outcome.acknowledged().await.unwrap();
    }
    let view = there.wait_for(|view| view.seq == Seq(20)).await.unwrap();
    assert_eq!((view.pending, view.subscribers.len()), (0, 1));
}

#[tokio::test]
async fn the_first_connection_fails_at_once_and_says_why() {
    let network = Network::to(LocalMaster::new(app()).unwrap());
    network.down();
    let failed = Movex::builder().connect_over(network).await.unwrap_err();
    assert!(matches!(failed, Error::Io(IoError::NotConnected(_))), "{failed}");
}

#[tokio::test]
async fn closing_without_a_network_waits_for_nothing() {
    let network = Network::to(LocalMaster::new(app()).unwrap());
    let movex = network.client().await;
    let lines = movex.resource::<Line>();
    let line = lines.bind(&lines.create_default().await.unwrap()).await.unwrap();
    network.down();
    until_waiting(&movex).await;
    let pending = line.dispatch(&LineAction::Push(1));
    movex.close().await;
    let closed = Err(DispatchError::Unknown(UnknownCause::Closed));
    assert_eq!(pending.acknowledged().await, closed);
    assert_eq!(line.dispatch(&LineAction::Push(2)).acknowledged().await, closed);
    assert_eq!(line.state().numbers, [1], "what was shown stays");
}
