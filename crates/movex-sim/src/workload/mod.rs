//! What people play: a reducer, and the actions that they dispatch. Whether the outcome is right is not said here: see
//! [`crate::check`].

mod chat;
mod counter;
mod list;
mod roles;
mod table;

use std::rc::Rc;

use movex_core::action::{Action, Body};
use movex_core::reducer::{DynReducer, Native};

use crate::chance::Chance;

/// Which game.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// Increments, of which each must count once.
    Counter,
    /// A list in which every action depends on the order.
    List,
    /// A chat with whispers: secrets that no reveal ever tells (M5).
    Chat,
    /// Hidden roles, picked in secret and revealed at once, with a turn clock.
    Roles,
    /// A table that rejects, panics, runs into limits, ticks and reveals.
    Table,
    /// The same table without reveals: every author's view stays apart for ever (M5).
    ClosedTable,
}

impl Workload {
    /// The one of a seed.
    pub fn of(chance: &mut Chance) -> Self {
        use Workload::{Chat, ClosedTable, Counter, List, Roles, Table};
        chance.pick(&[
            Table,
            Table,
            Table,
            Table,
            Table,
            Table,
            ClosedTable,
            Roles,
            Roles,
            Roles,
            List,
            Chat,
            Counter,
        ])
    }

    /// The reducer as the master runs it: with limits.
    pub fn on_master(self, cheap_checksums: bool) -> Rc<dyn DynReducer> {
        match self {
            Workload::Table => Rc::new(table::Limited::new(true, cheap_checksums)),
            Workload::ClosedTable => Rc::new(table::Limited::new(false, cheap_checksums)),
            other => other.on_client(),
        }
    }

    /// The reducer as a client runs it: it asks no limits (M4).
    pub fn on_client(self) -> Rc<dyn DynReducer> {
        match self {
            Workload::Counter => Rc::new(Native::new(counter::Counter)),
            Workload::List => Rc::new(Native::new(list::List)),
            Workload::Chat => Rc::new(Native::new(chat::Chat)),
            Workload::Roles => Rc::new(Native::new(roles::Roles)),
            Workload::Table => Rc::new(Native::new(table::Table { reveals: true })),
            Workload::ClosedTable => Rc::new(Native::new(table::Table { reveals: false })),
        }
    }

    /// Something to dispatch.
    pub fn body(self, chance: &mut Chance) -> Body {
        match self {
            Workload::Counter => counter::body(chance),
            Workload::List => list::body(chance),
            Workload::Chat => chat::body(chance),
            Workload::Roles => roles::body(chance),
            Workload::Table | Workload::ClosedTable => table::body(chance),
        }
    }
}

fn action(json: &str) -> Action {
    Action::from_json(json).expect("the workloads write actions that are well-formed")
}

pub(crate) fn public(json: &str) -> Body {
    Body::Public(action(json))
}

pub(crate) fn private(secret: &str, placeholder: &str) -> Body {
    Body::Private { private: action(secret), public: action(placeholder) }
}
