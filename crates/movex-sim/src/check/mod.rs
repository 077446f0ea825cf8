//! What must hold, whatever was played. Each checker looks at what happened and knows no workload.

mod authority;
mod convergence;
mod history;
pub(crate) mod live;
mod log;
mod once;
mod reference;
pub(crate) mod secrecy;
pub(crate) mod wire;

use crate::world::{Violation, World};

/// All that is looked at when nothing happens any more.
pub(crate) fn at_the_end(world: &World) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut say = |rule: &'static str, what: String| found.push(Violation { rule, what });
    log::check(world, &mut say);
    authority::check(world, &mut say);
    convergence::check(world, &mut say);
    once::check(world, &mut say);
    history::check(world, &mut say);
    found
}

/// Takes what a checker has found.
pub(crate) type Say<'s> = dyn FnMut(&'static str, String) + 's;
