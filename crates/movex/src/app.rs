//! What an app is made of: its resource types.

use std::collections::BTreeMap;
use std::rc::Rc;

use movex_core::reducer::{DynReducer, Native, Reducer};
use movex_core::worker::Reducers;

/// A resource type that clients and masters know by name.
///
/// The reducer says what the state is and how it changes; this adds under which name it is found, so that an app, its
/// clients and a server mean the same by `counter:7`. States travel between threads, behind an [`std::sync::Arc`].
///
/// ```
/// use movex::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// pub struct Count { pub value: i64 }
///
/// #[derive(Serialize, Deserialize)]
/// #[serde(tag = "type", content = "payload", rename_all = "camelCase")]
/// pub enum CountAction { Increment, IncrementBy(i64) }
///
/// #[derive(Default)]
/// pub struct Counter;
///
/// impl Reducer for Counter {
///     type State = Count;
///     type Action = CountAction;
///     fn init(&self, _: &Context) -> Count { Count { value: 0 } }
///     fn reduce(&self, state: &Count, action: &CountAction, _: &Context) -> Count {
///         let by = match action { CountAction::Increment => 1, CountAction::IncrementBy(by) => *by };
///         Count { value: state.value + by }
///     }
/// }
///
/// impl Resource for Counter {
///     const TYPE: &'static str = "counter";
/// }
/// ```
pub trait Resource: Reducer<State: Send + Sync> + Default {
    /// What stands before the colon in its rids. Not empty, and without a colon.
    const TYPE: &'static str;
}

/// Makes a reducer on the thread that uses it.
type Make = fn() -> Rc<dyn DynReducer>;

/// The resource types of an app, for a master that serves them.
///
/// ```
/// # use movex::{App, Resource};
/// # fn of<Counter: Resource, Chat: Resource>() -> App {
/// App::new().with::<Counter>().with::<Chat>()
/// # }
/// ```
#[derive(Clone, Default)]
pub struct App {
    makes: BTreeMap<&'static str, Make>,
}

impl App {
    /// One without resource types.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a resource type; one of the same name is replaced.
    #[must_use]
    pub fn with<R: Resource>(mut self) -> Self {
        self.makes.insert(R::TYPE, || Rc::new(Native::new(R::default())));
        self
    }

    /// Its reducers, for a worker of `movex-core`. They stay on the thread that asks.
    pub fn reducers(&self) -> Reducers {
        let made = self.makes.iter();
        made.map(|(name, make)| ((*name).to_owned(), make())).collect()
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.makes.keys()).finish()
    }
}
