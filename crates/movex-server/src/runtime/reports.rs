//! Where the lines of app code go (M10).

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

/// Prints one line.
pub(super) fn print(audience: Audience, report: &Report) {
    let mark = match &report.private_to {
        None => String::new(),
        Some(author) if audience == Audience::Developer => format!("[private view of {author}] "),
        Some(_) => return,
    };
    let place = report
        .location
        .as_ref()
        .map(|location| format!(" ({location})"))
        .unwrap_or_default();
    let (kind, text) = (&report.resource_type, &report.text);
    match report.kind {
        ReportKind::Log | ReportKind::Info => {
            tracing::info!(target: "app", "{mark}{kind}: {text}{place}");
        }
        ReportKind::Warn => tracing::warn!(target: "app", "{mark}{kind}: {text}{place}"),
        ReportKind::Error => tracing::error!(target: "app", "{mark}{kind}: {text}{place}"),
    }
}
