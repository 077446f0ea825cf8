//! `cargo xtask test`.

use anyhow::Result;

use crate::run::{built, cargo, step};
use crate::{browser, demo, node};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Leave out the tests in a real browser.
    #[arg(long)]
    no_browser: bool,
    /// Only the tests in Rust: no Node, no browser.
    #[arg(long)]
    rust_only: bool,
}

impl Arguments {
    /// Nothing left out.
    pub(crate) fn everything() -> Self {
        Self { no_browser: false, rust_only: false }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if !arguments.rust_only {
        node::check()?;
    }
    step("tests in Rust", &mut cargo(&["test", "--workspace", "--quiet"]))?;
    if arguments.rust_only {
        return Ok(());
    }
    step("the movex binary", &mut cargo(&["build", "--package", "movex-cli"]))?;
    node::install("e2e")?;
    demo::build_playroom()?;
    let binary = built("debug", "movex");
    step(
        "end to end, with the real npm packages",
        node::npm("e2e", &["test", "--silent"]).env("MOVEX_BIN", &binary),
    )?;
    if !arguments.no_browser {
        let chromium = browser::find_or_install()?;
        let mut tests = node::npm("e2e", &["run", "--silent", "test:browser"]);
        step("in a real browser", tests.env("MOVEX_BIN", &binary).env("CHROMIUM", chromium))?;
    }
    Ok(())
}
