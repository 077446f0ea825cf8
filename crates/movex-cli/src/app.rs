//! An app's bundle, and its reducers in an engine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use movex_core::reducer::ReportSink;
use movex_script::{BuildOptions, Bundle, HostOptions, ScriptHost};
use movex_server::{App, LoadError, Loaded};

use crate::error::Failed;

/// Where an app's code is, and what it may see.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    path: PathBuf,
    env: BTreeMap<String, String>,
}

/// Compilers go deep into what people nest.
const BUILD_STACK_BYTES: usize = 64 << 20;

impl Source {
    /// The config at that path, or the default one. Of the environment, the app sees what is named, and `NODE_ENV`.
    pub(crate) fn new(path: Option<PathBuf>, names: &[String]) -> Self {
        let names = names.iter().map(String::as_str).chain(["NODE_ENV"]);
        let seen = names.filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)));
        Self { path: path.unwrap_or_else(|| PathBuf::from("src/movex.config")), env: seen.collect() }
    }

    /// Where the code begins, as it was named.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the bundle, or builds it.
    pub(crate) fn bundle(&self) -> Result<Bundle, Failed> {
        if let Some(bundle) = read_bundle(&self.path)? {
            return Ok(bundle);
        }
        let options = BuildOptions { env: self.env.clone() };
        let path = self.path.clone();
        let built = std::thread::Builder::new()
            .name("movex-build".into())
            .stack_size(BUILD_STACK_BYTES)
            .spawn(move || Bundle::build(&path, options))?
            .join();
        match built {
            Ok(built) => Ok(built?),
            Err(_) => {
                Err(Failed::Load(LoadError("the app can't be built: a fault of the builder itself".into())))
            }
        }
    }
}

fn read_bundle(path: &Path) -> Result<Option<Bundle>, Failed> {
    if !path.is_file() {
        return Ok(None);
    }
    let bytes =
        std::fs::read(path).map_err(|error| Failed::File { path: path.to_owned(), what: "read", error })?;
    if !Bundle::is_bundle(&bytes) {
        return Ok(None);
    }
    let read = Bundle::from_bytes(&bytes).map_err(|error| Failed::Bundle { path: path.to_owned(), error })?;
    Ok(Some(read))
}

/// A bundle that each engine loads for itself.
pub(crate) struct ScriptApp {
    bundle: Bundle,
    options: HostOptions,
}

impl ScriptApp {
    pub(crate) fn shared(bundle: Bundle, options: HostOptions) -> Arc<dyn App> {
        Arc::new(Self { bundle, options })
    }
}

/// Loads a bundle once, only to see whether it can be.
pub(crate) fn probe(bundle: &Bundle, options: &HostOptions) -> Result<(), LoadError> {
    let silent: ReportSink = Rc::new(|_| {});
    let loaded = ScriptHost::new(bundle, options.clone(), silent);
    loaded.map(drop).map_err(|error| LoadError(error.to_string()))
}

impl App for ScriptApp {
    fn load(&self, sink: ReportSink) -> Result<Loaded, LoadError> {
        let host = ScriptHost::new(&self.bundle, self.options.clone(), sink)
            .map_err(|error| LoadError(error.to_string()))?;
        let types = host.resource_types();
        let reducers = types.iter().filter_map(|name| Some(((*name).to_owned(), host.reducer(name)?)));
        Ok(Loaded { reducers: reducers.collect(), version: self.bundle.version().clone() })
    }
}
