//! A state with what was computed for it: nothing is encoded or hashed twice for one view.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::checksum::{ChecksumV0, ChecksumV1};
use crate::reducer::{DynReducer, Failure, State};

#[derive(Clone, Debug)]
pub(super) struct View {
    state: State,
    checksum_v0: OnceCell<ChecksumV0>,
    checksum_v1: OnceCell<ChecksumV1>,
    json: OnceCell<Option<Arc<str>>>,
}

impl View {
    pub(super) fn new(state: State) -> Self {
        Self { state, checksum_v0: OnceCell::new(), checksum_v1: OnceCell::new(), json: OnceCell::new() }
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// Goes on to the next state; what was computed stays if it is the same one.
    pub(super) fn advance(&mut self, state: State) {
        if !self.state.is_same(&state) {
            *self = Self::new(state);
        }
    }

    pub(super) fn checksum_v0(&self, reducer: &dyn DynReducer) -> Result<ChecksumV0, Failure> {
        if let Some(known) = self.checksum_v0.get() {
            return Ok(known.clone());
        }
        let checksum = reducer.checksum_v0(&self.state)?;
        Ok(self.checksum_v0.get_or_init(|| checksum).clone())
    }

    pub(super) fn checksum_v1(&self, reducer: &dyn DynReducer) -> Result<ChecksumV1, Failure> {
        if let Some(known) = self.checksum_v1.get() {
            return Ok(*known);
        }
        let checksum = reducer.checksum_v1(&self.state)?;
        Ok(*self.checksum_v1.get_or_init(|| checksum))
    }

    pub(super) fn json(&self, reducer: &dyn DynReducer) -> Result<Option<Arc<str>>, Failure> {
        if let Some(known) = self.json.get() {
            return Ok(known.clone());
        }
        let json = reducer.to_json(&self.state)?.map(Arc::from);
        Ok(self.json.get_or_init(|| json).clone())
    }
}
