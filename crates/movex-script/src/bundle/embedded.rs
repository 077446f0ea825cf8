//! Modules that come with the host: npm movex's pure functions, the CommonJS registry, the compiler's helpers.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::commonjs::{REGISTRY, quoted};

const CORE_UTIL: &str = "movex:core-util";
const HELPERS: &str = "movex:helpers";
/// What an import for its effects alone leads to when its file has none here, such as a style sheet.
pub(crate) const EMPTY: &str = "movex:empty";

/// The packages of npm movex. An app's reducers share files with its pages, and those import them.
const PACKAGES: [&str; 9] = [
    "movex",
    "movex-core-util",
    "movex-react",
    "movex-react-local-master",
    "movex-master",
    "movex-server",
    "movex-store",
    "movex-service",
    "movex-specs-util",
];

/// What a specifier means if it names an embedded module.
pub(crate) fn resolve(specifier: &str) -> Option<String> {
    if specifier.starts_with("movex:") {
        return Some(specifier.to_owned());
    }
    if let Some(helper) = specifier.strip_prefix("@oxc-project/runtime/helpers/") {
        return Some(format!("{HELPERS}/{helper}"));
    }
    let package = specifier.split('/').next().unwrap_or(specifier);
    PACKAGES.contains(&package).then(|| match specifier {
        "movex-core-util" => CORE_UTIL.to_owned(),
        _ => format!("movex:npm/{specifier}"),
    })
}

/// An embedded module's text.
pub(crate) fn code(id: &str) -> String {
    if let Some(helper) = id.strip_prefix(HELPERS).and_then(|rest| rest.strip_prefix('/')) {
        return format!("export {{ {helper} as default }} from {};\n", quoted(HELPERS));
    }
    match id {
        REGISTRY => include_str!("embedded/registry.js").to_owned(),
        CORE_UTIL => include_str!("embedded/core-util.js").to_owned(),
        HELPERS => include_str!("embedded/helpers.js").to_owned(),
        "movex:npm/movex" => include_str!("embedded/movex.js").to_owned(),
        _ => "export {};\n".to_owned(),
    }
}

/// Whether what such a module lacks is made up: something that says, when it is called, that it is not here.
pub(crate) fn makes_up_exports(id: &str) -> bool {
    id == CORE_UTIL || id.starts_with("movex:npm/")
}

/// The made-up exports of a module.
pub(crate) fn made_up(id: &str, names: &BTreeSet<String>) -> String {
    let package = id.strip_prefix("movex:npm/").unwrap_or("movex-core-util");
    let mut code = String::new();
    for (at, name) in names.iter().enumerate() {
        let sentence = format!(
            "`{name}` of {package} can't be called here: reducers run on the master, where npm movex's client is not"
        );
        let (name, sentence) = (quoted(name), quoted(&sentence));
        writeln!(code, "function u{at}() {{ throw new Error({sentence}); }} export {{ u{at} as {name} }};")
            .expect("a String takes all");
    }
    code
}
