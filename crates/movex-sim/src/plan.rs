//! What is going to happen in a history, drawn from its seed before it begins: so that a step can be left out and the
//! rest still happens as it did.

use movex_core::action::Body;
use movex_core::resource::Limits;

use crate::chance::Chance;
use crate::workload::{self, Workload};

/// Somebody who takes part.
#[derive(Clone, Debug)]
pub struct Guest {
    /// Their id.
    pub id: String,
    /// Their session; in v0 each connection is one.
    pub session: String,
    /// How they take part.
    pub kind: Kind,
    /// When they come, in ms from the beginning.
    pub comes_at: u64,
}

/// How somebody takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By protocol v1, with the real client resource.
    V1,
    /// By protocol v0, as npm movex does.
    V0,
    /// By protocol v1, without the client resource: sends what it likes.
    Cheat,
}

/// How the store keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// At once.
    AtOnce,
    /// One append after another, each within so many ms.
    Slowly(u64),
    /// All that waits, every so many ms.
    InBatches(u64),
    /// It says that it has kept at once and does so in batches: a crash begins a new epoch (M23).
    Relaxed(u64),
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Step {
    /// Somebody acts.
    Dispatch {
        /// Who.
        who: usize,
        /// What.
        body: Body,
        /// Whether it is shown at once.
        optimistic: bool,
        /// Whether it is refused after a reveal that its author had not seen (M25).
        refuse_stale_phase: bool,
    },
    /// A client loses its connection; the master notices after a while, and what was under way still arrives.
    Cut {
        /// Who.
        who: usize,
        /// The master notices after so many ms.
        noticed_after: u64,
        /// The client comes back after so many ms.
        back_after: u64,
    },
    /// The master loses a connection; the client notices after a while.
    Drop {
        /// Whose.
        who: usize,
        /// The client notices after so many ms.
        noticed_after: u64,
    },
    /// A client is gone for good, without a word.
    Vanish {
        /// Who.
        who: usize,
    },
    /// A client reads nothing for a while.
    Slow {
        /// Who.
        who: usize,
        /// For so many ms.
        for_ms: u64,
    },
    /// A transport sends again what it had sent last.
    Resend {
        /// Whose.
        who: usize,
    },
    /// The master crashes and comes back after so many ms.
    Crash {
        /// When it is back.
        down_ms: u64,
    },
    /// The store loses what waits to be kept.
    StoreFails,
    /// The wall clock is set, by so many ms.
    Skew {
        /// Forwards or backwards.
        ms: i64,
    },
    /// The app's code changes: a new epoch (M27).
    Reload,
    /// An operator gives the secret phase up (M3).
    Forfeit,
    /// The cheating client tries something.
    Cheat {
        /// Who.
        who: usize,
        /// Which of its tricks.
        trick: u64,
    },
    /// Somebody without a connection looks at the public view.
    Look,
}

/// A whole history, before it happens.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its seed.
    pub seed: u64,
    /// What is played.
    pub workload: Workload,
    /// What the resource may grow to.
    pub limits: Limits,
    /// Whether each frame carries a checksum.
    pub cheap_checksums: bool,
    /// How the store keeps.
    pub keeping: Keeping,
    /// Who takes part.
    pub guests: Vec<Guest>,
    /// What happens, with its time in ms from the beginning.
    pub steps: Vec<(u64, Step)>,
    /// The second run of a pair: its secrets and their chance are others (M8).
    pub twin: Option<Twin>,
    /// How long every frame takes; drawn for each where nothing is said.
    pub delay_ms: Option<u64>,
}

/// One of a pair of runs that differ in secrets alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twin {
    /// The one.
    First,
    /// The other.
    Second,
}

/// Milliseconds in which the people act.
const ACT_FOR_MS: u64 = 1_500;
/// Actions in a history, at least.
const ACTIONS_MIN: u64 = 100;

impl Plan {
    /// The history of a seed.
    pub fn of(seed: u64) -> Self {
        let mut chance = Chance::keyed(seed, &[0]);
        let workload = Workload::of(&mut chance);
        let limits = Limits {
            phase_entries_max: chance.pick(&[5, 25, 10_000]),
            phase_author_entries_max: chance.pick(&[4, 15, 1_000]),
            phase_idle_ms_max: chance.pick(&[120, 86_400_000, 86_400_000]),
            items_kept_max: chance.pick(&[6, 1_000]),
            sessions_max: chance.pick(&[3, 10_000, 10_000, 10_000, 10_000, 10_000]),
            fork_limits_max: chance.pick(&[1, 2, 3]),
            ..Limits::default()
        };
        let keeping = match chance.below(8) {
            0..2 => Keeping::AtOnce,
            2 => Keeping::Slowly(chance.between(2, 12)),
            3 => Keeping::InBatches(chance.between(2, 20)),
            4..7 => Keeping::InBatches(chance.between(20, 90)),
            _ => Keeping::Relaxed(chance.between(5, 60)),
        };
        let mut plan = Self {
            seed,
            workload,
            limits,
            cheap_checksums: chance.one_in(2),
            keeping,
            guests: guests(&mut chance),
            steps: Vec::new(),
            twin: None,
            delay_ms: None,
        };
        plan.add_actions(&mut chance);
        plan.add_faults(&mut chance);
        plan.sort();
        plan
    }

