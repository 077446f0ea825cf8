//! A few hundred histories; `cargo xtask sim` plays as many as there is time for.

use movex_sim::{Plan, Step, play_seed};

/// Panics with what broke and the command that replays it.
fn holds(seed: u64) {
    let played = play_seed(seed, None);
    assert!(
        played.violations.is_empty(),
        "seed {seed}: {:?}\nreplay it with: cargo xtask sim --seeds 1 --from {seed}",
        played.violations
    );
}

#[test]
fn g1_g2_g3_g4_g6_g7_hold_in_a_few_hundred_histories() {
    for seed in 0..240 {
        holds(seed);
    }
}

/// What a history is worth: enough actions, and every kind of trouble in one seed of twenty or more.
#[test]
fn every_kind_of_trouble_occurs_in_a_twentieth_of_the_seeds() {
    const SEEDS: u64 = 240;
    let mut in_seeds = std::collections::BTreeMap::new();
    for seed in 10_000..10_000 + SEEDS {
        let plan = Plan::of(seed);
        let actions = plan.steps.iter().filter(|(_, step)| matches!(step, Step::Dispatch { .. })).count();
        assert!(actions >= 100, "seed {seed} has {actions} actions");
        for (what, _) in movex_sim::play(plan, None, false).counts {
            *in_seeds.entry(what).or_insert(0_u64) += 1;
        }
    }
    for what in [
        "cuts",
        "half-open",
        "slow reader",
        "vanished",
        "frames twice",
        "resent",
        "crashes",
        "crashes amid appends",
        "appends lost",
        "epochs begun by a recovery",
        "clock set",
        "reloads",
        "cheats",
        "reveals",
        "forfeits",
        "voided",
        "notes",
        "ticks",
        "rejected",
        "unknown",
        "doubtful",
        "decided before",
        "dispatched again",
        "snapshots",
        "resumed",
        "log cut",
        "comes back",
        "actions by v0",
        "v0 refetches",
    ] {
        let seeds = in_seeds.get(what).copied().unwrap_or(0);
        assert!(seeds * 20 >= SEEDS, "{what} occurs in {seeds} of {SEEDS} seeds: {in_seeds:?}");
    }
}

/// Order-dependent actions of five people that cross all the time: rebase alone is enough.
#[test]
fn m12_m16_five_people_at_once_need_no_snapshot_after_the_first() {
    let played = movex_sim::play(Plan::five_at_once(1), None, false);
    assert_eq!(played.violations, [], "none lost, none twice, all equal");
    let times = |what: &str| played.counts.get(what).copied().unwrap_or(0);
    assert_eq!(times("actions"), 1_000);
    assert_eq!(times("snapshots"), 5, "one for each, at the beginning");
    assert_eq!(times("resumed"), 0);
    assert_eq!(times("acknowledged") + times("rejected"), 1_000);
}
