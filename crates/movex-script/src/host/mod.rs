//! An app in one engine on the current thread.

mod call;
mod engine;
mod exception;
mod globals;
mod limits;
mod loader;
mod mirror;
mod options;
mod random;
mod reducer;
mod sources;
mod state;
mod value;

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use movex_core::reducer::{DynReducer, Failure, ReportSink};

pub use options::HostOptions;

use self::call::Calls;
use self::engine::Engine;
use self::reducer::ScriptReducer;
use self::sources::Sources;
use crate::bundle::Bundle;

/// An app that can't be loaded into an engine. Its `Display` is what the developer should see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError(pub Failure);

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the app can't be loaded: {}", self.0.message)?;
        if let Some(location) = &self.0.location {
            write!(f, "\n  at {location}")?;
        }
        if let Some(frame) = &self.0.code_frame {
            write!(f, "\n{frame}")?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadError {}

/// An app in an engine of its own, on the thread that made it. A server has one for each app and core at most.
pub struct ScriptHost {
    engine: Rc<Engine>,
    reducers: BTreeMap<String, Rc<ScriptReducer>>,
}

impl ScriptHost {
    /// Evaluates the app. What its code prints goes to `sink`, after each call.
    ///
    /// # Errors
    /// When the app throws, runs into a limit, or does not export `{ resources: { name: reducer } }`.
    pub fn new(bundle: &Bundle, options: HostOptions, sink: ReportSink) -> Result<Self, LoadError> {
        let calls = Rc::new(Calls::new(Sources::new(bundle.clone()), sink));
        let (engine, resources) = Engine::load(bundle, options, calls).map_err(LoadError)?;
        let reducers = resources
            .into_iter()
            .map(|(name, functions)| {
                let reducer = ScriptReducer::new(&name, functions, engine.clone());
                (name, Rc::new(reducer))
            })
            .collect();
        Ok(Self { engine, reducers })
    }

    /// The names of the app's resource types, sorted.
    pub fn resource_types(&self) -> Vec<&str> {
        self.reducers.keys().map(String::as_str).collect()
    }

    /// The reducer of a resource type.
    pub fn reducer(&self, resource_type: &str) -> Option<Rc<dyn DynReducer>> {
        let reducer = self.reducers.get(resource_type)?;
        Some(reducer.clone())
    }

    /// Frees what an app left behind in cycles. The engine does so by itself as its heap grows; a server may call this
    /// when it is idle.
    pub fn collect_garbage(&self) {
        self.engine.collect();
    }
}

impl fmt::Debug for ScriptHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptHost")
            .field("resource_types", &self.resource_types())
            .finish_non_exhaustive()
    }
}
