//! Where the lines of app code go (M10).

use std::sync::atomic::{AtomicU64, Ordering};

use movex_core::reducer::{Report, ReportKind};

/// Who may read the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// Operators, who may be players: lines of private views are dropped.
    #[default]
    Operators,
    /// The developer on the own terminal: lines of private views are shown, marked.
    Developer,
}

/// Where app code's lines go, and how many of them were public warnings and errors: a failing hook shows there.
pub(super) struct Reporter {
    audience: Audience,
    warnings: AtomicU64,
    errors: AtomicU64,
}

impl Reporter {
    pub(super) fn new(audience: Audience) -> Self {
        Self { audience, warnings: AtomicU64::new(0), errors: AtomicU64::new(0) }
    }

    /// Counts a line, and prints it to whom it is for. What a private view says is counted nowhere (M8).
    pub(super) fn take(&self, report: &Report) {
        if report.private_to.is_none() {
            match report.kind {
                ReportKind::Warn => self.warnings.fetch_add(1, Ordering::Relaxed),
                ReportKind::Error => self.errors.fetch_add(1, Ordering::Relaxed),
                ReportKind::Log | ReportKind::Info => 0,
            };
        }
        print(self.audience, report);
    }

    /// Warnings and errors so far.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.warnings.load(Ordering::Relaxed), self.errors.load(Ordering::Relaxed))
    }
}

/// Prints one line.
fn print(audience: Audience, report: &Report) {
    let mark = match &report.private_to {
        None => String::new(),
        Some(author) if audience == Audience::Developer => format!("[private view of {author}] "),
        Some(_) => return,
    };
    let place = report.location.as_ref().map(|location| format!(" ({location})")).unwrap_or_default();
    let (kind, text) = (&report.resource_type, &report.text);
    match report.kind {
        ReportKind::Log | ReportKind::Info => {
            tracing::info!(target: "app", "{mark}{kind}: {text}{place}");
        }
        ReportKind::Warn => tracing::warn!(target: "app", "{mark}{kind}: {text}{place}"),
        ReportKind::Error => tracing::error!(target: "app", "{mark}{kind}: {text}{place}"),
    }
}

#[cfg(test)]
mod tests {
    use movex_core::ids::ClientId;

    use super::*;

    #[test]
    fn m8_what_a_private_view_says_is_counted_nowhere() {
        let reporter = Reporter::new(Audience::Operators);
        let report = |kind, private_to: Option<&str>| Report {
            kind,
            resource_type: "game".into(),
            text: "said".into(),
            location: None,
            private_to: private_to.map(ClientId::new),
        };
        reporter.take(&report(ReportKind::Error, None));
        reporter.take(&report(ReportKind::Warn, None));
        reporter.take(&report(ReportKind::Log, None));
        reporter.take(&report(ReportKind::Error, Some("ann")));
        reporter.take(&report(ReportKind::Warn, Some("ann")));
        assert_eq!(reporter.counts(), (1, 1));
    }
}
