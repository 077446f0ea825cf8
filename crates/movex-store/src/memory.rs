//! The engine in memory: kept as long as the process lives.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use movex_core::action::Body;
use movex_core::ids::{AppId, ResourceKey, Rid};
use movex_core::item::{Base, Item, Record};

use crate::{Append, AppendId, Appended, Log, Store, StoreError};

/// Keeps logs in memory. An append is kept at once, or refused when the memory that it may use is full (G9).
pub struct MemoryStore {
    kept: Mutex<Kept>,
    bytes_max: usize,
}

#[derive(Default)]
struct Kept {
    logs: BTreeMap<ResourceKey, Weighed>,
    bytes: usize,
}

/// A log and what it weighs.
struct Weighed {
    log: Log,
    bytes: usize,
}

impl MemoryStore {
    /// An empty store that takes what there is.
    pub fn new() -> Self {
        Self::bounded(usize::MAX)
    }

    /// An empty store that keeps about that many bytes at most.
    pub fn bounded(bytes_max: usize) -> Self {
        Self { kept: Mutex::default(), bytes_max }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // No code of ours that holds the lock can leave a log half changed.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn full(&self) -> StoreError {
        StoreError::Unavailable(format!("all logs together may have {} bytes", self.bytes_max))
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Store for MemoryStore {
    fn append(&self, key: &ResourceKey, _: AppendId, append: Append) -> Appended {
        let mut kept = self.kept();
        match append {
            Append::Begin { epoch, base, records } => {
                let bytes = base_bytes(&base) + records_bytes(&records);
                let before = kept.logs.get(key).map_or(0, |weighed| weighed.bytes);
                let after = kept.bytes - before + bytes;
                if after > self.bytes_max {
                    return Appended::Failed(self.full());
                }
                kept.bytes = after;
                let log = Log { epoch, base, records };
                kept.logs.insert(key.clone(), Weighed { log, bytes });
            }
            Append::Records { epoch, records } => {
                let bytes = records_bytes(&records);
                let after = kept.bytes + bytes;
                match kept.logs.get_mut(key) {
                    Some(Weighed { log, .. }) if log.epoch == epoch && after > self.bytes_max => {
                        return Appended::Failed(self.full());
                    }
                    Some(weighed) if weighed.log.epoch == epoch => {
                        weighed.log.records.extend(records);
                        weighed.bytes += bytes;
                    }
                    _ => {
                        return Appended::Failed(StoreError::NoSuchLog { rid: key.rid.to_string() });
                    }
                }
                kept.bytes = after;
            }
        }
        Appended::Kept
    }

    fn read(&self, key: &ResourceKey) -> Result<Option<Log>, StoreError> {
        Ok(self.kept().logs.get(key).map(|weighed| weighed.log.clone()))
    }

    fn truncate(&self, key: &ResourceKey, base: Base) -> Result<(), StoreError> {
        let mut kept = self.kept();
        let Weighed { log, bytes } =
            kept.logs.get_mut(key).ok_or_else(|| StoreError::NoSuchLog { rid: key.rid.to_string() })?;
        log.records.retain(|record| match record {
            Record::Item(item) => item.seq() > base.seq,
            Record::Note(note) => note.seq > base.seq,
        });
        log.base = base;
        let before = std::mem::replace(bytes, base_bytes(&log.base) + records_bytes(&log.records));
        let after = *bytes;
        kept.bytes = kept.bytes - before + after;
        Ok(())
    }

    fn list(&self, app: &AppId) -> Result<Vec<Rid>, StoreError> {
        Ok(self.kept().logs.keys().filter(|key| key.app == *app).map(|key| key.rid.clone()).collect())
    }

    fn delete(&self, key: &ResourceKey) -> Result<(), StoreError> {
        let mut kept = self.kept();
        if let Some(Weighed { bytes, .. }) = kept.logs.remove(key) {
            kept.bytes -= bytes;
        }
        Ok(())
    }
}

/// What a record or a base weighs beside its texts.
const FRAME_BYTES: usize = 256;

fn base_bytes(base: &Base) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let forks: usize = base.forks.iter().map(|(_, state)| FRAME_BYTES + text(state)).sum();
    FRAME_BYTES + text(&base.public) + forks + base.marks.len() * FRAME_BYTES
}

fn records_bytes(records: &[Record]) -> usize {
    records.iter().map(|record| FRAME_BYTES + text_bytes(record)).sum()
}

fn text_bytes(record: &Record) -> usize {
    let Record::Item(Item::Entry(entry)) = record else {
        return 0;
    };
    match &entry.body {
        Body::Public(action) => action.json().len(),
        Body::Private { private, public } => private.json().len() + public.json().len(),
    }
}
