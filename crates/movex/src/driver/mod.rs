//! The thread that folds: it owns the [`Session`], whose states are not `Send`, and one connection at a time.
//!
//! All that can be decided without I/O is in the session. Here are the loop, reconnecting, and who waits for what.

mod backoff;
mod command;
mod line;
mod screen;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use movex_core::action::Body;
use movex_core::client::{DispatchOptions, Ended};
use movex_core::context::TimeMs;
use movex_core::error::{Code, Error as MasterError};
use movex_core::ids::{ClientSeq, Rid};
use movex_core::v1::{ServerFrame, Unreadable};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Sleep;

pub use backoff::Backoff;
use command::Reply;
pub(crate) use command::{Command, HolderId};
use line::{Line, LineEvent};
pub use screen::Notice;
use screen::Screen;
pub(crate) use screen::{Picture, TypedScreen};

use crate::error::Error;
use crate::io::{Connect, IoError};
use crate::session::{Event, Hangup, Identity, Output, Session};
use crate::status::Status;
use crate::view::Subscriber;

/// Own dispatches without an outcome, over all resources (G9).
const PENDING_MAX: usize = 10_000;
/// Messages that the connection has not taken yet; one that is so far behind is given up (G9).
const OUTBOX_MAX: usize = 4 * PENDING_MAX;
/// How long a client that is closed waits for outcomes.
const LINGER: Duration = Duration::from_secs(5);

/// What a driver begins with.
pub(crate) struct Setup {
    pub(crate) connector: Box<dyn Connect>,
    pub(crate) start: crate::session::Start,
    pub(crate) backoff: Backoff,
    pub(crate) commands: mpsc::UnboundedReceiver<Command>,
    pub(crate) status: watch::Sender<Status>,
    pub(crate) identity: watch::Sender<Option<Identity>>,
    /// Told once: the master has welcomed the client, or the first try failed.
    pub(crate) ready: oneshot::Sender<Result<(), Error>>,
}

/// Runs a client on a thread of its own, until all its handles are gone or it is closed.
pub(crate) fn spawn(setup: Setup) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::System { what: "thread", why: error.to_string() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(failed)?;
    let thread = std::thread::Builder::new().name("movex".to_owned());
    let spawned = thread.spawn(move || runtime.block_on(async { Driver::new(setup).run().await }));
    spawned.map(drop).map_err(failed)
}

/// One resource that the app looks at.
struct Watched {
    screen: Arc<dyn Screen>,
    holders: BTreeSet<HolderId>,
    waiting: Vec<Reply<Arc<dyn std::any::Any + Send + Sync>>>,
    subscribers: Arc<[Subscriber]>,
}

impl Drop for Watched {
    /// However the driver lets go of it, whoever waits for something new is told.
    fn drop(&mut self) {
        self.screen.end(Error::Closed);
    }
}

/// What becomes true only after the state is shown: that no waiting app sees an outcome before its effect.
type Afterwards = Box<dyn FnOnce()>;

struct Driver {
    connector: Box<dyn Connect>,
    backoff: Backoff,
    failures: u32,
    commands: mpsc::UnboundedReceiver<Command>,
    status: watch::Sender<Status>,
    identity: watch::Sender<Option<Identity>>,
    ready: Option<oneshot::Sender<Result<(), Error>>>,
    session: Session,
    started: Instant,
    line: Line,
    outbox: VecDeque<String>,
    timer: Pin<Box<Sleep>>,
    watched: BTreeMap<Rid, Watched>,
    creating: BTreeMap<u64, Reply<Rid>>,
    dispatched: BTreeMap<(Rid, ClientSeq), oneshot::Sender<Ended>>,
    /// Set when the app is done with the client: until when it waits for outcomes.
    closing: Option<Instant>,
    closed: Vec<oneshot::Sender<()>>,
    /// Set when it is not tried again.
    over: Option<Option<Error>>,
}

enum Step {
    Command(Option<Command>),
    Line(LineEvent),
    Time,
    /// A client that is closed has said all that it had to say.
    Flushed,
}

