//! What an operator can set.

use std::path::PathBuf;

use movex_core::ids::AppId;
use movex_core::resource::Limits;

use crate::runtime::Audience;

/// How a server behaves. The default is that of `serve`, on any free port of this machine alone.
#[derive(Clone)]
pub struct Settings {
    /// The app's name, by which all that it keeps is scoped.
    pub app: AppId,
    /// An address, or a name that has one.
    pub host: String,
    /// 0 is any that is free.
    pub port: u16,
    /// Origins whose pages may read what we answer; none means all.
    pub cors_origins: Vec<String>,
    /// A folder whose files are served beside the API.
    pub static_dir: Option<PathBuf>,
    /// Who may list connections and resources.
    pub listings: Listings,
    /// Who reads the log (M10).
    pub audience: Audience,
    /// Engine threads.
    pub engines: usize,
    /// Stack of each engine thread, in bytes.
    pub engine_stack_bytes: usize,
    /// Of the master: takeover, retention, connections, requests, resources.
    pub master: movex_core::master::Settings,
    /// Of each resource.
    pub limits: Limits,
    /// The longest message, in bytes.
    pub message_bytes_max: usize,
    /// Bytes that one connection may leave unread before it is cut off.
    pub unread_bytes_max: usize,
    /// Bytes that all logs together may have.
    pub log_bytes_max: usize,
    /// Bytes of requests that may wait for the engines.
    pub queued_bytes_max: usize,
    /// What signs the identities of v1 clients; without, a key that is gone with the process.
    pub identity_key: Option<[u8; 32]>,
    /// Seconds for which a connection may take nothing of what is written to it before it is closed.
    pub write_stall_secs: u64,
}

/// Who may see `/connections` and `/store`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Listings {
    /// Nobody.
    #[default]
    Closed,
    /// Who sends `Authorization: Bearer KEY`.
    Key(String),
    /// Everybody: on a developer's own machine.
    Open,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            app: AppId::new("app"),
            host: "127.0.0.1".into(),
            port: 0,
            cors_origins: Vec::new(),
            static_dir: None,
            listings: Listings::Closed,
            audience: Audience::Operators,
            engines: std::thread::available_parallelism().map_or(1, usize::from),
            engine_stack_bytes: 4 << 20,
            master: movex_core::master::Settings::default(),
            limits: Limits::default(),
            message_bytes_max: 1_000_000,
            unread_bytes_max: 32 << 20,
            log_bytes_max: 1 << 30,
            queued_bytes_max: 256 << 20,
            identity_key: None,
            write_stall_secs: 30,
        }
    }
}
