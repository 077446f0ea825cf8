//! A bundle as one file: a line that says what it is, a line with its hash, and JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use movex_core::ids::AppVersion;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::module::Module;

/// The first line, without its end. The number is the format's.
pub(crate) const MAGIC: &[u8] = b"movex-bundle 1";

/// Why bytes are no bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// They are something else, or of another version of the format.
    #[error("this is no bundle that this version reads: make it again with `movex build`")]
    Format,
    /// They were changed since they were written.
    #[error("the bundle's content does not have the hash that it claims: make it again with `movex build`")]
    Hash,
    /// The content can't be read.
    #[error("the bundle's content can't be read ({0}): make it again with `movex build`")]
    Content(String),
}

#[derive(Deserialize)]
struct Content {
    modules: BTreeMap<String, Module>,
    env: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct ContentRef<'b> {
    modules: &'b BTreeMap<String, Module>,
    env: &'b BTreeMap<String, String>,
}

/// The hash of what runs: ids, code, where imports lead, and the environment. Source maps do not count: two bundles
/// that differ only in a comment behave alike, but so that an error's place is always the running one's, they do have
/// different sources, and those are hashed too.
pub(crate) fn version(modules: &BTreeMap<String, Module>, env: &BTreeMap<String, String>) -> AppVersion {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    for (id, module) in modules {
        part(id);
        part(&module.code);
        part(module.source.as_deref().unwrap_or_default());
        part(&module.imports.len().to_string());
        for (specifier, target) in &module.imports {
            part(specifier);
            part(target);
        }
    }
    for (name, value) in env {
        part(name);
        part(value);
    }
    let mut hex = String::with_capacity(64);
    for byte in hash.finalize() {
        write!(hex, "{byte:02x}").expect("a String takes all");
    }
    AppVersion::new(hex)
}

pub(crate) fn write(
    modules: &BTreeMap<String, Module>,
    env: &BTreeMap<String, String>,
    version: &AppVersion,
) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.push(b'\n');
    bytes.extend_from_slice(version.as_str().as_bytes());
    bytes.push(b'\n');
    let content = ContentRef { modules, env };
    serde_json::to_writer(&mut bytes, &content).expect("texts and maps of texts always have a JSON form");
    bytes
}

pub(crate) type Parts = (BTreeMap<String, Module>, BTreeMap<String, String>);

pub(crate) fn read(bytes: &[u8]) -> Result<Parts, FileError> {
    let rest =
        bytes.strip_prefix(MAGIC).and_then(|rest| rest.strip_prefix(b"\n")).ok_or(FileError::Format)?;
    let end = rest.iter().position(|byte| *byte == b'\n').ok_or(FileError::Format)?;
    let (claimed, json) = (&rest[..end], &rest[end + 1..]);
    let content: Content =
        serde_json::from_slice(json).map_err(|error| FileError::Content(error.to_string()))?;
    if version(&content.modules, &content.env).as_str().as_bytes() != claimed {
        return Err(FileError::Hash);
    }
    Ok((content.modules, content.env))
}
