//! The JavaScript side: Node, and each project's packages.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::{output, program, root, step};

/// The oldest Node that the tests run on.
const NODE_MAJOR_MIN: u32 = 20;

/// Checks that a Node is there that is new enough.
pub(crate) fn check() -> Result<()> {
    let how = "install Node 20 or newer, for example from your system's packages or nodejs.org";
    let version = output(&mut program("node", &["--version"])).with_context(|| how.to_owned())?;
    let major =
        version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE_MAJOR_MIN) {
        bail!("Node {} is too old: {how}", version.trim());
    }
    Ok(())
}

/// npm in one of the repository's projects.
pub(crate) fn npm(project: &str, arguments: &[&str]) -> Command {
    let mut command = program(if cfg!(windows) { "npm.cmd" } else { "npm" }, arguments);
    command.current_dir(root().join(project));
    command
}

/// Installs a project's packages as its lockfile says, unless that was done for this very lockfile.
pub(crate) fn install(project: &str) -> Result<()> {
    let folder = root().join(project);
    let lock =
        fs::read(folder.join("package-lock.json")).with_context(|| format!("{project} has no lockfile"))?;
    let mark = folder.join("node_modules/.installed-lock.json");
    if fs::read(&mark).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let what = format!("npm packages of {project}");
    step(&what, &mut npm(project, &["ci", "--no-audit", "--no-fund", "--loglevel=error"]))?;
    write(&mark, &lock)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("{} can't be written", path.display()))
}
