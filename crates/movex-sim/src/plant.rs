//! Rules switched off, one at a time, between the parts: the core itself knows nothing of this.
//!
//! Each stands for a bug that the checkers must find. A saboteur sits where master, worker, store and clients hand things
//! to each other, and corrupts what passes.

use std::collections::HashMap;

use movex_core::action::Body;
use movex_core::client::{ClientResource, FromMaster};
use movex_core::context::{Entropy, TimeMs};
use movex_core::effect::{Effect, EntryFrame, ItemFrame, PhaseEndFrame, Reply, Subscribed, Undecided};
use movex_core::error::{Code, Error};
use movex_core::ids::{ClientId, Epoch, Seq, SessionId};
use movex_core::item::{Base, Item, Record};
use movex_core::master::Output;
use movex_core::reducer::{Applied, Fold};
use movex_core::resource::{Dispatch, Input, Resource};
use movex_core::worker::Command;

use crate::plan::Plan;
use crate::world::Person;

/// Which rule is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Plant {
    /// A reveal is an append of its own, which a crash can lose.
    M2RevealApart,
    /// At a forfeit authors keep their own private halves.
    M3ForfeitKeepsOwn,
    /// A limit's verdict is told to no client.
    M4NoNotes,
    /// The log is cut where secrets are outstanding.
    M5CutInPhase,
    /// Somebody else's fork has a say in verdicts.
    M7OtherFork,
    /// Whether there is a checksum depends on a secret.
    M8ChecksumTells,
    /// The private entropy is everybody's.
    M9OneEntropy,
    /// An acknowledgement does not carry the context.
    M13NoContext,
    /// A client gives up what its own view rejects.
    M14DropDoubtful,
    /// A snapshot is the view alone, without checkpoint and tail.
    M17ViewOnly,
    /// A snapshot carries no outcomes.
    M17NoOutcomes,
    /// A resumed reveal tells nothing of entries before the resume point.
    M18LateSecretsOnly,
    /// Sessions are told apart by their client alone.
    M19OneSession,
    /// Nothing is remembered of what was decided.
    M20NoMarks,
    /// Outcomes are matched by position.
    M20ByPosition,
    /// A session whose mark was dropped is taken for a new one.
    M21NoHorizon,
    /// No epoch is asked for.
    M22NoEpoch,
    /// What depends on an entry leaves before it is kept.
    M23EarlyRelease,
    /// A recovery that may have lost something goes on in the same epoch.
    M23SameEpoch,
    /// Frames overtake each other.
    M24Reordered,
    /// Context time is the wall clock's.
    M26WallClock,
}

impl Plant {
    /// All of them.
    pub const ALL: [Plant; 21] = [
        Plant::M2RevealApart,
        Plant::M3ForfeitKeepsOwn,
        Plant::M4NoNotes,
        Plant::M5CutInPhase,
        Plant::M7OtherFork,
        Plant::M8ChecksumTells,
        Plant::M9OneEntropy,
        Plant::M13NoContext,
        Plant::M14DropDoubtful,
        Plant::M17ViewOnly,
        Plant::M17NoOutcomes,
        Plant::M18LateSecretsOnly,
        Plant::M19OneSession,
        Plant::M20NoMarks,
        Plant::M20ByPosition,
        Plant::M21NoHorizon,
        Plant::M22NoEpoch,
        Plant::M23EarlyRelease,
        Plant::M23SameEpoch,
        Plant::M24Reordered,
        Plant::M26WallClock,
    ];
}

/// Corrupts what passes, where a rule is off.
pub(crate) struct Saboteur {
    plant: Option<Plant>,
    /// The private half's chance, by place.
    private: HashMap<Seq, Entropy>,
    /// The length of the private half, by place.
    lengths: HashMap<Seq, usize>,
}

impl Saboteur {
    pub(crate) fn new(plant: Option<Plant>) -> Self {
        Self { plant, private: HashMap::new(), lengths: HashMap::new() }
    }

    fn is(&self, plant: Plant) -> bool {
        self.plant == Some(plant)
    }

    /// From the master to whoever carries out.
    pub(crate) fn outputs(&mut self, mut outputs: Vec<Output>) -> Vec<Output> {
        if self.is(Plant::M24Reordered) {
            for at in 1..outputs.len() {
                if matches!(&outputs[at - 1..=at], [Output::Send { .. }, Output::Send { .. }]) {
                    outputs.swap(at - 1, at);
                }
            }
        }
        outputs
    }

