//! Engine threads: each has one worker, whose reducers and states never leave it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use movex_core::context::EntropyKey;
use movex_core::effect::{Effect, Reply, RequestId};
use movex_core::error::{Code, Error};
use movex_core::ids::Rid;
use movex_core::reducer::Features;
use movex_core::resource::{Input, Limits, Reports, Setting};
use movex_core::worker::{Command, Worker};
use tokio::sync::oneshot;

use super::{App, Hub, LoadError, Loaded};

/// What every engine is made of.
#[derive(Clone)]
pub struct EngineSettings {
    /// How many.
    pub engines: usize,
    /// Of each thread, in bytes; a script host needs room for its own stack limit.
    pub stack_bytes: usize,
    /// The secret of every draw (M9).
    pub entropy_key: EntropyKey,
    /// Limits of each resource.
    pub limits: Limits,
}

/// The app's resource types, sorted, and what each does beyond reducing.
pub type ResourceTypes = Vec<(String, Features)>;

/// Resources that could not be folded with the new code, and why.
pub(super) type Reloaded = Result<Vec<String>, LoadError>;

#[expect(
    clippy::large_enum_variant,
    reason = "nearly all messages are commands: a box would cost each an allocation"
)]
enum Message {
    Command { rid: Rid, command: Command, bytes: usize },
    Reload { app: Arc<dyn App>, done: oneshot::Sender<Reloaded> },
    Stop,
}

/// The way to the engines.
pub(super) struct Engines {
    senders: Vec<Sender<Message>>,
    queued_bytes: Arc<AtomicUsize>,
}

/// The engines' own ends, until their threads begin.
pub(super) struct Unstarted {
    receivers: Vec<Receiver<Message>>,
    queued_bytes: Arc<AtomicUsize>,
}

/// What a command weighs beside its text.
const COMMAND_BYTES: usize = 256;

impl Engines {
    pub(super) fn new(engines: usize) -> (Self, Unstarted) {
        let queued_bytes = Arc::new(AtomicUsize::new(0));
        let (senders, receivers) = (0..engines.max(1)).map(|_| channel()).unzip();
        let unstarted = Unstarted { receivers, queued_bytes: queued_bytes.clone() };
        (Self { senders, queued_bytes }, unstarted)
    }

    /// Bytes of commands that wait.
    pub(super) fn queued_bytes(&self) -> usize {
        self.queued_bytes.load(Ordering::Relaxed)
    }

    pub(super) fn send(&self, engine: usize, rid: Rid, command: Command) {
        let bytes = COMMAND_BYTES + text_bytes(&command);
        self.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        // An engine that has ended answers nothing any more; the server is ending then.
        if let Some(sender) = self.senders.get(engine) {
            let _ = sender.send(Message::Command { rid, command, bytes });
        }
    }

    /// Gives every engine other code.
    pub(super) fn reload(&self, app: &Arc<dyn App>) -> Vec<oneshot::Receiver<Reloaded>> {
        let begin = |sender: &Sender<Message>| {
            let (done, result) = oneshot::channel();
            let app = app.clone();
            let _ = sender.send(Message::Reload { app, done });
            result
        };
        self.senders.iter().map(begin).collect()
    }

    /// Ends every engine after what is queued.
    pub(super) fn stop(&self) {
        for sender in &self.senders {
            let _ = sender.send(Message::Stop);
        }
    }
}

fn text_bytes(command: &Command) -> usize {
    use movex_core::action::{ActionDraft, Draft};
    let of_action = |action: &ActionDraft| match action {
        ActionDraft::Ready(action) => action.json().len(),
        // It was text of about that size, and is short-lived.
        ActionDraft::AwaitsTime(_) => COMMAND_BYTES,
    };
    match command {
        Command::Create { state, .. } => state.as_ref().map_or(0, String::len),
        Command::Ask(Input::Dispatch(dispatch)) => match &dispatch.body {
            Draft::Public(action) => of_action(action),
            Draft::Private { private, public } => of_action(private) + of_action(public),
        },
        Command::Ask(_) | Command::Recover { .. } | Command::Delete => 0,
    }
}

