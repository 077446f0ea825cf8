//! What an app may import, and what it is told when it can't.
#![allow(clippy::unwrap_used)]

mod app;

use std::collections::BTreeMap;

use app::{App, Host};
use movex_script::{BuildError, BuildErrorKind, BuildOptions, HostOptions};

/// An app whose initial state is an expression over its imports.
fn value_of(head: &str, expression: &str, others: &[(&str, &str)]) -> String {
    let config = format!(
        "{head}\nconst it: any = (state: any = {expression}) => state;\nexport default {{ resources: {{ it }} }};\n"
    );
    let mut files = vec![("src/movex.config.ts", config.as_str()), ("package.json", "{}")];
    files.extend_from_slice(others);
    let host = App::new(&files).host();
    let it = host.it();
    it.json(&it.init())
}

fn error_of(files: &[(&str, &str)]) -> BuildError {
    App::new(files).build().expect_err("it can't be built")
}

fn main_of(head: &str) -> String {
    format!("{head}\nexport default {{ resources: {{ it: (state = 0) => state }} }};\n")
}

#[test]
fn relative_imports_lead_to_files_and_folders() {
    let value = value_of(
        "import { a } from './a'; import b from './b.js'; import { c } from './c'; import d from './d.mjs';",
        "[a, b, c, d]",
        &[
            ("src/a.ts", "export const a: number = 1;"),
            ("src/b.ts", "export default 2 as number;"),
            ("src/c/index.tsx", "export const c = 3;"),
            ("src/d.mjs", "export default 4;"),
        ],
    );
    assert_eq!(value, "[1,2,3,4]");
}

#[test]
fn cycles_are_live() {
    let value = value_of(
        "import { isEven } from './even';",
        "isEven(10)",
        &[
            (
                "src/even.ts",
                "import { isOdd } from './odd'; export const isEven = (n: number): boolean => n === 0 || isOdd(n - 1);",
            ),
            (
                "src/odd.ts",
                "import { isEven } from './even'; export const isOdd = (n: number): boolean => n !== 0 && isEven(n - 1);",
            ),
        ],
    );
    assert_eq!(value, "true");
}

