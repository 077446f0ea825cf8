//! One entry in one view (M4), and the reports of the calls that it takes.

use std::cell::RefCell;
use std::rc::Rc;

use super::Resource;
use crate::effect::Effect;
use crate::ids::ClientId;
use crate::item::{Entry, Note, NoteKind, NoteScope};
use crate::reducer::{Applied, Failure, FailureKind, Fold, Report, ReportKind, ReportSink, State};

/// What reducers said during the input at hand. A script host is given [`Reports::sink`]; the resource decides what
/// becomes of the lines, for a rejected attempt says nothing in public (M8).
#[derive(Clone, Default)]
pub struct Reports(Rc<RefCell<Vec<Report>>>);

impl Reports {
    /// Where a host puts its reports.
    pub fn sink(&self) -> ReportSink {
        let reports = self.clone();
        Rc::new(move |report| reports.0.borrow_mut().push(report))
    }

    /// Takes all that is there.
    pub fn take(&self) -> Vec<Report> {
        self.0.borrow_mut().split_off(0)
    }

    /// After a refold: what was printed then was printed once already; warnings and errors stay, each once.
    pub(super) fn forget_prints(&self) {
        let mut kept: Vec<Report> = Vec::new();
        for report in self.take() {
            let told = matches!(report.kind, ReportKind::Warn | ReportKind::Error);
            if told && kept.len() < REFOLD_REPORTS_MAX && !kept.contains(&report) {
                kept.push(report);
            }
        }
        *self.0.borrow_mut() = kept;
    }

    fn push(&self, report: Report) {
        self.0.borrow_mut().push(report);
    }
}

/// A refold of ten thousand entries that each fail is told by its first failures.
const REFOLD_REPORTS_MAX: usize = 20;

/// What an entry does in a view that did not decide it.
pub(super) struct Folded {
    /// The next state, or none when the view stays.
    pub(super) next: Option<State>,
    /// It ran into a limit (M4): the caller notes it.
    pub(super) limit: bool,
}

impl Resource {
    /// Folds an entry that is accepted already: the view may reject it or fail on it, then it stays as it is.
    pub(super) fn fold(
        &self,
        state: &State,
        entry: &Entry,
        own: bool,
        fold: Fold<'_>,
        scope: &NoteScope,
    ) -> Folded {
        let note = Note { seq: entry.seq, scope: scope.clone(), kind: NoteKind::Limit };
        if self.notes.contains(&note) {
            return Folded { next: None, limit: false };
        }
        let (action, context) = entry.half(own);
        match self.reducer.apply(state, action, &context, fold) {
            Applied::Next(next) => Folded { next: Some(next), limit: false },
            Applied::Rejected(_) => Folded { next: None, limit: false },
            Applied::Failed(failure) => {
                self.report_failure("an action of somebody else", &failure, fold);
                Folded { next: None, limit: failure.kind == FailureKind::Limit }
            }
        }
    }

    /// Says to the developer that app code failed, as publicly as the fold is.
    pub(super) fn report_failure(&self, what: &str, failure: &Failure, fold: Fold<'_>) {
        let frame = failure.code_frame.as_deref().map(|frame| format!("\n{frame}")).unwrap_or_default();
        self.setting.reports.push(Report {
            kind: ReportKind::Error,
            resource_type: self.rid.resource_type().to_owned(),
            text: format!("{what} failed in {}: {}{frame}", self.rid, failure.message),
            location: failure.location.clone(),
            private_to: match fold {
                Fold::Private(author) => Some(author.clone()),
                Fold::Public | Fold::Revealed => None,
            },
        });
    }

    /// Passes the reports on. Where `private_to` is given, all of them are as secret as that author's view: what a
    /// refused attempt printed is for nobody else, even what it printed in the public fold (M8).
    pub(super) fn flush_reports(&self, private_to: Option<&ClientId>, out: &mut dyn FnMut(Effect)) {
        for mut report in self.setting.reports.take() {
            if let Some(author) = private_to {
                report.private_to = Some(author.clone());
            }
            out(Effect::Report(report));
        }
    }
}
