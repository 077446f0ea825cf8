//! A resource as the master sees it: who looks at it, and what waits for the store.

use std::collections::VecDeque;

use super::AppendId;
use crate::context::TimeMs;
use crate::effect::Effect;
use crate::ids::ClientId;

/// What stands in the gate.
pub(super) enum Gated {
    /// Nothing behind this leaves before the store has kept it (M23).
    Barrier(AppendId),
    /// Leaves as soon as no barrier is before it.
    Effect(Effect),
}

/// One resource in front of its worker.
#[derive(Default)]
pub(super) struct Front {
    /// In the order in which they came.
    pub(super) subscribers: Vec<ClientId>,
    pub(super) gate: VecDeque<Gated>,
    pub(super) used: TimeMs,
    /// The store lost an append: until the worker is back at what is kept, nothing that it says counts.
    pub(super) broken: bool,
}

impl Front {
    /// Whether nothing waits for the store.
    pub(super) fn is_open(&self) -> bool {
        self.gate.is_empty()
    }
}
