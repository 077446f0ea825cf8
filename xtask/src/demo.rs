//! `cargo xtask demo`.

use anyhow::Result;

use crate::node;
use crate::run::{built, cargo, root, step};

/// The example that the demo serves.
pub(crate) const PLAYROOM: &str = "examples/playroom";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The port to listen on; 0 takes any that is free.
    #[arg(long, default_value_t = 3333)]
    port: u16,
    /// The address to listen on: 0.0.0.0 lets other machines in your network play.
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    node::check()?;
    build_playroom()?;
    step(
        "the movex binary (a few minutes the first time)",
        &mut cargo(&["build", "--package", "movex-cli"]),
    )?;
    let playroom = root().join(PLAYROOM);
    let mut movex = std::process::Command::new(built("debug", "movex"));
    movex.arg("dev").arg("--path").arg(playroom.join("src/movex.config.ts"));
    movex.arg("--static").arg(playroom.join("dist"));
    movex.args(["--host", &arguments.host, "--port", &arguments.port.to_string()]);
    step("the playroom: open its address in two windows, ctrl-c ends it", &mut movex)
}

/// The page that the demo and the browser tests use.
pub(crate) fn build_playroom() -> Result<()> {
    node::install(PLAYROOM)?;
    step("the playroom's page", &mut node::npm(PLAYROOM, &["run", "--silent", "build"]))
}
