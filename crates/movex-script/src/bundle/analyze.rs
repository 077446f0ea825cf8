//! What a module's JavaScript imports and exports.

use std::collections::BTreeSet;
use std::ops::Range;

use oxc_allocator::Allocator;
use oxc_parser::Parser;
use oxc_span::SourceType;
use oxc_syntax::module_record::{
    ExportExportName, ExportImportName, ImportImportName, ModuleRecord, NameSpan,
};

use super::commonjs;
use super::compile::SyntaxFault;

/// What one statement takes from another module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// One export by its name; `default` is a name too.
    Name {
        name: String,
        /// The importer only passes it on, so in TypeScript it may be a type.
        passed_on: bool,
    },
    /// The namespace object, under a local name (`import * as ns`).
    Namespace { local: String },
    /// The namespace object, exported under a name (`export * as ns from`).
    NamespaceExport { exported: String },
    /// All names (`export * from`).
    All,
}

/// Something taken from a specifier, and where.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    pub(crate) specifier: String,
    pub(crate) taken: Taken,
    /// The local name of a default or named import.
    pub(crate) local: Option<String>,
    /// The whole statement.
    pub(crate) statement: Range<usize>,
    /// Where to point at.
    pub(crate) offset: usize,
}

/// A specifier, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) specifier: String,
    pub(crate) offset: usize,
}

/// An `import(...)`.
#[derive(Clone, Debug)]
pub(crate) struct DynamicImport {
    /// Known when it is written as a string.
    pub(crate) specifier: Option<String>,
    pub(crate) offset: usize,
}

/// A module's seams.
#[derive(Clone, Debug, Default)]
pub(crate) struct Analysis {
    /// It has `import` or `export`.
    pub(crate) is_esm: bool,
    /// Every specifier that a statement names, once.
    pub(crate) requests: Vec<Request>,
    pub(crate) imports: Vec<Import>,
    pub(crate) dynamic: Vec<DynamicImport>,
    /// The names that it exports itself.
    pub(crate) exports: BTreeSet<String>,
    /// The specifiers of its `export * from`.
    pub(crate) stars: Vec<String>,
    /// Where `import.meta` stands.
    pub(crate) import_metas: Vec<Range<usize>>,
    /// Its `require("...")` calls and its exports, if it is CommonJS.
    pub(crate) commonjs: commonjs::Scan,
}

/// Reads a module's seams. `as_module`: its name or package says that it is an ES module.
pub(crate) fn analyze(code: &str, as_module: Option<bool>) -> Result<Analysis, SyntaxFault> {
    let allocator = Allocator::default();
    let source_type = match as_module {
        Some(true) => SourceType::mjs(),
        // CommonJS is evaluated in strict mode, but may `return` at its top level.
        Some(false) => SourceType::cjs(),
        None => SourceType::unambiguous(),
    };
    let mut parsed = Parser::new(&allocator, code, source_type).parse();
    if as_module.is_none() && !parsed.module_record.has_module_syntax {
        parsed = Parser::new(&allocator, code, SourceType::cjs()).parse();
    }
    if let Some(fault) = parsed.diagnostics.errors().next() {
        return Err(SyntaxFault::of(fault));
    }
    let record = &parsed.module_record;
    let mut analysis =
        Analysis { is_esm: record.has_module_syntax || as_module == Some(true), ..Analysis::default() };
    read_record(record, code, &mut analysis);
    if !analysis.is_esm {
        analysis.commonjs = commonjs::scan(&parsed.program);
    }
    Ok(analysis)
}

