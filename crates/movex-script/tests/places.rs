//! Errors point into the developer's own source.
#![allow(clippy::unwrap_used)]

mod app;

use app::App;
use movex_core::reducer::FailureKind;
use movex_script::{HostOptions, LoadError};

fn load_error(files: &[(&str, &str)]) -> LoadError {
    match App::new(files).try_host(HostOptions::default()) {
        Ok(_) => panic!("it loads"),
        Err(error) => error,
    }
}

const FINE: &str = "export default { resources: { it: (state = 0) => state } };";

#[test]
fn a_throw_at_load_has_its_place() {
    let config = format!("import './broken';\n{FINE}");
    let error = load_error(&[
        ("src/movex.config.ts", &config),
        (
            "src/broken.ts",
            "interface Long {\n  a: string;\n}\n\nconst value: Long = { a: 'x' };\nif (value.a === 'x') {\n  throw new Error('no luck');\n}\nexport {};\n",
        ),
    ]);
    assert_eq!(error.0.message, "no luck");
    assert_eq!(error.0.location.as_ref().unwrap().to_string(), "src/broken.ts:7:13");
    let shown = error.to_string();
    assert!(shown.contains("the app can't be loaded: no luck"), "{shown}");
    assert!(shown.contains("> 7 |   throw new Error('no luck');"), "{shown}");
}

#[test]
fn a_throw_in_a_package_points_at_who_called_it() {
    let error = load_error(&[
        ("src/movex.config.ts", &format!("import {{ check }} from 'pkg';\n\ncheck();\n{FINE}")),
        ("node_modules/pkg/index.js", "exports.check = function () { throw new Error('bad') };"),
    ]);
    assert_eq!(error.0.location.unwrap().to_string(), "src/movex.config.ts:3:1");
}

#[test]
fn a_throw_at_a_packages_own_load_points_into_it() {
    let error = load_error(&[
        ("src/movex.config.ts", &format!("import 'pkg';\n{FINE}")),
        ("node_modules/pkg/index.js", "'use strict';\n\nthrow new Error('bad');\n"),
    ]);
    let location = error.0.location.unwrap();
    assert_eq!((location.file.as_str(), location.line), ("node_modules/pkg/index.js", 3));
    assert!(error.0.code_frame.unwrap().contains("> 3 | throw new Error('bad');"));
}

#[test]
fn what_a_package_requires_in_vain_names_the_way() {
    let error = load_error(&[
        ("src/movex.config.ts", &format!("import './a';\n{FINE}")),
        ("src/a.ts", "import 'pkg';\nexport {};"),
        ("node_modules/pkg/index.js", "const a = 1;\nconst fs = require('fs');\n"),
    ]);
    let said = error.to_string();
    for part in [
        "\"node:fs\" is a part of Node",
        "node_modules/pkg/index.js:2:12",
        "src/a.ts:1:8",
        "src/movex.config.ts:1:8",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

#[test]
fn a_config_of_another_shape_says_what_to_write() {
    for (config, word) in [
        ("export default 5", "no `resources`"),
        ("export default {}", "no `resources`"),
        ("export default { resources: 5 }", "no `resources`"),
        ("export default { resources: { it: 5 } }", "`resources.it` is no function"),
        ("export default { resources: { 'a:b': () => 1 } }", "leave out the colon"),
        (
            "const it: any = () => 1; it.$deadline = 5; export default { resources: { it } }",
            "`$deadline` of `resources.it` is no function",
        ),
        (
            "const it: any = () => 1; it.$decide = 'private'; export default { resources: { it } }",
            "`$decide` of `resources.it` can only be 'public'",
        ),
    ] {
        let error = load_error(&[("src/movex.config.ts", config)]);
        assert_eq!(error.0.kind, FailureKind::Shape, "{error}");
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn a_config_may_await() {
    let app = App::of(
        "const start = await Promise.resolve(3);\nexport default { resources: { it: (state = start) => state } };",
    );
    let host = app.host();
    assert_eq!(host.it().json(&host.it().init()), "3");
    let error = load_error(&[("src/movex.config.ts", &format!("await new Promise(() => {{}});\n{FINE}"))]);
    assert!(error.to_string().contains("never comes"), "{error}");
    let error =
        load_error(&[("src/movex.config.ts", &format!("await Promise.reject(new Error('off'));\n{FINE}"))]);
    assert!(error.to_string().contains("off"), "{error}");
}

#[test]
fn known_modules_can_be_imported_while_running() {
    let app = App::new(&[
        (
            "src/movex.config.ts",
            "const { a } = await import('./a');\nexport default { resources: { it: (state = a) => state } };",
        ),
        ("src/a.ts", "export const a: number = 4;"),
    ]);
    let host = app.host();
    assert_eq!(host.it().json(&host.it().init()), "4");
}

#[test]
fn an_error_inside_a_jsx_file_has_its_place() {
    let app = App::new(&[
        (
            "src/movex.config.tsx",
            "type P = { a: number };\nexport const View = (p: P) => <b title=\"x\">\n  {p.a}\n</b>;\nconst it = (state: number = 0, action: { type: string }): number => {\n  if (action.type === 'go') {\n    throw new RangeError(`no ${state}`);\n  }\n  return state;\n};\nexport default { resources: { it } };\n",
        ),
        ("node_modules/react/package.json", "{}"),
        ("node_modules/react/jsx-runtime.js", "exports.jsx = () => null;"),
    ]);
    let host = app.host();
    let failure = host.it().fails(&host.it().init(), "go");
    assert_eq!(failure.message, "RangeError: no 0");
    let location = failure.location.unwrap();
    assert_eq!((location.file.as_str(), location.line), ("src/movex.config.tsx", 7));
}
