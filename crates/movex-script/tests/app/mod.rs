//! A small app in a folder of its own, for tests.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use movex_core::action::Action;
use movex_core::context::{Context, Entropy, Stamp, TimeMs};
use movex_core::ids::ClientId;
use movex_core::reducer::{Applied, DynReducer, Failure, Fold, Report, State};
use movex_script::{BuildError, BuildOptions, Bundle, HostOptions, LoadError, ScriptHost};

static NEXT: AtomicUsize = AtomicUsize::new(0);

/// Files in a temporary folder, which goes when this goes.
pub struct App {
    folder: PathBuf,
}

impl App {
    /// Writes the files.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let own = format!("movex-script-test-{}-{number}", std::process::id());
        // One level deeper, so that an app may have neighbours.
        let folder = std::env::temp_dir().join(own).join("app");
        let app = Self { folder };
        for (path, text) in files {
            app.write(path, text);
        }
        app
    }

    /// An app of one file.
    pub fn of(config: &str) -> Self {
        Self::new(&[("src/movex.config.ts", config)])
    }

    /// An app with one resource type, `it`.
    pub fn reducer(reducer: &str) -> Self {
        Self::of(&format!("const it: any = {reducer};\nexport default {{ resources: {{ it }} }};\n"))
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn build(&self) -> Result<Bundle, BuildError> {
        self.build_with(BuildOptions::default())
    }

    pub fn build_with(&self, options: BuildOptions) -> Result<Bundle, BuildError> {
        Bundle::build(&self.folder, options)
    }

    pub fn host(&self) -> Host {
        self.host_with(HostOptions::default())
    }

    pub fn host_with(&self, options: HostOptions) -> Host {
        self.try_host(options).unwrap_or_else(|error| panic!("{error}"))
    }

    pub fn try_host(&self, options: HostOptions) -> Result<Host, LoadError> {
        let bundle = self.build().unwrap_or_else(|error| panic!("{error}"));
        let said = Rc::new(RefCell::new(Vec::new()));
        let to = said.clone();
        let host = ScriptHost::new(&bundle, options, Rc::new(move |report| to.borrow_mut().push(report)))?;
        Ok(Host { host, said })
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // What is left in the temporary folder does no harm.
        let _ = self.folder.parent().map(std::fs::remove_dir_all);
    }
}

/// A host with what it said.
pub struct Host {
    pub host: ScriptHost,
    said: Rc<RefCell<Vec<Report>>>,
}

impl Host {
    pub fn of(&self, resource_type: &str) -> Resource {
        Resource(self.host.reducer(resource_type).unwrap())
    }

    pub fn it(&self) -> Resource {
        self.of("it")
    }

    /// What was said since the last time.
    pub fn said(&self) -> Vec<Report> {
        std::mem::take(&mut self.said.borrow_mut())
    }
}

pub struct Resource(pub Rc<dyn DynReducer>);

pub const TIME: u64 = 1_700_000_000_000;

pub fn context() -> Context {
    context_of(TIME, 7)
}

pub fn context_of(time: u64, entropy: u64) -> Context {
    let stamp = Stamp { time: TimeMs(time), author: ClientId::new("alice") };
    Context::new(stamp, Entropy(entropy))
}

pub fn action(kind: &str) -> Action {
    Action::from_json(format!("{{\"type\":\"{kind}\"}}")).unwrap()
}

pub fn action_with(kind: &str, payload: &str) -> Action {
    Action::from_json(format!("{{\"type\":\"{kind}\",\"payload\":{payload}}}")).unwrap()
}

impl Resource {
    pub fn init(&self) -> State {
        self.0.init(&context()).unwrap_or_else(|failure| panic!("{failure:?}"))
    }

    pub fn parse(&self, json: &str) -> State {
        self.0.parse(Some(json)).unwrap_or_else(|failure| panic!("{failure:?}"))
    }

    pub fn apply(&self, state: &State, action: &Action) -> Applied {
        self.0.apply(state, action, &context(), Fold::Public)
    }

    pub fn next(&self, state: &State, kind: &str) -> State {
        self.next_by(state, &action(kind))
    }

    pub fn next_by(&self, state: &State, action: &Action) -> State {
        match self.apply(state, action) {
            Applied::Next(next) => next,
            other => panic!("{other:?}"),
        }
    }

    pub fn fails(&self, state: &State, kind: &str) -> Failure {
        match self.apply(state, &action(kind)) {
            Applied::Failed(failure) => failure,
            other => panic!("{other:?}"),
        }
    }

    /// The state's JSON text.
    pub fn json(&self, state: &State) -> String {
        self.0.to_json(state).unwrap().unwrap_or_else(|| "undefined".into())
    }

    /// The JSON text of what one action makes of a state.
    pub fn after(&self, state: &str, kind: &str) -> String {
        self.json(&self.next(&self.parse(state), kind))
    }
}
