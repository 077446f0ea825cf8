//! One session of a client, without I/O: what to say to the master, and what to tell the app.
//!
//! It owns a [`ClientResource`] for each resource that the app looks at, and carries them all over one connection: the
//! greeting, what is asked again after a cut, identity, presence, whether the other side still lives. Time, chance and
//! frames are arguments; [`Session::poll`] gives what is to be done, in order, and is called until it gives nothing.
//!
//! The states of resources are not `Send`, so a session stays on one thread.

mod ask;
mod binding;
mod keepalive;
mod receive;
mod say;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use movex_core::action::Body;
use movex_core::client::{ClientResource, Divergence, Ended, FromMaster, UnknownCause};
use movex_core::context::TimeMs;
use movex_core::effect::Outcome;
use movex_core::error::{Code, Error};
use movex_core::ids::{ClientId, ClientSeq, Rid, SessionId};
use movex_core::master::Subscriber;
use movex_core::v1::{ClientFrame, VERSION};

use binding::Binding;
use keepalive::{KeepAlive, Pulse};
pub use say::{Event, Hangup, Identity, Output, Start};

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
        let Some(machine) = self.bindings.get_mut(rid).and_then(|binding| binding.machine.as_mut()) else {
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
            Effect::Send(ToMaster::Dispatch { epoch, client_seq, floor, seen_reveal, body }) => {
                if size_of(&rid, &body) as u64 > self.message_bytes_max {
                    return too_large.push(client_seq);
                }
                self.send(ClientFrame::Dispatch { rid, epoch, number: client_seq, floor, seen_reveal, body });
            }
            Effect::Ended { client_seq, end } => self.event(Event::Ended { rid, number: client_seq, end }),
            Effect::Voided { client_seq } => self.event(Event::Voided { rid, number: client_seq }),
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
            self.event(Event::Ended { rid: rid.clone(), number, end });
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
