//! The real master and worker, with what a shell around them does: carry out outputs, keep appends, wake, recover.

use std::collections::BTreeMap;

use movex_core::action::Body;
use movex_core::client::{FromMaster, ToMaster};
use movex_core::context::{EntropyKey, TimeMs};
use movex_core::effect::{Effect, ItemFrame, Outcome, Reply};
use movex_core::error::Error;
use movex_core::ids::{AppId, AppVersion, ClientId, ClientSeq, Epoch, RidForm, Seq, SessionId};
use movex_core::item::{Item, NoteKind, PhaseEnd, Record};
use movex_core::master::{
    Answer, Append, AppendId, Ask, ConnectionId, Event, Hello, Master, Output, Protocol, Request, Settings,
    Token, store_error,
};
use movex_core::resource::{Input, Reports, Resource, Setting};
use movex_core::worker::{Command, Log, Reducers, Worker};

use super::{Down, Happening, Up, WAKE_MAX_MS, World};
use crate::check::{secrecy, wire};
use crate::plan::{Keeping, Kind, Plan, Twin};

/// What a request's token stands for.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    /// A v1 subscription on that connection, from there.
    Follow(u64, Option<(Epoch, Seq)>),
    /// A v1 dispatch.
    Dispatch(u64, ClientSeq),
    /// A request under the client's own number.
    Request(u64, u64),
    /// Somebody without a connection.
    Nobody,
}

/// What the worker said to a dispatch.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) epoch: Epoch,
    /// The newest item before it.
    pub(crate) head: Seq,
    pub(crate) author: ClientId,
    pub(crate) body: Body,
    pub(crate) time: TimeMs,
    pub(crate) error: Error,
}

pub(crate) struct Server {
    pub(crate) master: Master,
    pub(crate) worker: Worker,
    pub(crate) up: bool,
    /// Of the process: what belongs to one that crashed is not done any more.
    generation: u64,
    /// Versions of the app's code so far.
    versions: u64,
    /// Epochs that a recovery began.
    epochs: u64,
    asked: BTreeMap<u64, Asked>,
    tokens: u64,
    keeping: bool,
    /// When the next wake is due, in the simulator's time.
    wakes_at: Option<u64>,
    pub(crate) refusals: Vec<Verdict>,
}

impl Server {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            master: Master::new(AppId::new("sim"), Settings::default()),
            worker: worker(plan, 0),
            up: true,
            generation: 0,
            versions: 0,
            epochs: 0,
            asked: BTreeMap::new(),
            tokens: 0,
            keeping: false,
            wakes_at: None,
            refusals: Vec::new(),
        }
    }
}

fn reducers(plan: &Plan) -> Reducers {
    let reducer = plan.workload.on_master(plan.cheap_checksums);
    Reducers::from([("sim".to_owned(), reducer)])
}

fn version(nth: u64) -> AppVersion {
    AppVersion::new(format!("v{nth}"))
}

fn worker(plan: &Plan, versions: u64) -> Worker {
    let private = if plan.twin == Some(Twin::Second) { 9 } else { 8 };
    let setting = Setting {
        entropy_key: EntropyKey::new([1; 16], [private; 16]),
        version: version(versions),
        limits: plan.limits.clone(),
        reports: Reports::default(),
    };
    Worker::new(reducers(plan), setting)
}

impl World {
    /// Somebody without a part in it creates the resource.
    pub(super) fn create(&mut self) {
        let creator = ConnectionId(u64::MAX);
        let now = self.wall();
        self.server.master.connected(Hello {
            connection: creator,
            protocol: Protocol::V0,
            named: None,
            fresh: ClientId::new("creator"),
            info: "{}".into(),
            session: SessionId::new("creator"),
        });
        let token = self.token(Asked::Nobody);
        let (rid, form) = (self.rid.clone(), RidForm::Text);
        let ask = Ask::Create { state: None };
        self.server.master.request(now, creator, Request { token, rid, form, ask });
        self.settle();
        self.server.master.disconnected(now, creator);
        self.settle();
        // The creation is kept before anybody comes (M20).
        self.keep_now(usize::MAX);
    }

    pub(crate) fn resource(&self) -> Option<&Resource> {
        self.server.worker.resource(&self.rid)
    }

    fn token(&mut self, asked: Asked) -> Token {
        self.server.tokens += 1;
        self.server.asked.insert(self.server.tokens, asked);
        Token(self.server.tokens)
    }