impl Driver {
    fn new(setup: Setup) -> Self {
        Self {
            line: Line::Making(setup.connector.connect()),
            connector: setup.connector,
            backoff: setup.backoff,
            failures: 0,
            commands: setup.commands,
            status: setup.status,
            identity: setup.identity,
            ready: Some(setup.ready),
            session: Session::new(setup.start),
            started: Instant::now(),
            outbox: VecDeque::new(),
            timer: Box::pin(tokio::time::sleep(Duration::ZERO)),
            watched: BTreeMap::new(),
            creating: BTreeMap::new(),
            dispatched: BTreeMap::new(),
            closing: None,
            closed: Vec::new(),
            over: None,
        }
    }

    fn now(&self) -> TimeMs {
        TimeMs(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX / 2))
    }

    async fn run(mut self) {
        while self.over.is_none() && !self.is_done() {
            let step = self.next().await;
            let mut afterwards = Vec::new();
            match step {
                Step::Command(Some(command)) => self.command(command, &mut afterwards),
                Step::Command(None) => self.begin_closing(),
                Step::Line(event) => self.line(event),
                Step::Time => self.session.timeout(self.now()),
                Step::Flushed => {}
            }
            self.settle(&mut afterwards);
            for tell in afterwards {
                tell();
            }
        }
        self.end();
    }

    async fn next(&mut self) -> Step {
        let due = self.session.next_timeout().map(|at| self.started + Duration::from_millis(at.0));
        let due = due.into_iter().chain(self.closing).min();
        if let Some(due) = due {
            self.timer.as_mut().reset(due.into());
        }
        let (commands, line, outbox, timer) =
            (&mut self.commands, &mut self.line, &mut self.outbox, &mut self.timer);
        let listens = self.closing.is_none();
        poll_fn(|context| {
            if listens && let Poll::Ready(command) = commands.poll_recv(context) {
                return Poll::Ready(Step::Command(command));
            }
            let waited = !outbox.is_empty();
            if let Poll::Ready(event) = line.poll(context, outbox) {
                return Poll::Ready(Step::Line(event));
            }
            if !listens && waited && outbox.is_empty() {
                return Poll::Ready(Step::Flushed);
            }
            if due.is_some() {
                return timer.as_mut().poll(context).map(|()| Step::Time);
            }
            Poll::Pending
        })
        .await
    }

    // ------------------------------------------------------------------------------------------ the connection

    fn line(&mut self, event: LineEvent) {
        match event {
            LineEvent::Opened(io) => {
                self.line = Line::Open(io);
                self.session.connected(self.now());
            }
            LineEvent::Message(text) => match ServerFrame::from_json(&text) {
                Ok(frame) => self.session.receive(self.now(), frame),
                // Of a later version.
                Err(Unreadable::Unknown(name)) => tracing::debug!(%name, "ignored a frame"),
                Err(error @ Unreadable::Malformed(_)) => {
                    self.broken(IoError::Protocol(error.to_string()).into());
                }
            },
            LineEvent::Broken(error) if error.is_worth_a_retry() => self.broken(error.into()),
            LineEvent::Broken(error) => self.give_up(error.into()),
            LineEvent::Rested => {
                self.status.send_replace(Status::Connecting);
                self.line = Line::Making(self.connector.connect());
            }
        }
    }

    /// The connection is gone, or did not come about: it is tried again, unless nobody knows yet that it ever works.
    fn broken(&mut self, why: Error) {
        if self.ready.is_some() {
            return self.give_up(why);
        }
        self.session.disconnected();
        self.outbox.clear();
        let chance = crate::chance::number().unwrap_or_else(|_| u64::from(self.failures));
        let delay = self.backoff.delay(self.failures, chance);
        self.failures = self.failures.saturating_add(1);
        self.line = Line::Resting(Box::pin(tokio::time::sleep(delay)));
        self.status.send_replace(Status::Waiting { why });
    }

    fn give_up(&mut self, why: Error) {
        if let Some(ready) = self.ready.take() {
            // The app may have stopped waiting.
            let _ = ready.send(Err(why.clone()));
        }
        self.over = Some(Some(why));
    }

    fn begin_closing(&mut self) {
        self.closing.get_or_insert_with(|| Instant::now() + LINGER);
        // Whoever asks from now on is told at once, by what is dropped; nobody waits for the lingering.
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            if let Command::Close { reply } = command {
                self.closed.push(reply);
            }
        }
        for (rid, _) in std::mem::take(&mut self.watched) {
            self.session.unbind(&rid);
        }
    }

    /// Nobody needs it any more, and nothing can be waited for.
    fn is_done(&self) -> bool {
        self.closing.is_some_and(|until| {
            let waits = self.session.is_up() && !(self.session.is_idle() && self.outbox.is_empty());
            !waits || until <= Instant::now()
        })
    }

    fn end(mut self) {
        let why = self.over.take().flatten();
        for watched in self.watched.values() {
            watched.screen.end(why.clone().unwrap_or(Error::Closed));
        }
        self.status.send_replace(Status::Closed { why });
        for closed in self.closed {
            // Who asked may have stopped waiting.
            let _ = closed.send(());
        }
        // Everything else that waits is told by what is dropped here: creates, binds, dispatches.
    }

    // ------------------------------------------------------------------------------------------ the app

    fn command(&mut self, command: Command, afterwards: &mut Vec<Afterwards>) {
        let now = self.now();
        match command {
            Command::Create { rid, state, fresh_id, reply } => {
                let request = self.session.create(rid, state, fresh_id);
                self.creating.insert(request, reply);
            }
            Command::Bind { rid, holder, reducer, screen, reply } => {
                let watched = self.watched.entry(rid.clone()).or_insert_with(|| Watched {
                    screen,
                    holders: BTreeSet::new(),
                    waiting: Vec::new(),
                    subscribers: Arc::from([]),
                });
                watched.holders.insert(holder);
                watched.waiting.push(reply);
                self.session.bind(now, &rid, reducer);
            }
            Command::Unbind { rid, holder } => {
                if let Some(watched) = self.watched.get_mut(&rid) {
                    watched.holders.remove(&holder);
                    if watched.holders.is_empty() {
                        self.watched.remove(&rid);
                        self.session.unbind(&rid);
                    }
                }
            }
            Command::Dispatch { rid, body, options, ended, shown } => {
                let number = self.dispatch(now, rid, body, options, ended);
                afterwards.push(Box::new(move || {
                    // It waits for just this.
                    let _ = shown.send(number);
                }));
            }
            Command::Show { rid, value } => self.session.show(&rid, value),
            Command::Close { reply } => {
                self.closed.push(reply);
                self.begin_closing();
            }
        }
    }

    fn dispatch(
        &mut self,
        now: TimeMs,
        rid: Rid,
        body: Body,
        options: DispatchOptions,
        ended: oneshot::Sender<Ended>,
    ) -> Option<ClientSeq> {
        if self.dispatched.len() >= PENDING_MAX {
            let error =
                MasterError::new(Code::Overloaded, "too many actions wait for the master: dispatch it later");
            // Nobody needs to listen.
            let _ = ended.send(Ended::Rejected(error));
            return None;
        }
        let number = self.session.dispatch(now, &rid, body, options);
        match number {
            Some(number) => drop(self.dispatched.insert((rid, number), ended)),
            None => {
                let error =
                    MasterError::new(Code::UnknownResource, "the resource can't be looked at any more");
                let _ = ended.send(Ended::Rejected(error));
            }
        }
        number
    }

    // ------------------------------------------------------------------------------------------ the session

    /// Carries out what the session says, then shows what has changed.
    fn settle(&mut self, afterwards: &mut Vec<Afterwards>) {
        let mut changed = BTreeSet::new();
        while let Some(output) = self.session.poll() {
            match output {
                Output::Send(frame) => self.outbox.push_back(frame.to_json()),
                Output::Hangup(Hangup::Silent) => {
                    self.broken(IoError::Closed("nothing was heard for too long".to_owned()).into());
                }
                Output::Hangup(Hangup::Refused { error, retry: true }) => self.broken(error.into()),
                Output::Hangup(Hangup::Refused { error, retry: false }) => self.give_up(error.into()),
                Output::Event(event) => self.event(event, &mut changed, afterwards),
            }
        }
        if self.outbox.len() > OUTBOX_MAX {
            self.broken(IoError::Closed("the server takes nothing".to_owned()).into());
        }
        for rid in changed {
            self.publish(&rid);
        }
    }

    fn publish(&mut self, rid: &Rid) {
        let (Some(watched), Some(machine)) = (self.watched.get_mut(rid), self.session.resource(rid)) else {
            return;
        };
        let now = self.session.subscribers(rid);
        let is_same = watched.subscribers.len() == now.len()
            && watched.subscribers.iter().zip(now).all(|(shown, now)| {
                shown.id == now.id && shown.info_json == now.info && shown.shows_json == now.presence
            });
        if !is_same {
            let subscriber = |now: &movex_core::master::Subscriber| Subscriber {
                id: now.id.clone(),
                info_json: now.info.clone(),
                shows_json: now.presence.clone(),
            };
            watched.subscribers = now.iter().map(subscriber).collect();
        }
        watched.screen.publish(machine, &watched.subscribers);
    }

    fn event(&mut self, event: Event, changed: &mut BTreeSet<Rid>, afterwards: &mut Vec<Afterwards>) {
        match event {
            Event::Welcomed { identity, changed } => {
                if changed {
                    tracing::warn!(client = %identity.client, "the master knows this client as somebody else now");
                }
                self.failures = 0;
                self.identity.send_replace(Some(identity));
                self.status.send_replace(Status::Connected);
                if let Some(ready) = self.ready.take() {
                    // The app may have stopped waiting.
                    let _ = ready.send(Ok(()));
                }
            }
            Event::Created { request, result } => {
                if let Some(reply) = self.creating.remove(&request) {
                    afterwards.push(Box::new(move || {
                        let _ = reply.send(result.map_err(Error::Master));
                    }));
                }
            }
            Event::Bound { rid } => {
                changed.insert(rid.clone());
                if let Some(watched) = self.watched.get_mut(&rid) {
                    for reply in watched.waiting.drain(..) {
                        let screen = watched.screen.clone().into_any();
                        afterwards.push(Box::new(move || {
                            let _ = reply.send(Ok(screen));
                        }));
                    }
                }
            }
            Event::Lost { rid, error } => {
                if let Some(mut watched) = self.watched.remove(&rid) {
                    watched.screen.end(error.clone().into());
                    for reply in watched.waiting.drain(..) {
                        let _ = reply.send(Err(error.clone().into()));
                    }
                }
            }
            Event::Changed { rid } => {
                changed.insert(rid);
            }
            Event::Ended { rid, number, end } => {
                if let Some(ended) = self.dispatched.remove(&(rid, number)) {
                    afterwards.push(Box::new(move || {
                        // Nobody needs to listen.
                        let _ = ended.send(end);
                    }));
                }
            }
            Event::Voided { rid, number } => self.notice(&rid, Notice::Voided { number }),
            Event::Diverged { rid, divergence } => {
                tracing::warn!(%rid, ?divergence, "the state was not the master's; a snapshot repairs it");
                self.notice(&rid, Notice::Diverged(divergence));
            }
            Event::Complained { error } => tracing::error!(%error, "the master could not read a frame"),
            Event::Outdated { rid, version } => {
                tracing::warn!(%rid, %version, "the master runs other code than this client");
            }
        }
    }

    fn notice(&self, rid: &Rid, notice: Notice) {
        if let Some(watched) = self.watched.get(rid) {
            watched.screen.notice(notice);
        }
    }
}
