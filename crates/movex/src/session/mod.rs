//! One session of a client, without I/O: what to say to the master, and what to tell the app.
//!
//! It owns a [`ClientResource`] for each resource that the app looks at, and carries them all over one connection: the
//! greeting, what is asked again after a cut, identity, presence, whether the other side still lives. Time, chance and
//! frames are arguments; [`Session::poll`] gives what is to be done, in order, and is called until it gives nothing.
//!
//! The states of resources are not `Send`, so a session stays on one thread.

mod binding;
mod keepalive;

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use movex_core::action::Body;
use movex_core::client::{ClientResource, DispatchOptions, Divergence, Ended, FromMaster, UnknownCause};
use movex_core::context::TimeMs;
use movex_core::effect::Outcome;
use movex_core::error::{Code, Error};
use movex_core::ids::{AppVersion, ClientId, ClientSeq, Rid, SessionId};
use movex_core::master::Subscriber;
use movex_core::reducer::DynReducer;
use movex_core::v1::{ClientFrame, ServerFrame, VERSION};

use binding::{Binding, Shown};
use keepalive::{KeepAlive, Pulse};

/// Who a client is, and what proves it. The token is a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who, as everybody may know.
    pub client: ClientId,
    /// What proves it at the next hello: whoever has it is this client.
    pub token: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({:?})", self.client)
    }
}

/// What a session begins with.
#[derive(Clone, Debug)]
pub struct Start {
    /// Random, and nobody else's (M19).
    pub session: SessionId,
    /// Who the client was before, if it kept that: it is asked to be the same again.
    pub token: Option<String>,
    /// What it says of itself to the others: JSON text of an object.
    pub info: Option<Arc<str>>,
}

/// What is to be done, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Tell the master.
    Send(ClientFrame),
    /// The connection is of no use: close it, and tell [`Session::disconnected`].
    Hangup(Hangup),
    /// Tell the app.
    Event(Event),
}

/// Why a connection is of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hangup {
    /// Nothing was heard for too long.
    Silent,
    /// The master does not let this client in; `retry` where that may pass.
    Refused {
        /// Why.
        error: Error,
        /// It may pass.
        retry: bool,
    },
}

/// What the app is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The master knows who this is. `changed` when it is somebody else than before (M15).
    Welcomed {
        /// Who.
        identity: Identity,
        /// Not who it was.
        changed: bool,
    },
    /// A [`Session::create`] ended.
    Created {
        /// Which.
        request: u64,
        /// How.
        result: Result<Rid, Error>,
    },
    /// A resource has a state to show.
    Bound {
        /// Which.
        rid: Rid,
    },
    /// A resource can't be looked at (any more); its pending dispatches have ended.
    Lost {
        /// Which.
        rid: Rid,
        /// Why.
        error: Error,
    },
    /// What is shown of a resource has changed: its state, or who looks at it.
    Changed {
        /// Which.
        rid: Rid,
    },
    /// A dispatch has ended.
    Ended {
        /// In which resource.
        rid: Rid,
        /// Which.
        number: ClientSeq,
        /// How.
        end: Ended,
    },
    /// An acknowledged private action was void when all was revealed (M4).
    Voided {
        /// In which resource.
        rid: Rid,
        /// Which.
        number: ClientSeq,
    },
    /// This client's state was not the master's, and is repaired (M16).
    Diverged {
        /// Of which resource.
        rid: Rid,
        /// In which way.
        divergence: Divergence,
    },
    /// The master could not read something, which is a fault of this client's.
    Complained {
        /// Its words.
        error: Error,
    },
    /// The master runs other code than this client (M29).
    Outdated {
        /// For which resource.
        rid: Rid,
        /// The master's.
        version: AppVersion,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Down,
    /// Hello was said.
    Greeting,
    /// The master answers.
    Up,
}

struct Create {
    rid: Rid,
    state: Option<Arc<str>>,
    /// Nobody else can know the id: that it exists means that it is ours (M20).
    fresh_id: bool,
    /// It went over a connection that is gone.
    repeated: bool,
}

