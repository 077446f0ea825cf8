//! TypeScript and JSX to JavaScript, one file at a time.

use std::borrow::Cow;
use std::path::Path;

use oxc_allocator::Allocator;
use oxc_ast::ast::{Decorator, Program};
use oxc_ast_visit::Visit;
use oxc_codegen::{Codegen, CodegenOptions};
use oxc_diagnostics::OxcDiagnostic;
use oxc_parser::Parser;
use oxc_resolver::TsConfig;
use oxc_semantic::SemanticBuilder;
use oxc_span::SourceType;
use oxc_transformer::{
    ClassPropertiesOptions, HelperLoaderMode, JsxOptions, JsxRuntime, TransformOptions, Transformer,
};

/// What is newer than this is written in terms of it; QuickJS runs all of it.
const TARGET: &str = "es2024";

/// A file as JavaScript.
pub(crate) struct Compiled {
    pub(crate) code: String,
    /// `None`: the code is the source.
    pub(crate) map: Option<String>,
}

/// Why it could not be compiled, and where, as a byte offset.
pub(crate) struct SyntaxFault {
    pub(crate) message: String,
    pub(crate) offset: Option<usize>,
    /// It is valid, but nothing here makes code of it.
    pub(crate) is_unsupported: bool,
}

impl SyntaxFault {
    pub(crate) fn of(diagnostic: &OxcDiagnostic) -> Self {
        let mut message = diagnostic.message.to_string();
        if let Some(help) = &diagnostic.help {
            message.push_str(": ");
            message.push_str(help);
        }
        let offset = diagnostic.labels.iter().next().map(|label| label.offset() as usize);
        Self { message, offset, is_unsupported: false }
    }
}

/// What of a tsconfig changes the JavaScript that comes out.
#[derive(Clone, Debug, Default)]
pub(crate) struct TypeScriptSettings {
    decorators: bool,
    decorator_metadata: bool,
    strict_null_checks: bool,
    assign_class_fields: bool,
    keep_imports: bool,
    jsx: JsxOptions,
}

impl TypeScriptSettings {
    pub(crate) fn of(config: Option<&TsConfig>) -> Self {
        let Some(options) = config.map(|config| &config.compiler_options) else {
            return Self { strict_null_checks: true, jsx: JsxOptions::enable(), ..Self::default() };
        };
        let mut jsx = JsxOptions::enable();
        if options.jsx.as_deref() == Some("react") {
            jsx.runtime = JsxRuntime::Classic;
            jsx.pragma.clone_from(&options.jsx_factory);
            jsx.pragma_frag.clone_from(&options.jsx_fragment_factory);
        } else {
            jsx.import_source.clone_from(&options.jsx_import_source);
        }
        Self {
            decorators: options.experimental_decorators == Some(true),
            decorator_metadata: options.emit_decorator_metadata == Some(true),
            strict_null_checks: options.strict_null_checks.or(options.strict).unwrap_or(true),
            assign_class_fields: !options
                .use_define_for_class_fields
                .unwrap_or_else(|| defines_class_fields(options.target.as_deref())),
            keep_imports: options.verbatim_module_syntax == Some(true)
                || options.preserve_value_imports == Some(true),
            jsx,
        }
    }
}

/// TypeScript's default of `useDefineForClassFields`: on from ES2022, and on where no target is named, as in the
/// bundlers.
fn defines_class_fields(target: Option<&str>) -> bool {
    let Some(target) = target.map(str::to_ascii_lowercase) else {
        return true;
    };
    target == "esnext"
        || target
            .strip_prefix("es")
            .and_then(|year| year.parse::<u32>().ok())
            .is_some_and(|year| year >= 2022)
}

/// Whether a file must be compiled at all.
pub(crate) fn needs_compiling(source_type: SourceType) -> bool {
    source_type.is_typescript() || source_type.is_jsx()
}

/// Compiles a TypeScript or JSX file.
pub(crate) fn compile(
    id: &str,
    source: &str,
    source_type: SourceType,
    settings: &TypeScriptSettings,
) -> Result<Compiled, SyntaxFault> {
    // The id and not the file's path: nothing of the machine goes into a bundle.
    let path = Path::new(id);
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, source_type).parse();
    if let Some(fault) = parsed.diagnostics.errors().next() {
        return Err(SyntaxFault::of(fault));
    }
    let mut program = parsed.program;
    if !settings.decorators {
        refuse_decorators(&program)?;
    }
    let analysed = SemanticBuilder::new()
        .with_check_syntax_error(true)
        .with_excess_capacity(2.0)
        .with_enum_eval(true)
        .build(&program);
    if let Some(fault) = analysed.diagnostics.errors().next() {
        return Err(SyntaxFault::of(fault));
    }
    let scoping = analysed.semantic.into_scoping();
    let transformed =
        Transformer::new(&allocator, path, &options(settings)).build_with_scoping(scoping, &mut program);
    if let Some(fault) = transformed.diagnostics.errors().next() {
        return Err(SyntaxFault::of(fault));
    }
    let printed = Codegen::new()
        .with_options(CodegenOptions {
            source_map_path: Some(path.to_path_buf()),
            ..CodegenOptions::default()
        })
        .with_scoping(Some(transformed.scoping))
        .build(&program);
    let map = printed.map.map(|mut map| {
        // The source is kept once, beside the map.
        map.set_source_contents(Vec::new());
        map.to_json_string()
    });
    Ok(Compiled { code: printed.code, map })
}

/// Decorators have two meanings, and only TypeScript's older one can be compiled. Without the setting the other is
/// meant.
fn refuse_decorators(program: &Program<'_>) -> Result<(), SyntaxFault> {
    #[derive(Default)]
    struct First(Option<usize>);
    impl<'a> Visit<'a> for First {
        fn visit_decorator(&mut self, decorator: &Decorator<'a>) {
            self.0.get_or_insert(decorator.span.start as usize);
        }
    }
    let mut first = First::default();
    first.visit_program(program);
    match first.0 {
        None => Ok(()),
        offset => Err(SyntaxFault {
            message: "decorators are off: set `experimentalDecorators` to true under `compilerOptions` in the tsconfig"
                .to_owned(),
            offset,
            is_unsupported: true,
        }),
    }
}

fn options(settings: &TypeScriptSettings) -> TransformOptions {
    let mut options =
        TransformOptions::from_target(TARGET).expect("the target is a constant that the transformer knows");
    options.typescript.only_remove_type_imports = settings.keep_imports;
    if settings.jsx.runtime == JsxRuntime::Classic {
        if let Some(pragma) = &settings.jsx.pragma {
            options.typescript.jsx_pragma = Cow::Owned(pragma.clone());
        }
        if let Some(pragma) = &settings.jsx.pragma_frag {
            options.typescript.jsx_pragma_frag = Cow::Owned(pragma.clone());
        }
    }
    options.jsx = settings.jsx.clone();
    options.decorator.legacy = settings.decorators;
    options.decorator.emit_decorator_metadata = settings.decorator_metadata;
    options.decorator.strict_null_checks = settings.strict_null_checks;
    if settings.assign_class_fields {
        // Fields are assigned in the constructor, after its parameter properties: native fields come before them.
        options.env.es2022.class_properties = Some(ClassPropertiesOptions { loose: false });
        options.env.es2022.class_static_block = true;
        options.assumptions.set_public_class_fields = true;
        options.typescript.remove_class_fields_without_initializer = true;
    }
    options.helper_loader.mode = HelperLoaderMode::Runtime;
    options
}
