//! Logs go to stderr; stdout has the ready line alone.

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::options::Log;

static JSON: AtomicBool = AtomicBool::new(false);

/// Begins to log.
pub(crate) fn begin(form: Log) {
    let wanted = std::env::var("RUST_LOG").ok().and_then(|text| text.parse().ok());
    let targets: Targets = wanted.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let layer = fmt::layer().with_writer(std::io::stderr);
    let layer = match form {
        Log::Pretty => {
            let on_terminal = std::io::stderr().is_terminal();
            layer.with_target(false).with_ansi(on_terminal).boxed()
        }
        Log::Json => {
            JSON.store(true, Ordering::Relaxed);
            layer
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(false)
                .boxed()
        }
    };
    tracing_subscriber::registry()
        .with(layer.with_filter(targets))
        .init();
}

/// Whether stderr is read by machine.
pub(crate) fn are_json() -> bool {
    JSON.load(Ordering::Relaxed)
}