    /// From the master to the worker. What comes back is said in the worker's stead.
    pub(crate) fn command(
        &mut self,
        command: &mut Command,
        resource: Option<&Resource>,
        plan: &Plan,
    ) -> Option<Effect> {
        let Command::Ask(input) = command else { return None };
        if self.is(Plant::M7OtherFork) {
            return other_fork_says_no(input, resource?, plan);
        }
        match input {
            Input::Dispatch(dispatch) => match self.plant {
                Some(Plant::M20NoMarks) => dispatch.claim = None,
                Some(Plant::M22NoEpoch) => dispatch.epoch = None,
                Some(Plant::M19OneSession) => dispatch.session = one_session(&dispatch.author),
                _ => {}
            },
            Input::Subscribe(subscription) if self.is(Plant::M19OneSession) => {
                subscription.session = one_session(&subscription.viewer);
            }
            _ => {}
        }
        None
    }

    /// A dispatch of a session behind the horizon, once more as one of a new session.
    pub(crate) fn again(&self, dispatch: &Dispatch, effects: &[Effect]) -> Option<Command> {
        let forgotten = effects.iter().any(|effect| {
            matches!(effect, Effect::Reply { reply: Reply::Undecided(Undecided::Forgotten), .. })
        });
        if !forgotten || !self.is(Plant::M21NoHorizon) {
            return None;
        }
        let mut dispatch = dispatch.clone();
        dispatch.claim.as_mut()?.created = TimeMs(u64::MAX / 4);
        Some(Command::Ask(Input::Dispatch(dispatch)))
    }

    /// From the worker to the master.
    pub(crate) fn effects(&mut self, effects: Vec<Effect>, now: TimeMs) -> Vec<Effect> {
        let mut out = Vec::new();
        for mut effect in effects {
            if let Effect::Append { records, .. } = &effect {
                self.remember(records);
            }
            match (self.plant, &mut effect) {
                (Some(Plant::M2RevealApart), Effect::Append { epoch, records })
                    if matches!(records.last(), Some(Record::Item(Item::PhaseEnd { .. })))
                        && records.len() > 1 =>
                {
                    let end = records.split_off(records.len() - 1);
                    let epoch = *epoch;
                    out.push(effect);
                    out.push(Effect::Append { epoch, records: end });
                    continue;
                }
                (Some(Plant::M4NoNotes), Effect::Entry { frame, .. }) => frame.without_effect = false,
                (
                    Some(Plant::M4NoNotes),
                    Effect::PhaseEnd {
                        frame:
                            PhaseEndFrame::Reveal { without_effect, .. }
                            | PhaseEndFrame::Forfeit { without_effect, .. },
                        ..
                    },
                ) => without_effect.clear(),
                (Some(Plant::M8ChecksumTells), Effect::Entry { frame, .. })
                    if self.lengths.get(&frame.seq).is_some_and(|length| *length > 40) =>
                {
                    frame.checksum = None;
                    frame.checksum_v1 = None;
                }
                (Some(Plant::M9OneEntropy), Effect::Entry { frame, .. }) => {
                    if let Some(private) = self.private.get(&frame.seq) {
                        frame.entropy = *private;
                    }
                }
                (Some(Plant::M26WallClock), Effect::Append { records, .. }) => {
                    for record in records {
                        if let Record::Item(Item::Entry(entry)) = record {
                            entry.time = now;
                        }
                    }
                }
                (Some(Plant::M26WallClock), Effect::Entry { frame, .. }) => frame.time = now,
                _ => {}
            }
            out.push(effect);
        }
        out
    }

    fn remember(&mut self, records: &[Record]) {
        for record in records {
            if let Record::Item(Item::Entry(entry)) = record
                && let (Some(entropy), Body::Private { private, .. }) = (entry.private_entropy, &entry.body)
            {
                self.private.insert(entry.seq, entropy);
                self.lengths.insert(entry.seq, private.json().len());
            }
        }
    }

    /// To the store: where the log is cut behind every append.
    pub(crate) fn cuts(&self, resource: Option<&Resource>) -> Option<Base> {
        let resource =
            resource.filter(|resource| self.is(Plant::M5CutInPhase) && resource.has_outstanding())?;
        let shown = resource.state_shown(TimeMs(0), None).ok()?;
        Some(Base {
            seq: resource.head(),
            public: shown.json.map(|json| json.to_string()),
            forks: Vec::new(),
            ..resource.base().ok()?
        })
    }

    pub(crate) fn releases_early(&self) -> bool {
        self.is(Plant::M23EarlyRelease)
    }

    pub(crate) fn keeps_epoch(&self) -> bool {
        self.is(Plant::M23SameEpoch)
    }

    pub(crate) fn drops_doubtful(&self) -> bool {
        self.is(Plant::M14DropDoubtful)
    }