    /// The same people and actions for a pair of runs: calm enough that nothing but a secret could differ between them.
    pub fn twin(seed: u64, which: Twin) -> Self {
        let mut plan = Self::of(seed);
        let mut chance = Chance::keyed(seed, &[1]);
        plan.workload = Workload::Table;
        plan.keeping = chance.pick(&[Keeping::AtOnce, Keeping::InBatches(20)]);
        plan.twin = Some(which);
        plan.limits.sessions_max = 10_000;
        plan.guests.retain(|guest| guest.kind != Kind::Cheat);
        // Ann has the secrets, in one session.
        plan.guests.retain(|guest| guest.session != "~ann 1");
        let guests = plan.guests.len();
        plan.steps.clear();
        for _ in 0..ACTIONS_MIN {
            let at = chance.below(ACT_FOR_MS);
            let who = chance.below(guests as u64) as usize;
            let body = if who == 0 {
                annas(&mut chance, which)
            } else {
                // Ann alone has secrets: whose chance is theirs differs between the runs.
                match plan.workload.body(&mut chance) {
                    Body::Private { .. } => workload::public(r#"{"type":"swap"}"#),
                    body => body,
                }
            };
            let refuse_stale_phase = false;
            plan.steps.push((at, Step::Dispatch { who, body, optimistic: true, refuse_stale_phase }));
            // Refused attempts, in either run so many.
            let refused = [chance.below(3), chance.below(3)][usize::from(which == Twin::Second)];
            if who == 0 && chance.one_in(3) {
                for _ in 0..refused {
                    let body = workload::private(r#"{"type":"tick"}"#, r#"{"type":"push","payload":1}"#);
                    plan.steps.push((at, Step::Dispatch { who, body, optimistic: true, refuse_stale_phase }));
                }
            }
        }
        for _ in 0..6 {
            let at = chance.below(ACT_FOR_MS);
            plan.steps.push((at, Step::Look));
            let (who, noticed_after, back_after) =
                (chance.below(guests as u64) as usize, 30, chance.between(40, 300));
            plan.steps.push((at, Step::Cut { who, noticed_after, back_after }));
        }
        plan.sort();
        plan
    }

    /// Five people act on one list, two hundred times each, every 5 ms, over a network that takes 20 ms each way.
    pub fn five_at_once(seed: u64) -> Self {
        let mut chance = Chance::keyed(seed, &[3]);
        let mut plan = Self {
            workload: Workload::List,
            limits: Limits::default(),
            keeping: Keeping::AtOnce,
            steps: Vec::new(),
            delay_ms: Some(20),
            ..Self::of(seed)
        };
        plan.guests = (0..5)
            .map(|at| Guest {
                id: format!("~guest{at}"),
                session: format!("~guest{at} 0"),
                kind: Kind::V1,
                comes_at: 0,
            })
            .collect();
        for nth in 0..200 {
            for who in 0..5 {
                let step = Step::Dispatch {
                    who,
                    body: plan.workload.body(&mut chance),
                    optimistic: true,
                    refuse_stale_phase: false,
                };
                plan.steps.push((100 + nth * 5 + who as u64, step));
            }
        }
        plan
    }

    fn sort(&mut self) {
        self.steps.sort_by_key(|(at, _)| *at);
    }

    fn someone(&self, chance: &mut Chance, wanted: impl Fn(Kind) -> bool) -> usize {
        let those: Vec<usize> = (0..self.guests.len()).filter(|at| wanted(self.guests[*at].kind)).collect();
        chance.pick(&those)
    }

    fn add_actions(&mut self, chance: &mut Chance) {
        for _ in 0..ACTIONS_MIN + chance.below(40) {
            let who = self.someone(chance, |kind| kind != Kind::Cheat);
            let body = self.workload.body(chance);
            let step = Step::Dispatch {
                who,
                refuse_stale_phase: body.is_private() && !chance.one_in(4),
                body,
                optimistic: !chance.one_in(5),
            };
            let comes_at = self.guests[who].comes_at.min(ACT_FOR_MS);
            let at = chance.between(comes_at, ACT_FOR_MS + 40);
            self.steps.push((at, step));
        }
    }

    fn add_faults(&mut self, chance: &mut Chance) {
        let mut add = |plan: &mut Self, times: u64, make: &mut dyn FnMut(&mut Chance, &Self) -> Step| {
            for _ in 0..times {
                let at = chance.between(20, ACT_FOR_MS);
                let step = make(chance, plan);
                plan.steps.push((at, step));
            }
        };
        let anybody = |kind: Kind| kind != Kind::Cheat;
        let mut odds = Chance::keyed(self.seed, &[2]);
        let mut some = |max: u64, one_in: u64| {
            if odds.one_in(one_in) { 1 + odds.below(max) } else { 0 }
        };
        let cuts = some(8, 1);
        let (drops, slow, resends) = (some(4, 2), some(3, 2), some(5, 2));
        let (crashes, fails) = (some(4, 2), some(3, 3));
        let (vanish, skews, reloads, forfeits) = (some(2, 4), some(3, 3), some(2, 6), some(2, 5));
        add(self, cuts, &mut |chance, plan| Step::Cut {
            who: plan.someone(chance, anybody),
            noticed_after: chance.below(120),
            back_after: if chance.one_in(8) {
                chance.between(500, 3_600_000)
            } else {
                chance.between(5, 300)
            },
        });
        add(self, drops, &mut |chance, plan| Step::Drop {
            who: plan.someone(chance, anybody),
            noticed_after: chance.between(5, 150),
        });
        add(self, slow, &mut |chance, plan| Step::Slow {
            who: plan.someone(chance, anybody),
            for_ms: chance.between(100, 900),
        });
        add(self, resends, &mut |chance, plan| Step::Resend { who: plan.someone(chance, anybody) });
        add(self, crashes, &mut |chance, _| Step::Crash { down_ms: chance.between(5, 100) });
        add(self, fails, &mut |_, _| Step::StoreFails);
        add(self, vanish, &mut |chance, plan| Step::Vanish { who: plan.someone(chance, anybody) });
        add(self, skews, &mut |chance, _| Step::Skew { ms: chance.below(900) as i64 - 600 });
        add(self, reloads, &mut |_, _| Step::Reload);
        add(self, forfeits, &mut |_, _| Step::Forfeit);
        if self.guests.iter().any(|guest| guest.kind == Kind::Cheat) {
            add(self, 12, &mut |chance, plan| Step::Cheat {
                who: plan.someone(chance, |kind| kind == Kind::Cheat),
                trick: chance.draw(),
            });
        }
        add(self, 2, &mut |_, _| Step::Look);
    }
}

/// Three people, of whom one may have a second tab; perhaps npm clients, late joiners and a cheat.
fn guests(chance: &mut Chance) -> Vec<Guest> {
    let guest = |id: &str, tab: u64, kind: Kind, comes_at: u64| Guest {
        id: id.into(),
        session: format!("{id} {tab}"),
        kind,
        comes_at,
    };
    let mut guests = vec![
        guest("~ann", 0, Kind::V1, chance.below(40)),
        guest("~bob", 0, Kind::V1, chance.below(40)),
        guest("~cyd", 0, Kind::V1, chance.below(200)),
    ];
    if !chance.one_in(3) {
        guests.push(guest("~ann", 1, Kind::V1, chance.below(400)));
    }
    if chance.one_in(3) {
        guests.push(guest("dan", 0, Kind::V0, chance.below(100)));
        if chance.one_in(2) {
            guests.push(guest("eve", 0, Kind::V0, chance.below(700)));
        }
    }
    for late in 0..chance.below(3) {
        guests.push(guest(&format!("~late{late}"), 0, Kind::V1, chance.between(200, 1_200)));
    }
    if chance.one_in(3) {
        guests.push(guest("~mallory", 0, Kind::Cheat, chance.below(60)));
    }
    guests
}

/// What Ann does in a pair of runs: her verdicts hardly depend on her secrets.
fn annas(chance: &mut Chance, which: Twin) -> Body {
    let mut secret = || match chance.below(2) {
        0 => 1 + chance.below(5),
        _ => 1_000_000_000_001 + chance.below(5),
    };
    let both = [secret(), secret()];
    let secret = both[usize::from(which == Twin::Second)];
    match chance.below(6) {
        0 => workload::private(
            &format!(r#"{{"type":"push","payload":{secret}}}"#),
            r#"{"type":"push","payload":0}"#,
        ),
        1..3 => workload::private(
            &format!(r#"{{"type":"secret","payload":{secret}}}"#),
            r#"{"type":"push","payload":3}"#,
        ),
        3 if chance.one_in(6) => {
            workload::private(&format!(r#"{{"type":"secret","payload":{secret}}}"#), r#"{"type":"hidden"}"#)
        }
        4 => workload::public(r#"{"type":"roll"}"#),
        _ => workload::public(r#"{"type":"push","payload":7}"#),
    }
}