    /// Something came over a connection.
    pub(super) fn receive_up(&mut self, link: u64, who: usize, up: Up) {
        let now = self.wall();
        let id = self.people[who].session.clone();
        self.tell(|| format!("-> {id} {}", wire::up(&up)));
        let connection = ConnectionId(link);
        let (asked, ask) = match up {
            Up::Hello => {
                let hello = self.hello(link, who);
                self.server.master.connected(hello);
                return self.settle();
            }
            Up::V1(ToMaster::Subscribe { from, floor }) => {
                (Asked::Follow(link, from), Ask::Follow { from, floor })
            }
            Up::V1(ToMaster::Dispatch { epoch, client_seq, floor, seen_reveal, body }) => (
                Asked::Dispatch(link, client_seq),
                Ask::Dispatch {
                    body: body.into(),
                    epoch: Some(epoch),
                    seen_reveal,
                    number: Some((client_seq, floor)),
                },
            ),
            Up::Ask(_, ask @ Ask::Follow { .. }) => (Asked::Follow(link, None), ask),
            Up::Ask(request, ask) => (Asked::Request(link, request), ask),
        };
        if let Ask::Dispatch { body, .. } = &ask {
            let body = body.clone().stamp(now);
            if who == 0 && self.plan.twin.is_some() {
                self.arrived.push((self.now, body.public().json().to_owned()));
            }
            self.watch.dispatched(&self.people[who].id, &body);
        }
        let token = self.token(asked);
        let (rid, form) = (self.rid.clone(), RidForm::Text);
        self.server.master.request(now, connection, Request { token, rid, form, ask });
        self.settle();
    }

    fn hello(&self, link: u64, who: usize) -> Hello {
        let person = &self.people[who];
        let guest = &self.plan.guests[who];
        let (protocol, session) = match guest.kind {
            Kind::V0 => (Protocol::V0, SessionId::new(format!("v0 {link}"))),
            Kind::V1 | Kind::Cheat => {
                let session_created = TimeMs(super::BEGIN_MS + guest.comes_at);
                (Protocol::V1 { session_created }, person.session.clone())
            }
        };
        Hello {
            connection: ConnectionId(link),
            protocol,
            named: Some(person.id.clone()),
            fresh: ClientId::new("~nobody"),
            info: "{}".into(),
            session,
        }
    }

    /// A request that has no connection: HTTP shows the public view.
    pub(super) fn look(&mut self) {
        if self.server.up {
            let token = self.token(Asked::Nobody);
            let (now, rid) = (self.wall(), self.rid.clone());
            self.server.master.read_public(now, token, rid);
            self.settle();
        }
    }

