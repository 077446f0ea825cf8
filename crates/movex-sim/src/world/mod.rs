//! One history as it happens: people, network, master, worker, store and clock, all on one thread.

mod legacy;
mod master;
mod network;
mod people;
mod steps;
mod store;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use movex_core::context::TimeMs;
use movex_core::ids::{ClientSeq, Rid};

use crate::chance::Chance;
use crate::check::live::Watch;
use crate::plan::{Plan, Step};
use crate::plant::{Plant, Saboteur};

pub(crate) use master::Verdict;
pub(crate) use network::{Down, Up};
pub(crate) use people::{Person, Side};
pub(crate) use store::Chapter;

use legacy::Legacy;
use master::Server;
use network::Link;
use store::Store;

/// The name of the one resource.
pub(crate) const RID: &str = "sim:1";
/// Where the wall clock stands at the beginning.
const BEGIN_MS: u64 = 1_000_000;
/// Wakes that are further away are never waited for.
const WAKE_MAX_MS: u64 = 100_000;
/// A history that is not at its end then never ends.
const HAPPENINGS_MAX: u64 = 400_000;

/// What is put off until its time.
enum Happening {
    Step(usize),
    Connect(usize),
    /// The client finds out that its connection is dead.
    ClientNotices(u64),
    /// The master does.
    MasterNotices(u64),
    ToMaster(u64, Up),
    ToClient(u64, Down),
    /// The store is done with what it does.
    Keep(u64),
    Restart,
    Wake,
}

/// A rule that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which rule.
    pub rule: &'static str,
    /// In which way.
    pub what: String,
}

/// One history.
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) now: u64,
    skew_ms: i64,
    queue: BinaryHeap<Reverse<(u64, u64)>>,
    happenings: BTreeMap<u64, Happening>,
    count: u64,
    pub(crate) rid: Rid,
    pub(crate) people: Vec<Person>,
    links: BTreeMap<u64, Link>,
    pub(crate) server: Server,
    pub(crate) store: Store,
    pub(crate) watch: Watch,
    saboteur: Saboteur,
    /// Dispatches that a planted bug gave up.
    dropped: BTreeSet<(usize, ClientSeq)>,
    pub(crate) counts: BTreeMap<&'static str, u64>,
    pub(crate) violations: Vec<Violation>,
    /// What everybody but Ann was told, in a pair of runs (M8).
    pub(crate) seen: Vec<String>,
    /// When Ann's dispatches came, in a pair of runs, with their public halves.
    pub(crate) arrived: Vec<(u64, String)>,
    /// The history in words, where somebody wants to read it.
    pub(crate) lines: Option<Vec<String>>,
}

impl World {
    pub(crate) fn new(plan: Plan, plant: Option<Plant>, tell: bool) -> Self {
        let rid = Rid::parse(RID).expect("it is well-formed");
        let server = Server::new(&plan);
        let people = plan.guests.iter().map(|guest| Person::new(guest, &plan)).collect();
        let mut world = Self {
            now: BEGIN_MS,
            skew_ms: 0,
            queue: BinaryHeap::new(),
            happenings: BTreeMap::new(),
            count: 0,
            rid,
            people,
            links: BTreeMap::new(),
            server,
            store: Store::default(),
            watch: Watch::default(),
            saboteur: Saboteur::new(plant),
            dropped: BTreeSet::new(),
            counts: BTreeMap::new(),
            violations: Vec::new(),
            seen: Vec::new(),
            arrived: Vec::new(),
            lines: tell.then(Vec::new),
            plan,
        };
        world.create();
        for (who, guest) in world.plan.guests.clone().iter().enumerate() {
            world.after(guest.comes_at, Happening::Connect(who));
        }
        // Who does not come back is forgotten after a while.
        for ms in [1_000, 6_000, 8_000, 70_000] {
            world.after(ms, Happening::Wake);
        }
        for at in 0..world.plan.steps.len() {
            let ms = world.plan.steps[at].0;
            world.after(ms, Happening::Step(at));
        }
        world
    }

    /// Until nothing is left to happen.
    pub(crate) fn run(&mut self) {
        let mut happened = 0;
        while let Some(Reverse((at, id))) = self.queue.pop() {
            happened += 1;
            if happened > HAPPENINGS_MAX || self.violations.len() > 20 {
                if happened > HAPPENINGS_MAX {
                    self.violation("G2", "the history never ends".into());
                }
                return;
            }
            self.now = at;
            if let Some(happening) = self.happenings.remove(&id) {
                self.happen(happening);
            }
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Step(at) => {
                let step = self.plan.steps[at].1.clone();
                self.step(step);
            }
            Happening::Connect(who) => self.connect(who),
            Happening::ClientNotices(link) => self.client_notices(link),
            Happening::MasterNotices(link) => self.master_notices(link),
            Happening::ToMaster(link, up) => self.at_master(link, up),
            Happening::ToClient(link, down) => self.at_client(link, down),
            Happening::Keep(generation) => self.keep(generation),
            Happening::Restart => self.restart(),
            Happening::Wake => self.wake(),
        }
    }

    fn after(&mut self, ms: u64, happening: Happening) {
        self.count += 1;
        self.queue.push(Reverse((self.now + ms, self.count)));
        self.happenings.insert(self.count, happening);
    }

    /// What the master takes for the time.
    fn wall(&self) -> TimeMs {
        TimeMs(self.now.saturating_add_signed(self.skew_ms))
    }

    /// Chance for one thing, by its key.
    fn chance(&self, key: &[u64]) -> Chance {
        Chance::keyed(self.plan.seed ^ 0x5151, key)
    }

    fn counted(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub(crate) fn violation(&mut self, rule: &'static str, what: String) {
        let at = self.now - BEGIN_MS;
        self.tell(|| format!("!! {rule}: {what}"));
        let what = format!("at {at} ms: {what}");
        self.violations.push(Violation { rule, what });
    }

    fn tell(&mut self, line: impl FnOnce() -> String) {
        let at = self.now - BEGIN_MS;
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{at:>6} {}", line()));
        }
    }

    fn step(&mut self, step: Step) {
        self.tell(|| format!("-- {step:?}"));
        self.take_step(step);
    }
}
