//! What can go wrong before or while the binary runs, as its user reads it.

use std::path::PathBuf;

use movex_script::{BuildError, BuildErrorKind, FileError};
use movex_server::{LoadError, StartError};

/// Why the binary gives up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error("{0}")]
    Build(#[from] BuildError),
    #[error("{0}")]
    Load(#[from] LoadError),
    #[error("{path}: {error}")]
    Bundle { path: PathBuf, error: FileError },
    #[error("{0}")]
    Start(#[from] StartError),
    #[error("{path} can't be {what}: {error}")]
    File { path: PathBuf, what: &'static str, error: std::io::Error },
    #[error("{path} is malformed: {error}")]
    Settings { path: PathBuf, error: serde_json::Error },
    #[error("{0} is no key of identities")]
    IdentityKey(PathBuf),
    #[error("--static {0}: there is no such folder")]
    NoStaticDir(PathBuf),
    #[error("the files of the app can't be watched: {0}")]
    Watch(#[from] notify::Error),
    #[error("the system refuses: {0}")]
    System(#[from] std::io::Error),
}

impl Failed {
    /// The hint as a line of its own, if there is one.
    pub(crate) fn hint_line(&self) -> String {
        self.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default()
    }

    /// Whether the app's developer can mend it by saving a file.
    pub(crate) fn is_in_the_code(&self) -> bool {
        match self {
            Failed::Build(error) => error.kind != BuildErrorKind::NoEntry,
            Failed::Load(_) => true,
            _ => false,
        }
    }

    /// What to do about it, where the sentence does not say so itself.
    fn hint(&self) -> Option<&'static str> {
        match self {
            Failed::Start(StartError::PortInUse { .. }) => Some("--port 0 takes any port that is free"),
            Failed::Start(StartError::Listen { .. }) => {
                Some("--host 127.0.0.1 listens for this machine alone, --host 0.0.0.0 for all")
            }
            Failed::NoStaticDir(_) => {
                Some("build the page first, or name the folder that has its index.html")
            }
            Failed::Settings { .. } => {
                Some("the names are those of the flags, in camelCase: {\"port\": 3333}")
            }
            Failed::IdentityKey(_) => {
                Some("put the file back, or delete it: then every v1 client becomes somebody new")
            }
            Failed::Watch(_) => Some("`movex serve` runs the app without watching it"),
            _ => None,
        }
    }
}
