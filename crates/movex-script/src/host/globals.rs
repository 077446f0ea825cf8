//! The globals that an app finds.

use std::collections::BTreeMap;
use std::rc::Rc;

use movex_core::reducer::ReportKind;
use rquickjs::function::Func;
use rquickjs::{Ctx, Function, Object};

use super::call::Calls;

/// Evaluates `bootstrap.js` with its way back to the host.
pub(crate) fn install(
    ctx: &Ctx<'_>,
    calls: &Rc<Calls>,
    env: &BTreeMap<String, String>,
    strict: bool,
) -> rquickjs::Result<()> {
    let native = Object::new(ctx.clone())?;
    let to = calls.clone();
    // Milliseconds since 1970 are exact as a 64-bit float for 285,000 years.
    native.set("now", Func::from(move || to.now_ms() as f64))?;
    let to = calls.clone();
    native.set("random", Func::from(move || to.random()))?;
    let to = calls.clone();
    native.set("isFirst", Func::from(move |what: String| to.is_first(&what)))?;
    let to = calls.clone();
    native.set(
        "warn",
        Func::from(move |what: String, instead: String, stack: String| {
            let location = to.sources.locate(&stack).map(|(location, _)| location);
            let in_package = location.as_ref().is_some_and(|at| at.file.contains("node_modules/"));
            match to.is_loading() {
                false => to.warn_once(&what, format!("{what} in a reducer: {instead}"), location),
                // Many packages do so, and nobody can mend them here.
                true if in_package => {}
                true => to.warn_once(
                    &what,
                    format!("{what} while the app is loaded: it gives the same at every start"),
                    location,
                ),
            }
        }),
    )?;
    let to = calls.clone();
    native.set(
        "print",
        Func::from(move |kind: u8, text: String, stack: String| {
            let kind = match kind {
                1 => ReportKind::Info,
                2 => ReportKind::Warn,
                3 => ReportKind::Error,
                _ => ReportKind::Log,
            };
            let location = to.sources.locate(&stack).map(|(location, _)| location);
            to.say(kind, text, location);
        }),
    )?;
    let environment = Object::new(ctx.clone())?;
    for (name, value) in env {
        environment.set(name.as_str(), value.as_str())?;
    }
    let install = evaluate(ctx, "movex:bootstrap", include_str!("bootstrap.js"))?;
    let hide: Function<'_> = install.call((native, environment, strict))?;
    evaluate(ctx, "movex:text", include_str!("text.js"))?.call((hide,))
}

fn evaluate<'js>(ctx: &Ctx<'js>, name: &str, code: &str) -> rquickjs::Result<Function<'js>> {
    let mut options = rquickjs::context::EvalOptions::default();
    options.filename = Some(name.to_owned());
    ctx.eval_with_options(code, options)
}
