//! `cargo xtask sim`.

use std::process::Command;

use anyhow::Result;

use crate::run::{built, cargo, step};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many seeds; 2,000 if not said, 5,000 for each planted bug.
    #[arg(long)]
    seeds: Option<u64>,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Switches one rule off after another, and fails if a checker does not find one.
    #[arg(long)]
    planted: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    step("the simulator, optimised", &mut cargo(&["build", "--release", "--package", "movex-sim"]))?;
    let mut sim = Command::new(built("release", "movex-sim"));
    sim.arg("--from").arg(arguments.from.to_string());
    if let Some(seeds) = arguments.seeds {
        sim.arg("--seeds").arg(seeds.to_string());
    }
    if arguments.planted {
        sim.arg("--planted");
    }
    step("histories", &mut sim)
}
