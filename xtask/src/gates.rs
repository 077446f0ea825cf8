//! `cargo xtask ci`: what a change must pass.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use crate::run::{cargo, is_there, output, step};
use crate::test;

/// What the core must never depend on, however deep: no async, no I/O, no clock, no randomness.
const BANNED_IN_CORE: [&str; 18] = [
    "tokio",
    "async-std",
    "smol",
    "futures",
    "futures-util",
    "mio",
    "polling",
    "socket2",
    "hyper",
    "axum",
    "reqwest",
    "rusqlite",
    "chrono",
    "time",
    "rand",
    "rand_core",
    "getrandom",
    "tracing",
];

/// Tools of the gates, by crate and version. Built once where they are missing.
const TOOLS: [(&str, &str); 2] = [("cargo-deny", "0.20.2"), ("cargo-machete", "0.9.2")];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only the gates; the tests are `cargo xtask test`.
    #[arg(long)]
    gates_only: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    step("format", &mut cargo(&["fmt", "--all", "--check"]))?;
    core_stands_alone()?;
    step(
        "lints",
        &mut cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ]),
    )?;
    let mut docs = cargo(&["doc", "--workspace", "--no-deps", "--all-features", "--quiet"]);
    step("docs", docs.env("RUSTDOCFLAGS", "-D warnings"))?;
    install_tools()?;
    // Its database of advisories is on a host of its own, which a machine of this gate may not reach.
    step(
        "licences, bans and sources",
        &mut cargo(&["deny", "--log-level", "error", "check", "bans", "licenses", "sources"]),
    )?;
    // It takes itself for a program of its own where it sees what `cargo run` sets for us.
    step("unused dependencies", cargo(&["machete"]).env_remove("CARGO_PKG_NAME"))?;
    if arguments.gates_only {
        return Ok(());
    }
    test::run(&test::Arguments::everything())
}

/// The dependency edges of the core: what makes it the same machine in a server, a browser and a simulator.
fn core_stands_alone() -> Result<()> {
    eprintln!("\n== dependency edges of the core");
    for package in ["movex-core", "movex-store"] {
        let tree = output(&mut cargo(&[
            "tree", "-p", package, "-e", "normal", "--prefix", "none", "--format", "{p}",
        ]))?;
        let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
        let found: Vec<&&str> = BANNED_IN_CORE.iter().filter(|name| names.contains(**name)).collect();
        if !found.is_empty() {
            bail!("{package} depends on {found:?}: it takes time, chance and the network as arguments");
        }
    }
    Ok(())
}

fn install_tools() -> Result<()> {
    for (package, version) in TOOLS {
        if is_there(package, &["--version"]) {
            continue;
        }
        let what = format!("{package}, a few minutes once");
        step(&what, &mut cargo(&["install", "--quiet", "--locked", "--version", version, package]))?;
    }
    Ok(())
}
