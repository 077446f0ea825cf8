//! The resource type of the unit tests.

use movex_core::context::{Context, Stamp};
use movex_core::reducer::{Reducer, Rejection};
use serde::{Deserialize, Serialize};

use crate::app::Resource;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Count {
    pub(crate) value: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "camelCase")]
pub(crate) enum CountAction {
    Add(i64),
}

#[derive(Default)]
pub(crate) struct Counter;

impl Reducer for Counter {
    type State = Count;
    type Action = CountAction;

    fn init(&self, _: &Context) -> Count {
        Count { value: 0 }
    }

    fn validate(
        &self,
        state: &Count,
        CountAction::Add(by): &CountAction,
        _: &Stamp,
    ) -> Result<(), Rejection> {
        match state.value + by {
            0.. => Ok(()),
            _ => Err(Rejection::new("a count is not below nothing")),
        }
    }

    fn reduce(&self, state: &Count, CountAction::Add(by): &CountAction, _: &Context) -> Count {
        Count { value: state.value + by }
    }
}

impl Resource for Counter {
    const TYPE: &'static str = "counter";
}
