//! The master behind its lock, and the carrying out of what it says.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use movex_core::context::TimeMs;
use movex_core::effect::Effect;
use movex_core::error::{Code, Error};
use movex_core::ids::{AppId, ClientId, Rid, SessionId};
use movex_core::master::{
    Answer, AppendId, Ask, ConnectionId, ConnectionInfo, Hello, Master, Protocol, Request, ResourceInfo,
    RidForm, Settings, Token,
};
use movex_core::reducer::Report;
use movex_store::{Completion, Store, StoreError};
use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::engine::{Engines, Reloaded};
use super::outputs;
use super::peer::Peer;
use super::reports::{Audience, Reporter};
use super::{App, Clock, EngineSettings, LoadError, ResourceTypes, fresh_name};

/// How the shell behaves.
pub struct HubSettings {
    /// Of the core's master.
    pub master: Settings,
    /// Of each engine.
    pub engine: EngineSettings,
    /// Bytes of commands that may wait for all engines together.
    pub queued_bytes_max: usize,
    /// Who may read the log (M10).
    pub audience: Audience,
}

/// Who reads a resource's public view without a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Somebody who wants this resource: it is in use.
    Anybody,
    /// An operator who lists all: that keeps none alive.
    Listing,
}

/// Takes the answer to one request. Called under the master's lock, so it must not wait.
pub(crate) type Waiter = Box<dyn FnOnce(Answer) + Send>;

/// The master at run time.
pub struct Hub {
    pub(super) shared: Mutex<Shared>,
    clock: Clock,
    pub(super) app: AppId,
    pub(super) store: Arc<dyn Store>,
    pub(super) engines: Engines,
    runtime: Handle,
    reporter: Reporter,
    queued_bytes_max: usize,
    last_connection: AtomicU64,
    /// Told whenever something has ended, once the server is ending.
    pub(super) quiet: Notify,
}

pub(super) struct Shared {
    pub(super) master: Master,
    pub(super) peers: HashMap<ConnectionId, Arc<dyn Peer>>,
    pub(super) waiters: HashMap<Token, Waiter>,
    last_token: u64,
    /// What the store answered at once; told to the master when all else of the call is carried out.
    pub(super) kept: VecDeque<(Rid, AppendId, Result<(), StoreError>)>,
    pub(super) ending: bool,
}

/// Engines that load the app.
pub struct Starting(Vec<tokio::sync::oneshot::Receiver<Result<ResourceTypes, LoadError>>>);

impl Starting {
    /// Waits until every engine has the app. Tells its resource types, which are the same in each.
    ///
    /// # Errors
    /// When the app can't be loaded.
    pub async fn loaded(self) -> Result<ResourceTypes, LoadError> {
        let mut types = Vec::new();
        for engine in self.0 {
            let ended = |_| LoadError("an engine ended while it loaded the app".into());
            types = engine.await.map_err(ended)??;
        }
        Ok(types)
    }
}

