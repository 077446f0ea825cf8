//! Playing a seed, and saying what came of it.

use std::collections::BTreeMap;

use crate::check::{self, secrecy};
use crate::plan::Plan;
use crate::plant::Plant;
use crate::world::{Violation, World};

/// What came of a history.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// How often each thing occurred.
    pub counts: BTreeMap<&'static str, u64>,
    /// Rules that did not hold; empty when all is well.
    pub violations: Vec<Violation>,
    /// The history in words, where it was asked for.
    pub lines: Vec<String>,
}

/// Plays a plan.
pub fn play(plan: Plan, plant: Option<Plant>, tell: bool) -> Played {
    let mut world = World::new(plan, plant, tell);
    world.run();
    let mut violations = std::mem::take(&mut world.violations);
    violations.extend(check::at_the_end(&world));
    Played { violations, lines: world.lines.take().unwrap_or_default(), counts: world.counts }
}

/// Plays a seed: its history, and for one seed in four a pair of runs that differ in secrets alone (M8).
pub fn play_seed(seed: u64, plant: Option<Plant>) -> Played {
    let mut played = play(Plan::of(seed), plant, false);
    if seed.is_multiple_of(4) {
        let what = match secrecy::compare(seed, plant) {
            secrecy::Compared::Same => "pairs of runs",
            secrecy::Compared::OtherVerdicts => "pairs with other verdicts",
            secrecy::Compared::Leak(violation) => {
                played.violations.push(violation);
                "leaks"
            }
        };
        *played.counts.entry(what).or_default() += 1;
    }
    played
}
