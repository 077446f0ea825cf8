//! Increments.

use movex_core::action::Body;
use movex_core::context::Context;
use movex_core::reducer::Reducer;
use serde::{Deserialize, Serialize};

use super::public;
use crate::chance::Chance;

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Count {
    value: i64,
    actions: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "camelCase")]
pub(super) enum Step {
    Increment,
    IncrementBy(i64),
    Double,
}

pub(super) struct Counter;

impl Reducer for Counter {
    type State = Count;
    type Action = Step;

    fn init(&self, _: &Context) -> Count {
        Count { value: 0, actions: 0 }
    }

    fn reduce(&self, state: &Count, action: &Step, _: &Context) -> Count {
        let value = match action {
            Step::Increment => state.value + 1,
            Step::IncrementBy(by) => state.value + by,
            Step::Double => (state.value * 2) % 1_000_003,
        };
        Count { value, actions: state.actions + 1 }
    }
}

pub(super) fn body(chance: &mut Chance) -> Body {
    match chance.below(4) {
        0 => public(&format!(r#"{{"type":"incrementBy","payload":{}}}"#, chance.below(9))),
        1 => public(r#"{"type":"double"}"#),
        _ => public(r#"{"type":"increment"}"#),
    }
}
