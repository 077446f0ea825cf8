//! `cargo xtask bench`.

use std::process::Command;

use anyhow::Result;

use crate::run::{built, cargo, root, step};
use crate::{demo, node};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// One scenario only.
    #[arg(value_enum)]
    scenario: Option<Scenario>,
    /// Passed on to the scenario, after `--`; `-- --help` lists what it takes.
    #[arg(last = true)]
    rest: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Scenario {
    /// Server CPU per action, beside npm movex-server and a bare relay.
    Actions,
    /// From a saved file to the new state in `movex dev`.
    Reload,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    node::check()?;
    let build = ["build", "--release", "--package", "movex-cli", "--package", "movex-bench"];
    step("movex and the load, optimised (several minutes the first time)", &mut cargo(&build))?;
    let wanted = |scenario| arguments.scenario.is_none_or(|only| only == scenario);
    let movex = built("release", "movex");
    if wanted(Scenario::Actions) {
        node::install("bench/npm-server")?;
        let mut bench = Command::new(built("release", "movex-bench"));
        bench.arg("actions").arg("--movex").arg(&movex).arg("--apps").arg(root().join("bench"));
        step("server CPU per action", bench.args(&arguments.rest))?;
    }
    if wanted(Scenario::Reload) {
        node::install(demo::PLAYROOM)?;
        let mut bench = Command::new(built("release", "movex-bench"));
        bench.arg("reload").arg("--movex").arg(&movex).arg("--app").arg(root().join(demo::PLAYROOM));
        step("from a saved file to the new state", bench.args(&arguments.rest))?;
    }
    Ok(())
}
