//! Clients and a master over a network that delays, cuts, repeats and loses, with a master that crashes: when messages
//! stop, everybody is where the master is, and each dispatch has ended once (G1-G3, G6).

#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping")]

mod support;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::rc::Rc;

use movex_core::action::Body;
use movex_core::client::{
    ClientResource, DispatchOptions, Divergence, Effect as Said, Ended, FromMaster, ToMaster,
};
use movex_core::context::TimeMs;
use movex_core::effect::{Effect, ItemFrame, Outcome, Reply, RequestId};
use movex_core::ids::{ClientId, ClientSeq, Seq, SessionId};
use movex_core::item::{Item, Record};
use movex_core::reducer::{Checksums, DynReducer, Native};
use movex_core::resource::{Claim, Dispatch, Input, Limits, Resource, Setting, Subscription};
use support::nasty::{Limited, Nasty};
use support::{Bench, action};

/// SplitMix64: one seed, one history.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// What happens at a time.
enum Happening {
    Dispatch(usize),
    Connect(usize),
    /// The client's side of the connection is gone; the master notices at another time, or never.
    Cut(usize),
    Gone(u64),
    ToMaster(u64, ToMaster),
    ToClient(u64, FromMaster),
    Flushed(u64),
    Crash,
    Wake,
}

struct Peer {
    name: &'static str,
    session: SessionId,
    machine: ClientResource,
    connection: Option<u64>,
    sent: BTreeMap<ClientSeq, Body>,
    ended: BTreeMap<ClientSeq, Ended>,
    diverged: Vec<Divergence>,
}

/// A connection as the master sees it.
struct Link {
    peer: usize,
    up: bool,
    subscribed: bool,
}

struct Sim {
    chance: Chance,
    now: u64,
    queue: BinaryHeap<Reverse<(u64, u64)>>,
    happenings: BTreeMap<u64, Happening>,
    count: u64,
    resource: Resource,
    reducer: Rc<dyn DynReducer>,
    setting: Rc<Setting>,
    base: movex_core::item::Base,
    /// What was appended, and how much of it the store has kept.
    log: Vec<Vec<Record>>,
    kept: usize,
    /// What waits for the store.
    gate: Vec<(u64, FromMaster)>,
    flushing: bool,
    generation: u64,
    requests: BTreeMap<RequestId, (u64, Option<ClientSeq>)>,
    links: BTreeMap<u64, Link>,
    peers: Vec<Peer>,
    to_master_at: BTreeMap<u64, u64>,
    to_client_at: BTreeMap<u64, u64>,
    counts: BTreeMap<&'static str, u64>,
}

const PEOPLE: [&str; 3] = ["ann", "bob", "cyd"];

impl Sim {
    fn new(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let limits = Limits {
            phase_entries_max: [5, 25][chance.below(2) as usize],
            phase_author_entries_max: 15,
            items_kept_max: [8, 1_000][chance.below(2) as usize],
            ..Limits::default()
        };
        let reducer: Rc<dyn DynReducer> = Rc::new(Limited::new(true));
        let mut bench = Bench::new(reducer.clone(), limits);
        bench.input(Input::Want(Checksums { v0: false, v1: true }));
        let mut sim = Self {
            chance,
            now: 1_000,
            queue: BinaryHeap::new(),
            happenings: BTreeMap::new(),
            count: 0,
            setting: bench.setting.clone(),
            base: bench.base.clone(),
            resource: bench.resource,
            reducer,
            log: Vec::new(),
            kept: 0,
            gate: Vec::new(),
            flushing: false,
            generation: 0,
            requests: BTreeMap::new(),
            links: BTreeMap::new(),
            peers: Vec::new(),
            to_master_at: BTreeMap::new(),
            to_client_at: BTreeMap::new(),
            counts: BTreeMap::new(),
        };
        // Three people, one of whom has two tabs.
        for (at, name) in PEOPLE.into_iter().chain(["ann"]).enumerate() {
            let session = SessionId::new(format!("{name} {at}"));
            // A client asks no limits: it knows of them by the master's notes alone (M4).
            let native: Rc<dyn DynReducer> = Rc::new(Native::new(Nasty {
                can_reconcile: true,
                decide_public: false,
            }));
            sim.peers.push(Peer {
                name,
                session: session.clone(),
                machine: ClientResource::new(ClientId::new(name), session, native, None),
                connection: None,
                sent: BTreeMap::new(),
                ended: BTreeMap::new(),
                diverged: Vec::new(),
            });
            let at_ms = sim.chance.below(40);
            sim.after(at_ms, Happening::Connect(at));
            for _ in 0..25 {
                let at_ms = sim.chance.below(1_500);
                sim.after(at_ms, Happening::Dispatch(at));
            }
        }
        for _ in 0..sim.chance.below(10) {
            let (who, at_ms) = (sim.chance.below(4) as usize, 20 + sim.chance.below(1_400));
            sim.after(at_ms, Happening::Cut(who));
        }
        for _ in 0..sim.chance.below(4) {
            let at_ms = 100 + sim.chance.below(1_300);
            sim.after(at_ms, Happening::Crash);
        }
        sim
    }

