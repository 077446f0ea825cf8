//! Deadlines: ticks that the master dispatches by itself (M26), and phases that were idle too long (M3).

use super::Resource;
use crate::action::{Action, Body};
use crate::context::TimeMs;
use crate::effect::Effect;
use crate::item::ForfeitCause;
use crate::reducer::{Fold, Report, ReportKind};

impl Resource {
    /// When this resource wants to be woken next.
    pub fn wake_at(&self) -> Option<TimeMs> {
        let tick = self.deadline.filter(|deadline| self.ticked != Some((*deadline, self.head)));
        tick.into_iter().chain(self.idle_at()).min()
    }

    fn idle_at(&self) -> Option<TimeMs> {
        self.phase.as_ref()?;
        Some(TimeMs(self.time.0.saturating_add(self.setting.limits.phase_idle_ms_max)))
    }

    pub(super) fn wake(&mut self, now: TimeMs, out: &mut dyn FnMut(Effect)) {
        if self.idle_at().is_some_and(|at| at <= now) {
            self.forfeit(now, ForfeitCause::Idle, out);
        }
        let Some(deadline) = self.deadline else { return };
        let time = self.time.max(now);
        // A tick has a time not before its deadline, and is tried once for each (deadline, head).
        if time < deadline || self.ticked == Some((deadline, self.head)) {
            return;
        }
        self.ticked = Some((deadline, self.head));
        match self.decide_own(time, Body::Public(Action::tick())) {
            Ok(decided) => {
                self.flush_reports(None, out);
                self.append_own(decided, out);
                if self.deadline.is_some_and(|next| next <= time) {
                    // The tick did not move the deadline on: said once, not repeated until another entry comes.
                    self.ticked = self.deadline.map(|next| (next, self.head));
                    self.report_stuck_deadline(out);
                }
            }
            Err(_) => self.flush_reports(None, out),
        }
    }

    fn report_stuck_deadline(&self, out: &mut dyn FnMut(Effect)) {
        out(Effect::Report(Report {
            kind: ReportKind::Warn,
            resource_type: self.rid.resource_type().to_owned(),
            text: format!(
                "the deadline of {} is still past after its own tick: let the reducer move it on at `tick`",
                self.rid
            ),
            location: None,
            private_to: None,
        }));
    }

    /// Asks for the deadline again; a failing hook counts as none.
    pub(super) fn rearm(&mut self) {
        if !self.features.deadline {
            return;
        }
        self.deadline = match self.reducer.deadline(self.public.state()) {
            Ok(deadline) => deadline,
            Err(failure) => {
                self.report_failure("`deadline`", &failure, Fold::Public);
                None
            }
        };
    }
}
