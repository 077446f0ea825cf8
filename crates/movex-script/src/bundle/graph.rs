//! From the config to everything that it imports.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::path::{Path, PathBuf};

use movex_core::reducer::Location;
use oxc_span::SourceType;

use super::analyze::{Analysis, analyze};
use super::compile::{self, SyntaxFault, TypeScriptSettings};
use super::embedded;
use super::error::{BuildError, BuildErrorKind, Imported};
use super::resolve::{Resolve, Target, Unresolved, Way};
use crate::source::{Place, PositionMap, code_frame};

/// An import: the importing module, the specifier, and where it stands in the module's code.
pub(crate) type Step = (String, String, usize);

/// A module with its seams, before it is linked to the others.
pub(crate) struct Node {
    /// The file; `None` for what comes with the host.
    pub(crate) path: Option<PathBuf>,
    pub(crate) is_typescript: bool,
    pub(crate) code: String,
    pub(crate) map: Option<String>,
    /// What the developer wrote, when it is not `code`.
    pub(crate) source: Option<String>,
    pub(crate) analysis: Analysis,
    /// Where each specifier leads.
    pub(crate) links: BTreeMap<String, Link>,
    /// The import that led here first.
    parent: Option<Step>,
}

/// Where a specifier leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Module(String),
    /// To nothing that can run; a CommonJS module may call it inside `try`.
    Fault(String),
}

impl Node {
    pub(crate) fn is_esm(&self) -> bool {
        self.analysis.is_esm
    }
}

/// All modules of an app by their ids.
pub(crate) struct Graph {
    pub(crate) root: PathBuf,
    pub(crate) entry: String,
    pub(crate) nodes: BTreeMap<String, Node>,
    pub(crate) files: BTreeSet<PathBuf>,
}

/// Follows the config's imports.
pub(crate) fn read(root: &Path, entry: &Path) -> Result<Graph, BuildError> {
    let mut reader = Reader {
        graph: Graph {
            root: root.to_owned(),
            entry: id_of(root, entry),
            nodes: BTreeMap::new(),
            files: BTreeSet::new(),
        },
        resolve: Resolve::new(),
        settings: HashMap::new(),
        queue: VecDeque::new(),
    };
    let entry_id = reader.graph.entry.clone();
    reader.enqueue(entry_id, Some(entry.to_owned()), None);
    while let Some(pending) = reader.queue.pop_front() {
        reader.load(pending)?;
    }
    Ok(reader.graph)
}

struct Pending {
    id: String,
    path: Option<PathBuf>,
    parent: Option<Step>,
}

struct Reader {
    graph: Graph,
    resolve: Resolve,
    settings: HashMap<PathBuf, TypeScriptSettings>,
    queue: VecDeque<Pending>,
}

impl Reader {
    fn enqueue(&mut self, id: String, path: Option<PathBuf>, parent: Option<Step>) {
        let known = self.graph.nodes.contains_key(&id) || self.queue.iter().any(|pending| pending.id == id);
        if !known {
            self.queue.push_back(Pending { id, path, parent });
        }
    }

    fn load(&mut self, pending: Pending) -> Result<(), BuildError> {
        let Pending { id, path, parent } = pending;
        let node = match &path {
            None => embedded_node(&id, parent),
            Some(path) => self.read_file(&id, path, parent)?,
        };
        let requests: Vec<(String, usize)> = if node.is_esm() {
            let named = node.analysis.requests.iter();
            named.map(|request| (request.specifier.clone(), request.offset)).collect()
        } else {
            let required = node.analysis.commonjs.requires.iter();
            required.map(|request| (request.specifier.clone(), request.offset)).collect()
        };
        self.graph.nodes.insert(id.clone(), node);
        for (specifier, offset) in requests {
            let link = self.follow(&id, &specifier, offset)?;
            self.link(&id, specifier, link);
        }
        self.follow_dynamic(&id)
    }

    fn link(&mut self, id: &str, specifier: String, link: Link) {
        if let Some(node) = self.graph.nodes.get_mut(id) {
            node.links.insert(specifier, link);
        }
    }

    fn read_file(&mut self, id: &str, path: &Path, parent: Option<Step>) -> Result<Node, BuildError> {
        let text = std::fs::read(path)
            .map_err(|error| error.to_string())
            .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is no UTF-8 text".to_owned()))
            .map_err(|reason| {
                let error =
                    BuildError::new(BuildErrorKind::Unreadable, format!("{id} can't be read: {reason}"));
                self.with_chain(error, parent.as_ref())
            })?;
        self.graph.files.insert(path.to_owned());
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        self.compile(id, path, text, parent)
    }

