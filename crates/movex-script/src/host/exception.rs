//! What a script threw, as its developer should read it.

use movex_core::reducer::{Failure, FailureKind};
use rquickjs::{Ctx, Value};

use super::sources::Sources;

/// A message longer than this is no message.
const MESSAGE_CHARS_MAX: usize = 2_000;

/// Describes an exception. Reads own properties of errors only as far as it must: they may be the app's getters, which
/// then run inside the call's limits like everything else.
pub(crate) fn describe<'js>(ctx: &Ctx<'js>, sources: &Sources, thrown: Value<'js>) -> Failure {
    let text = |object: &rquickjs::Object<'js>, name: &str| -> Option<String> {
        let value: Value<'js> = object.get(name).ok()?;
        value.as_string()?.to_string().ok()
    };
    let mut failure = match thrown.as_object() {
        Some(object) => {
            let message = text(object, "message").unwrap_or_default();
            let name = text(object, "name").unwrap_or_default();
            let said = match (name.as_str(), message.as_str()) {
                ("" | "Error", "") => "it threw an error without a message".to_owned(),
                ("" | "Error", message) => message.to_owned(),
                (name, "") => name.to_owned(),
                ("ReferenceError", message) if message.ends_with("is not defined") => format!(
                    "ReferenceError: {message}: reducers run without a page and without Node, so what needs one must stay \
                     in functions that the master never calls"
                ),
                (name, message) => format!("{name}: {message}"),
            };
            let mut failure = Failure::new(FailureKind::Throw, said);
            if let Some((location, frame)) = text(object, "stack").and_then(|stack| sources.locate(&stack)) {
                failure.location = Some(location);
                failure.code_frame = frame;
            }
            failure
        }
        None => {
            let said = thrown.as_string().and_then(|string| string.to_string().ok());
            let said = said.or_else(|| thrown.as_number().map(|number| number.to_string()));
            Failure::new(
                FailureKind::Throw,
                said.unwrap_or_else(|| format!("it threw {}, which is no error", thrown.type_name())),
            )
        }
    };
    // A getter above may have thrown in its turn.
    drop(ctx.catch());
    if let Some((at, _)) = failure.message.char_indices().nth(MESSAGE_CHARS_MAX) {
        failure.message.truncate(at);
        failure.message.push_str(" ...");
    }
    failure
}
