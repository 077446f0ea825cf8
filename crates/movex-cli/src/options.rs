//! The flags: each also a variable of the environment, and a field of `movex.json`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Deserialize;

const EXAMPLES: &str = "\
Examples:
  movex dev                                  src/movex.config.ts on http://127.0.0.1:3333, reloaded when you save
  movex dev --path game/movex.config.ts --static dist
  movex serve --port 8080 --static dist      for others: on all addresses, with the game's own page beside it
  movex serve --admin-key SECRET             GET /store and /connections with `Authorization: Bearer SECRET`
  movex build --out game.movex               one file with all that runs; `movex serve --path game.movex` serves it

In the game only the url changes: the npm packages movex 0.1.6 and movex-react work as they are.";

const SETTINGS: &str = "\
Each setting is taken from its flag, else from its variable, else from movex.json beside the app (the flag's name in \
camelCase, as in {\"port\": 8080, \"corsOrigin\": [\"https://game.example\"]}), else it has its default.
RUST_LOG chooses what is logged, as in RUST_LOG=warn,app=info; `app` is what reducers print.";

/// Movex: a predictable container for state that several people share.
///
/// Runs the reducers of an app on the authoritative master.
#[derive(Debug, Parser)]
#[command(name = "movex", version, after_help = EXAMPLES, max_term_width = 110)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Serves an app on this machine, and takes its code anew whenever you save.
    ///
    /// Connections and resources stay: each resource is folded again with the new code, from the oldest state kept
    /// (the last 10,000 actions). Code that does not load, or fails, changes nothing, and the output says why.
    #[command(after_help = SETTINGS)]
    Dev(Box<Options>),
    /// Serves an app to others.
    ///
    /// On all addresses of the machine, without the listings unless there is an admin key, and without the printed
    /// lines of private views.
    #[command(after_help = SETTINGS)]
    Serve(Box<Options>),
    /// Checks an app, and writes all that runs into one file.
    Build(BuildOptions),
}

/// Of `dev` and `serve`.
#[derive(Clone, Debug, Default, Args, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Options {
    /// The app's config, or a file made by `movex build` [default: src/movex.config.ts, .js or .mjs]
    #[arg(long, env = "MOVEX_PATH", value_name = "FILE")]
    #[serde(skip)]
    pub(crate) path: Option<PathBuf>,
    /// The port; 0 is any that is free. The variable `port` counts as well [default: 3333]
    #[arg(long, env = "MOVEX_PORT", value_name = "N")]
    pub(crate) port: Option<u16>,
    /// The address to listen on [default: 127.0.0.1 in dev, 0.0.0.0 in serve]
    #[arg(long, env = "MOVEX_HOST", value_name = "ADDRESS")]
    pub(crate) host: Option<String>,
    /// A folder with the game's page, served beside its master
    #[arg(long = "static", env = "MOVEX_STATIC", value_name = "DIR")]
    #[serde(rename = "static")]
    pub(crate) static_dir: Option<PathBuf>,
    /// An origin whose pages may read what is answered; may be given again [default: all]
    #[arg(long, env = "MOVEX_CORS_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    pub(crate) cors_origin: Vec<String>,
    /// Reading the clock or chance in a reducer is an error instead of a warning
    #[arg(long, env = "MOVEX_STRICT")]
    pub(crate) strict: bool,
    /// A variable of the environment that the app may see; may be given again
    #[arg(long, env = "MOVEX_ENV", value_name = "NAME", value_delimiter = ',')]
    pub(crate) env: Vec<String>,
    /// Opens the listings /connections and /store to who sends it as a bearer token
    #[arg(long, env = "MOVEX_ADMIN_KEY", value_name = "KEY", hide_env_values = true)]
    pub(crate) admin_key: Option<String>,
    /// Whether a connection may take over the id of one that lives [default: allow, as npm movex does]
    #[arg(long, env = "MOVEX_V0_TAKEOVER", value_name = "WHETHER")]
    pub(crate) v0_takeover: Option<Takeover>,
    /// How long a client that named its id is expected back after a drop, in ms [default: 60000]
    #[arg(long, env = "MOVEX_V0_RETENTION_MS", value_name = "N")]
    pub(crate) v0_retention_ms: Option<u64>,
    /// How the log is written [default: pretty]
    #[arg(long, env = "MOVEX_LOG", value_name = "FORM")]
    pub(crate) log: Option<Log>,
    /// Engines, each with a thread and a heap of its own, over which resources are spread [default: one per core]
    #[arg(long, env = "MOVEX_ENGINES", value_name = "N")]
    pub(crate) engines: Option<usize>,

    /// The longest message, in bytes [default: 1000000]
    #[arg(long, env = "MOVEX_MAX_MESSAGE_BYTES", value_name = "N", help_heading = "Limits")]
    pub(crate) max_message_bytes: Option<usize>,
    /// Connections at a time [default: 10000]
    #[arg(long, env = "MOVEX_MAX_CONNECTIONS", value_name = "N", help_heading = "Limits")]
    pub(crate) max_connections: Option<usize>,
    /// Requests of one connection under way [default: 10000]
    #[arg(long, env = "MOVEX_MAX_REQUESTS", value_name = "N", help_heading = "Limits")]
    pub(crate) max_requests: Option<usize>,
    /// Resources at a time [default: 100000]
    #[arg(long, env = "MOVEX_MAX_RESOURCES", value_name = "N", help_heading = "Limits")]
    pub(crate) max_resources: Option<usize>,
    /// How long a resource that nobody looks at is kept after its last use, in ms [default: one day]
    #[arg(long, env = "MOVEX_RESOURCE_IDLE_MS", value_name = "N", help_heading = "Limits")]
    pub(crate) resource_idle_ms: Option<u64>,
    /// Bytes that a connection may leave unread before it is cut off [default: 32 MiB]
    #[arg(long, env = "MOVEX_MAX_UNREAD_BYTES", value_name = "N", help_heading = "Limits")]
    pub(crate) max_unread_bytes: Option<usize>,
    /// All logs together, in bytes [default: 1 GiB]
    #[arg(long, env = "MOVEX_MAX_LOG_BYTES", value_name = "N", help_heading = "Limits")]
    pub(crate) max_log_bytes: Option<usize>,
    /// Memory of each engine, for code and states, in bytes [default: 256 MiB]
    #[arg(long, env = "MOVEX_MAX_SCRIPT_BYTES", value_name = "N", help_heading = "Limits")]
    pub(crate) max_script_bytes: Option<usize>,
    /// Stack of each engine, in bytes [default: 512 KiB]
    #[arg(long, env = "MOVEX_MAX_SCRIPT_STACK_BYTES", value_name = "N", help_heading = "Limits")]
    pub(crate) max_script_stack_bytes: Option<usize>,
    /// Steps of one call of a reducer, in ticks of ten thousand loop turns or calls [default: 1000]
    #[arg(long, env = "MOVEX_MAX_SCRIPT_TICKS", value_name = "N", help_heading = "Limits")]
    pub(crate) max_script_ticks: Option<u64>,
    /// The JSON text of one state, in bytes [default: 8 MiB]
    #[arg(long, env = "MOVEX_MAX_STATE_BYTES", value_name = "N", help_heading = "Limits")]
    pub(crate) max_state_bytes: Option<usize>,
}

