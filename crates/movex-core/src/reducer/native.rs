//! A Rust reducer in the form that the master drives.

use std::cell::RefCell;
use std::rc::Rc;

use super::guard::guard;
use super::host::{Applied, DynReducer, Failure, FailureKind, Features, Fold, State};
use super::typed::Reducer;
use crate::action::Action;
use crate::checksum::{ChecksumV0, ChecksumV1, checksum_v0, checksum_v1};
use crate::context::{Context, TimeMs};

/// Wraps a [`Reducer`]. A panic in it costs its call (G8): it comes back as a [`Failure`].
pub struct Native<R: Reducer> {
    reducer: R,
    /// The action decoded last: one entry is applied to several views in a row.
    decoded: RefCell<Option<(Action, Rc<R::Action>)>>,
}

impl<R: Reducer> Native<R> {
    /// Wraps the reducer.
    pub fn new(reducer: R) -> Self {
        Self { reducer, decoded: RefCell::new(None) }
    }

    fn decode(&self, action: &Action) -> Result<Rc<R::Action>, Failure> {
        if let Some((of, decoded)) = &*self.decoded.borrow()
            && of.is_same(action)
        {
            return Ok(decoded.clone());
        }
        let decoded: Rc<R::Action> = serde_json::from_str(action.json())
            .map(Rc::new)
            .map_err(|error| Failure::new(FailureKind::Shape, format!("the action does not fit: {error}")))?;
        *self.decoded.borrow_mut() = Some((action.clone(), decoded.clone()));
        Ok(decoded)
    }
}

fn state_of<R: Reducer>(state: &State) -> Result<&R::State, Failure> {
    state.get::<R::State>().ok_or_else(|| Failure::new(FailureKind::Shape, "the state is of another reducer"))
}

fn value_of<R: Reducer>(state: &State) -> Result<serde_json::Value, Failure> {
    serde_json::to_value(state_of::<R>(state)?)
        .map_err(|error| Failure::new(FailureKind::Shape, format!("the state has no JSON form: {error}")))
}

impl<R: Reducer> DynReducer for Native<R> {
    fn features(&self) -> Features {
        Features {
            can_reconcile: self.reducer.can_reconcile().is_some(),
            transform: self.reducer.transform().is_some(),
            deadline: self.reducer.deadline().is_some(),
            cheap_checksum_v1: false,
            decide_public: self.reducer.decide_public(),
        }
    }

    fn init(&self, context: &Context) -> Result<State, Failure> {
        guard(|| self.reducer.init(context)).map(State::new)
    }

    fn parse(&self, json: Option<&str>) -> Result<State, Failure> {
        let state: R::State = serde_json::from_str(json.unwrap_or("null"))
            .map_err(|error| Failure::new(FailureKind::Shape, format!("the state does not fit: {error}")))?;
        Ok(State::new(state))
    }

    fn to_json(&self, state: &State) -> Result<Option<String>, Failure> {
        let state = state_of::<R>(state)?;
        serde_json::to_string(state)
            .map(Some)
            .map_err(|error| Failure::new(FailureKind::Shape, format!("the state has no JSON form: {error}")))
    }

    fn apply(&self, state: &State, action: &Action, context: &Context, _: Fold<'_>) -> Applied {
        let called = state_of::<R>(state).and_then(|state| {
            let action = self.decode(action)?;
            guard(|| match self.reducer.validate(state, &action, &context.stamp) {
                Ok(()) => Applied::Next(State::new(self.reducer.reduce(state, &action, context))),
                Err(rejection) => Applied::Rejected(rejection),
            })
        });
        called.unwrap_or_else(|failure| {
            Applied::Failed(Failure { entropy_was_read: context.entropy_was_read(), ..failure })
        })
    }

    fn can_reconcile(&self, public: &State) -> Result<bool, Failure> {
        let state = state_of::<R>(public)?;
        self.reducer.can_reconcile().map_or(Ok(false), |ask| guard(|| ask(state)))
    }

    fn transform(&self, state: &State, now: TimeMs, _: Fold<'_>) -> Result<Option<State>, Failure> {
        let state = state_of::<R>(state)?;
        self.reducer.transform().map(|transform| guard(|| transform(state, now)).map(State::new)).transpose()
    }

    fn deadline(&self, public: &State) -> Result<Option<TimeMs>, Failure> {
        let state = state_of::<R>(public)?;
        self.reducer.deadline().map_or(Ok(None), |ask| guard(|| ask(state)))
    }

    fn checksum_v0(&self, state: &State) -> Result<ChecksumV0, Failure> {
        Ok(checksum_v0(Some(&value_of::<R>(state)?)))
    }

    fn checksum_v1(&self, state: &State) -> Result<ChecksumV1, Failure> {
        Ok(checksum_v1(Some(&value_of::<R>(state)?)))
    }
}
