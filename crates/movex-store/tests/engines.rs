//! The contract suite over every engine.

use std::sync::Arc;

use movex_store::{MemoryStore, contract};

#[test]
fn memory() {
    contract::check(|_| Arc::new(MemoryStore::new()));
}
