//! Each rule, switched off, is found by a checker. Slow: `cargo xtask sim --planted`, or `--ignored` here.

use movex_sim::{Plant, play_seed};

/// How many seeds at most until a planted bug is found.
const SEEDS: u64 = 5_000;

/// The first seed in which a rule broke.
fn found(plant: Plant) -> Option<u64> {
    (0..SEEDS).find(|seed| !play_seed(*seed, Some(plant)).violations.is_empty())
}

#[test]
#[ignore = "minutes without optimisation; run by `cargo xtask sim --planted` too"]
fn every_planted_bug_is_found_within_5000_seeds() {
    for plant in Plant::ALL {
        assert!(found(plant).is_some(), "{plant:?} is not found");
    }
}

/// Those that the first seeds show, so that a checker that went blind is noticed at once.
#[test]
fn planted_bugs_that_show_at_once_are_found_at_once() {
    for plant in [
        Plant::M3ForfeitKeepsOwn,
        Plant::M7OtherFork,
        Plant::M9OneEntropy,
        Plant::M13NoContext,
        Plant::M14DropDoubtful,
        Plant::M17ViewOnly,
        Plant::M20NoMarks,
        Plant::M23EarlyRelease,
        Plant::M24Reordered,
    ] {
        let found = (0..60).any(|seed| !play_seed(seed, Some(plant)).violations.is_empty());
        assert!(found, "{plant:?} is not found");
    }
}
