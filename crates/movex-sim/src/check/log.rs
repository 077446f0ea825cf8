//! The log itself: items without gaps (G1), reveals right behind their cause (M2), time that never runs back and ticks
//! that do not come early (M26), and verdicts that are those of the public state and the author's own view (M7, G7).

use std::collections::{HashMap, HashSet};

use movex_core::context::{Context, Entropy, Stamp, TimeMs};
use movex_core::error::Code;
use movex_core::ids::{ClientId, Seq};
use movex_core::item::{Entry, Item, Note, NoteKind, NoteScope, PhaseEnd, Record};
use movex_core::reducer::{Applied, DynReducer, Fold, State};

use super::Say;
use crate::world::{Chapter, Verdict, World};

pub(super) fn check(world: &World, say: &mut Say<'_>) {
    let reducer = world.plan.workload.on_master(false);
    for chapter in world.store.chapters() {
        let Some(mut walk) = Walk::new(&*reducer, &chapter) else {
            say("G5", "a log begins with a state that nobody can read".into());
            continue;
        };
        let refusals: Vec<&Verdict> =
            world.server.refusals.iter().filter(|verdict| verdict.epoch == chapter.epoch).collect();
        walk.refusals(&refusals, say);
        let mut items = chapter
            .records
            .iter()
            .filter_map(|record| match record {
                Record::Item(item) => Some(item),
                Record::Note(_) => None,
            })
            .peekable();
        while let Some(item) = items.next() {
            walk.item(item, items.peek().copied(), say);
            walk.refusals(&refusals, say);
        }
    }
}

/// The public state and each author's own, item after item.
struct Walk<'w> {
    reducer: &'w dyn DynReducer,
    notes: Vec<&'w Note>,
    head: Seq,
    time: TimeMs,
    public: State,
    forks: HashMap<ClientId, State>,
    /// Authors whose own view ran into its budget too often (M11).
    stopped: HashSet<ClientId>,
    /// The state before the first outstanding private entry, and every entry since.
    phase: Option<(State, Vec<&'w Entry>)>,
}

impl<'w> Walk<'w> {
    fn new(reducer: &'w dyn DynReducer, chapter: &'w Chapter) -> Option<Self> {
        let base = &chapter.base;
        let mut forks = HashMap::new();
        for (client, json) in &base.forks {
            forks.insert(client.clone(), reducer.parse(json.as_deref()).ok()?);
        }
        Some(Self {
            reducer,
            notes: chapter
                .records
                .iter()
                .filter_map(|record| match record {
                    Record::Note(note) => Some(note),
                    Record::Item(_) => None,
                })
                .collect(),
            head: base.seq,
            time: base.time,
            public: reducer.parse(base.public.as_deref()).ok()?,
            forks,
            stopped: base.stopped.iter().cloned().collect(),
            phase: None,
        })
    }

    fn noted(&self, seq: Seq, scope: NoteScope, kind: NoteKind) -> bool {
        self.notes.contains(&&Note { seq, scope, kind })
    }

    fn item(&mut self, item: &'w Item, next: Option<&Item>, say: &mut Say<'_>) {
        let seq = item.seq();
        if seq != self.head.next() {
            say("G1", format!("{seq} stands behind {}", self.head));
        }
        self.head = seq;
        if item.time() < self.time {
            say("M26", format!("time runs back at {seq}"));
        }
        self.time = item.time();
        match item {
            Item::Entry(entry) => self.entry(entry, next, say),
            Item::PhaseEnd { end, .. } => self.phase_end(*end, say),
        }
    }