    fn after(&mut self, ms: u64, happening: Happening) {
        self.count += 1;
        self.queue.push(Reverse((self.now + ms, self.count)));
        self.happenings.insert(self.count, happening);
    }

    fn counted(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn run(&mut self) {
        let mut steps = 0;
        while let Some(Reverse((at, id))) = self.queue.pop() {
            steps += 1;
            assert!(steps < 200_000, "it never ends");
            self.now = at;
            let happening = self.happenings.remove(&id).expect("what was put off is there");
            self.happen(happening);
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Dispatch(who) => self.dispatch(who),
            Happening::Connect(who) => self.connect(who),
            Happening::Cut(who) => self.cut(who),
            Happening::Gone(link) => {
                self.links.remove(&link);
            }
            Happening::ToMaster(link, frame) => self.at_master(link, frame),
            Happening::ToClient(link, frame) => self.at_client(link, frame),
            Happening::Flushed(generation) => self.flushed(generation),
            Happening::Crash => self.crash(),
            Happening::Wake => self.input(Input::Wake),
        }
    }

    // ------------------------------------------------------------------ clients

    fn dispatch(&mut self, who: usize) {
        let body = self.some_body();
        let options = DispatchOptions {
            optimistic: !self.chance.one_in(5),
            refuse_stale_phase: body.is_private() && !self.chance.one_in(4),
        };
        let mut said = Vec::new();
        let peer = &mut self.peers[who];
        let number = peer
            .machine
            .dispatch(TimeMs(self.now), body.clone(), options, &mut |effect| {
                said.push(effect)
            });
        peer.sent.insert(number, body);
        self.carry_out(who, said);
    }

    fn some_body(&mut self) -> Body {
        let what = self.chance.below(42);
        if self.chance.one_in(4) {
            let private = match self.chance.below(8) {
                0 => format!(r#"{{"type":"burn","payload":{}}}"#, what % 3),
                _ => format!(r#"{{"type":"secret","payload":{what}}}"#),
            };
            return Body::Private {
                private: action(&private),
                public: action(r#"{"type":"hidden"}"#),
            };
        }
        let json = match self.chance.below(14) {
            0..3 => format!(r#"{{"type":"push","payload":{what}}}"#),
            3 => r#"{"type":"pop"}"#.into(),
            4 => r#"{"type":"swap"}"#.into(),
            5 => format!(r#"{{"type":"claim","payload":{}}}"#, what % 4),
            6 => format!(r#"{{"type":"earn","payload":{}}}"#, what % 5),
            7 => format!(r#"{{"type":"pay","payload":{}}}"#, 1 + what % 3),
            8 => r#"{"type":"roll"}"#.into(),
            9 => r#"{"type":"gamble"}"#.into(),
            10 => format!(r#"{{"type":"arm","payload":{}}}"#, 10 + what),
            11 => format!(r#"{{"type":"burn","payload":{}}}"#, what % 3),
            12 => r#"{"type":"even"}"#.into(),
            _ => r#"{"type":"reset"}"#.into(),
        };
        Body::Public(action(&json))
    }

    fn connect(&mut self, who: usize) {
        if self.peers[who].connection.is_some() {
            return;
        }
        self.count += 1;
        let link = self.count;
        self.links.insert(
            link,
            Link {
                peer: who,
                up: true,
                subscribed: false,
            },
        );
        self.peers[who].connection = Some(link);
        let mut said = Vec::new();
        self.peers[who]
            .machine
            .connected(TimeMs(self.now), &mut |effect| said.push(effect));
        self.carry_out(who, said);
    }

    fn cut(&mut self, who: usize) {
        let Some(link) = self.peers[who].connection.take() else {
            return;
        };
        self.counted("cuts");
        self.peers[who].machine.disconnected();
        // Half open: what is under way to the master may still arrive.
        let noticed = self.chance.below(120);
        self.after(noticed, Happening::Gone(link));
        let back = 5 + self.chance.below(300);
        self.after(back, Happening::Connect(who));
    }

    fn carry_out(&mut self, who: usize, said: Vec<Said>) {
        for effect in said {
            match effect {
                Said::Send(frame) => {
                    if let Some(link) = self.peers[who].connection {
                        let at = self.in_order(true, link);
                        self.after(at, Happening::ToMaster(link, frame));
                    }
                }
                Said::Ended { client_seq, end } => {
                    let before = self.peers[who].ended.insert(client_seq, end);
                    assert_eq!(before, None, "a dispatch ends once (G3)");
                }
                Said::Diverged(divergence) => self.peers[who].diverged.push(divergence),
                Said::Voided { .. } => self.counted("voided"),
                Said::Changed | Said::Outdated { .. } => {}
            }
        }
    }

    fn at_client(&mut self, link: u64, frame: FromMaster) {
        let Some(who) = self.peers.iter().position(|peer| peer.connection == Some(link)) else {
            return;
        };
        if let FromMaster::Subscribed(subscribed) = &frame {
            let kind = if subscribed.base.is_some() {
                "snapshots"
            } else {
                "resumed"
            };
            self.counted(kind);
        }
        let mut said = Vec::new();
        self.peers[who]
            .machine
            .receive(TimeMs(self.now), frame, &mut |effect| said.push(effect));
        self.carry_out(who, said);
    }

    // ------------------------------------------------------------------ network

    /// When a frame arrives: after all that were sent before it over the same connection.
    fn in_order(&mut self, to_master: bool, link: u64) -> u64 {
        let arrives = self.now + 1 + self.chance.below(25);
        let before = if to_master {
            &mut self.to_master_at
        } else {
            &mut self.to_client_at
        };
        let last = before.entry(link).or_default();
        *last = arrives.max(*last);
        *last - self.now
    }

    // ------------------------------------------------------------------ master

    fn at_master(&mut self, link: u64, frame: ToMaster) {
        let Some(Link { peer, up: true, .. }) = self.links.get(&link) else {
            return;
        };
        let (viewer, session) = (
            ClientId::new(self.peers[*peer].name),
            self.peers[*peer].session.clone(),
        );
        self.count += 1;
        let request = RequestId(self.count);
        match frame {
            ToMaster::Subscribe { from, floor } => {
                self.requests.insert(request, (link, None));
                let claim = Claim {
                    created: TimeMs(500),
                    floor,
                };
                self.input(Input::Subscribe(Subscription {
                    request,
                    viewer,
                    session,
                    claim,
                    from,
                }));
            }
            ToMaster::Dispatch {
                epoch,
                client_seq,
                floor,
                seen_reveal,
                body,
            } => {
                self.requests.insert(request, (link, Some(client_seq)));
                self.input(Input::Dispatch(Dispatch {
                    author: viewer,
                    session,
                    client_seq,
                    body: body.into(),
                    epoch: Some(epoch),
                    seen_reveal,
                    form: Default::default(),
                    claim: Some(Claim {
                        created: TimeMs(500),
                        floor,
                    }),
                    origin: Some(request),
                }));
            }
        }
    }

    fn input(&mut self, input: Input) {
        let mut effects = Vec::new();
        self.resource
            .handle(TimeMs(self.now), input, &mut |effect| effects.push(effect));
        for effect in effects {
            self.effect(effect);
        }
        if let Some(at) = self.resource.wake_at()
            && at.0 < 100_000
        {
            self.after(at.0.saturating_sub(self.now), Happening::Wake);
        }
    }

    fn effect(&mut self, effect: Effect) {
        match effect {
            Effect::Append { records, .. } => {
                for record in &records {
                    match record {
                        Record::Item(Item::PhaseEnd {
                            end: movex_core::item::PhaseEnd::Reveal,
                            ..
                        }) => self.counted("reveals"),
                        Record::Item(Item::PhaseEnd { .. }) => self.counted("forfeits"),
                        Record::Item(Item::Entry(entry)) if entry.author.is_master() => self.counted("ticks"),
                        Record::Note(_) => self.counted("notes"),
                        Record::Item(_) => {}
                    }
                }
                self.log.push(records);
                self.flush();
            }
            Effect::Entry {
                viewers, frame, own, ..
            } => {
                for (link, viewer) in self.subscribed() {
                    if viewers.include(&viewer) {
                        let own = own.clone().filter(|_| viewer == frame.author);
                        self.say(
                            link,
                            FromMaster::Item(ItemFrame::Entry {
                                frame: frame.clone(),
                                own,
                            }),
                        );
                    }
                }
            }
            Effect::PhaseEnd {
                viewers,
                seq,
                time,
                frame,
                checksum_v1,
                ..
            } => {
                for (link, viewer) in self.subscribed() {
                    if viewers.include(&viewer) {
                        let frame = frame.clone();
                        self.say(
                            link,
                            FromMaster::Item(ItemFrame::PhaseEnd {
                                seq,
                                time,
                                frame,
                                checksum_v1,
                            }),
                        );
                    }
                }
            }
            Effect::Refresh { viewers, .. } => {
                for (link, viewer) in self.subscribed() {
                    if viewers.include(&viewer) {
                        self.say(link, FromMaster::Refresh);
                    }
                }
            }
            Effect::Reply { request, reply } => self.reply(request, reply),
            Effect::Truncate { .. } | Effect::Begin { .. } | Effect::Recovered | Effect::Report(_) => {}
        }
    }

    fn reply(&mut self, request: RequestId, reply: Reply) {
        let Some((link, client_seq)) = self.requests.remove(&request) else {
            return;
        };
        let frame = match (reply, client_seq) {
            (Reply::Subscribed(subscribed), _) => {
                if let Some(link) = self.links.get_mut(&link) {
                    link.subscribed = true;
                }
                FromMaster::Subscribed(subscribed)
            }
            (Reply::Rejected { error, .. }, Some(client_seq)) => {
                self.counted("rejected");
                FromMaster::Outcome {
                    client_seq,
                    outcome: Outcome::Rejected(error),
                }
            }
            (Reply::Known(outcome), Some(client_seq)) => {
                self.counted("repeated");
                FromMaster::Outcome { client_seq, outcome }
            }
            (Reply::Undecided(why), Some(client_seq)) => FromMaster::Undecided { client_seq, why },
            (other, _) => panic!("no answer to a client: {other:?}"),
        };
        self.say(link, frame);
    }

    fn subscribed(&self) -> Vec<(u64, ClientId)> {
        let up = self.links.iter().filter(|(_, link)| link.up && link.subscribed);
        up.map(|(id, link)| (*id, ClientId::new(self.peers[link.peer].name)))
            .collect()
    }

    /// Holds a frame until the store has kept what was appended before (M23).
    fn say(&mut self, link: u64, frame: FromMaster) {
        if self.kept < self.log.len() {
            self.gate.push((link, frame));
        } else {
            self.pass_on(link, frame);
        }
    }

    fn pass_on(&mut self, link: u64, frame: FromMaster) {
        // Some frames are sent twice: a client ignores what it has (M24).
        let again = self.chance.one_in(12) && matches!(frame, FromMaster::Item(_));
        for frame in again.then(|| frame.clone()).into_iter().chain([frame]) {
            let at = self.in_order(false, link);
            self.after(at, Happening::ToClient(link, frame));
        }
    }

    fn flush(&mut self) {
        if !self.flushing {
            self.flushing = true;
            let (ms, generation) = (self.chance.below(12), self.generation);
            self.after(ms, Happening::Flushed(generation));
        }
    }

    fn flushed(&mut self, generation: u64) {
        if generation != self.generation {
            return;
        }
        self.flushing = false;
        self.kept = self.log.len();
        for (link, frame) in std::mem::take(&mut self.gate) {
            self.pass_on(link, frame);
        }
    }

    /// The master is gone and comes back with what the store has: all that was kept, and perhaps more.
    fn crash(&mut self) {
        self.counted("crashes");
        self.generation += 1;
        self.flushing = false;
        let more = self.chance.below(1 + (self.log.len() - self.kept) as u64) as usize;
        self.log.truncate(self.kept + more);
        self.kept = self.log.len();
        self.gate.clear();
        self.requests.clear();
        let links: Vec<u64> = self.links.keys().copied().collect();
        self.links.clear();
        for link in links {
            if let Some(who) = self.peers.iter().position(|peer| peer.connection == Some(link)) {
                self.peers[who].connection = None;
                self.peers[who].machine.disconnected();
                let back = 5 + self.chance.below(60);
                self.after(back, Happening::Connect(who));
            }
        }
        self.resource = Resource::recover(
            self.resource.rid().clone(),
            self.resource.epoch(),
            self.reducer.clone(),
            self.setting.clone(),
            &self.base,
            self.log.iter().flatten().cloned(),
        )
        .unwrap();
        let notes: Vec<Record> = self
            .resource
            .take_notes_anew()
            .into_iter()
            .map(Record::Note)
            .collect();
        if !notes.is_empty() {
            self.counted("notes anew");
            self.log.push(notes);
            self.flush();
        }
        self.input(Input::Want(Checksums { v0: false, v1: true }));
        self.input(Input::Wake);
    }

    // ------------------------------------------------------------------ checks

    fn check(&self, seed: u64) {
        let entries: Vec<_> = self
            .log
            .iter()
            .flatten()
            .filter_map(|record| match record {
                Record::Item(Item::Entry(entry)) => Some(entry),
                _ => None,
            })
            .collect();
        for peer in &self.peers {
            let who = format!("seed {seed}, {}", peer.session);
            assert_eq!(peer.diverged, [], "{who}: M16, in a correct app it never happens");
            assert_eq!(peer.machine.pending().count(), 0, "{who}: G2, nothing is pending");
            assert_eq!(
                peer.ended.len(),
                peer.sent.len(),
                "{who}: G3, every dispatch has ended"
            );
            let viewer = ClientId::new(peer.name);
            let theirs = self
                .resource
                .state_shown(TimeMs(self.now), Some(&viewer))
                .unwrap()
                .json
                .unwrap();
            let confirmed = peer.machine.confirmed().expect("it has seen the state");
            assert_eq!(
                self.reducer.to_json(confirmed).unwrap().unwrap(),
                *theirs,
                "{who}: G2"
            );
            assert_eq!(
                peer.machine.position().unwrap().1,
                self.resource.head(),
                "{who}: G2"
            );
            let mut last = Seq(0);
            for (number, body) in &peer.sent {
                let there: Vec<_> = entries
                    .iter()
                    .filter(|entry| entry.session == peer.session && entry.client_seq == *number)
                    .collect();
                match (&peer.ended[number], &there[..]) {
                    (Ended::Acknowledged(seq), [entry]) => {
                        assert_eq!((entry.seq, &entry.body), (*seq, body), "{who}: G3");
                        assert!(entry.seq > last, "{who}: own actions stand in their order");
                        last = entry.seq;
                    }
                    (Ended::Rejected(_), []) => {}
                    (ended, there) => {
                        panic!(
                            "{who}: {number} ended as {ended:?} and is there {} times",
                            there.len()
                        )
                    }
                }
            }
        }
    }
}

fn play(seed: u64) -> BTreeMap<&'static str, u64> {
    let mut sim = Sim::new(seed);
    sim.run();
    sim.check(seed);
    sim.counts
}

#[test]
fn g1_g2_g3_g6_everybody_ends_where_the_master_is() {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let seeds = std::env::var("SEEDS")
        .ok()
        .and_then(|seeds| seeds.parse().ok())
        .unwrap_or(300);
    for seed in 0..seeds {
        for (what, times) in play(seed) {
            *counts.entry(what).or_default() += times;
        }
    }
    for what in [
        "cuts",
        "crashes",
        "reveals",
        "forfeits",
        "notes",
        "ticks",
        "rejected",
        "repeated",
        "snapshots",
        "resumed",
        "voided",
    ] {
        let times = counts.get(what).copied().unwrap_or(0);
        assert!(times >= 15, "{what} occurred {times} times: {counts:?}");
    }
}

/// A crash between an entry and the note of what a fork's limit did to it: the note is decided anew (M4).
#[test]
fn seed_137_a_note_that_the_crash_lost_is_decided_anew() {
    assert_eq!(play(137).get("notes anew"), Some(&1));
}