/// See the module.
pub struct Session {
    id: SessionId,
    proof: Option<String>,
    token: Option<String>,
    info: Option<Arc<str>>,
    me: Option<ClientId>,
    link: Link,
    bindings: BTreeMap<Rid, Binding>,
    creates: BTreeMap<u64, Create>,
    requests: u64,
    /// The highest number of any resource that was left: no later one uses it again (M20).
    last_number: ClientSeq,
    /// The master's time less ours, in ms.
    ahead_ms: i64,
    message_bytes_max: u64,
    keepalive: KeepAlive,
    out: VecDeque<Output>,
}

/// What stands around an action in a dispatch, at most, beside its rid.
const ENVELOPE_BYTES: usize = 256;

impl Session {
    /// A session that was never connected.
    pub fn new(start: Start) -> Self {
        let Start { session, token, info } = start;
        Self {
            id: session,
            proof: None,
            token,
            info,
            me: None,
            link: Link::Down,
            bindings: BTreeMap::new(),
            creates: BTreeMap::new(),
            requests: 0,
            last_number: ClientSeq(0),
            ahead_ms: 0,
            message_bytes_max: u64::MAX,
            keepalive: KeepAlive::default(),
            out: VecDeque::new(),
        }
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When [`Session::timeout`] should be called next.
    pub fn next_timeout(&self) -> Option<TimeMs> {
        if self.link == Link::Down {
            return None;
        }
        let retries = self.bindings.values().filter_map(|binding| binding.retry_at);
        retries.chain([self.keepalive.next_timeout()]).min()
    }

    /// Who the client is, once it was welcomed.
    pub fn me(&self) -> Option<&ClientId> {
        self.me.as_ref()
    }

    /// Whether the master answers.
    pub fn is_up(&self) -> bool {
        self.link == Link::Up
    }

    /// Whether nothing waits for the master: every dispatch and every create has ended.
    pub fn is_idle(&self) -> bool {
        self.creates.is_empty() && self.bindings.values().all(|binding| !binding.has_pending())
    }

    /// A resource that the app looks at, if it has a state.
    pub fn resource(&self, rid: &Rid) -> Option<&ClientResource> {
        self.bindings.get(rid)?.shown_machine()
    }

    /// Who looks at it, in the order in which they came.
    pub fn subscribers(&self, rid: &Rid) -> &[Subscriber] {
        self.bindings.get(rid).map_or(&[], |binding| &binding.subscribers)
    }

    /// There is a connection.
    pub fn connected(&mut self, now: TimeMs) {
        self.link = Link::Greeting;
        self.keepalive.begin(now);
        self.send(ClientFrame::Hello {
            versions: (VERSION, VERSION),
            session: self.id.clone(),
            session_proof: self.proof.clone(),
            token: self.token.clone(),
            info: self.info.clone(),
        });
    }

    /// There is none any more. What has no outcome waits for the next one.
    pub fn disconnected(&mut self) {
        self.link = Link::Down;
        for create in self.creates.values_mut() {
            create.repeated = true;
        }
        for binding in self.bindings.values_mut() {
            binding.disconnected();
        }
        // What was left and has nothing to wait for is not asked for again.
        self.let_go();
    }

    /// Time has passed.
    pub fn timeout(&mut self, now: TimeMs) {
        if self.link == Link::Down {
            return;
        }
        match self.keepalive.timeout(now) {
            Pulse::Quiet => {}
            Pulse::Ask(stamp) => self.send(ClientFrame::Ping { stamp }),
            Pulse::Dead => return self.out.push_back(Output::Hangup(Hangup::Silent)),
        }
        let due = |binding: &Binding| binding.retry_at.is_some_and(|at| at <= now);
        let due = self.bindings.iter().filter(|(_, binding)| due(binding));
        let due: Vec<Rid> = due.map(|(rid, _)| rid.clone()).collect();
        for rid in due {
            self.follow(now, &rid);
        }
    }

    /// A frame of the master's.
    pub fn receive(&mut self, now: TimeMs, frame: ServerFrame) {
        self.keepalive.heard(now);
        match frame {
            ServerFrame::Welcome {
                client,
                token,
                session_proof,
                time,
                message_bytes_max,
                ..
            } => {
                self.proof = Some(session_proof);
                self.ahead_ms = time.0.cast_signed().wrapping_sub(now.0.cast_signed());
                self.message_bytes_max = message_bytes_max;
                self.welcomed(now, Identity { client, token });
            }
            ServerFrame::Created { request, rid } => self.created(request, Ok(rid)),
            ServerFrame::Subscribed {
                rid,
                subscribed,
                subscribers,
            } => {
                if let Some(binding) = self.bindings.get_mut(&rid) {
                    binding.subscribers = subscribers;
                    binding.retry_at = None;
                    self.machine(now, &rid, FromMaster::Subscribed(subscribed));
                    self.show_again(&rid);
                }
            }
            ServerFrame::Item { rid, item } => self.machine(now, &rid, FromMaster::Item(item)),
            ServerFrame::Outcome { rid, number, outcome } => {
                let client_seq = number;
                self.machine(now, &rid, FromMaster::Outcome { client_seq, outcome });
            }
            ServerFrame::Undecided { rid, number, why } => {
                let client_seq = number;
                self.machine(now, &rid, FromMaster::Undecided { client_seq, why });
            }
            ServerFrame::Refresh { rid } => self.machine(now, &rid, FromMaster::Refresh),
            ServerFrame::Joined { rid, subscriber } => {
                self.present(rid, |binding| binding.joined(subscriber))
            }
            ServerFrame::Left { rid, client } => self.present(rid, |binding| binding.left(&client)),
            ServerFrame::Shows { rid, client, value } => {
                self.present(rid, |binding| binding.shows(&client, value));
            }
            ServerFrame::Error { request, rid, error } => self.failed(now, request, rid, error),
            ServerFrame::Pong { .. } => {}
        }
    }

    fn welcomed(&mut self, now: TimeMs, identity: Identity) {
        let before = self.me.replace(identity.client.clone());
        let changed = before.is_some_and(|before| before != identity.client);
        self.token = Some(identity.token.clone());
        self.link = Link::Up;
        self.event(Event::Welcomed { identity, changed });
        let requests: Vec<u64> = self.creates.keys().copied().collect();
        for request in requests {
            self.send_create(request);
        }
        let rids: Vec<Rid> = self.bindings.keys().cloned().collect();
        for rid in rids {
            if changed {
                let (me, session) = (self.me.clone(), self.id.clone());
                self.drive(now, &rid, |machine, _, out| {
                    if let Some(me) = me {
                        machine.identity_changed(me, session, out);
                    }
                });
            }
            self.follow(now, &rid);
        }
        self.let_go();
    }

    /// An error: of a request, of a resource, or of the connection.
    fn failed(&mut self, now: TimeMs, request: Option<u64>, rid: Option<Rid>, error: Error) {
        if let Some(request) = request {
            return self.created(request, Err(error));
        }
        let passes = matches!(
            error.code,
            Code::Overloaded | Code::ShuttingDown | Code::StoreUnavailable
        );
        match rid {
            Some(rid) => {
                let Some(binding) = self.bindings.get_mut(&rid) else {
                    return;
                };
                let is_gone = matches!(error.code, Code::UnknownResource | Code::UnknownResourceType);
                if is_gone || !(passes || binding.is_live()) {
                    self.lose(&rid, error);
                } else {
                    // A dispatch may not have been decided: who asks again sends what has no outcome, in order.
                    binding.retry_later(now);
                }
            }
            None if self.link == Link::Greeting => {
                let retry = passes;
                self.out
                    .push_back(Output::Hangup(Hangup::Refused { error, retry }));
            }
            None => self.event(Event::Complained { error }),
        }
    }

    // ------------------------------------------------------------------------------------------ what the app asks

    /// Makes a resource. `fresh_id`: its id was drawn at random for this.
    pub fn create(&mut self, rid: Rid, state: Option<Arc<str>>, fresh_id: bool) -> u64 {
        self.requests += 1;
        let request = self.requests;
        let size = state.as_deref().map_or(0, str::len) + rid.as_str().len() + ENVELOPE_BYTES;
        if size as u64 > self.message_bytes_max {
            let result = Err(self.too_large());
            self.event(Event::Created { request, result });
            return request;
        }
        let create = Create {
            rid,
            state,
            fresh_id,
            repeated: false,
        };
        self.creates.insert(request, create);
        if self.link == Link::Up {
            self.send_create(request);
        }
        request
    }

    fn send_create(&mut self, request: u64) {
        if let Some(Create { rid, state, .. }) = self.creates.get(&request) {
            let (rid, state) = (rid.clone(), state.clone());
            self.send(ClientFrame::Create { request, rid, state });
        }
    }

    fn created(&mut self, request: u64, result: Result<Rid, Error>) {
        let Some(create) = self.creates.remove(&request) else {
            return;
        };
        let result = match result {
            Err(error) if error.code == Code::ResourceExists && create.repeated && create.fresh_id => {
                Ok(create.rid)
            }
            result => result,
        };
        self.event(Event::Created { request, result });
    }

    /// Looks at a resource; [`Event::Bound`] tells when there is a state, also when there was one already.
    pub fn bind(&mut self, now: TimeMs, rid: &Rid, reducer: impl FnOnce() -> Rc<dyn DynReducer>) {
        match self.bindings.get_mut(rid) {
            Some(binding) => {
                binding.wanted = true;
                if binding.shown_machine().is_some() {
                    self.event(Event::Bound { rid: rid.clone() });
                }
            }
            None => {
                self.bindings.insert(rid.clone(), Binding::new(reducer()));
                self.follow(now, rid);
            }
        }
    }

    /// Looks no more. What is pending still ends.
    pub fn unbind(&mut self, rid: &Rid) {
        if let Some(binding) = self.bindings.get_mut(rid) {
            binding.wanted = false;
            self.let_go();
        }
    }

    /// Dispatches; none where the app does not look. What is shown has changed when it returns.
    pub fn dispatch(
        &mut self,
        now: TimeMs,
        rid: &Rid,
        body: Body,
        options: DispatchOptions,
    ) -> Option<ClientSeq> {
        self.bindings.get(rid)?.shown_machine()?;
        let mut number = None;
        self.drive(now, rid, |machine, now, out| {
            number = Some(machine.dispatch(now, body, options, out));
        });
        number
    }

    /// Shows something of oneself to the others who look: JSON text, not in the log. It is shown again after a cut.
    pub fn show(&mut self, rid: &Rid, value: Option<Arc<str>>) {
        let Some(binding) = self.bindings.get_mut(rid) else {
            return;
        };
        binding.shown = Some(Shown {
            value: value.clone(),
            sent: false,
        });
        if binding.is_live() {
            self.show_again(rid);
        } else if let Some(me) = self.me.clone() {
            self.present(rid.clone(), |binding| binding.shows(&me, value));
        }
    }

    // ------------------------------------------------------------------------------------------ inside

    fn show_again(&mut self, rid: &Rid) {
        let Some(value) = self.bindings.get_mut(rid).and_then(Binding::take_unsent_show) else {
            return;
        };
        let rid = rid.clone();
        if let Some(me) = self.me.clone() {
            let value = value.clone();
            self.present(rid.clone(), |binding| binding.shows(&me, value));
        }
        self.send(ClientFrame::Show { rid, value });
    }

    fn present(&mut self, rid: Rid, change: impl FnOnce(&mut Binding)) {
        if let Some(binding) = self.bindings.get_mut(&rid) {
            change(binding);
            if binding.told_bound {
                self.event(Event::Changed { rid });
            }
        }
    }

    /// Asks to be where the master is.
    fn follow(&mut self, now: TimeMs, rid: &Rid) {
        let (Link::Up, Some(me)) = (self.link, self.me.clone()) else {
            return;
        };
        let (session, last) = (self.id.clone(), self.last_number);
        if let Some(binding) = self.bindings.get_mut(rid) {
            binding.retry_at = None;
            binding.begin(me, session, last);
            self.drive(now, rid, |machine, now, out| machine.connected(now, out));
        }
    }

    fn machine(&mut self, now: TimeMs, rid: &Rid, frame: FromMaster) {
        self.drive(now, rid, |machine, now, out| machine.receive(now, frame, out));
    }

    /// Runs one step of a resource's machine, and carries out what it says.
    fn drive(
        &mut self,
        now: TimeMs,
        rid: &Rid,
        step: impl FnOnce(&mut ClientResource, TimeMs, &mut dyn FnMut(movex_core::client::Effect)),
    ) {
        let master_now = TimeMs(now.0.saturating_add_signed(self.ahead_ms));
        let Some(machine) = self
            .bindings
            .get_mut(rid)
            .and_then(|binding| binding.machine.as_mut())
        else {
            return;
        };
        let mut effects = Vec::new();
        step(machine, master_now, &mut |effect| effects.push(effect));
        let mut too_large = Vec::new();
        for effect in effects {
            self.carry_out(rid, effect, &mut too_large);
        }
        for client_seq in too_large {
            // It would end the connection, at every try.
            let outcome = Outcome::Rejected(self.too_large());
            self.machine(now, rid, FromMaster::Outcome { client_seq, outcome });
        }
        let bound = self.bindings.get_mut(rid).is_some_and(Binding::becomes_bound);
        if bound {
            self.event(Event::Bound { rid: rid.clone() });
        }
        self.let_go();
    }

    fn carry_out(&mut self, rid: &Rid, effect: movex_core::client::Effect, too_large: &mut Vec<ClientSeq>) {
        use movex_core::client::{Effect, ToMaster};
        let rid = rid.clone();
        match effect {
            Effect::Send(ToMaster::Subscribe { from, floor }) => {
                self.send(ClientFrame::Subscribe { rid, from, floor });
            }
            Effect::Send(ToMaster::Dispatch {
                epoch,
                client_seq,
                floor,
                seen_reveal,
                body,
            }) => {
                if size_of(&rid, &body) as u64 > self.message_bytes_max {
                    return too_large.push(client_seq);
                }
                self.send(ClientFrame::Dispatch {
                    rid,
                    epoch,
                    number: client_seq,
                    floor,
                    seen_reveal,
                    body,
                });
            }
            Effect::Ended { client_seq, end } => self.event(Event::Ended {
                rid,
                number: client_seq,
                end,
            }),
            Effect::Voided { client_seq } => self.event(Event::Voided {
                rid,
                number: client_seq,
            }),
            Effect::Changed => self.event(Event::Changed { rid }),
            Effect::Diverged(Divergence::Base { message }) => {
                self.send(ClientFrame::Unsubscribe { rid: rid.clone() });
                let error = Error::new(
                    Code::BadState,
                    format!("the master's state is none of this reducer's: {message}"),
                );
                self.lose(&rid, error);
            }
            Effect::Diverged(divergence) => self.event(Event::Diverged { rid, divergence }),
            Effect::Outdated { version } => self.event(Event::Outdated { rid, version }),
        }
    }

    /// The resource is gone: nobody can say any more what became of what was under way (M22).
    fn lose(&mut self, rid: &Rid, error: Error) {
        let Some(binding) = self.bindings.remove(rid) else {
            return;
        };
        self.last_number = self.last_number.max(binding.last_number());
        for number in binding.pending() {
            let end = Ended::Unknown(UnknownCause::EpochChanged);
            self.event(Event::Ended {
                rid: rid.clone(),
                number,
                end,
            });
        }
        let rid = rid.clone();
        self.event(Event::Lost { rid, error });
    }

    /// Leaves what nobody looks at and has nothing pending. One whose answer is under way waits for it, so that an
    /// answer never comes to another binding than the one that asked.
    fn let_go(&mut self) {
        let link = self.link;
        let leaves = |binding: &Binding| {
            !binding.wanted
                && !binding.has_pending()
                && (binding.is_live() || link != Link::Up || binding.retry_at.is_some())
        };
        let left = self.bindings.iter().filter(|(_, binding)| leaves(binding));
        let left: Vec<Rid> = left.map(|(rid, _)| rid.clone()).collect();
        for rid in left {
            if let Some(binding) = self.bindings.remove(&rid) {
                self.last_number = self.last_number.max(binding.last_number());
                if binding.is_live() {
                    self.send(ClientFrame::Unsubscribe { rid });
                }
            }
        }
    }

    fn too_large(&self) -> Error {
        Error::new(
            Code::LimitExceeded,
            format!(
                "it is larger than the {} bytes that the server takes in one message",
                self.message_bytes_max
            ),
        )
    }

    fn send(&mut self, frame: ClientFrame) {
        self.out.push_back(Output::Send(frame));
    }

    fn event(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }
}

fn size_of(rid: &Rid, body: &Body) -> usize {
    let secret = match body {
        Body::Public(_) => 0,
        Body::Private { private, .. } => private.json().len(),
    };
    rid.as_str().len() + body.public().json().len() + secret + ENVELOPE_BYTES
}

#[cfg(test)]
mod tests;
