//! Every engine passes the one suite.

use std::sync::Arc;

use movex_store::MemoryStore;

#[test]
fn memory() {
    movex_store::contract::check(|_| Arc::new(MemoryStore::new()));
}

#[test]
fn bounded_memory() {
    movex_store::contract::check(|_| Arc::new(MemoryStore::bounded(1 << 20)));
}
