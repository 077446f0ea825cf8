//! `movex.json` beside the app, and the variable `port` that npm movex-server reads.

use std::path::{Path, PathBuf};

use crate::error::Failed;
use crate::options::Options;

/// Completes flags and environment by the file.
pub(crate) fn complete(flags: Options) -> Result<Options, Failed> {
    let mut options = flags;
    if options.port.is_none() {
        options.port = std::env::var("port").ok().and_then(|port| port.parse().ok());
    }
    let Some(path) = find(options.path.as_deref()) else {
        return Ok(options);
    };
    let text = std::fs::read_to_string(&path).map_err(|error| Failed::File {
        path: path.clone(),
        what: "read",
        error,
    })?;
    let mut file: Options =
        serde_json::from_str(&text).map_err(|error| Failed::Settings { path: path.clone(), error })?;
    // A folder that the file names is seen from the file.
    if let (Some(dir), Some(beside)) = (&file.static_dir, path.parent()) {
        file.static_dir = Some(beside.join(dir));
    }
    Ok(options.or(file))
}

/// In the config's own folder, or in the one that holds its `src`; without a config, in the current one.
fn find(config: Option<&Path>) -> Option<PathBuf> {
    let folder = match config {
        None => PathBuf::from("."),
        Some(path) if path.is_dir() => path.to_owned(),
        Some(path) => path.parent()?.to_owned(),
    };
    let holder = folder.ends_with("src").then(|| folder.join(".."));
    let candidates = [Some(folder), holder];
    candidates.into_iter().flatten().map(|folder| folder.join("movex.json")).find(|file| file.is_file())
}
