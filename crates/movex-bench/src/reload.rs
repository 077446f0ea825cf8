//! From a saved file to the new state, in `movex dev`.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::server::{self, Server};
use crate::socket::{Frame, Socket};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The `movex` binary, built with optimisations.
    #[arg(long)]
    movex: PathBuf,
    /// The app whose reducers are saved again: a folder with src/movex.config.ts and a `counter`.
    #[arg(long)]
    app: PathBuf,
    /// How often.
    #[arg(long, default_value_t = 20)]
    saves: usize,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("movex-bench-{}", std::process::id()));
    copy(&arguments.app, &folder)?;
    let measured = measure(arguments, &folder).await;
    fs::remove_dir_all(&folder)?;
    let mut times = measured?;
    times.sort_unstable();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    println!("from a saved file to the new state: {median:.0?} median, {worst:.0?} worst of {}", times.len());
    Ok(())
}

async fn measure(arguments: &Arguments, folder: &std::path::Path) -> Result<Vec<Duration>> {
    let config = folder.join("src/movex.config.ts");
    let server = Server::start(server::movex(&arguments.movex, "dev", &config)).await?;
    let mut socket = Socket::connect(server.port, "client").await?;
    let create = r#"{"resourceType":"counter","resourceId":"bench","resourceState":{"count":0}}"#;
    socket.call("createResource", create).await?;
    socket.call("addResourceSubscriber", r#"{"rid":"counter:bench"}"#).await?;
    let source = fs::read_to_string(&config).context("the app has no src/movex.config.ts")?;
    let mut times = Vec::new();
    for save in 0..arguments.saves {
        let begun = Instant::now();
        fs::write(&config, format!("{source}\n// save {save}\n"))?;
        let reloaded = async {
            loop {
                if let Frame::Event(text) = socket.next().await?
                    && text.starts_with("[\"onReconciliateActions\"")
                {
                    return anyhow::Ok(());
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), reloaded).await.context("it was not reloaded")??;
        times.push(begun.elapsed());
    }
    Ok(times)
}

fn copy(from: &std::path::Path, to: &std::path::Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == "dist" {
            continue;
        }
        let (from, to) = (entry.path(), to.join(&name));
        if name == "node_modules" {
            std::os::unix::fs::symlink(fs::canonicalize(from)?, to)?;
        } else if from.is_dir() {
            copy(&from, &to)?;
        } else {
            fs::copy(from, to)?;
        }
    }
    Ok(())
}
