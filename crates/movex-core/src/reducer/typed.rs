//! The trait that a Rust developer implements.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::host::Rejection;
use crate::context::{Context, Stamp, TimeMs};

/// Judges from the public state whether the secrets may be revealed (M2).
pub type CanReconcile<S> = fn(&S) -> bool;
/// How a state is shown at a given time.
pub type Transform<S> = fn(&S, TimeMs) -> S;
/// When the next tick is due, derived from the public state (M26).
pub type Deadline<S> = fn(&S) -> Option<TimeMs>;

/// A resource type in Rust: a state, its actions, and how one leads to the next.
///
/// Actions are written as JavaScript writes them, `{ "type": ..., "payload": ... }`, so derive them with
/// `#[serde(tag = "type", content = "payload")]`.
///
/// ```
/// use movex_core::context::Context;
/// use movex_core::reducer::Reducer;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Serialize, Deserialize)]
/// struct Count { value: i64 }
///
/// #[derive(Serialize, Deserialize)]
/// #[serde(tag = "type", content = "payload", rename_all = "camelCase")]
/// enum CountAction { Increment, IncrementBy(i64) }
///
/// struct Counter;
/// impl Reducer for Counter {
///     type State = Count;
///     type Action = CountAction;
///     fn init(&self, _: &Context) -> Count { Count { value: 0 } }
///     fn reduce(&self, state: &Count, action: &CountAction, _: &Context) -> Count {
///         match action {
///             CountAction::Increment => Count { value: state.value + 1 },
///             CountAction::IncrementBy(by) => Count { value: state.value + by },
///         }
///     }
/// }
/// ```
pub trait Reducer: 'static {
    /// The state.
    type State: Serialize + DeserializeOwned + 'static;
    /// The actions.
    type Action: Serialize + DeserializeOwned + 'static;

    /// The first state.
    fn init(&self, context: &Context) -> Self::State;

    /// May this author do this now? Never changes anything.
    ///
    /// # Errors
    /// The verdict no, with its reason.
    fn validate(&self, state: &Self::State, action: &Self::Action, stamp: &Stamp) -> Result<(), Rejection> {
        let _ = (state, action, stamp);
        Ok(())
    }

    /// The next state. Pure: time and chance come from the context alone.
    fn reduce(&self, state: &Self::State, action: &Self::Action, context: &Context) -> Self::State;

    /// The question whether the secrets may be revealed, asked of the public state (M2). `None`, the default: this
    /// type has no reveal.
    fn can_reconcile(&self) -> Option<CanReconcile<Self::State>> {
        None
    }

    /// How a state is shown at a given time; `None`, the default: as it is. Presentation only, it hides nothing.
    fn transform(&self) -> Option<Transform<Self::State>> {
        None
    }

    /// When the master should dispatch `{"type":"tick"}` by itself; `None`, the default: never.
    fn deadline(&self) -> Option<Deadline<Self::State>> {
        None
    }

    /// Whether only the public half of a private pair is validated (M7), so that dispatching discloses no verdict
    /// on the secret.
    fn decide_public(&self) -> bool {
        false
    }
}
