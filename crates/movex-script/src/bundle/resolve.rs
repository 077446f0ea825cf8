//! Where an import leads: files, packages, tsconfig aliases.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use oxc_resolver::{ResolveError, ResolveOptions, Resolver, TsConfig, TsconfigDiscovery};

use super::embedded;

/// How a module is asked for: a package may answer differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Import,
    Require,
}

/// What an import leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A module that comes with the host.
    Embedded(String),
    /// A file that can be loaded.
    File(PathBuf),
    /// A file that has no meaning here, such as a style sheet or a picture.
    Asset(PathBuf),
    /// Nothing; the package itself says that outside of Node it is not needed.
    Nothing,
    /// Part of Node.
    Builtin(String),
    /// A native addon.
    Native(PathBuf),
}

/// Why an import leads nowhere.
#[derive(Debug)]
pub(crate) enum Unresolved {
    NotFound(String),
    Tsconfig(String),
}

/// Resolves imports of one app.
pub(crate) struct Resolve {
    import: Resolver,
    require: Resolver,
    /// Knows Node's own modules and what packages have for Node alone, and is asked when nothing else is found: a
    /// package may have the name of a part of Node.
    node: [Resolver; 2],
}

/// As in the bundlers' defaults for browsers: the engine has no Node, and packages with two builds have one that needs
/// none under `browser`.
fn options(way: Way, for_node: bool) -> ResolveOptions {
    let way_of = match way {
        Way::Import => "import",
        Way::Require => "require",
    };
    let conditions: &[&str] = match for_node {
        false => &[way_of, "module", "browser", "default"],
        true => &[way_of, "node", "default"],
    };
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    ResolveOptions {
        tsconfig: Some(TsconfigDiscovery::Auto),
        condition_names: owned(conditions),
        main_fields: match way {
            Way::Import => owned(&["module", "main"]),
            Way::Require => owned(&["main"]),
        },
        alias_fields: vec![owned(&["browser"])],
        extensions: owned(&[".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json"]),
        // TypeScript writes `./a.js` for what is `./a.ts` on disk.
        extension_alias: vec![
            (".js".into(), owned(&[".js", ".ts", ".tsx", ".jsx"])),
            (".jsx".into(), owned(&[".jsx", ".tsx"])),
            (".mjs".into(), owned(&[".mjs", ".mts"])),
            (".cjs".into(), owned(&[".cjs", ".cts"])),
        ],
        builtin_modules: for_node,
        node_path: false,
        ..ResolveOptions::default()
    }
}

impl Resolve {
    pub(crate) fn new() -> Self {
        let import = Resolver::new(options(Way::Import, false));
        let require = import.clone_with_options(options(Way::Require, false));
        let node = [Way::Import, Way::Require].map(|way| import.clone_with_options(options(way, true)));
        Self { import, require, node }
    }

    /// The tsconfig that holds for a file, if there is one.
    pub(crate) fn tsconfig(&self, file: &Path) -> Result<Option<Arc<TsConfig>>, Unresolved> {
        self.import.find_tsconfig(file).map_err(|error| Unresolved::Tsconfig(error.to_string()))
    }

    /// Where a specifier in a file leads.
    pub(crate) fn resolve(&self, from: &Path, specifier: &str, way: Way) -> Result<Target, Unresolved> {
        if let Some(id) = embedded::resolve(specifier) {
            return Ok(Target::Embedded(id));
        }
        let [node_import, node_require] = &self.node;
        let (resolver, node) = match way {
            Way::Import => (&self.import, node_import),
            Way::Require => (&self.require, node_require),
        };
        match resolver.resolve_file(from, specifier) {
            // `./a.ts?raw`: a bundler for pages makes something else of it.
            Ok(found) if found.query().is_some() => Ok(Target::Asset(found.into_path_buf())),
            Ok(found) => Ok(kind(found.path())),
            Err(ResolveError::Ignored(_)) => Ok(Target::Nothing),
            Err(
                error @ (ResolveError::TsconfigNotFound(_)
                | ResolveError::TsconfigSelfReference(_)
                | ResolveError::TsconfigCircularExtend(_)
                | ResolveError::TsconfigLoadFailed { .. }),
            ) => Err(Unresolved::Tsconfig(error.to_string())),
            Err(error) => match node.resolve_file(from, specifier) {
                Ok(found) => Ok(kind(found.path())),
                Err(ResolveError::Builtin { resolved, .. }) => Ok(Target::Builtin(resolved)),
                _ => Err(Unresolved::NotFound(error.to_string())),
            },
        }
    }
}

fn kind(path: &Path) -> Target {
    let extension = path.extension().and_then(|extension| extension.to_str());
    match extension {
        Some("ts" | "tsx" | "mts" | "cts" | "js" | "jsx" | "mjs" | "cjs" | "json") => {
            Target::File(path.to_owned())
        }
        Some("node") => Target::Native(path.to_owned()),
        _ => Target::Asset(path.to_owned()),
    }
}
