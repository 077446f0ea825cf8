//! G9: the engine in memory refuses what is too much, and takes it again when there is room.

use movex_core::context::TimeMs;
use movex_core::ids::{AppId, AppVersion, Epoch, ResourceKey, Rid, Seq};
use movex_core::item::Base;
use movex_store::{Append, AppendId, Appended, MemoryStore, Store, StoreError};

fn key(id: &str) -> ResourceKey {
    ResourceKey { app: AppId::new("app"), rid: Rid::new("game", id).expect("it is well formed") }
}

fn base(text_bytes: usize) -> Base {
    Base {
        seq: Seq(0),
        time: TimeMs(1),
        public: Some("x".repeat(text_bytes)),
        forks: Vec::new(),
        version: AppVersion::new("v1"),
        marks: Vec::new(),
        horizon: TimeMs(0),
        last_reveal: Seq(0),
        stopped: Vec::new(),
    }
}

fn begin(store: &MemoryStore, id: &str, text_bytes: usize) -> Appended {
    let append = Append::Begin { epoch: Epoch(1), base: base(text_bytes), records: Vec::new() };
    store.append(&key(id), AppendId(1), append)
}

#[test]
fn g9_what_is_too_much_is_refused_until_there_is_room() {
    let store = MemoryStore::bounded(10_000);
    assert_eq!(begin(&store, "1", 5_000), Appended::Kept);
    let refused = begin(&store, "2", 5_000);
    assert!(matches!(refused, Appended::Failed(StoreError::Unavailable(_))));
    assert_eq!(store.read(&key("2")), Ok(None));
    // A log in place of itself weighs once.
    assert_eq!(begin(&store, "1", 6_000), Appended::Kept);
    assert_eq!(store.truncate(&key("1"), base(100)), Ok(()));
    assert_eq!(begin(&store, "2", 5_000), Appended::Kept);
    assert_eq!(store.delete(&key("2")), Ok(()));
    assert_eq!(begin(&store, "3", 9_000), Appended::Kept);
}
