//! A Chromium for the browser tests.

use std::env;

use anyhow::{Result, bail};

use crate::run::{is_there, output, program, step};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Where a Chromium is. Installs Debian's where that is possible.
pub(crate) fn find_or_install() -> Result<String> {
    if let Some(found) = find() {
        return Ok(found);
    }
    if is_there("apt-get", &["--version"]) && is_root() {
        step("apt-get update", &mut program("apt-get", &["-qq", "update"]))?;
        let mut install =
            program("apt-get", &["-qq", "install", "-y", "--no-install-recommends", "chromium"]);
        step("Chromium from Debian's packages", install.env("DEBIAN_FRONTEND", "noninteractive"))?;
        if let Some(found) = find() {
            return Ok(found);
        }
    }
    bail!(
        "no Chromium was found for the browser tests: install it, name one with CHROMIUM=/path/to/it, or leave them \
         out with --no-browser"
    )
}

fn find() -> Option<String> {
    let named = env::var("CHROMIUM").ok().filter(|path| is_there(path, &["--version"]));
    named.or_else(|| {
        let found = NAMES.iter().filter(|name| is_there(name, &["--version"]));
        let mut paths = found.filter_map(|name| output(&mut program("which", &[name])).ok());
        paths.next().map(|path| path.trim().to_owned())
    })
}

fn is_root() -> bool {
    output(&mut program("id", &["-u"])).is_ok_and(|id| id.trim() == "0")
}
