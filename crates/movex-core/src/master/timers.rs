//! All of the master's own deadlines.

use super::{Master, Output};
use crate::context::TimeMs;
use crate::ids::Rid;
use crate::worker::Command;

impl Master {
    /// When [`Master::timeout`] should be called next, at the latest.
    pub fn next_timeout(&self) -> TimeMs {
        self.away.first().map_or(self.next_sweep, |(at, _)| (*at).min(self.next_sweep))
    }

    /// Does what is due: clients that did not come back are gone, resources that nobody used are deleted.
    pub fn timeout(&mut self, now: TimeMs) {
        while let Some((at, _)) = self.away.first()
            && *at <= now
            && let Some((_, client)) = self.away.pop_first()
        {
            self.forget_client(&client);
        }
        if self.next_sweep <= now {
            // A sweep looks at every resource, so it is rare.
            let idle = self.settings.resource_idle_ms_max;
            self.next_sweep = TimeMs(now.0 + (idle / 8).clamp(1_000, 10 * 60 * 1_000));
            self.sweep(now, idle);
        }
    }

    fn sweep(&mut self, now: TimeMs, idle_ms: u64) {
        let unused = self.fronts.iter().filter(|(_, front)| {
            front.lookers.is_empty() && front.is_open() && now.0.saturating_sub(front.used.0) >= idle_ms
        });
        let unused: Vec<Rid> = unused.map(|(rid, _)| rid.clone()).collect();
        for rid in unused {
            self.fronts.remove(&rid);
            self.command(rid.clone(), Command::Delete);
            self.out.push(Output::Forget { rid });
        }
    }
}