#[test]
fn types_are_dropped_wherever_they_pass() {
    let value = value_of(
        "import { T, value } from './barrel'; import type { U } from './nowhere'; const t: T = { a: value };",
        "t",
        &[
            (
                "src/barrel.ts",
                "export { T, value } from './types'; import { V } from './types'; export { V }; export * from './types';",
            ),
            ("src/types.ts", "export type T = { a: number }; export interface V {} export const value = 1;"),
        ],
    );
    assert_eq!(value, r#"{"a":1}"#);
}

#[test]
fn typescript_that_makes_code_works() {
    let value = value_of(
        "enum Color { Red, Green = 'g' } const enum Size { Small = 3 } namespace N { export const x = 5 }
         class P { constructor(public readonly a: number, private b = 2) {} sum() { return this.a + this.b } }
         const f = <T,>(x: T): T => x;",
        "[Color.Red, Color[0], Color.Green, Size.Small, N.x, new P(1).sum(), f(1)!, ({} as any)?.a?.b ?? 9]",
        &[],
    );
    assert_eq!(value, r#"[0,"Red","g",3,5,3,1,9]"#);
}

#[test]
fn decorators_follow_the_tsconfig() {
    let head = "const mark = (target: any, key?: string) => { target[key ? 'm_' + key : 'marked'] = true };
        @mark class A { @mark field = 1; @mark run() {} }";
    let value = value_of(
        head,
        "[(A as any).marked, (A.prototype as any).m_run, (A.prototype as any).m_field, new A().field]",
        &[("tsconfig.json", r#"{ "compilerOptions": { "experimentalDecorators": true } }"#)],
    );
    assert_eq!(value, "[true,true,true,1]");
}

#[test]
fn class_fields_follow_the_tsconfig() {
    let head = "class Base { constructor() { (this as any).init?.() } }
        class A extends Base { late: any; early = this.given; #own = 3; static made = 4; static { A.made++ }
            constructor(public given: number) { super() } init() { this.late = 'set' } get own() { return this.#own } static #hidden() { return 6 } static call() { return A.#hidden() }
            #twice() { return this.#own * 2 } set own(x) { this.#own = x } get twice() { this.own = 5; return this.#twice() } static has(x: any) { return #own in x } }
        const a = new A(1);";
    let expression = "[a.late ?? 'unset', a.early ?? 'unset', a.own, A.made, A.call(), a.twice, A.has(a), A.has({}), Object.keys(a)]";
    let of = |options: &str| {
        let tsconfig = format!("{{ \"compilerOptions\": {options} }}");
        value_of(head, expression, &[("tsconfig.json", &tsconfig)])
    };
    let assigned = r#"["set",1,3,5,6,10,true,false,["late","given","early"]]"#;
    assert_eq!(of(r#"{ "target": "es2017" }"#), assigned);
    assert_eq!(of(r#"{ "useDefineForClassFields": false }"#), assigned);
    let defined = of(r#"{ "target": "ESNext" }"#);
    assert!(defined.starts_with(r#"["unset","#), "{defined}");
}

#[test]
fn using_disposes() {
    let value = value_of(
        "const log: string[] = []; const open = (name: string) => ({ [(Symbol as any).dispose ?? Symbol.for('Symbol.dispose')]() { log.push(name) } });
         { using a = open('a'); using b = open('b'); log.push('in'); void a; void b }",
        "log",
        &[],
    );
    assert_eq!(value, r#"["in","b","a"]"#);
}

#[test]
fn decorators_that_are_off_are_an_error_with_a_place() {
    let config = main_of("const mark = (target: any) => target;\n@mark class A {}\nnew A();");
    let error = error_of(&[("src/movex.config.ts", &config)]);
    assert_eq!(error.kind, BuildErrorKind::Unsupported, "{error}");
    assert!(error.message.contains("experimentalDecorators"), "{error}");
    assert_eq!(error.location.map(|location| location.line), Some(2));
}

#[test]
fn json_is_imported() {
    let value = value_of(
        "import data, { a } from './data.json'; import * as all from './data.json';",
        "[data, a, all.a, Object.keys(data)]",
        &[("src/data.json", "{ \"a\": 1, \"__proto__\": 2 }")],
    );
    assert_eq!(value, r#"[{"a":1,"__proto__":2},1,1,["a","__proto__"]]"#);
}

#[test]
fn broken_json_has_a_place() {
    let config = main_of("import data from './data.json'; data;");
    let error = error_of(&[("src/movex.config.ts", &config), ("src/data.json", "{\n  \"a\": }")]);
    assert_eq!(error.kind, BuildErrorKind::Syntax);
    let location = error.location.unwrap();
    assert_eq!((location.file.as_str(), location.line), ("src/data.json", 2));
    assert_eq!(error.chain[0].specifier, "./data.json");
}

#[test]
fn tsconfig_aliases_lead_to_sources() {
    let value = value_of(
        "import { a } from '@app/a'; import { b } from 'lib/b'; import { c } from '@shared';",
        "[a, b, c]",
        &[
            (
                "tsconfig.json",
                r#"{ "extends": "./tsconfig.base.json", /* comments too */ "include": ["src"], }"#,
            ),
            (
                "tsconfig.base.json",
                r#"{ "compilerOptions": { "baseUrl": ".", "paths": { "@app/*": ["src/app/*"], "@shared": ["../shared/index.ts"] } } }"#,
            ),
            ("src/app/a.ts", "export const a = 1;"),
            ("lib/b.ts", "export const b = 2;"),
            ("../shared/index.ts", "export const c: number = 3;"),
        ],
    );
    assert_eq!(value, "[1,2,3]");
}

#[test]
fn tsconfigs_of_a_solution_are_found() {
    let value = value_of(
        "import { a } from '@/a';",
        "a",
        &[
            (
                "tsconfig.json",
                r#"{ "files": [], "references": [{ "path": "./tsconfig.node.json" }, { "path": "./tsconfig.app.json" }] }"#,
            ),
            ("tsconfig.node.json", r#"{ "compilerOptions": {}, "include": ["vite.config.ts"] }"#),
            (
                "tsconfig.app.json",
                r#"{ "compilerOptions": { "jsx": "react-jsx", "paths": { "@/*": ["./src/*"] } }, "include": ["src"] }"#,
            ),
            ("src/a.ts", "export const a: number = 1;"),
        ],
    );
    assert_eq!(value, "1");
}

#[test]
fn a_tsconfig_that_extends_nothing_is_told() {
    let config = main_of("");
    let error = error_of(&[
        ("src/movex.config.ts", &config),
        ("tsconfig.json", r#"{ "extends": "@nobody/tsconfig" }"#),
    ]);
    assert_eq!(error.kind, BuildErrorKind::Tsconfig, "{error}");
    assert!(error.message.contains("@nobody/tsconfig"), "{error}");
}

#[test]
fn neighbours_of_a_monorepo_are_typescript_sources() {
    let app = App::new(&[
        (
            "src/movex.config.ts",
            "import { rules } from '@repo/rules'; const it = (state = rules.max) => state; export default { resources: { it } };",
        ),
        ("package.json", "{}"),
        ("../rules/package.json", r#"{ "name": "@repo/rules", "main": "src/index.ts" }"#),
        (
            "../rules/src/index.ts",
            "import { Max } from './max'; export const rules: { max: number } = { max: Max.Two };",
        ),
        ("../rules/src/max.ts", "export enum Max { Two = 2 }"),
        ("node_modules/@repo/keep", ""),
    ]);
    #[cfg(unix)]
    std::os::unix::fs::symlink(app.folder().join("../rules"), app.folder().join("node_modules/@repo/rules"))
        .unwrap();
    let host = app.host();
    assert_eq!(host.it().json(&host.it().init()), "2");
}

#[test]
fn a_package_for_node_alone_is_taken_too() {
    let value = value_of(
        "import { a } from 'nodeish'; import data from './data.json' with { type: 'json' };",
        "[a, data]",
        &[
            ("node_modules/nodeish/package.json", r#"{ "exports": { ".": { "node": "./node.mjs" } } }"#),
            ("node_modules/nodeish/node.mjs", "export const a = 1;"),
            ("src/data.json", "[2]"),
        ],
    );
    assert_eq!(value, "[1,[2]]");
}

#[test]
fn nothing_of_the_machine_is_in_a_bundle() {
    let app = App::new(&[
        ("src/movex.config.ts", &main_of("import { a } from 'pkg'; enum E { A } void a; void E.A;")),
        ("package.json", "{}"),
        (
            "node_modules/pkg/index.js",
            "try { require('other/hidden') } catch {} try { require('fs') } catch {} exports.a = 1;",
        ),
        ("node_modules/other/package.json", r#"{ "exports": { ".": "./index.js" } }"#),
        ("node_modules/other/index.js", ""),
    ]);
    let text = String::from_utf8(app.build().unwrap().to_bytes()).unwrap();
    let folder = app.folder().canonicalize().unwrap();
    assert!(!text.contains(folder.to_str().unwrap()), "{text}");
}

#[test]
fn a_package_may_have_the_name_of_a_part_of_node() {
    let value = value_of(
        "import { on } from 'events'; import { assert } from 'assert/';",
        "[on, assert]",
        &[
            ("node_modules/events/index.js", "exports.on = 1;"),
            ("node_modules/assert/index.js", "exports.assert = 2;"),
        ],
    );
    assert_eq!(value, "[1,2]");
}

const PACKAGES: &[(&str, &str)] = &[
    (
        "node_modules/esm/package.json",
        r#"{ "type": "module", "exports": { ".": { "import": "./index.js" }, "./sub": "./sub.js" } }"#,
    ),
    ("node_modules/esm/index.js", "export const esm = 1; export default 'd'; export * from './sub.js';"),
    ("node_modules/esm/sub.js", "export const sub = 2;"),
    ("node_modules/cjs/package.json", r#"{ "main": "./lib" }"#),
    (
        "node_modules/cjs/lib/index.js",
        "'use strict'; const other = require('./other'); exports.a = 1; exports.other = other; exports.sloppy = (function () { return this === undefined })();",
    ),
    ("node_modules/cjs/lib/other.js", "module.exports = function other() { return 'other' }; module.exports.x = 5;"),
    ("node_modules/transpiled/package.json", r#"{ "main": "index.js" }"#),
    (
        "node_modules/transpiled/index.js",
        "Object.defineProperty(exports, '__esModule', { value: true }); exports.default = 'def'; exports.named = 'n';
         __exportStar(require('./more'), exports); function __exportStar(m, e) { for (const k in m) e[k] = m[k] }",
    ),
    ("node_modules/transpiled/more.js", "exports.more = 'm';"),
    (
        "node_modules/both/package.json",
        r##"{ "exports": { "require": "./index.cjs", "default": "./index.mjs" }, "imports": { "#inner": "./inner.mjs" } }"##,
    ),
    ("node_modules/both/index.cjs", "exports.kind = 'cjs';"),
    ("node_modules/both/index.mjs", "import inner from '#inner'; export const kind = 'esm'; export { inner };"),
    ("node_modules/both/inner.mjs", "export default 'inner';"),
    (
        "node_modules/umd/index.js",
        "!function (root, make) { typeof exports === 'object' && typeof module !== 'undefined' ? module.exports = make() : root.umd = make() }(this, function () { return { go: () => 'gone' } });",
    ),
    ("node_modules/needs-esm/index.js", "exports.kind = require('both').kind; exports.esm = require('esm/sub').sub;"),
    (
        "node_modules/tries/index.js",
        "let found; try { found = require('fs') } catch { found = null } exports.found = found; exports.later = () => require('node:net');",
    ),
];

#[test]
fn packages_are_esm_or_commonjs() {
    let value = value_of(
        "import d, { esm, sub } from 'esm'; import { sub as sub2 } from 'esm/sub';
         import cjs, { a, other } from 'cjs'; import * as all from 'cjs'; import both, * as bothAll from 'transpiled';
         import def, { named, more } from 'transpiled'; import { kind, inner } from 'both'; import umd, { go } from 'umd';
         import { kind as required, esm as fromEsm } from 'needs-esm';",
        "[d, esm, sub, sub2, cjs.a, a, other(), other.x, all.a, all.default.a, (cjs as any).sloppy,
          def, named, more, both, bothAll.named, kind, inner, umd.go(), go(), required, fromEsm]",
        PACKAGES,
    );
    assert_eq!(
        value,
        r#"["d",1,2,2,1,1,"other",5,1,1,true,"def","n","m","def","n","esm","inner","gone","gone","cjs",2]"#
    );
}

#[test]
fn a_package_that_tries_to_require_node_loads() {
    let value = value_of("import { found } from 'tries';", "found", PACKAGES);
    assert_eq!(value, "null");
}

#[test]
fn commonjs_is_passed_on() {
    let value = value_of(
        "import { named, more, ns, go } from './barrel'; import * as b from './barrel';",
        "[named, more, (ns as any).named, go(), b.named, b.more]",
        &[
            PACKAGES,
            &[(
                "src/barrel.ts",
                "export * from 'transpiled'; export * as ns from 'transpiled'; export * from 'umd';",
            )],
        ]
        .concat(),
    );
    assert_eq!(value, r#"["n","m","n","gone","n","m"]"#);
}

#[test]
fn a_config_may_be_commonjs() {
    let app = App::new(&[(
        "src/movex.config.js",
        "#!/usr/bin/env node\nmodule.exports = { resources: { it: (state = 3) => state } };",
    )]);
    let host = app.host();
    assert_eq!(host.it().json(&host.it().init()), "3");
}

#[test]
fn a_config_may_be_transpiled() {
    let app = App::new(&[(
        "src/movex.config.js",
        "Object.defineProperty(exports, '__esModule', { value: true }); exports.default = { resources: { it: (state = 3) => state } };",
    )]);
    assert_eq!(app.host().host.resource_types(), ["it"]);
}

#[test]
fn jsx_and_what_touches_the_page_only_when_called_load() {
    let value = value_of(
        "import { View, title } from './View'; import './style.css'; void View;",
        "title",
        &[
            ("src/style.css", "a {}"),
            (
                "src/View.tsx",
                "export const View = () => { window.alert(1); fetch('/'); document.title = 'x'; return <b>{title}</b> };
                 export const title = typeof window === 'undefined' ? 'no window' : 'window';",
            ),
            ("node_modules/react/package.json", "{}"),
            ("node_modules/react/jsx-runtime.js", "exports.jsx = () => null;"),
        ],
    );
    assert_eq!(value, r#""no window""#);
}

#[test]
fn the_environment_is_what_was_passed() {
    let app = App::of(
        "const it = (state = [process.env.NODE_ENV, process.env.GAME, process.env.PATH ?? 'hidden', import.meta.env.GAME]) => state;
         export default { resources: { it } };",
    );
    let bundle =
        app.build_with(BuildOptions { env: BTreeMap::from([("GAME".into(), "chess".into())]) }).unwrap();
    let host =
        movex_script::ScriptHost::new(&bundle, HostOptions::default(), std::rc::Rc::new(|_| {})).unwrap();
    let it = host.reducer("it").unwrap();
    let state = it.init(&app::context()).unwrap();
    assert_eq!(it.to_json(&state).unwrap().unwrap(), r#"["production","chess","hidden","chess"]"#);
    assert_ne!(app.build().unwrap().version(), bundle.version());
}

#[test]
fn movex_gives_its_pure_functions() {
    let value = value_of(
        "import { toResourceIdentifierObj, toResourceIdentifierStr, isAction, computeCheckedState, objectKeys, invoke,
           objectOmit, toMasterAction, isMasterAction, createAction } from 'movex-core-util';
         import { toRidAsStr } from 'movex'; import * as movex from 'movex'; import { Action } from 'movex-core-util';",
        "[toResourceIdentifierObj('chat:a:b'), toResourceIdentifierStr({ resourceType: 'a', resourceId: 'b' }),
          isAction({ type: 'a' }), computeCheckedState({ value: 13.5 })[1], objectKeys({ a: 1 }), invoke(() => 2),
          objectOmit({ a: 1, b: 2 }, ['a']), isMasterAction(toMasterAction({ type: 'x' })), createAction('t', 1),
          toRidAsStr('a:b'), movex.toRidAsObj('c:d').resourceId, computeCheckedState('é😀')[1]]",
        &[],
    );
    assert_eq!(
        value,
        r#"[{"resourceType":"chat","resourceId":"a:b"},"a:b",true,"9aa2e73be8f2cccb209e82ca4986071a",["a"],2,{"b":2},true,{"type":"t","payload":1},"a:b","d","6ca18e75c3a2aadb4a5b92bb43c1e80f"]"#
            .replace("6ca18e75c3a2aadb4a5b92bb43c1e80f", &md5_of("é😀"))
    );
}

fn md5_of(text: &str) -> String {
    movex_core::checksum::checksum_v0(Some(&serde_json::Value::from(text))).0
}

#[test]
fn movex_clients_throw_only_when_called() {
    let config = "import { Movex, initMovex } from 'movex'; import { MovexProvider } from 'movex-react';
        import Default from 'movex'; void MovexProvider; void Default;
        class Mine extends (Movex as any) {}
        const it: any = (state = 0, action: any) => { if (action.type === 'call') initMovex(); return state };
        export default { resources: { it } };";
    let host: Host = App::of(config).host();
    let failure = host.it().fails(&host.it().init(), "call");
    assert!(failure.message.contains("`initMovex` of movex"), "{failure:?}");
}

#[test]
fn a_missing_config_says_what_to_do() {
    let app = App::new(&[("package.json", "{}")]);
    let error = app.build().unwrap_err();
    assert_eq!(error.kind, BuildErrorKind::NoEntry);
    assert!(error.message.contains("src/movex.config.ts"), "{error}");
    assert!(error.message.contains("export default"), "{error}");
}

#[test]
fn what_cannot_run_names_its_way() {
    let config = main_of("\nimport { a } from './a'; a;");
    for (import, kind, word) in [
        ("import fs from 'node:fs'; fs;", BuildErrorKind::Unsupported, "node:fs"),
        ("import fs from 'fs/promises'; fs;", BuildErrorKind::Unsupported, "fs/promises"),
        ("import x from './addon.node'; x;", BuildErrorKind::Unsupported, "native addon"),
        ("import css from './a.css'; css;", BuildErrorKind::Unsupported, "a.css"),
        ("import x from './b.ts?raw'; x;", BuildErrorKind::Unsupported, "b.ts?raw"),
        ("import x from './nowhere'; x;", BuildErrorKind::Unresolved, "./nowhere"),
        ("import x from 'no-package'; x;", BuildErrorKind::Unresolved, "no-package"),
        ("const x = await import('./' + 'y');", BuildErrorKind::Unsupported, "import()"),
        ("import { nothing } from './b'; nothing();", BuildErrorKind::MissingExport, "nothing"),
    ] {
        let a = format!("export const a = 1;\n  {import}\n");
        let error = error_of(&[
            ("src/movex.config.ts", &config),
            ("src/a.ts", &a),
            ("src/a.css", ""),
            ("src/addon.node", ""),
            ("src/b.ts", "export const b = 1;"),
        ]);
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(word), "{error}");
        let location = error.location.clone().unwrap();
        assert_eq!((location.file.as_str(), location.line), ("src/a.ts", 2), "{error}");
        assert!(error.code_frame.as_deref().unwrap().contains(import), "{error}");
        assert_eq!(error.chain.len(), 1, "{error}");
        assert_eq!(error.chain[0].by.to_string(), "src/movex.config.ts:2:19", "{error}");
    }
}

#[test]
fn a_syntax_error_has_a_code_frame() {
    let error = error_of(&[("src/movex.config.ts", "const a = 1;\nconst b = ;\n")]);
    assert_eq!(error.kind, BuildErrorKind::Syntax);
    assert_eq!(error.location.as_ref().unwrap().to_string(), "src/movex.config.ts:2:11");
    assert!(error.code_frame.as_ref().unwrap().contains("> 2 | const b = ;"), "{error}");
}

#[test]
fn a_config_without_a_default_export_is_told() {
    let error = error_of(&[("src/movex.config.ts", "export const resources = {};")]);
    assert_eq!(error.kind, BuildErrorKind::MissingExport);
    assert!(error.message.contains("export default"), "{error}");
}

#[test]
fn a_bundle_is_one_file() {
    let app = App::new(&[
        ("src/movex.config.ts", &main_of("import { a } from './a'; a;")),
        ("src/a.ts", "export const a = 1;"),
    ]);
    let bundle = app.build().unwrap();
    let files: Vec<_> = bundle.files().iter().map(|file| file.file_name().unwrap().to_owned()).collect();
    assert_eq!(files, ["a.ts", "movex.config.ts"]);
    assert_eq!(bundle.version(), app.build().unwrap().version());
    let bytes = bundle.to_bytes();
    assert!(movex_script::Bundle::is_bundle(&bytes));
    let read = movex_script::Bundle::from_bytes(&bytes).unwrap();
    assert_eq!(read.version(), bundle.version());
    let host =
        movex_script::ScriptHost::new(&read, HostOptions::default(), std::rc::Rc::new(|_| {})).unwrap();
    assert_eq!(host.resource_types(), ["it"]);
    let mut changed = bytes.clone();
    let at = bytes.len() - 20;
    changed[at] ^= 1;
    assert!(movex_script::Bundle::from_bytes(&changed).is_err());
    assert!(movex_script::Bundle::from_bytes(b"{}").is_err());
    app.write("src/a.ts", "export const a = 2;");
    assert_ne!(app.build().unwrap().version(), bundle.version());
}

#[test]
fn a_bundle_can_be_sent_to_threads() {
    fn sendable<T: Send + Sync + Clone>() {}
    sendable::<movex_script::Bundle>();
}
