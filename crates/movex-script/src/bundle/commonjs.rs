//! CommonJS modules: what they require, what they export, and the ES modules that stand for them.
//!
//! Such a module becomes a function in a registry (`embedded/registry.js`). Its importers see a facade, an ES module
//! that runs the function on first import and re-exports the names that they ask for: what a CommonJS module exports
//! is known for certain only when it has run, but what is asked for is known now.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use oxc_ast::ast::{
    Argument, AssignmentExpression, AssignmentTarget, CallExpression, Expression, ObjectPropertyKind, Program,
};
use oxc_ast_visit::{Visit, walk};
use oxc_span::GetSpan;

use super::analyze::Request;

/// The registry's id.
pub(crate) const REGISTRY: &str = "movex:commonjs";
/// What is appended to a CommonJS module's id for its facade.
pub(crate) const FACADE: &str = "?esm";

/// What a look at a CommonJS module's text tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scan {
    /// Its `require("...")` calls.
    pub(crate) requires: Vec<Request>,
    /// Names that it visibly exports. For `export * from` only: no text shows all of them.
    pub(crate) exports: BTreeSet<String>,
    /// Modules of which it visibly re-exports everything.
    pub(crate) reexports: Vec<String>,
}

/// Looks for `require("...")` and for exports.
pub(crate) fn scan(program: &Program<'_>) -> Scan {
    let mut scan = Scan::default();
    scan.visit_program(program);
    scan
}

impl<'a> Visit<'a> for Scan {
    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        if let Some(specifier) = required(call) {
            self.requires.push(Request { specifier, offset: call.span().start as usize });
        }
        self.read_export_call(call);
        walk::walk_call_expression(self, call);
    }

    fn visit_assignment_expression(&mut self, assignment: &AssignmentExpression<'a>) {
        if let AssignmentTarget::StaticMemberExpression(member) = &assignment.left {
            let name = member.property.name.as_str();
            if is_exports(&member.object) {
                self.exports.insert(name.to_owned());
            } else if name == "exports" && member.object.is_specific_id("module") {
                self.read_module_exports(&assignment.right);
            }
        }
        walk::walk_assignment_expression(self, assignment);
    }
}

impl Scan {
    /// `module.exports = { a, b }` or `module.exports = require("x")`.
    fn read_module_exports(&mut self, value: &Expression<'_>) {
        match value {
            Expression::ObjectExpression(object) => {
                for property in &object.properties {
                    if let ObjectPropertyKind::ObjectProperty(property) = property
                        && let Some(name) = property.key.static_name()
                    {
                        self.exports.insert(name.into_owned());
                    }
                }
            }
            Expression::CallExpression(call) => self.reexports.extend(required(call)),
            _ => {}
        }
    }

    /// `Object.defineProperty(exports, "a", ...)` and TypeScript's `__exportStar(require("x"), exports)`.
    fn read_export_call(&mut self, call: &CallExpression<'_>) {
        let name = match &call.callee {
            Expression::StaticMemberExpression(member) => member.property.name.as_str(),
            Expression::Identifier(identifier) => identifier.name.as_str(),
            _ => return,
        };
        match (name, call.arguments.as_slice()) {
            ("defineProperty", [target, Argument::StringLiteral(key), ..])
                if target.as_expression().is_some_and(is_exports) =>
            {
                self.exports.insert(key.value.to_string());
            }
            ("__exportStar" | "__export", [Argument::CallExpression(inner), ..]) => {
                self.reexports.extend(required(inner));
            }
            _ => {}
        }
    }
}

fn is_exports(expression: &Expression<'_>) -> bool {
    match expression {
        Expression::Identifier(identifier) => identifier.name == "exports",
        Expression::StaticMemberExpression(member) => {
            member.property.name == "exports" && member.object.is_specific_id("module")
        }
        _ => false,
    }
}

fn required(call: &CallExpression<'_>) -> Option<String> {
    match (&call.callee, call.arguments.as_slice()) {
        (Expression::Identifier(callee), [Argument::StringLiteral(specifier)])
            if callee.name == "require" =>
        {
            Some(specifier.value.to_string())
        }
        _ => None,
    }
}

/// Where a `require("...")` leads.
#[derive(Clone, Debug)]
pub(crate) enum Required {
    /// To another CommonJS module.
    CommonJs(String),
    /// To an ES module.
    Esm(String),
    /// To nothing that can run: said when it is called, since many packages try and catch.
    Fault(String),
}

/// A CommonJS module as an ES module that puts its function into the registry. The developer's first line becomes
/// the second.
pub(crate) fn factory(id: &str, code: &str, requires: &BTreeMap<String, Required>) -> String {
    let mut head = format!("import {{ define as __d }} from {}; ", quoted(REGISTRY));
    let mut namespaces = String::new();
    let mut targets = serde_json::Map::new();
    let mut faults = serde_json::Map::new();
    for (at, (specifier, required)) in requires.iter().enumerate() {
        match required {
            Required::CommonJs(target) => {
                write!(head, "import {}; ", quoted(target)).expect("a String takes all");
                targets.insert(specifier.clone(), target.clone().into());
            }
            Required::Esm(target) => {
                write!(head, "import * as __e{at} from {}; ", quoted(target)).expect("a String takes all");
                write!(namespaces, "{}: __e{at}, ", quoted(specifier)).expect("a String takes all");
            }
            Required::Fault(sentence) => {
                faults.insert(specifier.clone(), sentence.clone().into());
            }
        }
    }
    let (id, targets, faults) =
        (quoted(id), serde_json::Value::Object(targets), serde_json::Value::Object(faults));
    format!(
        "{head}__d({id}, {targets}, {{ {namespaces}}}, {faults}, \
         function (exports, require, module, __filename, __dirname) {{\n{code}\n}});\n"
    )
}

/// The ES module that importers of a CommonJS module get: its default, its namespace as `ns`, and the names asked for.
pub(crate) fn facade(id: &str, names: &BTreeSet<String>) -> String {
    let mut code = format!(
        "import {}; import {{ load, preferred, namespace }} from {}; const m = load({}); \
         const d = preferred(m); const n = namespace(m, d); export {{ d as default, n as {} }};\n",
        quoted(id),
        quoted(REGISTRY),
        quoted(id),
        quoted(NAMESPACE),
    );
    for (at, name) in names.iter().filter(|name| *name != "default").enumerate() {
        let name = quoted(name);
        writeln!(code, "const v{at} = m?.[{name}]; export {{ v{at} as {name} }};")
            .expect("a String takes all");
    }
    code
}

/// The name under which a facade exports the namespace object.
pub(crate) const NAMESPACE: &str = "movex:namespace";

/// A text as a JavaScript string literal.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use crate::bundle::analyze::analyze;

    #[test]
    fn what_is_visible_is_found() {
        let scan = analyze(
            "const a = require('./a'); exports.b = a; module.exports.c = 1; \
             Object.defineProperty(exports, 'd', { value: 1 }); __exportStar(require('./e'), exports); \
             if (x) module.exports = require('./f'); module.exports = { g: 1, h() {} }; return;",
            None,
        )
        .ok()
        .expect("it parses")
        .commonjs;
        let requires: Vec<_> = scan.requires.iter().map(|r| r.specifier.as_str()).collect();
        assert_eq!(requires, ["./a", "./e", "./f"]);
        assert_eq!(scan.exports.iter().map(String::as_str).collect::<Vec<_>>(), ["b", "c", "d", "g", "h"]);
        assert_eq!(scan.reexports, ["./e", "./f"]);
    }
}
