//! The master resource: one resource's order of actions, its public state, each author's private view, the reveal.
//!
//! Inputs go in with the time, effects come out in order. The resource knows nothing of connections or subscribers:
//! it speaks to distinct views, and the [`crate::master`] knows who looks at them.

mod decide;
mod fold;
mod history;
mod marks;
mod phase;
mod read;
mod recover;
mod reload;
mod resume;
mod tell;
mod tick;
mod view;

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use crate::action::Draft;
use crate::context::{EntropyKey, Stamp, TimeMs};
use crate::effect::{Effect, Reply, RequestId};
use crate::ids::{AppVersion, ClientId, ClientSeq, Epoch, Rid, RidForm, Seq, SessionId};
use crate::item::{Base, Note};
use crate::reducer::{Checksums, DynReducer, Failure, FailureKind, Features};

use history::{Cut, History};
use marks::Marks;
use phase::Phase;
use view::View;

pub use fold::Reports;
pub use marks::Claim;
pub use recover::RecoverError;

/// What a resource may grow to (G9).
#[derive(Clone, Debug)]
pub struct Limits {
    /// Entries of a secret phase after which it is given up (M3).
    pub phase_entries_max: usize,
    /// Of these, how many one author may have (M3): `phase_full` beyond.
    pub phase_author_entries_max: usize,
    /// Milliseconds without an entry after which a secret phase is given up (M3).
    pub phase_idle_ms_max: u64,
    /// Items kept behind the head, for a reload in `dev` and for clients that come back.
    pub items_kept_max: usize,
    /// Authors with a view of their own at a time: each costs a fold of every entry.
    pub forks_max: usize,
    /// Sessions of which a resource remembers what was decided (M21).
    pub sessions_max: usize,
    /// Outcomes kept for a session that names no floor.
    pub outcomes_max: usize,
    /// Limit failures in a row after which a fork is stopped (M11).
    pub fork_limits_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            phase_entries_max: 10_000,
            phase_author_entries_max: 1_000,
            phase_idle_ms_max: 24 * 60 * 60 * 1000,
            items_kept_max: 1_000,
            forks_max: 1_000,
            sessions_max: 10_000,
            outcomes_max: 1_024,
            fork_limits_max: 3,
        }
    }
}

/// What all resources of an app share.
#[derive(Clone)]
pub struct Setting {
    /// The secret of every draw (M9).
    pub entropy_key: EntropyKey,
    /// The code's hash.
    pub version: AppVersion,
    /// Limits.
    pub limits: Limits,
    /// Where the reducers' reports are gathered.
    pub reports: Reports,
}

/// A dispatch as it reaches the resource.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// The connection's identity (G7).
    pub author: ClientId,
    /// Its session.
    pub session: SessionId,
    /// The session's count.
    pub client_seq: ClientSeq,
    /// The action or pair, perhaps with places where the master's time goes.
    pub body: Draft,
    /// The log that the author believes in (M22); v0 names none.
    pub epoch: Option<Epoch>,
    /// The last reveal that the author had seen (M25); v0 names none.
    pub seen_reveal: Option<Seq>,
    /// How the author wrote the rid (v0); others are told in the same form.
    pub form: RidForm,
    /// What a v1 session says of itself, so that it is decided once (M20); v0 has no such thing.
    pub claim: Option<Claim>,
    /// Who waits for the outcome.
    pub origin: Option<RequestId>,
}

/// A viewer that wants to be where the master is.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// Who waits.
    pub request: RequestId,
    /// Whose view.
    pub viewer: ClientId,
    /// Their session.
    pub session: SessionId,
    /// What it says of itself.
    pub claim: Claim,
    /// Where the viewer is already (G6); `None` asks for a snapshot.
    pub from: Option<(Epoch, Seq)>,
}

/// What can be asked of a resource.
#[derive(Clone, Debug)]
pub enum Input {
    /// Decide an action.
    Dispatch(Dispatch),
    /// Tell a viewer's state, as shown at this time; `None` is the public view.
    Read {
        /// Who waits.
        request: RequestId,
        /// Whose view.
        viewer: Option<ClientId>,
    },
    /// Bring a viewer to where the master is.
    Subscribe(Subscription),
    /// Compute these checksums from now on: nobody looks at the others.
    Want(Checksums),
    /// Say whether it is there.
    Probe {
        /// Who waits.
        request: RequestId,
    },
    /// Give up the secret phase that is under way (M3).
    Forfeit {
        /// Who waits.
        request: Option<RequestId>,
    },
    /// A time that [`Resource::wake_at`] named may have come.
    Wake,
}

impl Input {
    /// The request that it answers.
    pub fn request(&self) -> Option<RequestId> {
        match self {
            Input::Dispatch(dispatch) => dispatch.origin,
            Input::Subscribe(subscription) => Some(subscription.request),
            Input::Read { request, .. } | Input::Probe { request } => Some(*request),
            Input::Forfeit { request } => *request,
            Input::Wake | Input::Want(_) => None,
        }
    }
}

/// An author's own view while private entries are outstanding.
struct Fork {
    view: View,
    /// Limit failures in a row in entries of others (M11).
    limits_in_a_row: u32,
    /// It ran into its budget too often: the author sees the public view (M11).
    stopped: bool,
}

/// One resource on the master.
pub struct Resource {
    rid: Rid,
    epoch: Epoch,
    reducer: Rc<dyn DynReducer>,
    features: Features,
    setting: Rc<Setting>,
    checksums: Checksums,

