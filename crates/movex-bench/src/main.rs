//! Load on servers that speak npm movex's protocol, measured as the server's CPU time per action.
//!
//! Machines are noisy, so what is compared runs in one call, in turns, and is told as medians and ratios.

mod load;
mod relay;
mod reload;
mod scenario;
mod server;
mod socket;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Measures servers that speak npm movex's protocol.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Server CPU per action: ours, npm movex-server and a bare relay, 2 and 10 subscribers.
    Actions(scenario::Arguments),
    /// From a saved file to the new state in `movex dev`.
    Reload(reload::Arguments),
    /// A bare Socket.IO relay: acknowledges and forwards, without reducer, order or checksum.
    Relay,
}

/// The servers that are measured.
#[derive(Clone, clap::Args)]
struct Servers {
    /// The `movex` binary, built with optimisations.
    #[arg(long)]
    movex: PathBuf,
    /// The folder of the bench's own apps.
    #[arg(long)]
    apps: PathBuf,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Actions(arguments) => scenario::run(&arguments).await,
        Command::Reload(arguments) => reload::run(&arguments).await,
        Command::Relay => relay::run().await,
    }
}
