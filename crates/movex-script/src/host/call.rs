//! What the running call may know, and what it says.
//!
//! The engine's globals (`Math.random`, `console.log`, ...) are installed once and serve every call, so they find the
//! running call here. What a call says is kept until it has ended: a call that is run again on a working copy has not
//! spoken twice, and the sink is never called from inside the engine.

#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::ptr::NonNull;
use std::rc::Rc;

use movex_core::context::Context;
use movex_core::ids::ClientId;
use movex_core::reducer::{Fold, Location, Report, ReportKind, ReportSink};

use super::random::Random;
use super::sources::Sources;

/// A script that prints in a loop must not fill the host's memory: so many lines of one call are kept.
const LINES_MAX: usize = 200;
/// And so many bytes of one line.
const LINE_BYTES_MAX: usize = 8 * 1024;

/// Where time and chance come from.
#[derive(Clone, Copy)]
enum Source {
    /// An entry's context: reading its chance marks it (M9).
    Entry(NonNull<Context>),
    /// A hook is asked at a time, and has no chance of its own: it gets the same numbers at every call.
    Fixed { time_ms: u64 },
}

struct Running {
    source: Source,
    random: Option<Random>,
    resource_type: Rc<str>,
    private_to: Option<ClientId>,
    said: Vec<Report>,
    /// Warnings that count as given once this call has ended.
    warned: Vec<String>,
}

/// The running call, and what was warned of before.
pub(crate) struct Calls {
    running: RefCell<Option<Running>>,
    /// Which warnings were given, by whether the fold was public, resource type and text. Kept apart, so that a
    /// private fold changes nothing that is said publicly (M10).
    warned: RefCell<HashSet<(bool, Rc<str>, String)>>,
    pub(crate) sources: Sources,
    sink: ReportSink,
    busy: Cell<bool>,
}

/// What a call is, as far as its surroundings go.
pub(crate) struct About<'c> {
    pub(crate) resource_type: Rc<str>,
    pub(crate) fold: Fold<'c>,
    pub(crate) context: Option<&'c Context>,
    /// The time for a hook, which has no context.
    pub(crate) time_ms: u64,
}

impl Calls {
    pub(crate) fn new(sources: Sources, sink: ReportSink) -> Self {
        Self {
            running: RefCell::new(None),
            warned: RefCell::default(),
            sources,
            sink,
            busy: Cell::new(false),
        }
    }

    /// Runs something as a call. `about.context` is reachable for the engine's globals while it runs, no longer.
    pub(crate) fn run<T>(&self, about: &About<'_>, call: impl FnOnce() -> T) -> T {
        assert!(!self.busy.replace(true), "a call of app code never starts another");
        /// Ends the call however it ends: the pointer must not outlive the borrow.
        struct End<'c>(&'c Calls);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                if let Ok(mut running) = self.0.running.try_borrow_mut()
                    && let Some(running) = &mut *running
                {
                    running.source = Source::Fixed { time_ms: 0 };
                }
                self.0.busy.set(false);
            }
        }
        *self.running.borrow_mut() = Some(Running {
            source: about.context.map_or(Source::Fixed { time_ms: about.time_ms }, |context| {
                Source::Entry(NonNull::from(context))
            }),
            random: None,
            resource_type: about.resource_type.clone(),
            private_to: match about.fold {
                Fold::Private(author) => Some(author.clone()),
                Fold::Public | Fold::Revealed => None,
            },
            said: Vec::new(),
            warned: Vec::new(),
        });
        let _end = End(self);
        call()
    }

    /// Forgets what the call said and drew: it is run again, or another ran in its place.
    pub(crate) fn restart(&self) {
        if let Some(running) = &mut *self.running.borrow_mut() {
            running.random = None;
            running.said.clear();
            running.warned.clear();
        }
    }

    /// Gives what the last call said to the sink. Outside of the engine, so that the sink may do what it likes.
    pub(crate) fn flush(&self) {
        let Some(running) = self.running.borrow_mut().take() else {
            return;
        };
        let public = running.private_to.is_none();
        let mut warned = self.warned.borrow_mut();
        for what in running.warned {
            warned.insert((public, running.resource_type.clone(), what));
        }
        drop(warned);
        for report in running.said {
            (self.sink)(report);
        }
    }

    /// The time that `Date.now()` gives.
    pub(crate) fn now_ms(&self) -> u64 {
        match self.running.borrow().as_ref().map(|running| running.source) {
            // SAFETY: `run` clears the pointer before the borrow behind it ends.
            Some(Source::Entry(context)) => unsafe { context.as_ref() }.stamp.time.0,
            Some(Source::Fixed { time_ms }) => time_ms,
            None => 0,
        }
    }

    /// The next number that `Math.random()` gives.
    pub(crate) fn random(&self) -> f64 {
        let mut running = self.running.borrow_mut();
        let Some(running) = &mut *running else {
            return 0.5;
        };
        let source = running.source;
        let random = running.random.get_or_insert_with(|| match source {
            // SAFETY: `run` clears the pointer before the borrow behind it ends.
            Source::Entry(context) => Random::new(unsafe { context.as_ref() }.entropy().0),
            Source::Fixed { time_ms } => Random::new(time_ms),
        });
        random.next()
    }

    /// Whether the running call is the loading of the app, which belongs to no resource type.
    pub(crate) fn is_loading(&self) -> bool {
        let running = self.running.borrow();
        running.as_ref().is_some_and(|running| running.resource_type.is_empty())
    }

    /// Whether a warning was not given yet, for this reducer and this kind of fold.
    pub(crate) fn is_first(&self, what: &str) -> bool {
        let running = self.running.borrow();
        let Some(running) = &*running else {
            return false;
        };
        let public = running.private_to.is_none();
        let key = (public, running.resource_type.clone(), what.to_owned());
        !running.warned.iter().any(|warned| warned == what) && !self.warned.borrow().contains(&key)
    }

    /// Warns once.
    pub(crate) fn warn_once(&self, what: &str, text: String, location: Option<Location>) {
        if !self.is_first(what) {
            return;
        }
        self.say(ReportKind::Warn, text, location);
        if let Some(running) = &mut *self.running.borrow_mut() {
            running.warned.push(what.to_owned());
        }
    }

    /// Keeps a line for the sink.
    pub(crate) fn say(&self, kind: ReportKind, mut text: String, location: Option<Location>) {
        let mut running = self.running.borrow_mut();
        let Some(running) = &mut *running else {
            return;
        };
        match running.said.len() {
            LINES_MAX.. => return,
            last if last + 1 == LINES_MAX => text = "it printed more than is kept of one call".to_owned(),
            _ => {}
        }
        if text.len() > LINE_BYTES_MAX {
            let mut end = LINE_BYTES_MAX;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            text.push_str(" ...");
        }
        running.said.push(Report {
            kind,
            resource_type: running.resource_type.to_string(),
            text,
            location,
            private_to: running.private_to.clone(),
        });
    }
}
