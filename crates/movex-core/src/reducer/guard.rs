//! Calling native reducers, which may panic (G8).

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, Location as PanicLocation};
use std::sync::Once;

use super::host::{Failure, FailureKind, Location};

thread_local! {
    /// Set while this thread is inside a reducer; then holds where it panicked.
    static INSIDE: RefCell<Option<Option<Location>>> = const { RefCell::new(None) };
}

/// Calls app code; a panic comes back as a failure.
///
/// What it says may be a secret (M10), so the process's panic hook is kept from printing it: the failure carries the
/// text and the place instead, and whoever reports it knows who may see it.
pub(super) fn guard<T>(call: impl FnOnce() -> T) -> Result<T, Failure> {
    install_hook();
    let outer = INSIDE.with(|inside| inside.replace(Some(None)));
    let called = panic::catch_unwind(AssertUnwindSafe(call));
    let location = INSIDE.with(|inside| inside.replace(outer)).flatten();
    called.map_err(|payload| {
        let said = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let said = said.or_else(|| payload.downcast_ref::<String>().cloned());
        let message = said.unwrap_or_else(|| "the reducer panicked".into());
        Failure { location, ..Failure::new(FailureKind::Panic, message) }
    })
}

/// Puts a hook before the one that is there, once: it is silent for reducers and passes everything else on.
fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let ours = INSIDE.with(|inside| match &mut *inside.borrow_mut() {
                Some(place) => {
                    *place = info.location().map(place_of);
                    true
                }
                None => false,
            });
            if !ours {
                before(info);
            }
        }));
    });
}

fn place_of(location: &PanicLocation<'_>) -> Location {
    Location { file: location.file().to_owned(), line: location.line(), column: location.column() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g8_a_panic_costs_its_call_and_tells_where() {
        let failure = guard(|| panic!("told {}", "to")).unwrap_err();
        assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Panic, "told to"));
        assert!(failure.location.unwrap().file.ends_with("guard.rs"));
        assert_eq!(guard(|| 5), Ok(5));
    }
}
