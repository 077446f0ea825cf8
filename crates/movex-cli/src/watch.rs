//! `movex dev`: the app's files are watched, and its code is taken anew in place.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use movex_script::{Bundle, HostOptions};
use movex_server::Server;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::runtime::Handle;

use crate::app::{self, ScriptApp, Source};
use crate::error::Failed;

/// Editors write a file in several steps: it is quiet for this long when they are done.
const QUIET: Duration = Duration::from_millis(20);
/// And this is as long as a busy editor is waited for.
const QUIET_WAIT_MAX: Duration = Duration::from_millis(60);

const EXTENSIONS: [&str; 10] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "json", "movex"];

/// Folders that are watched while something is missing.
const FOLDERS_MAX: usize = 500;

/// Files are watched as long as it is held.
pub(crate) struct Watching {
    _watcher: Arc<std::sync::Mutex<RecommendedWatcher>>,
}

/// Builds and loads the app; where that fails for a fault in its code, says so and waits until it is mended.
pub(crate) fn first_bundle(source: &Source, host: &HostOptions) -> Result<Bundle, Failed> {
    loop {
        // From before the attempt on: what is saved during it counts.
        let (changes, _watcher) = changes_below(source)?;
        let failed = match source.bundle() {
            Ok(bundle) => match app::probe(&bundle, host) {
                Ok(()) => return Ok(bundle),
                Err(error) => Failed::Load(error),
            },
            Err(failed) => failed,
        };
        if !failed.is_in_the_code() {
            return Err(failed);
        }
        tracing::error!("{failed}{}", failed.hint_line());
        tracing::info!("waiting until a file of the app is saved");
        if changes.recv().is_err() {
            return Err(failed);
        }
        wait_until_quiet(&changes);
    }
}

/// Tells of every change in the app's own folders, as long as the watcher is held.
fn changes_below(source: &Source) -> Result<(Receiver<()>, RecommendedWatcher), Failed> {
    let (tell, changes) = channel();
    let own_name = source.path().file_name().map(OsStr::to_owned);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.is_ok_and(|event| matters(&event, own_name.as_deref())) {
            // Nobody listens any more once the app is built.
            let _ = tell.send(());
        }
    })?;
    for folder in folders_below(source.path()) {
        watcher.watch(&folder, RecursiveMode::NonRecursive)?;
    }
    Ok((changes, watcher))
}

/// Begins to watch.
pub(crate) fn begin(
    source: Source,
    bundle: Bundle,
    host: HostOptions,
    server: Arc<Server>,
) -> Result<Watching, Failed> {
    let (tell, changes) = channel();
    // A bundle may be called as one likes.
    let own_name = source.path().file_name().map(OsStr::to_owned);
    let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.is_ok_and(|event| matters(&event, own_name.as_deref())) {
            // The thread that listens ends with the process.
            let _ = tell.send(());
        }
    })?;
    let watcher = Arc::new(std::sync::Mutex::new(watcher));
    let mut reloader = Reloader {
        source,
        bundle,
        host,
        server,
        runtime: Handle::current(),
        watcher: Arc::downgrade(&watcher),
        watched: BTreeSet::new(),
        is_behind: false,
    };
    reloader.watch(reloader.folders());
    std::thread::Builder::new().name("movex-watch".into()).spawn(move || reloader.run(&changes))?;
    Ok(Watching { _watcher: watcher })
}

fn matters(event: &Event, own_name: Option<&OsStr>) -> bool {
    let changes = matches!(event.kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_));
    let is_code = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        // Without an extension it may be a folder.
        extension.is_none_or(|extension| EXTENSIONS.contains(&extension)) || path.file_name() == own_name
    };
    changes && event.paths.iter().any(is_code)
}

struct Reloader {
    source: Source,
    /// What runs now.
    bundle: Bundle,
    host: HostOptions,
    server: Arc<Server>,
    runtime: Handle,
    watcher: std::sync::Weak<std::sync::Mutex<RecommendedWatcher>>,
    watched: BTreeSet<PathBuf>,
    /// The files have other code than what runs.
    is_behind: bool,
}

impl Reloader {
    fn run(mut self, changes: &Receiver<()>) {
        while changes.recv().is_ok() {
            wait_until_quiet(changes);
            self.reload();
        }
    }

    fn reload(&mut self) {
        let began = Instant::now();
        let bundle = match self.source.bundle() {
            Ok(bundle) => bundle,
            Err(error) => {
                self.is_behind = true;
                tracing::error!("the old code goes on: {error}");
                // What is missing may come in a folder in which nothing was yet.
                let all = self.folders().into_iter().chain(folders_below(self.source.path()));
                return self.watch(all.collect());
            }
        };
        if bundle.version() == self.bundle.version() {
            if std::mem::take(&mut self.is_behind) {
                tracing::info!("the files have the code that runs again");
            }
            return;
        }
        let app = ScriptApp::shared(bundle.clone(), self.host.clone());
        match self.runtime.block_on(self.server.reload(app)) {
            Ok(kept_old) => {
                for why in kept_old {
                    tracing::error!("a resource stays with the old code: {why}");
                }
                let took_ms = began.elapsed().as_millis();
                tracing::info!(version = bundle.version().as_str(), took_ms, "reloaded");
                self.bundle = bundle;
                self.is_behind = false;
                self.watch(self.folders());
            }
            Err(error) => {
                self.is_behind = true;
                tracing::error!("the old code goes on: {error}");
            }
        }
    }

    /// The folders of all files: editors replace a file by another, which a watch on the file would miss.
    fn folders(&self) -> BTreeSet<PathBuf> {
        let files = self.bundle.files();
        let own = self.source.path().canonicalize().ok();
        let own = own.as_ref().filter(|_| files.is_empty());
        let folders = files.iter().chain(own).filter_map(|file| file.parent());
        folders.map(Path::to_owned).collect()
    }

    fn watch(&mut self, folders: BTreeSet<PathBuf>) {
        let Some(watcher) = self.watcher.upgrade() else {
            return;
        };
        let mut watcher = watcher.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for folder in folders.difference(&self.watched) {
            if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
                tracing::warn!(folder = %folder.display(), %error, "a folder can't be watched");
            }
        }
        for folder in self.watched.difference(&folders) {
            // It may be gone already.
            let _ = watcher.unwatch(folder);
        }
        self.watched = folders;
    }
}

/// The folders below that of the config, some of them: `node_modules` and what is hidden are not the app's own.
fn folders_below(path: &Path) -> Vec<PathBuf> {
    let folder = match path.parent() {
        Some(parent) if !path.is_dir() => parent,
        _ => path,
    };
    // A path of one name is in the current folder.
    let folder = Path::new(".").join(folder).canonicalize();
    let mut found: Vec<PathBuf> = folder.into_iter().collect();
    let mut at = 0;
    while at < found.len() && found.len() < FOLDERS_MAX {
        // One that can't be read has nothing that the app could import.
        let entries = std::fs::read_dir(&found[at]).into_iter().flatten().flatten();
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let is_own = |name: &OsStr| name != "node_modules" && !name.as_encoded_bytes().starts_with(b".");
        found.extend(folders.filter(|entry| is_own(&entry.file_name())).map(|entry| entry.path()));
        at += 1;
    }
    found
}

fn wait_until_quiet(changes: &Receiver<()>) {
    let until = Instant::now() + QUIET_WAIT_MAX;
    while Instant::now() < until {
        match changes.recv_timeout(QUIET) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
        }
    }
}