impl Unstarted {
    /// Begins the threads. Each says whether it could load the app.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(
        self,
        settings: &EngineSettings,
        app: &Arc<dyn App>,
        hub: &Arc<Hub>,
    ) -> std::io::Result<Vec<oneshot::Receiver<Result<ResourceTypes, LoadError>>>> {
        let mut loaded = Vec::new();
        for (at, messages) in self.receivers.into_iter().enumerate() {
            let (tell, told) = oneshot::channel();
            let (app, hub, settings) = (app.clone(), hub.clone(), settings.clone());
            let queued_bytes = self.queued_bytes.clone();
            std::thread::Builder::new()
                .name(format!("movex-engine-{at}"))
                .stack_size(settings.stack_bytes)
                .spawn(move || {
                // What the master wants done may start tasks of the runtime.
                let handle = hub.runtime().clone();
                let _context = handle.enter();
                let reports = Reports::default();
                match app.load(reports.sink()) {
                    Ok(Loaded { reducers, version }) => {
                        let types = reducers.iter().map(|(name, of)| (name.clone(), of.features()));
                        let types = types.collect();
                        let setting = Setting {
                            entropy_key: settings.entropy_key,
                            version,
                            limits: settings.limits,
                            reports: reports.clone(),
                        };
                        let engine =
                            Engine { worker: Worker::new(reducers, setting), reports, queued_bytes, hub };
                        // The one who started us may be gone; then a stop comes too.
                        let _ = tell.send(Ok(types));
                        engine.run(&messages);
                    }
                    Err(error) => {
                        let _ = tell.send(Err(error));
                    }
                }
            })?;
            loaded.push(told);
        }
        Ok(loaded)
    }
}

struct Engine {
    worker: Worker,
    /// Of loading; what reducers say later, resources pass on.
    reports: Reports,
    queued_bytes: Arc<AtomicUsize>,
    hub: Arc<Hub>,
}

impl Engine {
    fn run(mut self, messages: &Receiver<Message>) {
        self.print_reports();
        loop {
            let message = match self.worker.next_wake() {
                None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(at) => {
                    let wait = at.0.saturating_sub(self.hub.now().0);
                    messages.recv_timeout(Duration::from_millis(wait))
                }
            };
            match message {
                Ok(Message::Command { rid, command, bytes }) => {
                    self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
                    self.handle(&rid, command);
                }
                Ok(Message::Reload { app, done }) => {
                    let _ = done.send(self.reload(&*app));
                }
                Err(RecvTimeoutError::Timeout) => self.wake(),
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Each effect goes to the master at once, so that what everybody sees leaves before another author's view is
    /// folded (M10).
    fn handle(&mut self, rid: &Rid, command: Command) {
        let request = command.request();
        let (worker, hub) = (&mut self.worker, &self.hub);
        let handled = catch_unwind(AssertUnwindSafe(|| {
            let mut append = None;
            worker.handle(hub.now(), rid, command, &mut |rid, effect| {
                // An append is told by nobody but what follows it, at once: one lock for both.
                if matches!(effect, Effect::Append { .. }) {
                    append.replace(effect).into_iter().for_each(|earlier| hub.effect(rid, earlier));
                } else {
                    hub.effects(rid, append.take().into_iter().chain([effect]));
                }
            });
            append.into_iter().for_each(|append| hub.effect(rid, append));
        }));
        if handled.is_err() {
            self.recover(rid, request);
        }
    }

    /// Our own code panicked, so what it left of the resource is not to be trusted: back to what is kept.
    fn recover(&mut self, rid: &Rid, request: Option<RequestId>) {
        tracing::error!(%rid, "a fault of the server in this resource: it is read again from its log");
        if let Some(request) = request {
            let error = Error::new(Code::ReducerFailed, "the server failed on it: it has no effect");
            let reply = Reply::Failed(error);
            self.hub.effect(rid, Effect::Reply { request, reply });
        }
        self.hub.recover(rid);
    }

    fn wake(&mut self) {
        let (worker, hub) = (&mut self.worker, &self.hub);
        let woken = catch_unwind(AssertUnwindSafe(|| {
            worker.wake(hub.now(), &mut |rid, effect| hub.effect(rid, effect));
        }));
        if woken.is_err() {
            tracing::error!("a fault of the server in a timer");
        }
    }

    fn reload(&mut self, app: &dyn App) -> Reloaded {
        let loaded = app.load(self.reports.sink());
        self.print_reports();
        let Loaded { reducers, version } = loaded?;
        let hub = &self.hub;
        let kept_old =
            self.worker.reload(hub.now(), reducers, version, &mut |rid, effect| hub.effect(rid, effect));
        Ok(kept_old.iter().map(ToString::to_string).collect())
    }

    fn print_reports(&self) {
        for report in self.reports.take() {
            self.hub.print(&report);
        }
    }
}
