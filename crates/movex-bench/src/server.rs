//! A server process, and what it costs.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A server that listens; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Server {
    /// Starts a server that prints a line with its address when it is ready.
    pub(crate) async fn start(mut command: Command) -> Result<Self> {
        let program = command.as_std().get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("`{program}` can't be started"))?;
        let stdout = child.stdout.take().context("its output is piped")?;
        let mut lines = BufReader::new(stdout).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await? {
                if let Some(port) = port_in(&line) {
                    return Ok(port);
                }
            }
            bail!("`{program}` ended before it was ready")
        };
        let port = tokio::time::timeout(Duration::from_secs(60), ready)
            .await
            .context("it was not ready in time")??;
        // It may go on printing; somebody has to read that.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { child, port })
    }

    /// The CPU time that the process took so far, in microseconds, of all its threads. From the scheduler's own
    /// account in nanoseconds, which is finer than the ticks of /proc/PID/stat.
    pub(crate) fn cpu_us(&self) -> Result<f64> {
        let pid = self.child.id().context("the server has ended")?;
        let mut nanoseconds = 0_u64;
        for task in
            std::fs::read_dir(format!("/proc/{pid}/task")).context("CPU time is read from Linux's /proc")?
        {
            let Ok(text) = std::fs::read_to_string(task?.path().join("schedstat")) else {
                continue;
            };
            nanoseconds += text.split(' ').next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0);
        }
        Ok(nanoseconds as f64 / 1_000.0)
    }
}

fn port_in(line: &str) -> Option<u16> {
    let at = line.find("http://")? + "http://".len();
    let port = line[at..].split(':').nth(1)?;
    let digits = port.find(|c: char| !c.is_ascii_digit()).unwrap_or(port.len());
    port[..digits].parse().ok()
}

/// Ours.
pub(crate) fn movex(binary: &Path, mode: &str, config: &Path) -> Command {
    let mut command = Command::new(binary);
    command.arg(mode).arg("--path").arg(config).args(["--port", "0", "--host", "127.0.0.1"]);
    command
}

/// npm's.
pub(crate) fn npm_movex_server(apps: &Path) -> Command {
    let mut command = Command::new("node");
    command.arg("server.cjs").current_dir(apps.join("npm-server"));
    command
}

/// The bare relay, which is this very program.
pub(crate) fn relay() -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("relay");
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::port_in;

    #[test]
    fn the_port_is_found_in_the_ready_line() {
        assert_eq!(port_in("Movex is ready at http://127.0.0.1:4242/ (dev)"), Some(4242));
        assert_eq!(port_in("started http://127.0.0.1:80"), Some(80));
        assert_eq!(port_in("loading"), None);
    }
}
