//! Joining the modules: who exports what, what importers of CommonJS ask for, and the text that the engine gets.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;

use super::analyze::{Import, Taken};
use super::commonjs::{self, FACADE, NAMESPACE, Required, quoted};
use super::embedded;
use super::error::{BuildError, BuildErrorKind};
use super::graph::{Graph, Link, Node};
use super::module::Module;

/// The module that the host evaluates: it imports the config, be it an ES module or CommonJS.
pub(crate) const ENTRY: &str = "movex:entry";
/// What the engine has in place of `import.meta`.
const META: &str = "__movexImportMeta";

/// Links a graph into the modules that the engine gets.
pub(crate) fn link(graph: &Graph) -> Result<BTreeMap<String, Module>, BuildError> {
    let mut linker = Linker { graph, asked: BTreeMap::new(), picked: BTreeMap::new() };
    let default = linker.provides(&graph.entry, "default", &mut HashSet::new());
    if !default {
        let mut error = BuildError::new(
            BuildErrorKind::MissingExport,
            format!(
                "{} has no default export: end it with `export default {{ resources: {{ ... }} }}`",
                graph.entry
            ),
        );
        error.location = Some(graph.place(&graph.entry, 0).0);
        return Err(error);
    }
    for (id, node) in &graph.nodes {
        for import in &node.analysis.imports {
            linker.check(id, node, import)?;
        }
    }
    Ok(linker.emit())
}

struct Linker<'g> {
    graph: &'g Graph,
    /// Names that are asked of modules which do not visibly export them: CommonJS, whose facade re-exports them, and
    /// ES modules, where they are types or made up.
    asked: BTreeMap<String, BTreeSet<String>>,
    /// Names that come from one of several CommonJS modules of which an ES module exports everything: which one is
    /// known when they have run.
    picked: BTreeMap<String, BTreeSet<String>>,
}

impl Linker<'_> {
    /// Whether an export exists. What only a CommonJS module can tell is asked of it.
    fn provides(&mut self, id: &str, name: &str, seen: &mut HashSet<String>) -> bool {
        let node = &self.graph.nodes[id];
        if !node.is_esm() {
            self.ask(id, name);
            return true;
        }
        if node.analysis.exports.contains(name) {
            return true;
        }
        if name == "default" || !seen.insert(id.to_owned()) {
            return false;
        }
        let stars: Vec<&str> = node.analysis.stars.iter().filter_map(|star| target(node, star)).collect();
        let (esm, other): (Vec<&str>, Vec<&str>) =
            stars.into_iter().partition(|star| self.graph.nodes[*star].is_esm());
        if esm.iter().any(|star| self.provides(star, name, seen)) {
            return true;
        }
        let visible = other.iter().find(|star| self.visible(star, &mut HashSet::new()).contains(name));
        match (visible, other.as_slice()) {
            (Some(star), _) | (None, [star]) => self.ask(star, name),
            (None, []) => return false,
            (None, _) => {
                self.picked.entry(id.to_owned()).or_default().insert(name.to_owned());
            }
        }
        true
    }

    fn ask(&mut self, id: &str, name: &str) {
        self.asked.entry(id.to_owned()).or_default().insert(name.to_owned());
    }

    /// The names that a CommonJS module's text shows.
    fn visible(&self, id: &str, seen: &mut HashSet<String>) -> BTreeSet<String> {
        let node = &self.graph.nodes[id];
        if !seen.insert(id.to_owned()) {
            return BTreeSet::new();
        }
        if node.is_esm() {
            return node.analysis.exports.clone();
        }
        let mut names = node.analysis.commonjs.exports.clone();
        for specifier in &node.analysis.commonjs.reexports {
            if let Some(target) = target(node, specifier) {
                names.extend(self.visible(target, seen));
            }
        }
        names
    }

    fn check(&mut self, id: &str, node: &Node, import: &Import) -> Result<(), BuildError> {
        let Some(target) = target(node, &import.specifier) else {
            return Ok(());
        };
        match &import.taken {
            Taken::Name { name, passed_on } => {
                if self.provides(target, name, &mut HashSet::new()) {
                    return Ok(());
                }
                // A type that is passed on looks like a value: one file alone does not show which it is.
                let may_be_type = node.is_typescript && *passed_on;
                if may_be_type || embedded::makes_up_exports(target) || target == embedded::EMPTY {
                    self.ask(target, name);
                    return Ok(());
                }
                let error = BuildError::new(
                    BuildErrorKind::MissingExport,
                    format!("{:?} has no export `{name}`: check its spelling in {target}", import.specifier),
                );
                Err(self
                    .graph
                    .with_chain(error, Some(&(id.to_owned(), import.specifier.clone(), import.offset))))
            }
            Taken::All if !self.graph.nodes[target].is_esm() => {
                let names = self.visible(target, &mut HashSet::new());
                for name in names.iter().filter(|name| *name != "default") {
                    self.ask(target, name);
                }
                Ok(())
            }
            Taken::All | Taken::Namespace { .. } | Taken::NamespaceExport { .. } => Ok(()),
        }
    }

    fn emit(&self) -> BTreeMap<String, Module> {
        let mut modules = BTreeMap::new();
        for (id, node) in &self.graph.nodes {
            if node.is_esm() {
                modules.insert(id.clone(), self.esm(id, node));
            } else {
                modules.insert(id.clone(), self.commonjs(id, node));
                let names = self.asked.get(id).cloned().unwrap_or_default();
                modules.insert(format!("{id}{FACADE}"), generated(commonjs::facade(id, &names)));
            }
        }
        if self.graph.nodes.values().any(|node| !node.is_esm()) {
            modules.insert(commonjs::REGISTRY.to_owned(), generated(embedded::code(commonjs::REGISTRY)));
        }
        let entry = quoted(&self.seen_by_esm(&self.graph.entry));
        modules.insert(
            ENTRY.to_owned(),
            generated(format!("import config from {entry}; export default config;\n")),
        );
        modules
    }

    /// The id under which an ES module sees another.
    fn seen_by_esm(&self, id: &str) -> String {
        if self.graph.nodes[id].is_esm() { id.to_owned() } else { format!("{id}{FACADE}") }
    }

    fn esm(&self, id: &str, node: &Node) -> Module {
        let mut code = rewritten(self.graph, node);
        if let Some(names) = self.asked.get(id) {
            if embedded::makes_up_exports(id) {
                code.push_str(&embedded::made_up(id, names));
            } else {
                for (at, name) in names.iter().enumerate() {
                    write!(code, "\nvar __t{at}; export {{ __t{at} as {} }};", quoted(name))
                        .expect("a String takes all");
                }
            }
        }
        if let Some(names) = self.picked.get(id) {
            code.push_str(&self.picking(node, names));
        }
        Module {
            code,
            map: node.map.clone(),
            source: node.source.clone(),
            lines_before: 0,
            imports: node
                .links
                .iter()
                .filter_map(|(specifier, link)| match link {
                    Link::Module(target) => Some((specifier.clone(), self.seen_by_esm(target))),
                    Link::Fault(_) => None,
                })
                .collect(),
        }
    }

    fn picking(&self, node: &Node, names: &BTreeSet<String>) -> String {
        let mut code = String::from("\n");
        let mut spaces = Vec::new();
        for (at, specifier) in node.analysis.stars.iter().enumerate() {
            if target(node, specifier).is_some_and(|id| !self.graph.nodes[id].is_esm()) {
                let (namespace, specifier) = (quoted(NAMESPACE), quoted(specifier));
                write!(code, "import {{ {namespace} as __s{at} }} from {specifier}; ")
                    .expect("a String takes all");
                spaces.push(format!("__s{at}"));
            }
        }
        let spaces = spaces.join(", ");
        for (at, name) in names.iter().enumerate() {
            let name = quoted(name);
            write!(
                code,
                "const __p{at} = [{spaces}].find((space) => {name} in space)?.[{name}]; export {{ __p{at} as {name} }}; "
            )
            .expect("a String takes all");
        }
        code
    }

    fn commonjs(&self, id: &str, node: &Node) -> Module {
        let requires = node
            .links
            .iter()
            .map(|(specifier, link)| {
                let required = match link {
                    Link::Module(target) if self.graph.nodes[target].is_esm() => {
                        Required::Esm(target.clone())
                    }
                    Link::Module(target) => Required::CommonJs(target.clone()),
                    Link::Fault(sentence) => Required::Fault(sentence.clone()),
                };
                (specifier.clone(), required)
            })
            .collect();
        Module {
            code: commonjs::factory(id, &node.code, &requires),
            map: node.map.clone(),
            source: node.source.clone(),
            lines_before: 1,
            imports: BTreeMap::new(),
        }
    }
}

