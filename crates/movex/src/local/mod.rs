//! The master in the process: single player, tests, offline.

mod hub;

use std::collections::{HashMap, VecDeque};
use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use movex_core::context::TimeMs;
use movex_core::master::ConnectionId;
use tokio::sync::mpsc;

use crate::app::App;
use crate::client::{Builder, Movex};
use crate::error::Error;
use crate::io::memory::{Memory, pair};
use crate::io::{Connect, Connecting, IoError, MovexIo};

use hub::{Hub, Said};

/// A client that does not take so many messages is cut off (G9).
const OUTBOX_MAX: usize = 100_000;

/// The real master, in this process and over memory: the same order, acknowledgements, rejections, secrets and reveals as
/// with a server, without one. A clone is the same master; it lives as long as one of its clones or clients. Its
/// resources are gone with it.
///
/// ```
/// # use movex::prelude::*;
/// # async fn of<Counter: Resource>() -> Result<(), movex::Error> {
/// let master = movex::LocalMaster::new(App::new().with::<Counter>())?;
/// let (ann, bob) = (master.client().await?, master.client().await?);
/// assert_ne!(ann.id(), bob.id());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct LocalMaster {
    doors: mpsc::UnboundedSender<Box<dyn MovexIo>>,
}

impl LocalMaster {
    /// Starts one, on a thread of its own.
    ///
    /// # Errors
    /// When the system gives no thread or no random bytes.
    pub fn new(app: App) -> Result<Self, Error> {
        let failed = |error: std::io::Error| Error::System { what: "thread", why: error.to_string() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(failed)?;
        let (doors, comers) = mpsc::unbounded_channel();
        let (began, begins) = std::sync::mpsc::sync_channel(1);
        let thread = std::thread::Builder::new().name("movex-master".to_owned());
        let spawned = thread.spawn(move || {
            let hub = match Hub::new(&app) {
                Ok(hub) => hub,
                // The receiver waits for just this.
                Err(error) => return drop(began.send(Err(error))),
            };
            let _ = began.send(Ok(()));
            runtime.block_on(House::new(hub, comers).run());
        });
        spawned.map_err(failed)?;
        begins.recv().map_err(|_| Error::Closed)??;
        Ok(Self { doors })
    }

    /// A new client of it.
    ///
    /// # Errors
    /// When the system gives no thread or no random bytes.
    pub async fn client(&self) -> Result<Movex, Error> {
        self.client_with(Movex::builder()).await
    }

    /// A new client of it that is to be so.
    ///
    /// # Errors
    /// As [`LocalMaster::client`].
    pub async fn client_with(&self, builder: Builder) -> Result<Movex, Error> {
        builder.connect_over(self.clone()).await
    }

    /// A bare connection to it, for whoever speaks the protocol.
    ///
    /// # Errors
    /// When the master is gone.
    pub fn door(&self) -> Result<Memory, IoError> {
        let (here, there) = pair();
        self.admit(there)?;
        Ok(here)
    }

    /// Serves a connection that came from elsewhere, over whatever carries it.
    ///
    /// # Errors
    /// When the master is gone.
    pub fn admit(&self, io: impl MovexIo + 'static) -> Result<(), IoError> {
        let admitted = self.doors.send(Box::new(io));
        admitted.map_err(|_| IoError::NotConnected("the local master is gone".to_owned()))
    }
}

impl Connect for LocalMaster {
    fn connect(&self) -> Connecting {
        let door = self.door();
        Box::pin(async move { Ok(Box::new(door?) as Box<dyn MovexIo>) })
    }
}

/// M26: wall time, read once at start and advanced by the monotonic clock.
struct Clock {
    start: TimeMs,
    since: Instant,
}

impl Clock {
    fn now(&self) -> TimeMs {
        TimeMs(self.start.0 + as_ms(self.since.elapsed()))
    }
}

fn as_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX / 2)
}

struct Guest {
    io: Box<dyn MovexIo>,
    outbox: VecDeque<String>,
    /// It goes as soon as it has taken what was said.
    leaves: bool,
}

/// The hub with its connections.
struct House {
    hub: Hub,
    clock: Clock,
    comers: mpsc::UnboundedReceiver<Box<dyn MovexIo>>,
    guests: HashMap<ConnectionId, Guest>,
}

enum Step {
    Comer(Option<Box<dyn MovexIo>>),
    Message(ConnectionId, String),
    Gone(ConnectionId),
    Time,
}

impl House {
    fn new(hub: Hub, comers: mpsc::UnboundedReceiver<Box<dyn MovexIo>>) -> Self {
        // A machine set before 1970 counts from there.
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let clock = Clock { start: TimeMs(as_ms(wall)), since: Instant::now() };
        Self { hub, clock, comers, guests: HashMap::new() }
    }

    async fn run(mut self) {
        let mut open = true;
        while open || !self.guests.is_empty() {
            for step in self.next(open).await {
                open &= !matches!(step, Step::Comer(None));
                self.step(step);
            }
        }
    }

    fn step(&mut self, step: Step) {
        let now = self.clock.now();
        match step {
            Step::Comer(Some(io)) => {
                let guest = Guest { io, outbox: VecDeque::new(), leaves: false };
                self.guests.insert(self.hub.connected(), guest);
            }
            Step::Comer(None) => {}
            Step::Message(connection, text) => self.hub.message(now, connection, &text),
            Step::Gone(connection) => {
                self.guests.remove(&connection);
                self.hub.disconnected(now, connection);
            }
            Step::Time => self.hub.timeout(now),
        }
        while let Some((connection, said)) = self.hub.poll() {
            let Some(guest) = self.guests.get_mut(&connection) else {
                continue;
            };
            match said {
                Said::Message(text) => guest.outbox.push_back(text),
                Said::Close => guest.leaves = true,
            }
        }
    }

    /// What is there to do: from each guest one thing at most, so that none keeps the others waiting.
    async fn next(&mut self, open: bool) -> Vec<Step> {
        let wait = self.hub.next_timeout().0.saturating_sub(self.clock.now().0);
        let mut timer = Box::pin(tokio::time::sleep(Duration::from_millis(wait)));
        let (comers, guests) = (&mut self.comers, &mut self.guests);
        poll_fn(|context| {
            let mut steps = Vec::new();
            if open && let Poll::Ready(comer) = comers.poll_recv(context) {
                steps.push(Step::Comer(comer));
            }
            for (connection, guest) in guests.iter_mut() {
                let sent = guest.io.poll_send(context, &mut guest.outbox);
                let behind = guest.outbox.len() > OUTBOX_MAX;
                if behind || matches!(sent, Poll::Ready(Err(_))) || (guest.leaves && sent.is_ready()) {
                    steps.push(Step::Gone(*connection));
                } else if let Poll::Ready(received) = guest.io.poll_receive(context) {
                    steps.push(match received {
                        Ok(text) => Step::Message(*connection, text),
                        Err(_) => Step::Gone(*connection),
                    });
                }
            }
            if timer.as_mut().poll(context).is_ready() {
                steps.push(Step::Time);
            }
            if steps.is_empty() { Poll::Pending } else { Poll::Ready(steps) }
        })
        .await
    }
}