    /// Carries out what the master wants done, until it wants nothing.
    pub(super) fn settle(&mut self) {
        loop {
            let outputs = self.server.master.take_outputs();
            if outputs.is_empty() {
                break;
            }
            let outputs = self.saboteur.outputs(outputs);
            for output in outputs {
                self.carry_out(output);
            }
        }
        self.arm();
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Command { command, .. } => self.command(command),
            Output::Append { id, append, .. } => self.append(id, append),
            Output::Truncate { base, .. } => {
                self.counted("log cut");
                self.watch.cut(&base);
                self.store.cut(base);
            }
            Output::Recover { .. } => {
                self.counted("recovered in place");
                let log = self.store.log();
                self.forget_what_was_lost();
                self.command(Command::Recover { log });
            }
            Output::Send { to, event } => {
                for connection in to {
                    self.send_event(connection.0, event.clone());
                }
            }
            Output::Answer { token, answer } => self.answer(token, answer),
            Output::Close { connection, .. } => self.closed(connection.0),
            Output::Report(report) => {
                if report.private_to.is_none() && self.plan.twin.is_some() {
                    self.seen.push(format!("{} report {report:?}", self.now));
                }
            }
            Output::Welcome { .. } | Output::Forget { .. } => {}
        }
    }

    fn command(&mut self, mut command: Command) {
        let now = self.wall();
        let rid = self.rid.clone();
        let dispatch = match &command {
            Command::Ask(Input::Dispatch(dispatch)) => Some(dispatch.clone()),
            _ => None,
        };
        let before = self.resource().map(|resource| (resource.epoch(), resource.head()));
        let mut effects = Vec::new();
        let verdict = self.saboteur.command(&mut command, self.server.worker.resource(&rid), &self.plan);
        match verdict {
            Some(effect) => effects.push(effect),
            None => self.server.worker.handle(now, &rid, command, &mut |_, effect| effects.push(effect)),
        }
        if let Some(again) = dispatch.as_ref().and_then(|dispatch| self.saboteur.again(dispatch, &effects)) {
            effects.clear();
            self.server.worker.handle(now, &rid, again, &mut |_, effect| effects.push(effect));
        }
        if let (Some(dispatch), Some((epoch, head))) = (dispatch, before) {
            for effect in &effects {
                if let Effect::Reply { reply: Reply::Rejected { error, time, .. }, .. } = effect {
                    self.server.refusals.push(Verdict {
                        epoch,
                        head,
                        author: dispatch.author.clone(),
                        body: dispatch.body.clone().stamp(*time),
                        time: *time,
                        error: error.clone(),
                    });
                }
            }
        }
        self.effects(effects);
    }

    fn effects(&mut self, effects: Vec<Effect>) {
        let now = self.wall();
        let rid = self.rid.clone();
        let effects = self.saboteur.effects(effects, now);
        for effect in effects {
            self.server.master.effect(now, &rid, effect);
        }
    }

    // ------------------------------------------------------------------ store

    fn append(&mut self, id: AppendId, append: Append) {
        self.note_appended(&append);
        self.store.append(append);
        if let Some(base) = self.saboteur.cuts(self.server.worker.resource(&self.rid)) {
            self.store.cut(base);
        }
        let relaxed = matches!(self.plan.keeping, Keeping::Relaxed(_));
        if relaxed || self.saboteur.releases_early() {
            let (now, rid) = (self.wall(), self.rid.clone());
            self.server.master.kept(now, &rid, id, Ok(()));
        } else {
            self.store.awaited(id);
        }
        self.begin_keeping();
    }

    fn note_appended(&mut self, append: &Append) {
        let (epoch, records) = match append {
            Append::Begin { epoch, base, records } => {
                self.watch.begins(base);
                (*epoch, records)
            }
            Append::Records { epoch, records } => (*epoch, records),
        };
        for record in records {
            let what = match record {
                Record::Item(Item::PhaseEnd { end: PhaseEnd::Reveal, .. }) => "reveals",
                Record::Item(Item::PhaseEnd { .. }) => "forfeits",
                Record::Item(Item::Entry(entry)) => {
                    self.watch.decides(epoch, entry);
                    if entry.author.is_master() {
                        "ticks"
                    } else if entry.body.is_private() {
                        "secrets"
                    } else {
                        "entries"
                    }
                }
                Record::Note(note) if note.kind == NoteKind::Stopped => "views stopped",
                Record::Note(_) => "notes",
            };
            self.counted(what);
            if what == "reveals" && self.plan.twin.is_some() {
                self.seen.push(secrecy::REVEALED.to_owned());
            }
            self.tell(|| format!("++ {}", wire::record(record)));
        }
    }

    fn begin_keeping(&mut self) {
        if self.server.keeping || !self.store.waits() {
            return;
        }
        let ms = match self.plan.keeping {
            Keeping::AtOnce => {
                return self.keep_now(usize::MAX);
            }
            Keeping::Slowly(ms) => 1 + self.chance(&[6, self.count]).below(ms),
            Keeping::InBatches(ms) | Keeping::Relaxed(ms) => ms,
        };
        self.server.keeping = true;
        self.after(ms, Happening::Keep(self.server.generation));
    }

    pub(super) fn keep(&mut self, generation: u64) {
        if generation != self.server.generation {
            return;
        }
        self.server.keeping = false;
        let at_most = match self.plan.keeping {
            Keeping::Slowly(_) => 1,
            _ => usize::MAX,
        };
        self.keep_now(at_most);
        self.begin_keeping();
    }

    fn keep_now(&mut self, at_most: usize) {
        let (now, rid) = (self.wall(), self.rid.clone());
        for id in self.store.keep(at_most) {
            self.server.master.kept(now, &rid, id, Ok(()));
        }
        self.settle_unless_settling();
    }

    /// Within an output of the master's own, its other outputs come after.
    fn settle_unless_settling(&mut self) {
        if !matches!(self.plan.keeping, Keeping::AtOnce) {
            self.settle();
        }
    }

    /// The disk is full, say: what waits is lost.
    pub(super) fn store_fails(&mut self) {
        if !self.server.up || matches!(self.plan.keeping, Keeping::Relaxed(_)) {
            return;
        }
        let lost = self.store.fail();
        if lost.is_empty() {
            return;
        }
        self.counted("appends lost");
        let (now, rid) = (self.wall(), self.rid.clone());
        for id in lost {
            let error = store_error("no space left");
            self.server.master.kept(now, &rid, id, Err(error));
        }
        self.settle();
    }

    fn forget_what_was_lost(&mut self) {
        let Some((epoch, head)) = self.store.head() else {
            return;
        };
        self.server.refusals.retain(|verdict| verdict.epoch != epoch || verdict.head <= head);
        let epochs: Vec<Epoch> = self.store.chapters().iter().map(|chapter| chapter.epoch).collect();
        self.server.refusals.retain(|verdict| epochs.contains(&verdict.epoch));
        self.watch.lost_after(epoch, head);
    }

    // ------------------------------------------------------------------ crash

    pub(super) fn crash(&mut self, down_ms: u64) {
        if !self.server.up {
            return;
        }
        self.counted("crashes");
        self.server.up = false;
        self.server.generation += 1;
        self.server.keeping = false;
        self.server.wakes_at = None;
        self.server.asked.clear();
        let relaxed = matches!(self.plan.keeping, Keeping::Relaxed(_));
        let mut chance = self.chance(&[7, self.server.generation]);
        if self.store.waits() {
            self.counted("crashes amid appends");
        }
        self.store.crash(|units| chance.below(units), relaxed);
        self.forget_what_was_lost();
        self.all_connections_end();
        self.after(down_ms, Happening::Restart);
    }

    pub(super) fn restart(&mut self) {
        self.server.up = true;
        let now = self.wall();
        self.server.master = Master::new(AppId::new("sim"), Settings::default());
        self.server.worker = worker(&self.plan, self.server.versions);
        if matches!(self.plan.keeping, Keeping::Relaxed(_)) && !self.saboteur.keeps_epoch() {
            // It can't prove that nothing that was told is lost (M23).
            self.counted("epochs begun by a recovery");
            self.server.epochs += 1;
            self.store.begin_anew(Epoch(self.server.epochs));
        }
        let log = self.store.log();
        if let Some(Log { base, .. }) = &log {
            self.watch.restarted(base);
        }
        let rid = self.rid.clone();
        self.server.master.restored(now, rid);
        self.command(Command::Recover { log });
        self.settle();
    }

    pub(super) fn reload(&mut self) {
        if !self.server.up {
            return;
        }
        self.server.versions += 1;
        let (now, rid) = (self.wall(), self.rid.clone());
        let mut effects = Vec::new();
        let version = version(self.server.versions);
        let errors = self
            .server
            .worker
            .reload(now, reducers(&self.plan), version, &mut |_, effect| effects.push(effect));
        for error in errors {
            self.counted("reload refused");
            self.tell(|| format!("   {error}"));
            // The old code stays, in the whole app's stead.
            self.server.versions -= 1;
        }
        self.counted("reloads");
        for effect in effects {
            self.server.master.effect(now, &rid, effect);
        }
        self.settle();
    }

    pub(super) fn forfeit(&mut self) {
        if self.server.up {
            self.command(Command::Ask(Input::Forfeit { request: None }));
            self.settle();
        }
    }

    // ------------------------------------------------------------------ time

    fn arm(&mut self) {
        let Some(at) = self.server.worker.next_wake() else {
            return;
        };
        let in_ms = at.0.saturating_sub(self.wall().0);
        let due = self.now + in_ms;
        if in_ms < WAKE_MAX_MS
            && self.server.up
            && self.server.wakes_at.is_none_or(|at| due < at || at < self.now)
        {
            self.server.wakes_at = Some(due);
            self.after(in_ms, Happening::Wake);
        }
    }

    pub(super) fn wake(&mut self) {
        if !self.server.up {
            return;
        }
        self.server.wakes_at = None;
        let now = self.wall();
        if self.server.master.next_timeout() <= now {
            self.server.master.timeout(now);
        }
        let mut effects = Vec::new();
        self.server.worker.wake(now, &mut |_, effect| effects.push(effect));
        self.effects(effects);
        self.settle();
    }

    pub(super) fn skew(&mut self, ms: i64) {
        self.counted("clock set");
        self.skew_ms += ms;
        self.server.wakes_at = None;
        self.arm();
    }

    // ------------------------------------------------------------------ what is told

    fn send_event(&mut self, link: u64, event: Event) {
        let Some(kind) = self.kind_of(link) else { return };
        let Some(who) = self.who(link) else { return };
        if self.plan.twin.is_some() && who != 0 {
            self.seen.push(format!("{} to {link}: {}", self.now, wire::event(&event)));
        }
        let down = match (kind, event) {
            (Kind::V0, event) => Down::Event(event),
            (_, Event::Entry { frame, own, .. }) => {
                Down::V1(FromMaster::Item(ItemFrame::Entry { frame, own }))
            }
            (_, Event::PhaseEnd { seq, time, frame, checksum_v1, .. }) => {
                Down::V1(FromMaster::Item(ItemFrame::PhaseEnd { seq, time, frame, checksum_v1 }))
            }
            (_, Event::Refresh { .. }) => {
                self.watch.refreshes(link);
                Down::V1(FromMaster::Refresh)
            }
            _ => return,
        };
        self.pass_down(link, who, down);
    }

    fn answer(&mut self, token: Token, answer: Answer) {
        let Some(asked) = self.server.asked.remove(&token.0) else {
            return;
        };
        let link = match &asked {
            Asked::Follow(link, _) | Asked::Dispatch(link, _) | Asked::Request(link, _) => *link,
            Asked::Nobody => {
                if self.plan.twin.is_some() {
                    self.seen.push(format!("{} to HTTP: {}", self.now, wire::answer(&answer)));
                }
                return;
            }
        };
        let Some(who) = self.who(link) else { return };
        if self.plan.twin.is_some() && who != 0 {
            self.seen.push(format!("{} answer {link}: {}", self.now, wire::answer(&answer)));
        }
        let down = match (asked, answer) {
            (Asked::Request(_, request), answer) => Down::Answer(request, answer),
            (Asked::Follow(_, from), Answer::Subscribed { subscribed, .. }) => {
                self.counted(if subscribed.base.is_some() { "snapshots" } else { "resumed" });
                let limits = &self.plan.limits;
                if let Some(broken) = self.watch.subscribed(link, from, &subscribed, limits)
                    && self.plan.guests[who].kind == Kind::V1
                {
                    self.violation("G6", broken);
                }
                let mut subscribed = subscribed;
                self.saboteur.subscribed(&mut subscribed, from, &self.people[who], self.resource_of_server());
                Down::V1(FromMaster::Subscribed(subscribed))
            }
            (Asked::Dispatch(_, client_seq), answer) => match answer {
                Answer::Rejected { error, .. } => {
                    Down::V1(FromMaster::Outcome { client_seq, outcome: Outcome::Rejected(error) })
                }
                Answer::Known(outcome) => {
                    self.counted("decided before");
                    Down::V1(FromMaster::Outcome { client_seq, outcome })
                }
                Answer::Undecided(why) => Down::V1(FromMaster::Undecided { client_seq, why }),
                // No outcome: the same dispatch sent again may be decided. So the transport ends the connection, and
                // the client asks and sends again.
                Answer::Failed(_) => return self.fail_connection(link),
                // The author's own frame of the entry is the acknowledgement (M19).
                _ => return,
            },
            // There is no such frame in v1: the transport ends the connection, and the client asks again.
            (Asked::Follow(..), _) => return self.fail_connection(link),
            (Asked::Nobody, _) => return,
        };
        self.pass_down(link, who, down);
    }

    fn resource_of_server(&self) -> Option<&Resource> {
        self.server.worker.resource(&self.rid)
    }

    fn fail_connection(&mut self, link: u64) {
        self.counted("connections ended for an error");
        self.break_off(link, 20);
    }

    fn pass_down(&mut self, link: u64, who: usize, mut down: Down) {
        if let Down::V1(frame) = &mut down {
            self.saboteur.frame(frame, &self.people[who]);
            if let FromMaster::Item(item) = frame
                && let Some(broken) = self.watch.item(link, item)
            {
                self.violation("M24", broken);
            }
        }
        let id = self.people[who].session.clone();
        self.tell(|| format!("<- {id} {}", wire::down(&down)));
        self.send_down(link, down);
    }
}