    head: Seq,
    time: TimeMs,
    public: View,
    /// Sorted, so that effects come in one order.
    forks: BTreeMap<ClientId, Fork>,
    /// The fork holders, as frames name them.
    fork_holders: Arc<[ClientId]>,
    /// The secret phase, in a type that can reveal.
    phase: Option<Phase>,
    last_reveal: Seq,
    marks: Marks,
    /// Public bytes since the last v1 checksum, where each costs the whole state.
    bytes_unchecked: usize,
    notes: HashSet<Note>,
    /// Decided in a recovery, and not in the log yet.
    notes_anew: Vec<Note>,
    history: History,

    deadline: Option<TimeMs>,
    /// The (deadline, head) for which a tick was tried (M26).
    ticked: Option<(TimeMs, Seq)>,
}

impl Resource {
    /// Creates a resource, from a state or from the reducer's first one.
    ///
    /// # Errors
    /// When the state does not fit or the reducer fails.
    pub fn create(
        rid: Rid,
        epoch: Epoch,
        reducer: Rc<dyn DynReducer>,
        setting: Rc<Setting>,
        state: InitialState<'_>,
        now: TimeMs,
        out: &mut dyn FnMut(Effect),
    ) -> Result<Self, Failure> {
        let state = match state {
            InitialState::Json(json) => reducer.parse(Some(json))?,
            InitialState::Default { author } => {
                let draw = setting.entropy_key.draw(&rid, epoch, Seq(0), crate::context::Draw::Public);
                reducer.init(&crate::context::Context::new(Stamp { time: now, author }, draw))?
            }
        };
        let view = View::new(state);
        let base = Base {
            seq: Seq(0),
            time: now,
            public: reducer.to_json(view.state())?,
            forks: Vec::new(),
            stopped: Vec::new(),
            version: setting.version.clone(),
            marks: Vec::new(),
            horizon: TimeMs(0),
            last_reveal: Seq(0),
        };
        let mut resource = Self::at(rid, epoch, reducer, setting, view, Seq(0), now);
        resource.rearm();
        out(Effect::Begin { epoch, base, records: Vec::new() });
        resource.flush_reports(None, out);
        Ok(resource)
    }

    fn at(
        rid: Rid,
        epoch: Epoch,
        reducer: Rc<dyn DynReducer>,
        setting: Rc<Setting>,
        public: View,
        seq: Seq,
        time: TimeMs,
    ) -> Self {
        let cut = Cut {
            seq,
            time,
            last_reveal: Seq(0),
            public: public.state().clone(),
            forks: Vec::new(),
            stopped: Vec::new(),
        };
        let history = History::new(cut, setting.limits.items_kept_max);
        Self {
            features: reducer.features(),
            marks: Marks::new(setting.limits.sessions_max, setting.limits.outcomes_max),
            rid,
            epoch,
            reducer,
            setting,
            checksums: Checksums { v0: true, v1: false },
            head: seq,
            time,
            public,
            forks: BTreeMap::new(),
            fork_holders: Arc::from([]),
            phase: None,
            last_reveal: Seq(0),
            bytes_unchecked: 0,
            notes: HashSet::new(),
            notes_anew: Vec::new(),
            history,
            deadline: None,
            ticked: None,
        }
    }

    /// Takes one input; effects come out in their order.
    pub fn handle(&mut self, now: TimeMs, input: Input, out: &mut dyn FnMut(Effect)) {
        match input {
            Input::Dispatch(dispatch) => self.dispatch(now, dispatch, out),
            Input::Read { request, viewer } => self.read(now, request, viewer.as_ref(), out),
            Input::Subscribe(subscription) => self.subscribe(&subscription, out),
            Input::Want(checksums) => self.want(checksums),
            Input::Probe { request } => out(Effect::Reply { request, reply: Reply::Done }),
            Input::Forfeit { request } => self.forfeit_by_operator(now, request, out),
            Input::Wake => self.wake(now, out),
        }
    }

    /// Computes these checksums from now on.
    pub fn want(&mut self, checksums: Checksums) {
        self.checksums = checksums;
    }

    /// The checksums that it computes.
    pub fn wanted(&self) -> Checksums {
        self.checksums
    }

    /// Its name.
    pub fn rid(&self) -> &Rid {
        &self.rid
    }

    /// Which log it is.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The seq of the newest item.
    pub fn head(&self) -> Seq {
        self.head
    }

    /// Whether private entries are outstanding.
    pub fn has_outstanding(&self) -> bool {
        !self.forks.is_empty()
    }

    /// The view of a client: its own, or the public one.
    fn view_of(&self, viewer: &ClientId) -> &View {
        match self.forks.get(viewer) {
            Some(fork) if !fork.stopped => &fork.view,
            _ => &self.public,
        }
    }

    fn set_fork_holders(&mut self) {
        self.fork_holders =
            self.forks.iter().filter(|(_, fork)| !fork.stopped).map(|(client, _)| client.clone()).collect();
    }
}

/// What a new resource begins with.
pub enum InitialState<'a> {
    /// A state's JSON text.
    Json(&'a str),
    /// The reducer's own.
    Default {
        /// Who creates it.
        author: ClientId,
    },
}

/// The error that a failure is to its dispatcher.
fn refusal(failure: &Failure) -> crate::error::Error {
    use crate::error::{Code, Error};
    match failure.kind {
        FailureKind::Limit => Error::new(Code::LimitExceeded, failure.message.clone()),
        FailureKind::Shape => Error::new(Code::BadAction, failure.message.clone()),
        FailureKind::Throw | FailureKind::Panic => Error::new(Code::ReducerFailed, failure.message.clone()),
    }
}
