//! An app's code as one immutable value.

mod analyze;
mod commonjs;
mod compile;
mod embedded;
mod error;
mod file;
mod graph;
mod link;
mod module;
mod resolve;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use movex_core::ids::AppVersion;

pub use error::{BuildError, BuildErrorKind, Imported};
pub use file::FileError;
pub(crate) use link::ENTRY;
pub(crate) use module::Module;

/// The names under which the npm tools look for the config, TypeScript first.
const EXTENSIONS: [&str; 8] = ["ts", "tsx", "mts", "js", "jsx", "mjs", "cjs", "cts"];

/// How a bundle is built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildOptions {
    /// What `process.env` holds. `NODE_ENV` is `production` unless it is named here. Nothing else of the machine's
    /// environment is seen: reducers must give the same on every machine.
    pub env: BTreeMap<String, String>,
}

/// An app's code: every module as text, where each import leads, and source maps. Immutable; a clone shares it.
#[derive(Clone)]
pub struct Bundle(Arc<Inner>);

struct Inner {
    modules: BTreeMap<String, Module>,
    env: BTreeMap<String, String>,
    version: AppVersion,
    files: Vec<PathBuf>,
}

impl Bundle {
    /// Reads the config and everything that it imports.
    ///
    /// `entry` is the config file; with another or no extension, the file of that name with any of the extensions
    /// `.ts`, `.tsx`, `.mts`, `.js`, `.jsx`, `.mjs`, `.cjs`, `.cts`; for a folder, `src/movex.config` in it.
    ///
    /// # Errors
    /// When a file is missing, is no valid code, or imports what can't run here; the error says which import of which
    /// file brought it in.
    pub fn build(entry: &Path, options: BuildOptions) -> Result<Self, BuildError> {
        let entry = find_entry(entry)?;
        let root = app_folder(&entry);
        let graph = graph::read(&root, &entry)?;
        let modules = link::link(&graph)?;
        let mut env = options.env;
        env.entry("NODE_ENV".to_owned()).or_insert_with(|| "production".to_owned());
        Ok(Self::assemble(modules, env, graph.files.into_iter().collect()))
    }

    fn assemble(
        modules: BTreeMap<String, Module>,
        env: BTreeMap<String, String>,
        files: Vec<PathBuf>,
    ) -> Self {
        let version = file::version(&modules, &env);
        Self(Arc::new(Inner { modules, env, version, files }))
    }

    /// The hash of everything that runs. Two bundles with one version behave alike.
    pub fn version(&self) -> &AppVersion {
        &self.0.version
    }

    /// The files that were read: a watcher rebuilds when one changes. Empty for a bundle read from its file.
    pub fn files(&self) -> &[PathBuf] {
        &self.0.files
    }

    /// The bundle as the bytes of one file.
    pub fn to_bytes(&self) -> Vec<u8> {
        file::write(&self.0.modules, &self.0.env, &self.0.version)
    }

    /// Reads what [`Bundle::to_bytes`] wrote.
    ///
    /// # Errors
    /// When the bytes are no bundle, are of another format, or do not have the hash that they claim.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FileError> {
        let (modules, env) = file::read(bytes)?;
        Ok(Self::assemble(modules, env, Vec::new()))
    }

    /// Whether a file's first bytes are those of a bundle, so that `--path` may name either kind of file.
    pub fn is_bundle(bytes: &[u8]) -> bool {
        bytes.starts_with(file::MAGIC)
    }

    pub(crate) fn module(&self, id: &str) -> Option<&Module> {
        self.0.modules.get(id)
    }

    pub(crate) fn env(&self) -> &BTreeMap<String, String> {
        &self.0.env
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bundle")
            .field("version", &self.0.version)
            .field("modules", &self.0.modules.len())
            .finish_non_exhaustive()
    }
}

fn find_entry(entry: &Path) -> Result<PathBuf, BuildError> {
    let stem = if entry.is_dir() {
        entry.join("src/movex.config")
    } else {
        let known = entry.extension().and_then(|extension| extension.to_str());
        match known {
            Some(extension) if EXTENSIONS.contains(&extension) => entry.with_extension(""),
            _ => entry.to_owned(),
        }
    };
    let candidates = EXTENSIONS.iter().map(|extension| {
        let mut name = stem.clone().into_os_string();
        name.push(format!(".{extension}"));
        PathBuf::from(name)
    });
    let exact = entry.is_file().then(|| entry.to_owned());
    let found = exact.or_else(|| candidates.into_iter().find(|candidate| candidate.is_file()));
    let Some(found) = found else {
        return Err(BuildError::new(
            BuildErrorKind::NoEntry,
            format!(
                "there is no config at {}.ts (nor .tsx, .mts, .js, .jsx, .mjs, .cjs): create it with `export default {{ resources: \
                 {{ name: reducer }} }}`, or say where it is with --path",
                stem.display()
            ),
        ));
    };
    found.canonicalize().map_err(|error| {
        BuildError::new(BuildErrorKind::Unreadable, format!("{} can't be read: {error}", found.display()))
    })
}

/// The nearest folder with a package.json; without one, the config's own, or what holds `src`.
fn app_folder(entry: &Path) -> PathBuf {
    let own = entry.parent().unwrap_or(entry);
    let packaged = own.ancestors().find(|folder| folder.join("package.json").is_file());
    packaged.or_else(|| own.ends_with("src").then(|| own.parent()).flatten()).unwrap_or(own).to_owned()
}
