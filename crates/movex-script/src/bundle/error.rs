//! What can be wrong with an app's files, said so that its developer can mend it.

use std::fmt;

use movex_core::reducer::Location;

/// In which way an app can't be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BuildErrorKind {
    /// There is no config file.
    NoEntry,
    /// A file can't be read.
    Unreadable,
    /// A file is no valid JavaScript, TypeScript or JSON.
    Syntax,
    /// An import leads nowhere.
    Unresolved,
    /// An import leads to what can't run here: a Node built-in, a native addon, a style sheet.
    Unsupported,
    /// An import names what its module does not export.
    MissingExport,
    /// A tsconfig can't be read.
    Tsconfig,
}

impl BuildErrorKind {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoEntry => "no_entry",
            Self::Unreadable => "unreadable",
            Self::Syntax => "syntax",
            Self::Unresolved => "unresolved_import",
            Self::Unsupported => "unsupported_import",
            Self::MissingExport => "missing_export",
            Self::Tsconfig => "bad_tsconfig",
        }
    }
}

/// One step of the way from the config to the fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Where the import stands.
    pub by: Location,
    /// What it says.
    pub specifier: String,
}

/// An app that can't be loaded. Its `Display` is what the developer should see: the sentence, the place, the source
/// around it, and which imports lead there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct BuildError {
    /// In which way.
    pub kind: BuildErrorKind,
    /// A sentence that says what is wrong and what to do.
    pub message: String,
    /// Where.
    pub location: Option<Location>,
    /// The source around it.
    pub code_frame: Option<String>,
    /// The imports that lead there, the nearest first, the config's own last.
    pub chain: Vec<Imported>,
}

impl BuildError {
    pub(crate) fn new(kind: BuildErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), location: None, code_frame: None, chain: Vec::new() }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(location) = &self.location {
            write!(f, "\n  at {location}")?;
        }
        if let Some(frame) = &self.code_frame {
            write!(f, "\n{frame}")?;
        }
        for step in &self.chain {
            write!(f, "\n  imported as {:?} by {}", step.specifier, step.by)?;
        }
        Ok(())
    }
}