fn generated(code: String) -> Module {
    Module { code, map: None, source: None, lines_before: 0, imports: BTreeMap::new() }
}

fn target<'n>(node: &'n Node, specifier: &str) -> Option<&'n str> {
    match node.links.get(specifier)? {
        Link::Module(target) => Some(target),
        Link::Fault(_) => None,
    }
}

/// The code with namespace imports of CommonJS modules taken from their facades, and `import.meta` replaced. Each
/// edit stays on its line, so that the source map keeps its lines.
fn rewritten(graph: &Graph, node: &Node) -> String {
    let mut edits: Vec<(std::ops::Range<usize>, String)> = Vec::new();
    for import in &node.analysis.imports {
        let is_commonjs = target(node, &import.specifier).is_some_and(|id| !graph.nodes[id].is_esm());
        if !is_commonjs {
            continue;
        }
        let statement = import.statement.clone();
        let from = quoted(&import.specifier);
        let namespace = quoted(NAMESPACE);
        let text = match &import.taken {
            Taken::Namespace { local } => {
                let default = node.analysis.imports.iter().find_map(|other| {
                    (other.statement == statement && matches!(other.taken, Taken::Name { .. }))
                        .then_some(other.local.as_deref())
                        .flatten()
                });
                let default = default.map_or_else(String::new, |local| format!(", default as {local}"));
                format!("import {{ {namespace} as {local}{default} }} from {from};")
            }
            Taken::NamespaceExport { exported } => {
                format!("export {{ {namespace} as {} }} from {from};", quoted(exported))
            }
            Taken::Name { .. } | Taken::All => continue,
        };
        let lines = node.code[statement.clone()].matches('\n').count();
        edits.push((statement, text + &"\n".repeat(lines)));
    }
    edits.extend(node.analysis.import_metas.iter().map(|span| (span.clone(), META.to_owned())));
    edits.sort_by_key(|(span, _)| span.start);
    let mut code = String::with_capacity(node.code.len());
    let mut copied = 0;
    for (span, text) in edits {
        code.push_str(&node.code[copied..span.start]);
        code.push_str(&text);
        copied = span.end;
    }
    code.push_str(&node.code[copied..]);
    code
}
