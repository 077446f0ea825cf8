//! Plays many seeds, and prints the one command that replays one that fails.

use std::collections::BTreeMap;
use std::process::ExitCode;

use movex_sim::{Plan, Plant, Played, play_seed, shrink};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)?.parse::<u64>().ok()
    };
    let from = number("--from").unwrap_or(0);
    let seeds = number("--seeds").unwrap_or(2_000);
    if arguments.iter().any(|argument| argument == "--planted") {
        return planted(from, number("--seeds").unwrap_or(5_000));
    }
    let mut occurred: BTreeMap<&'static str, (u64, u64)> = BTreeMap::new();
    for seed in from..from + seeds {
        let played = play_seed(seed, None);
        if !played.violations.is_empty() {
            tell(seed, &played);
            return ExitCode::FAILURE;
        }
        for (what, times) in played.counts {
            let (seeds, all) = occurred.entry(what).or_default();
            *seeds += 1;
            *all += times;
        }
        if (seed - from + 1).is_multiple_of(10_000) {
            println!("{} seeds", seed - from + 1);
        }
    }
    println!("{seeds} seeds from {from}: every rule held");
    for (what, (in_seeds, times)) in occurred {
        println!("{:>6.1}% of seeds  {times:>9} times  {what}", in_seeds as f64 * 100.0 / seeds as f64);
    }
    ExitCode::SUCCESS
}

/// How a failing seed looks: what broke, the command, and the shortest history that still breaks it.
fn tell(seed: u64, played: &Played) {
    for violation in &played.violations {
        println!("{}: {}", violation.rule, violation.what);
    }
    println!("\nseed {seed} fails; replay it with:\n\n    cargo xtask sim --seeds 1 --from {seed}\n");
    let rule = played.violations[0].rule;
    let (plan, shrunk) = shrink(&Plan::of(seed), None, rule);
    if shrunk.violations.is_empty() {
        return println!("it fails in a pair of runs that differ in secrets alone: there is no shorter one");
    }
    println!(
        "{} steps still break {rule} ({:?}, store {:?}):\n",
        plan.steps.len(),
        plan.workload,
        plan.keeping
    );
    for line in shrunk.lines {
        println!("{line}");
    }
    for violation in shrunk.violations {
        println!("{}: {}", violation.rule, violation.what);
    }
}

/// Switches one rule off after another; each must be found.
fn planted(from: u64, seeds: u64) -> ExitCode {
    let mut all_found = true;
    let only = std::env::args().skip_while(|argument| argument != "--only").nth(1);
    let wanted = |plant: &Plant| only.as_ref().is_none_or(|only| format!("{plant:?}").starts_with(only));
    for plant in Plant::ALL.into_iter().filter(wanted) {
        let found = (from..from + seeds).find_map(|seed| {
            let violation = play_seed(seed, Some(plant)).violations.into_iter().next()?;
            Some((seed, violation))
        });
        match found {
            Some((seed, violation)) => {
                let what: String = violation.what.chars().take(90).collect();
                println!("{plant:?}: found after {} seeds: {}: {what}", seed - from + 1, violation.rule);
            }
            None => {
                all_found = false;
                println!("{plant:?}: not found within {seeds} seeds");
            }
        }
    }
    if all_found { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