    fn compile(
        &mut self,
        id: &str,
        path: &Path,
        text: String,
        parent: Option<Step>,
    ) -> Result<Node, BuildError> {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if extension == "json" {
            return self.json(id, path, text, parent);
        }
        let source_type = SourceType::from_path(path).unwrap_or_else(|_| SourceType::mjs());
        let source_type =
            source_type.with_jsx(source_type.is_jsx() && extension != "js" && extension != "mjs");
        let (code, map) = if compile::needs_compiling(source_type) {
            let settings = match self.settings_for(path) {
                Ok(settings) => settings,
                Err(error) => return Err(self.with_chain(error, parent.as_ref())),
            };
            let compiled = compile::compile(id, &text, source_type, &settings)
                .map_err(|fault| self.syntax(id, fault, &text, parent.as_ref()))?;
            (compiled.code, compiled.map)
        } else {
            // A `#!` is a comment only at the very beginning, and CommonJS gets a line before it.
            let code = text.strip_prefix("#!").map_or_else(|| text.clone(), |rest| format!("//{rest}"));
            (code, None)
        };
        let as_module = match extension {
            "mjs" | "mts" => Some(true),
            "cjs" => Some(false),
            _ => None,
        };
        let analysis =
            analyze(&code, as_module).map_err(|fault| self.syntax(id, fault, &code, parent.as_ref()))?;
        let changed = map.is_some();
        Ok(Node {
            path: Some(path.to_owned()),
            is_typescript: source_type.is_typescript(),
            code,
            map,
            source: changed.then_some(text),
            analysis,
            links: BTreeMap::new(),
            parent,
        })
    }

    fn syntax(&self, id: &str, fault: SyntaxFault, shown: &str, parent: Option<&Step>) -> BuildError {
        let kind = match fault.is_unsupported {
            true => BuildErrorKind::Unsupported,
            false => BuildErrorKind::Syntax,
        };
        let mut error = BuildError::new(kind, fault.message);
        let place = Place::of(shown, fault.offset.unwrap_or(0));
        error.location = Some(location(id, place));
        error.code_frame = Some(code_frame(shown, place));
        self.with_chain(error, parent)
    }

    fn json(&self, id: &str, path: &Path, text: String, parent: Option<Step>) -> Result<Node, BuildError> {
        if let Err(fault) = serde_json::from_str::<serde::de::IgnoredAny>(&text) {
            let place = Place {
                line: u32::try_from(fault.line()).unwrap_or(1).max(1),
                column: u32::try_from(fault.column()).unwrap_or(1).max(1),
            };
            let mut error = BuildError::new(BuildErrorKind::Syntax, format!("this is no JSON: {fault}"));
            error.location = Some(location(id, place));
            error.code_frame = Some(code_frame(&text, place));
            return Err(self.with_chain(error, parent.as_ref()));
        }
        Ok(Node {
            path: Some(path.to_owned()),
            is_typescript: false,
            // `__proto__` is an ordinary key in JSON and none in an object literal.
            code: format!("module.exports = JSON.parse({});", serde_json::Value::from(text.as_str())),
            map: None,
            source: None,
            analysis: Analysis::default(),
            links: BTreeMap::new(),
            parent,
        })
    }

    /// The settings of the tsconfig that holds for a file.
    fn settings_for(&mut self, path: &Path) -> Result<TypeScriptSettings, BuildError> {
        let config = self.resolve.tsconfig(path).map_err(|error| unresolved(&error, ""))?;
        let Some(config) = config else {
            return Ok(TypeScriptSettings::of(None));
        };
        self.graph.files.insert(config.path.clone());
        Ok(self
            .settings
            .entry(config.path.clone())
            .or_insert_with(|| TypeScriptSettings::of(Some(&config)))
            .clone())
    }

    /// Finds what a specifier means and puts it in the queue.
    fn follow(&mut self, id: &str, specifier: &str, offset: usize) -> Result<Link, BuildError> {
        let node = &self.graph.nodes[id];
        let esm = node.is_esm();
        let way = if esm { Way::Import } else { Way::Require };
        let target = match &node.path {
            None => {
                Ok(Target::Embedded(embedded::resolve(specifier).unwrap_or_else(|| specifier.to_owned())))
            }
            Some(path) => self.resolve.resolve(path, specifier, way),
        };
        let here = Some((id.to_owned(), specifier.to_owned(), offset));
        let fault = match target {
            Ok(Target::Embedded(target)) => {
                self.enqueue(target.clone(), None, here);
                return Ok(Link::Module(target));
            }
            Ok(Target::File(path)) => {
                let target = id_of(&self.graph.root, &path);
                self.enqueue(target.clone(), Some(path), here);
                return Ok(Link::Module(target));
            }
            Ok(Target::Nothing) => return Ok(self.empty(here)),
            // For its effects alone: those are on pages.
            Ok(Target::Asset(_)) if esm && self.takes_nothing(id, specifier) => return Ok(self.empty(here)),
            Ok(other) => unsupported(&other, specifier),
            Err(error) => unresolved(&error, specifier),
        };
        let fault = self.with_chain(fault, here.as_ref());
        if esm {
            return Err(fault);
        }
        // It goes into the bundle, where nothing of the machine belongs.
        let root = format!("{}/", self.graph.root.display());
        Ok(Link::Fault(fault.to_string().replace(&root, "")))
    }

    fn empty(&mut self, here: Option<Step>) -> Link {
        self.enqueue(embedded::EMPTY.to_owned(), None, here);
        Link::Module(embedded::EMPTY.to_owned())
    }