fn read_record(record: &ModuleRecord<'_>, code: &str, analysis: &mut Analysis) {
    for (specifier, requests) in &record.requested_modules {
        let offset = requests.iter().map(|request| request.span.start).min();
        analysis.requests.push(Request {
            specifier: specifier.to_string(),
            offset: offset.map_or(0, |offset| offset as usize),
        });
    }
    // The record is a hash map: the order of reading must not depend on its hasher.
    analysis.requests.sort_by_key(|request| request.offset);
    for entry in &record.import_entries {
        let taken = match &entry.import_name {
            ImportImportName::Name(name) => named(name.name.as_str()),
            ImportImportName::Default(_) => named("default"),
            ImportImportName::NamespaceObject => {
                Taken::Namespace { local: entry.local_name.name.to_string() }
            }
        };
        analysis.imports.push(Import {
            specifier: entry.module_request.name.to_string(),
            taken,
            local: Some(entry.local_name.name.to_string()),
            statement: entry.statement_span.start as usize..entry.statement_span.end as usize,
            offset: entry.local_name.span.start as usize,
        });
    }
    for entry in &record.local_export_entries {
        analysis.exports.extend(exported(&entry.export_name));
    }
    for entry in &record.indirect_export_entries {
        let Some(name) = exported(&entry.export_name) else {
            continue;
        };
        analysis.exports.insert(name.clone());
        let Some(request) = &entry.module_request else {
            continue;
        };
        // `import { T } from './t'; export { T }`: the record gives the import's statement, and the import has an
        // entry of its own.
        let statement = entry.statement_span;
        if entry.span.start < statement.start || entry.span.end > statement.end {
            mark_passed_on(analysis, request.name.as_str(), &entry.import_name);
            continue;
        }
        let taken = match &entry.import_name {
            ExportImportName::Name(imported) => {
                Taken::Name { name: imported.name.to_string(), passed_on: true }
            }
            _ => Taken::NamespaceExport { exported: name },
        };
        analysis.imports.push(indirect(request, taken, entry.statement_span, entry.span.start));
    }
    for entry in &record.star_export_entries {
        if let Some(request) = &entry.module_request {
            analysis.stars.push(request.name.to_string());
            analysis.imports.push(indirect(request, Taken::All, entry.statement_span, entry.span.start));
        }
    }
    for import in &record.dynamic_imports {
        let text = &code[import.module_request.start as usize..import.module_request.end as usize];
        analysis.dynamic.push(DynamicImport { specifier: literal(text), offset: import.span.start as usize });
    }
    for span in &record.import_metas {
        analysis.import_metas.push(span.start as usize..span.end as usize);
    }
}

/// Marks the import of a name that the module exports again.
fn mark_passed_on(analysis: &mut Analysis, from: &str, exported: &ExportImportName<'_>) {
    let ExportImportName::Name(exported) = exported else {
        return;
    };
    let exported = exported.name.as_str();
    for import in analysis.imports.iter_mut().filter(|import| import.specifier == from) {
        if let Taken::Name { name, passed_on } = &mut import.taken {
            // For a default import the record has its local name.
            *passed_on |= name == exported || import.local.as_deref() == Some(exported);
        }
    }
}

fn named(name: &str) -> Taken {
    Taken::Name { name: name.to_owned(), passed_on: false }
}

fn indirect(request: &NameSpan<'_>, taken: Taken, statement: oxc_span::Span, offset: u32) -> Import {
    Import {
        specifier: request.name.to_string(),
        taken,
        local: None,
        statement: statement.start as usize..statement.end as usize,
        offset: offset as usize,
    }
}

fn exported(name: &ExportExportName<'_>) -> Option<String> {
    match name {
        ExportExportName::Name(name) => Some(name.name.to_string()),
        ExportExportName::Default(_) => Some("default".to_owned()),
        ExportExportName::Null => None,
    }
}

/// The text of a string literal without escapes, which is how specifiers are written.
fn literal(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\'' | '`'))?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inner.contains(['\\', quote, '$'])).then(|| inner.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: &str) -> Analysis {
        analyze(code, None).ok().expect("it parses")
    }

    #[test]
    fn imports_and_exports_are_found() {
        let analysis = of("import a, { b as c } from 'x'; import * as n from 'y'; export * from 'z';\n\
             export { d } from 'x'; export const e = 1; export default a; import('w'); import(e)");
        let taken: Vec<_> = analysis.imports.iter().map(|i| (i.specifier.as_str(), &i.taken)).collect();
        assert!(taken.contains(&("x", &named("default"))));
        assert!(taken.contains(&("x", &named("b"))));
        assert!(taken.contains(&("y", &Taken::Namespace { local: "n".into() })));
        assert!(taken.contains(&("z", &Taken::All)));
        let exports: Vec<_> = analysis.exports.iter().map(String::as_str).collect();
        assert_eq!(exports, ["d", "default", "e"]);
        assert_eq!(
            analysis.requests.iter().map(|r| r.specifier.as_str()).collect::<Vec<_>>(),
            ["x", "y", "z"]
        );
        assert_eq!(analysis.dynamic[0].specifier.as_deref(), Some("w"));
        assert_eq!(analysis.dynamic[1].specifier, None);
    }

    #[test]
    fn what_is_only_passed_on_is_marked() {
        let analysis = of("import { T } from './t'; export { T }; import { v } from './t'; v();");
        let passed: Vec<_> = analysis
            .imports
            .iter()
            .filter_map(|import| match &import.taken {
                Taken::Name { name, passed_on } => Some((name.as_str(), *passed_on)),
                _ => None,
            })
            .collect();
        assert!(passed.contains(&("T", true)) && passed.contains(&("v", false)), "{passed:?}");
    }
}
