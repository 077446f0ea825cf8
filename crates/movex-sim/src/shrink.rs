//! A history that fails, with as few steps as still make it fail.

use crate::plan::Plan;
use crate::plant::Plant;
use crate::play::{Played, play};

/// Runs of a history at most.
const RUNS_MAX: u32 = 600;

/// Leaves out steps, first many at a time, as long as the same rule fails.
pub fn shrink(plan: &Plan, plant: Option<Plant>, rule: &'static str) -> (Plan, Played) {
    let mut least = plan.clone();
    let mut runs = 0;
    let mut size = least.steps.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        while at < least.steps.len() && runs < RUNS_MAX {
            let mut fewer = least.clone();
            fewer.steps.drain(at..(at + size).min(least.steps.len()));
            runs += 1;
            if fails(&play(fewer.clone(), plant, false), rule) {
                least = fewer;
            } else {
                at += size;
            }
        }
        if size == 1 || runs >= RUNS_MAX {
            let played = play(least.clone(), plant, true);
            return (least, played);
        }
        size = size.div_ceil(2);
    }
}

fn fails(played: &Played, rule: &str) -> bool {
    played.violations.iter().any(|violation| violation.rule == rule)
}
