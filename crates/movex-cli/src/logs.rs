//! Logs go to stderr; stdout has the ready line alone.
//!
//! A line is written by a thread of its own: whoever reads stderr slowly, or not at all, must not stop the master.

use std::io::{self, IsTerminal as _, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::options::Log;

static JSON: AtomicBool = AtomicBool::new(false);

/// Lines that may wait; more are dropped, and their number is told.
const LINES_MAX: usize = 10_000;

/// How long the last lines may take when the process ends.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Begins to log. What is returned writes the rest when it is dropped.
pub(crate) fn begin(form: Log) -> io::Result<Writing> {
    let wanted = std::env::var("RUST_LOG").ok().and_then(|text| text.parse().ok());
    let targets: Targets = wanted.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let (lines, writing) = Lines::begin()?;
    let layer = fmt::layer().with_writer(lines);
    let layer = match form {
        Log::Pretty => {
            let on_terminal = io::stderr().is_terminal();
            layer.with_target(false).with_ansi(on_terminal).boxed()
        }
        Log::Json => {
            JSON.store(true, Ordering::Relaxed);
            layer.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
        }
    };
    tracing_subscriber::registry().with(layer.with_filter(targets)).init();
    Ok(writing)
}

/// Whether stderr is read by machine.
pub(crate) fn are_json() -> bool {
    JSON.load(Ordering::Relaxed)
}

enum Message {
    Line(Vec<u8>),
    End,
}

/// Where lines are handed over.
#[derive(Clone)]
struct Lines {
    sender: SyncSender<Message>,
    dropped: Arc<AtomicUsize>,
}

/// The thread that writes.
pub(crate) struct Writing {
    sender: SyncSender<Message>,
    /// Disconnected when the thread has ended.
    ended: Receiver<()>,
}

impl Lines {
    fn begin() -> io::Result<(Self, Writing)> {
        let (sender, receiver) = sync_channel(LINES_MAX);
        let dropped = Arc::new(AtomicUsize::new(0));
        let count = dropped.clone();
        let (end, ended) = sync_channel(0);
        std::thread::Builder::new().name("movex-log".into()).spawn(move || {
            let _end: SyncSender<()> = end;
            write(&receiver, &count);
        })?;
        let writing = Writing { sender: sender.clone(), ended };
        Ok((Self { sender, dropped }, writing))
    }
}

fn write(lines: &Receiver<Message>, dropped: &AtomicUsize) {
    let mut stderr = io::stderr();
    while let Ok(Message::Line(line)) = lines.recv() {
        // A closed stderr is no reason to end.
        let _ = stderr.write_all(&line);
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 && !are_json() {
            let _ = writeln!(stderr, "({lost} lines were dropped: stderr is read too slowly)");
        } else if lost > 0 {
            let _ = writeln!(stderr, r#"{{"level":"WARN","message":"lines were dropped","lines":{lost}}}"#);
        }
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.sender.try_send(Message::Line(line.to_vec())) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => {}
            Err(TrySendError::Full(_)) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // If nobody reads, the rest is lost, and the process still ends.
        if self.sender.try_send(Message::End).is_ok() {
            let _ = self.ended.recv_timeout(LAST_LINES);
        }
    }
}
