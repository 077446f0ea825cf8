//! Whether the other side still lives: a connection can be dead without either end being told.

use movex_core::context::TimeMs;

/// Silence after which the master is asked.
const ASK_AFTER_MS: u64 = 15_000;
/// Silence after which it is taken for dead.
const DEAD_AFTER_MS: u64 = 25_000;

/// What is to be done about a silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pulse {
    Quiet,
    /// Ask, with this stamp.
    Ask(u64),
    Dead,
}

#[derive(Default)]
pub(super) struct KeepAlive {
    heard: TimeMs,
    asked: bool,
    stamp: u64,
}

impl KeepAlive {
    /// A connection begins: its greeting is the first question.
    pub(super) fn begin(&mut self, now: TimeMs) {
        self.heard = now;
        self.asked = true;
    }

    pub(super) fn heard(&mut self, now: TimeMs) {
        self.heard = now;
        self.asked = false;
    }

    pub(super) fn next_timeout(&self) -> TimeMs {
        let after = if self.asked { DEAD_AFTER_MS } else { ASK_AFTER_MS };
        TimeMs(self.heard.0 + after)
    }

    pub(super) fn timeout(&mut self, now: TimeMs) -> Pulse {
        if now < self.next_timeout() {
            return Pulse::Quiet;
        }
        if self.asked {
            return Pulse::Dead;
        }
        self.asked = true;
        self.stamp += 1;
        Pulse::Ask(self.stamp)
    }
}
