//! States behind an `Arc`, so that the thread which folds hands them out without a copy.

use std::rc::Rc;
use std::sync::Arc;

use movex_core::context::{Context, Stamp};
use movex_core::reducer::{CanReconcile, DynReducer, Native, Reducer, Rejection, State};

use crate::app::Resource;

/// The reducer of a client: its states are the app's, behind an `Arc`.
struct Sharing<R>(R);

/// A client's reducer for a resource type.
pub(crate) fn client_reducer<R: Resource>() -> Rc<dyn DynReducer> {
    Rc::new(Native::new(Sharing(R::default())))
}

/// A second handle to a state of [`client_reducer`].
pub(crate) fn shared<R: Resource>(state: &State) -> Option<Arc<R::State>> {
    state.get::<Arc<R::State>>().cloned()
}

impl<R: Resource> Reducer for Sharing<R> {
    type State = Arc<R::State>;
    type Action = R::Action;

    fn init(&self, context: &Context) -> Self::State {
        Arc::new(self.0.init(context))
    }

    fn validate(&self, state: &Self::State, action: &R::Action, stamp: &Stamp) -> Result<(), Rejection> {
        self.0.validate(state, action, stamp)
    }

    fn reduce(&self, state: &Self::State, action: &R::Action, context: &Context) -> Self::State {
        Arc::new(self.0.reduce(state, action, context))
    }

    /// That there is such a question decides what a client keeps of a secret phase; the answer is the master's (M2), so
    /// a client never asks it. Deadlines are the master's too, and `transform` is the app's call: see
    /// [`crate::View::shown`].
    fn can_reconcile(&self) -> Option<CanReconcile<Self::State>> {
        self.0.can_reconcile().map(|_| -> CanReconcile<Self::State> { |_| false })
    }

    fn decide_public(&self) -> bool {
        self.0.decide_public()
    }
}