    fn takes_nothing(&self, id: &str, specifier: &str) -> bool {
        let imports = &self.graph.nodes[id].analysis.imports;
        imports.iter().all(|import| import.specifier != specifier)
    }

    /// `import(...)` of a known module is loaded; of an unknown one it can't be, which is said now for the app's own
    /// files, and when it is called for packages: many have one that nobody calls here.
    fn follow_dynamic(&mut self, id: &str) -> Result<(), BuildError> {
        let in_package = id.contains("node_modules/");
        for dynamic in self.graph.nodes[id].analysis.dynamic.clone() {
            let Some(specifier) = dynamic.specifier else {
                if in_package {
                    continue;
                }
                let error = BuildError::new(
                    BuildErrorKind::Unsupported,
                    "this import() names no fixed module, so it can't be loaded with the app: write the module's \
                     name as a string, or import all candidates and choose between them",
                );
                return Err(
                    self.with_chain(error, Some(&(id.to_owned(), "import()".to_owned(), dynamic.offset)))
                );
            };
            match self.follow(id, &specifier, dynamic.offset) {
                Ok(link) => self.link(id, specifier, link),
                Err(_) if in_package => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn with_chain(&self, error: BuildError, from: Option<&Step>) -> BuildError {
        self.graph.with_chain(error, from)
    }
}

impl Graph {
    /// Adds to an error the imports that lead to it. An error without a place of its own gets the nearest one's.
    pub(crate) fn with_chain(&self, mut error: BuildError, from: Option<&Step>) -> BuildError {
        let mut step = from;
        while let Some((id, specifier, offset)) = step {
            let node = &self.nodes[id];
            let (by, frame) = self.place(id, *offset);
            if error.location.is_none() {
                error.location = Some(by);
                error.code_frame = frame;
            } else {
                error.chain.push(Imported { by, specifier: specifier.clone() });
            }
            step = node.parent.as_ref();
        }
        error
    }

    /// The developer's place, and the source around it, for an offset in a module's code.
    pub(crate) fn place(&self, id: &str, offset: usize) -> (Location, Option<String>) {
        let node = &self.nodes[id];
        let generated = Place::of(&node.code, offset);
        match (&node.map, &node.source) {
            (Some(map), Some(source)) => {
                let place = PositionMap::decode(map).and_then(|map| map.source(generated));
                let place = place.unwrap_or(Place { line: 1, column: 1 });
                (location(id, place), Some(code_frame(source, place)))
            }
            _ => (location(id, generated), Some(code_frame(&node.code, generated))),
        }
    }
}

fn location(id: &str, place: Place) -> Location {
    Location { file: id.to_owned(), line: place.line, column: place.column }
}

fn embedded_node(id: &str, parent: Option<Step>) -> Node {
    let code = embedded::code(id);
    let analysis = analyze(&code, Some(true))
        .unwrap_or_else(|fault| panic!("an embedded module does not parse: {}", fault.message));
    Node {
        path: None,
        is_typescript: false,
        code,
        map: None,
        source: None,
        analysis,
        links: BTreeMap::new(),
        parent,
    }
}

fn unsupported(target: &Target, specifier: &str) -> BuildError {
    let sentence = match target {
        Target::Builtin(name) => format!(
            "{name:?} is a part of Node, and reducers run without Node: keep what needs it out of what the config imports"
        ),
        Target::Native(_) => format!(
            "{specifier:?} is a native addon, and reducers run without Node: keep what needs it out of what the config \
             imports"
        ),
        _ => format!(
            "{specifier:?} is no code: import it in a file that the config does not import, or without a name if it is \
             only needed on the page"
        ),
    };
    BuildError::new(BuildErrorKind::Unsupported, sentence)
}

fn unresolved(error: &Unresolved, specifier: &str) -> BuildError {
    match error {
        Unresolved::NotFound(reason) => {
            let hint = if specifier.starts_with('.') || specifier.starts_with('/') {
                "is the path right?"
            } else {
                "is the package installed, or the alias in the tsconfig's `paths`?"
            };
            BuildError::new(
                BuildErrorKind::Unresolved,
                format!("{specifier:?} was not found ({reason}): {hint}"),
            )
        }
        Unresolved::Tsconfig(reason) => BuildError::new(BuildErrorKind::Tsconfig, reason.clone()),
    }
}

/// A file's path as the developer would write it: relative to the app's folder, with `/`.
pub(crate) fn id_of(root: &Path, path: &Path) -> String {
    let mut base = root;
    let mut up = String::new();
    loop {
        if let Ok(rest) = path.strip_prefix(base) {
            let parts: Vec<_> = rest.components().map(|part| part.as_os_str().to_string_lossy()).collect();
            return format!("{up}{}", parts.join("/"));
        }
        match base.parent() {
            Some(parent) => {
                base = parent;
                up.push_str("../");
            }
            None => return path.to_string_lossy().into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_path_from_the_apps_folder() {
        let root = Path::new("/a/b/app");
        assert_eq!(id_of(root, Path::new("/a/b/app/src/x.ts")), "src/x.ts");
        assert_eq!(id_of(root, Path::new("/a/shared/x.ts")), "../../shared/x.ts");
    }
}