    fn entry(&mut self, entry: &'w Entry, next: Option<&Item>, say: &mut Say<'_>) {
        let seq = entry.seq;
        if entry.author.is_master() {
            let due = self.reducer.deadline(&self.public).ok().flatten();
            if due.is_none_or(|due| entry.time < due) {
                say("M26", format!("a tick at {seq} before its deadline {due:?}"));
            }
        }
        let (action, context) = entry.half(false);
        if !self.accepts(&self.public, action, &context) {
            say("M7", format!("{seq} is in the log, and the public state rejects it"));
        }
        if entry.body.is_private() || self.forks.contains_key(&entry.author) {
            let own = self.forks.get(&entry.author).unwrap_or(&self.public);
            let (action, context) = entry.half(true);
            if !self.accepts(own, action, &context) {
                say("M7", format!("{seq} is in the log, and its author's view rejects it"));
            }
        }
        if entry.body.is_private() {
            if self.phase.is_none() && self.reducer.features().can_reconcile {
                self.phase = Some((self.public.clone(), Vec::new()));
            }
            if !self.stopped.contains(&entry.author) {
                let public = self.public.clone();
                self.forks.entry(entry.author.clone()).or_insert(public);
            }
        }
        let authors: Vec<ClientId> = self.forks.keys().cloned().collect();
        for author in authors {
            let scope = NoteScope::Fork(author.clone());
            let own = author == entry.author;
            let state = self.forks[&author].clone();
            let state = self.fold(state, entry, own, scope.clone());
            if self.noted(seq, scope, NoteKind::Stopped) {
                self.forks.remove(&author);
                self.stopped.insert(author);
            } else {
                self.forks.insert(author, state);
            }
        }
        self.public = self.fold(self.public.clone(), entry, false, NoteScope::Public);
        if let Some((_, tail)) = &mut self.phase {
            tail.push(entry);
            let can = self.reducer.can_reconcile(&self.public).unwrap_or(false);
            let reveals = matches!(next, Some(Item::PhaseEnd { end: PhaseEnd::Reveal, .. }));
            if can != reveals {
                say("M2", format!("after {seq} secrets may be revealed: {can}, and are: {reveals}"));
            }
        }
    }

    fn phase_end(&mut self, end: PhaseEnd, say: &mut Say<'_>) {
        self.forks.clear();
        self.stopped.clear();
        let Some((checkpoint, tail)) = self.phase.take() else {
            return say("M2", format!("a phase ends at {} that never began", self.head));
        };
        if end == PhaseEnd::Reveal {
            self.public =
                tail.iter().fold(checkpoint, |state, entry| self.fold(state, entry, true, NoteScope::Reveal));
        }
    }

    fn fold(&self, state: State, entry: &Entry, own: bool, scope: NoteScope) -> State {
        if self.noted(entry.seq, scope, NoteKind::Limit) {
            return state;
        }
        let (action, context) = entry.half(own);
        match self.reducer.apply(&state, action, &context, Fold::Public) {
            Applied::Next(next) => next,
            Applied::Rejected(_) | Applied::Failed(_) => state,
        }
    }

    /// A failure after the chance was read is a yes without effect (M9).
    fn accepts(&self, state: &State, action: &movex_core::action::Action, context: &Context) -> bool {
        match self.reducer.apply(state, action, context, Fold::Public) {
            Applied::Next(_) => true,
            Applied::Rejected(_) => false,
            Applied::Failed(failure) => failure.entropy_was_read,
        }
    }

    /// What was refused here: somebody who is asked must have said no.
    fn refusals(&self, refusals: &[&Verdict], say: &mut Say<'_>) {
        for verdict in refusals.iter().filter(|verdict| verdict.head == self.head) {
            let asked = matches!(
                verdict.error.code,
                Code::Rejected | Code::ReducerFailed | Code::BadAction | Code::LimitExceeded
            );
            if !asked {
                continue;
            }
            let stamp = Stamp { time: verdict.time, author: verdict.author.clone() };
            let context = || Context::new(stamp.clone(), Entropy(0));
            let public = self.accepts(&self.public, verdict.body.public(), &context());
            let own = match self.forks.get(&verdict.author) {
                Some(fork) => self.accepts(fork, verdict.body.own(), &context()),
                None if verdict.body.is_private() => {
                    self.accepts(&self.public, verdict.body.own(), &context())
                }
                None => true,
            };
            if public && own {
                say(
                    "M7",
                    format!(
                        "an action of {} behind {} is refused ({}), and nobody who is asked says no: {}",
                        verdict.author,
                        self.head,
                        verdict.error,
                        super::live::text_of(&verdict.body)
                    ),
                );
            }
        }
    }
}
