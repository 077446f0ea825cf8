//! One module of a bundle.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A module as the engine gets it. Its id is its path relative to the app's folder, so that a stack trace reads well.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Module {
    /// What the engine runs: an ES module.
    pub(crate) code: String,
    /// The source map from `code` to `source`, as JSON text, when they differ by more than `lines_before`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) map: Option<String>,
    /// What the developer wrote, when that is not `code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    /// Lines that were put before the developer's first.
    #[serde(default)]
    pub(crate) lines_before: u32,
    /// From each specifier that it imports to the id of the module meant.
    pub(crate) imports: BTreeMap<String, String>,
}