/// Of `build`.
#[derive(Debug, Args)]
pub(crate) struct BuildOptions {
    /// The app's config [default: src/movex.config.ts, .js or .mjs]
    #[arg(long, env = "MOVEX_PATH", value_name = "FILE")]
    pub(crate) path: Option<PathBuf>,
    /// Where the bundle is written
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// A variable of the environment that the app may see, as it is now; may be given again
    #[arg(long, env = "MOVEX_ENV", value_name = "NAME", value_delimiter = ',')]
    pub(crate) env: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Takeover {
    /// The older connection is closed.
    Allow,
    /// The newer connection is refused.
    Deny,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Log {
    /// For people.
    #[default]
    Pretty,
    /// One object per line.
    Json,
}

impl Options {
    /// What is not set here is taken from there.
    pub(crate) fn or(self, other: Self) -> Self {
        let list = |mine: Vec<String>, other: Vec<String>| if mine.is_empty() { other } else { mine };
        Self {
            path: self.path.or(other.path),
            port: self.port.or(other.port),
            host: self.host.or(other.host),
            static_dir: self.static_dir.or(other.static_dir),
            cors_origin: list(self.cors_origin, other.cors_origin),
            strict: self.strict || other.strict,
            env: list(self.env, other.env),
            admin_key: self.admin_key.or(other.admin_key),
            v0_takeover: self.v0_takeover.or(other.v0_takeover),
            v0_retention_ms: self.v0_retention_ms.or(other.v0_retention_ms),
            log: self.log.or(other.log),
            engines: self.engines.or(other.engines),
            max_message_bytes: self.max_message_bytes.or(other.max_message_bytes),
            max_connections: self.max_connections.or(other.max_connections),
            max_requests: self.max_requests.or(other.max_requests),
            max_resources: self.max_resources.or(other.max_resources),
            resource_idle_ms: self.resource_idle_ms.or(other.resource_idle_ms),
            max_unread_bytes: self.max_unread_bytes.or(other.max_unread_bytes),
            max_log_bytes: self.max_log_bytes.or(other.max_log_bytes),
            max_script_bytes: self.max_script_bytes.or(other.max_script_bytes),
            max_script_stack_bytes: self.max_script_stack_bytes.or(other.max_script_stack_bytes),
            max_script_ticks: self.max_script_ticks.or(other.max_script_ticks),
            max_state_bytes: self.max_state_bytes.or(other.max_state_bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_are_well_formed() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_flag_goes_before_the_file() {
        let file: Options = serde_json::from_str(
            r#"{"port":1,"host":"h","corsOrigin":["https://a.example"],"static":"dist"}"#,
        )
        .unwrap();
        let flags = Options { port: Some(2), ..Options::default() };
        let merged = flags.or(file);
        assert_eq!((merged.port, merged.host.as_deref()), (Some(2), Some("h")));
        assert_eq!(merged.cors_origin, ["https://a.example"]);
        assert_eq!(merged.static_dir, Some("dist".into()));
    }

    #[test]
    fn a_misspelt_setting_is_an_error() {
        assert!(serde_json::from_str::<Options>(r#"{"prot":1}"#).is_err());
    }
}