    /// The answer to a subscription, before it goes out.
    pub(crate) fn subscribed(
        &self,
        subscribed: &mut Subscribed,
        from: Option<(Epoch, Seq)>,
        viewer: &Person,
        resource: Option<&Resource>,
    ) {
        match self.plant {
            Some(Plant::M17NoOutcomes) => subscribed.outcomes.clear(),
            Some(Plant::M21NoHorizon) => subscribed.forgotten = false,
            Some(Plant::M17ViewOnly) => {
                if let (Some(base), Some(resource)) = (&mut subscribed.base, resource)
                    && base.checkpoint
                    && resource.head() == subscribed.head
                    && let Ok(shown) = resource.state_shown(TimeMs(0), Some(&viewer.id))
                {
                    base.seq = subscribed.head;
                    base.json = shown.json;
                    base.checkpoint = false;
                    subscribed.items.clear();
                }
            }
            Some(Plant::M18LateSecretsOnly) => {
                if let (Some((_, from)), None) = (from, &subscribed.base) {
                    for item in &mut subscribed.items {
                        if let ItemFrame::PhaseEnd { frame: PhaseEndFrame::Reveal { secrets, .. }, .. } = item
                        {
                            secrets.retain(|secret| secret.seq > from);
                        }
                    }
                }
            }
            Some(Plant::M4NoNotes) => {
                for item in &mut subscribed.items {
                    if let ItemFrame::Entry { frame, .. } = item {
                        frame.without_effect = false;
                    }
                }
            }
            Some(Plant::M13NoContext) => {
                for item in &mut subscribed.items {
                    without_context(item, &viewer.session);
                }
            }
            _ => {}
        }
    }

    /// A frame, before it goes out.
    pub(crate) fn frame(&self, frame: &mut FromMaster, to: &Person) {
        match (self.plant, frame) {
            (Some(Plant::M13NoContext), FromMaster::Item(item)) => without_context(item, &to.session),
            (Some(Plant::M3ForfeitKeepsOwn), FromMaster::Item(ItemFrame::PhaseEnd { frame, .. })) => {
                if let PhaseEndFrame::Forfeit { without_effect, .. } = frame {
                    *frame = PhaseEndFrame::Reveal {
                        secrets: Vec::new(),
                        without_effect: std::mem::take(without_effect),
                    };
                }
            }
            _ => {}
        }
    }

    /// A frame, before the client resource takes it; `None` swallows it.
    pub(crate) fn at_client(&self, machine: &ClientResource, frame: &mut FromMaster) -> Option<()> {
        if self.is(Plant::M20ByPosition)
            && let FromMaster::Outcome { client_seq, .. } = frame
        {
            *client_seq = machine.pending().next().map(|(number, _)| number)?;
        }
        Some(())
    }
}

fn one_session(client: &ClientId) -> SessionId {
    SessionId::new(client.as_str())
}

/// The own entry folded with a guess of time and chance.
fn without_context(item: &mut ItemFrame, session: &SessionId) {
    if let ItemFrame::Entry { frame: EntryFrame { time, entropy, .. }, own: Some(own) } = item
        && own.session == *session
    {
        *time = TimeMs(time.0 - 3);
        *entropy = Entropy(own.client_seq.0);
        if let Some((_, entropy)) = &mut own.private {
            *entropy = Entropy(own.client_seq.0);
        }
    }
}

/// A dispatch is rejected because the view of somebody else, who has secrets, rejects its public half.
fn other_fork_says_no(input: &Input, resource: &Resource, plan: &Plan) -> Option<Effect> {
    let Input::Dispatch(dispatch) = input else {
        return None;
    };
    let reducer = plan.workload.on_client();
    let time = TimeMs(u64::MAX / 2);
    let body = dispatch.body.clone().stamp(time);
    let stamp = movex_core::context::Stamp { time, author: dispatch.author.clone() };
    for guest in plan.guests.iter().filter(|guest| guest.id != dispatch.author.as_str()) {
        let shown = resource.state_shown(time, Some(&ClientId::new(guest.id.as_str()))).ok()?;
        let state = reducer.parse(shown.json.as_deref()).ok()?;
        let context = movex_core::context::Context::new(stamp.clone(), Entropy(1));
        if let Applied::Rejected(rejection) = reducer.apply(&state, body.public(), &context, Fold::Public) {
            return Some(Effect::Reply {
                request: dispatch.origin?,
                reply: Reply::Rejected {
                    error: Error::new(Code::Rejected, rejection.reason),
                    checksum: None,
                    time,
                },
            });
        }
    }
    None
}
