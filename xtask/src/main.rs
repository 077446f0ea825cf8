//! The one entry point for people who work on Movex: `cargo xtask demo | test | ci | bench | sim`.

mod bench;
mod browser;
mod demo;
mod gates;
mod node;
mod run;
mod sim;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Everything there is to do in this repository.
///
/// Needs Rust (by rustup) and Node 20 or newer; installs everything else by itself.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds the playroom (counter, chat, rock-paper-scissors on npm movex), serves it and prints its address.
    Demo(demo::Arguments),
    /// Runs every test but long simulations and benchmarks.
    Test(test::Arguments),
    /// Runs the gates (format, lints, docs, dependencies), then every test.
    Ci(gates::Arguments),
    /// Measures, against npm movex-server and a bare relay, in one run.
    Bench(bench::Arguments),
    /// Plays histories of the real core over a network, a clock and a store that misbehave: docs/simulator.md.
    Sim(sim::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Demo(arguments) => demo::run(&arguments),
        Task::Test(arguments) => test::run(&arguments),
        Task::Ci(arguments) => gates::run(&arguments),
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Sim(arguments) => sim::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
