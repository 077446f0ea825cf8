//! Server CPU per action, side by side.

use std::time::Duration;

use anyhow::Result;

use crate::Servers;
use crate::load::{Cost, Load, put};
use crate::server::{self, Server};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    servers: Servers,
    /// How often everything is measured, in turns; the table shows medians.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds that count, of each measurement.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// How many subscribers the resource has.
    #[arg(long, value_delimiter = ',', default_value = "2,10")]
    subscribers: Vec<usize>,
    /// Leave npm's server out.
    #[arg(long)]
    no_npm: bool,
}

const OURS: &str = "movex (ours)";
const NPM: &str = "npm movex-server";
const RELAY: &str = "bare socketioxide relay";

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let mut names = vec![OURS, NPM, RELAY];
    names.retain(|name| !(arguments.no_npm && *name == NPM));
    println!("server CPU time, state of 1 KB, medians of {} rounds in turns", arguments.rounds);
    for &subscribers in &arguments.subscribers {
        let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); names.len()];
        for round in 0..arguments.rounds {
            for (name, costs) in names.iter().zip(&mut costs) {
                eprintln!("round {} of {}: {name}, {subscribers} subscribers", round + 1, arguments.rounds);
                costs.push(measure(name, subscribers, arguments).await?);
            }
        }
        print_table(subscribers, &names, &costs);
    }
    Ok(())
}

async fn measure(name: &str, subscribers: usize, arguments: &Arguments) -> Result<Cost> {
    let Servers { movex, apps } = &arguments.servers;
    let command = match name {
        OURS => server::movex(movex, "serve", &apps.join("counter/movex.config.ts")),
        NPM => server::npm_movex_server(apps),
        _ => server::relay()?,
    };
    let server = Server::start(command).await?;
    let load = Load {
        subscribers,
        // npm's server loses actions that are in flight together, so it gets one at a time.
        in_flight: if name == NPM { 1 } else { 4 },
        warm_up: Duration::from_secs(1),
        counted: Duration::from_secs_f64(arguments.seconds),
        state: state_of_1_kb(),
    };
    put(&server, &load).await
}

fn state_of_1_kb() -> String {
    let items: Vec<String> = (0..12)
        .map(|at| format!(r#"{{"id":{at},"name":"item number {at}","tags":["a","b"],"done":false}}"#))
        .collect();
    format!(r#"{{"value":0,"items":[{}]}}"#, items.join(","))
}

fn print_table(subscribers: usize, names: &[&str], costs: &[Vec<Cost>]) {
    println!("\n{subscribers} subscribers");
    println!(
        "{:<26}{:>14}{:>14}{:>12}{:>10}{:>8}{:>12}",
        "", "us/action", "us/message", "actions/s", "ack ms", "lost", "x relay"
    );
    let relay = costs.last().map_or(1.0, |costs| median(costs, |cost| cost.cpu_us_per_action));
    for (name, costs) in names.iter().zip(costs) {
        let cpu = median(costs, |cost| cost.cpu_us_per_action);
        println!(
            "{name:<26}{cpu:>14.1}{:>14.2}{:>12.0}{:>10.2}{:>8}{:>12.2}",
            median(costs, |cost| cost.cpu_us_per_message),
            median(costs, |cost| cost.actions_per_s),
            median(costs, |cost| cost.ack_ms_median),
            costs.iter().map(|cost| cost.lost).sum::<i64>(),
            cpu / relay,
        );
    }
}

fn median(costs: &[Cost], of: impl Fn(&Cost) -> f64) -> f64 {
    let mut values: Vec<f64> = costs.iter().map(of).collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
