//! Seeds that failed once. A change of how plans are drawn makes another history of each: the fault itself has a test
//! that names its rule in the core.

use movex_sim::play_seed;

fn holds(seed: u64) {
    let played = play_seed(seed, None);
    assert_eq!(played.violations, [], "seed {seed}");
}

/// The store lost a change of version, and with it a rejection that had been told: sent again, it was accepted (M20).
#[test]
fn seed_30314_a_rejection_outlives_a_change_of_version_that_is_lost() {
    holds(30_314);
}
