//! An app as the engines load it.

use movex_core::ids::AppVersion;
use movex_core::reducer::ReportSink;
use movex_core::worker::Reducers;

/// What one engine runs.
pub struct Loaded {
    /// By resource type.
    pub reducers: Reducers,
    /// The code's hash.
    pub version: AppVersion,
}

/// The app could not be loaded; its text is what the developer should see.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LoadError(pub String);

/// An app's code. Each engine loads it for itself, on its own thread, for reducers and states stay there.
pub trait App: Send + Sync + 'static {
    /// Makes the reducers of one engine; what they print goes to the sink.
    ///
    /// # Errors
    /// When the app's code can't be loaded.
    fn load(&self, sink: ReportSink) -> Result<Loaded, LoadError>;
}

impl<F> App for F
where
    F: Fn(ReportSink) -> Result<Loaded, LoadError> + Send + Sync + 'static,
{
    fn load(&self, sink: ReportSink) -> Result<Loaded, LoadError> {
        self(sink)
    }
}