impl Hub {
    /// Makes the master, and begins its engines.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        id: AppId,
        app: &Arc<dyn App>,
        store: impl FnOnce(Completion) -> Arc<dyn Store>,
        mut settings: HubSettings,
        runtime: Handle,
    ) -> std::io::Result<(Arc<Self>, Starting)> {
        let engines = settings.engine.engines.max(1);
        settings.master.workers = engines;
        let (engines, unstarted) = Engines::new(engines);
        let hub = Arc::new_cyclic(|hub: &std::sync::Weak<Self>| {
            let hub = hub.clone();
            let completion: Completion = Box::new(move |key, id, outcome| {
                if let Some(hub) = hub.upgrade() {
                    let _context = hub.runtime.enter();
                    hub.with(|master, now| master.kept(now, &key.rid, id, outputs::kept(outcome)));
                }
            });
            Self {
                shared: Mutex::new(Shared {
                    master: Master::new(id.clone(), settings.master),
                    peers: HashMap::new(),
                    waiters: HashMap::new(),
                    last_token: 0,
                    kept: VecDeque::new(),
                    ending: false,
                }),
                clock: Clock::start(),
                app: id,
                store: store(completion),
                engines,
                runtime,
                reporter: Reporter::new(settings.audience),
                queued_bytes_max: settings.queued_bytes_max,
                last_connection: AtomicU64::new(0),
                quiet: Notify::new(),
            }
        });
        let starting = unstarted.start(&settings.engine, app, &hub)?;
        Ok((hub, Starting(starting)))
    }

    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// The time now.
    pub fn now(&self) -> TimeMs {
        self.clock.now()
    }

    pub(super) fn print(&self, report: &Report) {
        self.reporter.take(report);
    }

    /// A number for a connection that comes.
    pub(crate) fn next_connection(&self) -> ConnectionId {
        ConnectionId(self.last_connection.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// A connection came: its peer is welcomed, or closed.
    pub(crate) fn connected(
        &self,
        connection: ConnectionId,
        peer: Arc<dyn Peer>,
        named: Option<ClientId>,
        info: Arc<str>,
    ) {
        let hello = Hello {
            connection,
            protocol: Protocol::V0,
            named,
            fresh: ClientId::new(fresh_name()),
            info,
            session: SessionId::new(fresh_name()),
        };
        self.let_in(peer, hello);
    }

    /// As [`Hub::connected`], of any protocol.
    pub(crate) fn let_in(&self, peer: Arc<dyn Peer>, hello: Hello) {
        let mut shared = self.lock();
        shared.peers.insert(hello.connection, peer);
        shared.master.connected(hello);
        self.carry_out(&mut shared);
    }

    /// A connection is gone.
    pub(crate) fn disconnected(&self, connection: ConnectionId) {
        let mut shared = self.lock();
        if shared.peers.remove(&connection).is_some() {
            shared.master.disconnected(self.now(), connection);
            self.carry_out(&mut shared);
        }
    }

    /// A client asks. The answer may come before this returns.
    pub(crate) fn request(
        &self,
        connection: ConnectionId,
        rid: Rid,
        form: RidForm,
        ask: Ask,
        waiter: Waiter,
    ) {
        if self.engines.queued_bytes() > self.queued_bytes_max {
            return waiter(Answer::Failed(overloaded()));
        }
        let mut shared = self.lock();
        // The master does not know it any more: nobody is there to be answered.
        if !shared.peers.contains_key(&connection) {
            return;
        }
        let token = shared.wait(waiter);
        let request = Request { token, rid, form, ask };
        shared.master.request(self.now(), connection, request);
        self.carry_out(&mut shared);
    }

    /// Somebody without a connection asks for a resource's public view.
    pub(crate) fn read_public(&self, rid: Rid, reader: Reader, waiter: Waiter) {
        if self.engines.queued_bytes() > self.queued_bytes_max {
            return waiter(Answer::Failed(overloaded()));
        }
        let mut shared = self.lock();
        let token = shared.wait(waiter);
        match reader {
            Reader::Anybody => shared.master.read_public(self.now(), token, rid),
            Reader::Listing => shared.master.look(token, rid),
        }
        self.carry_out(&mut shared);
    }

    pub(super) fn effect(&self, rid: &Rid, effect: Effect) {
        self.effects(rid, [effect]);
    }

    pub(super) fn effects(&self, rid: &Rid, effects: impl IntoIterator<Item = Effect>) {
        let mut shared = self.lock();
        for effect in effects {
            shared.master.effect(self.now(), rid, effect);
            self.carry_out(&mut shared);
        }
    }

    /// Every client, sorted by id.
    pub(crate) fn connections(&self) -> Vec<ConnectionInfo> {
        self.lock().master.connections()
    }

    /// The first resources in the order of their names.
    pub(crate) fn resources(&self, max: usize) -> Vec<ResourceInfo> {
        self.lock().master.resources(max)
    }

    /// How many connections and resources there are.
    pub(crate) fn counts(&self) -> (usize, usize) {
        self.lock().master.counts()
    }

    /// Warnings and errors of app code so far, of public views alone.
    pub(crate) fn app_reports(&self) -> (u64, u64) {
        self.reporter.counts()
    }

    /// Does what is due by time.
    pub(crate) fn tick(&self) {
        let mut shared = self.lock();
        let now = self.now();
        if shared.master.next_timeout() <= now {
            shared.master.timeout(now);
            self.carry_out(&mut shared);
        }
        for peer in shared.peers.values() {
            peer.settle();
        }
    }

    /// How long until [`Hub::tick`] has something to do.
    pub(crate) fn until_due(&self) -> Duration {
        let due = self.lock().master.next_timeout();
        Duration::from_millis(due.0.saturating_sub(self.now().0))
    }

    /// Gives every engine other code; connections and resources stay. Tells what kept the old code, and why.
    ///
    /// # Errors
    /// When the new code can't be loaded; then all stays as it was.
    pub async fn reload(&self, app: &Arc<dyn App>) -> Reloaded {
        let mut kept_old = Vec::new();
        for engine in self.engines.reload(app) {
            let ended = |_| LoadError("an engine has ended".into());
            kept_old.extend(engine.await.map_err(ended)??);
        }
        Ok(kept_old)
    }

    /// Refuses what is new, and waits until what is under way has its answer.
    pub(crate) async fn finish(&self) {
        {
            let mut shared = self.lock();
            shared.ending = true;
            shared.master.begin_ending();
        }
        loop {
            let quiet = self.quiet.notified();
            if self.lock().master.is_idle() {
                return;
            }
            quiet.await;
        }
    }

    /// Closes every connection, and ends the engines.
    pub(crate) fn stop(&self) {
        let peers: Vec<_> = self.lock().peers.drain().collect();
        let ending = Error::new(Code::ShuttingDown, "the server is ending: try again in a moment");
        let cause = movex_core::master::CloseCause::Refused(ending);
        for (_, peer) in peers {
            peer.close(&cause);
        }
        self.engines.stop();
    }

    /// Reads a log again and gives it to the resource's engine.
    pub(super) fn recover(&self, rid: &Rid) {
        self.with(|master, _| master.recover(rid));
    }

    fn with(&self, call: impl FnOnce(&mut Master, TimeMs)) {
        let mut shared = self.lock();
        call(&mut shared.master, self.now());
        self.carry_out(&mut shared);
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // A panic under the lock is our own fault, and costs what it was about: the others go on.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn wait(&mut self, waiter: Waiter) -> Token {
        self.last_token += 1;
        let token = Token(self.last_token);
        self.waiters.insert(token, waiter);
        token
    }
}

fn overloaded() -> Error {
    Error::new(Code::Overloaded, "the server has too much to do: try again in a moment")
}
